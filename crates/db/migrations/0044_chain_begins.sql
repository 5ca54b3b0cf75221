-- The chain of events begins with the database: a node that ends before its first seal, and comes back late, seals late and right.
INSERT INTO settings (name, value)
SELECT 'chain_head', '0 -9223372036854775808 '
WHERE NOT EXISTS (SELECT 1 FROM events) AND NOT EXISTS (SELECT 1 FROM settings WHERE name = 'chain_head');
