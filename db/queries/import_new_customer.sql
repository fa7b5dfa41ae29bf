-- import_new_customer: customers nobody has yet, straight into their table; order as
-- segments/import_target.c.
-- Params   none
COPY customer (bucket, customer_id, ref, name_sealed, name_mask,
id_sealed, gender, dob, lang, country, province, city, zone, zone_verified, branch,
manager, tier, opened_on, closed_on, risk_rating, risk_assessed_on, risk_valid,
deceased, incapacity, fraud_hold, legal_hold, complaint_open, profiling_opt_out,
kind, state, means, qualified_until, updated_at)
FROM STDIN (FORMAT binary);
