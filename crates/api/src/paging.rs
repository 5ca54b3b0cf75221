//! Paging of lists: `limit` and `cursor` in, `next` out.

use crate::{
    body::{query_pairs, read_query},
    problem::Problem,
};
use app::{Direction, Key, Page, cursor};
use axum::{extract::FromRequestParts, http::request::Parts};
use serde::{
    Deserialize, Deserializer,
    de::{DeserializeOwned, Error as _},
};
use utoipa::IntoParams;

/// How many rows a page has: 1 to 100, 20 when not said.
#[derive(Debug, Clone, Copy)]
pub struct Limit(pub i64);

impl Default for Limit {
    fn default() -> Self {
        Self(20)
    }
}

impl<'de> Deserialize<'de> for Limit {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = String::deserialize(d)?;
        let number = text.parse().ok().filter(|n| (1..=100).contains(n));
        number.map(Self).ok_or_else(|| D::Error::custom("must be a number from 1 to 100"))
    }
}

/// The place that a list gave as `next`: time and id of its last row.
#[derive(Debug, Clone, Copy)]
struct Cursor((i64, Key));

impl<'de> Deserialize<'de> for Cursor {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = String::deserialize(d)?;
        cursor::read(&text).map(Self).ok_or_else(|| D::Error::custom("is not a cursor that a list gave"))
    }
}

/// `asc` or `desc`.
#[derive(Debug, Clone, Copy)]
pub struct Way(Direction);

impl<'de> Deserialize<'de> for Way {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        match String::deserialize(d)?.as_str() {
            "asc" => Ok(Self(Direction::Ascending)),
            "desc" => Ok(Self(Direction::Descending)),
            _ => Err(D::Error::custom("choose one of asc, desc")),
        }
    }
}

/// What every list takes beside its own filters.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct Paging {
    /// Rows of a page, 1 to 100; 20 when not said.
    #[param(value_type = Option<String>)]
    limit: Limit,
    /// `next` of the page before.
    #[param(value_type = Option<String>)]
    cursor: Option<Cursor>,
    /// `asc` or `desc`; each list has its usual direction. A cursor belongs to the direction that gave it.
    #[param(value_type = Option<String>)]
    direction: Option<Way>,
}

/// The filters of a list that has none.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NoFilter {}

/// The query of a list: its filters, and the page.
pub struct Listed<T>(pub T, pub Page);

impl<S, T> FromRequestParts<S> for Listed<T>
where
    S: Send + Sync,
    T: DeserializeOwned + Send,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let mut filters = query_pairs(parts)?;
        let mut paging = serde_json::Map::new();
        for name in ["limit", "cursor", "direction"] {
            paging.extend(filters.remove(name).map(|value| (name.to_owned(), value)));
        }
        let Paging { limit, cursor, direction } = read_query(paging)?;
        Ok(Self(read_query(filters)?, Page { after: cursor.map(|c| c.0), limit: limit.0, direction: direction.map(|d| d.0) }))
    }
}

/// The cursor behind the rows of a page, when it was full.
pub fn next<R>(rows: &[R], page: Page, place: impl Fn(&R) -> (i64, Key)) -> Option<String> {
    let full = i64::try_from(rows.len()).is_ok_and(|n| n >= page.limit);
    rows.last().filter(|_| full).map(|row| cursor::write(place(row)))
}
