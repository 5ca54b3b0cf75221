-- Instances are also read by their end; those that never end come last.

CREATE INDEX instances_by_buyer_end ON instances (buyer_id, COALESCE(expires_at, 9223372036854775807), id);
CREATE INDEX instances_by_seller_end ON instances (seller_id, COALESCE(expires_at, 9223372036854775807), id);
CREATE INDEX instances_by_end ON instances (COALESCE(expires_at, 9223372036854775807), id);
