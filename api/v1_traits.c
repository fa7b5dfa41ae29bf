#include <string.h>

#include "api/resources.h"
#include "api/trait_change.h"
#include "segments/trait_quality_store.h"
#include "segments/trait_store.h"

/* ---- writing JSON ------------------------------------------------------------------- */
static json_t *
finding_text(const struct trait_finding *finding, bool zh)
{
	struct buf text;
	json_t *v;

	buf_init(&text);
	trait_finding_print(finding, zh, &text);
	v = json_text(text.data);
	buf_fini(&text);
	return v;
}

void
v1_put_finding(json_t *to, const struct trait_finding *finding)
{
	json_t *text = json_object();

	json_put(text, "zh", finding_text(finding, true));
	json_put(text, "en", finding_text(finding, false));
	json_put(to, "code", json_text(trait_breach_name(finding->breach)));
	json_put(to, "measured", json_integer(finding->measured));
	json_put(to, "allowed", json_integer(finding->allowed));
	json_put(to, "text", text);
}

static json_t *
limit_json(int limit)
{
	return limit == TRAIT_NO_LIMIT ? json_null() : json_integer(limit);
}

static json_t *
quality_json(const struct trait_quality *q)
{
	json_t *v = json_object(), *limits = json_object(), *breach = json_null();
	bool looked = q->checked_at != STW_USEC_NEVER;

	json_put(limits, "max_missing_bp", limit_json(q->limits.max_missing_bp));
	json_put(limits, "max_rise_bp", limit_json(q->limits.max_rise_bp));
	json_put(limits, "max_drift", limit_json(q->limits.max_drift));
	json_put(limits, "max_age_hours", limit_json(q->limits.max_age_hours));
	if (q->finding.breach != TRAIT_GOOD) {
		breach = json_object();
		v1_put_finding(breach, &q->finding);
		json_put(breach, "since", json_time(q->since));
	}
	json_put(v, "limits", limits);
	json_put(v, "checked_at", json_time(q->checked_at));
	json_put(v, "rows", looked ? json_integer(q->look.total) : json_null());
	json_put(v, "missing", looked ? json_integer(q->look.missing) : json_null());
	json_put(v, "newest", json_time(q->look.newest));
	json_put(v, "baseline_at", json_time(q->base_at));
	json_put(v, "breach", breach);
	return v;
}

static const struct trait_quality *
quality_of(const struct trait_quality *items, int n, const struct trait *trait)
{
	for (int i = 0; i < n; i++) {
		if (strcmp(items[i].of, trait->of) == 0 &&
		    strcmp(items[i].name, trait->name) == 0)
			return &items[i];
	}
	return NULL;
}

static json_t *
trait_json(const struct trait *t, const struct trait_quality *quality,
    const struct trait_info *info)
{
	json_t *v = json_object();

	json_put(v, "of", json_text(t->of));
	json_put(v, "name", json_text(t->name));
	json_put(v, "type", json_text(trait_type_name(t->type)));
	json_put(v, "unit", json_text(t->unit));
	json_put(v, "source", json_text(t->source));
	json_put(v, "sensitivity", json_text(trait_sensitivity_name(t->sensitivity)));
	json_put(v, "description", json_names(t->zh, t->en));
	json_put(v, "rule", json_text(t->rule));
	json_put(v, "own", json_boolean(t->own));
	json_put(
	    v, "version", info == NULL ? json_null() : json_integer(info->version));
	json_put(v, "state", json_text(info == NULL ? "active" : info->state));
	json_put(v, "author", json_text(info == NULL ? NULL : info->author));
	json_put(
	    v, "updated_at", info == NULL ? json_null() : json_time(info->updated_at));
	json_put(v, "fed_at", trait_is_fed(t) ? json_time(t->fed_at) : json_null());
	json_put(v, "fed_by", json_text(info == NULL ? NULL : info->fed_by));
	json_put(v, "quality", quality == NULL ? json_null() : quality_json(quality));
	return v;
}

/* ---- reading ---------------------------------------------------------------------------- */
/* "customer.aum" of the path, in two; "aum" is customer.aum. */
static void
split_name(struct api_request *req, const char **of, const char **name)
{
	const char *path = req->match.params[0], *dot = strchr(path, '.');

	*of = dot == NULL ? "customer"
			  : arena_strndup(&req->arena, path, (size_t)(dot - path));
	*name = dot == NULL ? path : dot + 1;
}

struct lists {
	struct trait_catalogue builtin;
	struct trait_info *own;
	int nown;
	struct trait_quality *quality;
	int nquality;
};

static enum stw_code
lists_read(
    struct api_request *req, bool retired, struct lists *out, struct stw_err *err)
{
	enum stw_code rc = trait_catalogue_builtin(&req->arena, &out->builtin, err);

	if (rc == STW_OK)
		rc = trait_store_list(
		    req->db, retired, &req->arena, &out->own, &out->nown, err);
	if (rc == STW_OK)
		rc = trait_quality_list(
		    req->db, &req->arena, &out->quality, &out->nquality, err);
	return rc;
}

void
v1_trait_list(struct api_request *req)
{
	struct stw_err err = {0};
	struct lists lists;
	json_t *v, *items;
	enum stw_code rc;
	bool retired;

	if (!api_query_bool(req, "retired", &retired))
		return;
	rc = lists_read(req, retired, &lists, &err);
	if (rc != STW_OK) {
		api_fail(req, rc, &err);
		return;
	}
	items = json_array();
	for (int i = 0; i < lists.builtin.count; i++) {
		const struct trait *t = &lists.builtin.traits[i];

		json_push(items,
		    trait_json(t, quality_of(lists.quality, lists.nquality, t), NULL));
	}
	for (int i = 0; i < lists.nown; i++) {
		const struct trait *t = &lists.own[i].trait;

		json_push(
		    items, trait_json(t, quality_of(lists.quality, lists.nquality, t),
			       &lists.own[i]));
	}
	v = json_object();
	json_put(v, "items", items);
	json_put(v, "as_of", json_time(req->now));
	api_reply(req, 200, v);
}

static void
reply_trait(struct api_request *req, int status, const char *of, const char *name)
{
	const struct trait *trait = NULL;
	const struct trait_info *info = NULL;
	struct stw_err err = {0};
	struct lists lists;
	enum stw_code rc = lists_read(req, true, &lists, &err);

	if (rc == STW_OK)
		trait = trait_find(&lists.builtin, of, name);
	for (int i = 0; rc == STW_OK && i < lists.nown && trait == NULL; i++) {
		if (strcmp(of, "customer") != 0 ||
		    strcmp(lists.own[i].trait.name, name) != 0)
			continue;
		info = &lists.own[i];
		trait = &info->trait;
	}
	if (rc == STW_OK && trait == NULL)
		rc = stw_fail(&err, STW_NOT_FOUND,
		    "there is no trait %.60s.%.80s (`steward trait list` and GET "
		    "/v1/traits have them)",
		    of, name);
	if (rc != STW_OK)
		api_fail(req, rc, &err);
	else
		api_reply(req, status,
		    trait_json(
			trait, quality_of(lists.quality, lists.nquality, trait), info));
}

void
v1_trait(struct api_request *req)
{
	const char *of, *name;

	split_name(req, &of, &name);
	reply_trait(req, 200, of, name);
}

/* ---- changing ----------------------------------------------------------------------------- */
/* Only customers have traits of the bank's own. False after answering. */
static bool
own_name(struct api_request *req, const char **name)
{
	const char *of;

	split_name(req, &of, name);
	if (strcmp(of, "customer") == 0)
		return true;
	api_problem(req, 400, "INVALID_REQUEST", NULL,
	    "a bank's own traits are of customers: customer.NAME");
	return false;
}

/* name NULL: the one in the document. */
static void
save(struct api_request *req, const char *name)
{
	struct stw_err err = {0};
	struct trait trait;
	enum stw_code rc;
	int version;

	rc = trait_document_parse(req->body, name, &req->arena, &trait, &err);
	if (rc == STW_OK)
		rc = trait_change_save(
		    req->db, &trait, req->actor.subject, req->now, &version, &err);
	if (rc != STW_OK)
		api_fail(req, rc, &err);
	else
		reply_trait(req, 201, "customer", trait.name);
}

void
v1_trait_add(struct api_request *req)
{
	save(req, NULL);
}

void
v1_trait_save(struct api_request *req)
{
	const char *name;

	if (own_name(req, &name))
		save(req, name);
}

void
v1_trait_retire(struct api_request *req)
{
	struct stw_err err = {0};
	const char *name;
	enum stw_code rc;

	if (!own_name(req, &name))
		return;
	rc = trait_change_retire(req->db, name, req->actor.subject, req->now, &err);
	if (rc != STW_OK)
		api_fail(req, rc, &err);
	else
		reply_trait(req, 200, "customer", name);
}

/* A whole number or null; a member that is not there leaves the limit. False after answering. */
static bool
limit_of(struct api_request *req, const char *name, int *out)
{
	json_t *v = json_object_get(req->json, name);

	*out = v == NULL ? TRAIT_KEEP_LIMIT : TRAIT_NO_LIMIT;
	if (v == NULL || json_is_null(v))
		return true;
	if (json_is_integer(v) && json_integer_value(v) >= 0 &&
	    json_integer_value(v) <= INT32_MAX) {
		*out = (int)json_integer_value(v);
		return true;
	}
	api_problem(req, 400, "INVALID_REQUEST", arena_printf(&req->arena, "/%s", name),
	    "%s: a whole number from 0 on, or null for no limit", name);
	return false;
}

void
v1_trait_limits(struct api_request *req)
{
	static const char *const members[] = {
	    "max_missing_bp", "max_rise_bp", "max_drift", "max_age_hours", NULL};
	struct stw_err err = {0};
	struct trait_limits limits;
	const char *of, *name;
	enum stw_code rc;

	split_name(req, &of, &name);
	if (!api_body_only(req, members) ||
	    !limit_of(req, "max_missing_bp", &limits.max_missing_bp) ||
	    !limit_of(req, "max_rise_bp", &limits.max_rise_bp) ||
	    !limit_of(req, "max_drift", &limits.max_drift) ||
	    !limit_of(req, "max_age_hours", &limits.max_age_hours))
		return;
	rc = trait_limits_change(
	    req->db, of, name, &limits, req->actor.subject, req->now, &err);
	if (rc == STW_INVALID) /* it begins with the member at fault */
		rc = stw_fail(
		    &err, rc, "%s", arena_printf(&req->arena, "/%s", err.text));
	if (rc != STW_OK)
		api_fail(req, rc, &err);
	else
		reply_trait(req, 200, of, name);
}

void
v1_trait_accept(struct api_request *req)
{
	struct stw_err err = {0};
	const char *of, *name;
	enum stw_code rc;

	split_name(req, &of, &name);
	rc =
	    trait_quality_accept(req->db, of, name, req->actor.subject, req->now, &err);
	if (rc != STW_OK)
		api_fail(req, rc, &err);
	else
		reply_trait(req, 200, of, name);
}
