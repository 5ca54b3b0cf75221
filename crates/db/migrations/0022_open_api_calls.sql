-- What was called at the open APIs with an access key, for its holder to look at: some days and some thousands of each
-- account, not every one of many. The id is the request's own.
CREATE TABLE open_api_calls (
    id BYTEA NOT NULL PRIMARY KEY,
    account_id BYTEA NOT NULL REFERENCES accounts (id),
    access_key TEXT NOT NULL,
    -- Wall time, as the signature of the request is.
    at BIGINT NOT NULL,
    method TEXT NOT NULL,
    path TEXT NOT NULL,
    status BIGINT NOT NULL,
    -- Of the answer's document, where it has one.
    code TEXT,
    failed BOOLEAN NOT NULL,
    -- Sealed: orders tell of people, and codes open what was bought.
    request BYTEA NOT NULL,
    answer BYTEA NOT NULL,
    duration_us BIGINT NOT NULL
) STRICT;

CREATE INDEX open_api_calls_by_account ON open_api_calls (account_id, at, id);
CREATE INDEX open_api_calls_failed ON open_api_calls (account_id, at, id) WHERE failed;
CREATE INDEX open_api_calls_by_time ON open_api_calls (at);
