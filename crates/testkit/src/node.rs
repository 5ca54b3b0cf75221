//! Further processes on the database of a platform.

use crate::{PATIENCE, Platform};
use serde_json::Value;
use std::path::Path;
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
};

/// A process beside the platform's own, on the same database and files.
#[derive(Debug)]
pub struct Node {
    child: Child,
    pub url: String,
}

/// What a process prints first, once it is up; nothing when it ends before.
pub(crate) async fn first_line(child: &mut Child) -> Option<Value> {
    let mut lines = BufReader::new(child.stdout.take().expect("its output")).lines();
    let first = tokio::time::timeout(PATIENCE, lines.next_line()).await.expect("the process comes up in time");
    Some(serde_json::from_str(&first.expect("its output")?).expect("the first line is JSON"))
}

pub(crate) async fn ask_to_stop(child: &Child) {
    let id = child.id().expect("a running process").to_string();
    assert!(Command::new("kill").args(["-TERM", &id]).status().await.expect("kill").success());
}

pub(crate) async fn ended(child: &mut Child) {
    let status = tokio::time::timeout(PATIENCE, child.wait()).await.expect("the process ends in time").expect("its end");
    assert!(status.success(), "the process ends well when it is asked to: {status}");
}

impl Platform {
    /// Starts another process on the same data.
    ///
    /// # Panics
    /// When it does not come up.
    pub async fn join(&self, role: &str) -> Node {
        self.join_with(role, &[]).await
    }

    /// Likewise, told more.
    ///
    /// # Panics
    /// When it does not come up.
    pub async fn join_with(&self, role: &str, args: &[&str]) -> Node {
        let mut command = self.command(role, &self.data());
        command.args(args);
        self.try_start(role, command).await.unwrap_or_else(|said| panic!("the process comes up: {said}"))
    }

    /// Starts another process on the same database with a folder of data of its own.
    ///
    /// # Errors
    /// What it says when it ends instead.
    ///
    /// # Panics
    /// When it does neither in time.
    pub async fn try_join(&self, role: &str, data: &Path) -> Result<Node, String> {
        self.try_start(role, self.command(role, data)).await
    }

    async fn try_start(&self, role: &str, mut command: Command) -> Result<Node, String> {
        let log = self.folder.path().join(format!("{role}.log"));
        command.stderr(std::fs::File::create(&log).expect("a file for the log"));
        let mut child = command.spawn().expect("the process starts");
        let Some(document) = first_line(&mut child).await else {
            let status = child.wait().await.expect("its end");
            let said = std::fs::read_to_string(&log).expect("the log");
            assert!(!status.success(), "it says that it failed: {said}");
            return Err(said);
        };
        Ok(Node { child, url: document["url"].as_str().expect("an address").to_owned() })
    }
}

impl Node {
    /// Ends the process at once, as a power cut does.
    ///
    /// # Panics
    /// When it cannot be killed.
    pub async fn kill(mut self) {
        self.child.kill().await.expect("it is killed");
    }

    /// Asks the process to end.
    ///
    /// # Panics
    /// When it has ended before.
    pub async fn ask_to_stop(&self) {
        ask_to_stop(&self.child).await;
    }

    /// Waits until the process that was asked to has ended.
    ///
    /// # Panics
    /// When it does not end well.
    pub async fn ended(mut self) {
        ended(&mut self.child).await;
    }
}
