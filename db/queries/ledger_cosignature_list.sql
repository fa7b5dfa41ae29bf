-- ledger_cosignature_list: the cosignatures of one checkpoint.
-- Params   $1 size bigint
-- Returns  witness, line
SELECT witness, line FROM ledger_cosignature WHERE size = $1::bigint ORDER BY witness;
