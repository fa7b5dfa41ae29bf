-- rule_count: how many customers a rule matches, asked of the tables themselves
-- Params   those of the clause
-- Returns  customers, matched, undecided
-- Names    segments/book_sql.h binds a rule's fields to the columns below: the same as a book's,
--          loaded by book_*.sql. The clause of the rule takes the place marked rule.
WITH rule_customer AS NOT MATERIALIZED (
    SELECT c.bucket, c.customer_id, c.ref, c.gender, c.dob, c.lang, c.country, c.province,
           c.city, c.zone, c.zone_verified, c.branch, c.manager, c.tier, c.opened_on,
           c.closed_on, c.risk_rating, c.risk_assessed_on, c.risk_valid, c.deceased,
           c.incapacity, c.fraud_hold, c.legal_hold, c.complaint_open,
           c.profiling_opt_out, c.phone_shared_by, c.household_size, s.stage,
           s.entered_at AS stage_since
      FROM customer AS c
      LEFT JOIN customer_stage AS s
        ON s.bucket = c.bucket AND s.customer_id = c.customer_id
       AND s.model = coalesce(
               (SELECT value FROM setting WHERE name = 'lifecycle_model'), 'wealth')
), rule_traits AS NOT MATERIALIZED (
    SELECT v.bucket, v.customer_id, t.name, v.whole <> 0 AS flag, v.whole, v.real, v.text,
           v.day, v.at
      FROM trait_value AS v
      JOIN trait AS t ON t.trait_id = v.trait_id
), rule_holdings AS NOT MATERIALIZED (
    SELECT h.bucket, h.customer_id, h.product, p.class, h.kind, h.amount, h.opened_on,
           h.maturity_on, h.status = 'open' AS open, p.risk
      FROM holding AS h
      LEFT JOIN product AS p ON p.code = h.product
), rule_transactions AS NOT MATERIALIZED (
    SELECT bucket, customer_id, at, kind, amount, balance FROM txn
), rule_interactions AS NOT MATERIALIZED (
    SELECT bucket, customer_id, at, kind, channel FROM interaction
), rule_outreach AS NOT MATERIALIZED (
    SELECT c.bucket, c.customer_id, c.at, c.channel, c.kind, k.code AS campaign,
           (SELECT o.disposition
              FROM outcome AS o
             WHERE o.bucket = c.bucket AND o.permit_id = c.count_id
             ORDER BY o.recorded_at DESC, o.outcome_id LIMIT 1) AS disposition
      FROM contact_count AS c
      LEFT JOIN permit AS p ON p.bucket = c.bucket AND p.permit_id = c.count_id
      LEFT JOIN task AS t ON t.bucket = p.bucket AND t.task_id = p.task_id
      LEFT JOIN campaign AS k ON k.campaign_id = t.campaign_id
     WHERE c.kind <> 'reserved'
    UNION ALL
    SELECT o.bucket, t.customer_id, o.recorded_at, t.channel, 'outcome', k.code,
           o.disposition
      FROM outcome AS o
      JOIN task AS t ON t.bucket = o.bucket AND t.task_id = o.task_id
      LEFT JOIN campaign AS k ON k.campaign_id = t.campaign_id
     WHERE o.permit_id IS NULL
), rule_members AS NOT MATERIALIZED (
    SELECT s.code, c.ref
      FROM segment_member AS m
      JOIN segment AS s ON s.segment_id = m.segment_id
      JOIN customer AS c ON c.bucket = m.bucket AND c.customer_id = m.customer_id
     WHERE m.left_at IS NULL
), answer AS (
    SELECT /*rule*/ NULL::boolean /*rule*/ AS matches FROM rule_customer AS r
)
SELECT count(*), count(*) FILTER (WHERE matches), count(*) FILTER (WHERE matches IS NULL)
  FROM answer
