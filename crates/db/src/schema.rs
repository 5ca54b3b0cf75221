//! The tables as the query builder sees them; a test compares them with both databases.

diesel::table! {
    settings (name) {
        name -> Text,
        value -> Text,
    }
}

diesel::table! {
    accounts (id) {
        id -> Binary,
        name -> Text,
        kind -> Text,
        site -> Text,
        roles -> Text,
        created_at -> BigInt,
    }
}

diesel::table! {
    users (id) {
        id -> Binary,
        account_id -> Binary,
        login -> Text,
        name -> Text,
        password -> Text,
        language -> Text,
        dismissed -> Text,
        created_at -> BigInt,
        member_role -> Text,
        left_at -> Nullable<BigInt>,
        staff_role -> Nullable<Text>,
    }
}

diesel::table! {
    departments (id) {
        id -> Binary,
        account_id -> Binary,
        code -> Text,
        name -> Text,
        parent_id -> Nullable<Binary>,
        created_at -> BigInt,
    }
}

diesel::table! {
    positions (user_id) {
        user_id -> Binary,
        account_id -> Binary,
        department_id -> Nullable<Binary>,
        title -> Nullable<Text>,
        employee_code -> Nullable<Text>,
        employee_type -> Nullable<Text>,
        mobile -> Nullable<Binary>,
        email -> Nullable<Binary>,
    }
}

diesel::table! {
    invitations (id) {
        id -> Binary,
        account_id -> Binary,
        secret_hash -> Binary,
        login -> Text,
        name -> Text,
        member_role -> Text,
        department_id -> Nullable<Binary>,
        created_at -> BigInt,
        expires_at -> BigInt,
        state -> Text,
    }
}

diesel::table! {
    sessions (id) {
        id -> Binary,
        user_id -> Binary,
        secret_hash -> Binary,
        csrf -> Text,
        created_at -> BigInt,
        last_seen_at -> BigInt,
        expires_at -> BigInt,
        ended_at -> Nullable<BigInt>,
        address -> Text,
        agent -> Text,
    }
}

diesel::table! {
    api_tokens (id) {
        id -> Binary,
        user_id -> Binary,
        secret_hash -> Binary,
        name -> Text,
        scopes -> Text,
        created_at -> BigInt,
        expires_at -> Nullable<BigInt>,
        revoked_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    access_keys (id) {
        id -> Binary,
        user_id -> Binary,
        access -> Text,
        secret -> Binary,
        name -> Text,
        scopes -> Text,
        created_at -> BigInt,
        disabled_at -> Nullable<BigInt>,
        last_used_at -> Nullable<BigInt>,
        last_used_from -> Nullable<Text>,
        slot -> BigInt,
    }
}

diesel::table! {
    idempotency_keys (user_id, key) {
        user_id -> Binary,
        key -> Text,
        inputs_hash -> Binary,
        answer -> Nullable<Binary>,
        created_at -> BigInt,
    }
}

diesel::table! {
    sellers (account_id) {
        account_id -> Binary,
        profile -> Text,
        state -> Text,
        reason -> Nullable<Text>,
        submitted_at -> Nullable<BigInt>,
        decided_at -> Nullable<BigInt>,
        decided_by -> Nullable<Binary>,
    }
}

diesel::table! {
    interface_keys (id) {
        id -> Binary,
        seller_id -> Binary,
        name -> Text,
        class -> Text,
        secret -> Binary,
        created_at -> BigInt,
    }
}

diesel::table! {
    interface_addresses (id) {
        id -> Binary,
        seller_id -> Binary,
        name -> Text,
        url -> Text,
        key_id -> Binary,
        always_test_flag -> Bool,
        created_at -> BigInt,
        updated_at -> BigInt,
        protocol -> Text,
        send_empty_parameters -> Bool,
        notify_product_id -> Nullable<Binary>,
        landing_page -> Nullable<Text>,
        notify_access_type -> Nullable<Text>,
    }
}

diesel::table! {
    debug_cases (id) {
        id -> Binary,
        address_id -> Binary,
        scenario -> Text,
        request -> Text,
        answer -> Text,
        passed_at -> BigInt,
    }
}

diesel::table! {
    products (id) {
        id -> Binary,
        seller_id -> Binary,
        key -> Text,
        site -> Text,
        visibility -> Text,
        revision_id -> Nullable<Binary>,
        created_at -> BigInt,
        updated_at -> BigInt,
        freeze_cause -> Nullable<Text>,
    }
}

diesel::table! {
    listing_revisions (id) {
        id -> Binary,
        product_id -> Binary,
        number -> BigInt,
        state -> Text,
        listing -> Text,
        marks -> Text,
        reason -> Nullable<Text>,
        created_at -> BigInt,
        submitted_at -> Nullable<BigInt>,
        decided_at -> Nullable<BigInt>,
        decided_by -> Nullable<Binary>,
    }
}

diesel::table! {
    orders (id) {
        id -> Binary,
        number -> Text,
        kind -> Text,
        state -> Text,
        site -> Text,
        currency -> Text,
        total_minor -> BigInt,
        buyer_id -> Binary,
        seller_id -> Binary,
        customer_name -> Text,
        user_name -> Text,
        product_name -> Text,
        instance_id -> Nullable<Binary>,
        subject_order_id -> Nullable<Binary>,
        created_at -> BigInt,
        pay_by -> Nullable<BigInt>,
        paid_at -> Nullable<BigInt>,
        ended_at -> Nullable<BigInt>,
        reason -> Nullable<Text>,
        on_demand -> Bool,
        product_name_en -> Text,
    }
}

diesel::table! {
    order_lines (id) {
        id -> Binary,
        order_id -> Binary,
        number -> Text,
        product_id -> Binary,
        revision_id -> Binary,
        specification -> Text,
        sku -> Text,
        sold -> Text,
        charging_mode -> Text,
        period -> Nullable<Text>,
        quantity -> BigInt,
        amount_minor -> BigInt,
        refunded_minor -> BigInt,
        completed_at -> Nullable<BigInt>,
        instance_id -> Nullable<Binary>,
        released_minor -> BigInt,
    }
}

diesel::table! {
    instances (id) {
        id -> Binary,
        buyer_id -> Binary,
        seller_id -> Binary,
        product_id -> Binary,
        revision_id -> Binary,
        address_id -> Nullable<Binary>,
        line_id -> Binary,
        specification -> Text,
        sku -> Text,
        quantity -> BigInt,
        trial -> Bool,
        state -> Text,
        freeze_cause -> Nullable<Text>,
        freeze_reason -> Nullable<Text>,
        seller_instance_id -> Nullable<Text>,
        front_end_url -> Nullable<Text>,
        admin_url -> Nullable<Text>,
        user_name -> Nullable<Text>,
        password -> Nullable<Binary>,
        memo -> Nullable<Text>,
        licence -> Nullable<Binary>,
        anchor_day -> Nullable<BigInt>,
        opened_at -> Nullable<BigInt>,
        expires_at -> Nullable<BigInt>,
        ended_at -> Nullable<BigInt>,
        open_order_id -> Nullable<Binary>,
        created_at -> BigInt,
        access_type -> Text,
    }
}

diesel::table! {
    licences (id) {
        id -> Binary,
        code -> Text,
        seller_id -> Binary,
        buyer_id -> Nullable<Binary>,
        product_id -> Nullable<Binary>,
        instance_id -> Nullable<Binary>,
        order_line -> Nullable<Text>,
        issued_at -> BigInt,
        ordered_at -> BigInt,
        activated_at -> Nullable<BigInt>,
        real_effect_at -> Nullable<BigInt>,
        queried_at -> Nullable<BigInt>,
        shown_at -> Nullable<BigInt>,
        file_until -> Nullable<BigInt>,
    }
}

diesel::table! {
    licence_applications (id) {
        id -> Binary,
        event_id -> Text,
        instance_id -> Binary,
        seller_id -> Binary,
        buyer_id -> Binary,
        state -> Text,
        device_fingerprint -> Nullable<Text>,
        effective_at -> BigInt,
        expires_at -> Nullable<BigInt>,
        error -> Nullable<Text>,
        asked_at -> BigInt,
        delivered_at -> Nullable<BigInt>,
        kind -> Nullable<Text>,
        file_name -> Nullable<Text>,
        sha256 -> Nullable<Text>,
        content -> Nullable<Binary>,
    }
}

diesel::table! {
    licence_seats (licence_id, slot) {
        licence_id -> Binary,
        slot -> BigInt,
        lease -> Binary,
        client -> Text,
        node_id -> Nullable<Binary>,
        taken_at -> BigInt,
        renewed_at -> BigInt,
        lease_until -> BigInt,
    }
}

diesel::table! {
    licence_nodes (id) {
        id -> Binary,
        licence_id -> Binary,
        slot -> BigInt,
        fingerprint -> Text,
        bound_at -> BigInt,
        seen_at -> BigInt,
        released_at -> Nullable<BigInt>,
        released_by -> Nullable<Text>,
    }
}

diesel::table! {
    licence_keys (id) {
        id -> Binary,
        seller_id -> Binary,
        public_key -> Binary,
        private_key -> Binary,
        created_at -> BigInt,
    }
}

diesel::table! {
    licence_days (licence_id, day) {
        licence_id -> Binary,
        day -> Text,
        clients -> BigInt,
        reported -> BigInt,
    }
}

diesel::table! {
    licence_clients (licence_id, day, client) {
        licence_id -> Binary,
        day -> Text,
        client -> Binary,
    }
}

diesel::table! {
    probes (id) {
        id -> Binary,
        product_id -> Binary,
        seller_id -> Binary,
        at -> BigInt,
        day -> Text,
        passed -> Bool,
        cases -> BigInt,
        failed_case -> Nullable<Text>,
        reason -> Nullable<Text>,
        duration_ms -> BigInt,
        froze -> Bool,
    }
}

diesel::table! {
    auto_renewals (instance_id) {
        instance_id -> Binary,
        period -> Text,
        user_id -> Binary,
        since -> BigInt,
        price_minor -> BigInt,
        used_up_month -> Text,
    }
}

diesel::table! {
    trials (buyer_id, product_id, specification) {
        buyer_id -> Binary,
        product_id -> Binary,
        specification -> Text,
        order_id -> Binary,
    }
}

diesel::table! {
    instance_freezes (instance_id, from_at) {
        instance_id -> Binary,
        from_at -> BigInt,
        until_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    terms (id) {
        id -> Binary,
        instance_id -> Binary,
        line_id -> Binary,
        seq -> BigInt,
        start_at -> BigInt,
        end_at -> BigInt,
        period -> Text,
        price_minor -> BigInt,
        removed -> Bool,
    }
}

diesel::table! {
    term_fees (term_id, line_id) {
        term_id -> Binary,
        line_id -> Binary,
        fee_minor -> BigInt,
        days -> BigInt,
    }
}

diesel::table! {
    ledger_entries (id) {
        id -> Binary,
        kind -> Text,
        at -> BigInt,
        order_id -> Nullable<Binary>,
        line_id -> Nullable<Binary>,
        reference -> Text,
    }
}

diesel::table! {
    ledger_postings (entry_id, seq) {
        entry_id -> Binary,
        seq -> BigInt,
        account -> Text,
        owner -> Text,
        currency -> Text,
        amount_minor -> BigInt,
        at -> BigInt,
    }
}

diesel::table! {
    ledger_balances (account, owner, currency) {
        account -> Text,
        owner -> Text,
        currency -> Text,
        balance_minor -> BigInt,
    }
}

diesel::table! {
    corrections (id) {
        id -> Binary,
        kind -> Text,
        state -> Text,
        currency -> Text,
        amount_minor -> BigInt,
        reason -> Text,
        order_id -> Nullable<Binary>,
        order_number -> Nullable<Text>,
        from_account -> Nullable<Text>,
        from_owner -> Nullable<Text>,
        to_account -> Nullable<Text>,
        to_owner -> Nullable<Text>,
        asked_at -> BigInt,
        asked_by -> Binary,
        asked_name -> Text,
        decided_at -> Nullable<BigInt>,
        decided_by -> Nullable<Binary>,
        decided_name -> Nullable<Text>,
        note -> Nullable<Text>,
        alone -> Bool,
        line_id -> Nullable<Binary>,
    }
}

diesel::table! {
    transfers (id) {
        id -> Binary,
        account_id -> Binary,
        account_name -> Text,
        currency -> Text,
        amount_minor -> BigInt,
        reference -> Text,
        state -> Text,
        created_at -> BigInt,
        decided_at -> Nullable<BigInt>,
        decided_by -> Nullable<Binary>,
        reason -> Nullable<Text>,
    }
}

diesel::table! {
    bills (id) {
        id -> Binary,
        seller_id -> Binary,
        month -> Text,
        currency -> Text,
        total_minor -> BigInt,
        issued_at -> BigInt,
    }
}

diesel::table! {
    bill_lines (id) {
        id -> Binary,
        seller_id -> Binary,
        bill_id -> Nullable<Binary>,
        order_id -> Binary,
        line_id -> Binary,
        order_line -> Text,
        product_name -> Text,
        kind -> Text,
        part -> Text,
        currency -> Text,
        amount_minor -> BigInt,
        fee_minor -> BigInt,
        tax_minor -> BigInt,
        payable_minor -> BigInt,
        effective_at -> BigInt,
    }
}

diesel::table! {
    events (seq) {
        seq -> BigInt,
        kind -> Text,
        at -> BigInt,
        recorded_at -> BigInt,
        actor -> Text,
        order_id -> Nullable<Binary>,
        instance_id -> Nullable<Binary>,
        product_id -> Nullable<Binary>,
        account_id -> Nullable<Binary>,
        data -> Text,
    }
}

diesel::table! {
    event_seals (last_seq) {
        last_seq -> BigInt,
        hash -> Binary,
        sealed_at -> BigInt,
        form -> BigInt,
        reason -> Nullable<Text>,
    }
}

diesel::table! {
    jobs (id) {
        id -> Binary,
        kind -> Text,
        subject -> Nullable<Binary>,
        lane -> Text,
        due_at -> BigInt,
        attempts -> BigInt,
        state -> Text,
        lease_owner -> Text,
        lease_until -> BigInt,
        error -> Nullable<Text>,
        name -> Nullable<Text>,
    }
}

diesel::table! {
    calls (id) {
        id -> Binary,
        seller_id -> Binary,
        buyer_id -> Binary,
        product_id -> Binary,
        instance_id -> Binary,
        order_id -> Nullable<Binary>,
        order_number -> Nullable<Text>,
        seq -> BigInt,
        activity -> Text,
        request -> Text,
        state -> Text,
        attempts -> BigInt,
        failures -> BigInt,
        first_at -> Nullable<BigInt>,
        next_at -> Nullable<BigInt>,
        ended_at -> Nullable<BigInt>,
        last_error -> Nullable<Text>,
        created_at -> BigInt,
    }
}

diesel::table! {
    call_attempts (id) {
        id -> Binary,
        call_id -> Binary,
        number -> BigInt,
        started_at -> BigInt,
        url -> Text,
        request -> Text,
        outcome -> Nullable<Text>,
        status -> Nullable<BigInt>,
        answer -> Nullable<Text>,
        duration_ms -> Nullable<BigInt>,
        error -> Nullable<Text>,
    }
}

diesel::table! {
    messages (id) {
        id -> Binary,
        account_id -> Binary,
        event -> Text,
        params -> Text,
        order_id -> Nullable<Binary>,
        created_at -> BigInt,
        read_at -> Nullable<BigInt>,
        name -> Text,
        handed_on_at -> Nullable<BigInt>,
        subject -> Nullable<Text>,
    }
}

diesel::table! {
    exports (id) {
        id -> Binary,
        account_id -> Binary,
        role -> Text,
        filter -> Text,
        language -> Text,
        state -> Text,
        rows_done -> BigInt,
        rows_total -> Nullable<BigInt>,
        file -> Nullable<Text>,
        error -> Nullable<Text>,
        created_at -> BigInt,
        ended_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    pictures (id) {
        id -> Binary,
        seller_id -> Binary,
        kind -> Text,
        media_type -> Text,
        hash -> Binary,
        length -> BigInt,
        created_at -> BigInt,
    }
}

diesel::table! {
    floors (site, seq) {
        site -> Text,
        seq -> BigInt,
        floor -> Text,
    }
}

diesel::table! {
    cart_lines (id) {
        id -> Binary,
        buyer_id -> Binary,
        product_id -> Binary,
        specification -> Text,
        sku -> Text,
        period -> Text,
        quantity -> BigInt,
        created_at -> BigInt,
    }
}

diesel::table! {
    log_in_tries (login) {
        login -> Text,
        whole_at -> BigInt,
    }
}

diesel::table! {
    usage_batches (id) {
        id -> Binary,
        seller_id -> Binary,
        received_at -> BigInt,
        records -> Text,
    }
}

diesel::table! {
    usage_records (id) {
        id -> Binary,
        known_by -> Binary,
        seller_id -> Binary,
        instance_id -> Nullable<Binary>,
        sent_instance -> Text,
        metering_sn -> Nullable<Text>,
        begin_at -> Nullable<BigInt>,
        end_at -> Nullable<BigInt>,
        quantity -> Nullable<BigInt>,
        sent_value -> Text,
        state -> Text,
        reason -> Nullable<Text>,
        repeats -> BigInt,
        corrects_id -> Nullable<Binary>,
        charge_id -> Nullable<Binary>,
        received_at -> BigInt,
        package_id -> Nullable<Binary>,
        hold_id -> Nullable<Binary>,
    }
}

diesel::table! {
    former_usage_caps (instance_id, side, from_at) {
        instance_id -> Binary,
        side -> Text,
        from_at -> BigInt,
        until_at -> BigInt,
        amount_minor -> BigInt,
        action -> Text,
    }
}

diesel::table! {
    usage_caps (instance_id, side) {
        instance_id -> Binary,
        side -> Text,
        amount_minor -> BigInt,
        action -> Text,
        set_at -> BigInt,
        warned_month -> Text,
        reached_month -> Text,
    }
}

diesel::table! {
    usage_holds (id) {
        id -> Binary,
        instance_id -> Binary,
        buyer_id -> Binary,
        seller_id -> Binary,
        begin_at -> BigInt,
        quantity -> BigInt,
        currency -> Text,
        amount_minor -> BigInt,
        largest_minor -> Nullable<BigInt>,
        state -> Text,
        created_at -> BigInt,
        until_at -> BigInt,
        decided_at -> Nullable<BigInt>,
        decided_by -> Nullable<Text>,
    }
}

diesel::table! {
    assets (id) {
        id -> Binary,
        seller_id -> Binary,
        kind -> Text,
        name -> Text,
        created_at -> BigInt,
    }
}

diesel::table! {
    asset_versions (id) {
        id -> Binary,
        asset_id -> Binary,
        version -> Text,
        file_name -> Nullable<Text>,
        hash -> Nullable<Binary>,
        length -> Nullable<BigInt>,
        created_at -> BigInt,
    }
}

diesel::table! {
    asset_images (version_id, region) {
        version_id -> Binary,
        region -> Text,
        image_id -> Text,
        image_name -> Text,
        os_type -> Text,
        architecture -> Text,
        created_at -> BigInt,
    }
}

diesel::table! {
    open_api_calls (id) {
        id -> Binary,
        account_id -> Binary,
        access_key -> Text,
        at -> BigInt,
        method -> Text,
        path -> Text,
        status -> BigInt,
        code -> Nullable<Text>,
        failed -> Bool,
        request -> Binary,
        answer -> Binary,
        duration_us -> BigInt,
    }
}

diesel::table! {
    asset_links (asset_id, product_id, specification) {
        asset_id -> Binary,
        product_id -> Binary,
        specification -> Text,
        created_at -> BigInt,
    }
}

diesel::table! {
    package_windows (instance_id, begin_at) {
        instance_id -> Binary,
        begin_at -> BigInt,
        used -> BigInt,
    }
}

diesel::table! {
    package_draws (record_id, instance_id) {
        record_id -> Binary,
        instance_id -> Binary,
        window_at -> BigInt,
        quantity -> BigInt,
    }
}

diesel::table! {
    usage_totals (instance_id, cycle_at) {
        instance_id -> Binary,
        cycle_at -> BigInt,
        quantity -> BigInt,
        exact -> Text,
        charged_minor -> BigInt,
    }
}

diesel::table! {
    usage_charges (id) {
        id -> Binary,
        instance_id -> Binary,
        buyer_id -> Binary,
        seller_id -> Binary,
        begin_at -> BigInt,
        quantity -> BigInt,
        currency -> Text,
        amount_minor -> BigInt,
        state -> Text,
        created_at -> BigInt,
        paid_at -> Nullable<BigInt>,
        from_packages -> BigInt,
    }
}

diesel::table! {
    applications (id) {
        id -> Binary,
        seller_id -> Binary,
        product_id -> Binary,
        address_id -> Binary,
        name -> Text,
        login_url -> Text,
        public_key -> Text,
        client_id -> Text,
        client_secret -> Binary,
        redirect_uris -> Text,
        created_at -> BigInt,
        updated_at -> BigInt,
    }
}

diesel::table! {
    bindings (instance_id) {
        instance_id -> Binary,
        application_id -> Binary,
        buyer_id -> Binary,
        state -> Text,
        began_at -> BigInt,
    }
}

diesel::table! {
    grants (instance_id, user_id) {
        instance_id -> Binary,
        user_id -> Binary,
        role -> Text,
        granted_at -> BigInt,
        signed_on_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    sign_ons (id) {
        id -> Binary,
        application_id -> Binary,
        instance_id -> Binary,
        user_id -> Binary,
        scope -> Text,
        redirect_uri -> Text,
        challenge -> Nullable<Text>,
        nonce -> Nullable<Text>,
        code_hash -> Binary,
        code_expires_at -> BigInt,
        code_used_at -> Nullable<BigInt>,
        access_hash -> Nullable<Binary>,
        access_expires_at -> Nullable<BigInt>,
        refresh_hash -> Nullable<Binary>,
        refresh_expires_at -> Nullable<BigInt>,
        former_hash -> Nullable<Binary>,
        begun_at -> BigInt,
        ended_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    signing_keys (id) {
        id -> Binary,
        private_key -> Binary,
        modulus -> Text,
        exponent -> Text,
        created_at -> BigInt,
    }
}

diesel::table! {
    seller_domains (id) {
        id -> Binary,
        seller_id -> Binary,
        name -> Text,
        proof -> Text,
        created_at -> BigInt,
        proven_at -> Nullable<BigInt>,
        proven_by -> Nullable<Text>,
    }
}

diesel::table! {
    neighbour_customers (seller_id, buyer_id) {
        seller_id -> Binary,
        buyer_id -> Binary,
        identifier -> Text,
        number -> Text,
    }
}

diesel::table! {
    supervision_templates (key, version) {
        key -> Text,
        version -> BigInt,
        access_type -> Text,
        flow -> Text,
        valid_from -> Text,
        body -> Text,
        loaded_at -> BigInt,
        loaded_by -> Text,
    }
}

diesel::table! {
    supervision_cases (id) {
        id -> Binary,
        order_id -> Binary,
        line_id -> Binary,
        instance_id -> Binary,
        buyer_id -> Binary,
        seller_id -> Binary,
        order_number -> Text,
        product_name -> Text,
        customer_name -> Text,
        access_type -> Text,
        template_key -> Text,
        template_version -> BigInt,
        state -> Text,
        node -> Text,
        buyer_turn -> Bool,
        seller_turn -> Bool,
        operator_turn -> Bool,
        appeal_due_at -> Nullable<BigInt>,
        started_at -> BigInt,
        ended_at -> Nullable<BigInt>,
        body -> Text,
        address -> Nullable<Binary>,
        tracking -> Nullable<Text>,
        changes -> BigInt,
        product_name_en -> Text,
    }
}

diesel::table! {
    supervision_steps (case_id, seq) {
        case_id -> Binary,
        seq -> BigInt,
        at -> BigInt,
        party -> Text,
        actor -> Text,
        kind -> Text,
        from_node -> Text,
        to_node -> Text,
        data -> Text,
    }
}

diesel::table! {
    documents (id) {
        id -> Binary,
        account_id -> Binary,
        case_id -> Nullable<Binary>,
        step -> Nullable<BigInt>,
        kind -> Text,
        name -> Text,
        hash -> Binary,
        length -> BigInt,
        created_at -> BigInt,
    }
}

diesel::table! {
    account_tracks (account_id) {
        account_id -> Binary,
        track -> Text,
        set_at -> BigInt,
    }
}

diesel::table! {
    message_recipients (id) {
        id -> Binary,
        account_id -> Binary,
        type_code -> Text,
        name -> Text,
        mailbox -> Nullable<Binary>,
        phone -> Nullable<Binary>,
        language -> Text,
        time_zone -> Text,
        created_at -> BigInt,
        confirmed_at -> Nullable<BigInt>,
        mailbox_index -> Nullable<Binary>,
    }
}

diesel::table! {
    mailbox_asks (account_id, mailbox_index) {
        account_id -> Binary,
        mailbox_index -> Binary,
        asked_at -> BigInt,
    }
}

diesel::table! {
    message_settings (account_id, type_code) {
        account_id -> Binary,
        type_code -> Text,
        mail -> Bool,
        sms -> Bool,
        digest -> Bool,
    }
}

diesel::table! {
    webhook_endpoints (id) {
        id -> Binary,
        account_id -> Binary,
        url -> Text,
        description -> Text,
        events -> Text,
        enabled -> Bool,
        disabled_reason -> Nullable<Text>,
        secret -> Binary,
        old_secret -> Nullable<Binary>,
        old_until -> Nullable<BigInt>,
        created_at -> BigInt,
    }
}

diesel::table! {
    deliveries (id) {
        id -> Binary,
        message_id -> Binary,
        account_id -> Binary,
        channel -> Text,
        target -> Binary,
        event -> Text,
        digest -> Bool,
        state -> Text,
        attempts -> BigInt,
        created_at -> BigInt,
        next_at -> Nullable<BigInt>,
        ended_at -> Nullable<BigInt>,
        error -> Nullable<Text>,
    }
}

diesel::table! {
    delivery_attempts (delivery_id, number) {
        delivery_id -> Binary,
        number -> BigInt,
        started_at -> BigInt,
        duration_ms -> Nullable<BigInt>,
        status -> Nullable<BigInt>,
        error -> Nullable<Text>,
        answer -> Nullable<Text>,
    }
}

diesel::allow_tables_to_appear_in_same_query!(
    deliveries,
    delivery_attempts,
    mailbox_asks,
    message_recipients,
    message_settings,
    webhook_endpoints,
    account_tracks,
    documents,
    supervision_steps,
    supervision_cases,
    supervision_templates,
    neighbour_customers,
    seller_domains,
    applications,
    bindings,
    grants,
    sign_ons,
    signing_keys,
    departments,
    positions,
    invitations,
    probes,
    licences,
    licence_applications,
    licence_days,
    licence_keys,
    licence_nodes,
    licence_seats,
    licence_clients,
    settings,
    accounts,
    users,
    sessions,
    api_tokens,
    access_keys,
    idempotency_keys,
    sellers,
    interface_keys,
    interface_addresses,
    debug_cases,
    products,
    listing_revisions,
    orders,
    order_lines,
    open_api_calls,
    asset_images,
    asset_links,
    asset_versions,
    assets,
    package_draws,
    package_windows,
    instances,
    auto_renewals,
    instance_freezes,
    corrections,
    term_fees,
    terms,
    trials,
    ledger_entries,
    ledger_postings,
    ledger_balances,
    transfers,
    bills,
    bill_lines,
    events,
    event_seals,
    jobs,
    calls,
    call_attempts,
    messages,
    exports,
    pictures,
    floors,
    cart_lines,
    log_in_tries,
    usage_batches,
    usage_records,
    usage_totals,
    usage_charges,
    usage_holds,
    usage_caps,
    former_usage_caps,
);

diesel::joinable!(order_lines -> orders (order_id));
diesel::joinable!(ledger_postings -> ledger_entries (entry_id));
