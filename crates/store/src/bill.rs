//! Bills of sellers and their lines.

use crate::{DbError, Key, Moment, Page, Tx, legible};
use db::{
    Run,
    schema::{bill_lines, bills},
};
use diesel::{
    prelude::*,
    sql_query,
    sql_types::{BigInt, Binary, Text},
};
use domain::{money::Currency, settlement::BillKind};

db::stored! {
    #[derive(Debug, Clone, Selectable, Insertable)]
    #[diesel(table_name = bills)]
    pub struct Bill of bills {
        pub id: Key,
        pub seller_id: Key,
        pub month: String,
        pub currency: Currency,
        pub total_minor: i64,
        pub issued_at: Moment,
    }
}

db::stored! {
    #[derive(Debug, Clone, Selectable, Insertable)]
    #[diesel(table_name = bill_lines)]
    pub struct BillLine of bill_lines {
        pub id: Key,
        pub seller_id: Key,
        pub bill_id: Option<Key>,
        pub order_id: Key,
        pub line_id: Key,
        pub order_line: String,
        pub product_name: String,
        pub kind: BillKind,
        /// yyyy-MM-dd at the site for usage, the name of a part that was released by itself, else empty.
        pub part: String,
        pub currency: Currency,
        pub amount_minor: i64,
        pub fee_minor: i64,
        pub tax_minor: i64,
        pub payable_minor: i64,
        pub effective_at: Moment,
    }
}

/// # Errors
/// [`DbError`]; a unique violation when the line was billed before.
pub fn insert_lines(tx: &mut Tx, lines: &[BillLine]) -> Result<(), DbError> {
    db::each_part(tx, lines, |part| db::Insert {
        table: "bill_lines",
        columns: [
            "id",
            "seller_id",
            "bill_id",
            "order_id",
            "line_id",
            "order_line",
            "product_name",
            "kind",
            "part",
            "currency",
            "amount_minor",
            "fee_minor",
            "tax_minor",
            "payable_minor",
            "effective_at",
        ],
        rows: part.iter().map(values).collect(),
        conflict: "",
    })?;
    Ok(())
}

#[rustfmt::skip]
fn values(l: &BillLine) -> [db::Value<'_>; 15] {
    db::row![
        &l.id, &l.seller_id, &l.bill_id, &l.order_id, &l.line_id, &l.order_line, &l.product_name, l.kind.as_str(), &l.part,
        l.currency.as_str(),
        l.amount_minor, l.fee_minor, l.tax_minor, l.payable_minor, l.effective_at,
    ]
}

/// Adds the use of a day to the line of that day, making the line when there is none.
///
/// # Errors
/// [`DbError`].
pub fn add_usage(tx: &mut Tx, line: &BillLine) -> Result<(), DbError> {
    let there = bill_lines::table
        .filter(bill_lines::line_id.eq(line.line_id))
        .filter(bill_lines::kind.eq(line.kind))
        .filter(bill_lines::part.eq(&line.part))
        .filter(bill_lines::bill_id.is_null());
    let changed = diesel::update(there)
        .set((
            bill_lines::amount_minor.eq(bill_lines::amount_minor + line.amount_minor),
            bill_lines::fee_minor.eq(bill_lines::fee_minor + line.fee_minor),
            bill_lines::tax_minor.eq(bill_lines::tax_minor + line.tax_minor),
            bill_lines::payable_minor.eq(bill_lines::payable_minor + line.payable_minor),
        ))
        .run(tx)?;
    if changed == 0 { insert_lines(tx, std::slice::from_ref(line)) } else { Ok(()) }
}

/// What was payable, the fee and the tax of each row that an order line has of a kind, of those whose parts begin so.
///
/// # Errors
/// [`DbError`].
pub fn shares_of(tx: &mut Tx, line: Key, kind: BillKind, part: &str) -> Result<Vec<(i64, i64, i64)>, DbError> {
    let of_kind = bill_lines::table.filter(bill_lines::line_id.eq(line)).filter(bill_lines::kind.eq(kind));
    let of_kind = of_kind.filter(bill_lines::part.like(format!("{part}%")));
    Ok(of_kind.select((bill_lines::payable_minor, bill_lines::fee_minor, bill_lines::tax_minor)).load(tx)?)
}

/// What was put on bills of an order line when its parts were shared.
///
/// # Errors
/// [`DbError`].
pub fn originals_of(tx: &mut Tx, line: Key) -> Result<Vec<BillLine>, DbError> {
    Ok(bill_lines::table
        .filter(bill_lines::line_id.eq(line))
        .filter(bill_lines::kind.eq(BillKind::Original))
        .order(bill_lines::part)
        .select(BillLine::as_select())
        .load(tx)?)
}

/// Lets all that is not billed yet of an order line take effect at one moment, so that it stands on one bill.
///
/// # Errors
/// [`DbError`].
pub fn gather(tx: &mut Tx, line: Key, effective_at: Moment) -> Result<(), DbError> {
    let open = bill_lines::table.filter(bill_lines::line_id.eq(line)).filter(bill_lines::bill_id.is_null());
    diesel::update(open).set(bill_lines::effective_at.eq(effective_at)).run(tx)?;
    Ok(())
}

/// Sellers with unbilled lines in a currency that took effect before a moment.
///
/// # Errors
/// [`DbError`].
pub fn any_billable(tx: &mut Tx, currency: Currency, before: Moment) -> Result<Vec<Key>, DbError> {
    Ok(bill_lines::table
        .filter(bill_lines::bill_id.is_null())
        .filter(bill_lines::effective_at.lt(before))
        .filter(bill_lines::currency.eq(currency))
        .select(bill_lines::seller_id)
        .distinct()
        .load(tx)?)
}

/// Issues a bill over the seller's open lines up to a moment; its total is what they come to.
///
/// # Errors
/// [`DbError`]; a unique violation when the month was billed.
pub fn issue(tx: &mut Tx, bill: &Bill, before: Moment) -> Result<i64, DbError> {
    diesel::insert_into(bills::table).values(bill).run(tx)?;
    let open = bill_lines::table
        .filter(bill_lines::seller_id.eq(bill.seller_id))
        .filter(bill_lines::currency.eq(bill.currency))
        .filter(bill_lines::bill_id.is_null())
        .filter(bill_lines::effective_at.lt(before));
    diesel::update(open).set(bill_lines::bill_id.eq(bill.id)).run(tx)?;
    // Added up once they are taken in: until then others may add to them.
    let total = total_of(tx, bill.id)?;
    diesel::update(bills::table.find(bill.id)).set(bills::total_minor.eq(total)).run(tx)?;
    Ok(total)
}

fn total_of(tx: &mut Tx, bill: Key) -> Result<i64, DbError> {
    let text = "SELECT CAST(COALESCE(SUM(payable_minor), 0) AS BIGINT) AS amount FROM bill_lines WHERE bill_id = $1";
    Ok(sql_query(text).bind::<Binary, _>(bill).get_result::<Amount>(tx)?.amount)
}

#[derive(QueryableByName)]
struct Amount {
    #[diesel(sql_type = BigInt)]
    amount: i64,
}

fn open(seller: Key, currency: Currency, before: Moment) -> bill_lines::BoxedQuery<'static, db::Backend> {
    bill_lines::table
        .filter(bill_lines::seller_id.eq(seller))
        .filter(bill_lines::currency.eq(currency))
        .filter(bill_lines::bill_id.is_null())
        .filter(bill_lines::effective_at.lt(before))
        .into_boxed()
}

fn place(line: &BillLine) -> (i64, Key) {
    (line.effective_at.micros(), line.id)
}

/// A seller's lines that are on no bill yet, oldest first.
///
/// # Errors
/// [`DbError`].
pub fn open_lines(tx: &mut Tx, seller: Key, currency: Currency, before: Moment, page: Page) -> Result<Vec<BillLine>, DbError> {
    let read = |page: Page| {
        let query = open(seller, currency, before);
        db::readable(tx, oldest_first!(query, page, bill_lines::effective_at, bill_lines::id).select(BillLine::as_select()))
    };
    Ok(legible(page, place, read)?.reported())
}

/// What all lines that are on no bill yet come to for the seller.
///
/// # Errors
/// [`DbError`].
pub fn open_total(tx: &mut Tx, seller: Key, currency: Currency, before: Moment) -> Result<i64, DbError> {
    let row: Amount = sql_query(
        "SELECT CAST(COALESCE(SUM(payable_minor), 0) AS BIGINT) AS amount FROM bill_lines
         WHERE seller_id = $1 AND currency = $2 AND bill_id IS NULL AND effective_at < $3",
    )
    .bind::<diesel::sql_types::Binary, _>(seller)
    .bind::<Text, _>(currency)
    .bind::<BigInt, _>(before)
    .get_result(tx)?;
    Ok(row.amount)
}

/// What was paid, and what of it was given back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, QueryableByName)]
pub struct Sides {
    #[diesel(sql_type = BigInt)]
    pub paid_minor: i64,
    #[diesel(sql_type = BigInt)]
    pub refunded_minor: i64,
}

const SIDES: &str = "SELECT CAST(COALESCE(SUM(CASE WHEN amount_minor > 0 THEN amount_minor ELSE 0 END), 0) AS BIGINT) AS paid_minor,
            CAST(COALESCE(SUM(CASE WHEN amount_minor < 0 THEN -amount_minor ELSE 0 END), 0) AS BIGINT) AS refunded_minor
     FROM bill_lines";

/// What the lines of a bill come to.
///
/// # Errors
/// [`DbError`].
pub fn sides(tx: &mut Tx, bill: Key) -> Result<Sides, DbError> {
    Ok(sql_query(format!("{SIDES} WHERE bill_id = $1")).bind::<diesel::sql_types::Binary, _>(bill).get_result(tx)?)
}

/// What all lines that are on no bill yet come to.
///
/// # Errors
/// [`DbError`].
pub fn open_sides(tx: &mut Tx, seller: Key, currency: Currency, before: Moment) -> Result<Sides, DbError> {
    let text = format!("{SIDES} WHERE seller_id = $1 AND currency = $2 AND bill_id IS NULL AND effective_at < $3");
    Ok(sql_query(text).bind::<diesel::sql_types::Binary, _>(seller).bind::<Text, _>(currency).bind::<BigInt, _>(before).get_result(tx)?)
}

/// What was paid and given back of order lines, on whatever bills it stands: order line and amount.
///
/// # Errors
/// [`DbError`].
pub fn amounts_of(tx: &mut Tx, order_lines: &[Key]) -> Result<Vec<(Key, i64)>, DbError> {
    Ok(bill_lines::table
        .filter(bill_lines::line_id.eq_any(order_lines.to_vec()))
        .filter(bill_lines::kind.eq_any([BillKind::Original, BillKind::Refund]))
        .select((bill_lines::line_id, bill_lines::amount_minor))
        .load(tx)?)
}

/// Sums of a seller's lines that took effect between two moments: of what was sold and used, of refunds, and what is
/// payable of all.
///
/// # Errors
/// [`DbError`].
pub fn sums(tx: &mut Tx, seller: Key, currency: Currency, (from, until): (Moment, Moment)) -> Result<(i64, i64, i64), DbError> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = BigInt)]
        sold: i64,
        #[diesel(sql_type = BigInt)]
        back: i64,
        #[diesel(sql_type = BigInt)]
        payable: i64,
    }
    let row: Row = sql_query(
        "SELECT CAST(COALESCE(SUM(CASE WHEN kind = 'refund' THEN 0 ELSE amount_minor END), 0) AS BIGINT) AS sold,
                CAST(COALESCE(SUM(CASE WHEN kind = 'refund' THEN amount_minor ELSE 0 END), 0) AS BIGINT) AS back,
                CAST(COALESCE(SUM(payable_minor), 0) AS BIGINT) AS payable
         FROM bill_lines WHERE seller_id = $1 AND currency = $2 AND effective_at >= $3 AND effective_at < $4",
    )
    .bind::<diesel::sql_types::Binary, _>(seller)
    .bind::<Text, _>(currency)
    .bind::<BigInt, _>(from)
    .bind::<BigInt, _>(until)
    .get_result(tx)?;
    Ok((row.sold, row.back, row.payable))
}

/// # Errors
/// [`DbError`].
pub fn list(tx: &mut Tx, seller: Option<Key>, month: Option<&str>, page: Page) -> Result<Vec<Bill>, DbError> {
    let place = |bill: &Bill| (bill.issued_at.micros(), bill.id);
    let read = |page: Page| {
        let mut query = bills::table.into_boxed();
        if let Some(seller) = seller {
            query = query.filter(bills::seller_id.eq(seller));
        }
        if let Some(month) = month {
            query = query.filter(bills::month.eq(month.to_owned()));
        }
        db::readable(tx, newest_first!(query, page, bills::issued_at, bills::id).select(Bill::as_select()))
    };
    Ok(legible(page, place, read)?.reported())
}

/// # Errors
/// [`DbError`].
pub fn lookup(tx: &mut Tx, seller: Option<Key>, id: Key) -> Result<Option<Bill>, DbError> {
    let mut query = bills::table.filter(bills::id.eq(id)).into_boxed();
    if let Some(seller) = seller {
        query = query.filter(bills::seller_id.eq(seller));
    }
    Ok(query.select(Bill::as_select()).first(tx).optional()?)
}

/// # Errors
/// [`DbError`].
pub fn lines(tx: &mut Tx, bill: Key, page: Page) -> Result<Vec<BillLine>, DbError> {
    let read = |page: Page| {
        let query = bill_lines::table.filter(bill_lines::bill_id.eq(bill)).into_boxed();
        db::readable(tx, oldest_first!(query, page, bill_lines::effective_at, bill_lines::id).select(BillLine::as_select()))
    };
    Ok(legible(page, place, read)?.reported())
}

/// What the lines of a seller's bills in a currency come to, those that are not billed yet included.
///
/// # Errors
/// [`DbError`].
pub fn payable_of(tx: &mut Tx, seller: Key, currency: Currency) -> Result<i64, DbError> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = BigInt)]
        amount: i64,
    }
    let text = "SELECT CAST(COALESCE(SUM(payable_minor), 0) AS BIGINT) AS amount FROM bill_lines
                WHERE seller_id = $1 AND currency = $2";
    let query = sql_query(text).bind::<diesel::sql_types::Binary, _>(seller).bind::<Text, _>(currency);
    Ok(query.get_result::<Row>(tx)?.amount)
}

/// A seller's income per month: the payable of lines by the month of their effect, in UTC.
///
/// # Errors
/// [`DbError`].
pub fn payable_between(tx: &mut Tx, seller: Key, currency: Currency, from: Moment, to: Moment) -> Result<i64, DbError> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = BigInt)]
        amount: i64,
    }
    let row: Row = sql_query(
        "SELECT CAST(COALESCE(SUM(payable_minor), 0) AS BIGINT) AS amount FROM bill_lines
         WHERE seller_id = $1 AND currency = $2 AND effective_at >= $3 AND effective_at < $4",
    )
    .bind::<diesel::sql_types::Binary, _>(seller)
    .bind::<Text, _>(currency)
    .bind::<BigInt, _>(from)
    .bind::<BigInt, _>(to)
    .get_result(tx)?;
    Ok(row.amount)
}
