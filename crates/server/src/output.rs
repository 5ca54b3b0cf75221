//! What commands print: one JSON document, or lines for people; and how they fail.

use serde_json::Value;
use std::{io::Write, process::ExitCode};

/// Why a command failed, with its exit code.
#[derive(Debug)]
pub enum Failure {
    /// A refusal: the problem document goes to standard error.
    Refused(Value),
    Failed(String),
    WrongUse(String),
    NotReachable(String),
    WaitedTooLong(String),
    /// The document was printed; only the exit code is left.
    Quiet(u8),
}

impl Failure {
    pub fn failed(e: impl std::fmt::Display) -> Self {
        Self::Failed(e.to_string())
    }

    /// A failure with all its causes.
    pub fn caused(e: &dyn std::error::Error) -> Self {
        let mut text = e.to_string();
        let mut cause = e.source();
        while let Some(inner) = cause {
            text.push_str(&format!(": {inner}"));
            cause = inner.source();
        }
        Self::Failed(text)
    }

    /// Prints the failure on standard error.
    pub fn report(&self) -> ExitCode {
        let (code, text) = match self {
            Self::Refused(problem) => (1, serde_json::to_string_pretty(problem).unwrap_or_default()),
            Self::Failed(text) => (1, text.clone()),
            Self::WrongUse(text) => (2, text.clone()),
            Self::NotReachable(text) => (3, text.clone()),
            Self::WaitedTooLong(text) => (4, text.clone()),
            Self::Quiet(code) => (*code, String::new()),
        };
        if !text.is_empty() {
            eprintln!("{text}");
        }
        ExitCode::from(code)
    }
}

fn write(text: &str) {
    // A closed pipe ends the output, not the program's work.
    let _ = writeln!(std::io::stdout().lock(), "{text}");
}

/// Prints a text as it is.
pub fn plain(text: &str) {
    write(text.trim_end());
}

/// Prints a document: as JSON, or as lines that people read.
pub fn document(json: bool, value: &Value) {
    if json {
        return write(&value.to_string());
    }
    let mut lines = Vec::new();
    describe(value, 0, &mut lines);
    write(&lines.join("\n"));
}

/// Prints rows as a table, or the whole document as JSON.
pub fn table(json: bool, value: &Value, rows: &str, columns: &[&str]) {
    if json {
        return write(&value.to_string());
    }
    let empty = Vec::new();
    let rows = value[rows].as_array().unwrap_or(&empty);
    let cells: Vec<Vec<String>> = rows.iter().map(|row| columns.iter().map(|c| cell(&row[*c])).collect()).collect();
    let width = |i: usize| cells.iter().map(|r| r[i].chars().count()).chain([columns[i].len()]).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns.len()).map(width).collect();
    let line = |texts: Vec<String>| {
        let padded: Vec<String> =
            texts.iter().zip(&widths).map(|(t, w)| format!("{t}{}", " ".repeat(w.saturating_sub(t.chars().count())))).collect();
        padded.join("  ").trim_end().to_owned()
    };
    write(&line(columns.iter().map(|c| (*c).to_owned()).collect()));
    for row in cells {
        write(&line(row));
    }
    if rows.is_empty() {
        write("(none)");
    }
    if let Some(next) = value["next"].as_str() {
        write(&format!("more: --cursor {next}"));
    }
}

fn cell(value: &Value) -> String {
    match value {
        Value::Null => "–".to_owned(),
        Value::String(s) => s.clone(),
        Value::Object(o) if o.contains_key("currency") => {
            format!("{} {}", text(value, "currency"), text(value, "amount"))
        }
        Value::Object(o) if o.contains_key("zh") => {
            let zh = text(value, "zh");
            if zh.is_empty() { text(value, "en") } else { zh }.to_owned()
        }
        Value::Array(items) => items.iter().map(cell).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_default()
}

fn describe(value: &Value, depth: usize, lines: &mut Vec<String>) {
    let indent = "  ".repeat(depth);
    let Value::Object(map) = value else {
        return lines.push(format!("{indent}{}", cell(value)));
    };
    for (name, inner) in map {
        match inner {
            Value::Object(o) if !o.contains_key("currency") && !o.contains_key("zh") => {
                lines.push(format!("{indent}{name}:"));
                describe(inner, depth + 1, lines);
            }
            Value::Array(items) if items.iter().any(Value::is_object) => {
                lines.push(format!("{indent}{name}:"));
                for item in items {
                    lines.push(format!("{indent}  -"));
                    describe(item, depth + 2, lines);
                }
            }
            other => lines.push(format!("{indent}{name}: {}", cell(other))),
        }
    }
}
