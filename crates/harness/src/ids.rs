//! Ids and random bytes from a seed.

use crate::market::wall;
use app::Ids;
use domain::Timestamp;
use std::sync::{Mutex, PoisonError};
use uuid::Uuid;

/// The same ids in the same order for the same seed; they grow, as the platform's do.
pub(crate) struct SeededIds {
    state: Mutex<(fastrand::Rng, u64)>,
}

impl SeededIds {
    /// The ids of a test grow on from those of the market that it begins with, which has the seed 0: rows of one moment
    /// sort in the order in which they were made.
    pub(crate) fn new(seed: u64) -> Self {
        let first = if seed == 0 { 0 } else { u64::try_from(wall().as_millisecond() + 1_000).unwrap_or(0) << 12 };
        Self { state: Mutex::new((fastrand::Rng::with_seed(seed), first)) }
    }
}

impl Ids for SeededIds {
    fn uuid(&self, wall: Timestamp) -> Uuid {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let floor = u64::try_from(wall.as_millisecond()).unwrap_or(0) << 12;
        let place = floor.max(state.1 + 1);
        state.1 = place;
        let mut random = [0; 10];
        state.0.fill(&mut random);
        random[..2].copy_from_slice(&u16::try_from(place & 0xfff).unwrap_or(0).to_be_bytes());
        // 4,096 ids in a millisecond; what is more belongs to the next one.
        uuid::Builder::from_unix_timestamp_millis(place >> 12, &random).into_uuid()
    }

    fn random(&self, bytes: &mut [u8]) {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).0.fill(bytes);
    }
}
