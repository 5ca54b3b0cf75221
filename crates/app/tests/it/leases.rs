//! A job is ended, put off or set aside by the owner of its lease alone (`architecture 3`).

use app::{
    export,
    job::{self, JobKind, Work},
    message::{self, Answered, NewEndpoint, OutgoingMail, Wanted},
};
use db::Claim;
use domain::{access::Role, job::ExportState, message::DeliveryState, order::OrderState};
use harness::{Market, Setup, choice, on_both, on_both_with, unpaid};
use jiff::SignedDuration;
use store::{
    Written,
    job::{Job, claim},
};

/// Claims what is due, as one worker or another: the jobs of a kind.
fn all_claimed(m: &Market, owner: &str, kind: &str) -> Vec<Job> {
    let claim_all = |tx: &mut db::Tx, ctx: &app::Ctx| {
        let due = Claim {
            owner,
            lease: app::job::lease_micros(ctx),
            due_until: ctx.now_micros(),
            standing_at: Some(ctx.wall_micros()),
            per_lane: 10,
            no_lane: 10,
            limit: 10,
            busy: &[],
        };
        Ok(claim(tx, &due)?)
    };
    let jobs = m.write_system(claim_all).unwrap();
    jobs.into_iter().filter(|j| j.kind.as_str() == kind).collect()
}

/// The first of them.
fn claimed(m: &Market, owner: &str, kind: &str) -> Job {
    all_claimed(m, owner, kind).into_iter().next().unwrap_or_else(|| panic!("{owner} gets no job {kind}"))
}

/// Runs a test on a platform that has a mail server, where the seller hears of all by mail.
fn with_mail(test: impl Fn(&Market)) {
    on_both_with(&Setup { settings: |s| s.mail = true, ..Setup::default() }, |m| {
        let seller = m.seller();
        m.ok(&seller, |tx, ctx| message::add_recipient(tx, ctx, &seller, &crate::message::ops()));
        m.execute("UPDATE message_recipients SET confirmed_at = created_at");
        test(m);
    });
}

/// The mail that a job is to send, if it does.
fn mail_of(m: &Market, job: &Job) -> Option<Box<OutgoingMail>> {
    match m.write_system(|tx, ctx| job::begin(tx, ctx, job)).unwrap() {
        Work::Mail(sent) => Some(sent),
        _ => None,
    }
}

#[test]
fn a_timer_whose_lease_was_lost_is_left_to_who_has_it_now() {
    on_both(|m| {
        let buyer = m.buyer();
        let number = m.ok(&buyer, |tx, ctx| app::order::place(tx, ctx, &buyer, &unpaid(&choice("backup", "1m")))).order.number;
        let clock = &m.environment().clock;
        clock.advance_to(m.now() + SignedDuration::from_hours(24 * 7));
        let slow = claimed(m, "slow", "order.unpaid");
        clock.pass(SignedDuration::from_secs(61));
        let quick = claimed(m, "quick", "order.unpaid");
        assert_eq!(slow.id, quick.id);
        for lost in [
            m.write_system(|tx, _| Ok(store::job::done(tx, &slow.lease())?)).unwrap(),
            m.write_system(|tx, _| Ok(store::job::put_off(tx, &slow.lease(), slow.due_at, Some("x"))?)).unwrap(),
            m.write_system(|tx, _| Ok(store::job::fail(tx, &slow.lease(), "x")?)).unwrap(),
        ] {
            assert_eq!(lost, Written::SomeoneElseWasFirst);
        }
        m.write_system(|tx, ctx| job::begin(tx, ctx, &slow)).unwrap();
        assert_eq!(m.order(&number).state, OrderState::PendingPayment, "the slow worker does nothing");
        m.write_system(|tx, ctx| job::begin(tx, ctx, &quick)).unwrap();
        assert_eq!(m.order(&number).state, OrderState::Cancelled);
        // What was claimed besides is done once its lease has run out.
        clock.pass(SignedDuration::from_secs(61));
        m.settle();
        m.verify();
    });
}

#[test]
fn a_call_whose_lease_was_lost_stays_due_for_who_has_it_now() {
    on_both(|m| {
        let placed = m.buy(&m.buyer(), &choice("backup", "1m"));
        let slow = claimed(m, "slow", "call");
        let Work::Call(sent) = m.write_system(|tx, ctx| job::begin(tx, ctx, &slow)).unwrap() else { panic!("a call") };
        m.environment().clock.pass(SignedDuration::from_secs(61));
        let quick = claimed(m, "quick", "call");
        let exchange = m.server.call(&sent);
        m.write_system(|tx, ctx| job::finish_call(tx, ctx, &slow.lease(), &sent, &exchange)).unwrap();
        let left = m.read(|tx, _| Ok(store::job::of_subject(tx, slow.subject.unwrap())?));
        assert_eq!(left.iter().map(|j| j.lease_owner.as_str()).collect::<Vec<_>>(), ["quick"], "the slow worker does not end it");
        assert!(matches!(m.write_system(|tx, ctx| job::begin(tx, ctx, &quick)).unwrap(), Work::Done), "the call is over");
        m.environment().clock.pass(SignedDuration::from_secs(61));
        m.settle();
        assert_eq!(m.order(&placed.order.number).state, OrderState::Completed);
        m.verify();
    });
}

#[test]
fn an_export_whose_lease_was_lost_is_said_to_be_done_by_who_wrote_it() {
    on_both(|m| {
        let buyer = m.buyer();
        let ask = |tx: &mut db::Tx, ctx: &app::Ctx| export::request(tx, ctx, &buyer, Role::Buyer, &store::order::Filter::default());
        let id = m.ok(&buyer, ask).id;
        let slow = claimed(m, "slow", "export").lease();
        let far = |lease: &store::job::Lease, rows| m.write_system(|tx, _| export::under_way(tx, lease, id, (rows, 9))).unwrap();
        assert_eq!(far(&slow, 1), Written::Yes);
        m.environment().clock.pass(SignedDuration::from_secs(61));
        let quick = claimed(m, "quick", "export").lease();
        assert_eq!(far(&slow, 2), Written::SomeoneElseWasFirst);
        m.write_system(|tx, ctx| export::written(tx, ctx, &quick, id, ("quick.xlsx", 9))).unwrap();
        assert_eq!(far(&slow, 3), Written::SomeoneElseWasFirst);
        m.write_system(|tx, ctx| export::written(tx, ctx, &slow, id, ("slow.xlsx", 9))).unwrap();
        let found = m.read(|tx, _| Ok(store::export::any_lookup(tx, id)?)).unwrap();
        assert_eq!((found.state, found.rows_done, found.file.as_deref()), (ExportState::Done, 9, Some("quick.xlsx")));
        m.verify();
    });
}

#[test]
fn what_came_of_a_webhook_whose_lease_was_lost_is_said_by_who_sent_it_last() {
    on_both(|m| {
        let buyer = m.buyer();
        let hook = NewEndpoint { url: "https://hooks.example.com/".to_owned(), description: None, events: Vec::new() };
        let endpoint = m.ok(&buyer, |tx, ctx| message::add_endpoint(tx, ctx, &buyer, &hook)).id;
        let id = m.ok(&buyer, |tx, ctx| message::test_endpoint(tx, ctx, &buyer, endpoint.id())).id;
        let begin = |job: &Job| match m.write_system(|tx, ctx| job::begin(tx, ctx, job)).unwrap() {
            Work::Webhook(sent) => sent,
            _ => panic!("a webhook"),
        };
        let slow = claimed(m, "slow", "message.webhook");
        let first = begin(&slow);
        m.environment().clock.pass(SignedDuration::from_secs(61));
        let quick = claimed(m, "quick", "message.webhook");
        let second = begin(&quick);
        let taken = Answered { status: Some(200), ..Answered::default() };
        let late = Answered { error: Some("no answer".to_owned()), ..Answered::default() };
        m.write_system(|tx, ctx| job::finish_webhook(tx, ctx, &quick.lease(), &second, &taken)).unwrap();
        m.write_system(|tx, ctx| job::finish_webhook(tx, ctx, &slow.lease(), &first, &late)).unwrap();
        let found = m.read(|tx, _| Ok(store::delivery::any_lookup(tx, id)?)).unwrap();
        assert_eq!((found.state, found.attempts), (DeliveryState::Sent, 2));
        m.verify();
    });
}

#[test]
fn a_timer_that_is_set_for_a_moment_that_is_over_is_due_now_and_not_late() {
    on_both(|m| {
        let instance = m.open(&m.buyer(), &choice("backup", "1m")).instance;
        let hour = SignedDuration::from_hours(1);
        m.write_system(|tx, ctx| job::schedule(tx, ctx, JobKind::Expiry, Some(instance), ctx.now - hour)).unwrap();
        m.verify();
        m.settle();
        m.verify();
    });
}

#[test]
fn what_came_of_a_mail_whose_lease_was_lost_is_said_by_who_sent_it_last() {
    with_mail(|m| {
        let slow = claimed(m, "slow", "message.mail");
        let first = mail_of(m, &slow).expect("a mail");
        m.environment().clock.pass(SignedDuration::from_secs(61));
        let quick = claimed(m, "quick", "message.mail");
        let second = mail_of(m, &quick).expect("the same mail");
        let (taken, late) = (Ok(()), Err("no answer".to_owned()));
        m.write_system(|tx, ctx| job::finish_mail(tx, ctx, &quick.lease(), &second, &taken, 1)).unwrap();
        m.write_system(|tx, ctx| job::finish_mail(tx, ctx, &slow.lease(), &first, &late, 1)).unwrap();
        let found = m.read(|tx, _| Ok(store::delivery::any_lookup(tx, slow.subject.unwrap())?)).unwrap();
        assert_eq!((found.state, found.attempts), (DeliveryState::Sent, 2));
        m.verify();
    });
}

#[test]
fn a_digest_is_one_mail_although_the_jobs_of_all_that_it_gathers_are_done_at_once() {
    with_mail(|m| {
        let seller = m.seller();
        let gathered = Wanted { mail: true, sms: false, digest: true };
        m.ok(&seller, |tx, ctx| message::put_setting(tx, ctx, &seller, "101", gathered));
        m.settle();
        for _ in 0..2 {
            m.open(&m.buyer(), &choice("backup", "1m"));
        }
        m.environment().clock.advance_to(m.now() + SignedDuration::from_hours(24));
        let jobs = all_claimed(m, "one", "message.mail");
        assert!(jobs.len() > 2, "{jobs:?}");
        let mut mails: Vec<_> = jobs.iter().filter_map(|job| Some((job, mail_of(m, job)?))).collect();
        assert_eq!(mails.len(), 1);
        let (job, sent) = mails.remove(0);
        // It is not taken: nothing else is sent in its place, and it is tried again.
        m.write_system(|tx, ctx| job::finish_mail(tx, ctx, &job.lease(), &sent, &Err("no".to_owned()), 1)).unwrap();
        let before = m.sent().len();
        m.environment().clock.pass(SignedDuration::from_secs(61));
        m.advance("10m");
        assert_eq!(m.sent().len(), before + 1);
        let ops = m.read(|tx, _| Ok(store::delivery::recipients(tx, m.key(&seller))?)).remove(0).id;
        let left = m.read(|tx, _| Ok(store::delivery::digest(tx, ops)?));
        assert!(left.is_empty(), "{left:?}");
        m.verify();
    });
}

#[test]
fn a_mail_that_lost_its_job_is_named_and_sent_when_a_node_starts() {
    with_mail(|m| {
        m.execute("DELETE FROM jobs WHERE kind = 'message.mail'");
        let wrong = m.differences();
        assert!(matches!(&wrong[..], [("no_stuck_job", told)] if told[0].contains("nothing sends it")), "{wrong:?}");
        m.write_system(job::prepare).unwrap();
        m.write_system(job::prepare).unwrap();
        m.settle();
        assert_eq!(m.sent().len(), 1);
        m.verify();
    });
}
