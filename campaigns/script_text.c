#include "campaigns/script_text.h"

#include <string.h>

static const char *const names[] = {"product_code", "product_name"};

static const char *
value_of(const struct script_vars *vars, size_t name)
{
	const char *value = name == 0 ? vars->product_code : vars->product_name;

	return value != NULL ? value : "";
}

/* The placeholder at `at`: its name without blanks, and where it ends. */
static bool
placeholder(const char *at, struct str *name, const char **end)
{
	const char *close = strncmp(at, "{{", 2) == 0 ? strstr(at + 2, "}}") : NULL;

	if (close == NULL)
		return false;
	*end = close + 2;
	for (at += 2; *at == ' '; at++)
		;
	while (close > at && close[-1] == ' ')
		close--;
	*name = (struct str){at, (size_t)(close - at)};
	return true;
}

static size_t
name_find(struct str name)
{
	size_t i = 0;

	while (i < STW_ARRAY_LEN(names) && !str_eq_c(name, names[i]))
		i++;
	return i;
}

enum stw_code
script_text_check(const char *body, struct stw_err *err)
{
	int line = 1, column = 1;

	for (const char *at = body; *at != '\0';) {
		const char *end = at + 1;
		struct str name;

		if (strncmp(at, "{{", 2) == 0) {
			if (!placeholder(at, &name, &end))
				return stw_fail_at(err, STW_INVALID, line, column,
				    "script: a placeholder has no end: }} is missing");
			if (name_find(name) == STW_ARRAY_LEN(names))
				return stw_fail_at(err, STW_INVALID, line, column,
				    "script: nobody fills in {{%.*s}}: known are "
				    "{{product_name}} and {{product_code}}",
				    (int)(name.len < 60 ? name.len : 60), name.ptr);
		}
		for (; at < end; at++) {
			if (*at == '\n') {
				line++;
				column = 1;
			} else if (((unsigned char)*at & 0xC0) != 0x80) {
				column++;
			}
		}
	}
	return STW_OK;
}

const char *
script_text_render(
    const char *body, const struct script_vars *vars, struct arena *arena)
{
	struct buf text;
	const char *out;

	if (body == NULL)
		return NULL;
	buf_init(&text);
	buf_add_c(&text, "");
	for (const char *at = body; *at != '\0';) {
		const char *end;
		struct str name;

		if (placeholder(at, &name, &end) &&
		    name_find(name) < STW_ARRAY_LEN(names)) {
			buf_add_c(&text, value_of(vars, name_find(name)));
			at = end;
		} else {
			buf_add_char(&text, *at++);
		}
	}
	out = arena_strndup(arena, text.len > 0 ? text.data : "", text.len);
	buf_fini(&text);
	return out;
}
