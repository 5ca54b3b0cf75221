//! The programme of a buyer's account, which decides whether the platform reviews deliveries (`seller-domain 5.1`).

use crate::{Ctx, Error, event};
use db::{Key, Tx};
use domain::{id::AccountId, supervision::Track};
use serde_json::json;
use store::{account, supervision as rows};

/// Sets the programme of an account, or takes it away; cases that began keep their scene.
///
/// # Errors
/// `account.not_found`.
pub fn set(tx: &mut Tx, ctx: &Ctx, id: AccountId, track: Option<Track>) -> Result<(), Error> {
    let key = Key::of(id);
    account::lookup(tx, key)?.ok_or_else(|| Error::not_found("account.not_found", "there is no such account"))?;
    rows::set_track(tx, key, track.map(Track::as_str), ctx.now_micros())?;
    event::record(tx, ctx, "account.track_set", event::About::account(key), &json!({ "track": track }))
}
