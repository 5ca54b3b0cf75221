//! Buyers, a seller and the operator, who do anything that they may, over HTTP.

use super::line::{Line, Sent};
use crate::{held_seller::HeldSeller, supervision::PDF};
use seller_rust::Fault;
use serde_json::{Value, json};
use std::sync::Arc;
use testkit::Signed;
use wire::open_api::usage::sign;

const PUSH: &str = "/api/mkp-openapi-public/global/v1/isv/usage-data";
const ACTIVATE: &str = "/api/mkp-openapi-public/global/v1/license/activate";
const VERBS: [&str; 9] = ["submit", "confirm", "return", "deliver", "accept", "reject", "claim", "pass", "ship"];

pub(super) struct Person {
    pub line: Arc<Line>,
    pub seller: Arc<HeldSeller>,
    pub role: &'static str,
    /// Moves the clock and lets sellers misbehave, and does nothing else.
    pub is_fate: bool,
    /// Tells those of one role apart.
    pub name: String,
    pub dice: fastrand::Rng,
    pub sent: u32,
}

impl Person {
    /// Does one thing after the other until it is over.
    pub(super) async fn live(mut self) {
        while !self.line.is_over() {
            match self.role {
                _ if self.is_fate => self.befall().await,
                "seller" => self.sell().await,
                "operator" => self.operate().await,
                _ => self.buy_and_use().await,
            }
        }
    }

    fn one_of<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.dice.usize(..all.len())]
    }

    async fn send(&mut self, method: &'static str, path: &str, body: Option<Value>) -> (u16, Value) {
        self.sent += 1;
        let key = format!("{}-{}", self.name, self.sent);
        self.line.send(&Sent { role: self.role, method, path, body, key }).await
    }

    async fn post(&mut self, path: &str, body: Value) -> Value {
        self.send("POST", path, Some(body)).await.1
    }

    /// One of the newest things of a list.
    async fn any_of(&mut self, path: &str, list: &str) -> Option<Value> {
        let found = self.send("GET", path, None).await.1;
        let all = found[list].as_array()?;
        all.get(self.dice.usize(..all.len().max(1))).cloned()
    }

    async fn buy_and_use(&mut self) {
        match self.dice.u32(..20) {
            0..5 => self.buy().await,
            5..9 => self.on_an_order().await,
            9..14 => self.on_an_instance().await,
            14 => {
                let amount = json!({ "amount": format!("{}.00", self.dice.u32(1..500)), "currency": "CNY" });
                self.post("/api/v1/wallet/transfers", json!({ "amount": amount, "reference": "R" })).await;
            }
            15 => {
                let Some(hold) = self.any_of("/api/v1/usage-holds?state=waiting&limit=5", "holds").await else { return };
                let approve = self.dice.bool();
                self.post(&format!("/api/v1/usage-holds/{}/decision", id(&hold)), json!({ "approve": approve })).await;
            }
            16 => {
                let path = self.one_of(&["/api/v1/wallet", "/api/v1/orders?limit=50", "/api/v1/inbox", "/api/v1/cart"]);
                self.send("GET", path, None).await;
            }
            _ => self.on_a_case().await,
        }
    }

    async fn buy(&mut self) {
        let period = self.one_of(&["1m", "3m"]);
        let backup = |period| testkit::choice(period);
        let choice = match self.dice.u32(..10) {
            0..4 => backup(period),
            4 => json!({ "product": "backup", "specification": "standard", "sku": "basic/5", "trial": true }),
            5 => json!({ "product": "transcribe", "specification": "minutes" }),
            6 => json!({ "product": "transcribe", "specification": "pack", "sku": "s", "period": "1m" }),
            7 => json!({ "product": "archive", "specification": "standard", "sku": "starter", "period": period }),
            8 => json!({ "product": "service", "specification": "standard", "period": "1m", "quantity": 1 }),
            _ => json!({ "product": "shield", "specification": "standard", "period": "1y", "quantity": 1 }),
        };
        let pay = self.dice.u32(..4) > 0;
        self.post("/api/v1/orders", json!({ "choice": choice, "pay": pay })).await;
    }

    async fn on_an_order(&mut self) {
        let Some(order) = self.any_of("/api/v1/orders?as=buyer&limit=12", "orders").await else { return };
        let verb = if order["state"] == "pending_payment" { self.one_of(&["pay", "pay", "cancel"]) } else { "unsubscribe" };
        let path = format!("/api/v1/orders/{}/{verb}", testkit::number(&order));
        self.post(&path, json!({})).await;
    }

    async fn on_an_instance(&mut self) {
        let Some(instance) = self.any_of("/api/v1/instances?as=buyer&limit=8", "instances").await else { return };
        let path = |what: &str| format!("/api/v1/instances/{}/{what}", id(&instance));
        let (period, pay) = (self.one_of(&["1m", "1y"]), self.dice.u32(..4) > 0);
        let by_use = instance["charging_mode"] == "ON_DEMAND";
        match self.dice.u32(..10) {
            0..4 => self.post(&path("renew"), json!({ "period": period, "pay": pay })).await,
            4 | 5 if instance["trial"] == true => self.post(&path("convert"), json!({ "period": period, "pay": pay })).await,
            4..7 => {
                let sku = self.one_of(&["basic/10", "pro/5"]);
                self.post(&path("change"), json!({ "sku": sku, "pay": pay })).await
            }
            7 if by_use => {
                let amount = pay.then(|| json!({ "amount": "30.00", "currency": "CNY" }));
                self.send("PUT", &path("usage-cap"), Some(json!({ "amount": amount }))).await.1
            }
            8 if by_use => self.send("POST", &path("release"), None).await.1,
            _ => self.send("PUT", &path("auto-renewal"), Some(json!({ "period": pay.then_some("1m") }))).await.1,
        };
    }

    /// Moves a case, or tries to.
    async fn on_a_case(&mut self) {
        let list = format!("/api/v1/supervision?as={}&limit=6", self.role.trim_end_matches('2'));
        let Some(case) = self.any_of(&list, "cases").await else { return };
        let side = self.role.trim_end_matches('2');
        let base = format!("/api/v1/supervision/{}", id(&case));
        let amount = json!({ "amount": format!("{}.00", self.dice.u32(1..120)), "currency": "CNY" });
        match (side, self.dice.u32(..10)) {
            ("operator", 0..4) => {
                let decision = self.one_of(&["continue", "close", "refund"]);
                let amount = (decision == "refund").then_some(amount);
                let body = json!({ "decision": decision, "amount": amount, "reason": "so" });
                self.post(&format!("/api/v1/operator/supervision/{}/decide", id(&case)), body).await;
            }
            ("operator", _) => {
                let verb = self.one_of(&VERBS);
                self.post(&format!("/api/v1/operator/supervision/{}/actions", id(&case)), json!({ "verb": verb })).await;
            }
            (_, 0) => {
                self.post(&format!("{base}/appeals?as={side}"), json!({ "text": "why" })).await;
            }
            ("buyer", 1) => {
                self.post(&format!("{base}/refunds"), json!({ "amount": amount, "reason": "late" })).await;
            }
            (_, 2) => {
                let step = if side == "buyer" { "withdraw" } else { self.one_of(&["agree", "reject"]) };
                let documents = if step == "agree" { self.evidence(&base, side, &["agreement"]).await } else { json!([]) };
                let body = json!({ "step": step, "reason": "so", "documents": documents });
                self.post(&format!("{base}/refunds/steps?as={side}"), body).await;
            }
            _ => self.act(&base, side).await,
        }
    }

    /// What the case says that may be done now, or anything.
    async fn act(&mut self, base: &str, side: &'static str) {
        let case = self.send("GET", &format!("{base}?as={side}"), None).await.1;
        let offered = case["actions"].as_array().and_then(|all| all.first()).map(|a| a["verb"].as_str().or(a.as_str()).unwrap_or("submit"));
        let verb = match offered {
            Some(verb) if self.dice.u32(..5) > 0 => verb.to_owned(),
            _ => self.one_of(&VERBS).to_owned(),
        };
        let mut body = json!({ "verb": verb });
        match verb.as_str() {
            "submit" => body["text"] = json!("two hundred desks"),
            "return" | "reject" => body["reason"] = json!("no"),
            "deliver" => {
                body["text"] = json!("done");
                body["documents"] = self.evidence(base, side, &["statement_of_work", "acceptance"]).await;
            }
            _ => {}
        }
        self.post(&format!("{base}/actions?as={side}"), body).await;
    }

    /// Sends a file of each kind.
    async fn evidence(&mut self, base: &str, side: &'static str, kinds: &[&str]) -> Value {
        let mut sent = Vec::new();
        for kind in kinds {
            self.sent += 1;
            let (path, key) = (format!("{base}/documents?as={side}&kind={kind}&name={kind}.pdf"), format!("{}-{}", self.name, self.sent));
            let id = self.line.send_file(self.role, &path, PDF, &key).await;
            sent.extend(id.map(|id| json!({ "id": id, "kind": kind })));
        }
        json!(sent)
    }

    async fn sell(&mut self) {
        match self.dice.u32(..10) {
            0..4 => self.on_a_case().await,
            4..7 => self.push().await,
            7 => self.activate().await,
            8 => {
                let Some(call) = self.any_of("/api/v1/calls?state=failed&limit=5", "calls").await else { return };
                self.send("POST", &format!("/api/v1/calls/{}/restart", id(&call)), None).await;
            }
            _ => {
                self.send("GET", "/api/v1/seller/transactions?limit=50", None).await;
            }
        }
    }

    fn signed(&self, path: &str, body: &Value) -> Signed {
        Signed {
            method: "POST",
            path: path.to_owned(),
            query: String::new(),
            body: body.to_string().into_bytes(),
            content_type: "application/json",
            access: self.line.text(self.role, "access_key"),
            secret: self.line.text(self.role, "secret_key"),
            skew: 0,
        }
    }

    /// Reports an hour of what is billed by use.
    async fn push(&mut self) {
        let Some(instance) = self.any_of("/api/v1/instances?as=seller&state=running&limit=50", "instances").await else { return };
        let now = self.send("GET", "/api/v1/sandbox/clock", None).await.1["now"].as_str().and_then(|at| at.parse().ok());
        let Some(now): Option<jiff::Timestamp> = now else { return };
        self.sent += 1;
        let begin = now - jiff::SignedDuration::from_hours(self.dice.i64(1..20));
        let stamp = |at: jiff::Timestamp| at.strftime("%Y%m%dT%H0000Z").to_string();
        let end = stamp(begin + jiff::SignedDuration::from_hours(1));
        let record = json!({
            "instance_id": instance["seller_instance_id"], "record_time": end, "begin_time": stamp(begin), "end_time": end,
            "usage_value": self.one_of(&["10", "300.5", "40000"]), "metering_sn": format!("sn-{}", self.sent),
        });
        let signed = self.signed(PUSH, &json!({ "usage_records": [record] }));
        let key = self.line.interface_key();
        let signature = sign(&key, "1706688300000", "n-1", &signed.body);
        self.line.send_signed(&signed, &[("signature", &signature), ("ts", "1706688300000"), ("nonce", "n-1")]).await;
    }

    async fn activate(&mut self) {
        let Some(licence) = self.any_of("/api/v1/licences?as=seller&limit=10", "licences").await else { return };
        let signed = self.signed(ACTIVATE, &json!({ "license": licence["code"] }));
        self.line.send_signed(&signed, &[]).await;
    }

    /// Time passes, and sellers are as they are. One after the other: nothing is done while a seller says nothing.
    async fn befall(&mut self) {
        match self.dice.u32(..6) {
            0..3 => {
                self.seller.answers(true);
                self.seller.fault(Fault::None);
                let by = self.one_of(&["1h", "5h", "26h", "26h", "8d"]);
                self.post("/api/v1/sandbox/clock/advance", json!({ "by": by })).await;
            }
            3 => {
                self.seller.answers(false);
                self.line.answers(self.dice.u64(1..40)).await;
                self.seller.answers(true);
            }
            _ => {
                let fault = self.one_of(&[Fault::None, Fault::Asynchronous, Fault::Code000005, Fault::Http500, Fault::NoData]);
                self.seller.fault(fault);
                self.line.answers(self.dice.u64(1..40)).await;
            }
        }
    }

    async fn operate(&mut self) {
        match self.dice.u32(..10) {
            0 | 1 => {
                let Some(transfer) = self.any_of("/api/v1/operator/transfers?state=pending&limit=5", "transfers").await else { return };
                let path = format!("/api/v1/operator/transfers/{}", id(&transfer));
                if self.dice.bool() {
                    self.send("POST", &format!("{path}/confirm"), None).await;
                } else {
                    self.post(&format!("{path}/refuse"), json!({ "reason": "no money came" })).await;
                }
            }
            2..5 => {
                let Some(instance) = self.any_of("/api/v1/instances?as=operator&limit=8", "instances").await else { return };
                let path = format!("/api/v1/operator/instances/{}", id(&instance));
                if instance["state"] == "frozen" || self.dice.bool() {
                    self.send("POST", &format!("{path}/unfreeze"), None).await;
                } else {
                    self.post(&format!("{path}/freeze"), json!({ "reason": "abuse" })).await;
                }
            }
            5 | 6 => {
                let Some(order) = self.any_of("/api/v1/orders?as=operator&state=completed&limit=12", "orders").await else { return };
                let amount = json!({ "amount": format!("{}.00", self.dice.u32(1..90)), "currency": "CNY" });
                let path = format!("/api/v1/operator/orders/{}/refund", testkit::number(&order));
                self.post(&path, json!({ "amount": amount, "reason": "a day without service" })).await;
            }
            _ => self.on_a_case().await,
        }
    }
}

fn id(thing: &Value) -> &str {
    thing["id"].as_str().unwrap_or("none")
}
