#include "segments/lifecycle_preview.h"

#include <string.h>

#include "segments/book_view.h"
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

		if (book_is_dead(book, row))
			continue;
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
/* Who is shown of a cell: the first in the book's order, whichever part they are in. */
struct sample {
	struct book_key key;
	const char *mask;
};

struct matrix {
	const struct lifecycle_model *now_model, *new_model;
	struct lifecycle_cell *cells; /* (from + 1) * stages of the new one + to */
	struct sample (*samples)[LIFECYCLE_PREVIEW_SAMPLES]; /* a cell's nsamples */
	struct arena *arena;
};

/* One part being counted. */
struct counting {
	const struct book *book;
	int bucket;
	struct after before, after; /* under each; before is empty without a model */
};

static bool
same_stage(const struct matrix *m, int from, int to)
{
	return from >= 0 && strcmp(m->now_model->stages[from].code,
				m->new_model->stages[to].code) == 0;
}

static size_t
cell_at(const struct matrix *m, int from, int to)
{
	return (size_t)(from + 1) * (size_t)m->new_model->nstages + (size_t)to;
}

static void
sample(struct matrix *m, size_t at, const struct counting *c, size_t row)
{
	const struct column *ref = &c->book->customers->cols[c->book->col_ref];
	struct lifecycle_cell *cell = &m->cells[at];
	struct sample *samples = m->samples[at];
	const struct book_key key = {c->bucket, c->book->customer_id[row]};
	int i = cell->nsamples;

	if (!column_has(ref, row))
		return;
	if (i == LIFECYCLE_PREVIEW_SAMPLES && book_key_cmp(&samples[--i].key, &key) < 0)
		return;
	for (; i > 0 && book_key_cmp(&samples[i - 1].key, &key) > 0; i--)
		samples[i] = samples[i - 1];
	samples[i] = (struct sample){
	    key, ref_mask(col_dict_get(ref->dict, column_code(ref, row)), m->arena)};
	if (cell->nsamples < LIFECYCLE_PREVIEW_SAMPLES)
		cell->nsamples++;
}

static void
count_row(struct matrix *m, const struct counting *c, size_t row)
{
	bool none = m->now_model == NULL;
	int from = none ? -1 : c->before.next[row], to = c->after.next[row];
	int from_later = none ? -1 : c->before.later[row];
	int to_later = c->after.later[row];

	m->cells[cell_at(m, from, to)].customers++;
	m->cells[cell_at(m, from_later, to_later)].later++;
	if (!same_stage(m, from, to))
		sample(m, cell_at(m, from, to), c, row);
	else if (!same_stage(m, from_later, to_later))
		sample(m, cell_at(m, from_later, to_later), c, row);
}

static void
count_rows(struct matrix *m, struct counting *c)
{
	const struct book *book = c->book;

	for (c->bucket = 0; c->bucket < BOOK_BUCKETS; c->bucket++)
		for (size_t row = book->first[c->bucket];
		     row < book->first[c->bucket + 1]; row++)
			if (!book_is_dead(book, row))
				count_row(m, c, row);
}

static enum stw_code
count_part(struct matrix *m, const struct book *book, stw_usec now,
    const struct progress *progress, struct lifecycle_preview *out, struct stw_err *err)
{
	const struct lifecycle_model *was = m->now_model, *is = m->new_model;
	bool anew = was == NULL || strcmp(was->code, is->code) != 0;
	struct counting c = {.book = book};
	enum stw_code rc = STW_OK;
	struct arena arena;

	arena_init(&arena);
	if (was != NULL)
		rc = stages_after(
		    was, book, now, false, progress, &arena, &c.before, err);
	if (rc == STW_OK)
		rc = stages_after(is, book, now, anew, progress, &arena, &c.after, err);
	if (rc == STW_OK)
		rc = progress_check(progress, err);
	if (rc == STW_OK) {
		out->moves_now += c.before.moves;
		out->undecided_now += c.before.undecided;
		out->moves_new += c.after.moves;
		out->undecided_new += c.after.undecided;
		count_rows(m, &c);
	}
	arena_fini(&arena);
	return rc;
}

/* Those with customers move together; a cell never past its own place. */
static void
list_cells(struct matrix *m, struct lifecycle_preview *out)
{
	int nfrom = m->now_model == NULL ? 0 : m->now_model->nstages;

	out->cells = m->cells;
	for (int from = -1; from < nfrom; from++)
		for (int to = 0; to < m->new_model->nstages; to++) {
			size_t at = cell_at(m, from, to);
			struct lifecycle_cell cell = m->cells[at];

			if (cell.customers == 0 && cell.later == 0)
				continue;
			cell.from = from;
			cell.to = to;
			cell.same = same_stage(m, from, to);
			for (int i = 0; i < cell.nsamples; i++)
				cell.samples[i] = m->samples[at][i].mask;
			if (!cell.same) {
				out->differ += cell.customers;
				out->differ_later += cell.later;
			}
			out->cells[out->ncells++] = cell;
		}
}

enum stw_code
lifecycle_preview(const struct lifecycle_model *now_model,
    const struct lifecycle_model *new_model, const struct book_parts *parts,
    stw_usec now, const struct progress *progress, struct arena *arena,
    struct lifecycle_preview *out, struct stw_err *err)
{
	struct matrix m = {
	    .now_model = now_model, .new_model = new_model, .arena = arena};
	size_t n = (size_t)(now_model == NULL ? 1 : now_model->nstages + 1) *
		   (size_t)new_model->nstages;
	enum stw_code rc = STW_OK;

	*out = (struct lifecycle_preview){
	    .as_of = parts->books[0]->as_of, .customers = book_parts_customers(parts)};
	m.cells = arena_array(arena, n, sizeof *m.cells);
	m.samples = arena_array(arena, n, sizeof *m.samples);
	for (int p = 0; p < parts->count && rc == STW_OK; p++)
		rc = count_part(&m, parts->books[p], now, progress, out, err);
	if (rc == STW_OK)
		list_cells(&m, out);
	return rc;
}
