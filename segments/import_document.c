#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "engine/embed.h"
#include "segments/csv_source.h"
#include "segments/import_priv.h"

#define SHIPPED "segments/mappings/"

static enum stw_code
document_read(
    const char *path, struct arena *arena, struct str *out, struct stw_err *err)
{
	FILE *file = fopen(path, "re");
	char *data;
	size_t len;

	if (file == NULL)
		return stw_fail(
		    err, STW_NOT_FOUND, "mapping %s: %s", path, strerror(errno));
	data = arena_alloc(arena, IMPORT_MAX_DOCUMENT + 2);
	len = fread(data, 1, IMPORT_MAX_DOCUMENT + 1, file);
	(void)fclose(file);
	if (len > IMPORT_MAX_DOCUMENT)
		return stw_fail(
		    err, STW_INVALID, "mapping %s: longer than 1 MiB", path);
	*out = (struct str){data, len};
	return STW_OK;
}

/* Are all files that the document names in dir? */
static bool
files_there(struct str document, const char *dir, struct arena *arena)
{
	struct import_mapping mapping;
	bool all = true;

	if (import_mapping_parse(document, 0, arena, &mapping, NULL) != STW_OK)
		return false;
	for (int i = 0; i < mapping.nfiles && all; i++)
		all = csv_source_there(arena_printf(
			  arena, "%s/%s", dir, mapping.files[i].source.file)) >= 0;
	for (int i = 0; i < mapping.nlookups && all; i++)
		all = csv_source_there(arena_printf(
			  arena, "%s/%s", dir, mapping.lookups[i].source.file)) >= 0;
	import_mapping_fini(&mapping);
	return all;
}

static enum stw_code
document_guess(
    const char *dir, struct arena *arena, struct str *out, struct stw_err *err)
{
	const char *path = arena_printf(arena, "%s/mapping.json", dir);
	const struct embed_file *file;
	size_t at = 0;

	if (access(path, F_OK) == 0)
		return document_read(path, arena, out, err);
	while ((file = embed_next(SHIPPED, &at)) != NULL) {
		*out = (struct str){file->data, file->len};
		if (files_there(*out, dir, arena))
			return STW_OK;
	}
	return stw_fail(err, STW_NOT_FOUND,
	    "%s: there is no mapping.json, and no shipped mapping fits the files there",
	    dir);
}

enum stw_code
import_document_find(const char *mapping, const char *dir, struct arena *arena,
    struct str *out, struct stw_err *err)
{
	const struct embed_file *file = NULL;

	*out = (struct str){"", 0};
	if (mapping == NULL && dir == NULL)
		return stw_fail(
		    err, STW_INVALID, "neither a mapping nor a directory is given");
	if (mapping == NULL)
		return document_guess(dir, arena, out, err);
	if (strpbrk(mapping, "/.") == NULL)
		file = embed_find(arena_printf(arena, SHIPPED "%s.json", mapping));
	if (file == NULL)
		return document_read(mapping, arena, out, err);
	*out = (struct str){file->data, file->len};
	return STW_OK;
}
