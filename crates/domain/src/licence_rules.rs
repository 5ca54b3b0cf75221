//! What a licence by code allows beyond its code (许可规则): features, seats, machines, grace, files for machines
//! without network. Ours; the reference knows none of it, and a specification without rules is as the reference says.

use crate::{
    instance::{FreezeCause, InstanceState},
    listing::Bilingual,
};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

pub const FEATURES_MAX: usize = 50;
/// Seats, or machines, that one unit may carry.
pub const SLOTS_MAX: u32 = 10_000;
/// Minutes of a lease.
pub const LEASE_MINUTES: std::ops::RangeInclusive<u32> = 1..=10_080;
/// As long as a resource is kept after its end (`license-interface 2.1`).
pub const GRACE_DAYS_MAX: u16 = 15;
pub const FILE_DAYS: std::ops::RangeInclusive<u16> = 1..=3_660;
pub const NODE_RELEASES_MAX: u32 = 1_000;
/// Days over which the buyer's releases of machines are counted.
pub const RELEASES_OVER_DAYS: i64 = 30;

crate::words! {
    /// Whether a client may take the seat of another when all are held (接管席位).
    pub enum TakeOver ("take-over rule") {
        /// Only its own, which it left behind.
        Own = "own",
        /// Also one that was not renewed for half of its lease.
        Idle = "idle",
        /// Also the one that was renewed longest ago.
        Oldest = "oldest",
    }
}

crate::words! {
    /// When a machine counts as the one that a licence is bound to (机器匹配规则).
    pub enum NodeMatch ("machine rule") {
        /// Every part of its fingerprint is the same.
        Exact = "exact",
        /// More than half of the parts that are known of both: a replaced disk changes nothing.
        Most = "most",
    }
}

/// The value of a feature.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum FeatureValue {
    Flag(bool),
    Number(i64),
    Text(String),
}

impl Default for FeatureValue {
    fn default() -> Self {
        Self::Flag(true)
    }
}

impl FeatureValue {
    /// The value that a text looks like, so that a form has one field for all: `true`, `false`, a whole number, else text.
    /// A feature that is named without a value is there.
    #[must_use]
    pub fn of_text(text: &str) -> Self {
        match (text.trim(), text.trim().parse()) {
            ("true" | "", _) => Self::Flag(true),
            ("false", _) => Self::Flag(false),
            (_, Ok(number)) => Self::Number(number),
            (text, Err(_)) => Self::Text(text.to_owned()),
        }
    }
}

impl std::fmt::Display for FeatureValue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Flag(flag) => flag.fmt(f),
            Self::Number(number) => number.fmt(f),
            Self::Text(text) => f.write_str(text),
        }
    }
}

/// Something that the software unlocks (功能权益).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Feature {
    /// As the software asks for it.
    pub code: String,
    pub name: Bilingual,
    pub value: FeatureValue,
}

/// The rules of a specification. Numbers are of one unit bought: an order of three has three times as many.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LicenceRules {
    pub features: Vec<Feature>,
    /// How many clients may work at the same time; none: they are not counted.
    pub seats: Option<u32>,
    pub lease_minutes: u32,
    pub take_over: TakeOver,
    /// How many machines it may be used on; none: on any.
    pub nodes: Option<u32>,
    pub node_match: NodeMatch,
    /// How many machines the buyer may release in 30 days.
    pub node_releases: u32,
    /// Days after the end on which the software still works, for a renewal to arrive.
    pub grace_days: u16,
    /// Whether signed files are given for machines without network.
    pub files: bool,
    /// The longest life of a file, because nobody can call it back; none: until the end of the term.
    pub file_days: Option<u16>,
}

impl Default for LicenceRules {
    fn default() -> Self {
        Self {
            features: Vec::new(),
            seats: None,
            lease_minutes: 30,
            take_over: TakeOver::Own,
            nodes: None,
            node_match: NodeMatch::Most,
            node_releases: 3,
            grace_days: 0,
            files: false,
            file_days: None,
        }
    }
}

impl LicenceRules {
    /// Of a seller's test codes: enough of everything to try his software with.
    #[must_use]
    pub fn of_test_codes() -> Self {
        Self { seats: Some(2), take_over: TakeOver::Oldest, nodes: Some(2), files: true, file_days: Some(1), ..Self::default() }
    }

    /// Fields that are not right: the end of a JSON pointer, a stable code, and what to do.
    #[must_use]
    pub fn check(&self) -> Vec<(String, &'static str, &'static str)> {
        let mut wrong = Vec::new();
        let mut check = |good: bool, field: &str, code, detail| {
            if !good {
                wrong.push((field.to_owned(), code, detail));
            }
        };
        let slots = |n: Option<u32>| n.is_none_or(|n| (1..=SLOTS_MAX).contains(&n));
        check(slots(self.seats), "seats", "out_of_range", "sell 1 to 10,000 seats with a unit, or do not count them");
        check(slots(self.nodes), "nodes", "out_of_range", "allow 1 to 10,000 machines with a unit, or any number");
        check(LEASE_MINUTES.contains(&self.lease_minutes), "lease_minutes", "out_of_range", "a lease lasts 1 minute to 7 days (10,080)");
        check(self.node_releases <= NODE_RELEASES_MAX, "node_releases", "out_of_range", "at most 1,000 machines in 30 days");
        check(self.grace_days <= GRACE_DAYS_MAX, "grace_days", "out_of_range", "at most the 15 days for which a resource is kept");
        check(self.file_days.is_none_or(|d| FILE_DAYS.contains(&d)), "file_days", "out_of_range", "a file lives 1 to 3,660 days");
        check(self.features.len() <= FEATURES_MAX, "features", "too_many", "at most 50 features");
        for (i, feature) in self.features.iter().enumerate() {
            let code = &feature.code;
            let plain = (1..=64).contains(&code.len()) && code.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b));
            check(plain, &format!("features/{i}/code"), "bad_code", "1 to 64 letters, digits, dots, dashes and underscores");
            let repeated = self.features[..i].iter().any(|other| other.code == *code);
            check(!repeated, &format!("features/{i}/code"), "repeated", "name each feature once");
            let short = !matches!(&feature.value, FeatureValue::Text(t) if t.chars().count() > 200);
            check(short, &format!("features/{i}/value"), "too_long", "at most 200 characters");
        }
        wrong
    }

    /// How many of something an order of `quantity` units has.
    #[must_use]
    pub fn slots(of_unit: u32, quantity: i64) -> i64 {
        i64::from(of_unit).saturating_mul(quantity.max(1))
    }
}

/// Whether the software may work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    Valid,
    /// The term is over; it works until then, for a renewal to arrive.
    Grace {
        until: Timestamp,
    },
    Over,
}

/// Whether the software of an open licence may work. Grace is for what ran out, not for what was frozen for another
/// reason or released.
#[must_use]
pub fn standing(
    state: InstanceState,
    cause: Option<FreezeCause>,
    expires_at: Option<Timestamp>,
    grace_days: u16,
    now: Timestamp,
) -> Standing {
    match (state, cause) {
        (InstanceState::Running, _) if expires_at.is_none_or(|end| now < end) => Standing::Valid,
        (InstanceState::Running, _) | (InstanceState::Frozen, Some(FreezeCause::Expired)) => {
            let until = grace_end(expires_at, grace_days);
            until.filter(|until| now < *until).map_or(Standing::Over, |until| Standing::Grace { until })
        }
        _ => Standing::Over,
    }
}

/// The end of a term with its grace.
#[must_use]
pub fn grace_end(expires_at: Option<Timestamp>, grace_days: u16) -> Option<Timestamp> {
    expires_at.map(|end| end + SignedDuration::from_hours(i64::from(grace_days).saturating_mul(24)))
}

/// The end of a file that is signed now: of the term with its grace, or of the file's own longest life.
#[must_use]
pub fn file_end(rules: &LicenceRules, expires_at: Option<Timestamp>, now: Timestamp) -> Option<Timestamp> {
    let longest = rules.file_days.map(|days| now + SignedDuration::from_hours(i64::from(days).saturating_mul(24)));
    [grace_end(expires_at, rules.grace_days), longest].into_iter().flatten().min()
}

/// Until when such a file stands for what is paid: its grace is given to everybody.
#[must_use]
pub fn file_covers(rules: &LicenceRules, expires_at: Option<Timestamp>, now: Timestamp) -> Option<Timestamp> {
    [expires_at, file_end(rules, expires_at, now)].into_iter().flatten().min()
}

/// Whether the buyer may release one more machine after so many in the last 30 days.
#[must_use]
pub fn may_release(rules: &LicenceRules, released: i64) -> bool {
    released < i64::from(rules.node_releases)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_reads_as_what_it_looks_like() {
        assert_eq!(FeatureValue::of_text("true"), FeatureValue::Flag(true));
        assert_eq!(FeatureValue::of_text(""), FeatureValue::Flag(true), "named without a value: it is there");
        assert_eq!(FeatureValue::of_text("false"), FeatureValue::Flag(false));
        assert_eq!(FeatureValue::of_text(" 500 "), FeatureValue::Number(500));
        assert_eq!(FeatureValue::of_text("gold"), FeatureValue::Text("gold".into()));
        let long = "99999999999999999999";
        assert_eq!(FeatureValue::of_text(long).to_string(), long, "beyond 64 bits it is a text");
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn grace_is_for_what_ran_out_only() {
        let end = Some(at("2026-02-01T00:00:00Z"));
        let of = |state, cause, grace, now: &str| standing(state, cause, end, grace, at(now));
        use InstanceState::{Frozen, Released, Running};
        assert_eq!(of(Running, None, 7, "2026-01-31T23:59:59Z"), Standing::Valid);
        let grace = Standing::Grace { until: at("2026-02-08T00:00:00Z") };
        assert_eq!(of(Running, None, 7, "2026-02-01T00:00:00Z"), grace, "the timer that freezes it may be late");
        assert_eq!(of(Frozen, Some(FreezeCause::Expired), 7, "2026-02-07T23:59:59Z"), grace);
        assert_eq!(of(Frozen, Some(FreezeCause::Expired), 7, "2026-02-08T00:00:00Z"), Standing::Over);
        assert_eq!(of(Frozen, Some(FreezeCause::Expired), 0, "2026-02-01T00:00:00Z"), Standing::Over);
        assert_eq!(of(Frozen, Some(FreezeCause::Violation), 7, "2026-01-15T00:00:00Z"), Standing::Over);
        assert_eq!(of(Released, None, 7, "2026-01-15T00:00:00Z"), Standing::Over);
        assert_eq!(standing(Running, None, None, 0, at("2050-01-01T00:00:00Z")), Standing::Valid, "bought once, without an end");
    }

    #[test]
    fn a_file_ends_with_the_grace_or_with_its_own_life_whichever_is_first() {
        let (now, end) = (at("2026-01-01T00:00:00Z"), Some(at("2026-02-01T00:00:00Z")));
        let rules = |grace_days, file_days| LicenceRules { grace_days, file_days, ..LicenceRules::default() };
        assert_eq!(file_end(&rules(7, None), end, now), Some(at("2026-02-08T00:00:00Z")));
        assert_eq!(file_end(&rules(7, Some(10)), end, now), Some(at("2026-01-11T00:00:00Z")));
        assert_eq!(file_end(&rules(0, Some(90)), end, now), end);
        assert_eq!(file_end(&rules(7, None), None, now), None);
    }

    #[test]
    fn each_rule_that_is_not_right_is_named() {
        assert_eq!(LicenceRules::of_test_codes().check(), []);
        let named = |change: fn(&mut LicenceRules)| {
            let mut rules = LicenceRules::default();
            change(&mut rules);
            rules.check().into_iter().map(|(field, code, _)| format!("{field} {code}")).collect::<Vec<_>>()
        };
        assert_eq!(named(|r| r.seats = Some(0)), ["seats out_of_range"]);
        assert_eq!(named(|r| r.nodes = Some(10_001)), ["nodes out_of_range"]);
        assert_eq!(named(|r| r.lease_minutes = 0), ["lease_minutes out_of_range"]);
        assert_eq!(named(|r| r.grace_days = 16), ["grace_days out_of_range"]);
        assert_eq!(named(|r| r.file_days = Some(0)), ["file_days out_of_range"]);
        assert_eq!(named(|r| r.features = vec![Feature { code: "a b".into(), ..Feature::default() }]), ["features/0/code bad_code"]);
        let feature = Feature { code: "scan".into(), ..Feature::default() };
        let mut twice = LicenceRules { features: vec![feature.clone(), feature], ..LicenceRules::default() };
        assert_eq!(twice.check()[0].1, "repeated");
        twice.features.truncate(1);
        twice.features[0].value = FeatureValue::Text("x".repeat(201));
        assert_eq!(twice.check()[0].0, "features/0/value");
    }
}
