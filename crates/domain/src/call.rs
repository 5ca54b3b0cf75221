//! Production calls: what is called, how often, and what an answer means
//! (`saas-interface 1.1`, `1.2`, `seller-domain 6.2`).

use crate::listing::AccessType;
use jiff::{SignedDuration, Timestamp};

crate::words! {
    /// The calls of SaaS 2.0, by their `activity`, and order notifications.
    pub enum Activity ("activity") {
        Create = "newInstance",
        Query = "queryInstance",
        Refresh = "refreshInstance",
        UpdateStatus = "updateInstanceStatus",
        Release = "releaseInstance",
        Upgrade = "upgradeInstance",
        /// Asked while the buyer waits, never repeated by itself.
        ChangeCheck = "changeInstanceCheck",
        /// Of an authorisation code: its end moved (`license-interface 2.4`).
        RefreshCode = "refreshLicenseCode",
        UpdateCodeStatus = "updateLicenseCodeStatus",
        ReleaseCode = "releaseLicenseCode",
        /// Licence 1.x (`license-interface 3`).
        GetLicence = "getLicense",
        RefreshLicence = "refreshLicense",
        ExpireLicence = "expireLicense",
        ReleaseLicence = "releaseLicense",
        /// On-line opening: the buyer asks for a licence (`license-interface 4.2`).
        Apply = "getLicenseAsync",
        /// Joint-SaaS kit (`saas-interface 4`).
        TenantSync = "tenantSync",
        AllOrgSync = "allOrgSync",
        ApplicationSync = "applicationSync",
        AuthSync = "authSync",
        SingleOrgSync = "singleOrgSync",
        /// Of an order, not of an instance (`saas-interface 5`).
        Notify = "orderNotify",
    }
}

impl Activity {
    /// Whether it tells of a company's people rather than of an instance.
    #[must_use]
    pub fn is_kit(self) -> bool {
        matches!(self, Self::TenantSync | Self::AllOrgSync | Self::ApplicationSync | Self::AuthSync | Self::SingleOrgSync)
    }
}

crate::words! {
    /// States of a call. `waiting`: an earlier call of the same instance is not over.
    pub enum CallState ("call state") {
        Waiting = "waiting",
        Due = "due",
        Done = "done",
        Failed = "failed",
    }
}

impl CallState {
    /// Whether the call is made still, now or when its turn comes.
    #[must_use]
    pub fn is_open(self) -> bool {
        match self {
            Self::Waiting | Self::Due => true,
            Self::Done | Self::Failed => false,
        }
    }
}

/// How a call is repeated: the first delay, how it grows, and for how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Retry {
    pub first_secs: i64,
    /// Each delay is this many percent of the one before; 100 keeps it.
    pub growth_percent: i64,
    pub longest_secs: i64,
    pub window_secs: i64,
}

impl Retry {
    const fn every(secs: i64, window_secs: i64) -> Self {
        Self { first_secs: secs, growth_percent: 100, longest_secs: secs, window_secs }
    }

    /// Called, and not again by itself.
    const ONCE: Self = Self { first_secs: 0, growth_percent: 100, longest_secs: 0, window_secs: -1 };
    /// Called once more.
    const TWICE: Self = Self::every(300, 500);

    /// When the next try is due after the `failures`-th failure, or nothing when the window is over.
    /// `jitter` (0–255) takes up to a twentieth off the delay, so that the last try stays inside.
    #[must_use]
    pub fn next(self, first_at: Timestamp, now: Timestamp, failures: u32, jitter: u8) -> Option<Timestamp> {
        let mut delay = self.first_secs;
        for _ in 1..failures {
            delay = (delay.saturating_mul(self.growth_percent) / 100).min(self.longest_secs);
        }
        let millis = delay.saturating_mul(1000).saturating_sub(delay.saturating_mul(50).saturating_mul(i64::from(jitter)) / 255);
        let next = now + SignedDuration::from_millis(millis);
        (next <= first_at + SignedDuration::from_secs(self.window_secs)).then_some(next)
    }
}

/// Documented schedules (`saas-interface 1.2`); configuration may change them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Schedules {
    pub create: Retry,
    pub query: Retry,
    pub refresh: Retry,
    pub update_status: Retry,
    pub release: Retry,
    pub upgrade: Retry,
    pub notify: Retry,
    pub licence: Retry,
}

impl Default for Schedules {
    fn default() -> Self {
        const HOUR: i64 = 3600;
        Self {
            create: Retry::every(HOUR, 3 * HOUR),
            query: Retry { first_secs: 5, growth_percent: 150, longest_secs: 60, window_secs: 3 * HOUR },
            refresh: Retry::every(120, 2 * HOUR),
            update_status: Retry::every(300, HOUR),
            release: Retry::every(300, HOUR),
            upgrade: Retry::every(HOUR, 3 * HOUR),
            notify: Retry::every(600, 3 * HOUR),
            // 60 times, every 2 minutes (license-interface 2.4.5); on-line opening: 2 hours (4.5).
            licence: Retry::every(120, 2 * HOUR),
        }
    }
}

impl Schedules {
    #[must_use]
    pub fn of(&self, access: AccessType, activity: Activity) -> Retry {
        if access == AccessType::LicenceOnline && activity != Activity::Notify && !activity.is_kit() {
            return self.licence;
        }
        match activity {
            Activity::Create | Activity::GetLicence => self.create,
            Activity::Query => self.query,
            Activity::Refresh => self.refresh,
            Activity::UpdateStatus => self.update_status,
            Activity::Release => self.release,
            Activity::Upgrade | Activity::ChangeCheck => self.upgrade,
            Activity::Notify => self.notify,
            Activity::RefreshCode | Activity::UpdateCodeStatus | Activity::ReleaseCode | Activity::Apply => self.licence,
            // Called once, and the end of a term once more (license-interface 3.3). What the kit tells is tried again by
            // the buyer's administrator (saas-interface 4).
            Activity::RefreshLicence
            | Activity::ReleaseLicence
            | Activity::TenantSync
            | Activity::AllOrgSync
            | Activity::ApplicationSync
            | Activity::AuthSync
            | Activity::SingleOrgSync => Retry::ONCE,
            Activity::ExpireLicence => Retry::TWICE,
        }
    }
}

/// What an attempt came to, by name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// `000000`.
    Success,
    /// `000004` on create: opening goes on, poll for the data.
    Accepted,
    /// Query: the instance is known but its data have not come.
    NotYet,
    /// Another result code or a wrong answer; `kind` is stable, `text` is for people.
    Failure { kind: &'static str, text: String },
}

impl Outcome {
    #[must_use]
    pub fn failure(kind: &'static str, text: impl Into<String>) -> Self {
        Self::Failure { kind, text: text.into() }
    }

    /// The stable name of the outcome, as stored with the attempt.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Accepted => "accepted",
            Self::NotYet => "not_yet",
            Self::Failure { kind, .. } => kind,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tries(retry: Retry, jitter: u8) -> Vec<i64> {
        let first = Timestamp::UNIX_EPOCH;
        let mut at = first;
        let mut all = vec![0];
        while let Some(next) = retry.next(first, at, u32::try_from(all.len()).unwrap(), jitter) {
            at = next;
            all.push(next.as_second());
        }
        all
    }

    #[test]
    fn create_is_tried_hourly_for_three_hours() {
        assert_eq!(tries(Schedules::default().create, 0), [0, 3600, 7200, 10_800]);
        assert_eq!(tries(Schedules::default().create, 255), [0, 3420, 6840, 10_260]);
    }

    #[test]
    fn the_query_grows_from_5_to_60_seconds() {
        let all = tries(Schedules::default().query, 0);
        let gaps: Vec<i64> = all.windows(2).map(|w| w[1] - w[0]).collect();
        assert_eq!(&gaps[..7], [5, 7, 10, 15, 22, 33, 49]);
        assert!(gaps[8..].iter().all(|g| *g == 60));
        assert!(*all.last().unwrap() <= 10_800);
    }

    #[test]
    fn licences_have_schedules_of_their_own() {
        let of = |access, activity| tries(Schedules::default().of(access, activity), 0).len();
        for (access, activity, expected) in [
            (AccessType::LicenceCode, Activity::RefreshCode, 61),
            (AccessType::LicenceCode, Activity::ReleaseCode, 61),
            (AccessType::LicenceV1, Activity::GetLicence, 4),
            (AccessType::LicenceV1, Activity::RefreshLicence, 1),
            (AccessType::LicenceV1, Activity::ExpireLicence, 2),
            (AccessType::LicenceV1, Activity::ReleaseLicence, 1),
            (AccessType::LicenceOnline, Activity::Create, 61),
            (AccessType::LicenceOnline, Activity::UpdateStatus, 61),
            (AccessType::LicenceOnline, Activity::Notify, 19),
            (AccessType::Saas, Activity::Create, 4),
        ] {
            assert_eq!(of(access, activity), expected, "{access} {activity}");
        }
    }

    #[test]
    fn renewal_is_tried_sixty_times_every_two_minutes() {
        assert_eq!(tries(Schedules::default().refresh, 0).len(), 61);
    }
}
