-- connector_put: a new version of a connector, as a draft.
-- Params   $1 name, $2 version, $3 document, $4 by, $5 now
-- Returns  version; no row: that version is or was in force
INSERT INTO connector (name, version, document, written_by, written_at)
VALUES ($1::text, $2::integer, $3::text, $4::text, $5::timestamptz)
ON CONFLICT (name, version) DO UPDATE SET document = excluded.document,
    written_by = excluded.written_by, written_at = excluded.written_at
 WHERE connector.state = 'draft'
RETURNING version;
