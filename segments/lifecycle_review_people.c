/* What the customers of the book tell about a lifecycle model: whom its rules meet, where
 * they meet one another, and where they have no answer. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "engine/rule_messages.h"
#include "segments/lifecycle_review_priv.h"
#include "segments/rule_fault.h"

/* Whether everybody who meets the rule meets an earlier one of the stage as well, whatever
 * their stage: then it adds nothing, as far as this book shows. */
static const struct bitmap *
matched_by(const struct review_part *part, int k)
{
	return &part->answers.items[part->answers.of_transition[k]].matched;
}

/* Takes those out who meet e as well; how many are left. */
static size_t
take_out(const struct review *r, struct bitmap left[BOOK_PARTS_MAX], int e)
{
	size_t n = 0;

	for (int p = 0; p < r->nparts; p++) {
		bitmap_andnot(&left[p], &left[p], matched_by(&r->parts[p], e));
		n += bitmap_count(&left[p]);
	}
	return n;
}

/* The earlier ones that together take all who meet k: the first of them, or NULL. */
static const struct lifecycle_transition *
covered_by(const struct review *r, int k, int *covering)
{
	const struct lifecycle_transition *t = &r->model->transitions[k], *by = NULL;
	size_t before = (size_t)r->out->transitions[k].meets;
	struct bitmap left[BOOK_PARTS_MAX];

	for (int p = 0; p < r->nparts; p++) {
		const struct bitmap *own = matched_by(&r->parts[p], k);

		bitmap_init(&left[p], own->bits);
		bitmap_copy(&left[p], own);
	}
	for (int i = 0; i < k && before > 0; i++) {
		const struct lifecycle_transition *e = &r->model->transitions[i];
		size_t now_left;

		if (e->from != t->from || e->after_days > t->after_days ||
		    e->to == t->to)
			continue;
		now_left = take_out(r, left, i);
		if (now_left < before) {
			++*covering;
			by = by == NULL ? e : by;
		}
		before = now_left;
	}
	for (int p = 0; p < r->nparts; p++)
		bitmap_fini(&left[p]);
	return before > 0 ? NULL : by;
}

static void
check_covered(struct review *r, int k)
{
	const struct lifecycle_transition *t = &r->model->transitions[k], *by;
	int64_t meets = r->out->transitions[k].meets;
	int covering = 0;

	by = covered_by(r, k, &covering);
	if (by == NULL)
		return;
	review_find(r, LIFECYCLE_WARNING, "covered", t->path, meets,
	    arena_printf(r->arena,
		"就本库数据看，%s不会发生：满足它的%" PRId64
		"位客户（不论在哪个阶段）也都满足先被询问的%s%s。核对两个条件的先后，或调整priority。",
		review_name_of(r, t, true), meets, review_name_of(r, by, true),
		covering > 1 ? "等" : ""),
	    arena_printf(r->arena,
		"%s does not fire as far as this book shows: all %" PRId64
		" customers who meet it, in any stage, also meet %s%s, which is asked "
		"first: look at the order of the two, or set a priority",
		review_name_of(r, t, false), meets, review_name_of(r, by, false),
		covering > 1 ? " and others" : ""));
}

/* A transition from several stages is one to the reader. */
static bool
said_already(const struct review *r, const char *code, const char *path)
{
	for (int i = 0; i < r->out->nfindings; i++)
		if (strcmp(r->out->findings[i].code, code) == 0 &&
		    strcmp(r->out->findings[i].path, path) == 0)
			return true;
	return false;
}

/* For whom the rule has no answer, whatever their stage. */
static int64_t
open_in_all(const struct review *r, int k)
{
	int64_t n = 0;

	for (int p = 0; p < r->nparts; p++) {
		const struct lifecycle_answers *a = &r->parts[p].answers;

		n += (int64_t)bitmap_count(&a->items[a->of_transition[k]].undecided);
	}
	return n;
}

/* Does the rule fail for everybody, and how? Nobody has an answer. */
static bool
fails_for_all(const struct review *r, int k, struct stw_err *err)
{
	for (int p = 0; p < r->nparts; p++) {
		const struct review_part *part = &r->parts[p];
		const struct rule_eval_ctx like = {
		    .now = r->now, .zone = part->book->zone};
		const struct lifecycle_answer *a =
		    &part->answers.items[part->answers.of_transition[k]];

		if (rule_fault_find(a->rule, part->book, &a->matched, &a->undecided,
			&like, err) == RULE_FAULT_ALL)
			return true;
	}
	return false;
}

static void
no_answer(struct review *r, int k, int64_t open)
{
	const struct lifecycle_transition *t = &r->model->transitions[k];
	struct stw_err err = {0};
	struct buf zh;

	if (!fails_for_all(r, k, &err)) {
		review_find(r, LIFECYCLE_WARNING, "always_undecided", t->path, open,
		    arena_printf(r->arena,
			"%s对全部%" PRId64
			"位客户都没有结论（所用标签没有值），不会发生。用has()处理缺失值，或先补数据。",
			review_name_of(r, t, true), open),
		    arena_printf(r->arena,
			"%s has no answer for any of %" PRId64
			" customers (a value it needs is missing) and cannot fire: ask "
			"with has(), or bring the data first",
			review_name_of(r, t, false), open));
		return;
	}
	buf_init(&zh);
	(void)rule_message_zh(str_of(err.text), &zh);
	review_find(r, LIFECYCLE_WARNING, "always_fails", t->path, open,
	    arena_printf(r->arena,
		"%s对全部%" PRId64 "位客户都出错，不会发生：%d:%d：%s。修改条件。",
		review_name_of(r, t, true), open, err.line, err.column, zh.data),
	    arena_printf(r->arena,
		"%s fails for all %" PRId64
		" customers and cannot fire: %d:%d: %s: mend the condition",
		review_name_of(r, t, false), open, err.line, err.column, err.text));
	buf_fini(&zh);
}

void
review_transition(struct review *r, int k)
{
	const struct lifecycle_transition *t = &r->model->transitions[k];
	const struct lifecycle_entry_review *e = &r->out->transitions[k];
	int64_t open = open_in_all(r, k);
	int64_t there = r->out->stages[t->from].customers;

	if (e->meets == 0 && (said_already(r, "always_undecided", t->path) ||
				 said_already(r, "always_fails", t->path) ||
				 said_already(r, "meets_nobody", t->path)))
		return;
	if (e->meets == 0 && open == r->out->customers)
		no_answer(r, k, open);
	else if (e->meets == 0)
		review_find(r, LIFECYCLE_WARNING, "meets_nobody", t->path, 0,
		    arena_printf(r->arena,
			"本库没有客户满足%s的条件，不论在哪个阶段。核对条件和单位。",
			review_name_of(r, t, true)),
		    arena_printf(r->arena,
			"nobody in this book meets %s, in any stage: look at the "
			"condition and its units",
			review_name_of(r, t, false)));
	else if (e->undecided > 0 && e->undecided == there)
		review_find(r, LIFECYCLE_WARNING, "undecided_in_stage", t->path,
		    e->undecided,
		    arena_printf(r->arena,
			"%s对该阶段的全部%" PRId64
			"位客户都没有结论。用has()处理缺失值。",
			review_name_of(r, t, true), e->undecided),
		    arena_printf(r->arena,
			"%s has no answer for any of the %" PRId64
			" customers of its stage: ask with has() for what may be missing",
			review_name_of(r, t, false), e->undecided));
	else
		check_covered(r, k);
}

static int
overlap_cmp(const void *a, const void *b)
{
	const struct lifecycle_overlap *x = a, *y = b;

	if (x->customers != y->customers)
		return x->customers > y->customers ? -1 : 1;
	return x->first != y->first ? x->first - y->first : x->second - y->second;
}

void
review_overlaps(struct review *r)
{
	struct lifecycle_validation *v = r->out;
	int n = r->model->ntransitions;

	for (int i = 0; i < n * n; i++)
		v->noverlaps += r->pairs[i] > 0;
	v->overlaps = arena_array(r->arena, (size_t)v->noverlaps, sizeof *v->overlaps);
	v->noverlaps = 0;
	for (int i = 0; i < n * n; i++)
		if (r->pairs[i] > 0)
			v->overlaps[v->noverlaps++] =
			    (struct lifecycle_overlap){i / n, i % n, r->pairs[i]};
	if (v->noverlaps > 0)
		qsort(v->overlaps, (size_t)v->noverlaps, sizeof *v->overlaps,
		    overlap_cmp);
	for (int i = 0; i < v->noverlaps; i++) {
		const struct lifecycle_overlap *o = &v->overlaps[i];
		const struct lifecycle_transition *a = &r->model->transitions[o->first];
		const struct lifecycle_transition *b =
		    &r->model->transitions[o->second];

		/* A difference in priority says that the order was thought about; one that
		 * can never fire has been told already. */
		if (a->priority != b->priority || review_taken_by(r, o->second) != NULL)
			continue;
		review_find(r, LIFECYCLE_WARNING, "overlap", b->path, o->customers,
		    arena_printf(r->arena,
			"%" PRId64
			"位客户同时满足%s和%s，两者priority相同，只靠文档中的先后决定。给其中一条写上priority。",
			o->customers, review_name_of(r, a, true),
			review_name_of(r, b, true)),
		    arena_printf(r->arena,
			"%" PRId64 " customers meet both %s and %s, which have one "
			"priority: only their order in the document decides; give one "
			"of them a priority",
			o->customers, review_name_of(r, a, false),
			review_name_of(r, b, false)));
	}
}

/* Customers of either stage who meet the way there and the way back at once. */
static int64_t
both_ways(const struct review *r, int there, int back)
{
	int from = r->model->transitions[there].from;
	int to = r->model->transitions[there].to;
	int64_t n = 0;

	for (int p = 0; p < r->nparts; p++) {
		const struct review_part *part = &r->parts[p];
		const struct bitmap *x = matched_by(part, there);
		const struct bitmap *y = matched_by(part, back);

		for (size_t row = bitmap_next(x, 0); row != SIZE_MAX;
		     row = bitmap_next(x, row + 1))
			n += bitmap_get(y, row) &&
			     (part->place[row] == from || part->place[row] == to);
	}
	return n;
}

static void
check_back_and_forth(struct review *r, int there, int back)
{
	const struct lifecycle_transition *t = &r->model->transitions[there];
	const struct lifecycle_transition *b = &r->model->transitions[back];
	int64_t n = both_ways(r, there, back);
	int days = t->after_days + b->after_days;

	if (n == 0)
		return;
	if (days == 0)
		review_find(r, LIFECYCLE_ERROR, "back_and_forth", b->path, n,
		    arena_printf(r->arena,
			"%" PRId64
			"位客户同时满足%s和%s，又都没有最短停留：每次刷新都会来回跳。把两个门槛拉开，或写上after_days。",
			n, review_name_of(r, t, true), review_name_of(r, b, true)),
		    arena_printf(r->arena,
			"%" PRId64 " customers meet both %s and %s, and neither asks "
			"for a stay: they would move at every tick; put the two "
			"thresholds apart, or set after_days",
			n, review_name_of(r, t, false), review_name_of(r, b, false)));
	else
		review_find(r, LIFECYCLE_WARNING, "back_and_forth", b->path, n,
		    arena_printf(r->arena,
			"%" PRId64
			"位客户同时满足%s和%s：每%d天来回一次。把两个门槛拉开。",
			n, review_name_of(r, t, true), review_name_of(r, b, true),
			days),
		    arena_printf(r->arena,
			"%" PRId64 " customers meet both %s and %s: there and back "
			"every %d days; put the two thresholds apart",
			n, review_name_of(r, t, false), review_name_of(r, b, false),
			days));
}

void
review_ways_back(struct review *r)
{
	const struct lifecycle_model *m = r->model;

	for (int i = 0; i < m->ntransitions; i++)
		for (int k = i + 1; k < m->ntransitions; k++)
			if (m->transitions[i].from == m->transitions[k].to &&
			    m->transitions[i].to == m->transitions[k].from)
				check_back_and_forth(r, i, k);
}

void
review_people(struct review *r)
{
	for (int i = 0; i < r->model->nstages; i++) {
		int64_t n = r->out->stages[i].undecided;

		if (n == 0)
			continue;
		review_find(r, LIFECYCLE_WARNING, "undecided",
		    arena_printf(r->arena, "stages[%d]", i), n,
		    arena_printf(r->arena,
			"阶段“%s”有%" PRId64
			"位客户因规则没有结论（缺少所需的值）而停留。",
			r->model->stages[i].name_zh, n),
		    arena_printf(r->arena,
			"%" PRId64 " customers stay in \"%s\" with a rule that has no "
			"answer: a value it needs is missing",
			n, r->model->stages[i].code));
	}
	if (r->gone > 0)
		review_find(r, LIFECYCLE_WARNING, "stage_gone", "stages", r->gone,
		    arena_printf(r->arena,
			"%" PRId64
			"位客户现在所处的阶段不在此模型中，将按初始规则重新安置。",
			r->gone),
		    arena_printf(r->arena,
			"%" PRId64 " customers are in a stage that this model does not "
			"have: the initial entries place them anew",
			r->gone));
}
