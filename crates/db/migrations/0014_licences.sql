-- Licences by authorisation code (license-interface 2): made for each purchase, activated by the seller's software.
-- SQLite can neither drop NOT NULL nor change a check, so instances and what refers to them are made anew.

CREATE TABLE instances_new (
    id BYTEA NOT NULL PRIMARY KEY,
    buyer_id BYTEA NOT NULL,
    seller_id BYTEA NOT NULL,
    product_id BYTEA NOT NULL,
    revision_id BYTEA NOT NULL,
    -- How the product is delivered (seller-domain 2.2).
    access_type TEXT NOT NULL CHECK (access_type IN ('saas', 'license_code', 'license_1x', 'license_online')),
    -- None when the seller has no server that is told of it: codes may be asked about only (license-interface 2.1).
    address_id BYTEA,
    -- The line that opened it: same line, same instance.
    line_id BYTEA NOT NULL UNIQUE,
    specification TEXT NOT NULL,
    sku TEXT NOT NULL,
    quantity BIGINT NOT NULL,
    trial BOOLEAN NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('opening', 'running', 'frozen', 'released', 'failed')),
    freeze_cause TEXT CHECK (freeze_cause IN ('expired', 'violation', 'arrears')),
    freeze_reason TEXT,
    seller_instance_id TEXT,
    front_end_url TEXT,
    admin_url TEXT,
    user_name TEXT,
    -- AES-256-GCM.
    password BYTEA,
    memo TEXT,
    -- The licence of 1.x, AES-256-GCM.
    licence BYTEA,
    -- Day of the month of the first term.
    anchor_day BIGINT,
    opened_at BIGINT,
    -- Exclusive end of the last term; none for one-time purchases.
    expires_at BIGINT,
    ended_at BIGINT,
    -- The one order that is unpaid or being worked on.
    open_order_id BYTEA,
    created_at BIGINT NOT NULL,
    UNIQUE (product_id, seller_instance_id),
    CONSTRAINT instances_arms CHECK (
           (state = 'opening' AND opened_at IS NULL AND ended_at IS NULL AND freeze_cause IS NULL)
        OR (state = 'running' AND opened_at IS NOT NULL AND ended_at IS NULL AND freeze_cause IS NULL)
        OR (state = 'frozen' AND opened_at IS NOT NULL AND ended_at IS NULL AND freeze_cause IS NOT NULL)
        OR (state = 'released' AND ended_at IS NOT NULL AND password IS NULL)
        OR (state = 'failed' AND opened_at IS NULL AND ended_at IS NOT NULL)
    ),
    CHECK (access_type = 'license_code' OR address_id IS NOT NULL)
) STRICT;
INSERT INTO instances_new SELECT id, buyer_id, seller_id, product_id, revision_id, 'saas', address_id, line_id, specification, sku, quantity, trial,
    state, freeze_cause, freeze_reason, seller_instance_id, front_end_url, admin_url, user_name, password, memo, NULL, anchor_day, opened_at,
    expires_at, ended_at, open_order_id, created_at FROM instances;

CREATE TABLE terms_new (
    id BYTEA NOT NULL PRIMARY KEY,
    instance_id BYTEA NOT NULL REFERENCES instances_new (id),
    line_id BYTEA NOT NULL,
    seq BIGINT NOT NULL,
    start_at BIGINT NOT NULL,
    -- Exclusive.
    end_at BIGINT NOT NULL,
    period TEXT NOT NULL,
    -- The price of the line that paid the term, raised by upgrades.
    paid_minor BIGINT NOT NULL,
    removed BOOLEAN NOT NULL,
    CHECK (end_at >= start_at),
    UNIQUE (instance_id, seq)
) STRICT;
INSERT INTO terms_new SELECT id, instance_id, line_id, seq, start_at, end_at, period, paid_minor, removed FROM terms;
CREATE TABLE auto_renewals_new (
    instance_id BYTEA NOT NULL PRIMARY KEY REFERENCES instances_new (id),
    period TEXT NOT NULL,
    -- In whose name the orders are placed.
    user_id BYTEA NOT NULL REFERENCES users (id),
    since BIGINT NOT NULL
) STRICT;
INSERT INTO auto_renewals_new SELECT instance_id, period, user_id, since FROM auto_renewals;
DROP TABLE auto_renewals;
DROP TABLE terms;
DROP TABLE instances;
ALTER TABLE instances_new RENAME TO instances;
ALTER TABLE terms_new RENAME TO terms;
ALTER TABLE auto_renewals_new RENAME TO auto_renewals;
CREATE INDEX instances_by_buyer ON instances (buyer_id, created_at, id);
CREATE INDEX instances_by_seller ON instances (seller_id, created_at, id);
CREATE UNIQUE INDEX instances_one_trial ON instances (buyer_id, product_id, specification) WHERE trial AND state <> 'failed';
CREATE INDEX instances_by_time ON instances (created_at, id);
CREATE INDEX instances_failed ON instances (product_id, ended_at) WHERE state = 'failed';
CREATE INDEX instances_by_buyer_end ON instances (buyer_id, COALESCE(expires_at, 9223372036854775807), id);
CREATE INDEX instances_by_seller_end ON instances (seller_id, COALESCE(expires_at, 9223372036854775807), id);
CREATE INDEX instances_by_end ON instances (COALESCE(expires_at, 9223372036854775807), id);
CREATE INDEX instances_by_product ON instances (product_id, created_at, id);
-- Usage records name an instance by the seller's id.
CREATE INDEX instances_by_sellers_id ON instances (seller_id, seller_instance_id);

CREATE TABLE licences (
    id BYTEA NOT NULL PRIMARY KEY,
    code TEXT NOT NULL UNIQUE,
    seller_id BYTEA NOT NULL,
    -- These are empty for a test code.
    buyer_id BYTEA,
    product_id BYTEA,
    instance_id BYTEA UNIQUE REFERENCES instances (id),
    order_line TEXT,
    issued_at BIGINT NOT NULL,
    -- Of the order, or of the test code.
    ordered_at BIGINT NOT NULL,
    activated_at BIGINT,
    -- The delivery as the seller told it.
    real_effect_at BIGINT,
    -- The first query of the newest day on which the software asked.
    queried_at BIGINT,
    CHECK ((instance_id IS NULL) = (product_id IS NULL)),
    CHECK ((instance_id IS NULL) = (buyer_id IS NULL)),
    CHECK ((instance_id IS NULL) = (order_line IS NULL)),
    CHECK (real_effect_at IS NULL OR activated_at IS NOT NULL),
    CHECK (queried_at IS NULL OR activated_at IS NOT NULL)
) STRICT;
CREATE INDEX licences_by_seller ON licences (seller_id, issued_at, id) WHERE instance_id IS NOT NULL;
CREATE INDEX licences_by_buyer ON licences (buyer_id, issued_at, id) WHERE instance_id IS NOT NULL;
CREATE INDEX licences_by_time ON licences (issued_at, id) WHERE instance_id IS NOT NULL;
CREATE INDEX licences_test ON licences (seller_id, issued_at, id) WHERE instance_id IS NULL;

-- Active clients of a licence by day of the site (license-interface 2.2.5).
CREATE TABLE licence_days (
    licence_id BYTEA NOT NULL REFERENCES licences (id),
    -- yyyy-MM-dd.
    day TEXT NOT NULL,
    -- Distinct ids that were reported.
    clients BIGINT NOT NULL,
    -- The highest number that was reported.
    reported BIGINT NOT NULL,
    PRIMARY KEY (licence_id, day)
) STRICT;

-- Who was counted on a day, as a hash; forgotten when the day is long over.
CREATE TABLE licence_clients (
    licence_id BYTEA NOT NULL REFERENCES licences (id),
    day TEXT NOT NULL,
    client BYTEA NOT NULL,
    PRIMARY KEY (licence_id, day, client)
) STRICT;
CREATE INDEX licence_clients_by_day ON licence_clients (day);

-- Licences that buyers asked for by on-line opening, and what the sellers uploaded (license-interface 4.2, 4.3).
CREATE TABLE licence_applications (
    id BYTEA NOT NULL PRIMARY KEY,
    event_id TEXT NOT NULL UNIQUE,
    instance_id BYTEA NOT NULL REFERENCES instances (id),
    seller_id BYTEA NOT NULL,
    buyer_id BYTEA NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('asked', 'accepted', 'delivered', 'failed')),
    device_fingerprint TEXT,
    effective_at BIGINT NOT NULL,
    expires_at BIGINT,
    error TEXT,
    asked_at BIGINT NOT NULL,
    delivered_at BIGINT,
    -- FILE or CHARACTERS.
    kind TEXT CHECK (kind IN ('FILE', 'CHARACTERS')),
    file_name TEXT,
    sha256 TEXT,
    -- AES-256-GCM.
    content BYTEA,
    CHECK ((state = 'delivered') = (content IS NOT NULL)),
    CHECK ((state = 'failed') = (error IS NOT NULL))
) STRICT;
CREATE INDEX licence_applications_by_instance ON licence_applications (instance_id, asked_at, id);
CREATE UNIQUE INDEX licence_applications_open ON licence_applications (instance_id) WHERE state IN ('asked', 'accepted');

-- Servers that hear of codes, and those with the kit. The words are the program's (conformance::Protocol).
ALTER TABLE interface_addresses ADD COLUMN spoken TEXT NOT NULL DEFAULT 'saas-v2';
UPDATE interface_addresses SET spoken = protocol;
ALTER TABLE interface_addresses DROP COLUMN protocol;
ALTER TABLE interface_addresses RENAME COLUMN spoken TO protocol;
