/* One value of the rule language into one typed cell. Texts are read strictly: a CSV
 * column can be given as it is (row.amount) where its form is the usual one. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/money.h"
#include "segments/contact_hours.h"
#include "segments/import_priv.h"

const char *
import_type_wants(const struct import_column *column)
{
	switch (column->type) {
	case IMPORT_TEXT:
		return "a string or an int";
	case IMPORT_INT:
		return "an int, or a string of digits";
	case IMPORT_BOOL:
		return "a bool, or one of true false yes no 1 0";
	case IMPORT_DATE:
		return "a date, or a string such as 2026-11-23";
	case IMPORT_INSTANT:
		return "a timestamp, a date, or a string such as 2026-11-23T10:00:00Z";
	case IMPORT_MONEY:
		return "money, or a string such as 1234.56";
	case IMPORT_PHONE:
		return "a string";
	case IMPORT_DOUBLE:
		return "a double, an int, or a string such as 0.25";
	case IMPORT_VALUE:
		return "a value of the trait's type";
	}
	return "";
}

bool
import_type_fits(const struct import_column *column, enum rule_kind kind)
{
	if (kind == RULE_DYN || kind == RULE_STRING || kind == RULE_NULL)
		return true;
	switch (column->type) {
	case IMPORT_TEXT:
		return kind == RULE_INT || kind == RULE_UINT;
	case IMPORT_INT:
		return kind == RULE_INT || kind == RULE_UINT;
	case IMPORT_BOOL:
		return kind == RULE_BOOL;
	case IMPORT_DATE:
		return kind == RULE_DATE;
	case IMPORT_INSTANT:
		return kind == RULE_TIMESTAMP || kind == RULE_DATE;
	case IMPORT_MONEY:
		return kind == RULE_MONEY;
	case IMPORT_PHONE:
		return false;
	case IMPORT_DOUBLE:
		return kind == RULE_DOUBLE || kind == RULE_INT || kind == RULE_UINT;
	case IMPORT_VALUE:
		return true;
	}
	return false;
}

static bool
word_in(const char *words, struct str word)
{
	while (*words != '\0') {
		size_t len = strcspn(words, " ");

		if (len == word.len && memcmp(words, word.ptr, len) == 0)
			return true;
		words += len;
		words += strspn(words, " ");
	}
	return false;
}

static bool
int_parse(struct str s, int64_t *out)
{
	bool negative = s.len > 0 && s.ptr[0] == '-';
	uint64_t v = 0;
	size_t i = negative ? 1 : 0;

	if (i == s.len || s.len - i > 18)
		return false;
	for (; i < s.len; i++) {
		if (s.ptr[i] < '0' || s.ptr[i] > '9')
			return false;
		v = v * 10 + (uint64_t)(s.ptr[i] - '0');
	}
	*out = negative ? -(int64_t)v : (int64_t)v;
	return true;
}

static bool
bool_parse(struct str s, int64_t *out)
{
	*out = word_in("true True TRUE yes Yes YES Y y T t 1", s);
	return *out == 1 || word_in("false False FALSE no No NO N n F f 0", s);
}

/* RFC 3339, or a day, or day and time of the mapping's zone without offset. */
static bool
instant_parse(struct str s, const struct zone *zone, int64_t *out)
{
	char utc[32];
	stw_usec as_utc;
	stw_day day;

	if (stw_usec_parse(s, &as_utc) == STW_OK) {
		*out = as_utc;
		return true;
	}
	if (s.len < 10 || stw_day_parse((struct str){s.ptr, 10}, &day) != STW_OK)
		return false;
	if (s.len == 10) {
		*out = zone_instant(zone, day, 0);
		return true;
	}
	if (s.len > 26 || (s.ptr[10] != ' ' && s.ptr[10] != 'T'))
		return false;
	(void)snprintf(
	    utc, sizeof utc, "1970-01-01T%.*sZ", (int)(s.len - 11), s.ptr + 11);
	if (stw_usec_parse(str_of(utc), &as_utc) != STW_OK || as_utc >= STW_USEC_DAY)
		return false;
	*out = zone_instant(zone, day, as_utc);
	return true;
}

/* Digits, a point and an exponent: not the words and the hexadecimal that strtod takes as
 * well. */
static bool
double_parse(struct str s, double *out)
{
	char text[64], *end;

	if (s.len == 0 || s.len >= sizeof text)
		return false;
	memcpy(text, s.ptr, s.len);
	text[s.len] = '\0';
	if (strspn(text, "0123456789+-.eE") != s.len)
		return false;
	*out = strtod(text, &end);
	return *end == '\0' && isfinite(*out);
}

static bool
parse_text(struct str s, const struct import_column *column,
    const struct import_mapping *mapping, struct import_cell *out)
{
	stw_day day = 0;
	bool ok;

	switch (column->type) {
	case IMPORT_INT:
		return int_parse(s, &out->i);
	case IMPORT_BOOL:
		return bool_parse(s, &out->i);
	case IMPORT_DATE:
		ok = stw_day_parse(s, &day) == STW_OK;
		out->i = day;
		return ok;
	case IMPORT_INSTANT:
		return instant_parse(s, mapping->zone, &out->i);
	case IMPORT_MONEY:
		return money_parse(s, mapping->currency, &out->i);
	case IMPORT_DOUBLE:
		return double_parse(s, &out->d);
	case IMPORT_VALUE:
	case IMPORT_TEXT:
	case IMPORT_PHONE:
		break;
	}
	return true;
}

#define CAPITALS "ABCDEFGHIJKLMNOPQRSTUVWXYZ"

static bool
is_of(struct str s, const char *letters)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.ptr[i] == '\0' || strchr(letters, s.ptr[i]) == NULL)
			return false;
	return true;
}

static bool
is_hash(struct str s)
{
	return s.len == 64 && is_of(s, "0123456789abcdefABCDEF");
}

/* A text that stands for something else. *number: what is stored in its place. */
static bool
form_ok(enum import_put put, struct str s, int64_t *number, const char **wants)
{
	unsigned days;
	int minute;

	switch (put) {
	case IMPORT_PUT_HASH:
		*wants = "64 hexadecimal digits";
		return is_hash(s);
	case IMPORT_PUT_COUNTRY:
		*wants = "two capital letters, such as CN";
		return s.len == 2 && is_of(s, CAPITALS);
	case IMPORT_PUT_STATE:
		*wants = "up to three capital letters and digits, such as FL";
		return is_of(s, CAPITALS "0123456789");
	case IMPORT_PUT_WEEKDAYS:
		*wants = "days of the week, such as mon-fri or sat,sun, or * for all";
		if (!contact_days_parse(s, &days))
			return false;
		*number = days;
		return true;
	case IMPORT_PUT_MINUTE:
		*wants = "a time of day, such as 18:00, up to 24:00";
		if (!contact_minute_parse(s, &minute))
			return false;
		*number = minute;
		return true;
	case IMPORT_PUT_PLAIN:
	case IMPORT_PUT_NONE:
	case IMPORT_PUT_NAME:
	case IMPORT_PUT_ID:
	case IMPORT_PUT_POINT:
	case IMPORT_PUT_INDEX:
	case IMPORT_PUT_I16:
		break;
	}
	return true;
}

static bool
text_ok(const struct import_column *column, struct str s, int64_t *number, char *reason,
    size_t len)
{
	const char *wants = "";
	size_t max = column->max > 0 ? (size_t)column->max : 200;

	if (column->choices != NULL && !word_in(column->choices, s)) {
		(void)snprintf(reason, len, "wants one of: %s", column->choices);
		return false;
	}
	if (s.len > max) {
		(void)snprintf(reason, len, "is longer than %zu bytes", max);
		return false;
	}
	if (!form_ok(column->put, s, number, &wants)) {
		(void)snprintf(reason, len, "wants %s", wants);
		return false;
	}
	for (size_t i = 0; i < s.len; i++)
		if ((unsigned char)s.ptr[i] < 0x20) {
			(void)snprintf(reason, len, "has a control character in it");
			return false;
		}
	return true;
}

static bool
money_ok(const struct rule_value *v, const struct import_mapping *mapping,
    struct import_cell *out, char *reason, size_t len)
{
	out->i = v->money.minor;
	if (strcmp(v->money.currency, mapping->currency) == 0)
		return true;
	(void)snprintf(reason, len, "is in %s, the mapping's currency is %s",
	    v->money.currency, mapping->currency);
	return false;
}

/* Values that are no text. */
static bool
kind_ok(const struct rule_value *v, const struct import_column *column,
    const struct import_mapping *mapping, struct import_cell *out, char *reason,
    size_t len)
{
	enum import_type type = column->type;

	if (type == IMPORT_DOUBLE) {
		out->d = v->kind == RULE_V_DOUBLE ? v->d
			 : v->kind == RULE_V_UINT ? (double)v->u
						  : (double)v->i;
		return (v->kind == RULE_V_DOUBLE && isfinite(v->d)) ||
		       v->kind == RULE_V_INT || v->kind == RULE_V_UINT;
	}
	if (v->kind == RULE_V_INT || v->kind == RULE_V_UINT) {
		out->i = v->i;
		return type == IMPORT_INT &&
		       (v->kind == RULE_V_INT || v->u <= INT64_MAX);
	}
	if (v->kind == RULE_V_BOOL) {
		out->i = v->b;
		return type == IMPORT_BOOL;
	}
	if (v->kind == RULE_V_DATE && type == IMPORT_INSTANT) {
		out->i = zone_instant(mapping->zone, (stw_day)v->i, 0);
		return true;
	}
	if (v->kind == RULE_V_DATE || v->kind == RULE_V_TIMESTAMP) {
		out->i = v->i;
		return type == (v->kind == RULE_V_DATE ? IMPORT_DATE : IMPORT_INSTANT);
	}
	return v->kind == RULE_V_MONEY && type == IMPORT_MONEY &&
	       money_ok(v, mapping, out, reason, len);
}

static struct str
str_copy(struct arena *arena, struct str s)
{
	return (struct str){arena_strndup(arena, s.ptr, s.len), s.len};
}

static bool
range_ok(const struct import_column *column, const struct import_cell *cell,
    char *reason, size_t len)
{
	if (column->type == IMPORT_MONEY && column->min < column->max &&
	    cell->i < column->min) {
		(void)snprintf(reason, len, "must not be below zero");
		return false;
	}
	if (column->type == IMPORT_INT && column->min < column->max &&
	    (cell->i < column->min || cell->i > column->max)) {
		(void)snprintf(reason, len, "must lie from %lld to %lld",
		    (long long)column->min, (long long)column->max);
		return false;
	}
	return true;
}

bool
import_cell_of(const struct rule_value *v, const struct import_column *column,
    const struct import_mapping *mapping, struct arena *arena, struct import_cell *out,
    char *reason, size_t len)
{
	char digits[24];
	struct str s;
	const struct zone *zone;

	*out = (struct import_cell){.has = true};
	reason[0] = '\0';
	if (v->kind == RULE_V_ERROR && !v->error.missing) {
		(void)snprintf(reason, len, "%d:%d: %s", v->error.line, v->error.column,
		    v->error.text != NULL ? v->error.text : "the expression failed");
		return false;
	}
	if (v->kind == RULE_V_ERROR || v->kind == RULE_V_NULL ||
	    (v->kind == RULE_V_OPTIONAL && v->opt == NULL) ||
	    (v->kind == RULE_V_STRING && v->s.len == 0)) {
		out->has = false;
		return true;
	}
	if (v->kind == RULE_V_OPTIONAL)
		return import_cell_of(v->opt, column, mapping, arena, out, reason, len);
	s = v->s;
	if (v->kind == RULE_V_INT && column->type == IMPORT_TEXT) {
		(void)snprintf(digits, sizeof digits, "%lld", (long long)v->i);
		s = str_of(digits);
	} else if (v->kind != RULE_V_STRING) {
		if (!kind_ok(v, column, mapping, out, reason, len)) {
			if (reason[0] == '\0')
				(void)snprintf(
				    reason, len, "wants %s", import_type_wants(column));
			return false;
		}
		return range_ok(column, out, reason, len);
	}
	if (!parse_text(s, column, mapping, out)) {
		(void)snprintf(reason, len, "wants %s", import_type_wants(column));
		return false;
	}
	if (column->type == IMPORT_TEXT) {
		if (!text_ok(column, s, &out->i, reason, len))
			return false;
		out->s = str_copy(arena, s);
		if (strcmp(column->name, "zone") == 0 &&
		    zone_find(out->s.ptr, &zone, NULL) != STW_OK) {
			(void)snprintf(
			    reason, len, "is no time zone of the tz database");
			return false;
		}
	} else if (column->type == IMPORT_PHONE) {
		out->s =
		    s; /* parsed by the caller, who knows the region; then forgotten */
	}
	return range_ok(column, out, reason, len);
}
