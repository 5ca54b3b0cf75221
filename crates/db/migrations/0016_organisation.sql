-- The people of an account: colleagues with roles, departments, invitations (saas-interface 4, users and departments).

-- What a person may do in the account.
ALTER TABLE users ADD COLUMN member_role TEXT NOT NULL DEFAULT 'administrator' CHECK (member_role IN ('administrator', 'purchaser', 'member'));
-- A colleague who was removed stays for what he did, and gets in no more.
ALTER TABLE users ADD COLUMN left_at BIGINT;

CREATE TABLE departments (
    id BYTEA NOT NULL PRIMARY KEY,
    account_id BYTEA NOT NULL REFERENCES accounts (id),
    -- As sellers hear of it; never changes.
    code TEXT NOT NULL,
    name TEXT NOT NULL,
    -- NULL for the top.
    parent_id BYTEA REFERENCES departments (id),
    created_at BIGINT NOT NULL,
    UNIQUE (account_id, code)
) STRICT;

-- What is known of a person at work; nobody has to have this.
CREATE TABLE positions (
    user_id BYTEA NOT NULL PRIMARY KEY REFERENCES users (id),
    account_id BYTEA NOT NULL,
    department_id BYTEA REFERENCES departments (id),
    title TEXT,
    employee_code TEXT,
    -- Upstream's codes: 1 regular, 2 intern.
    employee_type TEXT,
    -- Encrypted.
    mobile BYTEA,
    email BYTEA
) STRICT;
CREATE INDEX positions_by_department ON positions (department_id);

CREATE TABLE invitations (
    id BYTEA NOT NULL PRIMARY KEY,
    account_id BYTEA NOT NULL REFERENCES accounts (id),
    -- SHA-256 of the link's secret.
    secret_hash BYTEA NOT NULL UNIQUE,
    login TEXT NOT NULL,
    name TEXT NOT NULL,
    member_role TEXT NOT NULL CHECK (member_role IN ('administrator', 'purchaser', 'member')),
    department_id BYTEA REFERENCES departments (id),
    -- Wall time, as all that is about getting in.
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    -- open, accepted, withdrawn.
    state TEXT NOT NULL CHECK (state IN ('open', 'accepted', 'withdrawn'))
) STRICT;
CREATE INDEX invitations_by_account ON invitations (account_id, created_at, id);
CREATE INDEX users_by_account_and_time ON users (account_id, created_at, id);
