#include "engine/rule_value_json.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>
#include <sodium.h>

#include "engine/doubles_json.h"
#include "engine/rule_messages.h"
#include "engine/rule_priv.h"

#define VALUE_DEPTH 64
#define VARS_MAX    1024

/* ---- values out ---------------------------------------------------------------------- */
static json_t *value_to_json(const struct rule_value *v);

static json_t *
text_json(struct buf *text)
{
	json_t *json = json_stringn(text->len > 0 ? text->data : "", text->len);

	buf_fini(text);
	return json;
}

static json_t *
bytes_json(struct str bytes)
{
	size_t cap =
	    sodium_base64_encoded_len(bytes.len, sodium_base64_VARIANT_ORIGINAL);
	char *text = stw_xalloc(cap);
	json_t *json;

	(void)sodium_bin2base64(text, cap, (const unsigned char *)bytes.ptr, bytes.len,
	    sodium_base64_VARIANT_ORIGINAL);
	json = json_string(text);
	free(text);
	return json;
}

static json_t *
list_json(const struct rule_list *list)
{
	json_t *json = json_array();

	for (size_t i = 0; i < list->count; i++) {
		struct rule_value item;

		list_get(list, i, &item);
		STW_ASSERT(json_array_append_new(json, value_to_json(&item)) == 0);
	}
	return json;
}

static json_t *
map_json(const struct rule_map *map)
{
	json_t *json = json_array();

	for (size_t i = 0; i < map->count; i++) {
		json_t *entry = json_pack("[o, o]", value_to_json(&map->entries[i].key),
		    value_to_json(&map->entries[i].value));

		STW_ASSERT(json_array_append_new(json, entry) == 0);
	}
	return json;
}

static json_t *
money_json(const struct rule_value *v)
{
	struct buf text;

	buf_init(&text);
	money_format(v->money.minor, v->money.currency, &text);
	return json_pack(
	    "{s: o, s: s}", "amount", text_json(&text), "currency", v->money.currency);
}

/* As the language's own text: ints, days, instants. */
static json_t *
plain_json(const struct rule_value *v)
{
	char day[STW_DAY_TEXT];
	struct buf text;

	buf_init(&text);
	if (v->kind == RULE_V_INT)
		buf_printf(&text, "%lld", (long long)v->i);
	else if (v->kind == RULE_V_UINT)
		buf_printf(&text, "%llu", (unsigned long long)v->u);
	else if (v->kind == RULE_V_DOUBLE)
		double_format(v->d, &text);
	else if (v->kind == RULE_V_TIMESTAMP)
		timestamp_format(v, &text);
	else if (v->kind == RULE_V_DURATION)
		duration_format(v, &text);
	else if (v->kind == RULE_V_DATE)
		buf_add_c(&text, stw_day_format((stw_day)v->i, day));
	else
		rule_value_print(v, &text); /* records and segments */
	return text_json(&text);
}

static json_t *
content_json(const struct rule_value *v)
{
	switch (v->kind) {
	case RULE_V_BOOL:
		return json_boolean(v->b);
	case RULE_V_DOUBLE:
		return isfinite(v->d) ? json_real(v->d) : plain_json(v);
	case RULE_V_STRING:
	case RULE_V_TYPE:
		return json_stringn(v->s.ptr, v->s.len);
	case RULE_V_BYTES:
		return bytes_json(v->s);
	case RULE_V_MONEY:
		return money_json(v);
	case RULE_V_LIST:
		return list_json(&v->list);
	case RULE_V_MAP:
		return map_json(&v->map);
	case RULE_V_OPTIONAL:
		return v->opt == NULL ? json_null() : value_to_json(v->opt);
	case RULE_V_INT:
	case RULE_V_UINT:
	case RULE_V_TIMESTAMP:
	case RULE_V_DURATION:
	case RULE_V_DATE:
	case RULE_V_OBJECT:
	case RULE_V_SET:
		return plain_json(v);
	case RULE_V_NULL:
	case RULE_V_ERROR:
		break;
	}
	return json_null();
}

static json_t *
value_to_json(const struct rule_value *v)
{
	json_t *content = content_json(v);

	STW_ASSERT(content != NULL);
	return json_pack("{s: s, s: o}", "type", value_type_name(v), "value", content);
}

/* ---- values in ----------------------------------------------------------------------- */
struct reader {
	struct arena *arena;
	struct stw_err *err;
	int depth;
};

static enum stw_code read_value(
    struct reader *r, const json_t *json, struct rule_value *out);

static enum stw_code
bad_value(struct reader *r, const char *kind)
{
	return stw_fail(r->err, STW_INVALID, "not a value of type %s", kind);
}

static struct str
text_of(struct reader *r, const json_t *json)
{
	size_t len = json_string_length(json);
	const char *text = json_string_value(json);

	if (text == NULL)
		return (struct str){NULL, 0};
	return (struct str){arena_strndup(r->arena, text, len), len};
}

static bool
read_int(const json_t *json, struct rule_value *out)
{
	const char *text = json_string_value(json);
	char *end;

	if (json_is_integer(json)) {
		*out = rule_int(json_integer_value(json));
		return true;
	}
	if (text == NULL || *text == '\0' || *text == ' ')
		return false;
	errno = 0;
	*out = rule_int(strtoll(text, &end, 10));
	return errno == 0 && *end == '\0';
}

static bool
read_uint(const json_t *json, struct rule_value *out)
{
	const char *text = json_string_value(json);
	char *end;

	out->kind = RULE_V_UINT;
	if (json_is_integer(json)) {
		out->u = (uint64_t)json_integer_value(json);
		return json_integer_value(json) >= 0;
	}
	if (text == NULL || *text < '0' || *text > '9')
		return false;
	errno = 0;
	out->u = strtoull(text, &end, 10);
	return errno == 0 && *end == '\0';
}

static bool
read_double(const json_t *json, struct rule_value *out)
{
	static const char *const words[] = {"NaN", "Infinity", "-Infinity"};
	const char *text = json_string_value(json);

	if (json_is_number(json)) {
		*out = rule_double(json_number_value(json));
		return true;
	}
	for (size_t i = 0; text != NULL && i < STW_ARRAY_LEN(words); i++) {
		if (strcmp(text, words[i]) != 0)
			continue;
		*out = rule_double(i == 0   ? (double)NAN
				   : i == 1 ? (double)INFINITY
					    : -(double)INFINITY);
		return true;
	}
	return false;
}

static bool
read_bytes(struct reader *r, const json_t *json, struct rule_value *out)
{
	struct str text = text_of(r, json);
	unsigned char *bytes;
	size_t len;

	if (text.ptr == NULL)
		return false;
	bytes = arena_alloc(r->arena, text.len + 1);
	out->kind = RULE_V_BYTES;
	if (sodium_base642bin(bytes, text.len + 1, text.ptr, text.len, NULL, &len, NULL,
		sodium_base64_VARIANT_ORIGINAL) != 0)
		return false;
	out->s = (struct str){(const char *)bytes, len};
	return true;
}

static bool
read_money(struct reader *r, const json_t *json, struct rule_value *out)
{
	struct str amount = text_of(r, json_object_get(json, "amount"));
	struct str currency = text_of(r, json_object_get(json, "currency"));
	int64_t minor;

	if (amount.ptr == NULL || currency.ptr == NULL || !currency_valid(currency) ||
	    !money_parse(amount, currency.ptr, &minor))
		return false;
	*out = rule_money(minor, currency.ptr);
	return true;
}

static bool
read_date(struct reader *r, const json_t *json, struct rule_value *out)
{
	struct str text = text_of(r, json);
	stw_day day;

	if (text.ptr == NULL || stw_day_parse(text, &day) != STW_OK)
		return false;
	*out = rule_date(day);
	return true;
}

static enum stw_code
read_list(struct reader *r, const json_t *json, struct rule_value *out)
{
	size_t count = json_array_size(json);
	struct rule_value *items = arena_array(r->arena, count, sizeof *items);
	enum stw_code rc = STW_OK;

	if (!json_is_array(json))
		return bad_value(r, "list");
	for (size_t i = 0; i < count && rc == STW_OK; i++)
		rc = read_value(r, json_array_get(json, i), &items[i]);
	*out = rule_list_of(items, count);
	return rc;
}

static enum stw_code
read_map(struct reader *r, const json_t *json, struct rule_value *out)
{
	size_t count = json_array_size(json);
	struct rule_map_entry *entries;
	enum stw_code rc = STW_OK;

	if (!json_is_array(json) || count > EVAL_MAP_MAX)
		return bad_value(r, "map");
	entries = arena_array(r->arena, count, sizeof *entries);
	for (size_t i = 0; i < count && rc == STW_OK; i++) {
		const json_t *pair = json_array_get(json, i);
		const struct rule_map so_far = {i, entries};
		enum rule_value_kind kind;

		if (json_array_size(pair) != 2)
			return bad_value(r, "map");
		rc = read_value(r, json_array_get(pair, 0), &entries[i].key);
		if (rc == STW_OK)
			rc = read_value(r, json_array_get(pair, 1), &entries[i].value);
		kind = entries[i].key.kind;
		if (rc == STW_OK && ((kind != RULE_V_STRING && kind != RULE_V_INT &&
					 kind != RULE_V_UINT && kind != RULE_V_BOOL) ||
					map_find(&so_far, &entries[i].key) != NULL))
			return bad_value(r, "map");
	}
	*out = (struct rule_value){.kind = RULE_V_MAP, .map = {count, entries}};
	return rc;
}

static enum stw_code
read_optional(struct reader *r, const json_t *json, struct rule_value *out)
{
	struct rule_value *inner;

	*out = (struct rule_value){.kind = RULE_V_OPTIONAL};
	if (json_is_null(json))
		return STW_OK;
	inner = arena_alloc(r->arena, sizeof *inner);
	out->opt = inner;
	return read_value(r, json, inner);
}

static bool
read_scalar(
    struct reader *r, const char *type, const json_t *json, struct rule_value *out)
{
	struct str text = text_of(r, json);

	if (strcmp(type, "bool") == 0) {
		*out = rule_bool(json_is_true(json));
		return json_is_boolean(json);
	}
	if (strcmp(type, "int") == 0)
		return read_int(json, out);
	if (strcmp(type, "uint") == 0)
		return read_uint(json, out);
	if (strcmp(type, "double") == 0)
		return read_double(json, out);
	if (strcmp(type, "bytes") == 0)
		return read_bytes(r, json, out);
	if (strcmp(type, "money") == 0)
		return read_money(r, json, out);
	if (strcmp(type, "date") == 0)
		return read_date(r, json, out);
	if (strcmp(type, "null") == 0) {
		out->kind = RULE_V_NULL;
		return json_is_null(json);
	}
	if (text.ptr == NULL)
		return false;
	if (strcmp(type, "timestamp") == 0)
		return timestamp_parse(text, out);
	if (strcmp(type, "duration") == 0)
		return duration_parse(text, out);
	out->kind = strcmp(type, "type") == 0 ? RULE_V_TYPE : RULE_V_STRING;
	out->s = text;
	return out->kind == RULE_V_TYPE || strcmp(type, "string") == 0;
}

static enum stw_code
read_value(struct reader *r, const json_t *json, struct rule_value *out)
{
	const char *type = json_string_value(json_object_get(json, "type"));
	const json_t *value = json_object_get(json, "value");
	enum stw_code rc = STW_OK;

	*out = (struct rule_value){0};
	if (type == NULL || value == NULL)
		return stw_fail(r->err, STW_INVALID,
		    "a value is an object with \"type\" and \"value\"");
	if (++r->depth > VALUE_DEPTH)
		return stw_fail(r->err, STW_INVALID, "the value is nested too deeply");
	if (strcmp(type, "list") == 0)
		rc = read_list(r, value, out);
	else if (strcmp(type, "map") == 0)
		rc = read_map(r, value, out);
	else if (strcmp(type, "optional") == 0)
		rc = read_optional(r, value, out);
	else if (!read_scalar(r, type, value, out))
		rc = bad_value(r, type);
	r->depth--;
	return rc;
}

/* ---- the request --------------------------------------------------------------------- */
struct request {
	const json_t *json;
	struct arena *arena;
	struct stw_err *err;
	struct rule_env *env;
	struct rule_value *values; /* one a slot */
	size_t nvalues;
	stw_usec now;
	const struct zone *zone;
	bool zh; /* messages in Chinese */
};

/* All of it, unlike value_fits_type: nothing has vouched for what comes in here. */
static bool
is_of_type(const struct rule_value *v, const struct rule_type *type)
{
	if (type->kind == RULE_DYN)
		return true;
	if (v->kind != value_kind_of(type->kind))
		return false;
	if (v->kind == RULE_V_OPTIONAL)
		return v->opt == NULL || is_of_type(v->opt, type->elem);
	for (size_t i = 0; v->kind == RULE_V_LIST && i < v->list.count; i++) {
		if (!is_of_type(&v->list.items[i], type->elem))
			return false;
	}
	for (size_t i = 0; v->kind == RULE_V_MAP && i < v->map.count; i++) {
		if (!is_of_type(&v->map.entries[i].key, type->key) ||
		    !is_of_type(&v->map.entries[i].value, type->elem))
			return false;
	}
	return v->kind != RULE_V_OBJECT;
}

/* The type of a variable that is only given, not declared. */
static const struct rule_type *
type_of_value(struct arena *arena, const struct rule_value *v)
{
	const struct rule_type *dyn = rule_type_basic(RULE_DYN);

	if (v->kind == RULE_V_LIST)
		return rule_type_list(arena, dyn);
	if (v->kind == RULE_V_MAP)
		return rule_type_map(arena, dyn, dyn);
	if (v->kind == RULE_V_OPTIONAL)
		return rule_type_optional(arena, dyn);
	for (int kind = RULE_BOOL; kind <= RULE_TYPE; kind++) {
		if (value_kind_of((enum rule_kind)kind) == v->kind)
			return rule_type_basic((enum rule_kind)kind);
	}
	return dyn;
}

static enum stw_code
type_from_json(struct request *q, const json_t *json, const struct rule_type **out)
{
	*out = NULL;
	if (!json_is_string(json))
		return stw_fail(
		    q->err, STW_INVALID, "a type is a string, as in \"int\"");
	return rule_type_parse(str_of(json_string_value(json)), q->arena, out, q->err);
}

/* A variable that is declared or given or both; declared alone it is missing. */
static enum stw_code
add_variable(
    struct request *q, const char *name, const json_t *declared, const json_t *given)
{
	struct reader reader = {.arena = q->arena, .err = q->err};
	struct rule_value v = rule_missing();
	const struct rule_type *type = NULL;
	enum stw_code rc = STW_OK;

	if (declared != NULL)
		rc = type_from_json(q, declared, &type);
	if (rc == STW_OK && given != NULL)
		rc = read_value(&reader, given, &v);
	if (rc == STW_OK && given != NULL && type != NULL && !is_of_type(&v, type))
		rc = stw_fail(q->err, STW_INVALID, "not of the declared type");
	if (rc != STW_OK)
		return stw_err_prefix(q->err, rc, "%s", name);
	if (type == NULL)
		type = type_of_value(q->arena, &v);
	(void)rule_env_var(q->env, name, type);
	q->values[q->nvalues++] = v;
	return STW_OK;
}

static enum stw_code
add_variables(struct request *q)
{
	json_t *declare = json_object_get(q->json, "declare");
	json_t *vars = json_object_get(q->json, "vars");
	enum stw_code rc = STW_OK;
	const char *name;
	json_t *value;
	size_t n = json_object_size(declare) + json_object_size(vars);

	if (n > VARS_MAX || (declare != NULL && !json_is_object(declare)) ||
	    (vars != NULL && !json_is_object(vars)))
		return stw_fail(q->err, STW_INVALID,
		    "\"vars\" and \"declare\" are objects of at most %d names",
		    VARS_MAX);
	q->values = arena_array(q->arena, n, sizeof *q->values);
	json_object_foreach(declare, name, value)
	{
		rc = add_variable(q, name, value, json_object_get(vars, name));
		if (rc != STW_OK)
			return rc;
	}
	json_object_foreach(vars, name, value)
	{
		if (json_object_get(declare, name) != NULL)
			continue;
		rc = add_variable(q, name, NULL, value);
		if (rc != STW_OK)
			return rc;
	}
	return STW_OK;
}

static enum stw_code
add_function(struct request *q, const json_t *json)
{
	const char *name = json_string_value(json_object_get(json, "name"));
	const json_t *args = json_object_get(json, "args");
	const struct rule_type *types[RULE_MAX_ARGS];
	const struct rule_type *result = NULL;
	size_t n = json_array_size(args);
	enum stw_code rc;

	if (name == NULL || !json_is_array(args) || n > RULE_MAX_ARGS)
		return stw_fail(q->err, STW_INVALID,
		    "a function has \"name\", \"args\" (at most %d types) and "
		    "\"result\"",
		    RULE_MAX_ARGS);
	rc = type_from_json(q, json_object_get(json, "result"), &result);
	for (size_t i = 0; i < n && rc == STW_OK; i++)
		rc = type_from_json(q, json_array_get(args, i), &types[i]);
	if (rc == STW_OK)
		rule_env_function(q->env, name, types, (int)n, result, NULL);
	return rc;
}

static enum stw_code
read_clock(struct request *q)
{
	const char *now = json_string_value(json_object_get(q->json, "now"));
	const char *zone = json_string_value(json_object_get(q->json, "zone"));

	if (now != NULL && stw_usec_parse(str_of(now), &q->now) != STW_OK)
		return stw_fail(q->err, STW_INVALID, "\"now\" is not a timestamp");
	q->zone = zone_utc();
	return zone == NULL ? STW_OK : zone_find(zone, &q->zone, q->err);
}

static enum stw_code
read_env(struct request *q)
{
	const char *in = json_string_value(json_object_get(q->json, "container"));
	const json_t *functions = json_object_get(q->json, "functions");
	enum stw_code rc;

	q->env = rule_env_new(q->arena);
	if (in != NULL)
		rule_env_container(q->env, in);
	if (json_is_true(json_object_get(q->json, "unchecked")))
		rule_env_unchecked(q->env);
	rc = read_clock(q);
	if (rc == STW_OK)
		rc = add_variables(q);
	for (size_t i = 0; i < json_array_size(functions) && rc == STW_OK; i++)
		rc = add_function(q, json_array_get(functions, i));
	return rc;
}

/* ---- the answer ---------------------------------------------------------------------- */
static json_t *
message_json(const char *message, bool zh)
{
	json_t *json;
	struct buf text;

	buf_init(&text);
	if (!zh || message == NULL || !rule_message_zh(str_of(message), &text)) {
		buf_clear(&text);
		buf_add_c(&text, message == NULL ? "" : message);
	}
	json = json_stringn(text.len > 0 ? text.data : "", text.len);
	buf_fini(&text);
	/* A message that is not UTF-8 quotes the rule. */
	return json != NULL ? json : json_string("not UTF-8");
}

static json_t *
error_json(int line, int column, const char *message, bool missing, bool zh)
{
	json_t *error = json_pack("{s: i, s: i, s: o}", "line", line, "column", column,
	    "message", message_json(message, zh));

	if (missing)
		STW_ASSERT(json_object_set_new(error, "missing", json_true()) == 0);
	return json_pack("{s: o}", "error", error);
}

static void
append_json(json_t *json, struct buf *to)
{
	char *text = json_dumps(json, JSON_COMPACT);

	STW_ASSERT(text != NULL);
	buf_add(to, text, json_doubles_shorten(text, strlen(text)));
	free(text);
	json_decref(json);
}

void
rule_answer_fault(const char *message, bool zh, struct buf *answer)
{
	append_json(error_json(0, 0, message, false, zh), answer);
}

static json_t *
evaluate(struct request *q, struct str expr)
{
	struct rule_eval_ctx ctx = {
	    .vars = q->values, .now = q->now, .zone = q->zone, .arena = q->arena};
	struct rule_value v;
	struct rule *rule;
	json_t *answer;

	if (rule_compile(q->env, expr, NULL, NULL, q->arena, &rule, q->err) != STW_OK)
		return NULL;
	if (json_is_true(json_object_get(q->json, "check"))) {
		answer = json_object();
	} else {
		v = rule_eval(rule, &ctx);
		answer = v.kind != RULE_V_ERROR
			     ? value_to_json(&v)
			     : error_json(v.error.line, v.error.column, v.error.text,
				   v.error.missing, q->zh);
	}
	STW_ASSERT(answer != NULL);
	STW_ASSERT(
	    json_object_set_new(answer, "checked",
		json_string(rule_type_text(rule_result_type(rule), q->arena))) == 0);
	return answer;
}

static json_t *
answer_request(struct request *q)
{
	const json_t *expr = json_object_get(q->json, "expr");

	if (!json_is_string(expr)) {
		(void)stw_fail(q->err, STW_INVALID, "the request has no \"expr\"");
		return NULL;
	}
	if (read_env(q) != STW_OK)
		return NULL;
	return evaluate(
	    q, (struct str){json_string_value(expr), json_string_length(expr)});
}

void
rule_answer_json(struct str request, stw_usec now, bool zh, struct buf *answer)
{
	struct stw_err err = {0};
	struct arena arena;
	struct request q = {.arena = &arena, .err = &err, .now = now, .zh = zh};
	json_t *json, *out = NULL;
	json_error_t why;

	arena_init(&arena);
	json = json_loadb(
	    request.ptr, request.len, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &why);
	q.json = json;
	if (json == NULL)
		(void)stw_fail(&err, STW_INVALID, "not JSON: %s", why.text);
	else
		out = answer_request(&q);
	if (out == NULL)
		out = error_json(err.line, err.column, err.text, false, zh);
	append_json(out, answer);
	json_decref(json);
	arena_fini(&arena);
}
