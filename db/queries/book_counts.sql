-- book_counts: how many rows a book will have; for exact room and for progress
-- Returns  customers, holdings, transactions, interactions, contacts
SELECT (SELECT count(*) FROM customer),
       (SELECT count(*) FROM holding),
       (SELECT count(*) FROM txn),
       (SELECT count(*) FROM interaction),
       (SELECT count(*) FROM contact_count WHERE kind <> 'reserved')
