/* Child lists: a macro's condition is a vec over all child rows of the chunk, then one
 * pass brings it back to the parents. */
#include <string.h>

#include "engine/rule_columns_priv.h"

/* A list for each row of a scope: the chosen rows among its children. */
struct vlist {
	const struct vchild *rows;
	uint64_t *chosen; /* of the child rows */
	uint64_t *failed; /* of the parents: their list is undecided */
	bool mapped;      /* elements are `values`, otherwise the rows themselves */
	struct vec values;
};

static bool list_eval(
    struct vexec *x, const struct node *n, const struct scope *s, struct vlist *out);

/* The scope in which the macro's variable walks the list. */
static void
element_scope(const struct node *fold, const struct scope *s, const struct vlist *list,
    struct vchild **none, struct scope *out)
{
	*none = NULL;
	*out = (struct scope){.parent = s,
	    .table = list->rows->table,
	    .first = list->rows->first,
	    .n = list->rows->n,
	    .owner = list->rows->owner,
	    .slot = fold->slot,
	    .values = list->mapped ? &list->values : NULL,
	    .children = none};
}

/* Parents that own a chosen row whose bit is set in `rows`. */
static void
mark_owners(const struct vlist *list, const uint64_t *rows, uint64_t *parents)
{
	for (size_t w = 0; w < bitmap_words(list->rows->n); w++) {
		for (uint64_t bits = list->chosen[w] & rows[w]; bits != 0;
		     bits &= bits - 1)
			bit_set(parents,
			    list->rows->owner[w * 64 + (size_t)__builtin_ctzll(bits)]);
	}
}

static uint64_t *
bits_not(struct vexec *x, const uint64_t *bits, size_t n)
{
	uint64_t *flipped = bits_full(x, n);

	for (size_t w = 0; w < bitmap_words(n); w++)
		flipped[w] &= ~bits[w];
	return flipped;
}

/* Keeps the rows whose condition holds; one undecided condition fails the list. */
static bool
narrow(struct vexec *x, const struct node *condition, const struct scope *inner,
    struct vlist *list)
{
	const uint64_t *truth;
	struct vec v;

	if (!vec_eval(x, condition, inner, &v) ||
	    (v.kind != RULE_V_BOOL && v.kind != RULE_V_ERROR))
		return false;
	mark_owners(list, bits_not(x, vec_known(x, &v), inner->n), list->failed);
	truth = vec_truth(x, &v);
	for (size_t w = 0; w < bitmap_words(inner->n); w++)
		list->chosen[w] &= truth[w];
	return true;
}

static bool
map_values(struct vexec *x, const struct node *transform, const struct scope *inner,
    struct vlist *list)
{
	struct vec v;

	if (!vec_eval(x, transform, inner, &v))
		return false;
	if (v.kind != RULE_V_ERROR && !vec_is_scalar(v.kind))
		return false;
	mark_owners(list, bits_not(x, vec_known(x, &v), inner->n), list->failed);
	list->mapped = true;
	list->values = v;
	return true;
}

static bool
list_fold(
    struct vexec *x, const struct node *n, const struct scope *s, struct vlist *out)
{
	struct vchild *none;
	struct scope inner;

	if ((n->fold != FOLD_FILTER && n->fold != FOLD_MAP) ||
	    !list_eval(x, n->args[0], s, out))
		return false;
	element_scope(n, s, out, &none, &inner);
	if (n->args[1] != NULL && !narrow(x, n->args[1], &inner, out))
		return false;
	return n->args[2] == NULL || map_values(x, n->args[2], &inner, out);
}

static bool
list_eval(
    struct vexec *x, const struct node *n, const struct scope *s, struct vlist *out)
{
	int child = scope_child(x, n, s);

	if (child < 0)
		return n->kind == NODE_FOLD && list_fold(x, n, s, out);
	*out = (struct vlist){.rows = scope_children(x, s, child)};
	out->chosen = bits_full(x, out->rows->n);
	out->failed = bits_new(x, s->n);
	return true;
}

/* ---- all, exists, exists_one ----------------------------------------------------- */
static void
clear_bits(uint64_t *bits, const uint64_t *what, size_t n)
{
	for (size_t w = 0; w < bitmap_words(n); w++)
		bits[w] &= ~what[w];
}

static void
fold_logic(struct vexec *x, const struct node *n, const struct vlist *list,
    const struct vec *v, size_t parents, struct vec *out)
{
	const uint64_t *known = vec_known(x, v), *truth = vec_truth(x, v);
	uint64_t *stops = bits_new(x, list->rows->n);
	uint64_t *stopped = bits_new(x, parents), *open = bits_new(x, parents);
	uint64_t *decided = bits_full(x, parents);
	bool stop = n->fold == FOLD_EXISTS;

	for (size_t w = 0; w < bitmap_words(list->rows->n); w++)
		stops[w] = known[w] & (stop ? truth[w] : ~truth[w]);
	mark_owners(list, stops, stopped);
	mark_owners(list, bits_not(x, known, list->rows->n), open);
	clear_bits(open, stopped, parents);
	clear_bits(decided, open, parents);
	clear_bits(decided, list->failed, parents);
	for (size_t w = 0; w < bitmap_words(parents); w++)
		stopped[w] = decided[w] & (stop ? stopped[w] : ~stopped[w]);
	*out = (struct vec){
	    .kind = RULE_V_BOOL, .n = parents, .known = decided, .truth = stopped};
}

static void
fold_exists_one(struct vexec *x, const struct vlist *list, const struct vec *v,
    size_t parents, struct vec *out)
{
	const uint64_t *truth = vec_truth(x, v);
	uint64_t *decided = bits_full(x, parents), *one = bits_new(x, parents);
	uint64_t *many = bits_new(x, parents), *open = bits_new(x, parents);

	mark_owners(list, bits_not(x, vec_known(x, v), list->rows->n), open);
	for (size_t i = 0; i < list->rows->n; i++) {
		size_t p = list->rows->owner[i];

		if (bit_get(list->chosen, i) && bit_get(truth, i))
			bit_set(bit_get(one, p) ? many : one, p);
	}
	clear_bits(decided, open, parents);
	clear_bits(decided, list->failed, parents);
	for (size_t w = 0; w < bitmap_words(parents); w++)
		one[w] &= ~many[w] & decided[w];
	*out = (struct vec){
	    .kind = RULE_V_BOOL, .n = parents, .known = decided, .truth = one};
}

bool
vec_fold(struct vexec *x, const struct node *n, const struct scope *s, struct vec *out)
{
	struct vchild *none;
	struct vlist list;
	struct scope inner;
	struct vec v;

	if (n->fold != FOLD_ALL && n->fold != FOLD_EXISTS && n->fold != FOLD_EXISTS_ONE)
		return false;
	if (!list_eval(x, n->args[0], s, &list))
		return false;
	element_scope(n, s, &list, &none, &inner);
	if (!vec_eval(x, n->args[1], &inner, &v) ||
	    (v.kind != RULE_V_BOOL && v.kind != RULE_V_ERROR))
		return false;
	if (n->fold == FOLD_EXISTS_ONE)
		fold_exists_one(x, &list, &v, s->n, out);
	else
		fold_logic(x, n, &list, &v, s->n, out);
	return true;
}

/* ---- aggregates ------------------------------------------------------------------ */
static bool
put_number(struct vec_maker *m, size_t p, stw_wide whole, double real)
{
	struct rule_value v = {.kind = m->v.kind};
	int64_t fits;

	if (v.kind == RULE_V_DOUBLE) {
		v.d = real;
		return vec_put(m, p, &v);
	}
	if (!wide_fits(whole, &fits))
		return true; /* overflow: undecided */
	if (v.kind == RULE_V_MONEY) {
		v.money.minor = fits;
		memcpy(v.money.currency, m->v.currency, 4);
	} else {
		v.i = fits;
	}
	return vec_put(m, p, &v);
}

static bool
list_count(struct vexec *x, const struct vlist *list, size_t parents, struct vec *out)
{
	struct vec_maker m;

	vec_make(x, RULE_V_INT, parents, &m);
	for (size_t p = 0; p < parents; p++) {
		int64_t count = 0;

		if (bit_get(list->failed, p))
			continue;
		for (uint32_t i = list->rows->start[p]; i < list->rows->start[p + 1];
		     i++)
			count += bit_get(list->chosen, i);
		(void)put_number(&m, p, count, 0);
	}
	*out = m.v;
	return true;
}

/* sum and avg of int, double, money and duration. */
static bool
list_total(struct vexec *x, const struct node *n, const struct vlist *list, bool avg,
    size_t parents, struct vec *out)
{
	const struct vec *v = &list->values;
	enum rule_value_kind kind = v->kind;
	struct vec_maker m;

	if (v->constant || (kind != RULE_V_INT && kind != RULE_V_DOUBLE &&
			       kind != RULE_V_MONEY && kind != RULE_V_DURATION))
		return false;
	vec_make(x, value_kind_of(n->type->kind), parents, &m);
	if (kind == RULE_V_MONEY) {
		/* The sum of nothing is in the default currency: one vec cannot hold two. */
		if (strcmp(v->currency, x->rule->currency) != 0)
			return false;
		memcpy(m.v.currency, v->currency, 4);
	}
	for (size_t p = 0; p < parents; p++) {
		stw_wide whole = 0;
		double real = 0;
		int64_t count = 0;

		if (bit_get(list->failed, p))
			continue;
		for (uint32_t i = list->rows->start[p]; i < list->rows->start[p + 1];
		     i++) {
			if (!bit_get(list->chosen, i))
				continue;
			count++;
			if (kind == RULE_V_DOUBLE)
				real += v->d[i];
			else
				whole += v->i[i];
		}
		if (avg && count == 0)
			continue;
		if (avg && kind == RULE_V_INT)
			real = (double)whole / (double)count;
		else if (avg && kind == RULE_V_DOUBLE)
			real /= (double)count;
		else if (avg)
			whole = divide_half_even(whole, count);
		if (!put_number(&m, p, whole, real))
			return false;
	}
	*out = m.v;
	return true;
}

static bool
list_extreme(struct vexec *x, const struct vlist *list, int wanted, size_t parents,
    struct vec *out)
{
	const struct vec *v = &list->values;
	struct vec_maker m;

	if (v->constant || v->kind == RULE_V_BOOL)
		return false;
	vec_make(x, v->kind, parents, &m);
	for (size_t p = 0; p < parents; p++) {
		struct rule_value best = {0}, item;
		bool any = false;
		int order;

		if (bit_get(list->failed, p))
			continue;
		for (uint32_t i = list->rows->start[p]; i < list->rows->start[p + 1];
		     i++) {
			if (!bit_get(list->chosen, i))
				continue;
			vec_get(v, i, &item);
			if (!any ||
			    (value_order(&item, &best, &order) && order == wanted))
				best = item;
			any = true;
		}
		if (any && !vec_put(&m, p, &best))
			return false;
	}
	*out = m.v;
	return true;
}

bool
vec_aggregate(
    struct vexec *x, const struct node *n, const struct scope *s, struct vec *out)
{
	struct vlist list;
	rule_fn fn;

	if (n->fn == NULL || n->nargs != 1)
		return false;
	fn = n->fn->fn;
	if (fn != rule_fn_list_size && fn != rule_fn_list_sum &&
	    fn != rule_fn_list_avg && fn != rule_fn_list_min && fn != rule_fn_list_max)
		return false;
	if (!list_eval(x, n->args[0], s, &list))
		return false;
	if (fn == rule_fn_list_size)
		return list_count(x, &list, s->n, out);
	if (!list.mapped)
		return false;
	if (fn == rule_fn_list_sum || fn == rule_fn_list_avg)
		return list_total(x, n, &list, fn == rule_fn_list_avg, s->n, out);
	return list_extreme(x, &list, fn == rule_fn_list_min ? -1 : 1, s->n, out);
}
