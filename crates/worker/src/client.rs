//! The one client for calls on sellers' servers: time-outs, size limit, no redirects, and a guard against
//! addresses inside our own network (`architecture 5`).

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use std::{
    error::Error as _,
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::{Duration, Instant},
};
use wire::conformance::Exchange;

/// Limits of a call.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    pub connect: Duration,
    pub total: Duration,
    pub answer_bytes: usize,
    /// The sandbox alone may call loopback addresses.
    pub loopback_allowed: bool,
}

impl Default for Limits {
    fn default() -> Self {
        Self { connect: Duration::from_secs(3), total: Duration::from_secs(10), answer_bytes: 1024 * 1024, loopback_allowed: false }
    }
}

/// A client for sellers' servers; cheap to clone.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    limits: Limits,
}

/// Whether an address may be called: public, or loopback where that is allowed.
fn allowed(ip: IpAddr, loopback_allowed: bool) -> bool {
    if ip.is_loopback() {
        return loopback_allowed;
    }
    match ip {
        IpAddr::V4(v4) => {
            let [a, b, ..] = v4.octets();
            let shared = a == 100 && (64..128).contains(&b);
            let reserved = a == 0 || a >= 240 || (a == 198 && (b == 18 || b == 19)) || (a == 192 && b == 0);
            !(v4.is_private()
                || v4.is_link_local()
                || v4.is_multicast()
                || v4.is_broadcast()
                || v4.is_documentation()
                || shared
                || reserved)
        }
        IpAddr::V6(v6) => match v6.to_ipv4_mapped() {
            Some(v4) => allowed(IpAddr::V4(v4), loopback_allowed),
            // Only global unicast, without the documentation and 6to4 ranges.
            None => {
                (v6.segments()[0] & 0xe000) == 0x2000
                    && v6.segments()[0] != 0x2002
                    && !(v6.segments()[0] == 0x2001 && v6.segments()[1] < 0x0200)
                    && !(v6.segments()[0] == 0x2001 && v6.segments()[1] == 0x0db8)
            }
        },
    }
}

/// Looks a name up and keeps the allowed addresses only; what was checked is what is connected to.
struct Guard {
    loopback_allowed: bool,
}

impl Resolve for Guard {
    fn resolve(&self, name: Name) -> Resolving {
        let loopback_allowed = self.loopback_allowed;
        Box::pin(async move {
            // Names below localhost are this machine's, whatever DNS says (RFC 6761, 6.3).
            let host = if name.as_str().ends_with(".localhost") { "localhost" } else { name.as_str() };
            let found = tokio::net::lookup_host((host, 0)).await?;
            let kept: Vec<SocketAddr> = found.filter(|a| allowed(a.ip(), loopback_allowed)).collect();
            if kept.is_empty() {
                return Err(BLOCKED.into());
            }
            Ok(Box::new(kept.into_iter()) as Addrs)
        })
    }
}

const BLOCKED: &str = "the name leads to no public address";

impl Client {
    /// # Errors
    /// What the TLS library says.
    pub fn new(limits: Limits) -> Result<Self, reqwest::Error> {
        // A second installation of the same provider is refused and harmless.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = reqwest::Client::builder()
            .connect_timeout(limits.connect)
            .timeout(limits.total)
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .dns_resolver(Arc::new(Guard { loopback_allowed: limits.loopback_allowed }))
            .user_agent(concat!("Yunshi/", env!("CARGO_PKG_VERSION")))
            .pool_max_idle_per_host(8)
            .build()?;
        Ok(Self { http, limits })
    }

    /// Posts a JSON body as the marketplace does (`saas-interface 2.1`), or asks without one (`3.1`);
    /// whatever happens is an exchange.
    pub async fn call(&self, url: &str, body: Option<&str>, headers: &[(&'static str, String)]) -> Exchange {
        let started = Instant::now();
        let mut exchange = self.send(url, body, headers).await;
        exchange.duration_ms = i64::try_from(started.elapsed().as_millis()).unwrap_or(i64::MAX);
        exchange
    }

    async fn send(&self, url: &str, body: Option<&str>, headers: &[(&'static str, String)]) -> Exchange {
        let refused = |kind, text: String| Exchange { error: Some((kind, text)), ..Exchange::default() };
        if let Some(ip) = literal_ip(url)
            && !allowed(ip, self.limits.loopback_allowed)
        {
            return refused("blocked_address", format!("{ip} is not a public address"));
        }
        let request = match body {
            Some(body) => self.http.post(url).header("Content-Type", "application/json;charset=utf8").body(body.to_owned()),
            None => self.http.get(url),
        };
        let request = headers.iter().fold(request.header("Accept", "application/json"), |r, (name, value)| r.header(*name, value));
        let mut response = match request.send().await {
            Ok(response) => response,
            Err(e) => return self.failed(&e),
        };
        let status = Some(response.status().as_u16());
        if response.status().is_redirection() {
            return Exchange { status, ..refused("redirect", "the server redirects; redirects are not followed".to_owned()) };
        }
        let body_sign = response.headers().get("body-sign").map(|v| String::from_utf8_lossy(v.as_bytes()).into_owned());
        let mut bytes = Vec::new();
        loop {
            match response.chunk().await {
                Ok(Some(chunk)) if bytes.len() + chunk.len() > self.limits.answer_bytes => {
                    let text = format!("the answer is larger than {} bytes", self.limits.answer_bytes);
                    return Exchange { status, ..refused("too_large", text) };
                }
                Ok(Some(chunk)) => bytes.extend_from_slice(&chunk),
                Ok(None) => {
                    return Exchange { status, body: Some(bytes), body_sign, ..Exchange::default() };
                }
                Err(e) => {
                    return Exchange { status, ..self.failed(&e) };
                }
            }
        }
    }

    fn failed(&self, e: &reqwest::Error) -> Exchange {
        let chain = causes(e);
        let (kind, text) = if chain.contains(BLOCKED) {
            ("blocked_address", BLOCKED.to_owned())
        } else if e.is_timeout() && e.is_connect() {
            ("connect_failed", format!("no connection within {} s", self.limits.connect.as_secs_f32()))
        } else if e.is_timeout() {
            ("timed_out", format!("no complete answer within {} s", self.limits.total.as_secs_f32()))
        } else if chain.contains("certificate") || chain.contains("tls") || chain.contains("TLS") {
            ("tls_failed", chain)
        } else if e.is_connect() {
            ("connect_failed", chain)
        } else {
            ("broken_answer", chain)
        };
        Exchange { error: Some((kind, text)), ..Exchange::default() }
    }
}

/// The causes of an error without the address, which holds a signature.
fn causes(e: &reqwest::Error) -> String {
    let mut texts = Vec::new();
    let mut cause = e.source();
    while let Some(inner) = cause {
        texts.push(inner.to_string());
        cause = inner.source();
    }
    if texts.is_empty() { "the connection failed".to_owned() } else { texts.join(": ").chars().take(300).collect() }
}

fn literal_ip(url: &str) -> Option<IpAddr> {
    match url::Url::parse(url).ok()?.host()? {
        url::Host::Ipv4(ip) => Some(ip.into()),
        url::Host::Ipv6(ip) => Some(ip.into()),
        url::Host::Domain(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_public_addresses_may_be_called() {
        for ip in ["8.8.8.8", "1.1.1.1", "2606:4700::1111"] {
            assert!(allowed(ip.parse().unwrap(), false), "{ip}");
        }
        for ip in [
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "224.0.0.1",
            "255.255.255.255",
            "198.18.0.1",
            "192.0.2.1",
            "::1",
            "::",
            "fe80::1",
            "fc00::1",
            "ff02::1",
            "::ffff:10.0.0.1",
            "::ffff:127.0.0.1",
            "2001:db8::1",
            "2002:7f00:1::",
            "64:ff9b::7f00:1",
        ] {
            assert!(!allowed(ip.parse().unwrap(), false), "{ip}");
        }
        assert!(allowed("127.0.0.1".parse().unwrap(), true));
        assert!(!allowed("169.254.169.254".parse().unwrap(), true));
    }
}
