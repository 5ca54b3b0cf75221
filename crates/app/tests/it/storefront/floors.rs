//! Sections of the home page that the operator puts forward.

use app::{
    Error, catalogue,
    storefront::{self, Floor},
};
use domain::{id::ProductId, listing::Bilingual, site::SiteCode};
use harness::{Market, on_both};

fn product(m: &Market, key: &str) -> ProductId {
    m.read(|tx, ctx| Ok(catalogue::find(tx, ctx, "cn", key)?.0.product.id.id()))
}

fn floor(products: &[ProductId]) -> Floor {
    Floor { name: Bilingual::both("精选", "Chosen"), products: products.to_vec() }
}

fn curate(m: &Market, floors: &[Floor]) -> Result<(), Error> {
    m.write(&m.operator(), |tx, ctx| storefront::curate(tx, ctx, SiteCode::Cn, floors))
}

fn shown(m: &Market) -> Vec<Floor> {
    m.read(|tx, _| storefront::floors(tx, SiteCode::Cn))
}

#[test]
fn floors_are_shown_as_the_operator_puts_them() {
    on_both(|m| {
        let (backup, archive) = (product(m, "backup"), product(m, "archive"));
        curate(m, &[floor(&[archive, backup])]).unwrap();
        assert_eq!(shown(m), [floor(&[archive, backup])]);
        assert!(m.read(|tx, _| storefront::floors(tx, SiteCode::Intl)).is_empty(), "of another site");
        curate(m, &[]).unwrap();
        assert!(shown(m).is_empty());
    });
}

#[test]
fn a_floor_has_a_name_in_both_languages_and_products_of_its_site_each_once() {
    on_both(|m| {
        let backup = product(m, "backup");
        let nothing: ProductId = m.environment().ids.uuid(m.now()).into();
        let nameless = Floor { name: Bilingual::both("", "Chosen"), ..floor(&[backup]) };
        for (wrong, pointer) in [
            (vec![floor(&[])], "/floors/0/products"),
            (vec![floor(&[backup, backup])], "/floors/0/products/1"),
            (vec![floor(&[nothing])], "/floors/0/products/0"),
            (vec![nameless], "/floors/0/name/zh"),
            (vec![floor(&[backup]); 11], "/floors"),
        ] {
            let Err(Error::Refused(refusal)) = curate(m, &wrong) else { panic!("taken: {wrong:?}") };
            assert_eq!((refusal.code, refusal.fields[0].pointer.as_str()), ("floor.bad", pointer));
        }
        curate(m, &vec![floor(&[backup]); 10]).unwrap();
        let abroad = m.refused(&m.operator(), |tx, ctx| storefront::curate(tx, ctx, SiteCode::Intl, &[floor(&[backup])]));
        assert_eq!(abroad, "floor.bad", "a product of another site");
    });
}

#[test]
fn floors_that_several_write_at_once_are_those_of_one_of_them() {
    on_both(|m| {
        let backup = product(m, "backup");
        let of = |n: usize| vec![Floor { name: Bilingual::both("甲", &format!("{n}")), products: vec![backup] }; 2];
        let written = m.at_once(&m.operator(), 8, |n, tx, ctx| storefront::curate(tx, ctx, SiteCode::Cn, &of(n)));
        assert!(written.iter().all(Result::is_ok), "{written:?}");
        let shown = shown(m);
        assert!((0..8).any(|n| shown == of(n)), "{shown:?}");
    });
}
