-- Messages, cases and searches name a product in the language of whoever reads; empty: as product_name.
ALTER TABLE orders ADD COLUMN product_name_en TEXT NOT NULL DEFAULT '';
ALTER TABLE supervision_cases ADD COLUMN product_name_en TEXT NOT NULL DEFAULT '';
