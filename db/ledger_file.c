/* The file of exported checkpoints: what keeps the database honest. */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "db/ledger_priv.h"
#include "engine/log.h"

#define SIGNATURE_MARK "\xe2\x80\x94 " /* "— " begins a signature line */
/* The last note lies within this much of the end. */
#define TAIL_BYTES ((off_t)(2 * NOTE_BYTES_MAX))

/* A file that a crash forgets was not exported. */
static enum stw_code
sync_directory(const char *path, struct stw_err *err)
{
	char *copy = stw_xstrdup(path);
	enum stw_code rc = STW_OK;
	int fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0 || fsync(fd) != 0)
		rc = stw_fail(err, STW_TEMPFAIL, "%s: cannot sync its directory: %s",
		    path, strerror(errno));
	if (fd >= 0)
		(void)close(fd);
	free(copy);
	return rc;
}

enum stw_code
ledger_file_open(struct ledger_file *file, const char *path, struct stw_err *err)
{
	bool made = false;
	enum stw_code rc = STW_OK;

	file->path = path;
	file->fd = open(path, O_RDWR | O_APPEND | O_CLOEXEC);
	if (file->fd < 0 && errno == ENOENT) {
		file->fd = open(path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
		made = true;
	}
	if (file->fd < 0)
		return stw_fail(err, errno == ENOENT ? STW_INVALID : STW_TEMPFAIL,
		    "cannot open the checkpoint file %s: %s", path, strerror(errno));
	if (flock(file->fd, LOCK_EX | LOCK_NB) != 0)
		rc = stw_fail(err, STW_CONFLICT, "another process writes to %s", path);
	else if (made)
		rc = sync_directory(path, err);
	if (rc != STW_OK)
		ledger_file_close(file);
	return rc;
}

void
ledger_file_close(struct ledger_file *file)
{
	if (file->fd >= 0)
		(void)close(file->fd);
	file->fd = -1;
}

/* Reads [from, end) of the file. */
static enum stw_code
read_range(const struct ledger_file *file, off_t from, off_t end, char *to,
    struct stw_err *err)
{
	while (from < end) {
		ssize_t n = pread(file->fd, to, (size_t)(end - from), from);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return stw_fail(err, STW_TEMPFAIL, "cannot read %s: %s",
			    file->path, n == 0 ? "it became shorter" : strerror(errno));
		to += n;
		from += n;
	}
	return STW_OK;
}

/* Does a note end at data[at], that is: "— ...\n" and the empty line before it? */
static bool
note_ends(const char *data, size_t at)
{
	size_t line;

	if (at < 6 || data[at - 1] != '\n' || data[at - 2] != '\n')
		return false;
	for (line = at - 2; line > 0 && data[line - 1] != '\n'; line--)
		continue;
	return at - 2 - line > 4 && memcmp(data + line, SIGNATURE_MARK, 4) == 0;
}

/* The last place at or below `at` where a note ends; 0 when there is none. */
static size_t
last_end(const char *data, size_t at)
{
	while (at > 0 && !note_ends(data, at))
		at--;
	return at;
}

static enum stw_code
cut_torn_end(struct ledger_file *file, off_t keep, off_t size, struct stw_err *err)
{
	log_event(LOG_WARN, "ledger_file_torn", "file=%s cut_bytes=%lld", file->path,
	    (long long)(size - keep));
	if (ftruncate(file->fd, keep) != 0 || fsync(file->fd) != 0)
		return stw_fail(err, STW_TEMPFAIL, "cannot mend %s: %s", file->path,
		    strerror(errno));
	return STW_OK;
}

enum stw_code
ledger_file_last(struct ledger_file *file, struct buf *note, struct stw_err *err)
{
	enum stw_code rc = STW_OK;
	size_t len, end, begin;
	struct stat st;
	char *tail;
	off_t from;

	buf_clear(note);
	if (fstat(file->fd, &st) != 0)
		return stw_fail(err, STW_TEMPFAIL, "cannot stat %s: %s", file->path,
		    strerror(errno));
	from = st.st_size > TAIL_BYTES ? st.st_size - TAIL_BYTES : 0;
	len = (size_t)(st.st_size - from);
	tail = stw_xalloc(len + 1);
	rc = read_range(file, from, st.st_size, tail, err);
	if (rc != STW_OK)
		goto done;
	end = last_end(tail, len);
	if (end == 0 && (from > 0 || len > NOTE_BYTES_MAX)) {
		rc = stw_fail(
		    err, STW_INVALID, "%s is not a file of checkpoints", file->path);
		goto done;
	}
	if (end < len) {
		rc = cut_torn_end(file, from + (off_t)end, st.st_size, err);
		if (rc != STW_OK)
			goto done;
	}
	begin = end == 0 ? 0 : last_end(tail, end - 1);
	if (end > begin)
		buf_add(note, tail + begin, end - begin - 1); /* less the empty line */
done:
	free(tail);
	return rc;
}

enum stw_code
ledger_file_append(struct ledger_file *file, struct str note, struct stw_err *err)
{
	enum stw_code rc = STW_OK;
	struct buf out;
	struct stat st;
	ssize_t n;

	buf_init(&out);
	buf_add_str(&out, note);
	buf_add_char(&out, '\n');
	if (fstat(file->fd, &st) != 0) {
		rc = stw_fail(err, STW_TEMPFAIL, "cannot stat %s: %s", file->path,
		    strerror(errno));
		goto done;
	}
	do
		n = write(file->fd, out.data, out.len);
	while (n < 0 && errno == EINTR);
	if (n == (ssize_t)out.len && fsync(file->fd) == 0)
		goto done;
	rc = stw_fail(err, STW_TEMPFAIL, "cannot append to %s: %s", file->path,
	    n >= 0 && n < (ssize_t)out.len ? "no space" : strerror(errno));
	/* If this fails as well, the next seal cuts the torn end off. */
	if (n > 0 && n < (ssize_t)out.len && ftruncate(file->fd, st.st_size) != 0)
		log_event(LOG_WARN, "ledger_file_torn", "file=%s", file->path);
done:
	buf_fini(&out);
	return rc;
}

enum stw_code
ledger_file_next(FILE *in, struct buf *note, bool *more, struct stw_err *err)
{
	bool signed_by_now = false;
	char *line = NULL;
	size_t cap = 0;
	ssize_t len;

	*more = false;
	buf_clear(note);
	while (!*more && (len = getline(&line, &cap, in)) > 0) {
		if (signed_by_now && len == 1) {
			*more = true;
			continue;
		}
		signed_by_now = len > 4 && memcmp(line, SIGNATURE_MARK, 4) == 0;
		if (note->len + (size_t)len > NOTE_BYTES_MAX)
			break;
		buf_add(note, line, (size_t)len);
	}
	free(line);
	if (ferror(in))
		return stw_fail(err, STW_TEMPFAIL,
		    "cannot read the checkpoint file: %s", strerror(errno));
	if (!*more && note->len > NOTE_BYTES_MAX / 2)
		return stw_fail(err, STW_INVALID, "the file is not one of checkpoints");
	return STW_OK;
}
