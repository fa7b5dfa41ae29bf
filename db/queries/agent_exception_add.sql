-- agent_exception_add: hours of one day instead of the week's.
-- Params   $1 agent_id, $2 day, $3 from minute, $4 to minute
INSERT INTO agent_exception (agent_id, on_day, from_min, to_min)
VALUES ($1::bigint, $2::date, $3::smallint, $4::smallint);
