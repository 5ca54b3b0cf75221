//! A seller in the test's own process: it outlives the platform's processes, says what it was asked, and holds its answers back
//! until it is let go.

use axum::{
    Router,
    body::{Bytes, to_bytes},
    extract::Request,
    middleware::{Next, from_fn},
};
use seller_rust::{Fault, Seller};
use serde_json::Value;
use std::sync::{Arc, Mutex};
use testkit::Platform;
use tokio::sync::watch;

pub(crate) struct HeldSeller {
    seller: Seller,
    asked: Arc<Mutex<Vec<(String, String)>>>,
    answers: watch::Sender<bool>,
}

impl HeldSeller {
    /// Answers for all addresses of a platform from here on; the platform is started again.
    pub(crate) async fn take_over(p: &mut Platform) -> Self {
        Self::take_over_ahead(p, 0).await
    }

    /// Likewise, with a clock that is so many milliseconds ahead.
    #[expect(clippy::disallowed_methods, reason = "a seller has a clock of its own")]
    pub(crate) async fn take_over_ahead(p: &mut Platform, ahead: i64) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (from, to) = (format!("{}/", p.url), format!("http://{}/", listener.local_addr().unwrap()));
        let key = p.document["accounts"]["seller"]["interface_key"]["secret"].as_str().unwrap();
        let seller = Seller::new(key, &format!("{to}sandbox/seller"));
        let seller = seller.with_clock(move || jiff::Timestamp::now().as_millisecond() + ahead);
        p.stop().await;
        p.execute(&format!("UPDATE interface_addresses SET url = replace(url, '{from}', '{to}')"));
        p.run().await;
        let held = Self { seller: seller.clone(), asked: Arc::default(), answers: watch::Sender::new(true) };
        let (asked, answers) = (held.asked.clone(), held.answers.subscribe());
        let gate = move |request: Request, next: Next| {
            let (asked, mut answers) = (asked.clone(), answers.clone());
            async move {
                let (head, body) = request.into_parts();
                let body = to_bytes(body, 1 << 20).await.unwrap();
                asked.lock().unwrap().push(what(&body));
                answers.wait_for(|go| *go).await.unwrap();
                next.run(Request::from_parts(head, body.into())).await
            }
        };
        let router = Router::new().nest("/sandbox/seller", seller.router()).layer(from_fn(gate));
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        held
    }

    /// Holds answers back from here on, or lets them go.
    pub(crate) fn answers(&self, go: bool) {
        self.answers.send_replace(go);
    }

    /// Misbehaves from here on, for all products.
    pub(crate) fn fault(&self, fault: Fault) {
        self.seller.set_fault("*", fault);
    }

    /// The order lines for which an instance was asked for, in order.
    pub(crate) fn created(&self) -> Vec<String> {
        let asked = self.asked.lock().unwrap();
        asked.iter().filter(|(activity, _)| activity == "newInstance").map(|(_, line)| line.clone()).collect()
    }

    /// Waits until so many creations were asked for.
    pub(crate) async fn asked_for(&self, count: usize) {
        while self.created().len() < count {
            tokio::task::yield_now().await;
        }
    }
}

fn what(body: &Bytes) -> (String, String) {
    let asked: Value = serde_json::from_slice(body).unwrap_or_default();
    let text = |name: &str| asked[name].as_str().unwrap_or_default().to_owned();
    (text("activity"), text("orderLineId"))
}
