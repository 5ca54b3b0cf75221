-- Orders, what they opened, and for how long.

CREATE TABLE orders (
    id BYTEA NOT NULL PRIMARY KEY,
    number TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL CHECK (kind IN ('new', 'trial', 'trial_to_formal', 'renew', 'change', 'unsubscribe')),
    state TEXT NOT NULL CHECK (state IN ('pending_payment', 'processing', 'completed', 'cancelled')),
    site TEXT NOT NULL,
    currency TEXT NOT NULL,
    total_minor BIGINT NOT NULL,
    buyer_id BYTEA NOT NULL,
    seller_id BYTEA NOT NULL,
    -- Copied for the lists: later changes of names do not touch an order.
    customer_name TEXT NOT NULL,
    user_name TEXT NOT NULL,
    product_name TEXT NOT NULL,
    -- The instance that the order is about; a new purchase makes it when it is paid.
    instance_id BYTEA,
    -- For an unsubscription: the order that is given back.
    subject_order_id BYTEA,
    created_at BIGINT NOT NULL,
    pay_by BIGINT,
    paid_at BIGINT,
    ended_at BIGINT,
    reason TEXT,
    CONSTRAINT orders_arms CHECK (
           (state = 'pending_payment' AND paid_at IS NULL AND ended_at IS NULL AND pay_by IS NOT NULL)
        OR (state = 'processing' AND paid_at IS NOT NULL AND ended_at IS NULL)
        OR (state = 'completed' AND paid_at IS NOT NULL AND ended_at IS NOT NULL)
        OR (state = 'cancelled' AND ended_at IS NOT NULL AND reason IS NOT NULL)
    )
) STRICT;
CREATE INDEX orders_by_buyer ON orders (buyer_id, created_at, id);
CREATE INDEX orders_by_seller ON orders (seller_id, created_at, id);
CREATE INDEX orders_open_by_instance ON orders (instance_id);

CREATE TABLE order_lines (
    id BYTEA NOT NULL PRIMARY KEY,
    order_id BYTEA NOT NULL REFERENCES orders (id),
    number TEXT NOT NULL UNIQUE,
    product_id BYTEA NOT NULL,
    revision_id BYTEA NOT NULL,
    specification TEXT NOT NULL,
    sku TEXT NOT NULL,
    -- Names, support, agreement and choice as they were when sold.
    sold TEXT NOT NULL,
    charging_mode TEXT NOT NULL CHECK (charging_mode IN ('PERIOD', 'ONE_TIME')),
    period TEXT,
    quantity BIGINT NOT NULL CHECK (quantity > 0),
    -- What the buyer pays for the line; negative on an unsubscription.
    amount_minor BIGINT NOT NULL,
    refunded_minor BIGINT NOT NULL CHECK (refunded_minor >= 0),
    -- When the amount was shared out of escrow.
    completed_at BIGINT,
    instance_id BYTEA
) STRICT;
CREATE INDEX order_lines_by_order ON order_lines (order_id);
CREATE INDEX order_lines_by_instance ON order_lines (instance_id);

CREATE TABLE instances (
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
    freeze_cause TEXT CHECK (freeze_cause IN ('expired', 'violation')),
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
CREATE INDEX instances_by_buyer ON instances (buyer_id, created_at, id);
CREATE INDEX instances_by_seller ON instances (seller_id, created_at, id);
-- One trial per buyer and specification.
CREATE UNIQUE INDEX instances_one_trial ON instances (buyer_id, product_id, specification) WHERE trial AND state <> 'failed';

CREATE TABLE terms (
    id BYTEA NOT NULL PRIMARY KEY,
    instance_id BYTEA NOT NULL REFERENCES instances (id),
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
