-- Sellers who speak to AWS Marketplace or Azure already: their customers' names there, and the page on which an Azure
-- buyer sets a subscription up (its address is the webhook).

CREATE TABLE neighbour_customers (
    seller_id BYTEA NOT NULL REFERENCES accounts (id),
    buyer_id BYTEA NOT NULL REFERENCES accounts (id),
    -- CustomerIdentifier and CustomerAWSAccountId: the same buyer has others with another seller.
    identifier TEXT NOT NULL UNIQUE,
    number TEXT NOT NULL,
    PRIMARY KEY (seller_id, buyer_id),
    UNIQUE (seller_id, number)
) STRICT;

ALTER TABLE interface_addresses ADD COLUMN landing_page TEXT;
