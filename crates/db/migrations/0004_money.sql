-- The ledger, what comes in, and what sellers are billed.

CREATE TABLE ledger_entries (
    id BYTEA NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,
    at BIGINT NOT NULL,
    order_id BYTEA,
    line_id BYTEA,
    -- Names the one event that made the entry, so that it cannot be posted twice.
    reference TEXT NOT NULL UNIQUE
) STRICT;
CREATE INDEX ledger_entries_by_order ON ledger_entries (order_id);

CREATE TABLE ledger_postings (
    entry_id BYTEA NOT NULL REFERENCES ledger_entries (id),
    seq BIGINT NOT NULL,
    account TEXT NOT NULL,
    owner TEXT NOT NULL,
    currency TEXT NOT NULL,
    amount_minor BIGINT NOT NULL CHECK (amount_minor <> 0),
    at BIGINT NOT NULL,
    PRIMARY KEY (entry_id, seq)
) STRICT;
CREATE INDEX ledger_postings_by_account ON ledger_postings (account, owner, at);

-- Only accounts that may not go below zero keep a balance.
CREATE TABLE ledger_balances (
    account TEXT NOT NULL,
    owner TEXT NOT NULL,
    currency TEXT NOT NULL,
    balance_minor BIGINT NOT NULL CONSTRAINT ledger_balance_not_negative CHECK (balance_minor >= 0),
    PRIMARY KEY (account, owner, currency)
) STRICT;

CREATE TABLE transfers (
    id BYTEA NOT NULL PRIMARY KEY,
    account_id BYTEA NOT NULL,
    account_name TEXT NOT NULL,
    currency TEXT NOT NULL,
    amount_minor BIGINT NOT NULL CHECK (amount_minor > 0),
    -- What the bank statement shows.
    reference TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('pending', 'confirmed', 'refused')),
    created_at BIGINT NOT NULL,
    decided_at BIGINT,
    decided_by BYTEA,
    reason TEXT,
    CONSTRAINT transfers_decided_iff_final CHECK (
           (state = 'pending' AND decided_at IS NULL AND decided_by IS NULL)
        OR (state = 'confirmed' AND decided_at IS NOT NULL AND decided_by IS NOT NULL)
        OR (state = 'refused' AND decided_at IS NOT NULL AND decided_by IS NOT NULL AND reason IS NOT NULL)
    )
) STRICT;
CREATE INDEX transfers_by_account ON transfers (account_id, created_at);
CREATE INDEX transfers_by_state ON transfers (state, created_at);

CREATE TABLE bills (
    id BYTEA NOT NULL PRIMARY KEY,
    seller_id BYTEA NOT NULL,
    -- yyyy-MM at the site.
    month TEXT NOT NULL,
    currency TEXT NOT NULL,
    total_minor BIGINT NOT NULL,
    issued_at BIGINT NOT NULL,
    UNIQUE (seller_id, month, currency)
) STRICT;

CREATE TABLE bill_lines (
    id BYTEA NOT NULL PRIMARY KEY,
    seller_id BYTEA NOT NULL,
    bill_id BYTEA REFERENCES bills (id),
    order_id BYTEA NOT NULL,
    line_id BYTEA NOT NULL,
    order_line TEXT NOT NULL,
    product_name TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('original', 'refund')),
    currency TEXT NOT NULL,
    -- amount = payable + fee; the tax is inside the fee.
    amount_minor BIGINT NOT NULL,
    fee_minor BIGINT NOT NULL,
    tax_minor BIGINT NOT NULL,
    payable_minor BIGINT NOT NULL,
    -- The line enters the bill of the month in which this lies (money 1.1).
    effective_at BIGINT NOT NULL,
    CHECK (amount_minor = payable_minor + fee_minor),
    UNIQUE (line_id, kind)
) STRICT;
CREATE INDEX bill_lines_by_seller ON bill_lines (seller_id, effective_at);
CREATE INDEX bill_lines_by_bill ON bill_lines (bill_id);
