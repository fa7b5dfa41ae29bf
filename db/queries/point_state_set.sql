-- point_state_set: what is known of a contact point from now on; a trigger keeps the history.
-- Params   $1 bucket, $2 customer_id, $3 point_id, $4 state, $5 how, $6 by, $7 evidence or
--          null, $8 now
-- Returns  the state before; no row: not the customer's
-- Locking  the contact point
WITH old AS (
    SELECT contact_state(verified, doubt) AS state FROM contact_point
     WHERE bucket = $1::smallint AND customer_id = $2::bigint AND point_id = $3::bigint
       FOR UPDATE
)
UPDATE contact_point AS p
   SET verified = $4::text = 'verified',
       doubt = CASE WHEN $4::text IN ('failed', 'reassigned') THEN $4::text END,
       state_at = greatest($8::timestamptz, p.state_at + interval '1 microsecond'),
       state_how = $5::text, state_by = $6::text, state_evidence = $7::text,
       updated_at = $8::timestamptz
  FROM old
 WHERE p.bucket = $1::smallint AND p.customer_id = $2::bigint AND p.point_id = $3::bigint
RETURNING old.state;
