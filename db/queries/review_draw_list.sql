-- review_draw_list: draws, newest first, or one of them.
-- Params   $1 draw_id or null, $2 limit
-- Returns  draw_id, from, to, seed in hex, plan, population, items hash in hex, drawn_at,
--          drawn_by, items, open, disputed
SELECT d.draw_id, d.from_at, d.to_at, encode(d.seed, 'hex'), d.plan::text,
       d.population::text, encode(d.items_hash, 'hex'), d.drawn_at, d.drawn_by,
       i.items, i.open, i.disputed
  FROM review_draw d
  CROSS JOIN LATERAL (SELECT count(*) AS items,
                             count(*) FILTER (WHERE state = 'open') AS open,
                             count(*) FILTER (WHERE state = 'disputed') AS disputed
                        FROM review_item i WHERE i.draw_id = d.draw_id) i
 WHERE $1::uuid IS NULL OR d.draw_id = $1::uuid
 ORDER BY d.drawn_at DESC, d.draw_id
 LIMIT $2::integer;
