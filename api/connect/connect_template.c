/*
 * connect_template.c - JSON values and texts with places to fill in: read once, filled in
 * for each task.
 *
 *   "{{ task.priority }}"      one place alone keeps the type of its value; null without one
 *   "{{? task.product }}"      the same, but left out of its object or list without one
 *   "call {{ task.id }} now"   text; a place without a value is an error
 *   {"$json": {...}}           the value as JSON text
 *   {"$tasks": {...}}          a list: the value for each task of the request
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/connect/connect_priv.h"
#include "api/json_brief.h"

/* ---- reading ------------------------------------------------------------------------- */
static void
note_fields(struct reader *r, const struct rule *rule)
{
	const struct rule_field_use *uses;
	int n = rule_fields(rule, r->arena, &uses);

	for (int i = 0; i < n; i++) {
		if (strcmp(uses[i].record, "Task") != 0)
			continue;
		r->uses_phone = r->uses_phone || strcmp(uses[i].field, "phone") == 0;
		r->uses_remote_id =
		    r->uses_remote_id || strcmp(uses[i].field, "remote_id") == 0;
	}
}

enum stw_code
read_rule(struct reader *r, const struct rule_env *env, struct str text, bool want_bool,
    const struct rule **out)
{
	const struct rule_type *want = want_bool ? rule_type_basic(RULE_BOOL) : NULL;
	struct rule *rule;
	struct stw_err err = {0};

	if (rule_compile(env, text, want, NULL, r->arena, &rule, &err) != STW_OK)
		return read_fail(r, FAULT_RULE, err.text, NULL);
	note_fields(r, rule);
	*out = rule;
	return STW_OK;
}

static const char *
find_end(const char *from, const char *end)
{
	for (; from + 1 < end; from++)
		if (from[0] == '}' && from[1] == '}')
			return from;
	return NULL;
}

static const char *
find_begin(const char *from, const char *end)
{
	for (; from + 1 < end; from++)
		if (from[0] == '{' && from[1] == '{')
			return from;
	return NULL;
}

static enum stw_code
read_parts(struct reader *r, struct str text, struct connector_template *t)
{
	const char *at = text.ptr, *end = text.ptr + text.len;
	struct template_part *parts =
	    arena_array(r->arena, text.len / 2 + 2, sizeof *parts);

	t->parts = parts;
	while (at < end) {
		const char *begin = find_begin(at, end), *close;
		struct template_part *part = &parts[t->count++];
		struct str rule;
		enum stw_code rc;

		if (begin == NULL)
			begin = end;
		if (begin > at) {
			size_t len = (size_t)(begin - at);

			part->literal =
			    (struct str){arena_strndup(r->arena, at, len), len};
			at = begin;
			continue;
		}
		close = find_end(begin + 2, end);
		if (close == NULL)
			return read_fail(r, FAULT_BRACES, NULL, NULL);
		rule = (struct str){begin + 2, (size_t)(close - begin) - 2};
		if (rule.len > 0 && rule.ptr[0] == '?') {
			t->optional = true;
			rule = (struct str){rule.ptr + 1, rule.len - 1};
		}
		rc = read_rule(r, r->env, rule, false, &part->rule);
		if (rc != STW_OK)
			return rc;
		at = close + 2;
	}
	return STW_OK;
}

static enum stw_code
read_string(struct reader *r, struct str text, struct connector_template *t)
{
	enum stw_code rc;

	if (find_begin(text.ptr, text.ptr + text.len) == NULL)
		return STW_OK;
	rc = read_parts(r, text, t);
	if (rc == STW_OK)
		t->kind = t->count == 1 && t->parts[0].rule != NULL ? TEMPLATE_VALUE
								    : TEMPLATE_TEXT;
	return rc;
}

static enum stw_code
read_child(struct reader *r, const json_t *json, const char *key, size_t index,
    const struct connector_template **out)
{
	enum stw_code rc;

	read_enter(r, key, index);
	rc = read_template(r, json, out);
	read_leave(r);
	return rc;
}

static enum stw_code
read_items(struct reader *r, const json_t *json, struct connector_template *t)
{
	size_t count = json_array_size(json), i = 0;
	const struct connector_template **items;
	enum stw_code rc = STW_OK;

	if (json_is_object(json))
		count = json_object_size(json);
	items = arena_array(r->arena, count, sizeof *items);
	t->items = items;
	t->count = (int)count;
	if (json_is_object(json)) {
		json_t *object = (json_t *)(uintptr_t)json;
		const char **names = arena_array(r->arena, count, sizeof *names);

		t->names = names;
		for (void *at = json_object_iter(object); at != NULL && rc == STW_OK;
		     at = json_object_iter_next(object, at), i++) {
			names[i] = arena_strdup(r->arena, json_object_iter_key(at));
			rc = read_child(
			    r, json_object_iter_value(at), names[i], 0, &items[i]);
		}
		return rc;
	}
	for (; i < count && rc == STW_OK; i++)
		rc = read_child(r, json_array_get(json, i), NULL, i, &items[i]);
	return rc;
}

/* An object of one member whose name begins with $. */
static enum stw_code
read_special(struct reader *r, const json_t *json, struct connector_template *t)
{
	const char *key =
	    json_object_iter_key(json_object_iter((json_t *)(uintptr_t)json));
	const struct connector_template **items =
	    arena_array(r->arena, 1, sizeof *items);

	t->items = items;
	t->count = 1;
	if (strcmp(key, "$json") == 0) {
		t->kind = TEMPLATE_JSON;
	} else if (strcmp(key, "$tasks") == 0) {
		if (r->uses_tasks)
			return read_fail(r, FAULT_TASKS, NULL, NULL);
		r->uses_tasks = true;
		t->kind = TEMPLATE_TASKS;
	} else {
		return read_fail(r, FAULT_KEY, key, "$json, $tasks");
	}
	return read_child(r, json_object_get(json, key), key, 0, &items[0]);
}

static enum stw_code
read_object(struct reader *r, const json_t *json, struct connector_template *t)
{
	json_t *object = (json_t *)(uintptr_t)json;

	for (void *at = json_object_iter(object); at != NULL;
	     at = json_object_iter_next(object, at))
		if (json_object_iter_key(at)[0] == '$') {
			if (json_object_size(json) == 1)
				return read_special(r, json, t);
			read_enter(r, json_object_iter_key(at), 0);
			return read_fail(r, FAULT_KEY, json_object_iter_key(at),
			    "$json, $tasks (alone in its object)");
		}
	t->kind = TEMPLATE_OBJECT;
	return read_items(r, json, t);
}

enum stw_code
read_template(
    struct reader *r, const json_t *json, const struct connector_template **out)
{
	struct connector_template *t = arena_alloc(r->arena, sizeof *t);
	enum stw_code rc = STW_OK;
	char *text;

	*out = t;
	if (r->depth >= READ_STEPS)
		return read_fail(r, FAULT_DEEP, "16", NULL);
	t->pointer = read_pointer(r);
	if (json_is_string(json))
		rc = read_string(r,
		    (struct str){json_string_value(json), json_string_length(json)}, t);
	else if (json_is_object(json))
		rc = read_object(r, json, t);
	else if (json_is_array(json)) {
		t->kind = TEMPLATE_LIST;
		rc = read_items(r, json, t);
	}
	if (rc != STW_OK || t->kind != TEMPLATE_FIXED)
		return rc;
	text = json_dumps_brief(json, JSON_COMPACT | JSON_ENCODE_ANY);
	STW_ASSERT(text != NULL);
	t->fixed = arena_strdup(r->arena, text);
	free(text);
	return STW_OK;
}

/* ---- filling in ---------------------------------------------------------------------------- */
void
percent_encode(struct str text, struct buf *to)
{
	for (size_t i = 0; i < text.len; i++) {
		unsigned char c = (unsigned char)text.ptr[i];

		if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
		    (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' ||
		    c == '~')
			buf_add_char(to, (char)c);
		else
			buf_printf(to, "%%%02X", c);
	}
}

/* What failed may quote a value, so only the place is told. */
static enum stw_code
fill_fail(const struct connector_template *t, const struct rule *rule, bool missing,
    struct stw_err *err)
{
	struct str text = rule_text(rule);

	return stw_fail(err, STW_INVALID, "%s: {{%.*s}} %s", t->pointer,
	    (int)(text.len < 120 ? text.len : 120), text.ptr,
	    missing ? "has no value for this task"
		    : "could not be worked out for this task, or is no plain value");
}

static bool
scalar_text(const struct rule_value *v, struct buf *to)
{
	json_t *json = scope_json(v);
	bool ok = json_is_string(json) || json_is_number(json) || json_is_boolean(json);
	char *text;

	if (json_is_string(json)) {
		buf_add(to, json_string_value(json), json_string_length(json));
	} else if (ok) {
		text = json_dumps_brief(json, JSON_ENCODE_ANY);
		STW_ASSERT(text != NULL);
		buf_add_c(to, text);
		free(text);
	}
	json_decref(json);
	return ok;
}

static enum stw_code
text_of_parts(const struct connector_template *t, struct scope *scope,
    enum text_escape escape, struct buf *to, bool *has, struct stw_err *err)
{
	struct buf value;
	enum stw_code rc = STW_OK;

	buf_init(&value);
	for (int i = 0; i < t->count && rc == STW_OK; i++) {
		const struct template_part *part = &t->parts[i];
		struct rule_value v;

		if (part->rule == NULL) {
			buf_add_str(to, part->literal);
			continue;
		}
		v = rule_eval(part->rule, &scope->ctx);
		buf_clear(&value);
		if (v.kind == RULE_V_ERROR && v.error.missing && t->optional)
			*has = false;
		else if (!scalar_text(&v, &value))
			rc = fill_fail(t, part->rule,
			    v.kind == RULE_V_ERROR && v.error.missing, err);
		else if (escape == ESCAPE_PATH)
			percent_encode((struct str){value.data, value.len}, to);
		else
			buf_add(to, value.data, value.len);
	}
	buf_fini(&value);
	return rc;
}

enum stw_code
template_text(const struct connector_template *t, struct scope *scope,
    enum text_escape escape, struct buf *to, bool *has, struct stw_err *err)
{
	json_t *fixed;

	*has = true;
	if (t->kind != TEMPLATE_FIXED)
		return text_of_parts(t, scope, escape, to, has, err);
	fixed = json_loads(t->fixed, JSON_DECODE_ANY, NULL);
	if (json_is_string(fixed))
		buf_add(to, json_string_value(fixed), json_string_length(fixed));
	json_decref(fixed);
	return STW_OK;
}

static enum stw_code
json_of_value(const struct connector_template *t, struct scope *scope, json_t **out,
    struct stw_err *err)
{
	const struct rule *rule = t->parts[0].rule;
	struct rule_value v = rule_eval(rule, &scope->ctx);

	if (v.kind == RULE_V_ERROR && v.error.missing) {
		*out = t->optional ? NULL : json_null();
		return STW_OK;
	}
	*out = scope_json(&v);
	return *out != NULL ? STW_OK : fill_fail(t, rule, false, err);
}

static enum stw_code
json_of_text(const struct connector_template *t, struct scope *scope, json_t **out,
    struct stw_err *err)
{
	struct buf text;
	bool has = true;
	enum stw_code rc;

	buf_init(&text);
	rc = text_of_parts(t, scope, ESCAPE_NONE, &text, &has, err);
	if (rc == STW_OK && has) {
		*out = json_stringn(text.len > 0 ? text.data : "", text.len);
		if (*out == NULL)
			rc = stw_fail(err, STW_INVALID, "%s: not UTF-8", t->pointer);
	}
	buf_fini(&text);
	return rc;
}

static enum stw_code
json_of_items(const struct connector_template *t, const struct connect_call *call,
    struct scope *scope, json_t **out, struct stw_err *err)
{
	json_t *json = t->kind == TEMPLATE_OBJECT ? json_object() : json_array();
	enum stw_code rc = STW_OK;

	for (int i = 0; i < t->count && rc == STW_OK; i++) {
		json_t *item = NULL;

		rc = template_json(t->items[i], call, scope, &item, err);
		if (item == NULL)
			continue;
		if (t->kind == TEMPLATE_OBJECT)
			(void)json_object_set_new(json, t->names[i], item);
		else
			(void)json_array_append_new(json, item);
	}
	if (rc == STW_OK)
		*out = json;
	else
		json_decref(json);
	return rc;
}

static enum stw_code
json_of_tasks(const struct connector_template *t, const struct connect_call *call,
    struct scope *scope, json_t **out, struct stw_err *err)
{
	json_t *json = json_array();
	enum stw_code rc = STW_OK;

	for (int i = 0; i < call->ntasks && rc == STW_OK; i++) {
		struct scope one;
		json_t *item = NULL;

		scope_init(&one, call, &call->tasks[i], scope->ctx.arena);
		rc = template_json(t->items[0], call, &one, &item, err);
		if (item != NULL)
			(void)json_array_append_new(json, item);
	}
	if (rc == STW_OK)
		*out = json;
	else
		json_decref(json);
	return rc;
}

static enum stw_code
json_of_json(const struct connector_template *t, const struct connect_call *call,
    struct scope *scope, json_t **out, struct stw_err *err)
{
	json_t *inner = NULL;
	char *text;
	enum stw_code rc = template_json(t->items[0], call, scope, &inner, err);

	if (rc != STW_OK || inner == NULL)
		return rc;
	text = json_dumps_brief(inner, JSON_COMPACT | JSON_ENCODE_ANY);
	STW_ASSERT(text != NULL);
	*out = json_string(text);
	free(text);
	json_decref(inner);
	return STW_OK;
}

enum stw_code
template_json(const struct connector_template *t, const struct connect_call *call,
    struct scope *scope, json_t **out, struct stw_err *err)
{
	*out = NULL;
	switch (t->kind) {
	case TEMPLATE_FIXED:
		*out = json_loads(t->fixed, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
		STW_ASSERT(*out != NULL);
		return STW_OK;
	case TEMPLATE_TEXT:
		return json_of_text(t, scope, out, err);
	case TEMPLATE_VALUE:
		return json_of_value(t, scope, out, err);
	case TEMPLATE_LIST:
	case TEMPLATE_OBJECT:
		return json_of_items(t, call, scope, out, err);
	case TEMPLATE_JSON:
		return json_of_json(t, call, scope, out, err);
	case TEMPLATE_TASKS:
		return json_of_tasks(t, call, scope, out, err);
	}
	return STW_OK;
}
