-- number_difference_find: where a carrier's list and the registry differ, field by field.
-- A value the list leaves out is no difference. One that is open already is not found
-- again, nor one that was settled while the carrier's list goes on saying the same.
-- Params   $1 snapshot_id, $2 carrier, $3 zone
-- Returns  number_id or null, number, kind, field, was, is now, status; by number_id
WITH line AS (
    SELECT * FROM number_snapshot_row WHERE snapshot_id = $1::uuid
), before AS (
    SELECT r.* FROM number_snapshot_row r
     WHERE r.snapshot_id = (SELECT s.snapshot_id FROM number_snapshot s
            WHERE s.carrier = $2::text AND s.snapshot_id <> $1::uuid
            ORDER BY s.as_of DESC, s.loaded_at DESC LIMIT 1)
), ours AS (
    SELECT number_id, number, holder, user_org, kind, licence_no,
           (licence_from AT TIME ZONE $3::text)::date AS licence_from,
           (licence_to AT TIME ZONE $3::text)::date AS licence_to, purposes, regions,
           status, carrier
      FROM caller_number WHERE status <> 'recalled'
), found AS (
    SELECT NULL::bigint AS number_id, l.number, 'new' AS kind, 'number' AS field,
           NULL AS was, l.number AS is_now, NULL AS status
      FROM line l WHERE NOT EXISTS (SELECT 1 FROM ours o WHERE o.number = l.number)
    UNION ALL
    SELECT o.number_id, o.number, 'gone', 'number', o.number, NULL, o.status
      FROM ours o WHERE o.carrier = $2::text
       AND NOT EXISTS (SELECT 1 FROM line l WHERE l.number = o.number)
    UNION ALL
    SELECT o.number_id, o.number, f.kind, f.field, f.was, f.is_now, o.status
      FROM ours o JOIN line l ON l.number = o.number
     CROSS JOIN LATERAL (VALUES
           ('holder', 'holder', o.holder, l.holder),
           ('holder', 'user_org', o.user_org, l.user_org),
           ('changed', 'kind', o.kind, l.kind),
           ('changed', 'carrier', o.carrier, $2::text),
           ('licence', 'licence_no', o.licence_no, l.licence_no),
           ('licence', 'licence_from', o.licence_from::text, l.licence_from::text),
           ('licence', 'licence_to', o.licence_to::text, l.licence_to::text),
           ('changed', 'purposes', (SELECT string_agg(x, ';' ORDER BY x)
                FROM unnest(o.purposes) x), (SELECT string_agg(x, ';' ORDER BY x)
                FROM unnest(l.purposes) x)),
           ('changed', 'regions', (SELECT string_agg(x, ';' ORDER BY x)
                FROM unnest(o.regions) x), (SELECT string_agg(x, ';' ORDER BY x)
                FROM unnest(l.regions) x)),
           ('status', 'status', CASE WHEN o.status = 'active' THEN 'active'
                ELSE l.status END, l.status)) AS f (kind, field, was, is_now)
     WHERE f.is_now IS NOT NULL AND f.was IS DISTINCT FROM f.is_now
)
SELECT f.number_id, f.number, f.kind, f.field, f.was, f.is_now, f.status
  FROM found f
  LEFT JOIN line l ON l.number = f.number
  LEFT JOIN before b ON b.number = f.number
 WHERE NOT EXISTS (SELECT 1 FROM number_difference d
           LEFT JOIN number_settlement t USING (difference_id)
            WHERE d.number = f.number AND d.field = f.field
              AND d.was IS NOT DISTINCT FROM f.was
              AND d.is_now IS NOT DISTINCT FROM f.is_now
              AND (t.difference_id IS NULL
                OR to_jsonb(l) -> f.field IS NOT DISTINCT FROM to_jsonb(b) -> f.field))
 ORDER BY f.number_id NULLS LAST, f.number, f.field;
