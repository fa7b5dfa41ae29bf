#include "db/secret_file.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/arena.h"

static enum stw_code
read_all(int fd, const char *path, size_t max, struct buf *to, struct stw_err *err)
{
	size_t got = 0;

	/* Reserved at once: growing would leave copies of the secret behind. */
	(void)buf_reserve(to, max + 1);
	for (;;) {
		ssize_t n = read(fd, to->data + to->len, max + 1 - got);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return stw_fail(err, STW_TEMPFAIL, "cannot read %s: %s", path,
			    strerror(errno));
		if (n == 0)
			break;
		got += (size_t)n;
		to->len += (size_t)n;
		if (got > max)
			return stw_fail(
			    err, STW_INVALID, "%s is larger than %zu bytes", path, max);
	}
	to->data[to->len] = '\0';
	return STW_OK;
}

enum stw_code
secret_file_read(const char *path, size_t max, struct buf *to, struct stw_err *err)
{
	enum stw_code rc;
	struct stat st;
	int fd;

	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return stw_fail(err, errno == ENOENT ? STW_NOT_FOUND : STW_INVALID,
		    "cannot open %s: %s", path, strerror(errno));
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
		rc = stw_fail(err, STW_INVALID, "%s is not a file", path);
	else if ((st.st_mode & 077) != 0)
		rc = stw_fail(err, STW_INVALID,
		    "others may read %s (mode %03o): chmod 600 it", path,
		    (unsigned)st.st_mode & 0777);
	else
		rc = read_all(fd, path, max, to, err);
	(void)close(fd);
	return rc;
}

static bool
write_all(int fd, struct str content)
{
	while (content.len > 0) {
		ssize_t n = write(fd, content.ptr, content.len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		content.ptr += n;
		content.len -= (size_t)n;
	}
	return fsync(fd) == 0;
}

static bool
sync_parent(const char *path)
{
	char *copy = stw_xstrdup(path);
	int fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool good = fd >= 0 && fsync(fd) == 0;

	if (fd >= 0)
		(void)close(fd);
	free(copy);
	return good;
}

/* Written beside it and moved into place, so that nobody ever reads half a key. */
static enum stw_code
place_file(const char *path, struct str content,
    int (*move)(const char *, const char *), struct stw_err *err)
{
	enum stw_code rc = STW_OK;
	struct buf temporary;
	int fd;

	buf_init(&temporary);
	buf_printf(&temporary, "%s.XXXXXX", path);
	fd = mkostemp(temporary.data, O_CLOEXEC); /* mode 0600 */
	if (fd < 0) {
		rc = stw_fail(
		    err, STW_INVALID, "cannot make %s: %s", path, strerror(errno));
		goto done;
	}
	if (!write_all(fd, content))
		rc = stw_fail(
		    err, STW_TEMPFAIL, "cannot write %s: %s", path, strerror(errno));
	else if (move(temporary.data, path) != 0)
		rc = stw_fail(err, errno == EEXIST ? STW_CONFLICT : STW_TEMPFAIL,
		    "cannot make %s: %s", path, strerror(errno));
	else if (!sync_parent(path))
		rc = stw_fail(
		    err, STW_TEMPFAIL, "cannot sync the directory of %s", path);
	(void)close(fd);
	(void)unlink(temporary.data);
done:
	buf_fini(&temporary);
	return rc;
}

enum stw_code
secret_file_create(const char *path, struct str content, struct stw_err *err)
{
	return place_file(path, content, link, err);
}

enum stw_code
secret_file_replace(const char *path, struct str content, struct stw_err *err)
{
	return place_file(path, content, rename, err);
}
