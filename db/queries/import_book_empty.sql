-- import_book_empty: is there no customer yet?
-- Params   none
-- Returns  boolean
SELECT NOT EXISTS (SELECT 1 FROM customer);
