//! Pictures: kept once for each seller, and used in listings of theirs alone.

use app::{
    Caller, Error, catalogue,
    picture::{self, NewPicture},
};
use domain::{id::PictureId, picture::PictureKind};
use harness::{Market, on_both, sample};
use std::sync::Arc;

fn add(m: &Market, seller: &Arc<Caller>, kind: PictureKind, bytes: &[u8]) -> PictureId {
    let new = NewPicture { kind, media_type: "image/png", hash: picture::hash(bytes), length: 5 };
    m.ok(seller, |tx, ctx| picture::add(tx, ctx, seller, &new)).id.id()
}

#[test]
fn the_same_picture_is_kept_once_for_each_seller() {
    on_both(|m| {
        let (seller, other) = (m.seller(), m.seller2());
        let first = add(m, &seller, PictureKind::Main, b"one");
        assert_eq!(add(m, &seller, PictureKind::Main, b"one"), first);
        assert_ne!(add(m, &other, PictureKind::Main, b"one"), first, "each seller has its own");
        assert_ne!(add(m, &seller, PictureKind::Logo, b"one"), first, "of another kind");
        let new = NewPicture { kind: PictureKind::Main, media_type: "image/png", hash: picture::hash(b"two"), length: 5 };
        let added = m.at_once(&seller, 8, |_, tx, ctx| Ok(picture::add(tx, ctx, &seller, &new)?.id));
        assert!(added.iter().all(|a| a.as_ref().unwrap() == added[0].as_ref().unwrap()), "{added:?}");
    });
}

#[test]
fn a_listing_uses_only_pictures_of_its_seller_and_of_the_right_kind() {
    on_both(|m| {
        let (seller, other) = (m.seller(), m.seller2());
        let mine = add(m, &seller, PictureKind::Main, b"mine");
        let (foreign, logo) = (add(m, &other, PictureKind::Main, b"theirs"), add(m, &seller, PictureKind::Logo, b"logo"));
        let mut listing = sample("backup");
        for wrong in [foreign, logo] {
            listing.pictures = vec![mine, wrong];
            let saved = m.write(&seller, |tx, ctx| catalogue::save(tx, ctx, &seller, "backup", &listing));
            let Err(Error::Refused(refusal)) = saved else { panic!("it was taken") };
            assert_eq!((refusal.code, refusal.fields[0].pointer.as_str()), ("picture.not_found", "/pictures/1"));
        }
        (listing.pictures, listing.logo) = (vec![mine], Some(logo));
        m.ok(&seller, |tx, ctx| catalogue::save(tx, ctx, &seller, "backup", &listing));
        let (_, sold) = m.read(|tx, ctx| catalogue::find(tx, ctx, "cn", "backup"));
        assert!(sold.pictures.is_empty(), "what is on sale stays");
    });
}
