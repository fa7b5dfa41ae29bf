-- number_change_list: the history of a caller number, newest first.
-- Params   $1 number_id, $2 limit
-- Returns  version, at, actor, approver, what, reason, proposal_id, document
SELECT version, at, actor, approver, what, reason, proposal_id, document
  FROM caller_number_change WHERE number_id = $1::bigint
 ORDER BY version DESC LIMIT $2::bigint;
