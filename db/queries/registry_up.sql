-- registry_up: whether a registry's service answers.
-- Params   $1 code, $2 up, $3 now, $4 actor
-- Returns  code
UPDATE registry SET up_since = CASE WHEN up <> $2::boolean THEN $3::timestamptz
                                    ELSE up_since END,
       up = $2::boolean, updated_at = $3::timestamptz, updated_by = $4::text
 WHERE code = $1::text
RETURNING code;
