//! SQL: one module per noun, rows in and out, no decisions.
//!
//! To add a noun: a module here with its row, finders whose signature carries the tenant, and guarded
//! updates that say how many rows they changed. A finder named `any_…` is for workers and staff.

/// Cuts a boxed query to a page of rows in one direction of a number, mostly a time. The number alone bounds the
/// range, so that an index on it is entered at the page's place however deep that lies; rows of the same number are
/// told apart by id. A page may ask for the other direction: the same index is read backwards.
macro_rules! sorted {
    ($query:expr, $page:expr, $usual:expr, $at:expr, $id:expr) => {{
        let query = $query.limit($page.limit);
        match ($page.direction.unwrap_or($usual), $page.after) {
            (crate::Direction::Ascending, None) => query.order(($at.asc(), $id.asc())),
            (crate::Direction::Ascending, Some((at, id))) => {
                query.order(($at.asc(), $id.asc())).filter($at.ge(at)).filter($at.gt(at).or($id.gt(id)))
            }
            (crate::Direction::Descending, None) => query.order(($at.desc(), $id.desc())),
            (crate::Direction::Descending, Some((at, id))) => {
                query.order(($at.desc(), $id.desc())).filter($at.le(at)).filter($at.lt(at).or($id.lt(id)))
            }
        }
    }};
}

/// A page of a list whose newest rows come first unless the page says otherwise.
macro_rules! newest_first {
    ($query:expr, $page:expr, $at:expr, $id:expr) => {
        sorted!($query, $page, crate::Direction::Descending, $at, $id)
    };
}

/// Likewise, oldest rows first.
macro_rules! oldest_first {
    ($query:expr, $page:expr, $at:expr, $id:expr) => {
        sorted!($query, $page, crate::Direction::Ascending, $at, $id)
    };
}

pub mod access_key;
pub mod account;
pub mod asset;
pub mod auto_renewal;
pub mod bill;
pub mod call;
pub mod cart;
pub mod correction;
pub mod delivery;
pub mod document;
pub mod domain_name;
pub mod event;
pub mod export;
pub mod floor;
pub mod idempotency;
pub mod instance;
pub mod interface;
pub mod job;
pub mod kit;
pub mod ledger;
pub mod licence;
pub mod licence_application;
pub mod licence_key;
pub mod licence_node;
pub mod licence_seat;
mod locked;
pub mod log_in_try;
pub mod mailbox;
pub mod message;
pub mod neighbour;
pub mod open_api_call;
pub mod order;
pub mod organisation;
pub mod package;
pub mod picture;
pub mod probe;
pub mod product;
pub mod sealed;
pub mod seller;
pub mod session;
pub mod setting;
pub mod sign_on;
pub mod supervision;
pub mod term;
pub mod transfer;
pub mod trial;
pub mod usage;
pub mod usage_cap;
pub mod usage_hold;
pub mod webhook;
pub mod witness;

pub use db::{DbError, Key, Misfit, Moment, Tx};
pub use locked::Locked;

/// What a guarded update came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Written {
    Yes,
    SomeoneElseWasFirst,
}

impl Written {
    pub(crate) fn from_rows(rows: usize) -> Self {
        Self::of_all(rows, 1)
    }

    /// Of an update of several rows: all were as expected, or somebody else was first at one.
    pub(crate) fn of_all(rows: usize, wanted: usize) -> Self {
        if rows == wanted { Self::Yes } else { Self::SomeoneElseWasFirst }
    }
}

/// Which way a list runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    Ascending,
    Descending,
}

/// A page of a sorted list: rows after a place in the list's order, at most so many.
#[derive(Debug, Clone, Copy)]
pub struct Page {
    pub after: Option<(i64, Key)>,
    pub limit: i64,
    /// The way that the reader asked for; each list has its usual one.
    pub direction: Option<Direction>,
}

impl Page {
    /// The first rows of a list.
    #[must_use]
    pub fn first(limit: i64) -> Self {
        Self { after: None, limit, direction: None }
    }
}

/// A page of a list: the rows that can be read, as many as were asked for while there are some, and what is wrong with the others.
#[derive(Debug)]
pub struct Legible<T> {
    pub rows: Vec<T>,
    pub misfits: Vec<Misfit>,
}

impl<T> Legible<T> {
    fn of(read: Vec<Result<T, Misfit>>) -> Self {
        let mut legible = Self { rows: Vec::new(), misfits: Vec::new() };
        for row in read {
            match row {
                Ok(row) => legible.rows.push(row),
                Err(misfit) => legible.misfits.push(misfit),
            }
        }
        legible
    }

    /// The rows alone. Those that cannot be read are reported to whoever runs the platform.
    #[must_use]
    pub fn reported(self) -> Vec<T> {
        self.misfits.iter().for_each(Misfit::report);
        self.rows
    }
}

/// A page of the rows that can be read: one that cannot is left out, and the page is filled with what follows.
fn legible<T>(
    page: Page,
    place: impl Fn(&T) -> (i64, Key),
    mut read: impl FnMut(Page) -> Result<Vec<Result<T, Misfit>>, DbError>,
) -> Result<Legible<T>, DbError> {
    let (mut rows, mut misfits): (Vec<T>, Vec<Misfit>) = (Vec::new(), Vec::new());
    let mut rest = page;
    loop {
        let read = read(rest)?;
        let (had, mut passed) = (read.len(), 0);
        for row in read {
            match row {
                Ok(row) => {
                    rows.push(row);
                    passed = 0;
                }
                Err(misfit) => {
                    passed += 1;
                    if !misfits.contains(&misfit) {
                        misfits.push(misfit);
                    }
                }
            }
        }
        let wanted = page.limit - i64::try_from(rows.len()).unwrap_or(i64::MAX);
        if wanted <= 0 || i64::try_from(had).is_ok_and(|had| had < rest.limit) {
            return Ok(Legible { rows, misfits });
        }
        // On from the last row that has a place; what cannot be read behind it comes once more.
        rest = Page { after: rows.last().map(&place).or(page.after), limit: wanted + passed, ..page };
    }
}

diesel::define_sql_function! {
    /// Lower case, at least of ASCII.
    fn lower(text: diesel::sql_types::Text) -> diesel::sql_types::Text;
}

/// What matches part of a lowered text, with the wildcards of SQL taken literally.
fn containing(text: &str) -> String {
    format!("%{}%", text.to_lowercase().replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_"))
}
