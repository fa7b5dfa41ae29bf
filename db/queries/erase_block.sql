-- erase_block: records that outlive an erasure, each with the key of its entry.
-- Params   $1 bucket, $2 customer_id, $3 decision_ids, $4 keys in hex ('': from before, none)
-- Returns  decision_id of each
-- Locking  the rows; after erase_use
-- Index    decision_pkey
UPDATE decision d
   SET blocked = true, entry_key = decode(nullif(k.hex, ''), 'hex')
  FROM unnest($3::uuid[], $4::text[]) k (id, hex)
 WHERE d.bucket = $1::smallint AND d.decision_id = k.id AND d.customer_id = $2::bigint
RETURNING d.decision_id;
