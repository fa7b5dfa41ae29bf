-- agent_shift_add: hours of one weekday.
-- Params   $1 agent_id, $2 weekday, $3 from minute, $4 to minute
INSERT INTO agent_shift (agent_id, weekday, from_min, to_min)
VALUES ($1::bigint, $2::smallint, $3::smallint, $4::smallint);
