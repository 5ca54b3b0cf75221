-- Whether a file is still named is asked by its content.
CREATE INDEX asset_versions_by_hash ON asset_versions (hash) WHERE hash IS NOT NULL;
