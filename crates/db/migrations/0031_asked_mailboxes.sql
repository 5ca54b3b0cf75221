-- Agreement belongs to an address and an account: the blind index (a keyed hash) finds equal addresses, which are sealed.
ALTER TABLE message_recipients ADD COLUMN mailbox_index BYTEA;
CREATE INDEX message_recipients_by_mailbox ON message_recipients (account_id, mailbox_index);

-- When the owner of an address was last asked whether an account may write to him.
CREATE TABLE mailbox_asks (
    account_id BYTEA NOT NULL REFERENCES accounts (id),
    mailbox_index BYTEA NOT NULL,
    asked_at BIGINT NOT NULL,
    PRIMARY KEY (account_id, mailbox_index)
) STRICT;
CREATE INDEX mailbox_asks_by_time ON mailbox_asks (account_id, asked_at);
