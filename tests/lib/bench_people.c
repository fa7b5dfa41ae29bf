#include "tests/lib/bench_people.h"

#include <stdio.h>

static const char *const fills[] = {
    "INSERT INTO product SELECT 'P' || i, '产品', 'product', "
    "  (ARRAY['wealth','insurance','fund','deposit','loan'])[1 + i % 5], 1 + i % 5, NULL, "
    "  NULL, now() FROM generate_series(1, 40) AS i",
    "INSERT INTO customer (bucket, customer_id, ref, gender, dob, province, city, zone, "
    "  branch, manager, tier, opened_on, risk_rating, risk_assessed_on, complaint_open, "
    "  updated_at) "
    "SELECT get_byte(sha256(convert_to('C' || lpad(i::text, 8, '0'), 'UTF8')), 0), i, "
    "  'C' || lpad(i::text, 8, '0'), CASE i % 50 WHEN 0 THEN NULL WHEN 1 THEN 'male' ELSE "
    "  (ARRAY['male','female'])[1 + i % 2] END, "
    "  CASE WHEN i % 40 <> 3 THEN date '1940-01-01' + (i * 7919 % 25000)::integer END, "
    "  (ARRAY['上海','北京','广东','浙江','江苏','四川','湖北','新疆'])[1 + i % 8], "
    "  '市' || (i % 120), CASE WHEN i % 8 = 7 THEN 'Asia/Urumqi' END, 'B' || (i * 31 % 400), "
    "  CASE WHEN i % 10 < 4 THEN 'M' || (i * 17 % 3000) END, "
    "  (ARRAY['普通','金卡','白金','私行'])[1 + (i * 13 % 97) / 30], "
    "  date '2005-01-01' + (i * 104729 % 7600)::integer, CASE WHEN i % 8 > 0 THEN 1 + i % 5 "
    "  END, CASE WHEN i % 8 > 0 THEN date '2024-01-01' + (i * 31 % 900)::integer END, i % 97 = 0, "
    "  '2026-11-01' FROM generate_series(1, current_setting('bench.customers')::bigint) AS i",
    "INSERT INTO customer_stage SELECT bucket, customer_id, 'wealth', 1, "
    "  (ARRAY['growing','mature','onboarding','at_risk','dormant'])[1 + customer_id % 5], "
    "  timestamptz '2025-01-01' + (customer_id * 7919 % 50000) * interval '10 minutes' "
    "  FROM customer ORDER BY customer_id",
    "INSERT INTO holding SELECT bucket, customer_id, 'H' || customer_id || '-' || k, "
    "  'P' || (1 + (customer_id * 3 + k) % 40), "
    "  (ARRAY['deposit','fund','wealth','insurance','account'])[1 + (customer_id + k) % 5], "
    "  (customer_id * 7919 + k * 104729) % 90000000, 'CNY', "
    "  date '2015-01-01' + (customer_id * 31 % 4000)::integer, "
    "  CASE WHEN k = 1 THEN date '2026-12-01' + (customer_id % 700)::integer END, "
    "  CASE WHEN customer_id % 9 = k THEN 'closed' ELSE 'open' END, '2026-11-01' "
    "  FROM (SELECT bucket, customer_id FROM customer ORDER BY customer_id) AS c, "
    "  generate_series(1, 3) AS k",
    "INSERT INTO txn SELECT bucket, customer_id, 'T' || customer_id || '-' || k, "
    "  timestamptz '2025-11-01' + (customer_id * 7919 % 5000 + k * 50000) * interval '1 minute', "
    "  (ARRAY['deposit','withdrawal','purchase','redemption','transfer_in','transfer_out', "
    "  'interest'])[1 + (customer_id + k * k) % 7], "
    "  (customer_id * 7919 + k * 104729) % 9000000 - 4000000, 'CNY', "
    "  (customer_id * 104729 + k * 7919) % 90000000 "
    "  FROM (SELECT bucket, customer_id FROM customer ORDER BY customer_id) AS c, "
    "  generate_series(0, 9) AS k",
    "INSERT INTO interaction SELECT bucket, customer_id, 'I' || customer_id || '-' || k, "
    "  timestamptz '2026-05-01' + (customer_id * 104729 % 250000) * interval '1 minute', "
    "  (ARRAY['login','inbound_call','branch_visit','complaint'])[1 + (customer_id + k) % 4], "
    "  (ARRAY['app','voice','branch'])[1 + (customer_id + k) % 3] "
    "  FROM (SELECT bucket, customer_id FROM customer ORDER BY customer_id) AS c, "
    "  generate_series(1, 4) AS k",
    "INSERT INTO contact_count SELECT bucket, md5(customer_id::text)::uuid, customer_id, "
    "  '\\x01', 'VOICE', CASE WHEN customer_id % 3 = 0 THEN 'conversation' ELSE 'attempt' "
    "  END, timestamptz '2026-06-01' + (customer_id * 31 % 200000) * interval '1 minute', NULL "
    "  FROM customer ORDER BY customer_id",
    "ANALYZE",
};

void
bench_people_fill(const struct test_db *t, long customers)
{
	stw_usec began = stw_monotonic();
	char sql[3000];

	test_db_tamper(t, "ALTER SYSTEM SET max_wal_size = '8GB'");
	test_db_tamper(t, "SELECT pg_reload_conf()");
	for (size_t i = 0; i < STW_ARRAY_LEN(fills); i++) {
		(void)snprintf(sql, sizeof sql, "SET bench.customers TO %ld; %s",
		    customers, fills[i]);
		test_db_tamper(t, sql);
	}
	test_db_tamper(t, "VACUUM ANALYZE");
	(void)printf("filled: %ld customers (%.1f s)\n", customers,
	    (double)(stw_monotonic() - began) / 1e6);
	(void)fflush(stdout);
}
