/*
 * import_hold_store.h - may the book be taken for whole?
 *
 * Purpose    The files of an import become visible one after the other: until the last one,
 *            customers look as if they had nothing, and nobody should be moved to another
 *            stage, leave a segment or be planned for. The same is true after an import that
 *            was killed or failed with some of its files in, until it has gone on to its end, a
 *            later one of its mapping has, or somebody gives it up.
 * Errors     Those of db/db.h. Who cannot find out has to take the book for not whole.
 */
#ifndef STW_SEGMENTS_IMPORT_HOLD_STORE_H
#define STW_SEGMENTS_IMPORT_HOLD_STORE_H

#include "db/db.h"
#include "engine/uuid.h"

enum import_hold_kind {
	IMPORT_HOLD_UNKNOWN = 0, /* nobody has asked, or the question failed */
	IMPORT_HOLD_NONE,
	IMPORT_HOLD_RUNNING, /* an import is under way */
	IMPORT_HOLD_HALF,    /* one ended before its last file */
};

struct import_hold {
	enum import_hold_kind kind;
	char run_id[UUID_TEXT]; /* empty: a dry run, or one that has just begun */
	char mapping[64];
	stw_usec started_at; /* with run_id */
	bool failed;         /* HALF: by something that has to be mended first */
	int64_t mark;        /* another one: an import began meanwhile */
};

enum stw_code import_hold_get(
    struct db *db, struct import_hold *out, struct stw_err *err) STW_MUST_USE;
/* The same as an error: TEMPFAIL while one is under way, CONFLICT when one ended early, with
 * its name and what to do. OK: none holds; *mark is of import_hold_get. */
enum stw_code import_hold_check(
    struct db *db, int64_t *mark, struct stw_err *err) STW_MUST_USE;

/* What a book that is loaded from now on carries (book.h): it is whole while *out is what this
 * says and nothing holds. 0: an import is under way, and it may have a part of it. */
enum stw_code import_hold_stamp(
    struct db *db, uint64_t *out, struct stw_err *err) STW_MUST_USE;
uint64_t import_stamp_of(int64_t mark);

/* A run that ended early is not waited for any more. NOT_FOUND: no run of this id that holds
 * anybody. Its rows stay, and the same import may still go on. Own transaction. */
enum stw_code import_give_up(struct db *db, const char *run_id, const char *actor,
    stw_usec now, struct stw_err *err) STW_MUST_USE;

#endif
