/*
 * bench_ledger.c - how fast the ledger takes entries, beside a bare COPY of the same bytes.
 *
 *   bench_ledger [--entries N] [--writers N] [--rounds N] [--batch N] [--rate N]
 *                [--seconds N]
 *
 * Each round: (1) the bare COPY of the entries into a table of the leaves' columns, batches
 * of --batch a transaction, one connection; (2) the ledger's way: --writers connections
 * append the same entries while another sequences, signs and covers them; the clock stops
 * when the last one is covered. Then single entries are committed at --rate a second for
 * --seconds while a sequencer works as serve does (every 200 ms); each commit is timed
 * until the checkpoint that covers it is in the database. At last the log is published and
 * verified as a directory. Prints the medians of the rounds, and the ratio.
 */
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "db/entry_json.h"
#include "db/ledger_dir.h"
#include "db/ledger_priv.h"
#include "engine/uuid.h"
#include "tests/lib/cluster.h"

#define NOW        INT64_C(1795399200000000)
#define ROUNDS_MAX 20
#define SEAL_USEC  200000
#define MARKS      100000

struct bench {
	long entries, writers, rounds, batch, rate, seconds;
	struct test_db t;
	struct ledger_key *key;
	char dir[64], file[96], log[96];
	struct buf *texts; /* the entries */
	_Atomic long next; /* batch to append */
	_Atomic bool stop;

	/* coverage: when so many were covered */
	_Atomic int nmarks;
	stw_usec at[MARKS];
	int64_t size[MARKS];
};

static void
fail(const char *what, const struct stw_err *err)
{
	(void)fprintf(stderr, "bench_ledger: %s: %s\n", what, err->text);
	exit(1);
}

static void
must(const char *what, enum stw_code rc, const struct stw_err *err)
{
	if (rc != STW_OK)
		fail(what, err);
}

static double
seconds_since(stw_usec began)
{
	return (double)(stw_monotonic() - began) / 1e6;
}

/* Entries as decisions make them. */
static void
make_entries(struct bench *b)
{
	b->texts = calloc((size_t)b->entries, sizeof *b->texts);
	STW_ASSERT(b->texts != NULL);
	for (long i = 0; i < b->entries; i++) {
		const struct entry_field fields[] = {ENTRY_TEXT("gate", "P"),
		    ENTRY_TEXT("outcome", i % 3 == 0 ? "ALLOW" : "BLOCK"),
		    ENTRY_TEXT("primary", i % 3 == 0 ? NULL : "CALLING_HOURS"),
		    ENTRY_TEXT("record_sha256",
			"5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328")};
		struct uuid id = uuid_new(NOW + i);
		char text[UUID_TEXT];

		buf_init(&b->texts[i]);
		entry_write("decision", uuid_format(&id, text), NOW + i, fields,
		    (int)STW_ARRAY_LEN(fields), &b->texts[i]);
	}
}

/* ---- the bare COPY ----------------------------------------------------------------------- */
/* The statement of the outbox, whose table is another one for the time of the round. */
static double
bare_copy(struct bench *b)
{
	stw_usec began;
	double took;
	long i = 0;

	test_db_tamper(&b->t,
	    "ALTER TABLE ledger_outbox RENAME TO outbox_aside; CREATE TABLE ledger_outbox "
	    "(id bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY, bucket smallint NOT "
	    "NULL, kind text NOT NULL, entry bytea NOT NULL); ALTER TABLE ledger_outbox "
	    "OWNER TO steward");
	began = stw_monotonic();
	while (i < b->entries) {
		long end = i + b->batch < b->entries ? i + b->batch : b->entries;
		struct db_copy_in *copy;
		struct stw_err err;

		must("begin", db_begin(b->t.db, &err), &err);
		must("copy",
		    db_copy_in_begin(b->t.db, DB_Q_LEDGER_APPEND_COPY, &copy, &err),
		    &err);
		for (; i < end; i++) {
			db_put_row(copy, 3);
			db_put_i16(copy, -1);
			db_put_text(copy, STR_LIT("decision"));
			db_put_text(
			    copy, (struct str){b->texts[i].data, b->texts[i].len});
		}
		must("copy", db_copy_in_end(copy, NULL, &err), &err);
		must("commit", db_commit(b->t.db, &err), &err);
	}
	took = seconds_since(began);
	test_db_tamper(&b->t,
	    "DROP TABLE ledger_outbox; ALTER TABLE outbox_aside RENAME "
	    "TO ledger_outbox");
	return (double)b->entries / took;
}

/* ---- the ledger ---------------------------------------------------------------------------- */
static void *
writer_main(void *arg)
{
	struct bench *b = arg;
	struct ledger_entry *batch = calloc((size_t)b->batch, sizeof *batch);
	struct db *db = test_db_connect(&b->t);
	struct stw_err err;
	long i;

	STW_ASSERT(batch != NULL);
	while ((i = atomic_fetch_add(&b->next, 1) * b->batch) < b->entries) {
		long n = i + b->batch < b->entries ? b->batch : b->entries - i;

		for (long k = 0; k < n; k++)
			batch[k] = (struct ledger_entry){-1, "decision",
			    {b->texts[i + k].data, b->texts[i + k].len}};
		must("begin", db_begin(db, &err), &err);
		must("append", ledger_append_many(db, batch, (size_t)n, &err), &err);
		must("commit", db_commit(db, &err), &err);
	}
	db_close(db);
	free(batch);
	return NULL;
}

static double
through_the_ledger(struct bench *b)
{
	stw_usec began = stw_monotonic();
	struct ledger_seal_result sealed = {0};
	struct db *db = test_db_connect(&b->t);
	pthread_t threads[16];
	int64_t before = 0;
	struct stw_err err;
	double took;

	must("seal", ledger_seal(db, b->key, b->file, NOW, &sealed, &err), &err);
	before = sealed.size;
	atomic_store(&b->next, 0);
	for (long i = 0; i < b->writers; i++)
		STW_ASSERT(pthread_create(&threads[i], NULL, writer_main, b) == 0);
	while (sealed.size < before + b->entries)
		must(
		    "seal", ledger_seal(db, b->key, b->file, NOW, &sealed, &err), &err);
	took = seconds_since(began);
	for (long i = 0; i < b->writers; i++)
		(void)pthread_join(threads[i], NULL);
	db_close(db);
	return (double)b->entries / took;
}

/* ---- coverage ---------------------------------------------------------------------------------- */
static void *
sealer_main(void *arg)
{
	struct bench *b = arg;
	struct db *db = test_db_connect(&b->t);
	struct ledger_seal_result sealed;
	struct stw_err err;

	while (!atomic_load(&b->stop)) {
		must(
		    "seal", ledger_seal(db, b->key, b->file, NOW, &sealed, &err), &err);
		if (b->nmarks < MARKS) {
			b->at[b->nmarks] = stw_monotonic();
			b->size[b->nmarks] = sealed.size;
			atomic_fetch_add(&b->nmarks, 1);
		}
		(void)usleep(SEAL_USEC);
	}
	db_close(db);
	return NULL;
}

static int
by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* One writer commits in order, so the k-th commit is entry base + k. */
static void
coverage(struct bench *b)
{
	long count = b->rate * b->seconds, done = 0;
	double *waits = calloc((size_t)count, sizeof *waits);
	stw_usec *committed = calloc((size_t)count, sizeof *committed);
	int64_t base = test_db_number(&b->t, "SELECT count(*) FROM ledger_leaf");
	stw_usec began = stw_monotonic();
	pthread_t sealer;
	struct stw_err err;

	STW_ASSERT(waits != NULL && committed != NULL);
	STW_ASSERT(pthread_create(&sealer, NULL, sealer_main, b) == 0);
	for (; done < count; done++) {
		struct buf *text = &b->texts[done % b->entries];
		stw_usec due = began + done * 1000000 / b->rate;

		if (due > stw_monotonic())
			(void)usleep((useconds_t)(due - stw_monotonic()));
		must("begin", db_begin(b->t.db, &err), &err);
		must("append",
		    ledger_append(b->t.db, -1, "decision",
			(struct str){text->data, text->len}, &err),
		    &err);
		must("commit", db_commit(b->t.db, &err), &err);
		committed[done] = stw_monotonic();
	}
	while (test_db_number(&b->t, "SELECT max(size) FROM ledger_checkpoint") <
	       base + count)
		(void)usleep(50000);
	(void)usleep(2 * SEAL_USEC);
	atomic_store(&b->stop, true);
	(void)pthread_join(sealer, NULL);
	for (long i = 0, m = 0; i < count; i++) {
		while (m < b->nmarks - 1 && b->size[m] <= base + i)
			m++;
		waits[i] = (double)(b->at[m] - committed[i]) / 1e6;
	}
	qsort(waits, (size_t)count, sizeof *waits, by_value);
	(void)printf(
	    "covered after commit, %ld entries at %ld/s: median %.3f s, p99 %.3f "
	    "s, most %.3f s\n",
	    count, b->rate, waits[count / 2], waits[count * 99 / 100],
	    waits[count - 1]);
	free(waits);
	free(committed);
}

static void
directory(struct bench *b)
{
	const struct tlog_source source = ledger_dir_source(b->log);
	const struct tlog_trust trust = {.log = b->key->known, .nlog = b->key->nknown};
	struct ledger_export_result done;
	struct tlog_report report;
	stw_usec began = stw_monotonic();
	struct stw_err err;

	must("export", ledger_export(b->t.db, b->key, b->log, &done, &err), &err);
	(void)printf("published: %" PRIu64 " entries in %.2f s\n", done.size,
	    seconds_since(began));
	began = stw_monotonic();
	must("verify", tlog_audit(&source, &trust, NULL, &report, &err), &err);
	if (report.finding[0] != '\0') {
		(void)fprintf(stderr, "bench_ledger: %s\n", report.finding);
		exit(1);
	}
	(void)printf("verified from the directory: %" PRIu64
		     " entries in %.2f s (%.0f a second)\n",
	    report.size, seconds_since(began),
	    (double)report.size / seconds_since(began));
}

static long
option(int argc, char **argv, const char *name, long fallback)
{
	for (int i = 1; i + 1 < argc; i++)
		if (strcmp(argv[i], name) == 0)
			return strtol(argv[i + 1], NULL, 10);
	return fallback;
}

int
main(int argc, char **argv)
{
	static struct bench b;
	double bare[ROUNDS_MAX], through[ROUNDS_MAX], ratio[ROUNDS_MAX];
	char path[120], command[120];
	int64_t bytes = 0;
	struct stw_err err;

	b.entries = option(argc, argv, "--entries", 200000);
	b.writers = option(argc, argv, "--writers", 2);
	b.rounds = option(argc, argv, "--rounds", 3);
	b.batch = option(argc, argv, "--batch", 1000);
	b.rate = option(argc, argv, "--rate", 200);
	b.seconds = option(argc, argv, "--seconds", 20);
	if (b.rounds < 1 || b.rounds > ROUNDS_MAX || b.writers < 1 || b.writers > 16 ||
	    b.entries < 1000 || b.batch < 1 || b.rate < 1 || b.seconds < 1) {
		(void)fprintf(stderr, "bench_ledger: an option is out of its range\n");
		return 2;
	}
	(void)snprintf(b.dir, sizeof b.dir, "/tmp/stw-bench-XXXXXX");
	STW_ASSERT(mkdtemp(b.dir) != NULL);
	(void)snprintf(b.file, sizeof b.file, "%s/checkpoints", b.dir);
	(void)snprintf(b.log, sizeof b.log, "%s/log", b.dir);
	(void)snprintf(path, sizeof path, "%s/key", b.dir);
	must("key", ledger_key_open(path, "bench.example/ledger", true, &b.key, &err),
	    &err);
	test_cluster_start();
	test_db_open(&b.t);
	make_entries(&b);
	for (long i = 0; i < b.entries; i++)
		bytes += (int64_t)b.texts[i].len;
	for (long r = 0; r < b.rounds; r++) {
		bare[r] = bare_copy(&b);
		through[r] = through_the_ledger(&b);
		ratio[r] = through[r] / bare[r];
		(void)printf("round %ld: bare COPY %.0f entries/s, appended to covered "
			     "%.0f entries/s, ratio %.2f\n",
		    r + 1, bare[r], through[r], ratio[r]);
	}
	qsort(bare, (size_t)b.rounds, sizeof *bare, by_value);
	qsort(through, (size_t)b.rounds, sizeof *through, by_value);
	qsort(ratio, (size_t)b.rounds, sizeof *ratio, by_value);
	(void)printf("%ld entries of %" PRId64
		     " bytes, %ld writers, batches of %ld: bare "
		     "COPY %.0f/s, ledger %.0f/s, ratio %.2f (medians of %ld)\n",
	    b.entries, bytes / b.entries, b.writers, b.batch, bare[b.rounds / 2],
	    through[b.rounds / 2], ratio[b.rounds / 2], b.rounds);
	coverage(&b);
	directory(&b);
	test_db_close(&b.t);
	ledger_key_close(b.key);
	(void)snprintf(command, sizeof command, "rm -rf %s", b.dir);
	return system(command) == 0 ? 0 : 1;
}
