-- review_draw_insert: a draw.
-- Params   $1 draw_id, $2 from, $3 to, $4 seed, $5 plan, $6 population, $7 hash of the items,
--          $8 now, $9 by
INSERT INTO review_draw (draw_id, from_at, to_at, seed, plan, population, items_hash,
    drawn_at, drawn_by)
VALUES ($1::uuid, $2::timestamptz, $3::timestamptz, $4::bytea, $5::jsonb, $6::jsonb,
    $7::bytea, $8::timestamptz, $9::text);
