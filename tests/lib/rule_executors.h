/*
 * rule_executors.h - who answers a rule, and whether they all say the same.
 *
 * Purpose    An executor answers a batch of rules for every row of a world: '1' true,
 *            '0' false, '?' undecided. Postgres may refuse a rule, which is a skip for
 *            it alone; '!' marks one that raised an error, which is never right.
 * Ownership  answers[i] lives in the arena given; NULL: refused.
 */
#ifndef STW_TESTS_LIB_RULE_EXECUTORS_H
#define STW_TESTS_LIB_RULE_EXECUTORS_H

#include "db/db.h"
#include "tests/lib/rule_gen.h"

struct executor {
	const char *name;
	void *host;
	/* Called once for each world before it is asked; NULL: nothing to do. */
	void (*load)(void *host, struct world *w);
	void (*run)(void *host, struct world *w, struct rule *const *rules, int count,
	    struct arena *arena, char **answers);
};

extern const struct executor interpreter, columns;

/* PostgreSQL on that connection, in a database of its own. */
struct postgres {
	struct db *db;
};
struct executor postgres_executor(struct postgres *pg);
void postgres_init(struct postgres *pg, struct db *db);

#endif
