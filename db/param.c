/* Parameters on their way out: text format, which the server converts to whatever type
 * the statement expects, except bytea, which travels as it is. */
#include <inttypes.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "db/db_priv.h"

struct db_param
db_null(void)
{
	return (struct db_param){.kind = DB_P_NULL};
}

struct db_param
db_bool(bool v)
{
	return (struct db_param){.kind = DB_P_BOOL, .i = v};
}

struct db_param
db_i64(int64_t v)
{
	return (struct db_param){.kind = DB_P_I64, .i = v};
}

struct db_param
db_f64(double v)
{
	return (struct db_param){.kind = DB_P_F64, .f = v};
}

struct db_param
db_text(const char *v)
{
	if (v == NULL)
		return db_null();
	return (struct db_param){.kind = DB_P_TEXT, .s = str_of(v)};
}

struct db_param
db_str(struct str v)
{
	return (struct db_param){.kind = DB_P_TEXT, .s = v};
}

struct db_param
db_bytes(const void *data, size_t len)
{
	return (struct db_param){.kind = DB_P_BYTES, .s = {data, len}};
}

struct db_param
db_usec(stw_usec v)
{
	return (struct db_param){.kind = DB_P_USEC, .i = v};
}

struct db_param
db_day(stw_day v)
{
	return (struct db_param){.kind = DB_P_DAY, .i = v};
}

struct db_param
db_i64s(const int64_t *v, size_t count)
{
	return (struct db_param){.kind = DB_P_I64_ARRAY, .i64s = v, .count = count};
}

struct db_param
db_texts(const struct str *v, size_t count)
{
	return (struct db_param){.kind = DB_P_TEXT_ARRAY, .texts = v, .count = count};
}

static const char *
f64_text(struct arena *scratch, double v)
{
	if (isnan(v))
		return "NaN";
	if (isinf(v))
		return v > 0 ? "Infinity" : "-Infinity";
	return arena_printf(scratch, "%.17g", v);
}

static const char *
usec_text(struct arena *scratch, stw_usec v)
{
	char text[STW_USEC_TEXT];

	if (v == STW_USEC_MAX)
		return "infinity";
	if (v <= STW_USEC_NEVER)
		return "-infinity";
	return arena_strdup(scratch, stw_usec_format(v, text));
}

static const char *
day_text(struct arena *scratch, stw_day v)
{
	char text[STW_DAY_TEXT];

	return arena_strdup(scratch, stw_day_format(v, text));
}

/* "{1,-2}": at most 21 bytes a number. */
static const char *
i64s_text(struct arena *scratch, const struct db_param *param)
{
	size_t cap = param->count * 21 + 3;
	char *text = arena_alloc(scratch, cap);
	size_t len = 0;

	text[len++] = '{';
	for (size_t i = 0; i < param->count; i++)
		len += (size_t)snprintf(text + len, cap - len, "%s%" PRId64,
		    i == 0 ? "" : ",", param->i64s[i]);
	text[len++] = '}';
	text[len] = '\0';
	return text;
}

/* {"a","b \"c\""}: every element quoted, so that no word means NULL by accident. */
static const char *
texts_text(struct arena *scratch, const struct db_param *param)
{
	size_t cap = 3;
	size_t len = 0;
	char *text;

	for (size_t i = 0; i < param->count; i++)
		cap += param->texts[i].len * 2 + 5;
	text = arena_alloc(scratch, cap);
	text[len++] = '{';
	for (size_t i = 0; i < param->count; i++) {
		struct str s = param->texts[i];

		if (i > 0)
			text[len++] = ',';
		if (s.ptr == NULL) {
			memcpy(text + len, "NULL", 4);
			len += 4;
			continue;
		}
		text[len++] = '"';
		for (size_t k = 0; k < s.len; k++) {
			if (s.ptr[k] == '"' || s.ptr[k] == '\\')
				text[len++] = '\\';
			text[len++] = s.ptr[k];
		}
		text[len++] = '"';
	}
	text[len++] = '}';
	text[len] = '\0';
	return text;
}

static bool
has_nul(const struct db_param *param)
{
	if (param->kind == DB_P_TEXT)
		return param->s.len > 0 &&
		       memchr(param->s.ptr, 0, param->s.len) != NULL;
	for (size_t i = 0; param->kind == DB_P_TEXT_ARRAY && i < param->count; i++) {
		struct str s = param->texts[i];

		if (s.len > 0 && memchr(s.ptr, 0, s.len) != NULL)
			return true;
	}
	return false;
}

static const char *
param_text(struct arena *scratch, const struct db_param *param)
{
	switch (param->kind) {
	case DB_P_NULL:
	case DB_P_BYTES:
		return NULL;
	case DB_P_BOOL:
		return param->i != 0 ? "t" : "f";
	case DB_P_I64:
		return arena_printf(scratch, "%" PRId64, param->i);
	case DB_P_F64:
		return f64_text(scratch, param->f);
	case DB_P_TEXT:
		return arena_strndup(scratch, param->s.ptr, param->s.len);
	case DB_P_USEC:
		return usec_text(scratch, param->i);
	case DB_P_DAY:
		return day_text(scratch, (stw_day)param->i);
	case DB_P_I64_ARRAY:
		return i64s_text(scratch, param);
	case DB_P_TEXT_ARRAY:
		return texts_text(scratch, param);
	}
	return NULL;
}

enum stw_code
db_params_encode(struct arena *scratch, const char *what, const struct db_param *params,
    size_t nparams, struct db_wire *out, struct stw_err *err)
{
	struct db_wire wire = {
	    .values = arena_array(scratch, nparams, sizeof *wire.values),
	    .lengths = arena_array(scratch, nparams, sizeof *wire.lengths),
	    .formats = arena_array(scratch, nparams, sizeof *wire.formats),
	};

	*out = (struct db_wire){0};
	for (size_t i = 0; i < nparams; i++) {
		const struct db_param *param = &params[i];

		if (has_nul(param))
			return stw_fail(err, STW_INVALID,
			    "%s: $%zu has a NUL byte in it", what, i + 1);
		if (param->kind != DB_P_BYTES) {
			wire.values[i] = param_text(scratch, param);
			continue;
		}
		if (param->s.len > INT_MAX)
			return stw_fail(
			    err, STW_INVALID, "%s: $%zu is too long", what, i + 1);
		wire.values[i] = param->s.len == 0 ? "" : param->s.ptr;
		wire.lengths[i] = (int)param->s.len;
		wire.formats[i] = 1;
	}
	*out = wire;
	return STW_OK;
}
