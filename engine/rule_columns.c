#include "engine/rule_columns.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/rule_graph_priv.h"

#define MAX_THREADS 64
#define BATCH       2 /* chunks that a thread takes at a time */

/* ---- checks ---------------------------------------------------------------------- */
enum stw_code
rule_columns_check(const struct rule_columns_ctx *ctx, struct stw_err *err)
{
	for (int i = 0; i < ctx->nbindings; i++) {
		const struct rule_binding *b = &ctx->bindings[i];

		if (b->slot < 0 || b->slot >= ctx->nbindings)
			return stw_fail(err, STW_BUG, "binding %d: slot %d of %d", i,
			    b->slot, ctx->nbindings);
		if (!b->self && b->child >= ctx->table->nchildren)
			return stw_fail(
			    err, STW_BUG, "binding %d: no child list %d", i, b->child);
	}
	return STW_OK;
}

static enum stw_code
check_bool(const struct rule *rule, struct stw_err *err)
{
	enum rule_kind kind = rule_result_type(rule)->kind;

	if (kind == RULE_BOOL || kind == RULE_DYN)
		return STW_OK;
	return stw_fail(
	    err, STW_INVALID, "the rule gives %s, not bool", rule_kind_name(kind));
}

/* ---- the graph --------------------------------------------------------------------- */
static void
drop_lanes(struct rule_set *set)
{
	for (int i = 0; i < set->nlanes; i++)
		lane_fini(&set->lanes[i]);
	free(set->lanes);
	set->lanes = NULL;
	set->nlanes = 0;
}

static void
drop_graph(struct rule_set *set)
{
	drop_lanes(set);
	if (set->made)
		graph_fini(&set->graph);
	set->made = false;
}

/* Does the graph, made before, still say what the rules mean here and now? A constant
 * binding may have changed behind its pointer, and a flat column without any trace. */
static bool
still_good(const struct rule_set *set, const struct rule_columns_ctx *ctx)
{
	const struct rule_columns_ctx *was = &set->ctx;
	int i = 0;

	if (!set->made || was->table != ctx->table || was->now != ctx->now ||
	    was->zone != ctx->zone || was->bindings != ctx->bindings ||
	    was->nbindings != ctx->nbindings || was->host != ctx->host ||
	    was->segment_rows != ctx->segment_rows ||
	    set->graph.rows != ctx->table->rows)
		return false;
	for (int b = 0; b < ctx->nbindings; b++) {
		if (!ctx->bindings[b].self && ctx->bindings[b].child < 0)
			return false;
	}
	for (const struct gcolumn *c = set->graph.columns; c != NULL; c = c->next) {
		const struct col_pack *now = c->table->cols[c->col].pack;

		if (now == NULL || now->serial != set->serials[i++])
			return false;
	}
	return true;
}

static void
make_graph(struct rule_set *set, const struct rule_columns_ctx *ctx)
{
	struct graph *g = &set->graph;
	int ncolumns = 0, i = 0;

	drop_graph(set);
	set->ctx = *ctx;
	graph_init(g, &set->ctx, &set->options);
	g->rows = ctx->table->rows;
	g->nroots = set->nrules;
	g->roots = arena_array(&g->arena, (size_t)set->nrules, sizeof(struct gnode *));
	for (int r = 0; r < set->nrules; r++)
		g->roots[r] = graph_build_rule(g, set->rules[r]);
	graph_sweep(g, g->roots, g->nroots);
	for (const struct gcolumn *c = g->columns; c != NULL; c = c->next)
		ncolumns++;
	set->serials = arena_array(&g->arena, (size_t)ncolumns, sizeof *set->serials);
	for (const struct gcolumn *c = g->columns; c != NULL; c = c->next)
		set->serials[i++] = c->pack->serial;
	set->made = true;
}

enum stw_code
rule_set_new(const struct rule *const *rules, int nrules,
    const struct rule_columns_ctx *ctx, const struct rule_set_options *options,
    struct rule_set **out, struct stw_err *err)
{
	enum stw_code rc = rule_columns_check(ctx, err);
	struct rule_set *set;

	*out = NULL;
	for (int i = 0; i < nrules && rc == STW_OK; i++)
		rc = check_bool(rules[i], err);
	if (rc != STW_OK)
		return rc;
	set = stw_xalloc(sizeof *set);
	set->rules = rules;
	set->nrules = nrules;
	if (options != NULL)
		set->options = *options;
	make_graph(set, ctx);
	*out = set;
	return STW_OK;
}

void
rule_set_free(struct rule_set *set)
{
	if (set == NULL)
		return;
	drop_graph(set);
	free(set);
}

/* ---- running ----------------------------------------------------------------------- */
struct work {
	struct lane *lane;
	struct rule_result *results;
	_Atomic size_t *next; /* chunk */
	size_t nchunks;
	size_t *matched, *undecided; /* counts, one a rule */
};

static size_t
root_rows(struct lane *x)
{
	return lane_scope(x, x->g->root_scope)->n;
}

/* Bits past the last row are cleared where the row's word was stored. */
static void
trim(size_t rows, uint64_t *to, size_t *count)
{
	uint64_t *last = to + rows / 64;
	uint64_t keep = (UINT64_C(1) << (rows & 63)) - 1;

	if ((rows & 63) == 0)
		return;
	*count -= (size_t)__builtin_popcountll(*last & ~keep);
	*last &= keep;
}

static void
store_constant(enum plane plane, size_t rows, uint64_t *matched, uint64_t *undecided,
    size_t *nmatched, size_t *nundecided)
{
	size_t words = bitmap_words(rows);
	uint64_t last =
	    (rows & 63) == 0 ? UINT64_MAX : (UINT64_C(1) << (rows & 63)) - 1;

	memset(matched, plane == PLANE_TRUE ? 0xff : 0, words * sizeof *matched);
	memset(undecided, plane == PLANE_UNKNOWN ? 0xff : 0, words * sizeof *matched);
	matched[words - 1] &= last;
	undecided[words - 1] &= last;
	*nmatched += plane == PLANE_TRUE ? rows : 0;
	*nundecided += plane == PLANE_UNKNOWN ? rows : 0;
}

static void
store_root(struct work *w, size_t chunk, int r)
{
	struct lane *x = w->lane;
	const struct gstate *s = lane_ask(x, x->g->roots[r]);
	uint64_t *matched = w->results[r].matched.words + chunk * TABLE_CHUNK / 64;
	uint64_t *undecided = w->results[r].undecided.words + chunk * TABLE_CHUNK / 64;
	size_t rows = root_rows(x), words = bitmap_words(rows);

	STW_ASSERT(matched != NULL && undecided != NULL);
	if (s->plane != PLANE_BITS) {
		store_constant(s->plane, rows, matched, undecided, &w->matched[r],
		    &w->undecided[r]);
		return;
	}
	w->matched[r] += x->simd->store(s->t, words, matched);
	trim(rows, matched, &w->matched[r]);
	if (s->t == s->p) {
		memset(undecided, 0, words * sizeof *undecided);
		return;
	}
	w->undecided[r] += x->simd->store_and_not(s->p, s->t, words, undecided);
	trim(rows, undecided, &w->undecided[r]);
}

static void *
work_run(void *arg)
{
	struct work *w = arg;

	for (;;) {
		size_t first = atomic_fetch_add(w->next, BATCH);

		if (first >= w->nchunks)
			return NULL;
		for (size_t k = first; k < first + BATCH && k < w->nchunks; k++) {
			lane_begin(w->lane, k);
			for (int r = 0; r < w->lane->g->nroots; r++)
				store_root(w, k, r);
		}
	}
}

static int
thread_count(const struct rule_set *set, size_t nchunks)
{
	long n = set->options.threads;

	if (n <= 0)
		n = sysconf(_SC_NPROCESSORS_ONLN);
	n = n < 1 ? 1 : n > MAX_THREADS ? MAX_THREADS : n;
	return (size_t)n > nchunks ? (int)(nchunks == 0 ? 1 : nchunks) : (int)n;
}

static void
want_lanes(struct rule_set *set, int n)
{
	if (set->nlanes >= n)
		return;
	drop_lanes(set);
	set->lanes = stw_xalloc((size_t)n * sizeof *set->lanes);
	set->nlanes = n;
	for (int i = 0; i < n; i++)
		lane_init(&set->lanes[i], &set->graph);
}

static void
size_results(struct rule_result *results, int n, size_t rows)
{
	for (int i = 0; i < n; i++) {
		struct rule_result *r = &results[i];

		if (r->matched.words == NULL || r->matched.bits != rows)
			bitmap_resize(&r->matched, rows);
		if (r->undecided.words == NULL || r->undecided.bits != rows)
			bitmap_resize(&r->undecided, rows);
		r->nmatched = r->nundecided = 0;
	}
}

/* The caller's thread works too; where a thread cannot be had, fewer do. */
static void
run_work(struct work *works, int n)
{
	pthread_t threads[MAX_THREADS];
	bool started[MAX_THREADS] = {false};

	for (int i = 1; i < n; i++)
		started[i] =
		    pthread_create(&threads[i], NULL, work_run, &works[i]) == 0;
	(void)work_run(&works[0]);
	for (int i = 1; i < n; i++) {
		if (started[i])
			STW_ASSERT(pthread_join(threads[i], NULL) == 0);
	}
}

enum stw_code
rule_set_run(struct rule_set *set, const struct rule_columns_ctx *ctx,
    struct rule_result *results, struct stw_err *err)
{
	enum stw_code rc = rule_columns_check(ctx, err);
	size_t nchunks = (ctx->table->rows + TABLE_CHUNK - 1) / TABLE_CHUNK;
	size_t rules = (size_t)set->nrules, *counts;
	_Atomic size_t next = 0;
	struct work *works;
	int n;

	if (rc != STW_OK)
		return rc;
	if (!still_good(set, ctx))
		make_graph(set, ctx);
	n = thread_count(set, nchunks);
	want_lanes(set, n);
	size_results(results, set->nrules, ctx->table->rows);
	works = stw_xalloc((size_t)n * sizeof *works);
	counts = stw_xalloc(2 * (size_t)n * rules * sizeof *counts);
	for (int i = 0; i < n; i++)
		works[i] = (struct work){.lane = &set->lanes[i],
		    .results = results,
		    .next = &next,
		    .nchunks = nchunks,
		    .matched = counts + 2 * (size_t)i * rules,
		    .undecided = counts + (2 * (size_t)i + 1) * rules};
	run_work(works, n);
	for (int i = 0; i < n; i++) {
		for (size_t r = 0; r < rules; r++) {
			results[r].nmatched += works[i].matched[r];
			results[r].nundecided += works[i].undecided[r];
		}
	}
	free(counts);
	free(works);
	return STW_OK;
}

void
rule_result_fini(struct rule_result *result)
{
	bitmap_fini(&result->matched);
	bitmap_fini(&result->undecided);
	*result = (struct rule_result){0};
}

struct rule_difference
rule_result_diff(const struct rule_result *before, const struct rule_result *after,
    struct bitmap *entered, struct bitmap *left)
{
	const struct bitmap *was = &before->matched, *is = &after->matched;
	struct rule_difference change = {0};

	STW_ASSERT(was->bits == is->bits);
	if (entered != NULL)
		bitmap_resize(entered, is->bits);
	if (left != NULL)
		bitmap_resize(left, is->bits);
	for (size_t w = 0; w < bitmap_words(is->bits); w++) {
		uint64_t in = is->words[w] & ~was->words[w];
		uint64_t out = was->words[w] & ~is->words[w];

		change.entered += (size_t)__builtin_popcountll(in);
		change.left += (size_t)__builtin_popcountll(out);
		if (entered != NULL)
			entered->words[w] = in;
		if (left != NULL)
			left->words[w] = out;
	}
	return change;
}

/* ---- one rule ---------------------------------------------------------------------- */
enum stw_code
rule_columns_bool(const struct rule *rule, const struct rule_columns_ctx *ctx,
    struct bitmap *matched, struct bitmap *undecided, struct stw_err *err)
{
	struct rule_result result = {0};
	struct rule_set *set;
	enum stw_code rc;

	rc = rule_set_new(&rule, 1, ctx, NULL, &set, err);
	if (rc == STW_OK)
		rc = rule_set_run(set, ctx, &result, err);
	rule_set_free(set);
	if (rc == STW_OK) {
		bitmap_fini(matched);
		*matched = result.matched;
		result.matched = (struct bitmap){0};
	}
	if (rc == STW_OK && undecided != NULL) {
		bitmap_fini(undecided);
		*undecided = result.undecided;
		result.undecided = (struct bitmap){0};
	}
	rule_result_fini(&result);
	return rc;
}

bool
rule_columns_vectorised(const struct rule *rule, const struct rule_columns_ctx *ctx)
{
	enum rule_kind kind = rule_result_type(rule)->kind;
	struct gnode *root;
	struct graph g;
	bool rows;

	if (rule_columns_check(ctx, NULL) != STW_OK)
		return false;
	graph_init(&g, ctx, NULL);
	root = kind == RULE_BOOL ? graph_build_rule(&g, rule)
				 : graph_build_value(&g, rule);
	graph_sweep(&g, &root, 1);
	rows = root == NULL;
	for (int i = 0; i < g.nnodes; i++)
		rows |= g.nodes[i]->op == G_ROWS || g.nodes[i]->op == V_ROWS;
	graph_fini(&g);
	return !rows;
}
