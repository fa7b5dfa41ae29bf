#include "api/trait_change.h"

#include <string.h>

#include "api/rule_scope.h"
#include "campaigns/campaign_store.h"

/* Every campaign that is not ended and has a version in use still compiles. */
static enum stw_code
check_campaigns(struct db *db, stw_usec now, struct stw_err *err)
{
	struct campaign_row *rows;
	struct rule_scope scope = {0};
	struct arena arena;
	enum stw_code rc;
	int n = 0;

	arena_init(&arena);
	rc = campaign_list(db, &arena, &rows, &n, err);
	if (rc == STW_OK)
		rc = rule_scope_open(db, true, now, &arena, &scope, err);
	for (int i = 0; i < n && rc == STW_OK; i++) {
		struct campaign campaign;

		if (strcmp(rows[i].state, "ended") == 0)
			continue;
		rc = campaign_parse(
		    str_of(rows[i].document), scope.env, &arena, &campaign, NULL, err);
		if (rc == STW_INVALID)
			rc = stw_err_prefix(err, STW_CONFLICT,
			    "campaign %s would no longer compile", rows[i].code);
	}
	rule_scope_fini(&scope);
	arena_fini(&arena);
	return rc;
}

/* A transaction of our own, unless the caller has one: what is called takes part in it. */
static enum stw_code
begin(struct db *db, bool *mine, struct stw_err *err)
{
	enum stw_code rc = STW_OK;

	*mine = !db_in_transaction(db);
	if (*mine)
		rc = db_begin(db, err);
	if (*mine && rc == STW_OK)
		db_lend(db, true);
	return rc;
}

static enum stw_code
finish(struct db *db, bool mine, enum stw_code rc, stw_usec now, struct stw_err *err)
{
	if (rc == STW_OK)
		rc = check_campaigns(db, now, err);
	if (mine)
		db_lend(db, false);
	if (mine && rc == STW_OK)
		return db_commit(db, err);
	if (rc != STW_OK)
		db_rollback(db);
	return rc;
}

enum stw_code
trait_change_save(struct db *db, const struct trait *trait, const char *actor,
    stw_usec now, int *version, struct stw_err *err)
{
	bool mine;
	enum stw_code rc = begin(db, &mine, err);

	if (rc != STW_OK)
		return rc;
	rc = trait_store_save(db, trait, actor, now, version, err);
	return finish(db, mine, rc, now, err);
}

enum stw_code
trait_change_retire(struct db *db, const char *name, const char *actor, stw_usec now,
    struct stw_err *err)
{
	bool mine;
	enum stw_code rc = begin(db, &mine, err);

	if (rc != STW_OK)
		return rc;
	rc = trait_store_retire(db, name, actor, now, err);
	return finish(db, mine, rc, now, err);
}
