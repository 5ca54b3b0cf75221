//! One buyer beside another who hammers one instance: how much longer the first waits than alone.

use crate::{
    load::{self, Load, Measured},
    platform::Platform,
};
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::net::TcpStream;

/// Callers of one buyer at the same time, all on one instance.
const HAMMERING: usize = 20;
/// Rounds of alone and beside; the middle one counts.
const ROUNDS: usize = 5;

/// What a round saw: the other buyer's orders alone and beside, and the calls of who hammers.
pub struct Round {
    pub alone: Measured,
    pub beside: Measured,
    pub hammered_per_second: u64,
    pub refused: u64,
}

impl Round {
    pub fn ratio(&self, percent: f64) -> f64 {
        self.beside.percentile_ms(percent) / self.alone.percentile_ms(percent)
    }
}

#[derive(Default)]
struct Hammered {
    over: AtomicBool,
    done: AtomicU64,
    refused: AtomicU64,
}

/// Changes one instance again and again until it is told to stop; 503 is an answer too, after which it comes again.
async fn hammer(address: String, request: impl Fn(u64) -> Vec<u8>, seen: Arc<Hammered>) {
    let mut stream = TcpStream::connect(&address).await.unwrap();
    stream.set_nodelay(true).unwrap();
    let mut buffer = Vec::with_capacity(16 * 1024);
    for n in 0.. {
        if seen.over.load(Ordering::Relaxed) {
            return;
        }
        match load::send(&mut stream, &request(n), &mut buffer).await {
            200 => seen.done.fetch_add(1, Ordering::Relaxed),
            503 => seen.refused.fetch_add(1, Ordering::Relaxed),
            status => panic!("{status}"),
        };
    }
}

/// Orders of one caller, one after the other, each paid.
async fn orders(p: &Platform, name: String, spell: Duration) -> Measured {
    let (address, token, body) = (p.address.clone(), p.other_buyer().to_owned(), Platform::order_body());
    let request = move |_: usize, n: u64| load::post(&address, "/api/v1/orders", &token, &format!("{name}-{n}"), &body);
    Load::of(&p.address, 1, spell).run(request).await
}

/// The rounds on an engine.
pub async fn beside_hammering(engine: &str, server: Option<&str>, spell: Duration) -> Vec<Round> {
    let p = Platform::seeded(engine, server).await.sandbox().await;
    let instance = p.open_instance("backup", "basic/5").await;
    let p = p.serve().await;
    let path = format!("/api/v1/instances/{instance}/auto-renewal");
    orders(&p, "warm".to_owned(), Duration::from_millis(500)).await;
    let mut rounds = Vec::new();
    for round in 0..ROUNDS {
        let alone = orders(&p, format!("alone-{round}"), spell).await;
        let seen = Arc::new(Hammered::default());
        let callers: Vec<_> = (0..HAMMERING)
            .map(|caller| {
                let (address, token, path) = (p.address.clone(), p.token(crate::platform::Role::Buyer), path.clone());
                let to = address.clone();
                let key = move |n| format!("hammer-{round}-{caller}-{n}");
                let request = move |n| load::write("PUT", &to, &path, &token, &key(n), r#"{"period":"1m"}"#);
                tokio::spawn(hammer(address, request, seen.clone()))
            })
            .collect();
        let beside = orders(&p, format!("beside-{round}"), spell).await;
        seen.over.store(true, Ordering::Relaxed);
        for caller in callers {
            caller.await.unwrap();
        }
        let hammered_per_second = seen.done.load(Ordering::Relaxed) * 1_000 / u64::try_from(spell.as_millis()).unwrap();
        rounds.push(Round { alone, beside, hammered_per_second, refused: seen.refused.load(Ordering::Relaxed) });
    }
    rounds
}
