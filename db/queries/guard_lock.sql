-- guard_lock: the lock of one phone number: caps and objections on it take turns.
-- Params   $1 phone index
-- Locking  transaction advisory lock, first in the lock order; while the index key is
--          exchanged that of both hashes, in order of their values
SELECT pg_advisory_xact_lock(k.key)
  FROM (SELECT ('x' || encode(substring(i.index FROM 1 FOR 8), 'hex'))::bit(64)::bigint AS key
          FROM unnest(phone_class($1::bytea)) AS i (index)
         ORDER BY 1) AS k;
