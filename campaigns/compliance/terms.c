#include "campaigns/compliance/terms.h"

#include <string.h>

#include "campaigns/compliance/terms_norm.h"

#define BUCKETS 256

enum term_use { TERM_BANNED = 0, TERM_ALLOWED, TERM_REQUIRED };

struct term {
	const char *text; /* as the list writes it */
	struct norm_text norm;
	int next;  /* in its bucket; -1: last */
	int group; /* of required alternatives */
};

struct terms {
	struct term *items[3]; /* by use */
	int count[3];
	int buckets[3][BUCKETS]; /* by first character: index, -1: none */
	const char **groups;     /* required entries */
	int ngroups;
	int32_t *gaps;
	int ngaps;
	int longest_allowed; /* characters */
};

/* ---- reading a list ------------------------------------------------------------------- */
struct list_reader {
	struct terms *terms;
	struct arena *arena;
	struct stw_err *err;
	int line;
};

static enum stw_code
list_fail(const struct list_reader *r, const char *what, struct str value)
{
	return stw_fail_at(r->err, STW_INVALID, r->line, 1, "terms: %s: %.*s", what,
	    (int)(value.len < 80 ? value.len : 80), value.ptr);
}

static struct str
trimmed(struct str s)
{
	while (s.len > 0 && strchr(" \t\r", s.ptr[0]) != NULL) {
		s.ptr++;
		s.len--;
	}
	while (s.len > 0 && strchr(" \t\r", s.ptr[s.len - 1]) != NULL)
		s.len--;
	return s;
}

static bool
norm_same(const struct norm_text *a, const struct norm_text *b)
{
	if (a->count != b->count)
		return false;
	for (int i = 0; i < a->count; i++) {
		if (a->items[i].cp != b->items[i].cp)
			return false;
	}
	return true;
}

static int *
bucket_of(struct terms *terms, enum term_use use, int32_t cp)
{
	return &terms->buckets[use][(unsigned)cp % BUCKETS];
}

static enum stw_code
term_add(struct list_reader *r, enum term_use use, struct str text, int group)
{
	struct terms *terms = r->terms;
	struct term *t = &terms->items[use][terms->count[use]];
	int *bucket;

	norm_make(text, terms->gaps, terms->ngaps, r->arena, &t->norm);
	if (t->norm.count == 0)
		return list_fail(r, "nothing is left of", text);
	bucket = bucket_of(terms, use, t->norm.items[0].cp);
	for (int i = *bucket; use != TERM_REQUIRED && i >= 0;
	     i = terms->items[use][i].next) {
		if (norm_same(&terms->items[use][i].norm, &t->norm))
			return list_fail(r, "named before", text);
	}
	t->text = arena_strndup(r->arena, text.ptr, text.len);
	t->group = group;
	if (use == TERM_ALLOWED && t->norm.count > terms->longest_allowed)
		terms->longest_allowed = t->norm.count;
	t->next = *bucket;
	*bucket = terms->count[use]++;
	return STW_OK;
}

static enum stw_code
required_add(struct list_reader *r, struct str text)
{
	struct terms *terms = r->terms;
	struct str rest = text;
	enum stw_code rc = STW_OK;

	while (rc == STW_OK) {
		const char *bar = memchr(rest.ptr, '|', rest.len);
		size_t len = bar != NULL ? (size_t)(bar - rest.ptr) : rest.len;

		if (terms->count[TERM_REQUIRED] == TERMS_MAX)
			return list_fail(r, "too many entries", text);
		rc = term_add(r, TERM_REQUIRED, trimmed((struct str){rest.ptr, len}),
		    terms->ngroups);
		if (bar == NULL)
			break;
		rest = (struct str){bar + 1, rest.len - len - 1};
	}
	if (rc == STW_OK)
		terms->groups[terms->ngroups++] =
		    arena_strndup(r->arena, text.ptr, text.len);
	return rc;
}

static enum stw_code
gaps_add(struct list_reader *r, struct str text)
{
	struct terms *terms = r->terms;
	size_t at = 0;

	if (terms->count[TERM_BANNED] + terms->count[TERM_ALLOWED] +
		terms->count[TERM_REQUIRED] >
	    0)
		return list_fail(r, "gap has to stand before the first term", text);
	terms->gaps = arena_array(r->arena, text.len, sizeof *terms->gaps);
	terms->ngaps = 0;
	while (at < text.len) {
		int32_t cp = norm_next(text, &at);

		if (cp != ' ')
			terms->gaps[terms->ngaps++] = cp;
	}
	return STW_OK;
}

static enum stw_code
line_read(struct list_reader *r, struct str line)
{
	static const char *const words[] = {"banned", "allowed", "required", "gap"};
	size_t len = 0;
	struct str rest;

	line = trimmed(line);
	if (line.len == 0 || line.ptr[0] == '#')
		return STW_OK;
	while (len < line.len && strchr(" \t", line.ptr[len]) == NULL)
		len++;
	rest = trimmed((struct str){line.ptr + len, line.len - len});
	if (rest.len == 0)
		return list_fail(r, "an entry is a word and a text", line);
	for (int i = 0; i < 4; i++) {
		if (!str_eq_c((struct str){line.ptr, len}, words[i]))
			continue;
		if (i == 3)
			return gaps_add(r, rest);
		if (i == TERM_REQUIRED)
			return required_add(r, rest);
		if (r->terms->count[i] == TERMS_MAX)
			return list_fail(r, "too many entries", rest);
		return term_add(r, (enum term_use)i, rest, 0);
	}
	return list_fail(
	    r, "entries begin with banned, allowed, required or gap", line);
}

enum stw_code
terms_read(
    struct str list, struct arena *arena, struct terms **out, struct stw_err *err)
{
	struct terms *terms = arena_alloc(arena, sizeof *terms);
	struct list_reader r = {terms, arena, err, 0};
	const char *at = list.ptr, *end = list.ptr + list.len;
	size_t most = 1; /* entries there can be */

	*out = NULL;
	for (const char *s = at; s < end; s++)
		most += *s == '\n' || *s == '|' ? 1 : 0;
	most = most < TERMS_MAX ? most : TERMS_MAX;
	memset(terms->buckets, -1, sizeof terms->buckets);
	terms->items[TERM_BANNED] = arena_array(arena, most, sizeof(struct term));
	terms->items[TERM_ALLOWED] = arena_array(arena, most, sizeof(struct term));
	terms->items[TERM_REQUIRED] = arena_array(arena, most, sizeof(struct term));
	terms->groups = arena_array(arena, most, sizeof *terms->groups);
	while (at < end) {
		const char *eol = memchr(at, '\n', (size_t)(end - at));
		size_t len = (size_t)((eol != NULL ? eol : end) - at);
		enum stw_code rc;

		r.line++;
		rc = line_read(&r, (struct str){at, len});
		if (rc != STW_OK)
			return rc;
		at += len + 1;
	}
	*out = terms;
	return STW_OK;
}

int
terms_banned_count(const struct terms *terms)
{
	return terms->count[TERM_BANNED];
}

int
terms_required_count(const struct terms *terms)
{
	return terms->ngroups;
}

int
terms_banned(const struct terms *terms, struct arena *arena, const char *const **out)
{
	int n = terms->count[TERM_BANNED];
	const char **texts = arena_array(arena, (size_t)n, sizeof *texts);

	for (int i = 0; i < n; i++)
		texts[i] = terms->items[TERM_BANNED][i].text;
	*out = texts;
	return n;
}

int
terms_required(const struct terms *terms, const char *const **out)
{
	*out = terms->groups;
	return terms->ngroups;
}

/* ---- looking ----------------------------------------------------------------------------- */
static bool
matches_at(const struct term *t, const struct norm_text *text, int at)
{
	const struct norm_char *c = text->items + at;
	int n = t->norm.count;

	if (n > text->count - at)
		return false;
	for (int i = 0; i < n; i++) {
		if (t->norm.items[i].cp != c[i].cp)
			return false;
	}
	/* whole words only, where there are words */
	if (norm_is_word(c[0].cp) && at > 0 && norm_is_word(c[-1].cp))
		return false;
	return !norm_is_word(c[n - 1].cp) || at + n == text->count ||
	       !norm_is_word(c[n].cp);
}

static bool
has_gap(const struct norm_text *text, int at, int n)
{
	for (int i = 1; i < n; i++) {
		if (text->items[at + i].after_gap)
			return true;
	}
	return false;
}

/* Is [at, at + n) inside something that is allowed? */
static bool
is_allowed(const struct terms *terms, const struct norm_text *text, int at, int n)
{
	for (int from = at; from >= 0 && at + n - from <= terms->longest_allowed;
	     from--) {
		int i = terms->buckets[TERM_ALLOWED]
				      [(unsigned)text->items[from].cp % BUCKETS];

		for (; i >= 0; i = terms->items[TERM_ALLOWED][i].next) {
			const struct term *t = &terms->items[TERM_ALLOWED][i];

			if (from + t->norm.count >= at + n &&
			    matches_at(t, text, from) &&
			    !has_gap(text, from, t->norm.count))
				return true;
		}
	}
	return false;
}

int
terms_find_banned(const struct terms *terms, struct str text, struct arena *arena,
    const struct terms_hit **out)
{
	struct terms_hit *hits = NULL;
	struct norm_text norm;
	int n = 0;

	*out = NULL;
	norm_make(text, terms->gaps, terms->ngaps, arena, &norm);
	for (int at = 0; at < norm.count && n < TERMS_HITS; at++) {
		int i =
		    terms->buckets[TERM_BANNED][(unsigned)norm.items[at].cp % BUCKETS];

		for (; i >= 0 && n < TERMS_HITS;
		     i = terms->items[TERM_BANNED][i].next) {
			const struct term *t = &terms->items[TERM_BANNED][i];
			int last = at + t->norm.count - 1;

			if (!matches_at(t, &norm, at) ||
			    is_allowed(terms, &norm, at, t->norm.count))
				continue;
			if (hits == NULL)
				hits = arena_array(arena, TERMS_HITS, sizeof *hits);
			hits[n++] = (struct terms_hit){
			    t->text, norm.items[at].from, norm.items[last].to};
		}
	}
	*out = hits;
	return n;
}

int
terms_find_missing(const struct terms *terms, struct str text, struct arena *arena,
    const char *const **out)
{
	bool *seen = arena_array(arena, (size_t)terms->ngroups + 1, sizeof *seen);
	const char **missing =
	    arena_array(arena, (size_t)terms->ngroups + 1, sizeof *missing);
	struct norm_text norm;
	int n = 0;

	norm_make(text, terms->gaps, terms->ngaps, arena, &norm);
	for (int at = 0; at < norm.count; at++) {
		int i =
		    terms
			->buckets[TERM_REQUIRED][(unsigned)norm.items[at].cp % BUCKETS];

		for (; i >= 0; i = terms->items[TERM_REQUIRED][i].next) {
			const struct term *t = &terms->items[TERM_REQUIRED][i];

			if (matches_at(t, &norm, at))
				seen[t->group] = true;
		}
	}
	for (int i = 0; i < terms->ngroups; i++) {
		if (!seen[i])
			missing[n++] = terms->groups[i];
	}
	*out = missing;
	return n;
}
