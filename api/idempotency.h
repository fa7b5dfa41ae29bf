/*
 * idempotency.h - the same request sent twice has one effect and one answer.
 *
 * Purpose    Inside the transaction of the effect: is this key new, known, or being
 *            worked on by another request right now? After the effect, keep its answer.
 * Rules      A key belongs to the actor that sent it. Only answers of requests that had
 *            their effect (2xx) are kept; a request that failed may be sent again.
 */
#ifndef STW_API_IDEMPOTENCY_H
#define STW_API_IDEMPOTENCY_H

#include "db/db.h"

#define IDEMPOTENCY_KEY_MAX 200

enum idempotency_state {
	IDEMPOTENCY_BUSY = 0, /* another request with it is under way */
	IDEMPOTENCY_NEW,
	IDEMPOTENCY_KNOWN, /* status and body are those of the first answer */
	IDEMPOTENCY_OTHER, /* used before for another request */
};

struct idempotency {
	const char *actor, *key;
	unsigned char fingerprint[32];
	enum idempotency_state state;
	int status;
	struct str body; /* in the arena */
};

/* Printable ASCII, 1 to 200 characters. */
bool idempotency_key_valid(const char *key);
void idempotency_fingerprint(
    const char *method, const char *path, struct str body, unsigned char out[32]);
/* Fills state, and status and body when KNOWN. In the caller's transaction. */
enum stw_code idempotency_begin(struct db *db, struct arena *arena,
    struct idempotency *it, struct stw_err *err) STW_MUST_USE;
enum stw_code idempotency_keep(struct db *db, const struct idempotency *it, int status,
    struct str body, stw_usec now, struct stw_err *err) STW_MUST_USE;

#endif
