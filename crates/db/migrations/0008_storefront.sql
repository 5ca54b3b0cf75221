-- What the storefront shows beside listings: pictures, curated floors, carts, and what is measured of a product.

CREATE TABLE pictures (
    id BYTEA NOT NULL PRIMARY KEY,
    seller_id BYTEA NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('logo', 'main', 'brand')),
    media_type TEXT NOT NULL CHECK (media_type IN ('image/png', 'image/jpeg', 'image/gif')),
    -- SHA-256 of the bytes, which are a file of that name.
    hash BYTEA NOT NULL,
    length BIGINT NOT NULL CHECK (length > 0),
    created_at BIGINT NOT NULL,
    -- The same picture sent again is the same picture.
    UNIQUE (seller_id, kind, hash)
) STRICT;

CREATE TABLE floors (
    site TEXT NOT NULL,
    seq BIGINT NOT NULL,
    -- JSON: name in both languages, keys of products in their order.
    floor TEXT NOT NULL,
    PRIMARY KEY (site, seq)
) STRICT;

CREATE TABLE cart_lines (
    id BYTEA NOT NULL PRIMARY KEY,
    buyer_id BYTEA NOT NULL,
    product_id BYTEA NOT NULL,
    specification TEXT NOT NULL,
    sku TEXT NOT NULL,
    -- Empty for one-time specifications.
    period TEXT NOT NULL,
    quantity BIGINT NOT NULL CHECK (quantity BETWEEN 1 AND 1000),
    created_at BIGINT NOT NULL,
    -- The same choice again adds to the line.
    UNIQUE (buyer_id, product_id, specification, sku, period)
) STRICT;

-- The newest purchases and calls of a product, from which its facts are measured.
CREATE INDEX instances_by_product ON instances (product_id, created_at, id);
CREATE INDEX calls_by_product ON calls (product_id, created_at, id);
