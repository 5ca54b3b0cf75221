//! Tasks that never end: one that panics or ends is begun again, and told.

use std::{future::Future, time::Duration};
use tokio::task::JoinHandle;

/// The pause before a task is begun again; it doubles with each end, up to a minute, and falls back after a quiet hour.
const PAUSE: Duration = Duration::from_secs(1);
const PAUSE_MAX: Duration = Duration::from_secs(60);
const QUIET: Duration = Duration::from_secs(3_600);

/// Runs a task for as long as the process lives. `begin` makes it anew each time.
pub fn supervise<F, T>(name: &'static str, begin: F) -> JoinHandle<()>
where
    F: Fn() -> T + Send + 'static,
    T: Future<Output = ()> + Send + 'static,
{
    supervise_with(name, PAUSE, begin)
}

fn supervise_with<F, T>(name: &'static str, first_pause: Duration, begin: F) -> JoinHandle<()>
where
    F: Fn() -> T + Send + 'static,
    T: Future<Output = ()> + Send + 'static,
{
    tokio::spawn(async move {
        let mut pause = first_pause;
        loop {
            let begun = tokio::time::Instant::now();
            let reason = match tokio::spawn(begin()).await {
                Ok(()) => "it ended".to_owned(),
                Err(e) if e.is_cancelled() => return,
                Err(e) => e.to_string(),
            };
            if begun.elapsed() > QUIET {
                pause = first_pause;
            }
            metrics::counter!("yunshi_task_restarts_total", "task" => name).increment(1);
            tracing::error!(task = name, reason, "a task that runs for ever ended; it is begun again");
            tokio::time::sleep(pause).await;
            pause = pause.saturating_mul(2).min(PAUSE_MAX);
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    };

    #[tokio::test]
    async fn a_task_that_panics_or_ends_is_begun_again() {
        let (begun, started) = (Arc::new(AtomicUsize::new(0)), Arc::new(tokio::sync::Notify::new()));
        let (count, told) = (begun.clone(), started.clone());
        let task = supervise_with("test", Duration::ZERO, move || {
            let (count, told) = (count.clone(), told.clone());
            async move {
                told.notify_one();
                match count.fetch_add(1, Ordering::SeqCst) {
                    0 => panic!("the first run panics"),
                    1 => {}
                    _ => std::future::pending().await,
                }
            }
        });
        for _ in 0..3 {
            started.notified().await;
        }
        tokio::task::yield_now().await;
        assert_eq!(begun.load(Ordering::SeqCst), 3);
        assert!(!task.is_finished());
        task.abort();
    }
}
