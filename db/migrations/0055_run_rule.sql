-- A campaign whose audience has an answer for nobody, because its rule fails, is held back as
-- one whose data is bad is: the error, with its place in the rule.
ALTER TABLE campaign_run
    ADD COLUMN held_rule text,
    ADD CHECK (held_rule IS NULL OR held_trait IS NULL);
