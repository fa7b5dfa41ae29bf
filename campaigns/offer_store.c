#include "campaigns/offer_store.h"

#include <string.h>

/* ---- products --------------------------------------------------------------------------- */
static void
day_of(const struct db_rows *rows, int r, int col, struct gate_optional_day *out)
{
	out->known = !db_is_null(rows, r, col);
	if (out->known)
		out->day = db_get_day(rows, r, col);
}

static void
product_facts(const struct db_rows *rows, int r, const struct offer_product *p,
    struct arena *arena, struct gate_product *out)
{
	*out = (struct gate_product){.code = p->code,
	    .product_class = p->product_class,
	    .regulator = db_get_text(rows, r, 7, arena),
	    .risk = {p->risk != 0, p->risk},
	    .dual_recording = db_get_bool(rows, r, 8),
	    .qualified_only = db_get_bool(rows, r, 9),
	    .amount_fen = {!db_is_null(rows, r, 10), db_get_i64(rows, r, 10)}};
	day_of(rows, r, 5, &out->on_sale_from);
	day_of(rows, r, 6, &out->on_sale_to);
}

/* A relationship is one about the product's class, which facts_fill looked at for another:
 * what is offered here does not rest on a contract. */
static void
product_ask(const struct ruleset *rules, const struct gate_facts *contact,
    const struct gate_product *product, stw_usec now, struct arena *arena,
    struct conduct_answer *out)
{
	struct gate_facts facts = *contact;
	struct gate_decision decision;

	facts.product = *product;
	facts.promotional = true;
	facts.relationship.contract = false;
	/* What a person allowed was about the contact's own product (decision 0033). */
	facts.overrides = NULL;
	facts.noverrides = 0;
	gate_decide(rules, &facts, GATE_DISPATCH, now, 0, arena, &decision);
	conduct_talk(rules, &decision, arena, out);
}

enum stw_code
offer_products(struct db *db, const struct ruleset *rules,
    const struct gate_facts *contact, stw_usec now, stw_day today, struct arena *arena,
    struct offer_product **out, int *count, struct stw_err *err)
{
	const struct db_param params[] = {db_day(today), db_i64(OFFER_PRODUCTS_MAX)};
	struct db_rows *rows = NULL;
	enum stw_code rc =
	    db_query(db, DB_Q_PRODUCT_ON_SALE, params, DB_NPARAMS(params), &rows, err);

	*out = NULL;
	*count = 0;
	if (rc == STW_OK) {
		*count = db_rows_count(rows);
		*out = arena_array(arena, (size_t)*count, sizeof **out);
		DB_ROW_FOREACH(rows, r) {
			struct offer_product *p = &(*out)[r];
			struct gate_product product;

			*p = (struct offer_product){
			    .code = db_get_text(rows, r, 0, arena),
			    .name_zh = db_get_text(rows, r, 1, arena),
			    .name_en = db_get_text(rows, r, 2, arena),
			    .product_class = db_get_text(rows, r, 3, arena),
			    .risk = (int)db_get_i64(rows, r, 4)};
			product_facts(rows, r, p, arena, &product);
			product_ask(rules, contact, &product, now, arena, &p->answer);
		}
	}
	db_rows_free(rows);
	return rc;
}

/* ---- what came of contacts ----------------------------------------------------------------- */
static struct offer_outcome
outcome_from(const struct db_rows *rows, int r, struct arena *arena)
{
	return (struct offer_outcome){.at = db_get_usec(rows, r, 0),
	    .task_id = db_get_text(rows, r, 1, arena),
	    .campaign = db_get_text(rows, r, 2, arena),
	    .campaign_zh = db_get_text(rows, r, 3, arena),
	    .campaign_en = db_get_text(rows, r, 4, arena),
	    .channel = db_get_text(rows, r, 5, arena),
	    .purpose = db_get_text(rows, r, 6, arena),
	    .disposition = db_get_text(rows, r, 7, arena),
	    .disposition_zh = db_get_text(rows, r, 8, arena),
	    .disposition_en = db_get_text(rows, r, 9, arena),
	    .reached = db_get_bool(rows, r, 10),
	    .agent = db_get_text(rows, r, 11, arena),
	    .callback_at =
		db_is_null(rows, r, 12) ? STW_USEC_MAX : db_get_usec(rows, r, 12)};
}

enum stw_code
customer_outcomes(struct db *db, int bucket, int64_t customer_id, int limit,
    struct arena *arena, struct offer_outcome **out, int *count, struct stw_err *err)
{
	const struct db_param params[] = {
	    db_i64(bucket), db_i64(customer_id), db_i64(limit)};
	struct db_rows *rows = NULL;
	enum stw_code rc = db_query(
	    db, DB_Q_CUSTOMER_OUTCOMES, params, DB_NPARAMS(params), &rows, err);

	*out = NULL;
	*count = 0;
	if (rc == STW_OK) {
		*count = db_rows_count(rows);
		*out = arena_array(arena, (size_t)*count, sizeof **out);
		DB_ROW_FOREACH(rows, r)
			(*out)[r] = outcome_from(rows, r, arena);
	}
	db_rows_free(rows);
	return rc;
}
