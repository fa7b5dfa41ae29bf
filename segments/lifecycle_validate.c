#include "segments/lifecycle_validate.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "segments/lifecycle_priv.h"

/* One part of the book; rows that a newer one replaces match nothing. */
struct review_part {
	const struct book *book;
	struct lifecycle_answers answers;
	int16_t *place; /* a row: its stage */
};

struct review {
	const struct lifecycle_model *model;
	struct review_part parts[BOOK_PARTS_MAX];
	int nparts;
	stw_usec now;
	int of_stage[LIFECYCLE_MAX_STAGES + 1]; /* where each stage's list begins */
	int *list;      /* transitions by stage, each in the order they are asked */
	int64_t *pairs; /* customers who meet both; [k * n + other], other later */
	int64_t gone;   /* customers in a stage that the model does not have */
	struct arena *arena;
	struct lifecycle_validation *out;
	int cap;
};

const char *
lifecycle_severity_name(enum lifecycle_severity severity)
{
	return severity == LIFECYCLE_ERROR ? "error" : "warning";
}

/* ---- findings ---------------------------------------------------------------------- */
static void
find(struct review *r, enum lifecycle_severity severity, const char *code,
    const char *path, int64_t customers, const char *zh, const char *en)
{
	struct lifecycle_validation *v = r->out;

	if (v->nfindings == r->cap) {
		int cap = r->cap == 0 ? 16 : r->cap * 2;
		struct lifecycle_finding *more =
		    arena_array(r->arena, (size_t)cap, sizeof *more);

		if (v->nfindings > 0)
			memcpy(more, v->findings, (size_t)v->nfindings * sizeof *more);
		v->findings = more;
		r->cap = cap;
	}
	v->findings[v->nfindings++] = (struct lifecycle_finding){
	    .severity = severity,
	    .code = code,
	    .path = path,
	    .customers = customers,
	    .zh = zh,
	    .en = en,
	};
	v->errors += severity == LIFECYCLE_ERROR;
	v->warnings += severity == LIFECYCLE_WARNING;
}

static void
sort_findings(struct lifecycle_validation *v)
{
	for (int i = 1; i < v->nfindings; i++) {
		struct lifecycle_finding f = v->findings[i];
		int at = i;

		for (; at > 0 && v->findings[at - 1].severity > f.severity; at--)
			v->findings[at] = v->findings[at - 1];
		v->findings[at] = f;
	}
}

/* "growing -> mature (settled)", in the language's names of the stages */
static const char *
name_of(const struct review *r, const struct lifecycle_transition *t, bool zh)
{
	const struct lifecycle_stage *from = &r->model->stages[t->from];
	const struct lifecycle_stage *to = &r->model->stages[t->to];

	return zh ? arena_printf(
			r->arena, "%s→%s（%s）", from->name_zh, to->name_zh, t->reason)
		  : arena_printf(
			r->arena, "%s -> %s (%s)", from->code, to->code, t->reason);
}

/* ---- what the document alone tells ---------------------------------------------------- */
static void
check_reachable(struct review *r)
{
	const struct lifecycle_model *m = r->model;
	bool reached[LIFECYCLE_MAX_STAGES] = {false};
	bool more = true;

	for (int i = 0; i < m->ninitial; i++)
		reached[m->initial[i].to] = true;
	while (more) {
		more = false;
		for (int i = 0; i < m->ntransitions; i++) {
			const struct lifecycle_transition *t = &m->transitions[i];

			if (reached[t->from] && !reached[t->to])
				reached[t->to] = more = true;
		}
	}
	for (int i = 0; i < m->nstages; i++) {
		if (reached[i])
			continue;
		find(r, LIFECYCLE_ERROR, "unreachable_stage",
		    arena_printf(r->arena, "stages[%d]", i), -1,
		    arena_printf(r->arena,
			"没有路径进入阶段“%s”：初始规则和迁移都不通向它。加一条通向它的迁移，或删去这个阶段。",
			m->stages[i].name_zh),
		    arena_printf(r->arena,
			"no way leads to stage \"%s\", neither an initial entry nor a "
			"transition: add a transition to it, or take the stage out",
			m->stages[i].code));
	}
}

static void
check_ends(struct review *r)
{
	const struct lifecycle_model *m = r->model;

	for (int i = 0; i < m->nstages; i++) {
		const struct lifecycle_stage *s = &m->stages[i];
		const char *path = arena_printf(r->arena, "stages[%d]", i);
		bool leads = r->of_stage[i + 1] > r->of_stage[i];
		int64_t there = r->out->stages[i].customers;

		if (!leads && !s->end)
			find(r, LIFECYCLE_WARNING, "dead_end", path, there,
			    arena_printf(r->arena,
				"阶段“%s”没有出路，现有%" PRId64
				"位客户会一直停在这里。若本意如此，写\"end\": true；否则加一条离开它的迁移。",
				s->name_zh, there),
			    arena_printf(r->arena,
				"nothing leads out of stage \"%s\": %" PRId64
				" customers would stay for good; say \"end\": true when "
				"that is meant, or add a transition out",
				s->code, there));
		if (leads && s->end)
			find(r, LIFECYCLE_ERROR, "end_leads_on", path, -1,
			    arena_printf(r->arena,
				"阶段“%s”写了\"end\": true，却有离开它的迁移。去掉其中一个。",
				s->name_zh),
			    arena_printf(r->arena,
				"stage \"%s\" says \"end\": true and has transitions out: "
				"take one of the two away",
				s->code));
	}
}

/* The reasoning is part of the document; a rule without one cannot be judged later. */
static void
check_reasoning(struct review *r)
{
	const struct lifecycle_model *m = r->model;
	int64_t missing = 0;
	const char *first = NULL;

	for (int i = 0; i < m->nstages; i++)
		if (m->stages[i].why_en == NULL && missing++ == 0)
			first = arena_printf(r->arena, "stages[%d]", i);
	for (int i = 0; i < m->ntransitions; i++)
		if (m->transitions[i].why_en == NULL && missing++ == 0)
			first = m->transitions[i].path;
	if (missing > 0)
		find(r, LIFECYCLE_WARNING, "no_reasoning", first, -1,
		    arena_printf(r->arena,
			"有%" PRId64
			"个阶段或迁移没有写明理由（why），第一个在%s。写上理由，审批人才知道为什么这样定。",
			missing, first),
		    arena_printf(r->arena,
			"%" PRId64 " stages or transitions have no why, the first is "
			"%s: whoever approves wants to know the reasoning",
			missing, first));
}

static bool
always(const char *when)
{
	size_t lead = strspn(when, " \t\r\n");
	const char *at = when + lead;

	return strncmp(at, "true", 4) == 0 && at[4 + strspn(at + 4, " \t\r\n")] == '\0';
}

/* An earlier one of the stage that takes everybody whom this one could take; NULL. */
static const struct lifecycle_transition *
taken_by(const struct review *r, int k)
{
	const struct lifecycle_transition *t = &r->model->transitions[k];

	for (int i = 0; i < k; i++) {
		const struct lifecycle_transition *e = &r->model->transitions[i];

		if (e->from == t->from && e->after_days <= t->after_days &&
		    (always(e->when) || strcmp(e->when, t->when) == 0))
			return e;
	}
	return NULL;
}

/* True when it was reported: the data have nothing to add. */
static bool
check_never(struct review *r, int k)
{
	const struct lifecycle_transition *t = &r->model->transitions[k];
	const struct lifecycle_transition *by = taken_by(r, k);

	if (by == NULL)
		return false;
	find(r, LIFECYCLE_ERROR, "never_fires", t->path, -1,
	    arena_printf(r->arena,
		"%s永远不会发生：%s先被询问（%s），条件相同或恒为真，停留要求也不更长。提高它的priority，或删去其中一条。",
		name_of(r, t, true), name_of(r, by, true), by->path),
	    arena_printf(r->arena,
		"%s can never fire: %s (%s) is asked first with the same condition, or "
		"one that is always true, and no longer stay: give this one a higher "
		"priority, or take one of the two out",
		name_of(r, t, false), name_of(r, by, false), by->path));
	return true;
}

/* ---- over the book ---------------------------------------------------------------------- */
static bool
matches(const struct review_part *part, int answer, size_t row)
{
	return answer < 0 || bitmap_get(&part->answers.items[answer].matched, row);
}

static int16_t
first_place(const struct review *r, const struct review_part *part, size_t row)
{
	int i = 0;

	/* The last entry takes whoever is left. */
	while (!matches(part, part->answers.of_initial[i], row))
		i++;
	return (int16_t)r->model->initial[i].to;
}

static void
place_all(struct review *r, struct review_part *part)
{
	const struct book *book = part->book;
	const struct column *col = &book->customers->cols[book->col_stage];
	const int *stages = lifecycle_stage_codes(book, r->model, r->arena);
	size_t rows = book->customers->rows;

	part->place = arena_array(r->arena, rows, sizeof *part->place);
	for (size_t row = 0; row < rows; row++) {
		int stage = lifecycle_stage_of(book, stages, row);

		if (book_is_dead(book, row))
			continue;
		r->gone += stage < 0 && column_has(col, row);
		r->out->unplaced += stage < 0;
		part->place[row] =
		    stage < 0 ? first_place(r, part, row) : (int16_t)stage;
		r->out->stages[part->place[row]].customers++;
	}
}

/* One row against the transitions from its stage. */
static void
review_row(struct review *r, const struct review_part *part, size_t row)
{
	int stage = part->place[row], n = r->model->ntransitions;
	struct lifecycle_stage_review *s = &r->out->stages[stage];
	int64_t stay = lifecycle_stay(part->book, row, r->now);
	int met[LIFECYCLE_MAX_TRANSITIONS], nmet = 0;
	bool undecided = false, differ = false;

	for (int i = r->of_stage[stage]; i < r->of_stage[stage + 1]; i++) {
		int k = r->list[i], answer = part->answers.of_transition[k];
		const struct lifecycle_transition *t = &r->model->transitions[k];

		if (bitmap_get(&part->answers.items[answer].undecided, row)) {
			r->out->transitions[k].undecided++;
			undecided |= stay >= t->after_days * STW_USEC_DAY;
		}
		if (!matches(part, answer, row) || stay < t->after_days * STW_USEC_DAY)
			continue;
		r->out->transitions[k].ready++;
		if (nmet == 0)
			r->out->transitions[k].fires++;
		for (int m = 0; m < nmet; m++) {
			if (r->model->transitions[met[m]].to == t->to)
				continue;
			r->pairs[met[m] * n + k]++;
			differ = true;
		}
		met[nmet++] = k;
	}
	s->moving += nmet > 0;
	s->undecided += nmet == 0 && undecided;
	s->overlapping += differ;
}

static void
review_rows(struct review *r, const struct review_part *part)
{
	for (size_t row = 0; row < part->book->customers->rows; row++)
		if (!book_is_dead(part->book, row))
			review_row(r, part, row);
	for (int k = 0; k < r->model->ntransitions; k++)
		r->out->transitions[k].meets += (int64_t)bitmap_count(
		    &part->answers.items[part->answers.of_transition[k]].matched);
}

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
	find(r, LIFECYCLE_WARNING, "covered", t->path, meets,
	    arena_printf(r->arena,
		"就本库数据看，%s不会发生：满足它的%" PRId64
		"位客户（不论在哪个阶段）也都满足先被询问的%s%s。核对两个条件的先后，或调整priority。",
		name_of(r, t, true), meets, name_of(r, by, true),
		covering > 1 ? "等" : ""),
	    arena_printf(r->arena,
		"%s does not fire as far as this book shows: all %" PRId64
		" customers who meet it, in any stage, also meet %s%s, which is asked "
		"first: look at the order of the two, or set a priority",
		name_of(r, t, false), meets, name_of(r, by, false),
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

static void
check_transition(struct review *r, int k)
{
	const struct lifecycle_transition *t = &r->model->transitions[k];
	const struct lifecycle_entry_review *e = &r->out->transitions[k];
	int64_t open = open_in_all(r, k);
	int64_t there = r->out->stages[t->from].customers;

	if (e->meets == 0 && (said_already(r, "always_undecided", t->path) ||
				 said_already(r, "meets_nobody", t->path)))
		return;
	if (e->meets == 0 && open == r->out->customers)
		find(r, LIFECYCLE_WARNING, "always_undecided", t->path, open,
		    arena_printf(r->arena,
			"%s对全部%" PRId64
			"位客户都没有结论（所用标签没有值），不会发生。用has()处理缺失值，或先补数据。",
			name_of(r, t, true), open),
		    arena_printf(r->arena,
			"%s has no answer for any of %" PRId64
			" customers (a value it needs is missing) and cannot fire: ask "
			"with has(), or bring the data first",
			name_of(r, t, false), open));
	else if (e->meets == 0)
		find(r, LIFECYCLE_WARNING, "meets_nobody", t->path, 0,
		    arena_printf(r->arena,
			"本库没有客户满足%s的条件，不论在哪个阶段。核对条件和单位。",
			name_of(r, t, true)),
		    arena_printf(r->arena,
			"nobody in this book meets %s, in any stage: look at the "
			"condition and its units",
			name_of(r, t, false)));
	else if (e->undecided > 0 && e->undecided == there)
		find(r, LIFECYCLE_WARNING, "undecided_in_stage", t->path, e->undecided,
		    arena_printf(r->arena,
			"%s对该阶段的全部%" PRId64
			"位客户都没有结论。用has()处理缺失值。",
			name_of(r, t, true), e->undecided),
		    arena_printf(r->arena,
			"%s has no answer for any of the %" PRId64
			" customers of its stage: ask with has() for what may be missing",
			name_of(r, t, false), e->undecided));
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

static void
check_overlaps(struct review *r)
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
		if (a->priority != b->priority || taken_by(r, o->second) != NULL)
			continue;
		find(r, LIFECYCLE_WARNING, "overlap", b->path, o->customers,
		    arena_printf(r->arena,
			"%" PRId64
			"位客户同时满足%s和%s，两者priority相同，只靠文档中的先后决定。给其中一条写上priority。",
			o->customers, name_of(r, a, true), name_of(r, b, true)),
		    arena_printf(r->arena,
			"%" PRId64 " customers meet both %s and %s, which have one "
			"priority: only their order in the document decides; give one "
			"of them a priority",
			o->customers, name_of(r, a, false), name_of(r, b, false)));
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
		find(r, LIFECYCLE_ERROR, "back_and_forth", b->path, n,
		    arena_printf(r->arena,
			"%" PRId64
			"位客户同时满足%s和%s，又都没有最短停留：每次刷新都会来回跳。把两个门槛拉开，或写上after_days。",
			n, name_of(r, t, true), name_of(r, b, true)),
		    arena_printf(r->arena,
			"%" PRId64 " customers meet both %s and %s, and neither asks "
			"for a stay: they would move at every tick; put the two "
			"thresholds apart, or set after_days",
			n, name_of(r, t, false), name_of(r, b, false)));
	else
		find(r, LIFECYCLE_WARNING, "back_and_forth", b->path, n,
		    arena_printf(r->arena,
			"%" PRId64
			"位客户同时满足%s和%s：每%d天来回一次。把两个门槛拉开。",
			n, name_of(r, t, true), name_of(r, b, true), days),
		    arena_printf(r->arena,
			"%" PRId64 " customers meet both %s and %s: there and back "
			"every %d days; put the two thresholds apart",
			n, name_of(r, t, false), name_of(r, b, false), days));
}

static void
check_ways_back(struct review *r)
{
	const struct lifecycle_model *m = r->model;

	for (int i = 0; i < m->ntransitions; i++)
		for (int k = i + 1; k < m->ntransitions; k++)
			if (m->transitions[i].from == m->transitions[k].to &&
			    m->transitions[i].to == m->transitions[k].from)
				check_back_and_forth(r, i, k);
}

static void
check_people(struct review *r)
{
	for (int i = 0; i < r->model->nstages; i++) {
		int64_t n = r->out->stages[i].undecided;

		if (n == 0)
			continue;
		find(r, LIFECYCLE_WARNING, "undecided",
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
		find(r, LIFECYCLE_WARNING, "stage_gone", "stages", r->gone,
		    arena_printf(r->arena,
			"%" PRId64
			"位客户现在所处的阶段不在此模型中，将按初始规则重新安置。",
			r->gone),
		    arena_printf(r->arena,
			"%" PRId64 " customers are in a stage that this model does not "
			"have: the initial entries place them anew",
			r->gone));
}

/* ---- the whole -------------------------------------------------------------------------- */
static void
list_by_stage(struct review *r)
{
	const struct lifecycle_model *m = r->model;
	int n = 0;

	r->list = arena_array(r->arena, (size_t)m->ntransitions, sizeof *r->list);
	for (int s = 0; s < m->nstages; s++) {
		r->of_stage[s] = n;
		for (int k = 0; k < m->ntransitions; k++)
			if (m->transitions[k].from == s)
				r->list[n++] = k;
	}
	r->of_stage[m->nstages] = n;
}

/* A row that a newer part replaces is nobody. */
static void
forget_dead(struct review_part *part)
{
	const struct bitmap *dead = part->book->dead;

	for (int i = 0; i < part->answers.count && dead != NULL; i++) {
		struct lifecycle_answer *a = &part->answers.items[i];

		bitmap_andnot(&a->matched, &a->matched, dead);
		bitmap_andnot(&a->undecided, &a->undecided, dead);
	}
}

static enum stw_code
look_at_part(struct review *r, struct review_part *part,
    const struct progress *progress, struct stw_err *err)
{
	enum stw_code rc;

	for (int i = 0; i < part->answers.count; i++)
		part->answers.items[i].wanted = true;
	rc = lifecycle_answers_evaluate(
	    &part->answers, part->book, r->now, progress, err);
	if (rc != STW_OK)
		return rc;
	forget_dead(part);
	place_all(r, part);
	review_rows(r, part);
	return STW_OK;
}

static void
report(struct review *r)
{
	bool customers = r->out->customers > 0;

	check_reachable(r);
	check_ends(r);
	for (int k = 0; k < r->model->ntransitions; k++)
		if (!check_never(r, k) && customers)
			check_transition(r, k);
	if (customers) {
		check_overlaps(r);
		check_ways_back(r);
		check_people(r);
	}
	check_reasoning(r);
	sort_findings(r->out);
}

enum stw_code
lifecycle_validate(const struct lifecycle_model *model, const struct book_parts *parts,
    stw_usec now, const struct progress *progress, struct arena *arena,
    struct lifecycle_validation *out, struct stw_err *err)
{
	struct review r = {.model = model, .now = now, .arena = arena, .out = out};
	size_t n = (size_t)model->ntransitions;
	enum stw_code rc = STW_OK;

	*out = (struct lifecycle_validation){
	    .as_of = parts->books[0]->as_of, .customers = book_parts_customers(parts)};
	out->stages = arena_array(arena, (size_t)model->nstages, sizeof *out->stages);
	out->transitions = arena_array(arena, n, sizeof *out->transitions);
	r.pairs = arena_array(arena, n * n, sizeof *r.pairs);
	list_by_stage(&r);
	for (; r.nparts < parts->count && rc == STW_OK; r.nparts++) {
		struct review_part *part = &r.parts[r.nparts];

		part->book = parts->books[r.nparts];
		rc = lifecycle_answers_compile(&part->answers, model, part->book, err);
		if (rc == STW_OK && out->customers > 0)
			rc = look_at_part(&r, part, progress, err);
	}
	if (rc == STW_OK)
		report(&r);
	for (int p = 0; p < r.nparts; p++)
		lifecycle_answers_fini(&r.parts[p].answers);
	return rc;
}
