-- Automatic renewal: a buyer wants a term more of this period before the last one ends (order-life 3).
CREATE TABLE auto_renewals (
    instance_id BYTEA NOT NULL PRIMARY KEY REFERENCES instances (id),
    period TEXT NOT NULL,
    -- In whose name the orders are placed.
    user_id BYTEA NOT NULL REFERENCES users (id),
    since BIGINT NOT NULL
) STRICT;
