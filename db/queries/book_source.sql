-- book_source: what tells this database's book from another's: the cluster, the database in
-- it, the settings that a book is loaded with, and the fed traits it has
-- Returns  source, currency, zone, lifecycle model, "name:type,..." of fed traits
SELECT (SELECT system_identifier FROM pg_control_system()) || ':' ||
           (SELECT oid FROM pg_database WHERE datname = current_database()),
       coalesce((SELECT value FROM setting WHERE name = 'currency'), 'CNY'),
       coalesce((SELECT value FROM setting WHERE name = 'zone'), 'Asia/Shanghai'),
       coalesce((SELECT value FROM setting WHERE name = 'lifecycle_model'), 'wealth'),
       coalesce((SELECT string_agg(name || ':' || type, ',' ORDER BY trait_id) FROM trait
                  WHERE source = 'feed' AND state = 'active'), '')
