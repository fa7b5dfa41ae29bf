-- reveal_count: what a person has had revealed since an instant.
-- Params   $1 who text, $2 since
-- Index    access_event_actor_idx
SELECT count(*) FROM access_event
 WHERE actor = $1::text AND at >= $2::timestamptz AND what = 'reveal'
   AND verdict = 'allowed';
