#include "segments/suggest.h"

#include <string.h>

#define SUGGEST_MAX 64 /* longer names are not compared */

/* Edits, a swap of neighbours counting as one, between two short names. */
static size_t
distance(struct str a, struct str b)
{
	size_t rows[3][SUGGEST_MAX + 1];
	size_t *before = rows[0], *last = rows[1], *row = rows[2];

	for (size_t j = 0; j <= b.len; j++)
		last[j] = j;
	for (size_t i = 1; i <= a.len; i++) {
		size_t *spare = before;

		row[0] = i;
		for (size_t j = 1; j <= b.len; j++) {
			size_t best = last[j - 1] + (a.ptr[i - 1] != b.ptr[j - 1]);

			if (last[j] + 1 < best)
				best = last[j] + 1;
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			if (i > 1 && j > 1 && a.ptr[i - 1] == b.ptr[j - 2] &&
			    a.ptr[i - 2] == b.ptr[j - 1] && before[j - 2] + 1 < best)
				best = before[j - 2] + 1;
			row[j] = best;
		}
		before = last;
		last = row;
		row = spare;
	}
	return last[b.len];
}

const char *
name_suggest(struct str wanted, const char *const *names, int count)
{
	size_t best = wanted.len / 3 < 1 ? 1 : wanted.len / 3;
	const char *found = NULL;

	if (wanted.len > SUGGEST_MAX)
		return NULL;
	for (int i = 0; i < count; i++) {
		struct str name = str_of(names[i]);
		size_t d;

		if (name.len > SUGGEST_MAX)
			continue;
		d = distance(wanted, name);
		if (d < best || (d == best && found == NULL)) {
			best = d;
			found = names[i];
		}
	}
	return found;
}

bool
code_valid(struct str code)
{
	if (code.len == 0 || code.len > 63 || code.ptr[0] < 'a' || code.ptr[0] > 'z')
		return false;
	for (size_t i = 0; i < code.len; i++) {
		char c = code.ptr[i];

		if ((c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '_')
			return false;
	}
	return true;
}
