//! The secret key: one for all nodes of a database, and changed for all that is sealed with it.

use app::{
    Caller, Ctx, RandomIds, Tx,
    account::access_key,
    message,
    secret::{self, KeyCheck, Sealed, Sealer},
};
use diesel::{
    QueryableByName, RunQueryDsl, sql_query,
    sql_types::{Binary, Text},
};
use domain::access::Scope;
use harness::{Market, choice, on_both};
use std::{collections::BTreeMap, sync::Arc};

/// The key of the harness, and another.
const OLD: [u8; 32] = [7; 32];
const NEW: [u8; 32] = [8; 32];

/// Columns of bytes that are not sealed: ids and what refers to them, hashes, public keys, what is counted.
const PLAIN: [&str; 10] =
    ["hash", "public_key", "mailbox_index", "decided_by", "asked_by", "known_by", "subject", "target", "client", "lease"];

#[derive(QueryableByName)]
struct Bytes {
    #[diesel(sql_type = Binary)]
    value: Vec<u8>,
}

#[derive(QueryableByName)]
struct Words {
    #[diesel(sql_type = Text)]
    value: String,
}

/// The columns of a type, as table and name.
fn columns(tx: &mut Tx, wanted: &str) -> Vec<(String, String)> {
    let all = db::dialect::columns(tx).unwrap();
    let split = |text: &String| {
        let (name, kind) = text.split_once(':')?;
        let (table, column) = name.split_once('.')?;
        kind.starts_with(wanted).then(|| (table.to_owned(), column.to_owned()))
    };
    all.iter().filter_map(split).collect()
}

/// Everything in the database that may be sealed: bytes, and long hexadecimal within texts.
fn everything(tx: &mut Tx) -> Vec<Vec<u8>> {
    let mut found = Vec::new();
    for (table, column) in columns(tx, "bytea") {
        let text = format!("SELECT {column} AS value FROM {table} WHERE {column} IS NOT NULL");
        found.extend(sql_query(text).load::<Bytes>(tx).unwrap().into_iter().map(|b| b.value));
    }
    for (table, column) in columns(tx, "text") {
        let text = format!("SELECT {column} AS value FROM {table} WHERE {column} IS NOT NULL");
        for words in sql_query(text).load::<Words>(tx).unwrap() {
            let runs = words.value.split(|c: char| !c.is_ascii_hexdigit()).filter(|run| run.len() >= 56);
            found.extend(runs.filter_map(|run| hex::decode(run).ok()));
        }
    }
    found
}

/// What a key opens, by kind.
fn opened(tx: &mut Tx, key: [u8; 32]) -> BTreeMap<Sealed, usize> {
    let sealer = Sealer::new(&key);
    let mut opened = BTreeMap::new();
    for value in everything(tx) {
        for kind in Sealed::ALL {
            if sealer.open_bytes(*kind, &value).is_ok() {
                *opened.entry(*kind).or_default() += 1;
            }
        }
    }
    opened
}

/// A market in which much is sealed.
fn fill(m: &Market) {
    let buyer = m.buyer();
    m.open(&buyer, &choice("backup", "1m"));
    let program = Arc::new(Caller { scopes: vec![Scope::Read], ..(*buyer).clone() });
    m.ok(&program, |tx, ctx| access_key::issue(tx, ctx, &program, "x", &program.scopes));
    let recipient = message::NewRecipient { phone: Some("+86 138 0000 0000".to_owned()), ..crate::message::ops() };
    m.ok(&buyer, |tx, ctx| message::add_recipient(tx, ctx, &buyer, &recipient));
    let hook = crate::message::webhooks::add(m, &buyer, "https://example.com/hook").unwrap();
    m.ok(&buyer, |tx, ctx| message::rotate(tx, ctx, &buyer, hook));
    let sealer = Sealer::new(&OLD);
    let sealed = |kind| hex::encode(sealer.seal(&RandomIds::default(), kind, "x"));
    let (personal, shipping) = (sealed(Sealed::Personal), sealed(Sealed::Address));
    let with = format!("\"personal\":\"{personal}\",\"shipping\":\"{shipping}\",\"sku_code\"");
    m.execute(&format!("UPDATE order_lines SET sold = replace(sold, '\"sku_code\"', '{with}')"));
    m.ok(&buyer, |tx, ctx| secret::put_setting(tx, ctx, secret::SealedSetting::Sandbox, "x"));
}

fn check(m: &Market, key: [u8; 32]) -> KeyCheck {
    let mut env = m.environment().clone();
    env.sealer = std::sync::Arc::new(Sealer::new(&key));
    db::Local::open(m.database()).unwrap().write(|tx| env.write(tx, &app::Actor::System, secret::check_key)).unwrap()
}

#[test]
fn a_new_key_opens_all_that_was_sealed_and_the_old_one_nothing() {
    on_both(|m| {
        fill(m);
        assert_eq!(check(m, OLD), KeyCheck::Same, "taken over from what is sealed");
        let before = m.read(|tx, _| Ok(opened(tx, OLD)));
        for kind in [
            Sealed::AccessKey,
            Sealed::InterfaceKey,
            Sealed::InstancePassword,
            Sealed::Personal,
            Sealed::Address,
            Sealed::WebhookSecret,
            Sealed::Mailbox,
            Sealed::Phone,
            Sealed::Setting,
        ] {
            assert!(before.contains_key(&kind), "{kind} is not tried: {before:?}");
        }
        assert_eq!(before[&Sealed::WebhookSecret], 2, "the one before too");
        let rotate = |tx: &mut Tx, ctx: &Ctx| secret::rotate_key(tx, ctx, &Sealer::new(&NEW));
        let done = m.write_system(rotate).unwrap();
        assert_eq!(usize::try_from(done.values).unwrap(), before.values().sum::<usize>());
        assert_eq!(m.read(|tx, _| Ok(opened(tx, NEW))), before);
        assert_eq!(m.read(|tx, _| Ok(opened(tx, OLD))), BTreeMap::new(), "nothing is left for the old key");
        assert_eq!(check(m, NEW), KeyCheck::Same);
        assert_eq!(check(m, OLD), KeyCheck::Other(Some(Sealer::new(&NEW).fingerprint().to_owned())));
        let again = m.write_system(rotate).unwrap_err();
        assert_eq!(again.code(), Some("secret_key.other"), "once is enough");
    });
}

#[test]
fn a_key_that_opens_nothing_of_a_database_is_not_taken_over() {
    on_both(|m| {
        m.open(&m.buyer(), &choice("backup", "1m"));
        assert_eq!(check(m, NEW), KeyCheck::Other(None));
        assert_eq!(check(m, OLD), KeyCheck::Same);
        assert!(matches!(check(m, NEW), KeyCheck::Other(Some(_))));
        let same = m.write_system(|tx, ctx| secret::rotate_key(tx, ctx, &Sealer::new(&OLD))).unwrap_err();
        assert_eq!(same.code(), Some("secret_key.same"));
    });
}

/// Who adds a column of bytes says in [`Sealed`] that it is sealed, or here that it is not.
#[test]
fn every_column_of_bytes_is_known_to_be_sealed_or_not() {
    on_both(|m| {
        let also = ["webhook_endpoints.old_secret", "open_api_calls.request", "open_api_calls.answer"];
        let unknown = m.read(|tx, _| {
            let known = |(table, column): &(String, String)| {
                let name = format!("{table}.{column}");
                let is_id = column == "id" || column.ends_with("_id");
                let is_plain = PLAIN.iter().any(|end| column.ends_with(end));
                is_id || is_plain || also.contains(&name.as_str()) || Sealed::ALL.iter().any(|kind| kind.as_str() == name)
            };
            Ok(columns(tx, "bytea").into_iter().filter(|column| !known(column)).collect::<Vec<_>>())
        });
        assert_eq!(unknown, Vec::<(String, String)>::new());
    });
}
