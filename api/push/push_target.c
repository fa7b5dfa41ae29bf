#include "api/push/push_target.h"

#include <stdlib.h>
#include <string.h>

#include <sodium.h>

static void
made_of(const struct queue_row *row, unsigned char to[32])
{
	const char *const parts[] = {
	    row->document, row->connector_settings, row->secret};
	crypto_generichash_state state;

	(void)crypto_generichash_init(&state, NULL, 0, 32);
	for (size_t i = 0; i < STW_ARRAY_LEN(parts); i++) {
		const char *part = parts[i] == NULL ? "" : parts[i];

		(void)crypto_generichash_update(
		    &state, (const unsigned char *)part, strlen(part) + 1);
	}
	(void)crypto_generichash_final(&state, to, 32);
}

enum stw_code
push_target_load(
    const struct queue_row *row, struct push_target **out, struct stw_err *err)
{
	struct push_target *t;
	enum stw_code rc;

	*out = NULL;
	if (row->document == NULL)
		return stw_fail(err, STW_INVALID,
		    "queue %s: no version of connector %.60s is in force", row->code,
		    row->connector);
	t = stw_xalloc(sizeof *t);
	t->refs = 1;
	arena_init(&t->arena);
	made_of(row, t->made_of);
	rc =
	    connector_parse(str_of(row->document), &t->arena, &t->connector, NULL, err);
	if (rc == STW_OK)
		rc =
		    connect_account_read(&t->connector, str_of(row->connector_settings),
			str_of(row->secret == NULL ? "" : row->secret), &t->arena,
			&t->account, err);
	if (rc != STW_OK) {
		push_target_release(t);
		return rc;
	}
	*out = t;
	return STW_OK;
}

bool
push_target_is_of(const struct push_target *t, const struct queue_row *row)
{
	unsigned char now[32];

	if (t == NULL || row->document == NULL)
		return false;
	made_of(row, now);
	return memcmp(now, t->made_of, sizeof now) == 0;
}

struct push_target *
push_target_hold(struct push_target *t)
{
	t->refs++;
	return t;
}

static void
token_drop(struct push_token *token)
{
	if (token->text != NULL)
		sodium_memzero(token->text, strlen(token->text));
	free(token->text);
	token->text = NULL;
}

void
push_target_release(struct push_target *t)
{
	if (t == NULL || --t->refs > 0)
		return;
	token_drop(&t->token);
	connect_account_wipe(&t->account);
	arena_fini(&t->arena);
	free(t);
}

bool
push_target_wants_token(const struct push_target *t)
{
	return t->connector.auth.kind == CONNECTOR_AUTH_OAUTH2;
}

bool
push_target_is_ready(const struct push_target *t, stw_usec mono)
{
	return !push_target_wants_token(t) ||
	       (t->token.text != NULL && mono < t->token.end_at);
}

void
push_token_put(
    struct push_token *token, const char *text, stw_usec valid, stw_usec mono)
{
	token_drop(token);
	token->text = stw_xstrdup(text);
	token->number++;
	token->proven = false;
	token->failures = 0;
	/* valid is four fifths of its life. */
	token->refresh_at = mono + valid;
	token->end_at = token->refresh_at + valid / 8;
}

void
push_token_refused(struct push_token *token, int64_t number)
{
	if (number == token->number)
		token_drop(token);
}
