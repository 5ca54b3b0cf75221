//! Whose turn it is where many wait: for a connection, and for a place in a group of writes.
//!
//! Nothing here waits or knows the time; [`Turns`] only decides. One account may be as eager as it likes: it has its share
//! and not more, and who comes with a single request is never behind all of its others.

use crate::Key;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// Whose work a transaction is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Party {
    /// The platform's own: the worker, timers, housekeeping, tools.
    System,
    /// What is around every request: who calls, and what a repeated request was answered. It waits for nobody's rows.
    Edge,
    /// Requests of nobody in particular, all together: the storefront's readers, log-ins.
    Public,
    /// Requests of one account, and of the software that it has licences for.
    Account(Key),
}

impl Party {
    /// Those who are kept out of the system's share.
    const fn calls(self) -> bool {
        matches!(self, Self::Public | Self::Account(_))
    }
}

/// How many may go on at the same time, and how many of them for one party.
#[derive(Debug, Clone, Copy)]
pub struct Shares {
    places: usize,
    account: usize,
}

impl Shares {
    /// Of connections an account has a quarter.
    #[must_use]
    pub fn of_connections(connections: u32) -> Self {
        let places = usize::try_from(connections).unwrap_or(usize::MAX).max(1);
        Self { places, account: quarter(places) }
    }

    /// Of a group that goes on together, so many for an account.
    #[must_use]
    pub fn of_group(places: usize, account: usize) -> Self {
        Self { places: places.max(1), account: account.max(1) }
    }

    /// What one party gets at most.
    #[must_use]
    pub fn of(self, party: Party) -> usize {
        match party {
            // Something is left for callers also while the worker has much to do.
            Party::System if self.places > 1 => self.places.saturating_sub(quarter(self.places)),
            Party::System => 1,
            Party::Edge | Party::Public => quarter(self.places),
            Party::Account(_) => self.account,
        }
    }

    /// What accounts and the public get at most together: an eighth is the system's alone.
    #[must_use]
    pub fn of_callers(self) -> usize {
        if self.places > 1 { self.places.saturating_sub((self.places / 8).max(1)) } else { 1 }
    }
}

fn quarter(places: usize) -> usize {
    (places / 4).max(1)
}

/// Requests of one party, or of all who are nobody in particular, that may wait; more are refused at once.
const WAITING_MAX: usize = 1_000;

/// What waits and goes on of one party.
#[derive(Debug)]
struct Lane<T> {
    running: usize,
    waiting: VecDeque<(u64, T)>,
    /// Where it stands among the others: when its first one came or, if that is later, when one of it went on last. So
    /// parties take turns, whoever has one that waits goes before all that come later, and nobody waits for ever.
    place: u64,
}

/// Who waits and who goes on.
#[derive(Debug)]
pub struct Turns<T> {
    shares: Shares,
    lanes: BTreeMap<Party, Lane<T>>,
    /// Parties of which something waits and which have room in their share: the platform's own, and callers.
    own: BTreeSet<(u64, Party)>,
    callers: BTreeSet<(u64, Party)>,
    running: usize,
    running_callers: usize,
    /// The number of the next one that comes, and of the next one that goes on.
    next: u64,
}

impl<T> Turns<T> {
    #[must_use]
    pub fn new(shares: Shares) -> Self {
        let (own, callers) = (BTreeSet::new(), BTreeSet::new());
        Self { shares, lanes: BTreeMap::new(), own, callers, running: 0, running_callers: 0, next: 0 }
    }

    fn number(&mut self) -> u64 {
        let number = self.next;
        self.next = self.next.saturating_add(1);
        number
    }

    /// Changes a lane and puts it where it belongs among those that may go on.
    fn change<R>(&mut self, party: Party, change: impl FnOnce(&mut Lane<T>) -> R) -> R {
        let ready = if party.calls() { &mut self.callers } else { &mut self.own };
        let lane = self.lanes.entry(party).or_insert_with(|| Lane { running: 0, waiting: VecDeque::new(), place: 0 });
        ready.remove(&(lane.place, party));
        let result = change(lane);
        if !lane.waiting.is_empty() && lane.running < self.shares.of(party) {
            ready.insert((lane.place, party));
        } else if lane.waiting.is_empty() && lane.running == 0 {
            self.lanes.remove(&party);
        }
        result
    }

    /// Lets one wait; its number, by which it may leave.
    ///
    /// # Errors
    /// It comes back when too many of its party wait.
    pub fn join(&mut self, party: Party, item: T) -> Result<u64, T> {
        let is_full = party.calls() && self.lanes.get(&party).is_some_and(|lane| lane.waiting.len() >= WAITING_MAX);
        if is_full {
            return Err(item);
        }
        let number = self.number();
        self.change(party, |lane| {
            if lane.waiting.is_empty() {
                lane.place = number;
            }
            lane.waiting.push_back((number, item));
        });
        Ok(number)
    }

    /// Takes out one that waits no longer; none when it goes on already.
    pub fn leave(&mut self, party: Party, number: u64) -> Option<T> {
        let at = self.lanes.get(&party)?.waiting.binary_search_by_key(&number, |(n, _)| *n).ok()?;
        self.change(party, |lane| {
            let left = lane.waiting.remove(at);
            lane.place = lane.waiting.front().map_or(lane.place, |(first, _)| lane.place.max(*first));
            left.map(|(_, item)| item)
        })
    }

    /// Who goes on next: of the parties with room in their share the one that stands first.
    pub fn admit(&mut self) -> Option<(Party, T)> {
        if self.running >= self.shares.places {
            return None;
        }
        let caller = self.callers.first().filter(|_| self.running_callers < self.shares.of_callers());
        let (_, party) = *[caller, self.own.first()].into_iter().flatten().min()?;
        let now = self.number();
        let item = self.change(party, |lane| {
            lane.running = lane.running.saturating_add(1);
            lane.place = now;
            lane.waiting.pop_front()
        });
        self.running = self.running.saturating_add(1);
        self.running_callers = self.running_callers.saturating_add(usize::from(party.calls()));
        item.map(|(_, item)| (party, item))
    }

    /// One of a party that went on has ended.
    pub fn end(&mut self, party: Party) {
        self.change(party, |lane| lane.running = lane.running.saturating_sub(1));
        self.running = self.running.saturating_sub(1);
        self.running_callers = self.running_callers.saturating_sub(usize::from(party.calls()));
    }

    /// Whether a party has more on hand than its share: then it waits for itself.
    #[must_use]
    pub fn is_crowded(&self, party: Party) -> bool {
        self.lanes.get(&party).is_some_and(|lane| lane.running.saturating_add(lane.waiting.len()) > self.shares.of(party))
    }

    /// Takes out callers that wait for their own party and have waited for too long, those who came first.
    pub fn take_late(&mut self, is_late: impl Fn(&T) -> bool) -> Vec<(Party, T)> {
        let crowded: Vec<Party> = self.lanes.keys().copied().filter(|party| party.calls() && self.is_crowded(*party)).collect();
        let mut late = Vec::new();
        for party in crowded {
            while self.is_crowded(party)
                && let Some((number, _)) = self.lanes.get(&party).and_then(|lane| lane.waiting.front()).filter(|(_, item)| is_late(item))
            {
                let number = *number;
                late.extend(self.leave(party, number).map(|item| (party, item)));
            }
        }
        late
    }

    /// Whether nobody waits.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.lanes.values().all(|lane| lane.waiting.is_empty())
    }
}
