/* Connectors: versions of documents, written by one person and put in force by another. */
#include <string.h>

#include "api/app.h"
#include "api/connect/connect_answer.h"
#include "api/resources.h"
#include "campaigns/connector_store.h"

static json_t *
connector_json(const struct connector_row *c, bool whole)
{
	json_t *v = json_object();

	json_put(v, "connector", json_text(c->name));
	json_put(v, "version", json_integer(c->version));
	json_put(v, "state", json_text(c->state));
	json_put(v, "written_by", json_text(c->written_by));
	json_put(v, "written_at", json_time(c->written_at));
	json_put(v, "activated_by", json_text(c->activated_by));
	json_put(v, "activated_at", json_time(c->activated_at));
	json_put(v, "queues", json_integer(c->queues));
	if (whole)
		json_put(v, "document", json_loads(c->document, 0, NULL));
	return v;
}

static void
reply_versions(struct api_request *req, const char *name)
{
	struct connector_row *rows;
	struct stw_err err = {0};
	json_t *v, *items;
	enum stw_code rc;
	int count;

	rc = connector_rows(req->db, name, 0, &req->arena, &rows, &count, &err);
	if (rc == STW_OK && name != NULL && count == 0)
		rc = stw_fail(&err, STW_NOT_FOUND, "there is no connector %.60s", name);
	if (rc != STW_OK) {
		api_fail(req, rc, &err);
		return;
	}
	v = json_object();
	items = json_array();
	for (int i = 0; i < count; i++)
		json_push(items, connector_json(&rows[i], name != NULL));
	json_put(v, "items", items);
	json_put(v, "as_of", json_time(req->now));
	api_reply(req, 200, v);
}

void
v1_connector_list(struct api_request *req)
{
	reply_versions(req, NULL);
}

void
v1_connector(struct api_request *req)
{
	reply_versions(req, req->match.params[0]);
}

static void
reply_version(struct api_request *req, const char *name, int version)
{
	struct connector_row *rows;
	struct stw_err err = {0};
	int count;
	enum stw_code rc =
	    connector_rows(req->db, name, version, &req->arena, &rows, &count, &err);

	if (rc == STW_OK && count == 0)
		rc = stw_fail(&err, STW_NOT_FOUND,
		    "there is no version %d of connector %.60s", version, name);
	if (rc != STW_OK)
		api_fail(req, rc, &err);
	else
		api_reply(req, 200, connector_json(&rows[0], true));
}

/* False after answering: the document does not parse, and where. */
static bool
document_read(struct api_request *req, struct str text, struct connector *out)
{
	struct connector_fault fault;
	struct stw_err err = {0};

	if (connector_parse(text, &req->arena, out, &fault, &err) == STW_OK)
		return true;
	api_problem(req, 400, "INVALID_REQUEST",
	    arena_strdup(&req->arena, fault.pointer), "%s",
	    req->zh ? fault.zh : fault.en);
	return false;
}

static json_t *
examples_json(struct api_request *req, const struct connector *c, bool *passed)
{
	struct connect_example_result *results =
	    arena_array(&req->arena, (size_t)c->nexamples, sizeof *results);
	json_t *list = json_array();

	*passed = connect_examples_run(c, &req->arena, results) == c->nexamples;
	for (int i = 0; i < c->nexamples; i++) {
		json_t *v = json_object();

		json_put(v, "name", json_text(results[i].name));
		json_put(v, "passed", json_boolean(results[i].passed));
		json_put(v, "difference_en",
		    json_text(results[i].passed ? NULL : results[i].en));
		json_put(v, "difference_zh",
		    json_text(results[i].passed ? NULL : results[i].zh));
		json_push(list, v);
	}
	return list;
}

void
v1_connector_put(struct api_request *req)
{
	const char *name = req->match.params[0];
	struct stw_err err = {0};
	struct connector c;
	enum stw_code rc;
	bool passed;

	if (!document_read(req, req->body, &c))
		return;
	if (strcmp(c.name, name) != 0) {
		api_problem(req, 400, "INVALID_REQUEST", "/connector",
		    "connector: the document is one of %.60s", c.name);
		return;
	}
	json_decref(examples_json(req, &c, &passed));
	if (!passed) {
		api_problem(req, 400, "INVALID_REQUEST", "/examples",
		    req->zh ? "有示例未通过；请用 :test 查看"
			    : "some examples do not come out as they say; see :test");
		return;
	}
	rc = connector_put(req->db, name, c.version,
	    arena_strndup(&req->arena, req->body.ptr, req->body.len),
	    req->actor.subject, req->now, &err);
	if (rc != STW_OK)
		api_fail(req, rc, &err);
	else
		reply_version(req, name, c.version);
}

/* Keeps nothing and sends nothing. */
void
v1_connector_test(struct api_request *req)
{
	struct connector c;
	json_t *v, *examples;
	bool passed;

	if (!document_read(req, req->body, &c))
		return;
	examples = examples_json(req, &c, &passed);
	v = json_object();
	json_put(v, "connector", json_text(c.name));
	json_put(v, "version", json_integer(c.version));
	json_put(v, "passed", json_boolean(passed));
	json_put(v, "examples", examples);
	api_reply(req, 200, v);
}

void
v1_connector_activate(struct api_request *req)
{
	static const char *const members[] = {"version", NULL};
	const char *name = req->match.params[0];
	struct stw_err err = {0};
	enum stw_code rc;
	int version;

	if (!api_body_only(req, members) ||
	    !api_body_int(req, "version", 1, 1000000, 0, &version))
		return;
	if (version == 0) {
		api_problem(
		    req, 400, "INVALID_REQUEST", "/version", "version: is missing");
		return;
	}
	rc = connector_activate(
	    req->db, name, version, req->actor.subject, req->now, &err);
	if (rc != STW_OK)
		api_fail(req, rc, &err);
	else
		reply_version(req, name, version);
}
