/*
 * auth_cache.h - tokens that were good a moment ago.
 *
 * Purpose    Spares a request the look into the database for its token. A token that was found
 *            in force is taken for AUTH_CACHE_USEC, so one that is revoked or has run out is
 *            refused within that time.
 * Rules      Known by the keyed hash of all of it; only what was in force is kept. A fixed number
 *            of places: where two meet, the newer one has it.
 * Threads    Any.
 */
#ifndef STW_API_AUTH_CACHE_H
#define STW_API_AUTH_CACHE_H

#include <pthread.h>

#include "api/auth.h"

#define AUTH_CACHE_USEC   (STW_USEC_SEC / 2)
#define AUTH_CACHE_PLACES 1024
#define AUTH_CACHE_TEXT   80

struct auth_place {
	unsigned char hash[AUTH_KEY_BYTES];
	char key_id[AUTH_CACHE_TEXT], subject[AUTH_CACHE_TEXT], queue[AUTH_CACHE_TEXT];
	enum api_role role; /* NONE: free */
	bool has_queue;
	stw_usec expires_at, until; /* until: stw_monotonic */
};

struct auth_cache {
	pthread_mutex_t lock;
	struct auth_place places[AUTH_CACHE_PLACES];
};

void auth_cache_init(struct auth_cache *cache);
void auth_cache_fini(struct auth_cache *cache);
/* As auth_check. */
enum stw_code auth_cache_check(struct auth_cache *cache, struct db *db,
    const struct auth_keys *keys, const char *header, struct arena *arena,
    struct actor *out, struct stw_err *err) STW_MUST_USE;

#endif
