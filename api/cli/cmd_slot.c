#include "api/cli/cli.h"
#include "db/stream.h"

static const char *
state_of(const struct db_slot *slot)
{
	return slot->lost     ? "lost: made anew when it is next read"
	       : slot->active ? "read"
			      : "nobody reads it";
}

static enum stw_code
list(struct cli *cli, struct db *db, struct stw_err *err)
{
	struct stw_err why;
	const char **names;
	enum stw_code rc;
	size_t count;

	if (db_stream_check(db, DB_STREAM_PUBLICATION, &why) != STW_OK)
		(void)printf("%s\n", why.text);
	rc = db_slot_names(db, &cli->arena, &names, &count, err);
	if (rc != STW_OK)
		return rc;
	if (count == 0)
		(void)printf("no replication slot in this database\n");
	for (size_t i = 0; i < count; i++) {
		struct db_slot slot;

		rc = db_slot_get(db, names[i], &slot, err);
		if (rc == STW_NOT_FOUND) /* dropped this moment */
			continue;
		if (rc != STW_OK)
			return rc;
		(void)printf("%-32s %10.1f MB of log kept (%s)  %s\n", names[i],
		    (double)slot.retained / 1e6, slot.wal_status, state_of(&slot));
	}
	return STW_OK;
}

enum stw_code
cmd_slot(struct cli *cli, struct stw_err *err)
{
	static const char *const verbs[] = {"list", "drop"};
	int verb = cli_verb(cli, verbs, (int)STW_ARRAY_LEN(verbs), err);
	struct db *db;
	enum stw_code rc;

	if (verb < 0)
		return STW_INVALID;
	rc = cli_parse(cli, NULL, 0, verb, verb, err);
	if (rc == STW_OK)
		rc = app_db(&cli->app, &db, err);
	if (rc != STW_OK)
		return rc;
	if (verb == 0)
		return list(cli, db, err);
	rc = db_slot_drop(db, cli->argv[0], err);
	if (rc == STW_OK)
		(void)printf("%s is dropped\n", cli->argv[0]);
	return rc;
}
