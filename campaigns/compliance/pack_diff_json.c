/*
 * pack_diff_json.c - what another version of a pack changes.
 */
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "campaigns/compliance/facts_json.h"
#include "campaigns/compliance/pack_check.h"

static json_t *
document_of(const struct pack_files *files, struct stw_err *err)
{
	const struct pack_file *file = pack_files_find(files, "pack.json");
	json_error_t bad;
	json_t *doc =
	    json_loadb(file->data.ptr, file->data.len, JSON_REJECT_DUPLICATES, &bad);

	if (doc == NULL)
		(void)stw_fail_at(err, STW_INVALID, bad.line, bad.column,
		    "pack %s %s: pack.json: %s", files->id, files->version, bad.text);
	return doc;
}

/* One rule id may have several stretches of time: the first day tells them apart. */
static bool
same_rule(json_t *a, json_t *b)
{
	return json_equal(json_object_get(a, "id"), json_object_get(b, "id")) &&
	       json_equal(json_array_get(json_object_get(a, "effective"), 0),
		   json_array_get(json_object_get(b, "effective"), 0));
}

static json_t *
rule_in(json_t *rules, json_t *rule)
{
	for (size_t i = 0; i < json_array_size(rules); i++) {
		if (same_rule(json_array_get(rules, i), rule))
			return json_array_get(rules, i);
	}
	return NULL;
}

static void
put_comma(struct buf *out, bool *first)
{
	if (!*first)
		buf_add_char(out, ',');
	*first = false;
}

static void
put_rule(json_t *rule, struct buf *out)
{
	char *effective = json_dumps(
	    json_object_get(rule, "effective"), JSON_COMPACT | JSON_ENCODE_ANY);

	buf_add_c(out, "{\"id\":");
	json_put_text(json_string_value(json_object_get(rule, "id")), out);
	buf_printf(out, ",\"effective\":%s", effective != NULL ? effective : "null");
	free(effective);
}

static void
put_members(json_t *a, json_t *b, struct buf *out)
{
	const char *key;
	json_t *value;
	bool first = true;

	buf_add_c(out, ",\"members\":[");
	json_object_foreach(b, key, value)
	{
		if (json_equal(json_object_get(a, key), value))
			continue;
		put_comma(out, &first);
		json_put_text(key, out);
	}
	json_object_foreach(a, key, value)
	{
		if (json_object_get(b, key) != NULL)
			continue;
		put_comma(out, &first);
		json_put_text(key, out);
	}
	buf_add_char(out, ']');
}

/* Rules of `rules` that `others` does not have. */
static void
put_missing(const char *key, json_t *rules, json_t *others, struct buf *out)
{
	bool first = true;

	buf_printf(out, "\"%s\":[", key);
	for (size_t i = 0; i < json_array_size(rules); i++) {
		json_t *rule = json_array_get(rules, i);

		if (rule_in(others, rule) != NULL)
			continue;
		put_comma(out, &first);
		put_rule(rule, out);
		buf_add_char(out, '}');
	}
	buf_add_char(out, ']');
}

static void
put_changed(json_t *from, json_t *to, struct buf *out)
{
	bool first = true;

	buf_add_c(out, ",\"changed\":[");
	for (size_t i = 0; i < json_array_size(to); i++) {
		json_t *rule = json_array_get(to, i);
		json_t *before = rule_in(from, rule);

		if (before == NULL || json_equal(before, rule))
			continue;
		put_comma(out, &first);
		put_rule(rule, out);
		put_members(before, rule, out);
		buf_add_char(out, '}');
	}
	buf_add_char(out, ']');
}

static void
put_files(const struct pack_files *from, const struct pack_files *to, struct buf *out)
{
	bool first = true;

	buf_add_c(out, ",\"files\":[");
	for (int i = 0; i < to->count; i++) {
		const struct pack_file *f = &to->items[i];
		const struct pack_file *before = pack_files_find(from, f->name);

		if (strcmp(f->name, "pack.json") == 0 ||
		    (before != NULL && str_eq(before->data, f->data)))
			continue;
		put_comma(out, &first);
		json_put_text(f->name, out);
	}
	for (int i = 0; i < from->count; i++) {
		if (pack_files_find(to, from->items[i].name) != NULL)
			continue;
		put_comma(out, &first);
		json_put_text(from->items[i].name, out);
	}
	buf_add_char(out, ']');
}

enum stw_code
pack_diff(const struct pack_files *from, const struct pack_files *to, struct buf *out,
    struct stw_err *err)
{
	json_t *a = document_of(from, err);
	json_t *b = a != NULL ? document_of(to, err) : NULL;

	if (b != NULL) {
		json_t *before = json_object_get(a, "rules");
		json_t *after = json_object_get(b, "rules");

		buf_add_char(out, '{');
		put_missing("added", after, before, out);
		put_changed(before, after, out);
		put_files(from, to, out);
		buf_add_char(out, ',');
		put_missing("removed", before, after, out);
		buf_add_char(out, '}');
	}
	json_decref(a);
	json_decref(b);
	return b != NULL ? STW_OK : STW_INVALID;
}
