/*
 * table_walk.h - reads every cell of a table and of its children.
 *
 * Purpose    For tables from a file that somebody has changed: a sanitizer then sees what
 *            lies outside. The value depends on every cell, so that nothing is left out.
 */
#ifndef STW_TESTS_LIB_TABLE_WALK_H
#define STW_TESTS_LIB_TABLE_WALK_H

#include "engine/table.h"

uint64_t table_walk(const struct table *table);

#endif
