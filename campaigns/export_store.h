/*
 * export_store.h - rows of what a role may see, for taking along.
 *
 * Purpose    Reads a kind of rows page by page in one snapshot, so that memory stays bounded
 *            however many there are. Names and numbers are masked, as everywhere. What is
 *            made of the rows, a file or an answer, is api/export.h's.
 * Ownership  export_rows_begin/export_rows_end. Cells are borrowed until the next row.
 * Errors     INVALID for a filter the kind has not, or a segment that is needed and missing;
 *            NOT_FOUND for a segment or stage that there is not: an empty file would look
 *            like an answer.
 * Locks      None; a read-only transaction of its own on the caller's connection, open from
 *            begin to end.
 */
#ifndef STW_CAMPAIGNS_EXPORT_STORE_H
#define STW_CAMPAIGNS_EXPORT_STORE_H

#include "db/db.h"

enum export_type { EXPORT_TEXT = 0, EXPORT_INT, EXPORT_BOOL, EXPORT_INSTANT };

struct export_column {
	const char *name;
	enum export_type type;
};

#define EXPORT_MAX_COLUMNS 32

struct export_kind {
	const char *name; /* "customers" */
	const struct export_column *columns;
	int ncolumns;
	enum db_query_id query;
	const char *first; /* the key before the first row */
	bool by_segment, by_stage, by_time;
};
/* NULL when there is none of this name; by number, NULL past the last. */
const struct export_kind *export_kind_find(const char *name);
const struct export_kind *export_kind_at(int i);

struct export_filter {
	const char *segment, *stage; /* NULL: any */
	stw_usec from, to;           /* STW_USEC_NEVER, STW_USEC_MAX: any */
};

struct export_rows {
	struct db *db;
	const struct export_kind *kind;
	struct export_filter filter;
	struct db_rows *page;
	char key[200]; /* of the last row of the page */
	int row, count;
};

/* Whether the kind has what the filter asks for, and the bank its segment and stage. */
enum stw_code export_rows_check(struct db *db, const struct export_kind *kind,
    const struct export_filter *filter, struct stw_err *err) STW_MUST_USE;
/* filter: as checked. Reads the first page, so that what cannot be read fails here. */
enum stw_code export_rows_begin(struct db *db, const struct export_kind *kind,
    const struct export_filter *filter, struct export_rows *rows,
    struct stw_err *err) STW_MUST_USE;
/* *more false at the end. */
enum stw_code export_rows_next(
    struct export_rows *rows, bool *more, struct stw_err *err) STW_MUST_USE;
bool export_cell_null(const struct export_rows *rows, int column);
/* As the database writes it: a text, a number, t or f. */
struct str export_cell(const struct export_rows *rows, int column);
stw_usec export_cell_instant(const struct export_rows *rows, int column);
/* Ends the transaction; fine to call twice. */
void export_rows_end(struct export_rows *rows);

#endif
