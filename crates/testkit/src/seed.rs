//! A sandbox is seeded once for all tests that begin at the same moment; each gets a copy of its database and data
//! folder, which takes a fraction of the time.

use super::Platform;
use std::{
    fs,
    hash::{DefaultHasher, Hash, Hasher},
    path::{Path, PathBuf},
    time::{Duration, SystemTime, UNIX_EPOCH},
};
use testdb::{Engine, Fresh, Original};

/// Written last: when the seeding ended, in microseconds of real time.
const MARK: &str = "seeded";

/// A copy of a seeded database; the data folder that belongs to it is filled.
pub(crate) async fn copy(setup: &super::Setup, data: &Path) -> Fresh {
    let folder = folder(setup);
    fs::create_dir_all(&folder).expect("a folder for seeds");
    let lock = fs::File::create(folder.join("lock")).expect("a lock");
    lock.lock().expect("the lock");
    let name = folder.file_name().and_then(|n| n.to_str()).expect("a name");
    let original = Original::of(setup.engine, &folder, name);
    let mark = folder.join(MARK);
    if !mark.exists() || !original.exists() {
        seed(setup, &folder, &original).await;
        fs::write(&mark, now().to_string()).expect("the mark");
    }
    drop(lock);
    copy_folder(&folder.join("data"), data);
    let ended: i64 = fs::read_to_string(&mark).ok().and_then(|text| text.parse().ok()).expect("the mark");
    let fresh = original.copy();
    // Business time goes on from where the seeding ended, however long ago that was.
    let elapsed = now() - ended;
    fresh.execute(&format!("UPDATE settings SET value = CAST(CAST(value AS BIGINT) - {elapsed} AS TEXT) WHERE name = 'clock_offset'"));
    fresh
}

async fn seed(setup: &super::Setup, folder: &Path, original: &Original) {
    remove_old(folder.parent().expect("the folder of seeds"));
    let mut platform = Platform::seeded(setup.clone()).await;
    platform.settle().await;
    platform.stop().await;
    let _ = fs::remove_dir_all(folder.join("data"));
    copy_folder(&platform.data(), &folder.join("data"));
    original.take(&platform.fresh);
}

/// Seeds of earlier builds.
fn remove_old(seeds: &Path) {
    for entry in fs::read_dir(seeds).expect("the folder of seeds").flatten() {
        let age = entry.metadata().and_then(|about| about.modified()).ok().and_then(|at| at.elapsed().ok());
        if age.is_some_and(|age| age > Duration::from_secs(24 * 3_600)) {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

/// Where a seed is kept: beside the program, by its build, what the sandbox is told, and the database server.
fn folder(setup: &super::Setup) -> PathBuf {
    let about = fs::metadata(&setup.binary).expect("the program");
    let built = about.modified().ok().and_then(|at| at.duration_since(UNIX_EPOCH).ok()).map_or(0, |d| d.as_nanos());
    let mut hash = DefaultHasher::new();
    (built, about.len(), setup.start).hash(&mut hash);
    let engine = match setup.engine {
        Engine::Sqlite => "sqlite",
        Engine::Postgres => {
            std::env::var("YUNSHI_TEST_POSTGRES").ok().hash(&mut hash);
            "postgres"
        }
    };
    let name = format!("seed_{engine}_{:016x}", hash.finish());
    setup.binary.with_file_name("seeds").join(name)
}

fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder");
    for entry in fs::read_dir(from).expect("the folder") {
        let entry = entry.expect("an entry");
        let to = to.join(entry.file_name());
        if entry.file_type().expect("its type").is_dir() {
            copy_folder(&entry.path(), &to);
        } else {
            fs::copy(entry.path(), to).expect("a copy");
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "the sandbox's clock is an offset to real time")]
fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock after 1970");
    i64::try_from(since.as_micros()).expect("a clock of these centuries")
}
