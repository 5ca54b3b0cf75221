//! What tries a seller's server without a platform.

use clap::Args;
use std::path::PathBuf;

/// A protocol with cases, by its name.
pub(super) fn protocol(name: &str) -> Result<wire::conformance::Protocol, String> {
    use wire::conformance::Protocol;
    let tried = |p: &Protocol| !p.scenarios().is_empty();
    let names: Vec<&str> = Protocol::ALL.iter().filter(|p| tried(p)).map(|p| p.name()).collect();
    Protocol::from_name(name).filter(tried).ok_or_else(|| format!("choose one of {}", names.join(", ")))
}

#[derive(Debug, Args)]
pub struct Conformance {
    /// saas-v2, saas-v1, kit, kit-v1, license, license-v1, license-online or order-notify.
    #[arg(long, value_parser = protocol)]
    pub protocol: wire::conformance::Protocol,
    #[arg(long)]
    pub url: String,
    #[arg(long, env = "SELLER_KEY")]
    pub key: String,
    /// Also write the cases to this file as JUnit XML, for CI.
    #[arg(long)]
    pub junit: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub struct Replay {
    /// What `yunshi calls record` printed.
    pub file: PathBuf,
    #[arg(long)]
    pub url: String,
    #[arg(long, env = "SELLER_KEY")]
    pub key: String,
    /// Whose exchanges are played; those of the first one's when left out.
    #[arg(long, value_parser = protocol)]
    pub protocol: Option<wire::conformance::Protocol>,
    /// Give orders new numbers, for a server that remembers the former ones.
    #[arg(long)]
    pub fresh: bool,
    /// Also write the exchanges to this file as JUnit XML, for CI.
    #[arg(long)]
    pub junit: Option<PathBuf>,
}
