-- Seats, machines and licence files of licences by code: what their specification's rules allow.

-- A seat of a licence, leased by one client at a time; as many slots as seats were bought.
CREATE TABLE licence_seats (
    licence_id BYTEA NOT NULL REFERENCES licences (id),
    slot BIGINT NOT NULL,
    -- Who holds the lease names it.
    lease BYTEA NOT NULL,
    -- A stable id of the end user, as the software names him.
    client TEXT NOT NULL,
    -- The machine that holds it, when the rules bind machines.
    node_id BYTEA,
    taken_at BIGINT NOT NULL,
    renewed_at BIGINT NOT NULL,
    -- Exclusive; earlier than now: the seat is free.
    lease_until BIGINT NOT NULL,
    PRIMARY KEY (licence_id, slot),
    UNIQUE (licence_id, client)
) STRICT;

-- A machine that a licence is bound to; as many slots as machines were bought.
CREATE TABLE licence_nodes (
    id BYTEA NOT NULL PRIMARY KEY,
    licence_id BYTEA NOT NULL REFERENCES licences (id),
    slot BIGINT NOT NULL,
    -- Hashes of the parts of its fingerprint, as JSON.
    fingerprint TEXT NOT NULL,
    bound_at BIGINT NOT NULL,
    seen_at BIGINT NOT NULL,
    released_at BIGINT,
    -- buyer, seller or operator.
    released_by TEXT,
    CHECK ((released_at IS NULL) = (released_by IS NULL))
) STRICT;
CREATE UNIQUE INDEX licence_nodes_bound ON licence_nodes (licence_id, slot) WHERE released_at IS NULL;
CREATE INDEX licence_nodes_by_licence ON licence_nodes (licence_id, bound_at, id);

-- Keys that sign licence files and leases, of each seller; the newest signs (RFC 8032, Ed25519).
CREATE TABLE licence_keys (
    id BYTEA NOT NULL PRIMARY KEY,
    seller_id BYTEA NOT NULL REFERENCES accounts (id),
    public_key BYTEA NOT NULL,
    -- AES-256-GCM.
    private_key BYTEA NOT NULL,
    created_at BIGINT NOT NULL
) STRICT;
CREATE INDEX licence_keys_by_seller ON licence_keys (seller_id, created_at, id);

-- It named the day of usage; the name of a part that was released by itself is there too.
ALTER TABLE bill_lines RENAME COLUMN day TO part;

-- Who was counted comes by the ten thousand a second; a reference is looked up and locked for each row, and only codes that were found are counted.
CREATE TABLE licence_clients_new (
    licence_id BYTEA NOT NULL,
    day TEXT NOT NULL,
    client BYTEA NOT NULL,
    PRIMARY KEY (licence_id, day, client)
) STRICT;
INSERT INTO licence_clients_new SELECT licence_id, day, client FROM licence_clients;
DROP TABLE licence_clients;
ALTER TABLE licence_clients_new RENAME TO licence_clients;
CREATE INDEX licence_clients_by_day ON licence_clients (day);
