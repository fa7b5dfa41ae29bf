#include "campaigns/number_health.h"

static const char *const names[HEALTH_METRICS] = {
    [HEALTH_ANSWER] = "answer",
    [HEALTH_COMPLAINT] = "complaint",
    [HEALTH_LABEL] = "label",
};

const char *
health_metric_name(enum health_metric metric)
{
	return names[metric];
}

int64_t
health_rate_bp(const struct health_rate *rate, int64_t min)
{
	if (rate->of <= 0 || rate->of < min)
		return -1;
	return rate->part * 10000 / rate->of;
}

static bool
beyond(enum health_metric metric, int64_t bp, int64_t limit)
{
	return metric == HEALTH_ANSWER ? bp < limit : bp > limit;
}

void
health_judge(const struct health_policy *policy, const struct health_rate *rates,
    struct health_finding *out)
{
	*out = (struct health_finding){.may_return = true};
	for (int m = HEALTH_METRICS - 1; m >= 0; m--) {
		enum health_metric metric = (enum health_metric)m;
		int64_t bp = health_rate_bp(&rates[m], policy[m].min);

		if (bp < 0)
			continue;
		if (beyond(metric, bp, policy[m].suspend_bp)) {
			*out = (struct health_finding){
			    true, false, metric, bp, policy[m].suspend_bp};
		} else if (!out->suspend && beyond(metric, bp, policy[m].return_bp)) {
			*out = (struct health_finding){
			    false, false, metric, bp, policy[m].return_bp};
		}
	}
}
