-- What happened, what is due, and what was said.

CREATE TABLE events (
    seq SEQUENCE_KEY,
    kind TEXT NOT NULL,
    -- Business time.
    at BIGINT NOT NULL,
    -- Wall time.
    recorded_at BIGINT NOT NULL,
    -- Who: user id, "system", or "seller" for an answer.
    actor TEXT NOT NULL,
    order_id BYTEA,
    instance_id BYTEA,
    product_id BYTEA,
    account_id BYTEA,
    data TEXT NOT NULL
) STRICT;
CREATE INDEX events_by_order ON events (order_id);
CREATE INDEX events_by_instance ON events (instance_id);

-- Each seal is the hash over the former seal and the events up to last_seq.
CREATE TABLE event_seals (
    last_seq BIGINT NOT NULL PRIMARY KEY,
    hash BYTEA NOT NULL,
    sealed_at BIGINT NOT NULL
) STRICT;

CREATE TABLE jobs (
    id BYTEA NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,
    subject BYTEA,
    -- Jobs of one lane share its limits: the seller of a call, as hexadecimal.
    lane TEXT NOT NULL,
    due_at BIGINT NOT NULL,
    attempts BIGINT NOT NULL,
    -- due, or failed for good and waiting for a person.
    state TEXT NOT NULL CHECK (state IN ('due', 'failed')),
    lease_owner TEXT NOT NULL,
    -- Wall time.
    lease_until BIGINT NOT NULL,
    error TEXT,
    -- A second job of the same name is not made.
    name TEXT UNIQUE
) STRICT;
CREATE INDEX jobs_by_due ON jobs (state, due_at);
CREATE INDEX jobs_by_owner ON jobs (lease_owner);
CREATE INDEX jobs_by_subject ON jobs (subject);

CREATE TABLE calls (
    id BYTEA NOT NULL PRIMARY KEY,
    seller_id BYTEA NOT NULL,
    buyer_id BYTEA NOT NULL,
    product_id BYTEA NOT NULL,
    instance_id BYTEA NOT NULL,
    order_id BYTEA,
    order_number TEXT,
    -- Calls of one instance are sent in this order.
    seq BIGINT NOT NULL,
    activity TEXT NOT NULL,
    request TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('waiting', 'due', 'done', 'failed')),
    attempts BIGINT NOT NULL,
    -- Attempts since it was last started; a restart begins again.
    failures BIGINT NOT NULL,
    first_at BIGINT,
    next_at BIGINT,
    ended_at BIGINT,
    last_error TEXT,
    created_at BIGINT NOT NULL,
    UNIQUE (instance_id, seq)
) STRICT;
CREATE INDEX calls_by_seller ON calls (seller_id, created_at, id);
CREATE INDEX calls_by_order ON calls (order_id);

CREATE TABLE call_attempts (
    id BYTEA NOT NULL PRIMARY KEY,
    call_id BYTEA NOT NULL REFERENCES calls (id),
    number BIGINT NOT NULL,
    -- Business time.
    started_at BIGINT NOT NULL,
    url TEXT NOT NULL,
    request TEXT NOT NULL,
    -- Without an outcome the attempt's fate is unknown and it is repeated.
    outcome TEXT,
    status BIGINT,
    answer TEXT,
    duration_ms BIGINT,
    error TEXT,
    UNIQUE (call_id, number)
) STRICT;

CREATE TABLE messages (
    id BYTEA NOT NULL PRIMARY KEY,
    account_id BYTEA NOT NULL,
    event TEXT NOT NULL,
    params TEXT NOT NULL,
    order_id BYTEA,
    created_at BIGINT NOT NULL,
    read_at BIGINT,
    -- The same thing is not said twice.
    name TEXT NOT NULL UNIQUE
) STRICT;
CREATE INDEX messages_by_account ON messages (account_id, created_at, id);

CREATE TABLE exports (
    id BYTEA NOT NULL PRIMARY KEY,
    account_id BYTEA NOT NULL,
    role TEXT NOT NULL CHECK (role IN ('buyer', 'seller', 'operator')),
    filter TEXT NOT NULL,
    language TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('waiting', 'running', 'done', 'failed')),
    rows_done BIGINT NOT NULL,
    rows_total BIGINT,
    file TEXT,
    error TEXT,
    created_at BIGINT NOT NULL,
    ended_at BIGINT
) STRICT;
CREATE INDEX exports_by_account ON exports (account_id, created_at);
