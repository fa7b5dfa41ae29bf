/* Macros over child lists, and aggregates of them: a condition over all child rows,
 * then one pass that brings it back to the rows they belong to. */
#include <string.h>

#include "engine/rule_graph_priv.h"

/* The elements of a list, for each row of the parent scope. */
struct glist {
	struct gscope *scope; /* of the elements */
	struct gnode
	    *chosen; /* which rows are elements; undecided in one: the list is */
	struct gnode *value; /* what they were mapped to; NULL: the rows themselves */
};

static bool build_list(struct builder *b, const struct node *n, struct glist *out);

/* ---- inside a macro ---------------------------------------------------------------- */
struct inside {
	struct gscope *scope;
	struct glocal local;
	int nlocals;
};

static struct inside
enter(struct builder *b, const struct node *fold, const struct glist *list)
{
	struct inside was = {b->scope, b->locals[fold->slot], b->nlocals};

	b->scope = list->scope;
	b->locals[fold->slot] = (struct glocal){list->scope, list->value};
	b->nlocals = fold->slot + 1;
	return was;
}

static void
leave(struct builder *b, const struct node *fold, struct inside was)
{
	b->scope = was.scope;
	b->locals[fold->slot] = was.local;
	b->nlocals = was.nlocals;
}

static struct gnode *
build_inside(struct builder *b, const struct node *fold, const struct node *body,
    const struct glist *list)
{
	struct inside was = enter(b, fold, list);
	struct gnode *made = build_bool(b, body);

	leave(b, fold, was);
	return made;
}

/* ---- lists ------------------------------------------------------------------------- */
static bool
narrow(struct builder *b, const struct node *n, struct glist *list)
{
	struct gnode *holds = build_inside(b, n, n->args[1], list);

	if (holds == NULL)
		return false;
	list->chosen = gnode_then(b->g, list->chosen, holds);
	return true;
}

/* An element without a value fails the list. */
static bool
map_values(struct builder *b, const struct node *n, struct glist *list)
{
	static const struct simd_range any_value = {INT64_MIN, INT64_MAX};
	struct inside was = enter(b, n, list);
	const struct node *body = n->args[2];
	struct gnode *value =
	    body->type->kind == RULE_BOOL ? build_bool(b, body) : build_value(b, body);

	leave(b, n, was);
	if (value == NULL)
		return false;
	list->value = value;
	if (value->op == V_COLUMN) {
		value = gnode_set(
		    b->g, list->scope, value->col, &any_value, 1, UNKNOWN_T, false);
	} else if (value->kind == RULE_V_BOOL) {
		/* Known, one way or the other. */
		struct gnode *in[] = {value, gnode_not(b->g, value)};

		value = gnode_logic(b->g, G_OR, list->scope, in, 2);
	} else {
		value = gnode_of(b->g, G_KNOWN, list->scope, &value, 1);
	}
	list->chosen = gnode_then(b->g, list->chosen, value);
	return true;
}

static bool
build_list(struct builder *b, const struct node *n, struct glist *out)
{
	struct gscope *parent;
	int child = child_of(b, n, &parent);

	if (child >= 0) {
		if (parent != b->scope)
			return false;
		out->scope = gscope_child(b->g, parent, child);
		out->chosen = gnode_const(b->g, out->scope, TRUE_T);
		out->value = NULL;
		return true;
	}
	if (n->kind != NODE_FOLD || n->nargs != 3 ||
	    (n->fold != FOLD_FILTER && n->fold != FOLD_MAP) ||
	    n->type->kind != RULE_LIST || !build_list(b, n->args[0], out))
		return false;
	if (n->args[1] != NULL && !narrow(b, n, out))
		return false;
	return n->args[2] == NULL || map_values(b, n, out);
}

/* The rows whose list could not be made. */
static struct gnode *
list_failed(struct builder *b, const struct glist *list)
{
	struct gnode *unsure = gnode_unsure(b->g, list->chosen);

	if (unsure->op == G_CONST)
		return gnode_const(b->g, b->scope, unsure->truth);
	return gnode_of(b->g, G_ANY, b->scope, &unsure, 1);
}

/* ---- exists, all, exists_one --------------------------------------------------------- */
struct gnode *
build_fold(struct builder *b, const struct node *n)
{
	bool all = n->fold == FOLD_ALL;
	struct gnode *holds, *failed, *made;
	struct glist list;

	if ((n->fold != FOLD_EXISTS && !all && n->fold != FOLD_EXISTS_ONE) ||
	    n->nargs != 3 || n->args[1] == NULL || !build_list(b, n->args[0], &list))
		return NULL;
	holds = build_inside(b, n, n->args[1], &list);
	if (holds == NULL)
		return NULL;
	failed = list_failed(b, &list);
	holds = gnode_then(b->g, list.chosen, all ? gnode_not(b->g, holds) : holds);
	made = gnode_of(
	    b->g, n->fold == FOLD_EXISTS_ONE ? G_ONE : G_ANY, b->scope, &holds, 1);
	return gnode_guard(b->g, all ? gnode_not(b->g, made) : made, failed);
}

/* ---- aggregates ----------------------------------------------------------------------- */
static enum gop
aggregate_of(const struct node *n)
{
	if (n->fn == NULL || n->nargs != 1)
		return G_CONST;
	if (n->fn->fn == rule_fn_list_size)
		return V_COUNT;
	if (n->fn->fn == rule_fn_list_sum)
		return V_SUM;
	if (n->fn->fn == rule_fn_list_min)
		return V_MIN;
	if (n->fn->fn == rule_fn_list_max)
		return V_MAX;
	return n->fn->fn == rule_fn_list_avg ? V_MEAN : G_CONST;
}

struct gnode *
build_aggregate(struct builder *b, const struct node *n)
{
	struct gnode made = {.op = aggregate_of(n), .scope = b->scope};
	struct gnode *in[3];
	struct glist list;

	if (made.op == G_CONST || !build_list(b, n->args[0], &list))
		return NULL;
	made.kind = value_kind_of(n->type->kind);
	/* Their mean has nanoseconds, and their sum is held to 64 bits of those. */
	if (made.kind == RULE_V_DURATION && (made.op == V_SUM || made.op == V_MEAN))
		return NULL;
	in[made.nin++] = list.chosen;
	if (made.op != V_COUNT) {
		if (list.value == NULL || list.value->kind == RULE_V_BOOL)
			return NULL;
		/* Mapped from something outside: it is the same for all elements. */
		if (list.value->scope != list.scope)
			return NULL;
		memcpy(made.currency, list.value->currency, 4);
		in[made.nin++] = list.value;
	}
	/* The sum of nothing is an amount in the bank's currency. */
	if (made.op == V_SUM && made.kind == RULE_V_MONEY &&
	    memcmp(made.currency, b->rule->currency, 4) != 0)
		return NULL;
	in[made.nin++] = list_failed(b, &list);
	made.in = in;
	return gnode_make(b->g, &made);
}
