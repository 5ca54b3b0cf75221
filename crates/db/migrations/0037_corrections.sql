-- Refunds by the operator and postings that mend the books: asked by one person, confirmed by another where two may.
CREATE TABLE corrections (
    id BYTEA NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL CHECK (kind IN ('refund', 'posting')),
    state TEXT NOT NULL CHECK (state IN ('waiting', 'done', 'refused')),
    currency TEXT NOT NULL,
    amount_minor BIGINT NOT NULL CHECK (amount_minor > 0),
    reason TEXT NOT NULL,
    -- Of a refund.
    order_id BYTEA REFERENCES orders (id),
    order_number TEXT,
    -- Of a posting: from one account of the ledger to another.
    from_account TEXT,
    from_owner TEXT,
    to_account TEXT,
    to_owner TEXT,
    asked_at BIGINT NOT NULL,
    asked_by BYTEA NOT NULL,
    asked_name TEXT NOT NULL,
    decided_at BIGINT,
    decided_by BYTEA,
    decided_name TEXT,
    note TEXT,
    -- Decided by the only person who may.
    alone BOOLEAN NOT NULL,
    CONSTRAINT corrections_decided_iff_final CHECK (
           (state = 'waiting' AND decided_at IS NULL AND decided_by IS NULL)
        OR (state <> 'waiting' AND decided_at IS NOT NULL AND decided_by IS NOT NULL)
    ),
    CONSTRAINT corrections_of_one_kind CHECK (
           (kind = 'refund' AND order_id IS NOT NULL AND from_account IS NULL AND to_account IS NULL)
        OR (kind = 'posting' AND order_id IS NULL AND from_account IS NOT NULL AND from_owner IS NOT NULL
            AND to_account IS NOT NULL AND to_owner IS NOT NULL)
    )
) STRICT;
CREATE INDEX corrections_by_time ON corrections (asked_at, id);
CREATE INDEX corrections_by_state ON corrections (state, asked_at, id);
CREATE INDEX corrections_by_order ON corrections (order_id);
