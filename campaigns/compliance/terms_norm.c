#include "campaigns/compliance/terms_norm.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unicode/uchar.h>
#include <unicode/unorm2.h>
#include <unicode/utrans.h>

#include "engine/err.h"

/* ---- simplified characters ------------------------------------------------------------ */
/* One call of the transliterator for each of these would be slow, so it is asked about all
 * of them once. Characters beyond the basic plane are left as they are. */
#define HAN_FROM 0x3400
#define HAN_TO   0xA000

static pthread_once_t simple_once = PTHREAD_ONCE_INIT;
static UChar simple_table[HAN_TO - HAN_FROM];
static const UNormalizer2 *fold; /* NFKC with case folding, less ignorables */

static void
simple_fill(const UTransliterator *to_simple)
{
	size_t cap = 4 * (size_t)(HAN_TO - HAN_FROM), n = 0;
	UChar *text = stw_xalloc(cap * sizeof *text);
	UErrorCode status = U_ZERO_ERROR;
	int32_t len, limit;

	for (int cp = HAN_FROM; cp < HAN_TO; cp++) {
		text[n++] = (UChar)cp;
		text[n++] = '\n';
	}
	len = limit = (int32_t)n;
	utrans_transUChars(to_simple, text, &len, (int32_t)cap, 0, &limit, &status);
	if (U_SUCCESS(status)) {
		int32_t from = 0;

		for (int cp = HAN_FROM; cp < HAN_TO && from < len; cp++) {
			int32_t end = from;

			while (end < len && text[end] != '\n')
				end++;
			if (end == from + 1)
				simple_table[cp - HAN_FROM] = text[from];
			from = end + 1;
		}
	}
	free(text);
}

static void
simple_make(void)
{
	static const UChar id[] = {'T', 'r', 'a', 'd', 'i', 't', 'i', 'o', 'n', 'a',
	    'l', '-', 'S', 'i', 'm', 'p', 'l', 'i', 'f', 'i', 'e', 'd'};
	UErrorCode status = U_ZERO_ERROR;
	UTransliterator *to_simple;

	for (int cp = HAN_FROM; cp < HAN_TO; cp++)
		simple_table[cp - HAN_FROM] = (UChar)cp;
	fold = unorm2_getNFKCCasefoldInstance(&status);
	STW_ASSERT(U_SUCCESS(status)); /* part of the library itself */
	to_simple = utrans_openU(
	    id, (int32_t)STW_ARRAY_LEN(id), UTRANS_FORWARD, NULL, 0, NULL, &status);
	STW_ASSERT(U_SUCCESS(status)); /* of libicu's own data */
	simple_fill(to_simple);
	utrans_close(to_simple);
}

/* ---- classes ----------------------------------------------------------------------------- */
static bool
is_cjk(int32_t cp)
{
	return (cp >= 0x3040 && cp < 0x3100) || (cp >= 0x3105 && cp < 0x3190) ||
	       (cp >= HAN_FROM && cp < HAN_TO) || (cp >= 0xAC00 && cp < 0xD7B0) ||
	       (cp >= 0xF900 && cp < 0xFB00) || (cp >= 0x20000 && cp < 0x40000) ||
	       cp == 0x3005 || cp == 0x3007;
}

bool
norm_is_word(int32_t cp)
{
	return !is_cjk(cp) && u_isalnum(cp);
}

/* Marks on a letter count with it only where a composed character exists. */
static bool
counts_for_nothing(int32_t cp)
{
	switch (u_charType(cp)) {
	case U_CONTROL_CHAR:
	case U_FORMAT_CHAR:
	case U_NON_SPACING_MARK:
	case U_ENCLOSING_MARK:
		return true;
	default:
		return u_hasBinaryProperty(cp, UCHAR_DEFAULT_IGNORABLE_CODE_POINT);
	}
}

int32_t
norm_next(struct str text, size_t *at)
{
	static const int32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	unsigned char c = (unsigned char)text.ptr[*at];
	int len = c < 0x80   ? 1
		  : c < 0xC2 ? 0
		  : c < 0xE0 ? 2
		  : c < 0xF0 ? 3
		  : c < 0xF5 ? 4
			     : 0;
	int32_t cp = len <= 1 ? c : c & (0x7F >> len);

	if (len == 0 || text.len - *at < (size_t)len) {
		(*at)++;
		return 0xFFFD;
	}
	for (int i = 1; i < len; i++) {
		unsigned char next = (unsigned char)text.ptr[*at + (size_t)i];

		if ((next & 0xC0) != 0x80) {
			(*at)++;
			return 0xFFFD;
		}
		cp = cp << 6 | (next & 0x3F);
	}
	if (cp < least[len] || cp > 0x10FFFF || (cp >= 0xD800 && cp < 0xE000)) {
		(*at)++;
		return 0xFFFD;
	}
	*at += (size_t)len;
	return cp;
}

/* ---- folding -------------------------------------------------------------------------------- */
struct folding {
	struct arena *arena;
	struct norm_char *items;
	size_t count, cap;
};

static void
push(struct folding *f, int32_t cp, size_t from, size_t to)
{
	if (f->count == f->cap) {
		size_t cap = 2 * f->cap + 64;
		struct norm_char *more = arena_array(f->arena, cap, sizeof *more);

		if (f->count > 0)
			memcpy(more, f->items, f->count * sizeof *more);
		f->items = more;
		f->cap = cap;
	}
	f->items[f->count++] = (struct norm_char){cp, from, to, false};
}

static void
push_folded(struct folding *f, int32_t cp, size_t from, size_t to)
{
	if (u_isUWhiteSpace(cp))
		cp = ' ';
	else if (counts_for_nothing(cp))
		return;
	else if (cp >= HAN_FROM && cp < HAN_TO)
		cp = simple_table[cp - HAN_FROM];
	push(f, cp, from, to);
}

/* As many UTF-16 units as U16_APPEND writes, without its signedness warnings. */
static int32_t
utf16_put(UChar *to, int32_t cp)
{
	if (cp < 0x10000) {
		to[0] = (UChar)cp;
		return 1;
	}
	to[0] = (UChar)(0xD7C0 + (cp >> 10));
	to[1] = (UChar)(0xDC00 | (cp & 0x3FF));
	return 2;
}

static int32_t
utf16_next(const UChar *text, int32_t len, int32_t *at)
{
	int32_t c = text[(*at)++];

	if (c >= 0xD800 && c < 0xDC00 && *at < len && text[*at] >= 0xDC00 &&
	    text[*at] < 0xE000)
		return ((c - 0xD7C0) << 10) | (text[(*at)++] & 0x3FF);
	return c;
}

/* Characters that normalise together: up to the next boundary. */
static void
segment_fold(struct folding *f, const UChar *units, int32_t n, size_t from, size_t to)
{
	UErrorCode status = U_ZERO_ERROR;
	int32_t cap = 32 + 20 * n; /* no character of Unicode grows to more than 18 */
	UChar *out = arena_array(f->arena, (size_t)cap, sizeof *out);
	int32_t len = unorm2_normalize(fold, units, n, out, cap, &status);

	STW_ASSERT(U_SUCCESS(status));
	for (int32_t at = 0; at < len;)
		push_folded(f, utf16_next(out, len, &at), from, to);
}

static void
text_fold(struct folding *f, struct str text)
{
	size_t at = 0;

	while (at < text.len) {
		size_t from = at, end, room;
		int32_t cp = norm_next(text, &at), n;
		UChar *units;

		/* the bulk of a script needs no normaliser */
		end = at;
		if (cp == ' ' || (cp >= 0x4E00 && cp < HAN_TO)) {
			size_t ahead = at;
			int32_t next = at < text.len ? norm_next(text, &ahead) : ' ';

			if (next == ' ' || (next >= 0x4E00 && next < HAN_TO)) {
				push_folded(f, cp, from, at);
				continue;
			}
		}
		while (end < text.len) {
			size_t ahead = end;

			if (unorm2_hasBoundaryBefore(fold, norm_next(text, &ahead)))
				break;
			end = ahead;
		}
		room = 2 * (end - from);
		units = arena_array(f->arena, room, sizeof *units);
		n = utf16_put(units, cp);
		while (at < end)
			n += utf16_put(units + n, norm_next(text, &at));
		segment_fold(f, units, n, from, end);
	}
}

/* ---- white space and gaps ----------------------------------------------------------------------- */
static bool
is_gap(int32_t cp, const int32_t *gaps, int ngaps)
{
	for (int i = 0; i < ngaps; i++) {
		if (gaps[i] == cp)
			return true;
	}
	return false;
}

/* Leaves out [from, to), a run of white space and gap characters, as far as the
 * characters beside it say. */
static void
run_squeeze(const struct norm_char *in, size_t from, size_t to, bool cjk_before,
    bool cjk_after, bool edge, struct norm_char *out, size_t *n)
{
	for (size_t i = from; i < to; i++) {
		bool space = in[i].cp == ' ';

		if (cjk_before && cjk_after)
			return;
		if (space && (cjk_before || cjk_after || edge ||
				 (*n > 0 && out[*n - 1].cp == ' ')))
			continue;
		out[(*n)++] = in[i];
	}
}

void
norm_make(struct str text, const int32_t *gaps, int ngaps, struct arena *arena,
    struct norm_text *out)
{
	struct folding f = {.arena = arena};
	struct norm_char *items;
	size_t n = 0, i = 0;

	pthread_once(&simple_once, simple_make);
	text_fold(&f, text);
	items = arena_array(arena, f.count + 1, sizeof *items);
	while (i < f.count) {
		size_t end = i;

		while (end < f.count &&
		       (f.items[end].cp == ' ' || is_gap(f.items[end].cp, gaps, ngaps)))
			end++;
		if (end > i) {
			run_squeeze(f.items, i, end, i > 0 && is_cjk(f.items[i - 1].cp),
			    end < f.count && is_cjk(f.items[end].cp),
			    i == 0 || end == f.count, items, &n);
			if (end < f.count) {
				items[n] = f.items[end];
				items[n++].after_gap = true;
			}
		} else {
			items[n++] = f.items[i];
		}
		i = end > i ? end + 1 : i + 1;
	}
	out->items = items;
	out->count = (int)n;
}
