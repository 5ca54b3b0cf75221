//! Sources in C and others that crates bring along and compile; their licences are not those of the crates.

use crate::{Part, texts};
use std::path::Path;

struct Bundled {
    krate: &'static str,
    name: &'static str,
    licence: &'static str,
    source: &'static str,
    /// A header and the name that it defines as the version, where the crate's own version does not say it after a `+`.
    version: Option<(&'static str, &'static str)>,
    /// A text that the crate does not hold.
    own: Option<&'static str>,
    /// Licences, and C sources with their terms in a comment.
    files: &'static [&'static str],
}

const ALL: &[Bundled] = &[
    Bundled {
        krate: "libsqlite3-sys",
        name: "SQLite",
        licence: "blessing",
        source: "https://sqlite.org",
        version: Some(("sqlite3/sqlite3.h", "SQLITE_VERSION")),
        own: None,
        files: &["sqlite3/sqlite3.h"],
    },
    Bundled {
        krate: "pq-src",
        name: "libpq",
        licence: "PostgreSQL AND BSD-2-Clause AND BSD-3-Clause AND ISC",
        source: "https://www.postgresql.org",
        version: None,
        own: Some(include_str!("../texts/postgresql.txt")),
        files: &[
            "source/src/common/md5.c",
            "source/src/common/sha1.c",
            "source/src/common/sha2.c",
            "source/src/include/lib/sort_template.h",
            "source/src/port/bsearch_arg.c",
            "source/src/port/inet_net_ntop.c",
            "source/src/port/pgmkdirp.c",
            "source/src/port/snprintf.c",
            "source/src/port/strlcat.c",
            "source/src/port/timingsafe_bcmp.c",
        ],
    },
    Bundled {
        krate: "zstd-sys",
        name: "Zstandard",
        licence: "BSD-3-Clause",
        source: "https://github.com/facebook/zstd",
        version: None,
        own: None,
        files: &["zstd/LICENSE"],
    },
    Bundled {
        krate: "libmimalloc-sys",
        name: "mimalloc",
        licence: "MIT",
        source: "https://github.com/microsoft/mimalloc",
        version: None,
        own: None,
        files: &["c_src/mimalloc/v3/LICENSE", "c_src/mimalloc/v2/LICENSE", "c_src/mimalloc/LICENSE"],
    },
    Bundled {
        krate: "ring",
        name: "BoringSSL, fiat-crypto and once_cell, in part",
        licence: "Apache-2.0 AND ISC AND MIT",
        source: "https://github.com/briansmith/ring",
        version: None,
        own: None,
        files: &["LICENSE-BoringSSL", "third_party/fiat/LICENSE", "src/polyfill/once_cell/LICENSE-MIT"],
    },
];

/// What stands between quotes where a header defines the name.
fn defined<'a>(header: &'a str, name: &str) -> Option<&'a str> {
    let line = header.lines().find(|line| line.strip_prefix("#define ").is_some_and(|l| l.split_whitespace().next() == Some(name)))?;
    line.split('"').nth(1)
}

/// What one crate brings along, if anything.
#[must_use]
pub fn bundled(krate: &Part, folder: &Path) -> Option<Part> {
    let known = ALL.iter().find(|b| b.krate == krate.name)?;
    let header = known.version.and_then(|(file, name)| Some((texts::read(&folder.join(file))?, name)));
    let defined = header.as_ref().and_then(|(header, name)| defined(header, name));
    let after = krate.version.split_once('+').map(|(_, other)| other);
    let digits = after.and_then(|other| other.find(|c: char| c.is_ascii_digit()).map(|at| &other[at..]));
    let version = defined.or(digits).map_or_else(|| format!("of {} {}", krate.name, krate.version), str::to_owned);
    let mut found: Vec<String> = known.own.map(str::to_owned).into_iter().collect();
    for file in known.files {
        let text = texts::read(&folder.join(file)).unwrap_or_default();
        let is_source = Path::new(file).extension().is_some_and(|e| e == "c" || e == "h");
        if is_source {
            found.extend(texts::comments(&text));
        } else if !text.is_empty() {
            found.push(text);
        }
    }
    let (name, licence, source) = (known.name.to_owned(), known.licence.to_owned(), known.source.to_owned());
    Some(Part { name, version, licence, source, authors: Vec::new(), texts: found })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn krate(name: &str, version: &str) -> Part {
        Part { name: name.to_owned(), version: version.to_owned(), ..Part::default() }
    }

    #[test]
    fn the_version_is_that_of_the_bundled_source() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("sqlite3")).unwrap();
        let header = "/*\n** The author disclaims copyright to this source code.\n*/\n#define SQLITE_VERSION   \"3.50.1\"\n";
        fs::write(folder.path().join("sqlite3/sqlite3.h"), header).unwrap();
        let sqlite = bundled(&krate("libsqlite3-sys", "0.38.2"), folder.path()).unwrap();
        assert_eq!((sqlite.name.as_str(), sqlite.version.as_str(), sqlite.texts.len()), ("SQLite", "3.50.1", 1));
        let version = |name, version| bundled(&krate(name, version), folder.path()).unwrap().version;
        assert_eq!(version("pq-src", "0.3.14+libpq-18.6"), "18.6");
        assert_eq!(version("zstd-sys", "2.1.3+zstd.1.5.7"), "1.5.7");
        assert_eq!(version("ring", "0.17.14"), "of ring 0.17.14");
        assert_eq!(bundled(&krate("serde", "1.0.0"), folder.path()), None);
    }

    #[test]
    fn the_licence_of_postgresql_comes_with_us() {
        let libpq = bundled(&krate("pq-src", "0.3.14+libpq-18.6"), Path::new("/nowhere")).unwrap();
        assert!(libpq.texts[0].contains("PostgreSQL Global Development Group"));
    }
}
