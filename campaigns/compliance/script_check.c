#include "campaigns/compliance/script_check.h"

#include <string.h>

#include "campaigns/compliance/gate_priv.h"

static void
place_of(struct str text, size_t offset, int *line, int *column)
{
	*line = 1;
	*column = 1;
	for (size_t i = 0; i < offset && i < text.len; i++) {
		if (text.ptr[i] == '\n') {
			++*line;
			*column = 1;
		} else if (((unsigned char)text.ptr[i] & 0xC0) != 0x80) {
			++*column;
		}
	}
}

static int
characters(struct str text)
{
	int n = 0;

	for (size_t i = 0; i < text.len; i++)
		n += ((unsigned char)text.ptr[i] & 0xC0) != 0x80;
	return n;
}

static bool
hit_known(const struct script_hit *hits, int n, const struct terms_hit *hit)
{
	for (int i = 0; i < n; i++) {
		if (hits[i].from == hit->from && hits[i].to == hit->to &&
		    strcmp(hits[i].term, hit->term) == 0)
			return true;
	}
	return false;
}

int
script_check_banned(const struct ruleset *rules, struct str text, stw_usec at,
    struct arena *arena, const struct script_hit **out)
{
	struct script_hit *hits = arena_array(arena, TERMS_HITS, sizeof *hits);
	int n = 0;

	for (int i = 0; i < rules->nitems; i++) {
		const struct gate_rule *rule = &rules->items[i];
		const struct terms_hit *found;
		int count;

		if (strcmp(rule->kind->name, "content_terms") != 0 ||
		    rule->params.check != TERMS_BANNED || rule->from > at ||
		    at >= rule->to)
			continue;
		count = terms_find_banned(rule->params.terms, text, arena, &found);
		for (int k = 0; k < count && n < TERMS_HITS; k++) {
			struct script_hit *hit = &hits[n];

			if (hit_known(hits, n, &found[k]))
				continue;
			*hit = (struct script_hit){.rule = rule->info->id,
			    .term = found[k].term,
			    .from = found[k].from,
			    .to = found[k].to};
			place_of(text, hit->from, &hit->line, &hit->column);
			hit->length = characters(
			    (struct str){text.ptr + hit->from, hit->to - hit->from});
			n++;
		}
	}
	*out = hits;
	return n;
}
