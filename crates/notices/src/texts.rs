//! Licence texts in the folders of packages.

use std::{fs, path::Path};

/// How the names of files that hold licences and notices begin.
const NAMES: &[&str] = &["license", "licence", "copying", "copyright", "notice", "unlicense"];

fn is_text(name: &str) -> bool {
    let name = name.to_lowercase();
    let code = [".rs", ".js", ".ts", ".mjs", ".html"].iter().any(|end| name.ends_with(end));
    !code && NAMES.iter().any(|start| name.starts_with(start))
}

pub fn read(path: &Path) -> Option<String> {
    let text = fs::read(path).map(|bytes| String::from_utf8_lossy(&bytes).replace("\r\n", "\n")).ok()?;
    (!text.trim().is_empty()).then_some(text)
}

/// The Apache licence ends here; what follows in its file differs from package to package: whose it is, and others.
const END: &str = "END OF TERMS AND CONDITIONS";

fn pieces(text: String) -> Vec<String> {
    let Some(at) = text.find(END).map(|at| at + END.len()) else { return vec![text] };
    let (terms, rest) = text.split_at(at);
    [terms, rest].iter().filter(|piece| !piece.trim().is_empty()).map(|piece| (*piece).to_owned()).collect()
}

/// The licences and notices of a package, in the order of their names.
pub fn of(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder)
        .into_iter()
        .flatten()
        .filter_map(Result::ok)
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .filter(|name| is_text(name))
        .collect();
    names.sort();
    names.iter().filter_map(|name| read(&folder.join(name))).flat_map(pieces).collect()
}

/// The comments of a C source that say what may be done with it, without their stars.
pub fn comments(source: &str) -> Vec<String> {
    const TERMS: &[&str] = &["Redistribution and use", "Permission to use", "author disclaims copyright"];
    let comments = source.split("/*").skip(1).filter_map(|rest| rest.split_once("*/").map(|(comment, _)| comment));
    let bare = |line: &str| line.trim_start().trim_start_matches('*').trim_end().to_owned();
    comments
        .filter(|comment| TERMS.iter().any(|term| comment.contains(term)))
        .map(|comment| comment.lines().map(bare).filter(|line| !line.starts_with("----")).collect::<Vec<_>>().join("\n"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_known_by_their_names() {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in [
            ("LICENSE-MIT", "mit"),
            ("NOTICE.txt", "notice"),
            ("COPYING", "c\r\nc"),
            ("license.rs", "code"),
            ("LICENCE", " "),
            ("README", "r"),
        ] {
            fs::write(folder.path().join(name), text).unwrap();
        }
        fs::create_dir(folder.path().join("licenses")).unwrap();
        assert_eq!(of(folder.path()), ["c\nc", "mit", "notice"]);
        assert_eq!(of(&folder.path().join("nowhere")), Vec::<String>::new());
    }

    #[test]
    fn terms_that_many_share_stand_apart_from_whose_they_are() {
        let whole = format!("Apache License\n{END}\n\nCopyright Ann\n");
        assert_eq!(pieces(whole), [format!("Apache License\n{END}"), "\n\nCopyright Ann\n".to_owned()]);
        assert_eq!(pieces("MIT".to_owned()), ["MIT"]);
    }

    #[test]
    fn terms_in_a_comment_are_found() {
        let source = "/* about */\nint a;\n/*----\n * Copyright B\n *\n * Redistribution and use are permitted.\n */\nint b; /* unclosed";
        assert_eq!(comments(source), [" Copyright B\n\n Redistribution and use are permitted.\n"]);
    }
}
