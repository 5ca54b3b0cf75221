//! Azure's usage events: one for a subscription, a dimension and an hour.

use super::{activate, bought, sell};
use app::neighbour::azure;
use harness::{Market, on_both, sample};
use jiff::SignedDuration;
use serde_json::{Value, json};
use wire::azure::{UsageEvent, UsageStatus};

/// Reports what was used so many hours ago.
fn report(m: &Market, id: &str, (plan, dimension, quantity): (&str, &str, Value), hours: i64) -> UsageStatus {
    let at = (m.now() - SignedDuration::from_hours(hours)).to_string();
    let event: UsageEvent = serde_json::from_value(json!({
        "resourceId": id, "planId": plan, "dimension": dimension, "quantity": quantity, "effectiveStartTime": at,
    }))
    .unwrap();
    let seller = m.seller();
    m.ok(&seller, |tx, ctx| azure::report(tx, ctx, &seller, &event)).answer.status
}

#[test]
fn each_hour_of_use_is_booked_once_and_what_is_wrong_has_its_status() {
    on_both(|m| {
        sell(m, "scribe", sample("transcribe"));
        let (_, id) = bought(m, "scribe", "minutes", "");
        let minutes = |quantity: Value| ("minutes", "minutes", quantity);
        assert_eq!(report(m, &id, minutes(json!(60)), 0), UsageStatus::ResourceNotActive, "not active yet");
        assert_eq!(activate(m, &m.seller(), &id, "minutes"), None);
        m.advance("3h");
        assert_eq!(report(m, &id, minutes(json!(60)), 1), UsageStatus::Accepted);
        assert_eq!(report(m, &id, minutes(json!(60)), 1), UsageStatus::Duplicate, "the hour is taken");
        assert_eq!(report(m, &id, minutes(json!(2.5)), 2), UsageStatus::Accepted);
        for (said, hours, expected) in [
            (("gold", "minutes", json!(1)), 2, UsageStatus::BadArgument),
            (("minutes", "hours", json!(1)), 2, UsageStatus::InvalidDimension),
            (minutes(json!(0)), 2, UsageStatus::InvalidQuantity),
            (minutes(json!(-1)), 2, UsageStatus::InvalidQuantity),
            (minutes(json!(1)), 30, UsageStatus::Expired),
        ] {
            assert_eq!(report(m, &id, said.clone(), hours), expected, "{said:?} {hours}");
        }
        assert_eq!(report(m, "nothing", minutes(json!(1)), 1), UsageStatus::ResourceNotFound);
        m.advance("2h");
        // 62.5 minutes at 0.12.
        assert_eq!(m.balance(&m.buyer()), "999992.50");
        m.verify();
    });
}

#[test]
fn use_of_a_time_in_which_it_was_suspended_is_refused_also_later() {
    on_both(|m| {
        sell(m, "scribe", sample("transcribe"));
        let (operator, (of, id)) = (m.operator(), bought(m, "scribe", "minutes", ""));
        let minutes = || ("minutes", "minutes", json!(60));
        activate(m, &m.seller(), &id, "minutes");
        m.advance("1h");
        m.ok(&operator, |tx, ctx| app::instance::freeze_for_violation(tx, ctx, &operator, of.id(), "misuse"));
        m.advance("6h");
        assert_eq!(report(m, &id, minutes(), 3), UsageStatus::ResourceNotActive);
        m.ok(&operator, |tx, ctx| app::instance::unfreeze(tx, ctx, &operator, of.id()));
        m.advance("1h");
        assert_eq!(report(m, &id, minutes(), 3), UsageStatus::ResourceNotActive, "the hour lies in the freeze");
        assert_eq!(report(m, &id, minutes(), 0), UsageStatus::Accepted);
        assert_eq!(report(m, &id, minutes(), 9), UsageStatus::BadArgument, "before the hour in which it was activated");
        m.verify();
    });
}
