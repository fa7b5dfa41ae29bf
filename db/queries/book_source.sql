-- book_source: what tells this database's book from another's: the cluster, the database in
-- it, and the settings that a book is loaded with
-- Returns  source, currency, zone, lifecycle model
SELECT (SELECT system_identifier FROM pg_control_system()) || ':' ||
           (SELECT oid FROM pg_database WHERE datname = current_database()),
       coalesce((SELECT value FROM setting WHERE name = 'currency'), 'CNY'),
       coalesce((SELECT value FROM setting WHERE name = 'zone'), 'Asia/Shanghai'),
       coalesce((SELECT value FROM setting WHERE name = 'lifecycle_model'), 'wealth')
