-- stream_check: what a change stream needs of this server, role and database.
-- Params   $1 publication
-- Returns  wal_level, may this role replicate, does the publication exist
SELECT current_setting('wal_level'),
       (SELECT rolreplication OR rolsuper FROM pg_roles WHERE rolname = current_user),
       EXISTS (SELECT 1 FROM pg_publication WHERE pubname = $1::text);
