/*
 * book_file.h - a book saved in a file, so that a start need not read the database.
 *
 * Purpose    What was loaded from the database, without the derived traits (they depend on
 *            the clock and are computed again), and what it was true of: the database, the
 *            instant, the position in its change stream, the institution's settings, this
 *            build's trait catalogue. It opens as fast as it can be checked; columns and
 *            dictionaries are then used where they lie in the file.
 * Contents   References, attributes and amounts of customers as rules see them. No name,
 *            telephone or identity number: the book has none. Sealed it is not: the file is
 *            of mode 0600 and belongs where the database's files may lie.
 * Units      as_of by the business clock.
 * Ownership  The caller frees what book_file_open gives with book_free. The file may be
 *            replaced (book_file_save) while a book of it is open.
 * Errors     NOT_FOUND: no file. INVALID: cut short, changed, of another version, database,
 *            catalogue or setting, or too old; the text says which: load afresh. TEMPFAIL:
 *            the disk.
 */
#ifndef STW_SEGMENTS_BOOK_FILE_H
#define STW_SEGMENTS_BOOK_FILE_H

#include "segments/book.h"

/* 1 to 63 bytes that tell one database from another; nothing that is secret. */
#define BOOK_FILE_SOURCE 64

struct book_file_info {
	char source[BOOK_FILE_SOURCE];
	stw_usec as_of;
	uint64_t position; /* book.h */
	char currency[4];
	char zone[64];
	char model[64]; /* the lifecycle model whose stages are shown */
	uint64_t bytes;
	uint64_t customers;
};

/* source, model: as in the info. bytes (may be NULL): of the file. */
enum stw_code book_file_save(const struct book *book, const char *source,
    const char *model, const char *path, uint64_t *bytes,
    struct stw_err *err) STW_MUST_USE;

/* What a file has to be to be used. */
struct book_file_want {
	const char *source, *model, *currency, *zone; /* NULL: any */
	const char *feds; /* fed traits: "name:type,..." by trait_id; NULL: any */
	stw_usec now;
	stw_usec max_age; /* as_of is at most so long before now; < 0: any */
};

/* The book without derived traits (segments/trait_store.h adds them). info may be NULL. */
enum stw_code book_file_open(const char *path, const struct book_file_want *want,
    struct book **out, struct book_file_info *info, struct stw_err *err) STW_MUST_USE;
/* The same of bytes in memory, aligned to 64, which outlive the book: for fuzzing. */
enum stw_code book_file_open_memory(const void *data, size_t size,
    const struct book_file_want *want, struct book **out,
    struct stw_err *err) STW_MUST_USE;

#endif
