-- number_tally_add: what came of a call on a caller number.
-- Params   $1 number_id, $2 start of the hour, $3 calls, $4 answered, $5 complaints
INSERT INTO number_tally AS t (number_id, hour, calls, answered, complaints)
VALUES ($1::bigint, $2::timestamptz, $3::integer, $4::integer, $5::integer)
ON CONFLICT (number_id, hour) DO UPDATE SET calls = t.calls + excluded.calls,
    answered = t.answered + excluded.answered,
    complaints = t.complaints + excluded.complaints;
