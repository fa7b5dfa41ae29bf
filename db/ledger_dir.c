#include "db/ledger_dir.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "db/ledger_priv.h"
#include "engine/log.h"

#define PAGE_ROWS 5000
#define FILE_MAX  ((size_t)TLOG_WIDTH * (2 + TLOG_ENTRY_MAX)) /* the largest bundle */

struct export
{
	struct db *db;
	const struct ledger_key *key;
	int dir;          /* locked */
	const char *path; /* of the directory, for messages */
	struct tlog_writer writer;
	struct buf note;
	uint64_t size; /* of the checkpoint to publish */
	struct merkle_hash root;
	uint64_t before; /* entries that were there already */
	struct merkle_hash before_root;
	int64_t files;
};

static enum stw_code
disk_error(const struct export *x, const char *what, struct stw_err *err)
{
	return stw_fail(err, STW_TEMPFAIL, "%s/%s: %s", x->path, what, strerror(errno));
}

/* ---- reading -------------------------------------------------------------------------- */
static enum stw_code
read_fd(int fd, const char *path, struct buf *to, struct stw_err *err)
{
	struct stat st;
	size_t left;

	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
		return stw_fail(err, STW_TEMPFAIL, "%s is not a file", path);
	if (st.st_size > (off_t)FILE_MAX) {
		/* No bundle is so large, and what is no bundle is a finding. */
		return STW_OK;
	}
	left = (size_t)st.st_size;
	(void)buf_reserve(to, left + 1);
	while (left > 0) {
		ssize_t n = read(fd, to->data + to->len, left);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return stw_fail(
			    err, STW_TEMPFAIL, "%s: %s", path, strerror(errno));
		if (n == 0)
			break;
		to->len += (size_t)n;
		left -= (size_t)n;
	}
	to->data[to->len] = '\0';
	return STW_OK;
}

static enum stw_code
dir_get(void *arg, const char *path, struct buf *to, bool *found, struct stw_err *err)
{
	enum stw_code rc;
	struct buf full;
	int fd;

	buf_clear(to);
	buf_init(&full);
	buf_printf(&full, "%s/%s", (const char *)arg, path);
	fd = open(full.data, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	*found = fd >= 0;
	if (fd >= 0) {
		rc = read_fd(fd, full.data, to, err);
		(void)close(fd);
	} else if (errno == ENOENT || errno == ENOTDIR) {
		rc = STW_OK;
	} else {
		rc = stw_fail(err, STW_TEMPFAIL, "%s: %s", full.data, strerror(errno));
	}
	buf_fini(&full);
	return rc;
}

struct tlog_source
ledger_dir_source(const char *dir)
{
	/* The callback only reads it. */
	union {
		const char *path;
		void *arg;
	} u = {.path = dir};

	return (struct tlog_source){dir_get, u.arg};
}

/* ---- writing ---------------------------------------------------------------------------- */
static enum stw_code
make_parents(const struct export *x, const char *path, struct stw_err *err)
{
	char part[TLOG_PATH_MAX];

	for (const char *at = strchr(path, '/'); at != NULL; at = strchr(at + 1, '/')) {
		(void)snprintf(part, sizeof part, "%.*s", (int)(at - path), path);
		if (mkdirat(x->dir, part, 0755) != 0 && errno != EEXIST)
			return disk_error(x, part, err);
	}
	return STW_OK;
}

static bool
write_all(int fd, struct str data)
{
	while (data.len > 0) {
		ssize_t n = write(fd, data.ptr, data.len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		data.ptr += n;
		data.len -= (size_t)n;
	}
	return true;
}

/* Beside it and then into place: a reader never sees half a file. On the disk it is after
 * the syncfs that comes before the checkpoint. */
static enum stw_code
place(
    struct export *x, const char *path, struct str data, bool sync, struct stw_err *err)
{
	static const char temporary[] = ".new";
	enum stw_code rc = STW_OK;
	int fd;

	fd = openat(x->dir, temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (fd < 0)
		return disk_error(x, temporary, err);
	if (!write_all(fd, data) || (sync && fsync(fd) != 0))
		rc = disk_error(x, path, err);
	if (close(fd) != 0 && rc == STW_OK)
		rc = disk_error(x, path, err);
	if (rc != STW_OK || renameat(x->dir, temporary, x->dir, path) == 0)
		return rc;
	if (errno != ENOENT)
		return disk_error(x, path, err);
	rc = make_parents(x, path, err);
	if (rc == STW_OK && renameat(x->dir, temporary, x->dir, path) != 0)
		rc = disk_error(x, path, err);
	return rc;
}

static enum stw_code
dir_put(void *arg, const char *path, struct str data, struct stw_err *err)
{
	struct export *x = arg;
	enum stw_code rc = place(x, path, data, false, err);

	if (rc == STW_OK)
		x->files++;
	return rc;
}

/* Where a full tile has taken the place of partial ones, those may go. */
static void
drop_partial(const struct export *x, int level)
{
	uint64_t n = tlog_level_size(x->before, level) / TLOG_WIDTH;
	const struct tlog_tile now = tlog_tile_at(x->size, level, n);
	char path[TLOG_PATH_MAX + 8];

	if (now.width < TLOG_WIDTH)
		return;
	for (int width = 1; width < TLOG_WIDTH; width++) {
		const struct tlog_tile partial = {level, n, width};

		tlog_tile_path(&partial, path);
		(void)unlinkat(x->dir, path, 0);
	}
	tlog_tile_path(&now, path);
	strcat(path, ".p");
	if (unlinkat(x->dir, path, AT_REMOVEDIR) != 0 && errno != ENOENT)
		log_event(
		    LOG_WARN, "ledger_partial_stays", "dir=%s path=%s", x->path, path);
}

/* ---- an export ------------------------------------------------------------------------------ */
static enum stw_code
open_dir(struct export *x, struct stw_err *err)
{
	if (mkdir(x->path, 0755) != 0 && errno != EEXIST)
		return stw_fail(
		    err, STW_INVALID, "cannot make %s: %s", x->path, strerror(errno));
	x->dir = open(x->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (x->dir < 0)
		return stw_fail(
		    err, STW_INVALID, "cannot open %s: %s", x->path, strerror(errno));
	if (flock(x->dir, LOCK_EX | LOCK_NB) != 0)
		return stw_fail(
		    err, STW_CONFLICT, "another export writes to %s", x->path);
	return STW_OK;
}

/* What the directory has already. */
static enum stw_code
read_before(struct export *x, bool *same, struct stw_err *err)
{
	const struct tlog_source source = ledger_dir_source(x->path);
	enum stw_code rc;
	struct buf note;
	bool found;

	*same = false;
	buf_init(&note);
	rc = source.get(source.arg, "checkpoint", &note, &found, err);
	if (rc != STW_OK || !found)
		goto done;
	rc = ledger_checkpoint_open(x->key, (struct str){note.data, note.len},
	    &x->before, &x->before_root, err);
	if (rc != STW_OK)
		rc = stw_err_prefix(err, STW_INVALID, "%s/checkpoint", x->path);
	else if (x->before > x->size)
		rc = stw_fail(err, STW_INVALID,
		    "%s has %" PRIu64 " entries, the database %" PRIu64
		    ": the database is an older copy",
		    x->path, x->before, x->size);
	*same = rc == STW_OK && note.len == x->note.len &&
		memcmp(note.data, x->note.data, note.len) == 0;
done:
	buf_fini(&note);
	return rc;
}

/* The writer goes on at the last whole bundle. */
static enum stw_code
resume(struct export *x, struct stw_err *err)
{
	const struct tlog_source source = ledger_dir_source(x->path);
	uint64_t begin = x->before / TLOG_WIDTH * TLOG_WIDTH;
	enum stw_code rc = STW_OK;

	for (int level = 1; rc == STW_OK && level < TLOG_LEVELS; level++) {
		const struct tlog_tile tile = tlog_tile_at(
		    x->before, level, tlog_level_size(x->before, level) / TLOG_WIDTH);
		bool found = true;

		if (tile.width > 0)
			rc = tlog_tile_get(&source, x->before, &tile,
			    &x->writer.tiles[level], &found, err);
		if (rc == STW_OK && !found)
			return stw_fail(err, STW_INVALID,
			    "%s lacks its newest tile of level %d: export into an "
			    "empty directory",
			    x->path, level);
	}
	if (rc == STW_OK && !tlog_writer_resume(&x->writer, begin))
		rc = stw_fail(err, STW_INVALID, "%s: tiles of a wrong size", x->path);
	return rc;
}

static enum stw_code
check_before(const struct export *x, struct stw_err *err)
{
	struct merkle_hash root;

	merkle_edge_root(&x->writer.edge, &root);
	if (merkle_hash_eq(&root, &x->before_root))
		return STW_OK;
	return stw_fail(err, STW_INVALID,
	    "%s does not lead to what the database has: verify both", x->path);
}

static enum stw_code
add_page(struct export *x, struct stw_err *err)
{
	const struct db_param params[] = {db_i64((int64_t)x->writer.edge.size),
	    db_i64((int64_t)x->size), db_i64(PAGE_ROWS)};
	struct db_rows *rows = NULL;
	struct arena arena;
	enum stw_code rc;

	rc = db_query(
	    x->db, DB_Q_LEDGER_ENTRIES, params, DB_NPARAMS(params), &rows, err);
	if (rc == STW_OK && db_rows_count(rows) == 0)
		rc = stw_fail(err, STW_INVALID, "ledger: entry %" PRIu64 " is missing",
		    x->writer.edge.size);
	if (rc != STW_OK)
		return rc;
	arena_init(&arena);
	for (int r = 0; rc == STW_OK && r < db_rows_count(rows); r++) {
		if ((uint64_t)db_get_i64(rows, r, 0) != x->writer.edge.size)
			rc = stw_fail(err, STW_INVALID,
			    "ledger: entry %" PRIu64 " is missing",
			    x->writer.edge.size);
		else
			rc = tlog_writer_add(
			    &x->writer, db_get_bytes(rows, r, 1, &arena), err);
		if (rc == STW_OK && x->writer.edge.size == x->before)
			rc = check_before(x, err);
	}
	arena_fini(&arena);
	db_rows_free(rows);
	return rc;
}

static enum stw_code
add_entries(struct export *x, struct stw_err *err)
{
	struct merkle_hash root;
	enum stw_code rc = STW_OK;

	if (x->before > 0)
		rc = resume(x, err);
	if (rc == STW_OK && x->before > 0 && x->writer.edge.size == x->before)
		rc = check_before(x, err);
	while (rc == STW_OK && x->writer.edge.size < x->size)
		rc = add_page(x, err);
	if (rc != STW_OK)
		return rc;
	merkle_edge_root(&x->writer.edge, &root);
	if (!merkle_hash_eq(&root, &x->root))
		return stw_fail(err, STW_INVALID,
		    "the entries are not what the newest checkpoint covers: run "
		    "steward ledger verify");
	return tlog_writer_flush(&x->writer, err);
}

/* Everything is on the disk before the checkpoint speaks of it. */
static enum stw_code
publish(struct export *x, struct stw_err *err)
{
	enum stw_code rc;

	if (syncfs(x->dir) != 0)
		return disk_error(x, "", err);
	rc = place(x, "checkpoint", (struct str){x->note.data, x->note.len}, true, err);
	if (rc == STW_OK && fsync(x->dir) != 0)
		rc = disk_error(x, "", err);
	if (rc == STW_OK)
		x->files++;
	for (int level = TLOG_ENTRIES; rc == STW_OK && level < TLOG_LEVELS; level++)
		if (tlog_level_size(x->before, level) % TLOG_WIDTH != 0)
			drop_partial(x, level);
	return rc;
}

static enum stw_code
run_export(struct export *x, struct stw_err *err)
{
	enum stw_code rc;
	uint64_t signed_size;
	bool same;

	rc = ledger_newest(x->db, &x->note, &x->size, &x->root, err);
	if (rc == STW_OK)
		rc = ledger_checkpoint_open(x->key,
		    (struct str){x->note.data, x->note.len}, &signed_size, &x->root,
		    err);
	if (rc == STW_OK)
		rc = open_dir(x, err);
	if (rc == STW_OK)
		rc = read_before(x, &same, err);
	if (rc != STW_OK || same)
		return rc;
	rc = add_entries(x, err);
	if (rc == STW_OK)
		rc = publish(x, err);
	return rc;
}

enum stw_code
ledger_export(struct db *db, const struct ledger_key *key, const char *dir,
    struct ledger_export_result *out, struct stw_err *err)
{
	struct export x = {.db = db, .key = key, .dir = -1, .path = dir};
	enum stw_code rc;

	*out = (struct ledger_export_result){0};
	STW_ASSERT(!db_in_transaction(db));
	buf_init(&x.note);
	tlog_writer_init(&x.writer, (struct tlog_sink){dir_put, &x});
	rc = db_begin_snapshot(db, err);
	if (rc == STW_OK)
		rc = run_export(&x, err);
	if (db_in_transaction(db))
		db_rollback(db);
	if (rc == STW_OK)
		*out =
		    (struct ledger_export_result){x.size, x.size - x.before, x.files};
	if (x.dir >= 0)
		(void)close(x.dir);
	tlog_writer_fini(&x.writer);
	buf_fini(&x.note);
	return rc;
}

/* ---- kept checkpoints -------------------------------------------------------------------- */
static int
by_size(const void *a, const void *b)
{
	const struct tlog_known *x = a, *y = b;

	return (x->size > y->size) - (x->size < y->size);
}

static enum stw_code
sort_known(
    struct tlog_known *known, size_t *count, const char *path, struct stw_err *err)
{
	size_t kept = 0;

	if (*count > 0)
		qsort(known, *count, sizeof *known, by_size);
	for (size_t i = 0; i < *count; i++) {
		if (kept > 0 && known[kept - 1].size == known[i].size) {
			if (!merkle_hash_eq(&known[kept - 1].root, &known[i].root))
				return stw_fail(err, STW_CONFLICT,
				    "%s has two checkpoints of size %" PRIu64
				    " that differ, both signed: the log was forked",
				    path, known[i].size);
			continue;
		}
		known[kept++] = known[i];
	}
	*count = kept;
	return STW_OK;
}

static enum stw_code
read_known(FILE *in, const struct tlog_trust *trust, struct tlog_known **known,
    size_t *count, struct stw_err *err)
{
	const struct tlog_trust plain = {.log = trust->log, .nlog = trust->nlog};
	struct checkpoint checkpoint;
	enum stw_code rc = STW_OK;
	size_t cap = 0, cosigned;
	struct buf note;
	bool more = true;

	buf_init(&note);
	while (rc == STW_OK) {
		rc = ledger_file_next(in, &note, &more, err);
		/* One checkpoint alone need not have the empty line after it. */
		if (rc != STW_OK || (!more && note.len == 0))
			break;
		rc = tlog_checkpoint_open((struct str){note.data, note.len}, &plain,
		    &checkpoint, &cosigned, err);
		if (rc != STW_OK && !more && *count > 0) {
			rc = STW_OK; /* a torn end was never acknowledged */
			break;
		}
		if (rc != STW_OK)
			(void)stw_err_prefix(err, rc, "checkpoint %zu", *count + 1);
		if (rc == STW_OK && *count == cap) {
			cap = cap == 0 ? 64 : cap * 2;
			*known = stw_xrealloc(*known, cap * sizeof **known);
		}
		if (rc == STW_OK)
			(*known)[(*count)++] =
			    (struct tlog_known){checkpoint.size, checkpoint.root};
		if (!more)
			break;
	}
	buf_fini(&note);
	return rc;
}

enum stw_code
ledger_dir_known(const char *path, const struct tlog_trust *trust,
    struct tlog_known **out, size_t *count, struct stw_err *err)
{
	struct tlog_known *known = NULL;
	enum stw_code rc;
	FILE *in;

	*out = NULL;
	*count = 0;
	in = fopen(path, "re");
	if (in == NULL)
		return stw_fail(
		    err, STW_INVALID, "cannot read %s: %s", path, strerror(errno));
	rc = read_known(in, trust, &known, count, err);
	(void)fclose(in);
	if (rc != STW_OK)
		(void)stw_err_prefix(err, rc, "%s", path);
	if (rc == STW_OK)
		rc = sort_known(known, count, path, err);
	if (rc != STW_OK) {
		free(known);
		*count = 0;
		return rc;
	}
	*out = known;
	return STW_OK;
}
