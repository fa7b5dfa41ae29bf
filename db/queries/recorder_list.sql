-- recorder_list: all recorders with what they said last.
-- Params   $1 now
-- Returns  code, queues, longest silence in seconds, state or null, detail, since, reported
--          at, by, has spoken lately, updated_by
SELECT code, queues, max_age_sec, state, detail, state_since, reported_at, reported_by,
       coalesce(reported_at > $1::timestamptz - max_age_sec * interval '1 second', false),
       updated_by
  FROM recorder ORDER BY code LIMIT 1000;
