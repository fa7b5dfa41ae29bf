/*
 * book_file_store.h - a database's book: from its file where that is good, else loaded.
 *
 * Purpose    Knows what a file has to be to stand for this database (segments/book_file.h).
 * Errors     As book_store.h and book_file.h. db must not be in a transaction.
 */
#ifndef STW_SEGMENTS_BOOK_FILE_STORE_H
#define STW_SEGMENTS_BOOK_FILE_STORE_H

#include "segments/book_file.h"
#include "segments/book_store.h"

/* What is written into a file of this database's book. */
struct book_file_is {
	char source[BOOK_FILE_SOURCE];
	char model[64];
};
enum stw_code book_file_of(
    struct db *db, struct book_file_is *out, struct stw_err *err) STW_MUST_USE;
/* Saves a book that was loaded from db. bytes may be NULL. */
enum stw_code book_save(struct db *db, const struct book *book, const char *path,
    uint64_t *bytes, struct stw_err *err) STW_MUST_USE;
/* Opens a file of this database's book, without derived traits; max_age as in book_file.h.
 * Who brings it up to date from info->position allows any age. info may be NULL. */
enum stw_code book_open(struct db *db, const char *path, stw_usec now, stw_usec max_age,
    struct book **out, struct book_file_info *info, struct stw_err *err) STW_MUST_USE;

/* The file at path when it is at most max_age old (0: never) and no import has begun since
 * (segments/import_hold_store.h), else a load, which is then
 * saved there. A file that cannot be used or written is logged, and no error. path NULL or
 * empty: just a load. options may be NULL. */
enum stw_code book_obtain(struct db *db, const char *path, stw_usec max_age,
    stw_usec now, const struct book_options *options, struct book **out,
    struct stw_err *err) STW_MUST_USE;

#endif
