-- customer_holdings: what one customer holds, by kind and currency
-- Params   $1 bucket bigint, $2 customer_id bigint, $3 today date
-- Returns  kind, currency, open, amount of the open ones, next maturity
SELECT kind, currency, count(*) FILTER (WHERE status = 'open'),
       coalesce(sum(amount) FILTER (WHERE status = 'open'), 0)::bigint,
       min(maturity_on) FILTER (WHERE status = 'open' AND maturity_on >= $3::date)
  FROM holding
 WHERE bucket = $1::bigint AND customer_id = $2::bigint
 GROUP BY kind, currency
 ORDER BY kind, currency
