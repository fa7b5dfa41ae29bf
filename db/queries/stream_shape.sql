-- stream_shape: one number for the columns and types of all published tables.
-- Params   $1 publication
-- Returns  the number
SELECT hashtextextended(coalesce(string_agg(format('%s %s %s %s %s', p.schemaname,
           p.tablename, a.attname, a.atttypid, a.atttypmod), E'\n'
           ORDER BY p.schemaname, p.tablename, a.attname), ''), 0)
  FROM pg_publication_tables AS p
  JOIN pg_attribute AS a
    ON a.attrelid = format('%I.%I', p.schemaname, p.tablename)::regclass
   AND a.attnum > 0 AND NOT a.attisdropped
 WHERE p.pubname = $1::text;
