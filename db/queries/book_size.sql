-- book_size: about how many rows a book will have, from the statistics and the size of the
-- files: a load is cut into ranges and told about by it, and counting would be a pass over
-- everything. A table without statistics is taken to have 60 rows a page.
-- Returns  rows
SELECT coalesce(sum(pg_relation_size(c.oid) / current_setting('block_size')::bigint *
           CASE WHEN c.relpages > 0 AND c.reltuples > 0 THEN c.reltuples / c.relpages
                ELSE 60 END), 0)::bigint
  FROM pg_class AS c
 WHERE c.oid IN ('customer'::regclass, 'holding'::regclass, 'txn'::regclass,
                 'interaction'::regclass, 'contact_count'::regclass, 'trait_value'::regclass)
