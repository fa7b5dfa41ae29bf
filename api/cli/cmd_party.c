/* What rules ask about a customer beside the customer's row: hours asked for, other holders. */
#include <stdlib.h>
#include <string.h>

#include "api/cli/cli.h"
#include "segments/contact_hours.h"
#include "segments/customer_store.h"
#include "segments/party_store.h"

/* The next piece of "a; b; c", without blanks around it; false at the end. */
static bool
next_piece(const char **at, char stop, struct str *piece)
{
	const char *from = *at + strspn(*at, " "), *end = strchr(from, stop);

	if (*from == '\0')
		return false;
	if (end == NULL)
		end = from + strlen(from);
	*at = *end == '\0' ? end : end + 1;
	while (end > from && end[-1] == ' ')
		end--;
	*piece = (struct str){from, (size_t)(end - from)};
	return true;
}

/* ---- hours ------------------------------------------------------------------------------ */
/* "mon-fri 09:00-12:00" */
static bool
window_parse(struct str text, struct contact_time *out)
{
	size_t hours = text.len;

	while (hours > 0 && text.ptr[hours - 1] != ' ')
		hours--;
	if (hours < 2 || text.len - hours != 11 || text.ptr[hours + 5] != '-')
		return false;
	return contact_days_parse((struct str){text.ptr, hours - 1}, &out->weekdays) &&
	       contact_minute_parse((struct str){text.ptr + hours, 5}, &out->from) &&
	       contact_minute_parse((struct str){text.ptr + hours + 6, 5}, &out->until);
}

static enum stw_code
windows_parse(
    const char *text, struct contact_time *out, int *count, struct stw_err *err)
{
	struct str piece;

	*count = 0;
	if (strcmp(text, "none") == 0)
		return STW_OK;
	while (next_piece(&text, ';', &piece)) {
		if (*count == PARTY_LIST_MAX)
			return stw_fail(err, STW_INVALID, "--windows: more than %d",
			    PARTY_LIST_MAX);
		if (!window_parse(piece, &out[*count]))
			return stw_fail(err, STW_INVALID,
			    "--windows: \"%.*s\" is none; write \"mon-fri 09:00-12:00; "
			    "sat 10:00-11:30\", or none",
			    (int)piece.len, piece.ptr);
		*count += 1;
	}
	return *count > 0 ? STW_OK
			  : stw_fail(err, STW_INVALID,
				"--windows: names none; \"none\" means at any hour");
}

static enum stw_code
print_hours(
    struct cli *cli, struct db *db, const struct party_of *of, struct stw_err *err)
{
	struct contact_time *rows;
	int count;
	enum stw_code rc = contact_time_list(db, of, &cli->arena, &rows, &count, err);

	for (int i = 0; rc == STW_OK && i < count; i++) {
		char from[CONTACT_MINUTE_TEXT], until[CONTACT_MINUTE_TEXT];
		bool first = true;

		for (unsigned d = 0; contact_day_words[d] != NULL; d++) {
			if ((rows[i].weekdays & (1u << d)) == 0)
				continue;
			(void)printf("%s%s", first ? "" : ",", contact_day_words[d]);
			first = false;
		}
		(void)printf(" %s-%s\n", contact_minute_format(rows[i].from, from),
		    contact_minute_format(rows[i].until, until));
	}
	if (rc == STW_OK && count == 0)
		(void)puts("at any hour that the rules allow");
	return rc;
}

/* ---- holders ---------------------------------------------------------------------------- */
static enum stw_code
holders_parse(struct cli *cli, const char *text, struct joint_holder *out, int *count,
    struct stw_err *err)
{
	struct str piece;

	*count = 0;
	if (strcmp(text, "none") == 0)
		return STW_OK;
	while (next_piece(&text, ',', &piece)) {
		char *ref =
		    arena_printf(&cli->arena, "%.*s", (int)piece.len, piece.ptr);
		char *is = strchr(ref, '=');

		if (*count == PARTY_LIST_MAX)
			return stw_fail(err, STW_INVALID, "--holders: more than %d",
			    PARTY_LIST_MAX);
		if (is != NULL && (is[1] < '1' || is[1] > '5' || is[2] != '\0'))
			return stw_fail(err, STW_INVALID,
			    "--holders: %s: a rating is 1 to 5; leave it out where there "
			    "is none",
			    ref);
		out[*count] = (struct joint_holder){
		    .ref = ref, .rating = is == NULL ? 0 : is[1] - '0'};
		if (is != NULL)
			*is = '\0';
		*count += 1;
	}
	return *count > 0 ? STW_OK
			  : stw_fail(err, STW_INVALID,
				"--holders: names none; \"none\" removes all");
}

static enum stw_code
print_holders(
    struct cli *cli, struct db *db, const struct party_of *of, struct stw_err *err)
{
	struct joint_holder *rows;
	int count;
	enum stw_code rc = joint_holder_list(db, of, &cli->arena, &rows, &count, err);

	for (int i = 0; rc == STW_OK && i < count; i++) {
		if (rows[i].rating == 0)
			(void)printf("%-24s no rating\n", rows[i].ref);
		else
			(void)printf("%-24s rating %d\n", rows[i].ref, rows[i].rating);
	}
	if (rc == STW_OK && count == 0)
		(void)puts("holds alone");
	return rc;
}

/* ---- the command ------------------------------------------------------------------------ */
static enum stw_code
change(struct cli *cli, struct db *db, const struct party_of *of, const char *windows,
    const char *holders, struct stw_err *err)
{
	struct contact_time times[PARTY_LIST_MAX];
	struct joint_holder others[PARTY_LIST_MAX];
	stw_usec now = app_now(&cli->app);
	int ntimes = 0, nothers = 0;
	enum stw_code rc;

	if (of->actor == NULL)
		return stw_fail(err, STW_INVALID, "--by is needed");
	rc = windows != NULL ? windows_parse(windows, times, &ntimes, err)
			     : holders_parse(cli, holders, others, &nothers, err);
	if (rc == STW_OK)
		rc = db_begin(db, err);
	if (rc != STW_OK)
		return rc;
	rc = windows != NULL ? contact_time_replace(db, of, times, ntimes, now, err)
			     : joint_holder_replace(db, of, others, nothers, now, err);
	if (rc == STW_OK)
		rc = db_commit(db, err);
	else
		db_rollback(db);
	return rc;
}

enum stw_code
cmd_party(struct cli *cli, struct stw_err *err)
{
	static const char *const verbs[] = {"hours", "holders"};
	enum { HOURS, HOLDERS };
	const char *windows = NULL, *holders = NULL;
	struct party_of of = {0};
	const struct cli_opt opts[] = {{"windows", CLI_TEXT, &windows, 0, 0},
	    {"holders", CLI_TEXT, &holders, 0, 0}, {"by", CLI_TEXT, &of.actor, 0, 0}};
	int verb = cli_verb(cli, verbs, (int)STW_ARRAY_LEN(verbs), err);
	struct customer c;
	struct db *db;
	enum stw_code rc;

	if (verb < 0)
		return STW_INVALID;
	rc = cli_parse(cli, opts, (int)STW_ARRAY_LEN(opts), 1, 1, err);
	if (rc == STW_OK && (verb == HOURS ? holders : windows) != NULL)
		rc = stw_fail(err, STW_INVALID, "%s takes --%s", verbs[verb],
		    verb == HOURS ? "windows" : "holders");
	if (rc == STW_OK)
		rc = app_db(&cli->app, &db, err);
	if (rc == STW_OK)
		rc = customer_find(db, str_of(cli->argv[0]),
		    app_today(&cli->app, app_now(&cli->app)), &cli->arena, &c, err);
	if (rc != STW_OK)
		return rc;
	of.bucket = c.bucket;
	of.customer_id = c.customer_id;
	if (windows != NULL || holders != NULL)
		rc = change(cli, db, &of, windows, holders, err);
	if (rc != STW_OK)
		return rc;
	return verb == HOURS ? print_hours(cli, db, &of, err)
			     : print_holders(cli, db, &of, err);
}
