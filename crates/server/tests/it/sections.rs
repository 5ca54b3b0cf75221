//! Each section of the references that states a rule has a test that plays it, wherever that test lives; those that have
//! none are named here with the reason. The map only grows.

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
    (
        "license-interface 2.6",
        &[
            "an_order_before_2024_09_14_is_claimed_activated_proved_and_accepted_by_itself",
            "a_licence_is_bound_to_an_identification_code_of_the_system_or_the_hardware",
            "the_platform_reviews_joint_products_of_the_programmes_in_two_stages",
        ],
    ),
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
    ("order-life 1", &["a_renewal_appends_a_term_and_keeps_the_day_of_the_month", "the_term_starts_at_the_actual_opening_time"]),
    (
        "order-life 2",
        &[
            "a_paid_order_opens_completes_and_settles",
            "an_unpaid_order_waits_is_paid_cancelled_or_runs_out",
            "of_payments_and_cancellations_at_once_one_counts",
            "data_that_never_come_end_in_a_refund_and_the_instance_is_released_at_the_sellers",
        ],
    ),
    (
        "order-life 3",
        &[
            "a_trial_is_free_once_and_becomes_formal",
            "an_upgrade_costs_the_documented_fee_and_keeps_the_end",
            "eight_paid_renewals_at_once_are_eight_terms_one_after_the_other",
        ],
    ),
    ("order-life 4", &["an_expired_instance_is_frozen_kept_fifteen_days_and_released", "a_frozen_instance_that_is_renewed_works_again"]),
    (
        "order-life 5",
        &[
            "a_purchase_is_given_back_until_the_last_second_of_five_days",
            "ten_unsubscriptions_a_year_and_from_the_last_term_backwards",
            "of_eight_unsubscriptions_at_once_one_gives_back",
        ],
    ),
    ("order-life 6", &["the_time_line_tells_each_role_what_it_may_know", "the_time_line_of_an_instance_is_that_of_all_its_orders"]),
    ("order-life 7", &["every_account_is_explained_after_any_sequence", "killed_in_a_busy_moment_nothing_is_lost_and_nothing_done_twice"]),
    ("seller-domain 1.2", &["a_seller_applies_and_is_approved_or_sent_back"]),
    ("seller-domain 1.3", &["a_profile_is_complete_and_has_no_links_in_it"]),
    ("seller-domain 2.3", &["a_new_revision_is_reviewed_while_the_old_one_sells", "what_is_in_review_is_withdrawn_before_it_is_changed"]),
    ("seller-domain 2.4", &["a_draft_with_wrong_fields_is_not_submitted_and_each_field_is_named"]),
    (
        "seller-domain 2.5",
        &[
            "each_choice_that_cannot_be_had_is_refused_by_its_rule",
            "of_several_packages_the_one_that_ends_first_gives_first_and_corrections_give_back",
            "a_package_that_resets_within_a_month_is_not_renewed_automatically",
        ],
    ),
    ("seller-domain 2.6", &["a_product_changes_from_the_states_that_allow_it"]),
    ("seller-domain 4.3", &["the_term_starts_at_the_actual_opening_time"]),
    ("seller-domain 4.4", &["arrears_are_told_then_freeze_and_a_top_up_ends_them"]),
    ("seller-domain 4.5", &["case_b_a_year_by_the_month_unsubscribed_after_two_days", "what_cannot_be_given_back_is_refused_by_its_rule"]),
    ("seller-domain 5.2", &["what_is_done_at_a_node_is_what_its_template_asks_for", "a_case_is_nobody_elses"]),
    (
        "seller-domain 5.3",
        &[
            "a_site_is_designed_accepted_built_and_accepted",
            "milestones_pay_the_seller_part_by_part_and_the_rest_may_be_given_back",
            "an_order_before_2024_09_14_is_claimed_activated_proved_and_accepted_by_itself",
        ],
    ),
    (
        "seller-domain 5.4",
        &[
            "goods_are_accepted_by_themselves_ten_days_after_the_carrier_delivered",
            "a_case_that_stays_open_is_told_of_every_week_from_day_180_and_the_clock_may_jump",
        ],
    ),
    ("seller-domain 5.5", &["evidence_is_what_it_says_and_is_used_once_by_its_sender"]),
    ("seller-domain 5.6", &["an_appeal_freezes_the_flow_until_the_platform_decides_once", "of_eight_decisions_at_once_one_pays_back"]),
    ("seller-domain 6.1", &["an_address_has_a_key_of_its_seller_and_of_its_class_which_stays"]),
    ("seller-domain 6.2", &["a_restart_inside_the_window_opens_at_once", "restarted_eight_times_at_once_a_message_goes_once"]),
    (
        "seller-domain 6.3",
        &[
            "more_than_five_failed_openings_in_a_month_take_the_product_off_sale",
            "products_are_probed_morning_and_afternoon_and_frozen_after_five_failing_days",
        ],
    ),
    ("money-reseller-buyer-domain 1.1", &["a_renewal_stands_on_the_bill_of_the_month_in_which_it_begins"]),
    ("money-reseller-buyer-domain 1.2", &["the_first_of_the_month_at_the_site_divides_the_bills"]),
    ("money-reseller-buyer-domain 1.3", &["the_overviews_of_buyer_and_seller_add_up_to_what_was_paid_and_earned"]),
    (
        "money-reseller-buyer-domain 1.4",
        &[
            "case_a_a_renewal_not_yet_effective_is_refunded_and_the_bill_adds_up_to_nothing",
            "a_refund_after_the_bill_stands_in_the_next_one",
        ],
    ),
    ("deployment-and-messages 5.1", &["nobody_is_written_to_who_did_not_agree", "customer_service_hears_of_a_failing_interface_too"]),
    ("open-api 5", &["a_package_is_sent_linked_bought_and_fetched_by_an_address_that_is_good_for_minutes"]),
    ("open-api 8", &["a_wrong_signature_is_told_what_the_server_computed"]),
];

/// Sections that state a rule which is not kept yet.
const NOT_YET: &[(&str, &str)] = &[];

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
    ("order-life", &["1", "2", "3", "4", "5", "6", "7"]),
    (
        "seller-domain",
        &["1.2", "1.3", "2.3", "2.4", "2.5", "2.6", "4.3", "4.4", "4.5", "5.2", "5.3", "5.4", "5.5", "5.6", "6.1", "6.2", "6.3"],
    ),
    ("money-reseller-buyer-domain", &["1.1", "1.2", "1.3", "1.4"]),
    ("deployment-and-messages", &["5.1"]),
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
