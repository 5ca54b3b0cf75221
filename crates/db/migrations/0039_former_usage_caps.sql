-- Caps as they were: what was used while one was in force is judged by it.
CREATE TABLE former_usage_caps (
    instance_id BYTEA NOT NULL,
    side TEXT NOT NULL CHECK (side IN ('buyer', 'seller')),
    from_at BIGINT NOT NULL,
    -- Exclusive.
    until_at BIGINT NOT NULL,
    amount_minor BIGINT NOT NULL CHECK (amount_minor > 0),
    action TEXT NOT NULL CHECK (action IN ('freeze', 'refuse')),
    PRIMARY KEY (instance_id, side, from_at)
) STRICT;
