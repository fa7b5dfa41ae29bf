-- connector_put: a new version of a connector, as a draft.
-- Params   $1 name, $2 version, $3 document, $4 by, $5 now
-- Returns  version; no row: that version is there with another text (what was read is what is approved)
INSERT INTO connector (name, version, document, written_by, written_at)
VALUES ($1::text, $2::integer, $3::text, $4::text, $5::timestamptz)
ON CONFLICT (name, version) DO UPDATE SET document = excluded.document
 WHERE connector.state = 'draft' AND connector.document = excluded.document
RETURNING version;
