/*
 * brief_json.h - what briefs and next actions say alike, as JSON.
 *
 * Ownership  Values are new; texts are copied.
 */
#ifndef STW_API_BRIEF_JSON_H
#define STW_API_BRIEF_JSON_H

#include "api/request.h"
#include "campaigns/offer_store.h"
#include "segments/customer_store.h"

/* [{"code", "text": {"zh", "en"}}] */
json_t *brief_reasons_json(const char *const *codes, int count);
/* {"allowed", "reasons", "needs"} */
void brief_put_answer(json_t *to, const struct conduct_answer *answer);
json_t *brief_products_json(const struct offer_product *products, int count);
/* One a rule: {"rule", "text", "words"} of that kind. */
json_t *brief_conduct_json(
    const struct conduct_rule *rules, int count, enum conduct_kind kind);
json_t *brief_outcomes_json(const struct offer_outcome *outcomes, int count);
/* What is on record about the customer: the last outcomes, complaints, what consent and
 * objections say. Whom it was said to and in which words is not in it. */
enum stw_code brief_record_json(struct api_request *req,
    const struct customer *customer, json_t **out, struct stw_err *err) STW_MUST_USE;

#endif
