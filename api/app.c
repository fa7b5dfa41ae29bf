#include "api/app.h"

#include <string.h>

#include "api/cosign.h"
#include "db/migrate.h"
#include "engine/log.h"

#define CLOCK_SLACK (5 * STW_USEC_SEC) /* of several machines */

enum stw_code
app_init(struct app *app, const struct settings *settings, struct stw_err *err)
{
	enum stw_code rc;
	stw_usec base;

	memset(app, 0, sizeof *app);
	app->settings = settings;
	rc = zone_find(setting_text(settings, SET_ZONE), &app->zone, err);
	if (rc != STW_OK)
		return stw_err_prefix(err, rc, "setting zone");
	if (setting_time(settings, SET_CLOCK, &base))
		clock_set_base(&app->clock, base);
	else
		clock_set_real(&app->clock);
	return STW_OK;
}

void
app_fini(struct app *app)
{
	if (app->db != NULL)
		db_close(app->db);
	if (app->keys != NULL)
		seal_keys_close(app->keys);
	if (app->ledger_key != NULL)
		ledger_key_close(app->ledger_key);
	cosign_close(app->cosign);
	memset(app, 0, sizeof *app);
}

enum stw_code
app_db_raw(struct app *app, struct db **out, struct stw_err *err)
{
	enum stw_code rc = STW_OK;

	if (app->db == NULL) {
		rc = db_open(setting_text(app->settings, SET_DATABASE), &app->db, err);
		if (rc != STW_OK)
			return stw_err_prefix(
			    err, rc, "no database (setting database says where it is)");
	}
	*out = app->db;
	return rc;
}

/* A simulated clock must not run behind what was recorded by an earlier run of it. */
static enum stw_code
clock_catch_up(struct app *app, struct stw_err *err)
{
	struct db_rows *rows = NULL;
	enum stw_code rc;
	stw_usec newest;

	if (!app->clock.simulated)
		return STW_OK;
	rc = db_query_one(app->db, DB_Q_CLOCK_NEWEST, NULL, 0, &rows, err);
	if (rc == STW_OK && !db_is_null(rows, 0, 0)) {
		newest = db_get_usec(rows, 0, 0);
		if (newest >= clock_now(&app->clock))
			clock_set_base(&app->clock, newest + STW_USEC_SEC);
	}
	db_rows_free(rows);
	return rc;
}

enum stw_code
app_clock_check(struct app *app, struct stw_err *err)
{
	struct db_rows *rows = NULL;
	char newest[STW_USEC_TEXT], mine[STW_USEC_TEXT];
	stw_usec now = clock_now(&app->clock);
	enum stw_code rc;

	rc = db_query_one(app->db, DB_Q_CLOCK_NEWEST, NULL, 0, &rows, err);
	if (rc == STW_OK && !db_is_null(rows, 0, 0) &&
	    db_get_usec(rows, 0, 0) > now + CLOCK_SLACK)
		rc = stw_fail(err, STW_INVALID,
		    "the clock says %s, but what is on record goes to %s: set this "
		    "machine's clock, or --clock for a demonstration",
		    stw_usec_format(now, mine),
		    stw_usec_format(db_get_usec(rows, 0, 0), newest));
	db_rows_free(rows);
	return rc;
}

/* Whatever writes an entry about a customer commits under the customer's key. Without a key
 * file that entry is what fails, and says so; most commands write none. */
static void
keys_lend(struct app *app)
{
	struct stw_err err = {0};

	if (app->keys == NULL &&
	    seal_keys_open(setting_text(app->settings, SET_KEYS), false, &app->keys,
		&err) != STW_OK &&
	    err.code != STW_NOT_FOUND)
		log_err(LOG_WARN, "key_file_unreadable", &err);
	db_keys_set(app->db, app->keys);
}

enum stw_code
app_db(struct app *app, struct db **out, struct stw_err *err)
{
	bool first = app->db == NULL;
	enum stw_code rc;

	rc = app_db_raw(app, out, err);
	if (rc == STW_OK && first)
		rc = db_migrate_check(app->db, err);
	if (rc == STW_OK && first)
		keys_lend(app);
	if (rc == STW_OK && first)
		rc = clock_catch_up(app, err);
	return rc;
}

enum stw_code
app_keys(
    struct app *app, bool create, const struct seal_keys **out, struct stw_err *err)
{
	enum stw_code rc = STW_OK;

	if (app->keys == NULL)
		rc = seal_keys_open(
		    setting_text(app->settings, SET_KEYS), create, &app->keys, err);
	if (rc != STW_OK)
		return stw_err_prefix(err, rc, "setting keys");
	if (app->db != NULL)
		db_keys_set(app->db, app->keys);
	*out = app->keys;
	return STW_OK;
}

/* Those who cosign come with the key, so that whoever seals asks them. */
static enum stw_code
add_witnesses(struct app *app, struct stw_err *err)
{
	const struct settings *s = app->settings;
	struct ledger_witnesses witnesses;
	enum stw_code rc;

	rc = egress_parse(str_of(setting_text(s, SET_EGRESS)), &app->egress, err);
	if (rc != STW_OK)
		return stw_err_prefix(err, rc, "setting egress");
	rc = cosign_open(setting_text(s, SET_WITNESSES),
	    setting_int(s, SET_WITNESS_QUORUM), &app->egress, &app->cosign, err);
	if (rc != STW_OK)
		return stw_err_prefix(err, rc, "setting witnesses");
	if (app->cosign != NULL) {
		witnesses = cosign_witnesses(app->cosign);
		ledger_key_witnesses(app->ledger_key, &witnesses);
	}
	return STW_OK;
}

enum stw_code
app_ledger_key(
    struct app *app, bool create, const struct ledger_key **out, struct stw_err *err)
{
	enum stw_code rc = STW_OK;

	if (app->ledger_key == NULL) {
		rc = ledger_key_open(setting_text(app->settings, SET_LEDGER_KEY),
		    setting_text(app->settings, SET_LEDGER_ORIGIN), create,
		    &app->ledger_key, err);
		if (rc != STW_OK)
			return stw_err_prefix(err, rc, "setting ledger-key");
		rc = add_witnesses(app, err);
	}
	*out = app->ledger_key;
	return rc;
}

stw_usec
app_now(const struct app *app)
{
	return clock_now(&app->clock);
}

stw_day
app_today(const struct app *app, stw_usec now)
{
	return zone_local(app->zone, now).day;
}

stw_usec
app_day_start(const struct app *app, stw_usec now)
{
	return zone_instant(app->zone, app_today(app, now), 0);
}
