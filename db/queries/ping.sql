-- ping: is the database there?
SELECT 1
