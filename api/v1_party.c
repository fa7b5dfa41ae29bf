/* Hours a customer asked for, and who holds accounts together with the customer. */
#include <string.h>

#include "api/app.h"
#include "api/resources.h"
#include "segments/contact_hours.h"
#include "segments/customer_store.h"
#include "segments/party_store.h"

static struct party_of
party(const struct api_request *req, const struct customer *c)
{
	return (struct party_of){.bucket = c->bucket,
	    .customer_id = c->customer_id,
	    .actor = req->actor.subject};
}

/* The member of the body that is the list; NULL, and answered, when it is none. */
static json_t *
read_list(struct api_request *req, const char *name)
{
	const char *const members[] = {name, NULL};
	json_t *list;

	if (!api_body_only(req, members))
		return NULL;
	list = json_object_get(req->json, name);
	if (!json_is_array(list) || json_array_size(list) > PARTY_LIST_MAX) {
		api_problem(req, 400, "INVALID_REQUEST",
		    arena_printf(&req->arena, "/%s", name),
		    "%s: a list of at most %d is wanted; an empty one removes all",
		    name, PARTY_LIST_MAX);
		return NULL;
	}
	return list;
}

static bool
item_fault(struct api_request *req, const char *list, size_t place, const char *what)
{
	api_problem(req, 400, "INVALID_REQUEST",
	    arena_printf(&req->arena, "/%s/%zu", list, place), "%s", what);
	return false;
}

/* Only these members, NULL at the end. */
static bool
item_only(json_t *item, const char *const *members)
{
	const char *key;
	json_t *value;

	json_object_foreach(item, key, value)
	{
		size_t i = 0;

		while (members[i] != NULL && strcmp(members[i], key) != 0)
			i++;
		if (members[i] == NULL)
			return false;
	}
	return json_is_object(item);
}

/* ---- hours ------------------------------------------------------------------------------ */
static bool
days_read(const json_t *list, unsigned *days)
{
	*days = 0;
	for (size_t i = 0; i < json_array_size(list); i++) {
		const char *word = json_string_value(json_array_get(list, i));
		unsigned bit = 0;

		while (word != NULL && contact_day_words[bit] != NULL &&
		       strcmp(contact_day_words[bit], word) != 0)
			bit++;
		if (word == NULL || contact_day_words[bit] == NULL)
			return false;
		*days |= 1u << bit;
	}
	return *days != 0;
}

static bool
minute_read(const json_t *item, const char *name, int *minute)
{
	const char *text = json_string_value(json_object_get(item, name));

	return text != NULL && contact_minute_parse(str_of(text), minute);
}

static bool
times_read(struct api_request *req, json_t *list, struct contact_time *out)
{
	static const char *const members[] = {"days", "from", "until", NULL};

	for (size_t i = 0; i < json_array_size(list); i++) {
		json_t *item = json_array_get(list, i);

		if (!item_only(item, members) ||
		    !days_read(json_object_get(item, "days"), &out[i].weekdays) ||
		    !minute_read(item, "from", &out[i].from) ||
		    !minute_read(item, "until", &out[i].until))
			return item_fault(req, "windows", i,
			    "a window is {\"days\": [\"mon\", ...], \"from\": "
			    "\"09:00\", \"until\": \"12:00\"}");
		if (out[i].from >= out[i].until)
			return item_fault(req, "windows", i,
			    "the window ends before it starts; hours past midnight are "
			    "two windows");
	}
	return true;
}

static json_t *
time_json(const struct contact_time *t)
{
	char from[CONTACT_MINUTE_TEXT], until[CONTACT_MINUTE_TEXT];
	json_t *v = json_object(), *days = json_array();

	for (unsigned d = 0; contact_day_words[d] != NULL; d++)
		if ((t->weekdays & (1u << d)) != 0)
			json_push(days, json_text(contact_day_words[d]));
	json_put(v, "days", days);
	json_put(v, "from", json_text(contact_minute_format(t->from, from)));
	json_put(v, "until", json_text(contact_minute_format(t->until, until)));
	json_put(v, "updated_at", json_time(t->updated_at));
	return v;
}

static void
reply_times(struct api_request *req, const struct customer *c)
{
	const struct party_of of = party(req, c);
	struct contact_time *rows;
	struct stw_err err = {0};
	json_t *v, *items;
	enum stw_code rc;
	int count;

	rc = contact_time_list(req->db, &of, &req->arena, &rows, &count, &err);
	if (rc != STW_OK) {
		api_fail(req, rc, &err);
		return;
	}
	v = json_object();
	items = json_array();
	for (int i = 0; i < count; i++)
		json_push(items, time_json(&rows[i]));
	json_put(v, "windows", items);
	json_put(v, "as_of", json_time(req->now));
	api_reply(req, 200, v);
}

void
v1_contact_times(struct api_request *req)
{
	struct customer c;

	if (v1_customer_load(req, &c))
		reply_times(req, &c);
}

void
v1_contact_times_put(struct api_request *req)
{
	struct contact_time times[PARTY_LIST_MAX] = {0};
	struct customer c;
	struct party_of of;
	struct stw_err err = {0};
	json_t *list;
	enum stw_code rc;

	if (!v1_customer_load(req, &c))
		return;
	list = read_list(req, "windows");
	if (list == NULL || !times_read(req, list, times))
		return;
	of = party(req, &c);
	rc = contact_time_replace(
	    req->db, &of, times, (int)json_array_size(list), req->now, &err);
	if (rc != STW_OK)
		api_fail(req, rc, &err);
	else
		reply_times(req, &c);
}

/* ---- further holders -------------------------------------------------------------------- */
static bool
holders_read(struct api_request *req, json_t *list, struct joint_holder *out)
{
	static const char *const members[] = {"holder", "rating", NULL};

	for (size_t i = 0; i < json_array_size(list); i++) {
		json_t *item = json_array_get(list, i);
		const json_t *rating = json_object_get(item, "rating");
		json_int_t value = json_integer_value(rating);

		out[i].ref = json_string_value(json_object_get(item, "holder"));
		if (!item_only(item, members) || out[i].ref == NULL ||
		    (rating != NULL && !json_is_null(rating) &&
			(!json_is_integer(rating) || value < 1 || value > 5)))
			return item_fault(req, "holders", i,
			    "a holder is {\"holder\": \"reference\", \"rating\": 1 to "
			    "5}, "
			    "without a rating where there is none");
		out[i].rating = (int)value;
	}
	return true;
}

static void
reply_holders(struct api_request *req, const struct customer *c)
{
	const struct party_of of = party(req, c);
	struct joint_holder *rows;
	struct stw_err err = {0};
	json_t *v, *items;
	enum stw_code rc;
	int count;

	rc = joint_holder_list(req->db, &of, &req->arena, &rows, &count, &err);
	if (rc != STW_OK) {
		api_fail(req, rc, &err);
		return;
	}
	v = json_object();
	items = json_array();
	for (int i = 0; i < count; i++) {
		json_t *one = json_object();

		json_put(one, "holder", json_text(rows[i].ref));
		json_put(one, "rating",
		    rows[i].rating == 0 ? json_null() : json_integer(rows[i].rating));
		json_put(one, "updated_at", json_time(rows[i].updated_at));
		json_push(items, one);
	}
	json_put(v, "holders", items);
	json_put(v, "as_of", json_time(req->now));
	api_reply(req, 200, v);
}

void
v1_joint_holders(struct api_request *req)
{
	struct customer c;

	if (v1_customer_load(req, &c))
		reply_holders(req, &c);
}

void
v1_joint_holders_put(struct api_request *req)
{
	struct joint_holder holders[PARTY_LIST_MAX] = {0};
	struct customer c;
	struct party_of of;
	struct stw_err err = {0};
	json_t *list;
	enum stw_code rc;

	if (!v1_customer_load(req, &c))
		return;
	list = read_list(req, "holders");
	if (list == NULL || !holders_read(req, list, holders))
		return;
	of = party(req, &c);
	rc = joint_holder_replace(
	    req->db, &of, holders, (int)json_array_size(list), req->now, &err);
	if (rc != STW_OK)
		api_fail(req, rc, &err);
	else
		reply_holders(req, &c);
}
