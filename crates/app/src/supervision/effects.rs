//! What a move of a case means for money, order, instance and the people who wait.

use super::{Done, Found, Move};
use crate::{
    Ctx, Error, call, event, instance, licence, message, money,
    order::{self, Detail, Ending, Failure},
};
use db::{Key, Tx};
use domain::{
    id::{LineId, OrderId, SupervisionId},
    instance::InstanceState,
    listing::AccessType,
    message::{Audience, MessageEvent},
    money::Money,
    order::{OrderKind, OrderState},
    supervision::{Effect, Party, RefundState, StepKind, Verb},
};
use serde_json::json;
use std::collections::HashMap;
use store::{
    Locked, Written,
    instance::Instance,
    order::{Line, Order, Step},
};

/// The order, line and instance of a case.
struct Subject {
    order: Locked<Order>,
    line: Line,
    instance: Locked<Instance>,
}

fn subject(tx: &mut Tx, found: &Found) -> Result<Subject, Error> {
    let mut subjects = subjects(tx, &[found])?;
    subjects.pop().ok_or_else(|| Error::row("supervision_cases", &found.row.order_number, "has no line or order"))
}

/// Those of several cases, in their order; all are locked before a line is read.
fn subjects(tx: &mut Tx, cases: &[&Found]) -> Result<Vec<Subject>, Error> {
    let ids = |of: fn(&Found) -> Key| cases.iter().map(|found| of(found)).collect::<Vec<_>>();
    let instances = store::instance::lock_all(tx, &ids(|f| f.row.instance_id))?;
    let mut instances: HashMap<Key, Locked<Instance>> = instances.into_iter().map(|i| (i.id, i)).collect();
    let orders = store::order::lock_all(tx, &ids(|f| f.row.order_id))?;
    let mut orders: HashMap<Key, Locked<Order>> = orders.into_iter().map(|o| (o.id, o)).collect();
    let lines = store::order::any_lines(tx, &ids(|f| f.row.line_id))?;
    let mut lines: HashMap<Key, Line> = lines.into_iter().map(|(line, _)| (line.id, line)).collect();
    let take = |found: &&Found| {
        let gone = |what| Error::row("supervision_cases", &found.row.order_number, what);
        let line = lines.remove(&found.row.line_id).ok_or_else(|| gone("has no line"))?;
        let order = orders.remove(&found.row.order_id).ok_or_else(|| gone("has no order"))?;
        let instance = instances.remove(&found.row.instance_id).ok_or_else(|| gone("has no instance"))?;
        Ok(Subject { order, line, instance })
    };
    cases.iter().map(take).collect()
}

/// Performs the effects of moves, in their order; those that open and complete last, for all moves together.
pub(super) fn perform(tx: &mut Tx, ctx: &Ctx, moves: &[Move<'_>], done: &Done<'_>) -> Result<(), Error> {
    let mut ends = Vec::new();
    for m in moves {
        let mut end = End { found: m.found, opened_at: None, completed: false };
        for effect in &m.effects {
            match *effect {
                Effect::Opened { at } => end.opened_at = Some(at),
                Effect::Completed { opened_at, .. } => {
                    end.opened_at = end.opened_at.or(Some(opened_at));
                    end.completed = true;
                }
                ref effect => perform_one(tx, ctx, m.found, effect, done)?,
            }
        }
        if end.opened_at.is_some() {
            ends.push(end);
        }
    }
    if ends.is_empty() { Ok(()) } else { finish(tx, ctx, &ends) }
}

fn perform_one(tx: &mut Tx, ctx: &Ctx, found: &Found, effect: &Effect, done: &Done<'_>) -> Result<(), Error> {
    match effect {
        Effect::Moved { to, .. } if to == domain::supervision::END => Ok(()),
        Effect::Moved { .. } | Effect::Resumed => tell_turn(tx, ctx, found),
        Effect::CodeShown => licence::shown(tx, ctx, found.row.instance_id),
        // For all moves together.
        Effect::Opened { .. } | Effect::Completed { .. } => Ok(()),
        Effect::Released { minor, percent } => released(tx, ctx, found, *minor, *percent),
        Effect::Cancelled { refunded_minor, released_minor } => cancelled(tx, ctx, found, (*refunded_minor, *released_minor), done),
        Effect::Refund { state } => refund(tx, ctx, found, *state),
        Effect::Appealed => appealed(tx, ctx, found),
        Effect::Remind { party } => tell(tx, ctx, found, reminder(*party), &[]),
        Effect::LongOpen { days } => {
            tell(tx, ctx, found, MessageEvent::SaleLongOpen, &[("days", days.to_string())])?;
            tell(tx, ctx, found, MessageEvent::SupervisionLongOpen, &[("days", days.to_string())])
        }
        Effect::AppealLate => tell(tx, ctx, found, MessageEvent::AppealLate, &[]),
        Effect::Press => match found.case.refund.map(|r| r.state) {
            Some(RefundState::WaitingForPlatform) => tell(tx, ctx, found, MessageEvent::RefundToConfirm, &[]),
            _ => tell(tx, ctx, found, MessageEvent::RefundPress, &[]),
        },
    }
}

/// A case whose instance begins to run, whose order is done, or both.
struct End<'a> {
    found: &'a Found,
    opened_at: Option<domain::Timestamp>,
    completed: bool,
}

/// What was not opened yet runs from its opening time; accepted orders are done and their money shared.
fn finish(tx: &mut Tx, ctx: &Ctx, ends: &[End<'_>]) -> Result<(), Error> {
    let subjects = subjects(tx, &ends.iter().map(|e| e.found).collect::<Vec<_>>())?;
    let (mut starts, mut completions) = (Vec::new(), Vec::new());
    for (end, s) in ends.iter().zip(&subjects) {
        if let (Some(at), None) = (end.opened_at, s.instance.opened_at) {
            let completes = end.completed;
            starts.push(instance::Start { instance: &s.instance, order: &s.order, line: &s.line, at, completes });
        } else if end.completed {
            store::instance::give_back(tx, &s.instance, s.order.id)?;
        }
        if end.completed {
            // Who paid for a code sees it, whoever ended the case (license-interface 2.1).
            if s.instance.access_type == AccessType::LicenceCode {
                licence::shown(tx, ctx, s.instance.id)?;
            }
            completions.push(money::Completion { order: &s.order, line: &s.line, effective_at: ctx.now });
        }
    }
    if instance::run_from(tx, ctx, &starts)? == Written::SomeoneElseWasFirst
        || order::complete_all(tx, ctx, &completions)? == Written::SomeoneElseWasFirst
    {
        return Err(db::DbError::Raced.into());
    }
    for (end, s) in ends.iter().zip(&subjects).filter(|(e, _)| e.completed) {
        if ctx.listings.approved(tx, s.instance.revision_id)?.is_called_after_acceptance() {
            call::enqueue(tx, ctx, &s.instance, Some(&s.order), &order::new_instance(&s.order, &s.line))?;
        }
        tell(tx, ctx, end.found, MessageEvent::OrderOpened, &[])?;
        tell(tx, ctx, end.found, MessageEvent::SaleAccepted, &[])?;
    }
    Ok(())
}

fn reminder(party: Party) -> MessageEvent {
    match party {
        Party::Buyer => MessageEvent::SupervisionReminder,
        Party::Seller => MessageEvent::SaleSupervisionReminder,
        Party::Operator => MessageEvent::SupervisionDeskReminder,
    }
}

/// Tells somebody of a case: the reader is the event's.
pub(super) fn tell(tx: &mut Tx, ctx: &Ctx, found: &Found, event: MessageEvent, more: &[(&str, String)]) -> Result<(), Error> {
    let row = &found.row;
    let mut params: Vec<(&str, message::Param)> = vec![
        ("order", row.order_number.clone().into()),
        ("product", super::product_name(row).into()),
        ("customer", row.customer_name.clone().into()),
    ];
    params.extend(more.iter().map(|(field, text)| (*field, text.clone().into())));
    let account = match event.audience() {
        Audience::Buyer => Some(row.buyer_id),
        Audience::Seller => Some(row.seller_id),
        Audience::Operator => None,
    };
    // A case may come to the same node again: every change of it is told by itself.
    let about = format!("{} {}", row.order_number, row.changes);
    let subject = Some(row.id.id::<SupervisionId>().to_string());
    message::send(tx, ctx, &message::Send { event, account, order: Some(row.order_id), subject, about, params: &params })
}

/// Tells whoever can act now what is waited for.
pub(super) fn tell_turn(tx: &mut Tx, ctx: &Ctx, found: &Found) -> Result<(), Error> {
    for party in Party::ALL {
        let verbs: Vec<Verb> = found.case.actions(&found.template, *party).iter().map(|a| a.verb).collect();
        let event = match (party, verbs.first()) {
            (Party::Buyer, Some(Verb::Submit)) => MessageEvent::RequirementToSubmit,
            (Party::Buyer, Some(Verb::Claim)) => MessageEvent::LicenceIssued,
            (Party::Buyer, Some(_)) => MessageEvent::DeliveryToAccept,
            (Party::Seller, Some(Verb::Confirm)) => MessageEvent::RequirementToConfirm,
            (Party::Seller, Some(_)) => MessageEvent::SaleToDeliver,
            (Party::Operator, Some(_)) => MessageEvent::DeliveryToReview,
            (Party::Buyer | Party::Seller | Party::Operator, None) => continue,
        };
        tell(tx, ctx, found, event, &[])?;
    }
    Ok(())
}

fn released(tx: &mut Tx, ctx: &Ctx, found: &Found, minor: i64, percent: u8) -> Result<(), Error> {
    let s = subject(tx, found)?;
    let name = format!("part-{}", found.case.released_percent);
    money::release_part(tx, ctx, &s.order, &s.line, minor, &name)?;
    let amount = Money::new(minor, s.order.currency).to_string();
    tell(tx, ctx, found, MessageEvent::SalePartReleased, &[("amount", amount), ("percent", percent.to_string())])
}

/// The order is over: a part or all goes back, the rest is the seller's, what was opened is released.
fn cancelled(tx: &mut Tx, ctx: &Ctx, found: &Found, (back, rest): (i64, i64), done: &Done<'_>) -> Result<(), Error> {
    let mut s = subject(tx, found)?;
    let detail = Detail::new(done.data["reason"].as_str().unwrap_or_default());
    let (reason, told) = match done.kind {
        StepKind::OpeningFailed => (Failure::NotOpened(detail).whole(), Failure::NotOpened(detail).for_buyer()),
        StepKind::Decided => (Ending::Decision.words().to_owned(), Ending::Decision.words()),
        _ => (Ending::Agreement.words().to_owned(), Ending::Agreement.words()),
    };
    let step = Step {
        from: OrderState::Processing,
        to: OrderState::Cancelled,
        paid_at: s.order.paid_at,
        ended_at: Some(ctx.moment()),
        reason: Some(&reason),
    };
    if store::order::step(tx, &mut s.order, &step)? == Written::SomeoneElseWasFirst {
        return Err(db::DbError::Raced.into());
    }
    store::instance::give_back(tx, &s.instance, s.order.id)?;
    let about = event::About::order(s.order.id, Some(s.instance.id));
    event::record(tx, ctx, "order.failed", about, &json!({ "reason": reason }))?;
    money::refund(tx, ctx, &money::Wallet, &s.order, &s.line, back)?;
    money::release_part(tx, ctx, &s.order, &s.line, rest, "rest")?;
    match (s.instance.state, s.instance.opened_at) {
        // Its term and retention passed while the case was open: the money goes back all the same.
        (InstanceState::Released | InstanceState::Failed, _) => {}
        (_, Some(_)) => instance::release(tx, ctx, &s.instance, "unsubscribed", None)?,
        (_, None) => instance::failed(tx, ctx, &s.instance)?,
    }
    let amount = Money::new(back, s.order.currency).to_string();
    if back > 0 {
        tell(tx, ctx, found, MessageEvent::OrderRefunded, &[("amount", amount.clone()), ("reason", told.to_owned())])?;
    }
    if done.kind == StepKind::OpeningFailed {
        return Ok(());
    }
    unsubscription(tx, ctx, &s, back, done.kind)?;
    tell(tx, ctx, found, MessageEvent::SaleUnsubscribed, &[("amount", amount)])
}

/// The order of kind unsubscribe that tells of what went back.
fn unsubscription(tx: &mut Tx, ctx: &Ctx, s: &Subject, back: i64, kind: StepKind) -> Result<(), Error> {
    let mut random = [0; 8];
    ctx.ids.random(&mut random);
    let number = domain::order::number(&ctx.site(s.order.site), ctx.now, random);
    let mirror = Order {
        id: Key::of(ctx.id::<OrderId>()),
        kind: OrderKind::Unsubscribe,
        state: OrderState::Completed,
        total_minor: -back,
        subject_order_id: Some(s.order.id),
        created_at: ctx.moment(),
        pay_by: None,
        paid_at: Some(ctx.moment()),
        ended_at: Some(ctx.moment()),
        reason: Some(if kind == StepKind::Decided { "appeal" } else { "negotiated" }.to_owned()),
        number,
        ..Order::clone(&s.order)
    };
    let line = Line {
        id: Key::of(ctx.id::<LineId>()),
        order_id: mirror.id,
        number: domain::order::line_number(&mirror.number, 1),
        amount_minor: -back,
        refunded_minor: 0,
        released_minor: 0,
        completed_at: None,
        ..s.line.clone()
    };
    let data = json!({ "of": s.order.number, "rule": mirror.reason });
    order::insert(tx, ctx, mirror, &line, &[("order.unsubscribed", &data)]).map(drop)
}

fn refund(tx: &mut Tx, ctx: &Ctx, found: &Found, state: RefundState) -> Result<(), Error> {
    let s = subject(tx, found)?;
    let minor = found.case.refund.map_or(0, |r| r.amount_minor);
    let amount = [("amount", Money::new(minor, s.order.currency).to_string())];
    match state {
        RefundState::WaitingForSeller => tell(tx, ctx, found, MessageEvent::SaleRefundAsked, &amount),
        RefundState::WaitingForPlatform => tell(tx, ctx, found, MessageEvent::RefundToConfirm, &[]),
        RefundState::WaitingForReturn => tell(tx, ctx, found, MessageEvent::RefundToReturn, &amount),
        RefundState::WaitingForInspection => tell(tx, ctx, found, MessageEvent::SaleRefundToInspect, &amount),
        RefundState::Rejected => tell(tx, ctx, found, MessageEvent::RefundRejected, &amount),
        RefundState::Withdrawn => tell(tx, ctx, found, MessageEvent::SaleRefundWithdrawn, &amount),
        // Told with the money.
        RefundState::Refunded => Ok(()),
    }
}

fn appealed(tx: &mut Tx, ctx: &Ctx, found: &Found) -> Result<(), Error> {
    let by = found.case.appeal.map(|a| a.by);
    if by != Some(Party::Buyer) {
        tell(tx, ctx, found, MessageEvent::AppealOpened, &[])?;
    }
    if by != Some(Party::Seller) {
        tell(tx, ctx, found, MessageEvent::SaleAppealOpened, &[])?;
    }
    tell(tx, ctx, found, MessageEvent::AppealToDecide, &[])
}
