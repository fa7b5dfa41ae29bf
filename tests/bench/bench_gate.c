/*
 * bench_gate.c - one decision of the gate, in memory, beside the rule interpreter.
 *
 *   bench_gate [--rounds N] [--most USEC]
 *
 * Every scenario of the packs cn and house whose facts are decided with both is decided
 * again and again, each round in another order of cases; the reference is the interpreter
 * on one fixed expression of four comparisons. Prints the median of the rounds' means, of
 * one decision and of one evaluation, and the ratio. Processor time of the thread, so that
 * other work on the machine does not count. --most: exit 1 when a decision takes longer.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "campaigns/compliance/facts_json.h"
#include "campaigns/compliance/gate_priv.h"

#define CASES_MAX  1024
#define ROUNDS_MAX 101
#define DECISIONS  20000

struct one {
	struct gate_facts facts;
	enum gate_checkpoint checkpoint;
	stw_usec now, ttl;
};

struct bench {
	struct arena arena;
	struct ruleset *rules;
	struct one cases[CASES_MAX];
	int ncases;
};

static void
fail(const char *what)
{
	(void)fprintf(stderr, "bench_gate: %s\n", what);
	exit(1);
}

static double
thread_sec(void)
{
	struct timespec ts;

	if (clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts) != 0)
		fail("no processor time");
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

/* The facts live as long as the run of the pack's tests: keep them as a document. */
static void
note(void *host, const struct pack_test *test)
{
	struct bench *b = host;
	struct one *one = &b->cases[b->ncases];
	enum gate_checkpoint checkpoint;
	stw_usec now, ttl;
	struct buf doc;

	if (b->ncases == CASES_MAX || ruleset_find(test->rules, "CN-01") == NULL ||
	    ruleset_find(test->rules, "HS-01") == NULL)
		return;
	buf_init(&doc);
	buf_add_c(&doc, "{\"facts\":");
	facts_to_json(test->facts, &doc);
	buf_add_char(&doc, '}');
	if (facts_document_read((struct str){doc.data, doc.len}, FACTS_CLOSED,
		&b->arena, &one->facts, &checkpoint, &now, &ttl, NULL) != STW_OK)
		fail("a scenario does not read");
	one->checkpoint = test->checkpoint;
	one->now = test->now;
	one->ttl = test->ttl;
	b->ncases++;
	buf_fini(&doc);
}

static double
gate_round(struct bench *b, int round)
{
	struct arena arena;
	struct gate_decision d;
	double began;
	int allowed = 0;

	arena_init(&arena);
	began = thread_sec();
	for (int i = 0; i < DECISIONS; i++) {
		const struct one *one =
		    &b->cases[((int64_t)i * 7919 + round) % b->ncases];

		gate_decide(b->rules, &one->facts, one->checkpoint, one->now, one->ttl,
		    &arena, &d);
		allowed += d.allowed;
		arena_reset(&arena);
	}
	began = thread_sec() - began;
	arena_fini(&arena);
	if (allowed == 0 || allowed == DECISIONS)
		fail("all decisions are alike");
	return began / DECISIONS * 1e6;
}

/* purpose, channel, handler and checkpoint through the interpreter alone. */
static double
rule_round(struct bench *b)
{
	struct gate_scope *scope = NULL;
	struct gate_case c = {.facts = &b->cases[0].facts, .arena = &b->arena};
	double began;
	int yes = 0;

	if (gate_scope_compile(gate_scope_env(&b->arena),
		STR_LIT("purpose == \"MARKETING\" && channel == \"VOICE\" && "
			"handler == \"agent\" && checkpoint != \"X\""),
		&b->arena, &scope, NULL) != STW_OK)
		fail("the reference does not compile");
	c.purpose = c.facts->purpose;
	began = thread_sec();
	for (int i = 0; i < DECISIONS * 10; i++)
		yes += gate_scope_applies_slow(scope, &c, b->cases[0].now);
	began = thread_sec() - began;
	if (yes != 0 && yes != DECISIONS * 10)
		fail("the reference is not one thing");
	return began / (DECISIONS * 10) * 1e6;
}

static int
double_cmp(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

static double
median(double *v, int n)
{
	qsort(v, (size_t)n, sizeof *v, double_cmp);
	return v[n / 2];
}

int
main(int argc, char **argv)
{
	struct bench *b = calloc(1, sizeof *b);
	double gate[ROUNDS_MAX], rule[ROUNDS_MAX], most = 0, one, reference;
	static const char *const packs[] = {"cn", "house"};
	int rounds = 21, passed, n, asked = 0;
	struct pack_use uses[2];
	struct pack_info infos[64];

	for (int i = 1; i + 1 < argc; i += 2) {
		if (strcmp(argv[i], "--rounds") == 0)
			rounds = atoi(argv[i + 1]);
		else if (strcmp(argv[i], "--most") == 0)
			most = atof(argv[i + 1]);
		else
			fail("[--rounds N] [--most USEC]");
	}
	if (b == NULL || rounds < 1 || rounds > ROUNDS_MAX)
		fail("1 to 101 rounds");
	arena_init(&b->arena);
	n = ruleset_embedded(infos, (int)STW_ARRAY_LEN(infos));
	for (size_t i = 0; i < STW_ARRAY_LEN(packs); i++) {
		int k = 0;

		while (k < n && strcmp(infos[k].pack, packs[i]) != 0)
			k++;
		if (k == n)
			fail("a pack is not in the program");
		uses[i] = (struct pack_use){
		    infos[k].pack, infos[k].version, STW_USEC_NEVER, STW_USEC_MAX};
		if (pack_tests_run(infos[k].pack, infos[k].version, note, b, &passed,
			NULL) != STW_OK)
			fail("a pack fails its own tests");
	}
	if (ruleset_load(uses, 2, &b->rules, NULL) != STW_OK || b->ncases == 0)
		fail("the packs do not load");
	for (int i = 0; i < b->rules->nitems; i++)
		asked += b->rules->items[i].kind->eval != NULL;
	(void)gate_round(b, 0);
	for (int i = 0; i < rounds; i++) {
		gate[i] = gate_round(b, i);
		rule[i] = rule_round(b);
	}
	one = median(gate, rounds);
	reference = median(rule, rounds);
	printf("%d rules, %d cases, %d rounds of %d\n", asked, b->ncases, rounds,
	    DECISIONS);
	printf("one decision    %8.2f us\n", one);
	printf("one evaluation  %8.3f us (four comparisons by the interpreter)\n",
	    reference);
	printf("ratio           %8.1f\n", one / reference);
	ruleset_free(b->rules);
	arena_fini(&b->arena);
	free(b);
	return most > 0 && one > most ? 1 : 0;
}
