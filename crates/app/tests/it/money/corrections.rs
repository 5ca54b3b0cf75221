//! Corrections: refunds by the operator and postings that mend the books, and the second person (`money 5`).

use app::{
    Caller, Error,
    money::{Correct, Place, correct, decide_correction},
    order,
};
use domain::{
    access::StaffRole,
    correction::{CorrectionKind, CorrectionState},
    id::CorrectionId,
    money::{Currency, Money},
};
use harness::{Market, choice, minor, money, on_both};
use ledger::AccountKind;
use std::sync::Arc;
use store::correction::{Correction, Filter};

fn yuan(text: &str) -> Money {
    Money::new(minor(text), Currency::Cny)
}

fn of_order(number: &str) -> Correct {
    Correct::Refund { number: number.to_owned() }
}

fn refund(m: &Market, by: &Arc<Caller>, number: &str, amount: &str) -> Result<Correction, Error> {
    m.write(by, |tx, ctx| correct(tx, ctx, by, &of_order(number), yuan(amount), "two days without service"))
}

fn decide(m: &Market, by: &Arc<Caller>, row: &Correction, confirm: bool) -> Result<Correction, Error> {
    let id: CorrectionId = row.id.id();
    m.write(by, |tx, ctx| decide_correction(tx, ctx, by, id, confirm, Some("looked into")))
}

fn code<T: std::fmt::Debug>(result: Result<T, Error>) -> String {
    result.unwrap_err().code().unwrap_or("failure").to_owned()
}

/// A colleague of the operator who is of finance.
fn finance(m: &Market) -> Arc<Caller> {
    m.new_staff("finance", StaffRole::Finance)
}

fn wallet(m: &Market, who: &Caller) -> Place {
    Place { account: AccountKind::BuyerWallet, owner: hex::encode(m.key(who).0) }
}

fn clearing() -> Place {
    Place { account: AccountKind::ProviderClearing, owner: "bank".to_owned() }
}

#[test]
fn a_part_of_an_order_comes_back_and_the_service_goes_on() {
    on_both(|m| {
        let (buyer, operator) = (m.buyer(), m.operator());
        finance(m);
        let bought = m.open(&buyer, &choice("backup", "1y")); // 1,000.00
        let row = refund(m, &operator, &bought.order.number, "300.00").unwrap();
        assert_eq!((row.state.as_str(), row.alone), ("done", false), "below 1,000.00 one person decides");
        assert_eq!((m.balance(&buyer).as_str(), m.instance(bought.instance).state.as_str()), ("999300.00", "running"));
        assert_eq!((m.count_messages(&buyer, "order.refunded"), m.count_messages(&m.seller(), "sale.part_refunded")), (1, 1));
        let full = m.read(|tx, _| order::show(tx, app::Tenant::Any, &bought.order.number));
        assert_eq!(order::paid_and_refunded(&full).unwrap(), (100_000, 30_000));
        let seen =
            |tenant| m.read(|tx, _| order::timeline(tx, tenant, &bought.order.number)).into_iter().map(|e| e.kind).collect::<Vec<_>>();
        let (buyers, staffs) = (seen(app::Tenant::Buyer(m.key(&buyer))), seen(app::Tenant::Any));
        assert!(buyers.contains(&"money.refunded".to_owned()) && !buyers.contains(&"correction.done".to_owned()), "{buyers:?}");
        assert!(staffs.contains(&"correction.done".to_owned()), "{staffs:?}");
        refund(m, &operator, &bought.order.number, "0.01").unwrap();
        m.verify();
        m.advance("33d");
        let bill = m.bill(&m.seller(), "2024-01");
        let mut amounts = bill.amounts();
        amounts.sort_unstable();
        assert_eq!(amounts, [("original", "1000.00"), ("refund", "-0.01"), ("refund", "-300.00")]);
        assert_eq!(bill.total, "664.99", "1000.00 less 300.01 less 5 %");
        m.verify();
    });
}

#[test]
fn part_refunds_of_an_order_add_up_and_never_exceed_what_was_paid() {
    on_both(|m| {
        let (buyer, operator) = (m.buyer(), m.operator());
        let bought = m.open(&buyer, &choice("backup", "1m"));
        for amount in ["33.33", "33.33", "0.01"] {
            refund(m, &operator, &bought.order.number, amount).unwrap();
        }
        assert_eq!(code(refund(m, &operator, &bought.order.number, "33.34")), "refund.too_much");
        m.verify();
        // The five days still run: what is left comes back with the instance, and nothing twice.
        let given = m.give_back(&buyer, &bought.order);
        assert_eq!((money(given.total_minor).as_str(), m.balance(&buyer).as_str()), ("-33.33", "1000000.00"));
        assert_eq!(code(refund(m, &operator, &bought.order.number, "0.01")), "refund.too_much");
        m.advance("33d");
        assert_eq!(m.bill(&m.seller(), "2024-01").total, "0.00");
        m.verify();
    });
}

#[test]
fn what_was_given_back_is_no_value_for_a_change() {
    on_both(|m| {
        let (buyer, operator) = (m.buyer(), m.operator());
        let bought = m.open(&buyer, &choice("backup", "1m"));
        refund(m, &operator, &bought.order.number, "100.00").unwrap();
        let change = m.upgrade(&buyer, &bought, "pro/5");
        assert_eq!(money(change.total_minor), "220.00", "nothing is left of the first payment");
        m.verify();
    });
}

#[test]
fn a_large_refund_waits_for_a_second_person() {
    on_both(|m| {
        let (buyer, operator, other) = (m.buyer(), m.operator(), finance(m));
        let bought = m.open(&buyer, &choice("backup", "1y"));
        let row = refund(m, &operator, &bought.order.number, "1000.00").unwrap();
        assert_eq!((row.state.as_str(), m.balance(&buyer).as_str()), ("waiting", "999000.00"));
        assert_eq!(m.count_messages(&operator, "correction.to_confirm"), 1);
        assert_eq!(code(decide(m, &operator, &row, true)), "correction.same_person");
        let done = decide(m, &other, &row, true).unwrap();
        assert_eq!((done.state.as_str(), done.alone, m.balance(&buyer).as_str()), ("done", false, "1000000.00"));
        assert_eq!(code(decide(m, &other, &row, true)), "correction.decided");
        m.verify();
    });
}

#[test]
fn many_small_refunds_of_an_instance_are_a_large_one() {
    on_both(|m| {
        let (buyer, operator, other) = (m.buyer(), m.operator(), finance(m));
        let bought = m.open(&buyer, &choice("backup", "1y"));
        let renewal = m.renew(&buyer, &bought, "1y");
        assert_eq!(refund(m, &operator, &bought.order.number, "600.00").unwrap().state, CorrectionState::Done);
        assert_eq!(refund(m, &operator, &renewal.number, "399.99").unwrap().state, CorrectionState::Done);
        let large = refund(m, &operator, &renewal.number, "0.01").unwrap();
        assert_eq!(large.state, CorrectionState::Waiting, "1,000.00 of one instance by one person");
        decide(m, &other, &large, true).unwrap();
        let elsewhere = m.open(&buyer, &choice("backup", "1y"));
        assert_eq!(refund(m, &operator, &elsewhere.order.number, "600.00").unwrap().state, CorrectionState::Done);
        m.verify();
    });
}

#[test]
fn of_eight_small_refunds_at_once_one_person_gives_back_less_than_a_thousand() {
    on_both(|m| {
        let (buyer, operator) = (m.buyer(), m.operator());
        finance(m);
        let bought = m.open(&buyer, &choice("backup", "1y"));
        let orders: Vec<String> = (0..8).map(|_| m.renew(&buyer, &bought, "1m").number).collect();
        let balance = minor(&m.balance(&buyer));
        let results = m.at_once(&operator, 8, |n, tx, ctx| correct(tx, ctx, &operator, &of_order(&orders[n]), yuan("99.99"), "why"));
        assert!(results.iter().all(Result::is_ok), "{results:?}");
        let more = refund(m, &operator, &bought.order.number, "300.00").unwrap();
        assert_eq!(more.state, CorrectionState::Waiting, "799.92 were given back before");
        assert_eq!(minor(&m.balance(&buyer)), balance + 8 * 9_999);
        m.verify();
    });
}

#[test]
fn of_two_people_who_confirm_at_once_one_does() {
    on_both(|m| {
        let (buyer, operator, other) = (m.buyer(), m.operator(), finance(m));
        let bought = m.open(&buyer, &choice("backup", "1y"));
        let row = refund(m, &operator, &bought.order.number, "1000.00").unwrap();
        let results = m.at_once(&other, 8, |_, tx, ctx| decide_correction(tx, ctx, &other, row.id.id(), true, None));
        assert_eq!(results.iter().filter(|r| r.is_ok()).count(), 1, "{results:?}");
        assert_eq!(m.balance(&buyer), "1000000.00");
        m.verify();
    });
}

#[test]
fn what_the_operator_gave_back_takes_no_right_to_unsubscribe_away() {
    on_both(|m| {
        let (buyer, operator) = (m.buyer(), m.operator());
        let bought = m.open(&buyer, &choice("backup", "1m"));
        let renewal = m.renew(&buyer, &bought, "1m");
        m.upgrade(&buyer, &bought, "pro/5"); // 240.00, half of it for the renewal's term
        refund(m, &operator, &renewal.number, "100.00").unwrap();
        assert_eq!(money(m.give_back(&buyer, &renewal).total_minor), "-120.00", "the change's share of the term");
        m.verify();
        refund(m, &operator, &bought.order.number, "100.00").unwrap();
        assert_eq!(money(m.give_back(&buyer, &bought.order).total_minor), "-120.00");
        assert_eq!((m.balance(&buyer).as_str(), m.instance(bought.instance).state.as_str()), ("1000000.00", "released"));
        m.verify();
    });
}

#[test]
fn where_one_alone_may_the_decision_holds_and_is_marked_so() {
    on_both(|m| {
        let (buyer, operator) = (m.buyer(), m.operator());
        let bought = m.open(&buyer, &choice("backup", "1y"));
        let row = refund(m, &operator, &bought.order.number, "1000.00").unwrap();
        assert_eq!((row.state.as_str(), row.alone, m.balance(&buyer).as_str()), ("done", true, "1000000.00"));
        m.verify();
    });
}

#[test]
fn a_refund_that_is_refused_changes_nothing() {
    on_both(|m| {
        let (buyer, operator, other) = (m.buyer(), m.operator(), finance(m));
        let bought = m.open(&buyer, &choice("backup", "1y"));
        let row = refund(m, &operator, &bought.order.number, "1000.00").unwrap();
        let bare = m.write(&other, |tx, ctx| decide_correction(tx, ctx, &other, row.id.id(), false, None));
        assert_eq!(code(bare), "correction.note_missing");
        assert_eq!(decide(m, &other, &row, false).unwrap().state, CorrectionState::Refused);
        assert_eq!((m.balance(&buyer).as_str(), code(decide(m, &other, &row, true)).as_str()), ("999000.00", "correction.decided"));
        m.verify();
    });
}

#[test]
fn a_refund_that_waits_is_checked_again_when_it_is_confirmed() {
    on_both(|m| {
        let (buyer, operator, other) = (m.buyer(), m.operator(), finance(m));
        let bought = m.open(&buyer, &choice("backup", "1y"));
        let row = refund(m, &operator, &bought.order.number, "1000.00").unwrap();
        m.give_back(&buyer, &bought.order);
        assert_eq!(code(decide(m, &other, &row, true)), "refund.too_much");
        assert_eq!(m.balance(&buyer), "1000000.00");
        m.verify();
    });
}

#[test]
fn a_refund_is_refused_where_nothing_was_paid_or_the_amount_is_wrong() {
    on_both(|m| {
        let (buyer, operator) = (m.buyer(), m.operator());
        let bought = m.open(&buyer, &choice("backup", "1m"));
        let unpaid = m.place(&buyer, &choice("backup", "1m")).order;
        let number = &bought.order.number;
        for (number, amount, wanted) in [
            (number.as_str(), "0.00", "correction.amount"),
            (number, "100.01", "refund.too_much"),
            (&unpaid.number, "1.00", "refund.order_state"),
            ("CS0000000000XXXXX", "1.00", "order.not_found"),
        ] {
            assert_eq!(code(refund(m, &operator, number, amount)), wanted, "{number} {amount}");
        }
        let dollars = Money::new(100, Currency::Usd);
        let other = m.write(&operator, |tx, ctx| correct(tx, ctx, &operator, &of_order(number), dollars, "why"));
        assert_eq!(code(other), "money.currency");
        let bare = m.write(&operator, |tx, ctx| correct(tx, ctx, &operator, &of_order(number), yuan("1.00"), " "));
        assert_eq!(code(bare), "correction.reason");
        m.verify();
    });
}

#[test]
fn of_eight_refunds_at_once_as_many_pass_as_there_is_money() {
    on_both(|m| {
        let (buyer, operator) = (m.buyer(), m.operator());
        let bought = m.open(&buyer, &choice("backup", "1m"));
        let number = &bought.order.number;
        let results = m.at_once(&operator, 8, |_, tx, ctx| correct(tx, ctx, &operator, &of_order(number), yuan("30.00"), "why"));
        let passed = results.iter().filter(|r| r.is_ok()).count();
        assert!((1..=3).contains(&passed), "{results:?}");
        assert_eq!(minor(&m.balance(&buyer)), minor("999900.00") + i64::try_from(passed).unwrap() * 3_000);
        m.verify();
    });
}

#[test]
fn a_posting_mends_the_books_with_a_second_person() {
    on_both(|m| {
        let (buyer, operator, other) = (m.buyer(), m.operator(), finance(m));
        let what = Correct::Posting { from: wallet(m, &buyer), to: clearing(), line: None };
        let row = m.ok(&operator, |tx, ctx| correct(tx, ctx, &operator, &what, yuan("0.01"), "paid in twice"));
        assert_eq!((row.state.as_str(), m.balance(&buyer).as_str()), ("waiting", "1000000.00"));
        decide(m, &other, &row, true).unwrap();
        assert_eq!(m.balance(&buyer), "999999.99");
        let spent = m.ok(&buyer, |tx, ctx| app::money::spending(tx, ctx, &buyer)).last().unwrap().1;
        assert_eq!(spent, 0, "a correction buys nothing");
        m.verify();
        let too_much = m.ok(&operator, |tx, ctx| correct(tx, ctx, &operator, &what, yuan("1000000.00"), "all of it"));
        assert_eq!(code(decide(m, &other, &too_much, true)), "correction.balance");
        assert_eq!(m.balance(&buyer), "999999.99");
        let found = |filter: Filter| m.read(|tx, _| Ok(store::correction::any_list(tx, &filter, app::Page::first(10))?));
        let waiting = found(Filter { state: Some(CorrectionState::Waiting), ..Filter::default() });
        assert_eq!(waiting.iter().map(|c| c.id).collect::<Vec<_>>(), [too_much.id], "what the books refuse still waits");
        let number = m.open(&buyer, &choice("backup", "1m")).order.number;
        let part = refund(m, &operator, &number, "1.00").unwrap();
        let of_order = Filter { order_number: Some(number), ..Filter::default() };
        let refunds = Filter { kind: Some(CorrectionKind::Refund), ..Filter::default() };
        for filter in [of_order, refunds] {
            assert_eq!(found(filter).iter().map(|c| c.id).collect::<Vec<_>>(), [part.id]);
        }
        let same = Correct::Posting { from: clearing(), to: clearing(), line: None };
        let refused = m.write(&operator, |tx, ctx| correct(tx, ctx, &operator, &same, yuan("1.00"), "why"));
        assert_eq!(code(refused), "correction.same_place");
        m.verify();
    });
}

#[test]
fn what_is_due_to_a_seller_is_only_mended_to_what_the_bills_say() {
    on_both(|m| {
        let (buyer, seller, operator, other) = (m.buyer(), m.seller(), m.operator(), finance(m));
        let bought = m.open(&buyer, &choice("backup", "1m"));
        let line = m.read(|tx, _| order::show(tx, app::Tenant::Any, &bought.order.number)).lines[0].number.clone();
        let payable = Place { account: AccountKind::SellerPayable, owner: hex::encode(m.key(&seller).0) };
        let commission = Place { account: AccountKind::PlatformCommission, owner: "platform".to_owned() };
        let ask = |from: &Place, to: &Place| {
            let what = Correct::Posting { from: from.clone(), to: to.clone(), line: Some(line.clone()) };
            m.ok(&operator, |tx, ctx| correct(tx, ctx, &operator, &what, yuan("1.00"), "mends the books"))
        };
        let row = ask(&commission, &payable);
        assert_eq!(code(decide(m, &other, &row, true)), "correction.not_billed");
        m.verify();
        // A hand moved a yuan from the seller to the platform.
        let moved = |account: &str, sign: &str| {
            let first = format!("SELECT entry_id FROM ledger_postings WHERE account = '{account}' ORDER BY entry_id LIMIT 1");
            m.execute(&format!(
                "UPDATE ledger_postings SET amount_minor = amount_minor {sign} 100 WHERE account = '{account}' AND entry_id = ({first})"
            ));
        };
        moved("seller_payable", "-");
        moved("platform_commission", "+");
        assert_eq!(m.differences().first().map(|(name, _)| *name), Some("payable_is_billed"));
        decide(m, &other, &ask(&commission, &payable), true).unwrap();
        m.verify();
        let tax = Place { account: AccountKind::TaxPayable, owner: "platform".to_owned() };
        assert_eq!(code(decide(m, &other, &ask(&commission, &tax), true)), "correction.not_billed", "nor the shares of the line");
        m.verify();
    });
}

#[test]
fn a_posting_is_refused_where_nobody_owns_the_account_or_keeps_another_currency() {
    on_both(|m| {
        let (buyer, operator, other) = (m.buyer(), m.operator(), finance(m));
        let (open, done) = (m.place(&buyer, &choice("backup", "1m")).order, m.open(&buyer, &choice("backup", "1m")).order);
        let escrow = |number: &str| Place { account: AccountKind::Escrow, owner: number.to_owned() };
        let line = |number: &str| escrow(&m.read(|tx, _| order::show(tx, app::Tenant::Any, number)).lines[0].number);
        let nobody = Place { account: AccountKind::BuyerWallet, owner: "00".repeat(16) };
        let tax = Place { account: AccountKind::TaxPayable, owner: "platform".to_owned() };
        let ask = |from: &Place, to: &Place, amount: Money| {
            let what = Correct::Posting { from: from.clone(), to: to.clone(), line: None };
            m.write(&operator, |tx, ctx| correct(tx, ctx, &operator, &what, amount, "mends the books"))
        };
        let wallet = wallet(m, &buyer);
        for (to, amount, wanted) in [
            (escrow("CS-NOPE"), yuan("12.34"), "correction.owner"),
            (nobody, yuan("1.00"), "correction.owner"),
            (clearing(), Money::new(100, Currency::Jpy), "money.currency"),
            (line(&done.number), Money::new(100, Currency::Usd), "money.currency"),
        ] {
            assert_eq!(code(ask(&wallet, &to, amount)), wanted, "{to:?}");
        }
        for (from, to, wanted) in [
            (&wallet, line(&done.number), "correction.escrow"),
            (&wallet, line(&open.number), "correction.escrow"),
            (&tax, clearing(), "correction.balance"),
        ] {
            let row = ask(from, &to, yuan("9999.00")).unwrap();
            assert_eq!(code(decide(m, &other, &row, true)), wanted, "{to:?}");
        }
        m.verify();
    });
}

#[test]
fn postings_at_once_take_no_more_from_what_the_platform_earned_than_is_there() {
    on_both(|m| {
        let (buyer, operator, other) = (m.buyer(), m.operator(), finance(m));
        m.open(&buyer, &choice("backup", "1y")); // 1,000.00, of which the commission is 47.17
        let earned = Place { account: AccountKind::PlatformCommission, owner: "platform".to_owned() };
        let what = Correct::Posting { from: earned, to: clearing(), line: None };
        let ask = || m.ok(&operator, |tx, ctx| correct(tx, ctx, &operator, &what, yuan("33.00"), "paid out"));
        let rows = [ask(), ask(), ask()];
        let done = m.at_once(&other, 3, |n, tx, ctx| decide_correction(tx, ctx, &other, rows[n].id.id(), true, None));
        assert_eq!(done.iter().filter(|r| r.is_ok()).count(), 1, "{done:?}");
        m.verify();
    });
}
