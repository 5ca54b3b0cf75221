//! A user's language, and the notices that are not to be shown again.

use crate::{Caller, Error};
use db::{Key, Tx};
use store::account;

/// Sets the language, and adds a notice to those not to be shown again.
///
/// # Errors
/// [`Error::Store`].
pub fn set(tx: &mut Tx, caller: &Caller, language: Option<&str>, dismiss: Option<&str>) -> Result<(), Error> {
    let user = account::lock_user(tx, Key::of(caller.user_id))?;
    let user = user.ok_or_else(|| Error::row("users", caller.user_id, "the caller is gone"))?;
    let mut dismissed: Vec<&str> = user.dismissed.split(',').filter(|d| !d.is_empty()).collect();
    if let Some(notice) = dismiss
        && !dismissed.contains(&notice)
    {
        dismissed.push(notice);
    }
    let keep = dismissed.len().saturating_sub(50);
    let language = language.unwrap_or(&user.language);
    Ok(account::set_preferences(tx, Key::of(caller.user_id), language, &dismissed[keep..].join(","))?)
}
