/* The list stands before the first NUL, the text after it (without one: the text is the
 * list). Whatever is found lies inside the text and is found again in the span alone; what
 * is left of a text does not change when it is folded once more. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "campaigns/compliance/terms.h"
#include "campaigns/compliance/terms_norm.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_hits(const struct terms *terms, struct str text, struct arena *arena)
{
	const struct terms_hit *hits;
	int n = terms_find_banned(terms, text, arena, &hits);

	STW_ASSERT(n >= 0 && n <= TERMS_HITS);
	for (int i = 0; i < n; i++) {
		struct str span = {text.ptr + hits[i].from, hits[i].to - hits[i].from};
		const struct terms_hit *again;
		int found = 0, m;

		STW_ASSERT(hits[i].from < hits[i].to && hits[i].to <= text.len);
		STW_ASSERT(i == 0 || hits[i - 1].from <= hits[i].from);
		m = terms_find_banned(terms, span, arena, &again);
		for (int k = 0; k < m; k++)
			found += strcmp(again[k].term, hits[i].term) == 0;
		STW_ASSERT(found > 0);
	}
}

static void
check_fold(struct str text, struct arena *arena)
{
	struct norm_text norm;
	size_t last = 0;

	norm_make(text, NULL, 0, arena, &norm);
	for (int i = 0; i < norm.count; i++) {
		STW_ASSERT(norm.items[i].from < norm.items[i].to);
		STW_ASSERT(norm.items[i].to <= text.len);
		STW_ASSERT(norm.items[i].from >= last);
		last = norm.items[i].from;
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *nul = memchr(data, 0, size);
	struct str list = {
	    (const char *)data, nul != NULL ? (size_t)(nul - data) : size};
	struct str text = list;
	const char *const *missing;
	struct terms *terms;
	struct stw_err err = {0};
	struct arena arena;

	if (nul != NULL)
		text = (struct str){(const char *)nul + 1, size - list.len - 1};
	arena_init(&arena);
	check_fold(text, &arena);
	if (terms_read(list, &arena, &terms, &err) == STW_OK) {
		check_hits(terms, text, &arena);
		STW_ASSERT(terms_find_missing(terms, text, &arena, &missing) <=
			   terms_required_count(terms));
	} else {
		STW_ASSERT(err.line > 0 && err.text[0] != '\0');
	}
	arena_fini(&arena);
	return 0;
}
