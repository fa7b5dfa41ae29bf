#include "engine/json_place.h"

#include <string.h>

struct cursor {
	const char *at, *end;
};

static void
skip_space(struct cursor *c)
{
	while (c->at < c->end && strchr(" \t\r\n", *c->at) != NULL && *c->at != '\0')
		c->at++;
}

/* Past the text that begins at the cursor; *inside is what stands between the quotes. */
static void
skip_text(struct cursor *c, struct str *inside)
{
	const char *from = ++c->at;

	while (c->at < c->end && *c->at != '"')
		c->at += *c->at == '\\' && c->at + 1 < c->end ? 2 : 1;
	*inside = (struct str){from, (size_t)(c->at - from)};
	if (c->at < c->end)
		c->at++;
}

/* Past any value: brackets are counted, texts are jumped over. */
static void
skip_value(struct cursor *c)
{
	struct str ignored;
	int depth = 0;

	skip_space(c);
	while (c->at < c->end) {
		char ch = *c->at;

		if (ch == '"') {
			skip_text(c, &ignored);
			if (depth == 0)
				return;
			continue;
		}
		if (ch == '{' || ch == '[')
			depth++;
		if (ch == '}' || ch == ']') {
			if (depth == 0)
				return; /* the end of what holds the value */
			if (--depth == 0) {
				c->at++;
				return;
			}
		}
		if (depth == 0 && ch == ',')
			return;
		c->at++;
	}
}

/* Moves to the value of the member; its key's place is left in *key. */
static bool
find_member(struct cursor *c, const char *name, const char **key)
{
	struct cursor at = *c;

	if (at.at >= at.end || *at.at != '{')
		return false;
	at.at++;
	for (;;) {
		struct str text;

		skip_space(&at);
		if (at.at >= at.end || *at.at != '"')
			return false;
		*key = at.at;
		skip_text(&at, &text);
		skip_space(&at);
		if (at.at < at.end && *at.at == ':')
			at.at++;
		skip_space(&at);
		if (str_eq_c(text, name)) {
			*c = at;
			return true;
		}
		skip_value(&at);
		skip_space(&at);
		if (at.at >= at.end || *at.at != ',')
			return false;
		at.at++;
	}
}

static bool
find_element(struct cursor *c, size_t index)
{
	struct cursor at = *c;

	if (at.at >= at.end || *at.at != '[')
		return false;
	at.at++;
	for (size_t i = 0;; i++) {
		skip_space(&at);
		if (at.at >= at.end || *at.at == ']')
			return false;
		if (i == index) {
			*c = at;
			return true;
		}
		skip_value(&at);
		skip_space(&at);
		if (at.at >= at.end || *at.at != ',')
			return false;
		at.at++;
	}
}

void
json_place(
    struct str text, const struct json_step *path, int steps, int *line, int *column)
{
	struct cursor c = {text.ptr, text.ptr + text.len};
	const char *found;

	skip_space(&c);
	found = c.at;
	for (int i = 0; i < steps; i++) {
		const char *key = NULL;

		if (path[i].key != NULL ? !find_member(&c, path[i].key, &key)
					: !find_element(&c, path[i].index))
			break;
		found = key != NULL ? key : c.at;
	}
	*line = 1;
	*column = 1;
	for (const char *s = text.ptr; s < found; s++) {
		if (*s == '\n') {
			++*line;
			*column = 1;
		} else if (((unsigned char)*s & 0xC0) != 0x80) {
			++*column;
		}
	}
}
