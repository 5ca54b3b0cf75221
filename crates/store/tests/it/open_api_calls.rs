//! Of an account's calls at the open APIs the newest are kept.

use db::{DbError, Key, Tx};
use diesel::{RunQueryDsl, sql_query, sql_types::Binary};
use store::{
    Page,
    open_api_call::{self as calls, Filter, OpenApiCall},
};
use testdb::{Fresh, engines};

fn call(account: u8, n: u8) -> OpenApiCall {
    OpenApiCall {
        id: Key([account.wrapping_mul(16).wrapping_add(n); 16]),
        account_id: Key([account; 16]),
        access_key: "AK".to_owned(),
        at: i64::from(n),
        method: "GET".to_owned(),
        path: "/x".to_owned(),
        status: 200,
        code: None,
        failed: false,
        request: vec![1],
        answer: vec![1],
        duration_us: 1,
    }
}

#[tokio::test]
async fn the_oldest_calls_go_beyond_a_number_and_before_a_moment() {
    for engine in engines() {
        let fresh = Fresh::new(engine);
        let db = fresh.open().await;
        let newest = |tx: &mut Tx, account: u8| -> Result<Vec<i64>, DbError> {
            let found = calls::list(tx, Key([account; 16]), &Filter::default(), Page::first(100))?;
            Ok(found.iter().map(|c| c.at).collect())
        };
        let work = move |tx: &mut Tx| {
            for account in [1, 2] {
                let text =
                    "INSERT INTO accounts (id, name, kind, site, roles, created_at) VALUES ($1, 'x', 'enterprise', 'cn', 'buyer', 1)";
                sql_query(text).bind::<Binary, _>(Key([account; 16])).execute(tx)?;
            }
            let all: Vec<OpenApiCall> = (1..=9).map(|n| call(1, n)).chain((1..=3).map(|n| call(2, n))).collect();
            calls::insert(tx, &all)?;
            assert_eq!(calls::forget_beyond(tx, 4)?, 5, "{engine:?}");
            assert_eq!((newest(tx, 1)?, newest(tx, 2)?), (vec![9, 8, 7, 6], vec![3, 2, 1]));
            assert_eq!(calls::forget(tx, 3)?, 2);
            assert_eq!((newest(tx, 1)?.len(), newest(tx, 2)?), (4, vec![3]));
            Ok::<_, DbError>(())
        };
        db.write(work).await.unwrap();
    }
}
