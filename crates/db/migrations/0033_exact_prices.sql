-- What a change adds to a term is kept by itself, with the days that it was for. Terms that were there keep what changes
-- added to them in their price.
ALTER TABLE terms RENAME COLUMN paid_minor TO price_minor;
CREATE TABLE term_fees (
    term_id BYTEA NOT NULL REFERENCES terms (id),
    -- The line that paid it.
    line_id BYTEA NOT NULL,
    fee_minor BIGINT NOT NULL CHECK (fee_minor >= 0),
    -- The whole days of the term that were to come.
    days BIGINT NOT NULL CHECK (days >= 0),
    PRIMARY KEY (term_id, line_id)
) STRICT;

-- What a term cost that was renewed last, or was agreed to when automatic renewal was switched on: more is never taken
-- without the buyer. Of those that were there, the price of the last term.
ALTER TABLE auto_renewals ADD COLUMN price_minor BIGINT NOT NULL DEFAULT 0 CHECK (price_minor >= 0);
UPDATE auto_renewals SET price_minor = COALESCE((SELECT t.price_minor FROM terms t WHERE t.instance_id = auto_renewals.instance_id
    AND NOT t.removed ORDER BY t.seq DESC LIMIT 1), 0);

-- Why trading of a product is frozen.
ALTER TABLE products ADD COLUMN freeze_cause TEXT CHECK (freeze_cause IN ('violation', 'other', 'failing'));

-- One trial for each buyer and specification, for ever.
CREATE TABLE trials (
    buyer_id BYTEA NOT NULL,
    product_id BYTEA NOT NULL,
    specification TEXT NOT NULL,
    -- The order of the trial.
    order_id BYTEA NOT NULL,
    PRIMARY KEY (buyer_id, product_id, specification)
) STRICT;
INSERT INTO trials SELECT o.buyer_id, l.product_id, l.specification, o.id FROM orders o
    JOIN order_lines l ON l.order_id = o.id WHERE o.kind = 'trial' AND o.state <> 'cancelled'
    ON CONFLICT DO NOTHING;
