//! Who goes on next where many wait: shares, turns, and that nobody waits for ever.

use db::{
    Key,
    turns::{Party, Shares, Turns},
};
use proptest::prelude::*;
use std::collections::{BTreeSet, VecDeque};

fn account(n: u8) -> Party {
    Party::Account(Key([n; 16]))
}

fn turns(connections: u32, wait: impl IntoIterator<Item = (Party, &'static str)>) -> Turns<&'static str> {
    let mut turns = Turns::new(Shares::of_connections(connections));
    for (party, name) in wait {
        turns.join(party, name).unwrap();
    }
    turns
}

fn admitted(turns: &mut Turns<&'static str>) -> Vec<&'static str> {
    std::iter::from_fn(|| turns.admit()).map(|(_, name)| name).collect()
}

#[test]
fn an_account_has_a_quarter_and_the_system_an_eighth_that_no_caller_takes() {
    for (connections, account_share, public, system, callers) in
        [(32, 8, 8, 24, 28), (16, 4, 4, 12, 14), (8, 2, 2, 6, 7), (3, 1, 1, 2, 2), (2, 1, 1, 1, 1), (1, 1, 1, 1, 1), (0, 1, 1, 1, 1)]
    {
        let shares = Shares::of_connections(connections);
        let found = (shares.of(account(1)), shares.of(Party::Public), shares.of(Party::System), shares.of_callers());
        assert_eq!(found, (account_share, public, system, callers), "{connections}");
    }
    let group = Shares::of_group(64, 2);
    assert_eq!((group.of(account(1)), group.of(Party::Public), group.of(Party::System), group.of_callers()), (2, 16, 48, 56));
}

#[test]
fn what_is_beyond_the_share_of_an_account_waits_and_others_pass() {
    let mut turns = turns(8, [(account(1), "a1"), (account(1), "a2"), (account(1), "a3"), (account(2), "b1"), (Party::System, "s1")]);
    assert_eq!(admitted(&mut turns), ["a1", "b1", "s1", "a2"]);
    assert!(turns.is_crowded(account(1)) && !turns.is_crowded(account(2)));
    turns.end(account(2));
    assert_eq!(admitted(&mut turns), Vec::<&str>::new(), "a share is not made larger by room that others leave");
    turns.end(account(1));
    assert_eq!(admitted(&mut turns), ["a3"]);
    assert!(!turns.is_crowded(account(1)) && turns.is_idle());
}

#[test]
fn parties_take_turns_and_single_requests_go_in_the_order_in_which_they_came() {
    let mut one = turns(1, [(account(1), "a1"), (account(1), "a2"), (account(1), "a3"), (account(2), "b1"), (account(3), "c1")]);
    let mut order = vec![];
    while let Some((party, name)) = one.admit() {
        order.push(name);
        one.end(party);
        if name == "b1" {
            one.join(account(2), "b2").unwrap();
            one.join(account(4), "d1").unwrap();
        }
    }
    assert_eq!(order, ["a1", "b1", "c1", "a2", "b2", "d1", "a3"]);
}

#[test]
fn callers_never_take_the_systems_share() {
    let many = (0..40).map(|n| (account(n), "caller"));
    let mut turns = turns(16, many.chain([(Party::System, "worker"), (Party::System, "worker"), (Party::System, "worker")]));
    let found = admitted(&mut turns);
    assert_eq!((found.len(), found.iter().filter(|name| **name == "worker").count()), (16, 2));
    turns.end(account(0));
    assert_eq!(admitted(&mut turns), ["caller"], "it came before the third of the system");
}

#[test]
fn who_leaves_is_not_let_in_and_who_was_let_in_cannot_leave() {
    let mut turns = Turns::new(Shares::of_connections(1));
    let first = turns.join(account(1), 1).unwrap();
    let second = turns.join(account(1), 2).unwrap();
    assert_eq!(turns.admit(), Some((account(1), 1)));
    assert_eq!((turns.leave(account(1), first), turns.leave(account(1), second)), (None, Some(2)));
    turns.end(account(1));
    assert_eq!(turns.admit(), None);
}

#[test]
fn late_ones_are_taken_out_only_where_their_own_party_is_in_the_way() {
    let mut turns = Turns::new(Shares::of_group(64, 2));
    for n in 0..5 {
        turns.join(account(1), n).unwrap();
    }
    turns.join(account(2), 10).unwrap();
    turns.join(Party::System, 20).unwrap();
    assert_eq!(turns.take_late(|n| *n < 2), [(account(1), 0), (account(1), 1)]);
    assert_eq!(turns.take_late(|_| true), [(account(1), 2)], "two are its share");
}

#[test]
fn an_account_with_a_thousand_waiting_gets_no_more_in() {
    let mut turns = Turns::new(Shares::of_group(64, 2));
    assert_eq!((0..1_100).filter(|n| turns.join(account(1), *n).is_err()).count(), 100);
    assert!(turns.join(account(2), 1).is_ok());
    assert!((0..1_100).all(|n| turns.join(Party::System, n).is_ok()));
}

#[derive(Debug, Clone)]
enum Step {
    Join(Party),
    Admit,
    /// Ends the one that has gone on for the n-th longest time.
    End(usize),
    Leave(usize),
}

fn party() -> impl Strategy<Value = Party> {
    prop_oneof![Just(Party::System), Just(Party::Edge), Just(Party::Public), (0..4_u8).prop_map(account), Just(account(0))]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => party().prop_map(Step::Join),
        3 => Just(Step::Admit),
        2 => (0..8_usize).prop_map(Step::End),
        1 => (0..8_usize).prop_map(Step::Leave),
    ]
}

/// What is known from outside: numbers that wait and parties that go on, in their order.
#[derive(Default)]
struct Seen {
    waiting: Vec<(Party, u64)>,
    running: Vec<Party>,
}

impl Seen {
    fn running(&self, party: Party) -> usize {
        self.running.iter().filter(|p| **p == party).count()
    }

    fn callers(&self) -> usize {
        self.running.iter().filter(|p| matches!(p, Party::Public | Party::Account(_))).count()
    }

    /// Lets one go on, if any may.
    fn admit(&mut self, turns: &mut Turns<()>) -> bool {
        let Some((party, ())) = turns.admit() else { return false };
        let first = self.waiting.iter().position(|(p, _)| *p == party).unwrap();
        self.waiting.remove(first);
        self.running.push(party);
        true
    }

    fn play(&mut self, turns: &mut Turns<()>, step: &Step) {
        match step {
            Step::Join(party) => {
                let number = turns.join(*party, ()).unwrap();
                self.waiting.push((*party, number));
            }
            Step::Admit => {
                self.admit(turns);
            }
            Step::End(n) if *n < self.running.len() => turns.end(self.running.remove(*n)),
            Step::Leave(n) if *n < self.waiting.len() => {
                let (party, number) = self.waiting.remove(*n);
                assert!(turns.leave(party, number).is_some());
            }
            Step::End(_) | Step::Leave(_) => {}
        }
    }
}

proptest! {
    #[test]
    fn no_share_is_ever_passed_and_no_place_is_left_free_without_need(
        connections in 1..20_u32, steps in prop::collection::vec(step(), 1..200),
    ) {
        let shares = Shares::of_connections(connections);
        let (mut turns, mut seen) = (Turns::new(shares), Seen::default());
        for step in &steps {
            seen.play(&mut turns, step);
            prop_assert!(seen.running.len() <= connections as usize);
            prop_assert!(seen.callers() <= shares.of_callers());
            for party in &seen.running {
                prop_assert!(seen.running(*party) <= shares.of(*party));
            }
        }
        while seen.admit(&mut turns) {}
        for (party, _) in &seen.waiting {
            let is_caller = matches!(party, Party::Public | Party::Account(_));
            prop_assert!(
                seen.running.len() == connections as usize
                    || seen.running(*party) == shares.of(*party)
                    || (is_caller && seen.callers() == shares.of_callers()),
                "{party:?} waits although there is room"
            );
        }
    }

    #[test]
    fn whoever_waits_goes_on_before_another_caller_does_so_twice(
        connections in 1..6_u32, before in prop::collection::vec(party(), 0..60), later in prop::collection::vec(party(), 1..200),
    ) {
        let mut turns = Turns::new(Shares::of_connections(connections));
        for party in before {
            turns.join(party, false).unwrap();
        }
        turns.join(account(99), true).unwrap();
        let (mut running, mut passed) = (VecDeque::new(), BTreeSet::new());
        for party in later.iter().cycle().take(2_000) {
            // More than may wait of it is refused.
            let _ = turns.join(*party, false);
            match turns.admit() {
                Some((_, true)) => return Ok(()),
                Some((party, false)) => {
                    running.push_back(party);
                    let is_own = matches!(party, Party::System | Party::Edge);
                    prop_assert!(is_own || passed.insert(party), "{party:?} went on twice before one that had waited");
                }
                None => running.pop_front().into_iter().for_each(|party| turns.end(party)),
            }
        }
        prop_assert!(false, "it never went on");
    }
}
