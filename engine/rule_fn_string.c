/* Strings and bytes. Positions and lengths of strings count characters. */
#include <string.h>

#include <sodium.h>

#include "engine/rule_priv.h"

#define FN(name)                                                \
	static void name(struct frame *f, const struct node *n, \
	    const struct rule_value *a, struct rule_value *out)

static void
set_bool(struct rule_value *out, bool b)
{
	out->kind = RULE_V_BOOL;
	out->b = b;
}

static void
set_int(struct rule_value *out, size_t i)
{
	out->kind = RULE_V_INT;
	out->i = (int64_t)i;
}

static void
set_string(struct rule_value *out, const char *ptr, size_t len)
{
	out->kind = RULE_V_STRING;
	out->s = (struct str){ptr, len};
}

static char *
string_alloc(struct frame *f, const struct node *n, size_t len, struct rule_value *out)
{
	if (len > EVAL_STR_MAX) {
		value_fail(out, n, "the text gets too long");
		return NULL;
	}
	return frame_alloc(f, n, len + 1, 1, out);
}

/* Where `what` stands in s at or after from; SIZE_MAX when nowhere. Bytes. */
static size_t
find_from(struct str s, struct str what, size_t from)
{
	const char *hit;

	if (from > s.len)
		return SIZE_MAX;
	if (what.len == 0)
		return from;
	hit = memmem(s.ptr + from, s.len - from, what.ptr, what.len);
	return hit == NULL ? SIZE_MAX : (size_t)(hit - s.ptr);
}

/* The byte where character `index` begins; false when there are fewer characters. */
static bool
byte_of(struct str s, int64_t index, size_t *at)
{
	*at = 0;
	if (index < 0)
		return false;
	for (; index > 0; index--) {
		if (*at >= s.len)
			return false;
		(void)utf8_next(s, at);
	}
	return true;
}

static size_t
char_of(struct str s, size_t byte)
{
	return utf8_count((struct str){s.ptr, byte});
}

FN(string_size)
{
	(void)f, (void)n;
	set_int(out, utf8_count(a[0].s));
}

FN(bytes_size)
{
	(void)f, (void)n;
	set_int(out, a[0].s.len);
}

FN(string_add)
{
	char *text = string_alloc(f, n, a[0].s.len + a[1].s.len, out);

	if (text == NULL)
		return;
	if (a[0].s.len > 0)
		memcpy(text, a[0].s.ptr, a[0].s.len);
	if (a[1].s.len > 0)
		memcpy(text + a[0].s.len, a[1].s.ptr, a[1].s.len);
	out->kind = a[0].kind; /* string or bytes */
	out->s = (struct str){text, a[0].s.len + a[1].s.len};
}

FN(contains)
{
	(void)f, (void)n;
	set_bool(out, find_from(a[0].s, a[1].s, 0) != SIZE_MAX);
}

FN(starts_with)
{
	(void)f, (void)n;
	set_bool(out,
	    a[0].s.len >= a[1].s.len &&
		(a[1].s.len == 0 || memcmp(a[0].s.ptr, a[1].s.ptr, a[1].s.len) == 0));
}

FN(ends_with)
{
	size_t skip = a[0].s.len - a[1].s.len;

	(void)f, (void)n;
	set_bool(out, a[0].s.len >= a[1].s.len &&
			  (a[1].s.len == 0 ||
			      memcmp(a[0].s.ptr + skip, a[1].s.ptr, a[1].s.len) == 0));
}

void
rule_fn_matches(struct frame *f, const struct node *n, const struct rule_value *a,
    struct rule_value *out)
{
	int hit;

	(void)f;
	if (n->re != NULL) {
		set_bool(out, re_match(n->re, a[0].s.ptr, a[0].s.len));
		return;
	}
	hit = re_match_once(a[1].s.ptr, a[1].s.len, a[0].s.ptr, a[0].s.len);
	if (hit < 0)
		value_fail(out, n, "not a regular expression (RE2 syntax)");
	else
		set_bool(out, hit == 1);
}

static void
change_case(struct frame *f, const struct node *n, struct str s, char from, int by,
    struct rule_value *out)
{
	char *text = string_alloc(f, n, s.len, out);

	if (text == NULL)
		return;
	for (size_t i = 0; i < s.len; i++) {
		int c = (unsigned char)s.ptr[i];

		text[i] = (char)(c >= from && c < from + 26 ? c + by : c);
	}
	set_string(out, text, s.len);
}

FN(lower_ascii)
{
	change_case(f, n, a[0].s, 'A', 32, out);
}

FN(upper_ascii)
{
	change_case(f, n, a[0].s, 'a', -32, out);
}

static bool
is_space(uint32_t cp)
{
	return cp == ' ' || (cp >= 9 && cp <= 13) || cp == 0x85 || cp == 0xa0 ||
	       cp == 0x1680 || (cp >= 0x2000 && cp <= 0x200a) || cp == 0x2028 ||
	       cp == 0x2029 || cp == 0x202f || cp == 0x205f || cp == 0x3000;
}

FN(trim)
{
	struct str s = a[0].s;
	size_t from = 0, to = 0;
	bool started = false;

	(void)f, (void)n;
	for (size_t at = 0; at < s.len;) {
		size_t before = at;

		if (is_space(utf8_next(s, &at)))
			continue;
		if (!started)
			from = before;
		started = true;
		to = at;
	}
	set_string(out, s.ptr + from, to - from);
}

static void
substring(const struct rule_value *a, int64_t from, int64_t to, const struct node *n,
    struct rule_value *out)
{
	size_t start, end;

	if (from > to || !byte_of(a->s, from, &start) || !byte_of(a->s, to, &end))
		value_fail(out, n, "substring out of range");
	else
		set_string(out, a->s.ptr + start, end - start);
}

FN(substring_from)
{
	(void)f;
	substring(a, a[1].i, (int64_t)utf8_count(a[0].s), n, out);
}

FN(substring_between)
{
	(void)f;
	substring(a, a[1].i, a[2].i, n, out);
}

FN(char_at)
{
	size_t start, end;

	(void)f;
	if (!byte_of(a[0].s, a[1].i, &start)) {
		value_fail(out, n, "charAt out of range");
		return;
	}
	end = start;
	if (end < a[0].s.len)
		(void)utf8_next(a[0].s, &end);
	set_string(out, a[0].s.ptr + start, end - start);
}

static void
index_of(struct str s, struct str what, int64_t from, const struct node *n,
    struct rule_value *out)
{
	size_t at;

	if (!byte_of(s, from, &at)) {
		value_fail(out, n, "indexOf out of range");
		return;
	}
	at = find_from(s, what, at);
	out->kind = RULE_V_INT;
	out->i = at == SIZE_MAX ? -1 : (int64_t)char_of(s, at);
}

FN(index_of_first)
{
	(void)f;
	index_of(a[0].s, a[1].s, 0, n, out);
}

FN(index_of_from)
{
	(void)f;
	index_of(a[0].s, a[1].s, a[2].i, n, out);
}

/* The last place at or before byte `limit`. */
static void
last_index(struct str s, struct str what, size_t limit, struct rule_value *out)
{
	size_t last = SIZE_MAX;

	if (what.len == 0)
		last = limit;
	else
		for (size_t at = find_from(s, what, 0); at <= limit && at != SIZE_MAX;
		     at = find_from(s, what, at + 1))
			last = at;
	out->kind = RULE_V_INT;
	out->i = last == SIZE_MAX ? -1 : (int64_t)char_of(s, last);
}

FN(last_index_of)
{
	(void)f, (void)n;
	last_index(a[0].s, a[1].s, a[0].s.len, out);
}

FN(last_index_of_before)
{
	size_t limit;

	(void)f;
	if (byte_of(a[0].s, a[2].i, &limit))
		last_index(a[0].s, a[1].s, limit, out);
	else
		value_fail(out, n, "lastIndexOf out of range");
}

/* An empty `what` stands before each character and at the end. */
static void
replace(struct frame *f, const struct node *n, const struct rule_value *a,
    int64_t limit, struct rule_value *out)
{
	struct str s = a[0].s, what = a[1].s, with = a[2].s;
	struct buf made;
	size_t at = 0;
	char *text;

	buf_init(&made);
	while (limit != 0 && at <= s.len) {
		size_t hit = find_from(s, what, at);
		size_t next = hit;

		if (hit == SIZE_MAX)
			break;
		buf_add(&made, s.ptr + at, hit - at);
		buf_add_str(&made, with);
		if (what.len == 0 && next < s.len) {
			(void)utf8_next(s, &next);
			buf_add(&made, s.ptr + hit, next - hit);
		} else {
			next += what.len;
		}
		at = next;
		limit--;
		if (made.len > EVAL_STR_MAX || (what.len == 0 && hit == s.len))
			break;
	}
	if (at < s.len)
		buf_add(&made, s.ptr + at, s.len - at);
	text = string_alloc(f, n, made.len, out);
	if (text != NULL) {
		if (made.len > 0)
			memcpy(text, made.data, made.len);
		set_string(out, text, made.len);
	}
	buf_fini(&made);
}

FN(replace_all)
{
	replace(f, n, a, -1, out);
}

FN(replace_some)
{
	replace(f, n, a, a[3].i, out);
}

/* ---- lists of strings ------------------------------------------------------------ */
static void
split(struct frame *f, const struct node *n, struct str s, struct str by, int64_t limit,
    struct rule_value *out)
{
	struct rule_value *items;
	size_t count = 1, at = 0, used = 0;

	if (limit == 0) {
		*out = rule_list_of(NULL, 0);
		return;
	}
	if (by.len == 0)
		count = utf8_count(s);
	else
		for (size_t hit = find_from(s, by, 0); hit != SIZE_MAX;
		     hit = find_from(s, by, hit + by.len))
			count++;
	if (limit > 0 && count > (size_t)limit)
		count = (size_t)limit;
	items = frame_alloc(f, n, count, sizeof *items, out);
	if (items == NULL)
		return;
	while (used < count) {
		size_t end = at, next;

		if (used + 1 == count) {
			end = next = s.len;
		} else if (by.len == 0) {
			(void)utf8_next(s, &end);
			next = end;
		} else {
			end = find_from(s, by, at);
			next = end + by.len;
		}
		items[used++] = rule_string((struct str){s.ptr + at, end - at});
		at = next;
	}
	*out = rule_list_of(items, used);
}

FN(split_all)
{
	split(f, n, a[0].s, a[1].s, -1, out);
}

FN(split_some)
{
	split(f, n, a[0].s, a[1].s, a[2].i, out);
}

static void
join(struct frame *f, const struct node *n, const struct rule_list *list, struct str by,
    struct rule_value *out)
{
	struct rule_value item;
	size_t len = 0, at = 0;
	char *text;

	for (size_t i = 0; i < list->count; i++) {
		list_get(list, i, &item);
		if (item.kind != RULE_V_STRING) {
			value_fail(out, n, "join() takes a list of strings");
			return;
		}
		len += item.s.len + (i > 0 ? by.len : 0);
	}
	text = string_alloc(f, n, len, out);
	if (text == NULL)
		return;
	for (size_t i = 0; i < list->count; i++) {
		list_get(list, i, &item);
		if (i > 0 && by.len > 0)
			memcpy(text + at, by.ptr, by.len);
		at += i > 0 ? by.len : 0;
		if (item.s.len > 0)
			memcpy(text + at, item.s.ptr, item.s.len);
		at += item.s.len;
	}
	set_string(out, text, len);
}

FN(join_plain)
{
	join(f, n, &a[0].list, STR_LIT(""), out);
}

FN(join_with)
{
	join(f, n, &a[0].list, a[1].s, out);
}

FN(reverse)
{
	struct str s = a[0].s;
	char *text = string_alloc(f, n, s.len, out);
	size_t to = s.len;

	if (text == NULL)
		return;
	for (size_t at = 0; at < s.len;) {
		size_t from = at;

		(void)utf8_next(s, &at);
		to -= at - from;
		memcpy(text + to, s.ptr + from, at - from);
	}
	set_string(out, text, s.len);
}

/* ---- sampling -------------------------------------------------------------------- */
int64_t
bucket_of(struct str key, struct str salt, int64_t n)
{
	unsigned char hash[crypto_hash_sha256_BYTES];
	crypto_hash_sha256_state state;
	uint64_t first = 0;

	(void)crypto_hash_sha256_init(&state);
	(void)crypto_hash_sha256_update(
	    &state, (const unsigned char *)salt.ptr, salt.len);
	(void)crypto_hash_sha256_update(&state, (const unsigned char *)"", 1);
	(void)crypto_hash_sha256_update(
	    &state, (const unsigned char *)key.ptr, key.len);
	(void)crypto_hash_sha256_final(&state, hash);
	for (int i = 0; i < 8; i++)
		first = first << 8 | hash[i];
	return (int64_t)(first % (uint64_t)n);
}

static void
bucket(const struct rule_value *a, struct str key, const struct node *n,
    struct rule_value *out)
{
	if (a[2].i < 1) {
		value_fail(out, n, "bucket() needs at least one bucket");
		return;
	}
	out->kind = RULE_V_INT;
	out->i = bucket_of(key, a[1].s, a[2].i);
}

FN(bucket_string)
{
	(void)f;
	bucket(a, a[0].s, n, out);
}

FN(bucket_int)
{
	struct buf key;

	(void)f;
	buf_init(&key);
	buf_printf(&key, "%lld", (long long)a[0].i);
	bucket(a, (struct str){key.data, key.len}, n, out);
	buf_fini(&key);
}

const struct rule_overload rule_fns_string[] = {
    {"size", "%s:i", string_size, 0, NULL},
    {"size", "%y:i", bytes_size, 0, NULL},
    {"+", "ss:s", string_add, 0, NULL},
    {"+", "yy:y", string_add, 0, NULL},
    {"contains", ".ss:b", contains, 0, NULL},
    {"startsWith", ".ss:b", starts_with, 0, NULL},
    {"endsWith", ".ss:b", ends_with, 0, NULL},
    {"matches", "%ss:b", rule_fn_matches, 0, NULL},
    {"lowerAscii", ".s:s", lower_ascii, 0, NULL},
    {"upperAscii", ".s:s", upper_ascii, 0, NULL},
    {"trim", ".s:s", trim, 0, NULL},
    {"substring", ".si:s", substring_from, 0, NULL},
    {"substring", ".sii:s", substring_between, 0, NULL},
    {"charAt", ".si:s", char_at, 0, NULL},
    {"indexOf", ".ss:i", index_of_first, 0, NULL},
    {"indexOf", ".ssi:i", index_of_from, 0, NULL},
    {"lastIndexOf", ".ss:i", last_index_of, 0, NULL},
    {"lastIndexOf", ".ssi:i", last_index_of_before, 0, NULL},
    {"replace", ".sss:s", replace_all, 0, NULL},
    {"replace", ".sssi:s", replace_some, 0, NULL},
    {"split", ".ss:[s", split_all, 0, NULL},
    {"split", ".ssi:[s", split_some, 0, NULL},
    {"join", ".[s:s", join_plain, 0, NULL},
    {"join", ".[ss:s", join_with, 0, NULL},
    {"reverse", ".s:s", reverse, 0, NULL},
    {"bucket", "ssi:i", bucket_string, 0, NULL},
    {"bucket", "isi:i", bucket_int, 0, NULL},
    {0},
};
