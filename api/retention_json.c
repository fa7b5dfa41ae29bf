#include "api/retention_json.h"

#include <string.h>

#include "api/request.h"
#include "campaigns/retention_store.h"

static json_t *
rule_json(const struct rule_info *rule)
{
	json_t *v;

	if (rule == NULL)
		return json_null();
	v = json_object();
	json_put(v, "rule_id", json_text(rule->id));
	json_put(v, "pack", json_text(rule->pack));
	json_put(v, "pack_version", json_text(rule->pack_version));
	json_put(v, "layer", json_text(rule->layer));
	json_put(v, "text", json_names(rule->text_zh, rule->text_en));
	json_put(v, "source", json_text(rule->source));
	json_put(v, "grade", json_text(rule->grade));
	return v;
}

json_t *
retention_due_json(const struct retention_due *due)
{
	json_t *list = json_array();

	for (int i = 0; i < RETENTION_CLASSES; i++) {
		json_t *v = json_object(), *names = json_array();

		for (int k = 0; due[i].kind->records[k] != NULL; k++)
			json_push(names, json_text(due[i].kind->records[k]));
		json_put(v, "class", json_text(due[i].kind->name));
		json_put(v, "records", names);
		json_put(v, "from", json_text(due[i].kind->from));
		json_put(v, "rule", rule_json(due[i].rule));
		json_put(v, "cutoff", json_time(due[i].cutoff));
		json_put(v, "due", json_integer(due[i].due));
		json_put(v, "held", json_integer(due[i].held));
		json_put(v, "oldest", json_time(due[i].oldest));
		json_put(v, "next_due_at", json_time(due[i].next));
		json_push(list, v);
	}
	return list;
}

json_t *
retention_runs_json(const struct retention_run_row *rows, int count)
{
	json_t *list = json_array(), *v = NULL;

	for (int i = 0; i < count; i++) {
		if (i == 0 || strcmp(rows[i].run_id, rows[i - 1].run_id) != 0) {
			v = json_object();
			json_put(v, "run_id", json_text(rows[i].run_id));
			json_put(v, "started_at", json_time(rows[i].started_at));
			json_put(v, "finished_at", json_time(rows[i].finished_at));
			json_put(v, "actor", json_text(rows[i].actor));
			json_put(v, "rows", json_object());
			json_push(list, v);
		}
		if (rows[i].kind != NULL)
			json_put(json_object_get(v, "rows"), rows[i].kind,
			    json_integer(rows[i].rows));
	}
	return list;
}
