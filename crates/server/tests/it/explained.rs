//! Any sequence of buying, renewing, upgrading, giving back and waiting leaves every account explained,
//! with a seller who fails now and then.

use super::setup;
use serde_json::{Value, json};
use testdb::ENGINES;
use testkit::{Platform, instance_of, number};

/// A small generator: the sequence is the same for the same seed, and the seed is in the failure.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }

    fn one_of<'a>(&mut self, words: &[&'a str]) -> &'a str {
        words[usize::try_from(self.roll(u64::try_from(words.len()).unwrap())).unwrap()]
    }
}

/// One step; what is refused by a rule is part of the play, what breaks is not.
async fn step(p: &Platform, dice: &mut Dice, orders: &mut Vec<Value>) -> String {
    let pick = |dice: &mut Dice, orders: &[Value]| {
        let len = u64::try_from(orders.len()).unwrap();
        (len > 0).then(|| orders[usize::try_from(dice.roll(len)).unwrap()].clone())
    };
    let (path, body) = match dice.roll(9) {
        0 | 1 => {
            let (sku, period) = (dice.one_of(&["basic/5", "pro/5"]), dice.one_of(&["1m", "3m", "1y"]));
            let choice =
                json!({ "product": "backup", "specification": "standard", "sku": sku, "period": period, "quantity": 1 + dice.roll(3) });
            ("/api/v1/orders".to_owned(), json!({ "choice": choice, "pay": dice.roll(4) > 0 }))
        }
        2 | 3 => match pick(dice, orders).filter(|o| o["instance_id"].is_string()) {
            Some(o) => {
                let period = dice.one_of(&["1m", "1y"]);
                (format!("/api/v1/instances/{}/renew", instance_of(&o)), json!({ "period": period, "pay": dice.roll(4) > 0 }))
            }
            None => return "nothing to renew".to_owned(),
        },
        4 => match pick(dice, orders).filter(|o| o["instance_id"].is_string()) {
            Some(o) => (format!("/api/v1/instances/{}/change", instance_of(&o)), json!({ "sku": "pro/5", "pay": true })),
            None => return "nothing to upgrade".to_owned(),
        },
        5 | 6 => match pick(dice, orders) {
            Some(o) => (format!("/api/v1/orders/{}/{}", number(&o), dice.one_of(&["unsubscribe", "cancel", "pay"])), json!({})),
            None => return "nothing to undo".to_owned(),
        },
        7 => {
            let by = dice.one_of(&["60m", "4h", "2d", "20d", "45d"]);
            p.advance(by).await;
            return format!("advance {by}");
        }
        _ => {
            let fault = dice.one_of(&["none", "none", "code_000005", "asynchronous"]);
            p.fault("backup", fault).await;
            return format!("fault {fault}");
        }
    };
    let (status, answer) = p.send("buyer", "POST", &path, Some(&body)).await;
    assert!(status < 500, "{path} {body}: {answer}");
    if status == 200 {
        p.settle().await;
        orders.push(p.order(&answer).await);
    }
    format!("{path} {body} -> {status} {}", answer["code"].as_str().unwrap_or("ok"))
}

#[tokio::test]
async fn every_account_is_explained_after_any_sequence() {
    for engine in ENGINES {
        for seed in [1, 20_261_124, 777] {
            let p = Platform::start(setup(engine)).await;
            let (mut dice, mut orders, mut played) = (Dice(seed), Vec::new(), Vec::new());
            for n in 0..60 {
                played.push(step(&p, &mut dice, &mut orders).await);
                if n % 10 == 9 {
                    let found = p.get("operator", "/api/v1/operator/verify").await;
                    assert_eq!(found["ok"], true, "seed {seed}, {engine:?}: {found:#}\n{}", played.join("\n"));
                }
            }
            p.fault("backup", "none").await;
            p.advance("400d").await;
            p.verify().await;
            let open = p.get("operator", "/api/v1/orders?state=processing").await;
            assert_eq!(open["orders"].as_array().unwrap().len(), 0, "an order that is paid ends: {open}");
        }
    }
}
