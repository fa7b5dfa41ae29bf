/* What validation, preview and explanation found, as JSON text: one form for the API, the
 * command line and what an approval keeps. */
#include <jansson.h>

#include "segments/lifecycle_preview.h"
#include "segments/lifecycle_validate.h"
#include "segments/lifecycle_why.h"

static void
put(json_t *to, const char *key, json_t *value)
{
	STW_ASSERT(json_object_set_new(to, key, value) == 0);
}

static void
push(json_t *to, json_t *value)
{
	STW_ASSERT(json_array_append_new(to, value) == 0);
}

static json_t *
text(const char *of)
{
	return of == NULL ? json_null() : json_string(of);
}

/* Text that may have been cut inside a character. */
static json_t *
bytes(const char *ptr, size_t len)
{
	json_t *v = NULL;

	while (v == NULL && len > 0)
		v = json_stringn(ptr, len--);
	return v != NULL ? v : json_string("");
}

/* {"zh", "en"}; null when there is none. */
static json_t *
texts(const char *zh, const char *en)
{
	json_t *v;

	if (zh == NULL)
		return json_null();
	v = json_object();
	put(v, "zh", json_string(zh));
	put(v, "en", json_string(en));
	return v;
}

static json_t *
instant(stw_usec at)
{
	char form[STW_USEC_TEXT];

	return at == STW_USEC_NEVER ? json_null()
				    : json_string(stw_usec_format(at, form));
}

static json_t *
stage(const struct lifecycle_model *model, int at)
{
	json_t *v;

	if (at < 0)
		return json_null();
	v = json_object();
	put(v, "code", json_string(model->stages[at].code));
	put(v, "name", texts(model->stages[at].name_zh, model->stages[at].name_en));
	return v;
}

static void
put_transition(json_t *v, const struct lifecycle_model *model,
    const struct lifecycle_transition *t)
{
	put(v, "path", json_string(t->path));
	put(v, "from", stage(model, t->from));
	put(v, "to", stage(model, t->to));
	put(v, "reason", json_string(t->reason));
	put(v, "after_days", json_integer(t->after_days));
	put(v, "priority", json_integer(t->priority));
	put(v, "why", texts(t->why_zh, t->why_en));
}

static void
finish(json_t *root, struct buf *to)
{
	char *out = json_dumps(root, JSON_COMPACT | JSON_ENSURE_ASCII);

	STW_ASSERT(out != NULL);
	buf_add_c(to, out);
	free(out);
	json_decref(root);
}

/* ---- validation --------------------------------------------------------------------- */
static json_t *
findings(const struct lifecycle_validation *v)
{
	json_t *list = json_array();

	for (int i = 0; i < v->nfindings; i++) {
		const struct lifecycle_finding *f = &v->findings[i];
		json_t *one = json_object();

		put(one, "severity", json_string(lifecycle_severity_name(f->severity)));
		put(one, "code", json_string(f->code));
		put(one, "path", json_string(f->path));
		put(one, "customers",
		    f->customers < 0 ? json_null() : json_integer(f->customers));
		put(one, "text", texts(f->zh, f->en));
		push(list, one);
	}
	return list;
}

static json_t *
stage_reviews(const struct lifecycle_model *model, const struct lifecycle_validation *v)
{
	json_t *list = json_array();

	for (int i = 0; i < model->nstages; i++) {
		const struct lifecycle_stage_review *s = &v->stages[i];
		json_t *one = stage(model, i);

		put(one, "why",
		    texts(model->stages[i].why_zh, model->stages[i].why_en));
		put(one, "customers", json_integer(s->customers));
		put(one, "moving", json_integer(s->moving));
		put(one, "undecided", json_integer(s->undecided));
		put(one, "overlapping", json_integer(s->overlapping));
		push(list, one);
	}
	return list;
}

static json_t *
transition_reviews(
    const struct lifecycle_model *model, const struct lifecycle_validation *v)
{
	json_t *list = json_array();

	for (int i = 0; i < model->ntransitions; i++) {
		const struct lifecycle_entry_review *t = &v->transitions[i];
		json_t *one = json_object();

		put_transition(one, model, &model->transitions[i]);
		put(one, "when", json_string(model->transitions[i].when));
		put(one, "meets", json_integer(t->meets));
		put(one, "ready", json_integer(t->ready));
		put(one, "fires", json_integer(t->fires));
		put(one, "undecided", json_integer(t->undecided));
		push(list, one);
	}
	return list;
}

static json_t *
overlaps(const struct lifecycle_model *model, const struct lifecycle_validation *v)
{
	json_t *list = json_array();

	for (int i = 0; i < v->noverlaps; i++) {
		json_t *one = json_object(), *first = json_object(),
		       *second = json_object();

		put_transition(first, model, &model->transitions[v->overlaps[i].first]);
		put_transition(
		    second, model, &model->transitions[v->overlaps[i].second]);
		put(one, "first", first);
		put(one, "second", second);
		put(one, "customers", json_integer(v->overlaps[i].customers));
		push(list, one);
	}
	return list;
}

void
lifecycle_validation_json(const struct lifecycle_model *model,
    const struct lifecycle_validation *v, struct buf *to)
{
	json_t *root = json_object();

	put(root, "ok", json_boolean(v->errors == 0));
	put(root, "as_of", instant(v->as_of));
	put(root, "customers", json_integer(v->customers));
	put(root, "unplaced", json_integer(v->unplaced));
	put(root, "errors", json_integer(v->errors));
	put(root, "warnings", json_integer(v->warnings));
	put(root, "findings", findings(v));
	put(root, "stages", stage_reviews(model, v));
	put(root, "transitions", transition_reviews(model, v));
	put(root, "overlaps", overlaps(model, v));
	finish(root, to);
}

/* ---- preview ------------------------------------------------------------------------- */
static json_t *
model_ref(const struct lifecycle_model *model)
{
	json_t *v;

	if (model == NULL)
		return json_null();
	v = json_object();
	put(v, "code", json_string(model->code));
	/* A document that is not kept yet has no version. */
	put(v, "version",
	    model->version > 0 ? json_integer(model->version) : json_null());
	return v;
}

static json_t *
cells(const struct lifecycle_model *now_model, const struct lifecycle_model *new_model,
    const struct lifecycle_preview *preview, bool samples)
{
	json_t *list = json_array();

	for (int i = 0; i < preview->ncells; i++) {
		const struct lifecycle_cell *c = &preview->cells[i];
		json_t *one = json_object(), *refs = json_array();

		put(one, "from", stage(now_model, c->from));
		put(one, "to", stage(new_model, c->to));
		put(one, "same", json_boolean(c->same));
		put(one, "customers", json_integer(c->customers));
		put(one, "later", json_integer(c->later));
		for (int s = 0; s < c->nsamples && samples; s++)
			push(refs, json_string(c->samples[s]));
		put(one, "samples", refs);
		push(list, one);
	}
	return list;
}

void
lifecycle_preview_json(const struct lifecycle_model *now_model,
    const struct lifecycle_model *new_model, const struct lifecycle_preview *preview,
    bool samples, struct buf *to)
{
	json_t *root = json_object();

	put(root, "as_of", instant(preview->as_of));
	put(root, "now", model_ref(now_model));
	put(root, "new", model_ref(new_model));
	put(root, "customers", json_integer(preview->customers));
	put(root, "differ", json_integer(preview->differ));
	put(root, "differ_later", json_integer(preview->differ_later));
	put(root, "moves_now", json_integer(preview->moves_now));
	put(root, "moves_new", json_integer(preview->moves_new));
	put(root, "undecided_now", json_integer(preview->undecided_now));
	put(root, "undecided_new", json_integer(preview->undecided_new));
	put(root, "cells", cells(now_model, new_model, preview, samples));
	finish(root, to);
}

/* ---- one customer ---------------------------------------------------------------------- */
static json_t *
nodes(const struct rule_explanation *rule)
{
	json_t *list = json_array();
	struct buf value;

	buf_init(&value);
	for (int i = 0; i < rule->count; i++) {
		const struct rule_explain_node *n = &rule->nodes[i];
		json_t *one = json_object();

		buf_clear(&value);
		rule_value_print(&n->value, &value);
		put(one, "depth", json_integer(n->depth));
		put(one, "text", bytes(n->text.ptr, n->text.len));
		put(one, "value", bytes(value.data, value.len));
		push(list, one);
	}
	buf_fini(&value);
	return list;
}

static json_t *
entries(const struct lifecycle_model *model, const struct lifecycle_why *why)
{
	json_t *list = json_array();

	for (int i = 0; i < why->nentries; i++) {
		const struct lifecycle_why_entry *e = &why->entries[i];
		json_t *one = json_object();

		put_transition(one, model, e->by);
		put(one, "answer", json_string(lifecycle_answer_name(e->answer)));
		put(one, "ready", json_boolean(e->ready));
		put(one, "ready_at", instant(e->ready_at));
		put(one, "fires", json_boolean(e->fires));
		put(one, "when", text(e->by->when));
		put(one, "nodes", nodes(&e->rule));
		push(list, one);
	}
	return list;
}

static json_t *
promises(const struct lifecycle_why *why)
{
	json_t *list = json_array();

	for (int i = 0; i < why->npromises; i++) {
		const struct promise_state *s = &why->promises[i];
		json_t *one = json_object();

		put(one, "code", json_string(s->promise->code));
		put(one, "name", texts(s->promise->name_zh, s->promise->name_en));
		put(one, "kind", json_string(promise_kind_name(s->promise->kind)));
		put(one, "days", json_integer(s->promise->days));
		put(one, "due_at", instant(s->due_at));
		put(one, "overdue", json_boolean(s->overdue));
		push(list, one);
	}
	return list;
}

void
lifecycle_why_json(const struct lifecycle_model *model, const struct lifecycle_why *why,
    struct buf *to)
{
	json_t *root = json_object();

	put(root, "model", json_string(model->code));
	put(root, "version", json_integer(model->version));
	put(root, "stage", stage(model, why->stage));
	put(root, "since", instant(why->since));
	put(root, "entries", entries(model, why));
	put(root, "promises", promises(why));
	finish(root, to);
}
