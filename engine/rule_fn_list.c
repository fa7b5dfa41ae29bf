/* Lists, maps and aggregates. Sums are exact before they are checked, so
 * that the order of the elements never decides whether one overflows. */
#include <math.h>
#include <string.h>

#include "engine/rule_priv.h"

#define FN(name)                                                \
	static void name(struct frame *f, const struct node *n, \
	    const struct rule_value *a, struct rule_value *out)

static void
set_int(struct rule_value *out, size_t i)
{
	out->kind = RULE_V_INT;
	out->i = (int64_t)i;
}

RULE_FN(rule_fn_list_size)
{
	(void)f, (void)n;
	set_int(out, a[0].list.count);
}

FN(map_size)
{
	(void)f, (void)n;
	set_int(out, a[0].map.count);
}

FN(list_add)
{
	size_t count = a[0].list.count + a[1].list.count;
	struct rule_value *items = frame_alloc(f, n, count, sizeof *items, out);

	if (items == NULL)
		return;
	for (size_t i = 0; i < count; i++) {
		bool second = i >= a[0].list.count;

		list_get(&a[second].list, second ? i - a[0].list.count : i, &items[i]);
	}
	*out = rule_list_of(items, count);
}

/* ---- index --------------------------------------------------------------------- */
/* A whole number of any kind as a place in the list. */
static bool
place_of(const struct rule_value *index, const struct rule_list *list, size_t *at)
{
	if (index->kind == RULE_V_INT && index->i >= 0)
		*at = (size_t)index->i;
	else if (index->kind == RULE_V_UINT)
		*at = (size_t)index->u;
	else if (index->kind == RULE_V_DOUBLE && index->d >= 0 && index->d < 9e15 &&
		 trunc(index->d) == index->d)
		*at = (size_t)index->d;
	else
		return false;
	return *at < list->count;
}

FN(list_index)
{
	size_t at;

	(void)f;
	if (place_of(&a[1], &a[0].list, &at))
		list_get(&a[0].list, at, out);
	else
		value_fail(out, n, "index out of range");
}

FN(map_index)
{
	const struct rule_value *found = map_find(&a[0].map, &a[1]);

	(void)f;
	if (found != NULL)
		*out = *found;
	else
		value_fail(out, n, "no such key");
}

/* x[?i]: none instead of a failure; an optional x is looked into. */
FN(optional_index)
{
	const struct rule_value *from = &a[0];
	const struct rule_value *found = NULL;
	struct rule_value item;
	size_t at;

	if (from->kind == RULE_V_OPTIONAL) {
		if (from->opt == NULL) {
			*out = *from;
			return;
		}
		from = from->opt;
	}
	if (from->kind == RULE_V_LIST) {
		if (place_of(&a[1], &from->list, &at)) {
			list_get(&from->list, at, &item);
			found = &item;
		}
	} else if (from->kind == RULE_V_MAP) {
		found = map_find(&from->map, &a[1]);
	} else {
		value_failf(f, out, n, "a %s has no elements", value_type_name(from));
		return;
	}
	value_optional(f, n, found, out);
}

FN(any_index)
{
	if (a[0].kind == RULE_V_LIST)
		list_index(f, n, a, out);
	else if (a[0].kind == RULE_V_MAP)
		map_index(f, n, a, out);
	else if (a[0].kind == RULE_V_OPTIONAL)
		optional_index(f, n, a, out);
	else
		value_failf(f, out, n, "a %s has no elements", value_type_name(&a[0]));
}

/* ---- aggregates ---------------------------------------------------------------- */
static const char empty_text[] = "an empty list has no such value";

struct total {
	stw_wide whole;
	double real;
};

/* Adds up elements of one kind; false: *out says why not. */
static bool
add_up(const struct rule_list *list, const struct node *n, struct rule_value *first,
    struct total *sum, struct rule_value *out)
{
	struct rule_value item;

	*sum = (struct total){0};
	for (size_t i = 0; i < list->count; i++) {
		list_get(list, i, &item);
		if (i == 0)
			*first = item;
		if (item.kind != first->kind) {
			value_fail(out, n, "the list holds more than one type");
			return false;
		}
		switch (item.kind) {
		case RULE_V_INT:
			sum->whole += item.i;
			break;
		case RULE_V_DURATION:
			sum->whole += value_nsec(&item);
			break;
		case RULE_V_UINT:
			sum->whole += item.u;
			break;
		case RULE_V_DOUBLE:
			sum->real += item.d;
			break;
		case RULE_V_MONEY:
			if (memcmp(item.money.currency, first->money.currency, 4) !=
			    0) {
				value_fail(
				    out, n, "the amounts are in different currencies");
				return false;
			}
			sum->whole += item.money.minor;
			break;
		case RULE_V_ERROR:
		case RULE_V_BOOL:
		case RULE_V_STRING:
		case RULE_V_BYTES:
		case RULE_V_NULL:
		case RULE_V_TIMESTAMP:
		case RULE_V_DATE:
		case RULE_V_TYPE:
		case RULE_V_LIST:
		case RULE_V_MAP:
		case RULE_V_OBJECT:
		case RULE_V_SET:
		case RULE_V_OPTIONAL:
		default:
			value_fail(out, n, "these elements cannot be added up");
			return false;
		}
	}
	return true;
}

/* A sum or mean of the kind of *like. */
static void
set_total(const struct rule_value *like, stw_wide whole, double real,
    const struct node *n, struct rule_value *out)
{
	struct rule_value made = *like;
	int64_t fits;

	if (like->kind == RULE_V_DOUBLE) {
		*out = rule_double(real);
		return;
	}
	if (like->kind == RULE_V_UINT) {
		if (whole > UINT64_MAX) {
			value_fail(out, n, "the sum does not fit");
			return;
		}
		made.u = (uint64_t)whole;
	} else if (!wide_fits(whole, &fits)) {
		value_fail(out, n, "the sum does not fit");
		return;
	} else if (like->kind == RULE_V_DURATION) {
		value_set_nsec(&made, fits);
	} else if (like->kind == RULE_V_MONEY) {
		made.money.minor = fits;
	} else {
		made.i = fits;
	}
	*out = made;
}

/* What an empty list of this node's type sums up to. */
static struct rule_value
zero_of(const struct frame *f, const struct node *n)
{
	switch (n->type->kind) {
	case RULE_UINT:
		return (struct rule_value){.kind = RULE_V_UINT};
	case RULE_DOUBLE:
		return rule_double(0);
	case RULE_MONEY:
		return rule_money(0, f->rule->currency);
	case RULE_DURATION:
		return (struct rule_value){.kind = RULE_V_DURATION};
	case RULE_ERROR_T:
	case RULE_DYN:
	case RULE_BOOL:
	case RULE_INT:
	case RULE_STRING:
	case RULE_BYTES:
	case RULE_NULL:
	case RULE_TIMESTAMP:
	case RULE_DATE:
	case RULE_TYPE:
	case RULE_LIST:
	case RULE_MAP:
	case RULE_OBJECT:
	case RULE_SET:
	case RULE_OPTIONAL:
		break;
	}
	return rule_int(0);
}

RULE_FN(rule_fn_list_sum)
{
	struct rule_value first = zero_of(f, n);
	struct total sum;

	if (add_up(&a[0].list, n, &first, &sum, out))
		set_total(&first, sum.whole, sum.real, n, out);
}

RULE_FN(rule_fn_list_avg)
{
	struct rule_value first = {0};
	size_t count = a[0].list.count;
	struct total sum;

	(void)f;
	if (count == 0) {
		value_missing(out, n, empty_text);
		return;
	}
	if (!add_up(&a[0].list, n, &first, &sum, out))
		return;
	if (first.kind == RULE_V_INT || first.kind == RULE_V_UINT)
		*out = rule_double((double)sum.whole / (double)count);
	else if (first.kind == RULE_V_DURATION) /* to the microsecond */
		*out = rule_duration((int64_t)divide_half_even(
		    sum.whole, (stw_wide)count * NSEC_PER_USEC));
	else
		set_total(&first, divide_half_even(sum.whole, (stw_wide)count),
		    sum.real / (double)count, n, out);
}

static void
extreme(const struct rule_list *list, int wanted, const struct node *n,
    struct rule_value *out)
{
	struct rule_value best, item;
	int order;

	if (list->count == 0) {
		value_missing(out, n, empty_text);
		return;
	}
	list_get(list, 0, &best);
	for (size_t i = 1; i < list->count; i++) {
		list_get(list, i, &item);
		if (!value_order(&item, &best, &order)) {
			value_fail(out, n,
			    item.kind == RULE_V_MONEY && best.kind == RULE_V_MONEY
				? "the amounts are in different currencies"
				: "no order between these values");
			return;
		}
		if (order == wanted)
			best = item;
	}
	*out = best;
}

RULE_FN(rule_fn_list_min)
{
	(void)f;
	extreme(&a[0].list, -1, n, out);
}

RULE_FN(rule_fn_list_max)
{
	(void)f;
	extreme(&a[0].list, 1, n, out);
}

FN(list_first)
{
	(void)f;
	if (a[0].list.count == 0)
		value_missing(out, n, empty_text);
	else
		list_get(&a[0].list, 0, out);
}

FN(list_last)
{
	(void)f;
	if (a[0].list.count == 0)
		value_missing(out, n, empty_text);
	else
		list_get(&a[0].list, a[0].list.count - 1, out);
}

#define EXTREME(name, fn)                                               \
	{name, ".[i:i", fn, 0, NULL}, {name, ".[u:u", fn, 0, NULL},     \
	    {name, ".[d:d", fn, 0, NULL}, {name, ".[m:m", fn, 0, NULL}, \
	    {name, ".[a:a", fn, 0, NULL}, {name, ".[t:t", fn, 0, NULL}, \
	    {name, ".[r:r", fn, 0, NULL}, {name, ".[s:s", fn, 0, NULL}, \
	{                                                               \
		name, ".[*:*", fn, FN_DYN, NULL                         \
	}

const struct rule_overload rule_fns_list[] = {
    {"size", "%[A:i", rule_fn_list_size, 0, NULL},
    {"size", "%{AB:i", map_size, 0, NULL},
    {"count", ".[A:i", rule_fn_list_size, 0, NULL},
    {"+", "[A[A:[A", list_add, 0, NULL},
    {"[]", "[Ai:A", list_index, 0, NULL},
    {"[]", "{ABA:B", map_index, 0, NULL},
    {"[]", "?[Ai:?A", optional_index, 0, NULL},
    {"[]", "?{ABA:?B", optional_index, 0, NULL},
    {"[]", "**:*", any_index, FN_DYN, NULL},
    {"[?]", "[Ai:?A", optional_index, 0, NULL},
    {"[?]", "{ABA:?B", optional_index, 0, NULL},
    {"[?]", "?[Ai:?A", optional_index, 0, NULL},
    {"[?]", "?{ABA:?B", optional_index, 0, NULL},
    {"[?]", "**:?*", optional_index, FN_DYN, NULL},
    {"sum", ".[i:i", rule_fn_list_sum, 0, NULL},
    {"sum", ".[u:u", rule_fn_list_sum, 0, NULL},
    {"sum", ".[d:d", rule_fn_list_sum, 0, NULL},
    {"sum", ".[m:m", rule_fn_list_sum, 0, NULL},
    {"sum", ".[r:r", rule_fn_list_sum, 0, NULL},
    {"sum", ".[*:*", rule_fn_list_sum, FN_DYN, NULL},
    {"avg", ".[i:d", rule_fn_list_avg, 0, NULL},
    {"avg", ".[u:d", rule_fn_list_avg, 0, NULL},
    {"avg", ".[d:d", rule_fn_list_avg, 0, NULL},
    {"avg", ".[m:m", rule_fn_list_avg, 0, NULL},
    {"avg", ".[r:r", rule_fn_list_avg, 0, NULL},
    {"avg", ".[*:*", rule_fn_list_avg, FN_DYN, NULL},
    EXTREME("min", rule_fn_list_min),
    EXTREME("max", rule_fn_list_max),
    {"first", ".[A:A", list_first, 0, NULL},
    {"last", ".[A:A", list_last, 0, NULL},
    {0},
};
