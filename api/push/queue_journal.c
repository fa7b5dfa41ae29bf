#include "api/push/queue_journal.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "engine/arena.h"
#include "engine/time.h"

struct queue_journal {
	int fd;
	char *path;
	pthread_mutex_t lock;
	pthread_cond_t synced_more;
	uint64_t written, synced; /* lines */
	bool syncing, failed;
};

/* Reads all lines; *good is where the last whole one ends. */
static enum stw_code
read_back(FILE *file, const char *path,
    enum stw_code (*line)(void *, const json_t *, struct stw_err *), void *ctx,
    off_t *good, struct stw_err *err)
{
	enum stw_code rc = STW_OK;
	char *text = NULL;
	size_t cap = 0;
	ssize_t len;
	int number = 0;

	*good = 0;
	while (rc == STW_OK && (len = getline(&text, &cap, file)) > 0) {
		json_t *event = NULL;

		number++;
		if (text[len - 1] != '\n')
			break;
		event = json_loadb(text, (size_t)len, JSON_REJECT_DUPLICATES, NULL);
		if (event == NULL)
			rc = stw_fail_at(err, STW_INVALID, number, 1,
			    "%s: not a line of JSON", path);
		else
			rc = line(ctx, event, err);
		json_decref(event);
		*good += len;
	}
	if (rc == STW_OK && ferror(file))
		rc = stw_fail(err, STW_TEMPFAIL, "%s: %s", path, strerror(errno));
	free(text);
	return rc;
}

enum stw_code
queue_journal_open(const char *path,
    enum stw_code (*line)(void *ctx, const json_t *event, struct stw_err *err),
    void *ctx, struct queue_journal **out, struct stw_err *err)
{
	enum stw_code rc;
	FILE *file = NULL;
	off_t good;
	int fd;

	*out = NULL;
	fd = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	if (fd < 0)
		return stw_fail(err, STW_TEMPFAIL, "%s: %s", path, strerror(errno));
	if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
		rc =
		    stw_fail(err, STW_CONFLICT, "%s: another queue writes to it", path);
		goto done;
	}
	file = fopen(path, "re");
	if (file == NULL) {
		rc = stw_fail(err, STW_TEMPFAIL, "%s: %s", path, strerror(errno));
		goto done;
	}
	rc = read_back(file, path, line, ctx, &good, err);
	if (rc == STW_OK && ftruncate(fd, good) != 0)
		rc = stw_fail(err, STW_TEMPFAIL, "%s: %s", path, strerror(errno));
	if (rc != STW_OK)
		goto done;
	*out = stw_xalloc(sizeof **out);
	(*out)->fd = fd;
	(*out)->path = stw_xstrdup(path);
	(void)pthread_mutex_init(&(*out)->lock, NULL);
	(void)pthread_cond_init(&(*out)->synced_more, NULL);
	fd = -1;
done:
	if (file != NULL)
		(void)fclose(file);
	if (fd >= 0)
		(void)close(fd);
	return rc;
}

void
queue_journal_close(struct queue_journal *journal)
{
	if (journal == NULL)
		return;
	(void)close(journal->fd);
	(void)pthread_mutex_destroy(&journal->lock);
	(void)pthread_cond_destroy(&journal->synced_more);
	free(journal->path);
	free(journal);
}

static bool
write_all(int fd, const char *data, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, data, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		data += n;
		len -= (size_t)n;
	}
	return true;
}

static stw_usec
real_now(void)
{
	struct stw_clock clock;

	clock_set_real(&clock);
	return clock_now(&clock);
}

/* One thread syncs for all lines written so far; the others wait for it. A failed write or
 * sync is final: what is on disk is not known any more. */
enum stw_code
queue_journal_add(struct queue_journal *journal, json_t *event, struct stw_err *err)
{
	char at[STW_USEC_TEXT];
	enum stw_code rc = STW_OK;
	struct buf text;
	char *dump;
	uint64_t mine;

	(void)json_object_set_new(
	    event, "at", json_string(stw_usec_format(real_now(), at)));
	dump = json_dumps(event, JSON_COMPACT | JSON_SORT_KEYS);
	json_decref(event);
	if (dump == NULL)
		return stw_fail(err, STW_BUG, "queue journal: an event is not UTF-8");
	buf_init(&text);
	buf_add_c(&text, dump);
	buf_add_char(&text, '\n');
	free(dump);

	(void)pthread_mutex_lock(&journal->lock);
	if (!journal->failed && !write_all(journal->fd, text.data, text.len))
		journal->failed = true;
	mine = ++journal->written;
	while (journal->synced < mine && !journal->failed) {
		uint64_t upto = journal->written;
		bool ok;

		if (journal->syncing) {
			(void)pthread_cond_wait(&journal->synced_more, &journal->lock);
			continue;
		}
		journal->syncing = true;
		(void)pthread_mutex_unlock(&journal->lock);
		ok = fdatasync(journal->fd) == 0;
		(void)pthread_mutex_lock(&journal->lock);
		journal->syncing = false;
		if (ok)
			journal->synced = upto;
		else
			journal->failed = true;
		(void)pthread_cond_broadcast(&journal->synced_more);
	}
	if (journal->failed)
		rc =
		    stw_fail(err, STW_TEMPFAIL, "%s: cannot be written", journal->path);
	(void)pthread_mutex_unlock(&journal->lock);
	buf_fini(&text);
	return rc;
}
