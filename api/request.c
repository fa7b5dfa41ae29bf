#include "api/request.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <microhttpd.h>

#include "api/messages.h"
#include "engine/doubles_json.h"
#include "engine/log.h"

/* ---- reading ------------------------------------------------------------------------ */
const char *
api_query(struct api_request *req, const char *name)
{
	return MHD_lookup_connection_value(
	    req->connection, MHD_GET_ARGUMENT_KIND, name);
}

const char *
api_header(struct api_request *req, const char *name)
{
	return MHD_lookup_connection_value(req->connection, MHD_HEADER_KIND, name);
}

static bool
bad_query(struct api_request *req, const char *name, const char *want)
{
	api_problem(
	    req, 400, "INVALID_REQUEST", NULL, "query parameter %s: %s", name, want);
	return false;
}

static bool
parse_i64(const char *text, int64_t *out)
{
	char *end;
	long long v;

	errno = 0;
	v = strtoll(text, &end, 10);
	if (end == text || *end != '\0' || errno != 0)
		return false;
	*out = v;
	return true;
}

bool
api_query_i64(struct api_request *req, const char *name, int64_t fallback, int64_t *out)
{
	const char *text = api_query(req, name);

	*out = fallback;
	if (text == NULL || parse_i64(text, out))
		return true;
	return bad_query(req, name, "a whole number is wanted");
}

bool
api_limit(struct api_request *req, int *out)
{
	int64_t v;

	if (!api_query_i64(req, "limit", PAGE_DEFAULT, &v))
		return false;
	if (v < 1 || v > PAGE_MAX)
		return bad_query(req, "limit", "a number from 1 to 500 is wanted");
	*out = (int)v;
	return true;
}

bool
api_query_bool(struct api_request *req, const char *name, bool *out)
{
	const char *text = api_query(req, name);

	*out = false;
	if (text == NULL || strcmp(text, "false") == 0)
		return true;
	*out = strcmp(text, "true") == 0;
	return *out ? true : bad_query(req, name, "true or false is wanted");
}

bool
api_query_time(
    struct api_request *req, const char *name, stw_usec fallback, stw_usec *out)
{
	const char *text = api_query(req, name);

	*out = fallback;
	if (text == NULL || stw_usec_parse(str_of(text), out) == STW_OK)
		return true;
	return bad_query(req, name, "an instant like 2026-11-23T02:00:00Z is wanted");
}

bool
api_path_uuid(struct api_request *req, int i, struct uuid *out)
{
	if (uuid_parse(str_of(req->match.params[i]), out) == STW_OK)
		return true;
	api_problem(req, 404, "NOT_FOUND", NULL, "nothing has the id in the path");
	return false;
}

bool
api_path_i64(struct api_request *req, int i, int64_t *out)
{
	if (parse_i64(req->match.params[i], out) && *out > 0)
		return true;
	api_problem(req, 404, "NOT_FOUND", NULL, "nothing has the number in the path");
	return false;
}

/* ---- members of the body ------------------------------------------------------------ */
static bool
bad_member(struct api_request *req, const char *name, const char *want)
{
	char pointer[80];

	(void)snprintf(pointer, sizeof pointer, "/%s", name);
	api_problem(req, 400, "INVALID_REQUEST", pointer, "%s: %s", name, want);
	return false;
}

static bool
text_clean(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];

		if ((c < 0x20 && c != '\t' && c != '\n') || c == 0x7f)
			return false;
	}
	return true;
}

bool
api_body_text(struct api_request *req, const char *name, size_t max, bool required,
    const char **out)
{
	json_t *v = json_object_get(req->json, name);
	size_t len;

	*out = NULL;
	if (v == NULL || json_is_null(v))
		return required ? bad_member(req, name, "is missing") : true;
	if (!json_is_string(v))
		return bad_member(req, name, "a text is wanted");
	len = json_string_length(v);
	if (len < 1 || len > max)
		return bad_member(req, name, "is empty or too long");
	if (!text_clean(json_string_value(v), len))
		return bad_member(req, name, "holds control characters");
	*out = arena_strndup(&req->arena, json_string_value(v), len);
	return true;
}

bool
api_body_time(
    struct api_request *req, const char *name, stw_usec fallback, stw_usec *out)
{
	json_t *v = json_object_get(req->json, name);

	*out = fallback;
	if (v == NULL || json_is_null(v))
		return true;
	if (json_is_string(v) &&
	    stw_usec_parse(str_of(json_string_value(v)), out) == STW_OK)
		return true;
	return bad_member(req, name, "an instant like 2026-11-23T02:00:00Z is wanted");
}

bool
api_body_texts(struct api_request *req, const char *name, size_t most, size_t max,
    const char *const **out, size_t *count)
{
	json_t *list = json_object_get(req->json, name), *one;
	const char **texts;
	size_t i;

	*out = NULL;
	*count = 0;
	if (list == NULL || json_is_null(list))
		return true;
	if (!json_is_array(list) || json_array_size(list) > most)
		return bad_member(
		    req, name, "a list of texts is wanted, not that long");
	texts = arena_array(&req->arena, json_array_size(list), sizeof *texts);
	json_array_foreach(list, i, one)
	{
		size_t len = json_string_length(one);

		if (!json_is_string(one) || len < 1 || len > max ||
		    !text_clean(json_string_value(one), len))
			return bad_member(req, name, "holds what is no such text");
		texts[i] = arena_strndup(&req->arena, json_string_value(one), len);
	}
	*out = texts;
	*count = json_array_size(list);
	return true;
}

bool
api_body_int(struct api_request *req, const char *name, int least, int most,
    int fallback, int *out)
{
	json_t *v = json_object_get(req->json, name);

	*out = fallback;
	if (v == NULL || json_is_null(v))
		return true;
	if (!json_is_integer(v) || json_integer_value(v) < least ||
	    json_integer_value(v) > most)
		return bad_member(req, name,
		    arena_printf(&req->arena, "a whole number from %d to %d is wanted",
			least, most));
	*out = (int)json_integer_value(v);
	return true;
}

bool
api_body_bool(struct api_request *req, const char *name, bool fallback, bool *out)
{
	json_t *v = json_object_get(req->json, name);

	*out = fallback;
	if (v == NULL || json_is_null(v))
		return true;
	if (!json_is_boolean(v))
		return bad_member(req, name, "true or false is wanted");
	*out = json_is_true(v);
	return true;
}

bool
api_body_only(struct api_request *req, const char *const *names)
{
	const char *key;
	json_t *value;

	json_object_foreach(req->json, key, value)
	{
		bool known = false;

		(void)value;
		for (int i = 0; names[i] != NULL; i++)
			known = known || strcmp(names[i], key) == 0;
		if (!known) {
			char name[64];

			(void)snprintf(name, sizeof name, "%.60s", key);
			return bad_member(req, name, "there is no such member");
		}
	}
	return true;
}

/* ---- answering ---------------------------------------------------------------------- */
static int
append(const char *data, size_t len, void *to)
{
	buf_add(to, data, len);
	return 0;
}

static void
answer(struct api_request *req, int status, const char *type, json_t *value)
{
	buf_clear(&req->answer);
	STW_ASSERT(value != NULL);
	STW_ASSERT(json_dump_callback(value, append, &req->answer, JSON_COMPACT) == 0);
	req->answer.len = json_doubles_shorten(req->answer.data, req->answer.len);
	req->answer.data[req->answer.len] = '\0';
	json_decref(value);
	req->status = status;
	req->content_type = type;
}

void
api_reply(struct api_request *req, int status, json_t *value)
{
	const json_t *items = json_object_get(value, "items");

	req->rows = json_is_array(items) ? (int64_t)json_array_size(items) : -1;
	if ((req->route->flags & ROUTE_ETAG) != 0) {
		const char *hash = json_string_value(json_object_get(value, "hash"));

		if (hash != NULL)
			req->etag = arena_strdup(&req->arena, hash);
	}
	if ((req->route->flags & ROUTE_OPERATION) != 0 && status == 202) {
		const char *id = json_string_value(json_object_get(value, "id"));

		STW_ASSERT(id != NULL);
		req->operation = arena_strdup(&req->arena, id);
	}
	answer(req, status, "application/json", value);
}

struct status_text {
	int status;
	const char *en, *zh;
};

static const struct status_text titles[] = {
    {400, "The request has a fault", "请求有误"},
    {401, "A valid token is needed", "需要有效的令牌"},
    {403, "Not for this role", "当前角色无权执行"},
    {404, "Not found", "未找到"},
    {405, "Not this method", "不支持该方法"},
    {406, "No such representation", "没有该表示形式"},
    {409, "Conflict with the present state", "与当前状态冲突"},
    {412, "It has changed since you read it", "读取之后已被修改"},
    {413, "The request is too large", "请求过大"},
    {415, "JSON is wanted", "需要 JSON"},
    {422, "The key was used for another request", "该键已用于另一请求"},
    {428, "If-Match is needed", "需要 If-Match"},
    {410, "Erased", "已删除"},
    {429, "Too much for now", "超出当前限额"},
    {500, "A fault in the server", "服务器故障"},
    {503, "Try again later", "稍后重试"},
};

void
api_put_message(json_t *to, const char *key, const char *text)
{
	char key_zh[32];
	struct buf zh;

	json_put(to, key, json_text(text));
	(void)snprintf(key_zh, sizeof key_zh, "%s_zh", key);
	buf_init(&zh);
	if (api_message_zh(str_of(text), &zh) &&
	    utf8_valid((struct str){zh.data, zh.len}))
		json_put(to, key_zh, json_text(zh.data));
	buf_fini(&zh);
}

static void
problem(struct api_request *req, int status, const char *code, const char *detail,
    json_t *errors)
{
	const struct status_text *title = &titles[0];
	json_t *value = json_object();
	char type[128];
	size_t n;

	for (size_t i = 0; i < STW_ARRAY_LEN(titles); i++)
		if (titles[i].status == status)
			title = &titles[i];
	n = (size_t)snprintf(type, sizeof type, "urn:steward:problem:%s", code);
	for (size_t i = 0; i < n && i < sizeof type; i++)
		type[i] = type[i] == '_' ? '-'
			  : type[i] >= 'A' && type[i] <= 'Z'
			      ? (char)(type[i] - 'A' + 'a')
			      : type[i];
	json_put(value, "type", json_text(type));
	json_put(value, "title", json_text(req->zh ? title->zh : title->en));
	json_put(value, "status", json_integer(status));
	json_put(value, "code", json_text(code));
	api_put_message(value, "detail", detail);
	json_put(value, "instance", json_text(req->path));
	json_put(value, "trace_id", json_text(req->trace_id));
	json_put(value, "retryable", json_boolean(status == 503 || status == 429));
	if (errors != NULL)
		json_put(value, "errors", errors);
	req->etag = NULL;
	req->operation = NULL;
	answer(req, status, "application/problem+json", value);
}

static json_t *
error_list(const char *pointer, const char *detail, int line, int column)
{
	json_t *list = json_array(), *one = json_object();

	json_put(one, "pointer", json_text(pointer));
	api_put_message(one, "detail", detail);
	if (line > 0) {
		json_put(one, "line", json_integer(line));
		json_put(one, "column", json_integer(column));
	}
	json_push(list, one);
	return list;
}

void
api_problem(struct api_request *req, int status, const char *code, const char *pointer,
    const char *fmt, ...)
{
	char detail[600];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(detail, sizeof detail, fmt, ap);
	va_end(ap);
	/* A cut may have gone through a character. */
	while (!utf8_valid(str_of(detail)))
		detail[strlen(detail) - 1] = '\0';
	problem(req, status, code, detail,
	    pointer != NULL ? error_list(pointer, detail, 0, 0) : NULL);
}

/* "/audience: text" or "/step/queue text": the pointer in front, if there is one. */
static const char *
leading_pointer(struct api_request *req, const char *text)
{
	size_t len;

	if (text[0] != '/')
		return NULL;
	len = strcspn(text, ": ,");
	return arena_strndup(&req->arena, text, len);
}

static void
fail_invalid(struct api_request *req, const struct stw_err *err)
{
	const char *pointer = leading_pointer(req, err->text);
	char detail[sizeof err->text + 32];

	if (err->line > 0)
		(void)snprintf(detail, sizeof detail, "%d:%d: %s", err->line,
		    err->column, err->text);
	else
		(void)snprintf(detail, sizeof detail, "%s", err->text);
	while (!utf8_valid(str_of(detail)))
		detail[strlen(detail) - 1] = '\0';
	problem(req, 400, "INVALID_REQUEST", detail,
	    pointer != NULL || err->line > 0
		? error_list(
		      pointer != NULL ? pointer : "", detail, err->line, err->column)
		: NULL);
}

void
api_fail(struct api_request *req, enum stw_code rc, const struct stw_err *err)
{
	switch (rc) {
	case STW_OK:
		STW_ASSERT(rc != STW_OK);
		return;
	case STW_INVALID:
		fail_invalid(req, err);
		return;
	case STW_NOT_FOUND:
		api_problem(req, 404, "NOT_FOUND", NULL, "%s", err->text);
		return;
	case STW_CONFLICT:
		api_problem(req, 409, "CONFLICT", NULL, "%s", err->text);
		return;
	case STW_DENIED:
		api_problem(req, 403, "FORBIDDEN", NULL, "%s", err->text);
		return;
	case STW_TEMPFAIL:
		log_event(LOG_WARN, "request_tempfail", "trace=%s text=\"%s\"",
		    req->trace_id, err->text);
		api_problem(req, 503, "TRY_AGAIN", NULL,
		    "the work could not be done now; send the same request again, with the "
		    "same Idempotency-Key if it had one");
		req->retry_later = true;
		return;
	case STW_BUG:
		break;
	}
	log_event(LOG_ERROR, "request_failed", "trace=%s text=\"%s\"", req->trace_id,
	    err->text);
	api_problem(req, 500, "INTERNAL", NULL,
	    "a fault in the server; the log has it under the trace id");
}

/* ---- JSON of common things ------------------------------------------------------------ */
void
json_put(json_t *object, const char *key, json_t *value)
{
	STW_ASSERT(json_object_set_new(object, key, value) == 0);
}

void
json_push(json_t *array, json_t *value)
{
	STW_ASSERT(json_array_append_new(array, value) == 0);
}

json_t *
json_str(struct str text)
{
	json_t *v = json_stringn(text.ptr, text.len);

	return v != NULL ? v : json_string("?");
}

json_t *
json_text(const char *text)
{
	return text == NULL ? json_null() : json_str(str_of(text));
}

json_t *
json_time(stw_usec at)
{
	char text[STW_USEC_TEXT];

	if (at == STW_USEC_MAX || at == STW_USEC_NEVER || at == INT64_MIN)
		return json_null();
	return json_string(stw_usec_format(at, text));
}

json_t *
json_day_or_null(stw_day day)
{
	char text[STW_DAY_TEXT];

	if (day == INT32_MIN)
		return json_null();
	return json_string(stw_day_format(day, text));
}

json_t *
json_id(int64_t id)
{
	char text[24];

	(void)snprintf(text, sizeof text, "%lld", (long long)id);
	return json_string(text);
}

json_t *
json_positive(int64_t v)
{
	return v > 0 ? json_integer(v) : json_null();
}

json_t *
json_money(int64_t minor, const char *currency)
{
	uint64_t abs = minor < 0 ? 0 - (uint64_t)minor : (uint64_t)minor;
	json_t *v = json_object();
	char text[32];

	(void)snprintf(text, sizeof text, "%s%llu.%02llu", minor < 0 ? "-" : "",
	    (unsigned long long)(abs / 100), (unsigned long long)(abs % 100));
	json_put(v, "amount", json_string(text));
	json_put(v, "currency", json_text(currency));
	return v;
}

json_t *
json_names(const char *zh, const char *en)
{
	json_t *v = json_object();

	json_put(v, "zh", json_text(zh != NULL ? zh : ""));
	json_put(v, "en", json_text(en != NULL ? en : ""));
	return v;
}

json_t *
json_uuid(const struct uuid *id)
{
	char text[UUID_TEXT];

	return json_string(uuid_format(id, text));
}

json_t *
json_texts(const char *const *texts, size_t count)
{
	json_t *v = json_array();

	for (size_t i = 0; i < count; i++)
		json_push(v, json_text(texts[i]));
	return v;
}
