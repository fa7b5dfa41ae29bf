#include "api/settings.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "api/operations.h"
#include "engine/arena.h"
#include "engine/log.h"
#include "segments/suggest.h"

#define FILE_MAX  ((size_t)256 * 1024)
#define VALUE_MAX 4096

static const struct setting_spec specs[SET_COUNT] = {
    [SET_DATABASE] = {"database", SETTING_TEXT, "dbname=steward", 0, 0, "",
	"How to reach PostgreSQL, as libpq takes it."},
    [SET_DB_CONNECTIONS] = {"db-connections", SETTING_INT, "8", 2, 64, "",
	"Connections of the server's pool."},
    [SET_LISTEN] = {"listen", SETTING_TEXT, "127.0.0.1:8080", 0, 0, "",
	"Address and port of the HTTP server; port 0 takes a free one."},
    [SET_PORT_FILE] = {"port-file", SETTING_PATH, "", 0, 0, "",
	"File that gets the port number once the server listens."},
    [SET_STATE_DIR] = {"state-dir", SETTING_PATH, ".", 0, 0, "",
	"Where keys and checkpoints lie that have no place of their own."},
    [SET_KEYS] = {"keys", SETTING_STATE, "steward.keys", 0, 0, "",
	"Keys that seal personal data; mode 0600, never in the database."},
    [SET_TOKEN_KEY] = {"token-key", SETTING_STATE, "steward.token-key", 0, 0, "",
	"Key under which API tokens are stored and cursors signed; mode 0600."},
    [SET_OIDC_ISSUER] = {"oidc-issuer", SETTING_TEXT, "", 0, 0, "",
	"Identity provider whose tokens are taken, as their iss says it; empty: none."},
    [SET_OIDC_AUDIENCE] = {"oidc-audience", SETTING_TEXT, "", 0, 0, "",
	"What their aud has to name."},
    [SET_OIDC_JWKS] = {"oidc-jwks", SETTING_PATH, "", 0, 0, "",
	"File with the provider's public keys (a JWK set); read again when it changes."},
    [SET_OIDC_ALGORITHMS] = {"oidc-algorithms", SETTING_TEXT, "RS256, PS256, ES256", 0,
	0, "", "How their tokens may be signed."},
    [SET_OIDC_SUBJECT_CLAIM] = {"oidc-subject-claim", SETTING_TEXT, "sub", 0, 0, "",
	"Claim that says who acts, the same for ever and of one person."},
    [SET_OIDC_ROLE_CLAIM] = {"oidc-role-claim", SETTING_TEXT, "steward_role", 0, 0, "",
	"Claim that gives the role, a text or a list with one of the roles in it."},
    [SET_OIDC_QUEUE_CLAIM] = {"oidc-queue-claim", SETTING_TEXT, "steward_queue", 0, 0,
	"", "Claim that gives an agent's queue."},
    [SET_OIDC_MAX_AGE] = {"oidc-max-age", SETTING_INT, "3600", 60, 86400, "seconds",
	"Tokens issued longer ago are refused, however late they expire."},
    [SET_LEDGER_KEY] = {"ledger-key", SETTING_STATE, "steward.ledger-key", 0, 0, "",
	"Key that signs the ledger's checkpoints; mode 0600."},
    [SET_LEDGER_ORIGIN] = {"ledger-origin", SETTING_TEXT, "steward/ledger", 0, 0, "",
	"Name of the ledger in its checkpoints, for ever the same."},
    [SET_CHECKPOINT_FILE] = {"checkpoint-file", SETTING_STATE, "steward.checkpoints", 0,
	0, "", "Exported checkpoints; copy it off this machine."},
    [SET_WITNESSES] = {"witnesses", SETTING_TEXT, "", 0, 0, "",
	"Who cosigns the ledger's checkpoints: \"URL VERIFIER-KEY, ...\"; their networks are in "
	"egress; empty: nobody."},
    [SET_WITNESS_QUORUM] = {"witness-quorum", SETTING_INT, "0", 0, 8, "witnesses",
	"How many of them have to have cosigned before an entry is covered, and so before "
	"anything that depends on it leaves."},
    [SET_LEDGER_DIR] = {"ledger-dir", SETTING_PATH, "", 0, 0, "",
	"Directory in which `serve` keeps the ledger in its published form; empty: none."},
    [SET_BOOK_FILE] = {"book-file", SETTING_PATH, "", 0, 0, "",
	"The book as last loaded, for a quick start; mode 0600; empty: none is kept."},
    [SET_BOOK_MAX_AGE] = {"book-max-age", SETTING_INT, "0", 0, 604800, "seconds",
	"`stages`, `segments`, `plan` and `run` use a book file of at most this age "
	"instead of a load; 0: never."},
    [SET_CLOCK] = {"clock", SETTING_TIME, "", 0, 0, "RFC 3339",
	"Simulated business clock that starts here; empty: the real clock."},
    [SET_ZONE] = {"zone", SETTING_TEXT, "Asia/Shanghai", 0, 0, "IANA",
	"Time zone of the institution."},
    [SET_WORKERS] = {"workers", SETTING_INT, "4", 1, 64, "threads",
	"Threads that do what HTTP requests ask for."},
    [SET_OPERATION_WORKERS] = {"operation-workers", SETTING_INT, "2", 1,
	OPERATION_WORKERS_MAX, "threads",
	"How many long jobs (simulations, what-if, previews) `serve` carries out at a time."},
    [SET_MAX_BODY] = {"max-body", SETTING_INT, "1048576", 1024, 16777216, "bytes",
	"Largest request body."},
    [SET_MAX_CONNECTIONS] = {"max-connections", SETTING_INT, "256", 4, 10000, "",
	"HTTP connections open at a time."},
    [SET_IDLE_TIMEOUT] = {"idle-timeout", SETTING_INT, "30", 1, 600, "seconds",
	"An HTTP connection is closed after so long between requests, within a request's "
	"arrival or an answer's way; large ones get a second more for each 16 KiB."},
    [SET_REQUEST_TIMEOUT] = {"request-timeout", SETTING_INT, "30", 1, 3600, "seconds",
	"A request that waits longer for the database is given up (503); those that evaluate "
	"the book take as long as they take."},
    [SET_RATE_LIMIT] = {"rate-limit", SETTING_INT, "1000", 0, 100000,
	"requests a second",
	"What one token may send in the long run, twice that at once; 0: no limit."},
    [SET_EGRESS] = {"egress", SETTING_TEXT, "", 0, 0, "CIDR, ...",
	"Networks that tasks may be pushed to; empty: none."},
    [SET_DISPATCH] = {"dispatch", SETTING_BOOL, "true", 0, 0, "",
	"Does `serve` push due tasks to their queues?"},
    [SET_TICK_SECONDS] = {"tick-seconds", SETTING_INT, "0", 0, 86400, "seconds",
	"How often `serve` refreshes stages and segments, and plans after it; 0: never."},
    [SET_PLAN_SECONDS] = {"plan-seconds", SETTING_INT, "0", 0, 86400, "seconds",
	"How often `serve` plans at most; 0: after each tick, when the planning before has "
	"ended."},
    [SET_BOOK_SLOT] = {"book-slot", SETTING_TEXT, "", 0, 0, "",
	"Replication slot through which `serve` keeps the book current, one a server; empty: "
	"the book is loaded when it is needed."},
    [SET_BOOK_RELOAD] = {"book-reload-seconds", SETTING_INT, "300", 10, 86400,
	"seconds",
	"How often the book is loaded where the database sends no changes (wal_level)."},
    [SET_BOOK_SAVE] = {"book-save-seconds", SETTING_INT, "600", 10, 86400, "seconds",
	"How often `serve` saves the book that it keeps (`book-file` and `.live`); the "
	"database keeps its log from there on."},
    [SET_SEAL_MSEC] = {"seal-interval", SETTING_INT, "200", 10, 60000, "milliseconds",
	"How often `serve` sequences waiting ledger entries."},
    [SET_REVEAL_QUOTA] = {"reveal-quota", SETTING_INT, "50", 0, 100000, "reveals",
	"How many reveals one person has in a day, each call counts; 0: none."},
    [SET_EXPORT_ROWS_ALONE] = {"export-rows-alone", SETTING_INT, "1000", 0, 1000000000,
	"rows",
	"How many rows one person may export; more need somebody else's approval."},
    [SET_COMPLAINT_DAYS] = {"complaint-days", SETTING_INT, "15", 1, 365, "days",
	"From its receipt, how long a complaint may take."},
    [SET_COMPLAINT_DAYS_COMPLEX] = {"complaint-days-complex", SETTING_INT, "30", 1, 365,
	"days", "The same for one that is complex."},
    [SET_COMPLAINT_DAYS_EXCEPTIONAL] = {"complaint-days-exceptional", SETTING_INT, "60",
	1, 365, "days", "The same in exceptional cases."},
    [SET_RETENTION_HOUR] = {"retention-hour", SETTING_INT, "24", 0, 24, "hour",
	"From which hour of the day on `serve` lets records go whose time is over, once a "
	"day; 24: never by itself."},
    [SET_OVERRIDE_DAYS] = {"override-days", SETTING_INT, "30", 1, 90, "days",
	"For how long a person may allow at most what a rule put up for review or house "
	"policy forbids."},
    [SET_REVOCATION_DAYS] = {"revocation-days", SETTING_INT, "10", 1, 60,
	"working days",
	"After its receipt, how long a request to revoke in free words may wait for a person."},
    [SET_REVOCATION_HOLIDAYS] = {"revocation-holidays", SETTING_TEXT, "", 0, 0, "days",
	"Days from Monday to Friday that are no working days: 2026-11-26 2026-12-25."},
    [SET_DEMO] = {"demo", SETTING_BOOL, "false", 0, 0, "",
	"Marks every screen as a demonstration."},
    [SET_LOG_LEVEL] = {"log-level", SETTING_LEVEL, "info", 0, 0, "",
	"Least level that is logged: debug, info, warn or error."},
    [SET_CONFIG] = {"config", SETTING_PATH, "", 0, 0, "",
	"File of settings, one `name = value` a line."},
};

const struct setting_spec *
setting_spec(enum setting_id id)
{
	return &specs[id];
}

/* ---- one value: which setting, what it may be ------------------------------ */
static enum stw_code
unknown(const char *where, const char *name, struct stw_err *err)
{
	const char *names[SET_COUNT], *near;

	for (int i = 0; i < SET_COUNT; i++)
		names[i] = specs[i].name;
	near = name_suggest(str_of(name), names, SET_COUNT);
	if (near != NULL)
		return stw_fail(err, STW_INVALID,
		    "%s: there is no setting \"%.60s\"; did you mean \"%s\"?", where,
		    name, near);
	return stw_fail(err, STW_INVALID,
	    "%s: there is no setting \"%.60s\"; `steward settings` lists them", where,
	    name);
}

/* ---- one value --------------------------------------------------------------------- */
static int
find(const char *name)
{
	for (int i = 0; i < SET_COUNT; i++)
		if (strcmp(specs[i].name, name) == 0)
			return i;
	return -1;
}

static bool
parse_bool(const char *text, int64_t *out)
{
	static const char *const yes[] = {"true", "yes", "on", "1"};
	static const char *const no[] = {"false", "no", "off", "0"};

	for (size_t i = 0; i < STW_ARRAY_LEN(yes); i++) {
		if (strcasecmp(text, yes[i]) == 0) {
			*out = 1;
			return true;
		}
		if (strcasecmp(text, no[i]) == 0) {
			*out = 0;
			return true;
		}
	}
	return false;
}

static enum stw_code
parse_int(const struct setting_spec *spec, const char *where, const char *text,
    int64_t *out, struct stw_err *err)
{
	char *end;
	long long v;

	errno = 0;
	v = strtoll(text, &end, 10);
	if (end == text || *end != '\0' || errno != 0 || v < spec->min || v > spec->max)
		return stw_fail(err, STW_INVALID,
		    "%s: %s is a number from %lld to %lld%s%s, not \"%.40s\"", where,
		    spec->name, (long long)spec->min, (long long)spec->max,
		    spec->unit[0] == '\0' ? "" : " ", spec->unit, text);
	*out = v;
	return STW_OK;
}

static enum stw_code
set(struct settings *s, int id, const char *text, enum setting_origin origin,
    const char *where, struct stw_err *err)
{
	const struct setting_spec *spec = &specs[id];
	enum log_level level;
	int64_t number = 0;
	enum stw_code rc = STW_OK;

	if (strlen(text) > VALUE_MAX)
		return stw_fail(err, STW_INVALID,
		    "%s: the value of %s is longer than %d bytes", where, spec->name,
		    VALUE_MAX);
	switch (spec->type) {
	case SETTING_TEXT:
	case SETTING_PATH:
	case SETTING_STATE:
		break;
	case SETTING_INT:
		rc = parse_int(spec, where, text, &number, err);
		break;
	case SETTING_BOOL:
		if (!parse_bool(text, &number))
			rc = stw_fail(err, STW_INVALID,
			    "%s: %s is true or false, not \"%.40s\"", where, spec->name,
			    text);
		break;
	case SETTING_TIME:
		if (text[0] != '\0' && stw_usec_parse(str_of(text), &number) != STW_OK)
			rc = stw_fail(err, STW_INVALID,
			    "%s: %s is an instant like 2026-11-23T10:00:00+08:00, not \"%.40s\"",
			    where, spec->name, text);
		break;
	case SETTING_LEVEL:
		if (log_level_parse(text, &level) != STW_OK)
			rc = stw_fail(err, STW_INVALID,
			    "%s: %s is debug, info, warn or error, not \"%.40s\"",
			    where, spec->name, text);
		break;
	}
	if (rc != STW_OK)
		return rc;
	free(s->text[id]);
	s->text[id] = stw_xstrdup(text);
	s->number[id] = number;
	s->origin[id] = origin;
	return STW_OK;
}

void
settings_init(struct settings *settings)
{
	struct stw_err err;

	memset(settings, 0, sizeof *settings);
	for (int i = 0; i < SET_COUNT; i++)
		STW_ASSERT(set(settings, i, specs[i].fallback, FROM_DEFAULT, "default",
			       &err) == STW_OK);
}

void
settings_fini(struct settings *settings)
{
	for (int i = 0; i < SET_COUNT; i++)
		free(settings->text[i]);
	memset(settings, 0, sizeof *settings);
}

/* ---- flags ---------------------------------------------------------------------- */
/* Copies "name" of "--name=value" or "--name"; the value after '=' or NULL. */
static const char *
flag_split(const char *arg, char name[64])
{
	const char *equals = strchr(arg, '=');
	size_t len = equals != NULL ? (size_t)(equals - arg) : strlen(arg);

	if (len >= 64)
		len = 63;
	memcpy(name, arg, len);
	name[len] = '\0';
	return equals != NULL ? equals + 1 : NULL;
}

static enum stw_code
load_flags(struct settings *s, int *argc, char **argv, struct stw_err *err)
{
	int kept = 1, i;

	for (i = 1; i < *argc; i++) {
		char name[64], where[80];
		const char *value;
		int64_t ignored;
		enum stw_code rc;
		int id;

		if (strcmp(argv[i], "--") == 0)
			break;
		if (strncmp(argv[i], "--", 2) != 0) {
			argv[kept++] = argv[i];
			continue;
		}
		value = flag_split(argv[i] + 2, name);
		id = find(name);
		if (id < 0) {
			argv[kept++] = argv[i];
			continue;
		}
		(void)snprintf(where, sizeof where, "--%s", name);
		/* A switch needs no value: --demo is --demo=true. */
		if (value == NULL && specs[id].type == SETTING_BOOL)
			value = i + 1 < *argc && parse_bool(argv[i + 1], &ignored)
				    ? argv[++i]
				    : "true";
		if (value == NULL) {
			if (i + 1 >= *argc)
				return stw_fail(
				    err, STW_INVALID, "%s needs a value", where);
			value = argv[++i];
		}
		rc = set(s, id, value, FROM_FLAG, where, err);
		if (rc != STW_OK)
			return rc;
	}
	while (i < *argc)
		argv[kept++] = argv[i++];
	argv[kept] = NULL;
	*argc = kept;
	return STW_OK;
}

/* ---- environment ----------------------------------------------------------------- */
static enum stw_code
load_env(struct settings *s, char *const *vars, struct stw_err *err)
{
	static const char prefix[] = "STEWARD_";

	for (; vars != NULL && *vars != NULL; vars++) {
		const char *equals = strchr(*vars, '=');
		char name[64], where[96];
		size_t len;
		enum stw_code rc;
		int id;

		if (strncmp(*vars, prefix, sizeof prefix - 1) != 0 || equals == NULL)
			continue;
		len = (size_t)(equals - *vars) - (sizeof prefix - 1);
		if (len >= sizeof name)
			len = sizeof name - 1;
		for (size_t i = 0; i < len; i++) {
			char c = (*vars)[sizeof prefix - 1 + i];

			name[i] = c == '_' ? '-' : (char)tolower((unsigned char)c);
		}
		name[len] = '\0';
		(void)snprintf(
		    where, sizeof where, "%.*s", (int)(equals - *vars), *vars);
		id = find(name);
		if (id < 0)
			return unknown(where, name, err);
		if (s->origin[id] > FROM_ENV)
			continue;
		rc = set(s, id, equals + 1, FROM_ENV, where, err);
		if (rc != STW_OK)
			return rc;
	}
	return STW_OK;
}

/* ---- file -------------------------------------------------------------------------- */
static char *
trim(char *text)
{
	char *end;

	while (isspace((unsigned char)*text))
		text++;
	end = text + strlen(text);
	while (end > text && isspace((unsigned char)end[-1]))
		end--;
	*end = '\0';
	return text;
}

static enum stw_code
load_line(
    struct settings *s, const char *path, int line, char *text, struct stw_err *err)
{
	char where[300], *equals, *name, *value;
	int id;

	text = trim(text);
	if (*text == '\0' || *text == '#')
		return STW_OK;
	(void)snprintf(where, sizeof where, "%.250s:%d", path, line);
	equals = strchr(text, '=');
	if (equals == NULL)
		return stw_fail(
		    err, STW_INVALID, "%s: a line is `name = value`", where);
	*equals = '\0';
	name = trim(text);
	value = trim(equals + 1);
	id = find(name);
	if (id < 0 || id == SET_CONFIG)
		return unknown(where, name, err);
	if (s->origin[id] == FROM_FILE)
		return stw_fail(err, STW_INVALID, "%s: %s is set twice", where, name);
	if (s->origin[id] > FROM_FILE)
		return STW_OK;
	return set(s, id, value, FROM_FILE, where, err);
}

static enum stw_code
load_file(struct settings *s, struct stw_err *err)
{
	const char *path = s->text[SET_CONFIG];
	enum stw_code rc = STW_OK;
	char *line = NULL;
	size_t cap = 0, total = 0;
	ssize_t len;
	FILE *file;
	int number = 0;

	if (path[0] == '\0')
		return STW_OK;
	file = fopen(path, "re");
	if (file == NULL)
		return stw_fail(err, STW_NOT_FOUND, "--config: cannot read %.200s: %s",
		    path, strerror(errno));
	while (rc == STW_OK && (len = getline(&line, &cap, file)) >= 0) {
		total += (size_t)len;
		if (total > FILE_MAX)
			rc = stw_fail(err, STW_INVALID,
			    "%.200s is longer than %zu bytes", path, FILE_MAX);
		else
			rc = load_line(s, path, ++number, line, err);
	}
	free(line);
	(void)fclose(file);
	return rc;
}

/* Names of files that nobody chose become paths. */
static void
place_state(struct settings *s)
{
	const char *dir = s->text[SET_STATE_DIR];

	for (int i = 0; i < SET_COUNT; i++) {
		struct buf path;

		if (specs[i].type != SETTING_STATE || s->origin[i] != FROM_DEFAULT)
			continue;
		buf_init(&path);
		buf_printf(&path, "%s/%s", dir, specs[i].fallback);
		free(s->text[i]);
		s->text[i] = path.data;
	}
}

enum stw_code
settings_load(struct settings *settings, int *argc, char **argv,
    char *const *environ_vars, struct stw_err *err)
{
	enum stw_code rc;

	rc = load_flags(settings, argc, argv, err);
	if (rc == STW_OK)
		rc = load_env(settings, environ_vars, err);
	if (rc == STW_OK)
		rc = load_file(settings, err);
	if (rc == STW_OK)
		place_state(settings);
	return rc;
}

/* ---- reading ------------------------------------------------------------------------- */
const char *
setting_text(const struct settings *settings, enum setting_id id)
{
	return settings->text[id];
}

int64_t
setting_int(const struct settings *settings, enum setting_id id)
{
	return settings->number[id];
}

bool
setting_bool(const struct settings *settings, enum setting_id id)
{
	return settings->number[id] != 0;
}

bool
setting_time(const struct settings *settings, enum setting_id id, stw_usec *out)
{
	if (settings->text[id][0] == '\0')
		return false;
	*out = settings->number[id];
	return true;
}

/* A conninfo or URI without what follows "password=" or ":" before "@". */
static void
print_conninfo(const char *text, struct buf *to)
{
	const char *secret = strcasestr(text, "password");

	if (secret == NULL && strstr(text, "://") == NULL)
		buf_add_c(to, text);
	else if (secret == NULL && strchr(text, '@') == NULL)
		buf_add_c(to, text);
	else
		buf_add_c(to, "(holds a password)");
}

void
settings_print(const struct settings *settings, struct buf *to)
{
	static const char *const origins[] = {"default", "file", "environment", "flag"};

	for (int i = 0; i < SET_COUNT; i++) {
		const struct setting_spec *spec = &specs[i];

		buf_printf(to, "%s = ", spec->name);
		if (i == SET_DATABASE)
			print_conninfo(settings->text[i], to);
		else
			buf_add_c(to, settings->text[i]);
		buf_printf(to, "\n    %s", spec->help);
		if (spec->type == SETTING_INT)
			buf_printf(to, " %lld to %lld%s%s.", (long long)spec->min,
			    (long long)spec->max, spec->unit[0] == '\0' ? "" : " ",
			    spec->unit);
		buf_printf(to, "\n    from: %s", origins[settings->origin[i]]);
		if (settings->origin[i] != FROM_DEFAULT)
			buf_printf(to, ", default: %s",
			    spec->fallback[0] == '\0' ? "(empty)" : spec->fallback);
		buf_add_c(to, "\n");
	}
}
