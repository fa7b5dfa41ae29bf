-- number_proposal_due: approved and not yet in force, although the day has come.
-- Params   $1 now
-- Returns  proposal_id, in the order in which they take effect
SELECT p.proposal_id FROM number_proposal p
  JOIN number_verdict v ON v.proposal_id = p.proposal_id AND v.verdict = 'approved'
 WHERE p.effective_at <= $1::timestamptz
   AND NOT EXISTS (SELECT 1 FROM number_effect e WHERE e.proposal_id = p.proposal_id)
 ORDER BY p.effective_at, p.proposed_at, p.proposal_id LIMIT 100;
