#include "segments/trait_use.h"

#include <stdlib.h>
#include <string.h>

struct trait_use {
	const struct trait_catalogue *catalogue;
	const struct segment_host *host;
	struct rule_env *env; /* of the host's book, with its segments */
	bool *traits;         /* by the catalogue's index */
	bool *segments;       /* by the host's index: rule followed already */
	struct arena arena;
};

struct trait_use *
trait_use_new(const struct trait_catalogue *catalogue, const struct segment_host *host)
{
	struct trait_use *use = stw_xalloc(sizeof *use);

	use->catalogue = catalogue;
	use->host = host;
	use->traits = stw_xalloc(((size_t)catalogue->count + 1) * sizeof *use->traits);
	use->segments = stw_xalloc(((size_t)host->count + 1) * sizeof *use->segments);
	arena_init(&use->arena);
	/* The callback only reads the host. */
	use->env =
	    book_env(host->book, &use->arena, segment_known, (void *)(uintptr_t)host);
	return use;
}

void
trait_use_free(struct trait_use *use)
{
	if (use == NULL)
		return;
	free(use->traits);
	free(use->segments);
	arena_fini(&use->arena);
	free(use);
}

/* Each rule is followed once, so the depth is bounded by traits and segments. */
static void
follow(struct trait_use *use, const char *text)
{
	struct rule *rule;
	struct stw_err err;

	if (rule_compile(
		use->env, str_of(text), NULL, NULL, &use->arena, &rule, &err) == STW_OK)
		trait_use_add(use, rule);
}

static void
add_trait(struct trait_use *use, const struct trait *trait)
{
	size_t i = (size_t)(trait - use->catalogue->traits);

	if (use->traits[i])
		return;
	use->traits[i] = true;
	if (trait->rule != NULL)
		follow(use, trait->rule);
}

static void
add_segment(struct trait_use *use, const char *code)
{
	const struct segment *segment = segment_host_find(use->host, str_of(code));
	size_t i;

	if (segment == NULL)
		return;
	i = (size_t)(segment - use->host->segments);
	if (use->segments[i])
		return;
	use->segments[i] = true;
	follow(use, segment->def.rule);
}

void
trait_use_add(struct trait_use *use, const struct rule *rule)
{
	const struct rule_field_use *fields;
	const char *const *codes;
	int nfields = rule_fields(rule, &use->arena, &fields);
	int ncodes = rule_segments(rule, &codes);

	for (int i = 0; i < nfields; i++) {
		const char *of = book_list_of(fields[i].record);
		const struct trait *trait =
		    of == NULL ? NULL : trait_find(use->catalogue, of, fields[i].field);

		if (trait != NULL)
			add_trait(use, trait);
	}
	for (int i = 0; i < ncodes; i++)
		add_segment(use, codes[i]);
}

bool
trait_use_has(const struct trait_use *use, int i)
{
	STW_ASSERT(i >= 0 && i < use->catalogue->count);
	return use->traits[i];
}
