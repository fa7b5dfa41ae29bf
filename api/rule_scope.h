/*
 * rule_scope.h - what a rule may speak of, with or without customers to run it on.
 *
 * Purpose    The book (blank: only its columns), the active segments over it and the
 *            rule environment of both, for checking and trying rules.
 * Ownership  rule_scope_fini frees book and hosts; the environment lives in the arena. A
 *            scope stays where it was opened.
 */
#ifndef STW_API_RULE_SCOPE_H
#define STW_API_RULE_SCOPE_H

#include "db/db.h"
#include "segments/book_live_store.h"
#include "segments/segment_store.h"

struct rule_scope {
	struct book_view *view; /* that the book was made of; NULL: it was loaded */
	struct book_parts parts;
	struct book
	    *book; /* the first part: where it was not asked for parts, the whole */
	struct segment_hosts hosts;
	struct segment_host *host; /* of that part */
	struct rule_env *env;
	struct db
	    *bare; /* members of segments are still to be read from here; or NULL */
};

/* blank: columns only, no customers. db must not be in a transaction unless it is lent
 * and blank is set. */
enum stw_code rule_scope_open(struct db *db, bool blank, stw_usec now,
    struct arena *arena, struct rule_scope *out, struct stw_err *err) STW_MUST_USE;
/* Over the newest version of a kept book, in its parts, to count (rule_scope_count) and to
 * look: nothing is copied, and of segments only the members that a rule asks for are read.
 * Loads a book when live is NULL or has none yet. */
enum stw_code rule_scope_open_parts(struct db *db, struct book_live *live, stw_usec now,
    struct arena *arena, struct rule_scope *out, struct stw_err *err) STW_MUST_USE;
void rule_scope_fini(struct rule_scope *scope);

struct rule_count {
	int64_t customers, matched, undecided;
};
/* A compiled bool rule over all customers of the scope. */
enum stw_code rule_scope_count(struct rule_scope *scope, const struct rule *rule,
    stw_usec now, struct rule_count *out, struct stw_err *err) STW_MUST_USE;

#endif
