-- outsourcer_of_agent: whose staff an agent is, and by which mandate.
-- Params   $1 agent
-- Returns  outsourcer, mandate from, until (nulls: none); no row: the bank's own
SELECT o.code, o.mandate_from, o.mandate_until
  FROM agent a JOIN outsourcer o ON o.code = a.outsourcer
 WHERE a.code = $1::text;
