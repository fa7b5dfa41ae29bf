#include "api/review_json.h"

#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "api/request.h"

/* ---- shown ------------------------------------------------------------------------------- */
static json_t *
from_text(const char *text)
{
	json_t *v = text == NULL ? NULL : json_loads(text, 0, NULL);

	return v != NULL ? v : json_null();
}

json_t *
review_draw_json(const struct review_draw_row *d)
{
	json_t *v = json_object();

	json_put(v, "draw_id", json_uuid(&d->id));
	json_put(v, "from", json_time(d->from));
	json_put(v, "to", json_time(d->to));
	json_put(v, "seed", json_text(d->seed));
	json_put(v, "plan", from_text(d->plan));
	json_put(v, "strata", from_text(d->population));
	json_put(v, "items", json_integer(d->items));
	json_put(v, "open", json_integer(d->open));
	json_put(v, "disputed", json_integer(d->disputed));
	json_put(v, "items_sha256", json_text(d->items_hash));
	json_put(v, "drawn_at", json_time(d->drawn_at));
	json_put(v, "drawn_by", json_text(d->drawn_by));
	return v;
}

json_t *
review_item_json(const struct review_item_row *i)
{
	json_t *v = json_object();

	json_put(v, "item", json_integer(i->item_no));
	json_put(v, "subject", json_text(i->subject));
	json_put(v, "subject_id", json_text(i->subject_id));
	json_put(v, "task_id", json_text(i->task_id));
	json_put(v, "agent", json_text(i->agent));
	json_put(v, "strata", json_texts(i->strata, i->nstrata));
	json_put(v, "reviews", json_integer(i->reviews));
	json_put(v, "state", json_text(i->state));
	json_put(v, "verdict", json_text(i->verdict));
	json_put(v, "final_by", json_text(i->final_by));
	json_put(v, "final_at", json_time(i->final_at));
	json_put(v, "reply", json_text(i->reply));
	json_put(v, "replied_at", json_time(i->replied_at));
	return v;
}

json_t *
review_verdicts_json(const struct review_item_row *item,
    const struct review_verdict *list, int count, const char *who)
{
	json_t *items = json_array();

	for (int i = 0; i < count; i++) {
		json_t *v;

		if (strcmp(item->state, "open") == 0 &&
		    strcmp(list[i].reviewer, who) != 0)
			continue;
		v = json_object();
		json_put(v, "reviewer", json_text(list[i].reviewer));
		json_put(v, "verdict", json_text(list[i].verdict));
		json_put(v, "answers", from_text(list[i].answers));
		json_put(v, "note", json_text(list[i].note));
		json_put(v, "hold", json_text(list[i].hold));
		json_put(v, "at", json_time(list[i].at));
		json_push(items, v);
	}
	return items;
}

json_t *
review_agreement_json(const struct review_agreement *a)
{
	json_t *v = json_object(), *table = json_object();
	int64_t kappa;

	for (int i = 0; i < REVIEW_VERDICTS; i++) {
		json_t *row = json_object();

		for (int k = 0; k < REVIEW_VERDICTS; k++)
			json_put(row, review_verdict_name(k),
			    json_integer(a->table[i * REVIEW_VERDICTS + k]));
		json_put(table, review_verdict_name(i), row);
	}
	json_put(v, "judged_twice", json_integer(a->judged));
	json_put(v, "agreed", json_integer(a->agreed));
	json_put(v, "kappa_permille",
	    review_kappa(a->table, REVIEW_VERDICTS, &kappa) ? json_integer(kappa)
							    : json_null());
	json_put(v, "table", table);
	return v;
}

/* ---- a plan ------------------------------------------------------------------------------ */
static enum stw_code
plan_int(json_t *from, const char *name, int *to, struct stw_err *err)
{
	json_t *v = json_object_get(from, name);

	if (v == NULL)
		return STW_OK;
	if (!json_is_integer(v) || json_integer_value(v) < 0 ||
	    json_integer_value(v) > 100000)
		return stw_fail(err, STW_INVALID, "plan: %s is a whole number", name);
	*to = (int)json_integer_value(v);
	return STW_OK;
}

static enum stw_code
plan_stratum(const char *name, json_t *v, struct review_plan *plan, struct stw_err *err)
{
	enum stw_code rc;

	for (int s = 0; s < STRATA; s++) {
		if (strcmp(name, review_stratum_name((enum review_stratum)s)) != 0)
			continue;
		rc = plan_int(v, "share", &plan->strata[s].share, err);
		if (rc == STW_OK)
			rc = plan_int(v, "least", &plan->strata[s].least, err);
		return rc;
	}
	return stw_fail(err, STW_INVALID,
	    "plan: there is no stratum \"%.40s\"; they are elder, complaint, approved, "
	    "connected, new_agent, denied, vulnerable",
	    name);
}

enum stw_code
review_plan_read(json_t *from, struct review_plan *plan, struct stw_err *err)
{
	enum stw_code rc = STW_OK;
	const char *name;
	json_t *v;

	*plan = review_plan_usual;
	json_object_foreach(json_object_get(from, "strata"), name, v)
	{
		if (rc == STW_OK)
			rc = plan_stratum(name, v, plan, err);
	}
	if (rc == STW_OK)
		rc = plan_int(from, "first", &plan->first, err);
	if (rc == STW_OK)
		rc = plan_int(from, "twice", &plan->twice, err);
	if (rc == STW_OK)
		rc = plan_int(from, "elder", &plan->elder, err);
	if (rc != STW_OK)
		return rc;
	rc = review_plan_check(plan, err);
	return rc == STW_OK ? rc : stw_err_prefix(err, STW_INVALID, "plan");
}

const char *
review_plan_text(const struct review_plan *plan, struct arena *arena)
{
	json_t *v = json_object(), *strata = json_object();
	const char *text;
	char *dumped;

	for (int s = 0; s < STRATA; s++) {
		json_t *one = json_object();

		json_put(one, "share", json_integer(plan->strata[s].share));
		json_put(one, "least", json_integer(plan->strata[s].least));
		json_put(strata, review_stratum_name((enum review_stratum)s), one);
	}
	json_put(v, "strata", strata);
	json_put(v, "first", json_integer(plan->first));
	json_put(v, "twice", json_integer(plan->twice));
	json_put(v, "elder", json_integer(plan->elder));
	dumped = json_dumps(v, JSON_COMPACT);
	STW_ASSERT(dumped != NULL);
	text = arena_strdup(arena, dumped);
	free(dumped);
	json_decref(v);
	return text;
}

void
review_plan_kept(const char *text, struct review_plan *plan)
{
	json_t *v = json_loads(text, 0, NULL), *strata = json_object_get(v, "strata");

	*plan = review_plan_usual;
	for (int s = 0; s < STRATA; s++) {
		json_t *one = json_object_get(
		    strata, review_stratum_name((enum review_stratum)s));

		plan->strata[s].share =
		    (int)json_integer_value(json_object_get(one, "share"));
		plan->strata[s].least =
		    (int)json_integer_value(json_object_get(one, "least"));
	}
	plan->first = (int)json_integer_value(json_object_get(v, "first"));
	plan->twice = (int)json_integer_value(json_object_get(v, "twice"));
	plan->elder = (int)json_integer_value(json_object_get(v, "elder"));
	json_decref(v);
}

/* ---- seed and form ----------------------------------------------------------------------- */
bool
review_seed_parse(const char *hex, unsigned char to[REVIEW_SEED])
{
	size_t n = 0;

	return strlen(hex) == 2 * (size_t)REVIEW_SEED &&
	       sodium_hex2bin(to, REVIEW_SEED, hex, strlen(hex), NULL, &n, NULL) == 0 &&
	       n == REVIEW_SEED;
}

enum stw_code
review_seed_read(const char *hex, unsigned char to[REVIEW_SEED], struct stw_err *err)
{
	if (hex == NULL)
		randombytes_buf(to, REVIEW_SEED);
	else if (!review_seed_parse(hex, to))
		return stw_fail(err, STW_INVALID,
		    "seed: %d hexadecimal digits are wanted, or none for a random one",
		    2 * REVIEW_SEED);
	return STW_OK;
}

static const char *const questions[] = {"identity", "purpose", "opt_out",
    "risk_disclosure", "suitability", "banned_claim", "recording_notice",
    "data_accuracy"};

enum stw_code
review_answers_read(
    json_t *form, struct arena *arena, const char **out, struct stw_err *err)
{
	char *dumped;

	*out = NULL;
	for (size_t i = 0; i < STW_ARRAY_LEN(questions); i++) {
		const char *a = json_string_value(json_object_get(form, questions[i]));

		if (a == NULL || (strcmp(a, "yes") != 0 && strcmp(a, "no") != 0 &&
				     strcmp(a, "not_applicable") != 0))
			return stw_fail(err, STW_INVALID,
			    "answers: %s: yes, no or not_applicable is wanted",
			    questions[i]);
	}
	if (json_object_size(form) != STW_ARRAY_LEN(questions))
		return stw_fail(err, STW_INVALID, "answers: there are %zu questions",
		    STW_ARRAY_LEN(questions));
	dumped = json_dumps(form, JSON_COMPACT | JSON_SORT_KEYS);
	STW_ASSERT(dumped != NULL);
	*out = arena_strdup(arena, dumped);
	free(dumped);
	return STW_OK;
}
