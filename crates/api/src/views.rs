//! What several routes answer with.

use app::{
    Error, Tenant, Timed,
    order::{self, Full},
};
use domain::{
    Timestamp,
    money::{Currency, Money},
    refund::Extent,
};
use serde::{Deserialize, Serialize};
use store::order::{Line, Order};
use utoipa::ToSchema;

/// `{"amount":"1200.00","currency":"CNY"}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MoneyView {
    /// Digits, with the decimals of the currency.
    #[schema(example = "1200.00", max_length = 20)]
    pub amount: String,
    #[schema(example = "CNY", max_length = 3)]
    pub currency: String,
}

impl From<Money> for MoneyView {
    fn from(m: Money) -> Self {
        Self { amount: m.text(), currency: m.currency.to_string() }
    }
}

/// Money of stored minor units.
pub fn money(minor: i64, currency: Currency) -> MoneyView {
    Money::new(minor, currency).into()
}

impl MoneyView {
    /// Reads money from a client.
    pub fn read(&self, pointer: &str) -> Result<Money, Error> {
        let currency: Currency = self
            .currency
            .parse()
            .map_err(|e: domain::Unknown| Error::field(&format!("{pointer}/currency"), "money.currency", e.to_string()))?;
        Money::parse(&self.amount, currency).map_err(|e| Error::field(&format!("{pointer}/amount"), "money.amount", e.to_string()))
    }
}

/// The time of a column.
pub fn time(of: impl Timed) -> String {
    of.at().to_string()
}

pub fn times(of: Option<impl Timed>) -> Option<String> {
    of.map(time)
}

/// The last second of an exclusive end.
pub fn shown_end(of: Option<impl Timed>) -> Option<String> {
    of.map(|end| domain::term::shown_end(end.at()).to_string())
}

/// Reads a time from a query.
pub fn read_time(pointer: &str, text: Option<&str>) -> Result<Option<Timestamp>, Error> {
    text.map(|t| {
        let parsed: Result<Timestamp, _> = t.parse();
        parsed.map_err(|_| Error::field(pointer, "query.time", "write a time such as 2026-11-24T00:00:00Z"))
    })
    .transpose()
}

#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct OrderLineView {
    pub line_number: String,
    /// The seller's key of the product.
    pub product: String,
    pub product_id: String,
    pub product_name: TextView,
    pub specification: String,
    pub specification_name: TextView,
    pub sku: String,
    pub sku_name: TextView,
    /// Of a change, and a renewal with change: the combination before it.
    #[serde(default)]
    pub from_sku_name: Option<TextView>,
    pub state: String,
    pub period: Option<String>,
    pub quantity: i64,
    pub unit_price: MoneyView,
    /// The same time at the monthly price, when a year was bought for less.
    pub by_month: Option<MoneyView>,
    pub amount: MoneyView,
    pub refunded: MoneyView,
    pub seller_name: String,
    /// Such as `saas` or `license_code`.
    pub access_type: String,
    /// Delivered under service supervision.
    #[serde(default)]
    pub supervised: bool,
    pub instances: Vec<String>,
}

/// Text in both languages.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct TextView {
    #[schema(max_length = 20000)]
    pub zh: String,
    #[schema(max_length = 20000)]
    pub en: String,
}

impl From<domain::listing::Bilingual> for TextView {
    fn from(b: domain::listing::Bilingual) -> Self {
        Self { zh: b.zh, en: b.en }
    }
}

impl From<TextView> for domain::listing::Bilingual {
    fn from(t: TextView) -> Self {
        Self { zh: t.zh, en: t.en }
    }
}

#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct OrderView {
    pub order_number: String,
    pub kind: String,
    pub state: String,
    pub total: MoneyView,
    /// What was paid for the order: nothing before it is paid.
    pub paid: MoneyView,
    /// What of it came back.
    pub refunded: MoneyView,
    /// What was paid less what came back.
    pub net: MoneyView,
    /// `none`, `part` or `whole`.
    pub refund_state: String,
    pub customer_name: String,
    pub user_name: String,
    pub created_at: String,
    pub pay_by: Option<String>,
    pub paid_at: Option<String>,
    pub ended_at: Option<String>,
    /// Why it ended. What the seller's server answered is told to the seller and the operator alone.
    pub reason: Option<String>,
    /// The same in both languages, as far as the platform worded it.
    pub reason_text: Option<TextView>,
    /// `agreement` with the seller or `decision` of the platform, when that ended it; it did not fail then.
    #[serde(default)]
    pub ended_by: Option<String>,
    /// What the platform gave back of it and why, oldest first. Only of one order.
    #[serde(default)]
    pub given_back: Vec<GivenBackView>,
    /// Where the money is, of an order that is under way or has failed.
    #[serde(default)]
    pub money: Option<WhereView>,
    pub instance_id: Option<String>,
    pub lines: Vec<OrderLineView>,
}

/// A refund by the platform; the service went on.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct GivenBackView {
    pub at: String,
    pub amount: MoneyView,
    pub reason: String,
}

/// Where the money of an order is, and what its buyer does next.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct WhereView {
    /// `not_paid`; `kept` by the platform; `wallet`, given back; `divided`, a part given back and the rest paid to the seller;
    /// `seller`.
    pub place: String,
    /// What is there; of a divided sum the part that was given back.
    pub amount: MoneyView,
    /// Since when.
    pub at: Option<String>,
    /// Of what is kept: until when the seller's server is asked at most before it is given back. Only of one order.
    pub until: Option<String>,
    /// `wait`, `order_again`, `change_again` (the service goes on as it was) or `none`.
    pub next: String,
}

fn where_view(full: &Full) -> Result<Option<WhereView>, Error> {
    let view = |w: order::Whereabouts| WhereView {
        place: w.place.to_string(),
        amount: money(w.amount_minor, full.order.currency),
        at: w.at.map(|at| at.to_string()),
        until: None,
        next: w.next.to_string(),
    };
    Ok(order::whereabouts(full)?.map(view))
}

fn line_view(order: &Order, line: &Line) -> Result<OrderLineView, Error> {
    let sold = app::order::Sold::of(line)?;
    let whole = Extent::of(line.amount_minor, line.refunded_minor) == Extent::Whole;
    let state = if whole { "refunded" } else { order.state.as_str() };
    let instance = line.instance_id.or(order.instance_id);
    Ok(OrderLineView {
        line_number: line.number.clone(),
        product: sold.product_key,
        product_id: line.product_id.id::<domain::id::ProductId>().to_string(),
        product_name: sold.product_name.into(),
        specification: line.specification.clone(),
        specification_name: sold.specification_name.into(),
        sku: line.sku.clone(),
        sku_name: sold.sku_name.into(),
        from_sku_name: sold.changed_from_name.map(Into::into),
        state: state.to_owned(),
        period: line.period.map(|p| p.to_string()),
        quantity: line.quantity,
        unit_price: money(sold.unit_minor, order.currency),
        by_month: sold.by_month_minor.map(|m| money(m, order.currency)),
        amount: money(line.amount_minor, order.currency),
        refunded: money(line.refunded_minor, order.currency),
        seller_name: sold.seller_name,
        access_type: sold.access_type.to_string(),
        supervised: sold.supervised,
        instances: instance.iter().map(|i| i.id::<domain::id::InstanceId>().to_string()).collect(),
    })
}

/// An order as its buyer sees it.
pub fn buyers_order(full: &Full) -> Result<OrderView, Error> {
    order_view(full, Tenant::Buyer(full.order.buyer_id))
}

/// An order as a side sees it.
pub fn order_view(full: &Full, tenant: Tenant) -> Result<OrderView, Error> {
    let o = &full.order;
    let reason = o.reason.as_deref().map(|stored| order::reason_for(tenant, stored));
    let (paid, refunded) = app::order::paid_and_refunded(full)?;
    Ok(OrderView {
        paid: money(paid, o.currency),
        refunded: money(refunded, o.currency),
        net: money(paid.saturating_sub(refunded), o.currency),
        refund_state: Extent::of(paid, refunded).to_string(),
        order_number: o.number.clone(),
        kind: o.kind.to_string(),
        state: o.state.to_string(),
        total: money(o.total_minor, o.currency),
        customer_name: o.customer_name.clone(),
        user_name: o.user_name.clone(),
        created_at: time(o.created_at),
        pay_by: times(o.pay_by),
        paid_at: times(o.paid_at),
        ended_at: times(o.ended_at),
        reason: reason.map(str::to_owned),
        reason_text: reason.map(|text| app::message::reason(text).into()),
        ended_by: o.reason.as_deref().and_then(order::Ending::of).map(|e| e.to_string()),
        given_back: Vec::new(),
        money: where_view(full)?,
        instance_id: o.instance_id.map(|i| i.id::<domain::id::InstanceId>().to_string()),
        lines: full.lines.iter().map(|l| line_view(o, l)).collect::<Result<_, _>>()?,
    })
}

/// Nothing more to say.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Done {
    pub done: bool,
}

pub const DONE: axum::Json<Done> = axum::Json(Done { done: true });
