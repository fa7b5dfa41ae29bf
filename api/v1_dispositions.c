#include <string.h>

#include "api/resources.h"
#include "campaigns/disposition_store.h"

static json_t *
disposition_json(const struct disposition *d)
{
	json_t *v = json_object(), *flags = json_array();

	for (int i = 0; i < DISPOSITION_FLAGS; i++)
		if ((d->flags & 1U << i) != 0)
			json_push(flags, json_string(disposition_flag_name(i)));
	json_put(v, "code", json_text(d->code));
	json_put(v, "name", json_names(d->name_zh, d->name_en));
	json_put(v, "flags", flags);
	json_put(v, "ends", json_text(task_state_name(disposition_end(d->flags))));
	json_put(v, "retired", json_boolean(d->retired));
	json_put(v, "updated_by", json_text(d->updated_by));
	json_put(v, "updated_at", json_time(d->updated_at));
	return v;
}

void
v1_disposition_list(struct api_request *req)
{
	struct disposition *rows;
	struct stw_err err = {0};
	json_t *v, *items;
	enum stw_code rc;
	int count;

	rc = disposition_list(req->db, &req->arena, &rows, &count, &err);
	if (rc != STW_OK) {
		api_fail(req, rc, &err);
		return;
	}
	v = json_object();
	items = json_array();
	for (int i = 0; i < count; i++)
		json_push(items, disposition_json(&rows[i]));
	json_put(v, "items", items);
	api_reply(req, 200, v);
}

static bool
read_flags(struct api_request *req, unsigned *out)
{
	json_t *list = json_object_get(req->json, "flags"), *one;
	size_t i;

	*out = 0;
	if (!json_is_array(list)) {
		api_problem(req, 400, "INVALID_REQUEST", "/flags",
		    "flags: a list of flags is wanted");
		return false;
	}
	json_array_foreach(list, i, one)
	{
		const char *name = json_string_value(one);
		unsigned flag = name == NULL ? 0 : disposition_flag_parse(str_of(name));

		if (flag == 0) {
			api_problem(req, 400, "INVALID_REQUEST",
			    arena_printf(&req->arena, "/flags/%zu", i),
			    "flags: \"%.40s\" is none",
			    name == NULL ? "(no text)" : name);
			return false;
		}
		*out |= flag;
	}
	return true;
}

void
v1_disposition_save(struct api_request *req)
{
	static const char *const members[] = {
	    "name_zh", "name_en", "flags", "retired", NULL};
	struct disposition d = {.code = req->match.params[0],
	    .updated_by = req->actor.subject,
	    .updated_at = req->now};
	struct stw_err err = {0};
	enum stw_code rc;

	if (!api_body_only(req, members) ||
	    !api_body_text(req, "name_zh", 60, true, &d.name_zh) ||
	    !api_body_text(req, "name_en", 60, true, &d.name_en) ||
	    !read_flags(req, &d.flags) ||
	    !api_body_bool(req, "retired", false, &d.retired))
		return;
	rc = disposition_put(req->db, &d, req->actor.subject, req->now, &err);
	if (rc != STW_OK)
		api_fail(req, rc, &err);
	else
		api_reply(req, 200, disposition_json(&d));
}
