/*
 * plan.h - the pure part of planning: windows, ids, fates, sums.
 *
 * Purpose    What one customer's contact would be, without a database: when it may take
 *            place, under which ids, and the count of each fate that must add up to the
 *            audience.
 */
#ifndef STW_CAMPAIGNS_PLAN_H
#define STW_CAMPAIGNS_PLAN_H

#include "campaigns/campaign.h"
#include "campaigns/compliance/gate.h"
#include "engine/uuid.h"

struct plan_window {
	stw_usec not_before, not_after; /* half-open */
};
/* The next stretch of the step's window, in the institution's zone; valid_days long. */
struct plan_window plan_window_of(
    const struct campaign_step *step, const struct zone *zone, stw_usec now);

/* The task that (campaign, version, customer, step, occurrence) stands for. */
struct uuid plan_task_id(const struct campaign *campaign, int version, int bucket,
    struct str customer_ref, struct str occurrence);
/* The planning decision about that task on that local day with that answer: asked again
 * the same day with the same answer it is the same decision. */
struct uuid plan_decision_id(
    const struct uuid *task_id, stw_day day, const struct gate_decision *decision);

enum plan_fate {
	FATE_PLANNED = 0,
	FATE_HELD_OUT,
	FATE_ALREADY, /* taken up for this occurrence before */
	FATE_NO_CONTACT_POINT,
	FATE_BLOCKED,
	FATE_DEFERRED,
	FATE_REVIEW,
};
const char *plan_fate_name(enum plan_fate fate);
enum plan_fate plan_fate_of(const struct gate_decision *decision);

#define PLAN_TALLY_MAX 256
struct plan_tally {
	struct {
		enum plan_fate fate;
		const char *code; /* primary reason; "" where the fate says it all */
		int64_t count;
	} lines[PLAN_TALLY_MAX];
	int nlines;
};
void plan_tally_add(struct plan_tally *tally, enum plan_fate fate, const char *code);
int64_t plan_tally_sum(const struct plan_tally *tally);

#endif
