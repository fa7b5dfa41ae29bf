-- point_events: how a contact point came into its state, and became or stopped to be the
-- primary one, newest first.
-- Params   $1 bucket, $2 customer_id, $3 point_id
-- Returns  from, to, how, actor, evidence, at, whether it is primary since (null: about its state)
-- Index    contact_point_event_point_idx
SELECT from_state, to_state, how, actor, evidence, at, primary_now
  FROM contact_point_event
 WHERE bucket = $1::smallint AND customer_id = $2::bigint AND point_id = $3::bigint
 ORDER BY event_id DESC LIMIT 1000;
