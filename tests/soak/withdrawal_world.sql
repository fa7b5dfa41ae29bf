-- withdrawal_world.sql: customer 1 ... as the demo's campaigns want them: one that planning
-- makes a task for, which is then the pattern of all. psql variable: races.
CREATE FUNCTION race_bucket(ref text) RETURNS smallint LANGUAGE sql IMMUTABLE AS
$$ SELECT get_byte(sha256(convert_to(ref, 'UTF8')), 0)::smallint $$;
CREATE TABLE race_person AS
SELECT n, 'r' || n AS ref, n AS id, n AS point, 'p' || n AS phone
  FROM generate_series(0, :races - 1) AS n
UNION ALL
SELECT n, 's' || n, 10000000 + n, 10000000 + n, 'p' || n
  FROM generate_series(0, :races - 1) AS n WHERE n % 4 = 3;
UPDATE race_person SET id = 20000000, point = 20000000 WHERE id = 0;
INSERT INTO customer (bucket, customer_id, ref, name_mask, dob, zone, province, risk_rating,
    risk_assessed_on, opened_on, updated_at)
SELECT race_bucket(ref), id, ref, '王**', '1980-05-05', 'Asia/Shanghai', '上海市', 4,
       '2026-06-01', '2020-01-01', '2026-01-01' FROM race_person;
INSERT INTO customer_permission SELECT race_bucket(ref), id, 0 FROM race_person;
INSERT INTO contact_point (bucket, point_id, customer_id, kind, phone_sealed, phone_index,
    phone_mask, region, zones, is_primary, updated_at)
SELECT race_bucket(ref), point, id, 'mobile', '\x00', sha256(convert_to(phone, 'UTF8')),
       '138****0000', 'CN', '{Asia/Shanghai}', true, '2026-01-01' FROM race_person;
INSERT INTO consent_event (bucket, consent_id, customer_id, action, purpose, channel, form,
    notice_version, evidence, evidence_hash, source, actor, effective_at, recorded_at)
SELECT race_bucket(ref), gen_random_uuid(), id, 'grant', 'MARKETING', 'VOICE', 'written',
       'v3', 'e', sha256('e'), 'branch', 'x', '2026-05-01', '2026-05-01' FROM race_person;
-- Those who share a number are of one household; strangers would be put up for review.
INSERT INTO household_member (bucket, customer_id, household_ref, source, state, actor,
    updated_at)
SELECT race_bucket(p.ref), p.id, p.phone, 'declared', 'member', 'x', '2026-01-01'
  FROM race_person p
 WHERE (SELECT count(*) FROM race_person o WHERE o.phone = p.phone) > 1;
-- Only this one is in an audience.
INSERT INTO holding (bucket, customer_id, holding_ref, kind, amount, currency, maturity_on,
    updated_at)
SELECT race_bucket('r0'), 20000000, 'h', 'deposit', 50000000, 'CNY', '2026-11-26', '2026-01-01';
ANALYZE;
