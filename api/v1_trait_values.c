/* Values of fed traits: those of one customer, and in from the bank's systems. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "api/resources.h"
#include "engine/money.h"
#include "segments/customer_store.h"
#include "segments/trait_value_store.h"

#define LINES_MAX  10000
#define VALUES_MAX 100000
#define TEXT_MAX   200 /* bytes of a string */

struct feeding {
	struct api_request *req;
	struct trait_info *traits; /* all own ones */
	int ntraits;
	struct trait_value *values;
	int *lines; /* of each value; 0: the body is no lines */
	size_t count, cap;
};

/* ---- one value from JSON -------------------------------------------------------------- */
static bool
text_from(json_t *v, struct arena *arena, struct str *out)
{
	size_t len = json_string_length(v);
	const char *text = json_string_value(v);

	if (!json_is_string(v) || len < 1 || len > TEXT_MAX)
		return false;
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f)
			return false;
	*out = (struct str){arena_strndup(arena, text, len), len};
	return true;
}

static bool
money_from(json_t *v, const char *currency, struct arena *arena, struct str *out)
{
	const char *amount, *in;
	int64_t minor;

	if (json_unpack(v, "{s:s, s:s!}", "amount", &amount, "currency", &in) != 0 ||
	    strcmp(in, currency) != 0 || !money_parse(str_of(amount), in, &minor))
		return false;
	*out = str_of(arena_printf(arena, "%lld", (long long)minor));
	return true;
}

static bool
instant_from(json_t *v, enum col_type type, struct arena *arena, struct str *out)
{
	char day_text[STW_DAY_TEXT], at_text[STW_USEC_TEXT];
	struct str given = {json_string_value(v), json_string_length(v)};
	stw_usec at;
	stw_day day;

	if (!json_is_string(v))
		return false;
	if (type == COL_DATE ? stw_day_parse(given, &day) != STW_OK
			     : stw_usec_parse(given, &at) != STW_OK)
		return false;
	*out = str_of(
	    arena_strdup(arena, type == COL_DATE ? stw_day_format(day, day_text)
						 : stw_usec_format(at, at_text)));
	return true;
}

/* What a value of this type is in JSON; in the text form of trait_value_store.h. */
static bool
value_from(
    const struct trait_info *info, json_t *v, struct arena *arena, struct str *out)
{
	switch (info->trait.type) {
	case COL_BOOL:
		*out = json_is_true(v) ? STR_LIT("true") : STR_LIT("false");
		return json_is_boolean(v);
	case COL_INT:
		*out = str_of(
		    arena_printf(arena, "%lld", (long long)json_integer_value(v)));
		return json_is_integer(v);
	case COL_DOUBLE:
		*out = str_of(arena_printf(arena, "%.17g", json_number_value(v)));
		return json_is_number(v) && isfinite(json_number_value(v));
	case COL_STRING:
		return text_from(v, arena, out);
	case COL_MONEY:
		return money_from(v, info->currency, arena, out);
	case COL_DATE:
	case COL_TIMESTAMP:
		return instant_from(v, info->trait.type, arena, out);
	case COL_NONE:
		break;
	}
	return false;
}

static const char *
wanted(const struct trait_info *info, struct arena *arena)
{
	static const char *const forms[] = {
	    [COL_BOOL] = "true or false",
	    [COL_INT] = "a whole number",
	    [COL_DOUBLE] = "a number",
	    [COL_STRING] = "a text of 1 to 200 bytes without control characters",
	    [COL_DATE] = "a day like \"2026-11-23\"",
	    [COL_TIMESTAMP] = "an instant like \"2026-11-23T02:00:00Z\"",
	};

	if (info->trait.type == COL_MONEY)
		return arena_printf(arena,
		    "{\"amount\": \"12.34\", \"currency\": \"%s\"}", info->currency);
	return forms[info->trait.type];
}

/* ---- reading a request ------------------------------------------------------------------ */
/* Names the member and its line, never the value. */
static bool
bad(const struct feeding *in, int line, const char *member, const char *want)
{
	const char *pointer =
	    line == 0 ? arena_printf(&in->req->arena, "/%.120s", member)
		      : arena_printf(&in->req->arena, "/%d/%.120s", line - 1, member);

	if (line == 0)
		api_problem(
		    in->req, 400, "INVALID_REQUEST", pointer, "%s: %s", pointer, want);
	else
		api_problem(in->req, 400, "INVALID_REQUEST", pointer, "line %d: %s: %s",
		    line, member, want);
	return false;
}

static const struct trait_info *
fed_find(const struct feeding *in, const char *name)
{
	for (int i = 0; i < in->ntraits; i++)
		if (trait_is_fed(&in->traits[i].trait) &&
		    strcmp(in->traits[i].trait.name, name) == 0)
			return &in->traits[i];
	return NULL;
}

static void
add_value(struct feeding *in, int line, struct trait_value value)
{
	struct arena *arena = &in->req->arena;

	if (in->count == in->cap) {
		size_t cap = in->cap == 0 ? 64 : in->cap * 2;
		struct trait_value *values = arena_array(arena, cap, sizeof *values);
		int *lines = arena_array(arena, cap, sizeof *lines);

		if (in->count > 0) {
			memcpy(values, in->values, in->count * sizeof *values);
			memcpy(lines, in->lines, in->count * sizeof *lines);
		}
		in->values = values;
		in->lines = lines;
		in->cap = cap;
	}
	in->values[in->count] = value;
	in->lines[in->count++] = line;
}

static bool
read_values(struct feeding *in, int line, struct str ref, json_t *values)
{
	const char *name;
	json_t *v;

	if (!json_is_object(values) || json_object_size(values) == 0)
		return bad(in, line, "values",
		    "an object of traits and their values is wanted");
	json_object_foreach(values, name, v)
	{
		const char *member =
		    arena_printf(&in->req->arena, "values/%.63s", name);
		const struct trait_info *info = fed_find(in, name);
		struct trait_value value = {.ref = ref};

		if (info == NULL)
			return bad(
			    in, line, member, "the bank has no fed trait of this name");
		value.trait_id = info->trait_id;
		if (!json_is_null(v) &&
		    !value_from(info, v, &in->req->arena, &value.text))
			return bad(in, line, member,
			    arena_printf(&in->req->arena,
				"%s is wanted, or null for no value",
				wanted(info, &in->req->arena)));
		if (in->count == VALUES_MAX)
			return bad(in, line, member, "more than 100000 values");
		add_value(in, line, value);
	}
	return true;
}

static bool
read_line(struct feeding *in, int line, struct str text)
{
	struct arena *arena = &in->req->arena;
	const char *ref, *key;
	json_error_t error;
	json_t *v = json_loadb(text.ptr, text.len, JSON_REJECT_DUPLICATES, &error);
	json_t *member;
	bool ok = v != NULL;

	if (!ok)
		api_problem(in->req, 400, "INVALID_JSON", NULL,
		    "line %d, column %d: %s", line, error.column, error.text);
	ref = json_string_value(json_object_get(v, "customer"));
	if (ok && (ref == NULL || ref[0] == '\0' || strlen(ref) > 64))
		ok = bad(in, line, "customer", "a customer's reference is wanted");
	json_object_foreach(v, key, member)
	{
		if (ok && strcmp(key, "customer") != 0 && strcmp(key, "values") != 0)
			ok = bad(in, line, key, "there is no such member");
	}
	if (ok)
		ok = read_values(in, line, str_of(arena_strdup(arena, ref)),
		    json_object_get(v, "values"));
	json_decref(v);
	return ok;
}

static bool
read_lines(struct feeding *in)
{
	const char *at = in->req->body.ptr, *end = at + in->req->body.len;

	for (int line = 1; at < end; line++) {
		const char *stop = memchr(at, '\n', (size_t)(end - at));
		size_t len = (size_t)((stop == NULL ? end : stop) - at);

		if (line > LINES_MAX) {
			api_problem(in->req, 413, "TOO_LARGE", NULL,
			    "at most %d lines are wanted", LINES_MAX);
			return false;
		}
		if (strspn(at, " \t\r") < len &&
		    !read_line(in, line, (struct str){at, len}))
			return false;
		at = stop == NULL ? end : stop + 1;
	}
	return true;
}

/* ---- storing ---------------------------------------------------------------------------- */
static enum stw_code
store(struct feeding *in, enum trait_value_fate *fates, struct stw_err *err)
{
	struct api_request *req = in->req;
	const char *by = arena_printf(&req->arena, "api:%s", req->actor.subject);
	enum stw_code rc = db_begin(req->db, err);

	if (rc == STW_OK)
		rc = trait_values_put(
		    req->db, in->values, in->count, by, req->now, fates, err);
	if (rc == STW_OK)
		rc = db_commit(req->db, err);
	if (rc != STW_OK)
		db_rollback(req->db);
	return rc;
}

static void
reply_fates(struct feeding *in, const enum trait_value_fate *fates)
{
	json_t *v = json_object(), *rejected = json_array();
	json_int_t counts[TRAIT_VALUE_SAME + 1] = {0};
	int told = -1;

	for (size_t i = 0; i < in->count; i++) {
		json_t *one;

		counts[fates[i]]++;
		if (fates[i] != TRAIT_VALUE_UNKNOWN || told == in->lines[i])
			continue;
		told = in->lines[i];
		one = json_object();
		json_put(one, "line", json_integer(told));
		json_put(one, "code", json_text("CUSTOMER_UNKNOWN"));
		json_push(rejected, one);
	}
	json_put(v, "stored", json_integer(counts[TRAIT_VALUE_STORED]));
	json_put(v, "removed", json_integer(counts[TRAIT_VALUE_REMOVED]));
	json_put(v, "unchanged", json_integer(counts[TRAIT_VALUE_SAME]));
	json_put(v, "rejected", rejected);
	api_reply(in->req, 200, v);
}

static void
feed(struct feeding *in, bool (*read)(struct feeding *in))
{
	struct api_request *req = in->req;
	enum trait_value_fate *fates;
	struct stw_err err = {0};
	enum stw_code rc;

	rc = trait_store_list(
	    req->db, false, &req->arena, &in->traits, &in->ntraits, &err);
	if (rc != STW_OK) {
		api_fail(req, rc, &err);
		return;
	}
	if (!read(in))
		return;
	fates = arena_array(&req->arena, in->count + 1, sizeof *fates);
	rc = store(in, fates, &err);
	if (rc != STW_OK)
		api_fail(req, rc, &err);
	else
		reply_fates(in, fates);
}

void
v1_trait_values_feed(struct api_request *req)
{
	struct feeding in = {.req = req};

	feed(&in, read_lines);
}

static bool
read_one(struct feeding *in)
{
	return read_values(in, 0, str_of(in->req->match.params[0]),
	    json_object_get(in->req->json, "values"));
}

void
v1_trait_values_put(struct api_request *req)
{
	static const char *const members[] = {"values", NULL};
	struct feeding in = {.req = req};
	struct customer customer;

	/* 404 and 410 before anything else. */
	if (api_body_only(req, members) && v1_customer_load(req, &customer))
		feed(&in, read_one);
}

/* ---- those of a customer ----------------------------------------------------------------- */
static json_t *
value_json(const struct trait_info *info, const char *text)
{
	int64_t number = 0;
	double real = 0;

	switch (info->trait.type) {
	case COL_BOOL:
		return json_boolean(strcmp(text, "true") == 0);
	case COL_INT:
	case COL_MONEY:
		number = strtoll(text, NULL, 10);
		return info->trait.type == COL_INT ? json_integer(number)
						   : json_money(number, info->currency);
	case COL_DOUBLE:
		real = strtod(text, NULL);
		return json_real(real);
	case COL_STRING:
	case COL_DATE:
	case COL_TIMESTAMP:
		return json_text(text);
	case COL_NONE:
		break;
	}
	return json_null();
}

static json_t *
held_json(const struct trait_info *info, const char *text, bool hidden)
{
	json_t *v = json_object();

	json_put(v, "name", json_text(info->trait.name));
	json_put(v, "type", json_text(trait_type_name(info->trait.type)));
	json_put(v, "unit", json_text(info->trait.unit));
	json_put(v, "sensitivity",
	    json_text(trait_sensitivity_name(info->trait.sensitivity)));
	json_put(v, "description", json_names(info->trait.zh, info->trait.en));
	json_put(
	    v, "value", hidden || text == NULL ? json_null() : value_json(info, text));
	json_put(v, "hidden", json_boolean(hidden));
	json_put(v, "fed_at", json_time(info->trait.fed_at));
	return v;
}

static const char *
held_find(const struct trait_held *held, int n, const char *name)
{
	for (int i = 0; i < n; i++)
		if (strcmp(held[i].name, name) == 0)
			return held[i].text;
	return NULL;
}

/* A sensitive value, and whether there is one, is for compliance alone. */
static json_t *
list_json(const struct api_request *req, const struct trait_info *traits, int ntraits,
    const struct trait_held *held, int nheld)
{
	json_t *list = json_array();

	for (int i = 0; i < ntraits; i++) {
		const struct trait *trait = &traits[i].trait;
		bool hidden = trait->sensitivity == TRAIT_SENSITIVE &&
			      req->actor.role != ROLE_COMPLIANCE;

		if (trait_is_fed(trait))
			json_push(
			    list, held_json(&traits[i],
				      held_find(held, nheld, trait->name), hidden));
	}
	return list;
}

void
v1_trait_values(struct api_request *req)
{
	struct stw_err err = {0};
	struct trait_info *traits;
	struct trait_held *held;
	struct customer c;
	enum stw_code rc;
	int ntraits, nheld;
	json_t *v;

	if (!v1_customer_load(req, &c))
		return;
	rc = trait_store_list(req->db, false, &req->arena, &traits, &ntraits, &err);
	if (rc == STW_OK)
		rc = trait_values_get(
		    req->db, c.bucket, c.customer_id, &req->arena, &held, &nheld, &err);
	if (rc != STW_OK) {
		api_fail(req, rc, &err);
		return;
	}
	v = json_object();
	json_put(v, "items", list_json(req, traits, ntraits, held, nheld));
	json_put(v, "as_of", json_time(req->now));
	api_reply(req, 200, v);
}
