-- outsourcer_list: outsourcers with their mandates.
-- Params   $1 now
-- Returns  code, name, mandate, hash, from, until, in force, agents, updated_by
SELECT o.code, o.name, o.mandate, encode(o.mandate_hash, 'hex'), o.mandate_from,
       o.mandate_until,
       coalesce(o.mandate_from <= $1::timestamptz AND o.mandate_until > $1::timestamptz,
           false),
       ARRAY(SELECT a.code FROM agent a WHERE a.outsourcer = o.code ORDER BY a.code),
       o.updated_by
  FROM outsourcer o ORDER BY o.code LIMIT 1000;
