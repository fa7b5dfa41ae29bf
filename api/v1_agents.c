#include <stdio.h>
#include <string.h>

#include "api/page.h"
#include "api/resources.h"
#include "campaigns/agent_store.h"
#include "campaigns/match.h"

#define LIST_MAX 64 /* entries of one list of a profile */

/* ---- JSON out ---------------------------------------------------------------------------- */
static json_t *
minute_json(int minute)
{
	char text[16];

	(void)snprintf(text, sizeof text, "%02d:%02d", minute / 60, minute % 60);
	return json_string(text);
}

static json_t *
skills_json(const struct agent *a)
{
	json_t *list = json_array();

	for (int i = 0; i < a->nskills; i++) {
		json_t *one = json_object();

		json_put(one, "code", json_text(a->skills[i].code));
		json_put(one, "level", json_integer(a->skills[i].level));
		json_push(list, one);
	}
	return list;
}

static json_t *
licences_json(const struct agent *a, stw_usec now)
{
	json_t *list = json_array();

	for (int i = 0; i < a->nlicences; i++) {
		const struct agent_licence *l = &a->licences[i];
		json_t *one = json_object();

		json_put(one, "kind", json_text(l->kind));
		json_put(one, "number", json_text(l->number));
		json_put(one, "from", json_time(l->from));
		json_put(one, "to", json_time(l->to));
		json_put(one, "valid", json_boolean(l->from <= now && now < l->to));
		json_push(list, one);
	}
	return list;
}

static json_t *
hours_json(int from, int to)
{
	json_t *one = json_object();

	json_put(one, "from", from == to ? json_null() : minute_json(from));
	json_put(one, "to", from == to ? json_null() : minute_json(to));
	return one;
}

static void
put_hours(json_t *v, const struct agent *a)
{
	json_t *shifts = json_array(), *exceptions = json_array();

	for (int i = 0; i < a->nshifts; i++) {
		json_t *one = hours_json(a->shifts[i].from, a->shifts[i].to);

		json_put(one, "weekday", json_integer(a->shifts[i].weekday));
		json_push(shifts, one);
	}
	for (int i = 0; i < a->nexceptions; i++) {
		json_t *one = hours_json(a->exceptions[i].from, a->exceptions[i].to);

		json_put(one, "day", json_day_or_null(a->exceptions[i].day));
		json_push(exceptions, one);
	}
	json_put(v, "shifts", shifts);
	json_put(v, "exceptions", exceptions);
}

static json_t *
agent_json(const struct agent *a, stw_usec now)
{
	bool fresh = a->presence_at > now - MATCH_PRESENCE_FRESH;
	json_t *v = json_object(), *presence = json_object();

	json_put(presence, "state", json_text(agent_presence_name(a->presence)));
	json_put(presence, "at", json_time(a->presence_at));
	json_put(presence, "stale", json_boolean(!fresh));
	json_put(v, "code", json_text(a->code));
	json_put(v, "kind", json_text(agent_kind_name(a->kind)));
	json_put(v, "queue", json_text(a->queue));
	json_put(v, "queues", json_texts(a->queues, (size_t)a->nqueues));
	json_put(v, "zone", json_text(a->zone));
	json_put(v, "capacity", json_integer(a->capacity));
	json_put(v, "hourly_limit", json_integer(a->hourly_limit));
	json_put(v, "left", json_boolean(a->left));
	json_put(v, "held", json_boolean(a->held));
	json_put(v, "skills", skills_json(a));
	json_put(v, "languages", json_texts(a->languages, (size_t)a->nlanguages));
	json_put(v, "licences", licences_json(a, now));
	put_hours(v, a);
	json_put(v, "presence", presence);
	json_put(v, "in_hand", json_integer(a->busy));
	json_put(v, "idle_since", json_time(a->idle_since));
	json_put(v, "wrap_until", json_time(a->wrap_until));
	return v;
}

/* ---- JSON in ------------------------------------------------------------------------------- */
static bool
refuse(struct api_request *req, const char *list, size_t i, const char *want)
{
	api_problem(req, 400, "INVALID_REQUEST",
	    arena_printf(&req->arena, "/%s/%zu", list, i), "%s: %s", list, want);
	return false;
}

/* A list of the body, at most LIST_MAX entries; NULL and none when it is not there. */
static bool
read_list(struct api_request *req, const char *name, json_t **out, int *count)
{
	json_t *list = json_object_get(req->json, name);

	*out = list;
	*count = (int)json_array_size(list);
	if (list == NULL || (json_is_array(list) && *count <= LIST_MAX))
		return true;
	return refuse(req, name, 0, "a list of at most 64 is wanted");
}

static bool
read_words(
    struct api_request *req, const char *name, const char *const **out, int *count)
{
	json_t *list;
	const char **texts;

	if (!read_list(req, name, &list, count))
		return false;
	texts = arena_array(&req->arena, (size_t)*count, sizeof *texts);
	for (int i = 0; i < *count; i++) {
		texts[i] = json_string_value(json_array_get(list, (size_t)i));
		if (texts[i] == NULL || strlen(texts[i]) > 128)
			return refuse(req, name, (size_t)i, "a text is wanted");
	}
	*out = texts;
	return true;
}

static bool
read_skills(struct api_request *req, struct agent *a)
{
	json_t *list;
	struct agent_skill *skills;

	if (!read_list(req, "skills", &list, &a->nskills))
		return false;
	skills = arena_array(&req->arena, (size_t)a->nskills, sizeof *skills);
	for (int i = 0; i < a->nskills; i++) {
		json_t *one = json_array_get(list, (size_t)i);
		json_t *level = json_object_get(one, "level");

		skills[i].code = json_string_value(json_object_get(one, "code"));
		if (skills[i].code == NULL || !json_is_integer(level) ||
		    json_object_size(one) != 2)
			return refuse(req, "skills", (size_t)i,
			    "code and level, 1 to 5, are wanted");
		skills[i].level = (int)json_integer_value(level);
	}
	a->skills = skills;
	return true;
}

static bool
read_licences(struct api_request *req, struct agent *a)
{
	json_t *list;
	struct agent_licence *licences;

	if (!read_list(req, "licences", &list, &a->nlicences))
		return false;
	licences = arena_array(&req->arena, (size_t)a->nlicences, sizeof *licences);
	for (int i = 0; i < a->nlicences; i++) {
		json_t *one = json_array_get(list, (size_t)i);
		const char *from = json_string_value(json_object_get(one, "from"));
		const char *to = json_string_value(json_object_get(one, "to"));

		licences[i].kind = json_string_value(json_object_get(one, "kind"));
		licences[i].number = json_string_value(json_object_get(one, "number"));
		if (licences[i].kind == NULL || licences[i].number == NULL ||
		    strlen(licences[i].number) > 64 || from == NULL || to == NULL ||
		    json_object_size(one) != 4 ||
		    stw_usec_parse(str_of(from), &licences[i].from) != STW_OK ||
		    stw_usec_parse(str_of(to), &licences[i].to) != STW_OK)
			return refuse(req, "licences", (size_t)i,
			    "kind, number, from and to (times) are wanted");
	}
	a->licences = licences;
	return true;
}

/* "09:00"; "24:00" is the end of the day. */
static bool
minute_of(json_t *value, int *out)
{
	const char *t = json_string_value(value);

	if (t == NULL || strlen(t) != 5 || t[2] != ':' || strspn(t, "0123456789:") != 5)
		return false;
	*out = ((t[0] - '0') * 10 + (t[1] - '0')) * 60 + (t[3] - '0') * 10 + t[4] - '0';
	return t[3] < '6' && *out <= 1440;
}

static bool
read_shifts(struct api_request *req, struct agent *a)
{
	json_t *list;
	struct agent_shift *shifts;

	if (!read_list(req, "shifts", &list, &a->nshifts))
		return false;
	shifts = arena_array(&req->arena, (size_t)a->nshifts, sizeof *shifts);
	for (int i = 0; i < a->nshifts; i++) {
		json_t *one = json_array_get(list, (size_t)i);
		json_t *weekday = json_object_get(one, "weekday");

		if (!json_is_integer(weekday) || json_object_size(one) != 3 ||
		    !minute_of(json_object_get(one, "from"), &shifts[i].from) ||
		    !minute_of(json_object_get(one, "to"), &shifts[i].to))
			return refuse(req, "shifts", (size_t)i,
			    "weekday (1 Monday), from and to, as 09:00, are wanted");
		shifts[i].weekday = (int)json_integer_value(weekday);
	}
	a->shifts = shifts;
	return true;
}

static bool
read_exceptions(struct api_request *req, struct agent *a)
{
	json_t *list;
	struct agent_exception *others;

	if (!read_list(req, "exceptions", &list, &a->nexceptions))
		return false;
	others = arena_array(&req->arena, (size_t)a->nexceptions, sizeof *others);
	for (int i = 0; i < a->nexceptions; i++) {
		json_t *one = json_array_get(list, (size_t)i);
		const char *day = json_string_value(json_object_get(one, "day"));
		bool off = json_object_get(one, "from") == NULL &&
			   json_object_get(one, "to") == NULL;

		others[i] = (struct agent_exception){0};
		if (day == NULL ||
		    stw_day_parse(str_of(day), &others[i].day) != STW_OK ||
		    json_object_size(one) != (off ? 1 : 3) ||
		    (!off &&
			(!minute_of(json_object_get(one, "from"), &others[i].from) ||
			    !minute_of(json_object_get(one, "to"), &others[i].to) ||
			    others[i].from == others[i].to)))
			return refuse(req, "exceptions", (size_t)i,
			    "day, and from and to unless the agent is off, are wanted");
	}
	a->exceptions = others;
	return true;
}

static bool
read_number(struct api_request *req, const char *name, int fallback, int *out)
{
	json_t *value = json_object_get(req->json, name);

	*out = fallback;
	if (value == NULL)
		return true;
	if (json_is_integer(value) && json_integer_value(value) >= 0 &&
	    json_integer_value(value) <= 1000000) {
		*out = (int)json_integer_value(value);
		return true;
	}
	api_problem(req, 400, "INVALID_REQUEST", arena_printf(&req->arena, "/%s", name),
	    "%s: a whole number is wanted", name);
	return false;
}

static bool
read_profile(struct api_request *req, struct agent *a)
{
	static const char *const members[] = {"kind", "queue", "queues", "zone",
	    "capacity", "hourly_limit", "left", "skills", "languages", "licences",
	    "shifts", "exceptions", NULL};
	const char *kind;

	if (!api_body_only(req, members) ||
	    !api_body_text(req, "kind", 10, true, &kind) ||
	    !api_body_text(req, "queue", 128, true, &a->queue) ||
	    !api_body_text(req, "zone", 60, true, &a->zone) ||
	    !api_body_bool(req, "left", false, &a->left) ||
	    !read_number(req, "capacity", 1, &a->capacity) ||
	    !read_number(req, "hourly_limit", 0, &a->hourly_limit) ||
	    !read_words(req, "queues", &a->queues, &a->nqueues) ||
	    !read_words(req, "languages", &a->languages, &a->nlanguages) ||
	    !read_skills(req, a) || !read_licences(req, a) || !read_shifts(req, a) ||
	    !read_exceptions(req, a))
		return false;
	a->kind = agent_kind_parse(str_of(kind));
	if (a->kind != AGENT_KINDS)
		return true;
	api_problem(req, 400, "INVALID_REQUEST", "/kind",
	    "kind: person, robot or branch is wanted");
	return false;
}

/* ---- operations ------------------------------------------------------------------------------ */
static void
reply_agent(struct api_request *req, const char *code)
{
	struct agent a;
	struct stw_err err = {0};
	enum stw_code rc = agent_load(req->db, code, req->now, &req->arena, &a, &err);

	if (rc != STW_OK)
		api_fail(req, rc, &err);
	else
		api_reply(req, 200, agent_json(&a, req->now));
}

/* Agents see and report themselves only; others do not exist for them. */
static bool
own(struct api_request *req)
{
	const char *code = req->match.params[0];

	if (req->actor.role != ROLE_AGENT || strcmp(req->actor.subject, code) == 0)
		return true;
	api_problem(req, 404, "NOT_FOUND", NULL, "there is no agent %.40s", code);
	return false;
}

void
v1_agent(struct api_request *req)
{
	if (own(req))
		reply_agent(req, req->match.params[0]);
}

void
v1_agent_list(struct api_request *req)
{
	const char *queue = api_query(req, "queue");
	struct page page;
	struct agent *agents;
	struct stw_err err = {0};
	json_t *items;
	enum stw_code rc;
	int count, last;

	if (!page_begin(req,
		arena_printf(&req->arena, "agents %s", queue == NULL ? "" : queue),
		&page))
		return;
	rc = agent_list(req->db, queue, page.place, page.limit + 1, req->now,
	    &req->arena, &agents, &count, &err);
	if (rc != STW_OK) {
		api_fail(req, rc, &err);
		return;
	}
	items = json_array();
	for (int i = 0; i < page_rows(&page, count); i++)
		json_push(items, agent_json(&agents[i], req->now));
	last = page_last(&page, count);
	page_reply(req, &page, items, last < 0 ? NULL : agents[last].code);
}

void
v1_agent_save(struct api_request *req)
{
	struct agent a = {.code = req->match.params[0]};
	struct stw_err err = {0};
	enum stw_code rc;

	if (!read_profile(req, &a))
		return;
	rc = agent_save(req->db, &a, req->actor.subject, req->now, &err);
	if (rc != STW_OK)
		api_fail(req, rc, &err);
	else
		reply_agent(req, a.code);
}

void
v1_agent_presence(struct api_request *req)
{
	static const char *const members[] = {"state", "at", NULL};
	enum agent_presence presence;
	const char *state;
	stw_usec at;
	struct stw_err err = {0};
	enum stw_code rc;

	if (!own(req) || !api_body_only(req, members) ||
	    !api_body_text(req, "state", 20, true, &state) ||
	    !api_body_time(req, "at", req->now, &at))
		return;
	presence = agent_presence_parse(str_of(state));
	if (presence == PRESENCES) {
		api_problem(req, 400, "INVALID_REQUEST", "/state",
		    "state: available, busy, away or offline is wanted");
		return;
	}
	if (at > req->now) {
		api_problem(
		    req, 400, "INVALID_REQUEST", "/at", "at: lies in the future");
		return;
	}
	rc = agent_presence_put(req->db, req->match.params[0], presence, at, &err);
	if (rc != STW_OK)
		api_fail(req, rc, &err);
	else
		reply_agent(req, req->match.params[0]);
}

static bool
read_handling(struct api_request *req, struct queue_handling *h)
{
	static const char *const members[] = {"reserve_seconds", "no_show_seconds",
	    "wrap_seconds", "manager_first_seconds", NULL};

	if (!api_body_only(req, members) ||
	    !read_number(req, members[0], 60, &h->reserve) ||
	    !read_number(req, members[1], 900, &h->no_show) ||
	    !read_number(req, members[2], 0, &h->wrap) ||
	    !read_number(req, members[3], 0, &h->manager_first))
		return false;
	if (h->reserve >= 5 && h->reserve <= 3600 && h->no_show >= 30 &&
	    h->no_show <= 86400 && h->wrap <= 3600 && h->manager_first <= 86400)
		return true;
	api_problem(req, 400, "INVALID_REQUEST", NULL,
	    "reserve_seconds 5 to 3600, no_show_seconds 30 to 86400, wrap_seconds 0 to "
	    "3600, manager_first_seconds 0 to 86400 are wanted");
	return false;
}

void
v1_queue_handling(struct api_request *req)
{
	struct queue_handling h;
	struct stw_err err = {0};
	json_t *v;
	enum stw_code rc;

	if (!read_handling(req, &h))
		return;
	rc = queue_handling_put(
	    req->db, req->match.params[0], &h, req->actor.subject, req->now, &err);
	if (rc != STW_OK) {
		api_fail(req, rc, &err);
		return;
	}
	v = json_object();
	json_put(v, "queue", json_text(req->match.params[0]));
	json_put(v, "reserve_seconds", json_integer(h.reserve));
	json_put(v, "no_show_seconds", json_integer(h.no_show));
	json_put(v, "wrap_seconds", json_integer(h.wrap));
	json_put(v, "manager_first_seconds", json_integer(h.manager_first));
	api_reply(req, 200, v);
}
