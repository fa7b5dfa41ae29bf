#include "segments/promise.h"

#include <stdlib.h>
#include <string.h>

#include "engine/rule_columns.h"
#include "segments/lifecycle_priv.h"

const char *
promise_kind_name(enum promise_kind kind)
{
	return kind == PROMISE_DWELL ? "dwell" : "contact";
}

/* ---- rules ------------------------------------------------------------------------ */
static void
add_text(struct buf *to, const char *text)
{
	struct rule_value value = rule_string(str_of(text));

	rule_value_print(&value, to);
}

/* Tiers that other promises of the kind and stage name. */
static void
add_other_tiers(
    const struct lifecycle_model *model, const struct promise *p, struct buf *to)
{
	const char *before = " && !(has(customer.tier) && customer.tier in [";
	bool any = false;

	for (int i = 0; i < model->npromises; i++) {
		const struct promise *other = &model->promises[i];

		if (other->stage != p->stage || other->kind != p->kind ||
		    other->tier == NULL)
			continue;
		buf_add_c(to, any ? ", " : before);
		add_text(to, other->tier);
		any = true;
	}
	if (any)
		buf_add_c(to, "])");
}

void
promise_holds_rule(const struct lifecycle_model *model, int i, struct buf *to)
{
	const struct promise *p = &model->promises[i];

	buf_add_c(to, "customer.stage == ");
	add_text(to, model->stages[p->stage].code);
	if (p->tier == NULL) {
		add_other_tiers(model, p, to);
		return;
	}
	buf_add_c(to, " && has(customer.tier) && customer.tier == ");
	add_text(to, p->tier);
}

void
promise_overdue_rule(const struct lifecycle_model *model, int i, struct buf *to)
{
	const struct promise *p = &model->promises[i];

	promise_holds_rule(model, i, to);
	buf_printf(to, " && customer.stage_since <= now - days(%d)", p->days);
	if (p->kind == PROMISE_CONTACT)
		buf_printf(to,
		    " && !outreach.exists(o, o.kind in [\"conversation\", \"message\"] "
		    "&& o.at > now - days(%d) && o.at <= now)",
		    p->days);
}

/* ---- over the book -------------------------------------------------------------------- */
static enum stw_code
compile(const struct rule_env *env, struct buf *text, const struct promise *p,
    struct arena *arena, struct rule **out, struct stw_err *err)
{
	enum stw_code rc = rule_compile(env, (struct str){text->data, text->len},
	    rule_type_basic(RULE_BOOL), NULL, arena, out, err);

	return rc == STW_OK ? rc : stw_err_prefix(err, rc, "%s", p->path);
}

/* Rules 2i and 2i + 1: for whom promise i holds, who is overdue. */
static enum stw_code
compile_all(const struct lifecycle_model *model, const struct book *book,
    struct arena *arena, const struct rule **rules, struct stw_err *err)
{
	const struct rule_env *env = book_env(book, arena, NULL, NULL);
	enum stw_code rc = STW_OK;
	struct buf text;

	buf_init(&text);
	for (int i = 0; i < model->npromises && rc == STW_OK; i++) {
		const struct promise *p = &model->promises[i];
		struct rule *holds = NULL, *overdue = NULL;

		buf_clear(&text);
		promise_holds_rule(model, i, &text);
		rc = compile(env, &text, p, arena, &holds, err);
		buf_clear(&text);
		promise_overdue_rule(model, i, &text);
		if (rc == STW_OK)
			rc = compile(env, &text, p, arena, &overdue, err);
		rules[2 * i] = holds;
		rules[2 * i + 1] = overdue;
	}
	buf_fini(&text);
	return rc;
}

static void
take(struct promise_results *out, struct rule_result *results)
{
	const struct bitmap *dead = out->book->dead;

	for (int i = 0; dead != NULL && i < 2 * out->model->npromises; i++) {
		bitmap_andnot(&results[i].matched, &results[i].matched, dead);
		bitmap_andnot(&results[i].undecided, &results[i].undecided, dead);
		results[i].nmatched = bitmap_count(&results[i].matched);
	}
	for (int i = 0; i < out->model->npromises; i++) {
		struct promise_result *p = &out->items[i];

		p->covered = (int64_t)results[2 * i].nmatched;
		p->overdue = results[2 * i + 1].matched;
		p->undecided = results[2 * i + 1].undecided;
		results[2 * i + 1] = (struct rule_result){0};
		bitmap_or(&out->any, &out->any, &p->overdue);
		bitmap_or(&out->undecided, &out->undecided, &p->undecided);
	}
	bitmap_andnot(&out->undecided, &out->undecided, &out->any);
}

enum stw_code
promises_evaluate(const struct lifecycle_model *model, const struct book *book,
    stw_usec now, struct promise_results *out, struct stw_err *err)
{
	struct rule_columns_ctx ctx = {
	    .table = book->customers, .now = now, .zone = book->zone};
	size_t n = (size_t)model->npromises;
	struct rule_result *results = stw_xalloc((2 * n + 1) * sizeof *results);
	const struct rule **rules;
	struct rule_set *set = NULL;
	struct arena arena;
	enum stw_code rc;

	*out = (struct promise_results){.model = model, .book = book};
	out->items = stw_xalloc((n + 1) * sizeof *out->items);
	bitmap_init(&out->any, book->customers->rows);
	bitmap_init(&out->undecided, book->customers->rows);
	arena_init(&arena);
	rules = arena_array(&arena, 2 * n, sizeof(const struct rule *));
	ctx.bindings = book_bindings(book, &ctx.nbindings);
	rc = compile_all(model, book, &arena, rules, err);
	if (rc == STW_OK && n > 0)
		rc = rule_set_new(rules, (int)(2 * n), &ctx, NULL, &set, err);
	if (rc == STW_OK && n > 0)
		rc = rule_set_run(set, &ctx, results, err);
	if (rc == STW_OK)
		take(out, results);
	for (size_t i = 0; i < 2 * n; i++)
		rule_result_fini(&results[i]);
	rule_set_free(set);
	free(results);
	arena_fini(&arena);
	if (rc != STW_OK)
		promise_results_fini(out);
	return rc;
}

void
promise_results_fini(struct promise_results *results)
{
	for (int i = 0; results->items != NULL && i < results->model->npromises; i++) {
		bitmap_fini(&results->items[i].overdue);
		bitmap_fini(&results->items[i].undecided);
	}
	free(results->items);
	bitmap_fini(&results->any);
	bitmap_fini(&results->undecided);
	*results = (struct promise_results){0};
}

enum stw_code
promises_evaluate_parts(const struct lifecycle_model *model,
    const struct book_parts *parts, stw_usec now, struct promise_parts *out,
    struct stw_err *err)
{
	enum stw_code rc = STW_OK;

	out->count = 0;
	for (int p = 0; p < parts->count && rc == STW_OK; p++) {
		rc =
		    promises_evaluate(model, parts->books[p], now, &out->items[p], err);
		if (rc == STW_OK)
			out->count++;
	}
	if (rc != STW_OK)
		promise_parts_fini(out);
	return rc;
}

void
promise_parts_fini(struct promise_parts *parts)
{
	for (int p = 0; p < parts->count; p++)
		promise_results_fini(&parts->items[p]);
	parts->count = 0;
}

/* ---- as segments -------------------------------------------------------------------- */
static enum stw_code
fill(void *arg, const struct segment_def *def, const struct book *book, stw_usec now,
    struct bitmap *members, struct bitmap *undecided, struct stw_err *err)
{
	const struct promise_parts *parts = arg;
	const struct promise_results *results = parts->items;
	size_t lead = strlen(PROMISE_SEGMENT);

	(void)now; /* what the results were made with */
	while (results < parts->items + parts->count && results->book != book)
		results++;
	STW_ASSERT(results < parts->items + parts->count);
	if (strcmp(def->code, PROMISE_SEGMENT_ALL) == 0) {
		bitmap_copy(members, &results->any);
		bitmap_copy(undecided, &results->undecided);
		return STW_OK;
	}
	for (int i = 0; i < results->model->npromises; i++) {
		if (strncmp(def->code, PROMISE_SEGMENT, lead) != 0 ||
		    strcmp(def->code + lead, results->model->promises[i].code) != 0)
			continue;
		bitmap_copy(members, &results->items[i].overdue);
		bitmap_copy(undecided, &results->items[i].undecided);
		return STW_OK;
	}
	return stw_fail(err, STW_INVALID,
	    "version %d of the lifecycle model %s makes no promise of this name",
	    results->model->version, results->model->code);
}

struct segment_source
promise_source(const struct promise_parts *parts)
{
	/* fill only reads it. */
	return (struct segment_source){.fill = fill, .arg = (void *)(uintptr_t)parts};
}

/* ---- one customer ----------------------------------------------------------------------- */
static bool
tier_is(const struct book *book, size_t row, const char *tier)
{
	const struct column *col = &book->customers->cols[BOOK_TIER];

	return column_has(col, row) &&
	       str_eq_c(col_dict_get(col->dict, column_code(col, row)), tier);
}

static bool
holds(const struct lifecycle_model *model, const struct promise *p,
    const struct book *book, size_t row, int stage)
{
	if (p->stage != stage)
		return false;
	if (p->tier != NULL)
		return tier_is(book, row, p->tier);
	for (int i = 0; i < model->npromises; i++) {
		const struct promise *other = &model->promises[i];

		if (other->stage == p->stage && other->kind == p->kind &&
		    other->tier != NULL && tier_is(book, row, other->tier))
			return false;
	}
	return true;
}

/* The newest conversation or message until now; STW_USEC_NEVER: none. */
static stw_usec
newest_contact(const struct book *book, size_t row, stw_usec now)
{
	const struct table_child *child = &book->customers->children[BOOK_OUTREACH];
	const struct column *kind = &child->table->cols[OUTREACH_KIND];
	const struct column *at = &child->table->cols[OUTREACH_AT];

	for (size_t i = child->offsets[row + 1]; i > child->offsets[row]; i--) {
		struct str word;

		if (!column_has(kind, i - 1) || !column_has(at, i - 1) ||
		    column_int(at, i - 1) > now)
			continue;
		word = col_dict_get(kind->dict, column_code(kind, i - 1));
		if (str_eq_c(word, "conversation") || str_eq_c(word, "message"))
			return column_int(at, i - 1);
	}
	return STW_USEC_NEVER;
}

void
promise_states(const struct lifecycle_model *model, const struct book *book, size_t row,
    stw_usec now, struct arena *arena, struct promise_state **out, int *count)
{
	const struct column *col = &book->customers->cols[book->col_stage_since];
	stw_usec since = column_has(col, row) ? column_int(col, row) : STW_USEC_NEVER;
	stw_usec contact = newest_contact(book, row, now);
	int stage =
	    lifecycle_stage_of(book, lifecycle_stage_codes(book, model, arena), row);

	*out = arena_array(arena, (size_t)model->npromises, sizeof **out);
	*count = 0;
	for (int i = 0; i < model->npromises; i++) {
		const struct promise *p = &model->promises[i];
		stw_usec from = since;

		if (stage < 0 || !holds(model, p, book, row, stage))
			continue;
		if (p->kind == PROMISE_CONTACT && since != STW_USEC_NEVER &&
		    contact > since)
			from = contact;
		(*out)[(*count)++] = (struct promise_state){
		    .promise = p,
		    .due_at = from == STW_USEC_NEVER ? STW_USEC_NEVER
						     : from + p->days * STW_USEC_DAY,
		    .overdue =
			from != STW_USEC_NEVER && from + p->days * STW_USEC_DAY <= now,
		};
	}
}
