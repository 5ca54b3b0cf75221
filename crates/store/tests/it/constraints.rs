//! What must never be in the tables is refused by the tables themselves, whatever the code above them does.

use db::{Db, DbError, Key, Tx};
use diesel::{
    RunQueryDsl,
    result::{DatabaseErrorKind as Kind, Error as Diesel},
    sql_query,
    sql_types::Binary,
};
use testdb::{Fresh, engines};

/// A good row of each table that has rules: `$1` its key, `{n}` its number.
const GOOD: &[&str] = &[
    "INSERT INTO accounts (id, name, kind, site, roles, created_at) VALUES ($1, 'x{n}', 'enterprise', 'cn', 'buyer', 1)",
    "INSERT INTO users (id, account_id, login, name, password, language, dismissed, created_at) \
     VALUES ($1, $1, 'x{n}', 'n', 'p', 'zh', '', 1)",
    "INSERT INTO sellers (account_id, profile, state, submitted_at) VALUES ($1, '{}', 'in_review', 1)",
    "INSERT INTO products (id, seller_id, key, site, visibility, created_at, updated_at)
     SELECT $1, id, 'x{n}', 'cn', 'unlisted', 1, 1 FROM accounts WHERE name = 'x1'",
    "INSERT INTO listing_revisions (id, product_id, number, state, listing, marks, created_at) VALUES ($1, $1, 1, 'draft', '{}', '{}', 1)",
    "INSERT INTO orders (id, number, kind, state, site, currency, total_minor, buyer_id, seller_id, customer_name, user_name, product_name,
                         created_at, pay_by)
     VALUES ($1, 'x{n}', 'new', 'pending_payment', 'cn', 'CNY', 1, $1, $1, 'c', 'u', 'p', 1, 2)",
    "INSERT INTO order_lines (id, order_id, number, product_id, revision_id, specification, sku, sold, charging_mode, quantity,
                              amount_minor, refunded_minor)
     VALUES ($1, $1, 'x{n}', $1, $1, 's', 'k', '{}', 'PERIOD', 1, 1, 0)",
    "INSERT INTO instances (id, buyer_id, seller_id, product_id, revision_id, access_type, address_id, line_id, specification, sku,
                            quantity, trial, state, seller_instance_id, created_at)
     SELECT $1, $1, $1, id, $1, 'saas', $1, $1, 's', 'k', 1, (1 = 0), 'opening', 'x{n}', 1 FROM products WHERE key = 'x1'",
    "INSERT INTO ledger_entries (id, kind, at, reference) VALUES ($1, 'payment', 1, 'x{n}')",
    "INSERT INTO ledger_postings (entry_id, seq, account, owner, currency, amount_minor, at) VALUES ($1, 0, 'escrow', 'o', 'CNY', 1, 1)",
    "INSERT INTO ledger_balances (account, owner, currency, balance_minor) SELECT 'buyer_wallet', name, 'CNY', 0 FROM accounts \
     WHERE id = $1",
    "INSERT INTO transfers (id, account_id, account_name, currency, amount_minor, reference, state, created_at)
     VALUES ($1, $1, 'a', 'CNY', 1, 'r', 'pending', 1)",
    "INSERT INTO bills (id, seller_id, month, currency, total_minor, issued_at) VALUES ($1, $1, '2026-11', 'CNY', 1, 1)",
    "INSERT INTO bill_lines (id, seller_id, order_id, line_id, order_line, product_name, kind, currency, amount_minor, fee_minor, tax_minor,
                             payable_minor, effective_at)
     VALUES ($1, $1, $1, $1, 'l', 'p', 'original', 'CNY', 10, 1, 0, 9, 1)",
    "INSERT INTO calls (id, seller_id, buyer_id, product_id, instance_id, seq, activity, request, state, attempts, failures, created_at)
     VALUES ($1, $1, $1, $1, $1, 1, 'newInstance', '{}', 'due', 0, 0, 1)",
    "INSERT INTO call_attempts (id, call_id, number, started_at, url, request) VALUES ($1, $1, 1, 1, 'u', '{}')",
    "INSERT INTO messages (id, account_id, event, params, created_at, name) VALUES ($1, $1, 'e', '{}', 1, 'x{n}')",
    "INSERT INTO pictures (id, seller_id, kind, media_type, hash, length, created_at) VALUES ($1, $1, 'main', 'image/png', $1, 9, 1)",
    "INSERT INTO usage_records (id, known_by, seller_id, instance_id, sent_instance, begin_at, end_at, quantity, sent_value, state,
                                repeats, received_at)
     VALUES ($1, $1, $1, $1, 'i', 1, 2, 1, '1', 'accepted', 0, 1)",
    "INSERT INTO usage_totals (instance_id, cycle_at, quantity, exact, charged_minor) VALUES ($1, 1, 1, '1', 0)",
    "INSERT INTO usage_charges (id, instance_id, buyer_id, seller_id, begin_at, quantity, currency, amount_minor, state, created_at)
     VALUES ($1, $1, $1, $1, 1, 1, 'CNY', 1, 'due', 1)",
    "INSERT INTO usage_holds (id, instance_id, buyer_id, seller_id, begin_at, quantity, currency, amount_minor, state, created_at, until_at)
     VALUES ($1, $1, $1, $1, 1, 1, 'CNY', 1, 'waiting', 1, 2)",
    "INSERT INTO usage_caps (instance_id, side, amount_minor, action, set_at) VALUES ($1, 'buyer', 1, 'freeze', 1)",
    "INSERT INTO supervision_templates (key, version, access_type, flow, valid_from, body, loaded_at, loaded_by)
     SELECT 'x{n}', 1, 'data_file', 'standard', '2026-01-01', '{}', 1, 'x' FROM accounts WHERE id = $1",
    "INSERT INTO supervision_cases (id, order_id, line_id, instance_id, buyer_id, seller_id, order_number, product_name, customer_name,
                                    access_type, template_key, template_version, state, node, buyer_turn, seller_turn, operator_turn,
                                    started_at, body, changes)
     VALUES ($1, $1, $1, $1, $1, $1, 'x{n}', 'p', 'c', 'data_file', 'x{n}', 1, 'open', 'submit', (1 = 1), (1 = 0), (1 = 0), 1, '{}', 0)",
    "INSERT INTO supervision_steps (case_id, seq, at, party, actor, kind, from_node, to_node, data) \
     VALUES ($1, 1, 1, 'buyer', 'x', 'submit', '', '', '{}')",
    "INSERT INTO documents (id, account_id, case_id, kind, name, hash, length, created_at) VALUES ($1, $1, $1, 'other', 'a.pdf', $1, 1, 1)",
    "INSERT INTO webhook_endpoints (id, account_id, url, description, events, enabled, secret, created_at) \
     VALUES ($1, $1, 'u', '', '', (1 = 1), $1, 1)",
    "INSERT INTO deliveries (id, message_id, account_id, channel, target, event, digest, state, attempts, created_at)
     VALUES ($1, $1, $1, 'webhook', (SELECT id FROM accounts WHERE name = 'x1'), 'e', (1 = 0), 'due', 0, 1)",
    "INSERT INTO cart_lines (id, buyer_id, product_id, specification, sku, period, quantity, created_at) \
     VALUES ($1, $1, $1, 's', 'k', '1m', 1, 1)",
];

fn good_rows(tx: &mut Tx) -> Result<(), DbError> {
    for n in [1, 2] {
        for text in GOOD {
            sql_query(text.replace("{n}", &n.to_string())).bind::<Binary, _>(Key([n; 16])).execute(tx)?;
        }
    }
    Ok(())
}

/// Attacks: each would leave something that must never be.
const ATTACKS: &[&str] = &[
    // Words that the model does not know.
    "UPDATE pictures SET kind = 'poster'",
    "UPDATE pictures SET media_type = 'text/html'",
    // Nothing, or more than a line may hold.
    "UPDATE pictures SET length = 0",
    "UPDATE cart_lines SET quantity = 0",
    "UPDATE cart_lines SET quantity = 1001",
    "UPDATE accounts SET kind = 'ghost'",
    "UPDATE accounts SET site = 'moon'",
    "UPDATE users SET language = 'xx'",
    "UPDATE users SET staff_role = 'king'",
    "UPDATE orders SET kind = 'gift'",
    "UPDATE orders SET state = 'odd'",
    "UPDATE order_lines SET charging_mode = 'BARTER'",
    "UPDATE instances SET state = 'odd'",
    "UPDATE calls SET state = 'odd'",
    "UPDATE bill_lines SET kind = 'odd'",
    "UPDATE usage_records SET state = 'odd'",
    "UPDATE usage_charges SET state = 'odd'",
    "UPDATE usage_holds SET state = 'odd'",
    "UPDATE usage_caps SET action = 'odd'",
    "UPDATE transfers SET state = 'odd'",
    "UPDATE products SET visibility = 'odd'",
    // States without what belongs to them, or with what does not.
    "UPDATE usage_records SET state = 'refused'",
    "UPDATE usage_records SET state = 'charged'",
    "UPDATE usage_records SET state = 'held'",
    "UPDATE usage_records SET reason = 'r'",
    "UPDATE usage_holds SET state = 'approved'",
    "UPDATE usage_holds SET decided_by = 'buyer'",
    "UPDATE usage_records SET quantity = NULL",
    "UPDATE usage_charges SET state = 'paid'",
    "UPDATE usage_charges SET paid_at = 1",
    "UPDATE orders SET paid_at = 1",
    "UPDATE orders SET state = 'processing'",
    "UPDATE orders SET state = 'completed', paid_at = 1",
    "UPDATE orders SET state = 'cancelled', ended_at = 1",
    "UPDATE orders SET pay_by = NULL",
    "UPDATE instances SET state = 'running'",
    "UPDATE instances SET state = 'frozen', opened_at = 1",
    "UPDATE instances SET state = 'released'",
    "UPDATE instances SET freeze_cause = 'expired'",
    "UPDATE sellers SET state = 'approved'",
    "UPDATE sellers SET state = 'rejected', decided_at = 1, decided_by = account_id",
    "UPDATE products SET visibility = 'on_sale'",
    "UPDATE listing_revisions SET state = 'approved', submitted_at = 1",
    "UPDATE listing_revisions SET state = 'in_review'",
    "UPDATE transfers SET state = 'confirmed'",
    "UPDATE transfers SET decided_at = 1",
    // The same thing twice.
    "UPDATE users SET login = 'x1'",
    "UPDATE orders SET number = 'x1'",
    "UPDATE order_lines SET number = 'x1'",
    "UPDATE instances SET seller_instance_id = 'x1'",
    "UPDATE instances SET line_id = (SELECT id FROM order_lines WHERE number = 'x1')",
    "UPDATE products SET key = 'x1'",
    "UPDATE listing_revisions SET product_id = (SELECT id FROM products WHERE key = 'x1'), \
     number = number + CASE WHEN product_id = (SELECT id FROM products WHERE key = 'x1') THEN 0 ELSE 1 END",
    "UPDATE ledger_entries SET reference = 'x1'",
    "UPDATE bills SET seller_id = (SELECT id FROM products WHERE key = 'x1')",
    "UPDATE bill_lines SET line_id = (SELECT id FROM order_lines WHERE number = 'x1')",
    "UPDATE calls SET instance_id = (SELECT id FROM order_lines WHERE number = 'x1')",
    "UPDATE messages SET name = 'x1'",
    "UPDATE usage_records SET known_by = (SELECT id FROM order_lines WHERE number = 'x1')",
    "UPDATE supervision_cases SET order_id = (SELECT id FROM order_lines WHERE number = 'x1')",
    "UPDATE supervision_cases SET tracking = 'sf 1', seller_id = (SELECT id FROM order_lines WHERE number = 'x1')",
    "UPDATE deliveries SET message_id = (SELECT id FROM order_lines WHERE number = 'x1')",
    // A case that is over waits for nobody, and one that goes on waits for somebody.
    "UPDATE supervision_cases SET state = 'completed', ended_at = 1",
    "UPDATE supervision_cases SET buyer_turn = (1 = 0)",
    "UPDATE supervision_cases SET ended_at = 1",
    "UPDATE supervision_cases SET template_version = 2",
    "UPDATE documents SET case_id = NULL, step = 1",
    "UPDATE deliveries SET state = 'sent'",
    // Money that is not there, or does not add up.
    "UPDATE ledger_balances SET balance_minor = -1",
    "UPDATE ledger_postings SET amount_minor = 0",
    "UPDATE transfers SET amount_minor = 0",
    "UPDATE usage_holds SET amount_minor = 0",
    "UPDATE usage_caps SET amount_minor = 0",
    "UPDATE transfers SET amount_minor = -5",
    "UPDATE bill_lines SET fee_minor = 2",
    "UPDATE order_lines SET quantity = 0",
    "UPDATE order_lines SET refunded_minor = -1",
    // Things that belong to nothing.
    "UPDATE order_lines SET order_id = (SELECT revision_id FROM order_lines WHERE 1 = 0)",
    "DELETE FROM orders",
    "DELETE FROM accounts",
    "DELETE FROM calls",
    "DELETE FROM ledger_entries",
    "UPDATE orders SET currency = NULL",
];

async fn with_good_rows() -> Vec<(Fresh, Db)> {
    let mut all = vec![];
    for engine in engines() {
        let fresh = Fresh::new(engine);
        let db = fresh.open().await;
        db.write(good_rows).await.unwrap_or_else(|e: DbError| panic!("the good rows are refused by {engine:?}: {e:?}"));
        all.push((fresh, db));
    }
    all
}

#[tokio::test]
async fn the_tables_refuse_what_must_never_be() {
    for (fresh, db) in with_good_rows().await {
        for attack in ATTACKS {
            let result: Result<usize, DbError> = db.write(move |tx| Ok(sql_query(*attack).execute(tx)?)).await;
            let by_rule = matches!(
                &result,
                Err(DbError::Statement(Diesel::DatabaseError(
                    Kind::UniqueViolation | Kind::CheckViolation | Kind::NotNullViolation | Kind::ForeignKeyViolation,
                    _
                )))
            );
            assert!(by_rule, "{:?} on {attack}: {result:?}", fresh.engine);
        }
        // A value of another kind is an error of its own.
        let text: Result<usize, DbError> = db.write(|tx| Ok(sql_query("UPDATE orders SET total_minor = 'many'").execute(tx)?)).await;
        assert!(text.is_err(), "{:?} takes a word for a number", fresh.engine);
    }
}
