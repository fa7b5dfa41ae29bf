#include "tests/lib/schema.h"

#include <stdio.h>
#include <string.h>

struct check {
	json_t *document;
	char *fault;
	size_t size;
	char path[300];
};

static bool matches(struct check *c, json_t *schema, json_t *value);

static bool
bad(struct check *c, const char *what)
{
	(void)snprintf(c->fault, c->size, "%s: %s", c->path, what);
	return false;
}

static json_t *
resolve(json_t *document, json_t *schema)
{
	const char *ref = json_string_value(json_object_get(schema, "$ref"));

	if (ref == NULL)
		return schema;
	return json_object_get(
	    json_object_get(json_object_get(document, "components"), "schemas"),
	    strrchr(ref, '/') + 1);
}

static bool
is_type(json_t *value, const char *type)
{
	if (strcmp(type, "object") == 0)
		return json_is_object(value);
	if (strcmp(type, "array") == 0)
		return json_is_array(value);
	if (strcmp(type, "string") == 0)
		return json_is_string(value);
	if (strcmp(type, "integer") == 0)
		return json_is_integer(value);
	if (strcmp(type, "boolean") == 0)
		return json_is_boolean(value);
	return strcmp(type, "null") == 0 && json_is_null(value);
}

static bool
type_fits(json_t *type, json_t *value)
{
	json_t *one;
	size_t i;

	if (json_is_string(type))
		return is_type(value, json_string_value(type));
	json_array_foreach(type, i, one)
	{
		if (is_type(value, json_string_value(one)))
			return true;
	}
	return type == NULL;
}

static bool
enum_fits(json_t *list, json_t *value)
{
	json_t *one;
	size_t i;

	json_array_foreach(list, i, one)
	{
		if (json_equal(one, value) == 1)
			return true;
	}
	return list == NULL;
}

/* Goes down by one step of the path. */
static bool
below(struct check *c, const char *name, json_t *schema, json_t *value)
{
	size_t len = strlen(c->path);
	bool good;

	(void)snprintf(c->path + len, sizeof c->path - len, "/%s", name);
	good = matches(c, schema, value);
	c->path[len] = '\0';
	return good;
}

static bool
members_fit(struct check *c, json_t *schema, json_t *value)
{
	json_t *properties = json_object_get(schema, "properties");
	json_t *more = json_object_get(schema, "additionalProperties");
	json_t *required = json_object_get(schema, "required"), *one;
	const char *key;
	char text[120];
	size_t i;

	json_array_foreach(required, i, one)
	{
		if (json_object_get(value, json_string_value(one)) == NULL) {
			(void)snprintf(
			    text, sizeof text, "%s is missing", json_string_value(one));
			return bad(c, text);
		}
	}
	json_object_foreach(value, key, one)
	{
		json_t *known = json_object_get(properties, key);

		if (known == NULL && json_is_object(more))
			known = more;
		if (known == NULL && (properties == NULL || json_is_true(more)))
			continue;
		if (known == NULL) {
			(void)snprintf(
			    text, sizeof text, "%.80s is not in the document", key);
			return bad(c, text);
		}
		if (!below(c, key, known, one))
			return false;
	}
	return true;
}

static bool
matches(struct check *c, json_t *schema, json_t *value)
{
	json_t *choice, *one;
	char index[24];
	size_t i;

	schema = resolve(c->document, schema);
	if (schema == NULL)
		return bad(c, "the document has no such schema");
	choice = json_object_get(schema, "oneOf");
	if (choice != NULL) {
		json_array_foreach(choice, i, one)
		{
			json_t *type = json_object_get(one, "type");

			/* Null fits or not; its fault would hide the telling one. */
			if (json_is_string(type) && !json_is_null(value) &&
			    strcmp(json_string_value(type), "null") == 0)
				continue;
			if (matches(c, one, value))
				return true;
		}
		return false; /* with the fault of the last */
	}
	if (!type_fits(json_object_get(schema, "type"), value))
		return bad(c, "is of another type");
	if (!enum_fits(json_object_get(schema, "enum"), value))
		return bad(c, "is no value of the enum");
	if (json_is_object(value))
		return members_fit(c, schema, value);
	if (json_object_get(schema, "items") == NULL)
		return true;
	json_array_foreach(value, i, one)
	{
		(void)snprintf(index, sizeof index, "%zu", i);
		if (!below(c, index, json_object_get(schema, "items"), one))
			return false;
	}
	return true;
}

bool
schema_matches(
    json_t *document, json_t *schema, json_t *value, char *fault, size_t size)
{
	struct check c = {.document = document, .fault = fault, .size = size};

	fault[0] = '\0';
	return matches(&c, schema, value);
}
