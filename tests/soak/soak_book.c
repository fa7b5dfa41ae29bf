/*
 * soak_book.c - does the kept book end up equal to a fresh load, and how soon does it show
 * what was committed?
 *
 *   soak_book [--customers N] [--writers N] [--rate CHANGES/S] [--most CHANGES A COMMIT]
 *             [--steady SECONDS] [--chaos SECONDS] [--seed N]
 *
 * Steady: writers write at the rate; a probe commits up to ten times a second and looks how
 * long it takes until the newest version has it, and until the customer has entered or left
 * the segment that it is about. Chaos: the same writers, and every second
 * something happens to the server: connections are ended, it stops and starts, it crashes, a
 * table is truncated, products change. Then the writers end, and the book is compared with a
 * fresh load. Exit status 0: equal.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <libpq-fe.h>

#include "api/tick.h"
#include "engine/log.h"
#include "segments/book_live_store.h"
#include "segments/book_store.h"
#include "segments/trait_store.h"
#include "tests/lib/book_same.h"
#include "tests/lib/book_world.h"
#include "tests/lib/book_writes.h"
#include "tests/lib/cluster.h"

#define WRITERS_MAX 16
#define PROBES_MAX  100000
#define PROBE_WAIT  (30 * STW_USEC_SEC)
#define SETTLE_MSEC 120000

static struct soak {
	int64_t customers, writers, rate, most, steady, chaos, seed;
	struct test_db db;
	struct stw_clock clock;
	struct book_live *live;
	atomic_bool stop, stop_ticks;
	_Atomic int64_t written;
	struct probe {
		stw_usec visible, member;
	} probes[PROBES_MAX];
	size_t nprobes, lost;
	int bucket; /* of the probe's customer, whose id is 0 */
	_Atomic int64_t ticked;
	int64_t
	    imports; /* the mark of the tick over everybody; set before threads start */
} soak = {.customers = 20000,
    .writers = 4,
    .rate = 2000,
    .most = 4,
    .steady = 60,
    .chaos = 120,
    .seed = 1};

STW_NORETURN static void
give_up(const char *what, const char *why)
{
	(void)fprintf(stderr, "soak-book: %s: %s\n", what, why);
	exit(1);
}

static void
parse(int argc, char **argv)
{
	const struct {
		const char *name;
		int64_t *to;
	} options[] = {{"--customers", &soak.customers}, {"--writers", &soak.writers},
	    {"--rate", &soak.rate}, {"--most", &soak.most}, {"--steady", &soak.steady},
	    {"--chaos", &soak.chaos}, {"--seed", &soak.seed}};

	for (int i = 1; i + 1 < argc; i += 2) {
		size_t k = 0;

		while (
		    k < STW_ARRAY_LEN(options) && strcmp(options[k].name, argv[i]) != 0)
			k++;
		if (k == STW_ARRAY_LEN(options))
			give_up(argv[i], "no such option");
		*options[k].to = strtoll(argv[i + 1], NULL, 10);
	}
	if (argc % 2 == 0)
		give_up(argv[argc - 1], "needs a value");
	if (soak.writers < 1 || soak.writers > WRITERS_MAX || soak.rate < 1)
		give_up("--writers, --rate", "out of range");
}

/* ---- writers ----------------------------------------------------------------------------- */
/* Each holds its share of the rate by the clock, not by pauses: a stall is made up for. */
static void *
write_on(void *arg)
{
	int number = *(const int *)arg;
	struct book_writer *writer =
	    book_writer_new(soak.db.superuser, number, (uint64_t)soak.seed, true);
	stw_usec began = stw_monotonic();
	int64_t done = 0;

	while (!soak.stop) {
		int64_t due =
		    (stw_monotonic() - began) * soak.rate / soak.writers / STW_USEC_SEC;

		if (done >= due) {
			(void)usleep(1000);
			continue;
		}
		if (due - done >
		    soak.rate) /* the server was away: that is not written */
			done = due - soak.rate;
		done += book_writer_write(writer, (int)soak.customers, (int)soak.most);
		atomic_fetch_add(&soak.written, 1);
	}
	book_writer_free(writer);
	return NULL;
}

/* ---- the probe ---------------------------------------------------------------------------- */
/* Is the tier of the probe's customer what was written? Newer parts come later. */
static bool
shows(const struct book_view *view, const char *tier)
{
	for (int p = view->nparts - 1; p >= 0; p--) {
		const struct book *book = view->parts[p]->patch.book;
		const struct column *col = &book->customers->cols[BOOK_TIER];
		size_t row = book_find(book, soak.bucket, 0);

		if (row != SIZE_MAX)
			return str_eq_c(
			    col_dict_get(col->dict, column_code(col, row)), tier);
	}
	return false;
}

/* Until the newest version shows it; false: it never did. */
static bool
wait_visible(const char *tier, stw_usec until)
{
	while (stw_monotonic() < until) {
		struct book_view *view = book_live_view(soak.live);
		bool shown = shows(view, tier);

		book_view_unref(view);
		if (shown)
			return true;
		(void)usleep(1000);
	}
	return false;
}

static bool
wait_member(PGconn *pg, bool member, stw_usec until)
{
	while (stw_monotonic() < until) {
		PGresult *res = PQexec(pg,
		    "SELECT count(*) FROM segment_member AS m JOIN segment AS s USING "
		    "(segment_id) WHERE s.code = 'probe' AND m.customer_id = 0 AND m.left_at "
		    "IS NULL");
		bool is = PQntuples(res) == 1 && PQgetvalue(res, 0, 0)[0] == '1';

		if (PQresultStatus(res) != PGRES_TUPLES_OK)
			give_up("probe", PQerrorMessage(pg));
		PQclear(res);
		if (is == member)
			return true;
		(void)usleep(2000);
	}
	return false;
}

/* An even number is outside the segment, an odd one in it. */
static void
probe_once(PGconn *pg, int n)
{
	struct probe *probe = &soak.probes[soak.nprobes];
	char sql[200], tier[32];
	stw_usec committed;
	PGresult *res;

	(void)snprintf(tier, sizeof tier, "%s%d", n % 2 == 0 ? "out" : "in", n);
	(void)snprintf(sql, sizeof sql,
	    "UPDATE customer SET tier = '%s' WHERE bucket = %d AND customer_id = 0",
	    tier, soak.bucket);
	res = PQexec(pg, sql);
	if (PQresultStatus(res) != PGRES_COMMAND_OK)
		give_up("probe", PQerrorMessage(pg));
	PQclear(res);
	committed = stw_monotonic();
	if (!wait_visible(tier, committed + PROBE_WAIT)) {
		soak.lost++;
		return;
	}
	probe->visible = stw_monotonic() - committed;
	if (!wait_member(pg, n % 2 == 1, committed + PROBE_WAIT)) {
		soak.lost++;
		return;
	}
	probe->member = stw_monotonic() - committed;
	soak.nprobes++;
}

static void
probe_on(stw_usec until)
{
	PGconn *pg = PQconnectdb(soak.db.superuser);
	stw_usec next = stw_monotonic();

	/* As writers do, see tests/lib/book_writes.c. */
	PQclear(PQexec(pg, "SET synchronous_commit = on"));
	for (int n = 0; stw_monotonic() < until && n < PROBES_MAX; n++) {
		probe_once(pg, n);
		next += STW_USEC_SEC / 10;
		while (stw_monotonic() < next)
			(void)usleep(1000);
	}
	PQfinish(pg);
}

static int
visible_cmp(const void *a, const void *b)
{
	const struct probe *x = a, *y = b;

	return (x->visible > y->visible) - (x->visible < y->visible);
}

static int
member_cmp(const void *a, const void *b)
{
	const struct probe *x = a, *y = b;

	return (x->member > y->member) - (x->member < y->member);
}

/* The probe that so many are not slower than, in the order they were put. */
static const struct probe *
probe_at(double share)
{
	size_t at = (size_t)(share * (double)soak.nprobes);

	return &soak.probes[at < soak.nprobes || at == 0 ? at : soak.nprobes - 1];
}

static void
report_probes(void)
{
	qsort(soak.probes, soak.nprobes, sizeof *soak.probes, visible_cmp);
	(void)printf("%zu probes (%zu not within %lld s)\n"
		     "  commit to visible: p50 %.0f ms, p99 %.0f ms, worst %.0f ms\n",
	    soak.nprobes, soak.lost, (long long)(PROBE_WAIT / STW_USEC_SEC),
	    (double)probe_at(0.5)->visible / 1e3, (double)probe_at(0.99)->visible / 1e3,
	    (double)probe_at(1)->visible / 1e3);
	qsort(soak.probes, soak.nprobes, sizeof *soak.probes, member_cmp);
	(void)printf(
	    "  commit to membership: p50 %.0f ms, p99 %.0f ms, worst %.0f ms; %lld customers "
	    "ticked\n",
	    (double)probe_at(0.5)->member / 1e3, (double)probe_at(0.99)->member / 1e3,
	    (double)probe_at(1)->member / 1e3, (long long)soak.ticked);
}

/* At most so many milliseconds for that share of the commits, by the keeper's own count. */
static double
lag_msec(const struct book_live_stat *stat, double share)
{
	int64_t total = 0, passed = 0;
	int i;

	for (i = 0; i < BOOK_LIVE_LAGS; i++)
		total += stat->lags[i];
	for (i = 0; i < BOOK_LIVE_LAGS - 1; i++) {
		passed += stat->lags[i];
		if ((double)passed >= share * (double)total)
			break;
	}
	return (double)book_live_lag_bound(i) / 1000;
}

static void
report_steady(int64_t seconds)
{
	struct book_live_stat stat;

	book_live_stat(soak.live, &stat);
	(void)printf(
	    "steady: %lld changes a second in %lld commits, %lld customers, %d "
	    "parts, %lld patch rows, %.1f MB\n",
	    (long long)(stat.changes / seconds), (long long)(stat.commits / seconds),
	    (long long)stat.view.customers, stat.view.parts,
	    (long long)stat.view.patch_rows, (double)stat.view.bytes / 1e6);
	report_probes();
	(void)printf("  all commits to visible: p50 <= %.0f ms, p99 <= %.0f ms\n",
	    lag_msec(&stat, 0.5), lag_msec(&stat, 0.99));
	(void)fflush(stdout);
}

/* ---- small ticks -------------------------------------------------------------------------- */
/* As api/serve.c does between two ticks over everybody. */
static void *
tick_on(void *arg)
{
	struct member_image members;
	stw_lsn written = 0;
	struct stw_err err;
	struct db *db;

	(void)arg;
	member_image_init(&members);
	if (db_open(soak.db.superuser, &db, &err) != STW_OK)
		give_up("tick", err.text);
	while (!soak.stop_ticks) {
		struct tick_touched touched = {0};
		struct book_keys keys;
		struct book_view *view = book_live_touched(soak.live, 100, &keys);

		if (view != NULL &&
		    tick_touched_run(db, soak.live, &members, &keys, soak.imports,
			clock_now(&soak.clock), &written, &touched, &err) != STW_OK)
			give_up("tick", err.text);
		soak.ticked += touched.customers;
		book_view_unref(view);
		free(keys.items);
	}
	member_image_fini(&members);
	db_close(db);
	return NULL;
}

/* The shipped model, and a segment for the probe. */
static void
prepare_ticks(void)
{
	const struct segment_def def = {.code = "probe",
	    .name_zh = "probe",
	    .name_en = "probe",
	    .rule = "customer.tier.startsWith(\"in\")"};
	const struct tick_options options = {.now = WORLD_NOW};
	struct tick_result result;
	struct stw_err err;
	struct db *db;
	bool installed;
	int version;

	if (db_open(soak.db.superuser, &db, &err) != STW_OK ||
	    lifecycle_store_install(db, "setup", WORLD_NOW, &installed, &err) !=
		STW_OK ||
	    segment_store_save(db, &def, "ann", WORLD_NOW, &version, &err) != STW_OK ||
	    tick_run(db, NULL, &options, &result, &err) != STW_OK)
		give_up("model and segment", err.text);
	soak.imports = result.imports;
	tick_fini(&result);
	db_close(db);
}

/* ---- chaos -------------------------------------------------------------------------------- */
/* As somebody who has a moment: the server may be coming up. */
static void
tamper(const char *sql)
{
	for (int i = 0; i < 1200; i++) {
		PGconn *pg = PQconnectdb(soak.db.superuser);
		PGresult *res = PQexec(pg, sql);
		bool good = PQresultStatus(res) == PGRES_COMMAND_OK ||
			    PQresultStatus(res) == PGRES_TUPLES_OK;

		PQclear(res);
		PQfinish(pg);
		if (good)
			return;
		(void)usleep(100000);
	}
	give_up("chaos", sql);
}

static void
chaos_on(stw_usec until)
{
	static const char terminate[] =
	    "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE "
	    "pid <> pg_backend_pid() AND (backend_type = 'walsender' OR "
	    "application_name = 'steward')";

	for (int n = 0; stw_monotonic() < until; n++) {
		(void)sleep(1);
		switch (n % 8) {
		case 1:
		case 5:
			tamper(terminate);
			break;
		case 2:
			test_cluster_restart(true);
			break;
		case 3:
			tamper("TRUNCATE txn");
			break;
		case 6:
			tamper("UPDATE product SET risk = 1 + (random() * 4)::int");
			break;
		case 7:
			test_cluster_restart(false);
			break;
		default:
			break;
		}
	}
}

/* ---- the whole ---------------------------------------------------------------------------- */
static void
start_keeper(void)
{
	const struct book_live_options options = {.conninfo = soak.db.superuser,
	    .slot = "soak_book",
	    .clock = &soak.clock,
	    .periodic_sec = 10,
	    .touched = true};
	struct book_view *view;
	struct stw_err err;

	if (book_live_start(&options, &soak.live, &err) != STW_OK)
		give_up("keeper", err.text);
	view = book_live_view_after(soak.live, 0, SETTLE_MSEC, NULL);
	if (view == NULL)
		give_up("keeper", "no version");
	book_view_unref(view);
}

static bool
is_equal(void)
{
	struct trait_catalogue catalogue;
	struct book_live_stat stat;
	struct book_parts kept, fresh;
	struct arena arena;
	struct book_view *view;
	struct book *book = NULL;
	struct stw_err err;
	stw_lsn position;
	struct db *db;
	struct buf why;
	bool equal;

	if (db_open(soak.db.superuser, &db, &err) != STW_OK ||
	    book_live_position(db, &position, &err) != STW_OK)
		give_up("compare", err.text);
	view = book_live_view_after(soak.live, position, SETTLE_MSEC, NULL);
	arena_init(&arena);
	if (book_load(db, WORLD_NOW, NULL, &book, &err) != STW_OK ||
	    trait_store_catalogue(db, &arena, &catalogue, &err) != STW_OK ||
	    book_view_parts(view, &catalogue, WORLD_NOW, &kept, &err) != STW_OK)
		give_up("compare", err.text);
	arena_fini(&arena);
	fresh = book_alone(book);
	buf_init(&why);
	equal = book_same(&fresh, &kept, &why);
	book_live_stat(soak.live, &stat);
	(void)printf(
	    "%s: %lld customers; %lld versions, %lld loads, %lld new bases, %lld "
	    "reconnects, %lld changes, %lld customers read again\n",
	    equal ? "equal to a fresh load" : why.data, (long long)stat.view.customers,
	    (long long)stat.versions, (long long)stat.reloads, (long long)stat.merges,
	    (long long)stat.reconnects, (long long)stat.changes,
	    (long long)stat.reread);
	buf_fini(&why);
	book_parts_free(&kept);
	book_free(book);
	book_view_unref(view);
	db_close(db);
	return equal;
}

int
main(int argc, char **argv)
{
	pthread_t threads[WRITERS_MAX], ticks;
	int numbers[WRITERS_MAX];
	bool equal;

	parse(argc, argv);
	log_set_level(LOG_ERROR);
	test_cluster_start_own();
	test_db_open(&soak.db);
	clock_set_base(&soak.clock, WORLD_NOW);
	book_writes_fill(soak.db.superuser, (int)soak.customers);
	tamper("INSERT INTO customer (bucket, customer_id, ref, updated_at) VALUES "
	       "(get_byte(sha256('probe'::bytea), 0), 0, 'probe', '2026-01-01')");
	soak.bucket = customer_bucket(STR_LIT("probe"));
	prepare_ticks();
	start_keeper();
	for (int i = 0; i < soak.writers; i++) {
		numbers[i] = i;
		if (pthread_create(&threads[i], NULL, write_on, &numbers[i]) != 0)
			give_up("writer", "no thread");
	}
	if (soak.steady > 0) {
		if (pthread_create(&ticks, NULL, tick_on, NULL) != 0)
			give_up("tick", "no thread");
		probe_on(stw_monotonic() + soak.steady * STW_USEC_SEC);
		/* Chaos is not for them: serve has its own patience. */
		soak.stop_ticks = true;
		(void)pthread_join(ticks, NULL);
		report_steady(soak.steady);
	}
	chaos_on(stw_monotonic() + soak.chaos * STW_USEC_SEC);
	soak.stop = true;
	for (int i = 0; i < soak.writers; i++)
		(void)pthread_join(threads[i], NULL);
	equal = is_equal();
	book_live_stop(soak.live);
	test_db_close(&soak.db);
	return equal ? 0 : 1;
}
