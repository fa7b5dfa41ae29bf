#include "campaigns/brief_store.h"

#include "campaigns/facts_store.h"
#include "campaigns/feed_store.h"
#include "campaigns/scaffold_store.h"
#include "campaigns/script_text.h"

/* Columns of brief_task.sql after those of a scaffold. */
enum brief_col {
	B_CUSTOMER = SCAFFOLD_COLS,
	B_POINT,
	B_OCCURRENCE,
	B_APPROVED,
	B_PROFILE,
	B_SENSITIVE,
	B_DESCRIPTION,
	B_TRIGGER_ON,
	B_TRIGGER_WHAT,
	B_SELECTED,
	B_LANG,
	B_RESERVED_BY,
	B_RESERVED_UNTIL,
	B_CHANNEL,
	B_HANDLER,
	B_PURPOSE,
	B_PRODUCT,
	B_SCRIPT,
	B_SCRIPT_VERSION,
};

/* The task as the gate sees it, without the person. */
static void
contact_from(const struct db_rows *rows, struct arena *arena, struct gate_facts *out)
{
	size_t nsensitive;
	const char **sensitive = db_get_texts(rows, 0, B_SENSITIVE, &nsensitive, arena);
	const struct scaffold_words words = {
	    .channel = db_get_text(rows, 0, B_CHANNEL, arena),
	    .handler = db_get_text(rows, 0, B_HANDLER, arena),
	    .purpose = db_get_text(rows, 0, B_PURPOSE, arena),
	    .product = db_get_text(rows, 0, B_PRODUCT, arena),
	    .script = db_get_text(rows, 0, B_SCRIPT, arena),
	    .uses_profile = db_get_bool(rows, 0, B_PROFILE),
	    .sensitive = sensitive,
	    .nsensitive = (int)nsensitive};

	scaffold_from(rows, 0, &words, arena, out);
	out->campaign_active = !db_is_null(rows, 0, SCAFFOLD_ACTIVE_SINCE);
	out->campaign_approved = db_get_bool(rows, 0, B_APPROVED);
}

/* ---- the script -------------------------------------------------------------------------- */
/* Looked through as it will be said: words that were allowed when it was approved may be
 * banned by now, and a product's name can make one. */
static void
script_make(const struct ruleset *rules, const char *rendered, stw_usec now,
    struct arena *arena, struct brief_script *s)
{
	s->text = rendered;
	if (rendered != NULL)
		s->nhits =
		    script_check_banned(rules, str_of(rendered), now, arena, &s->hits);
	if (s->nhits > 0 || !s->approved)
		s->text = NULL;
}

static enum stw_code
translations_load(struct db *db, const struct ruleset *rules, const char *product,
    stw_usec now, struct arena *arena, struct brief *b, struct stw_err *err)
{
	const struct db_param params[] = {
	    db_text(b->script.code), db_text(b->script.lang), db_text(product)};
	struct db_rows *rows = NULL;
	enum stw_code rc = STW_OK;

	if (b->script.lang == NULL)
		return STW_OK;
	rc = db_query(
	    db, DB_Q_SCRIPT_TRANSLATIONS, params, DB_NPARAMS(params), &rows, err);
	if (rc == STW_OK) {
		b->ntranslations = db_rows_count(rows);
		b->translations = arena_array(
		    arena, (size_t)b->ntranslations, sizeof *b->translations);
		DB_ROW_FOREACH(rows, r) {
			struct brief_script *s = &b->translations[r];
			const struct script_vars vars = {
			    product, db_get_text(rows, r, 3, arena)};

			*s = (struct brief_script){.code = b->script.code,
			    .lang = db_get_text(rows, r, 1, arena),
			    .version = (int)db_get_i64(rows, r, 0),
			    .approved = true};
			script_make(rules,
			    script_text_render(
				db_get_text(rows, r, 2, arena), &vars, arena),
			    now, arena, s);
		}
	}
	db_rows_free(rows);
	return rc;
}

/* ---- the person ---------------------------------------------------------------------------- */
static enum stw_code
person_fill(struct db *db, const struct ruleset *rules, const struct db_rows *rows,
    const struct uuid *task_id, stw_usec now, struct arena *arena,
    struct gate_facts *facts, struct stw_err *err)
{
	const struct feed_about about = {db_get_str(rows, 0, SCAFFOLD_CODE).ptr,
	    (int)db_get_i64(rows, 0, SCAFFOLD_VERSION),
	    db_get_i64(rows, 0, SCAFFOLD_QUEUE)};
	int64_t customer = db_get_i64(rows, 0, B_CUSTOMER);
	int64_t point = db_get_i64(rows, 0, B_POINT);
	const struct facts_customer *who;
	struct facts_set set;
	enum stw_code rc = facts_load(
	    db, uuid_bucket(task_id), &customer, 1, now, task_id, arena, &set, err);

	if (rc != STW_OK)
		return rc;
	who = facts_find(&set, customer);
	for (int i = 0; who != NULL && i < who->npoints; i++)
		if (who->points[i].point.point_id == point) {
			facts_fill(who, &who->points[i],
			    db_get_i64(rows, 0, SCAFFOLD_CAMPAIGN_ID), arena, facts);
			return feeds_load(db, rules, &about, now, arena, facts, err);
		}
	return stw_fail(
	    err, STW_NOT_FOUND, "this task's customer or contact point is gone");
}

/* ---- all of it ------------------------------------------------------------------------------- */
static void
why_from(const struct db_rows *rows, struct arena *arena, struct brief *b)
{
	*b = (struct brief){.description = db_get_text(rows, 0, B_DESCRIPTION, arena),
	    .occurrence = db_get_text(rows, 0, B_OCCURRENCE, arena),
	    .trigger_on = db_get_text(rows, 0, B_TRIGGER_ON, arena),
	    .trigger_what = db_get_text(rows, 0, B_TRIGGER_WHAT, arena),
	    .selected_at = db_get_usec(rows, 0, B_SELECTED),
	    .reserved_by = db_get_text(rows, 0, B_RESERVED_BY, arena),
	    .reserved_until = db_is_null(rows, 0, B_RESERVED_UNTIL)
				  ? STW_USEC_NEVER
				  : db_get_usec(rows, 0, B_RESERVED_UNTIL)};
}

enum stw_code
brief_load(struct db *db, const struct ruleset *rules, const struct uuid *task_id,
    stw_usec now, stw_day today, struct arena *arena, struct brief *out,
    struct stw_err *err)
{
	char id[UUID_TEXT];
	const struct db_param key[] = {
	    db_i64(uuid_bucket(task_id)), db_text(uuid_format(task_id, id))};
	struct gate_decision decision;
	struct gate_facts facts;
	struct db_rows *rows = NULL;
	enum stw_code rc =
	    db_query_one(db, DB_Q_BRIEF_TASK, key, DB_NPARAMS(key), &rows, err);

	if (rc == STW_NOT_FOUND)
		(void)stw_fail(err, STW_NOT_FOUND, "there is no task %s", id);
	if (rc != STW_OK)
		goto done;
	why_from(rows, arena, out);
	contact_from(rows, arena, &facts);
	out->script = (struct brief_script){.code = facts.script.code,
	    .lang = db_get_text(rows, 0, B_LANG, arena),
	    .version = (int)db_get_i64(rows, 0, B_SCRIPT_VERSION),
	    .approved = facts.script.approved};
	script_make(rules, facts.script.rendered, now, arena, &out->script);
	rc = translations_load(db, rules, facts.product.code, now, arena, out, err);
	if (rc == STW_OK)
		rc = person_fill(db, rules, rows, task_id, now, arena, &facts, err);
	if (rc != STW_OK)
		goto done;
	gate_decide(rules, &facts, GATE_DISPATCH, now, 0, arena, &decision);
	conduct_talk(rules, &decision, arena, &out->talk);
	out->nconduct =
	    conduct_rules(rules, &facts, GATE_DIAL, now, arena, &out->conduct);
	rc = offer_products(
	    db, rules, &facts, now, today, arena, &out->products, &out->nproducts, err);
done:
	db_rows_free(rows);
	return rc;
}
