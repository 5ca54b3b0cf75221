-- Messages by mail, SMS and webhook (deployment-and-messages 5): the in-site message is the outbox, handed on in batches.

-- When it was handed to the other channels; those of before are not sent again.
ALTER TABLE messages ADD COLUMN handed_on_at BIGINT;
UPDATE messages SET handed_on_at = created_at;
CREATE INDEX messages_to_hand_on ON messages (created_at, id) WHERE handed_on_at IS NULL;

-- Who hears of a type of message; of all types when it is empty.
CREATE TABLE message_recipients (
    id BYTEA NOT NULL PRIMARY KEY,
    account_id BYTEA NOT NULL REFERENCES accounts (id),
    type_code TEXT NOT NULL,
    name TEXT NOT NULL,
    -- AES-256-GCM.
    mailbox BYTEA,
    phone BYTEA,
    language TEXT NOT NULL CHECK (language IN ('zh', 'en')),
    time_zone TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    CHECK (mailbox IS NOT NULL OR phone IS NOT NULL)
) STRICT;
CREATE INDEX message_recipients_by_account ON message_recipients (account_id, type_code);

-- What an account wants of a type; what is left out is the catalogue's.
CREATE TABLE message_settings (
    account_id BYTEA NOT NULL REFERENCES accounts (id),
    type_code TEXT NOT NULL,
    mail BOOLEAN NOT NULL,
    sms BOOLEAN NOT NULL,
    digest BOOLEAN NOT NULL,
    PRIMARY KEY (account_id, type_code)
) STRICT;

CREATE TABLE webhook_endpoints (
    id BYTEA NOT NULL PRIMARY KEY,
    account_id BYTEA NOT NULL REFERENCES accounts (id),
    url TEXT NOT NULL,
    description TEXT NOT NULL,
    -- Keys of events joined by blanks; all when it is empty.
    events TEXT NOT NULL,
    enabled BOOLEAN NOT NULL,
    disabled_reason TEXT,
    -- AES-256-GCM.
    secret BYTEA NOT NULL,
    -- The one before, which signs too until this moment.
    old_secret BYTEA,
    old_until BIGINT,
    created_at BIGINT NOT NULL
) STRICT;
CREATE INDEX webhook_endpoints_by_account ON webhook_endpoints (account_id, created_at, id);

-- One message on one channel to one reader; the same is never made twice.
CREATE TABLE deliveries (
    id BYTEA NOT NULL PRIMARY KEY,
    message_id BYTEA NOT NULL REFERENCES messages (id),
    account_id BYTEA NOT NULL,
    channel TEXT NOT NULL CHECK (channel IN ('mail', 'sms', 'webhook')),
    -- The recipient or the endpoint.
    target BYTEA NOT NULL,
    event TEXT NOT NULL,
    digest BOOLEAN NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('due', 'sent', 'failed', 'quiet')),
    attempts BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    next_at BIGINT,
    ended_at BIGINT,
    error TEXT,
    CHECK ((state = 'due') = (ended_at IS NULL)),
    UNIQUE (message_id, channel, target)
) STRICT;
CREATE INDEX deliveries_by_target ON deliveries (target, created_at, id);
CREATE INDEX deliveries_of_digest ON deliveries (target) WHERE digest AND state = 'due';

CREATE TABLE delivery_attempts (
    delivery_id BYTEA NOT NULL REFERENCES deliveries (id),
    number BIGINT NOT NULL,
    started_at BIGINT NOT NULL,
    duration_ms BIGINT,
    -- Of HTTP.
    status BIGINT,
    error TEXT,
    -- The beginning of what was answered.
    answer TEXT,
    PRIMARY KEY (delivery_id, number)
) STRICT;
