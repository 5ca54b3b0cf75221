//! Statistics of licences on their way to the database: heartbeats come by the ten thousand, and a transaction for each
//! would be all that the database does.

use app::{
    Actor, App, Error,
    licence::{self, Noted},
};
use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

/// How long statistics wait; a crash loses so much of them.
const WAITS: Duration = Duration::from_secs(1);
/// Rows in memory, before whoever brings more waits until they are written.
const ROWS_MAX: usize = 50_000;

/// What this node heard and did not write yet.
#[derive(Default)]
pub struct Tally {
    noted: Mutex<Noted>,
    /// One writes at a time: who waited for it knows that all before it is written.
    writing: tokio::sync::Mutex<()>,
}

impl Tally {
    /// Takes in what was heard. When too much waits it is written first.
    pub(crate) async fn hear(&self, app: &App, heard: Noted) -> Result<(), Error> {
        let full = {
            let mut noted = self.noted.lock().unwrap_or_else(PoisonError::into_inner);
            noted.add(heard);
            noted.len() > ROWS_MAX
        };
        if full { self.write_down(app).await } else { Ok(()) }
    }

    /// Writes what waits; what cannot be written waits on.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn write_down(&self, app: &App) -> Result<(), Error> {
        let _writing = self.writing.lock().await;
        let noted = std::mem::take(&mut *self.noted.lock().unwrap_or_else(PoisonError::into_inner));
        if noted.is_empty() {
            return Ok(());
        }
        let noted = Arc::new(noted);
        let unit = noted.clone();
        let written = app.write(Actor::System, move |tx, ctx| licence::write_down(tx, ctx, &unit)).await;
        if written.is_err() {
            self.noted.lock().unwrap_or_else(PoisonError::into_inner).add((*noted).clone());
        }
        written
    }

    /// Writes what waits every second, for as long as the node lives.
    pub(crate) async fn keep(self: Arc<Self>, app: App) {
        loop {
            tokio::time::sleep(WAITS).await;
            if let Err(e) = self.write_down(&app).await {
                tracing::warn!(error = %e, "statistics of licences wait to be written");
            }
        }
    }
}
