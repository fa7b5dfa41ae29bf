#include "segments/import_hold_store.h"

#include <stdio.h>
#include <string.h>

static enum stw_code
ask(struct db *db, struct import_hold *out, struct stw_err *err)
{
	struct db_rows *rows = NULL;
	enum stw_code rc = db_query_one(db, DB_Q_IMPORT_HOLD, NULL, 0, &rows, err);

	*out = (struct import_hold){.kind = IMPORT_HOLD_UNKNOWN};
	if (rc == STW_OK) {
		bool busy = db_get_bool(rows, 0, 0), named = !db_is_null(rows, 0, 1);

		out->kind = busy    ? IMPORT_HOLD_RUNNING
			    : named ? IMPORT_HOLD_HALF
				    : IMPORT_HOLD_NONE;
		out->mark = db_get_i64(rows, 0, 4);
		if (named) {
			(void)snprintf(out->run_id, sizeof out->run_id, "%.*s",
			    STR_FMT(db_get_str(rows, 0, 1)));
			(void)snprintf(out->mapping, sizeof out->mapping, "%.*s",
			    STR_FMT(db_get_str(rows, 0, 2)));
			out->started_at = db_get_usec(rows, 0, 3);
			out->failed = db_get_bool(rows, 0, 5);
		}
	}
	db_rows_free(rows);
	return rc;
}

enum stw_code
import_hold_get(struct db *db, struct import_hold *out, struct stw_err *err)
{
	enum stw_code rc = ask(db, out, err);

	/* Locks are seen as they are, rows as they were when the statement began: an import
	 * that has just ended looks cut short, and does not any more when asked again. */
	if (rc == STW_OK && out->kind == IMPORT_HOLD_HALF)
		rc = ask(db, out, err);
	return rc;
}

enum stw_code
import_hold_check(struct db *db, int64_t *mark, struct stw_err *err)
{
	struct import_hold hold;
	enum stw_code rc = import_hold_get(db, &hold, err);

	*mark = hold.mark;
	if (rc != STW_OK || hold.kind == IMPORT_HOLD_NONE)
		return rc;
	if (hold.kind == IMPORT_HOLD_HALF && hold.failed)
		return stw_fail(err, STW_CONFLICT,
		    "the book is half loaded: import %s (%s) failed with files before it in; "
		    "mend what steward imports %s tells and import again, or: steward imports "
		    "give-up %s --by WHO",
		    hold.mapping, hold.run_id, hold.run_id, hold.run_id);
	if (hold.kind == IMPORT_HOLD_HALF)
		return stw_fail(err, STW_CONFLICT,
		    "the book is half loaded: import %s (%s) ended before its last file; "
		    "import the same files again, or: steward imports give-up %s --by WHO",
		    hold.mapping, hold.run_id, hold.run_id);
	if (hold.run_id[0] == '\0')
		return stw_fail(err, STW_TEMPFAIL,
		    "an import is running; try again when it has ended, or wait for it "
		    "with --wait");
	return stw_fail(err, STW_TEMPFAIL,
	    "import %s (%s) is running and customers look as if they had nothing yet; try "
	    "again when it has ended, or wait for it with --wait",
	    hold.mapping, hold.run_id);
}

uint64_t
import_stamp_of(int64_t mark)
{
	return (uint64_t)mark + 1;
}

enum stw_code
import_hold_stamp(struct db *db, uint64_t *out, struct stw_err *err)
{
	struct import_hold hold;
	enum stw_code rc = import_hold_get(db, &hold, err);

	*out = rc != STW_OK || hold.kind == IMPORT_HOLD_RUNNING
		   ? 0
		   : import_stamp_of(hold.mark);
	return rc;
}

enum stw_code
import_give_up(struct db *db, const char *run_id, const char *actor, stw_usec now,
    struct stw_err *err)
{
	const struct db_param params[] = {
	    db_text(run_id), db_text(actor), db_usec(now)};
	int64_t changed = 0;
	enum stw_code rc =
	    db_exec(db, DB_Q_IMPORT_GIVE_UP, params, DB_NPARAMS(params), &changed, err);

	if (rc == STW_OK && changed == 0)
		return stw_fail(err, STW_NOT_FOUND,
		    "import %.40s holds nobody: it is not there, is under way, has committed "
		    "nothing, or was given up; steward imports shows the runs",
		    run_id);
	return rc;
}
