//! The queue of an instance's calls, when one joins at the moment at which another ends.

use db::{Db, DbError, Key, Moment, Tx};
use diesel::{
    QueryableByName, RunQueryDsl, sql_query,
    sql_types::{BigInt, Binary},
};
use domain::{Timestamp, instance::InstanceState, listing::AccessType};
use std::sync::mpsc::{Receiver, Sender, channel};
use store::{Locked, call, instance::Instance, order::Tenant};
use testdb::{Fresh, engines};

const INSTANCE: Key = Key([7; 16]);

fn insert(tx: &mut Tx, seq: u8, state: &str) -> Result<(), DbError> {
    let text = format!(
        "INSERT INTO calls (id, seller_id, buyer_id, product_id, instance_id, seq, activity, request, state, attempts, failures, created_at)
         VALUES ($1, $2, $2, $2, $2, {seq}, 'refreshInstance', '{{}}', '{state}', 0, 0, 1)"
    );
    sql_query(text).bind::<Binary, _>(Key([seq; 16])).bind::<Binary, _>(INSTANCE).execute(tx)?;
    Ok(())
}

/// The instance that the calls are on: it is locked by whoever decides on them.
fn instance() -> Instance {
    let text = |word: &str| word.to_owned();
    Instance {
        id: INSTANCE,
        buyer_id: INSTANCE,
        seller_id: INSTANCE,
        product_id: INSTANCE,
        revision_id: INSTANCE,
        access_type: AccessType::Saas,
        address_id: Some(INSTANCE),
        line_id: INSTANCE,
        specification: text("standard"),
        sku: text("-"),
        quantity: 1,
        trial: false,
        state: InstanceState::Opening,
        freeze_cause: None,
        freeze_reason: None,
        seller_instance_id: None,
        front_end_url: None,
        admin_url: None,
        user_name: None,
        password: None,
        memo: None,
        licence: None,
        anchor_day: None,
        opened_at: None,
        expires_at: None,
        ended_at: None,
        open_order_id: Some(INSTANCE),
        created_at: Moment::of(Timestamp::UNIX_EPOCH),
    }
}

fn locked(tx: &mut Tx) -> Result<Locked<Instance>, DbError> {
    store::instance::lock(tx, Tenant::Any, INSTANCE)?.ok_or(DbError::Closed)
}

/// Joins the queue behind a call that is on its way; tells when it has looked, and waits before it writes.
async fn join(db: Db, looked: Sender<bool>, go: Receiver<()>) {
    let go = std::sync::Mutex::new(go);
    db.write(move |tx| -> Result<(), DbError> {
        let instance = locked(tx)?;
        let (busy, _) = call::place(tx, &instance)?;
        looked.send(busy).unwrap();
        go.lock().unwrap().recv().unwrap();
        insert(tx, 2, if busy { "waiting" } else { "due" })
    })
    .await
    .unwrap();
}

/// Whether a transaction waits for a lock.
fn waits(tx: &mut Tx) -> Result<bool, DbError> {
    #[derive(QueryableByName)]
    struct Count {
        #[diesel(sql_type = BigInt)]
        n: i64,
    }
    let text = "SELECT COUNT(*) AS n FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
    Ok(sql_query(text).get_result::<Count>(tx)?.n > 0)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_joins_while_the_one_before_ends_is_not_forgotten() {
    for engine in engines() {
        let fresh = Fresh::new(engine);
        let db = Db::open(&fresh.url, &db::Options::default()).unwrap();
        db.migrate().await.unwrap();
        let begin = |tx: &mut Tx| {
            store::instance::insert(tx, instance())?;
            insert(tx, 1, "due")
        };
        db.write(begin).await.unwrap();
        let ((looked, has_looked), (begin, go)) = (channel(), channel());
        let joins = tokio::spawn(join(db.clone(), looked, go));
        assert!(tokio::task::spawn_blocking(move || has_looked.recv().unwrap()).await.unwrap(), "the first call is on its way");
        let other = db.clone();
        let ended = tokio::spawn(async move {
            let unit = move |tx: &mut Tx| -> Result<_, DbError> {
                sql_query("UPDATE calls SET state = 'done', ended_at = 2 WHERE seq = 1").execute(tx)?;
                let instance = locked(tx)?;
                Ok(call::first_waiting(tx, &instance)?.map(|c| c.seq))
            };
            other.write(unit).await.unwrap()
        });
        // SQLite lets the second writer begin only after the first has ended.
        while engine == testdb::Engine::Postgres && !ended.is_finished() && !db.read(waits).await.unwrap() {
            tokio::task::yield_now().await;
        }
        begin.send(()).unwrap();
        joins.await.unwrap();
        assert_eq!(ended.await.unwrap(), Some(2), "{engine:?}: the one that joined is the next");
    }
}
