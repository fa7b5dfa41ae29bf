/* The number that was really sent, and incidents. */
#include <inttypes.h>
#include <string.h>

#include <sodium.h>

#include "api/app.h"
#include "api/page.h"
#include "api/resources.h"
#include "api/server.h"
#include "campaigns/call_record_store.h"
#include "campaigns/incident_store.h"

#define RECORDS_MAX 500

/* ---- one record from JSON ------------------------------------------------------------ */
struct reading {
	struct api_request *req;
	json_t *item;
	int index; /* in the list */
};

static bool
bad(const struct reading *in, const char *member, const char *wanted)
{
	api_problem(in->req, 400, "INVALID_REQUEST",
	    arena_printf(&in->req->arena, "/%d/%s", in->index, member), "%s: %s",
	    member, wanted);
	return false;
}

static bool
read_text(const struct reading *in, const char *name, size_t min, size_t max,
    bool required, const char **out)
{
	json_t *v = json_object_get(in->item, name);

	*out = NULL;
	if (v == NULL || json_is_null(v))
		return required ? bad(in, name, "is missing") : true;
	if (!json_is_string(v) || json_string_length(v) < min ||
	    json_string_length(v) > max ||
	    strlen(json_string_value(v)) != json_string_length(v))
		return bad(in, name, "a text is wanted, not that long");
	*out = json_string_value(v);
	return true;
}

static bool
read_uuid(const struct reading *in, const char *name, bool *has, struct uuid *out)
{
	const char *text;

	*has = false;
	if (!read_text(in, name, 36, 36, false, &text))
		return false;
	if (text == NULL)
		return true;
	*has = uuid_parse(str_of(text), out) == STW_OK;
	return *has ? true : bad(in, name, "a uuid is wanted");
}

static bool
only_known(const struct reading *in)
{
	static const char *const members[] = {"source", "reference", "number_sent",
	    "called", "permit_id", "task_id", "started_at", "duration_sec", "ring_sec",
	    "talk_sec", "answered_by", "abandoned", "recording", "recording_sha256",
	    "retention_class"};
	const char *key;
	json_t *v;

	json_object_foreach(in->item, key, v)
	{
		bool known = false;

		for (size_t i = 0; i < STW_ARRAY_LEN(members); i++)
			known = known || strcmp(members[i], key) == 0;
		if (!known)
			return bad(in, key, "a call record has no such member");
	}
	return true;
}

static bool
read_seconds(const struct reading *in, const char *name, int *out)
{
	json_t *v = json_object_get(in->item, name);

	if (v == NULL || json_is_null(v))
		return true;
	if (!json_is_integer(v) || json_integer_value(v) < 0 ||
	    json_integer_value(v) > 86400)
		return bad(in, name, "seconds from 0 to 86400 are wanted");
	*out = (int)json_integer_value(v);
	return true;
}

static bool
read_word(const struct reading *in, const char *name, const char *const *words,
    size_t count, const char *wanted, const char **out)
{
	if (!read_text(in, name, 1, 20, false, out) || *out == NULL)
		return *out == NULL;
	for (size_t i = 0; i < count; i++)
		if (strcmp(words[i], *out) == 0)
			return true;
	return bad(in, name, wanted);
}

/* How it rang, and who answered. */
static bool
read_call(const struct reading *in, struct call_record *r)
{
	static const char *const who[] = {"human", "machine", "none"};
	json_t *abandoned = json_object_get(in->item, "abandoned");

	if (abandoned != NULL && !json_is_null(abandoned)) {
		if (!json_is_boolean(abandoned))
			return bad(in, "abandoned", "true or false is wanted");
		r->abandoned = json_is_true(abandoned);
	}
	return read_seconds(in, "ring_sec", &r->ring_sec) &&
	       read_seconds(in, "talk_sec", &r->talk_sec) &&
	       read_word(in, "answered_by", who, STW_ARRAY_LEN(who),
		   "human, machine or none is wanted", &r->answered_by);
}

static bool
read_recording(const struct reading *in, struct call_record *r)
{
	static const char *const classes[] = {"call_recording", "dual_recording"};
	unsigned char *hash;
	const char *hex;
	size_t len = 0;

	if (!read_text(in, "recording", 1, 200, false, &r->recording) ||
	    !read_text(in, "recording_sha256", 64, 64, false, &hex) ||
	    !read_word(in, "retention_class", classes, STW_ARRAY_LEN(classes),
		"call_recording or dual_recording is wanted", &r->retention_class))
		return false;
	if (r->recording == NULL)
		return hex == NULL && r->retention_class == NULL
			   ? true
			   : bad(in, "recording", "is missing");
	if (r->retention_class == NULL)
		r->retention_class = classes[0];
	if (hex == NULL)
		return bad(in, "recording_sha256", "is missing");
	hash = arena_alloc(&in->req->arena, crypto_hash_sha256_BYTES);
	if (sodium_hex2bin(hash, crypto_hash_sha256_BYTES, hex, strlen(hex), NULL, &len,
		NULL) != 0 ||
	    len != crypto_hash_sha256_BYTES)
		return bad(in, "recording_sha256", "64 hexadecimal digits are wanted");
	r->recording_sha256 = hash;
	return true;
}

static bool
read_record(const struct reading *in, struct call_record *r)
{
	json_t *seconds = json_object_get(in->item, "duration_sec");
	const char *at;

	*r = (struct call_record){.region = "CN", CALL_RECORD_NOTHING};
	if (!json_is_object(in->item)) {
		api_problem(in->req, 400, "INVALID_REQUEST",
		    arena_printf(&in->req->arena, "/%d", in->index),
		    "a call record is an object");
		return false;
	}
	if (!only_known(in) || !read_text(in, "source", 1, 60, true, &r->source) ||
	    !read_text(in, "reference", 1, 100, true, &r->reference) ||
	    !read_text(in, "number_sent", 0, 32, true, &r->number_sent) ||
	    !read_text(in, "called", 3, 32, false, &r->called) ||
	    !read_uuid(in, "permit_id", &r->has_permit, &r->permit_id) ||
	    !read_uuid(in, "task_id", &r->has_task, &r->task_id) ||
	    !read_text(in, "started_at", 1, 40, true, &at))
		return false;
	if (stw_usec_parse(str_of(at), &r->started_at) != STW_OK)
		return bad(
		    in, "started_at", "an instant like 2026-11-23T02:00:00Z is wanted");
	if (!json_is_integer(seconds) || json_integer_value(seconds) < 0 ||
	    json_integer_value(seconds) > 86400)
		return bad(in, "duration_sec", "seconds from 0 to 86400 are wanted");
	r->duration_sec = (int)json_integer_value(seconds);
	return read_call(in, r) && read_recording(in, r);
}

/* ---- taking them in -------------------------------------------------------------------- */
static json_t *
fate_json(const struct call_record *r, const struct call_fate *f)
{
	json_t *v = json_object();

	json_put(v, "source", json_text(r->source));
	json_put(v, "reference", json_text(r->reference));
	json_put(v, "fate", json_text(f->fate));
	json_put(v, "known", json_boolean(f->known));
	json_put(v, "task_id", json_text(f->task_id));
	json_put(v, "approved", json_text(f->approved));
	json_put(v, "incident_id", json_text(f->incident_id));
	json_put(v, "ran_past_hours", json_boolean(f->ran_past));
	json_put(v, "campaign_paused", json_text(f->paused));
	return v;
}

static enum stw_code
put_all(struct api_request *req, const struct call_record *records, size_t count,
    json_t *items, struct stw_err *err)
{
	const struct ruleset *rules;
	enum stw_code rc = server_rules_or_none(req->server, req->db, &rules, err);

	for (size_t i = 0; rc == STW_OK && i < count; i++) {
		struct call_fate fate;

		rc = call_record_put(req->db, req->app->keys, rules, &records[i],
		    req->now, &req->arena, &fate, err);
		if (rc == STW_OK)
			json_push(items, fate_json(&records[i], &fate));
		else if (rc == STW_INVALID)
			rc = stw_err_prefix(err, rc, "/%zu", i);
	}
	return rc;
}

/* One record or a list: all of them, or none. */
void
v1_call_record_put(struct api_request *req)
{
	bool list = json_is_array(req->json);
	size_t count = list ? json_array_size(req->json) : 1;
	struct call_record *records;
	struct stw_err err = {0};
	json_t *v, *items;
	enum stw_code rc;

	if (count > RECORDS_MAX) {
		api_problem(req, 413, "TOO_LARGE", "",
		    "at most %d call records are wanted, not %zu", RECORDS_MAX, count);
		return;
	}
	records = arena_array(&req->arena, count, sizeof *records);
	for (size_t i = 0; i < count; i++) {
		const struct reading in = {
		    req, list ? json_array_get(req->json, i) : req->json, (int)i};

		if (!read_record(&in, &records[i]))
			return;
	}
	items = json_array();
	rc = put_all(req, records, count, items, &err);
	if (rc != STW_OK) {
		json_decref(items);
		api_fail(req, rc, &err);
		return;
	}
	v = json_object();
	json_put(v, "items", items);
	api_reply(req, 201, v);
}

void
v1_call_record_list(struct api_request *req)
{
	const char *fate = api_query(req, "fate"), *scope;
	struct call_row before = {0}, *rows;
	struct stw_err err = {0};
	struct page page;
	json_t *items;
	enum stw_code rc;
	int count, last;

	scope = arena_printf(&req->arena, "call-records\n%s", fate == NULL ? "" : fate);
	if (!page_begin_at(req, scope, &page, &before.started_at, &before.id))
		return;
	rc = call_records(req->db, fate, before.id == NULL ? NULL : &before,
	    page.limit + 1, &req->arena, &rows, &count, &err);
	if (rc != STW_OK) {
		api_fail(req, rc, &err);
		return;
	}
	items = json_array();
	for (int i = 0; i < page_rows(&page, count); i++) {
		json_t *one = json_object();

		json_put(one, "record_id", json_text(rows[i].id));
		json_put(one, "source", json_text(rows[i].source));
		json_put(one, "reference", json_text(rows[i].reference));
		json_put(one, "number_sent", json_text(rows[i].number_sent));
		json_put(one, "approved", json_text(rows[i].approved));
		json_put(one, "task_id", json_text(rows[i].task_id));
		json_put(one, "fate", json_text(rows[i].fate));
		json_put(one, "started_at", json_time(rows[i].started_at));
		json_put(one, "duration_sec", json_integer(rows[i].duration_sec));
		json_push(items, one);
	}
	last = page_last(&page, count);
	page_reply(req, &page, items,
	    last < 0 ? NULL : page_place(req, rows[last].started_at, rows[last].id));
}

/* ---- incidents ------------------------------------------------------------------------------ */
static json_t *
incident_json(const struct incident *i)
{
	json_t *v = json_object();

	json_put(v, "incident_id", json_text(i->id));
	json_put(v, "code", json_text(i->code));
	json_put(v, "text", v1_reason_text(i->code));
	json_put(v, "customer_ref", json_text(i->customer_ref));
	json_put(v, "campaign", json_text(i->campaign));
	json_put(v, "number", json_text(i->number));
	json_put(v, "task_id", json_text(i->task_id));
	json_put(v, "decision_id", json_text(i->decision_id));
	json_put(v, "subject", json_text(i->subject));
	json_put(v, "evidence", json_loads(i->evidence, 0, NULL));
	json_put(v, "detected_at", json_time(i->detected_at));
	json_put(v, "state", json_text(i->state));
	json_put(v, "closed_by", json_text(i->closed_by));
	json_put(v, "closed_at", json_time(i->closed_at));
	json_put(v, "note", json_text(i->note));
	return v;
}

void
v1_incident_list(struct api_request *req)
{
	const char *state = api_query(req, "state"), *code = api_query(req, "code");
	struct incident before = {0}, *rows;
	struct stw_err err = {0};
	const char *scope;
	struct page page;
	json_t *items;
	enum stw_code rc;
	int count, last;

	scope = arena_printf(&req->arena, "incidents\n%s\n%s",
	    state == NULL ? "" : state, code == NULL ? "" : code);
	if (!page_begin_at(req, scope, &page, &before.detected_at, &before.id))
		return;
	rc = incident_list(req->db, state, code, before.id == NULL ? NULL : &before,
	    page.limit + 1, &req->arena, &rows, &count, &err);
	if (rc != STW_OK) {
		api_fail(req, rc, &err);
		return;
	}
	items = json_array();
	for (int i = 0; i < page_rows(&page, count); i++)
		json_push(items, incident_json(&rows[i]));
	last = page_last(&page, count);
	page_reply(req, &page, items,
	    last < 0 ? NULL : page_place(req, rows[last].detected_at, rows[last].id));
}

static void
reply_incident(struct api_request *req, const struct uuid *id)
{
	struct incident incident;
	struct stw_err err = {0};
	enum stw_code rc = incident_get(req->db, id, &req->arena, &incident, &err);

	if (rc != STW_OK)
		api_fail(req, rc, &err);
	else
		api_reply(req, 200, incident_json(&incident));
}

void
v1_incident(struct api_request *req)
{
	struct uuid id;

	if (api_path_uuid(req, 0, &id))
		reply_incident(req, &id);
}

void
v1_incident_close(struct api_request *req)
{
	static const char *const members[] = {"note", NULL};
	struct stw_err err = {0};
	const char *note;
	struct uuid id;
	enum stw_code rc;

	if (!api_path_uuid(req, 0, &id) || !api_body_only(req, members) ||
	    !api_body_text(req, "note", 400, true, &note))
		return;
	rc = incident_close(req->db, &id, req->actor.subject, note, req->now, &err);
	if (rc != STW_OK)
		api_fail(req, rc, &err);
	else
		reply_incident(req, &id);
}
