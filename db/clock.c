#include "db/db_priv.h"

enum stw_code
db_clock_ahead(struct db *db, stw_usec *ahead, struct stw_err *err)
{
	stw_usec asked = stw_monotonic(), doubt, theirs;
	struct db_rows *rows = NULL;
	struct stw_clock real;
	enum stw_code rc;

	*ahead = db->clock_ahead;
	if (db->clock_asked_at != 0 &&
	    asked - db->clock_asked_at < DB_CLOCK_SEC * STW_USEC_SEC)
		return STW_OK;
	rc = db_query_one(db, DB_Q_CLOCK_READ, NULL, 0, &rows, err);
	if (rc != STW_OK)
		return rc;
	clock_set_real(&real);
	theirs = db_get_usec(rows, 0, 0);
	db_rows_free(rows);
	doubt = (stw_monotonic() - asked) / 2;
	*ahead = theirs - (clock_now(&real) - doubt);
	*ahead = *ahead > doubt ? *ahead - doubt : *ahead < -doubt ? *ahead + doubt : 0;
	db->clock_ahead = *ahead;
	db->clock_asked_at = asked;
	return STW_OK;
}
