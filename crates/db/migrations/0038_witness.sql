-- The order line that a correcting posting mends.
ALTER TABLE corrections ADD COLUMN line_id BYTEA REFERENCES order_lines (id);
-- What a seal covers of its events: 1, what is shown of them; 2, all of their columns.
ALTER TABLE event_seals ADD COLUMN form BIGINT NOT NULL DEFAULT 1;
-- Why a seal was made again over events that stood in the chain before.
ALTER TABLE event_seals ADD COLUMN reason TEXT;
-- When instances were frozen: use that begins then is not charged.
CREATE TABLE instance_freezes (
    instance_id BYTEA NOT NULL REFERENCES instances (id),
    from_at BIGINT NOT NULL,
    -- None while it is frozen.
    until_at BIGINT,
    PRIMARY KEY (instance_id, from_at)
) STRICT;
INSERT INTO instance_freezes (instance_id, from_at)
    SELECT i.id, MAX(e.at) FROM instances i JOIN events e ON e.instance_id = i.id
    WHERE i.state = 'frozen' AND e.kind = 'instance.frozen' GROUP BY i.id;
-- Batches of a seller are judged in the order in which they came.
CREATE INDEX usage_batches_by_seller ON usage_batches (seller_id, received_at, id);
