/* Events in: CloudEvents 1.0 in JSON, one or a batch, become interactions. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "api/resources.h"
#include "segments/event_store.h"

#define EVENTS_MAX  1000
#define TYPE_PREFIX "com.steward.interaction."
#define KIND_MAX    40
/* A sender's clock may be ahead of ours by so much. */
#define CLOCK_AHEAD STW_USEC_MIN

/* What the readers below share: where in the request we are. */
struct reading {
	struct api_request *req;
	json_t *event;
	int index; /* in the batch; -1: the body is the event */
};

static bool
bad(const struct reading *in, const char *name, const char *want)
{
	char pointer[80];

	if (in->index >= 0)
		(void)snprintf(pointer, sizeof pointer, "/%d/%s", in->index, name);
	else
		(void)snprintf(pointer, sizeof pointer, "/%s", name);
	api_problem(in->req, 400, "INVALID_EVENT", pointer, "%s: %s", pointer, want);
	return false;
}

/* A text of 1 to max bytes without control characters; NULL only when not required. */
static bool
read_text(const struct reading *in, json_t *from, const char *name, size_t max,
    bool required, struct str *out)
{
	json_t *v = json_object_get(from, name);

	*out = (struct str){NULL, 0};
	if (v == NULL && !required)
		return true;
	if (v == NULL)
		return bad(in, name, "is missing");
	if (!json_is_string(v))
		return bad(in, name, "a text is wanted");
	*out = (struct str){json_string_value(v), json_string_length(v)};
	if (out->len < 1 || out->len > max)
		return bad(in, name, "is empty or too long");
	for (size_t i = 0; i < out->len; i++)
		if ((unsigned char)out->ptr[i] < 0x20 || out->ptr[i] == 0x7f)
			return bad(in, name, "holds control characters");
	return true;
}

static bool
is_word(struct str text)
{
	return text.len >= 1 && text.len <= KIND_MAX && text.ptr[0] >= 'a' &&
	       text.ptr[0] <= 'z' &&
	       strspn(text.ptr, "abcdefghijklmnopqrstuvwxyz0123456789_") == text.len;
}

static bool
read_type(const struct reading *in, struct event *out)
{
	const size_t prefix = strlen(TYPE_PREFIX);
	struct str type;

	if (!read_text(in, in->event, "type", 200, true, &type))
		return false;
	if (type.len <= prefix || memcmp(type.ptr, TYPE_PREFIX, prefix) != 0 ||
	    !is_word((struct str){type.ptr + prefix, type.len - prefix}))
		return bad(in, "type",
		    TYPE_PREFIX "KIND is wanted, KIND of a-z, 0-9 and _, up to 40");
	out->kind = type.ptr + prefix;
	return true;
}

static bool
read_time(const struct reading *in, struct event *out)
{
	struct str time;

	if (!read_text(in, in->event, "time", 40, true, &time))
		return false;
	if (stw_usec_parse(time, &out->at) != STW_OK)
		return bad(
		    in, "time", "an instant like 2026-11-23T02:00:00Z is wanted");
	if (out->at > in->req->now + CLOCK_AHEAD)
		return bad(in, "time", "lies in the future");
	return true;
}

/* data may say the channel. What else an event knows stays with the bank. */
static bool
read_data(const struct reading *in, struct event *out)
{
	json_t *data = json_object_get(in->event, "data");
	struct str type, channel;

	if (json_object_get(in->event, "data_base64") != NULL)
		return bad(in, "data_base64", "data is wanted as JSON");
	if (!read_text(in, in->event, "datacontenttype", 100, false, &type))
		return false;
	if (type.ptr != NULL && strncasecmp(type.ptr, "application/json", 16) != 0)
		return bad(in, "datacontenttype", "application/json is wanted");
	out->channel = NULL;
	if (data == NULL || json_is_null(data))
		return true;
	if (!json_is_object(data) ||
	    json_object_size(data) != (json_object_get(data, "channel") != NULL))
		return bad(in, "data", "an object is wanted, with channel or nothing");
	if (!read_text(in, data, "channel", KIND_MAX, false, &channel))
		return false;
	if (channel.ptr != NULL && !is_word(channel))
		return bad(in, "data/channel", "a word of a-z, 0-9 and _ is wanted");
	out->channel = channel.ptr;
	return true;
}

static bool
read_event(const struct reading *in, struct event *out)
{
	struct str version, source, id;

	if (!json_is_object(in->event)) {
		api_problem(in->req, 400, "INVALID_EVENT", "",
		    "/%d: an event is an object", in->index);
		return false;
	}
	if (!read_text(in, in->event, "specversion", 10, true, &version))
		return false;
	if (!str_eq_c(version, "1.0"))
		return bad(in, "specversion", "1.0 is wanted");
	if (!read_text(in, in->event, "source", 200, true, &source) ||
	    !read_text(in, in->event, "id", 200, true, &id) ||
	    !read_text(in, in->event, "subject", 64, true, &out->ref) ||
	    !read_type(in, out) || !read_time(in, out) || !read_data(in, out))
		return false;
	event_key(source, id, out->key);
	return true;
}

/* The media type says whether the body is one event or an array of them. */
static bool
read_list(struct api_request *req, bool *batch, size_t *count)
{
	const char *type = api_header(req, "Content-Type");

	*batch = type != NULL &&
		 strncasecmp(type, "application/cloudevents-batch+json", 34) == 0;
	*count = *batch ? json_array_size(req->json) : 1;
	if (*batch != json_is_array(req->json)) {
		api_problem(req, 400, "INVALID_EVENT", "",
		    *batch ? "an array of events is wanted"
			   : "one event is wanted; an array of them is "
			     "application/cloudevents-batch+json");
		return false;
	}
	if (*count <= EVENTS_MAX)
		return true;
	api_problem(req, 413, "TOO_LARGE", "", "at most %d events are wanted, not %zu",
	    EVENTS_MAX, *count);
	return false;
}

static json_t *
rejected_json(size_t index, const char *id, enum event_fate fate)
{
	json_t *v = json_object();

	json_put(v, "index", json_integer((json_int_t)index));
	json_put(v, "id", json_text(id));
	json_put(v, "code",
	    json_text(fate == EVENT_CONFLICT ? "EVENT_CONFLICT" : "CUSTOMER_UNKNOWN"));
	json_put(v, "detail",
	    json_text(fate == EVENT_CONFLICT
			  ? "an event of this source and id is stored with another "
			    "time, kind or channel"
			  : "subject: no customer has this reference"));
	return v;
}

static void
reply_fates(struct api_request *req, const enum event_fate *fates, size_t count)
{
	json_t *v = json_object(), *rejected = json_array();
	json_int_t stored = 0, duplicates = 0;

	for (size_t i = 0; i < count; i++) {
		json_t *event =
		    json_is_array(req->json) ? json_array_get(req->json, i) : req->json;

		if (fates[i] == EVENT_STORED)
			stored++;
		else if (fates[i] == EVENT_DUPLICATE)
			duplicates++;
		else
			json_push(rejected,
			    rejected_json(i,
				json_string_value(json_object_get(event, "id")),
				fates[i]));
	}
	json_put(v, "stored", json_integer(stored));
	json_put(v, "duplicates", json_integer(duplicates));
	json_put(v, "rejected", rejected);
	api_reply(req, 200, v);
}

static enum stw_code
store(struct api_request *req, const struct event *events, size_t count,
    enum event_fate *fates, struct stw_err *err)
{
	enum stw_code rc;

	rc = db_begin(req->db, err);
	if (rc == STW_OK)
		rc = event_store(req->db, events, count, fates, err);
	if (rc == STW_OK)
		rc = db_commit(req->db, err);
	if (rc != STW_OK)
		db_rollback(req->db);
	return rc;
}

void
v1_events(struct api_request *req)
{
	enum event_fate *fates;
	struct stw_err err = {0};
	struct event *events;
	enum stw_code rc;
	size_t count;
	bool batch;

	if (!read_list(req, &batch, &count))
		return;
	events = arena_array(&req->arena, count, sizeof *events);
	fates = arena_array(&req->arena, count, sizeof *fates);
	for (size_t i = 0; i < count; i++) {
		const struct reading in = {.req = req,
		    .event = batch ? json_array_get(req->json, i) : req->json,
		    .index = batch ? (int)i : -1};

		if (!read_event(&in, &events[i]))
			return;
	}
	rc = store(req, events, count, fates, &err);
	if (rc != STW_OK)
		api_fail(req, rc, &err);
	else
		reply_fates(req, fates, count);
}
