#include "api/connect/connect_request.h"

#include <stdlib.h>
#include <string.h>

#include "api/connect/connect_priv.h"
#include "api/json_brief.h"

#define LINES_MAX 32
#define URL_MAX   2000

void
header_add(struct header_list *list, const char *line, bool secret)
{
	STW_ASSERT(list->count < list->room);
	list->secret[list->count] = secret;
	list->lines[list->count++] = line;
}

static enum stw_code
url_make(const struct connect_call *call, const struct connector_op *op,
    struct scope *scope, struct arena *arena, const char **out, struct stw_err *err)
{
	struct buf url;
	bool has;
	enum stw_code rc;

	buf_init(&url);
	buf_add_c(&url, call->url);
	rc = template_text(op->path, scope, ESCAPE_PATH, &url, &has, err);
	if (rc == STW_OK && url.len > URL_MAX)
		rc = stw_fail(err, STW_INVALID,
		    "%s: the address is longer than %d bytes", op->path->pointer,
		    URL_MAX);
	for (size_t i = 0; rc == STW_OK && i < url.len; i++)
		if (url.data[i] <= 0x20 || url.data[i] > 0x7e)
			rc = stw_fail(err, STW_INVALID,
			    "%s: the address has a blank or a character beyond ASCII",
			    op->path->pointer);
	if (rc == STW_OK)
		*out = arena_strndup(arena, url.data, url.len);
	buf_fini(&url);
	return rc;
}

static enum stw_code
headers_make(const struct connector_op *op, struct scope *scope, struct arena *arena,
    struct header_list *to, struct stw_err *err)
{
	for (int i = 0; i < op->nheaders; i++) {
		const struct connector_header *header = &op->headers[i];
		struct buf value;
		bool has = true;
		enum stw_code rc;

		buf_init(&value);
		rc =
		    template_text(header->value, scope, ESCAPE_NONE, &value, &has, err);
		for (size_t c = 0; rc == STW_OK && c < value.len; c++)
			if ((unsigned char)value.data[c] < 0x20 ||
			    (unsigned char)value.data[c] == 0x7f)
				rc = stw_fail(err, STW_INVALID,
				    "%s: the header would have a control character",
				    header->value->pointer);
		if (rc == STW_OK && has)
			header_add(to,
			    arena_printf(arena, "%s: %.*s", header->name,
				(int)value.len, value.len > 0 ? value.data : ""),
			    false);
		buf_fini(&value);
		if (rc != STW_OK)
			return rc;
	}
	return STW_OK;
}

/* ---- bodies ------------------------------------------------------------------------------- */
static void
form_add(struct buf *to, const char *name, const json_t *value)
{
	char *text =
	    json_is_string(value) ? NULL : json_dumps_brief(value, JSON_ENCODE_ANY);

	if (to->len > 0)
		buf_add_char(to, '&');
	percent_encode(str_of(name), to);
	buf_add_char(to, '=');
	percent_encode(str_of(text != NULL ? text : json_string_value(value)), to);
	free(text);
}

static void
form_write(json_t *object, struct buf *to)
{
	const char *name;
	json_t *value;

	json_object_foreach(object, name, value) if (!json_is_null(value))
	    form_add(to, name, value);
}

static enum stw_code
body_make(const struct connect_call *call, const struct connector_op *op,
    struct scope *scope, struct arena *arena, struct str *out, struct stw_err *err)
{
	json_t *json = NULL;
	struct buf text;
	enum stw_code rc;

	*out = (struct str){NULL, 0};
	if (op->content == CONNECTOR_NO_BODY)
		return STW_OK;
	rc = template_json(op->body, call, scope, &json, err);
	if (rc != STW_OK)
		return rc;
	buf_init(&text);
	if (json != NULL && op->content == CONNECTOR_FORM) {
		form_write(json, &text);
	} else if (json != NULL) {
		char *dumped = json_dumps_brief(json, JSON_COMPACT | JSON_ENCODE_ANY);

		STW_ASSERT(dumped != NULL);
		buf_add_c(&text, dumped);
		free(dumped);
	}
	*out = (struct str){
	    arena_strndup(arena, text.len > 0 ? text.data : "", text.len), text.len};
	buf_fini(&text);
	json_decref(json);
	return STW_OK;
}

static struct header_list
list_make(struct arena *arena)
{
	return (struct header_list){
	    .lines = arena_array(arena, LINES_MAX + 1, sizeof(const char *)),
	    .secret = arena_array(arena, LINES_MAX + 1, sizeof(bool)),
	    .room = LINES_MAX,
	};
}

enum stw_code
connect_request_make(const struct connect_call *call, struct arena *arena,
    struct connect_request *out, struct stw_err *err)
{
	const struct connector_op *op = &call->connector->ops[call->op];
	struct header_list list = list_make(arena);
	struct scope scope;
	enum stw_code rc;

	memset(out, 0, sizeof *out);
	STW_ASSERT(call->ntasks > 0);
	if (op->method == NULL)
		return stw_fail(err, STW_INVALID, "connector %s has no %s",
		    call->connector->name, connector_op_name(call->op));
	scope_init(&scope, call, &call->tasks[0], arena);
	out->method = op->method;
	rc = url_make(call, op, &scope, arena, &out->url, err);
	if (rc == STW_OK)
		rc = body_make(call, op, &scope, arena, &out->body, err);
	if (rc == STW_OK && op->content_type != NULL)
		header_add(&list,
		    arena_printf(arena, "Content-Type: %s", op->content_type), false);
	if (rc == STW_OK)
		rc = auth_headers(
		    call, out, op->content_type, &scope, arena, &list, err);
	if (rc == STW_OK)
		rc = headers_make(op, &scope, arena, &list, err);
	out->headers = list.lines;
	out->secret = list.secret;
	return rc;
}

struct connect_task
connect_sample_task(stw_usec now)
{
	return (struct connect_task){
	    .id = "7e57ab1e-0000-4000-8000-000000000001",
	    .key = "7e57ab1e-0000-4000-8000-000000000001",
	    .campaign = "connector_test",
	    .campaign_version = 1,
	    .step = "call",
	    .occurrence = "test",
	    .customer = "TEST-0000",
	    .mask = "000****0000",
	    .phone = "+8600000000000",
	    .channel = "voice",
	    .handler = "agent",
	    .purpose = "service_notice",
	    .script = "connector_test",
	    .script_version = 1,
	    .number = "+8600000000001",
	    .number_id = 1,
	    .priority = 100,
	    .not_before = now,
	    .not_after = now + STW_USEC_HOUR,
	    .decision = "7e57ab1e-0000-4000-8000-000000000002",
	    .decision_sha256 =
		"0000000000000000000000000000000000000000000000000000000000000000",
	    .valid_until = now + STW_USEC_HOUR,
	    .fence = 1,
	    .reason = "test",
	    .remote_id = "TEST-REMOTE-ID",
	};
}
