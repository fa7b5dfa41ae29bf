/*
 * segment_list_store.h - segments whose members are uploaded.
 *
 * Purpose    A list of references of customers becomes a segment of the kind list, or the
 *            next version of one: it replaces who was on it, adds to them or takes some
 *            off. The next tick makes the members of it; rules may ask for it as for any
 *            segment.
 * Limits     SEGMENT_LIST_MAX references in one upload.
 * Errors     INVALID names the first unknown references by their lines, unless they may be
 *            skipped, and is the answer to an upload of nobody that is not said to be meant; CONFLICT for the code of a retired segment or one of another kind.
 *            Nothing is changed by a refused upload.
 * Ledger     A "rule_change" entry with a hash of the upload, in its own transaction: db
 *            must not be in one, unless it is lent.
 */
#ifndef STW_SEGMENTS_SEGMENT_LIST_STORE_H
#define STW_SEGMENTS_SEGMENT_LIST_STORE_H

#include "db/db.h"
#include "segments/segment.h"

#define SEGMENT_LIST_MAX 5000000

enum segment_list_mode {
	SEGMENT_LIST_REPLACE = 0,
	SEGMENT_LIST_ADD,
	SEGMENT_LIST_REMOVE
};
/* False: no such mode; "replace", "add", "remove". */
bool segment_list_mode_parse(const char *text, enum segment_list_mode *out);

struct segment_list {
	const char *code, *name_zh, *name_en;
	enum segment_list_mode mode;
	const struct str *refs; /* none empty */
	const size_t *lines;    /* of each, from 1, ascending; NULL: one a line */
	size_t count;
	bool skip_unknown;
	bool allow_empty; /* no reference of a customer may be in it */
};

struct segment_list_result {
	int version;
	int64_t entries; /* on the list now */
	int64_t added, removed;
	int64_t unknown; /* references without a customer: skipped */
};

enum stw_code segment_list_put(struct db *db, const struct segment_list *list,
    const char *actor, stw_usec now, struct segment_list_result *out,
    struct stw_err *err) STW_MUST_USE;

/* For struct segment_host: the lists as db has them. Starts zeroed but for db; a list is
 * read once for all parts of a book. */
struct segment_lists {
	struct db *db;
	int64_t segment_id; /* whose entries these are */
	struct db_rows *rows;
};
struct segment_source segment_list_source(struct segment_lists *lists);
void segment_lists_fini(struct segment_lists *lists);

#endif
