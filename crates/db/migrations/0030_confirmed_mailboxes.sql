-- When the owner of the mailbox agreed to be written to; those from before go on as they were.
ALTER TABLE message_recipients ADD COLUMN confirmed_at BIGINT;
UPDATE message_recipients SET confirmed_at = created_at WHERE mailbox IS NOT NULL;
