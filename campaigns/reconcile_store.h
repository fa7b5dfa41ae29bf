/*
 * reconcile_store.h - the calls that were made beside the calls that were allowed.
 *
 * Purpose    A record of a call without a permit (CONTACT_WITHOUT_TASK) and a permit that was
 *            used, as its agent says, without a record (TASK_WITHOUT_CONTACT) are incidents
 *            once, after a time in which the missing half may still come.
 * Rules      Permits are looked at only where records cover their time, from the first
 *            record to the last that came: a bank that sends no records has no incidents,
 *            and a feed that stands still raises none. What is older than RECONCILE_PAST is
 *            left alone.
 * Units      Business time.
 */
#ifndef STW_CAMPAIGNS_RECONCILE_STORE_H
#define STW_CAMPAIGNS_RECONCILE_STORE_H

#include "db/db.h"

#define RECONCILE_GRACE STW_USEC_DAY
#define RECONCILE_PAST  (35 * STW_USEC_DAY)
#define RECONCILE_MAX   500 /* incidents of each kind a sweep; the next goes on */

struct reconciled {
	int64_t contacts; /* without task */
	int64_t tasks;    /* without contact */
};
/* Opens what is missing. A transaction of its own. */
enum stw_code reconcile_sweep(struct db *db, stw_usec now, struct reconciled *out,
    struct stw_err *err) STW_MUST_USE;

#endif
