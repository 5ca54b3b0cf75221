-- Main domains of sellers, proved by a file or a DNS text: only there does the marketplace call (seller-domain 6.1).
CREATE TABLE seller_domains (
    id BYTEA NOT NULL PRIMARY KEY,
    seller_id BYTEA NOT NULL REFERENCES accounts (id),
    name TEXT NOT NULL,
    -- What the file or the record holds.
    proof TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    proven_at BIGINT,
    proven_by TEXT CHECK (proven_by IN ('file', 'dns')),
    CHECK ((proven_at IS NULL) = (proven_by IS NULL)),
    UNIQUE (seller_id, name)
) STRICT;

