-- An address speaks a protocol: SaaS 1.0 is for the servers that sellers have already, order notifications
-- go to addresses of their own.

ALTER TABLE interface_addresses ADD COLUMN protocol TEXT NOT NULL DEFAULT 'saas-v2' CHECK (protocol IN ('saas-v2', 'saas-v1', 'order-notify'));
-- Some sellers of 1.0 sign a fixed list of parameters and fail when one is missing (saas-interface 3.1).
ALTER TABLE interface_addresses ADD COLUMN send_empty_parameters BOOLEAN NOT NULL DEFAULT FALSE;
-- An address for order notifications: of one product, or of all products of the seller.
ALTER TABLE interface_addresses ADD COLUMN notify_product_id BYTEA REFERENCES products (id);
