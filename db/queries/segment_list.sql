-- segment_list: all segments, or one
-- Params   $1 code text (NULL: all), $2 retired too boolean
-- Returns  segment_id, code, name_zh, name_en, rule, version, state, author, content_hash,
--          updated_at, as_of, matched, undecided, entered, left_count, failed_at, failure, kind
SELECT segment_id, code, name_zh, name_en, rule, version, state, author, content_hash,
       updated_at, as_of, matched, undecided, entered, left_count, failed_at, failure, kind
  FROM segment
 WHERE ($1::text IS NULL OR code = $1::text)
   AND (state = 'active' OR $2::boolean)
 ORDER BY code COLLATE "C"
