#include "api/segment_change.h"

#include "api/rule_scope.h"
#include "campaigns/campaign_use_store.h"

static enum stw_code
check_users(struct db *db, const char *code, stw_usec now, struct stw_err *err)
{
	struct segment_info info;
	struct rule_scope scope = {0};
	const char *users = NULL;
	struct arena arena;
	enum stw_code rc;

	arena_init(&arena);
	rc = segment_store_get(db, code, &arena, &info, err);
	if (rc == STW_OK && info.def.kind == SEGMENT_COMPUTED)
		rc = stw_fail(err, STW_CONFLICT,
		    "segment %s is made of a promise of the lifecycle model; take the "
		    "promise out there",
		    code);
	if (rc == STW_OK)
		rc = rule_scope_open(db, true, now, &arena, &scope, err);
	if (rc == STW_OK)
		rc = campaign_segment_users(db, scope.env, code, &arena, &users, err);
	if (rc == STW_OK && users != NULL)
		rc = stw_fail(err, STW_CONFLICT,
		    "segment %s is used by campaign %s; change that one first", code,
		    users);
	rule_scope_fini(&scope);
	arena_fini(&arena);
	return rc;
}

enum stw_code
segment_change_retire(struct db *db, const char *code, const char *actor, stw_usec now,
    struct stw_err *err)
{
	bool mine = !db_in_transaction(db);
	enum stw_code rc = mine ? db_begin(db, err) : STW_OK;

	if (rc != STW_OK)
		return rc;
	if (mine)
		db_lend(db, true);
	rc = check_users(db, code, now, err);
	if (rc == STW_OK)
		rc = segment_store_retire(db, code, actor, now, err);
	if (mine)
		db_lend(db, false);
	if (mine && rc == STW_OK)
		return db_commit(db, err);
	if (rc != STW_OK)
		db_rollback(db);
	return rc;
}
