-- number_matrix_put: a cell of the bank's own matrix.
-- Params   $1 proposal_id, $2 kind, $3 port or null, $4 subject, $5 verdict, $6 approval
--          document's hash in hex, or null, $7 now
INSERT INTO number_matrix (proposal_id, kind, port, subject, verdict, approval_hash, at)
VALUES ($1::uuid, $2::text, $3::text, $4::text, $5::text, decode($6::text, 'hex'),
    $7::timestamptz);
