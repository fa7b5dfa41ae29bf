#include "api/route.h"

#include <string.h>

static const struct {
	const char *name;
	enum api_role role;
} roles[] = {
    {"ops", ROLE_OPS},
    {"agent", ROLE_AGENT},
    {"compliance", ROLE_COMPLIANCE},
    {"operator", ROLE_OPERATOR},
    {"admin", ROLE_ADMIN},
};

enum api_role
role_parse(struct str text)
{
	for (size_t i = 0; i < STW_ARRAY_LEN(roles); i++)
		if (str_eq_c(text, roles[i].name))
			return roles[i].role;
	return ROLE_NONE;
}

const char *
role_name(enum api_role role)
{
	for (size_t i = 0; i < STW_ARRAY_LEN(roles); i++)
		if (roles[i].role == role)
			return roles[i].name;
	return "none";
}

const char *
method_name(enum api_method method)
{
	static const char *const names[METHODS] = {"GET", "POST", "PUT"};

	return method < METHODS ? names[method] : "";
}

/* ---- decoding -------------------------------------------------------------------- */
static int
hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

const char *
percent_decode(struct str text, struct arena *arena)
{
	char *out = arena_strndup(arena, text.ptr, text.len);
	size_t n = 0;

	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i];

		if (c == '%') {
			int high, low;

			if (text.len - i < 3)
				return NULL;
			high = hex_value(text.ptr[i + 1]);
			low = hex_value(text.ptr[i + 2]);
			if (high < 0 || low < 0)
				return NULL;
			c = (char)(high * 16 + low);
			i += 2;
		}
		if (c == '\0')
			return NULL;
		out[n++] = c;
	}
	out[n] = '\0';
	return utf8_valid((struct str){out, n}) ? out : NULL;
}

/* ---- matching -------------------------------------------------------------------- */
/* The next segment of *rest, which starts with '/'; moves past it. */
static struct str
segment_next(struct str *rest)
{
	struct str seg = {rest->ptr + 1, 0};

	while (seg.len + 1 < rest->len && seg.ptr[seg.len] != '/')
		seg.len++;
	rest->ptr += seg.len + 1;
	rest->len -= seg.len + 1;
	return seg;
}

static bool
pattern_matches(
    const char *pattern, struct str path, struct str params[ROUTE_PARAMS], int *nparams)
{
	struct str pat = str_of(pattern);

	*nparams = 0;
	while (pat.len > 0 && path.len > 0 && path.ptr[0] == '/') {
		struct str want = segment_next(&pat), have = segment_next(&path);

		if (want.len > 0 && want.ptr[0] == '{') {
			if (have.len == 0 || *nparams == ROUTE_PARAMS)
				return false;
			params[(*nparams)++] = have;
		} else if (!str_eq(want, have)) {
			return false;
		}
	}
	return pat.len == 0 && path.len == 0;
}

enum stw_code
route_find(const struct route *table, int count, enum api_method method,
    struct str path, struct arena *arena, struct route_match *out)
{
	struct str params[ROUTE_PARAMS] = {0}, found[ROUTE_PARAMS] = {0};

	memset(out, 0, sizeof *out);
	out->index = -1;
	for (int i = 0; i < count; i++) {
		int n;

		if (!pattern_matches(table[i].pattern, path, params, &n))
			continue;
		out->allowed |= 1U << table[i].method;
		out->head = out->head || (table[i].method == METHOD_GET &&
					     (table[i].flags & ROUTE_ONCE) == 0);
		if (table[i].method == method && out->index < 0) {
			out->index = i;
			out->nparams = n;
			memcpy(found, params, sizeof found);
		}
	}
	if (out->allowed == 0)
		return STW_NOT_FOUND;
	if (out->index < 0)
		return STW_DENIED;
	for (int i = 0; i < out->nparams; i++) {
		out->params[i] = percent_decode(found[i], arena);
		if (out->params[i] == NULL)
			return STW_INVALID;
	}
	return STW_OK;
}
