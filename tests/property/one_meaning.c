/*
 * One rule, one meaning: random rules over random books give the same answer, undecided
 * included, by the interpreter, in columns and in PostgreSQL.
 *
 *   one_meaning [--checks N] [--seconds N] [--every N] [--shrink no]
 *
 * Goes on until N rules x rows were answered by all of them (--every 1, the default), or,
 * with PostgreSQL asked in each --every'th round only, by the interpreter and in columns.
 * SEED=n repeats a run. A difference is shrunk and told, and ends it.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/lib/cluster.h"
#include "tests/lib/rule_shrink.h"

#define ROWS        400
#define RULES       96
#define CHUNKS_ROWS 9001

struct asked {
	int64_t checks, seconds, every, shrink;
};

static int64_t
number(const char *text)
{
	char *end;
	long long v = strtoll(text, &end, 10);

	if (*end != '\0' || v < 1) {
		(void)fprintf(stderr, "one_meaning: not a number: %s\n", text);
		exit(2);
	}
	return v;
}

static struct asked
read_arguments(int argc, char **argv)
{
	struct asked a = {.checks = 1000000,
	    .seconds = INT64_MAX / STW_USEC_SEC,
	    .every = 1,
	    .shrink = 1};

	for (int i = 1; i + 1 < argc; i += 2) {
		if (strcmp(argv[i], "--checks") == 0)
			a.checks = number(argv[i + 1]);
		else if (strcmp(argv[i], "--seconds") == 0)
			a.seconds = number(argv[i + 1]);
		else if (strcmp(argv[i], "--every") == 0)
			a.every = number(argv[i + 1]);
		else if (strcmp(argv[i], "--shrink") == 0)
			a.shrink = strcmp(argv[i + 1], "no") != 0;
		else
			exit(2);
	}
	return a;
}

static double
percent(int64_t part, int64_t whole)
{
	return whole == 0 ? 0 : 100.0 * (double)part / (double)whole;
}

static void
print_state(const struct meaning *m, stw_usec began)
{
	int64_t all = m->checks[0];

	(void)printf("%" PRId64
		     " rules (%.1f %% of those drawn do not compile), %" PRId64
		     " rules x rows, %.1f %% true, %.1f %% undecided, %.0f s\n",
	    m->rules, percent(m->rejected, m->rules + m->rejected), all,
	    percent(m->matched, all), percent(m->undecided, all),
	    (double)(stw_monotonic() - began) / (double)STW_USEC_SEC);
	for (int i = 1; i < m->count; i++)
		(void)printf("  %-12s asked %" PRId64
			     " rules, refused %.1f %%; %" PRId64 " answers compared\n",
		    m->executors[i].name, m->asked[i],
		    percent(m->refused[i], m->asked[i]), m->checks[i]);
	(void)fflush(stdout);
}

int
main(int argc, char **argv)
{
	struct asked asked = read_arguments(argc, argv);
	const char *seed = getenv("SEED");
	struct chance chance = {0};
	struct meaning m = {.count = 3};
	stw_usec began = stw_monotonic(), told = began;
	struct postgres pg;
	struct test_db db;
	struct buf report;
	int64_t rounds = 0;
	bool same = true;

	chance.state = seed == NULL || seed[0] == '\0'
			   ? (uint64_t)began * UINT64_C(0x9e3779b97f4a7c15) >> 20
			   : strtoull(seed, NULL, 10);
	(void)printf("SEED=%" PRIu64 "\n", chance.state);
	(void)fflush(stdout);
	test_cluster_start();
	test_db_open_empty(&db);
	postgres_init(&pg, db.db);
	m.executors[0] = interpreter;
	m.executors[1] = columns;
	m.executors[2] = postgres_executor(&pg);
	buf_init(&report);
	while (same && m.checks[asked.every == 1 ? 2 : 1] < asked.checks &&
	       stw_monotonic() - began < asked.seconds * STW_USEC_SEC) {
		int count = rounds % asked.every == 0 ? 3 : 2;
		size_t rows = ROWS;
		int rules = RULES;

		if (rounds % 16 == 7) { /* a few rows, or none but one */
			rows = 1 + (size_t)chance_below(&chance, 130);
		} else if (rounds % 16 == 15) { /* more than a chunk of columns */
			rows = CHUNKS_ROWS;
			rules = RULES / 4;
			count = 2;
		}
		rounds++;
		same = meaning_round(&m, &chance, rows, rules, count,
		    asked.shrink == 0 ? NULL : &report);
		if (stw_monotonic() - told > 60 * STW_USEC_SEC) {
			told = stw_monotonic();
			print_state(&m, began);
		}
	}
	print_state(&m, began);
	if (!same)
		(void)printf(
		    "%s\n", asked.shrink == 0 ? "the executors differ" : report.data);
	buf_fini(&report);
	test_db_close(&db);
	(void)printf(
	    "%" PRId64 " passed, %d failed\n", rounds - (same ? 0 : 1), same ? 0 : 1);
	return same ? 0 : 1;
}
