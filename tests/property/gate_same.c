/*
 * One gate: what it decides of many contacts at once is what it decides of each.
 *
 *   gate_same [--pairs N] [--bench] [--seconds N] [--threads N] [--least RATE]
 *
 * Draws steps and contacts (tests/lib/gate_gen.h), asks gate_many and gate_decide, and
 * compares codes, outcome and times. SEED=n repeats a run. A difference is printed as a facts
 * document for `steward gate decide --facts`, and ends it.
 *
 * --bench: the packs cn and house alone, contacts of which most may be called; candidates a
 * second by gate_many on 1 and on N threads, beside gate_decide of the same contacts in the
 * same run. --least: exit 1 when gate_many on N threads is not so many times gate_decide on
 * one.
 */
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "campaigns/compliance/facts_json.h"
#include "campaigns/compliance/gate_many.h"
#include "campaigns/compliance/ruleset.h"
#include "tests/lib/gate_gen.h"

#define BATCH       400
#define TTL         (8 * STW_USEC_HOUR)
#define BENCH_ROWS  20000
#define THREADS_MAX 16

struct asked {
	int64_t pairs, seconds, threads;
	double least;
	bool bench;
};

static struct asked
read_arguments(int argc, char **argv)
{
	struct asked a = {.pairs = 200000, .seconds = 3, .threads = 2};

	for (int i = 1; i < argc; i++) {
		const char *value = i + 1 < argc ? argv[i + 1] : "";

		if (strcmp(argv[i], "--bench") == 0) {
			a.bench = true;
			continue;
		}
		if (strcmp(argv[i], "--pairs") == 0)
			a.pairs = strtoll(value, NULL, 10);
		else if (strcmp(argv[i], "--seconds") == 0)
			a.seconds = strtoll(value, NULL, 10);
		else if (strcmp(argv[i], "--threads") == 0)
			a.threads = strtoll(value, NULL, 10);
		else if (strcmp(argv[i], "--least") == 0)
			a.least = strtod(value, NULL);
		else
			exit(2);
		i++;
	}
	if (a.pairs < 1 || a.seconds < 1 || a.threads < 1 || a.threads > THREADS_MAX)
		exit(2);
	return a;
}

static struct ruleset *
rules_open(bool all)
{
	static const struct pack_use two[] = {
	    {.pack = "cn", .version = "", .from = STW_USEC_NEVER, .to = STW_USEC_MAX},
	    {.pack = "house",
		.version = "",
		.from = STW_USEC_NEVER,
		.to = STW_USEC_MAX}};
	struct pack_use uses[2];
	struct pack_info infos[64];
	struct ruleset *rules = NULL;
	struct stw_err err = {0};
	int n = ruleset_embedded(infos, (int)STW_ARRAY_LEN(infos));
	enum stw_code rc;

	for (int k = 0; k < 2; k++) {
		uses[k] = two[k];
		for (int i = 0; i < n; i++)
			if (strcmp(infos[i].pack, two[k].pack) == 0)
				uses[k].version = infos[i].version;
	}
	rc = all ? ruleset_load_embedded(&rules, &err)
		 : ruleset_load(uses, 2, &rules, &err);
	if (rc != STW_OK) {
		(void)fprintf(stderr, "gate_same: %s\n", err.text);
		exit(2);
	}
	return rules;
}

/* ---- the same ------------------------------------------------------------------------------- */
static void
print_decision(const char *who, const struct gate_decision *d)
{
	char next[STW_USEC_TEXT], until[STW_USEC_TEXT];

	(void)printf("%-12s", who);
	for (int i = 0; i < d->ncodes; i++)
		(void)printf(" %s", d->codes[i]);
	(void)printf(", next %s, until %s\n",
	    d->next_allowed_at == STW_USEC_MAX
		? "-"
		: stw_usec_format(d->next_allowed_at, next),
	    d->valid_until == STW_USEC_NEVER ? "-"
					     : stw_usec_format(d->valid_until, until));
}

static int
differ(const struct gate_facts *facts, stw_usec now, const struct gate_decision *m,
    const struct gate_decision *d)
{
	char at[STW_USEC_TEXT];
	struct buf text;

	buf_init(&text);
	facts_to_json(facts, &text);
	print_decision("gate_many", m);
	print_decision("gate_decide", d);
	(void)printf(
	    "{\"checkpoint\": \"P\", \"now\": \"%s\", \"ttl\": %lld, \"facts\": %s}\n",
	    stw_usec_format(now, at), (long long)TTL, text.data);
	buf_fini(&text);
	return 1;
}

static int
compare(const struct asked *a, uint64_t seed)
{
	struct ruleset *rules = rules_open(true);
	struct chance chance = {seed};
	struct arena arena;
	int64_t done = 0, scalar = 0, classes = 0, allowed = 0, deferred = 0;
	int failed = 0;

	arena_init(&arena);
	while (done < a->pairs && failed == 0) {
		int wild = chance_below(&chance, 50);
		stw_usec now = gate_gen_now(&chance);
		struct gate_many *many = gate_many_new(rules, now, TTL);
		struct gate_facts common;
		int64_t long_way;
		int kinds;

		gate_gen_common(&chance, wild / 2, &arena, &common);
		for (int i = 0; i < BATCH && failed == 0; i++, done++) {
			struct gate_many_answer answer;
			struct gate_decision d, m;
			struct gate_facts facts;

			gate_gen_contact(&chance, wild, now, &common, &arena, &facts);
			gate_many_decide(many, &facts, &answer);
			gate_decide(rules, &facts, GATE_PLAN, now, TTL, &arena, &d);
			allowed += d.allowed;
			deferred += d.outcome == GATE_DEFER;
			gate_many_decision(many, &answer, &arena, &m);
			if (!gate_many_agrees(&m, &d))
				failed = differ(&facts, now, &m, &d);
		}
		gate_many_stat(many, &kinds, &long_way);
		classes += kinds;
		scalar += long_way;
		gate_many_free(many);
		arena_reset(&arena);
	}
	(void)printf("%" PRId64 " pairs, %" PRId64 " allowed, %" PRId64
		     " deferred, %" PRId64 " classes, %" PRId64
		     " the long way; SEED=%" PRIu64 "\n",
	    done, allowed, deferred, classes, scalar, seed);
	(void)printf("%d passed, %d failed\n", failed == 0, failed);
	arena_fini(&arena);
	ruleset_free(rules);
	return failed;
}

/* ---- how fast -------------------------------------------------------------------------------- */
/* Of this thread alone: other work on the machine does not count. */
static double
cpu_seconds(void)
{
	struct timespec t;

	STW_ASSERT(clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t) == 0);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

struct worker {
	pthread_t thread;
	const struct ruleset *rules;
	const struct gate_facts *rows;
	stw_usec now;
	int64_t seconds, done, allowed;
	double took;
};

static void *
work(void *arg)
{
	struct worker *w = arg;
	struct gate_many *many = gate_many_new(w->rules, w->now, TTL);
	stw_usec began = stw_monotonic();
	double cpu = cpu_seconds();

	do {
		for (int i = 0; i < BENCH_ROWS; i++) {
			struct gate_many_answer answer;

			gate_many_decide(many, &w->rows[i], &answer);
			w->allowed += answer.allowed;
		}
		w->done += BENCH_ROWS;
	} while (stw_monotonic() - began < w->seconds * STW_USEC_SEC);
	w->took = cpu_seconds() - cpu;
	gate_many_free(many);
	return NULL;
}

static double
many_rate(const struct ruleset *rules, const struct gate_facts *rows, stw_usec now,
    const struct asked *a, int threads, double *allowed)
{
	struct worker workers[THREADS_MAX] = {0};
	double rate = 0;
	int64_t done = 0, yes = 0;

	for (int i = 0; i < threads; i++) {
		workers[i] = (struct worker){
		    .rules = rules, .rows = rows, .now = now, .seconds = a->seconds};
		STW_ASSERT(
		    pthread_create(&workers[i].thread, NULL, work, &workers[i]) == 0);
	}
	for (int i = 0; i < threads; i++) {
		STW_ASSERT(pthread_join(workers[i].thread, NULL) == 0);
		rate += (double)workers[i].done / workers[i].took;
		done += workers[i].done;
		yes += workers[i].allowed;
	}
	*allowed = (double)yes / (double)done;
	return rate;
}

static double
scalar_rate(const struct ruleset *rules, const struct gate_facts *rows, stw_usec now,
    const struct asked *a)
{
	struct arena arena;
	stw_usec began = stw_monotonic();
	double cpu = cpu_seconds();
	int64_t done = 0;

	arena_init(&arena);
	do {
		struct gate_decision d;

		gate_decide(
		    rules, &rows[done % BENCH_ROWS], GATE_PLAN, now, TTL, &arena, &d);
		arena_reset(&arena);
		done++;
	} while (
	    done % 1000 != 0 || stw_monotonic() - began < a->seconds * STW_USEC_SEC);
	arena_fini(&arena);
	return (double)done / (cpu_seconds() - cpu);
}

static int
bench(const struct asked *a, uint64_t seed)
{
	struct ruleset *rules = rules_open(false);
	struct chance chance = {seed};
	stw_usec now = FACTS_DEFAULT_NOW;
	struct gate_facts common, *rows;
	struct arena arena;
	double one, many, scalar, allowed;

	arena_init(&arena);
	rows = arena_array(&arena, BENCH_ROWS, sizeof *rows);
	gate_gen_common(&chance, 0, &arena, &common);
	for (int i = 0; i < BENCH_ROWS; i++)
		gate_gen_contact(&chance, 8, now, &common, &arena, &rows[i]);
	scalar = scalar_rate(rules, rows, now, a);
	one = many_rate(rules, rows, now, a, 1, &allowed);
	many = many_rate(rules, rows, now, a, (int)a->threads, &allowed);
	(void)printf(
	    "contacts %d, of which %.0f %% may be called; all rules of cn and house\n",
	    BENCH_ROWS, 100 * allowed);
	(void)printf("gate_decide, 1 thread   %10.0f a second, %.1f us each\n", scalar,
	    1e6 / scalar);
	(void)printf(
	    "gate_many, 1 thread     %10.0f a second, %.1f times gate_decide\n", one,
	    one / scalar);
	(void)printf(
	    "gate_many, %d threads    %10.0f a second, %.1f times gate_decide\n",
	    (int)a->threads, many, many / scalar);
	arena_fini(&arena);
	ruleset_free(rules);
	return a->least > 0 && many / scalar < a->least;
}

int
main(int argc, char **argv)
{
	struct asked a = read_arguments(argc, argv);
	const char *seed = getenv("SEED");
	bool given = seed != NULL && seed[0] != '\0';
	uint64_t start = given ? strtoull(seed, NULL, 10) : (uint64_t)stw_monotonic();

	return a.bench ? bench(&a, given ? start : 7) : compare(&a, start);
}
