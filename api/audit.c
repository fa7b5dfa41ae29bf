#include "api/audit.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include <microhttpd.h>

#include "campaigns/access_store.h"
#include "engine/uuid.h"

#define CASE_MAX   60
#define VALUE_MAX  64
#define DIGITS_MAX 9

/* A filter stays for ever, so it holds words and references only: plain characters, no long
 * run of digits outside of an id, which could be somebody's number. */
static bool
plain(const char *text)
{
	struct uuid id;
	size_t run = 0;

	if (strlen(text) > VALUE_MAX)
		return false;
	if (uuid_parse(str_of(text), &id) == STW_OK)
		return true;
	for (; *text != '\0'; text++) {
		if (!isalnum((unsigned char)*text) && strchr("-_.:+*", *text) == NULL)
			return false;
		run = isdigit((unsigned char)*text) ? run + 1 : 0;
		if (run > DIGITS_MAX)
			return false;
	}
	return true;
}

static void
value_add(const char *text, struct buf *to)
{
	if (plain(text))
		buf_add_c(to, text);
	else
		buf_printf(to, "(%zu bytes)", strlen(text));
}

static enum MHD_Result
query_add(void *to, enum MHD_ValueKind kind, const char *key, const char *value)
{
	(void)kind;
	buf_add_char(to, ' ');
	value_add(key, to);
	buf_add_char(to, '=');
	value_add(value != NULL ? value : "", to);
	return MHD_YES;
}

bool
audit_case(const char *text)
{
	size_t len = strlen(text), run = 0;

	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];

		/* Of ASCII alone, whatever the locale calls a letter. */
		if (c > 0x7e || (!isalnum(c) && strchr("-_./", c) == NULL))
			return false;
		run = isdigit(c) ? run + 1 : 0;
		if (run > DIGITS_MAX)
			return false;
	}
	return len > 0 && len <= CASE_MAX;
}

static const char *
look_case(struct api_request *req)
{
	const char *text = api_header(req, "Steward-Case");

	return text != NULL && audit_case(text) ? text : NULL;
}

void
audit_look(struct api_request *req)
{
	struct stw_err err = {0};
	struct buf filter;
	const char *key;
	json_t *value;
	char what[160];
	enum stw_code rc;

	buf_init(&filter);
	for (int i = 0; i < req->match.nparams; i++) {
		buf_add_c(&filter, i > 0 ? " " : "");
		value_add(req->match.params[i], &filter);
	}
	(void)MHD_get_connection_values(
	    req->connection, MHD_GET_ARGUMENT_KIND, query_add, &filter);
	/* A search whose words must not be in a URL asks in its body. */
	json_object_foreach(req->json, key, value)
	{
		(void)query_add(
		    &filter, MHD_GET_ARGUMENT_KIND, key, json_string_value(value));
	}
	(void)snprintf(
	    what, sizeof what, "%s %s", method_name(req->method), req->route->pattern);
	const struct access_look look = {.actor = req->actor.subject,
	    .role = role_name(req->actor.role),
	    .what = what,
	    .filter = filter.data != NULL ? filter.data : "",
	    .case_ref = look_case(req),
	    .rows = req->rows,
	    .answer = {req->answer.data, req->answer.len}};

	rc = db_begin(req->db, &err);
	if (rc == STW_OK)
		rc = access_note(req->db, &look, req->now, &err);
	if (rc == STW_OK)
		rc = db_commit(req->db, &err);
	buf_fini(&filter);
	if (rc != STW_OK)
		api_fail(req, rc, &err);
}
