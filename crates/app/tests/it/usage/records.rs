//! Usage records: pushed, judged, charged, corrected (`open-api 4`, `seller-domain 2.5`).

use app::{instance, job, order, usage};
use domain::{instance::InstanceState, usage::UsageState};
use harness::{Bought, Market, choice, money, on_both, unpaid};
use wire::open_api::usage::{Form, Record, parse};

/// An on-demand instance of the buyer, three hours old: it is 13:00 at the site, 05:00 UTC.
fn running(m: &Market) -> Bought {
    let bought = m.open(&m.buyer(), &choice("transcribe", ""));
    assert_eq!(bought.order.total_minor, 0, "nothing is paid in advance");
    m.advance("3h");
    bought
}

fn balance(m: &Market) -> String {
    m.balance(&m.buyer())
}

/// How many records of the seller have a state.
fn count(m: &Market, state: UsageState) -> usize {
    m.records(&m.seller()).iter().filter(|r| r.state == state).count()
}

fn correcting(record: Record, sn: &str) -> Record {
    Record { corrects: Some(sn.to_owned()), ..record }
}

#[test]
fn what_is_used_is_charged_by_the_hour_shared_and_billed_by_day() {
    on_both(|m| {
        let (seller, bought) = (m.seller(), running(m));
        m.push(&seller, &[m.record(&bought, "2024-01-05T02", "700", "a"), m.record(&bought, "2024-01-05T03", "500.5", "b")]);
        assert_eq!(balance(m), "1000000.00", "charged when the hour is rated");
        m.advance("30m");
        // 1000 minutes at 0.12 and 200.5 at 0.09: 120.00 + 18.045, half-even 138.04.
        assert_eq!(balance(m), "999861.96");
        let seen = m.metered(&bought);
        let days: Vec<_> = seen.days.iter().map(|d| (d.day.as_str(), d.quantity.to_string(), d.from_packages.to_string())).collect();
        assert_eq!(days, [("2024-01-05", "1200.5".to_owned(), "0".to_owned())]);
        assert_eq!((seen.days[0].amount_minor, seen.due_minor), (13_804, 0));
        assert_eq!(seen.until, Some(harness::at("2024-01-05T04:00:00Z")));
        assert!(m.records(&seller).iter().all(|r| r.state == UsageState::Charged && r.charge_id.is_some()));
        m.advance("30d");
        let line = ("usage".to_owned(), "138.04".to_owned(), "131.14".to_owned());
        assert_eq!(m.bill(&seller, "2024-01").lines, [line]);
        m.verify();
    });
}

#[test]
fn tiers_restart_with_the_month_at_the_site() {
    on_both(|m| {
        let (seller, bought) = (m.seller(), running(m));
        m.advance_to(harness::at("2024-01-31T17:00:00Z")); // 1 February, 01:00 at the site
        m.push(&seller, &[m.record(&bought, "2024-01-31T15", "1100", "january"), m.record(&bought, "2024-01-31T16", "1000", "february")]);
        m.advance("30m");
        // 120.00 + 9.00 for January, 120.00 for February.
        assert_eq!(balance(m), "999751.00");
        let days = m.metered(&bought).days.into_iter().map(|d| (d.day, money(d.amount_minor)));
        assert!(days.eq([("2024-01-31".to_owned(), "129.00".to_owned()), ("2024-02-01".to_owned(), "120.00".to_owned())]));
        m.verify();
    });
}

#[test]
fn a_record_counts_once_however_often_and_by_whatever_interface_it_comes() {
    on_both(|m| {
        let (seller, bought) = (m.seller(), running(m));
        let one = m.record(&bought, "2024-01-05T03", "10", "sn-1");
        m.push(&seller, &[one.clone(), one.clone()]);
        m.push(&seller, std::slice::from_ref(&one));
        // The two older interfaces name no record: its instance and hour do.
        let id = m.sellers_id(&bought);
        let old = serde_json::json!({ "usage_records": [{ "instance_id": id, "record_time": "20240105T050100Z", "product_id": "OFFI1",
            "begin_time": "20240105T040000Z", "end_time": "20240105T050000Z", "usage_value": "20" }] });
        let oldest = serde_json::json!({ "usageRecords": [{ "instanceId": id, "recordTime": "20240105T050100Z",
            "beginTime": "20240105T040000Z", "endTime": "20240105T050000Z", "usageEntity": { "times": 20 } }] });
        for (form, body) in [(Form::Old, old), (Form::Oldest, oldest)] {
            m.push(&seller, &parse(form, body.to_string().as_bytes()).unwrap());
        }
        let mut seen: Vec<_> = m.records(&seller).into_iter().map(|r| (r.sent_value, r.repeats)).collect();
        seen.sort();
        assert_eq!(seen, [("10".to_owned(), 2), ("20".to_owned(), 1)]);
        m.advance("1h");
        assert_eq!(balance(m), "999996.40", "30 minutes at 0.12");
        m.verify();
    });
}

#[test]
fn a_correction_replaces_a_record_and_its_charge() {
    on_both(|m| {
        let (seller, bought) = (m.seller(), running(m));
        let of = |value: &str, sn: &str| m.record(&bought, "2024-01-05T03", value, sn);
        m.push(&seller, &[of("1000", "v1")]);
        m.advance("1h");
        assert_eq!(balance(m), "999880.00");
        m.push(&seller, &[correcting(of("100", "v2"), "v1")]);
        m.advance("1h");
        assert_eq!(balance(m), "999988.00", "the difference came back");
        // Before it was charged, and one that is corrected already.
        m.push(&seller, &[correcting(of("200", "v3"), "v2"), correcting(of("300", "v4"), "v3"), correcting(of("1", "v5"), "v2")]);
        m.advance("1h");
        assert_eq!(balance(m), "999964.00");
        assert!(m.reason("v5").contains("no such record"), "{}", m.reason("v5"));
        assert_eq!(m.metered(&bought).days[0].quantity.to_string(), "300");
        m.verify();
    });
}

#[test]
fn a_correction_that_comes_again_or_names_another_instance_changes_nothing() {
    on_both(|m| {
        let (seller, bought) = (m.seller(), running(m));
        let other = m.open(&m.buyer2(), &choice("transcribe", ""));
        m.push(&seller, &[m.record(&bought, "2024-01-05T03", "100", "v1")]);
        let right = correcting(m.record(&bought, "2024-01-05T03", "50", "v2"), "v1");
        let wrong = correcting(m.record(&other, "2024-01-05T05", "50", "v3"), "v2");
        m.push(&seller, &[right.clone(), right.clone(), wrong]);
        m.push(&seller, &[right]);
        assert!(!m.reason("v3").is_empty());
        assert_eq!(m.record_named("v2").repeats, 2);
        m.advance("1h");
        assert_eq!(balance(m), "999994.00");
        m.verify();
    });
}

/// A right record, and the same with one thing wrong under a name of its own.
fn wrong_records(good: &Record, period: &str) -> Vec<(Record, &'static str)> {
    let wrong = |name: &str, change: &dyn Fn(&mut Record)| {
        let mut record = Record { metering_sn: Some(name.to_owned()), ..good.clone() };
        change(&mut record);
        record
    };
    let hour = |begin: &str, end: &str| (format!("20240105T{begin}0000Z"), format!("20240105T{end}0000Z"));
    vec![
        (wrong("nobody", &|r| r.instance_id = "nobody's".to_owned()), "Instance ID not found"),
        (wrong("period", &|r| period.clone_into(&mut r.instance_id)), "not billed by use"),
        (wrong("form", &|r| r.begin_time = "20240105040000".to_owned()), "begin_time"),
        (wrong("decimals", &|r| r.usage_value = "1.23456".to_owned()), "usage_value"),
        (wrong("zero", &|r| r.usage_value = "0".to_owned()), "more than zero"),
        (wrong("negative", &|r| r.usage_value = "-1".to_owned()), "usage_value"),
        (wrong("digits", &|r| r.usage_value = "1000000000000".to_owned()), "usage_value"),
        (wrong("turned", &|r| r.end_time = "20240105T030000Z".to_owned()), "end_time lies before"),
        (wrong("future", &|r| r.end_time = "20240105T060000Z".to_owned()), "future"),
        (wrong("old", &|r| r.begin_time = "20231201T030000Z".to_owned()), "older than 21 days"),
        (
            wrong("before", &|r| (r.begin_time, r.end_time) = hour("01", "02")),
            "begin_time lies before the hour in which the instance was opened",
        ),
        (
            wrong("longer", &|r| r.begin_time = "20240104T030000Z".to_owned()),
            "begin_time lies before the hour in which the instance was opened",
        ),
        (wrong("package", &|r| r.relate_pkg_instance = Some("pkg-1".to_owned())), "has no package"),
    ]
}

#[test]
fn each_wrong_record_is_refused_with_its_reason_and_may_be_sent_again() {
    on_both(|m| {
        let (seller, bought) = (m.seller(), running(m));
        let period = m.open(&m.buyer(), &choice("backup", "1m"));
        let good = m.record(&bought, "2024-01-05T04", "1", "x");
        let wrong = wrong_records(&good, &m.sellers_id(&period));
        let sent: Vec<Record> = wrong.iter().map(|(record, _)| record.clone()).chain([good.clone()]).collect();
        m.push(&seller, &sent);
        for (record, reason) in &wrong {
            let sn = record.metering_sn.as_deref().unwrap();
            assert_eq!(m.record_named(sn).state, UsageState::Refused, "{sn}");
            assert!(m.reason(sn).contains(reason), "{sn}: {}", m.reason(sn));
        }
        assert_eq!(count(m, UsageState::Accepted), 1);
        m.push(&seller, &[Record { metering_sn: Some("zero".to_owned()), usage_value: "2".to_owned(), ..good }]);
        assert_eq!(count(m, UsageState::Accepted), 2, "the same metering_sn, right this time");
        m.advance("1h");
        assert_eq!(balance(m), "999899.64", "100.00 for the month, 3 minutes at 0.12");
        m.verify();
    });
}

#[test]
fn use_is_reported_up_to_the_release_and_no_further() {
    on_both(|m| {
        let (buyer, seller, bought) = (m.buyer(), m.seller(), running(m));
        m.ok(&buyer, |tx, ctx| instance::end_on_demand(tx, ctx, &buyer, bought.id()));
        m.advance("2h");
        m.push(&seller, &[m.record(&bought, "2024-01-05T04", "3", "last"), m.record(&bought, "2024-01-05T05", "4", "late")]);
        assert_eq!(m.record_named("last").state, UsageState::Accepted);
        assert!(m.reason("late").contains("after the instance was released"), "{}", m.reason("late"));
        m.advance("1h");
        assert_eq!(balance(m), "999999.64");
        m.verify();
    });
}

/// A record as the two older interfaces bring it, which do not number records.
fn unnumbered(m: &Market, of: &Bought, hour: &str, value: &str, product: Option<String>) -> Record {
    Record { metering_sn: None, product_id: product, ..m.record(of, hour, value, "") }
}

#[test]
fn product_instance_begin_and_end_tell_a_record_that_has_no_number() {
    on_both(|m| {
        let (buyer, seller) = (m.buyer(), m.seller());
        let mut bought = Vec::new();
        for key in ["first", "second"] {
            m.list(&seller, key, &harness::on_demand("1"));
            bought.push(m.open(&buyer, &choice(key, "")));
        }
        m.execute("UPDATE instances SET seller_instance_id = 'customer-42'");
        m.advance("3h");
        let of = |n: usize, value: &str| {
            let found = m.instance(bought[n].instance);
            let product = app::catalogue::wire_product_id(found.product_id, &found.specification, &found.sku, None);
            unnumbered(m, &bought[n], "2024-01-05T03", value, Some(product))
        };
        m.push(&seller, &[of(0, "10"), of(1, "20")]);
        m.push(&seller, &[of(0, "10"), of(1, "20"), of(1, "21")]);
        let mut seen: Vec<_> = m.records(&seller).into_iter().map(|r| (r.sent_value, r.state, r.repeats)).collect();
        seen.sort();
        let accepted = |value: &str, repeats| (value.to_owned(), UsageState::Accepted, repeats);
        assert_eq!(seen, [accepted("10", 1), accepted("20", 2)]);
        m.advance("1h");
        assert_eq!(balance(m), "999970.00");
        m.verify();
    });
}

#[test]
fn what_an_older_release_took_is_known_by_its_name_and_counted_once() {
    on_both(|m| {
        let (seller, bought) = (m.seller(), running(m));
        let record = unnumbered(m, &bought, "2024-01-05T03", "10", None);
        m.push(&seller, std::slice::from_ref(&record));
        // As it was written down: a hash of seller, name, begin and end.
        let mut hash = sha2::Sha256::default();
        let account = m.key(&seller).0;
        for part in [b"span".as_slice(), &account, record.instance_id.as_bytes(), record.begin_time.as_bytes(), record.end_time.as_bytes()]
        {
            sha2::Digest::update(&mut hash, u64::try_from(part.len()).unwrap().to_be_bytes());
            sha2::Digest::update(&mut hash, part);
        }
        let name = hex::encode(&sha2::Digest::finalize(hash)[..16]);
        let name = if m.database().starts_with("sqlite") { format!("x'{name}'") } else { format!("decode('{name}', 'hex')") };
        m.execute(&format!("UPDATE usage_records SET known_by = {name}"));
        m.push(&seller, &[record]);
        assert_eq!(m.records(&seller).iter().map(|r| r.repeats).collect::<Vec<_>>(), [1]);
        m.verify();
    });
}

#[test]
fn another_seller_has_no_record_for_an_instance_of_this_one() {
    on_both(|m| {
        let (seller, other, bought) = (m.seller(), m.seller2(), running(m));
        m.push(&other, &[m.record(&bought, "2024-01-05T03", "1", "x")]);
        assert!(m.records(&seller).is_empty());
        let reason = m.records(&other)[0].reason.clone().unwrap();
        assert!(reason.contains("Instance ID not found"), "{reason}");
        m.advance("1h");
        assert_eq!(balance(m), "1000000.00");
        m.verify();
    });
}

#[test]
fn a_push_that_no_key_of_the_seller_signed_stores_nothing() {
    on_both(|m| {
        let (seller, bought) = (m.seller(), running(m));
        let records = [m.record(&bought, "2024-01-05T03", "1", "x")];
        let signed = |key: &str| usage::BodySignature {
            signature: wire::open_api::usage::sign(key, "1706688300000", "n-1", b"{}"),
            ts: "1706688300000".to_owned(),
            nonce: "n-1".to_owned(),
            body: b"{}".to_vec(),
        };
        let (good, bad) = (signed(m.server.key()), signed("another key"));
        let refused = m.refusal(&seller, |tx, ctx| usage::receive(tx, ctx, &seller, Some(&bad), &records));
        assert_eq!((refused.kind, refused.code), (app::Kind::Unauthenticated, "usage.not_signed"));
        m.settle();
        assert!(m.records(&seller).is_empty());
        m.ok(&seller, |tx, ctx| usage::receive(tx, ctx, &seller, Some(&good), &records));
        m.settle();
        assert_eq!(count(m, UsageState::Accepted), 1);
        let elsewhere = m.new_seller("another");
        assert_eq!(m.refused(&elsewhere, |tx, ctx| usage::receive(tx, ctx, &elsewhere, Some(&good), &records)), "usage.not_signed");
    });
}

#[test]
fn an_on_demand_order_has_no_period_no_quantity_and_is_released_not_unsubscribed() {
    on_both(|m| {
        let (buyer, other) = (m.buyer(), m.buyer2());
        for wrong in [choice("transcribe", "1m"), order::Choice { quantity: 2, ..choice("transcribe", "") }] {
            assert_eq!(m.refused(&buyer, |tx, ctx| order::place(tx, ctx, &buyer, &unpaid(&wrong))), "price.by_use");
        }
        let (bought, backup) = (running(m), m.open(&buyer, &choice("backup", "1m")));
        let release = |who, of: &Bought| m.refused(who, |tx, ctx| instance::end_on_demand(tx, ctx, who, of.id()));
        assert_eq!(release(&buyer, &backup), "instance.not_on_demand");
        assert_eq!(release(&other, &bought), "instance.not_found");
        let renewal = m.refused(&buyer, |tx, ctx| order::renew(tx, ctx, &buyer, bought.id(), "1m".parse().unwrap(), true));
        assert_eq!(renewal, "instance.one_time");
        let back = m.refused(&buyer, |tx, ctx| order::unsubscribe(tx, ctx, &buyer, &bought.order.number));
        assert_eq!(back, "refund.on_demand");
        let ended = m.ok(&buyer, |tx, ctx| instance::end_on_demand(tx, ctx, &buyer, bought.id()));
        assert_eq!(ended.state, InstanceState::Released);
        assert_eq!(release(&buyer, &bought), "instance.state");
        m.settle();
        assert_eq!(m.last_activity(bought.instance), ("releaseInstance".to_owned(), "done".to_owned()));
        m.verify();
    });
}

#[test]
fn pushes_and_ratings_at_the_same_time_lose_and_double_nothing() {
    on_both(|m| {
        let (seller, first) = (m.seller(), running(m));
        let second = m.open(&m.buyer(), &choice("transcribe", ""));
        // Nine batches, each pushed twice or more, eight things at once: half of them pushes, half of them judge and rate.
        let batch = |n: usize| -> Vec<Record> {
            let of = |i: usize| if i.is_multiple_of(2) { &first } else { &second };
            (0..20).map(|i| m.record(of(i), "2024-01-05T05", "1", &format!("{n}-{i}"))).collect()
        };
        m.advance("1h");
        let batches: Vec<_> = (0..9).map(batch).collect();
        for round in 0..5 {
            m.environment().clock.advance_to(m.now() + jiff::SignedDuration::from_mins(21));
            let results = m.at_once(&seller, 8, |n, tx, ctx| match n {
                0..4 => usage::receive(tx, ctx, &seller, None, &batches[(round * 4 + n) % 9]).map(|_| ()),
                _ => work_off(tx, ctx, n),
            });
            assert!(results.iter().all(Result::is_ok), "{results:?}");
        }
        m.advance("2h");
        assert_eq!([&first, &second].map(|of| m.metered(of).days[0].quantity.to_string()), ["90", "90"], "9 batches of 10 each");
        assert_eq!(balance(m), "999978.40", "180 minutes at 0.12");
        assert_eq!(count(m, UsageState::Accepted), 0, "nothing waits for ever");
        m.verify();
    });
}

/// Does a due job of use, if the next one is of use, as one worker of several.
fn work_off(tx: &mut db::Tx, ctx: &app::Ctx, worker: usize) -> Result<(), app::Error> {
    let claim = db::Claim {
        owner: &format!("worker-{worker}"),
        lease: app::job::lease_micros(ctx),
        due_until: ctx.now_micros(),
        standing_at: Some(ctx.wall_micros()),
        per_lane: 1,
        no_lane: 1,
        limit: 1,
        busy: &[],
    };
    for due in store::job::claim(tx, &claim)?.iter().filter(|j| j.kind.as_str().starts_with("usage.")) {
        assert!(matches!(job::begin(tx, ctx, due)?, job::Work::Done));
    }
    Ok(())
}

/// Pushes and does not judge.
fn receive(m: &Market, records: &[Record]) -> db::Key {
    let seller = m.seller();
    m.write(&seller, |tx, ctx| usage::receive(tx, ctx, &seller, None, records)).unwrap()
}

#[test]
fn pushes_of_a_seller_are_judged_in_the_order_in_which_they_came() {
    on_both(|m| {
        let bought = running(m);
        receive(m, &[m.record(&bought, "2024-01-05T02", "700", "wrong")]);
        let right = receive(m, &[correcting(m.record(&bought, "2024-01-05T02", "70", "right"), "wrong")]);
        m.write_system(|tx, ctx| usage::judge_batch(tx, ctx, right)).unwrap();
        assert_eq!((m.record_named("wrong").state.as_str(), m.record_named("right").state.as_str()), ("corrected", "accepted"));
        m.settle();
        m.advance("1h");
        assert_eq!(balance(m), "999991.60");
        m.verify();
    });
}

#[test]
fn pushes_of_a_seller_that_are_judged_at_once_are_judged_in_order_and_once() {
    on_both(|m| {
        let (bought, seller) = (running(m), m.seller());
        let mut batches = vec![receive(m, &[m.record(&bought, "2024-01-05T02", "700", "0")])];
        for n in 1..8 {
            let record = m.record(&bought, "2024-01-05T02", &format!("{n}00"), &n.to_string());
            batches.push(receive(m, &[correcting(record, &(n - 1).to_string())]));
        }
        let judged = m.at_once(&seller, 8, |n, tx, ctx| usage::judge_batch(tx, ctx, batches[7 - n]));
        assert!(judged.iter().all(Result::is_ok), "{judged:?}");
        m.settle();
        assert_eq!((count(m, UsageState::Corrected), count(m, UsageState::Accepted), count(m, UsageState::Refused)), (7, 1, 0));
        assert_eq!(m.record_named("7").state, UsageState::Accepted);
        m.verify();
    });
}
