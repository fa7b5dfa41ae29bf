#include "engine/doubles_json.h"

#include <stdlib.h>
#include <string.h>

#include "engine/rule_priv.h"

#define NUMBER_MAX 40

/* Past the text that begins at *at. */
static size_t
text_end(const char *text, size_t len, size_t at)
{
	for (at++; at < len && text[at] != '"'; at++)
		at += text[at] == '\\';
	return at < len ? at + 1 : len;
}

static size_t
number_end(const char *text, size_t len, size_t at)
{
	while (
	    at < len && text[at] != '\0' && strchr("+-.0123456789eE", text[at]) != NULL)
		at++;
	return at;
}

/* The number of len bytes at from, to to, which is not behind it; how long it is now. */
static size_t
write_number(const char *from, size_t len, char *to)
{
	char number[NUMBER_MAX];
	struct buf brief;

	if (len < sizeof number && memchr(from, '.', len) != NULL) {
		memcpy(number, from, len);
		number[len] = '\0';
		buf_init(&brief);
		double_format(strtod(number, NULL), &brief);
		if (strpbrk(brief.data, ".e") == NULL)
			buf_add_c(&brief, ".0");
		if (brief.len < len) {
			len = brief.len;
			memcpy(to, brief.data, len);
			buf_fini(&brief);
			return len;
		}
		buf_fini(&brief);
	}
	memmove(to, from, len);
	return len;
}

size_t
json_doubles_shorten(char *text, size_t len)
{
	size_t to = 0;

	for (size_t at = 0; at < len;) {
		bool number = (text[at] >= '0' && text[at] <= '9') || text[at] == '-';
		size_t end = text[at] == '"' ? text_end(text, len, at)
			     : number        ? number_end(text, len, at)
					     : at + 1;

		if (number) {
			to += write_number(text + at, end - at, text + to);
		} else {
			memmove(text + to, text + at, end - at);
			to += end - at;
		}
		at = end;
	}
	return to;
}
