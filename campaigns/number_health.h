/*
 * number_health.h - is a caller number still fit for use?
 *
 * Purpose    From what came of a number's calls and what vendors say of it: suspend, let it
 *            return, or neither. Pure. Two limits with room between them, so that a number
 *            at the limit does not come and go: past suspend_bp it is suspended; it
 *            returns only after its cool-down and once every rate is within return_bp or
 *            there is too little to tell.
 * Units      Shares in hundredths of a percent (bp).
 * Errors     None.
 * Rules      US-14. No law sets these limits: house policy (number_policy), each changed by
 *            two persons.
 */
#ifndef STW_CAMPAIGNS_NUMBER_HEALTH_H
#define STW_CAMPAIGNS_NUMBER_HEALTH_H

#include "engine/time.h"

enum health_metric {
	HEALTH_ANSWER = 0,
	HEALTH_COMPLAINT,
	HEALTH_LABEL,
	HEALTH_METRICS
};
const char *health_metric_name(enum health_metric metric); /* "answer", ... */

struct health_policy {
	int64_t window_hours, min, suspend_bp, return_bp, cooldown_hours;
	bool auto_return; /* else two persons */
};

/* of: calls, calls, vendors that say anything. part: answered, complaints, vendors that
 * say spam or scam. */
struct health_rate {
	int64_t of, part;
};

struct health_finding {
	bool suspend, may_return;
	enum health_metric metric; /* that suspends, or keeps from returning */
	int64_t rate_bp, limit_bp;
};

/* -1 when there is nothing to tell from (of < min, or 0). */
int64_t health_rate_bp(const struct health_rate *rate, int64_t min);
/* HEALTH_METRICS of each. An answer rate is bad below its limit, the others above. */
void health_judge(const struct health_policy *policy, const struct health_rate *rates,
    struct health_finding *out);

#endif
