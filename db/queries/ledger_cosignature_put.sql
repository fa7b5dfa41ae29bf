-- ledger_cosignature_put: what a witness answered about a checkpoint.
-- Params   $1 size bigint, $2 witness text, $3 line text, $4 at timestamptz
-- Returns  nothing
INSERT INTO ledger_cosignature (size, witness, line, at)
VALUES ($1::bigint, $2::text, $3::text, $4::timestamptz)
ON CONFLICT (size, witness) DO NOTHING;
