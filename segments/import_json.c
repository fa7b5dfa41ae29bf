/* The mapping document: JSON -> struct import_mapping. Every key is known or refused, with
 * the nearest known one as a suggestion. Expressions stay text here. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "engine/money.h"
#include "segments/import_priv.h"
#include "segments/suggest.h"

#define MAX_FILES   256
#define MAX_LOOKUPS 64

struct reader {
	struct arena *arena;
	struct import_mapping *mapping;
	struct csv_format format; /* the document's defaults */
	const char *region;
	bool skip_bad_phone;
	stw_usec as_of;
	struct stw_err *err;
};

/* ---- suggestions ---------------------------------------------------------------- */
static size_t
edit_distance(const char *a, const char *b)
{
	size_t la = strlen(a), lb = strlen(b), row[65];

	if (la > 64 || lb > 64)
		return 64;
	for (size_t j = 0; j <= lb; j++)
		row[j] = j;
	for (size_t i = 1; i <= la; i++) {
		size_t diagonal = row[0];

		row[0] = i;
		for (size_t j = 1; j <= lb; j++) {
			size_t best = diagonal + (a[i - 1] != b[j - 1]);

			diagonal = row[j];
			if (row[j] + 1 < best)
				best = row[j] + 1;
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			row[j] = best;
		}
	}
	return row[lb];
}

/* Keeps the nearest of several names; *best starts as NULL. */
static void
offer(const char *wanted, const char *name, const char **best, size_t *distance)
{
	size_t d = edit_distance(wanted, name);

	if (d <= strlen(wanted) / 2 + 1 && (*best == NULL || d < *distance)) {
		*best = name;
		*distance = d;
	}
}

static const char *
suggestion(struct reader *r, const char *best)
{
	return best == NULL ? "" : arena_printf(r->arena, "; did you mean '%s'?", best);
}

/* ---- reading fields ------------------------------------------------------------- */
static enum stw_code
refuse(struct reader *r, const char *path, const char *what)
{
	return stw_fail(r->err, STW_INVALID, "%s: %s", path, what);
}

static enum stw_code
keys_check(
    struct reader *r, const json_t *object, const char *path, const char *const *known)
{
	const char *key;
	json_t *value;

	/* jansson iterates only over a non-const object. */
	json_object_foreach((json_t *)(uintptr_t)object, key, value)
	{
		const char *best = NULL;
		size_t distance = 0;
		bool found = false;

		for (int i = 0; known[i] != NULL && !found; i++) {
			found = strcmp(known[i], key) == 0;
			offer(key, known[i], &best, &distance);
		}
		if (!found)
			return stw_fail(r->err, STW_INVALID,
			    "%s: nothing is called '%s' here%s", path, key,
			    suggestion(r, best));
	}
	return STW_OK;
}

/* *out stays as it is when the key is not there. */
static enum stw_code
get_text(struct reader *r, const json_t *object, const char *path, const char *key,
    bool required, const char **out)
{
	const json_t *v = json_object_get(object, key);

	if (v == NULL && !required)
		return STW_OK;
	if (!json_is_string(v) || json_string_length(v) == 0)
		return stw_fail(r->err, STW_INVALID, "%s.%s: %s", path, key,
		    v == NULL ? "is missing" : "must be a text");
	*out = arena_strdup(r->arena, json_string_value(v));
	return STW_OK;
}

static enum stw_code
get_bool(struct reader *r, const json_t *object, const char *path, const char *key,
    bool *out)
{
	const json_t *v = json_object_get(object, key);

	if (v == NULL)
		return STW_OK;
	if (!json_is_boolean(v))
		return stw_fail(
		    r->err, STW_INVALID, "%s.%s: must be true or false", path, key);
	*out = json_is_true(v);
	return STW_OK;
}

static enum stw_code
get_region(
    struct reader *r, const json_t *object, const char *path, const char **region)
{
	enum stw_code rc = get_text(r, object, path, "region", false, region);

	if (rc == STW_OK && *region != NULL && !phone_region_known(*region))
		return stw_fail(r->err, STW_INVALID,
		    "%s.region: %.20s has no numbering plan; it is two capital letters of a "
		    "country (ISO 3166: \"CN\")",
		    path, *region);
	return rc;
}

/* A text, or a list of texts that are its lines. */
static enum stw_code
expr_of(struct reader *r, const json_t *v, const char *path, struct import_expr *out)
{
	struct buf text;
	size_t i;
	json_t *line;

	out->path = path;
	if (json_is_string(v)) {
		out->text.len = json_string_length(v);
		out->text.ptr =
		    arena_strndup(r->arena, json_string_value(v), out->text.len);
		return STW_OK;
	}
	if (!json_is_array(v) || json_array_size(v) == 0)
		return refuse(
		    r, path, "must be an expression: a text, or a list of its lines");
	buf_init(&text);
	json_array_foreach(v, i, line)
	{
		if (!json_is_string(line)) {
			buf_fini(&text);
			return refuse(
			    r, path, "every line of an expression must be a text");
		}
		buf_printf(&text, "%s%s", i > 0 ? "\n" : "", json_string_value(line));
	}
	out->text.len = text.len;
	out->text.ptr = arena_strndup(r->arena, text.data, text.len);
	buf_fini(&text);
	return STW_OK;
}

static enum stw_code
get_expr(struct reader *r, const json_t *object, const char *path, const char *key,
    bool required, struct import_expr *out)
{
	const json_t *v = json_object_get(object, key);
	const char *at = arena_printf(r->arena, "%s.%s", path, key);

	if (v == NULL)
		return required ? refuse(r, at, "is missing") : STW_OK;
	return expr_of(r, v, at, out);
}

/* ---- formats ---------------------------------------------------------------------- */
#define FORMAT_KEYS \
	"kind", "delimiter", "quote", "encoding", "header", "names", "trim", "max_rows"

static enum stw_code
get_char(struct reader *r, const json_t *object, const char *path, const char *key,
    char *out)
{
	const char *text = NULL;
	enum stw_code rc = get_text(r, object, path, key, false, &text);

	if (rc != STW_OK || text == NULL)
		return rc;
	if (strlen(text) != 1)
		return stw_fail(r->err, STW_INVALID,
		    "%s.%s: must be one ASCII character", path, key);
	*out = text[0];
	return STW_OK;
}

static enum stw_code
get_names(
    struct reader *r, const json_t *v, const char *path, struct csv_format *format)
{
	const char **names;
	json_t *name;
	size_t i;

	if (v == NULL)
		return STW_OK;
	if (!json_is_array(v) || json_array_size(v) == 0 || json_array_size(v) > 512)
		return stw_fail(r->err, STW_INVALID,
		    "%s.names: must be a list of column names", path);
	names = arena_array(r->arena, json_array_size(v), sizeof *names);
	json_array_foreach(v, i, name)
	{
		if (!json_is_string(name) || json_string_length(name) == 0)
			return stw_fail(r->err, STW_INVALID,
			    "%s.names[%zu]: must be a column name", path, i);
		names[i] = arena_strdup(r->arena, json_string_value(name));
	}
	format->names = names;
	format->nnames = (int)json_array_size(v);
	return STW_OK;
}

static enum stw_code
get_kind(struct reader *r, const json_t *object, const char *path, bool *json)
{
	const char *kind = *json ? "ndjson" : "csv";
	enum stw_code rc = get_text(r, object, path, "kind", false, &kind);

	if (rc != STW_OK)
		return rc;
	*json = strcmp(kind, "ndjson") == 0;
	if (!*json && strcmp(kind, "csv") != 0)
		return stw_fail(r->err, STW_INVALID,
		    "%s.kind: must be \"csv\" or \"ndjson\"", path);
	return STW_OK;
}

static enum stw_code
get_format(
    struct reader *r, const json_t *object, const char *path, struct csv_format *format)
{
	const json_t *quote = json_object_get(object, "quote");
	const json_t *rows = json_object_get(object, "max_rows");
	bool header = !format->no_header;
	enum stw_code rc = get_char(r, object, path, "delimiter", &format->delimiter);

	if (rc == STW_OK)
		rc = get_kind(r, object, path, &format->json);
	if (rc == STW_OK && json_is_false(quote))
		format->quote = '\n';
	else if (rc == STW_OK)
		rc = get_char(r, object, path, "quote", &format->quote);
	if (rc == STW_OK)
		rc = get_text(r, object, path, "encoding", false, &format->encoding);
	if (rc == STW_OK)
		rc = get_bool(r, object, path, "header", &header);
	format->no_header = !header;
	if (rc == STW_OK)
		rc = get_bool(r, object, path, "trim", &format->trim);
	if (rc == STW_OK)
		rc = get_names(r, json_object_get(object, "names"), path, format);
	if (rc == STW_OK && rows != NULL) {
		if (!json_is_integer(rows) || json_integer_value(rows) <= 0)
			return stw_fail(r->err, STW_INVALID,
			    "%s.max_rows: must be a whole number above 0", path);
		format->max_rows = json_integer_value(rows);
	}
	return rc;
}

static enum stw_code
get_source(
    struct reader *r, const json_t *object, const char *path, struct import_source *out)
{
	enum stw_code rc = get_text(r, object, path, "file", true, &out->file);

	out->format = r->format;
	if (rc != STW_OK)
		return rc;
	/* A mapping names files of the data directory, nothing else on the machine. */
	if (out->file[0] == '/' || strstr(out->file, "..") != NULL)
		return stw_fail(r->err, STW_INVALID,
		    "%s.file: must be a path inside the data directory", path);
	return get_format(r, object, path, &out->format);
}

/* ---- lookups ------------------------------------------------------------------------ */
static enum stw_code
read_lookup(
    struct reader *r, const json_t *v, const char *path, struct import_lookup *out)
{
	static const char *const known[] = {
	    "name", "file", FORMAT_KEYS, "key", "value", "where", "keep", "note", NULL};
	const char *keep = "last";
	enum stw_code rc;

	strmap_init(&out->map);
	out->path = path;
	if (!json_is_object(v))
		return refuse(r, path, "must be an object");
	rc = keys_check(r, v, path, known);
	if (rc == STW_OK)
		rc = get_text(r, v, path, "name", true, &out->name);
	if (rc == STW_OK)
		rc = get_source(r, v, path, &out->source);
	if (rc == STW_OK)
		rc = get_expr(r, v, path, "key", true, &out->key);
	if (rc == STW_OK)
		rc = get_expr(r, v, path, "value", true, &out->value);
	if (rc == STW_OK)
		rc = get_expr(r, v, path, "where", false, &out->where);
	if (rc == STW_OK)
		rc = get_text(r, v, path, "keep", false, &keep);
	if (rc != STW_OK)
		return rc;
	out->keep = strcmp(keep, "first") == 0 ? IMPORT_KEEP_FIRST : IMPORT_KEEP_LAST;
	if (out->keep == IMPORT_KEEP_LAST && strcmp(keep, "last") != 0)
		return stw_fail(r->err, STW_INVALID,
		    "%s.keep: must be \"first\" or \"last\"", path);
	return STW_OK;
}

static enum stw_code
read_lookups(struct reader *r, const json_t *list)
{
	struct import_mapping *m = r->mapping;
	json_t *v;
	size_t i;

	if (list == NULL)
		return STW_OK;
	if (!json_is_array(list) || json_array_size(list) > MAX_LOOKUPS)
		return refuse(r, "lookups", "must be a list of at most 64 lookups");
	m->lookups = arena_array(r->arena, json_array_size(list), sizeof *m->lookups);
	json_array_foreach(list, i, v)
	{
		const char *path = arena_printf(r->arena, "lookups[%zu]", i);
		enum stw_code rc = read_lookup(r, v, path, &m->lookups[i]);

		m->nlookups = (int)i + 1;
		if (rc != STW_OK)
			return rc;
		for (size_t k = 0; k < i; k++)
			if (strcmp(m->lookups[k].name, m->lookups[i].name) == 0)
				return stw_fail(r->err, STW_INVALID,
				    "%s.name: lookups[%zu] is called '%s' too", path, k,
				    m->lookups[i].name);
	}
	return STW_OK;
}

/* ---- files -------------------------------------------------------------------------- */
static enum stw_code
read_target(
    struct reader *r, const json_t *v, const char *path, struct import_file *file)
{
	const char *name = NULL, *best = NULL;
	size_t distance = 0;
	enum stw_code rc = get_text(r, v, path, "target", true, &name);

	if (rc != STW_OK)
		return rc;
	for (int t = 1; t < IMPORT_TARGETS; t++) {
		const char *known = import_target_name((enum import_target)t);

		if (strcmp(known, name) == 0) {
			file->target = (enum import_target)t;
			file->def = import_target_def(file->target);
			return STW_OK;
		}
		offer(name, known, &best, &distance);
	}
	return stw_fail(r->err, STW_INVALID, "%s.target: there is no target '%s'%s",
	    path, name, suggestion(r, best));
}

/* The target's columns, then one for each further key of the document. Their types are those
 * of the fed traits, which the database knows (import_trait_store.c). */
static enum stw_code
open_columns(
    struct reader *r, const char *at, const json_t *columns, struct import_file *file)
{
	const struct import_target_def *def = file->def;
	struct import_target_def *own = arena_alloc(r->arena, sizeof *own);
	struct import_column *list =
	    arena_array(r->arena, IMPORT_MAX_COLUMNS + 1, sizeof *list);
	const char *key;
	json_t *v;
	int n = 0;

	for (; def->columns[n].name != NULL; n++)
		list[n] = def->columns[n];
	json_object_foreach((json_t *)(uintptr_t)columns, key, v)
	{
		if (import_column_find(def, key) >= 0)
			continue;
		if (!code_valid(str_of(key)))
			return stw_fail(r->err, STW_INVALID,
			    "%s: '%.63s' is no name of a trait", at, key);
		if (n == IMPORT_MAX_COLUMNS)
			return stw_fail(r->err, STW_INVALID,
			    "%s: more than %d columns; read the file for several targets",
			    at, IMPORT_MAX_COLUMNS);
		list[n++] = (struct import_column){
		    .name = arena_strdup(r->arena, key), .type = IMPORT_VALUE};
	}
	if (import_column_find(def, "customer") == n - 1)
		return stw_fail(r->err, STW_INVALID,
		    "%s: %s needs a column for a fed trait at least", at, def->name);
	*own = *def;
	own->columns = list;
	file->def = own;
	return STW_OK;
}

static enum stw_code
read_columns(struct reader *r, const json_t *columns, struct import_file *file)
{
	const struct import_target_def *def;
	const char *at = arena_printf(r->arena, "%s.columns", file->path);
	const char *key;
	json_t *v;

	if (!json_is_object(columns))
		return refuse(
		    r, at, "must be an object: column of the target -> expression");
	if (file->def->open) {
		enum stw_code rc = open_columns(r, at, columns, file);

		if (rc != STW_OK)
			return rc;
	}
	def = file->def;
	json_object_foreach((json_t *)(uintptr_t)columns, key, v)
	{
		int i = import_column_find(def, key);
		const char *best = NULL;
		size_t distance = 0;
		enum stw_code rc;

		if (i < 0) {
			for (int k = 0; def->columns[k].name != NULL; k++)
				offer(key, def->columns[k].name, &best, &distance);
			return stw_fail(r->err, STW_INVALID,
			    "%s: %s has no column '%s'%s", at, def->name, key,
			    suggestion(r, best));
		}
		rc = expr_of(
		    r, v, arena_printf(r->arena, "%s.%s", at, key), &file->columns[i]);
		if (rc != STW_OK)
			return rc;
	}
	for (int i = 0; def->columns[i].name != NULL; i++) {
		const struct import_column *column = &def->columns[i];
		bool given = file->columns[i].text.ptr != NULL;

		if (!given &&
		    (file->mode == IMPORT_DELETE ? column->key : column->required))
			return stw_fail(r->err, STW_INVALID,
			    "%s: %s needs the column '%s'", at, def->name,
			    column->name);
		if (given && file->mode == IMPORT_DELETE && !column->key)
			return stw_fail(r->err, STW_INVALID,
			    "%s.%s: a file of what goes has only the columns that say "
			    "which: the key",
			    at, column->name);
	}
	return STW_OK;
}

/* ---- what becomes of rows ------------------------------------------------------------ */
static enum stw_code
get_mode(struct reader *r, const json_t *v, struct import_file *file)
{
	static const char *const names[] = {"upsert", "delete", "snapshot"};
	const struct import_target_def *def = file->def;
	const char *text = names[0], *best = NULL;
	size_t distance = 0;
	enum stw_code rc = get_text(r, v, file->path, "mode", false, &text);
	int mode = 0;

	for (; rc == STW_OK && mode < (int)STW_ARRAY_LEN(names); mode++) {
		if (strcmp(names[mode], text) == 0)
			break;
		offer(text, names[mode], &best, &distance);
	}
	if (rc != STW_OK)
		return rc;
	if (mode == (int)STW_ARRAY_LEN(names))
		return stw_fail(r->err, STW_INVALID,
		    "%s.mode: must be \"upsert\", \"delete\" or \"snapshot\"%s",
		    file->path, suggestion(r, best));
	file->mode = (enum import_mode)mode;
	if ((def->modes & 1u << mode) == 0)
		return stw_fail(r->err, STW_INVALID, "%s.mode: %s has no %s: %s",
		    file->path, def->name, text, def->why_not);
	return STW_OK;
}

/* Which rows a snapshot speaks of: values of the target's scope column. */
static enum stw_code
get_scope(struct reader *r, const json_t *v, struct import_file *file)
{
	const struct import_target_def *def = file->def;
	const json_t *list = json_object_get(v, "scope");
	const char *at = arena_printf(r->arena, "%s.scope", file->path);
	struct str *values;

	if (list == NULL)
		return STW_OK;
	if (file->mode != IMPORT_SNAPSHOT)
		return refuse(r, at, "only a snapshot has one");
	if (def->scope == NULL)
		return stw_fail(r->err, STW_INVALID,
		    "%s: a snapshot of %s speaks of all of them", at, def->name);
	if (!json_is_array(list) || json_array_size(list) == 0 ||
	    json_array_size(list) > 100)
		return stw_fail(r->err, STW_INVALID,
		    "%s: must be a list of values of %s", at, def->scope);
	values = arena_array(r->arena, json_array_size(list), sizeof *values);
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *one = json_array_get(list, i);

		if (!json_is_string(one) || json_string_length(one) == 0)
			return stw_fail(
			    r->err, STW_INVALID, "%s[%zu]: must be a text", at, i);
		values[i] = str_of(arena_strdup(r->arena, json_string_value(one)));
	}
	file->scope = values;
	file->nscope = json_array_size(list);
	return STW_OK;
}

static enum stw_code
get_number(struct reader *r, const json_t *v, const char *path, const char *key,
    int64_t min, int64_t max, int64_t *out)
{
	const json_t *n = json_object_get(v, key);

	if (n == NULL)
		return STW_OK;
	if (!json_is_integer(n) || json_integer_value(n) < min ||
	    json_integer_value(n) > max)
		return stw_fail(r->err, STW_INVALID,
		    "%s.%s: must be a whole number from %lld to %lld", path, key,
		    (long long)min, (long long)max);
	*out = json_integer_value(n);
	return STW_OK;
}

static enum stw_code
get_duplicates(struct reader *r, const json_t *v, struct import_file *file)
{
	const char *text = "last";
	enum stw_code rc = get_text(r, v, file->path, "duplicates", false, &text);

	if (rc != STW_OK)
		return rc;
	file->unique = strcmp(text, "reject") == 0;
	if (!file->unique && strcmp(text, "last") != 0)
		return stw_fail(r->err, STW_INVALID,
		    "%s.duplicates: must be \"last\" or \"reject\"", file->path);
	if (file->unique && !import_target_has_key(file->target))
		return stw_fail(r->err, STW_INVALID,
		    "%s.duplicates: rows of %s have no key", file->path,
		    import_target_name(file->target));
	return STW_OK;
}

static enum stw_code
get_rows(struct reader *r, const json_t *v, struct import_file *file)
{
	enum stw_code rc = get_mode(r, v, file);
	int64_t limit = IMPORT_CLOSE_LIMIT;

	if (rc == STW_OK)
		rc = get_scope(r, v, file);
	if (rc == STW_OK)
		rc = get_duplicates(r, v, file);
	if (rc == STW_OK)
		rc = get_number(r, v, file->path, "close_limit", 0, 100, &limit);
	if (rc == STW_OK)
		rc = get_number(r, v, file->path, "commit_every", 1, INT64_MAX,
		    &file->commit_every);
	file->close_limit = (int)limit;
	if (rc == STW_OK && file->mode != IMPORT_SNAPSHOT &&
	    json_object_get(v, "close_limit") != NULL)
		return stw_fail(r->err, STW_INVALID,
		    "%s.close_limit: only a snapshot has one", file->path);
	if (rc == STW_OK && file->mode == IMPORT_SNAPSHOT && file->commit_every > 0)
		return stw_fail(r->err, STW_INVALID,
		    "%s.commit_every: a snapshot is one transaction", file->path);
	if (rc == STW_OK && file->unique && file->commit_every > 0)
		return stw_fail(r->err, STW_INVALID,
		    "%s.commit_every: a file whose keys are held apart is one transaction",
		    file->path);
	return rc;
}

static enum stw_code
get_bad_phone(struct reader *r, const json_t *v, const char *path, bool *skip)
{
	const char *text = *skip ? "skip" : "reject";
	enum stw_code rc = get_text(r, v, path, "on_bad_phone", false, &text);

	if (rc != STW_OK)
		return rc;
	*skip = strcmp(text, "skip") == 0;
	if (!*skip && strcmp(text, "reject") != 0)
		return stw_fail(r->err, STW_INVALID,
		    "%s.on_bad_phone: must be \"reject\" or \"skip\"", path);
	return STW_OK;
}

static enum stw_code
read_file(struct reader *r, const json_t *v, struct import_file *file)
{
	static const char *const known[] = {"file", FORMAT_KEYS, "target", "where",
	    "columns", "region", "on_bad_phone", "note", "mode", "scope", "close_limit",
	    "commit_every", "duplicates", NULL};
	enum stw_code rc;

	if (!json_is_object(v))
		return refuse(r, file->path, "must be an object");
	file->region = r->region;
	file->skip_bad_phone = r->skip_bad_phone;
	rc = keys_check(r, v, file->path, known);
	if (rc == STW_OK)
		rc = get_source(r, v, file->path, &file->source);
	if (rc == STW_OK)
		rc = read_target(r, v, file->path, file);
	if (rc == STW_OK)
		rc = get_expr(r, v, file->path, "where", false, &file->where);
	if (rc == STW_OK)
		rc = get_region(r, v, file->path, &file->region);
	if (rc == STW_OK)
		rc = get_bad_phone(r, v, file->path, &file->skip_bad_phone);
	if (rc == STW_OK)
		rc = get_rows(r, v, file);
	if (rc == STW_OK)
		rc = read_columns(r, json_object_get(v, "columns"), file);
	return rc;
}

/* files, then the files of the section of made-up data. */
static enum stw_code
read_files(struct reader *r, const json_t *files, const json_t *synthetic)
{
	static const char *const known[] = {"note", "files", NULL};
	const json_t *lists[2] = {files, NULL};
	struct import_mapping *m = r->mapping;
	enum stw_code rc = STW_OK;
	size_t total;

	if (synthetic != NULL) {
		if (!json_is_object(synthetic))
			return refuse(
			    r, "synthetic", "must be an object with note and files");
		rc = keys_check(r, synthetic, "synthetic", known);
		if (rc != STW_OK)
			return rc;
		if (json_object_get(synthetic, "note") == NULL)
			return refuse(r, "synthetic.note",
			    "is missing: say what is made up, and how");
		lists[1] = json_object_get(synthetic, "files");
		if (!json_is_array(lists[1]))
			return refuse(r, "synthetic.files", "must be a list");
	}
	if (!json_is_array(files) || json_array_size(files) == 0)
		return refuse(r, "files", "must be a list of at least one file");
	total = json_array_size(files) + json_array_size(lists[1]);
	if (total > MAX_FILES)
		return refuse(r, "files", "more than 256 files");
	m->files = arena_array(r->arena, total, sizeof *m->files);
	for (int l = 0; l < 2; l++)
		for (size_t i = 0; i < json_array_size(lists[l]) && rc == STW_OK; i++) {
			struct import_file *file = &m->files[m->nfiles++];

			file->synthetic = l == 1;
			file->path = arena_printf(
			    r->arena, "%sfiles[%zu]", l == 1 ? "synthetic." : "", i);
			rc = read_file(r, json_array_get(lists[l], i), file);
		}
	return rc;
}

/* ---- the head ----------------------------------------------------------------------- */
static enum stw_code
read_shift(struct reader *r, const json_t *root)
{
	const json_t *days = json_object_get(root, "shift_days");
	const json_t *shift = json_object_get(root, "shift");
	static const char *const known[] = {"from", "to", NULL};
	struct import_mapping *m = r->mapping;
	const char *from = NULL, *to = NULL;
	stw_day as_of = zone_local(m->zone, r->as_of).day;
	enum stw_code rc;

	if (days != NULL && shift != NULL)
		return refuse(r, "shift", "give shift or shift_days, not both");
	if (days != NULL) {
		if (!json_is_integer(days) ||
		    llabs(json_integer_value(days)) > 366 * 1000)
			return refuse(
			    r, "shift_days", "must be a whole number of days");
		m->shift_days = json_integer_value(days);
	}
	if (shift == NULL)
		return STW_OK;
	if (!json_is_object(shift))
		return refuse(r, "shift", "must be an object with from and to");
	rc = keys_check(r, shift, "shift", known);
	if (rc == STW_OK)
		rc = get_text(r, shift, "shift", "from", true, &from);
	if (rc == STW_OK)
		rc = get_text(r, shift, "shift", "to", true, &to);
	if (rc != STW_OK)
		return rc;
	if (stw_day_parse(str_of(from), &m->shift_from) != STW_OK)
		return refuse(r, "shift.from", "must be a day such as 1999-01-01");
	m->shift_to_as_of = strcmp(to, "as_of") == 0;
	if (!m->shift_to_as_of && stw_day_parse(str_of(to), &as_of) != STW_OK)
		return refuse(
		    r, "shift.to", "must be \"as_of\" or a day such as 2026-11-23");
	m->shift_days = (int64_t)as_of - m->shift_from;
	return STW_OK;
}

static enum stw_code
read_head(struct reader *r, const json_t *root)
{
	const char *name = NULL, *currency = NULL, *zone = NULL;
	struct import_mapping *m = r->mapping;
	const json_t *format = json_object_get(root, "format");
	static const char *const format_keys[] = {FORMAT_KEYS, NULL};
	enum stw_code rc = get_text(r, root, "mapping", "name", true, &name);

	if (rc == STW_OK)
		rc = get_text(r, root, "mapping", "currency", true, &currency);
	if (rc == STW_OK)
		rc = get_text(r, root, "mapping", "zone", true, &zone);
	if (rc == STW_OK)
		rc = get_region(r, root, "mapping", &r->region);
	if (rc == STW_OK)
		rc = get_bad_phone(r, root, "mapping", &r->skip_bad_phone);
	if (rc != STW_OK)
		return rc;
	if (strlen(name) >= sizeof m->name ||
	    strspn(name, "abcdefghijklmnopqrstuvwxyz"
			 "0123456789_-") != strlen(name))
		return refuse(r, "mapping.name", "must be a word of a-z, 0-9, _ and -");
	(void)snprintf(m->name, sizeof m->name, "%s", name);
	if (!currency_valid(str_of(currency)))
		return refuse(
		    r, "mapping.currency", "must be three capital letters: \"CNY\"");
	memcpy(m->currency, currency, sizeof m->currency);
	if (zone_find(zone, &m->zone, r->err) != STW_OK)
		return stw_err_prefix(r->err, STW_INVALID, "mapping.zone");
	if (format != NULL) {
		if (!json_is_object(format))
			return refuse(r, "format", "must be an object");
		rc = keys_check(r, format, "format", format_keys);
		if (rc == STW_OK)
			rc = get_format(r, format, "format", &r->format);
	}
	return rc == STW_OK ? read_shift(r, root) : rc;
}

enum stw_code
import_mapping_parse(struct str json, stw_usec as_of, struct arena *arena,
    struct import_mapping *out, struct stw_err *err)
{
	static const char *const known[] = {"name", "description", "currency", "zone",
	    "region", "on_bad_phone", "shift", "shift_days", "format", "lookups",
	    "files", "synthetic", NULL};
	struct reader r = {.arena = arena, .mapping = out, .as_of = as_of, .err = err};
	json_error_t place;
	json_t *root;
	enum stw_code rc;

	memset(out, 0, sizeof *out);
	if (json.len > IMPORT_MAX_DOCUMENT)
		return stw_fail(err, STW_INVALID, "mapping: longer than 1 MiB");
	root = json_loadb(json.ptr, json.len, JSON_REJECT_DUPLICATES, &place);
	if (root == NULL)
		return stw_fail_at(err, STW_INVALID, place.line, place.column,
		    "mapping: %d:%d: %s", place.line, place.column, place.text);
	if (!json_is_object(root))
		rc = refuse(&r, "mapping", "must be a JSON object");
	else
		rc = keys_check(&r, root, "mapping", known);
	if (rc == STW_OK)
		rc = read_head(&r, root);
	if (rc == STW_OK)
		rc = read_lookups(&r, json_object_get(root, "lookups"));
	if (rc == STW_OK)
		rc = read_files(&r, json_object_get(root, "files"),
		    json_object_get(root, "synthetic"));
	json_decref(root);
	out->uses_clock = out->shift_to_as_of ||
			  memmem(json.ptr, json.len, "today", 5) != NULL ||
			  memmem(json.ptr, json.len, "now", 3) != NULL ||
			  memmem(json.ptr, json.len, "days_", 5) != NULL ||
			  memmem(json.ptr, json.len, "age(", 4) != NULL;
	if (rc != STW_OK)
		import_mapping_fini(out);
	return rc;
}

void
import_mapping_fini(struct import_mapping *mapping)
{
	for (int i = 0; i < mapping->nlookups; i++)
		strmap_fini(&mapping->lookups[i].map);
	mapping->nlookups = 0;
}
