//! What the documentation shows is what runs.

#[test]
fn the_example_of_the_documentation_is_a_test_that_runs() {
    let text = include_str!("../../../../docs/contributing.md");
    assert!(text.contains(include_str!("example.rs")), "docs/contributing.md shows another example than tests/it/example.rs");
}
