#include "api/connect/connect_account.h"

#include <string.h>

#include <jansson.h>
#include <sodium.h>

static enum stw_code
object_load(struct str text, const char *what, json_t **out, struct stw_err *err)
{
	json_error_t where;

	*out = text.len == 0
		   ? json_object()
		   : json_loadb(text.ptr, text.len, JSON_REJECT_DUPLICATES, &where);
	if (json_is_object(*out))
		return STW_OK;
	json_decref(*out);
	*out = NULL;
	return stw_fail(err, STW_INVALID, "%s: must be a JSON object of texts", what);
}

/* Every member has to be one of the names, and a text. */
static enum stw_code
members_check(json_t *object, const char *what, const char *const *names, int count,
    struct stw_err *err)
{
	const char *key;
	json_t *value;

	json_object_foreach(object, key, value)
	{
		int i = 0;

		while (i < count && strcmp(names[i], key) != 0)
			i++;
		if (i == count)
			return stw_fail(err, STW_INVALID,
			    "%s: the connector knows no \"%.60s\"; take it out", what,
			    key);
		if (json_string_length(value) == 0 ||
		    strlen(json_string_value(value)) != json_string_length(value))
			return stw_fail(err, STW_INVALID,
			    "%s: \"%.60s\" must be a text, not empty", what, key);
		for (const char *c = json_string_value(value); *c != '\0'; c++)
			if ((unsigned char)*c < 0x20)
				return stw_fail(err, STW_INVALID,
				    "%s: \"%.60s\" has a control character; take it out",
				    what, key);
	}
	return STW_OK;
}

static enum stw_code
settings_read(const struct connector *connector, struct str text, struct arena *arena,
    struct connect_account *out, struct stw_err *err)
{
	const char *names[CONNECTOR_SETTINGS_MAX];
	json_t *object;
	enum stw_code rc = object_load(text, "connector_settings", &object, err);

	if (rc != STW_OK)
		return rc;
	for (int i = 0; i < connector->nsettings; i++)
		names[i] = connector->settings[i].name;
	rc = members_check(
	    object, "connector_settings", names, connector->nsettings, err);
	for (int i = 0; i < connector->nsettings && rc == STW_OK; i++) {
		const char *value =
		    json_string_value(json_object_get(object, names[i]));

		if (value != NULL)
			out->settings[i] = arena_strdup(arena, value);
		else if (connector->settings[i].required)
			rc = stw_fail(err, STW_INVALID,
			    "connector_settings: \"%s\" is missing: %s", names[i],
			    connector->settings[i].en);
	}
	json_decref(object);
	return rc;
}

static enum stw_code
signing_read(struct str secret, struct connect_account *out, struct stw_err *err)
{
	size_t at = 0;

	while (at < secret.len && out->nsigning < CONNECT_SIGNING_MAX) {
		size_t len = 0;

		while (at + len < secret.len && secret.ptr[at + len] != ' ')
			len++;
		if (len > 0) {
			enum stw_code rc =
			    webhook_secret_parse((struct str){secret.ptr + at, len},
				&out->signing[out->nsigning], err);

			if (rc != STW_OK)
				return rc;
			out->nsigning++;
		}
		at += len + 1;
	}
	return out->nsigning > 0
		   ? STW_OK
		   : stw_fail(err, STW_INVALID,
			 "secret: this connector signs with a whsec_... secret");
}

static enum stw_code
secrets_read(const struct connector_auth *auth, struct str secret, struct arena *arena,
    struct connect_account *out, struct stw_err *err)
{
	json_t *object;
	enum stw_code rc = object_load(secret, "secret", &object, err);

	if (rc != STW_OK)
		return rc;
	rc = members_check(object, "secret", auth->secrets, auth->nsecrets, err);
	for (int i = 0; i < auth->nsecrets && rc == STW_OK; i++) {
		const char *value =
		    json_string_value(json_object_get(object, auth->secrets[i]));

		if (value != NULL)
			out->secrets[i] = arena_strdup(arena, value);
		else if (i < auth->nsecrets_required)
			rc = stw_fail(err, STW_INVALID, "secret: \"%s\" is missing",
			    auth->secrets[i]);
	}
	json_decref(object);
	return rc;
}

enum stw_code
connect_account_read(const struct connector *connector, struct str settings,
    struct str secret, struct arena *arena, struct connect_account *out,
    struct stw_err *err)
{
	enum stw_code rc;

	memset(out, 0, sizeof *out);
	rc = settings_read(connector, settings, arena, out, err);
	if (rc == STW_OK && connector->auth.kind == CONNECTOR_AUTH_WEBHOOK)
		rc = signing_read(secret, out, err);
	else if (rc == STW_OK)
		rc = secrets_read(&connector->auth, secret, arena, out, err);
	if (rc != STW_OK)
		connect_account_wipe(out);
	return rc;
}

void
connect_account_wipe(struct connect_account *account)
{
	for (size_t i = 0; i < account->nsigning; i++)
		webhook_secret_wipe(&account->signing[i]);
	for (int i = 0; i < CONNECTOR_SECRETS_MAX; i++)
		if (account->secrets[i] != NULL)
			sodium_memzero(
			    account->secrets[i], strlen(account->secrets[i]));
	memset(account, 0, sizeof *account);
}
