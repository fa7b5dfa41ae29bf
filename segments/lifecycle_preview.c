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
/* Nobody has a stage yet: the first entry that matches places each. */
static enum stw_code
place_anew(const struct lifecycle_model *model, const struct book *book, stw_usec now,
    const struct progress *progress, int16_t *after, struct stw_err *err)
{
	struct lifecycle_answers a = {0};
	enum stw_code rc = lifecycle_answers_compile(&a, model, book, err);

	for (int i = 0; i < model->ninitial && rc == STW_OK; i++)
		if (a.of_initial[i] >= 0)
			a.items[a.of_initial[i]].wanted = true;
	if (rc == STW_OK)
		rc = lifecycle_answers_evaluate(&a, book, now, progress, err);
	for (size_t row = 0; row < book->customers->rows && rc == STW_OK; row++) {
		int i = 0;

		while (a.of_initial[i] >= 0 &&
		       !bitmap_get(&a.items[a.of_initial[i]].matched, row))
			i++;
		after[row] = (int16_t)model->initial[i].to;
	}
	lifecycle_answers_fini(&a);
	return rc;
}

static enum stw_code
stages_after(const struct lifecycle_model *model, const struct book *book, stw_usec now,
    const struct progress *progress, struct arena *arena, int16_t *after,
    int64_t *moves, int64_t *undecided, struct stw_err *err)
{
	const int *stages = lifecycle_stage_codes(book, model, arena);
	struct lifecycle_changes changes;
	enum stw_code rc =
	    lifecycle_evaluate(book, model, now, progress, &changes, err);

	if (rc != STW_OK)
		return rc;
	for (size_t row = 0; row < book->customers->rows; row++)
		after[row] = (int16_t)lifecycle_stage_of(book, stages, row);
	for (size_t i = 0; i < changes.count; i++)
		after[changes.items[i].row] = (int16_t)changes.items[i].to;
	*moves = (int64_t)changes.count;
	*undecided = (int64_t)changes.undecided;
	lifecycle_changes_free(&changes);
	return STW_OK;
}

/* An instant at which everybody may move: whoever moved at this very instant would stay,
 * which is the tick's way to be repeated and not what a preview is asked for. */
static stw_usec
free_to_move(const struct book *book, stw_usec now)
{
	const struct column *since = &book->customers->cols[book->col_stage_since];

	for (size_t row = 0; row < book->customers->rows; row++)
		if (column_has(since, row) && column_int(since, row) >= now)
			now = column_int(since, row) + 1;
	return now;
}

/* ---- the matrix ------------------------------------------------------------------------- */
struct matrix {
	const struct lifecycle_model *now_model, *new_model;
	const struct book *book;
	const int16_t *before, *after; /* before NULL: no model is in force */
	struct lifecycle_cell *cells;  /* (from + 1) * stages of the new one + to */
};

static bool
same_stage(const struct matrix *m, int from, int to)
{
	return from >= 0 && strcmp(m->now_model->stages[from].code,
				m->new_model->stages[to].code) == 0;
}

static void
count_row(struct matrix *m, size_t row, struct arena *arena)
{
	int from = m->before == NULL ? -1 : m->before[row], to = m->after[row];
	struct lifecycle_cell *cell =
	    &m->cells[(size_t)(from + 1) * (size_t)m->new_model->nstages + (size_t)to];
	const struct column *ref = &m->book->customers->cols[m->book->col_ref];

	cell->customers++;
	if (!same_stage(m, from, to) && cell->nsamples < LIFECYCLE_PREVIEW_SAMPLES &&
	    column_has(ref, row))
		cell->samples[cell->nsamples++] =
		    ref_mask(col_dict_get(ref->dict, column_code(ref, row)), arena);
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
			struct lifecycle_cell cell = m->cells[(from + 1) * nto + to];

			if (cell.customers == 0)
				continue;
			cell.from = from;
			cell.to = to;
			cell.same = same_stage(m, from, to);
			if (!cell.same)
				out->differ += cell.customers;
			out->cells[out->ncells++] = cell; /* never past its own place */
		}
}

enum stw_code
lifecycle_preview(const struct lifecycle_model *now_model,
    const struct lifecycle_model *new_model, const struct book *book, stw_usec now,
    const struct progress *progress, struct arena *arena, struct lifecycle_preview *out,
    struct stw_err *err)
{
	size_t rows = book->customers->rows;
	int16_t *before = arena_array(arena, rows, sizeof *before);
	int16_t *after = arena_array(arena, rows, sizeof *after);
	struct matrix m = {.now_model = now_model,
	    .new_model = new_model,
	    .book = book,
	    .before = now_model == NULL ? NULL : before,
	    .after = after};
	bool anew = now_model == NULL || strcmp(now_model->code, new_model->code) != 0;
	enum stw_code rc = STW_OK;

	now = free_to_move(book, now);
	*out = (struct lifecycle_preview){
	    .as_of = book->as_of, .customers = (int64_t)rows};
	if (now_model != NULL)
		rc = stages_after(now_model, book, now, progress, arena, before,
		    &out->moves_now, &out->undecided_now, err);
	if (rc == STW_OK && anew) {
		rc = place_anew(new_model, book, now, progress, after, err);
		out->moves_new = (int64_t)rows;
	} else if (rc == STW_OK) {
		rc = stages_after(new_model, book, now, progress, arena, after,
		    &out->moves_new, &out->undecided_new, err);
	}
	if (rc == STW_OK)
		fill(&m, arena, out);
	return rc;
}
