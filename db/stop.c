/* A connection that is told to do nothing more, and a statement that is cut short. */
#include <stdlib.h>

#include "db/db_priv.h"

/* libpq's handle is a copy of what it needs of the connection: any thread may use it. */
struct db_interrupt {
	PGcancel *pg;
};

void
db_stop_on(struct db *db, const atomic_bool *stop)
{
	db->stop = stop;
}

enum stw_code
db_stop_check(const struct db *db, struct stw_err *err)
{
	if (db->stop == NULL || !atomic_load(db->stop))
		return STW_OK;
	return stw_fail(err, STW_TEMPFAIL, "the work was told to stop");
}

struct db_interrupt *
db_interrupt_open(struct db *db)
{
	PGcancel *pg = PQgetCancel(db->pg);
	struct db_interrupt *interrupt;

	if (pg == NULL)
		return NULL;
	interrupt = stw_xalloc(sizeof *interrupt);
	interrupt->pg = pg;
	return interrupt;
}

void
db_interrupt_send(struct db_interrupt *interrupt)
{
	char why[256];

	/* A server that cannot be reached runs nothing for us either. */
	if (interrupt != NULL)
		(void)PQcancel(interrupt->pg, why, sizeof why);
}

void
db_interrupt_close(struct db_interrupt *interrupt)
{
	if (interrupt == NULL)
		return;
	PQfreeCancel(interrupt->pg);
	free(interrupt);
}
