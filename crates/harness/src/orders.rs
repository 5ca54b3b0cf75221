//! Buying, and what became of it.

use crate::{Market, money};
use app::{
    Caller, Error, Tenant,
    order::{self, Choice, Consents, Full, PlaceOrder},
};
use db::Key;
use domain::{call::CallState, id::InstanceId, order::OrderState};
use ledger::AccountKind;
use std::sync::Arc;
use store::{
    Page,
    call::{Attempt, Call, Filter},
    instance::Instance,
    order::Order,
    term::Term,
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

/// An order of a choice that waits for payment, with no personal data, inputs or address.
#[must_use]
pub fn unpaid(choice: &Choice) -> PlaceOrder {
    plain(choice, false)
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

    /// Places an order and pays it; what was bought is opened by [`Market::settle`], or see [`Market::open`].
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
        assert_eq!(order.state, OrderState::Completed, "{:?}", order.reason);
        let instance = order.instance_id.expect("an order that was paid has an instance");
        Bought { order, instance }
    }

    /// Renews an instance, pays and settles: the seller is called once before this returns. A seller who fails leaves the
    /// call due, and the order is completed all the same. The order of the renewal.
    ///
    /// # Panics
    /// When it is refused.
    #[track_caller]
    pub fn renew(&self, buyer: &Arc<Caller>, bought: &Bought, period: &str) -> Order {
        let period = period.parse().expect("a period such as 1m");
        let renewed = self.ok(buyer, |tx, ctx| order::renew(tx, ctx, buyer, bought.id(), period, true));
        self.settle();
        renewed.order
    }

    /// Upgrades an instance to another combination and pays; the seller is asked before this returns. The order.
    ///
    /// # Panics
    /// When it is refused.
    #[track_caller]
    pub fn upgrade(&self, buyer: &Arc<Caller>, bought: &Bought, sku: &str) -> Order {
        let cmd = order::PlaceChange { instance: bought.id(), sku: sku.to_owned(), pay: true };
        let placed = self.ok(buyer, |tx, ctx| order::change(tx, ctx, buyer, &cmd));
        self.settle();
        self.order(&placed.order.number)
    }

    /// Renews with another combination, as the platform does while the buyer waits: asks the seller's server, then orders.
    /// The inner error is the seller's refusal.
    ///
    /// # Errors
    /// What the use cases refuse.
    pub fn renew_with_change(&self, buyer: &Arc<Caller>, cmd: &order::RenewWithChange) -> Result<Result<Full, String>, Error> {
        let check = self.write(buyer, |tx, ctx| order::check_change(tx, ctx, buyer, cmd))?;
        let exchange = self.server.send(&check.url, check.body.as_deref(), &[]);
        self.write(buyer, |tx, ctx| order::renew_with_change(tx, ctx, buyer, cmd, (&check, &exchange)))
    }

    /// What a renewal, or the conversion of a trial, costs.
    ///
    /// # Errors
    /// What the use case refuses.
    pub fn renewal_quote(&self, buyer: &Arc<Caller>, of: InstanceId, (sku, period): (Option<&str>, &str)) -> Result<order::Quoted, Error> {
        let cmd = order::NextTerm { instance: of, sku: sku.map(str::to_owned), period: period.parse().expect("a period") };
        self.write(buyer, |tx, ctx| order::renewal_quote(tx, ctx, buyer, &cmd))
    }

    /// Gives an order back and settles: the seller is called once before this returns. The order of the unsubscription.
    ///
    /// # Panics
    /// When it is refused.
    #[track_caller]
    pub fn give_back(&self, buyer: &Arc<Caller>, order: &Order) -> Order {
        let given = self.ok(buyer, |tx, ctx| order::unsubscribe(tx, ctx, buyer, &order.number));
        self.settle();
        given.order
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

    /// The terms of an instance that stand, in order; one that was given back is not among them.
    #[must_use]
    pub fn terms(&self, instance: Key) -> Vec<Term> {
        self.read(|tx, _| Ok(store::term::of_instance(tx, instance)?))
    }

    /// What the wallet of a buyer holds, such as `"999900.00"`.
    #[must_use]
    pub fn balance(&self, buyer: &Caller) -> String {
        let owner = hex::encode(Key::of(buyer.account_id).0);
        money(self.read(|tx, ctx| {
            let currency = ctx.site(buyer.site).currency;
            Ok(store::ledger::balance(tx, AccountKind::BuyerWallet, &owner, currency)?)
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
        self.calls(instance).into_iter().map(|c| (c.activity.to_string(), c.state.to_string())).collect()
    }

    /// The last call on an instance, such as `("releaseInstance", "done")`.
    ///
    /// # Panics
    /// When there was none.
    #[must_use]
    pub fn last_activity(&self, instance: Key) -> (String, String) {
        self.activities(instance).pop().expect("a call")
    }

    /// The calls for an order, newest first.
    #[must_use]
    pub fn calls_of_order(&self, number: &str) -> Vec<Call> {
        self.find_calls(&Filter { order_number: Some(number.to_owned()), ..Filter::default() })
    }

    /// The calls of all sellers that were given up, newest first.
    #[must_use]
    pub fn failed_calls(&self) -> Vec<Call> {
        self.find_calls(&Filter { state: Some(CallState::Failed), ..Filter::default() })
    }

    fn find_calls(&self, filter: &Filter) -> Vec<Call> {
        self.read(|tx, _| Ok(store::call::list(tx, Tenant::Any, filter, Page::first(200))?))
    }

    /// The attempts of a call, in order.
    #[must_use]
    pub fn attempts(&self, call: &Call) -> Vec<Attempt> {
        self.read(|tx, _| Ok(store::call::attempts(tx, call.id)?))
    }

    /// How many messages of an event an account got, such as `instance.ends`.
    #[must_use]
    pub fn count_messages(&self, who: &Caller, event: &str) -> usize {
        self.messages(who).iter().filter(|e| *e == event).count()
    }

    /// The events of the messages in an account's inbox, newest first, such as `order.opened`.
    #[must_use]
    pub fn messages(&self, who: &Caller) -> Vec<String> {
        let account = Key::of(who.account_id);
        let rows = self.read(|tx, _| Ok(store::message::list(tx, account, false, (None, &[]), Page::first(200))?));
        rows.into_iter().map(|m| m.event).collect()
    }
}
