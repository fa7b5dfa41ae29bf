#include "api/cli/look.h"

#include <stdlib.h>
#include <string.h>

#include "api/audit.h"
#include "api/json_brief.h"
#include "campaigns/access_store.h"

enum stw_code
look_check(const struct look *look, struct stw_err *err)
{
	if (look->who == NULL || look->who[0] == '\0')
		return stw_fail(
		    err, STW_INVALID, "--by WHO is needed: who looks is on record");
	if (look->case_ref != NULL && !audit_case(look->case_ref))
		return stw_fail(err, STW_INVALID,
		    "--case: the reference of a case is wanted: letters, digits, and - _ . "
		    "/, and no more than nine digits in a row");
	return STW_OK;
}

enum stw_code
look_note(struct cli *cli, struct db *db, const struct look *look, const char *what,
    const char *asked, int rows, const json_t *answer, struct stw_err *err)
{
	char *text = json_dumps(answer, JSON_COMPACT);
	const struct access_look note = {.actor = look->who,
	    .role = "admin",
	    .what = what,
	    .filter = asked != NULL ? asked : "",
	    .case_ref = look->case_ref,
	    .rows = rows,
	    .answer = str_of(text != NULL ? text : "")};
	enum stw_code rc = db_begin(db, err);

	if (rc == STW_OK)
		rc = access_note(db, &note, app_now(&cli->app), err);
	if (rc == STW_OK)
		rc = db_commit(db, err);
	if (rc != STW_OK)
		db_rollback(db);
	free(text);
	return rc;
}

void
look_print(const json_t *value)
{
	char *text = json_dumps_brief(value, JSON_INDENT(1));

	STW_ASSERT(text != NULL);
	(void)puts(text);
	free(text);
}
