//! The secret key of a database: all its nodes have the same one.

use super::{Sealed, SealedSetting, Sealer};
use crate::{Ctx, Error};
use db::{Key, Tx};
use serde_json::Value;
use store::{sealed, setting};

const FINGERPRINT: &str = "secret_key";

/// What a database says of the key of a node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyCheck {
    Same,
    /// The fingerprint of the key that the values of the database are sealed with; none when it was never written.
    Other(Option<String>),
}

/// Compares a node's key with the one of the database. A database that has none takes it over, when what is sealed can be opened.
///
/// # Errors
/// [`Error::Store`].
pub fn check_key(tx: &mut Tx, ctx: &Ctx) -> Result<KeyCheck, Error> {
    let own = ctx.sealer.fingerprint();
    if let Some(known) = setting::get(tx, FINGERPRINT)? {
        return Ok(if known == own { KeyCheck::Same } else { KeyCheck::Other(Some(known)) });
    }
    for kind in Sealed::ALL {
        for column in kind.places().columns {
            let first = sealed::page(tx, column, None, 1)?;
            if first.iter().any(|row| ctx.sealer.open_bytes(*kind, &row.value).is_err()) {
                return Ok(KeyCheck::Other(None));
            }
        }
    }
    let known = setting::put_new(tx, FINGERPRINT, own)?;
    Ok(if known == own { KeyCheck::Same } else { KeyCheck::Other(Some(known)) })
}

/// A sealed setting.
///
/// # Errors
/// [`Error::Row`] when it cannot be opened.
pub fn setting(tx: &mut Tx, ctx: &Ctx, name: SealedSetting) -> Result<Option<String>, Error> {
    let kept = setting::get(tx, name.as_str())?;
    kept.map(|text| ctx.sealer.open(Sealed::Setting, &bytes("settings", name.as_str(), &text)?)).transpose()
}

/// Stores a sealed setting.
///
/// # Errors
/// [`Error::Store`].
pub fn put_setting(tx: &mut Tx, ctx: &Ctx, name: SealedSetting, value: &str) -> Result<(), Error> {
    let sealed = ctx.sealer.seal(ctx.ids, Sealed::Setting, value);
    Ok(setting::put(tx, name.as_str(), &hex::encode(sealed))?)
}

fn bytes(table: &'static str, key: &str, text: &str) -> Result<Vec<u8>, Error> {
    hex::decode(text).map_err(|e| Error::row(table, key, e))
}

/// Rows that are read at a time.
const PAGE: i64 = 500;

/// How many values were sealed anew.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Rotated {
    pub values: u64,
    /// Of the key from now on.
    pub fingerprint: String,
}

/// Seals all that is stored with another key, in this one transaction: what breaks off has changed nothing. Links in mails and
/// tickets that are on their way are no longer known.
///
/// # Errors
/// `secret_key.same`, `secret_key.other`; [`Error::Row`] for a value that cannot be opened.
pub fn rotate_key(tx: &mut Tx, ctx: &Ctx, to: &Sealer) -> Result<Rotated, Error> {
    if to.fingerprint() == ctx.sealer.fingerprint() {
        return Err(Error::conflict("secret_key.same", "the new key is the one that is in use; give another"));
    }
    if let KeyCheck::Other(known) = check_key(tx, ctx)? {
        let known = known.unwrap_or_else(|| "of an unknown key".to_owned());
        let detail = format!("the database is sealed with the key {known}, and this is {}", ctx.sealer.fingerprint());
        return Err(Error::conflict("secret_key.other", detail));
    }
    let mut values = 0;
    for kind in Sealed::ALL {
        let places = kind.places();
        for column in places.columns {
            values += reseal_column(tx, ctx, to, (*kind, column))?;
        }
        if let Some(name) = places.of_lines {
            values += reseal_lines(tx, ctx, to, (*kind, name))?;
        }
        if places.settings {
            values += reseal_settings(tx, ctx, to)?;
        }
    }
    index_again(tx, to)?;
    setting::put(tx, FINGERPRINT, to.fingerprint())?;
    Ok(Rotated { values, fingerprint: to.fingerprint().to_owned() })
}

fn reseal(ctx: &Ctx, to: &Sealer, kind: Sealed, sealed: &[u8]) -> Result<Vec<u8>, Error> {
    Ok(to.seal_bytes(ctx.ids, kind, &ctx.sealer.open_bytes(kind, sealed)?))
}

fn reseal_column(tx: &mut Tx, ctx: &Ctx, to: &Sealer, (kind, column): (Sealed, &sealed::Column)) -> Result<u64, Error> {
    let (mut values, mut after) = (0, None);
    loop {
        let rows = sealed::page(tx, column, after.as_ref(), PAGE)?;
        let Some(last) = rows.last() else { return Ok(values) };
        after = Some(last.clone());
        for row in rows {
            let value = reseal(ctx, to, kind, &row.value)?;
            sealed::put(tx, column, &sealed::Row { value, ..row })?;
            values += 1;
        }
    }
}

fn reseal_lines(tx: &mut Tx, ctx: &Ctx, to: &Sealer, (kind, name): (Sealed, &str)) -> Result<u64, Error> {
    let (mut values, mut after) = (0, Key([0; 16]));
    loop {
        let rows = sealed::lines_with(tx, name, after, PAGE)?;
        let Some((last, _)) = rows.last() else { return Ok(values) };
        after = *last;
        for (id, text) in rows {
            let line = hex::encode(id.0);
            let mut sold: Value = serde_json::from_str(&text).map_err(|e| Error::row("order_lines", &line, e))?;
            let Some(kept) = sold[name].as_str() else { continue };
            let sealed = reseal(ctx, to, kind, &bytes("order_lines", &line, kept)?)?;
            sold[name] = hex::encode(sealed).into();
            sealed::put_sold(tx, id, &sold.to_string())?;
            values += 1;
        }
    }
}

fn reseal_settings(tx: &mut Tx, ctx: &Ctx, to: &Sealer) -> Result<u64, Error> {
    let mut values = 0;
    for name in SealedSetting::ALL.iter().map(|name| name.as_str()) {
        let Some(text) = setting::get(tx, name)? else { continue };
        let sealed = reseal(ctx, to, Sealed::Setting, &bytes("settings", name, &text)?)?;
        setting::put(tx, name, &hex::encode(sealed))?;
        values += 1;
    }
    Ok(values)
}

/// The blind index of mailboxes depends on the key. That of one which nobody has any more cannot be made again; it is forgotten
/// that its owner was asked.
fn index_again(tx: &mut Tx, to: &Sealer) -> Result<(), Error> {
    const MAILBOXES: sealed::Column = sealed::Column { table: "message_recipients", column: "mailbox", key: ("id", None) };
    let mut after = None;
    loop {
        let rows = sealed::page(tx, &MAILBOXES, after.as_ref(), PAGE)?;
        let Some(last) = rows.last() else { break };
        after = Some(last.clone());
        for row in rows {
            let index = to.blind_index(Sealed::Mailbox, &to.open(Sealed::Mailbox, &row.value)?.to_lowercase());
            store::mailbox::reindex(tx, row.id, &index)?;
        }
    }
    Ok(())
}
