/* A lifecycle model's document: everything that can be said without compiling rules. */
#include <string.h>

#include <jansson.h>
#include <sodium.h>

#include "segments/lifecycle.h"
#include "segments/suggest.h"
#include "segments/unpack_json.h"

#define MAX_AFTER_DAYS   36500
#define MAX_TEXT         200 /* bytes of a name */
#define MAX_WHY          2000
#define MAX_PROMISE_CODE 54 /* with "overdue_" before it, a segment's code */

struct reader {
	struct arena *arena;
	struct lifecycle_stage *stages;
	int nstages;
	struct lifecycle_transition *initial, *transitions;
	int ninitial, ntransitions;
	struct promise *promises;
	int npromises;
	struct stw_err *err;
};

static enum stw_code
fail(struct reader *r, const char *path, const char *text)
{
	return stw_fail(r->err, STW_INVALID, "%s: %s", path, text);
}

static enum stw_code
fail_unpack(struct reader *r, const char *path, const json_error_t *fault)
{
	char said[UNPACK_FAULT];

	return fail(r, path, unpack_fault(fault->text, said));
}

/* {"zh": ..., "en": ...}, each of 1 to max bytes */
static enum stw_code
read_texts(struct reader *r, json_t *texts, const char *path, const char *what,
    size_t max, const char **zh, const char **en)
{
	const char *in_zh, *in_en;
	char said[UNPACK_FAULT];
	json_error_t fault;

	if (json_unpack_ex(texts, &fault, JSON_STRICT, "{s:s, s:s}", "zh", &in_zh, "en",
		&in_en) != 0)
		return stw_fail(r->err, STW_INVALID, "%s.%s: %s", path, what,
		    unpack_fault(fault.text, said));
	if (in_zh[0] == '\0' || in_en[0] == '\0' || strlen(in_zh) > max ||
	    strlen(in_en) > max)
		return stw_fail(r->err, STW_INVALID,
		    "%s: %s has zh and en, each of 1 to %zu bytes", path, what, max);
	*zh = arena_strdup(r->arena, in_zh);
	*en = arena_strdup(r->arena, in_en);
	return STW_OK;
}

static enum stw_code
read_name(
    struct reader *r, json_t *name, const char *path, const char **zh, const char **en)
{
	return read_texts(r, name, path, "name", MAX_TEXT, zh, en);
}

/* The reasoning may be left out: NULL. */
static enum stw_code
read_why(
    struct reader *r, json_t *why, const char *path, const char **zh, const char **en)
{
	return why == NULL ? STW_OK : read_texts(r, why, path, "why", MAX_WHY, zh, en);
}

static int
find_stage(const struct reader *r, const char *code)
{
	for (int i = 0; i < r->nstages; i++) {
		if (strcmp(r->stages[i].code, code) == 0)
			return i;
	}
	return -1;
}

static enum stw_code
read_stage_ref(struct reader *r, const char *code, const char *path, int *out)
{
	const char *names[LIFECYCLE_MAX_STAGES];
	const char *near;

	*out = find_stage(r, code);
	if (*out >= 0)
		return STW_OK;
	for (int i = 0; i < r->nstages; i++)
		names[i] = r->stages[i].code;
	near = name_suggest(str_of(code), names, r->nstages);
	if (near != NULL)
		return stw_fail(r->err, STW_INVALID,
		    "%s: no stage \"%.80s\"; did you mean \"%s\"?", path, code, near);
	return stw_fail(r->err, STW_INVALID, "%s: no stage \"%.80s\"", path, code);
}

static enum stw_code
read_stages(struct reader *r, json_t *items)
{
	size_t at;
	json_t *item, *name;

	if (!json_is_array(items) || json_array_size(items) == 0 ||
	    json_array_size(items) > LIFECYCLE_MAX_STAGES)
		return fail(r, "stages", "an array of 1 to 64 stages is wanted");
	r->stages = arena_array(r->arena, json_array_size(items), sizeof *r->stages);
	json_array_foreach(items, at, item)
	{
		const char *path = arena_printf(r->arena, "stages[%zu]", at);
		struct lifecycle_stage *stage = &r->stages[at];
		json_t *why = NULL;
		json_error_t fault;
		enum stw_code rc;
		int end = 0;

		if (json_unpack_ex(item, &fault, JSON_STRICT, "{s:s, s:o, s?o, s?b}",
			"code", &stage->code, "name", &name, "why", &why, "end",
			&end) != 0)
			return fail_unpack(r, path, &fault);
		if (!code_valid(str_of(stage->code)))
			return fail(r, path,
			    "a code is small letters, digits and _, at most 63");
		if (find_stage(r, stage->code) >= 0)
			return stw_fail(r->err, STW_INVALID,
			    "%s: stage \"%s\" is there twice", path, stage->code);
		stage->code = arena_strdup(r->arena, stage->code);
		stage->end = end != 0;
		rc = read_name(r, name, path, &stage->name_zh, &stage->name_en);
		if (rc == STW_OK)
			rc = read_why(r, why, path, &stage->why_zh, &stage->why_en);
		if (rc != STW_OK)
			return rc;
		r->nstages++;
	}
	return STW_OK;
}

static enum stw_code
read_rule(struct reader *r, const char *when, const char *path, const char **out)
{
	if (when[strspn(when, " \t\r\n")] == '\0')
		return stw_fail(
		    r->err, STW_INVALID, "%s.when: the rule is empty", path);
	*out = arena_strdup(r->arena, when);
	return STW_OK;
}

static enum stw_code
read_reason(struct reader *r, const char *reason, const char *path, const char **out)
{
	if (!code_valid(str_of(reason)))
		return stw_fail(r->err, STW_INVALID,
		    "%s.reason: a code is small letters, digits and _, at most 63",
		    path);
	*out = arena_strdup(r->arena, reason);
	return STW_OK;
}

static enum stw_code
read_initial(struct reader *r, json_t *items)
{
	size_t at, last;
	json_t *item;

	if (!json_is_array(items) || json_array_size(items) == 0 ||
	    json_array_size(items) > LIFECYCLE_MAX_STAGES)
		return fail(r, "initial", "an array of 1 to 64 entries is wanted");
	last = json_array_size(items) - 1;
	r->initial = arena_array(r->arena, last + 1, sizeof *r->initial);
	json_array_foreach(items, at, item)
	{
		const char *path = arena_printf(r->arena, "initial[%zu]", at);
		struct lifecycle_transition *t = &r->initial[at];
		const char *stage, *when = NULL, *reason;
		json_t *why = NULL;
		json_error_t fault;
		enum stw_code rc;

		if (json_unpack_ex(item, &fault, JSON_STRICT, "{s:s, s?s, s:s, s?o}",
			"stage", &stage, "when", &when, "reason", &reason, "why",
			&why) != 0)
			return fail_unpack(r, path, &fault);
		if ((when == NULL) != (at == last))
			return fail(r, path,
			    at == last
				? "the last entry takes whoever is left: it has no when"
				: "when is missing; only the last entry is without");
		*t = (struct lifecycle_transition){.from = -1, .path = path};
		rc = read_stage_ref(r, stage, path, &t->to);
		if (rc == STW_OK && when != NULL)
			rc = read_rule(r, when, path, &t->when);
		if (rc == STW_OK)
			rc = read_reason(r, reason, path, &t->reason);
		if (rc == STW_OK)
			rc = read_why(r, why, path, &t->why_zh, &t->why_en);
		if (rc != STW_OK)
			return rc;
		r->ninitial++;
	}
	return STW_OK;
}

/* Adds the transition once for each stage it leads from. */
static enum stw_code
add_transition(
    struct reader *r, const char *from, const struct lifecycle_transition *like)
{
	struct lifecycle_transition t = *like;
	enum stw_code rc = read_stage_ref(r, from, like->path, &t.from);

	if (rc != STW_OK)
		return rc;
	if (t.from == t.to)
		return stw_fail(r->err, STW_INVALID, "%s: from and to are both \"%s\"",
		    t.path, r->stages[t.to].code);
	for (int i = 0; i < r->ntransitions; i++) {
		const struct lifecycle_transition *other = &r->transitions[i];

		if (other->from == t.from && other->to == t.to &&
		    strcmp(other->when, t.when) == 0)
			return stw_fail(r->err, STW_INVALID, "%s: says the same as %s",
			    t.path, other->path);
	}
	if (r->ntransitions == LIFECYCLE_MAX_TRANSITIONS)
		return fail(r, t.path, "there are more than 512 transitions");
	r->transitions[r->ntransitions++] = t;
	return STW_OK;
}

static enum stw_code
read_transition(struct reader *r, json_t *item, const char *path)
{
	struct lifecycle_transition t = {.path = path};
	json_t *from, *one, *why = NULL;
	const char *to, *when, *reason;
	json_error_t fault;
	enum stw_code rc;
	size_t i;

	if (json_unpack_ex(item, &fault, JSON_STRICT,
		"{s:o, s:s, s:s, s?i, s?i, s:s, s?o}", "from", &from, "to", &to, "when",
		&when, "after_days", &t.after_days, "priority", &t.priority, "reason",
		&reason, "why", &why) != 0)
		return fail_unpack(r, path, &fault);
	if (t.priority < 0 || t.priority > LIFECYCLE_MAX_PRIORITY)
		return fail(r, path, "priority is between 0 and 1000");
	if (t.after_days < 0 || t.after_days > MAX_AFTER_DAYS)
		return fail(r, path, "after_days is between 0 and 36500");
	rc = read_stage_ref(r, to, path, &t.to);
	if (rc == STW_OK)
		rc = read_rule(r, when, path, &t.when);
	if (rc == STW_OK)
		rc = read_reason(r, reason, path, &t.reason);
	if (rc == STW_OK)
		rc = read_why(r, why, path, &t.why_zh, &t.why_en);
	if (rc != STW_OK)
		return rc;
	if (json_is_string(from))
		return add_transition(r, json_string_value(from), &t);
	if (!json_is_array(from) || json_array_size(from) == 0)
		return fail(r, path, "from is a stage or an array of stages");
	json_array_foreach(from, i, one)
	{
		if (!json_is_string(one))
			return fail(r, path, "from is a stage or an array of stages");
		rc = add_transition(r, json_string_value(one), &t);
		if (rc != STW_OK)
			return rc;
	}
	return STW_OK;
}

static enum stw_code
read_transitions(struct reader *r, json_t *items)
{
	json_t *item;
	size_t at;

	if (!json_is_array(items))
		return fail(r, "transitions", "an array is wanted");
	r->transitions =
	    arena_array(r->arena, LIFECYCLE_MAX_TRANSITIONS, sizeof *r->transitions);
	json_array_foreach(items, at, item)
	{
		enum stw_code rc = read_transition(
		    r, item, arena_printf(r->arena, "transitions[%zu]", at));

		if (rc != STW_OK)
			return rc;
	}
	return STW_OK;
}

/* Puts those of a higher priority first; equal ones stay in the document's order. */
static void
sort_transitions(struct reader *r)
{
	for (int i = 1; i < r->ntransitions; i++) {
		struct lifecycle_transition t = r->transitions[i];
		int at = i;

		for (; at > 0 && r->transitions[at - 1].priority < t.priority; at--)
			r->transitions[at] = r->transitions[at - 1];
		r->transitions[at] = t;
	}
}

/* ---- promises --------------------------------------------------------------------- */
/* One kind in one stage: each tier once, and whoever is left once. */
static enum stw_code
check_promise(struct reader *r, const struct promise *p)
{
	for (int i = 0; i < r->npromises; i++) {
		const struct promise *other = &r->promises[i];

		if (strcmp(other->code, p->code) == 0)
			return stw_fail(r->err, STW_INVALID,
			    "%s: promise \"%s\" is there twice", p->path, p->code);
		if (other->stage == p->stage && other->kind == p->kind &&
		    (other->tier == NULL) == (p->tier == NULL) &&
		    (p->tier == NULL || strcmp(other->tier, p->tier) == 0))
			return stw_fail(r->err, STW_INVALID,
			    "%s: stage and tier have a promise of this kind already: %s",
			    p->path, other->path);
	}
	return STW_OK;
}

static enum stw_code
read_promise(struct reader *r, json_t *item, const char *path)
{
	struct promise p = {.path = path};
	const char *stage, *zh, *en, *tier = NULL;
	int dwell = 0, every = 0;
	json_error_t fault;
	enum stw_code rc;

	if (json_unpack_ex(item, &fault, JSON_STRICT,
		"{s:s, s:s, s?s, s?i, s?i, s:s, s:s}", "code", &p.code, "stage", &stage,
		"tier", &tier, "max_dwell_days", &dwell, "contact_every_days", &every,
		"zh", &zh, "en", &en) != 0)
		return fail_unpack(r, path, &fault);
	if (!code_valid(str_of(p.code)) || strlen(p.code) > MAX_PROMISE_CODE)
		return fail(
		    r, path, "a code is small letters, digits and _, at most 54");
	if ((dwell == 0) == (every == 0))
		return fail(
		    r, path, "one of max_dwell_days and contact_every_days is wanted");
	if (strcmp(p.code, "promise") == 0)
		return fail(r, path,
		    "the code \"promise\" is taken: overdue_promise is all of them");
	p.kind = dwell != 0 ? PROMISE_DWELL : PROMISE_CONTACT;
	p.days = dwell + every;
	if (p.days < 1 || p.days > MAX_AFTER_DAYS)
		return fail(r, path, "days are between 1 and 36500");
	if (tier != NULL && (tier[0] == '\0' || strlen(tier) > MAX_TEXT))
		return fail(r, path, "a tier has 1 to 200 bytes; leave it out for all");
	if (zh[0] == '\0' || en[0] == '\0' || strlen(zh) > MAX_TEXT ||
	    strlen(en) > MAX_TEXT)
		return fail(r, path, "zh and en have 1 to 200 bytes each");
	p.code = arena_strdup(r->arena, p.code);
	p.tier = tier == NULL ? NULL : arena_strdup(r->arena, tier);
	p.name_zh = arena_strdup(r->arena, zh);
	p.name_en = arena_strdup(r->arena, en);
	rc = read_stage_ref(r, stage, path, &p.stage);
	if (rc == STW_OK)
		rc = check_promise(r, &p);
	if (rc == STW_OK)
		r->promises[r->npromises++] = p;
	return rc;
}

static enum stw_code
read_promises(struct reader *r, json_t *items)
{
	json_t *item;
	size_t at;

	if (items == NULL)
		return STW_OK;
	if (!json_is_array(items) || json_array_size(items) > LIFECYCLE_MAX_PROMISES)
		return fail(r, "promises", "an array of at most 64 promises is wanted");
	r->promises =
	    arena_array(r->arena, json_array_size(items), sizeof *r->promises);
	json_array_foreach(items, at, item)
	{
		enum stw_code rc =
		    read_promise(r, item, arena_printf(r->arena, "promises[%zu]", at));

		if (rc != STW_OK)
			return rc;
	}
	return STW_OK;
}

static void
hash_document(json_t *root, unsigned char out[32])
{
	char *text = json_dumps(root, JSON_SORT_KEYS | JSON_COMPACT);

	STW_ASSERT(text != NULL);
	crypto_hash_sha256(out, (const unsigned char *)text, strlen(text));
	free(text);
}

static enum stw_code
read_model(struct reader *r, json_t *root, struct lifecycle_model *model)
{
	json_t *name, *stages, *initial, *transitions, *promises = NULL;
	json_error_t fault;
	enum stw_code rc;

	if (json_unpack_ex(root, &fault, JSON_STRICT, "{s:s, s:o, s:o, s:o, s:o, s?o}",
		"code", &model->code, "name", &name, "stages", &stages, "initial",
		&initial, "transitions", &transitions, "promises", &promises) != 0)
		return fail_unpack(r, "model", &fault);
	if (!code_valid(str_of(model->code)))
		return fail(
		    r, "code", "a code is small letters, digits and _, at most 63");
	model->code = arena_strdup(r->arena, model->code);
	rc = read_name(r, name, "model", &model->name_zh, &model->name_en);
	if (rc == STW_OK)
		rc = read_stages(r, stages);
	if (rc == STW_OK)
		rc = read_initial(r, initial);
	if (rc == STW_OK)
		rc = read_transitions(r, transitions);
	if (rc == STW_OK)
		rc = read_promises(r, promises);
	sort_transitions(r);
	return rc;
}

enum stw_code
lifecycle_parse(struct str json, struct arena *arena, struct lifecycle_model *out,
    struct stw_err *err)
{
	struct reader r = {.arena = arena, .err = err};
	struct lifecycle_model model = {0};
	json_error_t fault;
	enum stw_code rc;
	json_t *root;

	*out = model;
	if (json.len > LIFECYCLE_MAX_DOCUMENT)
		return stw_fail(err, STW_INVALID, "the model is longer than 1 MiB");
	root = json_loadb(json.ptr, json.len, JSON_REJECT_DUPLICATES, &fault);
	if (root == NULL)
		return stw_fail_at(
		    err, STW_INVALID, fault.line, fault.column, "%s", fault.text);
	rc = read_model(&r, root, &model);
	if (rc == STW_OK) {
		model.stages = r.stages;
		model.nstages = r.nstages;
		model.initial = r.initial;
		model.ninitial = r.ninitial;
		model.transitions = r.transitions;
		model.ntransitions = r.ntransitions;
		model.promises = r.promises;
		model.npromises = r.npromises;
		model.document =
		    (struct str){arena_strndup(arena, json.ptr, json.len), json.len};
		hash_document(root, model.hash);
		*out = model;
	}
	json_decref(root);
	return rc;
}
