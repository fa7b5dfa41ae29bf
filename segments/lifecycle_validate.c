#include "segments/lifecycle_validate.h"

#include <string.h>

#include "segments/lifecycle_review_priv.h"

const char *
lifecycle_severity_name(enum lifecycle_severity severity)
{
	return severity == LIFECYCLE_ERROR ? "error" : "warning";
}

/* ---- findings ---------------------------------------------------------------------- */
void
review_find(struct review *r, enum lifecycle_severity severity, const char *code,
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

const char *
review_name_of(const struct review *r, const struct lifecycle_transition *t, bool zh)
{
	const struct lifecycle_stage *from = &r->model->stages[t->from];
	const struct lifecycle_stage *to = &r->model->stages[t->to];

	return zh ? arena_printf(
			r->arena, "%s→%s（%s）", from->name_zh, to->name_zh, t->reason)
		  : arena_printf(
			r->arena, "%s -> %s (%s)", from->code, to->code, t->reason);
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

	review_reachable(r);
	review_ends(r);
	for (int k = 0; k < r->model->ntransitions; k++)
		if (!review_never(r, k) && customers)
			review_transition(r, k);
	if (customers) {
		review_overlaps(r);
		review_ways_back(r);
		review_people(r);
	}
	review_reasoning(r);
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
