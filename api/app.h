/*
 * app.h - what a process works with: settings, clock, database, keys.
 *
 * Purpose    Opens each part when it is first asked for, so that a command needs no more
 *            than it uses, and says clearly what is wrong when it cannot.
 * Clock      Real, or simulated from the setting "clock". A simulated clock starts at the
 *            later of the stated instant and the newest instant on record plus one
 *            second, so that a second run never goes back in time.
 * Ownership  app_init/app_fini; what the getters give belongs to the app.
 * Threads    One thread until serve starts its own; read-only after that.
 */
#ifndef STW_API_APP_H
#define STW_API_APP_H

#include "api/push/egress.h"
#include "api/settings.h"
#include "db/db.h"
#include "db/ledger.h"
#include "db/seal.h"
#include "engine/time.h"
#include "engine/zone.h"

#define STEWARD_VERSION "0.1.0"

struct book_live;
struct cosign;

struct app {
	const struct settings *settings;
	struct stw_clock clock;
	const struct zone *zone; /* the institution's */
	struct db *db;           /* the command's connection */
	struct seal_keys *keys;
	struct ledger_key *ledger_key;
	struct cosign *cosign; /* the witnesses of ledger_key; NULL: none */
	struct egress egress;
	struct book_live *live; /* the kept book of serve; NULL: none is kept */
};

enum stw_code app_init(
    struct app *app, const struct settings *settings, struct stw_err *err) STW_MUST_USE;
void app_fini(struct app *app);

/* Connects, checks the schema and, with a simulated clock, sets the clock. */
enum stw_code app_db(
    struct app *app, struct db **out, struct stw_err *err) STW_MUST_USE;
/* Connects only: for `migrate` and `doctor`. */
enum stw_code app_db_raw(
    struct app *app, struct db **out, struct stw_err *err) STW_MUST_USE;
/* Refuses (INVALID) to decide anything with a clock that runs behind what is on record.
 * After app_db. */
enum stw_code app_clock_check(struct app *app, struct stw_err *err) STW_MUST_USE;
/* create: make the file when it does not exist. */
enum stw_code app_keys(struct app *app, bool create, const struct seal_keys **out,
    struct stw_err *err) STW_MUST_USE;
enum stw_code app_ledger_key(struct app *app, bool create,
    const struct ledger_key **out, struct stw_err *err) STW_MUST_USE;

stw_usec app_now(const struct app *app);
/* Today's date of the institution, and the instant its day began. */
stw_day app_today(const struct app *app, stw_usec now);
stw_usec app_day_start(const struct app *app, stw_usec now);

#endif
