/*
 * review_json.h - draws, items and verdicts as the API and the command line show and take them.
 *
 * Purpose    To JSON: rows of campaigns/review_store.h. From JSON: the plan of a draw (what
 *            is not said is as usual), the seed and the form of a verdict.
 * Ownership  JSON values are the caller's; texts in the arena.
 * Errors     INVALID names the member and what is wanted.
 */
#ifndef STW_API_REVIEW_JSON_H
#define STW_API_REVIEW_JSON_H

#include <jansson.h>

#include "campaigns/review_store.h"

json_t *review_draw_json(const struct review_draw_row *draw);
json_t *review_item_json(const struct review_item_row *item);
/* Two who judge the same do not see each other's answer before both are in: while the item
 * is open only what `who` said. */
json_t *review_verdicts_json(const struct review_item_row *item,
    const struct review_verdict *list, int count, const char *who);
json_t *review_agreement_json(const struct review_agreement *agreement);

/* from may be NULL: the usual plan. */
enum stw_code review_plan_read(
    json_t *from, struct review_plan *plan, struct stw_err *err) STW_MUST_USE;
/* As it is kept, and read again; what was not kept is as usual. */
const char *review_plan_text(const struct review_plan *plan, struct arena *arena);
void review_plan_kept(const char *text, struct review_plan *plan);
bool review_seed_parse(const char *hex, unsigned char to[REVIEW_SEED]);
/* hex may be NULL: a random one. */
enum stw_code review_seed_read(
    const char *hex, unsigned char to[REVIEW_SEED], struct stw_err *err) STW_MUST_USE;
/* The form, whole: each question yes, no or not_applicable, and none that is not asked. */
enum stw_code review_answers_read(json_t *form, struct arena *arena, const char **out,
    struct stw_err *err) STW_MUST_USE;

#endif
