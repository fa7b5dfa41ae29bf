#include "campaigns/number_json.h"

#include <string.h>

#include <jansson.h>

#include "engine/embed.h"

#define MAX_TEXT  200
#define MAX_WORDS 64

/* ---- reading --------------------------------------------------------------------- */
struct reader {
	json_t *root;
	struct arena *arena;
	struct stw_err *err;
	enum stw_code rc; /* of the first fault */
};

static void
bad(struct reader *r, const char *key, const char *wanted)
{
	if (r->rc == STW_OK)
		r->rc = stw_fail(r->err, STW_INVALID, "/%s: %s is wanted", key, wanted);
}

static json_t *
member(const struct reader *r, const char *key)
{
	json_t *v = json_object_get(r->root, key);

	return json_is_null(v) ? NULL : v;
}

static const char *
text(struct reader *r, const char *key, bool required)
{
	json_t *v = member(r, key);

	if (v == NULL) {
		if (required)
			bad(r, key, "a text");
		return NULL;
	}
	if (!json_is_string(v) || json_string_length(v) == 0 ||
	    json_string_length(v) > MAX_TEXT ||
	    strlen(json_string_value(v)) != json_string_length(v)) {
		bad(r, key, "a text of 1 to 200 bytes");
		return NULL;
	}
	return arena_strdup(r->arena, json_string_value(v));
}

static const char **
words(struct reader *r, const char *key, size_t *count)
{
	json_t *list = member(r, key), *item;
	const char **out;
	size_t i;

	*count = 0;
	if (list == NULL)
		return NULL;
	if (!json_is_array(list) || json_array_size(list) > MAX_WORDS) {
		bad(r, key, "a list of at most 64 texts");
		return NULL;
	}
	out = arena_array(r->arena, json_array_size(list) + 1, sizeof *out);
	json_array_foreach(list, i, item)
	{
		if (!json_is_string(item) || json_string_length(item) == 0 ||
		    json_string_length(item) > MAX_TEXT) {
			bad(r, key, "a list of texts");
			return NULL;
		}
		out[i] = arena_strdup(r->arena, json_string_value(item));
	}
	*count = json_array_size(list);
	return out;
}

static bool
flag(struct reader *r, const char *key)
{
	json_t *v = member(r, key);

	if (v != NULL && !json_is_boolean(v))
		bad(r, key, "true or false");
	return json_is_true(v);
}

static int
cap(struct reader *r, const char *key)
{
	json_t *v = member(r, key);

	if (v == NULL)
		return 0;
	if (!json_is_integer(v) || json_integer_value(v) < 1 ||
	    json_integer_value(v) > 10000000) {
		bad(r, key, "a whole number from 1 to 10000000");
		return 0;
	}
	return (int)json_integer_value(v);
}

static stw_usec
instant(struct reader *r, const char *key, stw_usec open)
{
	const char *v = text(r, key, false);
	stw_usec at = open;

	if (v != NULL && stw_usec_parse(str_of(v), &at) != STW_OK)
		bad(r, key, "an instant like 2026-12-31T16:00:00Z");
	return at;
}

static const char *const members[] = {"approval", "carrier", "channels", "daily_cap",
    "direction", "holder", "hourly_cap", "kind", "lessee", "lessor", "licence_from",
    "licence_no", "licence_to", "line_type", "number", "pool", "port", "purposes",
    "regions", "registered_purpose", "robot", "sub_let", "undertaking", "user_org",
    "withheld"};

static void
only_known(struct reader *r)
{
	const char *key;
	json_t *v;

	json_object_foreach(r->root, key, v)
	{
		bool known = false;

		for (size_t i = 0; i < STW_ARRAY_LEN(members); i++)
			known = known || strcmp(members[i], key) == 0;
		if (!known && r->rc == STW_OK)
			r->rc = stw_fail(r->err, STW_INVALID,
			    "/%.60s: a number has no such member", key);
	}
}

static enum stw_code
read_number(
    json_t *root, struct arena *arena, struct number_row *out, struct stw_err *err)
{
	struct reader r = {root, arena, err, STW_OK};

	*out = (struct number_row){.status = "planned",
	    .label_score = -1,
	    .label_at = STW_USEC_NEVER,
	    .callback_ok_at = STW_USEC_NEVER,
	    .callback_failed_at = STW_USEC_NEVER,
	    .ledger_synced_at = STW_USEC_NEVER,
	    .cooldown_until = STW_USEC_NEVER,
	    .health_from = STW_USEC_NEVER};
	only_known(&r);
	out->number = text(&r, "number", true);
	out->kind = text(&r, "kind", true);
	out->port = text(&r, "port", false);
	out->pool = text(&r, "pool", true);
	out->holder = text(&r, "holder", true);
	out->user_org = text(&r, "user_org", true);
	out->carrier = text(&r, "carrier", false);
	out->line_type = text(&r, "line_type", false);
	out->registered_purpose = text(&r, "registered_purpose", false);
	out->regions = words(&r, "regions", &out->nregions);
	out->channels = words(&r, "channels", &out->nchannels);
	out->purposes = words(&r, "purposes", &out->npurposes);
	out->direction = text(&r, "direction", true);
	out->robot = flag(&r, "robot");
	out->licence_no = text(&r, "licence_no", false);
	out->licence_from = instant(&r, "licence_from", STW_USEC_NEVER);
	out->licence_to = instant(&r, "licence_to", STW_USEC_MAX);
	out->approval = text(&r, "approval", false);
	out->undertaking = text(&r, "undertaking", false);
	out->lessor = text(&r, "lessor", false);
	out->lessee = text(&r, "lessee", false);
	out->sub_let = flag(&r, "sub_let");
	out->withheld = flag(&r, "withheld");
	out->daily_cap = cap(&r, "daily_cap");
	out->hourly_cap = cap(&r, "hourly_cap");
	return r.rc;
}

static enum stw_code
load(struct str json, json_t **out, struct stw_err *err)
{
	json_error_t fault;

	*out = NULL;
	if (json.len > NUMBER_MAX_DOCUMENT)
		return stw_fail(err, STW_INVALID, "the document is longer than 64 KiB");
	*out = json_loadb(json.ptr, json.len, JSON_REJECT_DUPLICATES, &fault);
	if (*out == NULL)
		return stw_fail_at(
		    err, STW_INVALID, fault.line, fault.column, "%s", fault.text);
	if (json_is_object(*out))
		return STW_OK;
	json_decref(*out);
	*out = NULL;
	return stw_fail(err, STW_INVALID, "an object is wanted");
}

enum stw_code
number_document_parse(
    struct str json, struct arena *arena, struct number_row *out, struct stw_err *err)
{
	json_t *root;
	enum stw_code rc = load(json, &root, err);

	if (rc == STW_OK)
		rc = read_number(root, arena, out, err);
	json_decref(root);
	return rc;
}

enum stw_code
number_document_merge(const struct number_row *registered, struct str patch,
    struct arena *arena, struct number_row *out, struct stw_err *err)
{
	json_t *root = NULL, *base = NULL, *number;
	struct buf before;
	enum stw_code rc = load(patch, &root, err);

	buf_init(&before);
	if (rc != STW_OK)
		goto done;
	number = json_object_get(root, "number");
	if (number != NULL &&
	    (!json_is_string(number) ||
		strcmp(json_string_value(number), registered->number) != 0)) {
		rc = stw_fail(err, STW_INVALID,
		    "/number: stays what it is; another number is registered anew");
		goto done;
	}
	number_document_write(registered, &before);
	base = json_loadb(before.data, before.len, 0, NULL);
	STW_ASSERT(base != NULL);
	/* No member is an object, so a merge patch is an update: null takes away. */
	STW_ASSERT(json_object_update(base, root) == 0);
	rc = read_number(base, arena, out, err);
	out->number_id = registered->number_id;
	out->status = registered->status;
	out->version = registered->version;
done:
	buf_fini(&before);
	json_decref(root);
	json_decref(base);
	return rc;
}

/* ---- writing ------------------------------------------------------------------------ */
static void
put_text(json_t *to, const char *key, const char *value)
{
	if (value != NULL)
		STW_ASSERT(json_object_set_new(to, key, json_string(value)) == 0);
}

static void
put_words(json_t *to, const char *key, const char *const *items, size_t count)
{
	json_t *list = json_array();

	for (size_t i = 0; i < count; i++)
		STW_ASSERT(json_array_append_new(list, json_string(items[i])) == 0);
	STW_ASSERT(json_object_set_new(to, key, list) == 0);
}

static void
put_instant(json_t *to, const char *key, stw_usec at)
{
	char out[STW_USEC_TEXT];

	if (at != STW_USEC_NEVER && at != STW_USEC_MAX)
		put_text(to, key, stw_usec_format(at, out));
}

static void
put_cap(json_t *to, const char *key, int value)
{
	if (value > 0)
		STW_ASSERT(json_object_set_new(to, key, json_integer(value)) == 0);
}

static void
put_flag(json_t *to, const char *key, bool value)
{
	if (value)
		STW_ASSERT(json_object_set_new(to, key, json_true()) == 0);
}

static void
dump(json_t *v, struct buf *to)
{
	size_t size = json_dumpb(v, NULL, 0, JSON_COMPACT | JSON_SORT_KEYS);
	char *at;

	STW_ASSERT(size > 0);
	at = buf_reserve(to, size);
	STW_ASSERT(json_dumpb(v, at, size, JSON_COMPACT | JSON_SORT_KEYS) == size);
	to->len += size;
	to->data[to->len] = '\0';
}

void
number_document_write(const struct number_row *n, struct buf *to)
{
	json_t *v = json_object();

	put_text(v, "number", n->number);
	put_text(v, "kind", n->kind);
	put_text(v, "port", n->port);
	put_text(v, "pool", n->pool);
	put_text(v, "holder", n->holder);
	put_text(v, "user_org", n->user_org);
	put_text(v, "carrier", n->carrier);
	put_text(v, "line_type", n->line_type);
	put_text(v, "registered_purpose", n->registered_purpose);
	put_words(v, "regions", n->regions, n->nregions);
	put_words(v, "channels", n->channels, n->nchannels);
	put_words(v, "purposes", n->purposes, n->npurposes);
	put_text(v, "direction", n->direction);
	put_flag(v, "robot", n->robot);
	put_text(v, "licence_no", n->licence_no);
	put_instant(v, "licence_from", n->licence_from);
	put_instant(v, "licence_to", n->licence_to);
	put_text(v, "approval", n->approval);
	put_text(v, "undertaking", n->undertaking);
	put_text(v, "lessor", n->lessor);
	put_text(v, "lessee", n->lessee);
	put_flag(v, "sub_let", n->sub_let);
	put_flag(v, "withheld", n->withheld);
	put_cap(v, "daily_cap", n->daily_cap);
	put_cap(v, "hourly_cap", n->hourly_cap);
	dump(v, to);
	json_decref(v);
}

/* ---- the matrix ------------------------------------------------------------------------- */
static const char *const subjects[] = {
    "SERVICE", "RISK_ALERT", "MARKETING", MATRIX_ROBOT};

static enum stw_code
read_kind(
    json_t *item, struct arena *arena, struct number_matrix *m, struct stw_err *err)
{
	struct reader r = {item, arena, err, STW_OK};
	struct matrix_kind *k = &m->kinds[m->nkinds++];

	k->kind = text(&r, "kind", true);
	k->port = text(&r, "port", false);
	k->direction = text(&r, "direction", false);
	k->channel = text(&r, "channel", false);
	k->regions = flag(&r, "regions");
	for (size_t i = 0; i < STW_ARRAY_LEN(subjects); i++) {
		struct matrix_cell *cell = &m->cells[m->ncells++];
		const char *word = text(&r, subjects[i], true);

		*cell = (struct matrix_cell){k->kind, k->port, subjects[i], MATRIX_NO};
		if (word != NULL && !matrix_verdict_parse(word, &cell->verdict))
			bad(&r, subjects[i],
			    "yes, registered, undertaking, approval or no");
	}
	return r.rc;
}

enum stw_code
number_matrix_parse(struct str json, struct arena *arena, struct number_matrix *out,
    struct stw_err *err)
{
	json_t *root, *rules, *item, *like;
	const char *key;
	size_t i, n;
	enum stw_code rc = load(json, &root, err);

	*out = (struct number_matrix){0};
	if (rc != STW_OK)
		return rc;
	rules = json_object_get(root, "rules");
	n = json_array_size(rules);
	out->kinds = arena_array(arena, n + 1, sizeof *out->kinds);
	out->cells =
	    arena_array(arena, (n + 1) * STW_ARRAY_LEN(subjects), sizeof *out->cells);
	json_array_foreach(rules, i, item)
	{
		rc = read_kind(item, arena, out, err);
		if (rc != STW_OK)
			break;
	}
	like = json_object_get(root, "like");
	json_object_foreach(like, key, item)
	{
		if (rc != STW_OK)
			break;
		if (!json_is_string(item) ||
		    out->nlike == (int)STW_ARRAY_LEN(out->like)) {
			rc = stw_fail(err, STW_INVALID, "/like: up to 8 texts");
			break;
		}
		out->like[out->nlike][0] = arena_strdup(arena, key);
		out->like[out->nlike++][1] =
		    arena_strdup(arena, json_string_value(item));
	}
	json_decref(root);
	return rc;
}

enum stw_code
number_matrix_builtin(
    struct arena *arena, struct number_matrix *out, struct stw_err *err)
{
	const struct embed_file *file = embed_find("campaigns/numbers/matrix.json");

	STW_ASSERT(file != NULL);
	return number_matrix_parse(
	    (struct str){file->data, (size_t)file->len}, arena, out, err);
}

/* ---- proposals of other kinds ----------------------------------------------------------- */
enum stw_code
number_status_document_parse(
    struct str json, enum number_status *out, struct stw_err *err)
{
	json_t *root, *v;
	enum stw_code rc = load(json, &root, err);

	if (rc != STW_OK)
		return rc;
	v = json_object_get(root, "status");
	if (json_object_size(root) != 1 || !json_is_string(v) ||
	    !number_status_parse(json_string_value(v), out))
		rc = stw_fail(err, STW_INVALID,
		    "/status: active, suspended or recalled is wanted, and nothing else");
	json_decref(root);
	return rc;
}

enum stw_code
number_cell_parse(struct str json, struct arena *arena, struct matrix_cell *out,
    const char **approval, struct stw_err *err)
{
	struct reader r = {NULL, arena, err, STW_OK};
	const char *word;

	*out = (struct matrix_cell){.verdict = MATRIX_NO};
	r.rc = load(json, &r.root, err);
	if (r.rc != STW_OK)
		return r.rc;
	out->kind = text(&r, "kind", true);
	out->port = text(&r, "port", false);
	out->subject = text(&r, "subject", true);
	word = text(&r, "verdict", true);
	*approval = text(&r, "approval", false);
	if (word != NULL && !matrix_verdict_parse(word, &out->verdict))
		bad(&r, "verdict", "yes, registered, undertaking, approval or no");
	if (*approval != NULL && !number_hash_valid(*approval))
		bad(&r, "approval", "a SHA-256 of 64 hexadecimal digits");
	json_decref(r.root);
	return r.rc;
}

enum stw_code
number_policy_parse(struct str json, struct arena *arena, const char **name,
    int64_t *value, struct stw_err *err)
{
	struct reader r = {NULL, arena, err, STW_OK};
	json_t *v;

	r.rc = load(json, &r.root, err);
	if (r.rc != STW_OK)
		return r.rc;
	*name = text(&r, "name", true);
	v = json_object_get(r.root, "value");
	if (!json_is_integer(v) || json_integer_value(v) < 0 ||
	    json_integer_value(v) > 100000)
		bad(&r, "value", "a whole number from 0 to 100000");
	*value = json_integer_value(v);
	json_decref(r.root);
	return r.rc;
}

enum stw_code
number_json_canonical(struct str json, struct buf *to, struct stw_err *err)
{
	json_t *root;
	enum stw_code rc = load(json, &root, err);

	if (rc == STW_OK)
		dump(root, to);
	json_decref(root);
	return rc;
}
