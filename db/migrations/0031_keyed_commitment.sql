-- What the ledger says of a customer is a commitment under the customer's key
-- (db/commitment.h), so that an erasure takes the record of a decision with it and leaves
-- every entry and every proof. The customers' keys are there already: nothing to fill.

-- The record_hmac of the decision's entry; null: its entry has record_sha256, from before.
-- Record and, where there is a commitment, record_hash go when the customer is erased.
ALTER TABLE decision ADD COLUMN commitment bytea,
    ALTER COLUMN record DROP NOT NULL,
    ALTER COLUMN record_hash DROP NOT NULL;
-- Not looked at for the rows there are: that would hold the table.
ALTER TABLE decision
    ADD CONSTRAINT decision_commitment CHECK (octet_length(commitment) = 32) NOT VALID,
    ADD CONSTRAINT decision_hash CHECK (record_hash IS NOT NULL
        OR (record IS NULL AND commitment IS NOT NULL)) NOT VALID;
ALTER TABLE decision_gone ADD COLUMN commitment bytea,
    ALTER COLUMN record_hash DROP NOT NULL;

-- As in 0023_review, and one thing more: an erasure that has been asked for, and is not done
-- yet, may take the records of its customer. The setting names it and lasts as long as the
-- transaction; decision_forget sees to it that nothing else is changed.
CREATE OR REPLACE FUNCTION append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'TRUNCATE'
            AND TG_TABLE_NAME IN ('decision', 'outcome', 'call_record', 'consent_event',
                'complaint_step')
            AND EXISTS (SELECT 1 FROM retention_run
                WHERE run_id::text = current_setting('steward.retention_run', true)
                  AND finished_at IS NULL) THEN
        RETURN NULL;
    END IF;
    IF TG_OP = 'UPDATE' AND TG_TABLE_NAME = 'decision'
            AND EXISTS (SELECT 1 FROM erasure
                WHERE bucket || '/' || customer_id = current_setting('steward.erasure', true)
                  AND erased_at IS NULL) THEN
        RETURN NULL;
    END IF;
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME
        USING ERRCODE = 'insufficient_privilege';
END $$;

CREATE FUNCTION decision_forget() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.bucket || '/' || OLD.customer_id
            IS DISTINCT FROM current_setting('steward.erasure', true)
            OR NEW.record IS NOT NULL
            OR to_jsonb(OLD) - 'record' - 'record_hash'
                <> to_jsonb(NEW) - 'record' - 'record_hash'
            OR (OLD.commitment IS NULL AND NEW.record_hash IS DISTINCT FROM OLD.record_hash)
            OR coalesce(NEW.record_hash <> OLD.record_hash, false) THEN
        RAISE EXCEPTION 'decision is append-only: an erasure takes its records and nothing else'
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER forget BEFORE UPDATE ON decision
    FOR EACH ROW EXECUTE FUNCTION decision_forget();
