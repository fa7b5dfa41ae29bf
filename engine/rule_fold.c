/* Macros: exists, all, filter, map ... by the interpreter. */
#include <string.h>

#include "engine/rule_priv.h"

#define MADE_FIRST       16 /* room for so many elements before a list grows */
#define EXPLAIN_ELEMENTS 5

struct made {
	struct rule_value *items;
	size_t count, cap;
};

static bool
made_add(struct frame *f, const struct node *n, struct made *made,
    const struct rule_value *v, struct rule_value *out)
{
	if (made->count == made->cap) {
		size_t cap = made->cap == 0 ? MADE_FIRST : made->cap * 2;
		struct rule_value *grown = frame_alloc(f, n, cap, sizeof *grown, out);

		if (grown == NULL)
			return false;
		if (made->count > 0)
			memcpy(grown, made->items, made->count * sizeof *grown);
		made->items = grown;
		made->cap = cap;
	}
	made->items[made->count++] = *v;
	return true;
}

static bool
is_exists(const struct node *n)
{
	return n->fold == FOLD_EXISTS || n->fold == FOLD_EXISTS2;
}

static bool
is_all(const struct node *n)
{
	return n->fold == FOLD_ALL || n->fold == FOLD_ALL2;
}

/* Lists of long length are explained by their first elements and the one that decides. */
static void
eval_element(struct frame *f, const struct node *n, const struct node *body, size_t i,
    struct rule_value *out)
{
	struct explain *explain = f->explain;
	bool decides;

	if (explain == NULL || i < EXPLAIN_ELEMENTS) {
		node_eval(f, body, out);
		return;
	}
	f->explain = NULL;
	node_eval(f, body, out);
	f->explain = explain;
	decides =
	    out->kind == RULE_V_BOOL && (is_exists(n) ? out->b : is_all(n) && !out->b);
	if (decides)
		node_eval(f, body, out);
}

struct range {
	const struct rule_value *of;
	size_t count;
};

static bool
range_open(struct frame *f, const struct node *n, const struct rule_value *v,
    struct range *range, struct rule_value *out)
{
	range->of = v;
	if (v->kind == RULE_V_LIST) {
		range->count = v->list.count;
	} else if (v->kind == RULE_V_MAP) {
		range->count = v->map.count;
	} else {
		value_failf(f, out, n, "only lists and maps have elements, not a %s",
		    value_type_name(v));
		return false;
	}
	return true;
}

/* Puts element i into the macro's variables; false when the budget is spent. */
static bool
range_step(struct frame *f, const struct node *n, const struct range *range, size_t i,
    struct rule_value *out)
{
	if (--f->steps < 0) {
		value_fail(out, n, "the rule takes too many steps");
		return false;
	}
	if (range->of->kind == RULE_V_MAP) {
		f->locals[n->slot] = range->of->map.entries[i].key;
		if (n->slot2 >= 0)
			f->locals[n->slot2] = range->of->map.entries[i].value;
	} else if (n->slot2 >= 0) {
		f->locals[n->slot] = rule_int((int64_t)i);
		list_get(&range->of->list, i, &f->locals[n->slot2]);
	} else {
		list_get(&range->of->list, i, &f->locals[n->slot]);
	}
	return true;
}

/* all, exists: as && and || over the elements. */
static void
fold_logic(struct frame *f, const struct node *n, const struct range *range,
    struct rule_value *out)
{
	bool stop = is_exists(n);
	struct rule_value undecided;
	struct rule_value v;
	bool any = false;

	for (size_t i = 0; i < range->count; i++) {
		if (!range_step(f, n, range, i, out))
			return;
		eval_element(f, n, n->args[1], i, &v);
		if (v.kind == RULE_V_BOOL && v.b == stop) {
			*out = v;
			return;
		}
		if (v.kind == RULE_V_BOOL || any)
			continue;
		any = true;
		if (value_is_error(&v))
			undecided = v;
		else
			value_fail(&undecided, n->args[1], "the condition is not bool");
	}
	if (any) {
		*out = undecided;
		return;
	}
	out->kind = RULE_V_BOOL;
	out->b = !stop;
}

/* The condition for element i: 1, 0, or -1 with *out the error. */
static int
fold_condition(struct frame *f, const struct node *n, size_t i, struct rule_value *out)
{
	struct rule_value v;

	if (n->args[1] == NULL)
		return 1;
	eval_element(f, n, n->args[1], i, &v);
	if (v.kind == RULE_V_BOOL)
		return v.b;
	if (value_is_error(&v))
		*out = v;
	else
		value_fail(out, n->args[1], "the condition is not bool");
	return -1;
}

static void
fold_exists_one(struct frame *f, const struct node *n, const struct range *range,
    struct rule_value *out)
{
	size_t hits = 0;

	for (size_t i = 0; i < range->count; i++) {
		int hit;

		if (!range_step(f, n, range, i, out))
			return;
		hit = fold_condition(f, n, i, out);
		if (hit < 0)
			return;
		hits += (size_t)hit;
	}
	*out = rule_bool(hits == 1);
}

static void
fold_collect(struct frame *f, const struct node *n, const struct range *range,
    struct rule_value *out)
{
	struct made made = {0};

	for (size_t i = 0; i < range->count; i++) {
		struct rule_value v;
		int hit;

		if (!range_step(f, n, range, i, out))
			return;
		hit = fold_condition(f, n, i, out);
		if (hit < 0)
			return;
		if (hit == 0)
			continue;
		if (n->args[2] == NULL)
			v = f->locals[n->slot];
		else
			eval_element(f, n, n->args[2], i, &v);
		if (value_is_error(&v)) {
			*out = v;
			return;
		}
		if (!made_add(f, n, &made, &v, out))
			return;
	}
	*out = rule_list_of(made.items, made.count);
}

static void
fold_optional(struct frame *f, const struct node *n, const struct rule_value *opt,
    struct rule_value *out)
{
	struct rule_value v;

	if (opt->kind != RULE_V_OPTIONAL) {
		value_failf(f, out, n, "optMap() needs an optional, not %s",
		    value_type_name(opt));
		return;
	}
	if (opt->opt == NULL) {
		*out = *opt;
		return;
	}
	f->locals[n->slot] = *opt->opt;
	node_eval(f, n->args[2], &v);
	if (value_is_error(&v) || n->fold == FOLD_OPT_FLAT_MAP)
		*out = v;
	else
		value_optional(f, n, &v, out);
}

/* ---- maps ------------------------------------------------------------------------ */
struct made_map {
	struct rule_map_entry *entries;
	size_t count, cap;
};

static bool
made_map_add(struct frame *f, const struct node *n, struct made_map *made,
    const struct rule_value *key, const struct rule_value *v, struct rule_value *out)
{
	if (made->count == EVAL_MAP_MAX) {
		value_fail(out, n, "the map gets too large");
		return false;
	}
	if (made->count == made->cap) {
		size_t cap = made->cap == 0 ? MADE_FIRST : made->cap * 2;
		struct rule_map_entry *grown =
		    frame_alloc(f, n, cap, sizeof *grown, out);

		if (grown == NULL)
			return false;
		if (made->count > 0)
			memcpy(grown, made->entries, made->count * sizeof *grown);
		made->entries = grown;
		made->cap = cap;
	}
	made->entries[made->count].key = *key;
	made->entries[made->count++].value = *v;
	return true;
}

/* Takes over the entries of the map that the element became. */
static bool
made_map_merge(struct frame *f, const struct node *n, struct made_map *made,
    const struct rule_value *map, struct rule_value *out)
{
	if (map->kind != RULE_V_MAP) {
		value_failf(f, out, n->args[2],
		    "transformMapEntry() needs a map, not %s", value_type_name(map));
		return false;
	}
	for (size_t i = 0; i < map->map.count; i++) {
		const struct rule_map_entry *e = &map->map.entries[i];
		const struct rule_map so_far = {made->count, made->entries};

		f->steps -= (long)made->count; /* the search for the key */
		if (f->steps < 0) {
			value_fail(out, n, "the rule takes too many steps");
			return false;
		}
		if (map_find(&so_far, &e->key) != NULL) {
			value_fail(out, n, "the same key twice");
			return false;
		}
		if (!made_map_add(f, n, made, &e->key, &e->value, out))
			return false;
	}
	return true;
}

static void
fold_map(struct frame *f, const struct node *n, const struct range *range,
    struct rule_value *out)
{
	struct made_map made = {0};

	for (size_t i = 0; i < range->count; i++) {
		struct rule_value key, v;
		int hit;

		if (!range_step(f, n, range, i, out))
			return;
		key = f->locals[n->slot];
		hit = fold_condition(f, n, i, out);
		if (hit < 0)
			return;
		if (hit == 0)
			continue;
		eval_element(f, n, n->args[2], i, &v);
		if (value_is_error(&v)) {
			*out = v;
			return;
		}
		if (n->fold == FOLD_TRANSFORM_MAP
			? !made_map_add(f, n, &made, &key, &v, out)
			: !made_map_merge(f, n, &made, &v, out))
			return;
	}
	*out =
	    (struct rule_value){.kind = RULE_V_MAP, .map = {made.count, made.entries}};
}

/* cel.bind(): an error is kept as the variable's value until somebody asks for it. */
static void
fold_bind(struct frame *f, const struct node *n, struct rule_value *out)
{
	struct rule_value v;

	node_eval(f, n->args[0], &v);
	f->locals[n->slot] = v;
	node_eval(f, n->args[2], out);
}

void
node_eval_fold(struct frame *f, const struct node *n, struct rule_value *out)
{
	struct rule_value v;
	struct range range;

	if (n->fold == FOLD_BIND) {
		fold_bind(f, n, out);
		return;
	}
	node_eval(f, n->args[0], &v);
	if (value_is_error(&v)) {
		*out = v;
		return;
	}
	if (n->fold == FOLD_OPT_MAP || n->fold == FOLD_OPT_FLAT_MAP) {
		fold_optional(f, n, &v, out);
		return;
	}
	if (!range_open(f, n, &v, &range, out))
		return;
	if (is_all(n) || is_exists(n))
		fold_logic(f, n, &range, out);
	else if (n->fold == FOLD_EXISTS_ONE || n->fold == FOLD_EXISTS_ONE2)
		fold_exists_one(f, n, &range, out);
	else if (n->fold == FOLD_TRANSFORM_MAP || n->fold == FOLD_TRANSFORM_ENTRY)
		fold_map(f, n, &range, out);
	else
		fold_collect(f, n, &range, out);
}
