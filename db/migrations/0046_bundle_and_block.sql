-- What a bundle is about that was asked for over the API (docs/bundle.md). Who asked,
-- who approved and when it was taken are export_request's. A row goes when its bundle is
-- taken, or when it was not for two weeks: a number is not kept longer.
CREATE TABLE bundle_request (
    request_id   uuid PRIMARY KEY REFERENCES export_request,
    complaint    uuid,
    customer     text,
    campaign     text,
    phone_sealed bytea,                -- under the installation's key
    from_at      timestamptz NOT NULL, -- -infinity and infinity: about a complaint's contact
    to_at        timestamptz NOT NULL,
    CONSTRAINT bundle_request_scope
        CHECK (num_nonnulls(complaint, customer, campaign, phone_sealed) <= 1),
    CONSTRAINT bundle_request_time
        CHECK (complaint IS NOT NULL OR (from_at < to_at AND isfinite(from_at) AND isfinite(to_at)))
);

-- What a rule of retention keeps outlives an erasure (decision 0051): the record stays, blocked, until
-- its time is over. What its entry commits to is under the key of the customer, which is
-- gone; the key of the entry alone takes its place, opens that record and no other, and goes
-- with it.
ALTER TABLE decision
    ADD COLUMN blocked boolean NOT NULL DEFAULT false,
    ADD COLUMN entry_key bytea;
-- Not looked at for the rows there are: that would hold the table.
ALTER TABLE decision
    ADD CONSTRAINT decision_entry_key CHECK (octet_length(entry_key) = 32) NOT VALID,
    ADD CONSTRAINT decision_blocked CHECK (
        CASE WHEN blocked THEN record IS NOT NULL
              AND (entry_key IS NULL) = (commitment IS NULL)
             ELSE entry_key IS NULL END) NOT VALID;

-- An erasure takes a record, or blocks it, and changes nothing else; what is blocked it leaves.
CREATE OR REPLACE FUNCTION decision_forget() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    was jsonb := to_jsonb(OLD) - 'record' - 'record_hash' - 'blocked' - 'entry_key';
    is_now jsonb := to_jsonb(NEW) - 'record' - 'record_hash' - 'blocked' - 'entry_key';
BEGIN
    IF OLD.bucket || '/' || OLD.customer_id
            IS DISTINCT FROM current_setting('steward.erasure', true)
            OR OLD.blocked
            OR was <> is_now
            OR (NEW.blocked AND (NEW.record IS DISTINCT FROM OLD.record
                OR NEW.record_hash IS DISTINCT FROM OLD.record_hash))
            OR (NOT NEW.blocked AND (NEW.record IS NOT NULL
                OR (OLD.commitment IS NULL AND NEW.record_hash IS DISTINCT FROM OLD.record_hash)
                OR coalesce(NEW.record_hash <> OLD.record_hash, false))) THEN
        RAISE EXCEPTION 'decision is append-only: an erasure takes or blocks its records and nothing else'
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;
