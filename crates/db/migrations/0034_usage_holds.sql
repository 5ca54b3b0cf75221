-- A charge far above what an instance used before waits for the consent of its buyer.
-- SQLite cannot change a check, so the table whose words grow is made anew.
CREATE TABLE usage_records_new (
    id BYTEA NOT NULL PRIMARY KEY,
    -- What the reference tells duplicates by, as a hash: seller and metering_sn, or instance, begin and end.
    known_by BYTEA NOT NULL,
    seller_id BYTEA NOT NULL,
    -- None when the seller has no such instance.
    instance_id BYTEA,
    sent_instance TEXT NOT NULL,
    metering_sn TEXT,
    begin_at BIGINT,
    end_at BIGINT,
    -- Ten-thousandths.
    quantity BIGINT,
    sent_value TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('accepted', 'held', 'refused', 'charged', 'corrected')),
    reason TEXT,
    -- How often the same record came again.
    repeats BIGINT NOT NULL,
    -- The record that this one replaces.
    corrects_id BYTEA,
    charge_id BYTEA,
    received_at BIGINT NOT NULL,
    -- The package that the record names (relate_pkg_instance).
    package_id BYTEA,
    -- The last charge of it that was held.
    hold_id BYTEA,
    CHECK (state = 'refused' OR (instance_id IS NOT NULL AND begin_at IS NOT NULL AND end_at IS NOT NULL AND quantity IS NOT NULL)),
    CHECK ((state = 'refused') = (reason IS NOT NULL)),
    CHECK ((state = 'charged') <= (charge_id IS NOT NULL)),
    CHECK ((state = 'held') <= (hold_id IS NOT NULL AND charge_id IS NULL))
) STRICT;
INSERT INTO usage_records_new SELECT id, known_by, seller_id, instance_id, sent_instance, metering_sn, begin_at, end_at, quantity,
    sent_value, state, reason, repeats, corrects_id, charge_id, received_at, package_id, NULL FROM usage_records;
DROP TABLE usage_records;
ALTER TABLE usage_records_new RENAME TO usage_records;
CREATE UNIQUE INDEX usage_records_known ON usage_records (known_by) WHERE state <> 'refused';
CREATE INDEX usage_records_by_seller ON usage_records (seller_id, received_at, id);
CREATE INDEX usage_records_to_rate ON usage_records (instance_id, begin_at, id) WHERE state = 'accepted';
CREATE INDEX usage_records_charged ON usage_records (instance_id, charge_id) WHERE charge_id IS NOT NULL;
CREATE INDEX usage_records_by_hold ON usage_records (hold_id) WHERE state = 'held';

CREATE TABLE usage_holds (
    id BYTEA NOT NULL PRIMARY KEY,
    instance_id BYTEA NOT NULL,
    buyer_id BYTEA NOT NULL,
    seller_id BYTEA NOT NULL,
    -- The hour or day that would be charged.
    begin_at BIGINT NOT NULL,
    quantity BIGINT NOT NULL,
    currency TEXT NOT NULL,
    amount_minor BIGINT NOT NULL CHECK (amount_minor > 0),
    -- The largest charge of the 30 days before; none when there was no charge.
    largest_minor BIGINT,
    state TEXT NOT NULL CHECK (state IN ('waiting', 'approved', 'refused', 'withdrawn')),
    created_at BIGINT NOT NULL,
    until_at BIGINT NOT NULL,
    decided_at BIGINT,
    -- Who or what ended it; a correction withdraws it, and so does an amount that grew meanwhile.
    decided_by TEXT CHECK (decided_by IN ('buyer', 'operator', 'time', 'correction', 'amount')),
    CHECK ((state = 'waiting') = (decided_at IS NULL)),
    CHECK ((decided_at IS NULL) = (decided_by IS NULL))
) STRICT;
CREATE INDEX usage_holds_by_instance ON usage_holds (instance_id, created_at, id);
CREATE INDEX usage_holds_by_buyer ON usage_holds (buyer_id, created_at, id);
CREATE INDEX usage_holds_by_seller ON usage_holds (seller_id, created_at, id);
CREATE INDEX usage_holds_by_time ON usage_holds (created_at, id);
