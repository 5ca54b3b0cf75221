//! Locks are taken in one order, on both engines.

use db::{DbError, Key, Local, Lock, Tx, made, taken};
use std::panic::{AssertUnwindSafe, catch_unwind};
use testdb::{Fresh, engines};

/// Whether a unit may take these locks, in this order.
fn may(local: &mut Local, locks: &[(Lock, u8)]) -> bool {
    let take = |_: &mut Tx| {
        locks.iter().for_each(|(lock, key)| taken(*lock, Key([*key; 16])));
        Ok::<_, DbError>(())
    };
    catch_unwind(AssertUnwindSafe(|| local.write(take))).is_ok()
}

#[test]
fn what_is_locked_before_another_is_never_locked_after_it() {
    use Lock::{Buyer, Instance, Limit, Order, Wallet};
    for engine in engines() {
        let fresh = Fresh::new(engine);
        let right: [&[(Lock, u8)]; 3] = [
            &[(Instance, 1), (Instance, 2), (Order, 1), (Buyer, 1), (Wallet, 0)],
            &[(Instance, 1), (Wallet, 0), (Instance, 1)], // what a unit has, it may ask for again
            &[(Limit, 2), (Limit, 1)],
        ];
        let wrong: [&[(Lock, u8)]; 3] = [&[(Order, 1), (Instance, 1)], &[(Instance, 2), (Instance, 1)], &[(Wallet, 0), (Buyer, 1)]];
        for locks in right {
            assert!(may(&mut Local::open(&fresh.url).unwrap(), locks), "{locks:?}");
        }
        for locks in wrong {
            assert!(!may(&mut Local::open(&fresh.url).unwrap(), locks), "{locks:?}");
        }
        let mut local = Local::open(&fresh.url).unwrap();
        let own = |_: &mut Tx| {
            taken(Wallet, Key([0; 16]));
            made(Instance, Key([1; 16]));
            taken(Instance, Key([1; 16]));
            Ok::<_, DbError>(())
        };
        local.write(own).unwrap();
        let next = |_: &mut Tx| {
            taken(Instance, Key([0; 16]));
            Ok::<_, DbError>(())
        };
        local.write(next).unwrap(); // has none of the locks of the one before
    }
}
