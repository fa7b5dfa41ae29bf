#include "segments/book_file_store.h"

#include <stdio.h>

#include "engine/log.h"
#include "segments/import_hold_store.h"
#include "segments/trait_store.h"

/* Borrowed from the rows. */
static enum stw_code
read_source(struct db *db, struct db_rows **rows, struct book_file_want *want,
    struct stw_err *err)
{
	enum stw_code rc = db_query_one(db, DB_Q_BOOK_SOURCE, NULL, 0, rows, err);

	if (rc != STW_OK)
		return rc;
	want->source = db_get_str(*rows, 0, 0).ptr;
	want->currency = db_get_str(*rows, 0, 1).ptr;
	want->zone = db_get_str(*rows, 0, 2).ptr;
	want->model = db_get_str(*rows, 0, 3).ptr;
	want->feds = db_get_str(*rows, 0, 4).ptr;
	return STW_OK;
}

enum stw_code
book_file_of(struct db *db, struct book_file_is *out, struct stw_err *err)
{
	struct db_rows *rows = NULL;
	struct book_file_want is;
	enum stw_code rc = read_source(db, &rows, &is, err);

	if (rc == STW_OK) {
		int source = snprintf(out->source, sizeof out->source, "%s", is.source);
		int model = snprintf(out->model, sizeof out->model, "%s", is.model);

		if ((size_t)source >= sizeof out->source ||
		    (size_t)model >= sizeof out->model)
			rc = stw_fail(err, STW_INVALID,
			    "the name of the lifecycle model is too long for a book file: "
			    "%.80s",
			    is.model);
	}
	db_rows_free(rows);
	return rc;
}

enum stw_code
book_save(struct db *db, const struct book *book, const char *path, uint64_t *bytes,
    struct stw_err *err)
{
	struct book_file_is is;
	enum stw_code rc = book_file_of(db, &is, err);

	if (rc == STW_OK)
		rc = book_file_save(book, is.source, is.model, path, bytes, err);
	return rc;
}

enum stw_code
book_open(struct db *db, const char *path, stw_usec now, stw_usec max_age,
    struct book **out, struct book_file_info *info, struct stw_err *err)
{
	struct book_file_want want = {.now = now, .max_age = max_age};
	struct db_rows *rows = NULL;
	enum stw_code rc = read_source(db, &rows, &want, err);

	*out = NULL;
	if (rc == STW_OK)
		rc = book_file_open(path, &want, out, info, err);
	db_rows_free(rows);
	return rc;
}

/* It was loaded when no import was under way, and none has begun since. */
static enum stw_code
check_imports(
    struct db *db, const char *path, const struct book *book, struct stw_err *err)
{
	uint64_t imports;
	enum stw_code rc = import_hold_stamp(db, &imports, err);

	if (rc == STW_OK && (imports == 0 || imports != book->imports))
		return stw_fail(err, STW_INVALID,
		    "%.160s is not usable: an import has begun since the book was loaded, or "
		    "was under way then",
		    path);
	return rc;
}

/* True when the file was used; false, *rc STW_OK: load. */
static bool
from_file(struct db *db, const char *path, stw_usec max_age, stw_usec now,
    const struct book_options *options, struct book **out, enum stw_code *rc,
    struct stw_err *err)
{
	struct book *book;

	*rc = book_open(db, path, now, max_age, &book, NULL, err);
	if (*rc == STW_OK)
		*rc = check_imports(db, path, book, err);
	if (*rc == STW_OK && (options == NULL || !options->no_traits))
		*rc = trait_store_derive(
		    db, book, now, options == NULL ? NULL : options->progress, err);
	if (*rc == STW_OK) {
		*out = book;
		return true;
	}
	book_free(book);
	if (*rc == STW_INVALID)
		log_err(LOG_WARN, "book_file", err);
	if (*rc == STW_INVALID || *rc == STW_NOT_FOUND)
		*rc = STW_OK;
	return false;
}

enum stw_code
book_obtain(struct db *db, const char *path, stw_usec max_age, stw_usec now,
    const struct book_options *options, struct book **out, struct stw_err *err)
{
	struct stw_err saving = {0};
	enum stw_code rc = STW_OK;

	*out = NULL;
	if (path == NULL || path[0] == '\0')
		return book_load(db, now, options, out, err);
	if (max_age > 0 && from_file(db, path, max_age, now, options, out, &rc, err))
		return STW_OK;
	if (rc == STW_OK)
		rc = book_load(db, now, options, out, err);
	if (rc == STW_OK && book_save(db, *out, path, NULL, &saving) != STW_OK)
		log_err(LOG_WARN, "book_file", &saving);
	return rc;
}
