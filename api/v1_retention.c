/* What is kept until when, by which rule, and what went. */
#include "api/resources.h"
#include "api/retention_json.h"
#include "api/server.h"
#include "campaigns/retention_store.h"

#define RUNS_SHOWN 20

void
v1_retention(struct api_request *req)
{
	struct retention_due due[RETENTION_CLASSES];
	struct retention_run_row *runs;
	const struct ruleset *rules;
	struct stw_err err = {0};
	int count = 0;
	json_t *v;
	enum stw_code rc = server_rules(req->server, req->db, &rules, &err);

	if (rc == STW_OK)
		rc = retention_report(req->db, rules, req->now, due, &err);
	if (rc == STW_OK)
		rc = retention_runs(
		    req->db, RUNS_SHOWN, &req->arena, &runs, &count, &err);
	if (rc != STW_OK) {
		api_fail(req, rc, &err);
		return;
	}
	v = json_object();
	json_put(v, "items", retention_due_json(due));
	json_put(v, "runs", retention_runs_json(runs, count));
	json_put(v, "as_of", json_time(req->now));
	api_reply(req, 200, v);
}
