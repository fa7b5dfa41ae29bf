#include "tests/lib/book_writes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <libpq-fe.h>

#include "engine/arena.h"
#include "engine/err.h"

/* Fed traits: one of each type. */
static const char feds[] =
    "INSERT INTO trait (name, type, sensitivity, name_zh, name_en, content_hash, state, "
    "  author, updated_at, source, currency) "
    "SELECT 'fed_' || kind, kind, 'ordinary', 'x', 'x', '\\x01', 'active', 'x', "
    "  '2026-01-01', 'feed', CASE kind WHEN 'money' THEN 'CNY' END "
    "FROM unnest(ARRAY['bool', 'int', 'double', 'string', 'date', 'timestamp', 'money']) "
    "  AS kind;"
    "CREATE FUNCTION w_feed(c int, kind text) RETURNS void LANGUAGE sql AS $$"
    "  INSERT INTO trait_value (bucket, customer_id, trait_id, whole, real, text, day, at) "
    "  SELECT w_bucket(c), c, trait_id, "
    "    CASE kind WHEN 'bool' THEN (random() * 1)::int WHEN 'int' THEN (random() * 1e6)::int "
    "      WHEN 'money' THEN (random() * 1e12)::bigint END, "
    "    CASE kind WHEN 'double' THEN random() END, "
    "    CASE kind WHEN 'string' THEN 's' || (random() * 9)::int END, "
    "    CASE kind WHEN 'date' THEN date '2026-01-01' + (random() * 900)::int END, "
    "    CASE kind WHEN 'timestamp' THEN timestamptz '2026-11-24' - (random() * 1000)::int "
    "      * interval '1 minute' END "
    "  FROM trait WHERE name = 'fed_' || kind "
    "  ON CONFLICT (bucket, customer_id, trait_id) DO UPDATE SET whole = excluded.whole, "
    "    real = excluded.real, text = excluded.text, day = excluded.day, "
    "    at = excluded.at $$;";

/* One function of the database, so that a change costs no round trip. wN has the id N; a
 * customer that comes back is another one of the same name. */
static const char functions[] =
    "CREATE FUNCTION w_bucket(c int) RETURNS smallint LANGUAGE sql IMMUTABLE AS "
    "$$ SELECT get_byte(sha256(('w' || c)::bytea), 0)::smallint $$;"
    "CREATE FUNCTION w_put(c int) RETURNS void LANGUAGE sql AS $$"
    "  INSERT INTO customer (bucket, customer_id, ref, gender, dob, province, tier, "
    "    opened_on, risk_rating, complaint_open, updated_at) "
    "  VALUES (w_bucket(c), c, 'w' || c, (ARRAY['female', 'male', NULL])[1 + (random() * "
    "    2)::int], date '1940-01-01' + (random() * 25000)::int, 'p' || (random() * "
    "    30)::int, 't' || (random() * 5)::int, date '2020-01-01' + (random() * 2000)::int, "
    "    1 + (random() * 4)::int, random() < 0.1, '2026-01-01') "
    "  ON CONFLICT (bucket, customer_id) DO UPDATE SET tier = excluded.tier, "
    "    province = excluded.province, complaint_open = excluded.complaint_open $$;"
    "CREATE FUNCTION w_child(c int, n int) RETURNS void LANGUAGE sql AS $$"
    "  INSERT INTO holding VALUES (w_bucket(c), c, 'h' || n, 'P' || (random() * 12)::int, "
    "    (ARRAY['deposit', 'fund', 'wealth', 'loan'])[1 + (random() * 3)::int], "
    "    (random() * 1e8)::bigint, 'CNY', '2026-01-01', date '2026-11-01' + (random() * "
    "    400)::int, (ARRAY['open', 'closed'])[1 + (random() * 0.6)::int], '2026-01-01') "
    "  ON CONFLICT (bucket, customer_id, holding_ref) DO UPDATE SET amount = "
    "    excluded.amount, status = excluded.status;"
    "  INSERT INTO txn VALUES (w_bucket(c), c, 't' || n, timestamptz '2026-11-24' - "
    "    (random() * 100)::int * interval '1 hour', 'deposit', (random() * 1e6)::bigint, "
    "    'CNY', NULL) ON CONFLICT DO NOTHING $$;"
    "CREATE FUNCTION w_change(customers int) RETURNS void LANGUAGE plpgsql AS $$"
    "DECLARE "
    "  c int := 1 + floor(random() * customers); b smallint := w_bucket(c); "
    "  d int := 1 + floor(random() * customers); what int := floor(random() * 100); "
    "BEGIN "
    "  IF what < 4 THEN DELETE FROM customer WHERE bucket = b AND customer_id = c;"
    "  ELSIF what < 25 THEN PERFORM w_put(c);"
    "  ELSIF what < 50 THEN PERFORM w_child(c, (random() * 8)::int);"
    "  ELSIF what < 56 THEN DELETE FROM holding WHERE bucket = b AND customer_id = c "
    "    AND holding_ref = 'h' || (random() * 8)::int;"
    "  ELSIF what < 62 THEN DELETE FROM txn WHERE bucket = b AND customer_id = c "
    "    AND txn_ref = 't' || (random() * 8)::int;"
    "  ELSIF what < 72 THEN PERFORM w_feed(c, (ARRAY['bool', 'int', 'double', 'string', "
    "    'date', 'timestamp', 'money'])[1 + (random() * 6)::int]);"
    "  ELSIF what < 75 THEN DELETE FROM trait_value WHERE bucket = b AND customer_id = c "
    "    AND trait_id % 2 = (random() * 1)::int;"
    "  ELSIF what < 84 THEN INSERT INTO interaction VALUES (b, c, 'i' || (random() * "
    "    20)::int, timestamptz '2026-11-24' - (random() * 1000)::int * interval '1 hour', "
    "    (ARRAY['login', 'complaint'])[1 + (random() * 1.2)::int], NULL) "
    "    ON CONFLICT (bucket, customer_id, interaction_ref) DO UPDATE SET at = excluded.at;"
    "  ELSIF what < 92 THEN INSERT INTO customer_stage VALUES (b, c, 'wealth', 1, "
    "    (ARRAY['growing', 'mature', 'at_risk'])[1 + (random() * 2)::int], '2026-11-01') "
    "    ON CONFLICT (bucket, customer_id, model) DO UPDATE SET stage = excluded.stage;"
    "  ELSIF what < 97 THEN INSERT INTO contact_count VALUES (b, gen_random_uuid(), c, "
    "    '\\x01', 'VOICE', 'attempt', timestamptz '2026-11-24' - (random() * 1000)::int "
    "    * interval '1 hour', NULL);"
    "  ELSE UPDATE txn SET bucket = w_bucket(d), customer_id = d, txn_ref = 'm' || "
    "    gen_random_uuid() WHERE bucket = b AND customer_id = c "
    "    AND txn_ref = 't' || (random() * 8)::int;"
    "  END IF;"
    "END $$;";

struct book_writer {
	PGconn *pg;
	char conninfo[512];
	uint64_t random;
	bool patient;
};

STW_NORETURN static void
stop(const char *what, const char *why)
{
	(void)fprintf(stderr, "tests/lib/book_writes: %s: %s\n", what, why);
	exit(1);
}

/* What another try may mend: the server went, or two writers met. */
static bool
passing(const PGconn *pg, const PGresult *res)
{
	const char *state = PQresultErrorField(res, PG_DIAG_SQLSTATE);

	return PQstatus(pg) != CONNECTION_OK || state == NULL ||
	       strncmp(state, "57", 2) == 0 || strncmp(state, "40", 2) == 0 ||
	       strncmp(state, "08", 2) == 0;
}

static bool
run(PGconn *pg, const char *sql)
{
	PGresult *res = PQexec(pg, sql);
	bool good = PQresultStatus(res) == PGRES_COMMAND_OK ||
		    PQresultStatus(res) == PGRES_TUPLES_OK;

	if (!good && !passing(pg, res))
		stop(sql, PQresultErrorMessage(res));
	PQclear(res);
	return good;
}

static PGconn *
connect_to(const char *conninfo, bool patient)
{
	for (int i = 0; i < 1200; i++) {
		PGconn *pg = PQconnectdb(conninfo);

		/* A test cluster leaves commits to a process that writes five times a
		 * second; a bank's does not. */
		if (PQstatus(pg) == CONNECTION_OK &&
		    run(pg, "SET synchronous_commit = on"))
			return pg;
		if (!patient)
			stop("connect", PQerrorMessage(pg));
		PQfinish(pg);
		(void)usleep(100000);
	}
	stop("connect", "no server for two minutes");
}

static uint32_t
roll(struct book_writer *writer, uint32_t below)
{
	writer->random = writer->random * UINT64_C(6364136223846793005) +
			 UINT64_C(1442695040888963407);
	return (uint32_t)(writer->random >> 33) % below;
}

struct book_writer *
book_writer_new(const char *conninfo, int number, uint64_t seed, bool patient)
{
	struct book_writer *writer = stw_xalloc(sizeof *writer);

	(void)snprintf(writer->conninfo, sizeof writer->conninfo, "%s", conninfo);
	writer->random = seed * 1000 + (uint64_t)number;
	writer->patient = patient;
	writer->pg = connect_to(conninfo, patient);
	return writer;
}

int
book_writer_write(struct book_writer *writer, int customers, int most)
{
	int n = 1 + (int)roll(writer, (uint32_t)most);
	char sql[200];

	(void)snprintf(sql, sizeof sql,
	    "SELECT setseed(%u / 1e6); SELECT w_change(%d) FROM generate_series(1, %d)",
	    roll(writer, 1000000), customers, n);
	while (!run(writer->pg, sql)) {
		if (!writer->patient)
			stop("write", PQerrorMessage(writer->pg));
		if (PQstatus(writer->pg) == CONNECTION_OK)
			continue;
		PQfinish(writer->pg);
		writer->pg = connect_to(writer->conninfo, true);
	}
	return n;
}

void
book_writer_free(struct book_writer *writer)
{
	PQfinish(writer->pg);
	free(writer);
}

void
book_writes_fill(const char *conninfo, int customers)
{
	PGconn *pg = connect_to(conninfo, false);
	char sql[600];

	(void)run(pg, functions);
	(void)run(pg, feds);
	(void)run(pg,
	    "INSERT INTO product SELECT 'P' || n, 'x', 'x', (ARRAY['wealth', 'fund'])[1 + n "
	    "% 2], 1 + n % 5, NULL, NULL, '2026-01-01' FROM generate_series(0, 10) AS n");
	(void)snprintf(sql, sizeof sql,
	    "SELECT setseed(0.5); SELECT w_put(c) FROM generate_series(1, %d) AS c;"
	    "SELECT w_child(c, n) FROM generate_series(1, %d) AS c, generate_series(1, 3) "
	    "AS n; SELECT w_feed(c, kind) FROM generate_series(1, %d) AS c, unnest(ARRAY["
	    "'int', 'double', 'string']) AS kind WHERE c %% 3 > 0; ANALYZE",
	    customers, customers, customers);
	(void)run(pg, sql);
	PQfinish(pg);
}
