//! Statements of many rows.

use db::parts;

#[test]
fn lists_go_in_parts_of_few_sizes() {
    let sizes = |n: usize| parts(&vec![0; n]).map(<[i32]>::len).collect::<Vec<_>>();
    assert_eq!(sizes(0), Vec::<usize>::new());
    assert_eq!((sizes(1), sizes(16)), (vec![1], vec![16]));
    assert_eq!(sizes(31), [16, 15]);
    assert_eq!(sizes(300), [128, 128, 32, 12]);
    let mut all: Vec<usize> = (0..2_000).flat_map(sizes).collect();
    all.sort_unstable();
    all.dedup();
    assert!(all.len() <= 19, "{all:?}");
}
