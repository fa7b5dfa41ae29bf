-- number_snapshot_newest: the newest list of a carrier.
-- Params   $1 carrier, $2 file hash, $3 as of
-- Returns  newest day, whether that file is there for $3; no row when there is no list
SELECT max(as_of), bool_or(file_hash = $2::bytea AND as_of = $3::date)
  FROM number_snapshot WHERE carrier = $1::text HAVING count(*) > 0;
