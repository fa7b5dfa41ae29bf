-- lifecycle_submit: validated over the book; waits for a second person
-- Params   $1 code text, $2 version bigint, $3 actor text, $4 now timestamptz,
--          $5 warnings bigint
UPDATE lifecycle_model
   SET state = 'submitted', submitted_by = $3::text, submitted_at = $4::timestamptz,
       warnings = $5::bigint, rejected_why = NULL
 WHERE code = $1::text AND version = $2::bigint
