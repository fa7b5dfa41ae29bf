/* Slips of those who come from SQL, spreadsheets or a Chinese keyboard, and what to write
 * instead. All hints begin with "; ", so that they can follow a message; "" is none. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "engine/rule_priv.h"

#define SHOWN 40 /* bytes of the rule that a hint repeats */

/* ---- words ----------------------------------------------------------------------- */
static bool
is_word_byte(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
	       (c >= '0' && c <= '9');
}

static bool
same_word(struct str a, const char *b)
{
	return a.len == strlen(b) && strncasecmp(a.ptr, b, a.len) == 0;
}

/* The word or dotted name that ends before `at`, spaces between left out. */
static struct str
word_before(struct str text, size_t at, bool dotted)
{
	size_t end, from;

	while (at > 0 && (text.ptr[at - 1] == ' ' || text.ptr[at - 1] == '\n' ||
			     text.ptr[at - 1] == '\t'))
		at--;
	end = from = at;
	while (from > 0 && (is_word_byte(text.ptr[from - 1]) ||
			       (dotted && text.ptr[from - 1] == '.')))
		from--;
	if (end - from > SHOWN)
		return (struct str){text.ptr, 0};
	return (struct str){text.ptr + from, end - from};
}

static struct str
word_after(struct str text, size_t at)
{
	size_t from, end;

	while (at < text.len && (text.ptr[at] == ' ' || text.ptr[at] == '\n'))
		at++;
	from = end = at;
	while (end < text.len && is_word_byte(text.ptr[end]))
		end++;
	return (struct str){text.ptr + from, end - from > SHOWN ? 0 : end - from};
}

static char
byte_before(struct str text, size_t at)
{
	while (at > 0 && text.ptr[at - 1] == ' ')
		at--;
	return at > 0 ? text.ptr[at - 1] : '\0';
}

/* ---- numbers --------------------------------------------------------------------- */
/* "50" and a shift of 4 are 500000; "5" and -2 are 0.05. False: no plain number. */
static bool
shift_number(struct str number, int by, char to[64])
{
	char digits[20];
	int n = 0, point = -1, at = 0, from = 0;

	for (size_t i = 0; i < number.len; i++) {
		if (number.ptr[i] == '.' && point < 0)
			point = n;
		else if (number.ptr[i] >= '0' && number.ptr[i] <= '9' && n < 18)
			digits[n++] = number.ptr[i];
		else
			return false;
	}
	if (n == 0)
		return false;
	point =
	    (point < 0 ? n : point) + by; /* so many digits stand before the point */
	while (n > 0 && n > point && digits[n - 1] == '0')
		n--;
	while (from < n && from < point - 1 && digits[from] == '0')
		from++;
	for (int i = from; i < point; i++)
		to[at++] = i < n ? digits[i] : '0';
	if (point <= 0)
		to[at++] = '0';
	if (n > point)
		to[at++] = '.';
	for (int i = point < 0 ? point : from > point ? from : point; i < n; i++)
		to[at++] = i < 0 ? '0' : digits[i];
	to[at] = '\0';
	return true;
}

/* The zeros of a Chinese unit, 0 when it is none. */
static int
unit_zeros(uint32_t cp)
{
	static const struct {
		uint32_t cp;
		int zeros;
	} units[] = {{0x5341, 1}, {0x767e, 2}, {0x5343, 3}, {0x4e07, 4}, {0x842c, 4},
	    {0x4ebf, 8}, {0x5104, 8}}; /* ten, hundred, thousand, wan, yi */

	for (size_t i = 0; i < STW_ARRAY_LEN(units); i++) {
		if (units[i].cp == cp)
			return units[i].zeros;
	}
	return 0;
}

static struct str
number_before(struct str text, size_t at)
{
	size_t from;

	while (at > 0 && text.ptr[at - 1] == ' ')
		at--;
	from = at;
	while (from > 0 && ((text.ptr[from - 1] >= '0' && text.ptr[from - 1] <= '9') ||
			       text.ptr[from - 1] == '.'))
		from--;
	if (from > 0 && is_word_byte(text.ptr[from - 1]))
		return (struct str){text.ptr, 0};
	return (struct str){text.ptr + from, at - from};
}

/* The number that ends at `at` with the Chinese units behind it, in digits. */
static const char *
unit_slip(struct arena *arena, struct str text, size_t at, const char *quote)
{
	struct str number = number_before(text, at);
	size_t from = (size_t)(number.ptr - text.ptr), end = at;
	char plain[64];
	int zeros = 0;

	while (end < text.len) {
		size_t next = end;
		int unit = unit_zeros(utf8_next(text, &next));

		if (unit == 0)
			break;
		zeros += unit;
		end = next;
	}
	if (zeros == 0 || zeros > 16 || !shift_number(number, zeros, plain))
		return "";
	return arena_printf(arena, "; write %s%s%s for %.*s", quote, plain, quote,
	    (int)(end - from), text.ptr + from);
}

const char *
slip_amount(struct arena *arena, struct str text)
{
	size_t at = 0;

	while (at < text.len && (text.ptr[at] == '.' || text.ptr[at] == ' ' ||
				    (text.ptr[at] >= '0' && text.ptr[at] <= '9')))
		at++;
	return unit_slip(arena, text, at, "\"");
}

const char *
slip_suffix(struct arena *arena, struct str text, size_t at)
{
	struct str number = number_before(text, at);
	char c = text.ptr[at], plain[64];

	if (number.len == 0 || number.len > SHOWN ||
	    (at + 1 < text.len && is_word_byte(text.ptr[at + 1])))
		return "";
	if ((c == 'k' || c == 'K' || c == 'm' || c == 'M') &&
	    shift_number(number, c == 'k' || c == 'K' ? 3 : 6, plain))
		return arena_printf(
		    arena, "; write %s for %.*s%c", plain, STR_FMT(number), c);
	if (c == 'd' || c == 'h')
		return arena_printf(arena, "; write %s(%.*s)",
		    c == 'd' ? "days" : "hours", STR_FMT(number));
	return "";
}

/* ---- characters ------------------------------------------------------------------ */
const char *
slip_character(uint32_t cp, char plain[4])
{
	static const struct {
		uint32_t wide;
		char narrow[4];
	} others[] = {{0x3001, ","}, {0x3002, "."}, {0x201c, "\""}, {0x201d, "\""},
	    {0x300c, "\""}, {0x300d, "\""}, {0x2018, "'"}, {0x2019, "'"}, {0x2212, "-"},
	    {0x2013, "-"}, {0x2014, "-"}, {0x2265, ">="}, {0x2264, "<="},
	    {0x2260, "!="}, {0x00d7, "*"}, {0x00f7, "/"}, {0x3000, " "}, {0x00a0, " "},
	    {0x3010, "["}, {0x3011, "]"}, {0xff1d, "=="}, {0xff06, "&&"},
	    {0xff5c, "||"}, {0x300a, "<"}, {0x300b, ">"}, {0x2227, "&&"},
	    {0x2228, "||"}, {0x00ac, "!"}};

	for (size_t i = 0; i < STW_ARRAY_LEN(others); i++) {
		if (others[i].wide == cp)
			return strcpy(plain, others[i].narrow);
	}
	if (cp <= 0xff00 || cp > 0xff5e || cp == 0xff1b) /* see slip_at for ; */
		return NULL;
	plain[0] = (char)(cp - 0xfee0); /* the full-width forms of ASCII */
	plain[1] = '\0';
	return plain;
}

const char *
slip_at(struct arena *arena, struct str text, size_t at)
{
	char c = text.ptr[at], next = at + 1 < text.len ? text.ptr[at + 1] : '\0';
	size_t end = at;

	if (utf8_next(text, &end) == 0xff1b)
		c = ';';
	switch (c) {
	case '=':
		return next == '>'   ? "; write '>='"
		       : next == '<' ? "; write '<='"
				     : "; compare with '=='";
	case '&':
		return "; write '&&'";
	case '|':
		return "; write '||'";
	case ';':
		return "; a rule is one expression, without ';'";
	case '#':
		return "; a comment begins with //";
	case '^':
		return "; write x * x for a power";
	default:
		return unit_slip(arena, text, at, "");
	}
}

/* ---- words where something else was expected ------------------------------------- */
static const struct {
	const char *word, *hint;
} word_hints[] = {
    {"and", "; write '&&'"},
    {"or", "; write '||'"},
    {"not", "; write '!'"},
    {"mod", "; write '%'"},
    {"equals", "; write '=='"},
    {"like", "; write x.contains(\"...\") or x.matches(\"...\")"},
    {"contains", "; write x.contains(...)"},
    {"matches", "; write x.matches(\"...\")"},
    {"between", "; write x >= a && x <= b"},
    {"then", "; write condition ? a : b"},
};

/* x is null, x is not null */
static const char *
null_slip(struct arena *arena, struct str text, size_t start, size_t end)
{
	struct str left = word_before(text, start, true), next = word_after(text, end);
	bool negated = same_word(next, "not");

	if (negated)
		next = word_after(text, (size_t)(next.ptr - text.ptr) + next.len);
	if (!same_word(next, "null") || left.len == 0)
		return "; compare with '=='";
	return arena_printf(
	    arena, "; write %shas(%.*s)", negated ? "" : "!", STR_FMT(left));
}

/* Is this inside the brackets of x in (a, b)? */
static bool
after_in(struct str text, size_t at)
{
	while (at > 0 && text.ptr[at - 1] != '(' && text.ptr[at - 1] != ')')
		at--;
	return at > 0 && text.ptr[at - 1] == '(' &&
	       same_word(word_before(text, at - 1, false), "in");
}

const char *
slip_token(struct arena *arena, struct str text, size_t start, size_t end)
{
	struct str found = {text.ptr + start, end - start}, number;
	char before = byte_before(text, start), plain[64];

	if (same_word(found, "is"))
		return null_slip(arena, text, start, end);
	for (size_t i = 0; i < STW_ARRAY_LEN(word_hints); i++) {
		if (same_word(found, word_hints[i].word))
			return word_hints[i].hint;
	}
	if (same_word(word_before(text, start, false), "not"))
		return found.len > 0 && found.len <= SHOWN
			   ? arena_printf(arena, "; write !(%.*s ...)", STR_FMT(found))
			   : "";
	if (str_eq_c(found, ",") && after_in(text, start))
		return "; write a list as in [a, b]";
	if (before == '<' && str_eq_c(found, ">"))
		return "; write '!='";
	if ((before == '+' || before == '-') && found.len == 1 && *found.ptr == '=')
		return "; a rule changes nothing";
	if (before == '/' && str_eq_c(found, "*"))
		return "; a comment begins with //";
	if (before == '*' && str_eq_c(found, "*"))
		return "; write x * x for a power";
	if (before != '%')
		return "";
	while (text.ptr[start - 1] != '%')
		start--;
	number = number_before(text, start - 1);
	if (!shift_number(number, -2, plain))
		return "";
	return arena_printf(arena, "; write %s for %.*s%%", plain, STR_FMT(number));
}

const char *
slip_name(struct str name)
{
	if (same_word(name, "null") || same_word(name, "none") ||
	    same_word(name, "nil"))
		return "; write !has(x) where a value may be missing";
	return "";
}

/* ---- functions of other languages ------------------------------------------------ */
const char *
slip_function(struct str name)
{
	static const struct {
		const char *name, *hint;
	} functions[] = {
	    {"len", "; write x.size()"},
	    {"length", "; write x.size()"},
	    {"upper", "; write x.upperAscii()"},
	    {"toUpperCase", "; write x.upperAscii()"},
	    {"lower", "; write x.lowerAscii()"},
	    {"toLowerCase", "; write x.lowerAscii()"},
	    {"any", "; write list.exists(x, ...)"},
	    {"some", "; write list.exists(x, ...)"},
	    {"every", "; write list.all(x, ...)"},
	    {"isnull", "; write !has(x)"},
	    {"is_null", "; write !has(x)"},
	    {"coalesce", "; write x.?field.orValue(...)"},
	    {"ifnull", "; write x.?field.orValue(...)"},
	    {"if", "; write condition ? a : b"},
	    {"iif", "; write condition ? a : b"},
	    {"datediff", "; write days_since(x), or a - b of two dates"},
	    {"dateadd", "; write date + 7, or add_months(date, 1)"},
	    {"curdate", "; write today"},
	    {"getdate", "; write today"},
	    {"current_date", "; write today"},
	    {"substr", "; write x.substring(from, to)"},
	    {"like", "; write x.contains(\"...\") or x.matches(\"...\")"},
	    {"average", "; write list.avg()"},
	    {"in_segment", "; write customer in segment(\"...\")"},
	};

	for (size_t i = 0; i < STW_ARRAY_LEN(functions); i++) {
		if (same_word(name, functions[i].name))
			return functions[i].hint;
	}
	return "";
}
