-- number_settlement_insert: what a person found about a difference.
-- Params   $1 difference_id, $2 by, $3 now, $4 note
-- Returns  difference_id; no row when it is settled already or there is none
INSERT INTO number_settlement (difference_id, settled_by, at, note)
SELECT d.difference_id, $2::text, $3::timestamptz, $4::text FROM number_difference d
 WHERE d.difference_id = $1::uuid
ON CONFLICT (difference_id) DO NOTHING
RETURNING difference_id;
