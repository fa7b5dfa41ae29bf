-- import_copy_customer: one batch into its stage table; order as
-- segments/import_target.c.
-- Params   none
COPY stage_customer (line, bucket, customer_id, wrapped, ref, name_sealed, name_mask,
id_sealed, gender, dob, lang, country, province, city, zone, zone_verified, branch,
manager, tier, opened_on, closed_on, risk_rating, risk_assessed_on, risk_valid,
deceased, incapacity, fraud_hold, legal_hold, complaint_open, profiling_opt_out,
kind, state, means, qualified_until)
FROM STDIN (FORMAT binary);
