-- campaign_ratios: how many of the calls of a campaign that somebody answered were abandoned,
-- over windows that end now. An hour that a window cuts counts whole.
-- Params   $1 campaign, $2 now, $3 hours of each window bigint[]
-- Returns  hours, answered, abandoned; one row a window
-- Index    campaign_call_hour_pkey
SELECT w.hours, coalesce(sum(c.answered), 0)::bigint, coalesce(sum(c.abandoned), 0)::bigint
  FROM unnest($3::bigint[]) AS w (hours)
  LEFT JOIN (campaign k JOIN campaign_call_hour c USING (campaign_id))
    ON k.code = $1::text AND c.hour <= $2::timestamptz
   AND c.hour > $2::timestamptz - (w.hours + 1) * interval '1 hour'
 GROUP BY w.hours ORDER BY w.hours;
