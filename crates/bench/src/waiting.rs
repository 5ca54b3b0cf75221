//! What waits in large numbers: timers of open cases, messages of one reader, messages to hand on.

use crate::platform::Platform;
use app::{Actor, App, Environment, MovableClock, RandomIds, Settings, secret::Sealer};
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
    let ids = Arc::new(RandomIds::default());
    App::new(db, Environment::new(MovableClock::default(), ids, Settings::default(), Sealer::new(&[7; 32])))
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

/// Messages a second that reach the outbox beside orders, and how many at a time: as many as one call hands on.
const EVENTS_PER_SECOND: i64 = 1_000;
const EVENTS_AT_ONCE: i64 = 200;
/// Spells of orders beside messages, each between two of orders alone.
const PAIRS: usize = 6;

/// Stores and hands on a thousand messages a second, until it is aborted.
async fn feed(engine: &str, app: App, spell: usize) {
    let (id, reader) = row_of(engine);
    let rows = numbers(engine, EVENTS_AT_ONCE);
    let mut ticks = tokio::time::interval(Duration::from_millis(u64::try_from(1_000 * EVENTS_AT_ONCE / EVENTS_PER_SECOND).unwrap()));
    for batch in 0_u64.. {
        ticks.tick().await;
        let messages = format!(
            "INSERT INTO messages (id, account_id, event, params, created_at, name) SELECT {id}, {reader}, 'order.opened', \
             '{{\"order\":\"CS1\",\"product\":\"p\"}}', n, 'beside:{spell}:{batch}:' || n FROM ({rows}) AS g"
        );
        fill(&app.db, messages).await;
        // The oldest first, which are these; not those that the orders bring, which nobody hands on when they are alone.
        let handed_on = app.write(Actor::System, app::message::hand_on).await.unwrap();
        assert_eq!(handed_on, usize::try_from(EVENTS_AT_ONCE).unwrap());
    }
}

/// Orders a second alone, and while a thousand messages a second are stored and handed on by another process, for each
/// of some pairs of spells. Alone is the mean of before and after: the tables grow meanwhile.
pub async fn beside_events(engine: &'static str, server: Option<&str>, callers: usize, spell: Duration) -> Vec<(u64, u64)> {
    let p = Platform::seeded(engine, server).await.serve().await;
    let app = app(Db::open(&p.database, &Options::default()).unwrap());
    fill(&app.db, "UPDATE messages SET handed_on_at = 1 WHERE handed_on_at IS NULL".to_owned()).await;
    let mut pairs = Vec::new();
    let mut before = p.place_orders("alone-0", callers, spell).await.per_second();
    for pair in 1..=PAIRS {
        let feeder = tokio::spawn(feed(engine, app.clone(), pair));
        let beside = p.place_orders(&format!("beside-{pair}"), callers, spell).await.per_second();
        assert!(!feeder.is_finished(), "the messages went on to the end");
        feeder.abort();
        let after = p.place_orders(&format!("alone-{pair}"), callers, spell).await.per_second();
        pairs.push((u64::midpoint(before, after), beside));
        before = after;
    }
    pairs
}

/// A hundred thousand timers and messages in a seeded database; how long looking at them takes.
pub async fn among_many(engine: &str, server: Option<&str>) -> Waiting {
    let p = Platform::seeded(engine, server).await;
    let app = app(Db::open(&p.database, &Options::default()).unwrap());
    // Only what is measured waits.
    fill(&app.db, "UPDATE messages SET handed_on_at = 1 WHERE handed_on_at IS NULL".to_owned()).await;
    let (id, reader) = row_of(engine);
    // Timers of open cases that fall due over half a year.
    let timers = format!(
        "INSERT INTO jobs (id, kind, subject, lane, due_at, attempts, state, lease_owner, lease_until) \
         SELECT {id}, 'supervision', {id}, '', 4000000000000000 + n, 0, 'due', '', 0 FROM ({}) AS g",
        numbers(engine, MANY)
    );
    fill(&app.db, timers).await;
    let text = |name: &str, handed: &str, count| {
        format!(
            "INSERT INTO messages (id, account_id, event, params, created_at, name, handed_on_at) \
             SELECT {id}, {reader}, 'order.opened', '{{\"order\":\"CS1\",\"product\":\"p\"}}', n, '{name}' || n, {handed} FROM ({}) AS g",
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
