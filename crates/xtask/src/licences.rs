//! Licences, bans and sources of dependencies, which cargo-deny checks against deny.toml.

use crate::Findings;
use std::{
    path::Path,
    process::{Command, Output},
};

/// Advisories need the network and change by themselves; they are checked where changes are proposed.
const CHECKS: &[&str] = &["deny", "--locked", "--color", "never", "check", "licenses", "bans", "sources"];

fn lines(output: &Output) -> Findings {
    if output.status.success() {
        return Vec::new();
    }
    let said = [&output.stderr, &output.stdout].map(|text| String::from_utf8_lossy(text).into_owned()).concat();
    let lines: Findings = said.lines().filter(|line| !line.trim().is_empty()).map(str::to_owned).collect();
    if lines.is_empty() { vec![format!("cargo deny ended with {}", output.status)] } else { lines }
}

pub fn check(root: &Path) -> Result<Findings, String> {
    let run = |args: &[&str]| Command::new("cargo").args(args).current_dir(root).output();
    if !run(&["deny", "--version"]).is_ok_and(|o| o.status.success()) {
        return Err("cargo-deny is not installed; `cargo install --locked cargo-deny` installs it".to_owned());
    }
    let output = run(CHECKS).map_err(|e| format!("cargo deny did not start: {e}"))?;
    Ok(lines(&output))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{os::unix::process::ExitStatusExt, process::ExitStatus};

    fn ended(code: i32, stderr: &str) -> Output {
        Output { status: ExitStatus::from_raw(code << 8), stdout: Vec::new(), stderr: stderr.into() }
    }

    #[test]
    fn what_the_tool_refuses_is_shown_and_a_silent_failure_too() {
        assert!(lines(&ended(0, "bans ok, licenses ok")).is_empty());
        assert_eq!(lines(&ended(4, "error[banned]: openssl\n\nbans FAILED\n")), ["error[banned]: openssl", "bans FAILED"]);
        assert_eq!(lines(&ended(1, "")), ["cargo deny ended with exit status: 1"]);
    }
}
