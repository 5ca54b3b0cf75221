//! Sites: their currency and time zone belong to what is kept.

use app::{Error, job};
use domain::{
    money::Currency,
    site::{Site, SiteCode, Sites},
};
use harness::{Setup, choice, on_both, on_both_with, on_demand};
use jiff::tz::TimeZone;

#[test]
fn a_site_with_accounts_does_not_start_in_another_currency_or_time_zone() {
    on_both(|m| {
        let cairo = TimeZone::get("Africa/Cairo").unwrap();
        for (site, code, words) in [
            (Site { currency: Currency::Jpy, ..Site::of(SiteCode::Cn) }, "site.currency", ["CNY", "JPY"]),
            (Site { time_zone: cairo, ..Site::of(SiteCode::Cn) }, "site.time_zone", ["UTC+08", "Africa/Cairo"]),
        ] {
            let mut settings = app::Settings::clone(&m.environment().settings);
            settings.sites = Sites::new(vec![site]).unwrap();
            let ids = std::sync::Arc::new(app::RandomIds::default());
            let env = app::Environment::new(app::MovableClock::standing_at(m.now()), ids, settings, app::secret::Sealer::new(&[7; 32]));
            let mut local = db::Local::open(m.database()).unwrap();
            for looked_at in [job::prepare, job::check_sites] {
                let refusal = local.write(|tx| env.write(tx, &app::Actor::System, looked_at)).unwrap_err();
                assert_eq!(refusal.code(), Some(code));
                let named = |r: &app::Refusal| words.iter().all(|word| r.detail.contains(word));
                assert!(matches!(&refusal, Error::Refused(r) if named(r)), "{refusal:?}");
            }
        }
        m.write_system(job::prepare).expect("in its own it starts");
    });
}

#[test]
fn use_of_the_half_hour_in_which_a_clock_goes_back_is_explained() {
    let lord_howe = |settings: &mut app::Settings| {
        let time_zone = TimeZone::get("Australia/Lord_Howe").unwrap();
        settings.sites = Sites::new(vec![Site { time_zone, ..Site::of(SiteCode::Cn) }]).unwrap();
    };
    // On 7 April 2024 at 02:00 the clock goes back to 01:30: 15:00 UTC of the day before.
    on_both_with(&Setup { start: "2024-04-06T08:00:00Z", settings: lord_howe, ..Setup::default() }, |m| {
        // The market was made for another zone.
        m.execute("DELETE FROM jobs WHERE kind = 'bills'");
        m.execute("DELETE FROM settings WHERE name LIKE 'site_time_zone:%'");
        m.write_system(job::prepare).unwrap();
        m.list(&m.seller(), "metered", &on_demand("1"));
        let bought = m.open(&m.buyer(), &choice("metered", ""));
        m.advance_to(harness::at("2024-04-06T16:05:00Z"));
        let records = [14, 15].map(|hour| m.record(&bought, &format!("2024-04-06T{hour}"), "1", &format!("of {hour}")));
        m.push(&m.seller(), &records);
        m.advance("2h");
        assert_eq!(m.balance(&m.buyer()), "999998.00");
        m.verify();
    });
}
