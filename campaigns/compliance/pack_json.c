/*
 * pack_json.c - pack.json into struct pack. Whatever is not known is refused, so that a
 * misspelt parameter can never switch a rule off. An error names the rule, and the line
 * and column of the member it is about.
 */
#include <string.h>

#include <jansson.h>

#include "campaigns/compliance/gate_priv.h"
#include "engine/json_place.h"

#define PATH_MAX_STEPS 6

struct pack_reader {
	struct arena *arena;
	struct stw_err *err;
	struct pack *pack;
	const struct pack_files *files; /* NULL: pack.json alone */
	struct str text;
	/* Where the reader is, and the member of it that is being read. */
	struct json_step path[PATH_MAX_STEPS + 1];
	int depth;
	const char *member;
	char where[120]; /* "pack cn 1.0.0: pack.json: rule CN-18" */
};

static void
enter(struct pack_reader *r, const char *key, size_t index)
{
	STW_ASSERT(r->depth < PATH_MAX_STEPS);
	r->path[r->depth++] = (struct json_step){key, index};
	r->member = NULL;
}

static void
leave(struct pack_reader *r, int steps)
{
	r->depth -= steps;
	r->member = NULL;
}

#define READ_FAIL(r, ...) pack_fail(r, arena_printf((r)->arena, __VA_ARGS__))

static enum stw_code
pack_fail(struct pack_reader *r, const char *what)
{
	int steps = r->depth, line, column;

	if (r->member != NULL)
		r->path[steps++] = (struct json_step){r->member, 0};
	json_place(r->text, r->path, steps, &line, &column);
	return stw_fail_at(r->err, STW_INVALID, line, column, "%s: %s", r->where, what);
}

/* ---- plain values ------------------------------------------------------------------- */
static enum stw_code
keys_known(
    struct pack_reader *r, json_t *obj, const char *what, const char *const *known)
{
	const char *key;
	json_t *value;

	if (!json_is_object(obj))
		return READ_FAIL(r, "%s has to be an object", what);
	json_object_foreach(obj, key, value)
	{
		const char *const *k = known;

		while (*k != NULL && strcmp(*k, key) != 0)
			k++;
		r->member = key;
		if (*k == NULL)
			return READ_FAIL(r, "%s: unknown key %s", what, key);
	}
	r->member = NULL;
	return STW_OK;
}

static enum stw_code
text_read(struct pack_reader *r, json_t *obj, const char *key, const char **out)
{
	const char *s = json_string_value(json_object_get(obj, key));

	r->member = key;
	if (s == NULL || s[0] == '\0')
		return READ_FAIL(r, "%s has to be a text", key);
	*out = arena_strdup(r->arena, s);
	return STW_OK;
}

static enum stw_code
strings_read(
    struct pack_reader *r, const char *key, json_t *v, struct gate_strings *out)
{
	size_t n = json_array_size(v);
	const char **items = arena_array(r->arena, n, sizeof *items);

	if (n == 0)
		return READ_FAIL(r, "%s has to be a list of at least one text", key);
	for (size_t i = 0; i < n; i++) {
		const char *s = json_string_value(json_array_get(v, i));

		if (s == NULL)
			return READ_FAIL(r, "%s has to be a list of texts", key);
		items[i] = arena_strdup(r->arena, s);
	}
	out->items = items;
	out->count = (int)n;
	return STW_OK;
}

static enum stw_code
ints_read(
    struct pack_reader *r, const struct gate_param *p, json_t *v, struct gate_ints *out)
{
	size_t n = json_array_size(v);
	int64_t *items = arena_array(r->arena, n, sizeof *items);

	if (n == 0)
		return READ_FAIL(
		    r, "%s has to be a list of at least one number", p->name);
	for (size_t i = 0; i < n; i++) {
		json_t *one = json_array_get(v, i);

		items[i] = json_integer_value(one);
		if (!json_is_integer(one) || items[i] < p->min || items[i] > p->max)
			return READ_FAIL(r, "%s: each from %lld to %lld", p->name,
			    (long long)p->min, (long long)p->max);
	}
	out->items = items;
	out->count = (int)n;
	return STW_OK;
}

/* "09:00" .. "24:00" */
static bool
clock_read(const char *s, stw_usec *out)
{
	int hour, minute;

	if (s == NULL || strlen(s) != 5 || s[2] != ':')
		return false;
	for (int i = 0; i < 5; i++) {
		if (i != 2 && (s[i] < '0' || s[i] > '9'))
			return false;
	}
	hour = (s[0] - '0') * 10 + (s[1] - '0');
	minute = (s[3] - '0') * 10 + (s[4] - '0');
	*out = hour * STW_USEC_HOUR + minute * STW_USEC_MIN;
	return minute < 60 && *out <= STW_USEC_DAY;
}

static const char *const weekday_words[] = {
    "mon", "tue", "wed", "thu", "fri", "sat", "sun", NULL};
/* As enum calendar_class; the first is not for rules to name. */
static const char *const class_words[] = {"", "workday", "weekend", "holiday", NULL};

/* A list of words, or one word, as bits; what is not there leaves *out alone. */
static enum stw_code
bits_read(struct pack_reader *r, const char *what, const char *const *words, json_t *v,
    unsigned *out)
{
	size_t n = json_is_array(v) ? json_array_size(v) : 1;
	unsigned bits = 0;

	if (v == NULL)
		return STW_OK;
	for (size_t i = 0; i < n; i++) {
		const char *s =
		    json_string_value(json_is_array(v) ? json_array_get(v, i) : v);
		int word = 0;

		while (words[word] != NULL &&
		       (s == NULL || s[0] == '\0' || strcmp(words[word], s) != 0))
			word++;
		if (words[word] == NULL)
			return READ_FAIL(r, "%s: %s is none of its words", what,
			    s != NULL ? s : "this");
		bits |= 1u << word;
	}
	*out = bits;
	return bits != 0 ? STW_OK : READ_FAIL(r, "%s: none is named", what);
}

static enum stw_code
window_read(struct pack_reader *r, json_t *v, struct gate_window *out)
{
	static const char *const keys[] = {"start", "end", "weekdays", "days", NULL};
	json_t *weekdays = json_object_get(v, "weekdays");
	enum stw_code rc = keys_known(r, v, "window", keys);

	if (rc != STW_OK)
		return rc;
	if (!clock_read(json_string_value(json_object_get(v, "start")), &out->start) ||
	    !clock_read(json_string_value(json_object_get(v, "end")), &out->end))
		return READ_FAIL(r, "window: start and end are written like 09:00");
	if (out->start >= out->end)
		return READ_FAIL(r, "window: empty, it ends before it starts");
	out->weekdays = 0x7f;
	rc = bits_read(r, "window: weekdays", weekday_words, weekdays, &out->weekdays);
	if (rc == STW_OK)
		rc = bits_read(r, "window: days", class_words,
		    json_object_get(v, "days"), &out->classes);
	return rc;
}

static enum stw_code
windows_read(struct pack_reader *r, json_t *v, struct gate_windows *out)
{
	size_t n = json_array_size(v);
	struct gate_window *items = arena_array(r->arena, n, sizeof *items);
	enum stw_code rc;

	if (n == 0)
		return READ_FAIL(r, "windows has to be a list of at least one window");
	for (size_t i = 0; i < n; i++) {
		rc = window_read(r, json_array_get(v, i), &items[i]);
		if (rc != STW_OK)
			return rc;
	}
	out->items = items;
	out->count = (int)n;
	return STW_OK;
}

static enum stw_code
zone_read(struct pack_reader *r, json_t *v, const struct zone **out)
{
	const char *name = json_string_value(v);

	if (name == NULL)
		return READ_FAIL(r, "a zone is written like Asia/Shanghai");
	if (zone_find(name, out, r->err) != STW_OK)
		return stw_err_prefix(r->err, STW_INVALID, "%s", r->where);
	return STW_OK;
}

static enum stw_code
zones_read(struct pack_reader *r, json_t *v, struct gate_zones *out)
{
	size_t n = json_array_size(v);
	const struct zone **items = arena_array(r->arena, n, sizeof *items);
	enum stw_code rc;

	if (n == 0)
		return READ_FAIL(r, "zones has to be a list of at least one zone");
	for (size_t i = 0; i < n; i++) {
		rc = zone_read(r, json_array_get(v, i), &items[i]);
		if (rc != STW_OK)
			return rc;
	}
	out->items = items;
	out->count = (int)n;
	return STW_OK;
}

/* ---- calendars and lists of terms ---------------------------------------------------- */
static enum stw_code
calendar_pick(struct pack_reader *r, json_t *v, const struct pack_calendar **out)
{
	const char *name = json_string_value(v);

	for (int i = 0; name != NULL && i < r->pack->ncalendars; i++) {
		if (strcmp(r->pack->calendars[i].name, name) == 0) {
			*out = &r->pack->calendars[i];
			return STW_OK;
		}
	}
	return READ_FAIL(r, "the pack has no calendar %s", name != NULL ? name : "");
}

static enum stw_code
terms_pick(struct pack_reader *r, json_t *v, const struct terms **out)
{
	const char *name = json_string_value(v);

	for (int i = 0; name != NULL && i < r->pack->nterms; i++) {
		if (strcmp(r->pack->terms[i].name, name) == 0) {
			*out = r->pack->terms[i].terms;
			return STW_OK;
		}
	}
	return READ_FAIL(
	    r, "the pack has no list of terms %s", name != NULL ? name : "");
}

static enum stw_code
day_read(struct pack_reader *r, json_t *obj, const char *key, stw_day *out)
{
	const char *s = json_string_value(json_object_get(obj, key));

	r->member = key;
	return s != NULL && stw_day_parse(str_of(s), out) == STW_OK
		   ? STW_OK
		   : READ_FAIL(r, "%s is a date like 2026-10-01", key);
}

/* The file that a calendar or a list of terms names. */
static enum stw_code
file_read(struct pack_reader *r, json_t *obj, const char *dir, struct str *out)
{
	const struct pack_file *file;
	const char *name;
	enum stw_code rc = text_read(r, obj, "file", &name);

	if (rc != STW_OK)
		return rc;
	file = r->files != NULL ? pack_files_find(r->files, name) : NULL;
	if (file == NULL || strncmp(name, dir, strlen(dir)) != 0)
		return READ_FAIL(r, "the pack has no file %s in %s", name, dir);
	*out = file->data;
	return STW_OK;
}

static enum stw_code
calendar_load(struct pack_reader *r, json_t *v, struct pack_calendar *out)
{
	static const char *const keys[] = {"name", "file", "from", "to", NULL};
	struct calendar *calendar;
	struct str csv = {NULL, 0};
	enum stw_code rc = keys_known(r, v, "calendar", keys);

	if (rc != STW_OK || (rc = text_read(r, v, "name", &out->name)) != STW_OK ||
	    (rc = day_read(r, v, "from", &out->from)) != STW_OK ||
	    (rc = day_read(r, v, "to", &out->to)) != STW_OK ||
	    (rc = file_read(r, v, "calendars/", &csv)) != STW_OK)
		return rc;
	if (out->from >= out->to)
		return READ_FAIL(r, "calendar %s covers no day", out->name);
	rc = calendar_read(csv, out->from, out->to, r->arena, &calendar, r->err);
	if (rc != STW_OK) /* line and column are those of the calendar's own file */
		return stw_err_prefix(r->err, rc, "pack %.30s %.20s: %s", r->pack->id,
		    r->pack->version, json_string_value(json_object_get(v, "file")));
	out->calendar = calendar;
	return STW_OK;
}

static enum stw_code
terms_load(struct pack_reader *r, json_t *v, struct pack_terms *out)
{
	static const char *const keys[] = {"name", "file", NULL};
	struct terms *terms;
	struct str text = {NULL, 0};
	enum stw_code rc = keys_known(r, v, "terms", keys);

	if (rc != STW_OK || (rc = text_read(r, v, "name", &out->name)) != STW_OK ||
	    (rc = file_read(r, v, "terms/", &text)) != STW_OK)
		return rc;
	rc = terms_read(text, r->arena, &terms, r->err);
	if (rc != STW_OK)
		return stw_err_prefix(r->err, rc, "pack %.30s %.20s: %s", r->pack->id,
		    r->pack->version, json_string_value(json_object_get(v, "file")));
	out->terms = terms;
	return STW_OK;
}

static enum stw_code
attachments_read(struct pack_reader *r, json_t *doc)
{
	json_t *calendars = json_object_get(doc, "calendars");
	json_t *terms = json_object_get(doc, "terms");
	struct pack *pack = r->pack;
	enum stw_code rc;

	pack->calendars =
	    arena_array(r->arena, json_array_size(calendars), sizeof *pack->calendars);
	pack->terms =
	    arena_array(r->arena, json_array_size(terms), sizeof *pack->terms);
	for (size_t i = 0; i < json_array_size(calendars); i++) {
		enter(r, "calendars", 0);
		enter(r, NULL, i);
		rc =
		    calendar_load(r, json_array_get(calendars, i), &pack->calendars[i]);
		if (rc != STW_OK)
			return rc;
		pack->ncalendars++;
		leave(r, 2);
	}
	for (size_t i = 0; i < json_array_size(terms); i++) {
		enter(r, "terms", 0);
		enter(r, NULL, i);
		rc = terms_load(r, json_array_get(terms, i), &pack->terms[i]);
		if (rc != STW_OK)
			return rc;
		pack->nterms++;
		leave(r, 2);
	}
	return STW_OK;
}

/* ---- whom the pack is for -------------------------------------------------------------- */
/* "CN", "US-FL" */
static bool
place_ok(const char *s)
{
	size_t n = strlen(s);

	return n >= 2 && n <= 6 && n != 3 &&
	       strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-") == n &&
	       (n == 2 || s[2] == '-');
}

static enum stw_code
selects_read(struct pack_reader *r, json_t *obj)
{
	static const char *const keys[] = {"party", "number", "home", "product", NULL};
	struct pack_selects *to = &r->pack->selects;
	struct gate_strings *const lists[] = {
	    &to->party, &to->number, &to->home, &to->product};
	enum stw_code rc;

	if (obj == NULL)
		return STW_OK;
	enter(r, "selects", 0);
	rc = keys_known(r, obj, "selects", keys);
	for (int i = 0; rc == STW_OK && keys[i] != NULL; i++) {
		json_t *v = json_object_get(obj, keys[i]);

		if (v == NULL)
			continue;
		to->any = true;
		r->member = keys[i];
		rc = strings_read(r, keys[i], v, lists[i]);
		for (int k = 0; rc == STW_OK && k < lists[i]->count; k++) {
			if (!place_ok(lists[i]->items[k]))
				rc = READ_FAIL(r,
				    "%s: a place is written like US or US-FL", keys[i]);
		}
	}
	if (rc == STW_OK && !to->any)
		rc = READ_FAIL(
		    r, "selects names nobody: leave it out for a pack for all");
	if (rc == STW_OK)
		leave(r, 1);
	return rc;
}

/* {"weekdays", "classes", "dates"}: at least one of them. */
static enum stw_code
days_read(struct pack_reader *r, json_t *v, struct gate_days *out)
{
	static const char *const keys[] = {"weekdays", "classes", "dates", NULL};
	json_t *dates = json_object_get(v, "dates");
	size_t n = json_array_size(dates);
	stw_day *days = arena_array(r->arena, n, sizeof *days);
	enum stw_code rc = keys_known(r, v, "days", keys);

	if (rc == STW_OK)
		rc = bits_read(r, "days: weekdays", weekday_words,
		    json_object_get(v, "weekdays"), &out->weekdays);
	if (rc == STW_OK)
		rc = bits_read(r, "days: classes", class_words,
		    json_object_get(v, "classes"), &out->classes);
	if (rc != STW_OK)
		return rc;
	for (size_t i = 0; i < n; i++) {
		const char *s = json_string_value(json_array_get(dates, i));

		if (s == NULL || stw_day_parse(str_of(s), &days[i]) != STW_OK)
			return READ_FAIL(r, "days: dates are written like 2026-12-25");
	}
	out->dates = days;
	out->ndates = (int)n;
	return out->weekdays != 0 || out->classes != 0 || n > 0
		   ? STW_OK
		   : READ_FAIL(r, "days: none is named");
}

/* ---- parameters --------------------------------------------------------------------- */
static enum stw_code
word_read(struct pack_reader *r, const struct gate_param *p, json_t *v, int *out)
{
	const char *s = json_string_value(v);

	for (int i = 0; s != NULL && p->words[i] != NULL; i++) {
		if (strcmp(p->words[i], s) == 0) {
			*out = i;
			return STW_OK;
		}
	}
	return READ_FAIL(r, "parameter %s: %s is none of its words", p->name,
	    s != NULL ? s : "this");
}

static enum stw_code
param_read(struct pack_reader *r, const struct gate_param *p, json_t *v,
    struct gate_params *params)
{
	void *at = (char *)params + p->offset;

	r->member = p->name;
	switch (p->type) {
	case PARAM_INT: {
		int64_t i = json_integer_value(v);

		if (!json_is_integer(v) || i < p->min || i > p->max)
			return READ_FAIL(r, "parameter %s: a number from %lld to %lld",
			    p->name, (long long)p->min, (long long)p->max);
		memcpy(at, &i, sizeof i);
		return STW_OK;
	}
	case PARAM_BOOL: {
		bool b = json_is_true(v);

		if (!json_is_boolean(v))
			return READ_FAIL(r, "parameter %s: true or false", p->name);
		memcpy(at, &b, sizeof b);
		return STW_OK;
	}
	case PARAM_TEXT: {
		const char *s = json_string_value(v);

		if (s == NULL)
			return READ_FAIL(r, "parameter %s: a text", p->name);
		s = arena_strdup(r->arena, s);
		memcpy(at, &s, sizeof s);
		return STW_OK;
	}
	case PARAM_WORD:
		return word_read(r, p, v, at);
	case PARAM_STRINGS:
		return strings_read(r, p->name, v, at);
	case PARAM_INTS:
		return ints_read(r, p, v, at);
	case PARAM_WINDOWS:
		return windows_read(r, v, at);
	case PARAM_ZONE:
		return zone_read(r, v, at);
	case PARAM_ZONES:
		return zones_read(r, v, at);
	case PARAM_CALENDAR:
		return calendar_pick(r, v, at);
	case PARAM_TERMS:
		return terms_pick(r, v, at);
	case PARAM_BITS:
		return bits_read(r, p->name, p->words, v, at);
	case PARAM_DAYS:
		return days_read(r, v, at);
	}
	return STW_BUG;
}

static enum stw_code
params_read(struct pack_reader *r, json_t *obj, struct pack_rule *rule)
{
	const char *key;
	json_t *value;
	enum stw_code rc;

	r->member = "params";
	if (obj != NULL && !json_is_object(obj))
		return READ_FAIL(r, "params has to be an object");
	rule->params.zone = r->pack->zone;
	enter(r, "params", 0);
	for (const struct gate_param *p = rule->kind->schema; p->name != NULL; p++) {
		value = json_object_get(obj, p->name);
		if (value == NULL && p->required)
			return READ_FAIL(r, "parameter %s is missing", p->name);
		if (value == NULL)
			continue;
		rc = param_read(r, p, value, &rule->params);
		if (rc != STW_OK)
			return rc;
	}
	json_object_foreach(obj, key, value)
	{
		const struct gate_param *p = rule->kind->schema;

		while (p->name != NULL && strcmp(p->name, key) != 0)
			p++;
		r->member = key;
		if (p->name == NULL)
			return READ_FAIL(
			    r, "kind %s has no parameter %s", rule->kind->name, key);
	}
	leave(r, 1);
	r->member = "params";
	return STW_OK;
}

/* What no schema can say. */
static enum stw_code
params_fit(struct pack_reader *r, const struct pack_rule *rule)
{
	const char *misfit = gate_params_misfit(rule->kind, &rule->params);

	return misfit == NULL ? STW_OK : READ_FAIL(r, "%s", misfit);
}

/* ---- rules ---------------------------------------------------------------------------- */
static enum stw_code
effective_read(struct pack_reader *r, json_t *v, struct pack_rule *rule)
{
	stw_usec *const to[2] = {&rule->from, &rule->to};

	r->member = "effective";
	rule->from = STW_USEC_NEVER;
	rule->to = STW_USEC_MAX;
	if (json_array_size(v) != 2)
		return READ_FAIL(r, "effective is [from, to], a date or null each");
	for (size_t i = 0; i < 2; i++) {
		json_t *one = json_array_get(v, i);
		stw_day day;

		if (json_is_null(one))
			continue;
		if (!json_is_string(one) ||
		    stw_day_parse(str_of(json_string_value(one)), &day) != STW_OK)
			return READ_FAIL(
			    r, "effective is [from, to], a date or null each");
		*to[i] = zone_instant(r->pack->zone, day, 0);
	}
	return rule->from < rule->to ? STW_OK : READ_FAIL(r, "effective is empty");
}

static enum stw_code
gates_read(struct pack_reader *r, json_t *v, struct pack_rule *rule)
{
	static const char letters[] = "PDC";
	char text[4] = "";
	int n = 0;

	r->member = "gates";
	for (int i = 0; i < 3; i++) {
		for (size_t k = 0; k < json_array_size(v); k++) {
			const char *s = json_string_value(json_array_get(v, k));

			if (s != NULL && s[0] == letters[i] && s[1] == '\0') {
				text[n++] = letters[i];
				break;
			}
		}
	}
	if (n == 0 || (size_t)n != json_array_size(v))
		return READ_FAIL(r, "gates is a list of P, D and C, each once");
	rule->gates = arena_strdup(r->arena, text);
	return STW_OK;
}

static bool
layer_known(const char *layer)
{
	return strcmp(layer, "law") == 0 || strcmp(layer, "regulator") == 0 ||
	       strcmp(layer, "industry") == 0 || strcmp(layer, "policy") == 0;
}

/* text {zh, en} and cite {text, source, grade, checked} of a rule or a clause. */
static enum stw_code
words_read(struct pack_reader *r, json_t *obj, const char **zh, const char **en,
    const char **source, const char **grade)
{
	static const char *const text_keys[] = {"zh", "en", NULL};
	static const char *const cite_keys[] = {
	    "text", "source", "grade", "checked", NULL};
	json_t *text = json_object_get(obj, "text");
	json_t *cite = json_object_get(obj, "cite");
	const char *checked, *where;
	stw_day day;
	enum stw_code rc;

	enter(r, "text", 0);
	rc = keys_known(r, text, "text", text_keys);
	if (rc == STW_OK)
		rc = text_read(r, text, "zh", zh);
	if (rc == STW_OK)
		rc = text_read(r, text, "en", en);
	if (rc != STW_OK)
		return rc;
	leave(r, 1);
	enter(r, "cite", 0);
	rc = keys_known(r, cite, "cite", cite_keys);
	if (rc == STW_OK)
		rc = text_read(r, cite, "text", source);
	if (rc == STW_OK)
		rc = text_read(r, cite, "source", &where);
	if (rc == STW_OK)
		rc = text_read(r, cite, "grade", grade);
	if (rc == STW_OK)
		rc = text_read(r, cite, "checked", &checked);
	if (rc != STW_OK)
		return rc;
	r->member = "grade";
	if (strlen(*grade) != 1 || strchr("VSMD", (*grade)[0]) == NULL)
		return READ_FAIL(r, "cite: grade is V, S, M or D");
	r->member = "checked";
	if (stw_day_parse(str_of(checked), &day) != STW_OK)
		return READ_FAIL(r, "cite: checked is a date");
	leave(r, 1);
	return STW_OK;
}

static enum stw_code
codes_read(struct pack_reader *r, json_t *reason, struct pack_rule *rule)
{
	size_t n = json_is_array(reason) ? json_array_size(reason) : 1;

	r->member = "reason";
	rule->codes = arena_array(r->arena, n, sizeof *rule->codes);
	if (n == 0)
		return READ_FAIL(r, "reason has to name a code");
	for (size_t i = 0; i < n; i++) {
		const char *s = json_string_value(
		    json_is_array(reason) ? json_array_get(reason, i) : reason);
		const struct reason *known = s != NULL ? reason_find(s) : NULL;

		if (known == NULL || known->outcome == GATE_UNSET)
			return READ_FAIL(
			    r, "unknown reason code %s", s != NULL ? s : "");
		rule->codes[rule->ncodes].code = known->code;
		rule->ncodes++;
	}
	if (strcmp(rule->outcome,
		gate_outcome_name(reason_find(rule->codes[0].code)->outcome)) != 0)
		return READ_FAIL(r, "code %s means %s, not %s", rule->codes[0].code,
		    gate_outcome_name(reason_find(rule->codes[0].code)->outcome),
		    rule->outcome);
	return STW_OK;
}

/* The rule names exactly the codes its kind can give; the one it chooses comes first. */
static enum stw_code
codes_fit(struct pack_reader *r, const struct pack_rule *rule)
{
	const char *const *want =
	    rule->kind->codes != NULL ? rule->kind->codes(&rule->params) : NULL;
	int chosen = gate_kind_chooses(rule->kind, &rule->params) ? 1 : 0, n = chosen;

	r->member = "reason";
	if (want == NULL)
		return rule->ncodes == 1
			   ? STW_OK
			   : READ_FAIL(r, "kind %s gives one code", rule->kind->name);
	if (gate_kind_codes_if_named(rule->kind) && rule->ncodes == chosen)
		return STW_OK;
	for (; *want != NULL; want++, n++) {
		int i = chosen;

		while (i < rule->ncodes && strcmp(rule->codes[i].code, *want) != 0)
			i++;
		if (i >= rule->ncodes)
			return READ_FAIL(r,
			    chosen != 0 ? "kind %s gives its own code "
					  "first, and also gives %s"
					: "kind %s also gives %s",
			    rule->kind->name, *want);
	}
	return n == rule->ncodes
		   ? STW_OK
		   : READ_FAIL(
			 r, "kind %s never gives all of these codes", rule->kind->name);
}

/* Where the rule is asked and what it answers: an exemption answers nothing, and what is
 * about keeping records is not asked either. */
static enum stw_code
answers_read(struct pack_reader *r, json_t *v, struct pack_rule *rule)
{
	json_t *gates = json_object_get(v, "gates");
	bool silent = rule->kind->eval == NULL,
	     lifecycle = silent && rule->params.name != NULL;
	enum stw_code rc = STW_OK;

	rule->outcome = gate_outcome_name(GATE_INFO);
	rule->gates = "";
	r->member = "gates";
	if (lifecycle && gates != NULL)
		return READ_FAIL(r, "kind %s is not asked at a gate", rule->kind->name);
	if (!lifecycle)
		rc = gates_read(r, gates, rule);
	if (rc != STW_OK)
		return rc;
	if (silent) {
		r->member = "reason";
		return json_object_get(v, "reason") == NULL &&
			       json_object_get(v, "outcome") == NULL
			   ? STW_OK
			   : READ_FAIL(r, "kind %s gives no reason and no outcome",
				 rule->kind->name);
	}
	rc = text_read(r, v, "outcome", &rule->outcome);
	if (rc == STW_OK)
		rc = codes_read(r, json_object_get(v, "reason"), rule);
	return rc == STW_OK ? codes_fit(r, rule) : rc;
}

static enum stw_code
clause_read(struct pack_reader *r, json_t *v, struct pack_rule *rule)
{
	static const char *const keys[] = {
	    "id", "reason", "layer", "text", "cite", NULL};
	const char *reason = NULL, *id = NULL, *layer = NULL;
	enum stw_code rc = keys_known(r, v, "clause", keys);

	if (rc == STW_OK)
		rc = text_read(r, v, "reason", &reason);
	if (rc == STW_OK)
		rc = text_read(r, v, "id", &id);
	if (rc == STW_OK)
		rc = text_read(r, v, "layer", &layer);
	if (rc != STW_OK)
		return rc;
	r->member = "layer";
	if (!layer_known(layer))
		return READ_FAIL(r, "clause %s: unknown layer %s", id, layer);
	for (int i = 0; i < rule->ncodes; i++) {
		struct pack_rule_code *c = &rule->codes[i];

		if (strcmp(c->code, reason) != 0)
			continue;
		c->id = id;
		c->layer = layer;
		return words_read(
		    r, v, &c->text_zh, &c->text_en, &c->source, &c->grade);
	}
	return READ_FAIL(r, "clause %s: the rule does not give %s", id, reason);
}

static enum stw_code
rule_read(struct pack_reader *r, json_t *v, struct pack_rule *rule)
{
	static const char *const keys[] = {"id", "kind", "layer", "effective",
	    "applies", "params", "gates", "reason", "outcome", "text", "cite",
	    "clauses", NULL};
	json_t *clauses = json_object_get(v, "clauses");
	const char *kind = NULL;
	enum stw_code rc = keys_known(r, v, "rule", keys);

	if (rc == STW_OK)
		rc = text_read(r, v, "id", &rule->id);
	if (rc != STW_OK)
		return rc;
	snprintf(r->where, sizeof r->where, "pack %.30s %.20s: pack.json: rule %.30s",
	    r->pack->id, r->pack->version, rule->id);
	if ((rc = text_read(r, v, "kind", &kind)) != STW_OK ||
	    (rc = text_read(r, v, "layer", &rule->layer)) != STW_OK ||
	    (rc = text_read(r, v, "applies", &rule->applies)) != STW_OK)
		return rc;
	rule->kind = gate_kind_find(kind);
	r->member = "kind";
	if (rule->kind == NULL)
		return READ_FAIL(r, "unknown kind %s", kind);
	r->member = "layer";
	if (!layer_known(rule->layer))
		return READ_FAIL(r, "unknown layer %s", rule->layer);
	/* What a bank writes may tighten the law; it may not pass for it. */
	if (strcmp(r->pack->id, "house") == 0 && strcmp(rule->layer, "policy") != 0)
		return READ_FAIL(r, "house rules are of layer policy only");
	if ((rc = effective_read(r, json_object_get(v, "effective"), rule)) != STW_OK ||
	    (rc = params_read(r, json_object_get(v, "params"), rule)) != STW_OK ||
	    (rc = params_fit(r, rule)) != STW_OK ||
	    (rc = answers_read(r, v, rule)) != STW_OK ||
	    (rc = words_read(r, v, &rule->text_zh, &rule->text_en, &rule->source,
		 &rule->grade)) != STW_OK)
		return rc;
	for (size_t i = 0; i < json_array_size(clauses); i++) {
		enter(r, "clauses", 0);
		enter(r, NULL, i);
		rc = clause_read(r, json_array_get(clauses, i), rule);
		if (rc != STW_OK)
			return rc;
		leave(r, 2);
	}
	return STW_OK;
}

/* Versions of one rule may follow one another but not overlap. */
static enum stw_code
ids_check(struct pack_reader *r, const struct pack *pack)
{
	for (int i = 0; i < pack->nrules; i++) {
		for (int k = 0; k < i; k++) {
			const struct pack_rule *a = &pack->rules[i],
					       *b = &pack->rules[k];

			if (strcmp(a->id, b->id) == 0 && a->from < b->to &&
			    b->from < a->to) {
				snprintf(r->where, sizeof r->where,
				    "pack %.30s %.20s: pack.json: rule %.30s", pack->id,
				    pack->version, a->id);
				enter(r, "rules", 0);
				enter(r, NULL, (size_t)i);
				return READ_FAIL(
				    r, "two versions are in force at one time");
			}
		}
	}
	return STW_OK;
}

static enum stw_code
rules_read(struct pack_reader *r, json_t *rules)
{
	struct pack *pack = r->pack;
	enum stw_code rc;

	r->member = "rules";
	if (json_array_size(rules) == 0)
		return READ_FAIL(r, "rules has to be a list of at least one rule");
	pack->rules =
	    arena_array(r->arena, json_array_size(rules), sizeof *pack->rules);
	for (size_t i = 0; i < json_array_size(rules); i++) {
		enter(r, "rules", 0);
		enter(r, NULL, i);
		rc = rule_read(r, json_array_get(rules, i), &pack->rules[i]);
		if (rc != STW_OK)
			return rc;
		leave(r, 2);
		pack->nrules++;
	}
	return ids_check(r, pack);
}

static enum stw_code
head_read(struct pack_reader *r, json_t *doc)
{
	static const char *const keys[] = {"pack", "version", "name", "zone", "selects",
	    "off", "calendars", "terms", "rules", NULL};
	static const char *const name_keys[] = {"zh", "en", NULL};
	json_t *name = json_object_get(doc, "name");
	json_t *off = json_object_get(doc, "off");
	const char *own_id, *own_version;
	struct pack *pack = r->pack;
	enum stw_code rc;

	if ((rc = keys_known(r, doc, "pack", keys)) != STW_OK ||
	    (rc = text_read(r, doc, "pack", &own_id)) != STW_OK ||
	    (rc = text_read(r, doc, "version", &own_version)) != STW_OK)
		return rc;
	if (strcmp(own_id, pack->id) != 0 || strcmp(own_version, pack->version) != 0)
		return READ_FAIL(
		    r, "the document says it is %.40s %.20s", own_id, own_version);
	enter(r, "name", 0);
	if ((rc = keys_known(r, name, "name", name_keys)) != STW_OK ||
	    (rc = text_read(r, name, "zh", &pack->name_zh)) != STW_OK ||
	    (rc = text_read(r, name, "en", &pack->name_en)) != STW_OK)
		return rc;
	leave(r, 1);
	r->member = "off";
	if (off != NULL && !json_is_boolean(off))
		return READ_FAIL(r, "off is true or false");
	pack->off = json_is_true(off);
	r->member = "zone";
	return zone_read(r, json_object_get(doc, "zone"), &pack->zone);
}

static enum stw_code
document_read(struct pack_reader *r)
{
	json_error_t bad;
	json_t *doc =
	    json_loadb(r->text.ptr, r->text.len, JSON_REJECT_DUPLICATES, &bad);
	enum stw_code rc;

	if (doc == NULL)
		return stw_fail_at(r->err, STW_INVALID, bad.line, bad.column, "%s: %s",
		    r->where, bad.text);
	rc = head_read(r, doc);
	if (rc == STW_OK)
		rc = selects_read(r, json_object_get(doc, "selects"));
	if (rc == STW_OK)
		rc = attachments_read(r, doc);
	if (rc == STW_OK)
		rc = rules_read(r, json_object_get(doc, "rules"));
	json_decref(doc);
	return rc;
}

static enum stw_code
reader_run(const struct pack_files *files, struct str json, const char *id,
    const char *version, struct arena *arena, struct pack *out, struct stw_err *err)
{
	struct pack_reader r = {
	    .arena = arena, .err = err, .pack = out, .files = files, .text = json};

	memset(out, 0, sizeof *out);
	out->id = id;
	out->version = version;
	snprintf(r.where, sizeof r.where, "pack %.30s %.20s: pack.json", id, version);
	return document_read(&r);
}

enum stw_code
pack_read(struct str json, const char *id, const char *version, struct arena *arena,
    struct pack *out, struct stw_err *err)
{
	return reader_run(NULL, json, id, version, arena, out, err);
}

enum stw_code
pack_read_files(const struct pack_files *files, struct arena *arena, struct pack *out,
    struct stw_err *err)
{
	const struct pack_file *doc = pack_files_find(files, "pack.json");

	STW_ASSERT(doc != NULL); /* pack_files_finish saw it */
	return reader_run(files, doc->data, files->id, files->version, arena, out, err);
}
