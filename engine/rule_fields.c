/* Which fields of records a rule reads: what its answer depends on. */
#include <string.h>

#include "engine/rule_priv.h"

struct walk {
	struct rule_field_use *uses;
	int count, cap; /* there are fewer selections than nodes */
};

static void
add(struct walk *walk, const char *record, const char *field)
{
	for (int i = 0; i < walk->count; i++) {
		if (strcmp(walk->uses[i].record, record) == 0 &&
		    strcmp(walk->uses[i].field, field) == 0)
			return;
	}
	STW_ASSERT(walk->count < walk->cap);
	walk->uses[walk->count++] = (struct rule_field_use){record, field};
}

static void
visit(struct walk *walk, const struct node *n)
{
	if (n->kind == NODE_SELECT && n->field >= 0) {
		const struct rule_type *of = n->args[0]->type;

		if (of->kind == RULE_OBJECT)
			add(walk, of->name, of->fields[n->field].name);
	}
	for (int i = 0; i < n->nargs; i++) {
		if (n->args[i] != NULL)
			visit(walk, n->args[i]);
	}
}

int
rule_fields(
    const struct rule *rule, struct arena *arena, const struct rule_field_use **out)
{
	struct walk walk = {
	    .uses = arena_array(arena, (size_t)rule->nodes, sizeof *walk.uses),
	    .cap = rule->nodes,
	};

	visit(&walk, rule->root);
	*out = walk.uses;
	return walk.count;
}
