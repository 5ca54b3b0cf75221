//! Settings: defaults < `yunshi.toml` < environment < flags.

use crate::{cli::Serve, output::Failure};
use app::{Ids, Neighbours, RandomIds, Settings};
use domain::{
    call::Schedules,
    money::Currency,
    settlement::Rates,
    site::{Site, SiteCode, Sites},
};
use jiff::{SignedDuration, tz::TimeZone};
use rust_decimal::Decimal;
use serde::Deserialize;
use std::{
    io::Write,
    net::SocketAddr,
    num::NonZeroU32,
    path::{Path, PathBuf},
    time::Duration,
};

/// The file's contents; everything may be left out.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct File {
    pub listen: Option<String>,
    pub database: Option<String>,
    pub files: Option<PathBuf>,
    pub role: Option<String>,
    pub migrate: Option<String>,
    pub pay_within_days: Option<i64>,
    pub retention_days: Option<i64>,
    pub arrears_grace_days: Option<i64>,
    /// The platform's fee on what is paid, and the tax inside it, as fractions.
    pub commission: Option<Decimal>,
    pub commission_tax: Option<Decimal>,
    pub sites: Option<Vec<SiteFile>>,
    pub schedules: Option<Schedules>,
    pub call_connect_seconds: Option<f64>,
    pub call_total_seconds: Option<f64>,
    pub job_lease_seconds: Option<u32>,
    /// How long a node that is asked to stop finishes what is under way.
    pub stop_seconds: Option<u32>,
    /// Requests a second of one access key.
    pub open_api_per_second: Option<NonZeroU32>,
    /// Whether products on sale are probed twice a day.
    pub probing: Option<bool>,
    /// Where the proofs of domains are looked up; the system's servers when it is left out.
    pub dns_servers: Option<Vec<SocketAddr>>,
    /// Interfaces of other marketplaces that are answered too.
    pub neighbours: Option<Neighbours>,
    /// The mail server that messages go out by.
    pub mail: Option<worker::MailServer>,
    /// The provider that SMS go out by; they are only written to the log when it is left out.
    pub sms: Option<SmsFile>,
    /// Where people reach the consoles; mails lead there.
    pub public_url: Option<String>,
    pub database_connections: Option<u32>,
    pub prepared_statements: Option<bool>,
}

/// A provider that takes `{"to", "text"}` with a bearer token.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SmsFile {
    pub url: String,
    /// Better given as `YUNSHI_SMS_TOKEN`.
    #[serde(default)]
    pub token: Option<String>,
}

/// A site of the deployment; what is left out is built in.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SiteFile {
    pub code: SiteCode,
    #[serde(default)]
    pub hosts: Vec<String>,
    #[serde(default)]
    pub currency: Option<Currency>,
    /// A name such as `Asia/Shanghai`, or `UTC`.
    #[serde(default)]
    pub time_zone: Option<String>,
}

impl SiteFile {
    fn read(&self) -> Result<Site, String> {
        let built_in = Site::of(self.code);
        let zone = |name: &String| {
            TimeZone::get(name).map_err(|e| format!("sites: time_zone {name:?} of {}: {e}; write a name such as Asia/Shanghai", self.code))
        };
        Ok(Site {
            code: self.code,
            currency: self.currency.unwrap_or(built_in.currency),
            time_zone: self.time_zone.as_ref().map(zone).transpose()?.unwrap_or(built_in.time_zone),
            hosts: self.hosts.iter().map(|h| h.to_lowercase()).collect(),
        })
    }
}

impl File {
    /// Reads a settings file; a missing one is empty.
    ///
    /// # Errors
    /// Wrong use, naming file and field.
    pub fn read(path: &Path) -> Result<Self, Failure> {
        match std::fs::read_to_string(path) {
            Ok(text) => toml::from_str(&text).map_err(|e| Failure::WrongUse(format!("{}: {e}", path.display()))),
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(Self::default()),
            Err(e) => Err(Failure::WrongUse(format!("{}: {e}", path.display()))),
        }
    }

    /// The rules, where the file changes them.
    ///
    /// # Errors
    /// Wrong use, naming the setting.
    pub fn settings(&self, default: Settings) -> Result<Settings, Failure> {
        let rate = |name: &str, rate: Option<Decimal>, default: Decimal| match rate {
            None => Ok(default),
            Some(rate) if (Decimal::ZERO..Decimal::ONE).contains(&rate) => Ok(rate),
            Some(rate) => Err(Failure::WrongUse(format!("{name} = {rate}: write a fraction from 0 to below 1, such as \"0.05\""))),
        };
        let rates = Rates {
            fee: rate("commission", self.commission, default.rates.fee)?,
            fee_tax: rate("commission_tax", self.commission_tax, default.rates.fee_tax)?,
        };
        let sites = match &self.sites {
            None => default.sites,
            Some(sites) => {
                let sites = sites.iter().map(SiteFile::read).collect::<Result<_, _>>().map_err(Failure::WrongUse)?;
                Sites::new(sites).ok_or_else(|| Failure::WrongUse("sites: name at least one site, and each once".to_owned()))?
            }
        };
        Ok(Settings {
            pay_within_days: self.pay_within_days.unwrap_or(default.pay_within_days),
            retention_days: self.retention_days.unwrap_or(default.retention_days),
            arrears_grace_days: self.arrears_grace_days.unwrap_or(default.arrears_grace_days),
            schedules: self.schedules.unwrap_or(default.schedules),
            rates,
            sites,
            job_lease: self.job_lease(default.job_lease)?,
            probing: self.probing.unwrap_or(default.probing),
            mail: self.mail.is_some(),
            public_url: self.public_url.clone().map_or(default.public_url, |url| url.trim_end_matches('/').to_owned()),
            dns_servers: self.dns_servers.clone().unwrap_or_default(),
            neighbours: self.neighbours.unwrap_or(default.neighbours),
            open_api_per_second: self.open_api_per_second.unwrap_or(default.open_api_per_second),
            ..default
        })
    }

    /// How long a job is kept for a worker that says nothing: longer than a call, or a call would be made twice.
    fn job_lease(&self, default: SignedDuration) -> Result<SignedDuration, Failure> {
        let lease = self.job_lease_seconds.map_or(default, |s| SignedDuration::from_secs(s.into()));
        let call = self.limits(worker::Limits::default()).total;
        if lease.as_secs_f64() < call.as_secs_f64() + 5.0 {
            let detail = format!("job_lease_seconds = {}: write at least 5 more than call_total_seconds", lease.as_secs());
            return Err(Failure::WrongUse(detail));
        }
        Ok(lease)
    }

    /// What suits the database, where the file does not say otherwise.
    #[must_use]
    pub fn database_options(&self, database: &str) -> db::Options {
        let usual = db::Options::for_url(database);
        db::Options {
            connections: self.database_connections.unwrap_or(usual.connections),
            prepared_statements: self.prepared_statements.unwrap_or(usual.prepared_statements),
            ..usual
        }
    }

    /// Longer than a call may take, so that calls under way end; shorter than supervisors wait before they kill.
    #[must_use]
    pub fn stop_within(&self) -> Duration {
        Duration::from_secs(self.stop_seconds.unwrap_or(15).into())
    }

    /// What messages leave by; secrets of the environment come before those of the file.
    #[must_use]
    pub fn channels(&self) -> (Option<worker::MailServer>, Option<SmsFile>) {
        let secret = |name: &str, own: Option<String>| std::env::var(name).ok().or(own);
        let mail = self.mail.clone().map(|m| worker::MailServer { password: secret("YUNSHI_MAIL_PASSWORD", m.password.clone()), ..m });
        let sms = self.sms.clone().map(|s| SmsFile { token: secret("YUNSHI_SMS_TOKEN", s.token.clone()), ..s });
        (mail, sms)
    }

    /// The time limits of calls, where the file changes them.
    #[must_use]
    pub fn limits(&self, default: worker::Limits) -> worker::Limits {
        let seconds = Duration::from_secs_f64;
        worker::Limits {
            connect: self.call_connect_seconds.map_or(default.connect, seconds),
            total: self.call_total_seconds.map_or(default.total, seconds),
            ..default
        }
    }
}

/// The settings in force.
#[derive(Debug, Clone)]
pub struct Config {
    pub listen: String,
    pub database: String,
    pub files: PathBuf,
    pub role: String,
    pub migrate: String,
    pub settings: Settings,
    pub limits: worker::Limits,
    pub channels: (Option<worker::MailServer>, Option<SmsFile>),
    pub database_options: db::Options,
    pub stop_within: Duration,
    pub secret_key: [u8; 32],
    /// Where the key was found.
    pub key_from: String,
}

pub const DATABASE: &str = "sqlite:var/yunshi.db";

impl Config {
    /// # Errors
    /// Wrong use, naming file and field.
    pub fn load(args: &Serve) -> Result<Self, Failure> {
        let config = Self::without_key(args)?;
        let (secret_key, key_from) = secret_key(&config.key_file())?;
        Ok(Self { secret_key, key_from, ..config })
    }

    /// The same without a key, for what seals and opens nothing.
    ///
    /// # Errors
    /// Wrong use, naming file and field.
    pub fn without_key(args: &Serve) -> Result<Self, Failure> {
        let file = File::read(&args.database.config)?;
        let files = args.files.clone().or(file.files.clone()).unwrap_or_else(|| PathBuf::from("var/files"));
        let mut config = Self {
            listen: args.listen.clone().or(file.listen.clone()).unwrap_or_else(|| "127.0.0.1:8080".to_owned()),
            database: args.database.database.clone().or(file.database.clone()).unwrap_or_else(|| DATABASE.to_owned()),
            files,
            role: args.role.clone().or(file.role.clone()).unwrap_or_else(|| "all".to_owned()),
            migrate: args.migrate.clone().or(file.migrate.clone()).unwrap_or_else(|| "auto".to_owned()),
            settings: file.settings(Settings::default())?,
            limits: worker::Limits::default(),
            channels: file.channels(),
            database_options: db::Options::default(),
            stop_within: file.stop_within(),
            secret_key: [0; 32],
            key_from: String::new(),
        };
        config.limits = file.limits(config.limits);
        config.database_options = file.database_options(&config.database);
        Ok(config)
    }
}

/// Where the secret key lies: beside the folder of files.
fn key_file(files: &Path) -> PathBuf {
    files.parent().unwrap_or(Path::new(".")).join("secret.key")
}

impl Config {
    /// Where the secret key of this node lies when the environment has none.
    #[must_use]
    pub fn key_file(&self) -> PathBuf {
        key_file(&self.files)
    }
}

/// A key of 64 hexadecimal digits.
///
/// # Errors
/// Wrong use, naming where it is from.
pub fn parse_key(text: &str, from: &str) -> Result<[u8; 32], Failure> {
    let bytes: Option<Vec<u8>> =
        (text.len() == 64).then(|| (0..64).step_by(2).filter_map(|i| u8::from_str_radix(text.get(i..i + 2)?, 16).ok()).collect());
    bytes.and_then(|b| b.try_into().ok()).ok_or_else(|| Failure::WrongUse(format!("{from} must hold 64 hexadecimal digits")))
}

/// The key that encrypts secrets at rest, and where it was found: `YUNSHI_SECRET_KEY` as 64 hexadecimal digits, or a file that is
/// made with the first start and readable by its owner alone.
///
/// # Errors
/// Wrong use when the key is no key, or the file cannot be made.
pub fn secret_key(path: &Path) -> Result<([u8; 32], String), Failure> {
    if let Ok(text) = std::env::var("YUNSHI_SECRET_KEY") {
        return Ok((parse_key(&text, "YUNSHI_SECRET_KEY")?, "YUNSHI_SECRET_KEY".to_owned()));
    }
    let from = path.display().to_string();
    if let Ok(text) = std::fs::read_to_string(path) {
        return Ok((parse_key(text.trim(), &from)?, from));
    }
    let mut key = [0; 32];
    RandomIds::default().random(&mut key);
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(|e| Failure::WrongUse(format!("{}: {e}", path.display())))?;
    }
    write_key(path, &key)?;
    Ok((key, from))
}

/// Writes a key to a new file that its owner alone can read.
///
/// # Errors
/// Wrong use when the file is there or cannot be made.
pub fn write_key(path: &Path, key: &[u8; 32]) -> Result<(), Failure> {
    let wrong = |e: std::io::Error| Failure::WrongUse(format!("{}: {e}", path.display()));
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let text: String = key.iter().map(|b| format!("{b:02x}")).collect();
    let mut file = options.open(path).map_err(wrong)?;
    file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(text: &str) -> Result<Settings, Failure> {
        toml::from_str::<File>(text).unwrap().settings(Settings::default())
    }

    #[test]
    fn the_example_file_holds_every_setting_and_can_be_read() {
        let example = include_str!("../../../examples/yunshi.toml");
        let read = settings(example).unwrap();
        assert_eq!(read.sites.all().len(), 2);
        assert_eq!(read.sites.of_host("market.example.com"), SiteCode::Intl);
        let known = toml::from_str::<File>("nonsense = 1").unwrap_err().to_string();
        let names: Vec<&str> = known.split('`').skip(3).step_by(2).collect();
        assert!(names.len() > 10, "{known}");
        for name in names {
            assert!(example.contains(name), "{name} is not in examples/yunshi.toml");
        }
    }

    #[test]
    fn a_wrong_setting_is_named() {
        for (text, name) in [
            ("commission = \"1.5\"", "commission"),
            ("commission_tax = \"-0.1\"", "commission_tax"),
            ("job_lease_seconds = 12", "job_lease_seconds"),
            ("sites = []", "sites"),
            ("[[sites]]\ncode = \"cn\"\ntime_zone = \"Moon/Base\"", "time_zone"),
        ] {
            let Err(Failure::WrongUse(said)) = settings(text) else { panic!("{text} was taken") };
            assert!(said.contains(name), "{said}");
        }
        assert!(toml::from_str::<File>("[[sites]]\ncode = \"moon\"").unwrap_err().to_string().contains("cn, intl, eu"));
    }
}
