/*
 * connect_operation.c - the reader's part for one operation: request and answers; and for
 * the document's own examples.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "api/connect/connect_priv.h"

#define HEADERS_MAX  16
#define CASES_MAX    32
#define EXAMPLES_MAX 32

/* Set by whoever signs, or by curl. */
static const char *const own_headers[] = {"authorization", "content-type",
    "content-length", "host", "connection", "transfer-encoding", "expect", "cookie",
    "webhook-id", "webhook-timestamp", "webhook-signature", "x-amz-date",
    "x-amz-security-token"};

static bool
header_name_ok(const char *name)
{
	for (const char *c = name; *c != '\0'; c++)
		if (!isalnum((unsigned char)*c) && *c != '-' && *c != '_')
			return false;
	for (size_t i = 0; i < STW_ARRAY_LEN(own_headers); i++)
		if (strcasecmp(name, own_headers[i]) == 0)
			return false;
	return name[0] != '\0';
}

static enum stw_code
text_template(struct reader *r, const json_t *object, const char *key,
    const struct connector_template **out)
{
	const json_t *json = json_object_get(object, key);
	bool tasks = r->uses_tasks;
	enum stw_code rc;

	read_enter(r, key, 0);
	if (!json_is_string(json))
		return read_fail(r, FAULT_TEXT, "4000", NULL);
	rc = read_template(r, json, out);
	if (rc == STW_OK && r->uses_tasks != tasks)
		rc = read_fail(r, FAULT_TASKS, NULL, NULL);
	if (rc == STW_OK)
		read_leave(r);
	return rc;
}

static enum stw_code
headers_read(struct reader *r, const json_t *json, struct connector_op *out)
{
	json_t *object = (json_t *)(uintptr_t)json;
	struct connector_header *headers =
	    arena_array(r->arena, HEADERS_MAX, sizeof *headers);
	enum stw_code rc = STW_OK;

	if (json == NULL)
		return STW_OK;
	out->headers = headers;
	read_enter(r, "headers", 0);
	if (!json_is_object(json))
		return read_fail(r, FAULT_OBJECT, NULL, NULL);
	if (json_object_size(json) > HEADERS_MAX)
		return read_fail(r, FAULT_NUMBER, "0", "16");
	for (void *at = json_object_iter(object); at != NULL && rc == STW_OK;
	     at = json_object_iter_next(object, at)) {
		struct connector_header *header = &headers[out->nheaders++];

		header->name = arena_strdup(r->arena, json_object_iter_key(at));
		if (!header_name_ok(header->name))
			return read_fail(r, FAULT_HEADER, header->name, NULL);
		rc = text_template(r, json, header->name, &header->value);
	}
	if (rc == STW_OK)
		read_leave(r);
	return rc;
}

/* ---- what answers mean ------------------------------------------------------------------ */
static enum stw_code
rule_member(struct reader *r, const json_t *object, const char *key, bool want_bool,
    const struct rule **out)
{
	const json_t *json = json_object_get(object, key);
	enum stw_code rc;

	if (json == NULL)
		return STW_OK;
	read_enter(r, key, 0);
	if (!json_is_string(json))
		return read_fail(r, FAULT_TEXT, "4000", NULL);
	rc = read_rule(r, r->answer_env,
	    (struct str){json_string_value(json), json_string_length(json)}, want_bool,
	    out);
	if (rc == STW_OK)
		read_leave(r);
	return rc;
}

static enum stw_code
case_read(struct reader *r, const json_t *json, enum connector_op_kind op,
    struct connector_case *out)
{
	static const char *const known[] = {"when", "verdict", "remote_id", NULL};
	const char *words[CONNECTOR_VERDICTS];
	int verdict, count = op == CONNECTOR_STATUS ? 6 : 5;
	enum stw_code rc = read_keys(r, json, known);

	for (int i = 0; i < CONNECTOR_VERDICTS; i++)
		words[i] = connector_verdict_name((enum connector_verdict)i);
	if (rc == STW_OK && json_object_get(json, "when") == NULL)
		rc = read_fail(r, FAULT_MISSING, "when", NULL);
	if (rc == STW_OK)
		rc = rule_member(r, json, "when", true, &out->when);
	if (rc == STW_OK)
		rc = read_word(r, json, "verdict", words, count, &verdict);
	if (rc == STW_OK)
		rc = rule_member(r, json, "remote_id", false, &out->remote_id);
	if (rc == STW_OK)
		out->verdict = (enum connector_verdict)verdict;
	return rc;
}

static enum stw_code
cases_read(struct reader *r, const json_t *json, enum connector_op_kind op,
    struct connector_op *out)
{
	size_t count = json_array_size(json);
	struct connector_case *cases;
	enum stw_code rc = STW_OK;

	if (json == NULL)
		return STW_OK;
	read_enter(r, "answers", 0);
	if (count == 0)
		return read_fail(r, FAULT_LIST, NULL, NULL);
	if (count > CASES_MAX)
		return read_fail(r, FAULT_NUMBER, "1", "32");
	cases = arena_array(r->arena, count, sizeof *cases);
	for (size_t i = 0; i < count && rc == STW_OK; i++) {
		read_enter(r, NULL, i);
		rc = case_read(r, json_array_get(json, i), op, &cases[i]);
		if (rc == STW_OK)
			read_leave(r);
	}
	out->cases = cases;
	out->ncases = (int)count;
	if (rc == STW_OK)
		read_leave(r);
	return rc;
}

/* ---- the request ------------------------------------------------------------------------- */
/* A form's values are what a text can hold. */
static bool
form_ok(const struct connector_template *t)
{
	if (t->kind != TEMPLATE_OBJECT)
		return false;
	for (int i = 0; i < t->count; i++) {
		const struct connector_template *item = t->items[i];

		if (item->kind == TEMPLATE_OBJECT || item->kind == TEMPLATE_LIST ||
		    item->kind == TEMPLATE_TASKS ||
		    (item->kind == TEMPLATE_FIXED &&
			(item->fixed[0] == '{' || item->fixed[0] == '[')))
			return false;
	}
	return true;
}

static enum stw_code
body_read(struct reader *r, const json_t *json, enum connector_op_kind op,
    struct connector_op *out)
{
	const json_t *body = json_object_get(json, "body");
	bool tasks = r->uses_tasks;
	enum stw_code rc;

	if (out->content == CONNECTOR_NO_BODY && body == NULL)
		return STW_OK;
	if (body == NULL)
		return read_fail(r, FAULT_MISSING, "body", NULL);
	read_enter(r, "body", 0);
	if (out->content == CONNECTOR_NO_BODY)
		return read_fail(r, FAULT_BODY, NULL, NULL);
	rc = read_template(r, body, &out->body);
	if (rc != STW_OK)
		return rc;
	if (out->content == CONNECTOR_FORM && !form_ok(out->body))
		return read_fail(r, FAULT_FORM, NULL, NULL);
	if (op != CONNECTOR_OFFER && r->uses_tasks != tasks)
		return read_fail(r, FAULT_TASKS, NULL, NULL);
	read_leave(r);
	return STW_OK;
}

/* A path is in the log of every proxy: no number goes there. */
static enum stw_code
path_read(struct reader *r, const json_t *json, struct connector_op *out)
{
	bool before = r->uses_phone;
	enum stw_code rc;

	r->uses_phone = false;
	rc = text_template(r, json, "path", &out->path);
	if (rc == STW_OK && r->uses_phone)
		rc = read_fail(r, FAULT_PHONE_PATH, NULL, NULL);
	r->uses_phone = before;
	return rc;
}

static enum stw_code
content_read(struct reader *r, const json_t *json, struct connector_op *out)
{
	static const char *const words[] = {"none", "json", "form"};
	static const char *const types[] = {NULL, "application/json; charset=utf-8",
	    "application/x-www-form-urlencoded"};
	int content = 0;
	enum stw_code rc = read_word(r, json, "content", words, 3, &content);

	if (rc != STW_OK)
		return rc;
	out->content = (enum connector_content)content;
	rc = read_text(r, json, "content_type", false, &out->content_type);
	for (const char *c = out->content_type; rc == STW_OK && c != NULL && *c != '\0';
	     c++)
		if (*c < 0x20 || *c > 0x7e)
			rc = read_fail(r, FAULT_HEADER, "content_type", NULL);
	if (rc == STW_OK && out->content_type == NULL)
		out->content_type = types[content];
	return rc;
}

enum stw_code
read_operation(struct reader *r, const json_t *json, enum connector_op_kind op,
    struct connector_op *out)
{
	static const char *const known[] = {"method", "path", "content", "content_type",
	    "headers", "body", "answers", NULL};
	static const char *const methods[] = {"POST", "PUT", "PATCH", "DELETE", "GET"};
	int method = 0;
	enum stw_code rc;

	if (json == NULL)
		return STW_OK;
	read_enter(r, connector_op_name(op), 0);
	r->uses_remote_id = false;
	rc = read_keys(r, json, known);
	if (rc == STW_OK)
		rc = read_word(r, json, "method", methods, 5, &method);
	if (rc == STW_OK && json_object_get(json, "path") == NULL)
		rc = read_fail(r, FAULT_MISSING, "path", NULL);
	if (rc == STW_OK)
		rc = path_read(r, json, out);
	if (rc == STW_OK)
		rc = content_read(r, json, out);
	if (rc == STW_OK)
		rc = headers_read(r, json_object_get(json, "headers"), out);
	if (rc == STW_OK)
		rc = body_read(r, json, op, out);
	out->needs_remote_id = r->uses_remote_id;
	if (rc == STW_OK)
		rc = cases_read(r, json_object_get(json, "answers"), op, out);
	if (rc != STW_OK)
		return rc;
	out->method = methods[method];
	read_leave(r);
	return STW_OK;
}

/* ---- examples ---------------------------------------------------------------------------------- */
static struct str
json_text(struct reader *r, const json_t *json)
{
	char *text = json_is_string(json)
			 ? NULL
			 : json_dumps(json, JSON_COMPACT | JSON_ENCODE_ANY);
	const char *copy =
	    arena_strdup(r->arena, text != NULL ? text : json_string_value(json));

	free(text);
	return str_of(copy);
}

/* Empty where the queue's address is all. */
static enum stw_code
example_path(struct reader *r, const json_t *json, const char **out)
{
	read_enter(r, "path", 0);
	if (!json_is_string(json))
		return read_fail(r, FAULT_TEXT, "4000", NULL);
	*out = arena_strdup(r->arena, json_string_value(json));
	read_leave(r);
	return STW_OK;
}

static enum stw_code
example_read(struct reader *r, const json_t *json, struct connector_example *out)
{
	static const char *const known[] = {"name", "operation", "path", "body",
	    "status", "answer", "verdict", "remote_id", NULL};
	const char *ops[CONNECTOR_OPS], *words[CONNECTOR_VERDICTS];
	int op = 0, verdict = 0;
	enum stw_code rc = read_keys(r, json, known);

	for (int i = 0; i < CONNECTOR_OPS; i++)
		ops[i] = connector_op_name((enum connector_op_kind)i);
	for (int i = 0; i < CONNECTOR_VERDICTS; i++)
		words[i] = connector_verdict_name((enum connector_verdict)i);
	if (rc == STW_OK)
		rc = read_text(r, json, "name", true, &out->name);
	if (rc == STW_OK)
		rc = read_word(r, json, "operation", ops, CONNECTOR_OPS, &op);
	if (rc == STW_OK && r->to->ops[op].method == NULL)
		rc = read_fail(r, FAULT_MISSING, ops[op], NULL);
	if (rc == STW_OK && json_object_get(json, "path") != NULL)
		rc = example_path(r, json_object_get(json, "path"), &out->expect_path);
	if (rc == STW_OK)
		rc = read_int(r, json, "status", 0, 599, &out->status);
	if (rc == STW_OK)
		rc = read_word(r, json, "verdict", words, CONNECTOR_VERDICTS, &verdict);
	if (rc == STW_OK)
		rc = read_text(r, json, "remote_id", false, &out->remote_id);
	if (rc != STW_OK)
		return rc;
	if (json_object_get(json, "body") != NULL)
		out->expect_body = json_text(r, json_object_get(json, "body"));
	if (json_object_get(json, "answer") != NULL)
		out->answer = json_text(r, json_object_get(json, "answer"));
	out->op = (enum connector_op_kind)op;
	out->verdict = (enum connector_verdict)verdict;
	return STW_OK;
}

enum stw_code
read_examples(struct reader *r, const json_t *json)
{
	size_t count = json_array_size(json);
	struct connector_example *examples;
	enum stw_code rc = STW_OK;

	if (json == NULL)
		return STW_OK;
	read_enter(r, "examples", 0);
	if (count == 0)
		return read_fail(r, FAULT_LIST, NULL, NULL);
	if (count > EXAMPLES_MAX)
		return read_fail(r, FAULT_NUMBER, "1", "32");
	examples = arena_array(r->arena, count, sizeof *examples);
	for (size_t i = 0; i < count && rc == STW_OK; i++) {
		read_enter(r, NULL, i);
		rc = example_read(r, json_array_get(json, i), &examples[i]);
		if (rc == STW_OK)
			read_leave(r);
	}
	r->to->examples = examples;
	r->to->nexamples = (int)count;
	if (rc == STW_OK)
		read_leave(r);
	return rc;
}
