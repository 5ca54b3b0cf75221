//! Rows that do not fit the model: whoever asks for one hears table, column and id, and a list goes on without it.

use app::{Ctx, Error, Key, Page, Tenant, Tx};
use domain::{
    licence_rules::LicenceRules,
    listing::AccessType,
    money::{Currency, Money, TransferState},
};
use harness::{Market, Setup, choice, on_both, on_both_with};
use ledger::AccountKind;

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

/// A page of rows that have no list of their own, by their ids.
fn paged(mut ids: Vec<Key>, page: Page) -> Vec<(Key, (i64, Key))> {
    ids.sort();
    let rest = ids.into_iter().filter(|id| page.after.is_none_or(|(_, after)| *id > after));
    rest.take(usize::try_from(page.limit).unwrap()).map(|id| (id, (0, id))).collect()
}

#[test]
fn lines_and_terms_that_do_not_fit_are_named() {
    on_both(|m| {
        let bought: Vec<_> = (0..3).map(|_| m.open(&m.buyer(), &choice("backup", "1m"))).collect();
        let orders: Vec<Key> = bought.iter().map(|b| b.order.id).collect();
        let damages = [("period", "'1w'"), ("completed_at", NO_TIME)];
        let lines: List<'_> = &|tx, page| Ok(paged(store::order::lines_of(tx, &orders)?.reported().iter().map(|l| l.id).collect(), page));
        are_named(m, ("order_lines", false), &damages, lines, &|tx, _, id| Ok(store::order::any_line(tx, id)?.is_some()));
        let damages = [("period", "'1w'"), ("end_at", NO_TIME)];
        let terms: List<'_> = &|tx, page| {
            let mut ids = Vec::new();
            for of in &bought {
                match store::term::of_instance(tx, of.instance) {
                    Err(db::DbError::Row(_)) => {}
                    found => ids.extend(found?.iter().map(|term| term.id)),
                }
            }
            Ok(paged(ids, page))
        };
        let all = |tx: &mut Tx| bought.iter().try_for_each(|of| store::term::of_instance(tx, of.instance).map(drop));
        are_named(m, ("terms", false), &damages, terms, &|tx, _, _| Ok(all(tx).map(|()| true)?));
    });
}

#[test]
fn cases_and_licences_that_do_not_fit_are_named() {
    let setup = Setup { start: "2026-03-02T02:00:00Z", ..Setup::default() };
    on_both_with(&setup, |m| {
        let (buyer, tenant) = (m.buyer(), Tenant::Seller(m.key(&m.seller())));
        m.list(&m.seller(), "service", &harness::listing(AccessType::HumanService));
        m.list(&m.seller(), "shield", &harness::licensed(LicenceRules::default()));
        for _ in 0..3 {
            m.buy(&buyer, &choice("service", "1m"));
            m.claimed(&buyer, 2);
        }
        let damages = [("access_type", "'saas-9'"), ("started_at", NO_TIME), ("appeal_due_at", NO_TIME)];
        let cases: List<'_> = &|tx, page| {
            let found = store::supervision::list(tx, tenant, &store::supervision::Filter::default(), page)?;
            Ok(found.iter().map(|c| (c.id, (c.started_at.micros(), c.id))).collect())
        };
        let case = |tx: &mut Tx, id| Ok(store::supervision::lookup(tx, tenant, id)?.is_some());
        are_named(m, ("supervision_cases", false), &damages, cases, &|tx, _, id| case(tx, id));
        let licences: List<'_> = &|tx, page| {
            let found = store::licence::list(tx, tenant, None, None, page)?;
            Ok(found.iter().map(|(l, _)| (l.id, (l.issued_at.micros(), l.id))).collect())
        };
        let instances: Vec<Key> = m.read(|tx, _| {
            let found = store::licence::list(tx, tenant, None, None, Page::first(10))?;
            Ok(found.into_iter().map(|(_, instance)| instance.id).collect())
        });
        let all = |tx: &mut Tx| instances.iter().try_for_each(|id| store::licence::of_instance(tx, *id).map(drop));
        let damages = [("issued_at", NO_TIME), ("activated_at", NO_TIME)];
        are_named(m, ("licences", false), &damages, licences, &|tx, _, _| Ok(all(tx).map(|()| true)?));
    });
}

#[test]
fn transfers_and_entries_that_do_not_fit_are_named() {
    on_both(|m| {
        let (buyer, seller) = (m.buyer(), m.key(&m.seller()));
        for n in 1..4 {
            m.open(&buyer, &choice("backup", "1m"));
            let amount = Money::new(n * 100, Currency::Cny);
            m.ok(&buyer, |tx, ctx| app::money::request_transfer(tx, ctx, &buyer, amount, "R-1").map(drop));
        }
        let account = m.key(&buyer);
        let transfers: List<'_> = &|tx, page| {
            let found = store::transfer::list(tx, Some(account), Some(TransferState::Pending), page)?;
            Ok(found.iter().map(|t| (t.id, (t.created_at.micros(), t.id))).collect())
        };
        let damages = [("currency", "'CNX'"), ("created_at", NO_TIME)];
        are_named(m, ("transfers", false), &damages, transfers, &|tx, _, id| Ok(store::transfer::any_lookup(tx, id)?.is_some()));
        let entries: List<'_> = &|tx, page| {
            let found = store::ledger::statement(tx, AccountKind::SellerPayable, &hex::encode(seller.0), page)?;
            Ok(found.iter().map(|(posting, entry)| (entry.id, (posting.at.micros(), entry.id))).collect())
        };
        let orders: Vec<Key> = m.read(|tx, _| {
            let found = store::order::list(tx, Tenant::Buyer(account), &store::order::Filter::default(), Page::first(10))?;
            Ok(found.iter().map(|order| order.id).collect())
        });
        let all = |tx: &mut Tx| orders.iter().try_for_each(|id| store::ledger::of_order(tx, *id).map(drop));
        let damages = [("kind", "'gift'"), ("at", NO_TIME)];
        are_named(m, ("ledger_entries", false), &damages, entries, &|tx, _, _| Ok(all(tx).map(|()| true)?));
    });
}
