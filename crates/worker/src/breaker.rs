//! Lanes: how many calls of one seller are under way, and a rest for a seller who does not answer, so that
//! a dead server slows nobody but itself.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

/// A call that waits so long for its answer takes no place from those that are answered, and nothing more is
/// claimed from its lane meanwhile.
pub(crate) const SLOW_AFTER: Duration = Duration::from_secs(1);
/// Calls of one lane that are claimed at a time; twice as many may be under way.
pub(crate) const CLAIM_PER_LANE: usize = 4;
/// Failures to get any answer in a row that open the breaker.
const FAILURES_MAX: u32 = 5;
/// How long a lane rests before one call tries again.
const REST: Duration = Duration::from_secs(30);

#[derive(Debug, Default)]
struct Lane {
    under_way: usize,
    /// Calls that have waited long for an answer.
    slow: usize,
    failures: u32,
    rest_until: Option<Instant>,
}

#[derive(Debug, Default)]
pub(crate) struct Lanes {
    lanes: HashMap<String, Lane>,
}

impl Lanes {
    pub fn begin(&mut self, lane: &str) {
        self.lanes.entry(lane.to_owned()).or_default().under_way += 1;
    }

    /// A call of the lane waits long for its answer, or does so no more.
    pub fn slow(&mut self, lane: &str, waits: bool) {
        if let Some(entry) = self.lanes.get_mut(lane) {
            entry.slow = if waits { entry.slow + 1 } else { entry.slow.saturating_sub(1) };
        }
    }

    /// A call ended; `answered` when the server answered anything at all.
    pub fn end(&mut self, lane: &str, answered: bool, now: Instant) {
        let entry = self.lanes.entry(lane.to_owned()).or_default();
        entry.under_way = entry.under_way.saturating_sub(1);
        if answered {
            entry.failures = 0;
            entry.rest_until = None;
        } else {
            entry.failures += 1;
            entry.rest_until = (entry.failures >= FAILURES_MAX).then(|| now + REST);
        }
        if entry.under_way == 0 && entry.failures == 0 {
            self.lanes.remove(lane);
        }
    }

    /// The lanes from which nothing is claimed now. A lane whose rest is over is tried by a single claim.
    pub fn closed(&self, now: Instant, patient: bool) -> Vec<String> {
        let closed = |lane: &Lane| {
            let resting = !patient && lane.rest_until.is_some_and(|until| until > now);
            let trying = !patient && lane.failures >= FAILURES_MAX && lane.under_way > 0;
            let waiting = !patient && lane.slow > 0;
            lane.under_way >= CLAIM_PER_LANE || resting || trying || waiting
        };
        self.lanes.iter().filter(|(name, lane)| !name.is_empty() && closed(lane)).map(|(name, _)| name.clone()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_silent_seller_rests_and_is_tried_again() {
        let (mut lanes, start) = (Lanes::default(), Instant::now());
        for _ in 0..FAILURES_MAX {
            assert!(lanes.closed(start, false).is_empty());
            lanes.begin("dead");
            lanes.end("dead", false, start);
        }
        assert_eq!(lanes.closed(start, false), ["dead"]);
        assert!(lanes.closed(start, true).is_empty(), "a moved clock does not wait for the breaker");
        assert!(lanes.closed(start + REST, false).is_empty());
        lanes.begin("dead");
        assert_eq!(lanes.closed(start + REST, false), ["dead"], "one try at a time");
        lanes.end("dead", true, start + REST);
        assert!(lanes.closed(start + REST, false).is_empty());
    }

    #[test]
    fn a_lane_that_waits_for_an_answer_is_closed_until_it_comes() {
        let (mut lanes, now) = (Lanes::default(), Instant::now());
        lanes.begin("slow");
        lanes.slow("slow", true);
        assert_eq!(lanes.closed(now, false), ["slow"]);
        assert!(lanes.closed(now, true).is_empty(), "a moved clock does not wait");
        lanes.slow("slow", false);
        lanes.end("slow", true, now);
        assert!(lanes.closed(now, false).is_empty());
    }

    #[test]
    fn a_full_lane_is_closed_and_others_are_not() {
        let (mut lanes, now) = (Lanes::default(), Instant::now());
        for _ in 0..CLAIM_PER_LANE {
            lanes.begin("busy");
        }
        lanes.begin("other");
        assert_eq!(lanes.closed(now, false), ["busy"]);
    }
}
