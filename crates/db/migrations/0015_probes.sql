-- Probing of products on sale, twice a day (seller-domain 6.3).
CREATE TABLE probes (
    id BYTEA NOT NULL PRIMARY KEY,
    product_id BYTEA NOT NULL,
    seller_id BYTEA NOT NULL,
    at BIGINT NOT NULL,
    -- yyyy-MM-dd at the site.
    day TEXT NOT NULL,
    passed BOOLEAN NOT NULL,
    -- How many cases were tried.
    cases BIGINT NOT NULL,
    failed_case TEXT,
    reason TEXT,
    duration_ms BIGINT NOT NULL,
    -- This one was too many: trading was frozen. Days are counted anew after it.
    froze BOOLEAN NOT NULL,
    CHECK (passed = (failed_case IS NULL)),
    CHECK (NOT (passed AND froze))
) STRICT;
CREATE INDEX probes_by_product ON probes (product_id, at, id);
CREATE INDEX probes_by_seller ON probes (seller_id, at, id);
CREATE INDEX probes_by_time ON probes (at, id);
