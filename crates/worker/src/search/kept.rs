//! The index on disk, and how far it has come: beside the data, so that a start does not read every product.

use super::words;
use db::Key;
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, path::Path};
use tantivy::{Index, IndexWriter, TantivyError, directory::MmapDirectory, schema::Schema};

/// Changes may become visible this much later than their time says, on several nodes: it is looked at again.
const OVERLAP_MICROS: i64 = 60_000_000;
/// Changes of that time that are remembered, so as not to be taken in twice.
const RECENT_MAX: usize = 10_000;
const WRITER_BYTES: usize = 15_000_000;

/// How far the index has come in the products' changes. Kept with each commit of the index.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reached {
    /// Of which database.
    installation: String,
    /// The newest change.
    at: i64,
    /// Changes of the last minute before: product, as hexadecimal, and time.
    recent: BTreeMap<String, i64>,
}

impl Reached {
    fn nothing(installation: &str) -> Self {
        Self { installation: installation.to_owned(), at: i64::MIN, recent: BTreeMap::new() }
    }

    /// Where to look from.
    pub fn start(&self) -> (i64, Key) {
        (self.at.saturating_sub(OVERLAP_MICROS), Key([0; 16]))
    }

    pub fn has(&self, product: Key, at: i64) -> bool {
        self.recent.get(&super::hex_of(product)) == Some(&at)
    }

    pub fn take(&mut self, product: Key, at: i64) {
        self.at = self.at.max(at);
        self.recent.insert(super::hex_of(product), at);
        if self.recent.len() > RECENT_MAX {
            let oldest = self.at - OVERLAP_MICROS;
            self.recent.retain(|_, at| *at >= oldest);
        }
        while self.recent.len() > RECENT_MAX {
            self.recent.pop_first();
        }
    }

    pub fn text(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}

/// The index of a folder with its writer and how far it has come.
pub fn open(folder: &Path, schema: &Schema, installation: &str) -> Result<(Index, IndexWriter, Reached), TantivyError> {
    match on_disk(folder, schema, installation) {
        Ok(opened) => Ok(opened),
        Err(TantivyError::LockFailure(..)) => {
            tracing::warn!(folder = %folder.display(), "another process has the search index; this one keeps its own in memory");
            begun(Index::create_in_ram(schema.clone()), installation)
        }
        Err(e) => {
            tracing::warn!(folder = %folder.display(), error = %e, "the search index is made anew");
            std::fs::remove_dir_all(folder)?;
            on_disk(folder, schema, installation)
        }
    }
}

fn on_disk(folder: &Path, schema: &Schema, installation: &str) -> Result<(Index, IndexWriter, Reached), TantivyError> {
    std::fs::create_dir_all(folder)?;
    let (index, mut writer, _) = begun(Index::open_or_create(MmapDirectory::open(folder)?, schema.clone())?, installation)?;
    let reached = index.load_metas()?.payload.and_then(|text| serde_json::from_str::<Reached>(&text).ok());
    match reached.filter(|r| r.installation == installation) {
        Some(reached) => Ok((index, writer, reached)),
        None => {
            // Of another database, or never committed.
            writer.delete_all_documents()?;
            writer.commit()?;
            Ok((index, writer, Reached::nothing(installation)))
        }
    }
}

fn begun(index: Index, installation: &str) -> Result<(Index, IndexWriter, Reached), TantivyError> {
    index.tokenizers().register("words", words::analyzer());
    let writer = index.writer_with_num_threads(1, WRITER_BYTES)?;
    Ok((index, writer, Reached::nothing(installation)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use tantivy::TantivyDocument;

    /// Opens, takes one product in when there is none, and closes; how many there were and how far it had come.
    fn opened(folder: &Path, installation: &str) -> (u64, Reached) {
        let (schema, fields) = super::super::schema();
        let (index, mut writer, reached) = open(folder, &schema, installation).unwrap();
        let found = index.reader().unwrap().searcher().num_docs();
        if found == 0 {
            let mut document = TantivyDocument::default();
            document.add_text(fields.id, "one");
            writer.add_document(document).unwrap();
            let mut further = reached.clone();
            further.take(Key([1; 16]), 5);
            let mut commit = writer.prepare_commit().unwrap();
            commit.set_payload(&further.text());
            commit.commit().unwrap();
        }
        (found, reached)
    }

    #[test]
    fn an_index_goes_on_where_it_stopped_and_begins_anew_for_another_database() {
        let folder = tempfile::tempdir().unwrap();
        let nothing = (0, Reached::nothing("a"));
        assert_eq!(opened(folder.path(), "a"), nothing);
        let (found, reached) = opened(folder.path(), "a");
        assert_eq!((found, reached.at, reached.has(Key([1; 16]), 5)), (1, 5, true));
        assert_eq!(opened(folder.path(), "b"), (0, Reached::nothing("b")));
        std::fs::write(folder.path().join("meta.json"), "nonsense").unwrap();
        assert_eq!(opened(folder.path(), "b"), (0, Reached::nothing("b")), "what cannot be read is made anew");
    }

    #[test]
    fn a_second_process_keeps_an_index_of_its_own() {
        let folder = tempfile::tempdir().unwrap();
        let (schema, _) = super::super::schema();
        let _first = open(folder.path(), &schema, "a").unwrap();
        let (index, _, reached) = open(folder.path(), &schema, "a").unwrap();
        assert_eq!((index.reader().unwrap().searcher().num_docs(), reached), (0, Reached::nothing("a")));
    }

    #[test]
    fn what_is_remembered_of_the_last_minute_is_bounded() {
        let mut reached = Reached::nothing("a");
        for n in 0..30_000u32 {
            let mut key = [0; 16];
            key[..4].copy_from_slice(&n.to_be_bytes());
            reached.take(Key(key), i64::from(n));
        }
        assert!(reached.recent.len() <= RECENT_MAX);
        assert_eq!(reached.start().0, 29_999 - OVERLAP_MICROS);
    }
}
