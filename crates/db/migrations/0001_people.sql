-- Accounts, the people in them, and how they prove who they are. Times are microseconds since 1970, UTC.

CREATE TABLE settings (
    name TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
) STRICT;

CREATE TABLE accounts (
    id BYTEA NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('individual', 'enterprise')),
    -- The home site; its currency is the account's.
    site TEXT NOT NULL CHECK (site IN ('cn', 'intl', 'eu')),
    -- Comma separated: buyer, seller, operator.
    roles TEXT NOT NULL,
    created_at BIGINT NOT NULL
) STRICT;

CREATE TABLE users (
    id BYTEA NOT NULL PRIMARY KEY,
    account_id BYTEA NOT NULL REFERENCES accounts (id),
    login TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    -- Argon2id, PHC text.
    password TEXT NOT NULL,
    -- Only for the operator's staff.
    staff_role TEXT CHECK (staff_role IN ('administrator', 'reviewer', 'finance', 'support', 'auditor')),
    language TEXT NOT NULL CHECK (language IN ('zh', 'en')),
    -- Notices that the user does not want to see again, comma separated.
    dismissed TEXT NOT NULL,
    created_at BIGINT NOT NULL
) STRICT;
CREATE INDEX users_by_account ON users (account_id);

CREATE TABLE sessions (
    id BYTEA NOT NULL PRIMARY KEY,
    user_id BYTEA NOT NULL REFERENCES users (id),
    -- SHA-256 of the cookie; the cookie itself is not stored.
    secret_hash BYTEA NOT NULL UNIQUE,
    csrf TEXT NOT NULL,
    -- Wall time: sessions do not follow a sandbox clock that is moved.
    created_at BIGINT NOT NULL,
    last_seen_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    ended_at BIGINT,
    address TEXT NOT NULL,
    agent TEXT NOT NULL
) STRICT;
CREATE INDEX sessions_by_user ON sessions (user_id);

CREATE TABLE api_tokens (
    id BYTEA NOT NULL PRIMARY KEY,
    user_id BYTEA NOT NULL REFERENCES users (id),
    secret_hash BYTEA NOT NULL UNIQUE,
    name TEXT NOT NULL,
    -- Comma separated: read, write.
    scopes TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT,
    revoked_at BIGINT
) STRICT;
CREATE INDEX api_tokens_by_user ON api_tokens (user_id);

CREATE TABLE idempotency_keys (
    account_id BYTEA NOT NULL,
    key TEXT NOT NULL,
    -- SHA-256 of route and inputs; a repeat with other inputs is refused.
    inputs_hash BYTEA NOT NULL,
    answer TEXT NOT NULL,
    -- Wall time.
    created_at BIGINT NOT NULL,
    PRIMARY KEY (account_id, key)
) STRICT;
CREATE INDEX idempotency_keys_by_age ON idempotency_keys (created_at);
