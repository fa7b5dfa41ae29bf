/*
 * offer_store.h - what may be offered to one customer in a conversation.
 *
 * Purpose    Asks the gate about each product on sale, as a contact of that purpose with
 *            that customer (campaigns/compliance/conduct.h). Nothing is locked, nothing is
 *            recorded: the answer is for a screen, and the permit asks again.
 * Rules      Something that is offered makes a contact of another purpose promotional.
 * Ownership  Everything lives in the arena.
 */
#ifndef STW_CAMPAIGNS_OFFER_STORE_H
#define STW_CAMPAIGNS_OFFER_STORE_H

#include "campaigns/compliance/conduct.h"
#include "db/db.h"

/* As many as are asked about, the least risky first. */
#define OFFER_PRODUCTS_MAX 100

struct offer_product {
	const char *code, *name_zh, *name_en, *product_class;
	int risk; /* 0: not rated */
	struct conduct_answer answer;
};
/* contact: everything but the product. today: the institution's day. */
enum stw_code offer_products(struct db *db, const struct ruleset *rules,
    const struct gate_facts *contact, stw_usec now, stw_day today, struct arena *arena,
    struct offer_product **out, int *count, struct stw_err *err) STW_MUST_USE;

/* How a contact with the customer ended. */
struct offer_outcome {
	stw_usec at;
	const char *task_id, *campaign, *campaign_zh, *campaign_en, *channel, *purpose;
	const char *disposition, *disposition_zh, *disposition_en, *agent;
	bool reached;
	stw_usec callback_at; /* STW_USEC_MAX: none */
};
/* Newest first. */
enum stw_code customer_outcomes(struct db *db, int bucket, int64_t customer_id,
    int limit, struct arena *arena, struct offer_outcome **out, int *count,
    struct stw_err *err) STW_MUST_USE;

#endif
