//! What use comes to.

use super::{PriceModel, Quantity, Tier, UnitPrice};

/// An amount as a whole number of 10^-10 currency units: ten-thousandths × millionths.
pub type Exact = i128;

/// What a quantity costs: of a cycle so far when tiers accumulate, of one record for volume prices.
#[must_use]
pub fn cost(model: PriceModel, tiers: &[Tier], quantity: Quantity) -> Exact {
    let times = |amount: i64, price: UnitPrice| i128::from(amount) * i128::from(price.0);
    match model {
        PriceModel::Fixed => tiers.first().map_or(0, |t| times(quantity.0, t.price)),
        PriceModel::Volume => {
            let reached = tiers.iter().find(|t| t.up_to.is_none_or(|end| quantity <= end));
            reached.map_or(0, |t| times(quantity.0, t.price))
        }
        PriceModel::Tiered => {
            let (mut begin, mut sum) = (0, 0);
            for tier in tiers {
                let end = tier.up_to.map_or(quantity.0, |end| end.0.min(quantity.0));
                sum += times((end - begin).max(0), tier.price);
                begin = begin.max(end);
            }
            sum
        }
    }
}

/// Minor units of an exact amount, half-even.
#[must_use]
pub fn minor(exact: Exact) -> i64 {
    const STEP: i128 = 100_000_000;
    let (whole, rest) = (exact.div_euclid(STEP), exact.rem_euclid(STEP));
    let up = rest * 2 > STEP || (rest * 2 == STEP && whole % 2 != 0);
    i64::try_from(whole + i128::from(up)).unwrap_or(i64::MAX)
}

/// What was used in an accumulation cycle so far and what was charged for it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Total {
    pub quantity: Quantity,
    pub exact: Exact,
    pub charged_minor: i64,
}

impl Total {
    /// Adds a record, or takes one back that a correction replaces.
    pub fn count(&mut self, model: PriceModel, tiers: &[Tier], quantity: Quantity, back: bool) {
        let sign = if back { -1 } else { 1 };
        self.quantity.0 += sign * quantity.0;
        self.exact = match model {
            PriceModel::Volume => self.exact + i128::from(sign) * cost(model, tiers, quantity),
            PriceModel::Fixed | PriceModel::Tiered => cost(model, tiers, self.quantity),
        };
    }

    /// What is to be charged now, so that all charges together are the exact amount rounded once.
    pub fn charge(&mut self) -> i64 {
        let all = minor(self.exact);
        let now = all - self.charged_minor;
        self.charged_minor = all;
        now
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn q(text: &str) -> Quantity {
        text.parse().unwrap()
    }

    fn tiers(all: &[(Option<&str>, &str)]) -> Vec<Tier> {
        all.iter().map(|(end, price)| Tier { up_to: end.map(q), price: price.parse().unwrap() }).collect()
    }

    #[test]
    fn eight_minutes_cost_what_the_reference_says() {
        let prices = tiers(&[(Some("3"), "0.3"), (None, "0.2")]);
        assert_eq!(minor(cost(PriceModel::Tiered, &prices, q("8"))), 190);
        assert_eq!(minor(cost(PriceModel::Volume, &prices, q("8"))), 160);
        assert_eq!(minor(cost(PriceModel::Volume, &prices, q("3"))), 90);
        assert_eq!(minor(cost(PriceModel::Fixed, &tiers(&[(None, "0.3")]), q("8"))), 240);
    }

    #[test]
    fn halves_go_to_the_even_neighbour() {
        let at = |cents: i128| minor(cents * 100_000_000 / 2);
        assert_eq!([at(1), at(3), at(5), at(-1), at(-3)], [0, 2, 2, 0, -2]);
    }

    proptest! {
        /// However records come in and are corrected, what was charged is the exact amount rounded once.
        #[test]
        fn charges_add_up_to_the_exact_amount(
            amounts in proptest::collection::vec((1..50_000_000_i64, any::<bool>(), any::<bool>()), 1..40),
            model in proptest::sample::select(PriceModel::ALL.to_vec()),
        ) {
            let prices = match model {
                PriceModel::Fixed => tiers(&[(None, "0.001234")]),
                _ => tiers(&[(Some("1000"), "0.37"), (Some("9000"), "0.000021"), (None, "0.5")]),
            };
            let (mut total, mut charged, mut standing) = (Total::default(), 0, vec![]);
            for (amount, charge, correct) in amounts {
                if correct && let Some(old) = standing.pop() {
                    total.count(model, &prices, old, true);
                }
                total.count(model, &prices, Quantity(amount), false);
                standing.push(Quantity(amount));
                if charge {
                    charged += total.charge();
                }
            }
            charged += total.charge();
            let exact: Exact = match model {
                PriceModel::Volume => standing.iter().map(|q| cost(model, &prices, *q)).sum(),
                PriceModel::Fixed | PriceModel::Tiered => cost(model, &prices, Quantity(standing.iter().map(|q| q.0).sum())),
            };
            prop_assert_eq!(charged, minor(exact));
        }
    }
}
