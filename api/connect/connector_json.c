/*
 * connector_json.c - a connector document into struct connector. Whatever is not known is
 * refused, so that a misspelt key can never change what is sent.
 */
#include <stdlib.h>
#include <string.h>

#include "api/connect/connect_priv.h"

static bool
name_ok(const char *name)
{
	size_t len = strlen(name);

	if (len == 0 || len > 40 || name[0] < 'a' || name[0] > 'z')
		return false;
	for (const char *c = name; *c != '\0'; c++)
		if ((*c < 'a' || *c > 'z') && (*c < '0' || *c > '9') && *c != '-' &&
		    *c != '_')
			return false;
	return true;
}

static enum stw_code
names_read(struct reader *r, const json_t *object, const char *key, const char **zh,
    const char **en)
{
	static const char *const known[] = {"zh", "en", NULL};
	const json_t *json = json_object_get(object, key);
	enum stw_code rc;

	if (json == NULL)
		return read_fail(r, FAULT_MISSING, key, NULL);
	read_enter(r, key, 0);
	rc = read_keys(r, json, known);
	if (rc == STW_OK)
		rc = read_text(r, json, "zh", true, zh);
	if (rc == STW_OK)
		rc = read_text(r, json, "en", true, en);
	if (rc == STW_OK)
		read_leave(r);
	return rc;
}

/* ---- settings ---------------------------------------------------------------------------- */
static enum stw_code
setting_read(struct reader *r, const char *name, const json_t *json,
    struct connector_setting *out)
{
	static const char *const known[] = {"about", "required", "example", NULL};
	enum stw_code rc;

	out->name = arena_strdup(r->arena, name);
	out->required = true;
	read_enter(r, out->name, 0);
	if (!name_ok(name) || strchr(name, '-') != NULL)
		return read_fail(r, FAULT_NAME, name, NULL);
	rc = read_keys(r, json, known);
	if (rc == STW_OK)
		rc = names_read(r, json, "about", &out->zh, &out->en);
	if (rc == STW_OK)
		rc = read_bool(r, json, "required", &out->required);
	if (rc == STW_OK)
		rc = read_text(r, json, "example", out->required, &out->example);
	if (rc == STW_OK)
		read_leave(r);
	return rc;
}

static enum stw_code
settings_read(struct reader *r, const json_t *json)
{
	json_t *object = (json_t *)(uintptr_t)json;
	struct connector_setting *settings =
	    arena_array(r->arena, CONNECTOR_SETTINGS_MAX, sizeof *settings);
	enum stw_code rc = STW_OK;

	if (json == NULL)
		return STW_OK;
	r->to->settings = settings;
	read_enter(r, "settings", 0);
	if (!json_is_object(json))
		return read_fail(r, FAULT_OBJECT, NULL, NULL);
	if (json_object_size(json) > CONNECTOR_SETTINGS_MAX)
		return read_fail(r, FAULT_NUMBER, "0", "16");
	for (void *at = json_object_iter(object); at != NULL && rc == STW_OK;
	     at = json_object_iter_next(object, at))
		rc = setting_read(r, json_object_iter_key(at),
		    json_object_iter_value(at), &settings[r->to->nsettings++]);
	if (rc == STW_OK)
		read_leave(r);
	return rc;
}

/* ---- authentication ---------------------------------------------------------------------- */
static void
secrets_set(struct connector_auth *auth)
{
	static const struct {
		const char *names[CONNECTOR_SECRETS_MAX];
		int count, required;
	} secrets[] = {
	    [CONNECTOR_AUTH_NONE] = {{NULL}, 0, 0},
	    [CONNECTOR_AUTH_WEBHOOK] = {{NULL}, 0, 0},
	    [CONNECTOR_AUTH_BEARER] = {{"token"}, 1, 1},
	    [CONNECTOR_AUTH_BASIC] = {{"user", "password"}, 2, 2},
	    [CONNECTOR_AUTH_OAUTH2] = {{"client_id", "client_secret"}, 2, 2},
	    [CONNECTOR_AUTH_AWS] = {{"access_key_id", "secret_access_key",
					"session_token"},
		3, 2},
	    [CONNECTOR_AUTH_HUAWEI] = {{"access_key", "secret_key"}, 2, 2},
	};

	memcpy(auth->secrets, secrets[auth->kind].names, sizeof auth->secrets);
	auth->nsecrets = secrets[auth->kind].count;
	auth->nsecrets_required = secrets[auth->kind].required;
}

static enum stw_code
template_member(struct reader *r, const json_t *json, const char *key,
    const struct connector_template **out)
{
	enum stw_code rc;

	if (!json_is_string(json_object_get(json, key)))
		return read_fail(r, FAULT_MISSING, key, NULL);
	read_enter(r, key, 0);
	rc = read_template(r, json_object_get(json, key), out);
	if (rc == STW_OK)
		read_leave(r);
	return rc;
}

static enum stw_code
oauth2_read(struct reader *r, const json_t *json, struct connector_auth *auth)
{
	const char *url = json_string_value(json_object_get(json, "token_url"));
	static const char *const places[] = {"basic", "body"};
	int place = 0;
	enum stw_code rc = template_member(r, json, "token_url", &auth->token_url);

	if (rc == STW_OK && strncmp(url, "https://", 8) != 0 &&
	    strncmp(url, "http://", 7) != 0 && strncmp(url, "{{", 2) != 0) {
		read_enter(r, "token_url", 0);
		return read_fail(r, FAULT_TOKEN_URL, NULL, NULL);
	}
	if (rc == STW_OK)
		rc = read_text(r, json, "scope", false, &auth->scope);
	if (rc == STW_OK && json_object_get(json, "client") != NULL)
		rc = read_word(r, json, "client", places, 2, &place);
	auth->client_in_body = place == 1;
	return rc;
}

static enum stw_code
auth_read(struct reader *r, const json_t *json)
{
	static const char *const kinds[] = {
	    "none", "webhook", "bearer", "basic", "oauth2", "aws-sigv4", "huawei-aksk"};
	static const char *const plain[] = {"kind", NULL};
	static const char *const oauth2[] = {
	    "kind", "token_url", "scope", "client", NULL};
	static const char *const aws[] = {"kind", "region", "service", NULL};
	struct connector_auth *auth = &r->to->auth;
	int kind = 0;
	enum stw_code rc;

	if (json == NULL)
		return read_fail(r, FAULT_MISSING, "auth", NULL);
	read_enter(r, "auth", 0);
	if (!json_is_object(json))
		return read_fail(r, FAULT_OBJECT, NULL, NULL);
	rc = read_word(r, json, "kind", kinds, STW_ARRAY_LEN(kinds), &kind);
	if (rc != STW_OK)
		return rc;
	auth->kind = (enum connector_auth_kind)kind;
	rc = read_keys(r, json,
	    auth->kind == CONNECTOR_AUTH_OAUTH2 ? oauth2
	    : auth->kind == CONNECTOR_AUTH_AWS  ? aws
						: plain);
	if (rc == STW_OK && auth->kind == CONNECTOR_AUTH_OAUTH2)
		rc = oauth2_read(r, json, auth);
	if (rc == STW_OK && auth->kind == CONNECTOR_AUTH_AWS)
		rc = template_member(r, json, "region", &auth->region);
	if (rc == STW_OK && auth->kind == CONNECTOR_AUTH_AWS)
		rc = read_text(r, json, "service", true, &auth->service);
	secrets_set(auth);
	if (rc == STW_OK)
		read_leave(r);
	return rc;
}

/* ---- batch and personal data -------------------------------------------------------------- */
static enum stw_code
batch_read(struct reader *r, const json_t *json)
{
	static const char *const known[] = {"size", "pause_ms", NULL};
	int pause = 0;
	enum stw_code rc;

	r->to->batch_size = 1;
	if (json == NULL)
		return STW_OK;
	read_enter(r, "batch", 0);
	rc = read_keys(r, json, known);
	if (rc == STW_OK)
		rc = read_int(
		    r, json, "size", 1, CONNECTOR_BATCH_MAX, &r->to->batch_size);
	if (rc == STW_OK)
		rc = read_int(r, json, "pause_ms", 0, 60000, &pause);
	r->to->batch_pause = (stw_usec)pause * 1000;
	if (rc == STW_OK)
		read_leave(r);
	return rc;
}

static enum stw_code
personal_read(struct reader *r, const json_t *json)
{
	if (json == NULL)
		return STW_OK;
	read_enter(r, "personal", 0);
	if (json_array_size(json) != 1 || !json_is_string(json_array_get(json, 0)) ||
	    strcmp(json_string_value(json_array_get(json, 0)), "phone") != 0)
		return read_fail(r, FAULT_WORD, "[\"phone\"]", NULL);
	r->to->phone = true;
	read_leave(r);
	return STW_OK;
}

/* ---- the document --------------------------------------------------------------------------- */
static enum stw_code
head_read(struct reader *r, const json_t *root)
{
	static const char *const known[] = {"$schema", "connector", "version", "names",
	    "settings", "auth", "dedupes", "personal", "batch", "offer", "recall",
	    "status", "examples", NULL};
	struct connector *c = r->to;
	enum stw_code rc = read_keys(r, root, known);

	if (rc == STW_OK)
		rc = read_text(r, root, "connector", true, &c->name);
	if (rc == STW_OK && !name_ok(c->name)) {
		read_enter(r, "connector", 0);
		return read_fail(r, FAULT_NAME, c->name, NULL);
	}
	if (rc == STW_OK)
		rc = read_int(r, root, "version", 1, 1000000, &c->version);
	if (rc == STW_OK)
		rc = names_read(r, root, "names", &c->zh, &c->en);
	if (rc == STW_OK)
		rc = settings_read(r, json_object_get(root, "settings"));
	if (rc == STW_OK)
		rc = batch_read(r, json_object_get(root, "batch"));
	if (rc == STW_OK)
		rc = personal_read(r, json_object_get(root, "personal"));
	if (rc == STW_OK && json_object_get(root, "dedupes") == NULL)
		rc = read_fail(r, FAULT_MISSING, "dedupes", NULL);
	if (rc == STW_OK)
		rc = read_bool(r, root, "dedupes", &c->dedupes);
	return rc;
}

static enum stw_code
document_read(struct reader *r, const json_t *root)
{
	struct connector *c = r->to;
	enum stw_code rc = head_read(r, root);

	if (rc != STW_OK)
		return rc;
	r->env = scope_env(c, false, r->arena);
	r->answer_env = scope_env(c, true, r->arena);
	rc = auth_read(r, json_object_get(root, "auth"));
	if (rc == STW_OK && json_object_get(root, "offer") == NULL)
		rc = read_fail(r, FAULT_MISSING, "offer", NULL);
	for (int op = 0; op < CONNECTOR_OPS && rc == STW_OK; op++) {
		const char *name = connector_op_name((enum connector_op_kind)op);

		rc = read_operation(r, json_object_get(root, name),
		    (enum connector_op_kind)op, &c->ops[op]);
	}
	if (rc == STW_OK && c->batch_size > 1 && !r->uses_tasks)
		return read_fail(r, FAULT_NO_TASKS,
		    arena_printf(r->arena, "%d", c->batch_size), NULL);
	if (rc == STW_OK && r->uses_phone && !c->phone)
		return read_fail(r, FAULT_PHONE, NULL, NULL);
	if (rc == STW_OK && !r->uses_phone && c->phone)
		return read_fail(r, FAULT_NO_PHONE, NULL, NULL);
	if (rc == STW_OK)
		rc = read_examples(r, json_object_get(root, "examples"));
	return rc;
}

enum stw_code
connector_parse(struct str text, struct arena *arena, struct connector *out,
    struct connector_fault *fault, struct stw_err *err)
{
	struct reader r = {
	    .arena = arena, .text = text, .fault = fault, .err = err, .to = out};
	json_error_t where;
	json_t *root;
	enum stw_code rc;

	memset(out, 0, sizeof *out);
	if (fault != NULL)
		memset(fault, 0, sizeof *fault);
	if (text.len > CONNECTOR_TEXT_MAX)
		return read_fail(&r, FAULT_LONG, "65536", NULL);
	root = json_loadb(text.ptr, text.len, JSON_REJECT_DUPLICATES, &where);
	if (root == NULL) {
		rc = read_fail(&r, FAULT_JSON, where.text, NULL);
		if (fault != NULL) {
			fault->line = where.line;
			fault->column = where.column;
		}
		if (err != NULL) {
			err->line = where.line;
			err->column = where.column;
		}
		return rc;
	}
	rc = document_read(&r, root);
	json_decref(root);
	if (rc != STW_OK)
		memset(out, 0, sizeof *out);
	return rc;
}
