-- book_fed_traits: the fed traits that a book has columns of
-- Returns  trait_id, name, type, currency
SELECT trait_id, name, type, currency
  FROM trait
 WHERE source = 'feed' AND state = 'active'
 ORDER BY trait_id
