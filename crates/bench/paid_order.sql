-- What a paid order writes, statement by statement, bare: {k} a new key of 16 bytes, {n} a new number, {b} one of the buyers,
-- {o} the owner of their wallet, {f} no.

SELECT answer FROM idempotency_keys WHERE user_id = {b} AND key = {n};

SELECT p.id, p.revision_id, a.name FROM products p JOIN accounts a ON a.id = p.seller_id WHERE p.key = 'x' AND p.site
    = 'cn';

INSERT INTO orders (id, number, kind, state, site, currency, total_minor, buyer_id, seller_id, customer_name,
    user_name, product_name, instance_id, created_at, pay_by, paid_at) VALUES ({k}, {n}, 'new', 'processing', 'cn', 'CNY',
    1200, {b}, {b}, 'c', 'u', 'p', {k}, 1, 1, 1);

INSERT INTO order_lines (id, order_id, number, product_id, revision_id, specification, sku, sold, charging_mode,
    period, quantity, amount_minor, refunded_minor, instance_id) VALUES ({k}, {k}, {n}, {b}, {b}, 's', 'k', '{}',
    'PERIOD', '1m', 1, 1200, 0, {k});

INSERT INTO events (kind, at, recorded_at, actor, order_id, instance_id, data) VALUES ('order.created', 1, 1, 'a',
    {k}, {k}, '{}'), ('order.paid', 1, 1, 'a', {k}, {k}, '{}');

UPDATE ledger_balances SET balance_minor = balance_minor - 1 WHERE account = 'buyer_wallet' AND owner = {o} AND
    currency = 'CNY';

INSERT INTO ledger_balances (account, owner, currency, balance_minor) VALUES ('escrow', {n}, 'CNY', 1200) ON CONFLICT
    (account, owner, currency) DO UPDATE SET balance_minor = ledger_balances.balance_minor + excluded.balance_minor;

INSERT INTO ledger_entries (id, kind, at, order_id, line_id, reference) VALUES ({k}, 'payment', 1, {k}, {k}, {n});

INSERT INTO ledger_postings (entry_id, seq, account, owner, currency, amount_minor, at) VALUES ({k}, 0,
    'buyer_wallet', {o}, 'CNY', -1200, 1), ({k}, 1, 'escrow', {n}, 'CNY', 1200, 1);

INSERT INTO instances (id, buyer_id, seller_id, product_id, revision_id, access_type, address_id, line_id,
    specification, sku, quantity, trial, state, open_order_id, created_at) VALUES ({k}, {b}, {b}, {b}, {b}, 'saas', {b},
    {k}, 's', 'k', 1, {f}, 'opening', {k}, 1);

INSERT INTO calls (id, seller_id, buyer_id, product_id, instance_id, order_id, order_number, seq, activity, request,
    state, attempts, failures, next_at, created_at) VALUES ({k}, {b}, {b}, {b}, {k}, {k}, {n}, 1, 'newInstance', '{}',
    'due', 0, 0, 1, 1);

INSERT INTO jobs (id, kind, subject, lane, due_at, attempts, state, lease_owner, lease_until) VALUES ({k}, 'call',
    {k}, 'l', 1, 0, 'due', '', 0);

INSERT INTO messages (id, account_id, event, params, order_id, created_at, name) VALUES ({k}, {b}, 'sale.bought',
    '{}', {k}, 1, {n}) ON CONFLICT (name) DO NOTHING;

INSERT INTO idempotency_keys (user_id, key, inputs_hash, answer, created_at) VALUES ({b}, {n}, {k}, {k}, 1);
