//! Bills of sellers, and what wallets are topped up with.

use crate::{Market, minor, money};
use app::{Caller, money as usecase};
use db::Key;
use domain::{id::TransferId, money::Money};
use std::sync::Arc;
use store::{Page, bill};

/// A bill that was issued.
#[derive(Debug, Clone)]
pub struct Billed {
    /// What the seller is paid, such as `"95.00"`.
    pub total: String,
    /// Kind, amount and payable part of each line, sorted, such as `("original", "100.00", "95.00")`.
    pub lines: Vec<(String, String, String)>,
}

impl Billed {
    /// Kind and amount of each line, sorted.
    #[must_use]
    pub fn amounts(&self) -> Vec<(&str, &str)> {
        self.lines.iter().map(|(kind, amount, _)| (kind.as_str(), amount.as_str())).collect()
    }
}

impl Market {
    /// The bills of a seller for a month, such as `"2024-01"`; one at most for a currency.
    #[must_use]
    pub fn bills(&self, seller: &Caller, month: &str) -> Vec<Billed> {
        let seller = Key::of(seller.account_id);
        self.read(|tx, _| {
            let mut all = Vec::new();
            for found in bill::list(tx, Some(seller), Some(month), Page::first(100))? {
                let lines = bill::lines(tx, found.id, Page::first(200))?.into_iter();
                let mut lines: Vec<_> = lines.map(|l| (l.kind.to_string(), money(l.amount_minor), money(l.payable_minor))).collect();
                lines.sort();
                all.push(Billed { total: money(found.total_minor), lines });
            }
            Ok(all)
        })
    }

    /// The only bill of a seller for a month.
    ///
    /// # Panics
    /// When there is none, or more than one.
    #[track_caller]
    #[must_use]
    pub fn bill(&self, seller: &Caller, month: &str) -> Billed {
        let mut all = self.bills(seller, month);
        assert_eq!(all.len(), 1, "bills of {month}: {all:?}");
        all.remove(0)
    }

    /// Tops a wallet up by a transfer that the operator confirms, such as by `"11.99"`.
    ///
    /// # Panics
    /// When it is refused.
    #[track_caller]
    pub fn top_up(&self, buyer: &Arc<Caller>, amount: &str) {
        let amount = |currency| Money::new(minor(amount), currency);
        let transfer = self.ok(buyer, |tx, ctx| {
            let amount = amount(ctx.site(buyer.site).currency);
            usecase::request_transfer(tx, ctx, buyer, amount, "TOP-UP")
        });
        let (operator, id) = (self.operator(), transfer.id.id::<TransferId>());
        self.ok(&operator, |tx, ctx| usecase::decide_transfer(tx, ctx, &operator, id, true, None));
        self.settle();
    }
}
