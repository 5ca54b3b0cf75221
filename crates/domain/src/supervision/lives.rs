//! Whole lives of cases, flow by flow, and whatever may happen to them in any order.

use super::{
    Action, Case, CaseState, Decision, Due, Effect, EvidenceKind, FieldName, Form, Goods, Happening, Input, Party, RefundState, Refused,
    Scene, Template, Verb, built_in, due::days,
};
use crate::site::{Site, SiteCode};
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn template(key: &str, version: u32) -> Template {
    built_in().find(|t| t.key == key && t.version == version).unwrap()
}

fn site() -> Site {
    Site::of(SiteCode::Cn)
}

/// Everything that an action asks for.
fn full(action: &Action, scene: Scene) -> Form {
    let files = action.evidence.iter().flat_map(|e| std::iter::repeat_n(e.kind, usize::from(e.min)));
    let mut files: Vec<EvidenceKind> = files.collect();
    let shots = files.iter().filter(|k| k.is_screenshot()).count();
    if let Some(e) = action.evidence.iter().find(|e| e.kind.is_screenshot()).filter(|_| scene.reviewed()) {
        files.extend(std::iter::repeat_n(e.kind, 3_usize.saturating_sub(shots)));
    }
    Form { fields: action.fields.iter().filter(|f| f.required).map(|f| f.name).collect(), files, opening_at: None }
}

fn act(case: &mut Case, t: &Template, by: Party, verb: Verb, now: Timestamp) -> Result<Vec<Effect>, Refused> {
    let action = case.actions(t, by).into_iter().find(|a| a.verb == verb);
    let form = action.map(|a| full(&a, case.scene)).unwrap_or_default();
    case.apply(t, &Input::Act { by, verb, form }, now)
}

/// Plays a life; every step must be possible.
fn play(key: &str, version: u32, scene: Scene, steps: &[(Party, Verb)]) -> (Case, Vec<Effect>) {
    let (t, mut now) = (template(key, version), at("2026-03-02T01:00:00Z"));
    let mut case = Case::begin(&t, scene, now, 1_000, now);
    let mut last = Vec::new();
    for (by, verb) in steps {
        now += days(1);
        last = act(&mut case, &t, *by, *verb, now).unwrap_or_else(|e| panic!("{key} {verb} at {}: {e}", case.node));
    }
    (case, last)
}

#[test]
fn every_flow_ends_by_its_own_actions() {
    use Party::{Buyer, Operator, Seller};
    use Verb::{Accept, Claim, Confirm, Deliver, Pass, Reject, Return, Ship, Submit};
    let standard = [
        (Buyer, Submit),
        (Seller, Return),
        (Buyer, Submit),
        (Seller, Confirm),
        (Seller, Deliver),
        (Buyer, Reject),
        (Seller, Deliver),
        (Buyer, Accept),
    ];
    for (key, version) in [("human-service", 1), ("human-service", 2), ("saas", 1), ("orchestration", 1), ("data-file", 1)] {
        let (case, _) = play(key, version, Scene::General, &standard);
        assert_eq!((case.state, case.rejections, case.released_minor), (CaseState::Completed, 1, 1_000), "{key}");
        let reviewed = [
            (Buyer, Submit),
            (Seller, Confirm),
            (Seller, Deliver),
            (Operator, Return),
            (Seller, Deliver),
            (Operator, Pass),
            (Operator, Pass),
            (Buyer, Accept),
        ];
        for scene in [Scene::EmpowermentCloud, Scene::BaseCloud] {
            assert_eq!(play(key, version, scene, &reviewed).0.state, CaseState::Completed, "{key} reviewed");
        }
    }
    for (key, first) in [("license-file", None), ("license-package", None), ("license-identification", Some((Buyer, Submit)))] {
        let steps: Vec<_> = first.into_iter().chain([(Seller, Deliver), (Buyer, Accept)]).collect();
        assert_eq!(play(key, 1, Scene::Joint, &steps).0.state, CaseState::Completed, "{key}");
    }
    assert_eq!(play("hardware", 1, Scene::General, &[(Seller, Ship), (Buyer, Accept)]).0.state, CaseState::Completed);
    let building = [
        (Buyer, Submit),
        (Seller, Confirm),
        (Seller, Deliver),
        (Buyer, Reject),
        (Seller, Deliver),
        (Buyer, Accept),
        (Seller, Deliver),
        (Buyer, Accept),
    ];
    assert_eq!(play("site-building", 1, Scene::General, &building).0.state, CaseState::Completed);
    assert_eq!(play("license-code", 3, Scene::General, &[(Buyer, Claim), (Seller, Deliver)]).0.node, "activate");
}

#[test]
fn milestones_release_their_shares_one_by_one() {
    let (t, now) = (template("human-service-milestones", 1), at("2026-03-02T01:00:00Z"));
    let mut case = Case::begin(&t, Scene::General, now, 1_001, now);
    let mut released = Vec::new();
    for (by, verb) in [(Party::Buyer, Verb::Submit), (Party::Seller, Verb::Confirm)] {
        act(&mut case, &t, by, verb, now).unwrap();
    }
    for _ in 0..3 {
        act(&mut case, &t, Party::Seller, Verb::Deliver, now).unwrap();
        for effect in act(&mut case, &t, Party::Buyer, Verb::Accept, now).unwrap() {
            match effect {
                Effect::Released { minor, .. } | Effect::Completed { released_minor: minor, .. } => released.push(minor),
                _ => {}
            }
        }
    }
    assert_eq!(released, [300, 400, 301], "of 10.01: 30, 40 and what is left");
}

#[test]
fn a_code_is_taken_and_activated_by_the_rules_of_its_orders_day() {
    let now = at("2026-03-02T01:00:00Z");
    let activate = |case: &mut Case, t: &Template| case.apply(t, &Input::Happened { event: Happening::Activation, at: now }, now);
    // Before 2024-09-14: taken first, proved after, then accepted by itself.
    let t = template("license-code", 1);
    let mut case = Case::begin(&t, Scene::General, now, 100, now);
    assert_eq!(activate(&mut case, &t), Err(Refused::NotTaken), "92020004");
    act(&mut case, &t, Party::Buyer, Verb::Claim, now).unwrap();
    assert_eq!(case.apply(&t, &Input::AskRefund { amount_minor: 1, goods: Goods::None }, now), Err(Refused::CodeTaken));
    assert_eq!(activate(&mut case, &t).unwrap()[0], Effect::Opened { at: now });
    assert_eq!((case.state, case.node.as_str()), (CaseState::Open, "prove"));
    act(&mut case, &t, Party::Seller, Verb::Prove, now).unwrap();
    assert_eq!(case.state, CaseState::Completed, "nobody accepts by hand");
    // From 2024-09-14: visible only after the seller's delivery, closed by activation.
    let t = template("license-code", 2);
    let mut case = Case::begin(&t, Scene::General, now, 100, now);
    assert!(matches!(act(&mut case, &t, Party::Buyer, Verb::Claim, now), Err(Refused::NoSuchAction { .. })));
    for (by, verb) in [(Party::Seller, Verb::Deliver), (Party::Buyer, Verb::Claim)] {
        act(&mut case, &t, by, verb, now).unwrap();
    }
    activate(&mut case, &t).unwrap();
    assert_eq!(case.state, CaseState::Completed);
    // From 2025-05-22: both have the code at once.
    let t = template("license-code", 3);
    let mut case = Case::begin(&t, Scene::General, now, 100, now);
    activate(&mut case, &t).unwrap();
    assert_eq!(case.state, CaseState::Completed);
    let mut case = Case::begin(&t, Scene::EmpowermentCloud, now, 100, now);
    activate(&mut case, &t).unwrap();
    assert_eq!((case.state, case.node.as_str()), (CaseState::Open, "review_base"), "platform review comes before the money");
}

#[test]
fn hardware_is_accepted_ten_days_after_the_carrier_delivered_and_not_while_frozen() {
    let (t, shipped) = (template("hardware", 1), at("2026-03-02T01:00:00Z"));
    let mut case = Case::begin(&t, Scene::General, shipped, 100, shipped);
    act(&mut case, &t, Party::Seller, Verb::Ship, shipped).unwrap();
    assert_eq!(case.due(&t, &site()), Some((shipped + days(7), Due::Remind)), "without the carrier's word nothing is accepted");
    let delivered = shipped + days(2);
    let told = Input::Happened { event: Happening::CarrierDelivered, at: delivered };
    assert_eq!(case.apply(&t, &told, shipped), Err(Refused::NotAwaited), "in the future");
    case.apply(&t, &told, delivered).unwrap();
    assert_eq!(case.apply(&t, &told, delivered), Err(Refused::NotAwaited), "once");
    assert_eq!(case.fall_due(&t, &site(), shipped + days(7)), [Effect::Remind { party: Party::Buyer }]);
    assert_eq!(case.due(&t, &site()), Some((delivered + days(10), Due::Go("end".to_owned()))));
    case.apply(&t, &Input::Appeal { by: Party::Buyer, due_at: delivered + days(9) }, delivered + days(4)).unwrap();
    assert_eq!(case.fall_due(&t, &site(), delivered + days(30)), [Effect::AppealLate], "frozen: nothing is accepted");
    case.apply(&t, &Input::Decide(Decision::Continue), delivered + days(34)).unwrap();
    assert_eq!(case.due(&t, &site()).unwrap().0, shipped + days(14), "a reminder again");
    assert_eq!(case.fall_due(&t, &site(), delivered + days(35)), [Effect::Remind { party: Party::Buyer }]);
    assert!(case.fall_due(&t, &site(), delivered + days(39)).is_empty(), "thirty frozen days do not count");
    let done = case.fall_due(&t, &site(), delivered + days(40));
    assert!(matches!(done[..], [Effect::Moved { .. }, Effect::Completed { released_minor: 100, .. }]), "{done:?}");
}

#[test]
fn goods_come_back_in_ten_days_and_are_inspected_in_fifteen() {
    let (t, now) = (template("hardware", 1), at("2026-03-02T01:00:00Z"));
    let shipped = || {
        let mut case = Case::begin(&t, Scene::General, now, 100, now);
        act(&mut case, &t, Party::Seller, Verb::Ship, now).unwrap();
        case
    };
    let ask = |goods| Input::AskRefund { amount_minor: 60, goods };
    let mut case = shipped();
    case.apply(&t, &ask(Goods::Received), now).unwrap();
    assert_eq!(case.due(&t, &site()).unwrap(), (now + days(7), Due::Remind));
    case.apply(&t, &Input::AnswerRefund { agree: true }, now).unwrap();
    assert!(matches!(act(&mut case, &t, Party::Buyer, Verb::Accept, now), Err(Refused::RefundAgreed)));
    assert_eq!(case.due(&t, &site()).unwrap(), (now + days(10), Due::RefundLapses));
    assert_eq!(case.fall_due(&t, &site(), now + days(10)), [Effect::Refund { state: RefundState::Withdrawn }]);
    case.apply(&t, &ask(Goods::Received), now + days(11)).unwrap();
    case.apply(&t, &Input::AnswerRefund { agree: true }, now + days(11)).unwrap();
    case.apply(&t, &Input::SendBack, now + days(12)).unwrap();
    assert_eq!(case.fall_due(&t, &site(), now + days(27)), [Effect::Cancelled { refunded_minor: 60, released_minor: 40 }]);
    // In transit: not without the platform.
    let mut case = shipped();
    case.apply(&t, &ask(Goods::None), now).unwrap();
    case.apply(&t, &Input::AnswerRefund { agree: true }, now).unwrap();
    assert_eq!(case.waits_for(&t), [Party::Operator]);
    assert!(matches!(case.due(&t, &site()).unwrap().1, Due::Press));
    case.apply(&t, &Input::ConfirmRefund { agree: false }, now).unwrap();
    assert_eq!(case.refund.unwrap().state, RefundState::Rejected);
    // Not shipped: at once.
    let mut case = Case::begin(&t, Scene::General, now, 100, now);
    case.apply(&t, &ask(Goods::Received), now).unwrap();
    let done = case.apply(&t, &Input::AnswerRefund { agree: true }, now).unwrap();
    assert_eq!(done, [Effect::Cancelled { refunded_minor: 60, released_minor: 40 }]);
}

#[test]
fn the_opening_time_lies_between_the_payment_and_now() {
    let (t, ordered) = (template("license-file", 1), at("2026-03-02T01:00:00.9Z"));
    let paid = ordered + days(2);
    let now = paid + days(3);
    let deliver = |opening: Timestamp| {
        let mut case = Case::begin(&t, Scene::General, ordered, 1, paid);
        let mut form = full(&case.actions(&t, Party::Seller)[0], Scene::General);
        form.fields.push(FieldName::OpeningTime);
        form.opening_at = Some(opening);
        case.apply(&t, &Input::Act { by: Party::Seller, verb: Verb::Deliver, form }, now).map(|_| case)
    };
    assert_eq!(deliver(paid - days(1)).unwrap_err(), Refused::OpeningBeforeOrder, "placed, and not paid yet");
    assert_eq!(deliver(now + days(1)).unwrap_err(), Refused::OpeningInFuture);
    let mut case = deliver(paid + days(1)).unwrap();
    let done = act(&mut case, &t, Party::Buyer, Verb::Accept, now).unwrap();
    assert_eq!(done.last(), Some(&Effect::Completed { released_minor: 1, opened_at: paid + days(1) }));
}

#[test]
fn a_case_that_stays_open_is_told_of_from_day_180_every_week() {
    let (t, now) = (template("license-package", 1), at("2026-03-02T01:00:00Z"));
    let mut case = Case::begin(&t, Scene::General, now, 1, now);
    let mut told = Vec::new();
    while let Some((due, what)) = case.due(&t, &site()).filter(|(due, _)| *due < now + days(200)) {
        case.fall_due(&t, &site(), due);
        if what == Due::LongOpen {
            told.push(due.duration_since(now).as_hours() / 24);
        }
    }
    assert_eq!(told, [180, 187, 194]);
}

fn anything() -> impl Strategy<Value = Input> {
    let party = prop_oneof![Just(Party::Buyer), Just(Party::Seller), Just(Party::Operator)];
    let verb = proptest::sample::select(Verb::ALL);
    let event = proptest::sample::select(Happening::ALL);
    let goods = proptest::sample::select(Goods::ALL);
    let amount = prop_oneof![Just(0_i64), Just(-1), 1..1_200_i64];
    let decision = prop_oneof![
        Just(Decision::Continue),
        Just(Decision::Close),
        amount.clone().prop_map(|amount_minor| Decision::Refund { amount_minor })
    ];
    prop_oneof![
        8 => (party.clone(), verb).prop_map(|(by, verb)| Input::Act { by, verb, form: Form::default() }),
        2 => event.prop_map(|event| Input::Happened { event, at: Timestamp::UNIX_EPOCH }),
        1 => party.prop_map(|by| Input::Appeal { by, due_at: Timestamp::UNIX_EPOCH }),
        1 => decision.prop_map(Input::Decide),
        1 => (amount, goods).prop_map(|(amount_minor, goods)| Input::AskRefund { amount_minor, goods }),
        1 => any::<bool>().prop_map(|agree| Input::AnswerRefund { agree }),
        1 => any::<bool>().prop_map(|agree| Input::ConfirmRefund { agree }),
        1 => any::<bool>().prop_map(|good| Input::Inspect { good }),
        1 => Just(Input::WithdrawRefund),
        1 => Just(Input::SendBack),
    ]
}

proptest! {
    #[test]
    fn whatever_happens_a_case_ends_or_has_a_next_actor_and_a_timer_and_no_money_is_lost(
        which in 0..14_usize,
        scene in proptest::sample::select(Scene::ALL),
        paid in 0..1_100_i64,
        inputs in proptest::collection::vec((anything(), 0..30_i64), 0..60),
    ) {
        let t = built_in().nth(which).unwrap();
        let mut now = at("2026-03-02T01:00:00Z");
        let mut case = Case::begin(&t, scene, now, paid, now);
        let (mut seller, mut buyer) = (0, 0);
        for (mut input, wait) in inputs {
            now += SignedDuration::from_hours(24 * wait);
            let mut effects = Vec::new();
            while case.due(&t, &site()).is_some_and(|(due, _)| due <= now) {
                effects.extend(case.fall_due(&t, &site(), now));
            }
            match &mut input {
                Input::Act { by, verb, form } => {
                    let action = case.actions(&t, *by).into_iter().find(|a| a.verb == *verb);
                    *form = action.map(|a| full(&a, scene)).unwrap_or_default();
                }
                Input::Happened { at, .. } => *at = now,
                Input::Appeal { due_at, .. } => *due_at = now + days(3),
                _ => {}
            }
            let before = case.clone();
            match case.apply(&t, &input, now) {
                Ok(more) => effects.extend(more),
                Err(_) => prop_assert_eq!(&case, &before, "a refusal changes nothing"),
            }
            for effect in effects {
                match effect {
                    Effect::Released { minor, .. } | Effect::Completed { released_minor: minor, .. } => seller += minor,
                    Effect::Cancelled { refunded_minor, released_minor } => {
                        buyer += refunded_minor;
                        seller += released_minor;
                    }
                    _ => {}
                }
            }
            prop_assert_eq!((case.released_minor, case.refunded_minor), (seller, buyer));
            if case.state == CaseState::Open {
                prop_assert!(!case.waits_for(&t).is_empty(), "somebody is waited for at {}", case.node);
                prop_assert!(case.due(&t, &site()).is_some(), "a timer runs at {}", case.node);
                prop_assert!(seller <= paid && buyer == 0);
            } else {
                prop_assert_eq!(seller + buyer, paid, "every cent went to one of them");
                prop_assert!(case.due(&t, &site()).is_none() && case.waits_for(&t).is_empty());
            }
        }
    }
}
