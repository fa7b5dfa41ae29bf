/*
 * reveal_store.h - personal data in clear, for one person, on record.
 *
 * Purpose    Opens name, identity number or telephone numbers of one customer. Who saw
 *            what and why is an access_event and a ledger entry, committed before the
 *            values are handed out. Everybody has a quota a day.
 * Rules      An agent sees the name of a customer whose task the agent holds, and that
 *            task's number while a dial permit is in force; never an identity number.
 *            Compliance sees all with a purpose and the reference of a case.
 * Ownership  Values live in the arena; the caller resets it soon.
 * Errors     DENIED: not this agent's task, no permit. NOT_FOUND: erased. INVALID: a
 *            value does not open.
 */
#ifndef STW_CAMPAIGNS_REVEAL_STORE_H
#define STW_CAMPAIGNS_REVEAL_STORE_H

#include "db/db.h"
#include "db/seal.h"
#include "engine/uuid.h"

enum reveal_field { REVEAL_NAME = 1, REVEAL_PHONE = 2, REVEAL_ID_NUMBER = 4 };

struct reveal_request {
	int bucket;
	int64_t customer_id;
	const char *actor, *role, *purpose;
	const char *reason;      /* reference of a case; NULL: none */
	const struct uuid *task; /* an agent's; NULL: not asked as an agent */
	unsigned fields;         /* reveal_field bits */
	int quota;               /* customers a person and day */
	stw_usec now, day_start; /* business clock; the institution's day began */
};

struct reveal_phone {
	int64_t point_id;
	const char *kind, *number; /* E.164 */
};

struct reveal_result {
	bool over_quota;              /* nothing was revealed, and nothing recorded */
	const char *name, *id_number; /* NULL: unknown, or not asked for */
	struct reveal_phone *phones;
	int nphones;
	char access_id[UUID_TEXT];
	int64_t used; /* of the quota, this one included */
};

/* In its own transaction. */
enum stw_code reveal_run(struct db *db, const struct seal_keys *keys,
    const struct reveal_request *req, struct arena *arena, struct reveal_result *out,
    struct stw_err *err) STW_MUST_USE;

#endif
