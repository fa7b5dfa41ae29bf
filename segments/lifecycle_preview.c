#include "segments/lifecycle_preview.h"

#include <string.h>

#include "segments/lifecycle_priv.h"

#define MASK_TAIL 3

/* The length of the character that begins here. */
static size_t
char_len(struct str text)
{
	size_t n = 1;

	while (n < text.len && ((unsigned char)text.ptr[n] & 0xc0) == 0x80)
		n++;
	return n;
}

const char *
ref_mask(struct str ref, struct arena *arena)
{
	size_t head, tail = ref.len;

	if (ref.len <= MASK_TAIL + 1)
		return "****";
	head = char_len(ref);
	for (int i = 0; i < MASK_TAIL && tail > head; i++) {
		tail--;
		while (tail > head && ((unsigned char)ref.ptr[tail] & 0xc0) == 0x80)
			tail--;
	}
	return arena_printf(arena, "%.*s****%.*s", (int)head, ref.ptr,
	    (int)(ref.len - tail), ref.ptr + tail);
}

/* ---- where a tick leaves everybody ----------------------------------------------------- */
struct after {
	int16_t *next,
	    *later; /* a row: its stage after a tick, with and without stays */
	int64_t moves, undecided;
};

static int16_t
stage_after(const struct lifecycle_answers *a, const struct lifecycle_model *model,
    int from, size_t row, int64_t stay, bool *undecided)
{
	const struct lifecycle_transition *t =
	    from < 0 ? lifecycle_first_match(a, model->initial, a->of_initial,
			   model->ninitial, -1, row, stay, undecided)
		     : lifecycle_first_match(a, model->transitions, a->of_transition,
			   model->ntransitions, from, row, stay, undecided);

	return (int16_t)(t == NULL ? from : t->to);
}

/* anew: as if nobody had a stage. */
static enum stw_code
stages_after(const struct lifecycle_model *model, const struct book *book, stw_usec now,
    bool anew, const struct progress *progress, struct arena *arena, struct after *out,
    struct stw_err *err)
{
	const int *stages = lifecycle_stage_codes(book, model, arena);
	size_t rows = book->customers->rows;
	struct lifecycle_answers a = {0};
	enum stw_code rc = lifecycle_answers_compile(&a, model, book, err);

	out->next = arena_array(arena, rows, sizeof *out->next);
	out->later = arena_array(arena, rows, sizeof *out->later);
	for (int i = 0; i < a.count; i++)
		a.items[i].wanted = true;
	if (rc == STW_OK)
		rc = lifecycle_answers_evaluate(&a, book, now, progress, err);
	for (size_t row = 0; row < rows && rc == STW_OK; row++) {
		int from = anew ? -1 : lifecycle_stage_of(book, stages, row);
		bool undecided = false, ignored = false;

		out->next[row] = stage_after(
		    &a, model, from, row, lifecycle_stay(book, row, now), &undecided);
		out->later[row] =
		    stage_after(&a, model, from, row, INT64_MAX, &ignored);
		out->moves += out->next[row] != from;
		out->undecided += out->next[row] == from && undecided;
	}
	lifecycle_answers_fini(&a);
	return rc;
}

/* ---- the matrix ------------------------------------------------------------------------- */
struct matrix {
	const struct lifecycle_model *now_model, *new_model;
	const struct book *book;
	struct after before, after;   /* under each; before is empty without a model */
	struct lifecycle_cell *cells; /* (from + 1) * stages of the new one + to */
};

static bool
same_stage(const struct matrix *m, int from, int to)
{
	return from >= 0 && strcmp(m->now_model->stages[from].code,
				m->new_model->stages[to].code) == 0;
}

static struct lifecycle_cell *
cell_at(struct matrix *m, int from, int to)
{
	return &m->cells[(size_t)(from + 1) * (size_t)m->new_model->nstages +
			 (size_t)to];
}

static void
sample(struct matrix *m, struct lifecycle_cell *cell, size_t row, struct arena *arena)
{
	const struct column *ref = &m->book->customers->cols[m->book->col_ref];

	if (cell->nsamples < LIFECYCLE_PREVIEW_SAMPLES && column_has(ref, row))
		cell->samples[cell->nsamples++] =
		    ref_mask(col_dict_get(ref->dict, column_code(ref, row)), arena);
}

static void
count_row(struct matrix *m, size_t row, struct arena *arena)
{
	bool none = m->now_model == NULL;
	int from = none ? -1 : m->before.next[row], to = m->after.next[row];
	int from_later = none ? -1 : m->before.later[row];
	int to_later = m->after.later[row];

	cell_at(m, from, to)->customers++;
	cell_at(m, from_later, to_later)->later++;
	if (!same_stage(m, from, to))
		sample(m, cell_at(m, from, to), row, arena);
	else if (!same_stage(m, from_later, to_later))
		sample(m, cell_at(m, from_later, to_later), row, arena);
}

static void
fill(struct matrix *m, struct arena *arena, struct lifecycle_preview *out)
{
	int nfrom = m->now_model == NULL ? 0 : m->now_model->nstages;
	int nto = m->new_model->nstages;

	m->cells =
	    arena_array(arena, (size_t)(nfrom + 1) * (size_t)nto, sizeof *m->cells);
	for (size_t row = 0; row < m->book->customers->rows; row++)
		count_row(m, row, arena);
	out->cells = m->cells;
	for (int from = -1; from < nfrom; from++)
		for (int to = 0; to < nto; to++) {
			struct lifecycle_cell cell = *cell_at(m, from, to);

			if (cell.customers == 0 && cell.later == 0)
				continue;
			cell.from = from;
			cell.to = to;
			cell.same = same_stage(m, from, to);
			if (!cell.same) {
				out->differ += cell.customers;
				out->differ_later += cell.later;
			}
			out->cells[out->ncells++] = cell; /* never past its own place */
		}
}

enum stw_code
lifecycle_preview(const struct lifecycle_model *now_model,
    const struct lifecycle_model *new_model, const struct book *book, stw_usec now,
    const struct progress *progress, struct arena *arena, struct lifecycle_preview *out,
    struct stw_err *err)
{
	struct matrix m = {
	    .now_model = now_model, .new_model = new_model, .book = book};
	bool anew = now_model == NULL || strcmp(now_model->code, new_model->code) != 0;
	enum stw_code rc = STW_OK;

	*out = (struct lifecycle_preview){
	    .as_of = book->as_of, .customers = (int64_t)book->customers->rows};
	if (now_model != NULL)
		rc = stages_after(
		    now_model, book, now, false, progress, arena, &m.before, err);
	if (rc == STW_OK)
		rc = stages_after(
		    new_model, book, now, anew, progress, arena, &m.after, err);
	if (rc != STW_OK)
		return rc;
	out->moves_now = m.before.moves;
	out->undecided_now = m.before.undecided;
	out->moves_new = m.after.moves;
	out->undecided_new = m.after.undecided;
	fill(&m, arena, out);
	return STW_OK;
}
