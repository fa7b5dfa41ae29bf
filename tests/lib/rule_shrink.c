#include "tests/lib/rule_shrink.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHILDREN_MAX 8 /* child rows of one parent, at most */

/* ---- one rule in one world ---------------------------------------------------------- */
static struct rule *
compile(struct world *w, const struct gen *g, struct arena *arena)
{
	struct rule *rule = NULL;
	struct stw_err err;
	struct buf text;

	buf_init(&text);
	gen_print(g, &text);
	if (rule_compile(w->env, (struct str){text.data, text.len},
		rule_type_basic(RULE_BOOL), NULL, arena, &rule, &err) != STW_OK) {
		rule = NULL;
		if (getenv("VERBOSE") != NULL)
			(void)fprintf(stderr, "%s\n  %d:%d %s\n", text.data, err.line,
			    err.column, err.text);
	}
	buf_fini(&text);
	return rule;
}

static void
load_all(struct meaning *m, struct world *w, int count)
{
	for (int i = 0; i < count; i++) {
		if (m->executors[i].load != NULL)
			m->executors[i].load(m->executors[i].host, w);
	}
}

/* The first row on which two executors differ; SIZE_MAX when they agree. */
static size_t
differs_at(struct meaning *m, struct world *w, const struct gen *g, int count,
    char answers[MEANING_EXECUTORS])
{
	size_t found = SIZE_MAX;
	struct arena arena;
	struct rule *rule;
	char *first = NULL;

	arena_init(&arena);
	rule = compile(w, g, &arena);
	for (int i = 0; i < count && rule != NULL; i++) {
		char *got = NULL;

		m->executors[i].run(m->executors[i].host, w, &rule, 1, &arena, &got);
		if (i == 0)
			first = got;
		for (size_t row = 0; got != NULL && row < w->table->rows; row++) {
			if (found == SIZE_MAX && got[row] != first[row])
				found = row;
		}
		if (answers != NULL && w->table->rows > 0)
			answers[i] = got == NULL ? '-' : got[0];
	}
	arena_fini(&arena);
	return found;
}

/* ---- a smaller rule -------------------------------------------------------------------- */
struct shrink {
	struct meaning *m;
	struct world *world;
	struct gen *root;
	int count;
	struct arena *arena;
};

static bool
try(struct shrink *s, struct gen **at, struct gen *instead)
{
	struct gen *was = *at;

	*at = instead;
	if (differs_at(s->m, s->world, s->root, s->count, NULL) != SIZE_MAX)
		return true;
	*at = was;
	return false;
}

/* A part below of the same type in its place. */
static bool
try_below(struct shrink *s, struct gen **at, struct gen *below)
{
	for (int i = 0; i < below->nkids; i++) {
		if (below->kids[i]->want == (*at)->want && try(s, at, below->kids[i]))
			return true;
		if (try_below(s, at, below->kids[i]))
			return true;
	}
	return false;
}

static bool
shrink_at(struct shrink *s, struct gen **at)
{
	struct gen *least;

	if (try_below(s, at, *at))
		return true;
	for (int i = 0; !gen_is_least(*at); i++) {
		least = gen_least((*at)->want, i, s->arena);
		if (least == NULL)
			break;
		if (try(s, at, least))
			return true;
	}
	for (int i = 0; i < (*at)->nkids; i++) {
		if (shrink_at(s, &(*at)->kids[i]))
			return true;
	}
	return false;
}

/* ---- a smaller row ----------------------------------------------------------------------- */
struct dropped {
	bool cell[1 + WORLD_CHILDREN][CHILDREN_MAX][WORLD_FIELDS + 1];
};

static bool
keep_cell(void *arg, int table, size_t child_row, int col)
{
	const struct dropped *d = arg;

	return child_row >= CHILDREN_MAX || !d->cell[table][child_row][col + 1];
}

static bool
try_without(struct shrink *s, const struct world *from, struct dropped *d, bool *cell)
{
	struct world smaller;

	*cell = true;
	world_one(&smaller, from, 0, keep_cell, d);
	load_all(s->m, &smaller, s->count);
	if (differs_at(s->m, &smaller, s->root, s->count, NULL) != SIZE_MAX) {
		world_fini(&smaller);
		return true;
	}
	*cell = false;
	world_fini(&smaller);
	return false;
}

/* Drops child rows, then cells, that the difference does not need. */
static void
shrink_row(struct shrink *s, const struct world *from, struct world *to)
{
	struct dropped d = {0};

	for (int t = 0; t <= WORLD_CHILDREN; t++) {
		const struct table *table =
		    t == 0 ? from->table : from->table->children[t - 1].table;

		for (size_t r = 0; r < table->rows && r < CHILDREN_MAX; r++) {
			if (t > 0 && try_without(s, from, &d, &d.cell[t][r][0]))
				continue;
			for (int col = 0; col < table->ncols; col++) {
				if (column_has(&table->cols[col], r))
					(void)try_without(
					    s, from, &d, &d.cell[t][r][col + 1]);
			}
		}
	}
	world_one(to, from, 0, keep_cell, &d);
	load_all(s->m, to, s->count);
}

/* ---- the report ------------------------------------------------------------------------------ */
static const char *
answer_name(char answer)
{
	return answer == '1'   ? "true"
	       : answer == '0' ? "false"
	       : answer == '?' ? "undecided"
	       : answer == '!' ? "raised an error"
			       : "refused";
}

static void
report_clause(struct world *w, const struct gen *g, struct buf *to)
{
	struct rule_sql sql;
	struct stw_err err;
	struct arena arena;
	struct rule *rule;

	arena_init(&arena);
	rule = compile(w, g, &arena);
	if (rule != NULL && rule_sql(rule, &w->sql, 1, &arena, &sql, &err) == STW_OK)
		buf_printf(to, "  as SQL: %s\n", sql.text);
	arena_fini(&arena);
}

static void
report_case(
    struct meaning *m, struct world *w, const struct gen *g, int count, struct buf *to)
{
	char answers[MEANING_EXECUTORS] = {0};

	buf_add_c(to, "the executors differ on:\n  ");
	gen_print(g, to);
	buf_add_char(to, '\n');
	(void)differs_at(m, w, g, count, answers);
	for (int i = 0; i < count; i++)
		buf_printf(
		    to, "  %-12s %s\n", m->executors[i].name, answer_name(answers[i]));
	world_print(w, 0, to);
	report_clause(w, g, to);
}

/* A world of one row that still differs: the row found first, or, since an error is one
 * for a whole batch, any other. */
static bool
find_one(struct meaning *m, struct world *w, const struct gen *g, size_t row, int count,
    struct world *one)
{
	for (size_t i = 0; i <= w->table->rows; i++) {
		world_one(one, w, i == 0 ? row : i - 1, NULL, NULL);
		load_all(m, one, count);
		if (differs_at(m, one, g, count, NULL) != SIZE_MAX)
			return true;
		world_fini(one);
	}
	return false;
}

static void
report_difference(struct meaning *m, struct world *w, struct gen *g, size_t row,
    int count, struct arena *arena, struct buf *to)
{
	struct shrink s = {
	    .m = m, .world = w, .root = g, .count = count, .arena = arena};
	struct world one, least;

	if (!find_one(m, w, g, row, count, &one)) {
		buf_printf(to, "differs on row %zu, but on no row alone:\n  ", row);
		gen_print(g, to);
		buf_add_char(to, '\n');
		world_print(w, row, to);
		return;
	}
	s.world = &one;
	while (shrink_at(&s, &s.root))
		continue;
	shrink_row(&s, &one, &least);
	report_case(m, &least, s.root, count, to);
	world_fini(&least);
	world_fini(&one);
}

/* ---- a round -------------------------------------------------------------------------------------- */
struct drawn {
	struct gen **trees;
	struct rule **rules;
	char **answers[MEANING_EXECUTORS];
	int count;
};

static void
draw(struct meaning *m, struct chance *c, struct world *w, int rules,
    struct arena *arena, struct drawn *d)
{
	d->trees = arena_array(arena, (size_t)rules, sizeof *d->trees);
	d->rules = arena_array(arena, (size_t)rules, sizeof *d->rules);
	for (int i = 0; i < MEANING_EXECUTORS; i++)
		d->answers[i] =
		    arena_array(arena, (size_t)rules, sizeof *d->answers[i]);
	for (int i = 0; i < rules; i++) {
		struct gen *g = gen_rule(c, BOOL, 1 + chance_below(c, 5), arena);
		struct rule *rule = compile(w, g, arena);

		if (rule == NULL) {
			m->rejected++;
			continue;
		}
		d->trees[d->count] = g;
		d->rules[d->count++] = rule;
	}
	m->rules += d->count;
}

static void
count_answers(struct meaning *m, const struct world *w, const struct drawn *d, int who)
{
	m->asked[who] += d->count;
	for (int i = 0; i < d->count; i++) {
		if (d->answers[who][i] == NULL) {
			m->refused[who]++;
			continue;
		}
		m->checks[who] += (int64_t)w->table->rows;
		for (size_t row = 0; who == 0 && row < w->table->rows; row++) {
			m->undecided += d->answers[0][i][row] == '?';
			m->matched += d->answers[0][i][row] == '1';
		}
	}
}

/* The first rule that somebody answers otherwise than the first does. */
static bool
find_difference(const struct drawn *d, size_t rows, int count, int *rule, size_t *row)
{
	for (int i = 0; i < d->count; i++) {
		for (int who = 1; who < count; who++) {
			const char *a = d->answers[0][i], *b = d->answers[who][i];

			if (b == NULL || memcmp(a, b, rows) == 0)
				continue;
			*rule = i;
			for (*row = 0; a[*row] == b[*row];)
				(*row)++;
			return true;
		}
	}
	return false;
}

bool
meaning_round(struct meaning *m, struct chance *c, size_t rows, int rules, int count,
    struct buf *report)
{
	struct drawn d = {0};
	struct arena arena;
	struct world w;
	size_t row = 0;
	int rule = 0;
	bool differ;

	arena_init(&arena);
	world_init(&w, c, rows);
	load_all(m, &w, count);
	draw(m, c, &w, rules, &arena, &d);
	for (int i = 0; i < count; i++) {
		m->executors[i].run(
		    m->executors[i].host, &w, d.rules, d.count, &arena, d.answers[i]);
		count_answers(m, &w, &d, i);
	}
	differ = find_difference(&d, rows, count, &rule, &row);
	if (differ && report != NULL)
		report_difference(m, &w, d.trees[rule], row, count, &arena, report);
	world_fini(&w);
	arena_fini(&arena);
	return !differ;
}
