-- count_release: a reservation that is no longer wanted.
-- Params   $1 bucket, $2 count_id
DELETE FROM contact_count
 WHERE bucket = $1::smallint AND count_id = $2::uuid AND kind = 'reserved';
