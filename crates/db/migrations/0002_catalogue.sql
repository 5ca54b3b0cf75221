-- Sellers, how their servers are reached, and what they list.

CREATE TABLE sellers (
    account_id BYTEA NOT NULL PRIMARY KEY REFERENCES accounts (id),
    profile TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('draft', 'in_review', 'approved', 'rejected')),
    reason TEXT,
    submitted_at BIGINT,
    decided_at BIGINT,
    decided_by BYTEA,
    CONSTRAINT sellers_decided_iff_final CHECK (
           (state IN ('draft', 'in_review') AND decided_at IS NULL AND decided_by IS NULL)
        OR (state = 'approved' AND decided_at IS NOT NULL AND decided_by IS NOT NULL)
        OR (state = 'rejected' AND decided_at IS NOT NULL AND decided_by IS NOT NULL AND reason IS NOT NULL)
    )
) STRICT;

CREATE TABLE interface_keys (
    id BYTEA NOT NULL PRIMARY KEY,
    seller_id BYTEA NOT NULL REFERENCES sellers (account_id),
    name TEXT NOT NULL,
    -- The one interface class that the key signs for.
    class TEXT NOT NULL CHECK (class IN ('basic', 'kit_sync', 'licence', 'general')),
    -- AES-256-GCM: nonce and ciphertext.
    secret BYTEA NOT NULL,
    created_at BIGINT NOT NULL,
    UNIQUE (seller_id, name)
) STRICT;

CREATE TABLE interface_addresses (
    id BYTEA NOT NULL PRIMARY KEY,
    seller_id BYTEA NOT NULL REFERENCES sellers (account_id),
    name TEXT NOT NULL,
    url TEXT NOT NULL,
    key_id BYTEA NOT NULL REFERENCES interface_keys (id),
    -- Some sellers want testFlag in every call (saas-interface 2.1).
    always_test_flag BOOLEAN NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    UNIQUE (seller_id, name)
) STRICT;

CREATE TABLE debug_cases (
    id BYTEA NOT NULL PRIMARY KEY,
    address_id BYTEA NOT NULL REFERENCES interface_addresses (id),
    scenario TEXT NOT NULL,
    request TEXT NOT NULL,
    answer TEXT NOT NULL,
    passed_at BIGINT NOT NULL,
    UNIQUE (address_id, scenario)
) STRICT;

CREATE TABLE products (
    id BYTEA NOT NULL PRIMARY KEY,
    seller_id BYTEA NOT NULL REFERENCES sellers (account_id),
    -- The seller's own name for it, used by catalogue files and the command line.
    key TEXT NOT NULL,
    site TEXT NOT NULL CHECK (site IN ('cn', 'intl', 'eu')),
    visibility TEXT NOT NULL CHECK (visibility IN ('unlisted', 'on_sale', 'hidden', 'frozen', 'stopped')),
    -- The approved revision that is sold.
    revision_id BYTEA,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    UNIQUE (seller_id, key),
    CONSTRAINT products_listed_iff_approved CHECK (
           (visibility = 'unlisted' AND revision_id IS NULL)
        OR (visibility IN ('on_sale', 'hidden', 'frozen', 'stopped') AND revision_id IS NOT NULL)
    )
) STRICT;
CREATE INDEX products_by_key ON products (key);
CREATE INDEX products_by_change ON products (updated_at);

CREATE TABLE listing_revisions (
    id BYTEA NOT NULL PRIMARY KEY,
    product_id BYTEA NOT NULL REFERENCES products (id),
    number BIGINT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('draft', 'in_review', 'rejected', 'approved')),
    listing TEXT NOT NULL,
    -- JSON pointer to reason, from the operator.
    marks TEXT NOT NULL,
    reason TEXT,
    created_at BIGINT NOT NULL,
    submitted_at BIGINT,
    decided_at BIGINT,
    decided_by BYTEA,
    UNIQUE (product_id, number),
    CONSTRAINT listing_revisions_decided_iff_final CHECK (
           (state = 'draft' AND submitted_at IS NULL AND decided_at IS NULL AND decided_by IS NULL)
        OR (state = 'in_review' AND submitted_at IS NOT NULL AND decided_at IS NULL AND decided_by IS NULL)
        OR (state = 'approved' AND submitted_at IS NOT NULL AND decided_at IS NOT NULL AND decided_by IS NOT NULL)
        OR (state = 'rejected' AND submitted_at IS NOT NULL AND decided_at IS NOT NULL AND decided_by IS NOT NULL AND reason IS NOT NULL)
    )
) STRICT;
-- One open application per product.
CREATE UNIQUE INDEX listing_revisions_open ON listing_revisions (product_id) WHERE state IN ('draft', 'in_review', 'rejected');
CREATE INDEX listing_revisions_by_state ON listing_revisions (state, submitted_at);
