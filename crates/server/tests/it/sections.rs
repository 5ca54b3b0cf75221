//! Each section of the interface references that states a rule has a test that plays it; those that have none are named
//! here with the reason.

use std::{collections::BTreeSet, path::Path};

/// Reference and section, and the tests that play it.
const PLAYED: &[(&str, &[&str])] = &[
    ("saas-interface 1.1", &["the_documented_codes_read_back_and_others_are_kept", "every_result_code_has_its_outcome"]),
    (
        "saas-interface 1.2",
        &["create_is_tried_hourly_for_three_hours", "a_seller_who_never_opens_is_tried_for_three_hours_and_the_money_goes_back"],
    ),
    (
        "saas-interface 2.1",
        &[
            "the_body_is_sorted_compact_raw_and_without_nulls",
            "the_verifier_answers_as_the_official_sample",
            "every_usual_mistake_gives_another_signature",
        ],
    ),
    (
        "saas-interface 2.2",
        &[
            "every_activity_sends_the_fields_of_its_table_and_no_others",
            "asynchronous_opening_is_polled_until_the_data_come",
            "the_spellings_of_real_sellers_are_read",
        ],
    ),
    ("saas-interface 2.3", &["listings_need_the_documented_cases"]),
    (
        "saas-interface 2.4",
        &[
            "an_expired_instance_is_frozen_kept_fifteen_days_and_released",
            "arrears_are_told_then_freeze_and_a_top_up_ends_them",
            "the_operator_freezes_for_a_violation_and_lifts_it",
        ],
    ),
    (
        "saas-interface 3.1",
        &[
            "any_value_is_verified_as_it_was_signed",
            "the_usual_mistakes_give_other_tokens",
            "optional_parameters_are_left_out_or_sent_empty",
        ],
    ),
    ("saas-interface 3.2", &["the_three_spellings_of_body_sign_are_read_and_wrong_ones_told_apart"]),
    (
        "saas-interface 3.3",
        &[
            "every_activity_sends_the_parameters_of_its_table_and_no_others",
            "the_python_seller_lives_a_whole_life",
            "saas_1_0_gets_them_encrypted_with_the_creation",
        ],
    ),
    ("saas-interface 3.4", &["the_stream_is_that_of_java", "what_is_encrypted_comes_back"]),
    (
        "saas-interface 4",
        &[
            "every_path_sends_the_fields_of_its_table_and_no_others",
            "one_hmac_signs_key_nonce_time_and_body",
            "a_company_binds_an_application_in_java_and_its_people_sign_on",
            "what_fails_is_told_and_tried_again_by_the_buyer",
            "codes_and_tokens_follow_the_rules_of_oauth_and_openid",
        ],
    ),
    (
        "saas-interface 5",
        &[
            "a_paid_order_is_told_once_at_the_address_for_its_product_or_for_all",
            "a_notification_that_fails_is_tried_for_three_hours_and_holds_nothing_up",
        ],
    ),
    ("license-interface 2.1", &["a_code_is_bought_activated_asked_about_and_ends", "a_licence_follows_its_instance"]),
    ("license-interface 2.2.1", &["a_code_is_bought_activated_asked_about_and_ends", "two_activations_at_once_open_once"]),
    ("license-interface 2.2.2", &["a_batch_is_activated_whole_or_not_at_all"]),
    ("license-interface 2.2.3", &["a_code_is_bought_activated_asked_about_and_ends", "the_old_heartbeat_still_names_its_client"]),
    ("license-interface 2.2.4", &["a_batch_is_activated_whole_or_not_at_all"]),
    ("license-interface 2.2.5", &["active_clients_are_counted_once_a_day_and_shown", "each_usage_report_says_exactly_one_thing"]),
    (
        "license-interface 2.3",
        &[
            "what_is_wrong_with_a_body_has_its_documented_code",
            "codes_of_others_do_not_exist_and_wrong_requests_get_their_documented_codes",
        ],
    ),
    ("license-interface 2.4.1", &["a_server_that_wants_to_hear_of_codes_is_told_with_the_key_of_their_class"]),
    (
        "license-interface 2.4.2",
        &["a_server_that_wants_to_hear_of_codes_is_told_with_the_key_of_their_class", "the_known_answer_of_the_reference_is_met"],
    ),
    ("license-interface 2.4.3", &["a_server_that_wants_to_hear_of_codes_is_told_with_the_key_of_their_class"]),
    ("license-interface 2.4.5", &["licences_have_schedules_of_their_own"]),
    ("license-interface 2.5", &["a_seller_proves_its_software_with_test_codes_before_anything_is_sold"]),
    ("license-interface 3.1", &["the_known_answer_of_the_reference_is_met"]),
    ("license-interface 3.2", &["a_licence_of_1_x_comes_with_the_purchase_and_hears_of_its_end"]),
    ("license-interface 3.3", &["a_licence_of_1_x_that_does_not_come_waits_for_the_seller"]),
    (
        "license-interface 4.2",
        &[
            "an_application_sends_the_fields_of_its_table_and_the_sample_s_time",
            "an_instance_of_on_line_opening_lives_as_in_saas_2_0_and_names_the_renewal_that_is_given_back",
        ],
    ),
    ("license-interface 4.3", &["a_buyer_asks_for_licences_and_the_seller_uploads_them"]),
    ("license-interface 4.4", &["an_application_that_the_seller_refuses_is_told_and_may_be_made_again"]),
    ("license-interface 4.5", &["licences_have_schedules_of_their_own"]),
    (
        "open-api 1",
        &[
            "the_known_answer_of_the_signing_guide_is_met",
            "the_differences_of_real_clients_pass",
            "a_wrong_signature_is_told_what_the_server_computed",
            "both_public_sdk_cores_and_a_java_client_call_every_operation",
        ],
    ),
    (
        "open-api 3.1",
        &["a_seller_learns_what_was_bought_and_nothing_of_others", "a_seller_gets_what_he_asked_for_and_the_buyer_gave_and_nothing_else"],
    ),
    ("open-api 3.2", &["every_mock_order_is_of_its_kind", "the_recorded_answer_of_the_first_mock_order_is_given"]),
    (
        "open-api 3.3",
        &["a_push_that_is_not_signed_or_not_readable_stores_nothing", "each_bad_body_is_refused_by_name_and_nothing_is_stored"],
    ),
    (
        "open-api 4.1",
        &[
            "a_body_is_known_by_its_signature_as_sent_and_in_sorted_compact_form",
            "what_is_used_is_charged_by_the_hour_shared_and_billed_by_day",
        ],
    ),
    ("open-api 4.2", &["a_record_counts_once_however_often_and_by_whatever_interface_it_comes"]),
    (
        "open-api 4.3",
        &["each_wrong_record_is_refused_with_its_reason_and_may_be_sent_again", "a_correction_replaces_a_record_and_its_charge"],
    ),
    ("open-api 6", &["a_buyer_asks_for_licences_and_the_seller_uploads_them"]),
    (
        "open-api 7",
        &["orders_are_created_all_or_none_and_once_for_a_token", "both_public_sdk_cores_and_a_java_client_call_every_buyer_side_operation"],
    ),
    ("open-api 5", &["a_package_is_sent_linked_bought_and_fetched_by_an_address_that_is_good_for_minutes"]),
    ("open-api 8", &["a_wrong_signature_is_told_what_the_server_computed"]),
];

/// Sections that state a rule which is not kept yet.
const NOT_YET: &[(&str, &str)] = &[("license-interface 2.6", "service supervision: a code is seen by both sides at once until then")];

/// The sections that state rules, in the order of the references.
const SECTIONS: &[(&str, &[&str])] = &[
    ("saas-interface", &["1.1", "1.2", "2.1", "2.2", "2.3", "2.4", "3.1", "3.2", "3.3", "3.4", "4", "5"]),
    (
        "license-interface",
        &[
            "2.1", "2.2.1", "2.2.2", "2.2.3", "2.2.4", "2.2.5", "2.3", "2.4.1", "2.4.2", "2.4.3", "2.4.5", "2.5", "2.6", "3.1", "3.2",
            "3.3", "4.2", "4.3", "4.4", "4.5",
        ],
    ),
    ("open-api", &["1", "3.1", "3.2", "3.3", "4.1", "4.2", "4.3", "5", "6", "7", "8"]),
];

/// Names of functions that carry a test attribute, in a folder and below.
fn tests_in(folder: &Path, found: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            tests_in(&path, found);
        } else if path.extension().is_some_and(|e| e == "rs") {
            let text = std::fs::read_to_string(&path).unwrap();
            let mut marked = false;
            for line in text.lines().map(str::trim) {
                marked |= line.starts_with("#[test]") || line.starts_with("#[tokio::test");
                let name = line.split_once("fn ").filter(|_| marked).map(|(_, rest)| rest.split('(').next().unwrap_or_default());
                if let Some(name) = name {
                    found.insert(name.to_owned());
                    // Properties have no mark of their own in a block; one mark stands for one function.
                    marked = false;
                }
            }
        }
    }
}

#[test]
fn every_section_of_the_references_is_played_by_a_test_that_exists() {
    let mut exist = BTreeSet::new();
    tests_in(&Path::new(env!("CARGO_MANIFEST_DIR")).join(".."), &mut exist);
    let gone: Vec<_> =
        PLAYED.iter().flat_map(|(section, tests)| tests.iter().map(move |t| (section, t))).filter(|(_, t)| !exist.contains(**t)).collect();
    assert!(gone.is_empty(), "tests that do not exist: {gone:?}");
    for (reference, sections) in SECTIONS {
        for section in *sections {
            let name = format!("{reference} {section}");
            let played = PLAYED.iter().any(|(s, tests)| *s == name && !tests.is_empty());
            let excused = NOT_YET.iter().any(|(s, why)| *s == name && !why.is_empty());
            assert!(played != excused, "{name}: played by a test, or named with the reason why not");
        }
    }
    let known = |name: &str| SECTIONS.iter().any(|(r, all)| all.iter().any(|s| format!("{r} {s}") == name));
    assert!(PLAYED.iter().map(|p| p.0).chain(NOT_YET.iter().map(|n| n.0)).all(known), "a section that no reference has");
}
