//! Double entry: accounts and entries that balance. Knows nothing of who buys what.

#![cfg_attr(not(test), deny(clippy::arithmetic_side_effects, clippy::as_conversions))]

use domain::money::Currency;
use std::collections::BTreeMap;

domain::words! {
    /// The chart of accounts (`money 1.7`). An account is a kind, an owner and a currency.
    pub enum AccountKind ("ledger account") {
        /// What a buyer can spend; never below zero. Owner: account.
        BuyerWallet = "buyer_wallet",
        /// Money on its way in or out. Owner: the payment provider.
        ProviderClearing = "provider_clearing",
        /// Paid and not yet earned; never below zero. Owner: order line.
        Escrow = "escrow",
        /// Earned by a seller and not yet paid out. Owner: seller account.
        SellerPayable = "seller_payable",
        PlatformCommission = "platform_commission",
        TaxPayable = "tax_payable",
    }
}

impl AccountKind {
    /// Whether the account keeps a balance row that may not go below zero. The others are sums, so that
    /// an account which every sale touches is never a lock (`architecture 3`).
    #[must_use]
    pub fn guarded(self) -> bool {
        match self {
            Self::BuyerWallet | Self::Escrow => true,
            Self::ProviderClearing | Self::SellerPayable | Self::PlatformCommission | Self::TaxPayable => false,
        }
    }
}

domain::words! {
    /// Why money moved.
    pub enum EntryKind ("entry kind") {
        TopUp = "top_up",
        Payment = "payment",
        Completion = "completion",
        RefundBeforeCompletion = "refund_before_completion",
        CompletionReversed = "completion_reversed",
        Refund = "refund",
        /// By the operator, with a reason and a second person.
        Correction = "correction",
        /// Charged by use: from the wallet straight to the shares, or back.
        Usage = "usage",
    }
}

/// One side of an entry. Positive amounts are credits: they raise wallet, escrow, payable and income.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Posting {
    pub account: AccountKind,
    pub owner: String,
    pub currency: Currency,
    pub amount_minor: i64,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EntryError {
    #[error("an entry needs at least two postings")]
    TooShort,
    #[error("the postings in {0} do not add up to zero")]
    Unbalanced(Currency),
    #[error("the sum of the postings is too large")]
    Overflow,
}

/// An entry that balances in every currency. No other kind can be built.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    kind: EntryKind,
    postings: Vec<Posting>,
}

impl Entry {
    /// # Errors
    /// [`EntryError`] unless there are two or more postings that sum to zero per currency.
    pub fn new(kind: EntryKind, postings: Vec<Posting>) -> Result<Self, EntryError> {
        let postings: Vec<Posting> = postings.into_iter().filter(|p| p.amount_minor != 0).collect();
        if postings.len() < 2 {
            return Err(EntryError::TooShort);
        }
        let mut sums = BTreeMap::<Currency, i64>::new();
        for p in &postings {
            let sum = sums.entry(p.currency).or_default();
            *sum = sum.checked_add(p.amount_minor).ok_or(EntryError::Overflow)?;
        }
        match sums.into_iter().find(|(_, sum)| *sum != 0) {
            Some((currency, _)) => Err(EntryError::Unbalanced(currency)),
            None => Ok(Self { kind, postings }),
        }
    }

    #[must_use]
    pub fn kind(&self) -> EntryKind {
        self.kind
    }

    #[must_use]
    pub fn postings(&self) -> &[Posting] {
        &self.postings
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn posting(account: AccountKind, amount_minor: i64, currency: Currency) -> Posting {
        Posting { account, owner: "x".into(), currency, amount_minor }
    }

    #[test]
    fn only_balanced_entries_can_be_built() {
        use AccountKind::{BuyerWallet, Escrow};
        let build = |postings| Entry::new(EntryKind::Payment, postings);
        assert!(build(vec![posting(BuyerWallet, -5, Currency::Cny), posting(Escrow, 5, Currency::Cny)]).is_ok());
        assert_eq!(build(vec![posting(BuyerWallet, 5, Currency::Cny)]), Err(EntryError::TooShort));
        assert_eq!(
            build(vec![posting(BuyerWallet, -5, Currency::Cny), posting(Escrow, 4, Currency::Cny)]),
            Err(EntryError::Unbalanced(Currency::Cny))
        );
        assert_eq!(
            build(vec![posting(BuyerWallet, -5, Currency::Cny), posting(Escrow, 5, Currency::Usd)]),
            Err(EntryError::Unbalanced(Currency::Cny))
        );
        assert_eq!(
            build(vec![posting(BuyerWallet, i64::MAX, Currency::Cny), posting(Escrow, 1, Currency::Cny)]),
            Err(EntryError::Overflow)
        );
    }
}
