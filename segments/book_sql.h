/*
 * book_sql.h - the book's names as the database has them, for rules as SQL.
 *
 * Purpose    Binds the fields of a book's env to the columns that db/queries/rule_count.sql
 *            gives: each column of the book under its own name, a derived trait as its
 *            rule written in place, a fed one as its row of trait_value. What the database holds sealed is no field of a book.
 * Ownership  The binding lives in the arena and borrows the book and the host.
 * Errors     As compiling a trait's rule.
 */
#ifndef STW_SEGMENTS_BOOK_SQL_H
#define STW_SEGMENTS_BOOK_SQL_H

#include "engine/rule_sql.h"
#include "segments/segment.h"
#include "segments/trait.h"

/* env: of book_env for the host's book, with its derived columns. */
enum stw_code book_sql_binding(const struct segment_host *host,
    const struct rule_env *env, const struct trait_catalogue *catalogue, stw_usec now,
    struct arena *arena, struct rule_sql_binding *out,
    struct stw_err *err) STW_MUST_USE;

#endif
