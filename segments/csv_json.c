#include "segments/csv_json.h"

#include <string.h>

#define MAX_DEPTH 32

struct walk {
	struct str line;
	size_t at;
	struct buf *values;
	csv_json_leaf leaf;
	void *user;
	char path[CSV_JSON_PATH];
	size_t path_len;
	int depth;
	struct stw_err *err;
};

static enum stw_code
fail(const struct walk *w, const char *what)
{
	int column = 1;

	for (size_t i = 0; i < w->at && i < w->line.len; i++)
		column += ((unsigned char)w->line.ptr[i] & 0xc0) != 0x80;
	return stw_fail_at(
	    w->err, STW_INVALID, 0, column, "column %d: %s", column, what);
}

/* The next character; 0 at the end, which no line contains. */
static char
peek(const struct walk *w)
{
	return w->at < w->line.len ? w->line.ptr[w->at] : '\0';
}

static void
blanks(struct walk *w)
{
	while (peek(w) == ' ' || peek(w) == '\t' || peek(w) == '\r')
		w->at++;
}

static bool
take(struct walk *w, char c)
{
	if (peek(w) != c)
		return false;
	w->at++;
	return true;
}

/* ---- strings ---------------------------------------------------------------------- */
static bool
hex4(struct walk *w, uint32_t *out)
{
	*out = 0;
	for (int i = 0; i < 4; i++, w->at++) {
		char c = peek(w);
		uint32_t digit;

		if (c >= '0' && c <= '9')
			digit = (uint32_t)(c - '0');
		else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
			digit = (uint32_t)((c | 0x20) - 'a' + 10);
		else
			return false;
		*out = *out << 4 | digit;
	}
	return true;
}

static void
add_utf8(struct buf *to, uint32_t c)
{
	if (c < 0x80) {
		buf_add_char(to, (char)c);
	} else if (c < 0x800) {
		buf_add_char(to, (char)(0xc0 | c >> 6));
		buf_add_char(to, (char)(0x80 | (c & 0x3f)));
	} else if (c < 0x10000) {
		buf_add_char(to, (char)(0xe0 | c >> 12));
		buf_add_char(to, (char)(0x80 | (c >> 6 & 0x3f)));
		buf_add_char(to, (char)(0x80 | (c & 0x3f)));
	} else {
		buf_add_char(to, (char)(0xf0 | c >> 18));
		buf_add_char(to, (char)(0x80 | (c >> 12 & 0x3f)));
		buf_add_char(to, (char)(0x80 | (c >> 6 & 0x3f)));
		buf_add_char(to, (char)(0x80 | (c & 0x3f)));
	}
}

/* After \u. */
static enum stw_code
unicode(struct walk *w, struct buf *to)
{
	uint32_t high, low;

	if (!hex4(w, &high))
		return fail(w, "\\u wants four hexadecimal digits");
	if (high == 0)
		return fail(w, "a NUL in a string");
	if (high >= 0xdc00 && high <= 0xdfff)
		return fail(w, "half of a surrogate pair");
	if (high >= 0xd800 && high <= 0xdbff) {
		if (!take(w, '\\') || !take(w, 'u') || !hex4(w, &low) || low < 0xdc00 ||
		    low > 0xdfff)
			return fail(w, "half of a surrogate pair");
		high = 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
	}
	add_utf8(to, high);
	return STW_OK;
}

static enum stw_code
escape(struct walk *w, struct buf *to)
{
	static const char from[] = "\"\\/bfnrt", as[] = "\"\\/\b\f\n\r\t";
	char c = peek(w);
	const char *at = c != '\0' ? strchr(from, c) : NULL;

	if (c == 'u') {
		w->at++;
		return unicode(w, to);
	}
	if (at == NULL)
		return fail(w, "there is no such escape in a string");
	w->at++;
	buf_add_char(to, as[at - from]);
	return STW_OK;
}

/* After the opening quote. */
static enum stw_code
string(struct walk *w, struct buf *to)
{
	enum stw_code rc = STW_OK;

	while (rc == STW_OK) {
		size_t from = w->at;

		while (w->at < w->line.len && w->line.ptr[w->at] != '"' &&
		       w->line.ptr[w->at] != '\\' &&
		       (unsigned char)w->line.ptr[w->at] >= 0x20)
			w->at++;
		buf_add(to, w->line.ptr + from, w->at - from);
		if (take(w, '"'))
			return STW_OK;
		if (w->at == w->line.len)
			return fail(w, "the line ends inside a string");
		if (!take(w, '\\'))
			return fail(w, "a control character in a string");
		rc = escape(w, to);
	}
	return rc;
}

/* ---- numbers and words --------------------------------------------------------------- */
static size_t
digits(struct walk *w)
{
	size_t from = w->at;

	while (peek(w) >= '0' && peek(w) <= '9')
		w->at++;
	return w->at - from;
}

static enum stw_code
number(struct walk *w)
{
	size_t from, n;

	(void)take(w, '-');
	from = w->at;
	n = digits(w);
	if (n == 0 || (n > 1 && w->line.ptr[from] == '0'))
		return fail(w, "this is no number of JSON");
	if (take(w, '.') && digits(w) == 0)
		return fail(w, "digits are wanted after the decimal point");
	if (peek(w) == 'e' || peek(w) == 'E') {
		w->at++;
		if (!take(w, '+'))
			(void)take(w, '-');
		if (digits(w) == 0)
			return fail(w, "digits are wanted in the exponent");
	}
	return STW_OK;
}

static bool
word(struct walk *w, const char *text)
{
	size_t len = strlen(text);

	if (w->line.len - w->at < len || memcmp(w->line.ptr + w->at, text, len) != 0)
		return false;
	w->at += len;
	return true;
}

/* ---- values ---------------------------------------------------------------------------- */
static enum stw_code value_walk(struct walk *w, bool give);

static enum stw_code
deeper(struct walk *w)
{
	return ++w->depth > MAX_DEPTH ? fail(w, "nested too deeply") : STW_OK;
}

/* A list is one value, its text; what is in it has no path. */
static enum stw_code
list_walk(struct walk *w)
{
	enum stw_code rc = deeper(w);

	blanks(w);
	if (rc == STW_OK && !take(w, ']')) {
		do {
			rc = value_walk(w, false);
		} while (rc == STW_OK && take(w, ','));
		if (rc == STW_OK && !take(w, ']'))
			rc = fail(w, "a comma or ] is wanted here");
	}
	w->depth--;
	return rc;
}

/* Adds the name that is read to the path. */
static enum stw_code
name_read(struct walk *w)
{
	size_t begin = w->values->len, len;
	enum stw_code rc = string(w, w->values);

	if (rc != STW_OK)
		return rc;
	len = w->values->len - begin;
	w->values->len = begin;
	if (w->path_len + 1 + len > sizeof w->path)
		return fail(w, "the names on the way here are too long");
	if (w->path_len > 0)
		w->path[w->path_len++] = '.';
	if (len > 0)
		memcpy(w->path + w->path_len, w->values->data + begin, len);
	w->path_len += len;
	return STW_OK;
}

static enum stw_code
member_walk(struct walk *w, bool give)
{
	size_t outer = w->path_len;
	enum stw_code rc;

	blanks(w);
	if (!take(w, '"'))
		return fail(w, "a name in quotes is wanted here");
	rc = name_read(w);
	if (rc != STW_OK)
		return rc;
	blanks(w);
	rc = take(w, ':') ? value_walk(w, give) : fail(w, "a colon is wanted here");
	w->path_len = outer;
	return rc;
}

static enum stw_code
object_walk(struct walk *w, bool give)
{
	enum stw_code rc = deeper(w);

	blanks(w);
	if (rc == STW_OK && !take(w, '}')) {
		do {
			rc = member_walk(w, give);
		} while (rc == STW_OK && take(w, ','));
		if (rc == STW_OK && !take(w, '}'))
			rc = fail(w, "a comma or } is wanted here");
	}
	w->depth--;
	return rc;
}

/* Not an object: its text is the value; *any false for null. */
static enum stw_code
scalar_walk(struct walk *w, bool *any)
{
	size_t from = w->at;
	enum stw_code rc = STW_OK;

	*any = true;
	if (take(w, '"'))
		return string(w, w->values);
	if (take(w, '['))
		rc = list_walk(w);
	else if (word(w, "null"))
		*any = false;
	else if (peek(w) == '-' || (peek(w) >= '0' && peek(w) <= '9'))
		rc = number(w);
	else if (!word(w, "true") && !word(w, "false"))
		rc = fail(w, "a value is wanted here");
	if (rc == STW_OK && *any)
		buf_add(w->values, w->line.ptr + from, w->at - from);
	return rc;
}

static enum stw_code
value_walk(struct walk *w, bool give)
{
	size_t begin = w->values->len;
	enum stw_code rc;
	bool any = false;

	blanks(w);
	if (take(w, '{')) {
		rc = object_walk(w, give);
	} else {
		rc = scalar_walk(w, &any);
		if (rc == STW_OK && any && give)
			rc = w->leaf(
			    w->user, (struct str){w->path, w->path_len}, begin, w->err);
	}
	if (!give)
		w->values->len = begin;
	blanks(w);
	return rc;
}

enum stw_code
csv_json_walk(struct str line, struct buf *values, csv_json_leaf leaf, void *user,
    struct stw_err *err)
{
	struct walk w = {
	    .line = line, .values = values, .leaf = leaf, .user = user, .err = err};
	enum stw_code rc;

	blanks(&w);
	if (peek(&w) == '[')
		return fail(&w, "the line is a JSON list; one object a line is wanted");
	if (!take(&w, '{'))
		return fail(&w, "the line is no JSON object");
	rc = object_walk(&w, true);
	blanks(&w);
	if (rc == STW_OK && w.at < line.len)
		rc = fail(
		    &w, peek(&w) == ','
			    ? "a comma follows the object; objects stand a line each, "
			      "without commas between them"
			    : "something follows the object");
	return rc;
}
