#include "segments/csv_source.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <zlib.h>

#include "engine/arena.h"

#define DISK_BYTES  ((size_t)64 * 1024)
#define GZIP_WINDOW (15 + 16) /* zlib: the largest window, and only the gzip wrapper */

/* Of a gzip file: inside a member, or where the next one may begin. */
enum packed { NOT_LOOKED = 0, PLAIN, IN_MEMBER, BETWEEN_MEMBERS };

struct csv_source {
	char *name;
	int fd; /* -1: memory */
	const char *memory;
	size_t memory_len, memory_at;
	int64_t size, taken; /* on disk: how much there is, how much was read */
	unsigned char disk[DISK_BYTES];
	size_t at, len; /* in disk */
	bool ended;     /* nothing more comes into disk */
	enum packed packed;
	z_stream zip;
	bool zip_open;
};

static struct csv_source *
source_new(const char *name)
{
	struct csv_source *source = stw_xalloc(sizeof *source);
	const char *slash = strrchr(name, '/');

	memset(source, 0, sizeof *source);
	source->name = stw_xstrdup(slash != NULL ? slash + 1 : name);
	source->fd = -1;
	return source;
}

/* The same file packed, or unpacked; false when that name is too long. */
static bool
other_name(const char *path, char *to, size_t len)
{
	size_t n = strlen(path);

	if (n > 3 && strcmp(path + n - 3, ".gz") == 0)
		return snprintf(to, len, "%.*s", (int)(n - 3), path) < (int)len;
	return snprintf(to, len, "%s.gz", path) < (int)len;
}

int64_t
csv_source_there(const char *path)
{
	char other[1100];
	struct stat st;

	if (stat(path, &st) == 0 ||
	    (other_name(path, other, sizeof other) && stat(other, &st) == 0))
		return (int64_t)st.st_size;
	return -1;
}

bool
csv_source_twice(const char *path)
{
	char other[1100];
	struct stat st;

	return stat(path, &st) == 0 && other_name(path, other, sizeof other) &&
	       stat(other, &st) == 0;
}

enum stw_code
csv_source_open(const char *path, struct csv_source **out, struct stw_err *err)
{
	struct csv_source *source = source_new(path);
	char other[1100];
	struct stat st;

	*out = NULL;
	source->fd = open(path, O_RDONLY | O_CLOEXEC);
	if (source->fd < 0 && errno == ENOENT) {
		if (other_name(path, other, sizeof other))
			source->fd = open(other, O_RDONLY | O_CLOEXEC);
		else
			errno = ENOENT;
	}
	if (source->fd < 0 || fstat(source->fd, &st) != 0 || S_ISDIR(st.st_mode)) {
		int why = source->fd < 0 ? errno : EISDIR;
		enum stw_code rc =
		    why == ENOENT
			? stw_fail(err, STW_NOT_FOUND,
			      "%.100s is not there, neither packed nor unpacked",
			      source->name)
			: stw_fail(err, why == EISDIR ? STW_INVALID : STW_TEMPFAIL,
			      "%.100s: %s", source->name, strerror(why));

		csv_source_close(source);
		return rc;
	}
	source->size = S_ISREG(st.st_mode) ? (int64_t)st.st_size : 0;
	*out = source;
	return STW_OK;
}

void
csv_source_memory(
    const char *name, const void *data, size_t len, struct csv_source **out)
{
	struct csv_source *source = source_new(name);

	source->memory = data;
	source->memory_len = len;
	source->size = (int64_t)len;
	*out = source;
}

void
csv_source_close(struct csv_source *source)
{
	if (source == NULL)
		return;
	if (source->zip_open)
		(void)inflateEnd(&source->zip);
	if (source->fd >= 0)
		(void)close(source->fd);
	free(source->name);
	free(source);
}

enum stw_code
csv_source_rewind(struct csv_source *source, struct stw_err *err)
{
	if (source->fd >= 0 && lseek(source->fd, 0, SEEK_SET) != 0)
		return stw_fail(err, STW_TEMPFAIL,
		    "%s: cannot be read from its beginning again: %s", source->name,
		    strerror(errno));
	source->memory_at = 0;
	source->taken = 0;
	source->at = 0;
	source->len = 0;
	source->ended = false;
	source->packed = NOT_LOOKED;
	return STW_OK;
}

/* ---- from the disk ------------------------------------------------------------------- */
static enum stw_code
memory_fill(struct csv_source *source)
{
	size_t n = source->memory_len - source->memory_at;

	if (n > DISK_BYTES - source->len)
		n = DISK_BYTES - source->len;
	if (n > 0)
		memcpy(
		    source->disk + source->len, source->memory + source->memory_at, n);
	source->memory_at += n;
	source->len += n;
	source->taken += (int64_t)n;
	source->ended = source->memory_at == source->memory_len;
	return STW_OK;
}

/* More bytes behind those that are there, unless there are none. */
static enum stw_code
disk_fill(struct csv_source *source, struct stw_err *err)
{
	ssize_t n;

	if (source->at > 0) {
		memmove(
		    source->disk, source->disk + source->at, source->len - source->at);
		source->len -= source->at;
		source->at = 0;
	}
	if (source->ended || source->len == DISK_BYTES)
		return STW_OK;
	if (source->fd < 0)
		return memory_fill(source);
	do {
		n = read(
		    source->fd, source->disk + source->len, DISK_BYTES - source->len);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return stw_fail(err, STW_TEMPFAIL, "%s: cannot be read: %s",
		    source->name, strerror(errno));
	source->len += (size_t)n;
	source->taken += n;
	source->ended = n == 0;
	return STW_OK;
}

/* Two bytes tell gzip; a pipe may bring them one by one. */
static enum stw_code
magic_look(struct csv_source *source, bool *gzip, struct stw_err *err)
{
	while (source->len - source->at < 2 && !source->ended) {
		enum stw_code rc = disk_fill(source, err);

		if (rc != STW_OK)
			return rc;
	}
	*gzip = source->len - source->at >= 2 && source->disk[source->at] == 0x1f &&
		source->disk[source->at + 1] == 0x8b;
	return STW_OK;
}

/* ---- unpacking ------------------------------------------------------------------------- */
static enum stw_code
zip_fail(const struct csv_source *source, const char *what, struct stw_err *err)
{
	return stw_fail(err, STW_INVALID, "%s (byte %lld of the file)", what,
	    (long long)csv_source_offset(source));
}

static enum stw_code
member_begin(struct csv_source *source, struct stw_err *err)
{
	int rc = source->zip_open ? inflateReset(&source->zip)
				  : inflateInit2(&source->zip, GZIP_WINDOW);

	source->zip_open = source->zip_open || rc == Z_OK;
	source->packed = IN_MEMBER;
	return rc == Z_OK ? STW_OK
			  : stw_fail(err, STW_TEMPFAIL, "no memory to unpack gzip");
}

/* What follows a member: another one, zeros (tapes pad with them), or nothing. */
static enum stw_code
between_members(struct csv_source *source, bool *more, struct stw_err *err)
{
	bool gzip = false;
	enum stw_code rc = magic_look(source, &gzip, err);

	*more = rc == STW_OK && gzip;
	if (rc != STW_OK || gzip)
		return rc;
	for (;;) {
		for (; source->at < source->len; source->at++)
			if (source->disk[source->at] != 0)
				return zip_fail(source,
				    "something that is not gzip follows the gzip stream",
				    err);
		if (source->ended)
			return STW_OK;
		rc = disk_fill(source, err);
		if (rc != STW_OK)
			return rc;
	}
}

static enum stw_code
member_read(
    struct csv_source *source, char *to, size_t room, size_t *got, struct stw_err *err)
{
	enum stw_code rc = STW_OK;
	int how;

	if (source->at == source->len && !source->ended)
		rc = disk_fill(source, err);
	if (rc != STW_OK)
		return rc;
	source->zip.next_in = source->disk + source->at;
	source->zip.avail_in = (uInt)(source->len - source->at);
	source->zip.next_out = (unsigned char *)to;
	source->zip.avail_out = (uInt)room;
	how = inflate(&source->zip, Z_NO_FLUSH);
	source->at = source->len - source->zip.avail_in;
	*got = room - source->zip.avail_out;
	if (how == Z_STREAM_END) {
		source->packed = BETWEEN_MEMBERS;
		return STW_OK;
	}
	if (how != Z_OK && how != Z_BUF_ERROR)
		return zip_fail(source, "the gzip stream is damaged", err);
	if (*got == 0 && source->ended && source->at == source->len)
		return zip_fail(source, "the gzip stream ends too early", err);
	return STW_OK;
}

static enum stw_code
plain_read(
    struct csv_source *source, char *to, size_t room, size_t *got, struct stw_err *err)
{
	enum stw_code rc = STW_OK;

	if (source->at == source->len && !source->ended)
		rc = disk_fill(source, err);
	*got = source->len - source->at < room ? source->len - source->at : room;
	memcpy(to, source->disk + source->at, *got);
	source->at += *got;
	return rc;
}

enum stw_code
csv_source_read(
    struct csv_source *source, char *to, size_t room, size_t *got, struct stw_err *err)
{
	enum stw_code rc = STW_OK;
	bool gzip = false, more = true;

	*got = 0;
	if (source->packed == NOT_LOOKED) {
		rc = magic_look(source, &gzip, err);
		if (rc == STW_OK && gzip)
			rc = member_begin(source, err);
		else
			source->packed = PLAIN;
	}
	if (rc == STW_OK && source->packed == PLAIN)
		return plain_read(source, to, room, got, err);
	while (rc == STW_OK && more && *got == 0) {
		if (source->packed == BETWEEN_MEMBERS) {
			rc = between_members(source, &more, err);
			if (rc == STW_OK && more)
				rc = member_begin(source, err);
		}
		if (rc == STW_OK && more)
			rc = member_read(source, to, room, got, err);
	}
	return rc;
}

const char *
csv_source_name(const struct csv_source *source)
{
	return source->name;
}

int64_t
csv_source_offset(const struct csv_source *source)
{
	return source->taken - (int64_t)(source->len - source->at);
}

int64_t
csv_source_size(const struct csv_source *source)
{
	return source->size;
}
