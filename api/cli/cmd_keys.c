/* steward keys: what uses each key, and their exchange while everything runs. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "api/cli/cli.h"
#include "campaigns/queue_store.h"
#include "campaigns/registry_query_store.h"
#include "db/entry_json.h"
#include "db/ledger.h"
#include "engine/uuid.h"
#include "segments/key_store.h"

/* How long an exchange of the index key waits for a running import. */
#define WAIT_USEC (10 * STW_USEC_MIN)

struct keys_cmd {
	struct cli *cli;
	struct db *db;
	const struct seal_keys *keys;
	bool resume;
};

/* Every change of a key is an entry of the ledger, without the key. */
static enum stw_code
note(const struct keys_cmd *k, const char *what, enum seal_key_kind kind, int version,
    int64_t rows, struct stw_err *err)
{
	stw_usec now = app_now(&k->cli->app);
	const struct entry_field fields[] = {ENTRY_TEXT("what", what),
	    ENTRY_TEXT("key", seal_key_name(kind)), ENTRY_INT("version", version),
	    ENTRY_INT("rows", rows)};
	struct uuid id = uuid_new(now);
	char text[UUID_TEXT];
	struct buf entry;
	enum stw_code rc;

	buf_init(&entry);
	entry_write("key_change", uuid_format(&id, text), now, fields,
	    (int)STW_ARRAY_LEN(fields), &entry);
	rc = db_begin(k->db, err);
	if (rc == STW_OK)
		rc = ledger_append(
		    k->db, -1, "key_change", (struct str){entry.data, entry.len}, err);
	if (rc == STW_OK)
		rc = db_commit(k->db, err);
	else
		db_rollback(k->db);
	buf_fini(&entry);
	return rc;
}

/* ---- list ------------------------------------------------------------------------------ */
static enum stw_code
kek_rows(const struct keys_cmd *k, int version, int64_t *customers, int64_t *queues,
    struct stw_err *err)
{
	struct kek_use *uses = NULL;
	int count = 0;
	enum stw_code rc = kek_used(k->db, &k->cli->arena, &uses, &count, err);

	*customers = 0;
	*queues = 0;
	for (int i = 0; i < count; i++)
		if (uses[i].version == version) {
			*customers = uses[i].customers;
			*queues = uses[i].queues;
		}
	return rc;
}

static enum stw_code
index_now(const struct keys_cmd *k, struct index_key *out, struct stw_err *err)
{
	enum stw_code rc = db_begin(k->db, err);

	if (rc == STW_OK)
		rc = index_key_hold(k->db, k->keys, out, err);
	if (rc == STW_OK)
		return db_commit(k->db, err);
	db_rollback(k->db);
	return rc;
}

static enum stw_code
list_keks(const struct keys_cmd *k, struct stw_err *err)
{
	int newest = seal_keys_newest(k->keys, SEAL_KEK);
	enum stw_code rc = STW_OK;

	for (int v = 1; v < SEAL_VERSIONS && rc == STW_OK; v++) {
		int64_t customers, queues;

		rc = kek_rows(k, v, &customers, &queues, err);
		if (rc != STW_OK ||
		    (!seal_keys_has(k->keys, SEAL_KEK, v) && customers + queues == 0))
			continue;
		(void)printf(
		    "kek       %3d  %-9s %s customer keys, %s secrets of queues and registries\n",
		    v,
		    !seal_keys_has(k->keys, SEAL_KEK, v) ? "MISSING"
		    : v == newest                        ? "wraps"
		    : customers + queues == 0            ? "unused"
							 : "opens",
		    cli_count(customers), cli_count(queues));
	}
	return rc;
}

static enum stw_code
list_indexes(const struct keys_cmd *k, struct stw_err *err)
{
	struct index_left left = {0};
	struct index_key key;
	enum stw_code rc = index_now(k, &key, err);

	if (rc == STW_OK && key.before != 0)
		rc = index_left_count(k->db, &left, err);
	for (int v = 1; v < SEAL_VERSIONS && rc == STW_OK; v++) {
		if (!seal_keys_has(k->keys, SEAL_INDEX, v))
			continue;
		(void)printf("index     %3d  %s", v,
		    v == key.now      ? "in force"
		    : v == key.before ? "leaving  "
				      : "unused");
		if (v == key.before)
			(void)printf("%s contact points, %s objections, %s counted "
				     "contacts still have it",
			    cli_count(left.points), cli_count(left.objections),
			    cli_count(left.counts));
		(void)putchar('\n');
	}
	return rc;
}

static enum stw_code
list(const struct keys_cmd *k, struct stw_err *err)
{
	int newest = seal_keys_newest(k->keys, SEAL_SUPPRESS);
	enum stw_code rc = list_keks(k, err);

	if (rc == STW_OK)
		rc = list_indexes(k, err);
	for (int v = 1; v < SEAL_VERSIONS && rc == STW_OK; v++)
		if (seal_keys_has(k->keys, SEAL_SUPPRESS, v))
			(void)printf("suppress  %3d  %s\n", v,
			    v == newest ? "in force" : "opens");
	return rc;
}

/* ---- rotate ---------------------------------------------------------------------------- */
static enum stw_code
add_version(const struct keys_cmd *k, enum seal_key_kind kind, int *version,
    struct stw_err *err)
{
	enum stw_code rc = STW_OK;

	*version = seal_keys_newest(k->keys, kind);
	if (k->resume)
		return STW_OK;
	rc = seal_keys_add(k->keys, kind, version, err);
	if (rc == STW_OK)
		rc = note(k, "added", kind, *version, 0, err);
	if (rc == STW_OK)
		(void)printf("%s %d is in the key file now: back the file up\n",
		    seal_key_name(kind), *version);
	return rc;
}

static void
say_rate(const char *what, int64_t rows, stw_usec usec)
{
	(void)printf("%s %s (%s, %s a second)\n", cli_count(rows), what, cli_secs(usec),
	    cli_count(usec > 0 ? rows * STW_USEC_SEC / usec : rows));
}

static enum stw_code
rotate_kek(const struct keys_cmd *k, struct stw_err *err)
{
	struct progress progress = cli_progress();
	stw_usec began = stw_monotonic();
	int64_t customers = 0, queues = 0;
	int version;
	enum stw_code rc = add_version(k, SEAL_KEK, &version, err);

	if (rc == STW_OK)
		rc = kek_rewrap(k->db, k->keys, &progress, &customers, err);
	cli_progress_end();
	if (rc == STW_OK)
		rc = queue_secrets_rewrap(k->db, k->keys, &queues, err);
	if (rc == STW_OK)
		rc = registry_secrets_rewrap(k->db, k->keys, &queues, err);
	if (rc == STW_OK)
		rc = note(k, "rewrapped", SEAL_KEK, version, customers + queues, err);
	if (rc != STW_OK)
		return rc;
	say_rate("customer keys wrapped anew", customers, stw_monotonic() - began);
	(void)printf(
	    "%s secrets of queues and registries wrapped anew\n", cli_count(queues));
	return list_keks(k, err);
}

static enum stw_code
index_finished(const struct keys_cmd *k, int version, int64_t moved,
    const struct index_left *left, struct stw_err *err)
{
	if (left->objections + left->counts + left->points == 0)
		return note(k, "rehashed", SEAL_INDEX, version, moved, err);
	(void)printf("%s objections and %s counted contacts are on numbers that no "
		     "customer has: the old key stays, and they keep counting.\n"
		     "Counted contacts are let go after 31 days: run this again then, "
		     "with --resume.\n",
	    cli_count(left->objections), cli_count(left->counts));
	return STW_OK;
}

static enum stw_code
rotate_index(const struct keys_cmd *k, struct stw_err *err)
{
	struct progress progress = cli_progress();
	stw_usec began = stw_monotonic();
	struct index_left left = {0};
	struct index_key key;
	int64_t moved = 0;
	int version;
	enum stw_code rc = index_now(k, &key, err);

	if (rc == STW_OK && key.before != 0 && !k->resume)
		return stw_fail(err, STW_CONFLICT,
		    "index key %d is still being exchanged for %d: run `steward keys rotate "
		    "index --resume`",
		    key.before, key.now);
	if (rc == STW_OK)
		rc = add_version(k, SEAL_INDEX, &version, err);
	if (rc == STW_OK && key.before == 0)
		rc = index_move_begin(k->db, k->keys, WAIT_USEC, err);
	if (rc == STW_OK)
		rc = index_move_run(k->db, k->keys, app_now(&k->cli->app), WAIT_USEC,
		    &progress, &moved, &left, err);
	cli_progress_end();
	if (rc != STW_OK)
		return rc;
	say_rate("rows have their new hash", moved, stw_monotonic() - began);
	rc = index_finished(k, version, moved, &left, err);
	return rc == STW_OK ? list_indexes(k, err) : rc;
}

/* ---- remove ---------------------------------------------------------------------------- */
static enum stw_code
refuse_in_force(enum seal_key_kind kind, int version, struct stw_err *err)
{
	const char *name = seal_key_name(kind);

	return stw_fail(err, STW_CONFLICT,
	    "%s %d is the version in force: `steward keys rotate %s` makes the next one "
	    "and moves what uses this one; then it can be removed",
	    name, version, name);
}

static enum stw_code
kek_free(const struct keys_cmd *k, int version, struct stw_err *err)
{
	int64_t customers = 0, queues = 0;
	enum stw_code rc;

	if (version == seal_keys_newest(k->keys, SEAL_KEK))
		return refuse_in_force(SEAL_KEK, version, err);
	rc = kek_rows(k, version, &customers, &queues, err);
	if (rc == STW_OK && customers + queues > 0)
		rc = stw_fail(err, STW_CONFLICT,
		    "kek %d still wraps %s customer keys and %s secrets of queues and registries: run `steward "
		    "keys rotate kek --resume` first",
		    version, cli_count(customers), cli_count(queues));
	return rc;
}

static enum stw_code
index_free(const struct keys_cmd *k, int version, struct stw_err *err)
{
	struct index_key key;
	enum stw_code rc = index_now(k, &key, err);

	if (rc == STW_OK && version == key.now)
		rc = refuse_in_force(SEAL_INDEX, version, err);
	else if (rc == STW_OK && version == key.before)
		rc = stw_fail(err, STW_CONFLICT,
		    "index key %d is being left: `steward keys rotate index --resume` ends "
		    "that; then it can be removed",
		    version);
	return rc;
}

static enum stw_code
remove_key(const struct keys_cmd *k, enum seal_key_kind kind, const char *text,
    struct stw_err *err)
{
	char *end;
	long version = strtol(text, &end, 10);
	enum stw_code rc = STW_OK;

	if (*end != '\0' || version < 1 || version >= SEAL_VERSIONS)
		return stw_fail(err, STW_INVALID, "\"%.20s\" is no version", text);
	if (kind == SEAL_KEK)
		rc = kek_free(k, (int)version, err);
	else
		rc = index_free(k, (int)version, err);
	if (rc == STW_OK)
		rc = seal_keys_remove(k->keys, kind, (int)version, err);
	if (rc == STW_OK)
		rc = note(k, "removed", kind, (int)version, 0, err);
	if (rc == STW_OK)
		(void)printf(
		    "%s %ld is gone from the key file; backups of the database "
		    "that were made before cannot be read without it\n",
		    seal_key_name(kind), version);
	return rc;
}

/* ---- the command ----------------------------------------------------------------------- */
enum { VERB_LIST, VERB_ROTATE, VERB_REMOVE };

static enum stw_code
act(const struct keys_cmd *k, int verb, enum seal_key_kind kind, struct stw_err *err)
{
	enum stw_code rc = key_lock(k->db, err);

	if (rc != STW_OK)
		return rc;
	if (verb == VERB_REMOVE)
		rc = remove_key(k, kind, k->cli->argv[0], err);
	else if (kind == SEAL_KEK)
		rc = rotate_kek(k, err);
	else
		rc = rotate_index(k, err);
	key_unlock(k->db);
	return rc;
}

enum stw_code
cmd_keys(struct cli *cli, struct stw_err *err)
{
	static const char *const verbs[] = {"list", "rotate", "remove"};
	static const char *const kinds[] = {"kek", "index"};
	struct keys_cmd k = {.cli = cli};
	const struct cli_opt opts[] = {{"resume", CLI_SWITCH, &k.resume, 0, 0}};
	int verb = cli_verb(cli, verbs, 3, err);
	int kind = verb > VERB_LIST ? cli_verb(cli, kinds, 2, err) : 0;
	int words = verb == VERB_REMOVE ? 1 : 0;
	enum stw_code rc;

	if (verb < 0 || kind < 0)
		return STW_INVALID;
	rc = cli_parse(cli, opts, verb == VERB_ROTATE ? 1 : 0, words, words, err);
	if (rc == STW_OK)
		rc = app_keys(&cli->app, false, &k.keys, err);
	if (rc == STW_OK)
		rc = app_db(&cli->app, &k.db, err);
	if (rc != STW_OK)
		return rc;
	return verb == VERB_LIST ? list(&k, err)
				 : act(&k, verb, (enum seal_key_kind)kind, err);
}
