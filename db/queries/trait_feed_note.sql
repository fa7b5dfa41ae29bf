-- trait_feed_note: these traits were fed. Within a minute it is said once, so that many
-- small feeds do not wait for one another.
-- Params   $1 trait_ids bigint[], $2 now timestamptz, $3 who
-- Locking  the rows, in order of trait_id
INSERT INTO trait_feed (trait_id, fed_at, source)
SELECT DISTINCT u, $2::timestamptz, $3::text FROM unnest($1::bigint[]) AS u ORDER BY u
ON CONFLICT (trait_id) DO UPDATE SET fed_at = excluded.fed_at, source = excluded.source
 WHERE trait_feed.fed_at < excluded.fed_at - interval '1 minute'
