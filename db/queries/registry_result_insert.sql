-- registry_result_insert: what a registry answered about one number.
-- Params   $1 registry, $2 phone index, $3 answer, $4 version of the index key, $5 listed on
--          or null, $6 consent date or null, $7 reference or null, $8 obtained at, $9 now,
--          $10 actor
-- Returns  result_id
INSERT INTO registry_result (registry, phone_index, answer, index_version, listed_on,
    consent_date, reference, obtained_at, recorded_at, actor)
VALUES ($1::text, $2::bytea, $3::text, $4::smallint, $5::date, $6::date, $7::text,
    $8::timestamptz, $9::timestamptz, $10::text)
RETURNING result_id;
