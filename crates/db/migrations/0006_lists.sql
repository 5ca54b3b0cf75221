-- Each list is read along an index in its own order, whoever asks and whatever state is wanted.

CREATE INDEX orders_by_time ON orders (created_at, id);
CREATE INDEX instances_by_time ON instances (created_at, id);
-- Openings that failed are counted by product and month.
CREATE INDEX instances_failed ON instances (product_id, ended_at) WHERE state = 'failed';
CREATE INDEX calls_by_time ON calls (created_at, id);
CREATE INDEX calls_by_state ON calls (state, created_at, id);

DROP INDEX transfers_by_account;
DROP INDEX transfers_by_state;
CREATE INDEX transfers_by_account ON transfers (account_id, created_at, id);
CREATE INDEX transfers_by_state ON transfers (state, created_at, id);
CREATE INDEX transfers_by_time ON transfers (created_at, id);

DROP INDEX ledger_postings_by_account;
CREATE INDEX ledger_postings_by_account ON ledger_postings (account, owner, at, entry_id);

CREATE INDEX bills_by_seller ON bills (seller_id, issued_at, id);
CREATE INDEX bills_by_time ON bills (issued_at, id);
DROP INDEX bill_lines_by_seller;
DROP INDEX bill_lines_by_bill;
CREATE INDEX bill_lines_by_seller ON bill_lines (seller_id, currency, effective_at, id);
CREATE INDEX bill_lines_open ON bill_lines (seller_id, currency, effective_at, id) WHERE bill_id IS NULL;
CREATE INDEX bill_lines_by_bill ON bill_lines (bill_id, effective_at, id);

DROP INDEX exports_by_account;
CREATE INDEX exports_by_account ON exports (account_id, role, created_at, id);
CREATE INDEX messages_unread ON messages (account_id, created_at, id) WHERE read_at IS NULL;

CREATE INDEX products_by_seller ON products (seller_id, created_at, id);
DROP INDEX listing_revisions_by_state;
CREATE INDEX listing_revisions_by_state ON listing_revisions (state, created_at, id);
CREATE INDEX listing_revisions_by_time ON listing_revisions (created_at, id);
CREATE INDEX sellers_by_state ON sellers (state, submitted_at, account_id);
CREATE INDEX sellers_by_time ON sellers (submitted_at, account_id);
