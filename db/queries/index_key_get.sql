-- index_key_get: the version of the index key in force.
-- Params   none
-- Returns  version, previous (null: no exchange is under way), whether no row has a hash
SELECT version, previous,
       NOT EXISTS (SELECT 1 FROM contact_point)
       AND NOT EXISTS (SELECT 1 FROM objection WHERE phone_index IS NOT NULL)
       AND NOT EXISTS (SELECT 1 FROM contact_count WHERE phone_index IS NOT NULL)
  FROM index_key;
