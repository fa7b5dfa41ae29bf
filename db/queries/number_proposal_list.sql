-- number_proposal_list: proposals and what became of them, newest first.
-- Params   $1 proposal_id or null, $2 number_id or null, $3 state or null, $4 before this
--          instant, $5 and this id, $6 limit
-- Returns  proposal_id, action, number_id, number, base version, document, reason, proposer,
--          proposed at, effective at, state, decided by, decided at, note, failure
SELECT p.proposal_id, p.action, p.number_id, n.number, p.base_version, p.document, p.reason,
       p.proposer, p.proposed_at, p.effective_at, s.state, v.decided_by, v.at, v.note, e.failure
  FROM number_proposal p
  LEFT JOIN caller_number n ON n.number_id = p.number_id
  LEFT JOIN number_verdict v ON v.proposal_id = p.proposal_id
  LEFT JOIN number_effect e ON e.proposal_id = p.proposal_id
 CROSS JOIN LATERAL (SELECT CASE WHEN e.failure IS NOT NULL THEN 'failed'
            WHEN e.proposal_id IS NOT NULL THEN 'in_force'
            ELSE coalesce(v.verdict, 'open') END AS state) s
 WHERE ($1::uuid IS NULL OR p.proposal_id = $1::uuid)
   AND ($2::bigint IS NULL OR p.number_id = $2::bigint)
   AND ($3::text IS NULL OR s.state = $3::text)
   AND (p.proposed_at, p.proposal_id) < ($4::timestamptz, $5::uuid)
 ORDER BY p.proposed_at DESC, p.proposal_id DESC LIMIT $6::bigint;
