//! A load generator that costs little: keep-alive connections, requests made beforehand, answers skimmed.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

#[derive(Clone)]
pub struct Load {
    pub address: String,
    pub callers: usize,
    pub spell: Duration,
    /// Requests a second over all callers; flat out when none.
    pub rate: Option<u64>,
}

/// What a spell of load gave.
pub struct Measured {
    pub done: u64,
    pub spell: Duration,
    latencies: Vec<Duration>,
}

impl Measured {
    pub fn per_second(&self) -> u64 {
        self.done * 1_000 / u64::try_from(self.spell.as_millis()).unwrap()
    }

    pub fn percentile_ms(&self, percent: f64) -> f64 {
        let mut sorted = self.latencies.clone();
        sorted.sort();
        let place = (sorted.len() as f64 * percent / 100.0) as usize;
        let value = sorted.get(place.min(sorted.len().saturating_sub(1))).copied().unwrap_or_default();
        (value.as_secs_f64() * 100_000.0).round() / 100.0
    }
}

/// A whole GET request.
pub fn get(address: &str, path: &str, token: Option<&str>) -> Vec<u8> {
    let auth = token.map(|t| format!("Authorization: Bearer {t}\r\n")).unwrap_or_default();
    format!("GET {path} HTTP/1.1\r\nHost: {address}\r\n{auth}\r\n").into_bytes()
}

/// A whole POST request with JSON and an idempotency key.
pub fn post(address: &str, path: &str, token: &str, key: &str, body: &str) -> Vec<u8> {
    write("POST", address, path, token, key, body)
}

/// A whole request that writes, with JSON and an idempotency key.
pub fn write(method: &str, address: &str, path: &str, token: &str, key: &str, body: &str) -> Vec<u8> {
    format!(
        "{method} {path} HTTP/1.1\r\n\
         Host: {address}\r\n\
         Authorization: Bearer {token}\r\n\
         Content-Type: application/json\r\n\
         Idempotency-Key: {key}\r\n\
         Content-Length: {}\r\n\
         \r\n\
         {body}",
        body.len()
    )
    .into_bytes()
}

impl Load {
    pub fn of(address: &str, callers: usize, spell: Duration) -> Self {
        Self { address: address.to_owned(), callers, spell, rate: None }
    }

    /// Sends `request(caller, n)` from every caller until the spell is over; every answer must be 200.
    pub async fn run(&self, request: impl Fn(usize, u64) -> Vec<u8> + Clone + Send + Sync + 'static) -> Measured {
        let done = Arc::new(AtomicU64::new(0));
        let started = Instant::now();
        let until = started + self.spell;
        let pause = self.rate.map(|rate| Duration::from_secs_f64(self.callers as f64 / rate.max(1) as f64));
        let callers: Vec<_> = (0..self.callers)
            .map(|caller| {
                let (address, request, done) = (self.address.clone(), request.clone(), done.clone());
                tokio::spawn(async move {
                    let mut stream = TcpStream::connect(&address).await.unwrap();
                    stream.set_nodelay(true).unwrap();
                    let (mut latencies, mut buffer, mut n) = (Vec::new(), Vec::with_capacity(64 * 1024), 0);
                    let mut ticks = pause.map(tokio::time::interval);
                    while Instant::now() < until {
                        if let Some(ticks) = &mut ticks {
                            ticks.tick().await;
                        }
                        let sent = Instant::now();
                        assert_eq!(send(&mut stream, &request(caller, n), &mut buffer).await, 200, "{}", String::from_utf8_lossy(&buffer));
                        latencies.push(sent.elapsed());
                        done.fetch_add(1, Ordering::Relaxed);
                        n += 1;
                    }
                    latencies
                })
            })
            .collect();
        let mut latencies = Vec::new();
        for caller in callers {
            latencies.extend(caller.await.unwrap());
        }
        Measured { done: done.load(Ordering::Relaxed), spell: started.elapsed(), latencies }
    }
}

/// Sends each of these once, over so many connections; every answer must be 200.
pub async fn each(address: &str, callers: usize, requests: Vec<Vec<u8>>) {
    let share = requests.len().div_ceil(callers);
    let callers: Vec<_> = requests
        .chunks(share)
        .map(|own| {
            let (address, own) = (address.to_owned(), own.to_vec());
            tokio::spawn(async move {
                let mut stream = TcpStream::connect(&address).await.unwrap();
                let mut buffer = Vec::with_capacity(4 * 1024);
                for request in own {
                    assert_eq!(send(&mut stream, &request, &mut buffer).await, 200, "{}", String::from_utf8_lossy(&buffer));
                }
            })
        })
        .collect();
    for caller in callers {
        caller.await.unwrap();
    }
}

/// Sends a request and reads its answer; the status.
pub async fn send(stream: &mut TcpStream, request: &[u8], buffer: &mut Vec<u8>) -> u16 {
    stream.write_all(request).await.unwrap();
    buffer.clear();
    let (mut head, mut whole) = (None, usize::MAX);
    while buffer.len() < whole {
        assert!(stream.read_buf(buffer).await.unwrap() > 0, "the server closed the connection");
        if head.is_none()
            && let Some(end) = buffer.windows(4).position(|w| w == b"\r\n\r\n")
        {
            let text = String::from_utf8_lossy(&buffer[..end]).to_lowercase();
            let length: usize = text.lines().find_map(|l| l.strip_prefix("content-length: ")).expect("a length").trim().parse().unwrap();
            head = Some(end);
            whole = end + 4 + length;
        }
    }
    buffer.get(9..12).and_then(|status| std::str::from_utf8(status).ok()?.parse().ok()).expect("a status")
}
