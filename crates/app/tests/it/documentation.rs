//! What the documentation shows is what runs.

#[test]
fn the_example_of_the_documentation_is_a_test_that_runs() {
    let text = include_str!("../../../../docs/contributing.md");
    assert!(text.contains(include_str!("example.rs")), "docs/contributing.md shows another example than tests/it/example.rs");
}

/// The texts of the console in a language.
fn console(text: &str) -> serde_json::Value {
    serde_json::from_str(text).expect("the texts are JSON")
}

#[test]
fn every_check_of_verify_is_documented_and_has_a_name_on_the_page() {
    let money = include_str!("../../../../docs/money.md");
    let texts = [include_str!("../../../../web/src/texts/zh.json"), include_str!("../../../../web/src/texts/en.json")].map(console);
    harness::on(harness::Engine::Sqlite, &harness::Setup::default(), |m| {
        for check in m.read(app::verify::verify) {
            assert!(money.contains(&format!("| `{}` |", check.name)), "docs/money.md does not say what {} compares", check.name);
            for text in &texts {
                assert!(text["verify"][check.name].is_string(), "the page has no name for {}", check.name);
            }
        }
    });
}

#[test]
fn alarms_and_documentation_name_figures_that_there_are() {
    let sources = [
        include_str!("../../../worker/src/supervise.rs"),
        include_str!("../../../worker/src/engine.rs"),
        include_str!("../../../api/src/error_page.rs"),
        include_str!("../../../db/src/sqlite/writer.rs"),
        include_str!("../../../db/src/postgres.rs"),
        include_str!("../../../db/src/error.rs"),
        include_str!("../../../db/src/stored.rs"),
    ];
    let (alarms, docs) = (include_str!("../../../../examples/monitoring/alerts.yaml"), include_str!("../../../../docs/operations.md"));
    let of_figures =
        |text: &'static str| text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').filter(|word| word.starts_with("yunshi_"));
    for figure in of_figures(alarms).chain(of_figures(docs)) {
        assert!(sources.iter().any(|s| s.contains(&format!("\"{figure}\""))), "no figure is named {figure}");
    }
    assert!(alarms.contains("yunshi_oldest_due_job_seconds") && docs.contains("yunshi_oldest_due_job_seconds"));
}
