-- number_of_carrier: how many numbers of a carrier the bank has, and how many of them a list
-- of that carrier lacks.
-- Params   $1 carrier, $2 snapshot_id
-- Returns  two counts
SELECT count(*), count(*) FILTER (WHERE NOT EXISTS (SELECT 1 FROM number_snapshot_row l
            WHERE l.snapshot_id = $2::uuid AND l.number = n.number))
  FROM caller_number n WHERE n.carrier = $1::text AND n.status <> 'recalled';
