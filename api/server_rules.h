/*
 * server_rules.h - the packs in force, for all threads of a server.
 *
 * Purpose    Loads what is activated in the database when it is first asked for, and again
 *            when an activation was added since: a change of rules needs no restart. A
 *            ruleset that cannot be verified is refused and said so in the log; the one
 *            before stays.
 * Ownership  Rulesets belong to the server and live until server_rules_fini: whoever got
 *            one may go on with it. There are as many as changes, and each change takes
 *            two people.
 * Errors     As pack_rules_load, while there is none to fall back on.
 * Threads    Any.
 */
#ifndef STW_API_SERVER_RULES_H
#define STW_API_SERVER_RULES_H

#include <pthread.h>

#include "campaigns/compliance/ruleset.h"
#include "db/db.h"

struct server_ruleset; /* one, and the one before it */

struct server_rules {
	pthread_mutex_t lock;
	struct server_ruleset *newest; /* NULL: none yet */
	int64_t stamp;                 /* of what was tried last; -1: nothing */
	struct ruleset *none;
};

void server_rules_init(struct server_rules *rules);
void server_rules_fini(struct server_rules *rules);
enum stw_code server_rules_get(struct server_rules *rules, struct db *db, stw_usec now,
    const struct ruleset **out, struct stw_err *err) STW_MUST_USE;
/* Without any pack: blocks everything, with PACK_UNVERIFIED. */
const struct ruleset *server_rules_none(struct server_rules *rules);

#endif
