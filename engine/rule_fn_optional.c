/* Optionals: values that may be absent, and are asked for it. */
#include <string.h>

#include "engine/rule_priv.h"

#define FN(name)                                                \
	static void name(struct frame *f, const struct node *n, \
	    const struct rule_value *a, struct rule_value *out)

FN(optional_of)
{
	value_optional(f, n, &a[0], out);
}

FN(optional_of_non_zero)
{
	bool zero;

	switch (a[0].kind) {
	case RULE_V_BOOL:
		zero = !a[0].b;
		break;
	case RULE_V_INT:
		zero = a[0].i == 0;
		break;
	case RULE_V_TIMESTAMP:
	case RULE_V_DURATION:
		zero = a[0].i == 0 && a[0].nsec == 0;
		break;
	case RULE_V_UINT:
		zero = a[0].u == 0;
		break;
	case RULE_V_DOUBLE:
		zero = a[0].d == 0.0;
		break;
	case RULE_V_STRING:
	case RULE_V_BYTES:
		zero = a[0].s.len == 0;
		break;
	case RULE_V_LIST:
		zero = a[0].list.count == 0;
		break;
	case RULE_V_MAP:
		zero = a[0].map.count == 0;
		break;
	case RULE_V_MONEY:
		zero = a[0].money.minor == 0;
		break;
	case RULE_V_NULL:
		zero = true;
		break;
	case RULE_V_ERROR:
	case RULE_V_DATE:
	case RULE_V_TYPE:
	case RULE_V_OBJECT:
	case RULE_V_SET:
	case RULE_V_OPTIONAL:
	default:
		zero = false;
		break;
	}
	value_optional(f, n, zero ? NULL : &a[0], out);
}

FN(optional_none)
{
	(void)a;
	value_optional(f, n, NULL, out);
}

RULE_FN(rule_fn_has_value)
{
	(void)f;
	if (a[0].kind != RULE_V_OPTIONAL) /* null can stand for one */
		value_fail(out, n, "null is no optional");
	else
		*out = rule_bool(a[0].opt != NULL);
}

FN(optional_value)
{
	(void)f;
	if (a[0].kind != RULE_V_OPTIONAL)
		value_fail(out, n, "null is no optional");
	else if (a[0].opt == NULL)
		value_missing(out, n, "the optional has no value");
	else
		*out = *a[0].opt;
}

void
rule_fn_or_value(struct frame *f, const struct node *n, const struct rule_value *a,
    struct rule_value *out)
{
	(void)f;
	if (a[0].kind != RULE_V_OPTIONAL)
		value_fail(out, n, "null is no optional");
	else
		*out = a[0].opt != NULL ? *a[0].opt : a[1];
}

void
rule_fn_or(struct frame *f, const struct node *n, const struct rule_value *a,
    struct rule_value *out)
{
	(void)f;
	if (a[0].kind != RULE_V_OPTIONAL)
		value_fail(out, n, "null is no optional");
	else
		*out = a[0].opt != NULL ? a[0] : a[1];
}

/* The values of the optionals that have one. */
FN(optional_unwrap)
{
	struct rule_value *items;
	size_t count = 0;

	items = frame_alloc(f, n, a[0].list.count, sizeof *items, out);
	if (items == NULL)
		return;
	for (size_t i = 0; i < a[0].list.count; i++) {
		struct rule_value item;

		list_get(&a[0].list, i, &item);
		if (item.kind != RULE_V_OPTIONAL) {
			value_failf(f, out, n, "%.*s() takes a list of optionals",
			    STR_FMT(n->name));
			return;
		}
		if (item.opt != NULL)
			items[count++] = *item.opt;
	}
	*out = rule_list_of(items, count);
}

const struct rule_overload rule_fns_optional[] = {
    {"optional.of", "A:?A", optional_of, 0, NULL},
    {"optional.ofNonZeroValue", "A:?A", optional_of_non_zero, 0, NULL},
    {"optional.none", ":?A", optional_none, 0, NULL},
    {"hasValue", ".?A:b", rule_fn_has_value, 0, NULL},
    {"value", ".?A:A", optional_value, 0, NULL},
    {"orValue", ".?AA:A", rule_fn_or_value, 0, NULL},
    {"or", ".?A?A:?A", rule_fn_or, 0, NULL},
    {"optional.unwrap", "[?A:[A", optional_unwrap, 0, NULL},
    {"unwrapOpt", ".[?A:[A", optional_unwrap, 0, NULL},
    {0},
};
