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
#include "tests/lib/bench_people.h"
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
	/* As the load divides it. */
	b.nranges = (int)(b.customers * BENCH_PEOPLE_ROWS / 8000000);
	if (b.nranges < b.workers * 2)
		b.nranges = (int)b.workers * 2;
	bench_people_fill(&b.t, b.customers);
	ratio = compare(&b);
	save_and_open(&b);
	test_db_close(&b.t);
	(void)printf(
	    "%ld connections: the book loads at %.0f %% of the bare COPY's rate\n",
	    b.workers, 100 * ratio);
	return ratio * 100 < (double)b.least ? 1 : 0;
}
