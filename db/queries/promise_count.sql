-- promise_count: what a tick found; not for another version than it looked at
-- Params   $1 model text, $2 version bigint, $3 as_of timestamptz, $4 codes text[],
--          $5 covered bigint[], $6 overdue bigint[], $7 undecided bigint[]; parallel
UPDATE promise AS p
   SET as_of = $3::timestamptz, covered = u.covered, overdue = u.overdue,
       undecided = u.undecided
  FROM unnest($4::text[], $5::bigint[], $6::bigint[], $7::bigint[])
       AS u (code, covered, overdue, undecided)
 WHERE p.model = $1::text AND p.version = $2::bigint AND p.code = u.code
