//! Addresses and keys of sellers' interfaces (`seller-domain 6`).

use app::interface::{self, InterfaceClass, NewAddress};
use domain::id::KeyId;
use harness::{Market, on_both};
use wire::conformance::Protocol;

fn key(m: &Market, name: &str, class: InterfaceClass) -> KeyId {
    let seller = m.seller();
    let (key, _) = m.ok(&seller, |tx, ctx| interface::put_key(tx, ctx, &seller, name, class, "harness-interface-key"));
    key.id.id()
}

/// An address at the market's server with a key of the class basic.
pub(crate) fn of_basic_key(m: &Market) -> NewAddress {
    NewAddress {
        name: "bad".to_owned(),
        url: "http://localhost/bad".to_owned(),
        key_id: key(m, "basic", InterfaceClass::Basic),
        protocol: Protocol::SaasV2,
        always_test_flag: false,
        send_empty_parameters: false,
        product: None,
        access_type: None,
        landing_page: None,
    }
}

fn refused(m: &Market, new: &NewAddress) -> String {
    let seller = m.seller();
    m.refused(&seller, |tx, ctx| interface::put_address(tx, ctx, &seller, new))
}

#[test]
fn addresses_are_domains() {
    on_both(|m| {
        let good = of_basic_key(m);
        for url in [
            "ftp://a.example.com",
            "http://10.0.0.1/x",
            "https://192.168.1.1/",
            "https://intranet/x",
            "https://user@a.example.com/",
            "https://a.example.com/?q=1",
            "nonsense",
            "http://a.example.com/",
        ] {
            assert_eq!(refused(m, &NewAddress { url: url.to_owned(), ..good.clone() }), "interface.bad_url", "{url}");
        }
    });
}

#[test]
fn an_address_has_a_key_of_its_seller_and_of_its_class_which_stays() {
    on_both(|m| {
        let (seller, other, good) = (m.seller(), m.seller2(), of_basic_key(m));
        let general = key(m, "two", InterfaceClass::General);
        assert_eq!(refused(m, &NewAddress { key_id: general, ..good.clone() }), "interface.wrong_class");
        let theirs = m.refused(&other, |tx, ctx| interface::put_address(tx, ctx, &other, &good));
        assert_eq!(theirs, "interface.key_not_found");
        m.ok(&seller, |tx, ctx| interface::put_address(tx, ctx, &seller, &good));
        let delete = |id: KeyId| m.write(&seller, |tx, ctx| interface::delete_key(tx, ctx, &seller, id));
        assert_eq!(delete(good.key_id).unwrap_err().code(), Some("interface.key_in_use"));
        delete(general).unwrap();
        assert_eq!(delete(general).unwrap_err().code(), Some("interface.key_not_found"));
    });
}
