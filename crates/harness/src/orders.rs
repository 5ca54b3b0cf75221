//! Buying, and what became of it.

use crate::{Market, money};
use app::{
    Caller, Tenant,
    order::{self, Choice, Consents, Full, PlaceOrder},
};
use db::Key;
use domain::id::InstanceId;
use ledger::AccountKind;
use std::sync::Arc;
use store::{
    Page,
    call::Call,
    instance::{Instance, Term},
    order::Order,
};

/// One piece of a product for a period, such as `1m`, or without one (`""`): the first specification of [`crate::sample`]
/// and its smallest combination.
///
/// # Panics
/// When the text is no period.
#[must_use]
pub fn choice(product: &str, period: &str) -> Choice {
    let (specification, sku) = match product {
        "assess" => ("once", None),
        "transcribe" => ("minutes", None),
        "backup" => ("standard", Some("basic/5")),
        "archive" => ("standard", Some("starter")),
        _ => ("standard", None),
    };
    Choice {
        product: product.to_owned(),
        specification: specification.to_owned(),
        sku: sku.map(str::to_owned),
        period: (!period.is_empty()).then(|| period.parse().expect("a period such as 1m")),
        quantity: 1,
        trial: false,
    }
}

/// What was bought and opened.
#[derive(Clone)]
pub struct Bought {
    pub order: Order,
    /// The key of the instance in stored rows.
    pub instance: Key,
}

impl Bought {
    /// The id of the instance, as use cases take it.
    #[must_use]
    pub fn id(&self) -> InstanceId {
        self.instance.id()
    }
}

/// An order of a choice and nothing else.
pub(crate) fn plain(choice: &Choice, pay: bool) -> PlaceOrder {
    PlaceOrder { choice: choice.clone(), inputs: Vec::new(), consents: Consents::default(), with_user_id: false, shipping: None, pay }
}

impl Market {
    /// Places an order that waits for payment.
    ///
    /// # Panics
    /// When it is refused.
    #[track_caller]
    pub fn place(&self, buyer: &Arc<Caller>, choice: &Choice) -> Full {
        let cmd = plain(choice, false);
        self.ok(buyer, |tx, ctx| order::place(tx, ctx, buyer, &cmd))
    }

    /// Places an order and pays it.
    ///
    /// # Panics
    /// When it is refused.
    #[track_caller]
    pub fn buy(&self, buyer: &Arc<Caller>, choice: &Choice) -> Full {
        let cmd = plain(choice, true);
        self.ok(buyer, |tx, ctx| order::place(tx, ctx, buyer, &cmd))
    }

    /// Buys what the seller's server opens at once.
    ///
    /// # Panics
    /// When it is refused, or not completed.
    #[track_caller]
    pub fn open(&self, buyer: &Arc<Caller>, choice: &Choice) -> Bought {
        let placed = self.buy(buyer, choice);
        self.settle();
        let order = self.order(&placed.order.number);
        assert_eq!(order.state, "completed", "{:?}", order.reason);
        let instance = order.instance_id.expect("an order that was paid has an instance");
        Bought { order, instance }
    }

    /// An order as it stands now.
    ///
    /// # Panics
    /// When there is none.
    #[track_caller]
    pub fn order(&self, number: &str) -> Order {
        self.read(|tx, _| order::show(tx, Tenant::Any, number)).order
    }

    /// An instance as it stands now.
    ///
    /// # Panics
    /// When there is none.
    #[track_caller]
    pub fn instance(&self, key: Key) -> Instance {
        self.read(|tx, _| app::instance::show(tx, Tenant::Any, key.id()))
    }

    /// The terms of an instance, in order.
    #[must_use]
    pub fn terms(&self, instance: Key) -> Vec<Term> {
        self.read(|tx, _| Ok(store::instance::terms(tx, instance)?))
    }

    /// What the wallet of a buyer holds, such as `"999900.00"`.
    #[must_use]
    pub fn balance(&self, buyer: &Caller) -> String {
        let owner = hex::encode(Key::of(buyer.account_id).0);
        money(self.read(|tx, ctx| {
            let currency = ctx.site(buyer.site).currency;
            Ok(store::ledger::balance(tx, AccountKind::BuyerWallet, &owner, currency.as_str())?)
        }))
    }

    /// The calls on an instance, in the order in which they were made.
    #[must_use]
    pub fn calls(&self, instance: Key) -> Vec<Call> {
        self.read(|tx, _| Ok(store::call::of_instance(tx, instance)?))
    }

    /// The activities of these calls with their states, such as `("newInstance", "done")`.
    #[must_use]
    pub fn activities(&self, instance: Key) -> Vec<(String, String)> {
        self.calls(instance).into_iter().map(|c| (c.activity, c.state)).collect()
    }

    /// The events of the messages in an account's inbox, newest first, such as `order.opened`.
    #[must_use]
    pub fn messages(&self, who: &Caller) -> Vec<String> {
        let account = Key::of(who.account_id);
        let rows = self.read(|tx, _| Ok(store::message::list(tx, account, false, (None, &[]), Page::first(200))?));
        rows.into_iter().map(|m| m.event).collect()
    }
}
