//! Main domains, which sellers prove to be theirs before their systems are called there (`seller-domain 6.1`).

use std::fmt;

/// A domain such as `example.com`; below `.localhost` also with a port, for a sandbox.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct DomainName(String);

/// Text that is no domain.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("write a domain such as example.com, without https:// and path")]
pub struct BadDomain;

/// The longest name of DNS.
const LENGTH_MAX: usize = 253;
const LABEL_MAX: usize = 63;

fn is_label(label: &str) -> bool {
    let fits = (1..=LABEL_MAX).contains(&label.len()) && label.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    fits && !label.starts_with('-') && !label.ends_with('-')
}

impl DomainName {
    /// Reads a domain; capitals become small letters.
    ///
    /// # Errors
    /// [`BadDomain`].
    pub fn parse(text: &str) -> Result<Self, BadDomain> {
        let text = text.trim().trim_end_matches('.').to_ascii_lowercase();
        let (name, port) = text.split_once(':').map_or((text.as_str(), None), |(name, port)| (name, Some(port)));
        let local = name.ends_with(".localhost");
        let labels: Vec<&str> = name.split('.').collect();
        let top_is_a_word = labels.last().is_some_and(|top| top.bytes().any(|b| b.is_ascii_lowercase()));
        let port_fits = port.is_none_or(|p| local && p.parse::<u16>().is_ok());
        let fits = name.len() <= LENGTH_MAX && labels.len() >= 2 && labels.iter().all(|l| is_label(l)) && top_is_a_word && port_fits;
        if fits { Ok(Self(text.clone())) } else { Err(BadDomain) }
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it leads to this machine.
    #[must_use]
    pub fn is_local(&self) -> bool {
        self.name().ends_with(".localhost")
    }

    /// Without a port.
    #[must_use]
    pub fn name(&self) -> &str {
        self.0.split(':').next().unwrap_or_default()
    }

    /// Whether a host is the domain or lies below it.
    #[must_use]
    pub fn covers(&self, host: &str, port: Option<u16>) -> bool {
        let (name, own_port) = self.0.split_once(':').map_or((self.0.as_str(), None), |(name, port)| (name, Some(port)));
        let below = host.strip_suffix(name).is_some_and(|front| front.is_empty() || front.ends_with('.'));
        below && own_port.is_none_or(|own| port.is_some_and(|p| p.to_string() == own))
    }
}

impl fmt::Display for DomainName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn domains_are_names_and_nothing_else() {
        for (text, name) in [("Example.COM", "example.com"), (" api.example.cn. ", "api.example.cn"), ("a.localhost:80", "a.localhost:80")]
        {
            assert_eq!(DomainName::parse(text).unwrap().as_str(), name);
        }
        for bad in
            ["", "com", "https://example.com", "example.com/x", "10.0.0.1", "a..b", "-a.com", "a_b.com", "example.com:80", "例子.中国"]
        {
            assert_eq!(DomainName::parse(bad), Err(BadDomain), "{bad}");
        }
    }

    #[test]
    fn a_domain_covers_itself_and_what_lies_below() {
        let of = |domain: &str, host: &str, port| DomainName::parse(domain).unwrap().covers(host, port);
        assert!(of("example.com", "example.com", None) && of("example.com", "api.example.com", Some(8443)));
        assert!(!of("example.com", "badexample.com", None) && !of("example.com", "example.com.evil.cn", None));
        assert!(of("a.localhost:80", "x.a.localhost", Some(80)) && !of("a.localhost:80", "a.localhost", Some(81)));
    }
}
