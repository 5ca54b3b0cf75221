//! Files of assets and evidence that no row names: what a crash, a removed asset or a file that no step named left behind.

use crate::Files;
use app::{Actor, App, Error};
use db::{DbError, Tx};
use domain::Timestamp;
use futures_util::{FutureExt, future::BoxFuture};
use jiff::SignedDuration;

/// So old is what is looked at: uploads that are under way are younger.
const OLD: SignedDuration = SignedDuration::from_hours(24);

/// Removes old files that nothing names; says how many.
///
/// # Errors
/// What files or database say.
pub async fn remove(app: &App, files: &Files, now: Timestamp) -> Result<usize, Error> {
    let named = |known: fn(&mut Tx, &[u8]) -> Result<bool, DbError>| {
        let app = app.clone();
        move |hash: Vec<u8>| {
            let app = app.clone();
            async move { app.read(Actor::System, move |tx, _| Ok(known(tx, &hash)?)).await }.boxed()
        }
    };
    let assets = sweep(files, "assets", now - OLD, named(store::asset::any_of_hash)).await?;
    Ok(assets + sweep(files, "documents", now - OLD, named(store::document::any_of_hash)).await?)
}

/// A file that is about to be removed; found again, the process ended in between.
const ASIDE: &str = "aside-";

/// The content that a file's name says it has; none of an upload that broke off.
fn hash(name: &str) -> Option<Vec<u8>> {
    let last = name.rsplit('/').next().unwrap_or_default();
    let last = last.strip_prefix(ASIDE).unwrap_or(last);
    (last.len() == 64).then(|| hex::decode(last).ok()).flatten()
}

/// Whether a row names a content.
type Answer = BoxFuture<'static, Result<bool, Error>>;

async fn sweep(files: &Files, folder: &str, before: Timestamp, named: impl Fn(Vec<u8>) -> Answer + Send) -> Result<usize, Error> {
    let mut removed = 0;
    for name in files.older(folder, before).await? {
        let Some(content) = hash(&name) else {
            files.remove(&name).await?;
            removed += 1;
            continue;
        };
        let own = format!("{folder}/{}", hex::encode(&content));
        if named(content.clone()).await? {
            if name != own {
                files.rename(&name, &own).await?;
            }
            continue;
        }
        // Put aside first: the same content may be sent again at this very moment, and then it goes back.
        let aside = format!("{folder}/{ASIDE}{}", hex::encode(&content));
        if name != aside {
            files.rename(&name, &aside).await?;
        }
        if named(content).await? {
            files.rename(&aside, &own).await?;
        } else {
            files.remove(&aside).await?;
            removed += 1;
        }
    }
    Ok(removed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{fs, time::SystemTime};

    #[tokio::test]
    async fn only_old_files_that_nothing_names_are_removed() {
        let folder = tempfile::tempdir().unwrap();
        let files = Files::folder(folder.path()).unwrap();
        let [kept, gone, young] = [1, 2, 3].map(|n| format!("assets/{}", hex::encode([n; 32])));
        for name in [&kept, &gone, &young, "assets/incoming-x"] {
            files.put(name, vec![7]).await.unwrap();
            if *name != *young {
                let file = fs::File::options().write(true).open(folder.path().join(name)).unwrap();
                file.set_modified(SystemTime::UNIX_EPOCH).unwrap();
            }
        }
        let before = Timestamp::from_second(1_000_000).unwrap();
        let named = |content: Vec<u8>| async move { Ok(content == vec![1; 32]) }.boxed();
        assert_eq!(sweep(&files, "assets", before, named).await.unwrap(), 2);
        let mut left: Vec<String> =
            fs::read_dir(folder.path().join("assets")).unwrap().map(|f| f.unwrap().file_name().into_string().unwrap()).collect();
        left.sort();
        assert_eq!(left, [kept, young].map(|name| name.replace("assets/", "")));
        // What is named again while it is put aside goes back.
        let asked = std::sync::atomic::AtomicUsize::new(0);
        // Nobody names the first that is asked about, until it is asked about again.
        let raced = |_: Vec<u8>| {
            let named = asked.fetch_add(1, std::sync::atomic::Ordering::SeqCst) > 0;
            async move { Ok(named) }.boxed()
        };
        let all = Timestamp::from_second(i64::from(u32::MAX)).unwrap();
        assert_eq!(sweep(&files, "assets", all, raced).await.unwrap(), 0);
        assert_eq!(fs::read_dir(folder.path().join("assets")).unwrap().count(), 2);
        // The process ended while one was aside: it goes back when it is named, else it goes.
        for n in [1, 3] {
            files.rename(&format!("assets/{}", hex::encode([n; 32])), &format!("assets/aside-{}", hex::encode([n; 32]))).await.unwrap();
        }
        assert_eq!(sweep(&files, "assets", all, named).await.unwrap(), 1);
        assert_eq!(files.get(&format!("assets/{}", hex::encode([1; 32]))).await.unwrap(), [7]);
        assert_eq!(fs::read_dir(folder.path().join("assets")).unwrap().count(), 1);
    }
}
