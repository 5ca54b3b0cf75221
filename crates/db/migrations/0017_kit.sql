-- Joint-SaaS kit (saas-interface 4): applications of sellers, the instances that a company binds to them, who may use
-- them, and sign-on.

CREATE TABLE applications (
    id BYTEA NOT NULL PRIMARY KEY,
    seller_id BYTEA NOT NULL REFERENCES accounts (id),
    -- One application per product, and one product per application.
    product_id BYTEA NOT NULL UNIQUE REFERENCES products (id),
    address_id BYTEA NOT NULL REFERENCES interface_addresses (id),
    name TEXT NOT NULL,
    login_url TEXT NOT NULL UNIQUE,
    -- PEM; client secrets are encrypted with it.
    public_key TEXT NOT NULL,
    client_id TEXT NOT NULL UNIQUE,
    client_secret BYTEA NOT NULL,
    -- A JSON list.
    redirect_uris TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
) STRICT;
CREATE INDEX applications_by_seller ON applications (seller_id, created_at, id);

CREATE TABLE bindings (
    instance_id BYTEA NOT NULL PRIMARY KEY REFERENCES instances (id),
    application_id BYTEA NOT NULL REFERENCES applications (id),
    buyer_id BYTEA NOT NULL,
    -- What is told next: the tenant, its departments, the credential; then bound. Removing, then removed.
    state TEXT NOT NULL CHECK (state IN ('tenant', 'departments', 'credential', 'bound', 'removing', 'removed')),
    -- When the present binding, or its removal, began.
    began_at BIGINT NOT NULL
) STRICT;
CREATE INDEX bindings_by_buyer ON bindings (buyer_id);
CREATE INDEX bindings_by_application ON bindings (application_id);

CREATE TABLE grants (
    instance_id BYTEA NOT NULL REFERENCES bindings (instance_id),
    user_id BYTEA NOT NULL REFERENCES users (id),
    role TEXT NOT NULL CHECK (role IN ('user', 'admin')),
    granted_at BIGINT NOT NULL,
    signed_on_at BIGINT,
    PRIMARY KEY (instance_id, user_id)
) STRICT;
CREATE INDEX grants_by_user ON grants (user_id);

-- One sign-on: its code, then its tokens. All times are wall time; secrets are kept as SHA-256.
CREATE TABLE sign_ons (
    id BYTEA NOT NULL PRIMARY KEY,
    application_id BYTEA NOT NULL REFERENCES applications (id),
    instance_id BYTEA NOT NULL,
    user_id BYTEA NOT NULL,
    scope TEXT NOT NULL,
    redirect_uri TEXT NOT NULL,
    -- S256 of PKCE.
    challenge TEXT,
    nonce TEXT,
    code_hash BYTEA NOT NULL UNIQUE,
    code_expires_at BIGINT NOT NULL,
    code_used_at BIGINT,
    access_hash BYTEA UNIQUE,
    access_expires_at BIGINT,
    refresh_hash BYTEA UNIQUE,
    refresh_expires_at BIGINT,
    -- The refresh token before the present one: whoever shows it stole one of them.
    former_hash BYTEA,
    begun_at BIGINT NOT NULL,
    ended_at BIGINT
) STRICT;
CREATE INDEX sign_ons_by_user ON sign_ons (user_id, instance_id);
CREATE INDEX sign_ons_by_former ON sign_ons (former_hash);
CREATE INDEX sign_ons_by_end ON sign_ons (begun_at);

-- Keys that sign id tokens; the newest signs, those before it are still published for a while.
CREATE TABLE signing_keys (
    id BYTEA NOT NULL PRIMARY KEY,
    -- PKCS 8, encrypted.
    private_key BYTEA NOT NULL,
    -- Modulus and exponent, base64url, as JWKS has them.
    modulus TEXT NOT NULL,
    exponent TEXT NOT NULL,
    created_at BIGINT NOT NULL
) STRICT;
