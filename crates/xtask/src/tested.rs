//! The rules of the marketplace are tested where they live.

use crate::{
    Findings,
    tree::{self, without_tests},
};
use std::path::Path;

/// Lines of tests for ten lines of use cases, at least.
const TESTS_PER_TEN: usize = 3;

/// Lines of use cases, and of their tests: inline ones and those in `tests`.
fn counts<'a>(files: impl Iterator<Item = (&'a str, &'a str)>) -> (usize, usize) {
    files.fold((0, 0), |(code, tests), (name, text)| {
        let all = text.lines().count();
        let own = if name.starts_with("crates/app/src/") { without_tests(text).lines().count() } else { 0 };
        (code + own, tests + all - own)
    })
}

pub fn check(root: &Path) -> Findings {
    let of_app = |name: &str| name.starts_with("crates/app/src/") || name.starts_with("crates/app/tests/");
    let files: Vec<(String, String)> = tree::sources(root).into_iter().filter(|(name, _)| of_app(name)).collect();
    let (code, tests) = counts(files.iter().map(|(name, text)| (name.as_str(), text.as_str())));
    if tests * 10 >= code * TESTS_PER_TEN {
        return Vec::new();
    }
    vec![format!("crates/app has {tests} lines of tests for {code} lines of use cases: test new rules in crates/app/tests")]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inline_tests_count_as_tests() {
        let files = [("crates/app/src/a.rs", "code\ncode\n\n#[cfg(test)]\nmod tests {\n}\n"), ("crates/app/tests/it/a.rs", "test\n")];
        assert_eq!(counts(files.into_iter()), (2, 5));
    }
}
