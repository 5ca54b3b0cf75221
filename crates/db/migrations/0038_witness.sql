-- The order line that a correcting posting mends.
ALTER TABLE corrections ADD COLUMN line_id BYTEA REFERENCES order_lines (id);
-- What a seal covers of its events: 1, what is shown of them; 2, all of their columns.
ALTER TABLE event_seals ADD COLUMN form BIGINT NOT NULL DEFAULT 1;
-- Why a seal was made again over events that stood in the chain before.
ALTER TABLE event_seals ADD COLUMN reason TEXT;
