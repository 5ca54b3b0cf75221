-- Access keys: how programs sign their requests with AK and SK. Times are wall time.

CREATE TABLE access_keys (
    id BYTEA NOT NULL PRIMARY KEY,
    user_id BYTEA NOT NULL REFERENCES users (id),
    -- The public half (AK).
    access TEXT NOT NULL UNIQUE,
    -- The secret half (SK), AES-256-GCM: signatures are checked with it.
    secret BYTEA NOT NULL,
    name TEXT NOT NULL,
    -- Comma separated: read, write.
    scopes TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    disabled_at BIGINT,
    last_used_at BIGINT,
    last_used_from TEXT,
    -- At most two a user, also when both are issued at the same moment.
    slot BIGINT NOT NULL CHECK (slot IN (1, 2)),
    UNIQUE (user_id, slot),
    CONSTRAINT access_keys_used_from_somewhere CHECK ((last_used_at IS NULL) = (last_used_from IS NULL))
) STRICT;
