-- trait_retire: out of use for good
-- Params   $1 name, $2 now timestamptz
UPDATE trait SET state = 'retired', updated_at = $2::timestamptz WHERE name = $1::text
