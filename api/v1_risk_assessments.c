/* How customers' risk ratings came about, and the clip of a synthetic voice's label. */
#include <string.h>

#include "api/app.h"
#include "api/resources.h"
#include "campaigns/feed_store.h"
#include "campaigns/risk_assessment_store.h"
#include "segments/customer_store.h"

#define ASSESSMENTS_MAX 500

/* ---- one or a list ---------------------------------------------------------------------- */
/* The readers look at req->json: it stands for one item of the list at a time. */
static bool
read_assessment(
    struct api_request *req, const char **customer, struct risk_assessment *out)
{
	static const char *const members[] = {"customer", "reference", "assessed_at",
	    "rating", "questionnaire", "staff_device", "self_completed", NULL};

	*out = (struct risk_assessment){0};
	if (!api_body_only(req, members) ||
	    !api_body_text(req, "customer", 64, true, customer) ||
	    !api_body_text(req, "reference", 64, true, &out->reference) ||
	    !api_body_time(req, "assessed_at", STW_USEC_NEVER, &out->assessed_at) ||
	    !api_body_int(req, "rating", 1, 5, 0, &out->rating) ||
	    !api_body_text(req, "questionnaire", 40, false, &out->questionnaire) ||
	    !api_body_bool(req, "staff_device", true, &out->staff_device) ||
	    !api_body_bool(req, "self_completed", false, &out->self_completed))
		return false;
	if (out->assessed_at != STW_USEC_NEVER && out->rating != 0)
		return true;
	api_problem(req, 400, "INVALID_REQUEST",
	    out->rating == 0 ? "/rating" : "/assessed_at",
	    "an assessment has a rating from 1 to 5 and an instant");
	return false;
}

static enum stw_code
add_one(struct api_request *req, const char *ref, const struct risk_assessment *a,
    bool *known, struct stw_err *err)
{
	struct customer c;
	enum stw_code rc = customer_find(
	    req->db, str_of(ref), app_today(req->app, req->now), &req->arena, &c, err);

	if (rc == STW_OK && c.erased_at != STW_USEC_NEVER)
		rc = stw_fail(err, STW_NOT_FOUND, "that customer is erased");
	if (rc == STW_OK)
		rc = risk_assessment_add(req->db, c.bucket, c.customer_id, a,
		    req->actor.subject, req->now, known, err);
	return rc;
}

static bool
add_item(struct api_request *req, json_t *item, int64_t *added, int64_t *known)
{
	struct risk_assessment a;
	struct stw_err err = {0};
	const char *customer;
	bool was = false;
	enum stw_code rc;

	if (!json_is_object(item)) {
		api_problem(
		    req, 400, "INVALID_REQUEST", NULL, "an assessment is an object");
		return false;
	}
	req->json = item;
	if (!read_assessment(req, &customer, &a))
		return false;
	rc = add_one(req, customer, &a, &was, &err);
	if (rc != STW_OK) {
		api_fail(req, rc, &err);
		return false;
	}
	*(was ? known : added) += 1;
	return true;
}

/* One or a list: all of them, or none. */
void
v1_risk_assessment_add(struct api_request *req)
{
	json_t *whole = req->json, *v;
	bool list = json_is_array(whole), ok = true;
	size_t count = list ? json_array_size(whole) : 1;
	int64_t added = 0, known = 0;

	if (count > ASSESSMENTS_MAX) {
		api_problem(req, 413, "TOO_LARGE", "",
		    "at most %d assessments are wanted, not %zu", ASSESSMENTS_MAX,
		    count);
		return;
	}
	for (size_t i = 0; ok && i < count; i++)
		ok = add_item(
		    req, list ? json_array_get(whole, i) : whole, &added, &known);
	req->json = whole;
	if (!ok)
		return;
	v = json_object();
	json_put(v, "added", json_integer(added));
	json_put(v, "known", json_integer(known));
	api_reply(req, 201, v);
}

void
v1_risk_assessment_list(struct api_request *req)
{
	struct risk_assessment *rows;
	struct customer c;
	struct stw_err err = {0};
	json_t *v, *items;
	enum stw_code rc;
	int count;

	if (!v1_customer_load(req, &c))
		return;
	rc = risk_assessment_list(
	    req->db, c.bucket, c.customer_id, &req->arena, &rows, &count, &err);
	if (rc != STW_OK) {
		api_fail(req, rc, &err);
		return;
	}
	items = json_array();
	for (int i = 0; i < count; i++) {
		json_t *one = json_object();

		json_put(one, "reference", json_text(rows[i].reference));
		json_put(one, "assessed_at", json_time(rows[i].assessed_at));
		json_put(one, "rating", json_integer(rows[i].rating));
		json_put(one, "questionnaire", json_text(rows[i].questionnaire));
		json_put(one, "staff_device", json_boolean(rows[i].staff_device));
		json_put(one, "self_completed", json_boolean(rows[i].self_completed));
		json_put(one, "recorded_at", json_time(rows[i].recorded_at));
		json_put(one, "recorded_by", json_text(rows[i].recorded_by));
		json_push(items, one);
	}
	v = json_object();
	json_put(v, "items", items);
	json_put(v, "as_of", json_time(req->now));
	api_reply(req, 200, v);
}

/* ---- the clip of a label ---------------------------------------------------------------- */
void
v1_script_clip(struct api_request *req)
{
	static const char *const members[] = {"clip", "sha256", NULL};
	const char *script = req->match.params[0], *clip, *sha256;
	struct stw_err err = {0};
	int64_t version;
	enum stw_code rc;
	json_t *v;

	if (!api_path_i64(req, 1, &version) || !api_body_only(req, members) ||
	    !api_body_text(req, "clip", 100, false, &clip) ||
	    !api_body_text(req, "sha256", 64, false, &sha256))
		return;
	rc = version > INT32_MAX
		 ? stw_fail(&err, STW_NOT_FOUND, "there is no such version")
		 : script_clip_put(req->db, script, (int)version, clip, sha256,
		       req->actor.subject, req->now, &err);
	if (rc != STW_OK) {
		api_fail(req, rc, &err);
		return;
	}
	v = json_object();
	json_put(v, "script", json_text(script));
	json_put(v, "version", json_integer(version));
	json_put(v, "clip", json_text(clip));
	json_put(v, "sha256", json_text(sha256));
	json_put(v, "recorded_at", json_time(req->now));
	api_reply(req, 200, v);
}
