//! What waits in large numbers: timers of open cases, messages of one reader, messages to hand on.

use crate::platform::Platform;
use app::{Actor, App, MovableClock, RandomIds, Settings, secret::Sealer};
use db::{Db, DbError, Key, Options};
use diesel::{RunQueryDsl, sql_query};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use store::{Page, job, message};

/// Open cases, and messages of one reader.
const MANY: i64 = 100_000;
/// Messages handed on.
const NEWS: i64 = 20_000;
const READER: &str = "00000000000000000000000000000007";

/// The figures of one engine.
pub struct Waiting {
    pub due_ms: f64,
    pub inbox_ms: f64,
    pub handed_on_per_second: u64,
}

fn app(db: Db) -> App {
    App {
        db,
        clock: Arc::new(MovableClock::default()),
        ids: Arc::new(RandomIds::default()),
        settings: Arc::new(Settings::default()),
        sealer: Arc::new(Sealer::new(&[7; 32])),
        listings: Arc::default(),
        templates: Arc::default(),
        writes: Arc::default(),
    }
}

/// Numbers in a query, on either engine.
fn numbers(engine: &str, count: i64) -> String {
    match engine {
        "sqlite" => format!("WITH RECURSIVE g(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM g WHERE n < {count}) SELECT n FROM g"),
        _ => format!("SELECT n FROM generate_series(1, {count}) AS g(n)"),
    }
}

/// A random id, and the reader, in the words of an engine.
fn row_of(engine: &str) -> (&'static str, String) {
    match engine {
        "sqlite" => ("randomblob(16)", format!("x'{READER}'")),
        _ => ("decode(md5(n::text || random()), 'hex')", format!("decode('{READER}', 'hex')")),
    }
}

async fn fill(db: &Db, text: String) {
    db.write(move |tx| sql_query(&text).execute(tx).map_err(DbError::from)).await.unwrap();
}

/// Messages a second that reach the outbox beside orders.
const EVENTS_PER_SECOND: i64 = 1_000;

/// Orders a second alone, and while a thousand messages a second are stored and handed on by another process. Alone is
/// the mean of before and after: the tables grow meanwhile.
pub async fn beside_events(engine: &str, server: Option<&str>, callers: usize, spell: Duration) -> (u64, u64) {
    let p = Platform::seeded(engine, server).await.serve().await;
    let app = app(Db::open(&p.database, &Options::default()).unwrap());
    fill(&app.db, "UPDATE messages SET handed_on_at = 1 WHERE handed_on_at IS NULL".to_owned()).await;
    let before = p.place_orders_named("before", callers, spell).await.per_second();
    let (id, reader) = row_of(engine);
    let rows = numbers(engine, EVENTS_PER_SECOND / 10);
    let feeder = tokio::spawn(async move {
        let mut ticks = tokio::time::interval(Duration::from_millis(100));
        for batch in 0_u64.. {
            ticks.tick().await;
            fill(&app.db, format!("INSERT INTO messages (id, account_id, event, params, created_at, name) SELECT {id}, {reader}, 'order.opened', '{{\"order\":\"CS1\",\"product\":\"p\"}}', n, 'beside:{batch}:' || n FROM ({rows}) AS g")).await;
            // The oldest first, which are these; not all that the orders bring, which nobody hands on when they are alone.
            let handed_on = app.write(Actor::System, app::message::hand_on).await.unwrap();
            assert!(handed_on >= usize::try_from(EVENTS_PER_SECOND / 10).unwrap(), "{handed_on}");
        }
    });
    let beside = p.place_orders_named("beside", callers, spell).await.per_second();
    assert!(!feeder.is_finished(), "the messages went on to the end");
    feeder.abort();
    let after = p.place_orders_named("after", callers, spell).await.per_second();
    (u64::midpoint(before, after), beside)
}

/// A hundred thousand timers and messages in a seeded database; how long looking at them takes.
pub async fn among_many(engine: &str, server: Option<&str>) -> Waiting {
    let p = Platform::seeded(engine, server).await;
    let app = app(Db::open(&p.database, &Options::default()).unwrap());
    // Only what is measured waits.
    fill(&app.db, "UPDATE messages SET handed_on_at = 1 WHERE handed_on_at IS NULL".to_owned()).await;
    let (id, reader) = row_of(engine);
    // Timers of open cases that fall due over half a year.
    fill(&app.db, format!("INSERT INTO jobs (id, kind, subject, lane, due_at, attempts, state, lease_owner, lease_until) SELECT {id}, 'supervision', {id}, '', 4000000000000000 + n, 0, 'due', '', 0 FROM ({}) AS g", numbers(engine, MANY))).await;
    let text = |name: &str, handed: &str, count| {
        format!(
            "INSERT INTO messages (id, account_id, event, params, created_at, name, handed_on_at) SELECT {id}, {reader}, 'order.opened', '{{\"order\":\"CS1\",\"product\":\"p\"}}', n, '{name}' || n, {handed} FROM ({}) AS g",
            numbers(engine, count)
        )
    };
    fill(&app.db, text("inbox:", "1", MANY)).await;
    let key = Key(hex(READER));
    let began = Instant::now();
    app.db.read(job::next_due).await.unwrap();
    let due_ms = began.elapsed().as_secs_f64() * 1_000.0;
    let began = Instant::now();
    app.db
        .read(move |tx| {
            Ok::<_, DbError>((message::list(tx, key, false, (None, &["webhook.test"]), Page::first(20))?, message::unread(tx, key)?))
        })
        .await
        .unwrap();
    let inbox_ms = began.elapsed().as_secs_f64() * 1_000.0;
    fill(&app.db, text("news:", "NULL", NEWS)).await;
    let began = Instant::now();
    while app.write(Actor::System, app::message::hand_on).await.unwrap() > 0 {}
    let millis = u64::try_from(began.elapsed().as_millis()).unwrap().max(1);
    Waiting { due_ms, inbox_ms, handed_on_per_second: u64::try_from(NEWS).unwrap() * 1_000 / millis }
}

fn hex(text: &str) -> [u8; 16] {
    std::array::from_fn(|i| u8::from_str_radix(&text[2 * i..2 * i + 2], 16).unwrap())
}
