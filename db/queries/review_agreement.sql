-- review_agreement: how two reviewers of the same item judged it.
-- Params   $1 from, $2 to (the draws' time)
-- Returns  first verdict, second verdict, items
SELECT v.first, v.second, count(*)
  FROM (SELECT (array_agg(r.verdict ORDER BY r.at, r.reviewer))[1] AS first,
               (array_agg(r.verdict ORDER BY r.at, r.reviewer))[2] AS second
          FROM review_draw d
          JOIN review_item i USING (draw_id)
          JOIN review_verdict r USING (draw_id, item_no)
         WHERE d.drawn_at >= $1::timestamptz AND d.drawn_at < $2::timestamptz
           AND i.reviews = 2
         GROUP BY d.draw_id, i.item_no
        HAVING count(*) >= 2) v
 GROUP BY v.first, v.second;
