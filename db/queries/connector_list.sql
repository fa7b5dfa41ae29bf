-- connector_list: versions of connectors, the newest of each first.
-- Params   $1 name, or null for all, $2 version, or null for all
-- Returns  name, version, state, document, written by, written at, activated by or null,
--          activated at or null, how many queues name it
SELECT c.name, c.version, c.state, c.document, c.written_by, c.written_at, c.activated_by,
       c.activated_at, (SELECT count(*) FROM queue q WHERE q.connector = c.name)
  FROM connector c
 WHERE ($1::text IS NULL OR c.name = $1::text)
   AND ($2::integer IS NULL OR c.version = $2::integer)
 ORDER BY c.name, c.version DESC;
