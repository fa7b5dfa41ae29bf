/* What to write instead: the nearest name, a conversion. */
#include <string.h>
#include <strings.h>

#include "engine/rule_priv.h"

/* Letters added, left out, changed, or swapped with their neighbour. */
static size_t
edit_distance(struct str a, struct str b)
{
	size_t row[3][41];

	if (a.len > 40 || b.len > 40)
		return SIZE_MAX;
	for (size_t j = 0; j <= b.len; j++)
		row[0][j] = j;
	for (size_t i = 1; i <= a.len; i++) {
		size_t *now = row[i % 3], *above = row[(i + 2) % 3],
		       *before = row[(i + 1) % 3];

		now[0] = i;
		for (size_t j = 1; j <= b.len; j++) {
			size_t best =
			    above[j - 1] + (a.ptr[i - 1] == b.ptr[j - 1] ? 0 : 1);

			if (above[j] + 1 < best)
				best = above[j] + 1;
			if (now[j - 1] + 1 < best)
				best = now[j - 1] + 1;
			if (i > 1 && j > 1 && a.ptr[i - 1] == b.ptr[j - 2] &&
			    a.ptr[i - 2] == b.ptr[j - 1] && before[j - 2] + 1 < best)
				best = before[j - 2] + 1;
			now[j] = best;
		}
	}
	return row[a.len % 3][b.len];
}

void
nearest_offer(struct nearest *nearest, const char *name)
{
	bool same = nearest->wanted.len == strlen(name) &&
		    strncasecmp(nearest->wanted.ptr, name, nearest->wanted.len) == 0;
	size_t distance = same ? 0 : edit_distance(nearest->wanted, str_of(name));
	size_t limit = nearest->wanted.len < 6 ? 1 : nearest->wanted.len < 9 ? 2 : 3;

	if (distance <= limit &&
	    (nearest->best == NULL || distance < nearest->distance)) {
		nearest->best = name;
		nearest->distance = distance;
	}
}

struct side {
	const struct node *n;
	enum rule_kind kind;
	const char *text;
};

static bool
is_literal(const struct side *s)
{
	return s->n->kind == NODE_CONST && !s->n->folded;
}

static bool
is_number(enum rule_kind kind)
{
	return kind == RULE_INT || kind == RULE_UINT || kind == RULE_DOUBLE;
}

/* The text of one side as an argument, without the brackets it may be written in. */
static const char *
inner(struct arena *arena, const struct side *s)
{
	size_t len = strlen(s->text);

	if (s->n->kind != NODE_CONST && len > 2 && s->text[0] == '(' &&
	    s->text[len - 1] == ')')
		return arena_strndup(arena, s->text + 1, len - 2);
	return s->text;
}

static const char *
converted(struct arena *arena, const struct side *s, const char *fn)
{
	bool quote = is_literal(s) && is_number(s->kind) && strcmp(fn, "money") == 0;

	return arena_printf(
	    arena, quote ? "%s(\"%s\")" : "%s(%s)", fn, inner(arena, s));
}

/* How `from` is made comparable with `to`; NULL when no conversion helps. */
static const char *
conversion(enum rule_kind from, enum rule_kind to, bool adding)
{
	if (from == RULE_INT && to == RULE_DOUBLE)
		return "double";
	if (from == RULE_UINT && is_number(to))
		return to == RULE_INT ? "int" : "double";
	if (is_number(from) && to == RULE_MONEY)
		return "money";
	if (from == RULE_TIMESTAMP && to == RULE_DATE)
		return "date";
	if (from == RULE_STRING && (to == RULE_DATE || to == RULE_TIMESTAMP ||
				       to == RULE_MONEY || to == RULE_DURATION))
		return rule_kind_name(to);
	if (from == RULE_STRING && is_number(to) && !adding)
		return rule_kind_name(to);
	if (to == RULE_STRING && adding && from != RULE_LIST && from != RULE_MAP &&
	    from != RULE_OBJECT && from != RULE_NULL && from != RULE_OPTIONAL)
		return "string";
	if (from == RULE_INT && to == RULE_DURATION)
		return "days";
	return NULL;
}

const char *
rule_conversion(enum rule_kind from, enum rule_kind to)
{
	return conversion(from, to, false);
}

static const char *
binary_hint(struct arena *arena, const struct node *n, const struct side side[2])
{
	bool adding = str_eq_c(n->name, "+");
	const char *fn;

	for (int i = 0; i < 2; i++) {
		fn = conversion(side[i].kind, side[1 - i].kind, adding);
		if (fn == NULL)
			continue;
		return arena_printf(arena, "; write %s %.*s %s",
		    i == 0 ? converted(arena, &side[0], fn) : side[0].text,
		    STR_FMT(n->name),
		    i == 1 ? converted(arena, &side[1], fn) : side[1].text);
	}
	return "";
}

/* x == null and x != null: what is absent is asked for with has(). */
static const char *
null_hint(struct arena *arena, const struct node *n, const struct side side[2])
{
	int other = side[0].kind == RULE_NULL ? 1 : 0;

	if (side[1 - other].kind != RULE_NULL || side[other].n->kind != NODE_SELECT)
		return "";
	return arena_printf(arena, "; write %shas(%s)",
	    str_eq_c(n->name, "==") ? "!" : "", side[other].text);
}

static const char *
optional_hint(struct arena *arena, const struct node *n)
{
	for (int i = 0; i < n->nargs; i++) {
		if (n->args[i]->type->kind == RULE_OPTIONAL)
			return arena_printf(
			    arena, "; give the optional a default with .orValue(...)");
	}
	return "";
}

static struct side
side_of(struct arena *arena, struct str text, const struct node *n)
{
	struct str s = node_text(text, n);

	return (struct side){n, n->type->kind, arena_strndup(arena, s.ptr, s.len)};
}

const char *
rule_hint(struct arena *arena, struct str text, const struct node *n)
{
	static const char operators[][3] = {
	    "+", "-", "*", "/", "%", "<", "<=", ">", ">=", "==", "!="};
	struct side side[2];
	const char *hint;

	if (n->kind == NODE_COND)
		return "";
	if (n->nargs == 2) {
		side[0] = side_of(arena, text, n->args[0]);
		side[1] = side_of(arena, text, n->args[1]);
		if (strlen(side[0].text) + strlen(side[1].text) > 200)
			return "";
		for (size_t i = 0; i < STW_ARRAY_LEN(operators); i++) {
			if (!str_eq_c(n->name, operators[i]))
				continue;
			hint = null_hint(arena, n, side);
			if (*hint == '\0')
				hint = binary_hint(arena, n, side);
			return *hint != '\0' ? hint : optional_hint(arena, n);
		}
	}
	return optional_hint(arena, n);
}
