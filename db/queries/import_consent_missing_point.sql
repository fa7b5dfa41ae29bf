-- import_consent_missing_point: consents of the batch on a number the customer lacks.
-- Params   none
-- Returns  line
SELECT s.line FROM stage_consent s
 WHERE s.phone_index IS NOT NULL
   AND NOT EXISTS (SELECT 1 FROM contact_point p
                    WHERE p.bucket = s.bucket AND p.customer_id = s.customer_id
                      AND p.phone_index = s.phone_index)
 ORDER BY s.line;
