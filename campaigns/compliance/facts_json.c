#include "campaigns/compliance/facts_json.h"

#include <stddef.h>
#include <string.h>

#include <jansson.h>
#include <sodium.h>

/* ---- tables of fields, each in the byte order of the names -------------------------- */
enum field_type {
	F_BOOL = 0,
	F_INT,
	F_I64,
	F_TEXT,
	F_TEXT_OPT,
	F_UNTIL, /* instant; null: never ends */
	F_SINCE, /* instant; null: always was, or was never given */
	F_PRIOR, /* instant; null: 0 */
	F_DAY,
	F_OPT_INT,
	F_STRINGS,
	F_ZONES,
	F_HASH, /* 32 bytes in hexadecimal */
	F_WORD, /* enum by words */
};

struct field {
	const char *name;
	enum field_type type;
	size_t at, count_at;
	const char *const *words; /* NULL at the end */
};

static const char *const handler_words[] = {"agent", "robot", NULL};
static const char *const action_words[] = {"withdraw", "grant", NULL};
static const char *const count_words[] = {
    "reserved", "attempt", "conversation", "message", NULL};

#define OF(type, member) offsetof(struct type, member), 0, NULL
#define LIST(type, member, counter) \
	offsetof(struct type, member), offsetof(struct type, counter), NULL

static const struct field agent_fields[] = {{"code", F_TEXT, OF(gate_agent, code)},
    {"qualified_until", F_SINCE, OF(gate_agent, qualified_until)}};
static const struct field campaign_fields[] = {
    {"active", F_BOOL, OF(gate_facts, campaign_active)},
    {"approved", F_BOOL, OF(gate_facts, campaign_approved)},
    {"uses_profile", F_BOOL, OF(gate_facts, uses_profile)}};
static const struct field consent_fields[] = {
    {"action", F_WORD, offsetof(struct gate_consent, action), 0, action_words},
    {"channel", F_TEXT, OF(gate_consent, channel)},
    {"effective_at", F_SINCE, OF(gate_consent, effective_at)},
    {"expires_at", F_UNTIL, OF(gate_consent, expires_at)},
    {"form", F_TEXT_OPT, OF(gate_consent, form)},
    {"has_evidence", F_BOOL, OF(gate_consent, has_evidence)},
    {"id", F_TEXT, OF(gate_consent, id)},
    {"notice_version", F_TEXT_OPT, OF(gate_consent, notice_version)},
    {"point_id", F_I64, OF(gate_consent, point_id)},
    {"product_class", F_TEXT, OF(gate_consent, product_class)},
    {"purpose", F_TEXT, OF(gate_consent, purpose)},
    {"recipient", F_TEXT, OF(gate_consent, recipient)},
    {"recorded_at", F_SINCE, OF(gate_consent, recorded_at)}};
static const struct field count_fields[] = {{"at", F_SINCE, OF(gate_count, at)},
    {"channel", F_TEXT, OF(gate_count, channel)},
    {"expires_at", F_UNTIL, OF(gate_count, expires_at)},
    {"kind", F_WORD, offsetof(struct gate_count, kind), 0, count_words},
    {"this_number", F_BOOL, OF(gate_count, this_number)},
    {"this_person", F_BOOL, OF(gate_count, this_person)}};
static const struct field number_fields[] = {
    {"channels", F_STRINGS, LIST(gate_number, channels, nchannels)},
    {"daily_cap", F_OPT_INT, OF(gate_number, daily_cap)},
    {"direction", F_TEXT_OPT, OF(gate_number, direction)},
    {"has_approval", F_BOOL, OF(gate_number, has_approval)},
    {"has_licence", F_BOOL, OF(gate_number, has_licence)},
    {"holder", F_TEXT_OPT, OF(gate_number, holder)},
    {"hourly_cap", F_OPT_INT, OF(gate_number, hourly_cap)},
    {"id", F_I64, OF(gate_number, number_id)},
    {"kind", F_TEXT_OPT, OF(gate_number, kind)},
    {"licence_from", F_SINCE, OF(gate_number, licence_from)},
    {"licence_to", F_UNTIL, OF(gate_number, licence_to)},
    {"purposes", F_STRINGS, LIST(gate_number, purposes, npurposes)},
    {"regions", F_STRINGS, LIST(gate_number, regions, nregions)},
    {"robot", F_BOOL, OF(gate_number, robot)},
    {"status", F_TEXT_OPT, OF(gate_number, status)},
    {"used_hour", F_I64, OF(gate_number, used_hour)},
    {"used_today", F_I64, OF(gate_number, used_today)},
    {"user_org", F_TEXT_OPT, OF(gate_number, user_org)}};
static const struct field objection_fields[] = {
    {"channel", F_TEXT, OF(gate_objection, channel)},
    {"effective_at", F_SINCE, OF(gate_objection, effective_at)},
    {"id", F_TEXT, OF(gate_objection, id)}, {"kind", F_TEXT, OF(gate_objection, kind)},
    {"lifted_at", F_UNTIL, OF(gate_objection, lifted_at)},
    {"own", F_BOOL, OF(gate_objection, own)},
    {"recorded_at", F_SINCE, OF(gate_objection, recorded_at)}};
static const struct field party_fields[] = {{"bucket", F_INT, OF(gate_party, bucket)},
    {"complaint_open", F_BOOL, OF(gate_party, complaint_open)},
    {"country", F_TEXT_OPT, OF(gate_party, country)},
    {"customer_id", F_I64, OF(gate_party, customer_id)},
    {"deceased", F_BOOL, OF(gate_party, deceased)}, {"dob", F_DAY, OF(gate_party, dob)},
    {"fraud_hold", F_BOOL, OF(gate_party, fraud_hold)},
    {"incapacity", F_BOOL, OF(gate_party, incapacity)},
    {"legal_hold", F_BOOL, OF(gate_party, legal_hold)},
    {"profiling_opt_out", F_BOOL, OF(gate_party, profiling_opt_out)},
    {"province", F_TEXT_OPT, OF(gate_party, province)},
    {"risk_assessed_on", F_DAY, OF(gate_party, risk_assessed_on)},
    {"risk_rating", F_OPT_INT, OF(gate_party, risk_rating)},
    {"risk_valid", F_BOOL, OF(gate_party, risk_valid)},
    {"zones", F_ZONES, LIST(gate_party, zones, nzones)}};
static const struct field point_fields[] = {
    {"id", F_I64, OF(gate_contact_point, point_id)},
    {"phone_index", F_HASH, OF(gate_contact_point, phone_index)},
    {"sharers", F_INT, OF(gate_contact_point, sharers)},
    {"verified", F_BOOL, OF(gate_contact_point, verified)}};
static const struct field prior_fields[] = {
    {"ruleset_hash", F_TEXT_OPT, OF(gate_facts, prior_ruleset_hash)},
    {"valid_until", F_PRIOR, OF(gate_facts, prior_valid_until)}};
static const struct field product_fields[] = {
    {"class", F_TEXT, OF(gate_product, product_class)},
    {"code", F_TEXT_OPT, OF(gate_product, code)},
    {"on_sale_from", F_DAY, OF(gate_product, on_sale_from)},
    {"on_sale_to", F_DAY, OF(gate_product, on_sale_to)},
    {"risk", F_OPT_INT, OF(gate_product, risk)}};
static const struct field script_fields[] = {
    {"ai_disclosure", F_BOOL, OF(gate_script, ai_disclosure)},
    {"approved", F_BOOL, OF(gate_script, approved)},
    {"code", F_TEXT_OPT, OF(gate_script, code)},
    {"version", F_INT, OF(gate_script, version)}};

/* ---- the default contact ------------------------------------------------------------------- */
#define DEFAULT_CONSENT_AT INT64_C(1777564800000000) /* 2026-05-01T00:00:00+08:00 */

static const struct gate_consent default_consent = {.id = "consent-1",
    .action = GATE_CONSENT_GRANT,
    .purpose = "MARKETING",
    .channel = "VOICE",
    .product_class = "wealth",
    .recipient = "bank",
    .form = "written",
    .notice_version = "v3",
    .has_evidence = true,
    .effective_at = DEFAULT_CONSENT_AT,
    .recorded_at = DEFAULT_CONSENT_AT,
    .expires_at = STW_USEC_MAX};
static const struct gate_objection default_objection = {.id = "objection-1",
    .kind = "do_not_call",
    .channel = "*",
    .own = true,
    .effective_at = DEFAULT_CONSENT_AT,
    .recorded_at = DEFAULT_CONSENT_AT,
    .lifted_at = STW_USEC_MAX};
static const struct gate_count default_count = {.kind = GATE_ATTEMPT,
    .at = DEFAULT_CONSENT_AT,
    .channel = "VOICE",
    .this_number = true,
    .this_person = true,
    .expires_at = STW_USEC_MAX};

static void
facts_default(struct arena *arena, struct gate_facts *out)
{
	static const char *const voice[] = {"VOICE"};
	static const char *const marketing[] = {"MARKETING"};
	const struct zone **zones = arena_array(arena, 1, sizeof *zones);
	bool shanghai = zone_find("Asia/Shanghai", &zones[0], NULL) == STW_OK;

	*out = (struct gate_facts){
	    .party = {.customer_id = 1,
		.country = "CN",
		.province = "上海",
		.dob = {true, stw_day_of((struct stw_date){1980, 5, 5})},
		.risk_rating = {true, 3},
		.risk_assessed_on = {true, stw_day_of((struct stw_date){2026, 6, 1})},
		.risk_valid = true,
		.zones = zones,
		.nzones = shanghai ? 1 : 0},
	    .point = {.point_id = 1, .verified = true, .sharers = 1},
	    .channel = "VOICE",
	    .purpose = "MARKETING",
	    .caller_org = "bank",
	    .campaign_approved = true,
	    .campaign_active = true,
	    .product = {.code = "P3", .product_class = "wealth", .risk = {true, 3}},
	    .number = {.present = true,
		.number_id = 1,
		.kind = "landline",
		.holder = "bank",
		.user_org = "bank",
		.direction = "both",
		.channels = voice,
		.nchannels = 1,
		.purposes = marketing,
		.npurposes = 1,
		.robot = true,
		.has_licence = true,
		.licence_from = INT64_C(1767196800000000), /* 2026-01-01T00:00+08:00 */
		.licence_to = INT64_C(1798732800000000),   /* 2027-01-01T00:00+08:00 */
		.status = "active"},
	    .script = {"script", 1, true, true},
	    .agent = {true, "agent-1", STW_USEC_MAX},
	    .consents = &default_consent,
	    .nconsents = 1};
}

/* ---- reading --------------------------------------------------------------------------------- */
struct reader {
	struct arena *arena;
	struct stw_err *err;
};

static enum stw_code
field_bad(struct reader *r, const char *what, const char *name, const char *want)
{
	return stw_fail(r->err, STW_INVALID, "%s.%s: has to be %s", what, name, want);
}

static bool
instant_read(json_t *v, stw_usec open, stw_usec *out)
{
	const char *s = json_string_value(v);

	if (json_is_null(v)) {
		*out = open;
		return true;
	}
	if (s == NULL)
		return false;
	if (strcmp(s, "never") == 0)
		*out = STW_USEC_MAX;
	else if (strcmp(s, "always") == 0)
		*out = STW_USEC_NEVER;
	else
		return stw_usec_parse(str_of(s), out) == STW_OK;
	return true;
}

static stw_usec
instant_open(enum field_type type)
{
	return type == F_UNTIL ? STW_USEC_MAX : type == F_SINCE ? STW_USEC_NEVER : 0;
}

static bool
strings_read(struct reader *r, json_t *v, char *base, const struct field *f)
{
	size_t n = json_array_size(v);
	const char **items = arena_array(r->arena, n, sizeof *items);
	const char *const *list = items;
	int count = (int)n;

	if (!json_is_array(v))
		return false;
	for (size_t i = 0; i < n; i++) {
		const char *s = json_string_value(json_array_get(v, i));

		if (s == NULL)
			return false;
		items[i] = arena_strdup(r->arena, s);
	}
	memcpy(base + f->at, &list, sizeof list);
	memcpy(base + f->count_at, &count, sizeof count);
	return true;
}

static bool
zones_read(struct reader *r, json_t *v, char *base, const struct field *f)
{
	size_t n = json_array_size(v);
	const struct zone **items = arena_array(r->arena, n, sizeof *items);
	const struct zone *const *list = items;
	int count = (int)n;

	if (!json_is_array(v))
		return false;
	for (size_t i = 0; i < n; i++) {
		const char *s = json_string_value(json_array_get(v, i));

		if (s == NULL || zone_find(s, &items[i], NULL) != STW_OK)
			return false;
	}
	memcpy(base + f->at, &list, sizeof list);
	memcpy(base + f->count_at, &count, sizeof count);
	return true;
}

static enum stw_code
field_read(
    struct reader *r, const char *what, const struct field *f, json_t *v, char *base)
{
	const char *s = json_string_value(v);

	switch (f->type) {
	case F_BOOL: {
		bool b = json_is_true(v);

		if (!json_is_boolean(v))
			return field_bad(r, what, f->name, "true or false");
		memcpy(base + f->at, &b, sizeof b);
		return STW_OK;
	}
	case F_INT: {
		int i = (int)json_integer_value(v);

		if (!json_is_integer(v) || i != json_integer_value(v))
			return field_bad(r, what, f->name, "a whole number");
		memcpy(base + f->at, &i, sizeof i);
		return STW_OK;
	}
	case F_I64: {
		int64_t i = json_integer_value(v);

		if (!json_is_integer(v))
			return field_bad(r, what, f->name, "a whole number");
		memcpy(base + f->at, &i, sizeof i);
		return STW_OK;
	}
	case F_TEXT:
	case F_TEXT_OPT:
		if (s == NULL && !(f->type == F_TEXT_OPT && json_is_null(v)))
			return field_bad(r, what, f->name, "a text");
		s = s != NULL ? arena_strdup(r->arena, s) : NULL;
		memcpy(base + f->at, &s, sizeof s);
		return STW_OK;
	case F_UNTIL:
	case F_SINCE:
	case F_PRIOR: {
		stw_usec at = 0;

		if (!instant_read(v, instant_open(f->type), &at))
			return field_bad(r, what, f->name, "an instant or null");
		memcpy(base + f->at, &at, sizeof at);
		return STW_OK;
	}
	case F_DAY: {
		struct gate_optional_day day = {false, 0};

		day.known = s != NULL;
		if (day.known ? stw_day_parse(str_of(s), &day.day) != STW_OK
			      : !json_is_null(v))
			return field_bad(r, what, f->name, "a date or null");
		memcpy(base + f->at, &day, sizeof day);
		return STW_OK;
	}
	case F_OPT_INT: {
		struct gate_optional_int i = {
		    json_is_integer(v), json_integer_value(v)};

		if (!i.known && !json_is_null(v))
			return field_bad(r, what, f->name, "a whole number or null");
		memcpy(base + f->at, &i, sizeof i);
		return STW_OK;
	}
	case F_STRINGS:
		return strings_read(r, v, base, f)
			   ? STW_OK
			   : field_bad(r, what, f->name, "a list of texts");
	case F_ZONES:
		return zones_read(r, v, base, f)
			   ? STW_OK
			   : field_bad(r, what, f->name, "a list of time zones");
	case F_HASH: {
		size_t len = 0;

		if (s == NULL || strlen(s) != 64 ||
		    sodium_hex2bin((unsigned char *)base + f->at, 32, s, 64, NULL, &len,
			NULL) != 0)
			return field_bad(r, what, f->name, "64 hexadecimal digits");
		return STW_OK;
	}
	case F_WORD:
		for (int i = 0; s != NULL && f->words[i] != NULL; i++) {
			if (strcmp(f->words[i], s) == 0) {
				memcpy(base + f->at, &i, sizeof i);
				return STW_OK;
			}
		}
		return field_bad(r, what, f->name, "one of its words");
	}
	return STW_BUG;
}

static enum stw_code
object_read(struct reader *r, const char *what, json_t *obj, const struct field *fields,
    size_t nfields, void *base)
{
	const char *key;
	json_t *v;

	if (!json_is_object(obj))
		return stw_fail(r->err, STW_INVALID, "%s: has to be an object", what);
	json_object_foreach(obj, key, v)
	{
		size_t i = 0;
		enum stw_code rc;

		while (i < nfields && strcmp(fields[i].name, key) != 0)
			i++;
		if (i == nfields)
			return stw_fail(
			    r->err, STW_INVALID, "%s: unknown key %s", what, key);
		rc = field_read(r, what, &fields[i], v, base);
		if (rc != STW_OK)
			return rc;
	}
	return STW_OK;
}

#define OBJECT_READ(r, what, v, fields, base) \
	object_read(r, what, v, fields, STW_ARRAY_LEN(fields), base)

static enum stw_code
list_read(struct reader *r, const char *what, json_t *v, const struct field *fields,
    size_t nfields, const void *start, size_t size, void *list, int *count)
{
	size_t n = json_array_size(v);
	char *items = arena_array(r->arena, n, size);

	if (!json_is_array(v))
		return stw_fail(r->err, STW_INVALID, "%s: has to be a list", what);
	for (size_t i = 0; i < n; i++) {
		enum stw_code rc;

		memcpy(items + i * size, start, size);
		rc = object_read(
		    r, what, json_array_get(v, i), fields, nfields, items + i * size);
		if (rc != STW_OK)
			return rc;
	}
	memcpy(list, &items, sizeof items);
	*count = (int)n;
	return STW_OK;
}

static enum stw_code
agent_read(struct reader *r, json_t *v, struct gate_facts *out)
{
	out->agent.present = !json_is_null(v);
	return json_is_null(v) ? STW_OK
			       : OBJECT_READ(r, "agent", v, agent_fields, &out->agent);
}

static enum stw_code
number_read(struct reader *r, json_t *v, struct gate_facts *out)
{
	out->number.present = !json_is_null(v);
	return json_is_null(v)
		   ? STW_OK
		   : OBJECT_READ(r, "number", v, number_fields, &out->number);
}

static enum stw_code
product_read(struct reader *r, json_t *v, struct gate_facts *out)
{
	if (json_is_null(v)) {
		out->product = (struct gate_product){.product_class = "*"};
		return STW_OK;
	}
	return OBJECT_READ(r, "product", v, product_fields, &out->product);
}

static enum stw_code
prior_read(struct reader *r, json_t *v, struct gate_facts *out)
{
	if (json_is_null(v)) {
		out->prior_valid_until = 0;
		out->prior_ruleset_hash = NULL;
		return STW_OK;
	}
	return OBJECT_READ(r, "prior", v, prior_fields, out);
}

static const struct field top_fields[] = {
    {"caller_org", F_TEXT, OF(gate_facts, caller_org)},
    {"channel", F_TEXT, OF(gate_facts, channel)},
    {"handler", F_WORD, offsetof(struct gate_facts, handler), 0, handler_words},
    {"promotional", F_BOOL, OF(gate_facts, promotional)},
    {"purpose", F_TEXT, OF(gate_facts, purpose)}};

static enum stw_code
part_read(struct reader *r, const char *key, json_t *v, struct gate_facts *out)
{
	for (size_t i = 0; i < STW_ARRAY_LEN(top_fields); i++) {
		if (strcmp(top_fields[i].name, key) == 0)
			return field_read(r, "facts", &top_fields[i], v, (char *)out);
	}
	if (strcmp(key, "agent") == 0)
		return agent_read(r, v, out);
	if (strcmp(key, "campaign") == 0)
		return OBJECT_READ(r, key, v, campaign_fields, out);
	if (strcmp(key, "consents") == 0)
		return list_read(r, key, v, consent_fields,
		    STW_ARRAY_LEN(consent_fields), &default_consent,
		    sizeof default_consent, &out->consents, &out->nconsents);
	if (strcmp(key, "counts") == 0)
		return list_read(r, key, v, count_fields, STW_ARRAY_LEN(count_fields),
		    &default_count, sizeof default_count, &out->counts, &out->ncounts);
	if (strcmp(key, "number") == 0)
		return number_read(r, v, out);
	if (strcmp(key, "objections") == 0)
		return list_read(r, key, v, objection_fields,
		    STW_ARRAY_LEN(objection_fields), &default_objection,
		    sizeof default_objection, &out->objections, &out->nobjections);
	if (strcmp(key, "party") == 0)
		return OBJECT_READ(r, key, v, party_fields, &out->party);
	if (strcmp(key, "point") == 0)
		return OBJECT_READ(r, key, v, point_fields, &out->point);
	if (strcmp(key, "prior") == 0)
		return prior_read(r, v, out);
	if (strcmp(key, "product") == 0)
		return product_read(r, v, out);
	if (strcmp(key, "script") == 0)
		return OBJECT_READ(r, key, v, script_fields, &out->script);
	return stw_fail(r->err, STW_INVALID, "facts: unknown key %s", key);
}

static enum stw_code
facts_from_json(
    json_t *obj, struct arena *arena, struct gate_facts *out, struct stw_err *err)
{
	struct reader r = {arena, err};
	const char *key;
	json_t *v;

	if (obj != NULL && !json_is_object(obj))
		return stw_fail(err, STW_INVALID, "facts: has to be an object");
	json_object_foreach(obj, key, v)
	{
		enum stw_code rc = part_read(&r, key, v, out);

		if (rc != STW_OK)
			return rc;
	}
	return STW_OK;
}

static enum stw_code
document_read(json_t *doc, struct arena *arena, struct gate_facts *facts,
    enum gate_checkpoint *checkpoint, stw_usec *now, stw_usec *ttl, struct stw_err *err)
{
	json_t *at = json_object_get(doc, "now");
	json_t *gate = json_object_get(doc, "checkpoint");
	json_t *keep = json_object_get(doc, "ttl");
	const char *letter = json_string_value(gate);

	*checkpoint = GATE_DIAL;
	*now = FACTS_DEFAULT_NOW;
	*ttl = FACTS_DEFAULT_TTL;
	if (at != NULL &&
	    (!json_is_string(at) ||
		stw_usec_parse(str_of(json_string_value(at)), now) != STW_OK))
		return stw_fail(err, STW_INVALID,
		    "now: an instant, as in 2026-11-23T10:00:00+08:00");
	if (gate != NULL) {
		if (letter == NULL || strlen(letter) != 1 ||
		    strchr("PDC", letter[0]) == NULL)
			return stw_fail(err, STW_INVALID, "checkpoint: P, D or C");
		*checkpoint = letter[0] == 'P'   ? GATE_PLAN
			      : letter[0] == 'D' ? GATE_DISPATCH
						 : GATE_DIAL;
	}
	if (keep != NULL) {
		*ttl = json_integer_value(keep);
		if (!json_is_integer(keep) || *ttl <= 0)
			return stw_fail(
			    err, STW_INVALID, "ttl: microseconds, above zero");
	}
	facts_default(arena, facts);
	return facts_from_json(json_object_get(doc, "facts"), arena, facts, err);
}

enum stw_code
facts_document_read(struct str text, struct arena *arena, struct gate_facts *facts,
    enum gate_checkpoint *checkpoint, stw_usec *now, stw_usec *ttl, struct stw_err *err)
{
	json_error_t bad;
	json_t *doc;
	enum stw_code rc;

	if (text.len > FACTS_MAX_DOCUMENT)
		return stw_fail(err, STW_INVALID, "document: larger than %u bytes",
		    FACTS_MAX_DOCUMENT);
	doc = json_loadb(text.ptr, text.len, JSON_REJECT_DUPLICATES, &bad);
	if (doc == NULL)
		return stw_fail_at(
		    err, STW_INVALID, bad.line, bad.column, "document: %s", bad.text);
	rc = document_read(doc, arena, facts, checkpoint, now, ttl, err);
	json_decref(doc);
	return rc;
}

/* ---- writing ------------------------------------------------------------------------------------ */
void
json_put_text(const char *s, struct buf *to)
{
	if (s == NULL) {
		buf_add_c(to, "null");
		return;
	}
	buf_add_char(to, '"');
	while (*s != '\0') {
		const char *from = s;

		while ((unsigned char)*s >= 0x20 && *s != '"' && *s != '\\')
			s++;
		buf_add(to, from, (size_t)(s - from));
		if (*s == '\0')
			break;
		if (*s == '"' || *s == '\\')
			buf_printf(to, "\\%c", *s);
		else if (*s == '\n')
			buf_add_c(to, "\\n");
		else if (*s == '\t')
			buf_add_c(to, "\\t");
		else
			buf_printf(to, "\\u%04X", (unsigned char)*s);
		s++;
	}
	buf_add_char(to, '"');
}

void
json_put_instant(stw_usec at, stw_usec open, struct buf *to)
{
	char text[STW_USEC_TEXT];

	if (at == open)
		buf_add_c(to, "null");
	else if (at == STW_USEC_MAX)
		buf_add_c(to, "\"never\"");
	else if (at == STW_USEC_NEVER)
		buf_add_c(to, "\"always\"");
	else
		json_put_text(stw_usec_format(at, text), to);
}

static void
put_int(int64_t i, struct buf *to)
{
	buf_printf(to, "%lld", (long long)i);
}

static void
field_write(const struct field *f, const char *base, struct buf *to)
{
	const void *at = base + f->at;
	char text[STW_DAY_TEXT];

	switch (f->type) {
	case F_BOOL:
		buf_add_c(to, *(const bool *)at ? "true" : "false");
		break;
	case F_INT:
		put_int(*(const int *)at, to);
		break;
	case F_I64:
		put_int(*(const int64_t *)at, to);
		break;
	case F_TEXT:
	case F_TEXT_OPT:
		json_put_text(*(const char *const *)at, to);
		break;
	case F_UNTIL:
	case F_SINCE:
	case F_PRIOR:
		json_put_instant(*(const stw_usec *)at, instant_open(f->type), to);
		break;
	case F_DAY: {
		const struct gate_optional_day *day = at;

		json_put_text(day->known ? stw_day_format(day->day, text) : NULL, to);
		break;
	}
	case F_OPT_INT: {
		const struct gate_optional_int *i = at;

		if (i->known)
			put_int(i->value, to);
		else
			buf_add_c(to, "null");
		break;
	}
	case F_STRINGS: {
		const char *const *items = *(const char *const *const *)at;
		int count = *(const int *)(const void *)(base + f->count_at);

		buf_add_char(to, '[');
		for (int i = 0; i < count; i++) {
			if (i > 0)
				buf_add_char(to, ',');
			json_put_text(items[i], to);
		}
		buf_add_char(to, ']');
		break;
	}
	case F_ZONES: {
		const struct zone *const *items =
		    *(const struct zone *const *const *)at;
		int count = *(const int *)(const void *)(base + f->count_at);

		buf_add_char(to, '[');
		for (int i = 0; i < count; i++) {
			if (i > 0)
				buf_add_char(to, ',');
			json_put_text(zone_name(items[i]), to);
		}
		buf_add_char(to, ']');
		break;
	}
	case F_HASH:
		buf_add_char(to, '"');
		buf_add_hex(to, at, 32);
		buf_add_char(to, '"');
		break;
	case F_WORD:
		json_put_text(f->words[*(const int *)at], to);
		break;
	}
}

static void
object_write(
    const struct field *fields, size_t nfields, const void *base, struct buf *to)
{
	buf_add_char(to, '{');
	for (size_t i = 0; i < nfields; i++) {
		if (i > 0)
			buf_add_char(to, ',');
		buf_add_char(to, '"');
		buf_add_c(to, fields[i].name);
		buf_add_c(to, "\":");
		field_write(&fields[i], base, to);
	}
	buf_add_char(to, '}');
}

#define OBJECT_WRITE(key, fields, base, to)                            \
	do {                                                           \
		buf_add_c(to, key);                                    \
		object_write(fields, STW_ARRAY_LEN(fields), base, to); \
	} while (0)

#define LIST_WRITE(key, fields, items, count, to)                                      \
	do {                                                                           \
		buf_add_c(to, key "[");                                                \
		for (int i_ = 0; i_ < (count); i_++) {                                 \
			if (i_ > 0)                                                    \
				buf_add_char(to, ',');                                 \
			object_write(fields, STW_ARRAY_LEN(fields), &(items)[i_], to); \
		}                                                                      \
		buf_add_char(to, ']');                                                 \
	} while (0)

void
facts_to_json(const struct gate_facts *f, struct buf *to)
{
	buf_add_char(to, '{');
	if (f->agent.present)
		OBJECT_WRITE("\"agent\":", agent_fields, &f->agent, to);
	else
		buf_add_c(to, "\"agent\":null");
	buf_add_c(to, ",\"caller_org\":");
	json_put_text(f->caller_org, to);
	OBJECT_WRITE(",\"campaign\":", campaign_fields, f, to);
	buf_add_c(to, ",\"channel\":");
	json_put_text(f->channel, to);
	LIST_WRITE(",\"consents\":", consent_fields, f->consents, f->nconsents, to);
	LIST_WRITE(",\"counts\":", count_fields, f->counts, f->ncounts, to);
	buf_add_c(to, ",\"handler\":");
	json_put_text(handler_words[f->handler], to);
	if (f->number.present)
		OBJECT_WRITE(",\"number\":", number_fields, &f->number, to);
	else
		buf_add_c(to, ",\"number\":null");
	LIST_WRITE(
	    ",\"objections\":", objection_fields, f->objections, f->nobjections, to);
	OBJECT_WRITE(",\"party\":", party_fields, &f->party, to);
	OBJECT_WRITE(",\"point\":", point_fields, &f->point, to);
	if (f->prior_valid_until != 0 || f->prior_ruleset_hash != NULL)
		OBJECT_WRITE(",\"prior\":", prior_fields, f, to);
	else
		buf_add_c(to, ",\"prior\":null");
	if (f->product.code != NULL)
		OBJECT_WRITE(",\"product\":", product_fields, &f->product, to);
	else
		buf_add_c(to, ",\"product\":null");
	buf_add_c(
	    to, f->promotional ? ",\"promotional\":true" : ",\"promotional\":false");
	buf_add_c(to, ",\"purpose\":");
	json_put_text(f->purpose, to);
	OBJECT_WRITE(",\"script\":", script_fields, &f->script, to);
	buf_add_char(to, '}');
}
