-- An address speaks a protocol; SaaS 1.0 is for the servers that sellers have already.

ALTER TABLE interface_addresses ADD COLUMN protocol TEXT NOT NULL DEFAULT 'saas-v2' CHECK (protocol IN ('saas-v2', 'saas-v1'));
-- Some sellers of 1.0 sign a fixed list of parameters and fail when one is missing (saas-interface 3.1).
ALTER TABLE interface_addresses ADD COLUMN send_empty_parameters BOOLEAN NOT NULL DEFAULT FALSE;
