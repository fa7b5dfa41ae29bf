-- stream_visible: are all these transactions over in the snapshot of this one? The stream
-- names the lower half of a transaction's number; the upper half is the one nearest to now.
-- Params   $1 transaction numbers bigint[]
-- Returns  one boolean
SELECT coalesce(bool_and(pg_visible_in_snapshot(
           (x.max + ((x.low - x.max) & 4294967295)
               - CASE WHEN ((x.low - x.max) & 4294967295) > 2147483647
                      THEN 4294967296 ELSE 0 END)::text::xid8,
           pg_current_snapshot())), true)
  FROM (SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint AS max, low
          FROM unnest($1::bigint[]) AS low) AS x;
