/*
 * table_pick.h - a table made of rows of other tables.
 *
 * Purpose    How several parts of a book become one: rows are named in runs, and the
 *            child rows of a row come along.
 * Ownership  The result is the caller's and shares nothing with where it came from.
 * Threads    The sources are only read.
 */
#ifndef STW_ENGINE_TABLE_PICK_H
#define STW_ENGINE_TABLE_PICK_H

#include "engine/table.h"

/* Rows [first, first + count) of table `from`. */
struct table_run {
	int from;
	size_t first, count;
};

/* The rows of the runs, one after the other, packed. All tables have the same first ncols
 * columns and the same children. One column at a time is unpacked while it is made. */
struct table *table_pick(const struct table *const *tables, int ntables, int ncols,
    const struct table_run *runs, size_t nruns);

#endif
