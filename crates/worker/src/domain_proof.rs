//! Whether a domain is a seller's: a file of its web server or a DNS text holds the proof.

use crate::Client;
use app::interface::domain_name::{ProvenBy, file_url, record_name};
use hickory_resolver::{
    Resolver, TokioResolver,
    config::{ConnectionConfig, NameServerConfig, ResolverConfig},
    net::runtime::TokioRuntimeProvider,
    proto::rr::{RData, RecordType},
};
use std::{net::SocketAddr, time::Duration};

/// A proof in a file is short; what is longer is another page.
const FILE_BYTES_MAX: usize = 4_096;
const DNS_PATIENCE: Duration = Duration::from_secs(5);

/// Looks for the proof of a domain in both places.
///
/// # Errors
/// What was found instead, place by place, in words for the seller.
pub async fn domain_proof(client: &Client, dns: &[SocketAddr], name: &str, proof: &str) -> Result<ProvenBy, [String; 2]> {
    let by_file = match in_file(client, name, proof).await {
        Ok(()) => return Ok(ProvenBy::File),
        Err(why) => why,
    };
    match in_dns(dns, name, proof).await {
        Ok(()) => Ok(ProvenBy::Dns),
        Err(why) => Err([by_file, why]),
    }
}

async fn in_file(client: &Client, name: &str, proof: &str) -> Result<(), String> {
    let url = file_url(name);
    let exchange = client.call(&url, None, &[]).await;
    if let Some((_, why)) = exchange.error {
        return Err(format!("{url}: {why}"));
    }
    let body = exchange.body.unwrap_or_default();
    let text = String::from_utf8_lossy(&body[..body.len().min(FILE_BYTES_MAX)]).trim().to_owned();
    match exchange.status {
        Some(200) if text == proof => Ok(()),
        Some(200) => Err(format!("{url} holds another text")),
        status => Err(format!("{url} answers {}", status.unwrap_or_default())),
    }
}

fn resolver(dns: &[SocketAddr]) -> Result<TokioResolver, String> {
    let builder = if dns.is_empty() {
        Resolver::builder_tokio().map_err(|e| e.to_string())?
    } else {
        let server = |at: &SocketAddr| {
            let mut connection = ConnectionConfig::udp();
            connection.port = at.port();
            NameServerConfig::new(at.ip(), true, vec![connection])
        };
        let config = ResolverConfig::from_parts(None, vec![], dns.iter().map(server).collect());
        Resolver::builder_with_config(config, TokioRuntimeProvider::default())
    };
    builder.build().map_err(|e| e.to_string())
}

async fn in_dns(dns: &[SocketAddr], name: &str, proof: &str) -> Result<(), String> {
    let record = record_name(name);
    let resolver = resolver(dns)?;
    let asked = tokio::time::timeout(DNS_PATIENCE, resolver.lookup(format!("{record}."), RecordType::TXT)).await;
    let found = match asked {
        Ok(Err(e)) if e.is_no_records_found() => return Err(format!("{record} has no text in DNS")),
        Ok(found) => found.map_err(|e| format!("{record}: {e}"))?,
        Err(_) => return Err(format!("{record}: no DNS server answers")),
    };
    let texts = found.answers().iter().filter_map(|r| match &r.data {
        RData::TXT(txt) => Some(txt.txt_data.iter().map(|part| String::from_utf8_lossy(part).into_owned()).collect::<String>()),
        _ => None,
    });
    let mut seen = 0;
    for text in texts {
        if text.trim() == proof {
            return Ok(());
        }
        seen += 1;
    }
    Err(format!("{record} has {seen} texts and none is the proof"))
}
