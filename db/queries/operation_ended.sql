-- operation_ended: which of them have ended.
-- Params   $1 operation_ids text[]
-- Returns  operation_id
SELECT operation_id FROM operation
 WHERE operation_id = ANY ($1::text[]::uuid[]) AND ended_at IS NOT NULL;
