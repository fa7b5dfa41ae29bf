#include "campaigns/setup_json.h"

#include <string.h>

#include <jansson.h>

/* The document travels inside the binary; what is missing in it is our mistake, but one
 * that is named all the same. */
struct reader {
	struct arena *arena;
	struct stw_err *err;
	enum stw_code rc;
	const char *where;
};

static const char *
text(struct reader *r, json_t *object, const char *key)
{
	const char *value = json_string_value(json_object_get(object, key));

	if (value == NULL) {
		if (r->rc == STW_OK)
			r->rc = stw_fail(r->err, STW_INVALID, "/%s/%s: must be a text",
			    r->where, key);
		return "";
	}
	return arena_strdup(r->arena, value);
}

static int
number(json_t *object, const char *key, int fallback)
{
	json_t *value = json_object_get(object, key);

	return json_is_integer(value) ? (int)json_integer_value(value) : fallback;
}

static const char **
texts(struct reader *r, json_t *object, const char *key, size_t *count)
{
	json_t *list = json_object_get(object, key);
	const char **out;

	*count = json_array_size(list);
	out = arena_array(r->arena, *count, sizeof *out);
	for (size_t i = 0; i < *count; i++) {
		const char *value = json_string_value(json_array_get(list, i));

		out[i] = arena_strdup(r->arena, value == NULL ? "" : value);
	}
	return out;
}

static void
read_product(struct reader *r, json_t *from, struct product_row *to)
{
	to->code = text(r, from, "code");
	to->name_zh = text(r, from, "zh");
	to->name_en = text(r, from, "en");
	to->product_class = text(r, from, "class");
	to->risk = number(from, "risk", 0);
	to->regulator = json_string_value(json_object_get(from, "regulator"));
	if (to->regulator != NULL)
		to->regulator = arena_strdup(r->arena, to->regulator);
}

static void
read_number(struct reader *r, json_t *from, struct number_row *to)
{
	static const char *voice[] = {"VOICE"};

	to->number = text(r, from, "number");
	to->kind = text(r, from, "kind");
	to->pool = text(r, from, "pool");
	to->holder = to->user_org = "bank";
	to->carrier = "demo";
	to->regions = texts(r, from, "regions", &to->nregions);
	to->channels = voice;
	to->nchannels = 1;
	to->purposes = texts(r, from, "purposes", &to->npurposes);
	to->direction = "out";
	to->robot = json_is_true(json_object_get(from, "robot"));
	to->registered_purpose =
	    json_string_value(json_object_get(from, "registered_purpose"));
	if (to->registered_purpose != NULL)
		to->registered_purpose = arena_strdup(r->arena, to->registered_purpose);
	to->licence_no = text(r, from, "licence_no");
	to->status = "active";
	to->daily_cap = number(from, "daily_cap", 0);
	to->hourly_cap = number(from, "hourly_cap", 0);
}

static void
read_script(struct reader *r, json_t *from, struct setup_script *to)
{
	to->code = text(r, from, "code");
	to->body = text(r, from, "body");
	to->retired = json_is_true(json_object_get(from, "retired"));
}

static void
read_queue(struct reader *r, json_t *from, struct queue_row *to)
{
	to->code = text(r, from, "code");
	to->kind = text(r, from, "kind");
	to->dedupes = true;
	to->concurrency = number(from, "concurrency", 8);
	to->timeout_ms = 15000;
}

static void
read_agent(struct reader *r, json_t *from, struct setup_person *to)
{
	to->code = text(r, from, "code");
	to->queue = text(r, from, "queue");
	to->robot = json_is_true(json_object_get(from, "robot"));
	to->qualified_days = number(from, "qualified_days", 365);
}

static void
read_disposition(struct reader *r, json_t *from, struct disposition *to)
{
	size_t n;
	const char **flags = texts(r, from, "flags", &n);

	to->code = text(r, from, "code");
	to->name_zh = text(r, from, "zh");
	to->name_en = text(r, from, "en");
	for (size_t i = 0; i < n; i++) {
		unsigned flag = disposition_flag_parse(str_of(flags[i]));

		if (flag == 0 && r->rc == STW_OK)
			r->rc = stw_fail(r->err, STW_INVALID,
			    "/%s/flags: \"%.40s\" is none", r->where, flags[i]);
		to->flags |= flag;
	}
}

#define READ_LIST(reader, root, key, field, nfield, read)                            \
	do {                                                                         \
		json_t *list_ = json_object_get(root, key);                          \
		(reader)->where = key;                                               \
		nfield = (int)json_array_size(list_);                                \
		field = arena_array((reader)->arena, (size_t)nfield, sizeof *field); \
		for (int i_ = 0; i_ < nfield; i_++)                                  \
			read(reader, json_array_get(list_, (size_t)i_), &field[i_]); \
	} while (0)

enum stw_code
setup_parse(struct str document, struct arena *arena, struct setup_document *out,
    struct stw_err *err)
{
	struct reader r = {arena, err, STW_OK, ""};
	json_error_t where;
	json_t *root =
	    json_loadb(document.ptr, document.len, JSON_REJECT_DUPLICATES, &where);

	memset(out, 0, sizeof *out);
	if (root == NULL)
		return stw_fail_at(err, STW_INVALID, where.line, where.column,
		    "not JSON: %s", where.text);
	READ_LIST(&r, root, "products", out->products, out->nproducts, read_product);
	READ_LIST(&r, root, "numbers", out->numbers, out->nnumbers, read_number);
	READ_LIST(&r, root, "scripts", out->scripts, out->nscripts, read_script);
	READ_LIST(&r, root, "queues", out->queues, out->nqueues, read_queue);
	READ_LIST(&r, root, "agents", out->agents, out->nagents, read_agent);
	READ_LIST(&r, root, "dispositions", out->dispositions, out->ndispositions,
	    read_disposition);
	json_decref(root);
	return r.rc;
}
