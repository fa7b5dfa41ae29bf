-- suppression_add: a number that must not be called, by its hash alone.
-- Params   $1 hash, $2 version of its key, $3 kind, $4 channel, $5 since
INSERT INTO suppression (number_hash, key_version, kind, channel, since)
VALUES ($1::bytea, $2::smallint, $3::text, $4::text, $5::date)
ON CONFLICT (number_hash, kind, channel) DO NOTHING;
