//! Renewals: a term more, by hand or automatically (`order-life 1`, `3`).

use app::order::{self, set_auto_renewal};
use db::Moment;
use domain::{id::InstanceId, instance::InstanceState, job::JobKind, package::Reset, period::Period};
use harness::{Bought, Fault, Market, choice, on_both, pack, sample, time};

pub(super) fn period(text: &str) -> Period {
    text.parse().unwrap()
}

pub(super) fn end(m: &Market, bought: &Bought) -> String {
    time(m.instance(bought.instance).expires_at.unwrap())
}

/// Switches automatic renewal on with a period; the code of its refusal, or nothing.
pub(super) fn auto_renewal(m: &Market, id: InstanceId, wanted: Option<&str>) -> Option<String> {
    let buyer = m.buyer();
    let result = m.write(&buyer, |tx, ctx| set_auto_renewal(tx, ctx, &buyer, id, wanted.map(period)));
    result.err().map(|e| e.code().unwrap().to_owned())
}

/// The period with which an instance is renewed automatically, and when next.
pub(super) fn planned(m: &Market, bought: &Bought) -> Option<(String, String)> {
    m.read(|tx, _| {
        let wanted = store::auto_renewal::of_instance(tx, bought.instance)?;
        let jobs = store::job::of_subject(tx, bought.instance)?;
        let job = jobs.into_iter().find(|j| j.kind == JobKind::AutoRenewal);
        assert_eq!(wanted.is_some(), job.is_some(), "a job tries it");
        Ok(wanted.zip(job).map(|(wanted, job)| (wanted.period.to_string(), time(job.due_at))))
    })
}

#[test]
fn a_renewal_appends_a_term_and_keeps_the_day_of_the_month() {
    on_both(|m| {
        let buyer = m.buyer();
        m.advance("26d"); // 31 January
        let bought = m.open(&buyer, &choice("backup", "1m"));
        assert_eq!(end(m, &bought), "2024-02-29T16:00:00Z");
        let renewed = m.renew(&buyer, &bought, "1m");
        assert_eq!((renewed.kind.as_str(), renewed.state.as_str()), ("renew", "completed"));
        assert_eq!(end(m, &bought), "2024-03-31T16:00:00Z");
        let terms = m.terms(bought.instance);
        assert_eq!((time(terms[0].end_at).as_str(), time(terms[1].start_at).as_str()), ("2024-02-29T16:00:00Z", "2024-02-29T16:00:00Z"));
        assert!(terms[1].start_at > Moment::of(m.now()), "it is not effective yet");
        assert_eq!(m.last_activity(bought.instance), ("refreshInstance".to_owned(), "done".to_owned()));
        m.verify();
    });
}

#[test]
fn a_renewal_is_refused_where_the_instance_or_its_price_list_does_not_allow_it() {
    on_both(|m| {
        let (buyer, other) = (m.buyer(), m.buyer2());
        let bought = m.open(&buyer, &choice("backup", "1m"));
        let once = m.open(&buyer, &choice("assess", ""));
        let use_of = m.open(&buyer, &choice("transcribe", ""));
        let trial = m.open(&buyer, &order::Choice { trial: true, ..choice("backup", "") });
        for (who, id, text, code) in [
            (&other, bought.id(), "1m", "instance.not_found"),
            (&buyer, once.id(), "1m", "instance.one_time"),
            (&buyer, use_of.id(), "1m", "instance.one_time"),
            (&buyer, trial.id(), "1m", "instance.trial"),
            (&buyer, bought.id(), "7d", "price.not_sold_per"),
        ] {
            assert_eq!(m.refused(who, |tx, ctx| order::renew(tx, ctx, who, id, period(text), true)), code);
        }
        let poor = m.new_buyer("poor", "100.00");
        let last = m.open(&poor, &choice("backup", "1m"));
        assert_eq!(m.refused(&poor, |tx, ctx| order::renew(tx, ctx, &poor, last.id(), period("1m"), true)), "wallet.short");
        assert_eq!(m.terms(last.instance).len(), 1, "nothing is left of a renewal that could not be paid");
        assert_eq!(m.instance(last.instance).open_order_id, None);
        m.verify();
    });
}

#[test]
fn eight_paid_renewals_at_once_are_eight_terms_one_after_the_other() {
    on_both(|m| {
        let buyer = m.buyer();
        let bought = m.open(&buyer, &choice("backup", "1m"));
        let results = m.at_once(&buyer, 8, |_, tx, ctx| order::renew(tx, ctx, &buyer, bought.id(), period("1m"), true));
        assert!(results.iter().all(Result::is_ok), "{results:?}");
        m.settle();
        let terms = m.terms(bought.instance);
        assert_eq!((terms.len(), end(m, &bought).as_str()), (9, "2024-10-05T16:00:00Z"));
        assert!(terms.windows(2).all(|pair| pair[0].end_at == pair[1].start_at));
        assert_eq!(m.balance(&buyer), "999100.00");
        m.verify();
    });
}

#[test]
fn what_is_no_longer_sold_is_renewed_at_its_last_price() {
    on_both(|m| {
        let (buyer, seller) = (m.buyer(), m.seller());
        let bought = m.open(&buyer, &choice("backup", "1m"));
        let mut changed = sample("backup");
        changed.specifications[0].skus[0].on_sale = false;
        changed.specifications[0].skus[0].month_minor = Some(11_000);
        m.list(&seller, "backup", &changed);
        assert_eq!(m.renew(&buyer, &bought, "1m").total_minor, 11_000, "at today's price");
        changed.specifications[0].skus.remove(0);
        m.list(&seller, "backup", &changed);
        assert_eq!(m.renew(&buyer, &bought, "1m").total_minor, 10_000, "by the revision that it was bought from");
        m.verify();
    });
}

#[test]
fn an_instance_is_renewed_automatically_seven_days_before_its_end() {
    on_both(|m| {
        let buyer = m.buyer();
        let bought = m.open(&buyer, &choice("backup", "1m")); // until 5 February
        assert_eq!(auto_renewal(m, bought.id(), Some("1m")), None);
        assert_eq!(planned(m, &bought), Some(("1m".to_owned(), "2024-01-29T02:00:00Z".to_owned())));
        m.advance("25d");
        assert_eq!(end(m, &bought), "2024-03-05T16:00:00Z");
        assert_eq!(planned(m, &bought), Some(("1m".to_owned(), "2024-02-27T02:00:00Z".to_owned())));
        assert_eq!(m.balance(&buyer), "999800.00");
        assert_eq!(m.last_activity(bought.instance), ("refreshInstance".to_owned(), "done".to_owned()));
        assert!(m.messages(&buyer).contains(&"order.renewed".to_owned()));
        m.verify();
    });
}

#[test]
fn who_gives_an_automatic_renewal_back_wants_no_more_of_them() {
    on_both(|m| {
        let buyer = m.buyer();
        let bought = m.open(&buyer, &choice("backup", "1m"));
        auto_renewal(m, bought.id(), Some("1m"));
        m.advance("25d");
        let line = m.terms(bought.instance)[1].line_id;
        let renewal = m.read(|tx, _| Ok(store::order::any_line(tx, line)?)).unwrap().number;
        let number = renewal.split_once('-').unwrap().0;
        m.ok(&buyer, |tx, ctx| order::unsubscribe(tx, ctx, &buyer, number));
        assert_eq!(planned(m, &bought), None);
        m.advance("12d");
        assert_eq!(m.instance(bought.instance).state, InstanceState::Frozen);
        assert_eq!(auto_renewal(m, bought.id(), Some("1m")).as_deref(), Some("instance.not_running"));
        m.verify();
    });
}

#[test]
fn each_failed_try_of_an_automatic_renewal_is_told_and_the_last_switches_it_off() {
    on_both(|m| {
        let poor = m.new_buyer("poor", "100.00");
        let bought = m.open(&poor, &choice("backup", "1m")); // until 5 February
        m.ok(&poor, |tx, ctx| set_auto_renewal(tx, ctx, &poor, bought.id(), Some(period("1m"))));
        let notices = || ["refused", "short", "off"].map(|what| m.count_messages(&poor, &format!("auto_renewal.{what}")));
        m.advance("23d");
        // A renewal that waits for payment is in the way of the first try.
        let waiting = m.ok(&poor, |tx, ctx| order::renew(tx, ctx, &poor, bought.id(), period("1y"), false)).order.number;
        m.advance("24h");
        assert_eq!(notices(), [1, 0, 0]);
        m.ok(&poor, |tx, ctx| order::cancel(tx, ctx, &poor, &waiting));
        assert_eq!(m.balance(&poor), "0.00");
        m.advance("4d");
        assert_eq!(notices(), [1, 1, 0], "3 days before");
        m.advance("48h");
        assert_eq!(notices(), [1, 2, 0], "1 day before");
        assert_eq!(planned(m, &bought).unwrap().1, "2024-02-05T02:00:00Z");
        m.advance("24h");
        assert_eq!(notices(), [1, 3, 1], "on the last day");
        assert_eq!(planned(m, &bought), None);
        let seller = app::Tenant::Seller(m.key(&m.seller()));
        let seen = m.read(|tx, _| order::instance_timeline(tx, seller, bought.id()));
        let seen = format!("{seen:?}");
        assert!(seen.contains("auto_renewal_failed") && !seen.contains("100.00 of") && !seen.contains("CNY 0.00"), "{seen}");
        m.verify();
    });
}

#[test]
fn terms_end_at_most_five_years_ahead() {
    on_both(|m| {
        let buyer = m.buyer();
        let bought = m.open(&buyer, &choice("backup", "1y")); // until 5 January 2025
        for _ in 0..4 {
            m.renew(&buyer, &bought, "1y");
        }
        assert_eq!(end(m, &bought), "2029-01-05T16:00:00Z", "five years ahead to the day");
        let renew = |text| m.refusal(&buyer, |tx, ctx| order::renew(tx, ctx, &buyer, bought.id(), period(text), true));
        let refused = renew("1m");
        assert_eq!((refused.code, refused.fields[0].pointer.as_str()), ("renewal.too_far_ahead", "/period"));
        let cmd = order::RenewWithChange { instance: bought.id(), sku: "pro/5".to_owned(), period: period("1m"), pay: true };
        assert_eq!(m.renew_with_change(&buyer, &cmd).unwrap_err().code(), Some("renewal.too_far_ahead"));
        m.advance("31d"); // 5 February 2024
        m.renew(&buyer, &bought, "1m");
        assert_eq!(renew("1m").code, "renewal.too_far_ahead");
        m.verify();
    });
}

#[test]
fn a_wallet_that_is_topped_up_in_time_pays_the_next_try() {
    on_both(|m| {
        let poor = m.new_buyer("poor", "100.00");
        let bought = m.open(&poor, &choice("backup", "1m"));
        m.ok(&poor, |tx, ctx| set_auto_renewal(tx, ctx, &poor, bought.id(), Some(period("1m"))));
        m.advance("25d");
        m.top_up(&poor, "99.99");
        m.advance("3d");
        assert_eq!(m.count_messages(&poor, "auto_renewal.short"), 2, "a cent is missing");
        m.top_up(&poor, "0.01");
        m.advance("2d");
        assert_eq!((end(m, &bought).as_str(), m.balance(&poor).as_str()), ("2024-03-05T16:00:00Z", "0.00"));
        m.verify();
    });
}

#[test]
fn automatic_renewal_is_refused_where_nothing_can_be_renewed_and_may_come_late() {
    on_both(|m| {
        let buyer = m.buyer();
        let bought = m.open(&buyer, &choice("backup", "1m"));
        assert_eq!(auto_renewal(m, bought.id(), Some("7d")).as_deref(), Some("price.not_sold_per"));
        assert!("7y".parse::<Period>().is_err(), "no such period exists");
        assert_eq!(auto_renewal(m, bought.id(), None), None, "it was off already");
        let trial = m.open(&buyer, &order::Choice { trial: true, ..choice("backup", "") });
        assert_eq!(auto_renewal(m, trial.id(), Some("1m")).as_deref(), Some("instance.trial"));
        let once = m.open(&buyer, &choice("assess", ""));
        assert_eq!(auto_renewal(m, once.id(), Some("1m")).as_deref(), Some("instance.one_time"));
        let theirs = m.open(&m.buyer2(), &choice("backup", "1m"));
        for wanted in [Some("1m"), None] {
            assert_eq!(auto_renewal(m, theirs.id(), wanted).as_deref(), Some("instance.not_found"));
        }
        m.advance("31d"); // 5 February, 10:00: the hour of the last try has come.
        assert_eq!(auto_renewal(m, bought.id(), Some("1m")), None);
        m.settle();
        assert_eq!(end(m, &bought), "2024-03-05T16:00:00Z");
        m.verify();
    });
}

#[test]
fn a_package_that_resets_within_a_month_is_not_renewed_automatically() {
    on_both(|m| {
        let (buyer, seller) = (m.buyer(), m.seller());
        let monthly = m.open(&buyer, &pack("s", "1m"));
        assert_eq!(auto_renewal(m, monthly.id(), Some("1m")), None);
        let mut daily = sample("transcribe");
        daily.specifications[1].package.as_mut().unwrap().reset = Reset::Day;
        m.list(&seller, "daily", &daily);
        let bought = m.open(&buyer, &order::Choice { product: "daily".to_owned(), ..pack("s", "1m") });
        assert_eq!(auto_renewal(m, bought.id(), Some("1m")).as_deref(), Some("instance.no_auto_renewal"));
        m.verify();
    });
}

#[test]
fn a_trial_is_free_once_and_becomes_formal() {
    on_both(|m| {
        let buyer = m.buyer();
        let trial = order::Choice { trial: true, ..choice("backup", "") };
        let bought = m.open(&buyer, &trial);
        assert_eq!((bought.order.kind.as_str(), bought.order.total_minor), ("trial", 0));
        let again = m.refused(&buyer, |tx, ctx| order::place(tx, ctx, &buyer, &harness::unpaid(&trial)));
        assert_eq!(again, "trial.had_one");
        assert_eq!(end(m, &bought), "2024-01-19T16:00:00Z");
        m.advance("5d");
        let formal = m.ok(&buyer, |tx, ctx| order::convert(tx, ctx, &buyer, bought.id(), period("1m"), true)).order;
        assert_eq!((formal.kind.as_str(), formal.state.as_str()), ("trial_to_formal", "completed"));
        m.settle();
        assert_eq!((m.instance(bought.instance).trial, end(m, &bought).as_str()), (false, "2024-02-10T16:00:00Z"));
        assert_eq!(m.balance(&buyer), "999900.00");
        let again = m.refused(&buyer, |tx, ctx| order::convert(tx, ctx, &buyer, bought.id(), period("1m"), true));
        assert_eq!(again, "instance.not_trial");
        let after = m.refused(&buyer, |tx, ctx| order::place(tx, ctx, &buyer, &harness::unpaid(&trial)));
        assert_eq!(after, "trial.had_one", "one for ever, whatever became of it");
        m.open(&m.buyer2(), &trial);
        m.verify();
    });
}

#[test]
fn a_trial_that_was_never_opened_may_be_had_again() {
    on_both(|m| {
        let buyer = m.buyer();
        let trial = order::Choice { trial: true, ..choice("backup", "") };
        m.server.fault("backup", harness::Fault::Http500);
        m.buy(&buyer, &trial);
        m.advance("4h");
        m.server.fault("backup", harness::Fault::None);
        let second = m.open(&buyer, &trial);
        m.advance("40d");
        assert_eq!(m.instance(second.instance).state, InstanceState::Released);
        assert_eq!(m.refused(&buyer, |tx, ctx| order::place(tx, ctx, &buyer, &harness::unpaid(&trial))), "trial.had_one");
        m.verify();
    });
}

#[test]
fn of_eight_trials_at_once_one_is_given() {
    on_both(|m| {
        let buyer = m.buyer();
        let trial = harness::unpaid(&order::Choice { trial: true, ..choice("backup", "") });
        let results = m.at_once(&buyer, 8, |_, tx, ctx| order::place(tx, ctx, &buyer, &trial));
        assert_eq!(results.iter().filter(|r| r.is_ok()).count(), 1, "{results:?}");
        assert!(results.iter().filter_map(|r| r.as_ref().err()).all(|e| e.code() == Some("trial.had_one")), "{results:?}");
        m.settle();
        m.verify();
    });
}

#[test]
fn a_trial_that_ended_may_still_become_formal_until_it_is_released() {
    on_both(|m| {
        let buyer = m.buyer();
        let bought = m.open(&buyer, &order::Choice { trial: true, ..choice("backup", "") }); // until 19 January
        m.advance("20d");
        assert_eq!(m.instance(bought.instance).state, InstanceState::Frozen);
        m.ok(&buyer, |tx, ctx| order::convert(tx, ctx, &buyer, bought.id(), period("1m"), true));
        m.settle();
        assert_eq!((m.instance(bought.instance).state.as_str(), end(m, &bought).as_str()), ("running", "2024-02-25T16:00:00Z"));
        m.advance("50d");
        let code = m.refused(&buyer, |tx, ctx| order::convert(tx, ctx, &buyer, bought.id(), period("1m"), true));
        assert_eq!(code, "instance.not_renewable");
        m.verify();
    });
}

#[test]
fn what_the_seller_is_still_opening_is_not_renewed() {
    on_both(|m| {
        let buyer = m.buyer();
        m.server.fault("backup", harness::Fault::Code000005);
        let placed = m.buy(&buyer, &choice("backup", "1m"));
        m.settle();
        let id = m.order(&placed.order.number).instance_id.unwrap().id();
        let code = m.refused(&buyer, |tx, ctx| order::renew(tx, ctx, &buyer, id, period("1m"), true));
        assert_eq!(code, "instance.not_renewable");
        m.verify();
    });
}

#[test]
fn a_try_of_automatic_renewal_waits_for_an_upgrade_that_is_at_the_seller() {
    on_both(|m| {
        let buyer = m.buyer();
        let bought = m.open(&buyer, &choice("backup", "1m")); // until 5 February
        m.advance_to(harness::at("2024-02-05T01:30:00Z"));
        auto_renewal(m, bought.id(), Some("1m"));
        m.server.fault("backup", Fault::Http500);
        let up = order::PlaceChange { instance: bought.id(), sku: "pro/5".to_owned(), pay: true };
        m.ok(&buyer, |tx, ctx| order::change(tx, ctx, &buyer, &up));
        m.advance_to(harness::at("2024-02-05T02:10:00Z"));
        assert_eq!(m.instance(bought.instance).sku, "basic/5", "it is at the seller");
        assert!(planned(m, &bought).is_some(), "the last try waits");
        m.server.fault("backup", Fault::None);
        m.advance("4h");
        assert_eq!(m.instance(bought.instance).sku, "pro/5");
        assert_eq!(m.balance(&buyer), "999680.00", "100.00, nothing for the day, and 220.00");
        assert_eq!(m.count_messages(&buyer, "auto_renewal.refused"), 0);
        m.verify();
    });
}
