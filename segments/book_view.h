/*
 * book_view.h - the book as it changes: immutable versions made of parts.
 *
 * Purpose    A view is one version: a base and patches on it, newest last. A patch holds
 *            customers that changed, whole and read again, and names those that are gone;
 *            for each part the view marks the rows that a newer part replaces as dead. A
 *            change makes a new view and leaves the others as they are, so that who reads
 *            never waits and sees one version to its end.
 * Size       Patches of similar size become one, so that there are at most
 *            BOOK_VIEW_PARTS parts while no new base is being made. A new base is due when
 *            the patches have a quarter of its rows.
 * Ownership  A view is counted: book_view_ref, book_view_unref. It owns its parts, which
 *            views share. What book_view_parts gives belongs to the caller and must be
 *            freed before the reference.
 * Threads    Any number may read and count references; who makes new views out of old
 *            ones is one thread, or two of which one only calls book_view_merged.
 */
#ifndef STW_SEGMENTS_BOOK_VIEW_H
#define STW_SEGMENTS_BOOK_VIEW_H

#include <stdatomic.h>

#include "segments/book.h"

#define BOOK_VIEW_PARTS 8

struct trait_catalogue; /* segments/trait.h */

/* For qsort: in the book's order. */
int book_key_cmp(const void *a, const void *b);
/* Sorts, and drops what is there twice; how many are left. */
size_t book_keys_sort(struct book_key *keys, size_t n);

/* A list of them; starts zeroed, items are freed with free(). */
struct book_keys {
	struct book_key *items;
	size_t count, cap;
};
void book_keys_add(struct book_keys *keys, int bucket, int64_t customer_id);

/* Customers that changed: their rows, packed and without derived traits, and those that
 * are not there any more. */
struct book_patch {
	struct book *book;
	struct book_key *gone; /* in the book's order */
	size_t ngone;
};
void book_patch_fini(struct book_patch *patch);

struct book_part {
	_Atomic int refs;
	struct book_patch patch; /* of the base: nobody is gone */
};

struct book_view {
	_Atomic int refs;
	struct book_part *parts[BOOK_PARTS_MAX];
	struct bitmap dead[BOOK_PARTS_MAX]; /* bits 0: no row is */
	int nparts;
};

/* Takes the base: packed, without derived traits. The caller has a reference. */
struct book_view *book_view_new(struct book *base);
struct book_view *book_view_ref(struct book_view *view);
void book_view_unref(struct book_view *view); /* NULL is fine */

/* The next version; takes what is in the patch. The first `fixed` parts stay parts of
 * their own: at least the base, or all that were there when a merge began. */
struct book_view *book_view_add(
    const struct book_view *view, struct book_patch *patch, int fixed);

/* Is a new base due? */
bool book_view_heavy(const struct book_view *view);
/* All customers of a view as one base; takes its time. */
struct book *book_view_merged(const struct book_view *view);
/* The version after `now` in which base, made of the view `then`, stands for the parts
 * that `then` has; takes base. */
struct book_view *book_view_rebase(
    const struct book_view *now, const struct book_view *then, struct book *base);

/* These customers as they are in the view, with rows of their own; keys in the book's
 * order, none twice. */
struct book_patch book_view_pick(
    const struct book_view *view, const struct book_key *keys, size_t nkeys);

struct book_view_stat {
	int64_t customers, patch_rows;
	size_t bytes;
	int parts;
};
void book_view_stat(const struct book_view *view, struct book_view_stat *out);

/* The parts of a view as books at an instant: rows and children are the view's, stages are
 * copies, derived traits of the catalogue are computed. Parts without customers are left
 * out, but for the first. book_parts_free when done, before the view's reference goes. */
enum stw_code book_view_parts(const struct book_view *view,
    const struct trait_catalogue *catalogue, stw_usec now, struct book_parts *out,
    struct stw_err *err) STW_MUST_USE;
void book_parts_free(struct book_parts *parts);

#endif
