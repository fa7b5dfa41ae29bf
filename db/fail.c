/* What a failed statement means, by its SQLSTATE. */
#include <stdio.h>
#include <string.h>

#include "db/db_priv.h"

/* The longest prefix wins, so a class comes after its exceptions. */
static const struct state_rule {
	const char *prefix;
	enum stw_code code;
} state_rules[] = {
    {"08", STW_TEMPFAIL}, /* connection */
    {"0A000",
	STW_TEMPFAIL},   /* a cached plan met a new schema; prepared anew next time */
    {"22", STW_INVALID}, /* data */
    {"23505", STW_CONFLICT}, /* unique */
    {"23P01", STW_CONFLICT}, /* exclusion */
    {"23", STW_INVALID},     /* other constraints */
    {"25006", STW_TEMPFAIL}, /* read only: the primary has become a standby */
    {"25P03", STW_TEMPFAIL}, /* idle in transaction for too long */
    {"26000", STW_TEMPFAIL}, /* a pooler between us forgot the statement */
    {"28", STW_INVALID},     /* role or password */
    {"3D000", STW_INVALID},  /* no such database */
    {"40", STW_TEMPFAIL},    /* deadlock, serialization */
    {"42501", STW_DENIED},   /* privilege, and what append-only tables raise */
    {"53", STW_TEMPFAIL},    /* disk, memory, connections */
    {"55006", STW_TEMPFAIL}, /* object in use */
    {"55P03", STW_TEMPFAIL}, /* lock time-out */
    {"57", STW_TEMPFAIL},    /* statement time-out, shutdown */
    {"58", STW_TEMPFAIL},    /* I/O */
    {"P0001", STW_INVALID},  /* RAISE without a state of its own */
};

static enum stw_code
state_code(const char *state)
{
	for (size_t i = 0; i < STW_ARRAY_LEN(state_rules); i++) {
		const struct state_rule *rule = &state_rules[i];

		if (strncmp(state, rule->prefix, strlen(rule->prefix)) == 0)
			return rule->code;
	}
	return STW_BUG;
}

/* A data error's message quotes the value: "...: \"secret\"" loses what is between its
 * first and its last quotation mark. */
static void
unquote(char *text)
{
	char *first = strchr(text, '"');
	char *last = strrchr(text, '"');

	if (first == NULL)
		return;
	if (last == first)
		last = text + strlen(text) - 1;
	memmove(first + 1, last, strlen(last) + 1);
}

/* "COPY customer, line 3, column dob: \"x\"" says where; the value stays behind. */
static void
copy_place(const PGresult *res, char *to, size_t cap)
{
	const char *context = PQresultErrorField(res, PG_DIAG_CONTEXT);
	size_t len;

	to[0] = '\0';
	if (context == NULL || strncmp(context, "COPY ", 5) != 0)
		return;
	len = strcspn(context, "\n\"");
	while (len > 0 && (context[len - 1] == ' ' || context[len - 1] == ':'))
		len--;
	(void)snprintf(to, cap, " (%.*s)", (int)len, context);
}

static enum stw_code
fail_connection(struct db *db, const char *what, struct stw_err *err)
{
	const char *text = PQerrorMessage(db->pg);
	size_t len = strcspn(text, "\n");

	return stw_fail(err, STW_TEMPFAIL, "%s: database connection lost: %.*s", what,
	    (int)len, len == 0 ? "no reason given" : text);
}

enum stw_code
db_fail_result(
    struct db *db, const PGresult *res, const char *what, struct stw_err *err)
{
	const char *state =
	    res == NULL ? NULL : PQresultErrorField(res, PG_DIAG_SQLSTATE);
	const char *primary;
	enum stw_code code;
	char text[300];
	char place[100];

	if (state == NULL && PQstatus(db->pg) != CONNECTION_OK)
		return fail_connection(db, what, err);
	if (state == NULL && res != NULL && PQresultStatus(res) != PGRES_FATAL_ERROR)
		return stw_fail(err, STW_BUG, "%s: unexpected answer %s", what,
		    PQresStatus(PQresultStatus(res)));
	if (state == NULL)
		return fail_connection(db, what, err);
	code = state_code(state);
	primary = PQresultErrorField(res, PG_DIAG_MESSAGE_PRIMARY);
	(void)snprintf(text, sizeof text, "%s", primary == NULL ? "" : primary);
	if (strncmp(state, "22", 2) == 0)
		unquote(text);
	copy_place(res, place, sizeof place);
	if (strcmp(state, "42P01") == 0 || strcmp(state, "42703") == 0)
		return stw_fail(err, code,
		    "%s: %s [%s]: is the database migrated? steward migrate", what,
		    text, state);
	return stw_fail(err, code, "%s: %s%s [%s]", what, text, place, state);
}
