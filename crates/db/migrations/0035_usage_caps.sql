-- What an instance may use in a month at most, as its buyer and its seller said.
CREATE TABLE usage_caps (
    instance_id BYTEA NOT NULL,
    side TEXT NOT NULL CHECK (side IN ('buyer', 'seller')),
    amount_minor BIGINT NOT NULL CHECK (amount_minor > 0),
    -- At 100 %: the instance is frozen, or further records are refused.
    action TEXT NOT NULL CHECK (action IN ('freeze', 'refuse')),
    set_at BIGINT NOT NULL,
    -- The last month, yyyy-MM at the site, in which was told that 80 % and 100 % are reached.
    warned_month TEXT NOT NULL DEFAULT '',
    reached_month TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (instance_id, side)
) STRICT;
