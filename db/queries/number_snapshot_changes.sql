-- number_snapshot_changes: the newest list of a carrier beside the one before it.
-- Params   $1 carrier
-- Returns  number, field ('' for a whole line), was, is now; by number and field
WITH newest AS (
    SELECT snapshot_id, row_number() OVER (ORDER BY as_of DESC, loaded_at DESC) AS place
      FROM number_snapshot WHERE carrier = $1::text
), a AS (
    SELECT r.* FROM number_snapshot_row r JOIN newest USING (snapshot_id) WHERE place = 2
), b AS (
    SELECT r.* FROM number_snapshot_row r JOIN newest USING (snapshot_id) WHERE place = 1
)
SELECT f.number, f.field, f.was, f.is_now
  FROM (SELECT b.number, '' AS field, NULL AS was, b.holder AS is_now FROM b
         WHERE EXISTS (SELECT 1 FROM newest WHERE place = 2)
           AND NOT EXISTS (SELECT 1 FROM a WHERE a.number = b.number)
        UNION ALL
        SELECT a.number, '', a.holder, NULL FROM a
         WHERE NOT EXISTS (SELECT 1 FROM b WHERE b.number = a.number)
        UNION ALL
        SELECT a.number, v.field, v.was, v.is_now FROM a JOIN b ON b.number = a.number
         CROSS JOIN LATERAL (VALUES ('holder', a.holder, b.holder),
               ('user_org', a.user_org, b.user_org), ('kind', a.kind, b.kind),
               ('licence_no', a.licence_no, b.licence_no),
               ('licence_from', a.licence_from::text, b.licence_from::text),
               ('licence_to', a.licence_to::text, b.licence_to::text),
               ('purposes', array_to_string(a.purposes, ';'),
                    array_to_string(b.purposes, ';')),
               ('regions', array_to_string(a.regions, ';'),
                    array_to_string(b.regions, ';')),
               ('status', a.status, b.status)) AS v (field, was, is_now)
         WHERE v.was IS DISTINCT FROM v.is_now) f
 ORDER BY f.number, f.field;
