//! Callers that want a connection while all are lent.

use db::{Db, DbError, Options, Tx};
use std::{future::Future, time::Duration};
use testdb::{Fresh, engines};
use tokio::task::JoinSet;

#[test]
fn postgresql_gets_more_connections_when_nobody_chose() {
    for (url, connections) in [("sqlite:a.db", 16), ("postgres://h/d", 32), ("postgresql://h/d", 32)] {
        assert_eq!(Options::for_url(url).connections, connections, "{url}");
    }
}

#[tokio::test]
async fn callers_are_refused_when_no_connection_is_free() {
    for engine in engines() {
        let fresh = Fresh::new(engine);
        fresh.open().await;
        let options = Options { connections: 1, wait: Duration::from_millis(100), ..Options::default() };
        let db = Db::open(&fresh.url, &options).unwrap();
        let (started, running) = tokio::sync::oneshot::channel();
        let (release, wait) = std::sync::mpsc::channel::<()>();
        let holder = {
            let db = db.clone();
            let mut started = Some(started);
            tokio::spawn(async move {
                db.read(move |_| {
                    started.take().unwrap().send(()).unwrap();
                    wait.recv().unwrap();
                    Ok::<_, DbError>(())
                })
                .await
            })
        };
        running.await.unwrap();
        let refused = db.read(|_| Ok::<_, DbError>(())).await;
        assert!(matches!(refused, Err(DbError::Exhausted)), "{engine:?}");
        release.send(()).unwrap();
        holder.await.unwrap().unwrap();
        db.read(|_| Ok::<_, DbError>(())).await.unwrap();
    }
}

#[test]
fn callers_wait_for_a_connection_in_turn_and_without_a_thread() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).max_blocking_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        for engine in engines() {
            let fresh = Fresh::new(engine);
            fresh.open().await;
            let options = Options { connections: 1, wait: Duration::from_secs(600), ..Options::default() };
            let db = Db::open(&fresh.url, &options).unwrap();
            let (release, wait) = std::sync::mpsc::channel::<()>();
            let (served, mut order) = tokio::sync::mpsc::unbounded_channel();
            let mut callers = JoinSet::new();
            let holds = db.clone();
            let (started, running) = tokio::sync::oneshot::channel();
            let mut started = Some(started);
            callers.spawn(async move {
                let unit = move |_: &mut Tx| {
                    started.take().unwrap().send(()).unwrap();
                    wait.recv().unwrap();
                    Ok::<_, DbError>(())
                };
                holds.read(unit).await.unwrap();
            });
            running.await.unwrap();
            for n in 0..8 {
                let (db, served) = (db.clone(), served.clone());
                let (asks, asked) = tokio::sync::oneshot::channel();
                callers.spawn(async move {
                    let unit = move |_: &mut Tx| served.send(n).map_err(|_| DbError::Closed);
                    let mut read = std::pin::pin!(db.read(unit));
                    // It is in the queue once it was polled.
                    let _waits = std::future::poll_fn(|cx| std::task::Poll::Ready(read.as_mut().poll(cx))).await;
                    asks.send(()).unwrap();
                    read.await.unwrap();
                });
                asked.await.unwrap();
            }
            // All threads but the one that reads are free for other work.
            let other = tokio::time::timeout(Duration::from_secs(30), tokio::task::spawn_blocking(|| ()));
            other.await.expect("a thread is free").unwrap();
            release.send(()).unwrap();
            callers.join_all().await;
            let order: Vec<i32> = std::iter::from_fn(|| order.try_recv().ok()).collect();
            assert_eq!(order, (0..8).collect::<Vec<_>>(), "{engine:?}");
        }
    });
}
