//! Products that are hidden, frozen or stopped.

use app::{Error, catalogue, order};
use domain::id::ProductId;
use domain::listing::FreezeCause;
use harness::{Market, choice, on_both};

fn backup(m: &Market) -> ProductId {
    m.read(|tx, ctx| Ok(catalogue::find(tx, ctx, "cn", "backup")?.0.product.id.id()))
}

/// Whether `backup` is sold; else the code of the refusal.
fn sold(m: &Market) -> Option<&'static str> {
    let (buyer, wanted) = (m.buyer(), choice("backup", "1m"));
    let quoted = m.write(&buyer, |tx, ctx| order::quote(tx, ctx, Some(&buyer), &ctx.site(buyer.site), &wanted));
    quoted.err().map(|e| e.code().expect("a refusal"))
}

fn code(result: Result<(), Error>) -> &'static str {
    result.expect_err("it is refused").code().expect("a refusal")
}

#[test]
fn hidden_frozen_and_stopped_products_cannot_be_found_or_bought() {
    on_both(|m| {
        let (seller, other, operator, id) = (m.seller(), m.seller2(), m.operator(), backup(m));
        m.ok(&seller, |tx, ctx| catalogue::set_public(tx, ctx, &seller, id, false));
        m.open(&m.buyer(), &choice("backup", "1m"));
        m.ok(&operator, |tx, ctx| catalogue::freeze(tx, ctx, id, Some(FreezeCause::Other), "probes fail"));
        assert_eq!(sold(m), Some("product.not_on_sale"));
        m.ok(&operator, |tx, ctx| catalogue::freeze(tx, ctx, id, None, "repaired"));
        assert_eq!(sold(m), None);
        let stop = |who: &std::sync::Arc<app::Caller>| m.write(who, |tx, ctx| catalogue::stop(tx, ctx, who, id, "end of life"));
        assert_eq!(code(stop(&other)), "product.not_found");
        stop(&seller).unwrap();
        assert_eq!(sold(m), Some("product.not_on_sale"));
        assert_eq!(code(stop(&seller)), "product.state");
        m.verify();
    });
}

#[test]
fn a_product_changes_from_the_states_that_allow_it() {
    on_both(|m| {
        let (seller, other, operator, id) = (m.seller(), m.seller2(), m.operator(), backup(m));
        let show = |who: &std::sync::Arc<app::Caller>, public| m.write(who, |tx, ctx| catalogue::set_public(tx, ctx, who, id, public));
        let freeze = |cause| m.write(&operator, |tx, ctx| catalogue::freeze(tx, ctx, id, cause, "why"));
        assert_eq!(code(show(&other, false)), "product.not_found");
        assert_eq!(code(freeze(None)), "product.state", "it is not frozen");
        for _ in 0..2 {
            show(&seller, false).unwrap();
        }
        for _ in 0..2 {
            freeze(Some(FreezeCause::Other)).unwrap();
        }
        assert_eq!(code(show(&seller, true)), "product.state", "frozen");
        let nothing: ProductId = m.environment().ids.uuid(m.now()).into();
        let missing = m.write(&operator, |tx, ctx| catalogue::freeze(tx, ctx, nothing, Some(FreezeCause::Other), "why"));
        assert_eq!(code(missing), "product.not_found");
    });
}
