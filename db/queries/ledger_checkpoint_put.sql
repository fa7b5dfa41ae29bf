-- ledger_checkpoint_put: marks the entries below size as covered; the note has been
-- exported by then. Again after a crash between the two.
-- Params   $1 size bigint, $2 root bytea, $3 note text, $4 edge bytea, $5 at timestamptz
-- Returns  nothing of use
-- Note     Its commit does not wait for the disk: after a crash it comes again from the file.
INSERT INTO ledger_checkpoint (size, root, note, edge, at)
VALUES ($1::bigint, $2::bytea, $3::text, $4::bytea, $5::timestamptz)
ON CONFLICT (size) DO NOTHING
RETURNING set_config('synchronous_commit', 'off', true);
