//! What a use case is given along with the transaction: time, ids, the caller, settings.

use crate::{Error, Repeat, catalogue::Listings, event, message, secret::Sealer, supervision::Templates, usage};
use db::{Key, Moment, Party, Tx};
use domain::{
    Timestamp,
    access::{AccountKind, MemberRole, Role, Scope, StaffRole},
    call::Schedules,
    id::{AccountId, SessionId, UserId},
    settlement::Rates,
    site::{Site, SiteCode, Sites},
};
use jiff::SignedDuration;
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};
use store::{event::NewEvent, message::Message};
use uuid::Uuid;

/// Microseconds since 1970, the form of times in the database.
#[must_use]
pub fn micros(at: Timestamp) -> i64 {
    at.as_microsecond()
}

/// The time of a number; of one that is none, the end of the calendar that is nearer, which nobody takes for a time.
fn nearest(micros: i64) -> Timestamp {
    let end = if micros < 0 { Timestamp::MIN } else { Timestamp::MAX };
    Timestamp::from_microsecond(micros).unwrap_or(end)
}

/// The time of a column, as a moment or still in microseconds.
pub trait Timed: Copy {
    fn at(self) -> Timestamp;
}

impl Timed for Moment {
    fn at(self) -> Timestamp {
        Self::at(self)
    }
}

impl Timed for i64 {
    fn at(self) -> Timestamp {
        nearest(self)
    }
}

/// Two clocks: business time drives terms, timers, retries and bills; wall time drives signatures,
/// leases and sessions. They differ only where a sandbox clock was moved.
pub trait Clock: Send + Sync {
    fn now(&self) -> Timestamp;
    fn wall(&self) -> Timestamp;
}

/// The system's clock, with an offset for business time. In tests the wall clock stands still until it is moved.
#[derive(Debug, Default)]
pub struct MovableClock {
    offset_micros: AtomicI64,
    /// Where the wall clock stands, in microseconds since 1970; the system's clock without it.
    standing: Option<AtomicI64>,
    /// How far the system's clock is ahead of what it should be, as if this were another machine.
    ahead: SignedDuration,
}

impl MovableClock {
    #[must_use]
    pub fn at_offset(micros: i64) -> Self {
        Self { offset_micros: AtomicI64::new(micros), ..Self::default() }
    }

    /// A clock whose wall time stands still, for tests that give the same result each time.
    #[must_use]
    pub fn standing_at(wall: Timestamp) -> Self {
        Self { standing: Some(AtomicI64::new(micros(wall))), ..Self::default() }
    }

    /// A clock of a machine that is ahead of the others.
    #[must_use]
    pub fn ahead(self, by: SignedDuration) -> Self {
        Self { ahead: by, ..self }
    }

    /// Sets business time, also back: before anything was written by it.
    pub fn set_now(&self, at: Timestamp) {
        self.offset_micros.store(micros(at) - micros(self.wall()), Ordering::SeqCst);
    }

    /// Moves both clocks, when the wall clock stands still; the system's clock is not moved.
    pub fn pass(&self, time: SignedDuration) {
        if let Some(standing) = &self.standing {
            standing.fetch_add(i64::try_from(time.as_micros()).unwrap_or(0), Ordering::SeqCst);
        }
    }

    #[must_use]
    pub fn offset_micros(&self) -> i64 {
        self.offset_micros.load(Ordering::SeqCst)
    }

    /// Moves business time forward to an offset; never back.
    pub fn reach(&self, offset: i64) {
        self.offset_micros.fetch_max(offset, Ordering::SeqCst);
    }

    /// Moves business time forward to an instant; never back.
    pub fn advance_to(&self, at: Timestamp) {
        let wanted = micros(at) - micros(self.wall());
        self.offset_micros.fetch_max(wanted, Ordering::SeqCst);
    }
}

impl Clock for MovableClock {
    fn now(&self) -> Timestamp {
        self.wall() + SignedDuration::from_micros(self.offset_micros())
    }

    #[expect(clippy::disallowed_methods, reason = "this is the clock that everything else asks")]
    fn wall(&self) -> Timestamp {
        self.standing.as_ref().map_or_else(|| Timestamp::now() + self.ahead, |at| nearest(at.load(Ordering::SeqCst)))
    }
}

/// Where ids and random bytes come from.
pub trait Ids: Send + Sync {
    /// A UUID v7 of a wall time.
    fn uuid(&self, wall: Timestamp) -> Uuid;
    fn random(&self, bytes: &mut [u8]);
}

/// The operating system's randomness, and ids that grow: also within a millisecond, so that rows of one
/// moment sort in the order in which they were made.
#[derive(Debug, Default)]
pub struct RandomIds {
    /// Milliseconds and a count of 4096 within them.
    last: std::sync::atomic::AtomicU64,
}

impl Ids for RandomIds {
    fn uuid(&self, wall: Timestamp) -> Uuid {
        let floor = u64::try_from(wall.as_millisecond()).unwrap_or(0) << 12;
        let next = |last: u64| Some(floor.max(last + 1));
        let last = self.last.fetch_update(Ordering::SeqCst, Ordering::SeqCst, next).unwrap_or(floor);
        let place = floor.max(last + 1);
        let mut random = [0; 10];
        self.random(&mut random);
        random[..2].copy_from_slice(&u16::try_from(place & 0xfff).unwrap_or(0).to_be_bytes());
        uuid::Builder::from_unix_timestamp_millis(place >> 12, &random).into_uuid()
    }

    #[expect(clippy::expect_used, reason = "without randomness no secret is safe; the process must not go on")]
    fn random(&self, bytes: &mut [u8]) {
        getrandom::fill(bytes).expect("the operating system gives random bytes");
    }
}

/// The other marketplaces whose interfaces for sellers are answered too.
#[derive(Debug, Clone, Copy, Default, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Neighbours {
    pub aws: bool,
    pub azure: bool,
}

/// What may be configured about the rules.
#[derive(Debug, Clone)]
pub struct Settings {
    pub pay_within_days: i64,
    pub retention_days: i64,
    /// Days from the first unpaid charge by use to the freeze.
    pub arrears_grace_days: i64,
    pub schedules: Schedules,
    pub rates: Rates,
    pub sites: Sites,
    pub session_days: i64,
    /// Requests a second that one access key may send on average; twice as many at once.
    pub open_api_per_second: NonZeroU32,
    /// A worker that says nothing for this long, on the wall clock, has lost its jobs to others; longer than any call may take.
    pub job_lease: SignedDuration,
    /// Whether products on sale are probed twice a day.
    pub probing: bool,
    pub neighbours: Neighbours,
    /// Whether a mail server is configured, and where pages are that mails lead to.
    pub mail: bool,
    pub public_url: String,
    /// Where the proofs of domains are looked up; the system's servers when there is none.
    pub dns_servers: Vec<SocketAddr>,
    /// The sandbox alone may call loopback addresses over plain HTTP.
    pub loopback_allowed: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            pay_within_days: 7,
            retention_days: domain::instance::RETENTION_DAYS,
            arrears_grace_days: domain::instance::ARREARS_GRACE_DAYS,
            schedules: Schedules::default(),
            rates: Rates::default(),
            sites: Sites::default(),
            session_days: 14,
            open_api_per_second: NonZeroU32::MIN.saturating_add(99),
            job_lease: SignedDuration::from_secs(60),
            probing: true,
            neighbours: Neighbours::default(),
            mail: false,
            public_url: "http://localhost:8080".to_owned(),
            dns_servers: Vec::new(),
            loopback_allowed: false,
        }
    }
}

/// A person or program that was recognised, with what it may do.
#[derive(Debug, Clone)]
pub struct Caller {
    pub user_id: UserId,
    pub account_id: AccountId,
    pub login: String,
    pub user_name: String,
    pub account_name: String,
    pub account_kind: AccountKind,
    pub site: SiteCode,
    /// Those of the account that this person acts in.
    pub roles: Vec<Role>,
    pub member: MemberRole,
    pub staff: Option<StaffRole>,
    pub scopes: Vec<Scope>,
    pub language: String,
    pub dismissed: String,
    /// The session and its CSRF token, when the caller is a browser.
    pub session: Option<(SessionId, String)>,
    /// The key under which this request may be repeated: whatever is written in the caller's name is written once.
    pub repeat: Option<Arc<Repeat>>,
    /// The version that this request decides on: `If-Match`.
    pub seen: Option<String>,
}

impl Caller {
    #[must_use]
    pub fn standing(&self) -> domain::access::Standing<'_> {
        domain::access::Standing { roles: &self.roles, member: self.member, staff: self.staff, scopes: &self.scopes }
    }
}

/// Who does something.
#[derive(Debug, Clone)]
pub enum Actor {
    Caller(Arc<Caller>),
    /// A request of somebody who is not known: the storefront's readers, who registers.
    Anybody,
    /// Software that shows a code of this account: it waits for the account's rows, and takes the account's share.
    Software(Key),
    /// A timer or reconciler.
    System,
}

impl Actor {
    pub(crate) fn repeat(&self) -> Option<Arc<Repeat>> {
        match self {
            Self::Caller(caller) => caller.repeat.clone(),
            Self::Anybody | Self::Software(_) | Self::System => None,
        }
    }

    /// As events keep it.
    #[must_use]
    pub fn name(&self) -> String {
        match self {
            Self::Caller(caller) => format!("{} {}", caller.user_id, caller.user_name),
            Self::Anybody | Self::Software(_) | Self::System => "system".to_owned(),
        }
    }

    /// Whose share of the database its transactions take.
    #[must_use]
    pub fn party(&self) -> Party {
        match self {
            Self::Caller(caller) => Party::Account(Key::of(caller.account_id)),
            Self::Anybody => Party::Public,
            Self::Software(account) => Party::Account(*account),
            Self::System => Party::System,
        }
    }
}

/// What a unit of work knows of the world.
pub struct Ctx<'a> {
    pub now: Timestamp,
    pub wall: Timestamp,
    pub ids: &'a dyn Ids,
    pub actor: &'a Actor,
    pub settings: &'a Settings,
    pub sealer: &'a Sealer,
    pub listings: &'a Listings,
    pub templates: &'a Templates,
    /// Events that are written when the unit is done.
    pub(crate) news: RefCell<Vec<NewEvent>>,
    /// Likewise messages.
    pub(crate) said: RefCell<Vec<Message>>,
    /// Buyers whose wallets got money: what they owe is taken when the unit is done.
    pub(crate) credited: RefCell<BTreeSet<Key>>,
}

impl Ctx<'_> {
    /// The settings of a site.
    #[must_use]
    pub fn site(&self, code: SiteCode) -> Site {
        self.settings.sites.of(code)
    }

    /// A new id of the wanted kind.
    #[must_use]
    pub fn id<I: From<Uuid>>(&self) -> I {
        self.ids.uuid(self.wall).into()
    }

    #[must_use]
    pub fn key(&self) -> Key {
        Key::of(self.ids.uuid(self.wall))
    }

    #[must_use]
    pub fn now_micros(&self) -> i64 {
        micros(self.now)
    }

    /// Business time as rows keep it.
    #[must_use]
    pub fn moment(&self) -> Moment {
        Moment::of(self.now)
    }

    /// Wall time as rows keep it.
    #[must_use]
    pub fn wall_moment(&self) -> Moment {
        Moment::of(self.wall)
    }

    #[must_use]
    pub fn wall_micros(&self) -> i64 {
        micros(self.wall)
    }

    /// Takes what buyers owe from the wallets that got money, and writes the events and messages that the unit left.
    pub(crate) fn write_down(&self, tx: &mut Tx) -> Result<(), Error> {
        let credited = self.credited.take();
        credited.into_iter().try_for_each(|buyer| usage::settle(tx, self, buyer))?;
        event::write_down(tx, self)?;
        message::write_down(tx, self)
    }

    /// Random bytes as hexadecimal.
    #[must_use]
    pub fn random_hex(&self, bytes: usize) -> String {
        let mut buffer = vec![0; bytes];
        self.ids.random(&mut buffer);
        hex::encode(buffer)
    }
}

/// The name of this database among all, made with the first call: what is derived from it says whose it is.
///
/// # Errors
/// [`Error::Store`].
pub fn installation(tx: &mut Tx, ctx: &Ctx) -> Result<String, Error> {
    const NAME: &str = "installation";
    if let Some(known) = store::setting::get(tx, NAME)? {
        return Ok(known);
    }
    Ok(store::setting::put_new(tx, NAME, &ctx.random_hex(16))?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_one_moment_grow() {
        let (ids, at) = (RandomIds::default(), Timestamp::UNIX_EPOCH + SignedDuration::from_secs(1_700_000_000));
        let made: Vec<Uuid> = (0..10_000).map(|_| ids.uuid(at)).collect();
        assert!(made.windows(2).all(|pair| pair[0] < pair[1]));
        assert_eq!(made[0].get_version_num(), 7);
    }
}
