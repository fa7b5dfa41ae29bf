#include "campaigns/compliance/facts_json.h"

#include <stddef.h>
#include <string.h>

#include <jansson.h>
#include <sodium.h>

#include "campaigns/compliance/facts_priv.h"
#include "engine/json_place.h"

/* ---- reading ------------------------------------------------------------------------- */
#define MAX_STEPS 8

struct reader {
	struct arena *arena;
	struct stw_err *err;
	struct str text; /* the whole document, to say where */
	bool fixture;
	struct json_step steps[MAX_STEPS];
	size_t nsteps;
};

static void
step_in(struct reader *r, const char *key, size_t index)
{
	STW_ASSERT(r->nsteps < MAX_STEPS);
	r->steps[r->nsteps++] = (struct json_step){key, index};
}

/* "facts.consents[2].form: has to be a text", with the place. */
static enum stw_code
read_fail(struct reader *r, const char *what)
{
	struct buf path;
	int line, column;
	enum stw_code rc;

	buf_init(&path);
	for (size_t i = 0; i < r->nsteps; i++) {
		if (r->steps[i].key == NULL)
			buf_printf(&path, "[%zu]", r->steps[i].index);
		else
			buf_printf(&path, "%s%.60s", i > 0 ? "." : "", r->steps[i].key);
	}
	json_place(r->text, r->steps, (int)r->nsteps, &line, &column);
	rc = stw_fail_at(r->err, STW_INVALID, line, column, "%s: %s", path.data, what);
	buf_fini(&path);
	return rc;
}

static bool
instant_read(json_t *v, enum facts_type type, stw_usec *out)
{
	static const stw_usec open[] = {[F_UNTIL] = STW_USEC_MAX,
	    [F_SINCE] = STW_USEC_NEVER,
	    [F_LAST] = STW_USEC_NEVER,
	    [F_PRIOR] = 0};
	const char *s = json_string_value(v);

	if (json_is_null(v)) {
		*out = open[type];
		return true;
	}
	if (s == NULL)
		return false;
	if (strcmp(s, type == F_LAST ? "unknown" : "never") == 0)
		*out = STW_USEC_MAX;
	else if (type != F_LAST && strcmp(s, "always") == 0)
		*out = STW_USEC_NEVER;
	else
		return stw_usec_parse(str_of(s), out) == STW_OK;
	return true;
}

static int
word_index(const char *const *words, const char *s)
{
	for (int i = 0; s != NULL && words[i] != NULL; i++) {
		if (strcmp(words[i], s) == 0)
			return i;
	}
	return -1;
}

/* Pointer and count of a list, wherever the table says they are. */
static void
list_store(const struct facts_field *f, char *base, const void *items, size_t n)
{
	int count = (int)n;

	memcpy(base + f->at, &items, sizeof items);
	memcpy(base + f->count_at, &count, sizeof count);
}

static enum stw_code
strings_read(struct reader *r, const struct facts_field *f, json_t *v, char *base)
{
	size_t n = json_array_size(v);
	const char **items = arena_array(r->arena, n, sizeof *items);

	if (!json_is_array(v))
		return read_fail(r, "has to be a list of texts");
	for (size_t i = 0; i < n; i++) {
		const char *s = json_string_value(json_array_get(v, i));

		step_in(r, NULL, i);
		if (s == NULL)
			return read_fail(r, "has to be a text");
		r->nsteps--;
		items[i] = arena_strdup(r->arena, s);
	}
	list_store(f, base, items, n);
	return STW_OK;
}

static enum stw_code
ints_read(struct reader *r, const struct facts_field *f, json_t *v, char *base)
{
	size_t n = json_array_size(v);
	int64_t *items = arena_array(r->arena, n, sizeof *items);

	if (!json_is_array(v))
		return read_fail(r, "has to be a list of whole numbers");
	for (size_t i = 0; i < n; i++) {
		json_t *one = json_array_get(v, i);

		step_in(r, NULL, i);
		if (!json_is_integer(one))
			return read_fail(r, "has to be a whole number");
		r->nsteps--;
		items[i] = json_integer_value(one);
	}
	list_store(f, base, items, n);
	return STW_OK;
}

static enum stw_code
zones_read(struct reader *r, const struct facts_field *f, json_t *v, char *base)
{
	size_t n = json_array_size(v);
	const struct zone **items = arena_array(r->arena, n, sizeof *items);

	if (!json_is_array(v))
		return read_fail(r, "has to be a list of time zones");
	for (size_t i = 0; i < n; i++) {
		const char *s = json_string_value(json_array_get(v, i));

		step_in(r, NULL, i);
		if (s == NULL || zone_find(s, &items[i], NULL) != STW_OK)
			return read_fail(r, "has to be a time zone of the tz database");
		r->nsteps--;
	}
	list_store(f, base, items, n);
	return STW_OK;
}

static enum stw_code
sources_read(struct reader *r, const struct facts_field *f, json_t *v, char *base)
{
	size_t n = json_array_size(v);
	enum gate_zone_source *items = arena_array(r->arena, n, sizeof *items);

	if (!json_is_array(v))
		return read_fail(r, "has to be a list of words");
	for (size_t i = 0; i < n; i++) {
		int word =
		    word_index(f->words, json_string_value(json_array_get(v, i)));

		step_in(r, NULL, i);
		if (word < 0)
			return read_fail(
			    r, "has to be number_plan, address, declared or verified");
		r->nsteps--;
		items[i] = (enum gate_zone_source)word;
	}
	list_store(f, base, items, n);
	return STW_OK;
}

static enum stw_code
weekdays_read(struct reader *r, const struct facts_field *f, json_t *v, char *base)
{
	unsigned bits = 0;

	if (!json_is_array(v))
		return read_fail(r, "has to be a list of weekdays");
	for (size_t i = 0; i < json_array_size(v); i++) {
		int word =
		    word_index(f->words, json_string_value(json_array_get(v, i)));

		step_in(r, NULL, i);
		if (word < 0)
			return read_fail(
			    r, "has to be mon, tue, wed, thu, fri, sat or sun");
		r->nsteps--;
		bits |= 1u << word;
	}
	memcpy(base + f->at, &bits, sizeof bits);
	return STW_OK;
}

static enum stw_code object_read(
    struct reader *r, const struct facts_record *rec, json_t *obj, char *base);

static enum stw_code
list_read(struct reader *r, const struct facts_field *f, json_t *v, char *base)
{
	const struct facts_record *rec = f->record;
	size_t n = json_array_size(v);
	char *items = arena_array(r->arena, n, rec->size);

	if (!json_is_array(v))
		return read_fail(r, "has to be a list");
	for (size_t i = 0; i < n; i++) {
		enum stw_code rc;

		memcpy(items + i * rec->size, r->fixture ? rec->fixture : rec->closed,
		    rec->size);
		step_in(r, NULL, i);
		rc = object_read(r, rec, json_array_get(v, i), items + i * rec->size);
		if (rc != STW_OK)
			return rc;
		r->nsteps--;
	}
	list_store(f, base, items, n);
	return STW_OK;
}

static enum stw_code
word_read(struct reader *r, const struct facts_field *f, json_t *v, char *base)
{
	int word = word_index(f->words, json_string_value(v));
	const char *all = f->words[0];

	if (word < 0) {
		for (int i = 1; f->words[i] != NULL; i++)
			all = arena_printf(r->arena, "%s, %s", all, f->words[i]);
		return read_fail(r, arena_printf(r->arena, "has to be one of %s", all));
	}
	memcpy(base + f->at, &word, sizeof word);
	return STW_OK;
}

static enum stw_code
number_read(struct reader *r, const struct facts_field *f, json_t *v, char *base)
{
	int64_t value = json_integer_value(v);
	struct gate_optional_int opt = {json_is_integer(v), value};
	int small = (int)value;

	if (f->type == F_OPT_INT ? !opt.known && !json_is_null(v) : !opt.known)
		return read_fail(r, f->type == F_OPT_INT
					? "has to be a whole number or null"
					: "has to be a whole number");
	if (f->type == F_INT && small != value)
		return read_fail(r, "is too large");
	if (f->type == F_INT)
		memcpy(base + f->at, &small, sizeof small);
	else if (f->type == F_I64)
		memcpy(base + f->at, &value, sizeof value);
	else
		memcpy(base + f->at, &opt, sizeof opt);
	return STW_OK;
}

static enum stw_code
text_read(struct reader *r, const struct facts_field *f, json_t *v, char *base)
{
	const char *s = json_string_value(v);

	if (s == NULL && !(f->type == F_TEXT_OPT && json_is_null(v)))
		return read_fail(r, f->type == F_TEXT_OPT ? "has to be a text or null"
							  : "has to be a text");
	s = s != NULL ? arena_strdup(r->arena, s) : NULL;
	memcpy(base + f->at, &s, sizeof s);
	return STW_OK;
}

static enum stw_code
day_read(struct reader *r, const struct facts_field *f, json_t *v, char *base)
{
	const char *s = json_string_value(v);
	struct gate_optional_day day = {s != NULL, 0};

	if (day.known ? stw_day_parse(str_of(s), &day.day) != STW_OK : !json_is_null(v))
		return read_fail(r, "has to be a date like 2026-11-23 or null");
	memcpy(base + f->at, &day, sizeof day);
	return STW_OK;
}

static enum stw_code
hash_read(struct reader *r, const struct facts_field *f, json_t *v, char *base)
{
	const char *s = json_string_value(v);
	size_t len = 0;

	if (s == NULL || strlen(s) != 64 ||
	    sodium_hex2bin(
		(unsigned char *)base + f->at, 32, s, 64, NULL, &len, NULL) != 0)
		return read_fail(r, "has to be 64 hexadecimal digits");
	return STW_OK;
}

static enum stw_code
optional_read(struct reader *r, const struct facts_field *f, json_t *v, char *base)
{
	if (json_is_null(v)) {
		f->record->make_absent(base);
		return STW_OK;
	}
	if (f->record->make_present != NULL)
		f->record->make_present(base);
	return object_read(r, f->record, v, base + f->at);
}

static enum stw_code
value_read(struct reader *r, const struct facts_field *f, json_t *v, char *base)
{
	switch (f->type) {
	case F_BOOL: {
		bool b = json_is_true(v);

		if (!json_is_boolean(v))
			return read_fail(r, "has to be true or false");
		memcpy(base + f->at, &b, sizeof b);
		return STW_OK;
	}
	case F_INT:
	case F_I64:
	case F_OPT_INT:
		return number_read(r, f, v, base);
	case F_TEXT:
	case F_TEXT_OPT:
		return text_read(r, f, v, base);
	case F_UNTIL:
	case F_SINCE:
	case F_LAST:
	case F_PRIOR: {
		stw_usec at = 0;

		if (!instant_read(v, f->type, &at))
			return read_fail(r,
			    "has to be an instant like 2026-11-23T10:00:00+08:00 or null");
		memcpy(base + f->at, &at, sizeof at);
		return STW_OK;
	}
	case F_DAY:
		return day_read(r, f, v, base);
	case F_STRINGS:
		return strings_read(r, f, v, base);
	case F_INTS:
		return ints_read(r, f, v, base);
	case F_ZONES:
		return zones_read(r, f, v, base);
	case F_SOURCES:
		return sources_read(r, f, v, base);
	case F_WEEKDAYS:
		return weekdays_read(r, f, v, base);
	case F_HASH:
		return hash_read(r, f, v, base);
	case F_WORD:
		return word_read(r, f, v, base);
	case F_OBJECT:
		return object_read(r, f->record, v, base + f->at);
	case F_OPTIONAL:
		return optional_read(r, f, v, base);
	case F_LIST:
		return list_read(r, f, v, base);
	}
	return STW_BUG;
}

/* Where nothing stands in for what is left out, it has to be there: an object of which
 * nothing is said is read as an empty one. */
static enum stw_code
missing_read(struct reader *r, const struct facts_record *rec, json_t *obj, char *base)
{
	for (size_t i = 0; i < rec->nfields; i++) {
		const struct facts_field *f = &rec->fields[i];
		enum stw_code rc = STW_OK;
		json_t *empty;

		if (json_object_get(obj, f->name) != NULL)
			continue;
		if (f->required)
			return read_fail(
			    r, arena_printf(r->arena, "%s is missing", f->name));
		if (f->type != F_OBJECT)
			continue;
		empty = json_object();
		step_in(r, f->name, 0);
		rc = object_read(r, f->record, empty, base + f->at);
		json_decref(empty);
		if (rc != STW_OK)
			return rc;
		r->nsteps--;
	}
	return STW_OK;
}

static enum stw_code
object_read(struct reader *r, const struct facts_record *rec, json_t *obj, char *base)
{
	const char *key;
	json_t *v;

	if (!json_is_object(obj))
		return read_fail(r, "has to be an object");
	json_object_foreach(obj, key, v)
	{
		size_t i = 0;
		enum stw_code rc;

		while (i < rec->nfields && strcmp(rec->fields[i].name, key) != 0)
			i++;
		step_in(r, key, 0);
		if (i == rec->nfields)
			return read_fail(
			    r, arena_printf(r->arena, "unknown key %.60s", key));
		rc = value_read(r, &rec->fields[i], v, base);
		if (rc != STW_OK)
			return rc;
		r->nsteps--;
	}
	return r->fixture ? STW_OK : missing_read(r, rec, obj, base);
}

/* What no table can say. */
static enum stw_code
facts_fit(struct reader *r, const struct gate_facts *f)
{
	if (f->party.nzone_sources != 0 && f->party.nzone_sources != f->party.nzones)
		return read_fail(r, "party.zone_sources: one for each of party.zones");
	for (int i = 0; i < f->party.npreferences; i++) {
		const struct gate_preference *p = &f->party.preferences[i];

		if (p->start < 0 || p->start >= p->end || p->end > 24 * 60)
			return read_fail(r,
			    "party.preferences: start and end are minutes "
			    "of the day, the start before the end");
	}
	return STW_OK;
}

static enum stw_code
facts_read(json_t *doc, enum facts_base base, struct reader *r, struct gate_facts *out)
{
	json_t *obj = json_object_get(doc, "facts");
	json_t *empty = NULL;
	enum stw_code rc;

	r->fixture = base == FACTS_FIXTURE;
	if (r->fixture)
		facts_fixture(r->arena, out);
	else
		facts_closed(out);
	if (obj == NULL)
		obj = empty = json_object();
	step_in(r, "facts", 0);
	rc = object_read(r, &facts_record, obj, (char *)out);
	json_decref(empty);
	if (rc == STW_OK) {
		/* overlaid one by one: the default sources are for the default zones */
		if (r->fixture &&
		    json_object_get(json_object_get(obj, "party"), "zones") != NULL &&
		    json_object_get(json_object_get(obj, "party"), "zone_sources") ==
			NULL)
			out->party.nzone_sources = 0;
		rc = facts_fit(r, out);
	}
	return rc;
}

static enum stw_code
member_fail(struct reader *r, const char *key, const char *what)
{
	r->nsteps = 0;
	step_in(r, key, 0);
	return read_fail(r, what);
}

static enum stw_code
base_read(struct reader *r, json_t *doc, enum facts_base *base)
{
	json_t *v = json_object_get(doc, "base");
	const char *s = json_string_value(v);

	if (v == NULL)
		return STW_OK;
	if (s != NULL && strcmp(s, "closed") == 0)
		*base = FACTS_CLOSED;
	else if (s != NULL && strcmp(s, "fixture") == 0)
		*base = FACTS_FIXTURE;
	else
		return member_fail(r, "base", "closed or fixture");
	return STW_OK;
}

static enum stw_code
document_read(struct reader *r, json_t *doc, enum facts_base base,
    struct gate_facts *facts, enum gate_checkpoint *checkpoint, stw_usec *now,
    stw_usec *ttl)
{
	const char *clock = json_object_get(doc, "at") != NULL ? "at" : "now";
	json_t *at = json_object_get(doc, clock);
	json_t *gate = json_object_get(doc, "checkpoint");
	json_t *keep = json_object_get(doc, "ttl");
	const char *letter = json_string_value(gate);
	enum stw_code rc = base_read(r, doc, &base);

	if (rc != STW_OK)
		return rc;
	*checkpoint = GATE_DIAL;
	*now = FACTS_DEFAULT_NOW;
	*ttl = FACTS_DEFAULT_TTL;
	if (at != NULL &&
	    (!json_is_string(at) ||
		stw_usec_parse(str_of(json_string_value(at)), now) != STW_OK))
		return member_fail(
		    r, clock, "an instant, as in 2026-11-23T10:00:00+08:00");
	if (gate != NULL) {
		if (letter == NULL || strlen(letter) != 1 ||
		    strchr("PDC", letter[0]) == NULL)
			return member_fail(r, "checkpoint", "P, D or C");
		*checkpoint = letter[0] == 'P'   ? GATE_PLAN
			      : letter[0] == 'D' ? GATE_DISPATCH
						 : GATE_DIAL;
	}
	if (keep != NULL) {
		*ttl = json_integer_value(keep);
		if (!json_is_integer(keep) || *ttl <= 0)
			return member_fail(r, "ttl", "microseconds, above zero");
	}
	return facts_read(doc, base, r, facts);
}

enum stw_code
facts_document_read(struct str text, enum facts_base base, struct arena *arena,
    struct gate_facts *facts, enum gate_checkpoint *checkpoint, stw_usec *now,
    stw_usec *ttl, struct stw_err *err)
{
	struct reader r = {.arena = arena, .err = err, .text = text};
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
	if (json_is_object(doc))
		rc = document_read(&r, doc, base, facts, checkpoint, now, ttl);
	else
		rc = stw_fail_at(
		    err, STW_INVALID, 1, 1, "document: has to be an object");
	json_decref(doc);
	return rc;
}

/* ---- writing ------------------------------------------------------------------------------ */
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
put_instant(enum facts_type type, stw_usec at, struct buf *to)
{
	if (type == F_LAST && at == GATE_WHEN_UNKNOWN)
		buf_add_c(to, "\"unknown\"");
	else
		json_put_instant(at,
		    type == F_UNTIL   ? STW_USEC_MAX
		    : type == F_PRIOR ? 0
				      : STW_USEC_NEVER,
		    to);
}

static int
list_count(const struct facts_field *f, const char *base)
{
	int count;

	memcpy(&count, base + f->count_at, sizeof count);
	return count;
}

static const void *
list_items(const struct facts_field *f, const char *base)
{
	const void *items;

	memcpy(&items, base + f->at, sizeof items);
	return items;
}

static void
item_write(const struct facts_field *f, const void *items, int i, struct buf *to)
{
	if (f->type == F_STRINGS)
		json_put_text(((const char *const *)items)[i], to);
	else if (f->type == F_INTS)
		put_int(((const int64_t *)items)[i], to);
	else if (f->type == F_ZONES)
		json_put_text(zone_name(((const struct zone *const *)items)[i]), to);
	else
		json_put_text(f->words[((const enum gate_zone_source *)items)[i]], to);
}

static void object_write(
    const struct facts_record *rec, const char *base, struct buf *to);

static void
list_write(const struct facts_field *f, const char *base, struct buf *to)
{
	const char *items = list_items(f, base);
	int count = list_count(f, base);

	buf_add_char(to, '[');
	for (int i = 0; i < count; i++) {
		if (i > 0)
			buf_add_char(to, ',');
		if (f->type == F_LIST)
			object_write(
			    f->record, items + (size_t)i * f->record->size, to);
		else
			item_write(f, items, i, to);
	}
	buf_add_char(to, ']');
}

static void
weekdays_write(const struct facts_field *f, unsigned bits, struct buf *to)
{
	const char *comma = "";

	buf_add_char(to, '[');
	for (int i = 0; f->words[i] != NULL; i++) {
		if ((bits & 1u << i) == 0)
			continue;
		buf_add_c(to, comma);
		json_put_text(f->words[i], to);
		comma = ",";
	}
	buf_add_char(to, ']');
}

static void
field_write(const struct facts_field *f, const char *base, struct buf *to)
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
	case F_LAST:
	case F_PRIOR:
		put_instant(f->type, *(const stw_usec *)at, to);
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
	case F_STRINGS:
	case F_INTS:
	case F_ZONES:
	case F_SOURCES:
	case F_LIST:
		list_write(f, base, to);
		break;
	case F_WEEKDAYS:
		weekdays_write(f, *(const unsigned *)at, to);
		break;
	case F_HASH:
		buf_add_char(to, '"');
		buf_add_hex(to, at, 32);
		buf_add_char(to, '"');
		break;
	case F_WORD:
		json_put_text(f->words[*(const int *)at], to);
		break;
	case F_OBJECT:
		object_write(f->record, at, to);
		break;
	case F_OPTIONAL:
		if (f->record->is_present(base))
			object_write(f->record, at, to);
		else
			buf_add_c(to, "null");
		break;
	}
}

static void
object_write(const struct facts_record *rec, const char *base, struct buf *to)
{
	buf_add_char(to, '{');
	for (size_t i = 0; i < rec->nfields; i++) {
		if (i > 0)
			buf_add_char(to, ',');
		buf_add_char(to, '"');
		buf_add_c(to, rec->fields[i].name);
		buf_add_c(to, "\":");
		field_write(&rec->fields[i], base, to);
	}
	buf_add_char(to, '}');
}

void
facts_to_json(const struct gate_facts *f, struct buf *to)
{
	object_write(&facts_record, (const char *)f, to);
}
