-- pack_version_list: versions that were loaded.
-- Params   $1 pack or null for all, $2 version or null for all
-- Returns  pack, version, hash in hex, rules, state, loaded by, at, submitted by, at, wanted
--          from, tests passed, approved by, at, rejected by, at, why
SELECT pack, version, encode(content_hash, 'hex'), rules, state, loaded_by, loaded_at,
       submitted_by, submitted_at, wanted_from, tests_passed, approved_by, approved_at,
       rejected_by, rejected_at, rejected_why
  FROM pack_version
 WHERE ($1::text IS NULL OR pack = $1::text) AND ($2::text IS NULL OR version = $2::text)
 ORDER BY pack, loaded_at, version;
