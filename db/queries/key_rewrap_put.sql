-- key_rewrap_put: keys wrapped anew; one that was changed or erased meanwhile stays so.
-- Params   $1 bucket, $2 customer ids, $3 wrapped before text[], $4 now text[],
--          hexadecimal
UPDATE customer_key k SET wrapped = decode(r.new, 'hex')
  FROM unnest($2::bigint[], $3::text[], $4::text[]) AS r (customer_id, old, new)
 WHERE k.bucket = $1::smallint AND k.customer_id = r.customer_id
   AND k.wrapped = decode(r.old, 'hex');
