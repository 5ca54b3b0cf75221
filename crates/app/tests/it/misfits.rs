//! Rows that do not fit the model: whoever asks for one hears table, column and id, and a list goes on without it.

use app::{Ctx, Error, Key, Page, Tenant, Tx};
use harness::{Market, choice, on_both};

/// No time: beyond the year 9999.
const NO_TIME: &str = "9223372036854775807";

/// A list by its ids, whole or in pages of two.
type List<'a> = &'a dyn Fn(&mut Tx, Page) -> Result<Vec<(Key, (i64, Key))>, Error>;
/// A row by its id.
type Find<'a> = &'a dyn Fn(&mut Tx, &Ctx, Key) -> Result<bool, Error>;

/// The ids of a list, page after page.
fn walked(tx: &mut Tx, list: List<'_>) -> Result<Vec<Key>, Error> {
    let (mut found, mut after) = (Vec::new(), None);
    loop {
        let page = list(tx, Page { after, ..Page::first(2) })?;
        found.extend(page.iter().map(|(id, _)| *id));
        match page.last() {
            Some((_, place)) if page.len() == 2 => after = Some(*place),
            _ => return Ok(found),
        }
    }
}

/// Damages a column of each row of a list in turn, and of all at once but one.
#[track_caller]
fn are_named(m: &Market, (table, is_verified): (&str, bool), damages: &[(&str, &str)], list: List<'_>, find: Find<'_>) {
    let hex = m.read(|tx, _| Ok(db::dialect::hex(tx, "id")));
    let all = m.read(|tx, _| walked(tx, list));
    assert!(all.len() >= 3, "{table}: {} rows", all.len());
    for (column, value) in damages {
        for damaged in &all {
            let id = hex::encode(damaged.0);
            let damage = format!("UPDATE {table} SET {column} = {value} WHERE {hex} = '{id}'");
            let others: Vec<Key> = all.iter().filter(|id| *id != damaged).copied().collect();
            assert_eq!(m.supposing(&damage, |tx, _| walked(tx, list)).unwrap(), others, "{damage}");
            let Err(Error::Store(error)) = m.supposing(&damage, |tx, ctx| find(tx, ctx, *damaged)) else { panic!("{damage}: was read") };
            let said = error.to_string();
            assert!(said.starts_with(&format!("{column} of {table} {id} does not fit the model: ")), "{damage}: {said}");
            if is_verified {
                let wrong = m.supposing(&damage, app::verify::verify).unwrap();
                let named = wrong.iter().flat_map(|c| &c.differences).any(|text| text.contains(&said));
                assert!(named, "{damage}: {wrong:?}");
            }
        }
        let kept = all[all.len() - 2];
        let damage = format!("UPDATE {table} SET {column} = {value} WHERE {hex} <> '{}'", hex::encode(kept.0));
        assert_eq!(m.supposing(&damage, |tx, _| walked(tx, list)).unwrap(), [kept], "{damage}");
    }
}

#[test]
fn orders_that_do_not_fit_are_named() {
    on_both(|m| {
        let buyer = m.buyer();
        for _ in 0..5 {
            m.buy(&buyer, &choice("backup", "1m"));
        }
        let tenant = Tenant::Buyer(m.key(&buyer));
        let damages = [("currency", "'CNX'"), ("site", "'mars'"), ("created_at", NO_TIME), ("paid_at", NO_TIME)];
        let list: List<'_> = &|tx, page| {
            let found = store::order::list(tx, tenant, &store::order::Filter::default(), page)?;
            Ok(found.iter().map(|o| (o.id, (o.created_at.micros(), o.id))).collect())
        };
        are_named(m, ("orders", true), &damages, list, &|tx, _, id| Ok(store::order::lookup(tx, tenant, id)?.is_some()));
    });
}

#[test]
fn instances_that_do_not_fit_are_named() {
    on_both(|m| {
        let buyer = m.buyer();
        for _ in 0..4 {
            m.open(&buyer, &choice("backup", "1m"));
        }
        let tenant = Tenant::Buyer(m.key(&buyer));
        let damages = [("access_type", "'saas-9'"), ("created_at", NO_TIME), ("expires_at", NO_TIME)];
        let list: List<'_> = &|tx, page| {
            let found = store::instance::list(tx, tenant, None, page)?;
            Ok(found.iter().map(|i| (i.id, (i.created_at.micros(), i.id))).collect())
        };
        are_named(m, ("instances", true), &damages, list, &|tx, _, id| Ok(store::instance::lookup(tx, tenant, id)?.is_some()));
    });
}

#[test]
fn calls_that_do_not_fit_are_named() {
    on_both(|m| {
        let (buyer, seller) = (m.buyer(), m.seller());
        for _ in 0..4 {
            m.open(&buyer, &choice("backup", "1m"));
        }
        let tenant = Tenant::Seller(m.key(&seller));
        let damages = [("activity", "'newinstance'"), ("created_at", NO_TIME), ("ended_at", NO_TIME)];
        let list: List<'_> = &|tx, page| {
            let found = store::call::list(tx, tenant, &store::call::Filter::default(), page)?;
            Ok(found.iter().map(|c| (c.id, (c.created_at.micros(), c.id))).collect())
        };
        are_named(m, ("calls", false), &damages, list, &|tx, _, id| Ok(store::call::lookup(tx, tenant, id)?.is_some()));
    });
}

#[test]
fn a_job_that_does_not_fit_is_set_aside_and_the_others_are_done() {
    let claim = db::Claim {
        owner: "me",
        lease: 60_000_000,
        standing_at: Some(i64::from(u32::MAX) * 1_000_000),
        due_until: i64::MAX,
        per_lane: 100,
        no_lane: 100,
        limit: 100,
        busy: &[],
    };
    on_both(|m| {
        let buyer = m.buyer();
        for _ in 0..3 {
            m.buy(&buyer, &choice("backup", "1m"));
        }
        let claimed = |damage: &str| {
            m.supposing(damage, |tx, ctx| {
                let jobs = store::job::claim(tx, &claim)?;
                let wrong = app::verify::verify(tx, ctx)?.into_iter().flat_map(|check| check.differences).collect::<Vec<_>>();
                Ok((jobs.len(), wrong))
            })
            .unwrap()
        };
        let (all, _) = claimed("UPDATE jobs SET attempts = attempts");
        let one = "UPDATE jobs SET kind = 'calls' WHERE id IN (SELECT id FROM jobs WHERE kind = 'call' ORDER BY id LIMIT 1)";
        let (others, wrong) = claimed(one);
        assert_eq!(others, all - 1);
        assert!(wrong.iter().any(|text| text.starts_with("kind of jobs ")), "{wrong:?}");
    });
}
