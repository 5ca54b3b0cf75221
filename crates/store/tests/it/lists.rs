//! Lists are read along an index that has their order: a page costs the same after a million rows.

use db::{Db, DbError, Key, Moment, Tx};
use diesel::{
    Connection, QueryableByName, RunQueryDsl,
    connection::InstrumentationEvent,
    sql_query,
    sql_types::{BigInt, Text},
};
use domain::{
    Timestamp,
    access::{Role, SellerState},
    call::CallState,
    instance::InstanceState,
    listing::RevisionState,
    money::{Currency, TransferState},
    order::OrderState,
    supervision::CaseState,
};
use ledger::AccountKind;
use std::sync::{Arc, Mutex};
use store::{
    Direction, Page, asset, bill, call, delivery, export, instance, kit, ledger as postings, message, open_api_call,
    order::{self, Tenant},
    organisation, product, seller, supervision, transfer, usage_hold,
};
use testdb::{Engine, Fresh, engines};

const SOMEBODY: Key = Key([7; 16]);
/// A place in the middle of a list that runs its usual way, and of one that runs the other way.
const DEEP: Page = Page { after: Some((1_000, Key([9; 16]))), limit: 20, direction: None };
const OTHER_WAYS: [Page; 2] =
    [Page { direction: Some(Direction::Ascending), ..DEEP }, Page { direction: Some(Direction::Descending), ..DEEP }];

pub(super) type List = Box<dyn Fn(&mut Tx) -> Result<(), DbError> + Send>;

fn list<T: 'static>(name: &str, run: impl Fn(&mut Tx) -> Result<Vec<T>, DbError> + Send + 'static) -> (String, List) {
    (name.to_owned(), Box::new(move |tx| run(tx).map(|_| ())))
}

/// Every list with every scope and with and without a state.
fn lists() -> Vec<(String, List)> {
    let mut all = vec![
        list("exports", |tx| export::list(tx, SOMEBODY, Role::Buyer, DEEP)),
        list("wallet entries", |tx| postings::statement(tx, AccountKind::BuyerWallet, "x", DEEP)),
        list("bills of a seller", |tx| bill::list(tx, Some(SOMEBODY), None, DEEP)),
        list("bills of all", |tx| bill::list(tx, None, None, DEEP)),
        list("lines of a bill", |tx| bill::lines(tx, SOMEBODY, DEEP)),
        list("lines on no bill", |tx| bill::open_lines(tx, SOMEBODY, Currency::Cny, Moment::of_micros(2_000).unwrap(), DEEP)),
        list("messages", |tx| message::list(tx, SOMEBODY, false, (None, &["webhook.test"]), DEEP)),
        list("unread messages", |tx| message::list(tx, SOMEBODY, true, (None, &["webhook.test"]), DEEP)),
        list("messages of a type", |tx| message::list(tx, SOMEBODY, false, (Some(&["order.opened"]), &["webhook.test"]), DEEP)),
        list("deliveries to an endpoint", |tx| delivery::of_target(tx, SOMEBODY, SOMEBODY, DEEP)),
        list("newest purchases of a product", |tx| instance::any_newest(tx, Some(SOMEBODY), 500)),
        list("newest purchases of all", |tx| instance::any_newest(tx, None, 500)),
        list("newest calls of a product", |tx| call::any_newest_of_product(tx, SOMEBODY, 500)),
        list("openings of a seller", |tx| instance::opened_since(tx, SOMEBODY, Moment::of(Timestamp::UNIX_EPOCH), 500)),
        list("colleagues", |tx| organisation::colleagues(tx, SOMEBODY, None, DEEP)),
        list("invitations", |tx| organisation::invitations(tx, SOMEBODY, DEEP)),
        list("applications for sign-on", |tx| kit::applications(tx, SOMEBODY, DEEP)),
        list("assets of a seller", |tx| asset::list(tx, SOMEBODY)),
        list("calls of the open APIs", |tx| open_api_call::list(tx, SOMEBODY, &open_api_call::Filter::default(), DEEP)),
        list("refused calls of the open APIs", |tx| {
            open_api_call::list(tx, SOMEBODY, &open_api_call::Filter { failed: true, ..Default::default() }, DEEP)
        }),
        list("versions of an asset", |tx| asset::versions(tx, SOMEBODY)),
        list("products of a seller", |tx| product::of_seller(tx, SOMEBODY, None, DEEP)),
    ];
    for tenant in [Tenant::Buyer(SOMEBODY), Tenant::Seller(SOMEBODY), Tenant::Any] {
        for state in [None, Some("completed")] {
            let filter = supervision::Filter { state: state.map(|_| CaseState::Completed), ..supervision::Filter::default() };
            all.push(list(&format!("cases as {tenant:?} in {state:?}"), move |tx| supervision::list(tx, tenant, &filter, DEEP)));
            let filter = order::Filter { state: state.map(|_| OrderState::Completed), ..order::Filter::default() };
            let of = filter.clone();
            all.push(list(&format!("orders {tenant:?} {state:?}"), move |tx| order::list(tx, tenant, &of, DEEP)));
            all.push(list(&format!("orders, oldest first {tenant:?} {state:?}"), move |tx| {
                order::list(tx, tenant, &filter, OTHER_WAYS[0])
            }));
        }
        let held = usage_hold::Filter::default();
        all.push(list(&format!("held charges {tenant:?}"), move |tx| usage_hold::list(tx, tenant, &held, DEEP)));
        for state in [None, Some(InstanceState::Running)] {
            all.push(list(&format!("instances {tenant:?} {state:?}"), move |tx| instance::list(tx, tenant, state, DEEP)));
            for page in OTHER_WAYS {
                let name = format!("instances by end {tenant:?} {state:?} {:?}", page.direction);
                all.push(list(&name, move |tx| instance::list_by_end(tx, tenant, state, page)));
            }
        }
    }
    for tenant in [Tenant::Seller(SOMEBODY), Tenant::Any] {
        for state in [None, Some(CallState::Failed)] {
            let filter = call::Filter { state, ..call::Filter::default() };
            all.push(list(&format!("calls {tenant:?} {state:?}"), move |tx| call::list(tx, tenant, &filter, DEEP)));
        }
    }
    for state in [None, Some(TransferState::Pending)] {
        for account in [None, Some(SOMEBODY)] {
            all.push(list(&format!("transfers {account:?} {state:?}"), move |tx| transfer::list(tx, account, state, DEEP)));
        }
    }
    for state in [None, Some(RevisionState::InReview)] {
        // Those of one seller are sorted: they are as many as he wrote, and no index spans both tables.
        all.push(list(&format!("applications {state:?}"), move |tx| product::applications(tx, None, state, DEEP)));
    }
    for state in [None, Some(SellerState::InReview)] {
        all.push(list(&format!("sellers {state:?}"), move |tx| seller::any_list(tx, state, None, DEEP)));
    }
    all
}

/// The statements that a list sends.
pub(super) fn statements(tx: &mut Tx, run: &List) -> Result<Vec<String>, DbError> {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let keep = seen.clone();
    tx.set_instrumentation(move |event: InstrumentationEvent<'_>| {
        if let InstrumentationEvent::StartQuery { query, .. } = event {
            keep.lock().unwrap().push(query.to_string());
        }
    });
    run(tx)?;
    tx.set_instrumentation(|_: InstrumentationEvent<'_>| {});
    let text = |q: &String| q.split(" -- binds").next().unwrap().to_owned();
    Ok(seen.lock().unwrap().iter().map(text).collect())
}

#[derive(QueryableByName)]
struct Step {
    #[diesel(sql_type = Text)]
    detail: String,
}

#[derive(QueryableByName)]
struct PostgresStep {
    #[diesel(sql_type = Text, column_name = "QUERY PLAN")]
    detail: String,
}

/// How the engine means to run a statement, whatever its values.
fn plan(tx: &mut Tx, engine: Engine, text: &str) -> Result<String, DbError> {
    let steps: Vec<String> = match engine {
        Engine::Sqlite => sql_query(format!("EXPLAIN QUERY PLAN {text}")).load::<Step>(tx)?.into_iter().map(|s| s.detail).collect(),
        Engine::Postgres => {
            // The tables are empty, so a sort would be cheap: it is taken only where no index has the order.
            for setting in ["enable_sort = off", "enable_incremental_sort = off", "enable_seqscan = off", "enable_bitmapscan = off"] {
                sql_query(format!("SET LOCAL {setting}")).execute(tx)?;
            }
            sql_query("SET LOCAL plan_cache_mode = force_generic_plan").execute(tx)?;
            sql_query(format!("PREPARE looked_at AS {text}")).execute(tx)?;
            let values = vec!["NULL"; (1..).take_while(|n| text.contains(&format!("${n}"))).count()].join(", ");
            let steps = sql_query(format!("EXPLAIN EXECUTE looked_at({values})")).load::<PostgresStep>(tx)?;
            sql_query("DEALLOCATE looked_at").execute(tx)?;
            steps.into_iter().map(|s| s.detail).collect()
        }
    };
    Ok(steps.join("\n"))
}

#[tokio::test]
async fn every_list_is_read_along_an_index_in_its_order() {
    for engine in engines() {
        let fresh = Fresh::new(engine);
        let db = fresh.open().await;
        for (name, run) in lists() {
            let plan = db
                .write(move |tx| {
                    let sent = statements(tx, &run)?;
                    assert_eq!(sent.len(), 1, "{sent:?}");
                    plan(tx, engine, &sent[0])
                })
                .await
                .unwrap();
            let sorts = plan.contains("TEMP B-TREE") || plan.contains("Sort");
            let scans = plan.contains("Seq Scan") || plan.lines().any(|l| l.starts_with("SCAN") && !l.contains("INDEX"));
            assert!(!sorts && !scans, "{name} on {engine:?}:\n{plan}");
        }
    }
}

/// Orders of a million that one of a thousand buyers made, written by the database itself.
async fn million_orders(db: &Db, engine: Engine) {
    let key = match engine {
        Engine::Sqlite => |n: &str| format!("CAST(printf('%016d', {n}) AS BLOB)"),
        Engine::Postgres => |n: &str| format!("convert_to(lpad(({n})::text, 16, '0'), 'UTF8')"),
    };
    let (id, buyer, seller) = (key("i"), key("i % 1000"), key("i % 10"));
    let text = format!(
        "INSERT INTO orders (id, number, kind, state, site, currency, total_minor, buyer_id, seller_id, customer_name, user_name,
                             product_name, created_at, pay_by, paid_at, ended_at, reason)
         WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000000)
         SELECT {id}, 'CS' || i, 'new', 'completed', 'cn', 'CNY', 100, {buyer}, {seller}, 'c', 'u', 'p', i, 1, 1, 1, NULL FROM n"
    );
    db.write(move |tx| Ok::<_, DbError>(sql_query(text.as_str()).execute(tx).map(|_| ())?)).await.unwrap();
}

#[derive(QueryableByName)]
struct Rows {
    #[diesel(sql_type = BigInt)]
    n: i64,
}

async fn deep_page(engine: Engine) {
    let fresh = Fresh::new(engine);
    let db = fresh.open().await;
    million_orders(&db, engine).await;
    let buyer = Key(*b"0000000000000042");
    let found = db
        .read(move |tx| {
            let all: Rows = sql_query("SELECT CAST(COUNT(*) AS BIGINT) AS n FROM orders").get_result(tx)?;
            assert_eq!(all.n, 1_000_000);
            let page = Page { after: Some((500_042, Key(*b"0000000000500042"))), ..Page::first(20) };
            order::list(tx, Tenant::Buyer(buyer), &order::Filter::default(), page)
        })
        .await
        .unwrap();
    let expected: Vec<String> = (1..=20).map(|k| format!("CS{}", 500_042 - 1_000 * k)).collect();
    assert_eq!(found.into_iter().map(|o| o.number).collect::<Vec<_>>(), expected);
}

#[tokio::test]
async fn a_page_deep_in_a_million_orders_holds_the_next_ones_of_its_buyer_on_sqlite() {
    deep_page(Engine::Sqlite).await;
}

#[tokio::test]
async fn a_page_deep_in_a_million_orders_holds_the_next_ones_of_its_buyer_on_postgres() {
    deep_page(Engine::Postgres).await;
}
