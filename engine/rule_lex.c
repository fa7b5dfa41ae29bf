#include <stdlib.h>
#include <string.h>

#include "engine/rule_priv.h"

/* ---- UTF-8 ------------------------------------------------------------------- */
static size_t
utf8_sequence(struct str s, size_t at, uint32_t *cp)
{
	unsigned char c = (unsigned char)s.ptr[at];
	size_t n = c < 0x80                ? 1
		   : c >= 0xc2 && c < 0xe0 ? 2
		   : (c & 0xf0) == 0xe0    ? 3
		   : c >= 0xf0 && c < 0xf5 ? 4
					   : 0;

	*cp = n == 1 ? c : n == 2 ? c & 0x1fU : n == 3 ? c & 0x0fU : c & 0x07U;
	if (n == 0 || s.len - at < n)
		return 0;
	for (size_t i = 1; i < n; i++) {
		unsigned char next = (unsigned char)s.ptr[at + i];

		if ((next & 0xc0) != 0x80)
			return 0;
		*cp = *cp << 6 | (next & 0x3fU);
	}
	if ((n == 3 && (*cp < 0x800 || (*cp >= 0xd800 && *cp < 0xe000))) ||
	    (n == 4 && (*cp < 0x10000 || *cp > 0x10ffff)))
		return 0;
	return n;
}

uint32_t
utf8_next(struct str s, size_t *at)
{
	uint32_t cp;
	size_t n = utf8_sequence(s, *at, &cp);

	*at += n == 0 ? 1 : n;
	return n == 0 ? 0xfffd : cp;
}

size_t
utf8_put(uint32_t cp, char to[4])
{
	if (cp < 0x80) {
		to[0] = (char)cp;
		return 1;
	}
	if (cp < 0x800) {
		to[0] = (char)(0xc0 | cp >> 6);
		to[1] = (char)(0x80 | (cp & 0x3f));
		return 2;
	}
	if (cp < 0x10000) {
		to[0] = (char)(0xe0 | cp >> 12);
		to[1] = (char)(0x80 | (cp >> 6 & 0x3f));
		to[2] = (char)(0x80 | (cp & 0x3f));
		return 3;
	}
	to[0] = (char)(0xf0 | cp >> 18);
	to[1] = (char)(0x80 | (cp >> 12 & 0x3f));
	to[2] = (char)(0x80 | (cp >> 6 & 0x3f));
	to[3] = (char)(0x80 | (cp & 0x3f));
	return 4;
}

size_t
utf8_count(struct str s)
{
	size_t n = 0;

	for (size_t at = 0; at < s.len; n++)
		(void)utf8_next(s, &at);
	return n;
}

/* ---- moving over the text ---------------------------------------------------- */
void
lexer_init(struct lexer *lex, struct str src, struct arena *arena)
{
	*lex = (struct lexer){.src = src, .line = 1, .column = 1, .arena = arena};
}

static int
peek(const struct lexer *lex, size_t ahead)
{
	if (lex->src.len - lex->at <= ahead)
		return -1;
	return (unsigned char)lex->src.ptr[lex->at + ahead];
}

/* Columns count characters, not bytes. */
static void
advance(struct lexer *lex, size_t bytes)
{
	for (; bytes > 0; bytes--, lex->at++) {
		unsigned char c = (unsigned char)lex->src.ptr[lex->at];

		if (c == '\n') {
			lex->line++;
			lex->column = 1;
		} else if ((c & 0xc0) != 0x80) {
			lex->column++;
		}
	}
}

static void
skip_blank(struct lexer *lex)
{
	for (;;) {
		int c = peek(lex, 0);

		if (c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f') {
			advance(lex, 1);
		} else if (c == '/' && peek(lex, 1) == '/') {
			while (peek(lex, 0) != -1 && peek(lex, 0) != '\n')
				advance(lex, 1);
		} else {
			return;
		}
	}
}

static bool
is_digit(int c)
{
	return c >= '0' && c <= '9';
}

static bool
is_letter(int c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static int
hex_value(int c)
{
	if (is_digit(c))
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* ---- numbers ----------------------------------------------------------------- */
static enum stw_code
number_finish(struct lexer *lex, struct token *t, struct stw_err *err)
{
	int c = peek(lex, 0);

	if (c == 'u' || c == 'U') {
		if (t->kind == TOK_DOUBLE)
			return stw_fail_at(err, STW_INVALID, t->line, t->column,
			    "a number with a fraction cannot be a uint");
		t->kind = TOK_UINT;
		advance(lex, 1);
		c = peek(lex, 0);
	}
	if (is_letter(c) || is_digit(c))
		return stw_fail_at(err, STW_INVALID, lex->line, lex->column,
		    "'%c' cannot follow a number%s", c,
		    slip_suffix(lex->arena, lex->src, lex->at));
	return STW_OK;
}

static enum stw_code
lex_hex(struct lexer *lex, struct token *t, struct stw_err *err)
{
	advance(lex, 2);
	t->kind = TOK_INT;
	if (hex_value(peek(lex, 0)) < 0)
		return stw_fail_at(err, STW_INVALID, t->line, t->column,
		    "0x needs hexadecimal digits");
	for (; hex_value(peek(lex, 0)) >= 0; advance(lex, 1)) {
		if (t->integer >> 60 != 0)
			return stw_fail_at(err, STW_INVALID, t->line, t->column,
			    "the number does not fit into 64 bits");
		t->integer = t->integer << 4 | (uint64_t)hex_value(peek(lex, 0));
	}
	return number_finish(lex, t, err);
}

static enum stw_code
lex_number(struct lexer *lex, struct token *t, struct stw_err *err)
{
	size_t from = lex->at;
	bool overflow = false;
	size_t exponent;
	char *text;

	if (peek(lex, 0) == '0' && (peek(lex, 1) == 'x' || peek(lex, 1) == 'X'))
		return lex_hex(lex, t, err);
	t->kind = TOK_INT;
	for (; is_digit(peek(lex, 0)); advance(lex, 1)) {
		uint64_t digit = (uint64_t)(peek(lex, 0) - '0');

		overflow |= __builtin_mul_overflow(t->integer, 10, &t->integer) ||
			    __builtin_add_overflow(t->integer, digit, &t->integer);
	}
	if (peek(lex, 0) == '.' && is_digit(peek(lex, 1))) {
		t->kind = TOK_DOUBLE;
		advance(lex, 1);
		while (is_digit(peek(lex, 0)))
			advance(lex, 1);
	}
	if (peek(lex, 0) == 'e' || peek(lex, 0) == 'E') {
		exponent = peek(lex, 1) == '+' || peek(lex, 1) == '-' ? 2 : 1;
		if (is_digit(peek(lex, exponent))) {
			t->kind = TOK_DOUBLE;
			advance(lex, exponent);
			while (is_digit(peek(lex, 0)))
				advance(lex, 1);
		}
	}
	if (t->kind == TOK_INT && overflow)
		return stw_fail_at(err, STW_INVALID, t->line, t->column,
		    "the number does not fit into 64 bits");
	if (t->kind == TOK_DOUBLE) {
		text = arena_strndup(lex->arena, lex->src.ptr + from, lex->at - from);
		t->real = strtod(text, NULL);
		if (t->real > 1.7976931348623157e308)
			return stw_fail_at(err, STW_INVALID, t->line, t->column,
			    "the number is too large for a double");
	}
	return number_finish(lex, t, err);
}

/* ---- strings ----------------------------------------------------------------- */
struct quote {
	bool raw, bytes;
	int mark, marks; /* ' or ", once or three times */
};

static enum stw_code
escape_code(struct lexer *lex, const struct quote *q, int digits, struct buf *to,
    struct stw_err *err)
{
	bool octal = digits == 0;
	uint32_t cp = 0;
	char utf8[4];

	if (octal)
		digits = 3;
	for (int i = 0; i < digits; i++, advance(lex, 1)) {
		int v = hex_value(peek(lex, 0));

		if (v < 0 || (octal && v > 7))
			return stw_fail_at(err, STW_INVALID, lex->line, lex->column,
			    "the escape needs %d %s digits", digits,
			    octal ? "octal" : "hexadecimal");
		cp = octal ? cp << 3 | (uint32_t)v : cp << 4 | (uint32_t)v;
	}
	if (q->bytes) {
		if (cp > 0xff)
			return stw_fail_at(err, STW_INVALID, lex->line, lex->column,
			    "the escape is larger than a byte");
		buf_add_char(to, (char)cp);
		return STW_OK;
	}
	if (cp > 0x10ffff || (cp >= 0xd800 && cp < 0xe000))
		return stw_fail_at(err, STW_INVALID, lex->line, lex->column,
		    "the escape is not a Unicode character");
	buf_add(to, utf8, utf8_put(cp, utf8));
	return STW_OK;
}

static enum stw_code
lex_escape(
    struct lexer *lex, const struct quote *q, struct buf *to, struct stw_err *err)
{
	static const char from[] = "abfnrtv\\?\"'`";
	static const char value[] = "\a\b\f\n\r\t\v\\?\"'`";
	const char *at;
	int c;

	advance(lex, 1);
	c = peek(lex, 0);
	at = c > 0 ? strchr(from, c) : NULL;
	if (at != NULL) {
		buf_add_char(to, value[at - from]);
		advance(lex, 1);
		return STW_OK;
	}
	if (c >= '0' && c <= '3')
		return escape_code(lex, q, 0, to, err);
	if (c == 'x' || c == 'X' || (!q->bytes && (c == 'u' || c == 'U'))) {
		advance(lex, 1);
		return escape_code(lex, q, c == 'u' ? 4 : c == 'U' ? 8 : 2, to, err);
	}
	return stw_fail_at(err, STW_INVALID, lex->line, lex->column,
	    "unknown escape; write \\\\ for a backslash");
}

static bool
closes(const struct lexer *lex, const struct quote *q)
{
	for (int i = 0; i < q->marks; i++) {
		if (peek(lex, (size_t)i) != q->mark)
			return false;
	}
	return true;
}

static enum stw_code
lex_string(struct lexer *lex, struct quote q, struct token *t, struct stw_err *err)
{
	enum stw_code rc = STW_OK;
	struct buf body;

	buf_init(&body);
	q.mark = peek(lex, 0);
	q.marks = peek(lex, 1) == q.mark && peek(lex, 2) == q.mark ? 3 : 1;
	advance(lex, (size_t)q.marks);
	while (!closes(lex, &q)) {
		int c = peek(lex, 0);

		if (c == -1 || (q.marks == 1 && (c == '\n' || c == '\r'))) {
			rc = stw_fail_at(err, STW_INVALID, t->line, t->column,
			    "the string is not closed");
			goto done;
		}
		if (c == '\\' && !q.raw) {
			rc = lex_escape(lex, &q, &body, err);
			if (rc != STW_OK)
				goto done;
		} else {
			buf_add_char(&body, (char)c);
			advance(lex, 1);
		}
	}
	advance(lex, (size_t)q.marks);
	t->kind = q.bytes ? TOK_BYTES : TOK_STRING;
	t->text = (struct str){
	    arena_strndup(lex->arena, body.len > 0 ? body.data : "", body.len),
	    body.len};
done:
	buf_fini(&body);
	return rc;
}

/* r"", b"", br"", rb"" in any case: the length of the prefix, -1 when none. */
static int
string_prefix(const struct lexer *lex, struct quote *q)
{
	int n = 0;

	*q = (struct quote){0};
	for (; n < 2; n++) {
		int c = peek(lex, (size_t)n) | 0x20;

		if (c == 'r' && !q->raw)
			q->raw = true;
		else if (c == 'b' && !q->bytes)
			q->bytes = true;
		else
			break;
	}
	return peek(lex, (size_t)n) == '"' || peek(lex, (size_t)n) == '\'' ? n : -1;
}

/* ---- the rest ---------------------------------------------------------------- */
/* The name of a field that a character cannot be part of as it stands, but could be in
 * backticks; empty when it is no field's. */
static struct str
unquoted_field(const struct lexer *lex)
{
	struct str src = lex->src;
	size_t from = lex->at, to = lex->at;

	while (
	    from > 0 && (is_letter(src.ptr[from - 1]) || is_digit(src.ptr[from - 1])))
		from--;
	if (from == 0 || src.ptr[from - 1] != '.' || (unsigned char)src.ptr[to] < 0x80)
		return (struct str){"", 0};
	while (to < src.len && ((unsigned char)src.ptr[to] >= 0x80 ||
				   is_letter(src.ptr[to]) || is_digit(src.ptr[to])))
		to++;
	return (struct str){src.ptr + from, to - from};
}

static enum stw_code
unexpected(const struct lexer *lex, struct stw_err *err)
{
	size_t at = lex->at;
	uint32_t cp = utf8_next(lex->src, &at);
	struct str shown = {lex->src.ptr + lex->at, at - lex->at}, name;
	const char *hint;
	char plain[4];

	if (slip_character(cp, plain) != NULL)
		return stw_fail_at(err, STW_INVALID, lex->line, lex->column,
		    "unexpected character '%.*s'; write '%s'", STR_FMT(shown), plain);
	if (cp == 0xfffd || cp < 0x20)
		return stw_fail_at(err, STW_INVALID, lex->line, lex->column,
		    "unexpected character (code %u)", (unsigned)cp);
	hint = slip_at(lex->arena, lex->src, lex->at);
	name = unquoted_field(lex);
	if (hint[0] == '\0' && name.len > 0 && name.len <= 60)
		return stw_fail_at(err, STW_INVALID, lex->line, lex->column,
		    "unexpected character '%.*s'; write '`%.*s`'", STR_FMT(shown),
		    STR_FMT(name));
	return stw_fail_at(err, STW_INVALID, lex->line, lex->column,
	    "unexpected character '%.*s'%s", STR_FMT(shown), hint);
}

static enum stw_code
lex_operator(struct lexer *lex, struct token *t, struct stw_err *err)
{
	static const char two[][3] = {"&&", "||", "==", "!=", "<=", ">=", ".?", "[?"};
	int a = peek(lex, 0), b = peek(lex, 1);

	t->kind = TOK_OP;
	for (size_t i = 0; i < STW_ARRAY_LEN(two); i++) {
		if (a == two[i][0] && b == two[i][1]) {
			memcpy(t->op, two[i], 3);
			advance(lex, 2);
			return STW_OK;
		}
	}
	if (a <= 0 || strchr("+-*/%!<>?:.,()[]{}", a) == NULL)
		return unexpected(lex, err);
	t->op[0] = (char)a;
	advance(lex, 1);
	return STW_OK;
}

static enum stw_code
lex_quoted(struct lexer *lex, struct token *t, struct stw_err *err)
{
	size_t from;

	advance(lex, 1);
	from = lex->at;
	while (peek(lex, 0) != '`') {
		int c = peek(lex, 0);
		uint32_t cp;
		size_t n = c >= 0x80 ? utf8_sequence(lex->src, lex->at, &cp) : 1;

		/* Letters of any script: columns are called as their files call them. */
		if (n == 0 || (c < 0x80 && !is_letter(c) && !is_digit(c) &&
				  (c <= 0 || strchr("-./ ", c) == NULL)))
			return stw_fail_at(err, STW_INVALID, lex->line, lex->column,
			    "a `quoted` field name has letters, digits and _-./ only");
		advance(lex, n);
	}
	t->kind = TOK_QUOTED;
	t->text = (struct str){lex->src.ptr + from, lex->at - from};
	advance(lex, 1);
	return STW_OK;
}

enum stw_code
lexer_next(struct lexer *lex, struct token *out, struct stw_err *err)
{
	enum stw_code rc = STW_OK;
	struct token t = {0};
	struct quote q;
	int c, prefix;

	skip_blank(lex);
	t.start = (uint32_t)lex->at;
	t.line = lex->line;
	t.column = lex->column;
	c = peek(lex, 0);
	prefix = string_prefix(lex, &q);
	if (c == -1) {
		t.kind = TOK_END;
	} else if (prefix >= 0) {
		advance(lex, (size_t)prefix);
		rc = lex_string(lex, q, &t, err);
	} else if (is_letter(c)) {
		while (is_letter(peek(lex, 0)) || is_digit(peek(lex, 0)))
			advance(lex, 1);
		t.kind = TOK_IDENT;
		t.text = (struct str){lex->src.ptr + t.start, lex->at - t.start};
	} else if (is_digit(c) || (c == '.' && is_digit(peek(lex, 1)))) {
		rc = lex_number(lex, &t, err);
	} else if (c == '`') {
		rc = lex_quoted(lex, &t, err);
	} else {
		rc = lex_operator(lex, &t, err);
	}
	t.end = (uint32_t)lex->at;
	*out = t;
	return rc;
}
