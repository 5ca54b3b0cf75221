//! Active clients of licences, as their software names them.

use db::{DbError, Key, Tx};
use diesel::{RunQueryDsl, sql_query, sql_types::Binary};
use store::licence;
use testdb::{Fresh, engines};

const DAY: &str = "2026-01-05";

fn insert(tx: &mut Tx, id: Key) -> Result<(), DbError> {
    let text = format!("INSERT INTO licences (id, code, seller_id, issued_at, ordered_at) VALUES ($1, 'code-{}', $1, 1, 1)", id.0[0]);
    sql_query(text).bind::<Binary, _>(id).execute(tx)?;
    Ok(())
}

fn named(licence: Key, from: u32, to: u32) -> Vec<(Key, Vec<u8>)> {
    (from..to).map(|n| (licence, n.to_be_bytes().to_vec())).collect()
}

#[tokio::test]
async fn a_program_that_names_clients_without_end_fills_one_licence_and_one_day() {
    for engine in engines() {
        let fresh = Fresh::new(engine);
        let db = fresh.open().await;
        let (hostile, other) = (Key([1; 16]), Key([2; 16]));
        let counted = db
            .write(move |tx| -> Result<_, DbError> {
                insert(tx, hostile)?;
                insert(tx, other)?;
                licence::count_clients(tx, DAY, &named(hostile, 0, 9_999))?;
                licence::count_clients(tx, DAY, &named(hostile, 9_000, 10_000))?;
                let at_the_limit = licence::days(tx, hostile, 1)?[0].clients;
                licence::count_clients(tx, DAY, &[named(hostile, 10_000, 20_000), named(other, 0, 3)].concat())?;
                licence::count_clients(tx, "2026-01-06", &named(hostile, 0, 2))?;
                let days: Vec<i64> = licence::days(tx, hostile, 2)?.iter().map(|d| d.clients).collect();
                Ok((at_the_limit, days, licence::days(tx, other, 1)?[0].clients))
            })
            .await
            .unwrap();
        assert_eq!(counted, (10_000, vec![10_000, 2], 3), "{engine:?}");
    }
}
