#include <string.h>

#include "engine/rule_priv.h"

#define FOLD_BYTES ((size_t)1 << 20) /* constants made while compiling */

struct local {
	struct str name;
	const struct rule_type *type;
};

struct checker {
	const struct rule_env *env;
	struct rule *rule;
	struct arena *arena;
	struct stw_err *err;
	enum stw_code rc; /* the first failure stops everything */
	struct local locals[RULE_MAX_LOCALS];
	int nlocals;
	struct frame fold;
};

static bool check(struct checker *c, struct node *n);

/* ---- messages -------------------------------------------------------------------- */
struct str
node_text(struct str text, const struct node *n)
{
	return (struct str){text.ptr + n->start, n->end - n->start};
}

static bool
fail(struct checker *c, const struct node *n, const char *text)
{
	if (c->rc == STW_OK)
		c->rc =
		    stw_fail_at(c->err, STW_INVALID, n->line, n->column, "%s", text);
	return false;
}

static const char *
type_text(struct checker *c, const struct rule_type *type)
{
	return rule_type_text(type, c->arena);
}

/* The source of a node, short enough for a message. */
static const char *
short_text(struct checker *c, const struct node *n)
{
	struct str text = node_text(c->rule->text, n);

	if (text.len > 60)
		return arena_printf(c->arena, "%.*s...", 57, text.ptr);
	return arena_strndup(c->arena, text.ptr, text.len);
}

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
	size_t distance = edit_distance(nearest->wanted, str_of(name));
	size_t limit = nearest->wanted.len < 4 ? 1 : nearest->wanted.len < 8 ? 2 : 3;

	if (distance <= limit &&
	    (nearest->best == NULL || distance < nearest->distance)) {
		nearest->best = name;
		nearest->distance = distance;
	}
}

static const char *
did_you_mean(struct checker *c, const struct nearest *nearest)
{
	if (nearest->best == NULL)
		return "";
	return arena_printf(c->arena, "; did you mean '%s'?", nearest->best);
}

/* ---- names ----------------------------------------------------------------------- */
static int
find_local(const struct checker *c, struct str name)
{
	for (int i = c->nlocals - 1; i >= 0; i--) {
		if (str_eq(c->locals[i].name, name))
			return i;
	}
	return -1;
}

static int
find_var(const struct checker *c, struct str name)
{
	for (int i = 0; i < c->env->nvars; i++) {
		if (str_eq_c(name, c->env->vars[i].name))
			return i;
	}
	return -1;
}

static void
set_name(struct checker *c, struct node *n, enum node_kind kind, int slot,
    const struct rule_type *type)
{
	n->kind = kind;
	n->slot = slot;
	n->type = type;
	n->wanted = value_kind_of(type->kind);
	n->missing_text = arena_printf(c->arena, "%s has no value", short_text(c, n));
}

static bool
is_type_name(struct str name)
{
	static const char *const others[] = {"bool", "int", "uint", "double", "string",
	    "bytes", "list", "map", "null_type", "type", "timestamp", "duration",
	    "date", "money"};

	for (size_t i = 0; i < STW_ARRAY_LEN(others); i++) {
		if (str_eq_c(name, others[i]))
			return true;
	}
	return false;
}

static bool
unknown_name(struct checker *c, struct node *n)
{
	struct nearest nearest = {.wanted = n->name};

	for (int i = 0; i < c->env->nvars; i++) {
		const struct rule_type *type = c->env->vars[i].type;

		for (int k = 0; type->kind == RULE_OBJECT && k < type->nfields; k++) {
			if (str_eq_c(n->name, type->fields[k].name))
				return fail(c, n,
				    arena_printf(c->arena,
					"unknown name '%.*s'; write %s.%.*s",
					STR_FMT(n->name), c->env->vars[i].name,
					STR_FMT(n->name)));
		}
		nearest_offer(&nearest, c->env->vars[i].name);
	}
	for (int i = 0; i < c->nlocals; i++)
		nearest_offer(&nearest, arena_strndup(c->arena, c->locals[i].name.ptr,
					    c->locals[i].name.len));
	nearest_offer(&nearest, "today");
	nearest_offer(&nearest, "now");
	return fail(c, n,
	    arena_printf(c->arena, "unknown name '%.*s'%s",
		(int)(n->name.len > 60 ? 60 : n->name.len), n->name.ptr,
		did_you_mean(c, &nearest)));
}

static bool check_call(struct checker *c, struct node *n);

static bool
check_ident(struct checker *c, struct node *n)
{
	int local = find_local(c, n->name);
	int var = find_var(c, n->name);

	if (local >= 0) {
		set_name(c, n, NODE_LOCAL, local, c->locals[local].type);
		return true;
	}
	if (var >= 0) {
		set_name(c, n, NODE_VAR, var, c->env->vars[var].type);
		return true;
	}
	if (str_eq_c(n->name, "now") || str_eq_c(n->name, "today")) {
		n->kind = NODE_CALL;
		return check_call(c, n);
	}
	if (is_type_name(n->name)) {
		n->kind = NODE_CONST;
		n->type = rule_type_basic(RULE_TYPE);
		n->value.kind = RULE_V_TYPE;
		n->value.s = n->name;
		return true;
	}
	return unknown_name(c, n);
}

/* ---- constants ------------------------------------------------------------------- */
static const struct rule_type *
type_of_const(const struct rule_value *v)
{
	for (int kind = RULE_BOOL; kind <= RULE_TYPE; kind++) {
		if (value_kind_of((enum rule_kind)kind) == v->kind)
			return rule_type_basic((enum rule_kind)kind);
	}
	return rule_type_basic(RULE_DYN);
}

static void
become_const(struct node *n, const struct rule_value *v)
{
	n->kind = NODE_CONST;
	n->value = *v;
	n->folded = true;
}

static bool
all_const(const struct node *n)
{
	for (int i = 0; i < n->nargs; i++) {
		if (n->args[i]->kind != NODE_CONST)
			return false;
	}
	return true;
}

/* Works out calls whose arguments are all known now. date("2026-13-01") is then an
 * error of the rule and not a surprise of each evaluation. */
static bool
fold_call(struct checker *c, struct node *n)
{
	struct rule_value args[RULE_MAX_ARGS];
	struct rule_value out = {0};

	if (n->fn == NULL || n->fn->host != NULL || (n->fn->flags & FN_CONTEXT) != 0 ||
	    !all_const(n))
		return true;
	for (int i = 0; i < n->nargs; i++)
		args[i] = n->args[i]->value;
	n->fn->fn(&c->fold, n, args, &out);
	if (!value_is_error(&out))
		become_const(n, &out);
	else if ((n->fn->flags & FN_LITERAL) != 0 && !out.error.missing)
		return fail(c, n->nargs > 0 ? n->args[0] : n, out.error.text);
	return true;
}

/* ---- fields ---------------------------------------------------------------------- */
static bool
unknown_field(struct checker *c, struct node *n, const struct rule_type *type)
{
	struct nearest nearest = {.wanted = n->name};
	struct str name = n->name;

	if (name.len > 60)
		name.len = 60;
	for (int i = 0; i < type->nfields; i++)
		nearest_offer(&nearest, type->fields[i].name);
	return fail(c, n,
	    arena_printf(c->arena, "no field '%.*s' in %s%s", STR_FMT(name), type->name,
		did_you_mean(c, &nearest)));
}

static bool
select_type(struct checker *c, struct node *n, const struct rule_type *from,
    const struct rule_type **out)
{
	const char *hint = "";

	if (from->kind == RULE_DYN) {
		*out = from;
		return true;
	}
	if (from->kind == RULE_MAP &&
	    (from->key->kind == RULE_STRING || from->key->kind == RULE_DYN)) {
		*out = from->elem;
		return true;
	}
	if (from->kind == RULE_OBJECT) {
		n->field = rule_type_field(
		    from, arena_strndup(c->arena, n->name.ptr, n->name.len));
		if (n->field < 0)
			return unknown_field(c, n, from);
		*out = from->fields[n->field].type;
		return true;
	}
	if (from->kind == RULE_LIST)
		hint = arena_printf(c->arena, "; write %s.exists(x, x.%.*s ...)",
		    short_text(c, n->args[0]), STR_FMT(n->name));
	return fail(c, n,
	    arena_printf(c->arena, "%s has no fields%s", type_text(c, from), hint));
}

/* args[0] is checked. */
static bool
resolve_select(struct checker *c, struct node *n)
{
	const struct rule_type *from = n->args[0]->type;
	const struct rule_type *to = NULL;

	if (from->kind == RULE_OPTIONAL) {
		from = from->elem;
		if (n->mode == SELECT_PLAIN)
			n->mode = SELECT_OPTIONAL;
	}
	if (!select_type(c, n, from, &to) || to == NULL)
		return false;
	n->wanted = n->field >= 0 ? value_kind_of(to->kind) : RULE_V_ERROR;
	n->missing_text = arena_printf(c->arena, "%s has no value", short_text(c, n));
	n->type = n->mode == SELECT_HAS        ? rule_type_basic(RULE_BOOL)
		  : n->mode == SELECT_OPTIONAL ? rule_type_optional(c->arena, to)
					       : to;
	return true;
}

/* ---- calls ----------------------------------------------------------------------- */
static bool
is_operator(struct str name)
{
	int first = name.len > 0 ? name.ptr[0] : 'a';

	return !((first >= 'a' && first <= 'z') || (first >= 'A' && first <= 'Z') ||
		   first == '_') ||
	       str_eq_c(name, "neg") || str_eq_c(name, "in");
}

static const char *
call_shape(struct checker *c, const struct node *n)
{
	const char *left = n->nargs > 0 ? type_text(c, n->args[0]->type) : "";
	const char *right = n->nargs > 1 ? type_text(c, n->args[1]->type) : "";
	const char *list = "";

	if (str_eq_c(n->name, "neg") || str_eq_c(n->name, "!"))
		return arena_printf(
		    c->arena, "%s%s", str_eq_c(n->name, "neg") ? "-" : "!", left);
	if (n->name.ptr[0] == '[')
		return arena_printf(c->arena, "%s[%s]", left, right);
	if (is_operator(n->name))
		return arena_printf(
		    c->arena, "%s %.*s %s", left, STR_FMT(n->name), right);
	for (int i = n->method ? 1 : 0; i < n->nargs; i++)
		list = arena_printf(c->arena, "%s%s%s", list, *list == '\0' ? "" : ", ",
		    type_text(c, n->args[i]->type));
	return arena_printf(c->arena, "%s%s%.*s(%s)", n->method ? left : "",
	    n->method ? "." : "", STR_FMT(n->name), list);
}

struct name_search {
	struct nearest nearest;
	bool wanted_method, suggest;
	bool exists;
	bool other_style; /* the name exists, but is written the other way */
};

static void
visit_name(void *arg, const char *name, bool method)
{
	struct name_search *search = arg;

	if (is_operator(str_of(name)))
		return;
	if (str_eq_c(search->nearest.wanted, name)) {
		search->exists |= method == search->wanted_method;
		search->other_style |= method != search->wanted_method;
	}
	if (search->suggest && method == search->wanted_method)
		nearest_offer(&search->nearest, name);
}

/* True when some function is called so; otherwise the message is set. */
static bool
known_function(struct checker *c, struct node *n)
{
	static const char *const macros[] = {
	    "all", "exists", "exists_one", "filter", "map", "optMap", "optFlatMap"};
	struct name_search search = {
	    .nearest = {.wanted = n->name}, .wanted_method = n->method};
	struct str name = n->name;
	const char *hint;

	if (is_operator(name) || (!n->method && str_eq_c(name, "segment")))
		return true;
	overload_each(c->env, visit_name, &search);
	if (search.exists)
		return true;
	search.suggest = true;
	overload_each(c->env, visit_name, &search);
	for (size_t i = 0; n->method && i < STW_ARRAY_LEN(macros); i++)
		nearest_offer(&search.nearest, macros[i]);
	if (name.len > 60)
		name.len = 60;
	if (!search.other_style || n->nargs == 0)
		hint = did_you_mean(c, &search.nearest);
	else if (n->method)
		hint = arena_printf(c->arena, "; write %.*s(%s%s)", STR_FMT(name),
		    short_text(c, n->args[0]), n->nargs > 1 ? ", ..." : "");
	else
		hint = arena_printf(c->arena, "; write %s.%.*s(%s)",
		    short_text(c, n->args[0]), STR_FMT(name),
		    n->nargs > 1 ? "..." : "");
	return fail(
	    c, n, arena_printf(c->arena, "no function '%.*s'%s", STR_FMT(name), hint));
}

/* segment("code"): a set whose name is fixed when the rule is compiled. */
static bool
check_segment(struct checker *c, struct node *n)
{
	const struct node *arg = n->nargs == 1 ? n->args[0] : NULL;
	struct rule *rule = c->rule;
	const char *code;

	if (arg == NULL || arg->kind != NODE_CONST || arg->value.kind != RULE_V_STRING)
		return fail(c, n,
		    "segment() takes the code of a segment, as in segment(\"vip\")");
	if (c->env->segment_known == NULL)
		return fail(c, n, "segments cannot be used here");
	if (!c->env->segment_known(c->env->segment_host, arg->value.s))
		return fail(c, arg,
		    arena_printf(c->arena, "no segment '%.*s'",
			(int)(arg->value.s.len > 60 ? 60 : arg->value.s.len),
			arg->value.s.ptr));
	code = arena_strndup(c->arena, arg->value.s.ptr, arg->value.s.len);
	n->kind = NODE_CONST;
	n->type = rule_type_basic(RULE_SET);
	n->value.kind = RULE_V_SET;
	n->value.set.name = code;
	for (int i = 0; i < rule->nsegments; i++) {
		if (strcmp(rule->segments[i], code) == 0)
			return true;
	}
	if (rule->nsegments % 8 == 0) {
		const char **grown =
		    arena_array(c->arena, (size_t)rule->nsegments + 8, sizeof *grown);

		for (int i = 0; i < rule->nsegments; i++)
			grown[i] = rule->segments[i];
		rule->segments = grown;
	}
	rule->segments[rule->nsegments++] = code;
	return true;
}

/* A record stands for its reference where a member or a key is wanted. */
static bool
use_reference(struct checker *c, struct node *call)
{
	struct node *object = call->args[0];
	struct node *ref;

	if (object->type->kind != RULE_OBJECT ||
	    rule_type_field(object->type, "ref") < 0)
		return true;
	ref = arena_alloc(c->arena, sizeof *ref);
	*ref = *object;
	ref->kind = NODE_SELECT;
	ref->name = STR_LIT("ref");
	ref->args = arena_array(c->arena, 1, sizeof *ref->args);
	ref->args[0] = object;
	ref->nargs = 1;
	ref->mode = SELECT_PLAIN;
	ref->height = object->height + 1;
	call->args[0] = ref;
	if (!resolve_select(c, ref))
		return false;
	ref->eval = node_evaluator(ref);
	ref->free_locals = object->free_locals;
	return true;
}

/* optional.of(x): a function whose name has a dot in it. */
static void
join_namespace(struct checker *c, struct node *n)
{
	const struct node *first = n->nargs > 0 ? n->args[0] : NULL;
	struct name_search search = {0};

	if (!n->method || first == NULL || first->kind != NODE_IDENT ||
	    find_local(c, first->name) >= 0 || find_var(c, first->name) >= 0)
		return;
	search.nearest.wanted = str_of(arena_printf(
	    c->arena, "%.*s.%.*s", STR_FMT(first->name), STR_FMT(n->name)));
	search.wanted_method = true;
	overload_each(c->env, visit_name, &search);
	if (!search.other_style)
		return;
	n->name = search.nearest.wanted;
	n->method = false;
	n->args++;
	n->nargs--;
}

static bool
compile_pattern(struct checker *c, struct node *n)
{
	const struct node *pattern = n->nargs == 2 ? n->args[1] : NULL;
	char why[160];

	if (n->fn == NULL || n->fn->fn != rule_fn_matches || pattern == NULL ||
	    pattern->kind != NODE_CONST)
		return true;
	n->re = re_shared(pattern->value.s.ptr, pattern->value.s.len, why, sizeof why);
	if (n->re == NULL && why[0] != '\0')
		return fail(c, pattern,
		    arena_printf(c->arena, "not a regular expression: %s", why));
	return true;
}

static bool
check_call(struct checker *c, struct node *n)
{
	const struct rule_type *types[RULE_MAX_ARGS];
	struct overload_match match;

	join_namespace(c, n);
	if (!known_function(c, n))
		return false;
	for (int i = 0; i < n->nargs; i++) {
		if (!check(c, n->args[i]))
			return false;
	}
	if (!n->method && str_eq_c(n->name, "segment"))
		return check_segment(c, n);
	if (!n->method && n->nargs > 0 &&
	    (str_eq_c(n->name, "bucket") ||
		(str_eq_c(n->name, "in") && n->args[1]->type->kind == RULE_SET)) &&
	    !use_reference(c, n))
		return false;
	for (int i = 0; i < n->nargs; i++)
		types[i] = n->args[i]->type;
	if (!overload_find(
		c->env, c->arena, n->name, n->method, types, n->nargs, &match))
		return fail(c, n,
		    arena_printf(c->arena, "no overload for %s%s", call_shape(c, n),
			rule_hint(c->arena, c->rule->text, n)));
	n->fn = match.fn;
	n->cands = match.cands;
	n->ncands = match.ncands;
	n->type = match.result;
	n->missing_text = "the function gave no value";
	return compile_pattern(c, n) && fold_call(c, n);
}

/* ---- logic ----------------------------------------------------------------------- */
static bool
want_bool(struct checker *c, const struct node *n, const char *where)
{
	const char *hint = "";

	if (n->type->kind == RULE_BOOL || n->type->kind == RULE_DYN)
		return true;
	if (n->type->kind == RULE_OPTIONAL)
		hint = arena_printf(
		    c->arena, "; write %s.orValue(false)", short_text(c, n));
	else if (n->type->kind == RULE_STRING)
		hint =
		    arena_printf(c->arena, "; write %s == \"...\"", short_text(c, n));
	else if (n->type->kind == RULE_INT || n->type->kind == RULE_DOUBLE)
		hint = arena_printf(c->arena, "; write %s != 0", short_text(c, n));
	else if (n->type->kind == RULE_LIST)
		hint =
		    arena_printf(c->arena, "; write %s.size() > 0", short_text(c, n));
	return fail(c, n,
	    arena_printf(c->arena, "%s needs bool; %s is %s%s", where, short_text(c, n),
		type_text(c, n->type), hint));
}

static bool
check_logic(struct checker *c, struct node *n)
{
	for (int i = 0; i < n->nargs; i++) {
		if (!check(c, n->args[i]) ||
		    !want_bool(c, n->args[i], n->kind == NODE_AND ? "&&" : "||"))
			return false;
	}
	n->type = rule_type_basic(RULE_BOOL);
	return true;
}

static bool
check_cond(struct checker *c, struct node *n)
{
	if (!check(c, n->args[0]) || !want_bool(c, n->args[0], "?") ||
	    !check(c, n->args[1]) || !check(c, n->args[2]))
		return false;
	n->type = rule_type_join(c->arena, n->args[1]->type, n->args[2]->type);
	if (n->type == NULL)
		return fail(c, n,
		    arena_printf(c->arena, "the two sides of ':' differ: %s and %s%s",
			type_text(c, n->args[1]->type), type_text(c, n->args[2]->type),
			rule_hint(c->arena, c->rule->text, n)));
	return true;
}

/* ---- lists and maps -------------------------------------------------------------- */
/* The type of entry i, looking into an optional that is written ?x. */
static bool
entry_type(struct checker *c, const struct node *n, int i, bool optional,
    const struct rule_type **out)
{
	*out = n->args[i]->type;
	if (!optional || (*out)->kind == RULE_DYN)
		return true;
	if ((*out)->kind != RULE_OPTIONAL)
		return fail(c, n->args[i],
		    arena_printf(
			c->arena, "? needs an optional, not %s", type_text(c, *out)));
	*out = (*out)->elem;
	return true;
}

static void
widen(struct checker *c, const struct rule_type **to, const struct rule_type *type)
{
	*to = rule_type_join(c->arena, *to, type);
	if (*to == NULL)
		*to = rule_type_basic(RULE_DYN);
}

static bool
check_list(struct checker *c, struct node *n)
{
	const struct rule_type *elem = &rule_type_open;
	const struct rule_type *type;
	struct rule_value *items;
	struct rule_value v;

	for (int i = 0; i < n->nargs; i++) {
		bool optional = i < 64 && ((n->optional_args >> i) & 1) != 0;

		if (!check(c, n->args[i]) || !entry_type(c, n, i, optional, &type))
			return false;
		widen(c, &elem, type);
	}
	n->type = rule_type_list(c->arena, elem);
	if (!all_const(n) || n->optional_args != 0)
		return true;
	items = arena_array(c->arena, (size_t)n->nargs, sizeof *items);
	for (int i = 0; i < n->nargs; i++)
		items[i] = n->args[i]->value;
	v = rule_list_of(items, (size_t)n->nargs);
	become_const(n, &v);
	n->folded = false; /* still a literal as written */
	return true;
}

static bool
check_map(struct checker *c, struct node *n)
{
	const struct rule_type *key = &rule_type_open, *elem = &rule_type_open;
	const struct rule_type *type;

	for (int i = 0; i < n->nargs; i += 2) {
		bool optional = i / 2 < 64 && ((n->optional_args >> (i / 2)) & 1) != 0;
		const struct node *k = n->args[i];

		if (!check(c, n->args[i]) || !check(c, n->args[i + 1]) ||
		    !entry_type(c, n, i + 1, optional, &type))
			return false;
		if (k->type->kind != RULE_STRING && k->type->kind != RULE_INT &&
		    k->type->kind != RULE_UINT && k->type->kind != RULE_BOOL &&
		    k->type->kind != RULE_DYN)
			return fail(c, k,
			    arena_printf(c->arena, "a %s cannot be a key",
				type_text(c, k->type)));
		widen(c, &key, k->type);
		widen(c, &elem, type);
	}
	n->type = rule_type_map(c->arena, key, elem);
	return true;
}

/* ---- macros ---------------------------------------------------------------------- */
static bool
fold_element(struct checker *c, const struct node *n, const struct rule_type **out)
{
	const struct rule_type *range = n->args[0]->type;
	bool optional = n->fold == FOLD_OPT_MAP || n->fold == FOLD_OPT_FLAT_MAP;

	*out = range->kind == RULE_DYN   ? range
	       : range->kind == RULE_MAP ? range->key
					 : range->elem;
	if (range->kind == RULE_DYN || (optional && range->kind == RULE_OPTIONAL) ||
	    (!optional && (range->kind == RULE_LIST || range->kind == RULE_MAP)))
		return true;
	return fail(c, n,
	    arena_printf(c->arena, "%s is %s; this macro walks %s",
		short_text(c, n->args[0]), type_text(c, range),
		optional ? "an optional" : "a list or a map"));
}

static bool
fold_type(struct checker *c, struct node *n, const struct rule_type *elem)
{
	const struct rule_type *transform =
	    n->args[2] == NULL ? rule_type_basic(RULE_DYN) : n->args[2]->type;

	switch (n->fold) {
	case FOLD_FILTER:
		n->type = rule_type_list(c->arena, elem);
		break;
	case FOLD_MAP:
		n->type = rule_type_list(c->arena, transform);
		break;
	case FOLD_OPT_MAP:
		n->type = rule_type_optional(c->arena, transform);
		break;
	case FOLD_OPT_FLAT_MAP:
		n->type = transform;
		if (n->type->kind != RULE_OPTIONAL && n->type->kind != RULE_DYN)
			return fail(
			    c, n->args[2], "optFlatMap() needs an optional result");
		break;
	case FOLD_NONE:
	case FOLD_ALL:
	case FOLD_EXISTS:
	case FOLD_EXISTS_ONE:
	default:
		n->type = rule_type_basic(RULE_BOOL);
		break;
	}
	return true;
}

static bool
check_fold(struct checker *c, struct node *n)
{
	const struct rule_type *elem;
	bool ok = true;

	if (!check(c, n->args[0]) || !fold_element(c, n, &elem))
		return false;
	if (c->nlocals == RULE_MAX_LOCALS)
		return fail(c, n, "too many macros inside each other");
	n->slot = c->nlocals;
	c->locals[c->nlocals++] = (struct local){n->name, elem};
	if (n->args[1] != NULL)
		ok = check(c, n->args[1]) && want_bool(c, n->args[1], "the condition");
	if (ok && n->args[2] != NULL)
		ok = check(c, n->args[2]);
	c->nlocals--;
	return ok && fold_type(c, n, elem);
}

/* ---- all of it ------------------------------------------------------------------- */
static bool
check_kind(struct checker *c, struct node *n)
{
	switch (n->kind) {
	case NODE_CONST:
		n->type = type_of_const(&n->value);
		return true;
	case NODE_IDENT:
		return check_ident(c, n);
	case NODE_SELECT:
		return check(c, n->args[0]) && resolve_select(c, n);
	case NODE_CALL:
		return check_call(c, n);
	case NODE_AND:
	case NODE_OR:
		return check_logic(c, n);
	case NODE_COND:
		return check_cond(c, n);
	case NODE_LIST:
		return check_list(c, n);
	case NODE_MAP:
		return check_map(c, n);
	case NODE_FOLD:
		return check_fold(c, n);
	case NODE_VAR:
	case NODE_LOCAL:
		break;
	}
	STW_ASSERT(!"a node is checked once");
	return false;
}

static uint32_t
free_locals(const struct node *n)
{
	uint32_t all = n->kind == NODE_LOCAL ? UINT32_C(1) << n->slot : 0;

	if (n->kind == NODE_CONST)
		return 0;
	for (int i = 0; i < n->nargs; i++) {
		uint32_t of_arg = n->args[i] == NULL ? 0 : n->args[i]->free_locals;

		if (n->kind == NODE_FOLD && i > 0)
			of_arg &= ~(UINT32_C(1) << n->slot);
		all |= of_arg;
	}
	return all;
}

static bool
check(struct checker *c, struct node *n)
{
	if (c->rc != STW_OK || !check_kind(c, n))
		return false;
	n->eval = node_evaluator(n);
	n->free_locals = free_locals(n);
	return true;
}

enum stw_code
rule_check(const struct rule_env *env, struct rule *rule, const struct rule_type *want,
    struct arena *arena, struct stw_err *err)
{
	struct checker c = {.env = env, .rule = rule, .arena = arena, .err = err};

	c.fold = (struct frame){.rule = rule, .arena = arena, .bytes = FOLD_BYTES};
	if (!check(&c, rule->root))
		return c.rc;
	if (want != NULL && !rule_type_fits(rule->root->type, want)) {
		if (want->kind == RULE_BOOL && !want_bool(&c, rule->root, "the rule"))
			return c.rc;
		(void)fail(&c, rule->root,
		    arena_printf(arena, "the rule gives %s; %s is wanted",
			type_text(&c, rule->root->type), type_text(&c, want)));
	}
	return c.rc;
}
