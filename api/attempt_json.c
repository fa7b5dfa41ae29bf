#include "api/attempt_json.h"

#include "api/resources.h"
#include "campaigns/attempt_store.h"

static json_t *
seconds(int n)
{
	return n < 0 ? json_null() : json_integer(n);
}

/* What the agent said came of it; null without a report. */
static json_t *
report_json(const struct attempt *a)
{
	json_t *v;

	if (a->disposition == NULL)
		return json_null();
	v = json_object();
	json_put(v, "disposition", json_text(a->disposition));
	json_put(v, "reached", json_boolean(a->reached));
	json_put(v, "disclosures", json_texts(a->disclosures, a->ndisclosures));
	json_put(v, "opt_out_requested", json_boolean(a->opt_out));
	json_put(v, "product", json_text(a->product));
	json_put(v, "wrapped_up", json_boolean(a->wrapped_up));
	json_put(v, "reported_at", json_time(a->reported_at));
	return v;
}

static json_t *
recording_json(const struct attempt *a)
{
	json_t *v;

	if (a->recording_sha256 == NULL)
		return json_null();
	v = json_object();
	json_put(v, "recording", json_text(a->recording));
	json_put(v, "sha256", json_text(a->recording_sha256));
	json_put(v, "retention_class", json_text(a->retention_class));
	return v;
}

static json_t *
call_json(const struct attempt *a)
{
	json_t *v = json_object();

	json_put(v, "dialled_at", json_time(a->dialled_at));
	json_put(v, "ended_at", json_time(a->ended_at));
	json_put(v, "ring_sec", seconds(a->ring_sec));
	json_put(v, "answered_by", json_text(a->answered_by));
	json_put(v, "talk_sec", seconds(a->talk_sec));
	json_put(v, "abandoned",
	    a->abandoned < 0 ? json_null() : json_boolean(a->abandoned));
	json_put(v, "number_approved", json_text(a->number));
	json_put(v, "number_sent", json_text(a->number_sent));
	json_put(v, "fate", json_text(a->fate));
	json_put(v, "recording", recording_json(a));
	return v;
}

json_t *
attempt_json(const struct attempt *a)
{
	json_t *v = json_object();

	json_put(v, "attempt_id", json_uuid(&a->id));
	json_put(v, "asked_at", json_time(a->asked_at));
	json_put(v, "customer_ref", json_text(a->customer_ref));
	json_put(v, "phone_mask", json_text(a->phone_mask));
	json_put(v, "campaign", json_text(a->campaign));
	json_put(v, "campaign_version", json_positive(a->campaign_version));
	json_put(v, "task_id", json_text(a->task_id));
	json_put(v, "handler", json_text(a->handler));
	json_put(v, "channel", json_text(a->channel));
	json_put(v, "purpose", json_text(a->purpose));
	json_put(v, "agent", json_text(a->agent));
	json_put(v, "outcome", json_text(a->outcome));
	json_put(v, "primary_code", json_text(a->primary_code));
	json_put(v, "primary_text", v1_reason_text(a->primary_code));
	json_put(v, "codes", json_texts(a->codes, a->ncodes));
	json_put(v, "permit_id", json_text(a->permit_id));
	json_put(v, "report", report_json(a));
	json_put(v, "call", a->permit_id != NULL ? call_json(a) : json_null());
	return v;
}
