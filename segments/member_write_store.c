#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include "engine/log.h"
#include "segments/member_priv.h"

#define READ_TRIES  4
#define WRITERS_MAX 4
#define MANY        1000 /* differences that are worth another connection */

/* Buckets are taken by whoever has a connection free. All but the statement itself is done
 * under the lock: the image's words are shared by buckets that are neighbours. */
struct write {
	struct member_compare compare;
	struct segment_moves *moves;
	stw_usec now;
	pthread_mutex_t lock;
	int next; /* bucket that nobody has taken */
	int done;
	bool failed;
};

struct writer {
	struct write *write;
	struct db *db;
	struct member_diff enter, leave;
	const struct progress *progress; /* of the caller's thread; NULL: is not told */
	enum stw_code rc;
	struct stw_err err;
};

/* Under the lock, which it gives away meanwhile. *version: afterwards; 0: somebody else was
 * there, nothing is changed. */
static enum stw_code
send_bucket(struct writer *writer, int bucket, int64_t *version)
{
	struct write *w = writer->write;
	const struct member_diff *enter = &writer->enter, *leave = &writer->leave;
	const struct db_param params[] = {db_i64(bucket), db_usec(w->now),
	    db_i64s(leave->segment_ids, leave->count),
	    db_i64s(leave->customer_ids, leave->count),
	    db_i64s(enter->segment_ids, enter->count),
	    db_i64s(enter->customer_ids, enter->count),
	    db_i64(w->compare.image->version[bucket])};
	struct db_rows *rows = NULL;
	enum stw_code rc;

	(void)pthread_mutex_unlock(&w->lock);
	rc = db_query(writer->db, DB_Q_SEGMENT_MOVE, params, DB_NPARAMS(params), &rows,
	    &writer->err);
	(void)pthread_mutex_lock(&w->lock);
	*version =
	    rc == STW_OK && db_rows_count(rows) == 1 ? db_get_i64(rows, 0, 0) : 0;
	db_rows_free(rows);
	return rc;
}

static enum stw_code
write_bucket(struct writer *writer, int bucket)
{
	struct write *w = writer->write;
	bool wanted[BOOK_BUCKETS] = {false};

	wanted[bucket] = true;
	for (int i = 0; i < READ_TRIES; i++) {
		int64_t version;
		enum stw_code rc;

		member_compare_bucket(
		    &w->compare, bucket, &writer->enter, &writer->leave);
		if (writer->enter.count == 0 && writer->leave.count == 0)
			return STW_OK;
		rc = send_bucket(writer, bucket, &version);
		if (rc != STW_OK)
			return rc;
		if (version != 0) {
			member_compare_note(
			    &w->compare, &writer->enter, &writer->leave, w->moves);
			w->compare.image->version[bucket] = version;
			return STW_OK;
		}
		rc = member_refresh(writer->db, wanted, w->compare.image, &writer->err);
		if (rc != STW_OK)
			return rc;
	}
	return stw_fail(&writer->err, STW_CONFLICT,
	    "somebody else keeps changing the memberships of bucket %d", bucket);
}

static void *
write_buckets(void *arg)
{
	struct writer *writer = arg;
	struct write *w = writer->write;

	(void)pthread_mutex_lock(&w->lock);
	while (!w->failed && w->next < BOOK_BUCKETS) {
		writer->rc = write_bucket(writer, w->next++);
		w->failed |= writer->rc != STW_OK;
		w->done++;
		progress_tell(writer->progress, "members", w->done, BOOK_BUCKETS);
	}
	(void)pthread_mutex_unlock(&w->lock);
	member_diff_fini(&writer->enter);
	member_diff_fini(&writer->leave);
	return NULL;
}

/* Another connection of the same manners; one that is refused is done without. */
static struct db *
connect_like(const struct db *db)
{
	struct db *other = NULL;
	struct stw_err why = {0};
	enum stw_code rc = db_open_like(db, &other, &why);

	if (rc == STW_OK)
		rc = db_script(other, "SET synchronous_commit = off", &why);
	if (rc == STW_OK)
		return other;
	log_err(LOG_DEBUG, "member_writer", &why);
	if (other != NULL)
		db_close(other);
	return NULL;
}

static int
writers_wanted(const struct member_compare *compare)
{
	long cores = sysconf(_SC_NPROCESSORS_ONLN);

	if (cores < 2 || member_is_patch(compare->hosts) ||
	    member_compare_about(compare) < MANY)
		return 1;
	return cores < WRITERS_MAX ? (int)cores : WRITERS_MAX;
}

/* The caller's thread writes too; those after it have a connection of their own. */
static enum stw_code
write_all(struct write *w, struct db *db, const struct progress *progress,
    struct stw_err *err)
{
	struct writer writers[WRITERS_MAX] = {
	    {.write = w, .db = db, .progress = progress}};
	int want = writers_wanted(&w->compare), n = 1, first = -1;
	pthread_t threads[WRITERS_MAX];

	for (; n < want; n++) {
		writers[n] = (struct writer){.write = w, .db = connect_like(db)};
		if (writers[n].db == NULL)
			break;
		if (pthread_create(&threads[n], NULL, write_buckets, &writers[n]) !=
		    0) {
			db_close(writers[n].db);
			break;
		}
	}
	(void)write_buckets(&writers[0]);
	for (int i = 0; i < n; i++) {
		if (i > 0) {
			STW_ASSERT(pthread_join(threads[i], NULL) == 0);
			db_close(writers[i].db);
		}
		if (first < 0 && writers[i].rc != STW_OK)
			first = i;
	}
	if (first < 0)
		return STW_OK;
	if (err != NULL)
		*err = writers[first].err;
	return writers[first].rc;
}

enum stw_code
member_store_write(struct db *db, struct member_image *image,
    const struct segment_hosts *hosts, stw_usec now, const struct progress *progress,
    struct segment_moves *moves, struct stw_err *err)
{
	struct write w = {.moves = moves, .now = now};
	enum stw_code rc;

	memset(moves, 0, (size_t)hosts->items[0].count * sizeof *moves);
	member_compare_init(&w.compare, image, hosts);
	(void)pthread_mutex_init(&w.lock, NULL);
	rc = write_all(&w, db, progress, err);
	(void)pthread_mutex_destroy(&w.lock);
	member_compare_fini(&w.compare);
	return rc;
}
