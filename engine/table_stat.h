/*
 * table_stat.h - what a table and each of its columns hold.
 *
 * Units      Bytes. raw: rows times the size of an element as a flat column has it, without
 *            marks of missing values and dictionary. held: what is there in its place,
 *            with both; what lies in a file that is mapped counts like memory.
 */
#ifndef STW_ENGINE_TABLE_STAT_H
#define STW_ENGINE_TABLE_STAT_H

#include "engine/table.h"

struct column_stat {
	size_t missing;
	size_t raw;
	size_t values, marks, dictionary; /* their sum is what is held */
	uint32_t strings;                 /* distinct ones; 0: no dictionary */
	size_t chunks[9];                 /* of a packed column, by width in bytes */
};

void column_stat(
    const struct table *table, const struct column *col, struct column_stat *out);
static inline size_t
column_held(const struct column_stat *stat)
{
	return stat->values + stat->marks + stat->dictionary;
}

struct table_stat {
	size_t raw, held; /* of all columns; held with the children's offsets */
};
/* Of the table alone, without its children's rows. */
void table_stat(const struct table *table, struct table_stat *out);

#endif
