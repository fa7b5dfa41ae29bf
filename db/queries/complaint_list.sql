-- complaint_list: complaints, newest first, one page; or one of them.
-- Params   $1 id, $2 state, $3 due before, $4 customer ref, $5 handler, $6 after received,
--          $7 after id, $8 limit; null leaves a filter out
-- Returns  complaint_id, source, case_ref, received_at, about_at, customer ref, task_id,
--          phone_mask, state, handler, due_at, finding, settled_at, settled_by, recorded_at,
--          recorded_by, version, bucket, customer_id, phone_sealed, words_sealed
-- Index    complaint_received_idx
SELECT x.complaint_id, x.source, x.case_ref, x.received_at, x.about_at, c.ref, x.task_id,
       x.phone_mask, x.state, x.handler, x.due_at, x.finding, x.settled_at, x.settled_by,
       x.recorded_at, x.recorded_by, x.version, x.bucket, x.customer_id, x.phone_sealed,
       x.words_sealed
  FROM complaint x
  LEFT JOIN customer c ON c.bucket = x.bucket AND c.customer_id = x.customer_id
 WHERE ($1::uuid IS NULL OR x.complaint_id = $1::uuid)
   AND ($2::text IS NULL OR x.state = $2::text)
   AND ($3::timestamptz IS NULL OR (x.state = 'open' AND x.due_at < $3::timestamptz))
   AND ($4::text IS NULL OR c.ref = $4::text)
   AND ($5::text IS NULL OR x.handler = $5::text)
   AND ($6::timestamptz IS NULL
        OR (x.received_at, x.complaint_id) < ($6::timestamptz, $7::uuid))
 ORDER BY x.received_at DESC, x.complaint_id DESC
 LIMIT $8::integer;
