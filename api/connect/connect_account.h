/*
 * connect_account.h - what one queue adds to its connector: settings and secrets.
 *
 * Purpose    The values that differ from queue to queue (a workspace, a region, a key),
 *            checked against what the connector declares.
 * Ownership  In the arena. connect_account_wipe forgets the secrets.
 * Errors     INVALID: a setting or secret that is missing, not known or no text. The text
 *            never repeats a secret.
 */
#ifndef STW_API_CONNECT_CONNECT_ACCOUNT_H
#define STW_API_CONNECT_CONNECT_ACCOUNT_H

#include "api/connect/connector.h"
#include "api/push/webhook.h"

#define CONNECT_SIGNING_MAX 4

struct connect_account {
	const char
	    *settings[CONNECTOR_SETTINGS_MAX]; /* as connector->settings; or NULL */
	char *secrets[CONNECTOR_SECRETS_MAX];  /* as connector->auth.secrets */
	struct webhook_secret signing[CONNECT_SIGNING_MAX];
	size_t nsigning;
	/* Of the token endpoint; NULL: none yet. Set by whoever fetched it. */
	const char *token;
};

/* settings: a JSON object of texts, or empty. secret: for webhook signatures one or more
 * "whsec_..." separated by spaces, for the other kinds a JSON object of texts. */
enum stw_code connect_account_read(const struct connector *connector,
    struct str settings, struct str secret, struct arena *arena,
    struct connect_account *out, struct stw_err *err) STW_MUST_USE;
void connect_account_wipe(struct connect_account *account);

#endif
