-- import_put_customer: the batch into customer, with keys and permission rows. Of several
-- rows about one customer the last line counts; columns the mapping does not give stay.
-- What is sealed again is the same when its text is (db/seal.h, seal_text_steady).
-- Params   $1 columns given text[], $2 now timestamptz
-- Returns  inserted, updated
WITH newest AS (
    SELECT DISTINCT ON (bucket, customer_id) * FROM stage_customer
     ORDER BY bucket, customer_id, line DESC
), put AS (
INSERT INTO customer (
    bucket, customer_id, ref, name_sealed, name_mask, id_sealed, gender, dob, lang,
    country, province, city, zone, zone_verified, branch, manager, tier, opened_on,
    closed_on, risk_rating, risk_assessed_on, risk_valid, deceased, incapacity,
    fraud_hold, legal_hold, complaint_open, profiling_opt_out, kind, state, means,
    qualified_until,
    updated_at)
SELECT
    bucket, customer_id, ref, name_sealed, name_mask, id_sealed, gender, dob, lang,
    country, province, city, zone, zone_verified, branch, manager, tier, opened_on,
    closed_on, risk_rating, risk_assessed_on, risk_valid, deceased, incapacity,
    fraud_hold, legal_hold, complaint_open, profiling_opt_out, kind, state, means,
    qualified_until,
    $2::timestamptz
  FROM newest
ON CONFLICT (bucket, customer_id) DO UPDATE SET
    name_sealed = CASE WHEN 'name' = ANY ($1::text[]) THEN EXCLUDED.name_sealed
        ELSE customer.name_sealed END,
    name_mask = CASE WHEN 'name' = ANY ($1::text[]) THEN EXCLUDED.name_mask
        ELSE customer.name_mask END,
    id_sealed = CASE WHEN 'id_number' = ANY ($1::text[]) THEN EXCLUDED.id_sealed
        ELSE customer.id_sealed END,
    gender = CASE WHEN 'gender' = ANY ($1::text[]) THEN EXCLUDED.gender
        ELSE customer.gender END,
    dob = CASE WHEN 'dob' = ANY ($1::text[]) THEN EXCLUDED.dob
        ELSE customer.dob END,
    lang = CASE WHEN 'lang' = ANY ($1::text[]) THEN EXCLUDED.lang
        ELSE customer.lang END,
    country = CASE WHEN 'country' = ANY ($1::text[]) THEN EXCLUDED.country
        ELSE customer.country END,
    province = CASE WHEN 'province' = ANY ($1::text[]) THEN EXCLUDED.province
        ELSE customer.province END,
    city = CASE WHEN 'city' = ANY ($1::text[]) THEN EXCLUDED.city
        ELSE customer.city END,
    zone = CASE WHEN 'zone' = ANY ($1::text[]) THEN EXCLUDED.zone
        ELSE customer.zone END,
    zone_verified = CASE WHEN 'zone_verified' = ANY ($1::text[]) THEN EXCLUDED.zone_verified
        ELSE customer.zone_verified END,
    branch = CASE WHEN 'branch' = ANY ($1::text[]) THEN EXCLUDED.branch
        ELSE customer.branch END,
    manager = CASE WHEN 'manager' = ANY ($1::text[]) THEN EXCLUDED.manager
        ELSE customer.manager END,
    tier = CASE WHEN 'tier' = ANY ($1::text[]) THEN EXCLUDED.tier
        ELSE customer.tier END,
    opened_on = CASE WHEN 'opened_on' = ANY ($1::text[]) THEN EXCLUDED.opened_on
        ELSE customer.opened_on END,
    closed_on = CASE WHEN 'closed_on' = ANY ($1::text[]) THEN EXCLUDED.closed_on
        ELSE customer.closed_on END,
    risk_rating = CASE WHEN 'risk_rating' = ANY ($1::text[]) THEN EXCLUDED.risk_rating
        ELSE customer.risk_rating END,
    risk_assessed_on = CASE WHEN 'risk_assessed_on' = ANY ($1::text[]) THEN EXCLUDED.risk_assessed_on
        ELSE customer.risk_assessed_on END,
    risk_valid = CASE WHEN 'risk_valid' = ANY ($1::text[]) THEN EXCLUDED.risk_valid
        ELSE customer.risk_valid END,
    deceased = CASE WHEN 'deceased' = ANY ($1::text[]) THEN EXCLUDED.deceased
        ELSE customer.deceased END,
    incapacity = CASE WHEN 'incapacity' = ANY ($1::text[]) THEN EXCLUDED.incapacity
        ELSE customer.incapacity END,
    fraud_hold = CASE WHEN 'fraud_hold' = ANY ($1::text[]) THEN EXCLUDED.fraud_hold
        ELSE customer.fraud_hold END,
    legal_hold = CASE WHEN 'legal_hold' = ANY ($1::text[]) THEN EXCLUDED.legal_hold
        ELSE customer.legal_hold END,
    complaint_open = CASE WHEN 'complaint_open' = ANY ($1::text[]) THEN EXCLUDED.complaint_open
        ELSE customer.complaint_open END,
    profiling_opt_out = CASE WHEN 'profiling_opt_out' = ANY ($1::text[]) THEN EXCLUDED.profiling_opt_out
        ELSE customer.profiling_opt_out END,
    kind = CASE WHEN 'kind' = ANY ($1::text[]) THEN EXCLUDED.kind
        ELSE customer.kind END,
    state = CASE WHEN 'state' = ANY ($1::text[]) THEN EXCLUDED.state
        ELSE customer.state END,
    means = CASE WHEN 'means' = ANY ($1::text[]) THEN EXCLUDED.means
        ELSE customer.means END,
    qualified_until = CASE WHEN 'qualified_until' = ANY ($1::text[]) THEN EXCLUDED.qualified_until
        ELSE customer.qualified_until END,
    updated_at = EXCLUDED.updated_at
 WHERE ('name' = ANY ($1::text[]) AND customer.name_sealed IS DISTINCT FROM EXCLUDED.name_sealed)
    OR ('id_number' = ANY ($1::text[]) AND customer.id_sealed IS DISTINCT FROM EXCLUDED.id_sealed)
    OR ('gender' = ANY ($1::text[]) AND customer.gender IS DISTINCT FROM EXCLUDED.gender)
    OR ('dob' = ANY ($1::text[]) AND customer.dob IS DISTINCT FROM EXCLUDED.dob)
    OR ('lang' = ANY ($1::text[]) AND customer.lang IS DISTINCT FROM EXCLUDED.lang)
    OR ('country' = ANY ($1::text[]) AND customer.country IS DISTINCT FROM EXCLUDED.country)
    OR ('province' = ANY ($1::text[]) AND customer.province IS DISTINCT FROM EXCLUDED.province)
    OR ('city' = ANY ($1::text[]) AND customer.city IS DISTINCT FROM EXCLUDED.city)
    OR ('zone' = ANY ($1::text[]) AND customer.zone IS DISTINCT FROM EXCLUDED.zone)
    OR ('zone_verified' = ANY ($1::text[]) AND customer.zone_verified IS DISTINCT FROM EXCLUDED.zone_verified)
    OR ('branch' = ANY ($1::text[]) AND customer.branch IS DISTINCT FROM EXCLUDED.branch)
    OR ('manager' = ANY ($1::text[]) AND customer.manager IS DISTINCT FROM EXCLUDED.manager)
    OR ('tier' = ANY ($1::text[]) AND customer.tier IS DISTINCT FROM EXCLUDED.tier)
    OR ('opened_on' = ANY ($1::text[]) AND customer.opened_on IS DISTINCT FROM EXCLUDED.opened_on)
    OR ('closed_on' = ANY ($1::text[]) AND customer.closed_on IS DISTINCT FROM EXCLUDED.closed_on)
    OR ('risk_rating' = ANY ($1::text[]) AND customer.risk_rating IS DISTINCT FROM EXCLUDED.risk_rating)
    OR ('risk_assessed_on' = ANY ($1::text[]) AND customer.risk_assessed_on IS DISTINCT FROM EXCLUDED.risk_assessed_on)
    OR ('risk_valid' = ANY ($1::text[]) AND customer.risk_valid IS DISTINCT FROM EXCLUDED.risk_valid)
    OR ('deceased' = ANY ($1::text[]) AND customer.deceased IS DISTINCT FROM EXCLUDED.deceased)
    OR ('incapacity' = ANY ($1::text[]) AND customer.incapacity IS DISTINCT FROM EXCLUDED.incapacity)
    OR ('fraud_hold' = ANY ($1::text[]) AND customer.fraud_hold IS DISTINCT FROM EXCLUDED.fraud_hold)
    OR ('legal_hold' = ANY ($1::text[]) AND customer.legal_hold IS DISTINCT FROM EXCLUDED.legal_hold)
    OR ('complaint_open' = ANY ($1::text[]) AND customer.complaint_open IS DISTINCT FROM EXCLUDED.complaint_open)
    OR ('profiling_opt_out' = ANY ($1::text[]) AND customer.profiling_opt_out IS DISTINCT FROM EXCLUDED.profiling_opt_out)
    OR ('kind' = ANY ($1::text[]) AND customer.kind IS DISTINCT FROM EXCLUDED.kind)
    OR ('state' = ANY ($1::text[]) AND customer.state IS DISTINCT FROM EXCLUDED.state)
    OR ('means' = ANY ($1::text[]) AND customer.means IS DISTINCT FROM EXCLUDED.means)
    OR ('qualified_until' = ANY ($1::text[]) AND customer.qualified_until IS DISTINCT FROM EXCLUDED.qualified_until)
RETURNING xmax = 0 AS fresh
), keys AS (
    -- A customer of an earlier line of the batch brings the key.
    INSERT INTO customer_key (bucket, customer_id, wrapped)
    SELECT DISTINCT ON (bucket, customer_id) bucket, customer_id, wrapped
      FROM stage_customer WHERE wrapped IS NOT NULL
    ON CONFLICT (bucket, customer_id) DO NOTHING
), permission AS (
    INSERT INTO customer_permission (bucket, customer_id)
    SELECT bucket, customer_id FROM newest
    ON CONFLICT (bucket, customer_id) DO NOTHING
)
SELECT count(*) FILTER (WHERE fresh), count(*) FILTER (WHERE NOT fresh) FROM put;
