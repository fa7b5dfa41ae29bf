-- erase_customer: nothing of the person is left in the row but the bank's reference.
-- Params   $1 bucket, $2 customer_id, $3 now, $4 today
UPDATE customer
   SET name_sealed = NULL, name_mask = NULL, id_sealed = NULL, gender = NULL, dob = NULL,
       lang = DEFAULT, country = DEFAULT, province = NULL, city = NULL, zone = NULL,
       zone_verified = false, branch = NULL, manager = NULL, tier = NULL,
       opened_on = NULL, closed_on = $4::date, risk_rating = NULL,
       risk_assessed_on = NULL, risk_valid = false, deceased = false, incapacity = false,
       fraud_hold = false, complaint_open = false, profiling_opt_out = true, phone_shared_by = 0,
       kind = NULL, state = NULL, means = NULL, qualified_until = NULL,
       household_size = NULL,
       erased_at = $3::timestamptz, updated_at = $3::timestamptz
 WHERE bucket = $1::smallint AND customer_id = $2::bigint;
