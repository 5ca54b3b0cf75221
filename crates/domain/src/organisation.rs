//! Departments of a company: a tree.

use std::collections::HashMap;
use std::hash::Hash;

/// Whether a department would lie below itself under a new parent.
///
/// ```
/// use domain::organisation::in_a_circle;
/// let tree = [(1, None), (2, Some(1)), (3, Some(2))];
/// assert!(in_a_circle(&tree, 1, Some(3)));
/// assert!(in_a_circle(&tree, 2, Some(2)));
/// assert!(!in_a_circle(&tree, 3, Some(1)));
/// assert!(!in_a_circle(&tree, 1, None));
/// ```
#[must_use]
pub fn in_a_circle<K: Copy + Eq + Hash>(parents: &[(K, Option<K>)], moved: K, under: Option<K>) -> bool {
    let above: HashMap<K, Option<K>> = parents.iter().copied().collect();
    let mut place = under;
    // What is stored is a tree; as many steps as it has departments lead to its top.
    for _ in 0..=parents.len() {
        match place {
            None => return false,
            Some(at) if at == moved => return true,
            Some(at) => place = above.get(&at).copied().flatten(),
        }
    }
    true
}
