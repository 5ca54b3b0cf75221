-- The asset centre, as far as the deployed-object interface needs it (seller-domain 2.1, open-api 5).
CREATE TABLE assets (
    id BYTEA NOT NULL PRIMARY KEY,
    seller_id BYTEA NOT NULL REFERENCES accounts (id),
    kind TEXT NOT NULL CHECK (kind IN ('software_package', 'image')),
    name TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    UNIQUE (seller_id, name)
) STRICT;

CREATE TABLE asset_versions (
    id BYTEA NOT NULL PRIMARY KEY,
    asset_id BYTEA NOT NULL REFERENCES assets (id),
    version TEXT NOT NULL,
    -- Of a software package; the file lies under its SHA-256.
    file_name TEXT,
    hash BYTEA,
    length BIGINT,
    created_at BIGINT NOT NULL,
    CHECK ((file_name IS NULL) = (hash IS NULL) AND (hash IS NULL) = (length IS NULL)),
    UNIQUE (asset_id, version)
) STRICT;

CREATE INDEX asset_versions_by_asset ON asset_versions (asset_id, created_at, id);

-- Where an image's version lies in the cloud.
CREATE TABLE asset_images (
    version_id BYTEA NOT NULL REFERENCES asset_versions (id),
    region TEXT NOT NULL,
    image_id TEXT NOT NULL,
    image_name TEXT NOT NULL,
    os_type TEXT NOT NULL,
    architecture TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (version_id, region)
) STRICT;

-- Which specification is deployed from an asset; needs no new release of the product (deployment-and-messages 1).
CREATE TABLE asset_links (
    asset_id BYTEA NOT NULL REFERENCES assets (id),
    product_id BYTEA NOT NULL,
    specification TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (asset_id, product_id, specification)
) STRICT;
