/*
 * bench_book.c - how fast the book loads, beside the bare COPY of the same rows.
 *
 *   bench_book [--customers N] [--workers N] [--rounds N] [--least PERCENT]
 *
 * Fills a database with made-up customers (25 columns, 3 holdings, 10 transactions, 4
 * interactions and one contact each, as an import leaves them: in the order of the bank's
 * references, which is not the book's). Each round then drains the book's own COPY
 * statements, range by range, over as many connections as the load uses, throws the rows
 * away, and loads the book; both count the same bytes. Then saves the book and opens it.
 * The ratio is the median of the rounds'. --least: exit 1 when it is lower.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <libpq-fe.h>

#include "db/db_priv.h"
#include "engine/log.h"
#include "segments/book_file_store.h"
#include "segments/book_fill_store.h"
#include "tests/lib/cluster.h"

#define NOW        INT64_C(1795399200000000)
#define ROUNDS_MAX 20

struct bench {
	long customers, workers, rounds, least;
	struct test_db t;
	_Atomic int next; /* table of a range to drain */
	_Atomic int64_t bytes, rows;
	int nranges;
};

static void
fail(const char *what, const struct stw_err *err)
{
	(void)fprintf(stderr, "bench_book: %s: %s\n", what, err->text);
	exit(1);
}

static double
seconds_since(stw_usec began)
{
	return (double)(stw_monotonic() - began) / 1e6;
}

/* ---- the database ------------------------------------------------------------------ */
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

static void
fill_database(struct bench *b)
{
	stw_usec began = stw_monotonic();
	char sql[3000];

	test_db_tamper(&b->t, "ALTER SYSTEM SET max_wal_size = '8GB'");
	test_db_tamper(&b->t, "SELECT pg_reload_conf()");
	for (size_t i = 0; i < STW_ARRAY_LEN(fills); i++) {
		(void)snprintf(sql, sizeof sql, "SET bench.customers TO %ld; %s",
		    b->customers, fills[i]);
		test_db_tamper(&b->t, sql);
	}
	test_db_tamper(&b->t, "VACUUM ANALYZE");
	(void)printf(
	    "filled: %ld customers (%.1f s)\n", b->customers, seconds_since(began));
}

/* ---- draining ---------------------------------------------------------------------- */
static void
drain_one(struct bench *b, struct db *db, enum db_query_id query)
{
	PGresult *res = PQexec(db->pg, db_query_texts[query]);
	int64_t bytes = 0, rows = 0;
	char *data;
	int n;

	if (PQresultStatus(res) != PGRES_COPY_OUT) {
		(void)fprintf(stderr, "bench_book: %s\n", PQerrorMessage(db->pg));
		exit(1);
	}
	PQclear(res);
	while ((n = PQgetCopyData(db->pg, &data, 0)) > 0) {
		bytes += n;
		rows++;
		PQfreemem(data);
	}
	db_drain(db);
	b->bytes += bytes;
	b->rows += rows - 1; /* the trailer */
}

static void *
drain(void *arg)
{
	struct bench *b = arg;
	struct stw_err err = {0};
	struct db *db;

	if (db_open(b->t.conninfo, &db, &err) != STW_OK ||
	    db_begin_snapshot(db, &err) != STW_OK ||
	    db_script(db, BOOK_LOAD_SESSION, &err) != STW_OK)
		fail("drain", &err);
	for (;;) {
		int task = b->next++, table = task / b->nranges, r = task % b->nranges;

		if (table > BOOK_CHILDREN)
			break;
		if (book_fill_range(db, r * BOOK_BUCKETS / b->nranges,
			(r + 1) * BOOK_BUCKETS / b->nranges - 1, &err) != STW_OK)
			fail("drain", &err);
		drain_one(b, db,
		    table == 0 ? DB_Q_BOOK_CUSTOMERS
			       : book_fill_query((enum book_child)(table - 1)));
	}
	db_close(db);
	return NULL;
}

static double
drain_all(struct bench *b)
{
	stw_usec began = stw_monotonic();
	pthread_t threads[64];

	b->next = 0;
	b->bytes = b->rows = 0;
	for (long i = 0; i < b->workers; i++)
		if (pthread_create(&threads[i], NULL, drain, b) != 0)
			exit(1);
	for (long i = 0; i < b->workers; i++)
		(void)pthread_join(threads[i], NULL);
	return seconds_since(began);
}

/* ---- loading ----------------------------------------------------------------------- */
static struct book *
load(struct bench *b, double *seconds)
{
	const struct book_options options = {
	    .workers = (int)b->workers, .no_traits = true};
	stw_usec began = stw_monotonic();
	struct stw_err err = {0};
	struct book *book;

	if (book_load(b->t.db, NOW, &options, &book, &err) != STW_OK)
		fail("load", &err);
	*seconds = seconds_since(began);
	return book;
}

static int
by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static double
cpu_seconds(void)
{
	struct rusage usage;

	(void)getrusage(RUSAGE_SELF, &usage);
	return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
	       (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

static double
compare(struct bench *b)
{
	double ratios[ROUNDS_MAX];

	for (long i = 0; i < b->rounds; i++) {
		double cpu = cpu_seconds(), drained = drain_all(b), loaded;
		double drain_cpu = cpu_seconds() - cpu;
		struct book *book = load(b, &loaded);
		double mb = (double)b->bytes / 1e6;
		struct rusage usage;

		ratios[i] = drained / loaded;
		cpu = cpu_seconds() - cpu - drain_cpu;
		(void)getrusage(RUSAGE_SELF, &usage);
		(void)printf(
		    "round %ld: %.1f million rows, %.0f MB; drain %.2f s %.0f MB/s; "
		    "load %.2f s %.0f MB/s; %.0f %%; our CPU %.2f and %.2f s; book %.0f MB, peak %.0f MB\n",
		    i + 1, (double)b->rows / 1e6, mb, drained, mb / drained, loaded,
		    mb / loaded, 100 * ratios[i], drain_cpu, cpu,
		    (double)book_bytes(book) / 1e6, (double)usage.ru_maxrss / 1e3);
		(void)fflush(stdout);
		book_free(book);
	}
	qsort(ratios, (size_t)b->rounds, sizeof *ratios, by_size);
	return ratios[b->rounds / 2];
}

/* Saves a loaded book, and opens it as a start would: everything checked. */
static void
save_and_open(struct bench *b)
{
	static const struct book_file_want any = {.max_age = -1};
	char path[64];
	double seconds;
	struct book *book = load(b, &seconds), *again;
	stw_usec began = stw_monotonic();
	struct stw_err err = {0};
	uint64_t bytes;

	(void)snprintf(path, sizeof path, "build/bench_book_%d", (int)getpid());
	if (book_save(b->t.db, book, path, &bytes, &err) != STW_OK)
		fail("save", &err);
	seconds = seconds_since(began);
	book_free(book);
	(void)printf("file: %.0f MB, saved in %.2f s", (double)bytes / 1e6, seconds);
	for (long i = 0; i < b->rounds; i++) {
		double cpu = cpu_seconds();

		began = stw_monotonic();
		if (book_file_open(path, &any, &again, NULL, &err) != STW_OK)
			fail("open", &err);
		seconds = seconds_since(began);
		cpu = cpu_seconds() - cpu;
		(void)printf("; opened at %.2f GB/s (CPU time: %.2f GB/s)",
		    (double)bytes / 1e9 / seconds, (double)bytes / 1e9 / cpu);
		book_free(again);
	}
	(void)printf("\n");
	(void)unlink(path);
}

static long
number(const char *text, long min, long max)
{
	char *end;
	long n = strtol(text, &end, 10);

	if (*end != '\0' || n < min || n > max) {
		(void)fprintf(stderr, "bench_book: %s is no number from %ld to %ld\n",
		    text, min, max);
		exit(2);
	}
	return n;
}

int
main(int argc, char **argv)
{
	struct bench b = {
	    .customers = 100000, .workers = sysconf(_SC_NPROCESSORS_ONLN), .rounds = 3};
	double ratio;

	for (int i = 1; i + 1 < argc; i += 2) {
		if (strcmp(argv[i], "--customers") == 0)
			b.customers = number(argv[i + 1], 1, 20000000);
		else if (strcmp(argv[i], "--workers") == 0)
			b.workers = number(argv[i + 1], 1, 64);
		else if (strcmp(argv[i], "--rounds") == 0)
			b.rounds = number(argv[i + 1], 1, ROUNDS_MAX);
		else if (strcmp(argv[i], "--least") == 0)
			b.least = number(argv[i + 1], 0, 200);
	}
	log_set_level(LOG_WARN);
	test_cluster_start();
	test_db_open(&b.t);
	/* As the load divides it: about 19 rows a customer. */
	b.nranges = (int)(b.customers * 19 / 8000000);
	if (b.nranges < b.workers * 2)
		b.nranges = (int)b.workers * 2;
	fill_database(&b);
	ratio = compare(&b);
	save_and_open(&b);
	test_db_close(&b.t);
	(void)printf(
	    "%ld connections: the book loads at %.0f %% of the bare COPY's rate\n",
	    b.workers, 100 * ratio);
	return ratio * 100 < (double)b.least ? 1 : 0;
}
