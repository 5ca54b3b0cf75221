-- On-demand packages: a quota paid in advance, from which use is drawn before it is charged (seller-domain 2.5).
-- SQLite cannot change a check, so the table whose words grow is made anew.

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
    charging_mode TEXT NOT NULL CHECK (charging_mode IN ('PERIOD', 'ONE_TIME', 'ON_DEMAND', 'ON_DEMAND_PKG')),
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

-- The packages that a buyer has of a product.
CREATE INDEX instances_by_buyer_product ON instances (buyer_id, product_id);

-- The package that a record names (relate_pkg_instance).
ALTER TABLE usage_records ADD COLUMN package_id BYTEA;

-- What was used of the hour or day and not charged, because packages gave it; quantity is what was charged.
ALTER TABLE usage_charges ADD COLUMN from_packages BIGINT NOT NULL DEFAULT 0;

-- What was used of a package in the time of one quota.
CREATE TABLE package_windows (
    instance_id BYTEA NOT NULL,
    -- The first moment of the window.
    begin_at BIGINT NOT NULL,
    used BIGINT NOT NULL CHECK (used >= 0),
    PRIMARY KEY (instance_id, begin_at)
) STRICT;

-- What a record took from packages; a correction gives it back.
CREATE TABLE package_draws (
    record_id BYTEA NOT NULL,
    instance_id BYTEA NOT NULL,
    window_at BIGINT NOT NULL,
    quantity BIGINT NOT NULL CHECK (quantity > 0),
    PRIMARY KEY (record_id, instance_id)
) STRICT;
CREATE INDEX package_draws_by_window ON package_draws (instance_id, window_at);
