#include "campaigns/campaign_use_store.h"

#include <string.h>

static bool
rule_asks(const struct rule *rule, const char *segment)
{
	const char *const *codes;
	int n = rule != NULL ? rule_segments(rule, &codes) : 0;

	for (int i = 0; i < n; i++)
		if (strcmp(codes[i], segment) == 0)
			return true;
	return false;
}

static bool
asks(const struct campaign *c, const char *segment)
{
	bool moves = c->trigger.on == TRIGGER_SEGMENT_ENTERED ||
		     c->trigger.on == TRIGGER_SEGMENT_LEFT;

	return (moves && strcmp(c->trigger.what, segment) == 0) ||
	       rule_asks(c->audience, segment) || rule_asks(c->occurrence, segment) ||
	       rule_asks(c->value, segment) || rule_asks(c->trigger.rule, segment);
}

/* One that does not compile (any more) is asked by its text. */
static bool
document_asks(struct str document, const struct rule_env *env, const char *segment,
    struct arena *arena)
{
	struct campaign campaign;
	struct stw_err ignored = {0};

	if (campaign_parse(document, env, arena, &campaign, NULL, &ignored) == STW_OK)
		return asks(&campaign, segment);
	return strstr(arena_printf(arena, "%.*s", (int)document.len, document.ptr),
		   segment) != NULL;
}

enum stw_code
campaign_segment_users(struct db *db, const struct rule_env *env, const char *segment,
    struct arena *arena, const char **users, struct stw_err *err)
{
	struct db_rows *rows = NULL;
	const char *last = "";
	enum stw_code rc = db_query(db, DB_Q_CAMPAIGN_DOCUMENTS, NULL, 0, &rows, err);

	*users = NULL;
	if (rc != STW_OK)
		return rc;
	DB_ROW_FOREACH(rows, r) {
		const char *code = db_get_text(rows, r, 0, arena);

		if (strcmp(code, last) == 0 ||
		    !document_asks(db_get_str(rows, r, 1), env, segment, arena))
			continue;
		*users =
		    *users == NULL ? code : arena_printf(arena, "%s, %s", *users, code);
		last = code;
	}
	db_rows_free(rows);
	return STW_OK;
}
