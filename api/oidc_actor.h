/*
 * oidc_actor.h - who is asking, by a token of the bank's identity provider.
 *
 * Purpose    Holds what the settings oidc-* say and the provider's keys. The file of keys
 *            is read again when it has changed, so that the provider may exchange them
 *            without a restart; one that cannot be used is logged and the old keys stay.
 * Revoking   A token lives until it ends, at most oidc-max-age; `steward token revoke
 *            --subject WHO` refuses all that were issued before, from the next request on.
 * Ownership  oidc_open/oidc_close; the settings are borrowed until then.
 * Threads    oidc_check from any.
 */
#ifndef STW_API_OIDC_ACTOR_H
#define STW_API_OIDC_ACTOR_H

#include <pthread.h>
#include <sys/stat.h>

#include "api/auth.h"
#include "api/oidc.h"
#include "api/settings.h"

struct oidc {
	bool on; /* an issuer is set */
	struct oidc_rules rules;
	const char *path;
	pthread_rwlock_t lock; /* of what follows */
	json_t *keys;
	struct stat seen; /* the file that they are from */
	stw_usec looked_at;
};

/* Without the setting oidc-issuer it is off. INVALID: a setting or the file of keys. */
enum stw_code oidc_open(const struct settings *settings, struct oidc *out,
    struct stw_err *err) STW_MUST_USE;
void oidc_close(struct oidc *oidc);

/* Is this value of Authorization a JWT and not one of our own tokens? */
bool oidc_is_token(const char *header);
/* DENIED as auth_check; why is in the log. */
enum stw_code oidc_check(struct oidc *oidc, struct db *db, const char *header,
    struct arena *arena, struct actor *out, struct stw_err *err) STW_MUST_USE;

#endif
