#include <string.h>

#include "api/app.h"
#include "api/resources.h"
#include "api/server.h"
#include "campaigns/compliance/pack_check.h"
#include "campaigns/compliance/pack_store.h"

/* ---- JSON ------------------------------------------------------------------------------ */
static json_t *
version_json(const struct pack_version_row *v)
{
	json_t *one = json_object();

	json_put(one, "pack", json_text(v->pack));
	json_put(one, "version", json_text(v->version));
	json_put(one, "state", json_text(v->state));
	json_put(one, "embedded", json_boolean(v->embedded));
	json_put(one, "rules", json_integer(v->rules));
	json_put(one, "hash", json_text(v->hash_hex));
	json_put(one, "loaded_by", json_text(v->loaded_by));
	json_put(one, "loaded_at", json_time(v->loaded_at));
	json_put(one, "submitted_by", json_text(v->submitted_by));
	json_put(one, "submitted_at", json_time(v->submitted_at));
	json_put(one, "wanted_from", json_time(v->wanted_from));
	json_put(one, "tests_passed", json_positive(v->tests_passed));
	json_put(one, "approved_by", json_text(v->approved_by));
	json_put(one, "approved_at", json_time(v->approved_at));
	json_put(one, "rejected_by", json_text(v->rejected_by));
	json_put(one, "rejected_at", json_time(v->rejected_at));
	json_put(one, "rejected_why", json_text(v->rejected_why));
	return one;
}

static json_t *
activation_json(const struct pack_activation_row *a)
{
	json_t *one = json_object();

	json_put(one, "pack", json_text(a->pack));
	json_put(one, "version", json_text(a->version));
	json_put(one, "hash", json_text(a->hash_hex));
	json_put(one, "from", json_time(a->from));
	json_put(one, "to", json_time(a->to));
	json_put(one, "submitted_by", json_text(a->submitted_by));
	json_put(one, "approved_by", json_text(a->approved_by));
	json_put(one, "activated_at", json_time(a->activated_at));
	return one;
}

static json_t *
covers_json(const struct pack_cover *covers, int count)
{
	json_t *list = json_array();

	for (int i = 0; i < count; i++) {
		json_t *one = json_object();

		json_put(one, "calendar", json_text(covers[i].calendar));
		json_put(one, "from", json_day_or_null(covers[i].from));
		json_put(one, "to", json_day_or_null(covers[i].to));
		json_push(list, one);
	}
	return list;
}

/* The file of the fault is named in its text; line and column are those in it. */
static json_t *
fault_json(const struct stw_err *err)
{
	json_t *v = json_object();

	json_put(v, "line", json_integer(err->line));
	json_put(v, "column", json_integer(err->column));
	api_put_message(v, "detail", err->text);
	return v;
}

/* ---- looking ----------------------------------------------------------------------------- */
/* Packs and versions, and those in force at an instant. */
void
v1_pack_list(struct api_request *req)
{
	const struct ruleset *rules = NULL;
	struct pack_activation_row *active;
	struct stw_err err = {0};
	json_t *v, *items;
	stw_usec at;
	enum stw_code rc;
	int count;

	if (!api_query_time(req, "at", req->now, &at))
		return;
	rc = pack_store_activations(req->db, &req->arena, &active, &count, &err);
	if (rc == STW_OK && count > 0)
		rc = server_rules(req->server, req->db, &rules, &err);
	if (rc != STW_OK) {
		api_fail(req, rc, &err);
		return;
	}
	v = json_object();
	items = json_array();
	for (int i = 0; i < count; i++) {
		if (active[i].from <= at && at < active[i].to)
			json_push(items, activation_json(&active[i]));
	}
	json_put(v, "items", items);
	json_put(v, "at", json_time(at));
	json_put(v, "ruleset_hash",
	    rules != NULL ? json_text(ruleset_hash(rules, at)) : json_null());
	json_put(v, "as_of", json_time(req->now));
	api_reply(req, 200, v);
}

void
v1_pack_versions(struct api_request *req)
{
	const char *pack = req->match.params[0];
	struct pack_activation_row *active;
	struct pack_version_row *versions;
	struct stw_err err = {0};
	json_t *v, *items, *history;
	enum stw_code rc;
	int count, nactive;

	rc = pack_store_versions(req->db, pack, &req->arena, &versions, &count, &err);
	if (rc == STW_OK && count == 0)
		rc = stw_fail(&err, STW_NOT_FOUND, "there is no pack %.60s", pack);
	if (rc == STW_OK)
		rc = pack_store_activations(
		    req->db, &req->arena, &active, &nactive, &err);
	if (rc != STW_OK) {
		api_fail(req, rc, &err);
		return;
	}
	v = json_object();
	items = json_array();
	history = json_array();
	for (int i = 0; i < count; i++)
		json_push(items, version_json(&versions[i]));
	for (int i = 0; i < nactive; i++) {
		if (strcmp(active[i].pack, pack) == 0)
			json_push(history, activation_json(&active[i]));
	}
	json_put(v, "items", items);
	json_put(v, "activations", history);
	json_put(v, "as_of", json_time(req->now));
	api_reply(req, 200, v);
}

static json_t *
files_json(const struct pack_files *files)
{
	json_t *v = json_object();

	for (int i = 0; i < files->count; i++)
		json_put(v, files->items[i].name, json_str(files->items[i].data));
	return v;
}

/* With the files, so that a bank can take them along and make its own version of them. */
static void
reply_version(
    struct api_request *req, int status, const char *pack, const char *version)
{
	struct pack_version_row *versions;
	struct pack_files files;
	struct stw_err err = {0};
	enum stw_code rc;
	int count, i = 0;

	rc = pack_store_versions(req->db, pack, &req->arena, &versions, &count, &err);
	while (rc == STW_OK && i < count && strcmp(versions[i].version, version) != 0)
		i++;
	if (rc == STW_OK && i == count)
		rc = stw_fail(
		    &err, STW_NOT_FOUND, "there is no pack %.60s %.20s", pack, version);
	if (rc == STW_OK)
		rc =
		    pack_store_files(req->db, pack, version, &req->arena, &files, &err);
	if (rc != STW_OK) {
		api_fail(req, rc, &err);
		return;
	}
	json_t *v = version_json(&versions[i]);
	json_put(v, "files", files_json(&files));
	api_reply(req, status, v);
}

void
v1_pack_version(struct api_request *req)
{
	reply_version(req, 200, req->match.params[0], req->match.params[1]);
}

/* ---- a pack in a request ------------------------------------------------------------------- */
/* False after answering 400. */
static bool
body_names(struct api_request *req, struct pack_files *out, json_t **files)
{
	static const char *const members[] = {"pack", "version", "files", NULL};

	*out = (struct pack_files){0};
	if (!api_body_only(req, members) ||
	    !api_body_text(req, "pack", 40, true, &out->id) ||
	    !api_body_text(req, "version", 20, true, &out->version))
		return false;
	*files = json_object_get(req->json, "files");
	if (!pack_id_ok(out->id) || !pack_version_ok(out->version)) {
		api_problem(req, 400, "INVALID_REQUEST", "/version",
		    "a pack is named like house, its version like 1.2.0");
		return false;
	}
	if (!json_is_object(*files)) {
		api_problem(req, 400, "INVALID_REQUEST", "/files",
		    "files: an object of names and texts");
		return false;
	}
	return true;
}

static enum stw_code
body_files(json_t *files, struct pack_files *out, struct stw_err *err)
{
	const char *name;
	json_t *text;
	enum stw_code rc = STW_OK;

	json_object_foreach(files, name, text)
	{
		struct str data = {json_string_value(text), json_string_length(text)};

		if (!json_is_string(text))
			return stw_fail(
			    err, STW_INVALID, "%.80s: has to be a text", name);
		rc = pack_files_add(out, name, data, err);
		if (rc != STW_OK)
			return rc;
	}
	return pack_files_finish(out, err);
}

/* What a look at the files found; a fault is a finding, not an error. */
static enum stw_code
look(struct api_request *req, const struct pack_files *files, enum stw_code rc,
    struct stw_err *err)
{
	struct pack_cover *covers = NULL;
	int nrules = 0, ncovers = 0, passed = 0;
	char hash[65];
	json_t *v;

	if (rc == STW_OK)
		rc = pack_files_check(files, &nrules, err);
	if (rc == STW_OK)
		rc = pack_files_covers(files, (stw_day)(req->now / STW_USEC_DAY),
		    &req->arena, &covers, &ncovers, err);
	if (rc == STW_OK)
		rc = pack_files_test(files, &passed, err);
	if (rc != STW_OK && rc != STW_INVALID)
		return rc;
	pack_files_hash(files, hash);
	v = json_object();
	json_put(v, "ok", json_boolean(rc == STW_OK));
	json_put(v, "error", rc == STW_OK ? json_null() : fault_json(err));
	json_put(v, "hash", json_text(hash));
	json_put(v, "rules", json_integer(nrules));
	json_put(v, "tests_passed", json_integer(passed));
	json_put(v, "calendars_ending", covers_json(covers, ncovers));
	api_reply(req, 200, v);
	return STW_OK;
}

void
v1_pack_validate(struct api_request *req)
{
	struct stw_err err = {0};
	struct pack_files files;
	json_t *texts;
	enum stw_code rc;

	if (!body_names(req, &files, &texts))
		return;
	rc = look(req, &files, body_files(texts, &files, &err), &err);
	if (rc != STW_OK)
		api_fail(req, rc, &err);
}

void
v1_pack_load(struct api_request *req)
{
	struct stw_err err = {0};
	struct pack_files files;
	json_t *texts;
	enum stw_code rc;
	bool added;

	if (!body_names(req, &files, &texts))
		return;
	rc = body_files(texts, &files, &err);
	if (rc == STW_OK)
		rc = pack_store_load(
		    req->db, &files, req->actor.subject, req->now, &added, &err);
	if (rc != STW_OK)
		api_fail(req, rc, &err);
	else
		reply_version(req, 201, files.id, files.version);
}

/* ---- one version ------------------------------------------------------------------------------ */
void
v1_pack_tests(struct api_request *req)
{
	struct stw_err err = {0};
	struct pack_files files;
	enum stw_code rc = pack_store_files(req->db, req->match.params[0],
	    req->match.params[1], &req->arena, &files, &err);

	if (rc == STW_OK)
		rc = look(req, &files, STW_OK, &err);
	if (rc != STW_OK)
		api_fail(req, rc, &err);
}

void
v1_pack_submit(struct api_request *req)
{
	static const char *const members[] = {"from", NULL};
	struct stw_err err = {0};
	stw_usec from;
	enum stw_code rc;
	int passed;

	if (!api_body_only(req, members) ||
	    !api_body_time(req, "from", STW_USEC_NEVER, &from))
		return;
	rc = pack_store_submit(req->db, req->match.params[0], req->match.params[1],
	    from, req->actor.subject, req->now, &passed, &err);
	if (rc != STW_OK)
		api_fail(req, rc, &err);
	else
		reply_version(req, 200, req->match.params[0], req->match.params[1]);
}

void
v1_pack_approve(struct api_request *req)
{
	struct stw_err err = {0};
	stw_usec from;
	enum stw_code rc = pack_store_approve(req->db, req->match.params[0],
	    req->match.params[1], req->actor.subject, req->now, &from, &err);

	if (rc != STW_OK)
		api_fail(req, rc, &err);
	else
		reply_version(req, 200, req->match.params[0], req->match.params[1]);
}

void
v1_pack_reject(struct api_request *req)
{
	static const char *const members[] = {"why", NULL};
	struct stw_err err = {0};
	const char *why;
	enum stw_code rc;

	if (!api_body_only(req, members) || !api_body_text(req, "why", 500, true, &why))
		return;
	rc = pack_store_reject(req->db, req->match.params[0], req->match.params[1],
	    req->actor.subject, why, req->now, &err);
	if (rc != STW_OK)
		api_fail(req, rc, &err);
	else
		reply_version(req, 200, req->match.params[0], req->match.params[1]);
}

/* The version in force when none is named. */
static enum stw_code
diff_base(struct api_request *req, const char **version, struct stw_err *err)
{
	struct pack_activation_row *active;
	enum stw_code rc;
	int count;

	*version = api_query(req, "from");
	if (*version != NULL)
		return STW_OK;
	rc = pack_store_activations(req->db, &req->arena, &active, &count, err);
	for (int i = 0; rc == STW_OK && i < count; i++) {
		if (strcmp(active[i].pack, req->match.params[0]) == 0 &&
		    active[i].from <= req->now && req->now < active[i].to)
			*version = active[i].version;
	}
	if (rc == STW_OK && *version == NULL)
		rc = stw_fail(err, STW_NOT_FOUND,
		    "no version of pack %.60s is in force: name one with from",
		    req->match.params[0]);
	return rc;
}

void
v1_pack_diff(struct api_request *req)
{
	const char *pack = req->match.params[0], *version = req->match.params[1];
	struct pack_files before, after;
	struct stw_err err = {0};
	const char *from;
	struct buf text;
	json_t *v;
	enum stw_code rc = diff_base(req, &from, &err);

	buf_init(&text);
	if (rc == STW_OK)
		rc = pack_store_files(req->db, pack, from, &req->arena, &before, &err);
	if (rc == STW_OK)
		rc =
		    pack_store_files(req->db, pack, version, &req->arena, &after, &err);
	if (rc == STW_OK)
		rc = pack_diff(&before, &after, &text, &err);
	if (rc != STW_OK) {
		api_fail(req, rc, &err);
	} else {
		v = json_loadb(text.data, text.len, 0, NULL);
		STW_ASSERT(v != NULL);
		json_put(v, "pack", json_text(pack));
		json_put(v, "from_version", json_text(from));
		json_put(v, "to_version", json_text(version));
		api_reply(req, 200, v);
	}
	buf_fini(&text);
}
