#include "api/complaint_json.h"

#include <string.h>

#include "api/request.h"

void
complaint_put(json_t *v, const struct complaint_row *c, stw_usec now)
{
	json_put(v, "complaint_id", json_uuid(&c->id));
	json_put(v, "source", json_text(c->source));
	json_put(v, "case_ref", json_text(c->case_ref));
	json_put(v, "received_at", json_time(c->received_at));
	json_put(v, "about_at", json_time(c->about_at));
	json_put(v, "customer_ref", json_text(c->customer_ref));
	json_put(v, "task_id", json_text(c->task_id));
	json_put(v, "phone_mask", json_text(c->phone_mask));
	json_put(v, "state", json_text(c->state));
	json_put(v, "handler", json_text(c->handler));
	json_put(v, "due_at", json_time(c->due_at));
	json_put(v, "overdue",
	    json_boolean(strcmp(c->state, "open") == 0 && c->due_at <= now));
	json_put(v, "finding", json_text(c->finding));
	json_put(v, "settled_at", json_time(c->settled_at));
	json_put(v, "settled_by", json_text(c->settled_by));
	json_put(v, "recorded_at", json_time(c->recorded_at));
	json_put(v, "recorded_by", json_text(c->recorded_by));
}

json_t *
complaint_steps_json(const struct complaint_step *steps, int count)
{
	json_t *list = json_array();

	for (int i = 0; i < count; i++) {
		json_t *v = json_object();

		json_put(v, "at", json_time(steps[i].at));
		json_put(v, "actor", json_text(steps[i].actor));
		json_put(v, "what", json_text(steps[i].what));
		json_put(v, "detail", json_text(steps[i].detail));
		json_push(list, v);
	}
	return list;
}
