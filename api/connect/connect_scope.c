/*
 * connect_scope.c - what the expressions of a connector may speak of: the task, the queue's
 * settings and code, and for answers the status and the body.
 */
#include <stddef.h>
#include <string.h>

#include "api/connect/connect_priv.h"

#define VALUE_DEPTH 24
#define VALUE_COUNT 1000

/* ---- the task --------------------------------------------------------------------------- */
enum field_kind { FIELD_TEXT = 0, FIELD_INT, FIELD_INT64, FIELD_INSTANT };

#define FIELD(name, kind)                                        \
	{                                                        \
#		name, kind, offsetof(struct connect_task, name) \
	}

static const struct {
	const char *name;
	enum field_kind kind;
	size_t at;
} task_fields[] = {
    FIELD(id, FIELD_TEXT),
    FIELD(key, FIELD_TEXT),
    FIELD(offer, FIELD_INT),
    FIELD(campaign, FIELD_TEXT),
    FIELD(campaign_version, FIELD_INT),
    FIELD(step, FIELD_TEXT),
    FIELD(occurrence, FIELD_TEXT),
    FIELD(customer, FIELD_TEXT),
    FIELD(mask, FIELD_TEXT),
    FIELD(phone, FIELD_TEXT),
    FIELD(channel, FIELD_TEXT),
    FIELD(handler, FIELD_TEXT),
    FIELD(purpose, FIELD_TEXT),
    FIELD(product, FIELD_TEXT),
    FIELD(script, FIELD_TEXT),
    FIELD(script_version, FIELD_INT),
    FIELD(number, FIELD_TEXT),
    FIELD(number_id, FIELD_INT64),
    FIELD(priority, FIELD_INT),
    FIELD(not_before, FIELD_INSTANT),
    FIELD(not_after, FIELD_INSTANT),
    FIELD(decision, FIELD_TEXT),
    FIELD(decision_sha256, FIELD_TEXT),
    FIELD(valid_until, FIELD_INSTANT),
    FIELD(fence, FIELD_INT64),
    FIELD(reason, FIELD_TEXT),
    FIELD(remote_id, FIELD_TEXT),
};
#define FIELDS ((int)STW_ARRAY_LEN(task_fields))

static struct rule_value
text_value(const char *text)
{
	return text == NULL ? rule_missing() : rule_string(str_of(text));
}

static struct rule_value
field_value(const struct connect_task *task, int field)
{
	const char *at = (const char *)task + task_fields[field].at;
	const char *text;
	int64_t wide;
	int narrow;

	switch (task_fields[field].kind) {
	case FIELD_TEXT:
		memcpy(&text, at, sizeof text);
		return text_value(text);
	case FIELD_INT:
		memcpy(&narrow, at, sizeof narrow);
		return rule_int(narrow);
	case FIELD_INT64:
		memcpy(&wide, at, sizeof wide);
		return rule_int(wide);
	case FIELD_INSTANT:
		memcpy(&wide, at, sizeof wide);
		if (wide != STW_USEC_MAX && wide != STW_USEC_NEVER)
			return rule_timestamp(wide);
		break;
	}
	return rule_missing();
}

static void
task_get(
    const void *obj, size_t row, int field, struct arena *arena, struct rule_value *out)
{
	const struct connect_task *task = obj;

	(void)row;
	(void)arena;
	/* A recall or a query knows no more of the task than its texts and its offer. */
	if (task->campaign == NULL && task_fields[field].kind != FIELD_TEXT &&
	    strcmp(task_fields[field].name, "offer") != 0)
		*out = rule_missing();
	else
		*out = field_value(task, field);
}

static int
task_find(const void *obj, struct str name)
{
	(void)obj;
	for (int i = 0; i < FIELDS; i++)
		if (str_eq_c(name, task_fields[i].name))
			return i;
	return -1;
}

static const struct rule_type *
task_type(struct arena *arena)
{
	static const enum rule_kind kinds[] = {
	    [FIELD_TEXT] = RULE_STRING,
	    [FIELD_INT] = RULE_INT,
	    [FIELD_INT64] = RULE_INT,
	    [FIELD_INSTANT] = RULE_TIMESTAMP,
	};
	struct rule_field fields[STW_ARRAY_LEN(task_fields)];

	for (int i = 0; i < FIELDS; i++)
		fields[i] = (struct rule_field){
		    task_fields[i].name, rule_type_basic(kinds[task_fields[i].kind])};
	return rule_type_object(arena, "Task", fields, FIELDS);
}

static const struct rule_object_ops task_ops = {task_get, task_find};

/* ---- the queue's settings ------------------------------------------------------------------ */
static void
config_get(
    const void *obj, size_t row, int field, struct arena *arena, struct rule_value *out)
{
	const struct connect_account *account = obj;

	(void)row;
	(void)arena;
	*out = text_value(account->settings[field]);
}

static const struct rule_object_ops config_ops = {config_get, NULL};

/* ---- both ------------------------------------------------------------------------------------ */
struct rule_env *
scope_env(const struct connector *connector, bool answer, struct arena *arena)
{
	struct rule_env *env = rule_env_new(arena);
	struct rule_field config[CONNECTOR_SETTINGS_MAX];

	for (int i = 0; i < connector->nsettings; i++)
		config[i] = (struct rule_field){
		    connector->settings[i].name, rule_type_basic(RULE_STRING)};
	(void)rule_env_var(env, "task", task_type(arena));
	(void)rule_env_var(env, "config",
	    rule_type_object(arena, "Config", config, connector->nsettings));
	(void)rule_env_var(env, "queue", rule_type_basic(RULE_STRING));
	if (answer) {
		(void)rule_env_var(env, "status", rule_type_basic(RULE_INT));
		(void)rule_env_var(env, "body", rule_type_basic(RULE_DYN));
	}
	return env;
}

void
scope_init(struct scope *scope, const struct connect_call *call,
    const struct connect_task *task, struct arena *arena)
{
	struct rule_value *vars = scope->vars;

	memset(scope, 0, sizeof *scope);
	vars[SLOT_TASK] = (struct rule_value){.kind = RULE_V_OBJECT};
	vars[SLOT_TASK].object.ops = &task_ops;
	vars[SLOT_TASK].object.obj = task;
	vars[SLOT_CONFIG] = (struct rule_value){.kind = RULE_V_OBJECT};
	vars[SLOT_CONFIG].object.ops = &config_ops;
	vars[SLOT_CONFIG].object.obj = call->account;
	vars[SLOT_QUEUE] = text_value(call->queue);
	vars[SLOT_STATUS] = rule_missing();
	vars[SLOT_BODY] = rule_missing();
	scope->ctx.vars = vars;
	scope->ctx.now = call->now;
	scope->ctx.zone = zone_utc();
	scope->ctx.arena = arena;
}

/* ---- JSON in and out --------------------------------------------------------------------------- */
static struct rule_value value_of(const json_t *json, int depth, struct arena *arena);

static struct rule_value
list_value(const json_t *json, int depth, struct arena *arena)
{
	size_t count = json_array_size(json);
	struct rule_value *items = arena_array(arena, count, sizeof *items);

	for (size_t i = 0; i < count; i++)
		items[i] = value_of(json_array_get(json, i), depth, arena);
	return rule_list_of(items, count);
}

static struct rule_value
map_value(const json_t *json, int depth, struct arena *arena)
{
	struct rule_map_entry *entries =
	    arena_array(arena, json_object_size(json), sizeof *entries);
	struct rule_value out = {.kind = RULE_V_MAP};
	json_t *object = (json_t *)(uintptr_t)json;
	size_t n = 0;

	for (void *at = json_object_iter(object); at != NULL;
	     at = json_object_iter_next(object, at), n++) {
		entries[n].key =
		    rule_string(str_of(arena_strdup(arena, json_object_iter_key(at))));
		entries[n].value = value_of(json_object_iter_value(at), depth, arena);
	}
	out.map = (struct rule_map){n, entries};
	return out;
}

static struct rule_value
value_of(const json_t *json, int depth, struct arena *arena)
{
	if (depth == 0)
		return rule_missing();
	switch (json_typeof(json)) {
	case JSON_OBJECT:
		return json_object_size(json) > VALUE_COUNT
			   ? rule_missing()
			   : map_value(json, depth - 1, arena);
	case JSON_ARRAY:
		return list_value(json, depth - 1, arena);
	case JSON_STRING:
		return rule_string(
		    (struct str){arena_strndup(arena, json_string_value(json),
				     json_string_length(json)),
			json_string_length(json)});
	case JSON_INTEGER:
		return rule_int(json_integer_value(json));
	case JSON_REAL:
		return rule_double(json_real_value(json));
	case JSON_TRUE:
		return rule_bool(true);
	case JSON_FALSE:
		return rule_bool(false);
	case JSON_NULL:
		break;
	}
	return (struct rule_value){.kind = RULE_V_NULL};
}

struct rule_value
scope_value(const json_t *json, struct arena *arena)
{
	return json == NULL ? rule_missing() : value_of(json, VALUE_DEPTH, arena);
}

static json_t *
list_json(const struct rule_list *list)
{
	json_t *out = json_array();

	for (size_t i = 0; list->ops == NULL && i < list->count; i++)
		if (json_array_append_new(out, scope_json(&list->items[i])) != 0) {
			json_decref(out);
			return NULL;
		}
	return out;
}

static json_t *
map_json(const struct rule_map *map)
{
	json_t *out = json_object();

	for (size_t i = 0; i < map->count; i++) {
		const struct rule_value *key = &map->entries[i].key;

		if (key->kind != RULE_V_STRING ||
		    json_object_setn_new(out, key->s.ptr, key->s.len,
			scope_json(&map->entries[i].value)) != 0) {
			json_decref(out);
			return NULL;
		}
	}
	return out;
}

json_t *
scope_json(const struct rule_value *v)
{
	char text[STW_USEC_TEXT];

	switch (v->kind) {
	case RULE_V_BOOL:
		return json_boolean(v->b);
	case RULE_V_INT:
		return json_integer(v->i);
	case RULE_V_UINT:
		return v->u > INT64_MAX ? NULL : json_integer((json_int_t)v->u);
	case RULE_V_DOUBLE:
		return json_real(v->d);
	case RULE_V_STRING:
		return json_stringn(v->s.ptr, v->s.len);
	case RULE_V_NULL:
		return json_null();
	case RULE_V_TIMESTAMP:
		return json_string(stw_usec_format(v->i, text));
	case RULE_V_DATE:
		return json_string(stw_day_format((stw_day)v->i, text));
	case RULE_V_LIST:
		return list_json(&v->list);
	case RULE_V_MAP:
		return map_json(&v->map);
	case RULE_V_ERROR:
	case RULE_V_BYTES:
	case RULE_V_DURATION:
	case RULE_V_MONEY:
	case RULE_V_TYPE:
	case RULE_V_OBJECT:
	case RULE_V_SET:
	case RULE_V_OPTIONAL:
		break;
	}
	return NULL;
}
