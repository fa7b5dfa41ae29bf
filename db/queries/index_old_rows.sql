-- index_old_rows: what does not have the new hash yet.
-- Params   none
-- Returns  contact points, objections, counted contacts
SELECT (SELECT count(*) FROM contact_point p WHERE length(p.phone_sealed) > 0
           AND NOT EXISTS (SELECT 1 FROM phone_index_move m
                            WHERE m.new_index = p.phone_index)),
       (SELECT count(*) FROM objection o WHERE o.phone_index IS NOT NULL
           AND NOT EXISTS (SELECT 1 FROM phone_index_move m
                            WHERE m.new_index = o.phone_index)),
       (SELECT count(*) FROM contact_count c WHERE c.phone_index IS NOT NULL
           AND NOT EXISTS (SELECT 1 FROM phone_index_move m
                            WHERE m.new_index = c.phone_index));
