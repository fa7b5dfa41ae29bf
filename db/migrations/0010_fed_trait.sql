-- 0010_fed_trait: a bank's own traits whose values its feeds bring (decision 0023), and
-- since when a campaign counts what starts it.

ALTER TABLE trait ALTER COLUMN rule DROP NOT NULL;
ALTER TABLE trait
    ADD COLUMN source   text NOT NULL DEFAULT 'derived'
        CHECK (source IN ('derived', 'feed')),
    ADD COLUMN currency text CHECK (length(currency) = 3), -- of all its values
    ADD CHECK ((source = 'derived') = (rule IS NOT NULL)),
    ADD CHECK ((source = 'feed' AND type = 'money') = (currency IS NOT NULL));

-- One value of one customer; in the column that its trait's type says. Columns of fixed
-- width first, so that a row takes 48 bytes and its text.
CREATE TABLE trait_value (
    customer_id bigint   NOT NULL,
    whole       bigint,                  -- int; bool: 0, 1; money: minor units
    real        double precision CHECK (real < 'Infinity' AND real > '-Infinity'),
    at          timestamptz CHECK (at BETWEEN '0001-01-01 00:00Z' AND '9999-12-31 23:59:59.999999Z'),
    trait_id    integer  NOT NULL,
    day         date     CHECK (day BETWEEN '0001-01-01' AND '9999-12-31'),
    bucket      smallint NOT NULL CHECK (bucket BETWEEN 0 AND 255),
    text        text     CHECK (length(text) > 0),
    PRIMARY KEY (bucket, customer_id, trait_id),
    CHECK (num_nonnulls(whole, real, at, day, text) = 1)
);
ALTER PUBLICATION steward_book ADD TABLE trait_value (bucket, customer_id, trait_id);

-- When a trait was fed last, whether or not a value changed. Not in the publication: a
-- feed that brings nothing new is no change of the book.
CREATE TABLE trait_feed (
    trait_id integer     PRIMARY KEY REFERENCES trait,
    fed_at   timestamptz NOT NULL,
    source   text        NOT NULL        -- who fed it: an import's mapping, a token
);

ALTER TABLE campaign ADD COLUMN activated_at timestamptz;
UPDATE campaign SET activated_at = updated_at WHERE state IN ('active', 'paused');
