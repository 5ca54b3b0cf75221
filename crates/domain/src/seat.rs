//! Floating seats (浮动席位): a seat is leased by one client at a time, and is free again when its lease is over.

use crate::licence_rules::TakeOver;
use jiff::{SignedDuration, Timestamp};

/// A seat as it is or was held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seat {
    pub slot: i64,
    /// Who holds it, as the software names him.
    pub client: String,
    pub renewed_at: Timestamp,
    /// Exclusive; the seat is free from then on.
    pub lease_until: Timestamp,
}

impl Seat {
    #[must_use]
    pub fn held(&self, now: Timestamp) -> bool {
        now < self.lease_until
    }
}

/// A client that wants to work.
#[derive(Debug, Clone, Copy)]
pub struct Wish<'a> {
    pub client: &'a str,
    /// It asks for the seat of another when none is free.
    pub take_over: bool,
}

/// Where a client sits down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// Where its row is: its own seat, still held or not.
    Own(i64),
    /// On a slot that nobody holds; `true` when the row of a former holder is there.
    Free(i64, bool),
    /// On the seat of another, who loses it.
    Taken(Seat),
}

/// All seats are held, and none may be taken over.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("all {seats} seats are held; the first lease is over at {free_at}")]
pub struct NoSeat {
    pub seats: i64,
    pub free_at: Timestamp,
}

/// Seats a client, or refuses it. `rows` are all rows of the licence: at most one of a slot, at most one of a client.
/// Never more are held than `slots`; a seat beyond them (fewer were renewed than bought) is not given again.
///
/// # Errors
/// [`NoSeat`].
pub fn place(rows: &[Seat], slots: i64, lease: SignedDuration, rule: TakeOver, wish: Wish<'_>, now: Timestamp) -> Result<Place, NoSeat> {
    let held = || rows.iter().filter(|s| s.held(now));
    let own = rows.iter().find(|s| s.client == wish.client);
    let count = i64::try_from(held().count()).unwrap_or(i64::MAX);
    if let Some(own) = own.filter(|s| s.slot < slots && (s.held(now) || count < slots)) {
        return Ok(Place::Own(own.slot));
    }
    if count < slots
        && let Some(slot) = (0..slots).find(|slot| !held().any(|s| s.slot == *slot))
    {
        return Ok(Place::Free(slot, rows.iter().any(|s| s.slot == slot)));
    }
    let others = held().filter(|s| s.slot < slots && s.client != wish.client);
    let oldest = others.min_by_key(|s| (s.renewed_at, s.slot));
    let idle = |s: &Seat| now.duration_since(s.renewed_at) >= lease / 2;
    let taken = oldest.filter(|s| wish.take_over && (rule == TakeOver::Oldest || (rule == TakeOver::Idle && idle(s))));
    let free_at = held().map(|s| s.lease_until).min().unwrap_or(now);
    taken.cloned().map(Place::Taken).ok_or(NoSeat { seats: slots, free_at })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::{collection::vec, prelude::*};

    const LEASE: SignedDuration = SignedDuration::from_mins(30);

    fn at(minute: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + SignedDuration::from_mins(minute)
    }

    fn seat(slot: i64, client: &str, renewed: i64) -> Seat {
        Seat { slot, client: client.to_owned(), renewed_at: at(renewed), lease_until: at(renewed) + LEASE }
    }

    fn asked(rows: &[Seat], rule: TakeOver, client: &str, take_over: bool, now: i64) -> Result<Place, NoSeat> {
        place(rows, 2, LEASE, rule, Wish { client, take_over }, at(now))
    }

    #[test]
    fn a_full_house_is_refused_with_the_moment_when_the_first_seat_is_free() {
        let rows = [seat(0, "ann", 0), seat(1, "bob", 5)];
        let refused = Err(NoSeat { seats: 2, free_at: at(30) });
        assert_eq!(asked(&rows, TakeOver::Oldest, "cid", false, 10), refused, "nobody is put out unasked");
        assert_eq!(asked(&rows, TakeOver::Own, "cid", true, 10), refused);
        assert_eq!(asked(&rows, TakeOver::Idle, "cid", true, 14), refused, "not idle for half a lease");
        assert_eq!(asked(&rows, TakeOver::Idle, "cid", true, 15), Ok(Place::Taken(rows[0].clone())));
        assert_eq!(asked(&rows, TakeOver::Oldest, "cid", true, 10), Ok(Place::Taken(rows[0].clone())));
        assert_eq!(asked(&rows, TakeOver::Own, "bob", false, 10), Ok(Place::Own(1)), "his own, which he left behind");
        assert_eq!(asked(&rows, TakeOver::Own, "cid", false, 30), Ok(Place::Free(0, true)), "a lease ends with its minute");
        assert_eq!(asked(&rows[..1], TakeOver::Own, "cid", false, 10), Ok(Place::Free(1, false)));
    }

    proptest! {
        /// Whoever comes, in whatever order, whatever he asks: no more work than seats were bought, and nobody twice.
        #[test]
        fn never_more_work_than_seats_were_bought(
            slots in 1_i64..5,
            rule in prop_oneof![Just(TakeOver::Own), Just(TakeOver::Idle), Just(TakeOver::Oldest)],
            asks in vec((0_u8..8, any::<bool>(), 0_i64..25), 1..60),
        ) {
            let (mut rows, mut minute): (Vec<Seat>, i64) = (Vec::new(), 0);
            for (client, take_over, later) in asks {
                minute += later;
                let client = client.to_string();
                let before = rows.iter().filter(|s| s.held(at(minute))).count();
                match place(&rows, slots, LEASE, rule, Wish { client: &client, take_over }, at(minute)) {
                    Ok(Place::Own(slot) | Place::Free(slot, _)) | Ok(Place::Taken(Seat { slot, .. })) => {
                        // As it is stored: one row of a slot, one of a client.
                        rows.retain(|s| s.slot != slot && s.client != client);
                        rows.push(seat(slot, &client, minute));
                    }
                    Err(no) => {
                        prop_assert_eq!(i64::try_from(before).unwrap(), slots);
                        prop_assert!(no.free_at > at(minute));
                    }
                }
                prop_assert!(rows.iter().filter(|s| s.held(at(minute))).count() <= usize::try_from(slots).unwrap());
            }
        }
    }
}
