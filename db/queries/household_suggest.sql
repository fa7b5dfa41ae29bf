-- household_suggest: customers who share a number, and a surname or city and branch, may be
-- of one household. A number that more than six have is an office's or a scheme's.
-- Params   $1 now
-- Returns  one row for each new suggestion
WITH shared AS (
    SELECT phone_index FROM contact_point WHERE doubt IS NULL
     GROUP BY phone_index HAVING count(*) BETWEEN 2 AND 6
), who AS (
    SELECT s.phone_index, c.bucket, c.customer_id, left(c.name_mask, 1) AS surname, c.city,
           c.branch, m.household_ref
      FROM shared s
      JOIN contact_point p ON p.phone_index = s.phone_index AND p.doubt IS NULL
      JOIN customer c ON c.bucket = p.bucket AND c.customer_id = p.customer_id
      LEFT JOIN household_member m ON m.bucket = c.bucket
           AND m.customer_id = c.customer_id AND m.state = 'member'
), pair AS (
    SELECT a.bucket, a.customer_id,
           coalesce(min(b.household_ref),
               's-' || left(encode(sha256(a.phone_index), 'hex'), 24)) AS household_ref,
           coalesce(bool_or(a.surname = b.surname), false) AS surname,
           coalesce(bool_or(a.city = b.city AND a.branch = b.branch), false) AS address
      FROM who a
      JOIN who b ON b.phone_index = a.phone_index
       AND (b.bucket, b.customer_id) <> (a.bucket, a.customer_id)
     WHERE a.household_ref IS NULL
       -- What was said of these two stays said, also when their number has another hash.
       AND NOT EXISTS (SELECT 1 FROM household_member m JOIN household_member n
                         ON n.household_ref = m.household_ref
                        WHERE m.bucket = a.bucket AND m.customer_id = a.customer_id
                          AND n.bucket = b.bucket AND n.customer_id = b.customer_id)
     GROUP BY a.bucket, a.customer_id, a.phone_index
)
INSERT INTO household_member (bucket, customer_id, household_ref, source, state, reason,
    actor, updated_at)
SELECT bucket, customer_id, household_ref, 'suggested', 'suggested',
       concat_ws(' ', 'phone', CASE WHEN surname THEN 'surname' END,
           CASE WHEN address THEN 'address' END), 'steward', $1::timestamptz
  FROM pair WHERE surname OR address
ON CONFLICT DO NOTHING
RETURNING household_ref;
