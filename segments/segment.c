#include "segments/segment.h"

#include <stdlib.h>
#include <string.h>

#include "segments/rule_fault.h"
#include "segments/suggest.h"

/* ---- kinds --------------------------------------------------------------------- */
static const char *const kinds[SEGMENT_KINDS] = {
    [SEGMENT_RULE] = "rule",
    [SEGMENT_LIST] = "list",
    [SEGMENT_COMPUTED] = "computed",
};

const char *
segment_kind_name(enum segment_kind kind)
{
	return kinds[kind];
}

enum segment_kind
segment_kind_parse(struct str text)
{
	int kind = 0;

	while (kind < SEGMENT_KINDS && !str_eq_c(text, kinds[kind]))
		kind++;
	return (enum segment_kind)kind;
}

/* ---- host ---------------------------------------------------------------------- */
void
segment_host_init(struct segment_host *host, const struct book *book,
    const struct segment_def *defs, int count)
{
	*host = (struct segment_host){.book = book, .count = count};
	host->segments = stw_xalloc(((size_t)count + 1) * sizeof *host->segments);
	for (int i = 0; i < count; i++) {
		host->segments[i].def = defs[i];
		bitmap_init(&host->segments[i].members, book->customers->rows);
		bitmap_init(&host->segments[i].undecided, book->customers->rows);
	}
}

void
segment_host_fini(struct segment_host *host)
{
	for (int i = 0; i < host->count; i++) {
		bitmap_fini(&host->segments[i].members);
		bitmap_fini(&host->segments[i].undecided);
	}
	free(host->segments);
	*host = (struct segment_host){0};
}

void
segment_hosts_init(struct segment_hosts *hosts, const struct book_parts *parts,
    const struct segment_def *defs, int count)
{
	hosts->count = parts->count;
	for (int p = 0; p < parts->count; p++) {
		segment_host_init(&hosts->items[p], parts->books[p], defs, count);
		hosts->items[p].all = hosts;
	}
}

void
segment_hosts_fini(struct segment_hosts *hosts)
{
	for (int p = 0; p < hosts->count; p++)
		segment_host_fini(&hosts->items[p]);
	hosts->count = 0;
}

int64_t
segment_hosts_members(const struct segment_hosts *hosts, int i)
{
	int64_t n = 0;

	for (int p = 0; p < hosts->count; p++)
		n += (int64_t)bitmap_count(&hosts->items[p].segments[i].members);
	return n;
}

int64_t
segment_hosts_undecided(const struct segment_hosts *hosts, int i)
{
	int64_t n = 0;

	for (int p = 0; p < hosts->count; p++)
		n += (int64_t)bitmap_count(&hosts->items[p].segments[i].undecided);
	return n;
}

struct segment *
segment_host_find(const struct segment_host *host, struct str code)
{
	for (int i = 0; i < host->count; i++) {
		if (str_eq_c(code, host->segments[i].def.code))
			return &host->segments[i];
	}
	return NULL;
}

bool
segment_known(void *host, struct str code)
{
	return segment_host_find(host, code) != NULL;
}

const struct bitmap *
segment_rows(void *host, const char *code)
{
	const struct segment *segment = segment_host_find(host, str_of(code));

	return segment != NULL && segment->known ? &segment->members : NULL;
}

bool
segment_contains(
    void *host, const char *code, const struct rule_value *member, bool *known)
{
	const struct segment_host *h = host;
	const struct bitmap *rows = segment_rows(host, code);
	size_t row;

	*known = rows != NULL && member->kind == RULE_V_STRING;
	if (!*known)
		return false;
	row = book_find_ref(h->book, member->s);
	for (int p = 0; row == SIZE_MAX && h->all != NULL && p < h->all->count; p++) {
		const struct segment_host *other = &h->all->items[p];

		row = book_find_ref(other->book, member->s);
		if (row != SIZE_MAX)
			rows = &segment_host_find(other, str_of(code))->members;
	}
	return row != SIZE_MAX && bitmap_get(rows, row);
}

struct rule_columns_ctx
segment_columns_ctx(const struct segment_host *host, stw_usec now)
{
	struct rule_columns_ctx ctx = {
	    .table = host->book->customers,
	    .now = now,
	    .zone = host->book->zone,
	    .host = (void *)(uintptr_t)host, /* the callbacks only read it */
	    .in_segment = segment_contains,
	    .segment_rows = segment_rows,
	};

	ctx.bindings = book_bindings(host->book, &ctx.nbindings);
	return ctx;
}

struct rule_eval_ctx
segment_eval_ctx(
    const struct segment_host *host, size_t row, stw_usec now, struct arena *arena)
{
	return (struct rule_eval_ctx){
	    .vars = book_vars(host->book, row, arena),
	    .now = now,
	    .zone = host->book->zone,
	    .arena = arena,
	    .host = (void *)(uintptr_t)host,
	    .in_segment = segment_contains,
	};
}

/* ---- compiling -------------------------------------------------------------------- */
/* Unknown segments are reported here and not by the compiler, which cannot suggest. */
static bool
any_known(void *host, struct str code)
{
	(void)host, (void)code;
	return true;
}

/* Line and column of segment("code") in a rule. */
static void
place_of(const char *rule, const char *code, int *line, int *column)
{
	size_t len = strlen(code);
	const char *at = rule;

	*line = *column = 1;
	while ((at = strstr(at, code)) != NULL) {
		if (at > rule && (at[-1] == '"' || at[-1] == '\'') && at[len] == at[-1])
			break;
		at += len;
	}
	if (at == NULL)
		return;
	for (const char *p = rule; p < at - 1; p++) {
		*line += *p == '\n';
		*column = *p == '\n' ? 1 : *column + 1;
	}
}

static enum stw_code
check_names(const struct segment_host *host, const struct segment_def *def,
    const struct rule *rule, struct arena *arena, struct stw_err *err)
{
	const char *const *codes;
	int n = rule_segments(rule, &codes), line, column;
	const char **names = arena_array(arena, (size_t)host->count + 1, sizeof *names);

	for (int i = 0; i < host->count; i++)
		names[i] = host->segments[i].def.code;
	for (int i = 0; i < n; i++) {
		const char *near;

		if (strcmp(codes[i], def->code) == 0 ||
		    segment_host_find(host, str_of(codes[i])) != NULL)
			continue;
		place_of(def->rule, codes[i], &line, &column);
		near = name_suggest(str_of(codes[i]), names, host->count);
		if (near != NULL)
			return stw_fail_at(err, STW_INVALID, line, column,
			    "no segment \"%.80s\"; did you mean \"%s\"?", codes[i],
			    near);
		return stw_fail_at(
		    err, STW_INVALID, line, column, "no segment \"%.80s\"", codes[i]);
	}
	return STW_OK;
}

static enum stw_code
compile(const struct segment_host *host, const struct segment_def *def,
    const struct rule_env *env, struct arena *arena, struct rule **out,
    struct stw_err *err)
{
	struct rule *rule;
	enum stw_code rc;

	*out = NULL;
	if (def->rule[strspn(def->rule, " \t\r\n")] == '\0')
		return stw_fail(err, STW_INVALID,
		    "the rule is empty and would match every customer; write true when that "
		    "is meant");
	rc = rule_compile(env, str_of(def->rule), rule_type_basic(RULE_BOOL), NULL,
	    arena, &rule, err);
	if (rc == STW_OK)
		rc = check_names(host, def, rule, arena, err);
	if (rc == STW_OK)
		*out = rule;
	return rc;
}

/* ---- order ------------------------------------------------------------------------ */
enum visit { VISIT_NEW = 0, VISIT_OPEN, VISIT_DONE };

struct plan {
	struct segment_host *host;
	struct arena arena;
	struct rule **rules; /* NULL: does not compile */
	enum visit *visits;
	int *path, depth; /* of the walk */
	int *order, count;
};

static void
plan_init(struct plan *plan, struct segment_host *host)
{
	size_t n = (size_t)host->count + 1;

	*plan = (struct plan){.host = host};
	arena_init(&plan->arena);
	plan->rules = arena_array(&plan->arena, n, sizeof *plan->rules);
	plan->visits = arena_array(&plan->arena, n, sizeof *plan->visits);
	plan->path = arena_array(&plan->arena, n, sizeof *plan->path);
	plan->order = arena_array(&plan->arena, n, sizeof *plan->order);
}

/* "a -> b -> a": the part of the path from the first visit of `at` on. Every segment on
 * it fails. */
static void
fail_cycle(struct plan *plan, int at)
{
	struct segment *segments = plan->host->segments;
	struct buf text;
	int from = 0;

	while (plan->path[from] != at)
		from++;
	buf_init(&text);
	for (int i = from; i < plan->depth; i++)
		buf_printf(&text, "%s -> ", segments[plan->path[i]].def.code);
	buf_add_c(&text, segments[at].def.code);
	for (int i = from; i < plan->depth; i++)
		(void)stw_fail(&segments[plan->path[i]].failure, STW_INVALID,
		    "segments use each other in a circle: %s", text.data);
	buf_fini(&text);
}

/* Depth first, so that what a segment uses is in the order before it. The depth is that
 * of the longest chain of uses, at most the number of segments. */
static void
visit(struct plan *plan, int at)
{
	const char *const *codes;
	int n;

	if (plan->visits[at] == VISIT_DONE)
		return;
	if (plan->visits[at] == VISIT_OPEN) {
		fail_cycle(plan, at);
		return;
	}
	plan->visits[at] = VISIT_OPEN;
	plan->path[plan->depth++] = at;
	n = plan->rules[at] == NULL ? 0 : rule_segments(plan->rules[at], &codes);
	for (int i = 0; i < n; i++) {
		const struct segment *used =
		    segment_host_find(plan->host, str_of(codes[i]));

		visit(plan, (int)(used - plan->host->segments));
	}
	plan->depth--;
	plan->visits[at] = VISIT_DONE;
	plan->order[plan->count++] = at;
}

static void
plan_compile(struct plan *plan)
{
	const struct rule_env *env =
	    book_env(plan->host->book, &plan->arena, any_known, NULL);

	for (int i = 0; i < plan->host->count; i++) {
		struct segment *segment = &plan->host->segments[i];

		segment->failure = (struct stw_err){0};
		if (segment->def.kind != SEGMENT_RULE)
			continue;
		(void)compile(plan->host, &segment->def, env, &plan->arena,
		    &plan->rules[i], &segment->failure);
	}
}

static void
plan_make(struct plan *plan)
{
	plan_compile(plan);
	for (int i = 0; i < plan->host->count; i++)
		visit(plan, i);
}

enum stw_code
segment_check(
    const struct segment_host *host, const struct segment_def *def, struct stw_err *err)
{
	struct segment_def *defs = stw_xalloc(((size_t)host->count + 1) * sizeof *defs);
	struct segment_host trial;
	struct plan plan;
	enum stw_code rc = STW_OK;
	int n = 1;

	defs[0] = *def; /* first, so that a circle is told from here */
	for (int i = 0; i < host->count; i++) {
		if (strcmp(host->segments[i].def.code, def->code) != 0)
			defs[n++] = host->segments[i].def;
	}
	segment_host_init(&trial, host->book, defs, n);
	plan_init(&plan, &trial);
	plan_make(&plan);
	if (trial.segments[0].failure.code != STW_OK) {
		rc = trial.segments[0].failure.code;
		if (err != NULL)
			*err = trial.segments[0].failure;
	}
	arena_fini(&plan.arena);
	segment_host_fini(&trial);
	free(defs);
	return rc;
}

/* ---- evaluation --------------------------------------------------------------------- */
/* How many segments stand below each, one upon the other: those of one height do not use
 * each other and run together. Returns the greatest height and one. */
static int
plan_heights(const struct plan *plan, int *heights)
{
	const char *const *codes;
	int levels = 0;

	for (int i = 0; i < plan->count; i++) {
		int at = plan->order[i];
		int n = plan->rules[at] == NULL
			    ? 0
			    : rule_segments(plan->rules[at], &codes);

		heights[at] = 0;
		for (int k = 0; k < n; k++) {
			const struct segment *used =
			    segment_host_find(plan->host, str_of(codes[k]));
			int below = heights[used - plan->host->segments];

			heights[at] = below >= heights[at] ? below + 1 : heights[at];
		}
		levels = heights[at] >= levels ? heights[at] + 1 : levels;
	}
	return levels;
}

/* Rows that a newer part replaces are in nothing. */
static void
clear_dead(const struct book *book, struct bitmap *map)
{
	if (book->dead != NULL)
		bitmap_andnot(map, map, book->dead);
}

static void
take_result(
    const struct book *book, struct segment *segment, struct rule_result *result)
{
	struct bitmap members = segment->members, undecided = segment->undecided;

	segment->members = result->matched;
	segment->undecided = result->undecided;
	clear_dead(book, &segment->members);
	clear_dead(book, &segment->undecided);
	segment->known = segment->evaluated = true;
	result->matched = members;
	result->undecided = undecided;
}

/* A segment fails in all parts or in none. */
static void
fail_segment(struct segment_hosts *hosts, int at, const struct stw_err *err)
{
	for (int p = 0; p < hosts->count; p++)
		hosts->items[p].segments[at].failure = *err;
}

/* The rules of one height, to be run over each part. */
struct level {
	const struct rule **rules;
	int *segments; /* of the host, parallel */
	int count;
	struct rule_result *results[BOOK_PARTS_MAX];
};

static void
level_find(struct plan *plan, const int *heights, int height, struct level *level)
{
	const struct segment_host *host = plan->host;
	size_t n = (size_t)host->count;

	level->rules = arena_array(&plan->arena, n, sizeof(const struct rule *));
	level->segments = arena_array(&plan->arena, n, sizeof *level->segments);
	for (int i = 0; i < plan->count; i++) {
		int at = plan->order[i];

		if (heights[at] != height || plan->rules[at] == NULL ||
		    host->segments[at].failure.code != STW_OK)
			continue;
		level->rules[level->count] = plan->rules[at];
		level->segments[level->count++] = at;
	}
}

/* One pass over each part, by one graph: parts have the same columns. */
static enum stw_code
level_run(const struct segment_hosts *hosts, struct level *level, stw_usec now,
    struct arena *arena, struct stw_err *err)
{
	struct rule_columns_ctx ctx = segment_columns_ctx(&hosts->items[0], now);
	struct rule_set *set = NULL;
	enum stw_code rc =
	    rule_set_new(level->rules, level->count, &ctx, NULL, &set, err);

	for (int p = 0; p < hosts->count && rc == STW_OK; p++) {
		level->results[p] =
		    arena_array(arena, (size_t)level->count, sizeof *level->results[p]);
		ctx = segment_columns_ctx(&hosts->items[p], now);
		rc = rule_set_run(set, &ctx, level->results[p], err);
	}
	rule_set_free(set);
	return rc;
}

/* Does the i-th rule of the level fail for everybody? A patch is of a few: there it has to
 * be known of everybody already. */
static bool
level_fault(const struct segment_hosts *hosts, const struct level *level, int i,
    stw_usec now, struct stw_err *err)
{
	const struct segment *segment = &hosts->items[0].segments[level->segments[i]];
	bool found = false;

	if (hosts->items[0].book->patch && !segment->failing)
		return false;
	for (int p = 0; p < hosts->count; p++) {
		const struct rule_result *r = &level->results[p][i];
		const struct rule_eval_ctx ctx = {.now = now,
		    .zone = hosts->items[p].book->zone,
		    .host = (void *)(uintptr_t)&hosts->items[p],
		    .in_segment = segment_contains};
		enum rule_fault fault = rule_fault_find(level->rules[i],
		    hosts->items[p].book, &r->matched, &r->undecided, &ctx, err);

		if (fault == RULE_FAULT_NONE)
			return false;
		found |= fault == RULE_FAULT_ALL;
	}
	return found;
}

/* Between evaluations of everybody a member for whom the rule fails stays one: it may have
 * begun to fail for all. */
static void
keep_failing(struct segment_host *host, struct level *level, int i,
    struct rule_result *result, stw_usec now)
{
	const struct segment *segment = &host->segments[level->segments[i]];
	const struct rule_eval_ctx ctx = {.now = now,
	    .zone = host->book->zone,
	    .host = host,
	    .in_segment = segment_contains};

	for (size_t row = bitmap_next(&result->undecided, 0); row != SIZE_MAX;
	     row = bitmap_next(&result->undecided, row + 1)) {
		if (!bitmap_get(&segment->members, row) ||
		    book_is_dead(host->book, row) ||
		    !rule_fails(level->rules[i], host->book, row, &ctx, NULL))
			continue;
		bitmap_set(&result->matched, row);
		bitmap_clear_bit(&result->undecided, row);
	}
}

static void
take_level(struct segment_hosts *hosts, struct level *level, int p, stw_usec now)
{
	struct segment_host *host = &hosts->items[p];

	for (int i = 0; i < level->count && level->results[p] != NULL; i++) {
		struct rule_result *result = &level->results[p][i];
		int at = level->segments[i];

		if (hosts->items[0].segments[at].failure.code == STW_OK) {
			if (hosts->items[0].book->patch)
				keep_failing(host, level, i, result, now);
			take_result(host->book, &host->segments[at], result);
		}
		rule_result_fini(result);
	}
}

static void
evaluate_level(struct plan *plan, struct segment_hosts *hosts, stw_usec now,
    const int *heights, int height)
{
	struct level level = {0};
	struct stw_err err = {0};
	enum stw_code rc;

	level_find(plan, heights, height, &level);
	if (level.count == 0)
		return;
	rc = level_run(hosts, &level, now, &plan->arena, &err);
	for (int i = 0; i < level.count; i++) {
		if (rc != STW_OK || level_fault(hosts, &level, i, now, &err))
			fail_segment(hosts, level.segments[i], &err);
	}
	for (int p = 0; p < hosts->count; p++)
		take_level(hosts, &level, p, now);
}

/* A segment that no rule decides: its source tells who is in it. */
static void
evaluate_source(struct segment_hosts *hosts, int at, stw_usec now)
{
	const struct segment_def *def = &hosts->items[0].segments[at].def;
	const struct segment_source *source = &hosts->items[0].sources[def->kind];
	struct rule_result results[BOOK_PARTS_MAX] = {0};
	struct stw_err err = {0};
	enum stw_code rc = STW_OK;

	if (source->fill == NULL)
		rc = stw_fail(&err, STW_INVALID,
		    "nothing here tells who is in a segment of the kind %s",
		    segment_kind_name(def->kind));
	for (int p = 0; p < hosts->count && rc == STW_OK; p++) {
		const struct book *book = hosts->items[p].book;

		bitmap_init(&results[p].matched, book->customers->rows);
		bitmap_init(&results[p].undecided, book->customers->rows);
		rc = source->fill(source->arg, def, book, now, &results[p].matched,
		    &results[p].undecided, &err);
	}
	if (rc != STW_OK)
		fail_segment(hosts, at, &err);
	for (int p = 0; p < hosts->count; p++) {
		if (rc == STW_OK)
			take_result(hosts->items[p].book, &hosts->items[p].segments[at],
			    &results[p]);
		rule_result_fini(&results[p]);
	}
}

/* What does not compile does so in every part. */
static void
spread_failures(struct segment_hosts *hosts)
{
	const struct segment_host *first = &hosts->items[0];

	for (int p = 0; p < hosts->count; p++) {
		for (int i = 0; i < first->count; i++) {
			struct segment *segment = &hosts->items[p].segments[i];

			segment->evaluated = false;
			segment->failure = first->segments[i].failure;
		}
	}
}

void
segments_evaluate_parts(
    struct segment_hosts *hosts, stw_usec now, const struct progress *progress)
{
	struct plan plan;
	int *heights, levels;

	plan_init(&plan, &hosts->items[0]);
	plan_make(&plan);
	heights = arena_array(&plan.arena, (size_t)plan.host->count, sizeof *heights);
	levels = plan_heights(&plan, heights);
	spread_failures(hosts);
	for (int i = 0; i < plan.host->count; i++) {
		if (plan.host->segments[i].def.kind != SEGMENT_RULE)
			evaluate_source(hosts, i, now);
	}
	for (int level = 0; level < levels; level++) {
		evaluate_level(&plan, hosts, now, heights, level);
		progress_tell(progress, "segments", level + 1, levels);
	}
	arena_fini(&plan.arena);
}

void
segments_evaluate(
    struct segment_host *host, stw_usec now, const struct progress *progress)
{
	struct segment_hosts hosts = {.items = {*host}, .count = 1};

	segments_evaluate_parts(&hosts, now, progress);
}

const char *
segment_user(const struct segment_host *host, const char *code)
{
	struct segment_host readable = *host;
	const char *user = NULL;
	struct plan plan;

	plan_init(&plan, &readable);
	plan_compile(&plan);
	for (int i = 0; i < host->count && user == NULL; i++) {
		const char *const *codes;
		int n =
		    plan.rules[i] == NULL ? 0 : rule_segments(plan.rules[i], &codes);

		for (int k = 0; k < n && user == NULL; k++) {
			if (strcmp(codes[k], code) == 0)
				user = host->segments[i].def.code;
		}
	}
	arena_fini(&plan.arena);
	return user;
}

void
segment_failure_print(const struct segment *segment, struct buf *to)
{
	const struct stw_err *failure = &segment->failure;

	if (failure->line > 0)
		buf_printf(to, "%d:%d: ", failure->line, failure->column);
	buf_add_c(to, failure->text);
}
