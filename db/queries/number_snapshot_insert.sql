-- number_snapshot_insert: a carrier's list as it came.
-- Params   $1 snapshot_id, $2 carrier, $3 as of, $4 file hash, $5 now, $6 by, $7 lines
INSERT INTO number_snapshot (snapshot_id, carrier, as_of, file_hash, loaded_at, loaded_by,
    lines)
VALUES ($1::uuid, $2::text, $3::date, $4::bytea, $5::timestamptz, $6::text, $7::integer);
