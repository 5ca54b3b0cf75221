//! Deliveries under supervision and codes of one buyer at once: accepted, rejected, given back, appealed, decided, activated,
//! overtaken by time and by the operator, in any mixture.

use super::{AT_ONCE, Deed, Played, SETS, Sets};
use app::{
    Caller, Tenant, instance, licence,
    money::{Correct, correct},
    order,
    supervision::{self, Act, Answer, Found},
};
use domain::{
    licence_rules::LicenceRules,
    listing::AccessType,
    money::{Currency, Money},
    supervision::{CaseState, Decision, EvidenceKind, Goods, Verb},
};
use harness::{Engine, Evidence, Market, act, choice, licensed, listing};
use std::sync::Arc;

struct Play<'a> {
    m: &'a Market,
    dice: fastrand::Rng,
    played: Played,
    cases: Vec<String>,
}

impl Play<'_> {
    fn one_of<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.dice.usize(..all.len())]
    }

    /// A purchase that goes through supervision, a few steps into its flow.
    fn begin(&mut self) {
        let (m, buyer, seller) = (self.m, self.m.buyer(), self.m.seller());
        let wanted = if self.dice.bool() { choice("service", "1m") } else { choice("shield", "1y") };
        let number = m.buy(&buyer, &wanted).order.number;
        m.settle();
        let steps = self.dice.u32(..3);
        self.played.says(format!("{} {number}, {steps} steps", wanted.product));
        if wanted.product == "service" && steps > 0 {
            m.confirmed(&buyer, &seller, &number);
            if steps > 1 {
                m.deliver(&seller, &number, &[EvidenceKind::StatementOfWork, EvidenceKind::Acceptance]);
            }
        }
        self.cases.push(number);
    }

    fn side(&mut self) -> Arc<Caller> {
        let all = [self.m.buyer(), self.m.seller(), self.m.operator()];
        all[self.dice.usize(..3)].clone()
    }

    /// What somebody does at a node, right or wrong.
    fn moves(&mut self, case: &Found) -> Deed {
        let (who, verb) = (self.side(), self.one_of(Verb::ALL));
        let (side, id) = (self.m.side(&who, case), case.id());
        let cmd = Act { text: Some("as agreed".to_owned()), ..act(verb) };
        let cmd = if matches!(verb, Verb::Reject | Verb::Return) { Act { text: None, reason: Some("no".to_owned()), ..cmd } } else { cmd };
        let cmd = if matches!(verb, Verb::Accept | Verb::Claim | Verb::Confirm | Verb::Pass) { act(verb) } else { cmd };
        Deed::of(&who, format!("{verb} by {}", who.login), move |tx, ctx| supervision::act(tx, ctx, side, id, &cmd).map(drop))
    }

    fn refund(&mut self, case: &Found, proofs: &Evidence) -> Deed {
        let (id, amount) = (case.id(), self.dice.i64(1..60_000));
        let asked = (amount, Goods::None);
        let (their, our) = (self.m.buyer(), self.m.seller());
        let (buyer, seller) = (self.m.side(&their, case), self.m.side(&our, case));
        match self.dice.u32(..4) {
            0 => Deed::of(&their, format!("ask for {amount}"), move |tx, ctx| {
                supervision::ask_refund(tx, ctx, buyer, id, asked, "late").map(drop)
            }),
            1 => Deed::of(&their, "withdraw".to_owned(), move |tx, ctx| {
                supervision::step_refund(tx, ctx, buyer, id, (Answer::Withdraw, "it is fine", None), &[]).map(drop)
            }),
            2 => Deed::of(&our, "reject the refund".to_owned(), move |tx, ctx| {
                supervision::step_refund(tx, ctx, seller, id, (Answer::Reject, "no", None), &[]).map(drop)
            }),
            _ => {
                let proofs = proofs.clone();
                Deed::of(&our, "agree".to_owned(), move |tx, ctx| {
                    supervision::step_refund(tx, ctx, seller, id, (Answer::Agree, "yes", None), &proofs).map(drop)
                })
            }
        }
    }

    fn appeal(&mut self, case: &Found) -> Deed {
        let (who, id) = (self.side(), case.id());
        let (side, amount_minor) = (self.m.side(&who, case), self.dice.i64(1..60_000));
        if self.dice.bool() {
            return Deed::of(&who, format!("appeal by {}", who.login), move |tx, ctx| {
                supervision::appeal(tx, ctx, side, id, "why", &[]).map(drop)
            });
        }
        let decision = self.one_of(&[Decision::Continue, Decision::Close, Decision::Refund { amount_minor }]);
        Deed::of(&self.m.operator(), format!("decide {decision:?}"), move |tx, ctx| {
            supervision::decide(tx, ctx, id, decision, "so").map(drop)
        })
    }

    /// What else may happen to a case, its order and its instance.
    fn beside(&mut self, case: &Found) -> Deed {
        let (m, number) = (self.m, case.row.order_number.clone());
        let (buyer, seller, operator) = (m.buyer(), m.seller(), m.operator());
        let (key, of) = (case.row.id, case.row.instance_id.id());
        match self.dice.u32(..7) {
            0 => Deed::timed("time".to_owned(), move |tx, ctx| supervision::fall_due(tx, ctx, key)),
            1 => Deed::of(&m.buyer(), format!("give back {number}"), move |tx, ctx| order::unsubscribe(tx, ctx, &buyer, &number).map(drop)),
            2 => Deed::of(&m.operator(), "freeze".to_owned(), move |tx, ctx| {
                instance::freeze_for_violation(tx, ctx, &operator, of, "abuse").map(drop)
            }),
            3 => Deed::of(&m.operator(), "unfreeze".to_owned(), move |tx, ctx| instance::unfreeze(tx, ctx, &operator, of).map(drop)),
            4 => {
                let (amount, what) = (Money::new(self.dice.i64(1..9_000), Currency::Cny), Correct::Refund { number });
                Deed::of(&m.operator(), format!("refund {amount}"), move |tx, ctx| {
                    correct(tx, ctx, &operator, &what, amount, "a day without").map(drop)
                })
            }
            _ => {
                let code = m.read(|tx, _| Ok(store::licence::of_instance(tx, case.row.instance_id)?)).map(|made| made.code);
                let codes = code.into_iter().collect::<Vec<_>>();
                Deed::of(&m.seller(), "activate".to_owned(), move |tx, ctx| licence::activate(tx, ctx, &seller, &codes, None))
            }
        }
    }

    fn play_a_set(&mut self) {
        self.begin();
        let number = self.cases[self.dice.usize(..self.cases.len())].clone();
        let case = self.m.case(&number);
        // Files are sent before; a case that is over takes none.
        let open =
            self.m.read(|tx, _| Ok(store::supervision::lookup(tx, Tenant::Any, case.row.id)?)).is_some_and(|c| c.state == CaseState::Open);
        let proofs = if open { self.m.evidence(&self.m.seller(), &case, &[EvidenceKind::Agreement]) } else { Evidence::new() };
        let deeds: Vec<Deed> = (0..AT_ONCE)
            .map(|_| match self.dice.u32(..10) {
                0..4 => self.moves(&case),
                4..6 => self.refund(&case, &proofs),
                6 | 7 => self.appeal(&case),
                _ => self.beside(&case),
            })
            .collect();
        self.played.says(format!("of {number}"));
        self.played.at_once(self.m, deeds);
        if self.dice.u32(..3) == 0 {
            self.m.settle();
            let due = self.m.next_due().unwrap();
            self.played.says(format!("approach {due}"));
            return self.m.approach(due);
        }
        let by = self.one_of(&["1h", "1h", "26h", "8d", "31d"]);
        self.played.says(format!("advance {by}"));
        self.m.advance(by);
    }
}

fn play(m: &Market, seed: u64) {
    m.execute("DELETE FROM jobs WHERE kind = 'supervision.open_cases'");
    m.list(&m.seller(), "service", &listing(AccessType::HumanService));
    m.list(&m.seller(), "shield", &licensed(LicenceRules::default()));
    let mut play = Play { m, dice: fastrand::Rng::with_seed(seed), played: Played::new(seed), cases: Vec::new() };
    for _ in 0..SETS {
        play.play_a_set();
    }
    m.advance("40d");
    m.verify();
}

/// With the templates of 2026.
pub(super) const SETS_OF_CASES: Sets = Sets { name: "cases", start: "2026-03-02T02:00:00Z", play };

#[test]
fn any_set_of_moves_of_a_case_at_once_leaves_the_books_right() {
    SETS_OF_CASES.play_all(Engine::Sqlite, 1..21);
}

#[test]
fn any_set_of_moves_of_a_case_at_once_leaves_the_books_right_on_postgres() {
    SETS_OF_CASES.play_all(Engine::Postgres, 1..21);
}
