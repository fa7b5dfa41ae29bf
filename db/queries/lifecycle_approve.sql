-- lifecycle_approve: by somebody else than the author (a CHECK has it too), with who would
-- move where as it was then; what was in force without an approval stays where it is
-- Params   $1 code text, $2 version bigint, $3 actor text, $4 now timestamptz,
--          $5 preview text (JSON), $6 preview_as_of timestamptz
UPDATE lifecycle_model
   SET state = CASE WHEN state = 'submitted' THEN 'approved' ELSE state END,
       approved_by = $3::text, approved_at = $4::timestamptz,
       preview = $5::text::jsonb, preview_as_of = $6::timestamptz
 WHERE code = $1::text AND version = $2::bigint
