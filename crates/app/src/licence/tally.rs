//! Statistics of heartbeats, gathered in memory and written in batches: a crash loses those of a moment, never the
//! state of a licence, which no heartbeat changes.

use super::{
    query::Answer,
    usage::{client_hash, today},
};
use crate::{Ctx, Error};
use db::{Key, Tx};
use std::collections::{BTreeMap, BTreeSet};
use store::licence;

/// What was heard and is not written yet. Heard twice is heard once: writing it again changes nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Noted {
    asked: BTreeSet<Key>,
    days: BTreeMap<String, Day>,
    size: usize,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Day {
    clients: BTreeSet<(Key, Vec<u8>)>,
    reported: BTreeMap<Key, i64>,
}

impl Noted {
    /// That codes were asked for, and by which client (`heartbeatInfo`).
    pub fn asked(ctx: &Ctx, answers: &[Answer], client: Option<&str>) -> Self {
        let mut noted = Self::default();
        for answer in answers.iter().filter(|a| a.news || client.is_some()) {
            noted.size += usize::from(noted.asked.insert(answer.id));
            if let Some(client) = client {
                noted.client(&today(ctx), answer.id, client);
            }
        }
        noted
    }

    pub(super) fn client(&mut self, day: &str, licence: Key, client: &str) {
        let day = self.days.entry(day.to_owned()).or_default();
        self.size += usize::from(day.clients.insert((licence, client_hash(client))));
    }

    pub(super) fn reported(&mut self, day: &str, licence: Key, number: i64) {
        let day = self.days.entry(day.to_owned()).or_default();
        let highest = day.reported.entry(licence).or_insert_with(|| {
            self.size += 1;
            number
        });
        *highest = number.max(*highest);
    }

    /// Takes in what was heard meanwhile.
    pub fn add(&mut self, other: Self) {
        for id in other.asked {
            self.size += usize::from(self.asked.insert(id));
        }
        for (name, heard) in other.days {
            for (licence, number) in heard.reported {
                self.reported(&name, licence, number);
            }
            let day = self.days.entry(name).or_default();
            for client in heard.clients {
                self.size += usize::from(day.clients.insert(client));
            }
        }
    }

    /// Rows that wait.
    #[must_use]
    pub fn len(&self) -> usize {
        self.size
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.size == 0
    }
}

/// Writes down what was heard, in the order of the keys, so that two nodes wait for each other and do not stand still.
///
/// # Errors
/// [`Error::Store`].
pub fn write_down(tx: &mut Tx, ctx: &Ctx, noted: &Noted) -> Result<(), Error> {
    let asked: Vec<Key> = noted.asked.iter().copied().collect();
    licence::queried(tx, &asked, ctx.moment())?;
    for (name, day) in &noted.days {
        let clients: Vec<_> = day.clients.iter().cloned().collect();
        licence::count_clients(tx, name, &clients)?;
        let reported: Vec<_> = day.reported.iter().map(|(licence, number)| (*licence, *number)).collect();
        licence::report_days(tx, name, &reported)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_heard_twice_is_one_row_and_the_highest_number_counts() {
        let (one, other) = (Key([1; 16]), Key([2; 16]));
        let mut noted = Noted::default();
        noted.client("2026-01-05", one, "ann");
        noted.client("2026-01-05", one, "ann");
        noted.reported("2026-01-05", one, 7);
        let mut later = Noted::default();
        later.client("2026-01-05", one, "ann");
        later.client("2026-01-06", one, "ann");
        later.client("2026-01-05", other, "ann");
        later.reported("2026-01-05", one, 5);
        noted.add(later);
        assert_eq!(noted.len(), 4, "two clients on the first day, one on the second, one number");
        assert_eq!(noted.days["2026-01-05"].reported[&one], 7);
        assert!(Noted::default().is_empty() && !noted.is_empty());
    }
}
