-- notice_supersede: consents given by a notice do not cover what is done any more.
-- Params   $1 version, $2 now, $3 actor
-- Returns  version; no row: there is none, or it was superseded before
UPDATE notice SET superseded_at = $2::timestamptz, superseded_by = $3::text
 WHERE version = $1::text AND superseded_at IS NULL
RETURNING version;
