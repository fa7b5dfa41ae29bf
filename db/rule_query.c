/* The one way for text that no file holds: the clause of a checked rule, in the place
 * that a statement of db/queries keeps for it. */
#include <string.h>

#include "db/db_priv.h"

static const char hole[] = "/*rule*/ NULL::boolean /*rule*/";

static enum stw_code
param_of(const struct rule_value *v, struct arena *arena, struct db_param *out,
    struct stw_err *err)
{
	int64_t *items;

	switch (v->kind) {
	case RULE_V_BOOL:
		*out = db_bool(v->b);
		return STW_OK;
	case RULE_V_INT:
		*out = db_i64(v->i);
		return STW_OK;
	case RULE_V_DOUBLE:
		*out = db_f64(v->d);
		return STW_OK;
	case RULE_V_STRING:
		*out = db_str(v->s);
		return STW_OK;
	case RULE_V_DATE:
		*out = db_day((stw_day)v->i);
		return STW_OK;
	case RULE_V_TIMESTAMP:
		*out = db_usec(v->i);
		return STW_OK;
	case RULE_V_LIST:
		items = arena_array(arena, v->list.count, sizeof *items);
		for (size_t i = 0; i < v->list.count; i++)
			items[i] = v->list.items[i].i;
		*out = db_i64s(items, v->list.count);
		return STW_OK;
	case RULE_V_ERROR:
	case RULE_V_UINT:
	case RULE_V_BYTES:
	case RULE_V_NULL:
	case RULE_V_DURATION:
	case RULE_V_MONEY:
	case RULE_V_TYPE:
	case RULE_V_MAP:
	case RULE_V_OBJECT:
	case RULE_V_SET:
	case RULE_V_OPTIONAL:
	default:
		return stw_fail(err, STW_BUG, "a rule's parameter has no SQL type");
	}
}

enum stw_code
db_query_text(struct db *db, const char *what, const char *text,
    const struct rule_sql_param *params, size_t nparams, struct db_rows **rows,
    struct stw_err *err)
{
	struct db_param *sent;
	struct db_wire wire;
	enum stw_code rc;
	PGresult *res;

	*rows = NULL;
	rc = db_flush(db, err);
	if (rc != STW_OK)
		return rc;
	arena_reset(&db->scratch);
	sent = arena_array(&db->scratch, nparams, sizeof *sent);
	for (size_t i = 0; i < nparams && rc == STW_OK; i++)
		rc = param_of(&params[i].value, &db->scratch, &sent[i], err);
	if (rc == STW_OK)
		rc = db_params_encode(&db->scratch, what, sent, nparams, &wire, err);
	if (rc != STW_OK)
		return rc;
	res = PQexecParams(db->pg, text, (int)nparams, NULL, wire.values, wire.lengths,
	    wire.formats, 0);
	if (PQresultStatus(res) != PGRES_TUPLES_OK) {
		rc = db_fail_result(db, res, what, err);
		PQclear(res);
		return rc;
	}
	*rows = stw_xalloc(sizeof **rows);
	(*rows)->res = res;
	return STW_OK;
}

enum stw_code
db_query_rule(struct db *db, enum db_query_id id, const struct rule_sql *clause,
    struct db_rows **rows, struct stw_err *err)
{
	const char *frame = db_query_texts[id];
	const char *at = strstr(frame, hole);
	enum stw_code rc;
	struct buf text;

	STW_ASSERT(at != NULL);
	buf_init(&text);
	buf_add(&text, frame, (size_t)(at - frame));
	buf_add_c(&text, clause->text);
	buf_add_c(&text, at + sizeof hole - 1);
	rc = db_query_text(db, db_query_names[id], text.data, clause->params,
	    (size_t)clause->nparams, rows, err);
	buf_fini(&text);
	return rc;
}
