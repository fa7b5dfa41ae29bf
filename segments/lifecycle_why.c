#include "segments/lifecycle_why.h"

#include "segments/lifecycle_priv.h"

const char *
lifecycle_answer_name(enum lifecycle_answer_kind answer)
{
	static const char *const names[] = {
	    [LIFECYCLE_UNDECIDED] = "undecided",
	    [LIFECYCLE_NO] = "no",
	    [LIFECYCLE_YES] = "yes",
	};

	return names[answer];
}

struct asking {
	const struct book *book;
	const struct rule_env *env;
	struct rule_eval_ctx ctx;
	struct lifecycle_why *out;
	bool taken; /* an earlier entry fires */
	stw_usec now;
};

static enum stw_code
ask(struct asking *a, const struct lifecycle_transition *t, struct stw_err *err)
{
	struct lifecycle_why_entry *e = &a->out->entries[a->out->nentries];
	struct rule *rule;
	enum stw_code rc;

	*e = (struct lifecycle_why_entry){.by = t,
	    .answer = LIFECYCLE_YES,
	    .ready_at = STW_USEC_NEVER,
	    .ready = true};
	if (t->when != NULL) {
		rc = rule_compile(a->env, str_of(t->when), rule_type_basic(RULE_BOOL),
		    NULL, a->ctx.arena, &rule, err);
		if (rc != STW_OK)
			return stw_err_prefix(err, rc, "%s.when", t->path);
		rule_explain(rule, &a->ctx, &e->rule);
		e->answer = e->rule.result.kind != RULE_V_BOOL ? LIFECYCLE_UNDECIDED
			    : e->rule.result.b                 ? LIFECYCLE_YES
							       : LIFECYCLE_NO;
	}
	if (t->after_days > 0 && a->out->since != STW_USEC_NEVER) {
		e->ready_at = a->out->since + t->after_days * STW_USEC_DAY;
		e->ready = e->ready_at <= a->now;
	}
	e->fires = !a->taken && e->ready && e->answer == LIFECYCLE_YES;
	a->taken |= e->fires;
	a->out->nentries++;
	return STW_OK;
}

enum stw_code
lifecycle_why(const struct lifecycle_model *model, const struct book *book, size_t row,
    stw_usec now, struct arena *arena, struct lifecycle_why *out, struct stw_err *err)
{
	const struct column *since = &book->customers->cols[book->col_stage_since];
	int stage =
	    lifecycle_stage_of(book, lifecycle_stage_codes(book, model, arena), row);
	const struct lifecycle_transition *all =
	    stage < 0 ? model->initial : model->transitions;
	int n = stage < 0 ? model->ninitial : model->ntransitions;
	struct asking a = {.book = book,
	    .env = book_env(book, arena, NULL, NULL),
	    .ctx = {.vars = book_vars(book, row, arena),
		.now = now,
		.zone = book->zone,
		.arena = arena},
	    .out = out,
	    .now = now};
	enum stw_code rc = STW_OK;

	*out = (struct lifecycle_why){
	    .stage = stage,
	    .since = column_has(since, row) ? column_int(since, row) : STW_USEC_NEVER,
	    .entries = arena_array(arena, (size_t)n, sizeof *out->entries),
	};
	for (int i = 0; i < n && rc == STW_OK; i++)
		if (all[i].from == stage)
			rc = ask(&a, &all[i], err);
	if (rc == STW_OK)
		promise_states(
		    model, book, row, now, arena, &out->promises, &out->npromises);
	return rc;
}
