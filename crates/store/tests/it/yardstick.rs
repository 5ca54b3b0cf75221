//! The bare statements of an order that `make bench` measures against fit the schema.

use db::{Db, DbError, Tx};
use diesel::{RunQueryDsl, sql_query};
use testdb::{Engine, Fresh, engines};

#[tokio::test]
async fn the_yardstick_of_an_order_fits_the_schema() {
    for engine in engines() {
        let fresh = Fresh::new(engine);
        let db = Db::open(&fresh.url, &db::Options::default()).unwrap();
        db.migrate().await.unwrap();
        let (key, no) = if engine == Engine::Postgres { ("'\\x00'::bytea", "false") } else { ("x'00'", "0") };
        for text in include_str!("../../../bench/paid_order.sql").split("\n\n").skip(1) {
            let filled = text.replace("{k}", key).replace("{b}", key).replace("{n}", "'1'").replace("{o}", "'o1'").replace("{f}", no);
            let explain = format!("EXPLAIN {filled}");
            let explained = db.write(move |tx: &mut Tx| Ok::<_, DbError>(sql_query(&explain).execute(tx)?)).await;
            assert!(explained.is_ok(), "{engine:?}: {text}: {explained:?}");
        }
    }
}
