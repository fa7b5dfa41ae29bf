#include "segments/lifecycle.h"

#include <stdlib.h>
#include <string.h>

#include "segments/lifecycle_priv.h"
#include "segments/rule_fault.h"

int
lifecycle_stage_find(const struct lifecycle_model *model, struct str code)
{
	for (int i = 0; i < model->nstages; i++) {
		if (str_eq_c(code, model->stages[i].code))
			return i;
	}
	return -1;
}

/* ---- rules of a model ------------------------------------------------------------ */
static int
answer_of(struct lifecycle_answers *a, const char *when)
{
	if (when == NULL)
		return -1;
	for (int i = 0; i < a->count; i++) {
		if (strcmp(a->items[i].when, when) == 0)
			return i;
	}
	a->items[a->count].when = when;
	return a->count++;
}

static enum stw_code
compile_entry(struct lifecycle_answers *a, const struct rule_env *env,
    const struct lifecycle_transition *t, int at, struct stw_err *err)
{
	enum stw_code rc;

	if (at < 0 || a->items[at].rule != NULL)
		return STW_OK;
	rc = rule_compile(env, str_of(t->when), rule_type_basic(RULE_BOOL), NULL,
	    &a->arena, &a->items[at].rule, err);
	if (rc != STW_OK)
		return stw_err_prefix(err, rc, "%s.when", t->path);
	return STW_OK;
}

enum stw_code
lifecycle_answers_compile(struct lifecycle_answers *a,
    const struct lifecycle_model *model, const struct book *book, struct stw_err *err)
{
	const struct rule_env *env;
	enum stw_code rc = STW_OK;

	arena_init(&a->arena);
	env = book_env(book, &a->arena, NULL, NULL);
	a->items = arena_array(&a->arena,
	    (size_t)model->ninitial + (size_t)model->ntransitions, sizeof *a->items);
	a->count = 0;
	a->of_initial =
	    arena_array(&a->arena, (size_t)model->ninitial, sizeof *a->of_initial);
	a->of_transition = arena_array(
	    &a->arena, (size_t)model->ntransitions, sizeof *a->of_transition);
	for (int i = 0; i < model->ninitial && rc == STW_OK; i++) {
		a->of_initial[i] = answer_of(a, model->initial[i].when);
		rc = compile_entry(a, env, &model->initial[i], a->of_initial[i], err);
	}
	for (int i = 0; i < model->ntransitions && rc == STW_OK; i++) {
		a->of_transition[i] = answer_of(a, model->transitions[i].when);
		rc = compile_entry(
		    a, env, &model->transitions[i], a->of_transition[i], err);
	}
	return rc;
}

void
lifecycle_answers_fini(struct lifecycle_answers *a)
{
	for (int i = 0; i < a->count; i++) {
		bitmap_fini(&a->items[i].matched);
		bitmap_fini(&a->items[i].undecided);
	}
	arena_fini(&a->arena);
}

enum stw_code
lifecycle_check(
    const struct lifecycle_model *model, const struct book *book, struct stw_err *err)
{
	struct lifecycle_answers answers = {0};
	enum stw_code rc = lifecycle_answers_compile(&answers, model, book, err);

	lifecycle_answers_fini(&answers);
	return rc;
}

/* ---- evaluation --------------------------------------------------------------------- */
int *
lifecycle_stage_codes(
    const struct book *book, const struct lifecycle_model *model, struct arena *arena)
{
	const struct col_dict *dict = book->customers->cols[book->col_stage].dict;
	uint32_t n = col_dict_count(dict);
	int *stages = arena_array(arena, n, sizeof *stages);

	for (uint32_t code = 0; code < n; code++)
		stages[code] = lifecycle_stage_find(model, col_dict_get(dict, code));
	return stages;
}

int
lifecycle_stage_of(const struct book *book, const int *stages, size_t row)
{
	const struct column *col = &book->customers->cols[book->col_stage];

	return column_has(col, row) ? stages[column_code(col, row)] : -1;
}

int64_t
lifecycle_stay(const struct book *book, size_t row, stw_usec now)
{
	const struct column *since = &book->customers->cols[book->col_stage_since];
	int64_t stay;

	if (!column_has(since, row) ||
	    __builtin_sub_overflow(now, column_int(since, row), &stay))
		return INT64_MAX;
	return stay;
}

static void
mark_wanted(struct lifecycle_answers *a, const struct lifecycle_model *model,
    const struct book *book, const int *stages)
{
	bool present[LIFECYCLE_MAX_STAGES + 1] = {false}; /* [0]: without a stage */

	for (size_t row = 0; row < book->customers->rows; row++)
		present[lifecycle_stage_of(book, stages, row) + 1] = true;
	for (int i = 0; i < model->ninitial; i++) {
		if (a->of_initial[i] >= 0)
			a->items[a->of_initial[i]].wanted |= present[0];
	}
	for (int i = 0; i < model->ntransitions; i++)
		a->items[a->of_transition[i]].wanted |=
		    present[model->transitions[i].from + 1];
}

enum stw_code
lifecycle_answers_evaluate(struct lifecycle_answers *a, const struct book *book,
    stw_usec now, const struct progress *progress, struct stw_err *err)
{
	struct rule_columns_ctx ctx = {
	    .table = book->customers,
	    .now = now,
	    .zone = book->zone,
	};
	size_t n = (size_t)a->count;
	const struct rule **rules =
	    arena_array(&a->arena, n, sizeof(const struct rule *));
	struct rule_result *results = arena_array(&a->arena, n, sizeof *results);
	struct rule_set *set = NULL;
	enum stw_code rc;
	int count = 0;

	ctx.bindings = book_bindings(book, &ctx.nbindings);
	for (int i = 0; i < a->count; i++) {
		if (a->items[i].wanted)
			rules[count++] = a->items[i].rule;
	}
	rc = progress_check(progress, err);
	if (rc == STW_OK)
		rc = rule_set_new(rules, count, &ctx, NULL, &set, err);
	if (rc == STW_OK)
		rc = rule_set_run(set, &ctx, results, err);
	rule_set_free(set);
	for (int i = 0, k = 0; i < a->count && rc == STW_OK; i++) {
		if (!a->items[i].wanted)
			continue;
		bitmap_fini(&a->items[i].matched);
		bitmap_fini(&a->items[i].undecided);
		a->items[i].matched = results[k].matched;
		a->items[i].undecided = results[k++].undecided;
	}
	progress_tell(progress, "stage rules", a->count, a->count);
	return rc;
}

static void
add_change(struct lifecycle_changes *changes, size_t row, int from,
    const struct lifecycle_transition *by)
{
	if (changes->count == changes->cap) {
		changes->cap = changes->cap == 0 ? 1024 : changes->cap * 2;
		changes->items =
		    stw_xrealloc(changes->items, changes->cap * sizeof *changes->items);
	}
	changes->items[changes->count++] = (struct lifecycle_change){
	    .row = (uint32_t)row,
	    .from = (int16_t)from,
	    .to = (int16_t)by->to,
	    .by = by,
	};
}

/* Nobody can say whether the customer would have moved by it. */
static bool
fails_here(const struct lifecycle_answers *a, const struct lifecycle_answer *answer,
    size_t row)
{
	return answer->failed ||
	       (a->patch != NULL && bitmap_get(&answer->undecided, row) &&
		   rule_fails(answer->rule, a->patch, row, &a->like, NULL));
}

const struct lifecycle_transition *
lifecycle_first_match(const struct lifecycle_answers *a,
    const struct lifecycle_transition *entries, const int *answer, int n, int from,
    size_t row, int64_t stay, bool *undecided)
{
	for (int i = 0; i < n; i++) {
		const struct lifecycle_transition *t = &entries[i];

		if (t->from != from || stay < t->after_days * STW_USEC_DAY)
			continue;
		if (answer[i] < 0 || bitmap_get(&a->items[answer[i]].matched, row))
			return t;
		if (bitmap_get(&a->items[answer[i]].undecided, row))
			*undecided = true;
		if (fails_here(a, &a->items[answer[i]], row))
			return NULL;
	}
	return NULL;
}

static void
choose(const struct lifecycle_answers *a, const struct lifecycle_model *model,
    const struct book *book, const int *stages, stw_usec now,
    struct lifecycle_changes *out)
{
	const struct column *since_col = &book->customers->cols[book->col_stage_since];

	for (size_t row = 0; row < book->customers->rows; row++) {
		int from = lifecycle_stage_of(book, stages, row);
		const struct lifecycle_transition *t;
		bool undecided = false;

		if (book_is_dead(book, row))
			continue;
		/* Moved at this very instant: by this tick, before a crash. */
		if (column_has(since_col, row) && column_int(since_col, row) >= now)
			continue;
		if (from < 0) {
			t = lifecycle_first_match(a, model->initial, a->of_initial,
			    model->ninitial, -1, row, 0, &undecided);
		} else {
			t = lifecycle_first_match(a, model->transitions,
			    a->of_transition, model->ntransitions, from, row,
			    lifecycle_stay(book, row, now), &undecided);
		}
		if (t != NULL)
			add_change(out, row, from, t);
		else if (undecided)
			out->undecided++;
	}
}

/* ---- faults -------------------------------------------------------------------------- */
static const char *
path_of(const struct lifecycle_answers *a, const struct lifecycle_model *model, int at)
{
	for (int i = 0; i < model->ninitial; i++)
		if (a->of_initial[i] == at)
			return model->initial[i].path;
	for (int i = 0; i < model->ntransitions; i++)
		if (a->of_transition[i] == at)
			return model->transitions[i].path;
	return "";
}

static void
note_answered(const struct lifecycle_answers *a, const struct lifecycle_model *model,
    const struct book *book, stw_usec now, struct lifecycle_changes *out)
{
	const struct rule_eval_ctx ctx = {.now = now, .zone = book->zone};

	out->rules = stw_xalloc(((size_t)a->count + 1) * sizeof *out->rules);
	out->nrules = a->count;
	for (int i = 0; i < a->count; i++) {
		const struct lifecycle_answer *answer = &a->items[i];

		out->rules[i] =
		    (struct lifecycle_answered){.path = path_of(a, model, i)};
		if (answer->wanted)
			out->rules[i].answered =
			    rule_fault_find(answer->rule, book, &answer->matched,
				&answer->undecided, &ctx,
				&out->rules[i].fault) == RULE_FAULT_NONE;
	}
}

/* Of the i-th rule, when it fails for every customer of all parts; NULL: it does not. */
static const struct lifecycle_answered *
fault_of(const struct lifecycle_changes *changes, int nparts, int i)
{
	const struct lifecycle_answered *fault = NULL;

	for (int p = 0; p < nparts; p++) {
		const struct lifecycle_answered *rule = &changes[p].rules[i];

		if (rule->answered)
			return NULL;
		if (fault == NULL && rule->fault.code != STW_OK)
			fault = rule;
	}
	return fault;
}

bool
lifecycle_fault(
    const struct lifecycle_changes *changes, int nparts, struct stw_err *err)
{
	for (int i = 0; nparts > 0 && i < changes[0].nrules; i++) {
		const struct lifecycle_answered *fault = fault_of(changes, nparts, i);

		if (fault == NULL)
			continue;
		(void)stw_fail(err, STW_INVALID, "%s.when: %d:%d: %s", fault->path,
		    fault->fault.line, fault->fault.column, fault->fault.text);
		return true;
	}
	return false;
}

/* What the rules say of one part, before anybody moves. */
static enum stw_code
ask(struct lifecycle_answers *a, const struct book *book,
    const struct lifecycle_model *model, stw_usec now, const struct progress *progress,
    struct lifecycle_changes *out, struct stw_err *err)
{
	enum stw_code rc = lifecycle_answers_compile(a, model, book, err);

	if (rc != STW_OK)
		return rc;
	mark_wanted(a, model, book, lifecycle_stage_codes(book, model, &a->arena));
	rc = lifecycle_answers_evaluate(a, book, now, progress, err);
	if (rc == STW_OK)
		note_answered(a, model, book, now, out);
	return rc;
}

/* patch: these are a few customers. */
static void
mark_failed(struct lifecycle_answers *a, const struct lifecycle_changes *changes,
    int nparts, const struct book *patch, stw_usec now)
{
	if (patch != NULL) {
		a->patch = patch;
		a->like = (struct rule_eval_ctx){.now = now, .zone = patch->zone};
		return;
	}
	for (int i = 0; i < a->count; i++)
		a->items[i].failed = fault_of(changes, nparts, i) != NULL;
}

enum stw_code
lifecycle_evaluate(const struct book_parts *parts, const struct lifecycle_model *model,
    stw_usec now, const struct progress *progress, struct lifecycle_changes *out,
    struct stw_err *err)
{
	struct lifecycle_answers answers[BOOK_PARTS_MAX] = {0};
	bool few = parts->books[0]->patch;
	enum stw_code rc = STW_OK;

	for (int p = 0; p < parts->count; p++)
		out[p] = (struct lifecycle_changes){0};
	for (int p = 0; p < parts->count && rc == STW_OK; p++)
		rc = ask(
		    &answers[p], parts->books[p], model, now, progress, &out[p], err);
	for (int p = 0; p < parts->count && rc == STW_OK; p++) {
		const struct book *book = parts->books[p];
		struct lifecycle_answers *a = &answers[p];

		mark_failed(a, out, parts->count, few ? book : NULL, now);
		choose(a, model, book, lifecycle_stage_codes(book, model, &a->arena),
		    now, &out[p]);
	}
	for (int p = 0; p < parts->count; p++)
		lifecycle_answers_fini(&answers[p]);
	return rc;
}

void
lifecycle_changes_free(struct lifecycle_changes *changes)
{
	free(changes->items);
	free(changes->rules);
	*changes = (struct lifecycle_changes){0};
}
