#include "api/simulate.h"

#include "api/rule_scope.h"
#include "campaigns/task_store.h"

static void
tell(void *host, const char *campaign, int bucket, int64_t done)
{
	(void)done;
	progress_tell(host, campaign, bucket + 1, BOOK_BUCKETS);
}

enum stw_code
simulate_plan(struct db *db, struct book_live *live, const char *code, int version,
    stw_usec now, const struct progress *progress, struct arena *arena,
    struct plan_result *out, struct stw_err *err)
{
	struct ruleset *rules = NULL;
	struct rule_scope scope = {0};
	/* tell only reads it. */
	const struct plan_options options = {.now = now,
	    .segments = &scope.hosts,
	    .progress = progress != NULL ? tell : NULL,
	    .progress_host = (void *)(uintptr_t)progress};
	enum stw_code rc = task_rules_load(db, &rules, err);

	if (rc == STW_OK)
		rc = rule_scope_open_parts(db, live, now, arena, &scope, err);
	if (rc == STW_OK)
		rc = plan_simulate(
		    db, &scope.parts, rules, &options, code, version, arena, out, err);
	rule_scope_fini(&scope);
	if (rules != NULL)
		ruleset_free(rules);
	return rc;
}
