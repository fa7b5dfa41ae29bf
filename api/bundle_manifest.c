#include "api/bundle_manifest.h"

#include <stdlib.h>
#include <string.h>

#include <jansson.h>
#include <sodium.h>

#include "engine/tar.h"

bool
bundle_name_ok(const char *name)
{
	size_t len = strlen(name);
	int slashes = 0;

	if (len == 0 || len >= TAR_NAME_MAX)
		return false;
	for (size_t i = 0; i < len; i++) {
		bool first = i == 0 || name[i - 1] == '/';

		slashes += name[i] == '/';
		if (strchr("abcdefghijklmnopqrstuvwxyz0123456789._-/", name[i]) ==
			NULL ||
		    (first && (name[i] == '.' || name[i] == '/')))
			return false;
	}
	return slashes <= 1 && name[len - 1] != '/';
}

static enum stw_code
file_read(json_t *v, struct bundle_file *out, struct stw_err *err)
{
	const char *name = json_string_value(json_object_get(v, "name"));
	const char *hex = json_string_value(json_object_get(v, "sha256"));
	json_t *bytes = json_object_get(v, "bytes"), *rows = json_object_get(v, "rows");
	size_t n = 0;

	if (name == NULL || !bundle_name_ok(name) || strcmp(name, "manifest.json") == 0)
		return stw_fail(err, STW_INVALID,
		    "manifest: files: a name is missing or leads elsewhere");
	if (!json_is_integer(bytes) || json_integer_value(bytes) < 0 ||
	    json_integer_value(bytes) > TAR_SIZE_MAX)
		return stw_fail(err, STW_INVALID,
		    "manifest: files: %s: bytes is a whole number", name);
	if (!json_is_null(rows) &&
	    (!json_is_integer(rows) || json_integer_value(rows) < 0))
		return stw_fail(err, STW_INVALID,
		    "manifest: files: %s: rows is a whole number or null", name);
	if (hex == NULL || strlen(hex) != 2 * sizeof out->sha256 ||
	    sodium_hex2bin(out->sha256, sizeof out->sha256, hex, strlen(hex), NULL, &n,
		NULL) != 0 ||
	    n != sizeof out->sha256)
		return stw_fail(err, STW_INVALID,
		    "manifest: files: %s: sha256 is 64 hexadecimal digits", name);
	memcpy(out->name, name, strlen(name) + 1);
	out->bytes = json_integer_value(bytes);
	out->rows = json_is_null(rows) ? -1 : json_integer_value(rows);
	return STW_OK;
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(((const struct bundle_file *)a)->name,
	    ((const struct bundle_file *)b)->name);
}

static enum stw_code
files_read(
    json_t *list, struct arena *arena, struct bundle_manifest *out, struct stw_err *err)
{
	struct bundle_file *files;
	enum stw_code rc = STW_OK;
	json_t *v;
	size_t i, n = json_array_size(list);

	if (!json_is_array(list) || n == 0 || n > BUNDLE_FILES_MAX)
		return stw_fail(err, STW_INVALID,
		    "manifest: files: a list of 1 to %d is wanted", BUNDLE_FILES_MAX);
	files = arena_array(arena, n, sizeof *files);
	json_array_foreach(list, i, v)
	{
		if (rc == STW_OK)
			rc = file_read(v, &files[i], err);
	}
	if (rc != STW_OK)
		return rc;
	qsort(files, n, sizeof *files, by_name);
	for (i = 1; i < n; i++)
		if (strcmp(files[i - 1].name, files[i].name) == 0)
			return stw_fail(err, STW_INVALID,
			    "manifest: files: %s is named twice", files[i].name);
	out->files = files;
	out->nfiles = n;
	return STW_OK;
}

static enum stw_code
gaps_read(
    json_t *list, struct arena *arena, struct bundle_manifest *out, struct stw_err *err)
{
	size_t i, n = json_array_size(list);
	struct bundle_gap *gaps;
	json_t *v;

	if (!json_is_array(list) || n > BUNDLE_FILES_MAX)
		return stw_fail(err, STW_INVALID, "manifest: gaps: a list is wanted");
	gaps = arena_array(arena, n + 1, sizeof *gaps);
	json_array_foreach(list, i, v)
	{
		const char *code = json_string_value(json_object_get(v, "code"));
		const char *part = json_string_value(json_object_get(v, "part"));

		if (code == NULL || part == NULL || strncmp(code, "GAP_", 4) != 0 ||
		    json_integer_value(json_object_get(v, "rows")) < 0 ||
		    json_integer_value(json_object_get(v, "rows")) > TAR_SIZE_MAX)
			return stw_fail(err, STW_INVALID,
			    "manifest: gaps: code, part and rows are wanted");
		gaps[i] = (struct bundle_gap){arena_strdup(arena, code),
		    arena_strdup(arena, part),
		    json_integer_value(json_object_get(v, "rows"))};
	}
	out->gaps = gaps;
	out->ngaps = n;
	return STW_OK;
}

static enum stw_code
document_read(
    json_t *v, struct arena *arena, struct bundle_manifest *out, struct stw_err *err)
{
	const char *format = json_string_value(json_object_get(v, "format"));
	const char *id = json_string_value(json_object_get(v, "bundle_id"));
	json_t *size = json_object_get(v, "checkpoint_size");
	enum stw_code rc;

	if (format == NULL || strcmp(format, BUNDLE_FORMAT) != 0)
		return stw_fail(
		    err, STW_INVALID, "manifest: format: " BUNDLE_FORMAT " is wanted");
	if (id == NULL || strlen(id) > 40)
		return stw_fail(err, STW_INVALID, "manifest: bundle_id: missing");
	if (!json_is_integer(size) || json_integer_value(size) < 0)
		return stw_fail(
		    err, STW_INVALID, "manifest: checkpoint_size: a whole number");
	out->bundle_id = arena_strdup(arena, id);
	out->checkpoint_size = (uint64_t)json_integer_value(size);
	rc = files_read(json_object_get(v, "files"), arena, out, err);
	return rc == STW_OK ? gaps_read(json_object_get(v, "gaps"), arena, out, err)
			    : rc;
}

enum stw_code
bundle_manifest_read(struct str text, struct arena *arena, struct bundle_manifest *out,
    struct stw_err *err)
{
	json_error_t bad;
	json_t *v;
	enum stw_code rc;

	*out = (struct bundle_manifest){0};
	if (text.len > BUNDLE_MANIFEST_BYTES)
		return stw_fail(err, STW_INVALID, "manifest: larger than %zu bytes",
		    BUNDLE_MANIFEST_BYTES);
	v = json_loadb(text.ptr, text.len, JSON_REJECT_DUPLICATES, &bad);
	if (v == NULL)
		return stw_fail(
		    err, STW_INVALID, "manifest: line %d: %.150s", bad.line, bad.text);
	rc = document_read(v, arena, out, err);
	if (rc != STW_OK)
		*out = (struct bundle_manifest){0};
	json_decref(v);
	return rc;
}

const struct bundle_file *
bundle_manifest_find(const struct bundle_manifest *m, const char *name)
{
	struct bundle_file key = {0};

	if (!bundle_name_ok(name))
		return NULL;
	memcpy(key.name, name, strlen(name) + 1);
	return bsearch(&key, m->files, m->nfiles, sizeof *m->files, by_name);
}
