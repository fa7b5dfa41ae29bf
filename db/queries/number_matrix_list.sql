-- number_matrix_list: the bank's own cells, the newest of each.
-- Params   none
-- Returns  kind, port, subject, verdict, approval document's hash in hex, at
SELECT DISTINCT ON (kind, port, subject) kind, port, subject, verdict,
       encode(approval_hash, 'hex'), at
  FROM number_matrix ORDER BY kind, port, subject, at DESC, proposal_id DESC;
