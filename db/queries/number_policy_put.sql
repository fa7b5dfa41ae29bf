-- number_policy_put: another threshold; names are those of the schema.
-- Params   $1 name, $2 value
-- Returns  name; no row when there is none of that name
UPDATE number_policy SET value = $2::bigint WHERE name = $1::text RETURNING name;
