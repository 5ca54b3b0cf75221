-- An address for order notifications may be that of all products of one access type (saas-interface 5).
ALTER TABLE interface_addresses ADD COLUMN notify_access_type TEXT
    CHECK (notify_access_type IN ('saas', 'license_code', 'license_1x', 'license_online'));
