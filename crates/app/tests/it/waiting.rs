//! What waits for an instance or a product decides on what it finds then, not on what it read before.

use app::{
    Actor, Ctx, Error, Tenant,
    account::{self, Seen},
    call,
    catalogue::{self, Decision},
    instance,
    interface::{self, InterfaceClass, NewAddress, Passed},
    kit::{self, NewApplication},
    licence,
    message::{self, NewEndpoint, Wanted},
    organisation::{self, Invite},
    supervision,
};
use db::{Local, Tx};
use diesel::{QueryableByName, RunQueryDsl, sql_query, sql_types::BigInt};
use domain::{
    access::MemberRole,
    call::Activity,
    id::{AddressId, RevisionId},
    kit::BindingState,
    listing::{AccessType, FreezeCause, Listing, Visibility},
    supervision::Track,
};
use harness::{Bought, Engine, Fault, Market, Setup, choice, on, on_both, sample};
use std::sync::mpsc;
use wire::conformance::Protocol;

/// Whether a transaction on this database waits for a lock.
fn waits(m: &Market) -> bool {
    #[derive(QueryableByName)]
    struct Count {
        #[diesel(sql_type = BigInt)]
        n: i64,
    }
    let text = "SELECT COUNT(*) AS n FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
    m.read(|tx, _| Ok(sql_query(text).get_result::<Count>(tx).map_err(db::DbError::from)?.n > 0))
}

/// Does something in a transaction that commits only when something else waits for it; what came of that.
fn behind<A, T: Send>(
    m: &Market,
    first: impl Fn(&mut Tx, &Ctx) -> Result<A, Error> + Send,
    then: impl Fn(&mut Tx, &Ctx) -> Result<T, Error> + Send,
) -> Result<T, Error> {
    let (done, is_done) = mpsc::channel();
    let (end, is_to_end) = mpsc::channel::<()>();
    let (url, env) = (m.database(), m.environment());
    let first = move |tx: &mut Tx, ctx: &Ctx| {
        first(tx, ctx)?;
        done.send(()).expect("the test goes on");
        is_to_end.recv().expect("the test ends it");
        Ok::<_, Error>(())
    };
    let connection = || Local::open(url).expect("a connection opens");
    std::thread::scope(|scope| {
        let before = scope.spawn(move || connection().write(|tx| env.write(tx, &Actor::System, &first)));
        is_done.recv().expect("it is done");
        let after = scope.spawn(move || connection().write(|tx| env.write(tx, &Actor::System, &then)));
        while !waits(m) && !after.is_finished() {
            std::thread::yield_now();
        }
        end.send(()).expect("it waits for its end");
        before.join().expect("no panic").expect("it commits");
        after.join().expect("no panic")
    })
}

/// What is refused when an instance is released at the same moment.
fn refused<T: Send>(m: &Market, of: &Bought, work: impl Fn(&mut Tx, &Ctx) -> Result<T, Error> + Send) -> &'static str {
    let before = m.calls(of.instance).len();
    let release = |tx: &mut Tx, ctx: &Ctx| {
        let found = store::instance::lock(tx, Tenant::Any, of.instance)?.expect("it is there");
        instance::release(tx, ctx, &found, "the seller is away", None)
    };
    let error = behind(m, release, work).err().expect("it is refused");
    let more = m.calls(of.instance).split_off(before);
    assert!(more.iter().all(|call| call.activity.to_string().contains("elease")), "nothing is said of it but its release: {more:?}");
    m.settle();
    m.verify();
    error.code().expect("a refusal")
}

#[test]
fn no_licence_is_asked_for_on_an_instance_that_is_released_meanwhile() {
    on(Engine::Postgres, &Setup::default(), |m| {
        m.list(&m.seller(), "shield", &harness::listing(AccessType::LicenceOnline));
        let (buyer, bought) = (m.buyer(), m.open(&m.buyer(), &choice("shield", "1y")));
        let ask = |tx: &mut Tx, ctx: &Ctx| licence::apply(tx, ctx, &buyer, bought.instance.id(), None);
        assert_eq!(refused(m, &bought, ask), "instance.state");
    });
}

#[test]
fn no_call_is_restarted_on_an_instance_that_is_released_meanwhile() {
    on(Engine::Postgres, &Setup::default(), |m| {
        let bought = m.open(&m.buyer(), &choice("backup", "1m"));
        m.server.fault("backup", Fault::Code000005);
        let operator = m.operator();
        m.ok(&operator, |tx, ctx| instance::freeze_for_violation(tx, ctx, &operator, bought.instance.id(), "spam"));
        m.advance("3h");
        m.server.fault("backup", Fault::None);
        let failed = m.failed_calls().remove(0).id.id();
        assert_eq!(refused(m, &bought, |tx, ctx| call::restart(tx, ctx, Tenant::Any, failed)), "call.order_over");
    });
}

/// A dearer `backup`, drafted.
fn dearer(m: &Market) -> (RevisionId, Listing) {
    let (seller, mut listing) = (m.seller(), sample("backup"));
    listing.specifications[0].skus[0].month_minor = Some(15_000);
    listing.interface_address = Some(m.address(&seller, "backup", Protocol::SaasV2));
    let (_, revision, _) = m.ok(&seller, |tx, ctx| catalogue::save(tx, ctx, &seller, "backup", &listing));
    (revision.id.id(), listing)
}

#[test]
fn a_product_that_is_frozen_or_stopped_while_a_revision_is_approved_is_not_on_sale() {
    for (frozen, to) in [(true, Visibility::Frozen), (false, Visibility::Stopped)] {
        on(Engine::Postgres, &Setup::default(), |m| {
            let (seller, operator) = (m.seller(), m.operator());
            let (id, _) = dearer(m);
            m.ok(&seller, |tx, ctx| catalogue::submit(tx, ctx, &seller, id));
            let product = m.read(|tx, _| Ok(store::product::by_key(tx, m.key(&seller), "backup")?)).unwrap().id;
            let first = |tx: &mut Tx, ctx: &Ctx| match frozen {
                true => catalogue::freeze(tx, ctx, product.id(), Some(FreezeCause::Violation), "spam"),
                false => catalogue::stop(tx, ctx, &seller, product.id(), "sold out"),
            };
            behind(m, first, |tx, ctx| catalogue::decide(tx, ctx, &operator, id, &Decision::Approve)).unwrap();
            let found = m.read(|tx, _| Ok(store::product::by_key(tx, m.key(&seller), "backup")?)).unwrap();
            assert_eq!(found.visibility, to);
            assert_eq!(found.revision_id.map(db::Key::id), Some(id), "and the revision is approved");
        });
    }
}

#[test]
fn what_is_submitted_is_the_draft_that_was_checked() {
    on(Engine::Postgres, &Setup::default(), |m| {
        let seller = m.seller();
        let (id, mut listing) = dearer(m);
        listing.specifications.clear();
        let save = |tx: &mut Tx, ctx: &Ctx| catalogue::save(tx, ctx, &seller, "backup", &listing);
        let error = behind(m, save, |tx, ctx| catalogue::submit(tx, ctx, &seller, id)).unwrap_err();
        assert_eq!(error.code(), Some("application.not_complete"));
    });
}

#[test]
fn what_several_put_at_the_same_moment_is_put() {
    on_both(|m| {
        let (seller, buyer) = (m.seller(), m.key(&m.buyer()));
        let address = crate::catalogue::addresses::of_basic_key(m);
        let all_put = |what: &str, put: &(dyn Fn(&mut Tx, &Ctx) -> Result<(), Error> + Sync)| {
            for (n, result) in m.at_once(&seller, 8, |_, tx, ctx| put(tx, ctx)).into_iter().enumerate() {
                assert!(result.is_ok(), "{what} {n}: {result:?}");
            }
        };
        let wanted = Wanted { mail: false, ..Wanted::default() };
        for _ in 0..4 {
            all_put("setting", &|tx, ctx| message::put_setting(tx, ctx, &seller, "101", wanted));
            all_put("track", &|tx, ctx| supervision::set_track(tx, ctx, buyer.id(), Some(Track::BaseCloud)));
        }
        all_put("key", &|tx, ctx| {
            interface::put_key(tx, ctx, &seller, "another", InterfaceClass::Basic, "harness-interface-key").map(drop)
        });
        all_put("address", &|tx, ctx| interface::put_address(tx, ctx, &seller, &address).map(drop));
        all_put("draft", &|tx, ctx| catalogue::save(tx, ctx, &seller, "brand-new", &sample("backup")).map(drop));
    });
}

#[test]
fn a_webhooks_new_secret_outlives_a_change_at_the_same_moment() {
    on(Engine::Postgres, &Setup::default(), |m| {
        let buyer = m.buyer();
        let hook = |url: &str| NewEndpoint { url: url.to_owned(), description: None, events: Vec::new() };
        let old = m.ok(&buyer, |tx, ctx| message::add_endpoint(tx, ctx, &buyer, &hook("https://hooks.example.com/")));
        let id = old.id.id();
        let change =
            |tx: &mut Tx, ctx: &Ctx| message::change_endpoint(tx, ctx, &buyer, id, (&hook("https://new.example.com/"), true)).map(drop);
        behind(m, |tx, ctx| message::rotate(tx, ctx, &buyer, id), change).unwrap();
        let now = m.read(|tx, _| message::show_endpoint(tx, &buyer, id));
        assert_eq!((now.url.as_str(), now.old_secret), ("https://new.example.com/", Some(old.secret)));
        let second = |tx: &mut Tx, ctx: &Ctx| message::rotate(tx, ctx, &buyer, id);
        behind(m, second, second).unwrap();
        let last = m.read(|tx, _| message::show_endpoint(tx, &buyer, id));
        assert_ne!(last.old_secret, Some(now.secret), "both rotated, one after the other");
    });
}

#[test]
fn nobody_logs_in_with_a_password_that_is_changed_at_the_same_moment() {
    on(Engine::Postgres, &Setup::default(), |m| {
        let buyer = m.buyer();
        let user = db::Key::of(buyer.user_id);
        let hash = m.read(|tx, _| Ok(store::account::user(tx, user)?)).unwrap().password;
        let seen = Seen { address: String::new(), agent: String::new() };
        let change = |tx: &mut Tx, ctx: &Ctx| {
            store::account::lock_user(tx, user)?;
            assert_eq!(store::account::set_password(tx, user, &hash, "another")?, store::Written::Yes);
            account::log_out_everywhere(tx, ctx, &buyer)
        };
        let begun = behind(m, change, |tx, ctx| account::begin_session(tx, ctx, &buyer, (&hash, &seen)).map(drop));
        assert_eq!(begun.unwrap_err().code(), Some("account.bad_credentials"));
        assert!(m.read(|tx, ctx| account::sessions(tx, ctx, &buyer)).is_empty());
    });
}

#[test]
fn nobody_logs_in_who_is_removed_at_the_same_moment() {
    on(Engine::Postgres, &Setup::default(), |m| {
        let buyer = m.buyer();
        let invite = Invite { login: "ann@qinghe".to_owned(), name: "Ann".to_owned(), role: MemberRole::Member, department: None };
        let (_, link) = m.ok(&buyer, |tx, ctx| organisation::invite(tx, ctx, &buyer, &invite));
        let hash = "$argon2id$none";
        let ann = m.write_system(|tx, ctx| organisation::accept(tx, ctx, &link, "a-long-password", hash, "en")).unwrap();
        let caller = m.read(|tx, _| account::caller_of_user(tx, app::Key::of(ann)));
        let seen = Seen { address: String::new(), agent: String::new() };
        let remove = |tx: &mut Tx, ctx: &Ctx| organisation::remove(tx, ctx, &buyer, ann);
        let begun = behind(m, remove, |tx, ctx| account::begin_session(tx, ctx, &caller, (hash, &seen)).map(drop));
        assert_eq!(begun.unwrap_err().code(), Some("account.bad_credentials"));
    });
}

#[test]
fn notices_that_are_dismissed_at_the_same_moment_stay_dismissed() {
    on_both(|m| {
        let buyer = m.buyer();
        let dismiss = |n: usize, tx: &mut Tx, _: &Ctx| account::set_preferences(tx, &buyer, None, Some(&format!("notice-{n}")));
        assert!(m.at_once(&buyer, 4, dismiss).iter().all(Result::is_ok));
        let user = m.read(|tx, _| Ok(store::account::user(tx, db::Key::of(buyer.user_id))?)).unwrap();
        assert_eq!(user.dismissed.matches("notice-").count(), 4, "{}", user.dismissed);
    });
}

/// The address of `backup`, elsewhere.
fn moved(address: &store::interface::Address) -> NewAddress {
    NewAddress {
        name: address.name.clone(),
        url: "http://localhost/elsewhere".to_owned(),
        key_id: address.key_id.id(),
        protocol: Protocol::SaasV2,
        always_test_flag: false,
        send_empty_parameters: false,
        product: None,
        access_type: None,
        landing_page: None,
    }
}

/// An address of the seller that passed its cases.
fn proven(m: &Market) -> store::interface::Address {
    let (seller, id) = (m.seller(), m.address(&m.seller(), "backup", Protocol::SaasV2));
    m.read(|tx, ctx| interface::target(tx, ctx, m.key(&seller), id)).address
}

fn url_and_cases(m: &Market, id: db::Key) -> (String, usize) {
    let now = m.read(|tx, ctx| interface::target(tx, ctx, m.key(&m.seller()), id.id::<AddressId>())).address;
    (now.url, m.read(|tx, _| Ok(store::interface::cases(tx, id)?)).len())
}

#[test]
fn an_address_outlives_another_secret_of_its_key_at_the_same_moment() {
    on(Engine::Postgres, &Setup::default(), |m| {
        let (seller, address) = (m.seller(), proven(m));
        let new = moved(&address);
        let key = m.read(|tx, _| Ok(store::interface::key(tx, m.key(&seller), address.key_id)?)).unwrap();
        let put = |tx: &mut Tx, ctx: &Ctx| interface::put_address(tx, ctx, &seller, &new).map(drop);
        behind(m, put, |tx, ctx| interface::put_key(tx, ctx, &seller, &key.name, key.class, "another-secret").map(drop)).unwrap();
        assert_eq!(url_and_cases(m, address.id), (new.url, 0));
    });
}

#[test]
fn a_case_proves_the_address_that_was_called_and_not_what_it_became() {
    let passed = Passed { scenario: "create".to_owned(), request: "{}".to_owned(), answer: "{}".to_owned() };
    on_both(|m| {
        let (seller, called) = (m.seller(), proven(m));
        let new = moved(&called);
        m.ok(&seller, |tx, ctx| interface::put_address(tx, ctx, &seller, &new));
        assert_eq!(m.refused(&seller, |tx, ctx| interface::save_case(tx, ctx, &called, &passed)), "interface.address_changed");
        assert_eq!(url_and_cases(m, called.id), (new.url, 0));
    });
    on(Engine::Postgres, &Setup::default(), |m| {
        let (seller, called) = (m.seller(), proven(m));
        let new = moved(&called);
        let put = |tx: &mut Tx, ctx: &Ctx| interface::put_address(tx, ctx, &seller, &new).map(drop);
        behind(m, |tx, ctx| interface::save_case(tx, ctx, &called, &passed), put).unwrap();
        assert_eq!(url_and_cases(m, called.id), (new.url, 0));
    });
}

const PUBLIC_KEY: &str = "\
-----BEGIN PUBLIC KEY-----\n\
MIIBojANBgkqhkiG9w0BAQEFAAOCAY8AMIIBigKCAYEAx12gl8owmSJxuzx5naLT\n\
ab1NHQZ0jlm9usjpTDF9qK6cfvy9lBkSOfc5tadPEzsHlq9+2VQd3mZJr8P1B4+Y\n\
7o7sWApZEAJV11HUWM06Xmn16yRlAZtPTVooWNBzzTasjHhOfvyZ8T+LqkqdCqgQ\n\
284PmlRkJj1HQfP+w8AqP4q/9Kcwc5rGmJc8zhqlYJDIjz2ikex1n1whmgHni2Wr\n\
FhfRpaD3Q9jX9Pl5vhpZv9Afi0/TSkBftve3MT2KWhjaeCfSF1zxWTAv3EwJIfNR\n\
cOWbT3LWM6u5t4ifrLrOznSGTHH5lyKxhgnRfa/qSTQ+uePzEMxSdrbzvigu3gsP\n\
syEFm49/Fmm4rTU8/HtBV6msKy6u67DbxQNsamFNkaAgiObUtaLq2vCmZXUAxh61\n\
pCrAl5qeZJpV8qQkLCkgKaXi9SoTIPsDA+qyduUS1cYGa94O0oI8pZjFEnbhHiXQ\n\
AP7uGhdr9DhSt0u5hWdQadmjltbqWztgAPBfv888OmMvAgMBAAE=\n\
-----END PUBLIC KEY-----";

#[test]
fn an_applications_new_secret_and_new_name_outlive_each_other() {
    on(Engine::Postgres, &Setup::default(), |m| {
        let (seller, address) = (m.seller(), m.address(&m.seller(), "kit", Protocol::Kit));
        let named = |name: &str| NewApplication {
            name: name.to_owned(),
            login_url: "https://app.example.com/login".to_owned(),
            address,
            public_key: PUBLIC_KEY.to_owned(),
            redirect_uris: vec!["https://app.example.com/callback".to_owned()],
        };
        let bought = m.open(&m.buyer(), &choice("backup", "1m"));
        let (made, _) = m.ok(&seller, |tx, ctx| kit::put_application(tx, ctx, &seller, "backup", &named("Old")));
        let state = BindingState::Bound;
        let (began_at, buyer_id) = (made.created_at, m.key(&m.buyer()));
        let row = store::kit::Binding { instance_id: bought.instance, application_id: made.id, buyer_id, state, began_at };
        m.ok(&seller, |tx, _| Ok(store::kit::insert_binding(tx, &row)?));
        let secret = |tx: &mut Tx, ctx: &Ctx| kit::new_secret(tx, ctx, &seller, "backup").map(drop);
        let rename = |name: &'static str| {
            let (seller, named) = (&seller, &named);
            move |tx: &mut Tx, ctx: &Ctx| kit::put_application(tx, ctx, seller, "backup", &named(name)).map(drop)
        };
        let now = || m.read(|tx, _| Ok(store::kit::any_application(tx, made.id)?)).unwrap();
        behind(m, secret, rename("New")).unwrap();
        assert_ne!(now().client_secret, made.client_secret);
        behind(m, rename("Newest"), secret).unwrap();
        assert_eq!(now().name, "Newest");
        m.settle();
        let mut told = m.calls(bought.instance).into_iter().filter(|call| call.activity == Activity::ApplicationSync);
        let last = m.attempts(&told.next_back().expect("it is told")).remove(0).request;
        assert!(last.contains("Newest"), "{last}");
    });
}
