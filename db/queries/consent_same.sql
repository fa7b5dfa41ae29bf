-- consent_same: is the event under this id the one that is meant?
-- Params   $1 bucket, $2 consent_id, $3 customer_id, $4 action, $5 purpose, $6 channel,
--          $7 product_class, $8 recipient, $9 point_id or null, $10 effective_at, $11 subject
-- Returns  one row when it is
SELECT 1 FROM consent_event
 WHERE bucket = $1::smallint AND consent_id = $2::uuid AND customer_id = $3::bigint
   AND action = $4::text AND purpose = $5::text AND channel = $6::text
   AND product_class = $7::text AND recipient = $8::text
   AND point_id IS NOT DISTINCT FROM $9::bigint AND effective_at = $10::timestamptz
   AND subject = $11::text;
