-- lifecycle_reject: back to a draft, with what the second person said
-- Params   $1 code text, $2 version bigint, $3 why text
UPDATE lifecycle_model
   SET state = 'draft', rejected_why = $3::text, submitted_by = NULL, submitted_at = NULL,
       warnings = NULL
 WHERE code = $1::text AND version = $2::bigint
