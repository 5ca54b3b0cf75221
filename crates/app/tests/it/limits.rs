//! Limits hold at once: of twenty who come together as many get in as there is room for (`domain::limit`).

use app::{Caller, Ctx, Error, account, asset, cart, export, interface, licence, message, money, order, organisation, picture};
use db::{Key, Tx};
use domain::{access::Scope, asset::AssetKind, limit::Limit, message::MessageEvent, site::Language, text::Line};
use harness::{Bought, Market, Setup, choice, on_both_with};
use std::sync::Arc;
use store::organisation::Department;

const CALLERS: usize = 20;
/// How many fit when all come.
const ROOM: usize = 3;

/// One more of what a limit counts, with a number of its own.
type OneMore = Box<dyn Fn(usize, &mut Tx, &Ctx) -> Result<(), Error> + Sync>;

fn line<const N: usize>(text: &str) -> Line<N> {
    Line::parse(text).unwrap()
}

/// Somebody, with what they do.
fn of(who: &Arc<Caller>, work: fn(usize, &mut Tx, &Ctx, &Arc<Caller>) -> Result<(), Error>) -> (Arc<Caller>, OneMore) {
    let caller = who.clone();
    (who.clone(), Box::new(move |n: usize, tx: &mut Tx, ctx: &Ctx| work(n, tx, ctx, &caller)))
}

/// Who comes, and what each of them does. None where a limit has a test of its own at once.
fn one_more(m: &Market, limit: Limit) -> Option<(Arc<Caller>, OneMore)> {
    match limit {
        // Eight at once in `licence::files`, `message::consent` and `supervision::evidence`.
        Limit::LicenceFiles | Limit::MailboxesAsked | Limit::WaitingFiles => None,
        Limit::AssetVersions | Limit::Departments | Limit::CartLines | Limit::Unsubscriptions => Some(of_what_is_there(m, limit)),
        Limit::Domains | Limit::LicenceKeys | Limit::TestCodes | Limit::Assets | Limit::Pictures => Some(of_a_seller(m, limit)),
        _ => Some(of_anybody(m, limit)),
    }
}

/// Of what a buyer has.
fn of_anybody(m: &Market, limit: Limit) -> (Arc<Caller>, OneMore) {
    let buyer = m.buyer();
    match limit {
        Limit::Transfers => of(&buyer, |_, tx, ctx, who| {
            let amount = money_of(100);
            money::request_transfer(tx, ctx, who, amount, "R").map(drop)
        }),
        Limit::Exports => of(&buyer, |_, tx, ctx, who| {
            export::request(tx, ctx, who, domain::access::Role::Buyer, &store::order::Filter::default()).map(drop)
        }),
        Limit::Tokens => of(&Arc::new(Caller { scopes: vec![Scope::Read], ..(*buyer).clone() }), |_, tx, ctx, who| {
            let new = account::NewToken { name: "t".to_owned(), scopes: vec![Scope::Read], expires_at: None };
            account::issue_token(tx, ctx, who, &new).map(drop)
        }),
        Limit::Webhooks => of(&buyer, |n, tx, ctx, who| {
            let new = message::NewEndpoint {
                url: format!("https://hooks.example.com/{n}"),
                description: None,
                events: vec![MessageEvent::OrderOpened],
            };
            message::add_endpoint(tx, ctx, who, &new).map(drop)
        }),
        Limit::Recipients => of(&buyer, |n, tx, ctx, who| {
            let new = message::NewRecipient {
                type_code: String::new(),
                name: line("Ops"),
                mailbox: Some(format!("n{n}@example.com")),
                phone: None,
                language: Language::En,
                time_zone: None,
            };
            message::add_recipient(tx, ctx, who, &new).map(drop)
        }),
        other => unreachable!("{other} is elsewhere"),
    }
}

/// Of what a seller has.
fn of_a_seller(m: &Market, limit: Limit) -> (Arc<Caller>, OneMore) {
    let seller = m.seller();
    match limit {
        Limit::Domains => of(&seller, |n, tx, ctx, who| interface::domain_name::add(tx, ctx, who, &format!("d{n}.example.com")).map(drop)),
        Limit::LicenceKeys => of(&seller, |_, tx, ctx, who| licence::new_key(tx, ctx, who).map(drop)),
        Limit::TestCodes => of(&seller, |_, tx, ctx, who| licence::request_test_code(tx, ctx, who).map(drop)),
        Limit::Assets => of(&seller, |n, tx, ctx, who| asset::add(tx, ctx, who, AssetKind::Image, line(&format!("asset {n}"))).map(drop)),
        Limit::Pictures => of(&seller, |n, tx, ctx, who| {
            let hash = picture::hash(&n.to_be_bytes());
            let new = picture::NewPicture { kind: domain::picture::PictureKind::Main, media_type: "image/png", hash, length: 5 };
            picture::add(tx, ctx, who, &new).map(drop)
        }),
        other => unreachable!("{other} is elsewhere"),
    }
}

/// Of what needs something that is there before.
fn of_what_is_there(m: &Market, limit: Limit) -> (Arc<Caller>, OneMore) {
    let (seller, buyer) = (m.seller(), m.buyer());
    match limit {
        Limit::AssetVersions => {
            let seller = m.seller2();
            let made = m.ok(&seller, |tx, ctx| asset::add(tx, ctx, &seller, AssetKind::Image, line("image"))).id;
            let caller = seller.clone();
            let work = move |n: usize, tx: &mut Tx, ctx: &Ctx| {
                let text = |what: &str| format!("{what}-{n}");
                let new = asset::NewImage {
                    asset: made.id(),
                    version: format!("1.0.{n}"),
                    region: "cn-north-4".to_owned(),
                    image_id: text("image"),
                    image_name: text("name"),
                    os_type: "Linux".to_owned(),
                    architecture: "x86".to_owned(),
                };
                asset::add_image(tx, ctx, &caller, new).map(drop)
            };
            (seller, Box::new(work))
        }
        Limit::Departments => {
            of(&buyer, |n, tx, ctx, who| organisation::put_department(tx, ctx, who, &format!("d{n}"), "Sales", None).map(drop))
        }
        Limit::CartLines => {
            let sold = |n: usize| format!("cart{n}");
            for n in 0..usize::try_from(limit.most()).unwrap() + CALLERS {
                m.list(&seller, &sold(n), &harness::sample("backup"));
            }
            let caller = buyer.clone();
            let wanted = move |n: usize| order::Choice { sku: Some("basic/5".to_owned()), ..choice(&sold(n), "1m") };
            (buyer, Box::new(move |n, tx, ctx| cart::add(tx, ctx, &caller, &wanted(n))))
        }
        Limit::Unsubscriptions => {
            let count = usize::try_from(limit.most()).unwrap() + CALLERS;
            let bought: Vec<Bought> = (0..count).map(|_| m.open(&buyer, &choice("backup", "1m"))).collect();
            let caller = buyer.clone();
            let work = move |n: usize, tx: &mut Tx, ctx: &Ctx| order::unsubscribe(tx, ctx, &caller, &bought[n].order.number).map(drop);
            (buyer, Box::new(work))
        }
        other => unreachable!("{other} is elsewhere"),
    }
}

fn department(tx: &mut Tx, ctx: &Ctx, account: Key, n: usize) -> Result<(), db::DbError> {
    let row = Department {
        id: ctx.key(),
        account_id: account,
        code: format!("d{n}"),
        name: "Sales".to_owned(),
        parent_id: None,
        created_at: ctx.moment(),
    };
    store::organisation::insert_department(tx, &row)
}

fn money_of(minor: i64) -> domain::money::Money {
    domain::money::Money::new(minor, domain::money::Currency::Cny)
}

#[test]
fn of_twenty_who_come_at_once_as_many_get_in_as_each_limit_has_room_for() {
    on_both_with(&Setup::default(), |m| {
        for limit in Limit::ALL {
            let Some((who, work)) = one_more(m, *limit) else { continue };
            let most = usize::try_from(limit.most()).unwrap();
            match limit {
                // Each is compared with all others when it is put.
                Limit::Departments => {
                    m.ok(&who, |tx, ctx| (0..most - ROOM).try_for_each(|n| Ok(department(tx, ctx, m.key(&who), n)?)));
                }
                // An instance is locked before all orders, so each is a unit.
                Limit::Unsubscriptions => (0..most - ROOM).for_each(|n| m.ok(&who, |tx, ctx| work(n, tx, ctx))),
                _ => m.ok(&who, |tx, ctx| (0..most - ROOM).try_for_each(|n| work(n, tx, ctx))),
            }
            let done = m.at_once(&who, CALLERS, |n, tx, ctx| work(most + n, tx, ctx));
            let (fit, refused): (Vec<_>, Vec<_>) = done.into_iter().partition(Result::is_ok);
            let codes: Vec<_> = refused.iter().map(|r| r.as_ref().unwrap_err().code().unwrap_or("failure")).collect();
            assert_eq!(fit.len(), ROOM, "{limit}");
            assert!(codes.iter().all(|code| *code == limit.code()), "{limit}: {codes:?}");
        }
        m.verify();
    });
}
