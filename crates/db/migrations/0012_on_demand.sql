-- On-demand specifications: what is used is measured, rated and charged (seller-domain 2.5, open-api 4).
-- SQLite cannot change a check, so the tables whose words grow are made anew.

CREATE TABLE order_lines_new (
    id BYTEA NOT NULL PRIMARY KEY,
    order_id BYTEA NOT NULL REFERENCES orders (id),
    number TEXT NOT NULL UNIQUE,
    product_id BYTEA NOT NULL,
    revision_id BYTEA NOT NULL,
    specification TEXT NOT NULL,
    sku TEXT NOT NULL,
    -- Names, support, agreement and choice as they were when sold.
    sold TEXT NOT NULL,
    charging_mode TEXT NOT NULL CHECK (charging_mode IN ('PERIOD', 'ONE_TIME', 'ON_DEMAND')),
    period TEXT,
    quantity BIGINT NOT NULL CHECK (quantity > 0),
    -- What the buyer pays for the line; negative on an unsubscription.
    amount_minor BIGINT NOT NULL,
    refunded_minor BIGINT NOT NULL CHECK (refunded_minor >= 0),
    -- When the amount was shared out of escrow.
    completed_at BIGINT,
    instance_id BYTEA
) STRICT;
INSERT INTO order_lines_new SELECT id, order_id, number, product_id, revision_id, specification, sku, sold, charging_mode, period,
    quantity, amount_minor, refunded_minor, completed_at, instance_id FROM order_lines;
DROP TABLE order_lines;
ALTER TABLE order_lines_new RENAME TO order_lines;
CREATE INDEX order_lines_by_order ON order_lines (order_id);
CREATE INDEX order_lines_by_instance ON order_lines (instance_id);

-- On-demand trades are not in the lists of orders (seller-domain 4.1).
ALTER TABLE orders ADD COLUMN on_demand BOOLEAN NOT NULL DEFAULT FALSE;

CREATE TABLE instances_new (
    id BYTEA NOT NULL PRIMARY KEY,
    buyer_id BYTEA NOT NULL,
    seller_id BYTEA NOT NULL,
    product_id BYTEA NOT NULL,
    revision_id BYTEA NOT NULL,
    address_id BYTEA NOT NULL,
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
    )
) STRICT;
INSERT INTO instances_new SELECT id, buyer_id, seller_id, product_id, revision_id, address_id, line_id, specification, sku, quantity, trial,
    state, freeze_cause, freeze_reason, seller_instance_id, front_end_url, admin_url, user_name, password, memo, anchor_day, opened_at,
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
DROP TABLE terms;
DROP TABLE instances;
ALTER TABLE instances_new RENAME TO instances;
ALTER TABLE terms_new RENAME TO terms;
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

CREATE TABLE bill_lines_new (
    id BYTEA NOT NULL PRIMARY KEY,
    seller_id BYTEA NOT NULL,
    bill_id BYTEA REFERENCES bills (id),
    order_id BYTEA NOT NULL,
    line_id BYTEA NOT NULL,
    order_line TEXT NOT NULL,
    product_name TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('original', 'refund', 'usage')),
    -- yyyy-MM-dd at the site for usage, which enters a bill by day (money 1.1); else empty.
    day TEXT NOT NULL DEFAULT '',
    currency TEXT NOT NULL,
    -- amount = payable + fee; the tax is inside the fee.
    amount_minor BIGINT NOT NULL,
    fee_minor BIGINT NOT NULL,
    tax_minor BIGINT NOT NULL,
    payable_minor BIGINT NOT NULL,
    -- The line enters the bill of the month in which this lies (money 1.1).
    effective_at BIGINT NOT NULL,
    CHECK (amount_minor = payable_minor + fee_minor),
    UNIQUE (line_id, kind, day)
) STRICT;
INSERT INTO bill_lines_new SELECT id, seller_id, bill_id, order_id, line_id, order_line, product_name, kind, '', currency,
    amount_minor, fee_minor, tax_minor, payable_minor, effective_at FROM bill_lines;
DROP TABLE bill_lines;
ALTER TABLE bill_lines_new RENAME TO bill_lines;
CREATE INDEX bill_lines_by_seller ON bill_lines (seller_id, currency, effective_at, id);
CREATE INDEX bill_lines_open ON bill_lines (seller_id, currency, effective_at, id) WHERE bill_id IS NULL;
CREATE INDEX bill_lines_by_bill ON bill_lines (bill_id, effective_at, id);

-- A push of usage records as it came: stored before it is answered, validated in the background.
CREATE TABLE usage_batches (
    id BYTEA NOT NULL PRIMARY KEY,
    seller_id BYTEA NOT NULL,
    received_at BIGINT NOT NULL,
    records TEXT NOT NULL
) STRICT;

CREATE TABLE usage_records (
    id BYTEA NOT NULL PRIMARY KEY,
    -- What the reference tells duplicates by, as a hash: seller and metering_sn, or instance, begin and end.
    known_by BYTEA NOT NULL,
    seller_id BYTEA NOT NULL,
    -- None when the seller has no such instance.
    instance_id BYTEA,
    sent_instance TEXT NOT NULL,
    metering_sn TEXT,
    begin_at BIGINT,
    end_at BIGINT,
    -- Ten-thousandths.
    quantity BIGINT,
    sent_value TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('accepted', 'refused', 'charged', 'corrected')),
    reason TEXT,
    -- How often the same record came again.
    repeats BIGINT NOT NULL,
    -- The record that this one replaces.
    corrects_id BYTEA,
    charge_id BYTEA,
    received_at BIGINT NOT NULL,
    CHECK (state = 'refused' OR (instance_id IS NOT NULL AND begin_at IS NOT NULL AND end_at IS NOT NULL AND quantity IS NOT NULL)),
    CHECK ((state = 'refused') = (reason IS NOT NULL)),
    CHECK ((state = 'charged') <= (charge_id IS NOT NULL))
) STRICT;
CREATE UNIQUE INDEX usage_records_known ON usage_records (known_by) WHERE state <> 'refused';
CREATE INDEX usage_records_by_seller ON usage_records (seller_id, received_at, id);
CREATE INDEX usage_records_to_rate ON usage_records (instance_id, begin_at, id) WHERE state = 'accepted';

-- What was used of an instance in an accumulation cycle, and what was charged for it.
CREATE TABLE usage_totals (
    instance_id BYTEA NOT NULL,
    -- The first moment of the cycle.
    cycle_at BIGINT NOT NULL,
    quantity BIGINT NOT NULL,
    -- Whole number of 10^-10 currency units.
    exact TEXT NOT NULL,
    charged_minor BIGINT NOT NULL,
    PRIMARY KEY (instance_id, cycle_at)
) STRICT;

CREATE TABLE usage_charges (
    id BYTEA NOT NULL PRIMARY KEY,
    instance_id BYTEA NOT NULL,
    buyer_id BYTEA NOT NULL,
    seller_id BYTEA NOT NULL,
    -- The hour or day that is charged.
    begin_at BIGINT NOT NULL,
    quantity BIGINT NOT NULL,
    currency TEXT NOT NULL,
    -- Negative when a correction gives back.
    amount_minor BIGINT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('due', 'paid')),
    created_at BIGINT NOT NULL,
    paid_at BIGINT,
    CHECK ((state = 'paid') = (paid_at IS NOT NULL))
) STRICT;
CREATE INDEX usage_charges_by_instance ON usage_charges (instance_id, begin_at, id);
CREATE INDEX usage_charges_due ON usage_charges (buyer_id, created_at, id) WHERE state = 'due';
