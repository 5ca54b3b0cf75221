//! Licence files for machines without network, and the keys of sellers that sign them.

use super::{node, right, right::Right};
use crate::secret::Sealed;
use crate::{Caller, Ctx, Error, Tenant, event, limit, micros};
use db::{Key, Moment, Tx};
use domain::limit::Limit;
use domain::{
    Timestamp,
    licence_rules::{file_covers, file_end},
};
use jiff::SignedDuration;
use serde_json::{Map, Value, json};
use store::licence_key::{self as rows, LicenceKey};
use wire::licence_file::{Claims, Lease, Machine, PublicKey, Signer};

const COLUMN: Sealed = Sealed::LicenceKey;

/// What a signed text says beside the right itself.
pub(super) struct Content {
    /// Exclusive.
    pub end: Option<Timestamp>,
    pub machine: Option<Machine>,
    pub lease: Option<Lease>,
}

/// Signs what a licence allows, with the newest key of its seller.
pub(super) fn sign(tx: &mut Tx, ctx: &Ctx, right: &Right, content: Content) -> Result<String, Error> {
    let mut features = Map::new();
    for feature in &right.rules.features {
        let value = serde_json::to_value(&feature.value).map_err(|e| Error::row("revisions", &right.licence.code, e))?;
        features.insert(feature.code.clone(), value);
    }
    let claims = Claims {
        iss: ctx.settings.public_url.clone(),
        sub: right.licence.code.clone(),
        jti: hex::encode(ctx.key().0),
        iat: ctx.now.as_second(),
        expires: right.expires_at.map(Timestamp::as_second),
        exp: content.end.map(Timestamp::as_second),
        product: right.product.clone(),
        specification: right.specification.clone(),
        quantity: right.quantity,
        features,
        machine: content.machine,
        lease: content.lease,
    };
    let signer = signer(tx, ctx, right.licence.seller_id)?;
    signer.sign(&claims).map_err(|e| Error::row("licences", &right.licence.code, e))
}

fn signer(tx: &mut Tx, ctx: &Ctx, seller: Key) -> Result<Signer, Error> {
    let row = match rows::of_seller(tx, seller)?.into_iter().next() {
        Some(row) => row,
        None => new_key_of(tx, ctx, seller)?,
    };
    let id = hex::encode(row.id.0);
    let bad = || Error::row("licence_keys", &id, "is no key of 32 bytes");
    let seed: [u8; 32] = ctx.sealer.open_bytes(COLUMN, &row.private_key)?.try_into().map_err(|_| bad())?;
    Ok(Signer::new(&id, &seed))
}

fn new_key_of(tx: &mut Tx, ctx: &Ctx, seller: Key) -> Result<LicenceKey, Error> {
    let (id, mut seed) = (ctx.key(), [0; 32]);
    ctx.ids.random(&mut seed);
    let row = LicenceKey {
        id,
        seller_id: seller,
        public_key: Signer::new("", &seed).public().bytes.to_vec(),
        private_key: ctx.sealer.seal_bytes(ctx.ids, COLUMN, &seed),
        created_at: ctx.now_micros(),
    };
    rows::insert(tx, &row)?;
    event::record(tx, ctx, "licence.key_made", event::About::account(seller), &json!({ "key": hex::encode(id.0) }))?;
    Ok(row)
}

/// A new key of the caller's: it signs from now on. Programs that know only older keys refuse what it signs, so the new
/// key is built into them first.
///
/// # Errors
/// `licence.too_many_keys`.
pub fn new_key(tx: &mut Tx, ctx: &Ctx, caller: &Caller) -> Result<LicenceKey, Error> {
    let seller = Key::of(caller.account_id);
    limit::room(tx, Limit::LicenceKeys, seller, |tx| Ok(limit::number(&rows::of_seller(tx, seller)?)))?;
    new_key_of(tx, ctx, seller)
}

/// The public keys of a seller as JSON Web Key Set, the signing one first.
///
/// # Errors
/// [`Error::Store`], [`Error::Row`].
pub fn key_set(tx: &mut Tx, seller: Key) -> Result<Value, Error> {
    let key = |row: LicenceKey| {
        let id = hex::encode(row.id.0);
        let bytes = row.public_key.try_into().map_err(|_| Error::row("licence_keys", &id, "is no key of 32 bytes"))?;
        Ok(PublicKey { id, bytes }.jwk())
    };
    let keys: Vec<Value> = rows::of_seller(tx, seller)?.into_iter().map(key).collect::<Result<_, Error>>()?;
    Ok(json!({ "keys": keys }))
}

/// A file that is given out.
#[derive(Debug, Clone)]
pub struct File {
    pub text: String,
    /// Exclusive; none for one without an end.
    pub end: Option<Timestamp>,
}

/// Refuses more files of a code than a day has, beside one for each machine that the licence is bound to: whoever holds the
/// code asks for them, and each stands on the flight recorder.
fn not_too_many(tx: &mut Tx, ctx: &Ctx, right: &Right) -> Result<(), Error> {
    let Some(instance) = right.licence.instance_id else { return Ok(()) };
    let day = micros(ctx.now - SignedDuration::from_hours(24));
    let count = |tx: &mut Tx| store::event::count_of_instance(tx, instance, "licence.file_signed", day);
    limit::room_beside(tx, Limit::LicenceFiles, instance, right.nodes().unwrap_or(0), count)
}

/// Signs a file of a code for a machine; binds the machine when the rules say so.
///
/// # Errors
/// Those of a code that is not good, `licence.no_files`, `licence.too_many_files`, `licence.fingerprint`,
/// `licence.node_limit`.
pub fn issue(tx: &mut Tx, ctx: &Ctx, code: &str, fingerprint: Option<&str>) -> Result<File, Error> {
    // A renewal that the file covers is not given back: whoever gives one back waits for this, and this for them.
    let instance = store::licence::by_code(tx, Tenant::Any, code)?.and_then(|licence| licence.instance_id);
    let instance = instance.map(|id| store::instance::lock(tx, Tenant::Any, id)).transpose()?.flatten();
    let right = right::of_code(tx, ctx, code)?;
    if !right.rules.files {
        return Err(Error::conflict("licence.no_files", "no files are given for this licence; its software asks the marketplace"));
    }
    not_too_many(tx, ctx, &right)?;
    let machine = node::bind(tx, ctx, &right, fingerprint)?.map(|(_, machine)| machine);
    let end = file_end(&right.rules, right.expires_at, ctx.now);
    let text = sign(tx, ctx, &right, Content { end, machine, lease: None })?;
    if let (Some(of), Some(until)) = (&instance, file_covers(&right.rules, right.expires_at, ctx.now)) {
        store::licence::set_file_until(tx, of, Moment::of(until))?;
    }
    let about = event::About { instance: right.licence.instance_id, ..event::About::default() };
    event::record(tx, ctx, "licence.file_signed", about, &json!({ "until": end }))?;
    Ok(File { text, end })
}
