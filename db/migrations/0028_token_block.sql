-- 0028_token_block: people whose tokens of the identity provider are no longer taken.

-- The provider's tokens are not kept here, so they are refused by whom they name and when
-- they were issued. The instant moves on, never back.
CREATE TABLE token_block (
    subject       text PRIMARY KEY,
    issued_before timestamptz NOT NULL    -- by the database's clock
);
