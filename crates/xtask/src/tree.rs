//! The files of the project: what a fresh clone has, whatever else lies around.

use ignore::WalkBuilder;
use std::{
    fs,
    path::{Path, PathBuf},
};

/// Git's own folder, and what builds and runs leave behind; they count nowhere, whether they are ignored or not.
const LEFT_BEHIND: &[&str] = &[".git", "target", "node_modules", "dist", "__pycache__", "var"];
const SOURCES: &[&str] = &["rs", "ts", "tsx", "css", "py", "mjs", "java", "sh"];

/// A file by its path from the root, with `/` between the folders, and where it lies.
pub type File = (String, PathBuf);

/// All files, hidden ones too, except what `.gitignore` files name. Git itself is not asked: a tree that was copied
/// without `.git` gives the same list, and so does a file before and after its commit.
pub fn files(root: &Path) -> Vec<File> {
    let walk = WalkBuilder::new(root)
        .hidden(false)
        .parents(false)
        .ignore(false)
        .git_global(false)
        .git_exclude(false)
        .require_git(false)
        .sort_by_file_name(Ord::cmp)
        .filter_entry(|e| !LEFT_BEHIND.contains(&e.file_name().to_string_lossy().as_ref()))
        .build();
    walk.filter_map(Result::ok)
        .filter(|e| e.file_type().is_some_and(|kind| kind.is_file()))
        .map(|e| (e.path().strip_prefix(root).unwrap_or(e.path()).to_string_lossy().replace('\\', "/"), e.into_path()))
        .collect()
}

fn is_source(name: &str) -> bool {
    let extension = Path::new(name).extension();
    extension.map_or(name.starts_with("scripts/"), |e| SOURCES.contains(&e.to_string_lossy().as_ref()))
}

/// The sources with their texts: by extension, and the scripts, which have none.
pub fn sources(root: &Path) -> Vec<(String, String)> {
    let all = files(root).into_iter().filter(|(name, _)| is_source(name));
    all.filter_map(|(name, path)| Some((name, fs::read_to_string(path).ok()?))).collect()
}

/// The text without its inline tests.
pub fn without_tests(text: &str) -> &str {
    text.split("\n#[cfg(test)]\nmod tests").next().unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inline_tests_do_not_count() {
        assert_eq!(without_tests("a\n\n#[cfg(test)]\nmod tests {\n}\n"), "a\n");
    }

    #[test]
    fn what_is_ignored_or_built_does_not_count_and_git_is_not_asked() {
        let root = tempfile::tempdir().unwrap();
        let put = |name: &str, text: &str| {
            let path = root.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        put(".gitignore", "/scratch\n*.log.rs\n");
        put("web/.gitignore", "made.ts\n");
        for counts in ["a.rs", ".config/x.toml", "scripts/test", "web/src/a.tsx", "deep/scratch/b.rs", "made.ts"] {
            put(counts, "");
        }
        for never in ["scratch/a.rs", "x.log.rs", "web/made.ts", "web/dist/a.ts", "target/a.rs", "a/node_modules/b.mjs"] {
            put(never, "");
        }
        for left in ["var/a.py", "x/__pycache__/a.py", ".git/hooks/a.sh"] {
            put(left, "");
        }
        let names = |files: Vec<(String, _)>| files.into_iter().map(|(name, _)| name).collect::<Vec<_>>();
        let all = names(files(root.path()));
        let expected = [".config/x.toml", ".gitignore", "a.rs", "deep/scratch/b.rs", "made.ts", "scripts/test", "web/.gitignore"];
        assert_eq!(all, [&expected[..], &["web/src/a.tsx"]].concat());
        let sources = sources(root.path()).into_iter().map(|(name, _)| name).collect::<Vec<_>>();
        assert_eq!(sources, ["a.rs", "deep/scratch/b.rs", "made.ts", "scripts/test", "web/src/a.tsx"]);
    }
}
