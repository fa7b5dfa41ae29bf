/*
 * table_join.h - a table made of parts that were filled side by side.
 *
 * Purpose    A part is filled flat, some thousands of rows at a time; table_part_cut packs
 *            them and makes room for the next, so that a part never lies flat as a whole.
 *            table_join puts the rows of all parts one after the other into one packed
 *            table, a column at a time: the most that is held is all parts packed, and
 *            for each thread one flat column.
 * Rules      The same rows give the same table, however they were divided and cut: a
 *            dictionary holds its strings in the order in which they first came.
 * Ownership  A part owns its rows and the table it is filled through.
 * Threads    Parts are independent of one another, and so are the columns of a join.
 */
#ifndef STW_ENGINE_TABLE_JOIN_H
#define STW_ENGINE_TABLE_JOIN_H

#include "engine/table.h"

struct table_part;

/* Takes ownership of an empty flat table without children, through which it is filled. */
struct table_part *table_part_new(struct table *table);
void table_part_free(struct table_part *part); /* NULL is fine */
/* The table to append to. */
struct table *table_part_table(const struct table_part *part);
/* Packs the table's rows and empties it. */
void table_part_cut(struct table_part *part);
/* Of all rows that were cut. */
size_t table_part_rows(const struct table_part *part);

/* Makes `to`, which has the parts' columns and no rows, ready for the rows of all parts;
 * its children's offsets are zero. It may have more columns, which other parts of the same
 * rows have. */
void table_join_begin(struct table *to, struct table_part *const *parts, int nparts);
/* Fills one column, and frees it in the parts, in which it is column `from`. */
void table_join_column(
    struct table *to, int col, struct table_part *const *parts, int nparts, int from);

#endif
