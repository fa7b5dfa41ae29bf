-- guard_lock: the lock of one phone number: caps and objections on it take turns.
-- Params   $1 phone index
-- Locking  transaction advisory lock, first in the lock order
SELECT pg_advisory_xact_lock(('x' || encode(substring($1::bytea FROM 1 FOR 8), 'hex'))::bit(64)::bigint);
