//! A mark in the file store by which all nodes of a database know that they have the same one.

use crate::Files;
use app::{Actor, App, Error};
use store::setting;

/// In the database, the mark of its store.
const SETTING: &str = "file_store";
/// In the store, the database that it belongs to and the mark.
const MARK: &str = "yunshi-store.txt";

/// What a node's store is to the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SameStore {
    Yes,
    /// The other nodes have another one: this has no mark or not theirs.
    OfOtherNodes,
    /// It is the store of another database.
    OfOtherDatabase,
}

impl Files {
    /// Compares the store with the one of the database. The first node marks it.
    ///
    /// # Errors
    /// What database or store say.
    pub async fn check(&self, app: &App) -> Result<SameStore, Error> {
        let installation = app.read(Actor::System, |tx, _| Ok(setting::get(tx, "installation")?)).await?;
        let installation = match installation {
            Some(known) => known,
            None => app.write(Actor::System, app::installation).await?,
        };
        let wanted = app.read(Actor::System, |tx, _| Ok(setting::get(tx, SETTING)?)).await?;
        let mark = match (self.mark().await?, &wanted) {
            (Some((of, _)), _) if of != installation => return Ok(SameStore::OfOtherDatabase),
            (Some((_, mark)), _) => mark,
            (None, Some(_)) => return Ok(SameStore::OfOtherNodes),
            // Of nodes that start at once over one store one makes the mark, and all read it.
            (None, None) => {
                let (text, mark) = new_mark(app, &installation).await?;
                if self.put_new(MARK, text).await? { mark } else { self.mark().await?.map(|(_, mark)| mark).unwrap_or_default() }
            }
        };
        let known = match wanted {
            Some(known) => known,
            None => {
                app.write(Actor::System, {
                    let mark = mark.clone();
                    move |tx, _| Ok(setting::put_new(tx, SETTING, &mark)?)
                })
                .await?
            }
        };
        Ok(if known == mark { SameStore::Yes } else { SameStore::OfOtherNodes })
    }

    /// Makes this the store of the database, whatever it was before; the other nodes refuse to start with another one.
    ///
    /// # Errors
    /// What database or store say.
    pub async fn adopt(&self, app: &App) -> Result<(), Error> {
        let installation = app.write(Actor::System, app::installation).await?;
        let (text, mark) = new_mark(app, &installation).await?;
        self.put(MARK, text).await?;
        app.write(Actor::System, move |tx, _| Ok(setting::put(tx, SETTING, &mark)?)).await
    }

    async fn mark(&self) -> Result<Option<(String, String)>, Error> {
        let Some(bytes) = self.find(MARK).await? else { return Ok(None) };
        let text = String::from_utf8_lossy(&bytes);
        let mut words = text.split_whitespace().map(str::to_owned);
        let bad = || Error::row("files", MARK, "does not say whose store this is; restore it, or see `yunshi admin adopt-files`");
        Ok(Some(words.next().zip(words.next()).ok_or_else(bad)?))
    }
}

/// A new mark, with the text that says it.
async fn new_mark(app: &App, installation: &str) -> Result<(Vec<u8>, String), Error> {
    let mark = app.read(Actor::System, |_, ctx| Ok(ctx.random_hex(16))).await?;
    let text = format!("{installation} {mark}\nThe files of a Yunshi database lie here; this one says of which. Do not remove it.\n");
    Ok((text.into_bytes(), mark))
}
