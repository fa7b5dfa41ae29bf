#include "api/bundle_in.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "api/bundle_manifest.h"

static enum stw_code
add(struct bundle_in *in, const char *name, int64_t size, long at, struct stw_err *err)
{
	struct bundle_in_file *f;

	if (!bundle_name_ok(name))
		return stw_fail(err, STW_INVALID,
		    "the bundle holds a file of a name that no bundle has");
	if (in->count > BUNDLE_FILES_MAX)
		return stw_fail(err, STW_INVALID, "the bundle holds more than %d files",
		    BUNDLE_FILES_MAX);
	if (in->count == in->room) {
		in->room = in->room > 0 ? in->room * 2 : 64;
		in->files = realloc(in->files, in->room * sizeof *in->files);
		STW_ASSERT(in->files != NULL);
	}
	f = &in->files[in->count++];
	*f = (struct bundle_in_file){.size = size, .at = at};
	memcpy(f->name, name, strlen(name) + 1);
	return STW_OK;
}

/* ---- a directory ------------------------------------------------------------------------- */
static enum stw_code
list_entry(struct bundle_in *in, const char *folder, const char *name,
    enum stw_code (*list)(struct bundle_in *, const char *, struct stw_err *),
    struct stw_err *err)
{
	char path[1200], full[600];
	struct stat st;

	(void)snprintf(
	    full, sizeof full, "%s%s%s", folder, folder[0] != '\0' ? "/" : "", name);
	(void)snprintf(path, sizeof path, "%s/%s", in->path, full);
	if (lstat(path, &st) != 0)
		return stw_fail(
		    err, STW_TEMPFAIL, "cannot read %.150s: %s", full, strerror(errno));
	if (S_ISDIR(st.st_mode) && folder[0] == '\0')
		return list(in, full, err);
	if (!S_ISREG(st.st_mode))
		return stw_fail(
		    err, STW_INVALID, "%.150s is no file of a bundle", full);
	return add(in, full, st.st_size, 0, err);
}

static enum stw_code
list_dir(struct bundle_in *in, const char *folder, struct stw_err *err)
{
	enum stw_code rc = STW_OK;
	const struct dirent *e;
	char path[1200];
	DIR *dir;

	(void)snprintf(path, sizeof path, "%s/%s", in->path, folder);
	dir = opendir(path);
	if (dir == NULL)
		return stw_fail(err, STW_NOT_FOUND, "cannot read %.150s: %s", path,
		    strerror(errno));
	while (rc == STW_OK && (e = readdir(dir)) != NULL)
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
			rc = list_entry(in, folder, e->d_name, list_dir, err);
	(void)closedir(dir);
	return rc;
}

/* ---- an archive -------------------------------------------------------------------------- */
static enum stw_code
list_tar(struct bundle_in *in, struct stw_err *err)
{
	unsigned char block[TAR_BLOCK];
	struct tar_member m;
	bool end = false;
	enum stw_code rc = STW_OK;
	struct stat st;
	long at;

	if (fstat(fileno(in->tar), &st) != 0)
		return stw_fail(err, STW_TEMPFAIL, "cannot read: %s", strerror(errno));
	while (rc == STW_OK) {
		if (fread(block, 1, TAR_BLOCK, in->tar) != TAR_BLOCK)
			return stw_fail(err, STW_INVALID,
			    "the archive ends before its end: it was cut off");
		at = ftell(in->tar);
		if (at < 0 || !tar_header_read(block, &m, &end))
			return stw_fail(err, STW_INVALID,
			    "the archive is damaged at byte %ld", at - TAR_BLOCK);
		if (end)
			break;
		if (m.size > st.st_size - at)
			return stw_fail(err, STW_INVALID,
			    "the archive ends within %s: it was cut off", m.name);
		rc = add(in, m.name, m.size, at, err);
		if (rc == STW_OK &&
		    fseek(in->tar, (long)(m.size + (int64_t)tar_padding(m.size)),
			SEEK_CUR) != 0)
			rc = stw_fail(
			    err, STW_TEMPFAIL, "cannot read: %s", strerror(errno));
	}
	return rc;
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(((const struct bundle_in_file *)a)->name,
	    ((const struct bundle_in_file *)b)->name);
}

enum stw_code
bundle_in_open(struct bundle_in *in, const char *path, struct stw_err *err)
{
	enum stw_code rc;
	struct stat st;

	*in = (struct bundle_in){.path = path};
	if (stat(path, &st) != 0)
		return stw_fail(err, STW_NOT_FOUND, "cannot read %.150s: %s", path,
		    strerror(errno));
	if (S_ISDIR(st.st_mode)) {
		rc = list_dir(in, "", err);
	} else {
		in->tar = fopen(path, "re");
		if (in->tar == NULL)
			return stw_fail(err, STW_INVALID, "cannot read %.150s: %s",
			    path, strerror(errno));
		rc = list_tar(in, err);
	}
	if (rc != STW_OK)
		return rc;
	if (in->count > 0)
		qsort(in->files, in->count, sizeof *in->files, by_name);
	for (size_t i = 1; i < in->count; i++)
		if (strcmp(in->files[i - 1].name, in->files[i].name) == 0)
			return stw_fail(err, STW_INVALID, "the archive holds %s twice",
			    in->files[i].name);
	return STW_OK;
}

void
bundle_in_close(struct bundle_in *in)
{
	bundle_in_end(in);
	if (in->tar != NULL)
		(void)fclose(in->tar);
	free(in->files);
	*in = (struct bundle_in){0};
}

const struct bundle_in_file *
bundle_in_find(const struct bundle_in *in, const char *name)
{
	struct bundle_in_file key = {0};

	if (in->count == 0 || !bundle_name_ok(name))
		return NULL;
	memcpy(key.name, name, strlen(name) + 1);
	return bsearch(&key, in->files, in->count, sizeof *in->files, by_name);
}

enum stw_code
bundle_in_begin(struct bundle_in *in, const char *name, struct stw_err *err)
{
	const struct bundle_in_file *f = bundle_in_find(in, name);
	char path[1200];

	bundle_in_end(in);
	if (f == NULL)
		return stw_fail(err, STW_NOT_FOUND, "%s is missing", name);
	in->left = f->size;
	if (in->tar != NULL) {
		if (fseek(in->tar, f->at, SEEK_SET) == 0)
			return STW_OK;
	} else {
		(void)snprintf(path, sizeof path, "%s/%s", in->path, name);
		in->file = fopen(path, "re");
		if (in->file != NULL)
			return STW_OK;
	}
	return stw_fail(err, STW_TEMPFAIL, "cannot read %s: %s", name, strerror(errno));
}

enum stw_code
bundle_in_read(
    struct bundle_in *in, char *to, size_t size, size_t *n, struct stw_err *err)
{
	FILE *from = in->tar != NULL ? in->tar : in->file;
	size_t want = in->left < (int64_t)size ? (size_t)in->left : size;

	*n = want > 0 ? fread(to, 1, want, from) : 0;
	in->left -= (int64_t)*n;
	if (*n == want)
		return STW_OK;
	return stw_fail(err, STW_TEMPFAIL, "a file ends before its end");
}

void
bundle_in_end(struct bundle_in *in)
{
	if (in->file != NULL)
		(void)fclose(in->file);
	in->file = NULL;
	in->left = 0;
}
