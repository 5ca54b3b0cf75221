//! The seller's server of a market: it answers as a good one does, with a fault, or with what it is told.

use app::{call::Outgoing, probe::Probed};
use axum::{
    Router,
    body::Body,
    http::{Request as HttpRequest, Response},
};
use domain::Timestamp;
use futures_util::FutureExt;
use http_body_util::BodyExt;
use seller_rust::{Fault, Seller};
use std::{
    cell::RefCell,
    collections::{HashMap, VecDeque},
};
use tower::ServiceExt;
use wire::conformance::Exchange;

/// Signs the platform's calls.
pub(crate) const KEY: &str = "harness-interface-key";
/// Where the server is, for the platform; nobody connects to it.
pub(crate) const BASE: &str = "http://localhost";

/// A call that the platform sent.
#[derive(Debug, Clone)]
pub struct Request {
    pub url: String,
    /// Posted as JSON; a call of 1.0 has none.
    pub body: Option<String>,
}

/// An answer with a status of 200.
#[must_use]
pub fn answer(body: &serde_json::Value) -> Exchange {
    Exchange { status: Some(200), body: Some(body.to_string().into_bytes()), ..Exchange::default() }
}

/// The server; see [`crate::Market::server`].
pub struct Server {
    seller: Seller,
    router: Router,
    /// Faults of the line, which the seller's program does not see.
    lines: RefCell<HashMap<String, Fault>>,
    /// All that were set, by product.
    faults: RefCell<HashMap<String, Fault>>,
    told: RefCell<VecDeque<Exchange>>,
    requests: RefCell<Vec<Request>>,
}

impl Server {
    pub(crate) fn new(wall: Timestamp) -> Self {
        let seller = Seller::new(KEY, BASE).with_clock(move || wall.as_millisecond());
        Self {
            router: seller.clone().router(),
            seller,
            lines: RefCell::default(),
            faults: RefCell::default(),
            told: RefCell::default(),
            requests: RefCell::default(),
        }
    }

    /// The key that signs the platform's calls, and encrypts personal data in them.
    #[must_use]
    pub fn key(&self) -> &'static str {
        KEY
    }

    /// Lets the server of a product misbehave from now on; `*` stands for all products.
    pub fn fault(&self, product: &str, fault: Fault) {
        let (mut lines, mut faults) = (self.lines.borrow_mut(), self.faults.borrow_mut());
        if product == "*" {
            lines.clear();
            faults.clear();
        }
        faults.insert(product.to_owned(), fault);
        let (of_line, of_seller) = match fault {
            Fault::TimeOut | Fault::NeverEnding | Fault::Huge | Fault::Redirect => (fault, Fault::None),
            // Nobody waits here.
            Fault::Slow => (Fault::None, Fault::None),
            other => (Fault::None, other),
        };
        lines.insert(product.to_owned(), of_line);
        self.seller.set_fault(product, of_seller);
    }

    /// Answers the next call so, whatever it asks; several are used one after the other.
    pub fn answer_next(&self, exchange: Exchange) {
        self.told.borrow_mut().push_back(exchange);
    }

    /// How a probe of a product goes: with a fault its first case fails.
    pub(crate) fn probe(&self, product: &str) -> Probed {
        let faults = self.faults.borrow();
        let fault = faults.get(product).or_else(|| faults.get("*")).copied().unwrap_or(Fault::None);
        let fails = !matches!(fault, Fault::None | Fault::Slow);
        let failed = fails.then(|| ("create".to_owned(), format!("{fault:?}")));
        Probed { cases: 1, failed, duration_ms: 1, answered: fault != Fault::TimeOut }
    }

    /// What the platform sent, in order.
    #[must_use]
    pub fn requests(&self) -> Vec<Request> {
        self.requests.borrow().clone()
    }

    /// The activities that the seller's program took, in order.
    #[must_use]
    pub fn received(&self) -> Vec<String> {
        self.seller.received()
    }

    /// What the seller's program has.
    #[must_use]
    pub fn instances(&self) -> Vec<seller_rust::Instance> {
        self.seller.instances()
    }

    /// Takes a call, as an HTTP client would bring it.
    ///
    /// # Panics
    /// When the address is none.
    pub fn call(&self, sent: &Outgoing) -> Exchange {
        self.send(&sent.url, sent.body.as_deref(), &sent.headers)
    }

    /// Takes a request.
    ///
    /// # Panics
    /// When the address is none.
    pub fn send(&self, url: &str, body: Option<&str>, headers: &[(&'static str, String)]) -> Exchange {
        self.requests.borrow_mut().push(Request { url: url.to_owned(), body: body.map(str::to_owned) });
        if let Some(exchange) = self.told.borrow_mut().pop_front() {
            return exchange;
        }
        let path = url.strip_prefix(BASE).unwrap_or_else(|| panic!("no server of this market is at {url}"));
        let product = path.trim_start_matches('/').split(['/', '?']).next().unwrap_or_default();
        let line = {
            let lines = self.lines.borrow();
            lines.get(product).or_else(|| lines.get("*")).copied().unwrap_or(Fault::None)
        };
        match line {
            Fault::TimeOut | Fault::NeverEnding => failed("timed_out", "no complete answer within 10 s"),
            Fault::Huge => Exchange { status: Some(200), ..failed("too_large", "the answer is larger than 1048576 bytes") },
            Fault::Redirect => Exchange { status: Some(302), ..failed("redirect", "the server redirects; redirects are not followed") },
            _ => self.exchange(path, body, headers),
        }
    }

    fn exchange(&self, path: &str, body: Option<&str>, headers: &[(&'static str, String)]) -> Exchange {
        let method = if body.is_some() { "POST" } else { "GET" };
        let request = HttpRequest::builder().method(method).uri(path).header("Content-Type", "application/json");
        let request = headers.iter().fold(request, |r, (name, value)| r.header(*name, value));
        let request = request.body(Body::from(body.unwrap_or_default().to_owned())).expect("a request");
        // The seller's program never waits: what would is a fault of the line.
        let answered: Response<Body> =
            self.router.clone().oneshot(request).now_or_never().expect("an answer at once").unwrap_or_else(|never| match never {});
        let body_sign = answered.headers().get("body-sign").and_then(|v| v.to_str().ok()).map(str::to_owned);
        let status = Some(answered.status().as_u16());
        let bytes = answered.into_body().collect().now_or_never().expect("a whole body").expect("a body").to_bytes();
        Exchange { status, body: Some(bytes.to_vec()), body_sign, duration_ms: 1, ..Exchange::default() }
    }
}

fn failed(kind: &'static str, text: &str) -> Exchange {
    Exchange { error: Some((kind, text.to_owned())), duration_ms: 10_000, ..Exchange::default() }
}
