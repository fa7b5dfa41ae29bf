/*
 * settings.h - every setting of the program, in one table.
 *
 * Purpose    A value comes from the first of: flag (--name value), environment
 *            (STEWARD_NAME), the file that --config names (name = value, # comments),
 *            the default. `steward settings` prints the table with each value's origin.
 * Units      Said by the table (unit) and the setting's sentence.
 * Ownership  settings_init/settings_fini; texts are borrowed from the settings.
 * Errors     INVALID for an unknown name (with the nearest known one) and for a value
 *            out of range; the text names flag, variable or file and line.
 * Threads    Read-only after settings_load: any.
 */
#ifndef STW_API_SETTINGS_H
#define STW_API_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/buf.h"
#include "engine/err.h"
#include "engine/time.h"

enum setting_id {
	SET_DATABASE = 0,
	SET_DB_CONNECTIONS,
	SET_LISTEN,
	SET_PORT_FILE,
	SET_STATE_DIR,
	SET_KEYS,
	SET_TOKEN_KEY,
	SET_OIDC_ISSUER,
	SET_OIDC_AUDIENCE,
	SET_OIDC_JWKS,
	SET_OIDC_ALGORITHMS,
	SET_OIDC_SUBJECT_CLAIM,
	SET_OIDC_ROLE_CLAIM,
	SET_OIDC_QUEUE_CLAIM,
	SET_OIDC_MAX_AGE,
	SET_LEDGER_KEY,
	SET_LEDGER_ORIGIN,
	SET_CHECKPOINT_FILE,
	SET_WITNESSES,
	SET_WITNESS_QUORUM,
	SET_LEDGER_DIR,
	SET_BOOK_FILE,
	SET_BOOK_MAX_AGE,
	SET_CLOCK,
	SET_ZONE,
	SET_WORKERS,
	SET_OPERATION_WORKERS,
	SET_MAX_BODY,
	SET_MAX_CONNECTIONS,
	SET_IDLE_TIMEOUT,
	SET_REQUEST_TIMEOUT,
	SET_RATE_LIMIT,
	SET_EGRESS,
	SET_DISPATCH,
	SET_TICK_SECONDS,
	SET_PLAN_SECONDS,
	SET_BOOK_SLOT,
	SET_BOOK_RELOAD,
	SET_BOOK_SAVE,
	SET_SEAL_MSEC,
	SET_REVEAL_QUOTA,
	SET_EXPORT_ROWS_ALONE,
	SET_COMPLAINT_DAYS,
	SET_COMPLAINT_DAYS_COMPLEX,
	SET_COMPLAINT_DAYS_EXCEPTIONAL,
	SET_RETENTION_HOUR,
	SET_OVERRIDE_DAYS,
	SET_REVOCATION_DAYS,
	SET_REVOCATION_HOLIDAYS,
	SET_DEMO,
	SET_LOG_LEVEL,
	SET_CONFIG,
	SET_COUNT
};

enum setting_type {
	SETTING_TEXT = 0,
	SETTING_PATH,
	SETTING_STATE, /* a path; the default is a name in the state directory */
	SETTING_INT,
	SETTING_BOOL, /* true, false, yes, no, on, off, 1, 0 */
	SETTING_TIME, /* RFC 3339; empty: none */
	SETTING_LEVEL,
};

enum setting_origin { FROM_DEFAULT = 0, FROM_FILE, FROM_ENV, FROM_FLAG };

struct setting_spec {
	const char
	    *name; /* "db-connections"; in the environment STEWARD_DB_CONNECTIONS */
	enum setting_type type;
	const char *fallback;
	int64_t min, max; /* INT only */
	const char *unit; /* "" for none */
	const char *help; /* one sentence */
};

struct settings {
	char *text[SET_COUNT];
	int64_t number[SET_COUNT]; /* INT, BOOL, TIME (stw_usec) */
	enum setting_origin origin[SET_COUNT];
};

const struct setting_spec *setting_spec(enum setting_id id);

/* All defaults. */
void settings_init(struct settings *settings);
void settings_fini(struct settings *settings);

/* Takes the flags that are settings out of argv (argc shrinks; "--name=value" works too;
 * nothing after "--" is looked at), then environ, then the file. What is left in argv
 * belongs to the command. environ is a NULL-terminated array of NAME=value. */
enum stw_code settings_load(struct settings *settings, int *argc, char **argv,
    char *const *environ_vars, struct stw_err *err) STW_MUST_USE;

/* A PATH that was not set lies in the state directory. */
const char *setting_text(const struct settings *settings, enum setting_id id);
int64_t setting_int(const struct settings *settings, enum setting_id id);
bool setting_bool(const struct settings *settings, enum setting_id id);
/* False when the setting is empty. */
bool setting_time(const struct settings *settings, enum setting_id id, stw_usec *out);

/* The table: name, value, origin, default, sentence. db may hold a password: its value is
 * printed without it. */
void settings_print(const struct settings *settings, struct buf *to);

#endif
