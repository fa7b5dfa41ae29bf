-- index_move_add: pairs of old and new hash.
-- Params   $1 old text[], $2 new text[], hexadecimal
INSERT INTO phone_index_move (old_index, new_index)
SELECT DISTINCT decode(r.old, 'hex'), decode(r.new, 'hex')
  FROM unnest($1::text[], $2::text[]) AS r (old, new)
 ORDER BY 1
ON CONFLICT DO NOTHING;
