//! Use that is not paid: told, frozen, paid later or written down at the end (seller-domain 4.4).

use super::{
    on_both,
    usage::{metered, push, record, usage},
};
use serde_json::json;
use testkit::Platform;

/// Spends all but so much of a million.
async fn spend(p: &Platform) {
    for quantity in [1000; 10] {
        let choice = json!({ "product": "backup", "specification": "standard", "sku": "basic/5", "period": "1m", "quantity": quantity });
        p.post("buyer", "/api/v1/orders", json!({ "choice": choice, "pay": true })).await;
    }
}

async fn top_up(p: &Platform, amount: &str) {
    let request = json!({ "amount": { "amount": amount, "currency": "CNY" }, "reference": "R" });
    let transfer = p.post("buyer", "/api/v1/wallet/transfers", request).await;
    p.post("operator", &format!("/api/v1/operator/transfers/{}/confirm", transfer["id"].as_str().unwrap()), json!({})).await;
}

#[tokio::test]
async fn arrears_are_told_then_freeze_and_a_top_up_ends_them() {
    on_both(async |p| {
        let m = metered(&p).await;
        spend(&p).await;
        p.advance("3h").await;
        push(&p, &m, &[record(&m.wire, "20240105T03", "20240105T04", "100", "a")]).await;
        p.advance("1h").await;
        assert_eq!(usage(&p, &m).await["due"]["amount"], "12.00");
        assert!(p.messages("buyer").await.contains(&"usage.unpaid".to_owned()));
        p.advance("2d").await;
        assert_eq!(p.instance(&m.instance).await["state"], "running", "three days of grace");
        p.advance("24h").await;
        let frozen = p.instance(&m.instance).await;
        assert_eq!((&frozen["state"], &frozen["freeze_cause"]), (&json!("frozen"), &json!("arrears")));
        assert_eq!(p.calls(&m.instance).await.last().unwrap(), &("updateInstanceStatus".to_owned(), "done".to_owned()));
        let unfreeze = format!("/api/v1/operator/instances/{}/unfreeze", m.instance);
        assert_eq!(p.refused("operator", &unfreeze, json!({})).await, (409, "instance.arrears".into()));
        top_up(&p, "11.99").await;
        assert_eq!(p.instance(&m.instance).await["state"], "frozen", "a cent is missing");
        top_up(&p, "0.01").await;
        assert_eq!(p.instance(&m.instance).await["state"], "running");
        assert_eq!((p.balance().await.as_str(), &usage(&p, &m).await["due"]["amount"]), ("0.00", &json!("0.00")));
        p.advance("20d").await;
        assert_eq!(p.instance(&m.instance).await["state"], "running", "the release timer is gone");
        p.verify().await;
    })
    .await;
}

#[tokio::test]
async fn a_correction_of_what_is_not_paid_settles_it_and_a_violation_does_not_hide_arrears() {
    on_both(async |p| {
        let m = metered(&p).await;
        spend(&p).await;
        p.advance("3h").await;
        push(&p, &m, &[record(&m.wire, "20240105T03", "20240105T04", "100", "a")]).await;
        p.advance("1h").await;
        assert_eq!(usage(&p, &m).await["due"]["amount"], "12.00");
        let mut less = record(&m.wire, "20240105T03", "20240105T04", "1", "b");
        less["corrects"] = json!("a");
        push(&p, &m, &[less]).await;
        top_up(&p, "0.12").await;
        p.advance("1h").await;
        assert_eq!((usage(&p, &m).await["due"]["amount"].clone(), p.balance().await.as_str()), (json!("0.00"), "0.00"));
        // Frozen for a violation when it begins to owe: the days of grace begin when that is lifted.
        let verb = |verb: &str| format!("/api/v1/operator/instances/{}/{verb}", m.instance);
        p.post("operator", &verb("freeze"), json!({ "reason": "abuse" })).await;
        push(&p, &m, &[record(&m.wire, "20240105T04", "20240105T05", "100", "c")]).await;
        p.advance("5d").await;
        p.post("operator", &verb("unfreeze"), json!({})).await;
        assert_eq!(p.instance(&m.instance).await["state"], "running");
        p.advance("3d").await;
        assert_eq!(p.instance(&m.instance).await["freeze_cause"], "arrears");
        p.verify().await;
    })
    .await;
}

#[tokio::test]
async fn arrears_that_stay_end_in_release_and_are_still_owed() {
    on_both(async |p| {
        let m = metered(&p).await;
        spend(&p).await;
        p.advance("3h").await;
        push(&p, &m, &[record(&m.wire, "20240105T03", "20240105T04", "100", "a")]).await;
        p.advance("18d").await;
        assert_eq!(p.instance(&m.instance).await["state"], "frozen");
        p.advance("24h").await;
        assert_eq!(p.instance(&m.instance).await["state"], "released");
        top_up(&p, "20.00").await;
        assert_eq!(p.balance().await, "8.00", "what was used is paid all the same");
        p.verify().await;
    })
    .await;
}
