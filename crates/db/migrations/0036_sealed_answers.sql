-- A key is of a person, and the answer kept for it is sealed, for it may hold a new token. What was kept before is
-- forgotten: it is of accounts, and readable.
DROP TABLE idempotency_keys;
CREATE TABLE idempotency_keys (
    user_id BYTEA NOT NULL,
    key TEXT NOT NULL,
    -- SHA-256 of route and inputs; a repeat with other inputs is refused.
    inputs_hash BYTEA NOT NULL,
    -- Sealed; none until it is known.
    answer BYTEA,
    -- Wall time.
    created_at BIGINT NOT NULL,
    PRIMARY KEY (user_id, key)
) STRICT;
CREATE INDEX idempotency_keys_by_age ON idempotency_keys (created_at);
