#include "campaigns/compliance/pack_files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sodium.h>

#include "engine/embed.h"

#define PACKS "campaigns/compliance/packs/"

/* ---- names --------------------------------------------------------------------------- */
bool
pack_id_ok(const char *id)
{
	size_t n = strlen(id);

	return n > 0 && n <= 40 && id[0] >= 'a' && id[0] <= 'z' &&
	       strspn(id, "abcdefghijklmnopqrstuvwxyz0123456789-") == n;
}

bool
pack_version_ok(const char *version)
{
	const char *s = version;

	for (int part = 0; part < 3; part++) {
		size_t digits = strspn(s, "0123456789");

		if (digits == 0 || digits > 6 || (digits > 1 && *s == '0'))
			return false;
		s += digits;
		if (part < 2 && *s++ != '.')
			return false;
	}
	return *s == '\0';
}

int
pack_version_cmp(const char *a, const char *b)
{
	for (;;) {
		char *enda, *endb;
		unsigned long na = strtoul(a, &enda, 10);
		unsigned long nb = strtoul(b, &endb, 10);

		if (na != nb)
			return na < nb ? -1 : 1;
		if (*enda != '.' || *endb != '.')
			return strcmp(enda, endb);
		a = enda + 1;
		b = endb + 1;
	}
}

/* What lies in `dir`, ends in `ext` and has a plain name between. */
static bool
name_is_in(const char *name, const char *dir, const char *ext)
{
	size_t n = strlen(name), d = strlen(dir), e = strlen(ext);

	return n > d + e && n <= 80 && memcmp(name, dir, d) == 0 &&
	       strcmp(name + n - e, ext) == 0 &&
	       strspn(name + d, "abcdefghijklmnopqrstuvwxyz0123456789_-") == n - d - e;
}

static bool
name_ok(const char *name)
{
	return strcmp(name, "pack.json") == 0 || strcmp(name, "tests.jsonl") == 0 ||
	       strcmp(name, "SOURCES.md") == 0 ||
	       name_is_in(name, "calendars/", ".csv") ||
	       name_is_in(name, "terms/", ".txt");
}

/* ---- the list ------------------------------------------------------------------------- */
enum stw_code
pack_files_add(
    struct pack_files *files, const char *name, struct str data, struct stw_err *err)
{
	if (!name_ok(name))
		return stw_fail(err, STW_INVALID,
		    "pack %.40s %.20s: no pack has a file %.80s: pack.json, tests.jsonl, "
		    "SOURCES.md, calendars/NAME.csv and terms/NAME.txt are known",
		    files->id, files->version, name);
	if (files->count == PACK_FILES_MAX)
		return stw_fail(err, STW_INVALID, "pack %s %s: more than %d files",
		    files->id, files->version, PACK_FILES_MAX);
	if (data.len > PACK_FILE_MAX)
		return stw_fail(err, STW_INVALID,
		    "pack %s %s: %s is larger than %zu bytes", files->id,
		    files->version, name, PACK_FILE_MAX);
	if (!utf8_valid(data))
		return stw_fail(err, STW_INVALID, "pack %s %s: %s is not UTF-8",
		    files->id, files->version, name);
	if (pack_files_find(files, name) != NULL)
		return stw_fail(err, STW_INVALID, "pack %s %s: %s is there twice",
		    files->id, files->version, name);
	files->items[files->count++] = (struct pack_file){name, data};
	return STW_OK;
}

static int
file_cmp(const void *a, const void *b)
{
	const struct pack_file *x = a, *y = b;

	return strcmp(x->name, y->name);
}

enum stw_code
pack_files_finish(struct pack_files *files, struct stw_err *err)
{
	static const char *const needed[] = {"pack.json", "tests.jsonl", "SOURCES.md"};

	for (size_t i = 0; i < STW_ARRAY_LEN(needed); i++) {
		if (pack_files_find(files, needed[i]) == NULL)
			return stw_fail(err, STW_INVALID,
			    "pack %.40s %.20s: %s is missing", files->id,
			    files->version, needed[i]);
	}
	qsort(files->items, (size_t)files->count, sizeof files->items[0], file_cmp);
	return STW_OK;
}

const struct pack_file *
pack_files_find(const struct pack_files *files, const char *name)
{
	for (int i = 0; i < files->count; i++) {
		if (strcmp(files->items[i].name, name) == 0)
			return &files->items[i];
	}
	return NULL;
}

static void
hash_u64(crypto_hash_sha256_state *state, uint64_t n)
{
	unsigned char be[8];

	for (int i = 0; i < 8; i++)
		be[i] = (unsigned char)(n >> (56 - 8 * i));
	crypto_hash_sha256_update(state, be, sizeof be);
}

static void
hash_bytes(crypto_hash_sha256_state *state, const char *data, size_t len)
{
	hash_u64(state, len);
	crypto_hash_sha256_update(state, (const unsigned char *)data, len);
}

void
pack_files_hash(const struct pack_files *files, char hex[65])
{
	crypto_hash_sha256_state state;
	unsigned char hash[crypto_hash_sha256_BYTES];

	crypto_hash_sha256_init(&state);
	for (int i = 0; i < files->count; i++) {
		const struct pack_file *f = &files->items[i];

		hash_bytes(&state, f->name, strlen(f->name));
		hash_bytes(&state, f->data.ptr, f->data.len);
	}
	crypto_hash_sha256_final(&state, hash);
	(void)sodium_bin2hex(hex, 65, hash, sizeof hash);
}

/* ---- from the binary ------------------------------------------------------------------ */
enum stw_code
pack_files_embedded(const char *id, const char *version, struct arena *arena,
    struct pack_files *out, struct stw_err *err)
{
	const char *prefix = arena_printf(arena, PACKS "%s/%s/", id, version);
	const struct embed_file *file;
	enum stw_code rc = STW_OK;
	size_t at = 0;

	*out = (struct pack_files){.id = id, .version = version};
	while (rc == STW_OK && (file = embed_next(prefix, &at)) != NULL)
		rc = pack_files_add(out, file->name + strlen(prefix),
		    (struct str){file->data, file->len}, err);
	if (rc == STW_OK && out->count == 0)
		return stw_fail(err, STW_NOT_FOUND,
		    "pack %.40s %.20s: this program does not have it", id, version);
	return rc == STW_OK ? pack_files_finish(out, err) : rc;
}

/* ---- from a directory ------------------------------------------------------------------ */
static enum stw_code
file_load(const char *path, struct arena *arena, struct str *out, struct stw_err *err)
{
	struct stat st;
	char *data;
	size_t len = 0;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

	if (fd < 0 || fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) ||
	    (uint64_t)st.st_size > PACK_FILE_MAX) {
		if (fd >= 0)
			close(fd);
		return stw_fail(err, STW_INVALID,
		    "%.300s: cannot be read, or is larger than %zu bytes", path,
		    PACK_FILE_MAX);
	}
	data = arena_alloc(arena, (size_t)st.st_size + 1);
	while (len < (size_t)st.st_size) {
		ssize_t n = read(fd, data + len, (size_t)st.st_size - len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		len += (size_t)n;
	}
	close(fd);
	if (len != (size_t)st.st_size)
		return stw_fail(
		    err, STW_TEMPFAIL, "%.300s: could not be read whole", path);
	*out = (struct str){data, len};
	return STW_OK;
}

/* sub "" for the directory itself, else "calendars/". */
static enum stw_code
dir_add(const char *path, const char *sub, struct arena *arena, struct pack_files *out,
    struct stw_err *err)
{
	DIR *dir = opendir(arena_printf(arena, "%s/%s", path, sub));
	const struct dirent *entry;
	enum stw_code rc = STW_OK;

	if (dir == NULL)
		return sub[0] != '\0' ? STW_OK
				      : stw_fail(err, STW_NOT_FOUND,
					    "%.300s: there is no such directory", path);
	while (rc == STW_OK && (entry = readdir(dir)) != NULL) {
		const char *name = arena_printf(arena, "%s%s", sub, entry->d_name);
		struct str data;

		if (strcmp(entry->d_name, ".") == 0 ||
		    strcmp(entry->d_name, "..") == 0 ||
		    strcmp(name, "calendars") == 0 || strcmp(name, "terms") == 0)
			continue;
		rc = file_load(
		    arena_printf(arena, "%s/%s", path, name), arena, &data, err);
		if (rc == STW_OK)
			rc = pack_files_add(out, name, data, err);
	}
	closedir(dir);
	return rc;
}

/* The last component of *path; the path loses it. */
static char *
component_take(char *path)
{
	size_t n = strlen(path);
	char *slash;

	while (n > 1 && path[n - 1] == '/')
		path[--n] = '\0';
	slash = strrchr(path, '/');
	if (slash == NULL)
		return path;
	*slash = '\0';
	return slash + 1;
}

enum stw_code
pack_files_dir(
    const char *path, struct arena *arena, struct pack_files *out, struct stw_err *err)
{
	char *real = realpath(path, NULL);
	char *copy;
	enum stw_code rc;

	if (real == NULL)
		return stw_fail(
		    err, STW_NOT_FOUND, "%.300s: there is no such directory", path);
	copy = arena_strdup(arena, real);
	free(real);
	*out = (struct pack_files){.version = component_take(copy)};
	out->id = component_take(copy);
	if (!pack_id_ok(out->id) || !pack_version_ok(out->version))
		return stw_fail(err, STW_INVALID,
		    "%.300s: a pack's directory is named ID/VERSION, as in house/1.2.0",
		    path);
	rc = dir_add(path, "", arena, out, err);
	if (rc == STW_OK)
		rc = dir_add(path, "calendars/", arena, out, err);
	if (rc == STW_OK)
		rc = dir_add(path, "terms/", arena, out, err);
	return rc == STW_OK ? pack_files_finish(out, err) : rc;
}
