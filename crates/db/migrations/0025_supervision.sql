-- Service supervision (seller-domain 5): templates as data, cases, what was done in them, and the files that prove it.

-- The access types are the program's words (AccessType). Dropping a column drops the checks
-- on it, but SQLite refuses while the table has one that names it; of those it says that they may be taken out of its text.
-- sqlite
PRAGMA writable_schema = ON;
UPDATE sqlite_schema SET sql = replace(sql, ',
    CHECK (access_type = ''license_code'' OR address_id IS NOT NULL)', '') WHERE type = 'table' AND name = 'instances';
PRAGMA writable_schema = RESET;
-- both
-- What an interface opens has an address; everything else is delivered by hand or by code.
ALTER TABLE instances ADD COLUMN delivered_as TEXT NOT NULL DEFAULT 'license_code'
    CHECK (delivered_as NOT IN ('saas', 'license_1x', 'license_online') OR address_id IS NOT NULL);
UPDATE instances SET delivered_as = access_type;
ALTER TABLE instances DROP COLUMN access_type;
ALTER TABLE instances RENAME COLUMN delivered_as TO access_type;
ALTER TABLE interface_addresses ADD COLUMN notified_of TEXT;
UPDATE interface_addresses SET notified_of = notify_access_type;
ALTER TABLE interface_addresses DROP COLUMN notify_access_type;
ALTER TABLE interface_addresses RENAME COLUMN notified_of TO notify_access_type;
ALTER TABLE users ADD COLUMN staff TEXT
    CHECK (staff IN ('administrator', 'reviewer', 'supervision', 'finance', 'support', 'auditor'));
UPDATE users SET staff = staff_role;
ALTER TABLE users DROP COLUMN staff_role;
ALTER TABLE users RENAME COLUMN staff TO staff_role;

-- When the buyer took the code (领取) and saw it; codes sold before were seen at once.
ALTER TABLE licences ADD COLUMN shown_at BIGINT;
UPDATE licences SET shown_at = issued_at WHERE instance_id IS NOT NULL;

-- What accepted parts of a line released before it is complete.
ALTER TABLE order_lines ADD COLUMN released_minor BIGINT NOT NULL DEFAULT 0;

CREATE TABLE supervision_templates (
    key TEXT NOT NULL,
    version BIGINT NOT NULL,
    access_type TEXT NOT NULL,
    flow TEXT NOT NULL,
    -- yyyy-MM-dd: the first day of orders that it is for.
    valid_from TEXT NOT NULL,
    -- JSON; never edited, a change is a new version.
    body TEXT NOT NULL,
    loaded_at BIGINT NOT NULL,
    loaded_by TEXT NOT NULL,
    PRIMARY KEY (key, version)
) STRICT;
CREATE INDEX supervision_templates_by_use ON supervision_templates (access_type, flow);

CREATE TABLE supervision_cases (
    id BYTEA NOT NULL PRIMARY KEY,
    order_id BYTEA NOT NULL UNIQUE REFERENCES orders (id),
    line_id BYTEA NOT NULL,
    instance_id BYTEA NOT NULL UNIQUE,
    buyer_id BYTEA NOT NULL,
    seller_id BYTEA NOT NULL,
    -- Copied for the lists.
    order_number TEXT NOT NULL,
    product_name TEXT NOT NULL,
    customer_name TEXT NOT NULL,
    access_type TEXT NOT NULL,
    -- The version that it began with, for ever.
    template_key TEXT NOT NULL,
    template_version BIGINT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('open', 'completed', 'cancelled')),
    node TEXT NOT NULL,
    -- Whose turn it is.
    buyer_turn BOOLEAN NOT NULL,
    seller_turn BOOLEAN NOT NULL,
    operator_turn BOOLEAN NOT NULL,
    -- When an open appeal must be decided.
    appeal_due_at BIGINT,
    started_at BIGINT NOT NULL,
    ended_at BIGINT,
    -- JSON of the case as the engine has it.
    body TEXT NOT NULL,
    -- Where goods are sent, AES-256-GCM.
    address BYTEA,
    -- Carrier and number of what was shipped last.
    tracking TEXT,
    -- Counted up by every change: of two at once, one is too late.
    changes BIGINT NOT NULL,
    FOREIGN KEY (template_key, template_version) REFERENCES supervision_templates (key, version),
    CHECK ((state = 'open') = (ended_at IS NULL)),
    CHECK (state = 'open' OR NOT (buyer_turn OR seller_turn OR operator_turn)),
    CHECK (state <> 'open' OR buyer_turn OR seller_turn OR operator_turn)
) STRICT;
CREATE INDEX supervision_cases_by_buyer ON supervision_cases (buyer_id, started_at, id);
CREATE INDEX supervision_cases_by_seller ON supervision_cases (seller_id, started_at, id);
CREATE INDEX supervision_cases_by_time ON supervision_cases (started_at, id);
CREATE INDEX supervision_cases_open ON supervision_cases (started_at, id) WHERE state = 'open';
CREATE UNIQUE INDEX supervision_cases_by_tracking ON supervision_cases (seller_id, tracking) WHERE tracking IS NOT NULL;
CREATE INDEX supervision_cases_desk ON supervision_cases (started_at, id) WHERE operator_turn;

-- Everything that was done in a case, in order.
CREATE TABLE supervision_steps (
    case_id BYTEA NOT NULL REFERENCES supervision_cases (id),
    seq BIGINT NOT NULL,
    at BIGINT NOT NULL,
    -- buyer, seller, operator, or system for what happened by itself.
    party TEXT NOT NULL,
    actor TEXT NOT NULL,
    kind TEXT NOT NULL,
    from_node TEXT NOT NULL,
    to_node TEXT NOT NULL,
    -- JSON: what was filled in.
    data TEXT NOT NULL,
    PRIMARY KEY (case_id, seq)
) STRICT;

-- Files: evidence of a case once it was sent with a step; forms of sellers belong to no case.
CREATE TABLE documents (
    id BYTEA NOT NULL PRIMARY KEY,
    account_id BYTEA NOT NULL REFERENCES accounts (id),
    case_id BYTEA REFERENCES supervision_cases (id),
    step BIGINT,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    -- SHA-256; the file lies under it.
    hash BYTEA NOT NULL,
    length BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    CHECK (step IS NULL OR case_id IS NOT NULL)
) STRICT;
CREATE INDEX documents_by_case ON documents (case_id, step);
CREATE INDEX documents_by_account ON documents (account_id, created_at, id);
CREATE INDEX documents_by_hash ON documents (hash);

-- Programmes that buyers' accounts take part in (seller-domain 5.1).
CREATE TABLE account_tracks (
    account_id BYTEA NOT NULL PRIMARY KEY REFERENCES accounts (id),
    track TEXT NOT NULL,
    set_at BIGINT NOT NULL
) STRICT;
