-- report_codes: how often each reason was among the reasons of a decision that said no.
-- Returns  code, count
SELECT c.code, count(*) FROM decision d, unnest(d.codes) AS c (code)
 WHERE d.outcome <> 'ALLOW' GROUP BY c.code ORDER BY count(*) DESC, c.code;
