//! Templates are loaded once and never edited: a change is a new version (`seller-domain 12`).

use crate::{Ctx, Error, event};
use db::Tx;
use domain::{
    listing::AccessType,
    supervision::{Flow, Template, built_in, check, choose},
};
use jiff::civil::Date;
use quick_cache::sync::Cache;
use serde_json::json;
use std::sync::Arc;
use store::supervision as rows;

fn parse(row: &rows::Template) -> Result<Template, Error> {
    serde_json::from_str(&row.body).map_err(|e| Error::row("supervision_templates", &row.key, e))
}

/// How many versions stay in memory.
const KEPT_MAX: usize = 1_000;

/// Templates by key and version, read from their texts once: they never change. Cheap to share.
pub struct Templates(Cache<(String, i64), Arc<Template>>);

impl Default for Templates {
    fn default() -> Self {
        Self(Cache::new(KEPT_MAX))
    }
}

impl Templates {
    /// The version under which a case runs.
    pub(super) fn stored(&self, tx: &mut Tx, key: &str, version: i64) -> Result<Arc<Template>, Error> {
        let name = (key.to_owned(), version);
        if let Some(known) = self.0.get(&name) {
            return Ok(known);
        }
        let row = rows::template(tx, key, version)?.ok_or_else(|| Error::row("supervision_templates", key, "is gone"))?;
        let template = Arc::new(parse(&row)?);
        self.0.insert(name, template.clone());
        Ok(template)
    }
}

impl std::fmt::Debug for Templates {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} templates", self.0.len())
    }
}

pub(super) fn of_day(tx: &mut Tx, access_type: AccessType, flow: Flow, day: Date) -> Result<Template, Error> {
    let all: Vec<Template> = rows::templates_for(tx, access_type.as_str(), flow.as_str())?.iter().map(parse).collect::<Result<_, _>>()?;
    choose(&all, access_type, flow, day).cloned().ok_or_else(|| {
        let detail = format!("no template for {access_type} ({flow}) is valid on {day}; the operator has to load one");
        Error::conflict("supervision.no_template", detail)
    })
}

/// Loads the built-in templates that are not there yet. A version that an operator loaded before the release that
/// brings it stays as it is, for cases may run under it: a node starts all the same.
///
/// # Errors
/// [`Error::Store`].
pub fn load_built_in(tx: &mut Tx, ctx: &Ctx) -> Result<(), Error> {
    for template in built_in() {
        match insert(tx, ctx, &template) {
            Err(e) if e.code() == Some("supervision.template_fixed") => {
                tracing::warn!(
                    key = template.key,
                    version = template.version,
                    "another template of this version was loaded before; it stays"
                );
            }
            result => result?,
        }
    }
    Ok(())
}

/// Loads a template; the same again changes nothing.
///
/// # Errors
/// `supervision.bad_template` with what is wrong, `supervision.template_fixed`.
pub fn load(tx: &mut Tx, ctx: &Ctx, template: &Template) -> Result<(), Error> {
    check(template).map_err(|e| Error::field("", "supervision.bad_template", e.to_string()))?;
    insert(tx, ctx, template)?;
    let data = json!({ "key": template.key, "version": template.version, "valid_from": template.valid_from });
    event::record(tx, ctx, "supervision.template_loaded", event::About::default(), &data)
}

fn insert(tx: &mut Tx, ctx: &Ctx, template: &Template) -> Result<(), Error> {
    if let Some(there) = rows::template(tx, &template.key, i64::from(template.version))? {
        return if parse(&there)? == *template {
            Ok(())
        } else {
            let detail =
                format!("version {} of {} is there and stays as it is; load the change as a new version", there.version, there.key);
            Err(Error::conflict("supervision.template_fixed", detail))
        };
    }
    let row = rows::Template {
        key: template.key.clone(),
        version: i64::from(template.version),
        access_type: template.access_type.to_string(),
        flow: template.flow.to_string(),
        valid_from: template.valid_from.to_string(),
        body: serde_json::to_string(template).map_err(|e| Error::row("supervision_templates", &template.key, e))?,
        loaded_at: ctx.now_micros(),
        loaded_by: ctx.actor.name(),
    };
    match rows::insert_template(tx, &row) {
        Err(e) if e.is_unique_violation() => Err(db::DbError::Raced.into()),
        result => Ok(result?),
    }
}

/// All versions of all templates, with how many cases are open under each.
///
/// # Errors
/// [`Error::Store`].
pub fn list(tx: &mut Tx) -> Result<Vec<(Template, rows::Template, i64)>, Error> {
    let open = rows::any_open_by_template(tx)?;
    let count = |row: &rows::Template| open.iter().find(|o| o.0 == row.key && o.1 == row.version).map_or(0, |o| o.2);
    rows::templates(tx)?.into_iter().map(|row| Ok((parse(&row)?, row.clone(), count(&row)))).collect()
}

/// A version of a template.
///
/// # Errors
/// `supervision.template_not_found`.
pub fn show(tx: &mut Tx, key: &str, version: u32) -> Result<Template, Error> {
    let row = rows::template(tx, key, i64::from(version))?;
    parse(&row.ok_or_else(|| Error::not_found("supervision.template_not_found", format!("there is no version {version} of {key}")))?)
}
