/*
 * rule_book.h - a made-up book that all three executors read.
 *
 * Purpose    Rows with two child tables, drawn from values at the edges: missing cells,
 *            the ends of int64, NaN and the infinities, -0.0 and the least doubles, text
 *            of every length of UTF-8, days around leap days, instants around the
 *            changes of clocks, money in two currencies. The clock and the zone are
 *            drawn too.
 * Ownership  world_init/world_fini; world_one makes a book of one row of another.
 */
#ifndef STW_TESTS_LIB_RULE_BOOK_H
#define STW_TESTS_LIB_RULE_BOOK_H

#include "engine/rule_columns.h"
#include "engine/rule_sql.h"

/* splitmix64: the same numbers everywhere for one seed. */
struct chance {
	uint64_t state;
};
uint64_t chance_next(struct chance *c);
int chance_below(struct chance *c, int n);

#define WORLD_FIELDS   16
#define WORLD_CHILDREN 2

struct world {
	struct arena arena;
	struct table *table;
	struct rule_env *env;
	struct rule_binding bindings[3];
	struct bitmap segment; /* members of "even" */
	stw_usec now;
	const struct zone *zone;         /* NULL: UTC */
	struct rule_set_options options; /* drawn too; half of the tables are packed */
	struct rule_sql_field fields[WORLD_FIELDS];
	struct rule_sql_field child_fields[WORLD_CHILDREN][8];
	struct rule_sql_table tables[1 + WORLD_CHILDREN];
	struct rule_sql_slot slots[3];
	struct rule_sql_binding sql;
};

void world_init(struct world *w, struct chance *c, size_t rows);
/* Row `row` of `from`, alone. keep_cell (may be NULL) says which cells stay: table 0 is
 * the row's, 1 and 2 the children's; col -1 asks for the child row itself. */
void world_one(struct world *w, const struct world *from, size_t row,
    bool (*keep_cell)(void *arg, int table, size_t child_row, int col), void *arg);
void world_fini(struct world *w);

struct rule_columns_ctx world_columns(struct world *w);
/* One row by the interpreter; its value as it is. */
struct rule_value world_eval(
    struct world *w, const struct rule *rule, size_t row, struct arena *arena);
/* The cells that have a value, one a line. */
void world_print(const struct world *w, size_t row, struct buf *to);

#endif
