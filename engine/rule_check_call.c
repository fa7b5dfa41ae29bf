/* Calls: which function is meant, and what can be worked out while compiling. */
#include <string.h>

#include "engine/rule_check_priv.h"

/* ---- constants -------------------------------------------------------------------- */
/* Works out calls whose arguments are all known now. date("2026-13-01") is then an
 * error of the rule and not a surprise of each evaluation. */
static bool
fold_call(struct checker *c, struct node *n)
{
	struct rule_value args[RULE_MAX_ARGS];
	struct rule_value out = {0};

	if (n->fn == NULL || n->fn->host != NULL || (n->fn->flags & FN_CONTEXT) != 0 ||
	    !check_all_const(n))
		return true;
	for (int i = 0; i < n->nargs; i++)
		args[i] = n->args[i]->value;
	n->fn->fn(&c->fold, n, args, &out);
	if (!value_is_error(&out))
		check_become_const(n, &out);
	else if ((n->fn->flags & FN_LITERAL) != 0 && !out.error.missing)
		return check_fail(c, n->nargs > 0 ? n->args[0] : n, out.error.text);
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
	const char *left = n->nargs > 0 ? check_type_text(c, n->args[0]->type) : "";
	const char *right = n->nargs > 1 ? check_type_text(c, n->args[1]->type) : "";
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
		    check_type_text(c, n->args[i]->type));
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

static bool
is_standard(const struct node *n)
{
	const struct overload_name *found = overload_named(n->name);

	return found != NULL && (n->method ? found->method : found->global);
}

/* True when some function is called so; otherwise the message is set. */
static bool
known_function(struct checker *c, struct node *n)
{
	static const char *const macros[] = {"all", "exists", "exists_one", "filter",
	    "map", "optMap", "optFlatMap", "transformList", "transformMap",
	    "transformMapEntry"};
	struct name_search search = {
	    .nearest = {.wanted = n->name}, .wanted_method = n->method};
	struct str name = n->name;
	const char *hint;

	if (is_standard(n) || is_operator(name) ||
	    (!n->method && str_eq_c(name, "segment")))
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
	hint = slip_function(name);
	if (*hint != '\0')
		search.other_style = false;
	else if (!search.other_style || n->nargs == 0)
		hint = check_did_you_mean(c, &search.nearest);
	else if (n->method)
		hint = arena_printf(c->arena, "; write %.*s(%s%s)", STR_FMT(name),
		    check_short_text(c, n->args[0]), n->nargs > 1 ? ", ..." : "");
	else
		hint = arena_printf(c->arena, "; write %s.%.*s(%s)",
		    check_short_text(c, n->args[0]), STR_FMT(name),
		    n->nargs > 1 ? "..." : "");
	return check_fail(
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
		return check_fail(c, n,
		    "segment() takes the code of a segment, as in segment(\"vip\")");
	if (c->env->segment_known == NULL)
		return check_fail(c, n, "segments cannot be used here");
	if (!c->env->segment_known(c->env->segment_host, arg->value.s))
		return check_fail(c, arg,
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
	if (!check_resolve_select(c, ref))
		return false;
	ref->eval = node_evaluator(ref);
	ref->free_locals = object->free_locals;
	return true;
}

static bool
is_host_function(const struct checker *c, struct str name)
{
	for (int i = 0; i < c->env->nfns; i++) {
		if (str_eq_c(name, c->env->fns[i].name))
			return true;
	}
	return false;
}

static bool
is_namespace(struct str name)
{
	static const char *const namespaces[] = {
	    "base64", "cel", "math", "optional", "strings"};

	for (size_t i = 0; i < STW_ARRAY_LEN(namespaces); i++) {
		if (str_eq_c(name, namespaces[i]))
			return true;
	}
	return false;
}

static bool
unknown_in_namespace(struct checker *c, const struct node *n, struct str name)
{
	struct name_search search = {.nearest = {.wanted = name}, .suggest = true};

	overload_each(c->env, visit_name, &search);
	return check_fail(c, n,
	    arena_printf(c->arena, "no function '%.*s'%s",
		(int)(name.len > 60 ? 60 : name.len), name.ptr,
		check_did_you_mean(c, &search.nearest)));
}

/* Is there a function of that name as seen from the container? *full is its whole name. */
static bool
find_function_in(struct checker *c, struct str name, bool absolute, struct str *full)
{
	struct str in = str_of(absolute ? "" : c->env->container);
	const struct overload_name *found;
	bool last = false;

	while (check_next_name(c, &in, &last, name, full)) {
		found = overload_named(*full);
		if ((found != NULL && found->global) || is_host_function(c, *full))
			return true;
	}
	return false;
}

/* optional.of(x): a function whose name has dots in it. */
static bool
join_namespace(struct checker *c, struct node *n)
{
	const struct node *first = n->nargs > 0 ? n->args[0] : NULL;
	struct str before, name;

	if (!n->method) {
		if (c->env->container[0] != '\0' &&
		    find_function_in(c, n->name, n->absolute, &name))
			n->name = name;
		return true;
	}
	/* Chains are looked at only where a function may have such a name. */
	if (first == NULL ||
	    (first->kind != NODE_IDENT &&
		(first->kind != NODE_SELECT || !c->env->dotted_functions)))
		return true;
	before = check_dotted_name(c, first);
	if (before.len == 0 || (first->kind == NODE_IDENT &&
				   check_find_var_in(c, before, first->absolute) >= 0))
		return true;
	name = str_of(
	    arena_printf(c->arena, "%.*s.%.*s", STR_FMT(before), STR_FMT(n->name)));
	if (!find_function_in(c, name, first->absolute, &name))
		return first->kind != NODE_IDENT || !is_namespace(before) ||
		       unknown_in_namespace(c, n, name);
	n->name = name;
	n->method = false;
	n->args++;
	n->nargs--;
	return true;
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
		return check_fail(c, pattern,
		    arena_printf(c->arena, "not a regular expression: %s", why));
	return true;
}

static bool
find_overload(struct checker *c, const struct node *n, const struct rule_type **types,
    struct overload_match *match)
{
	if (overload_find(c->env, c->arena, n->name, n->method, types, n->nargs, match))
		return true;
	if (!c->env->unchecked)
		return false;
	for (int i = 0; i < n->nargs; i++)
		types[i] = rule_type_basic(RULE_DYN);
	return overload_find(
	    c->env, c->arena, n->name, n->method, types, n->nargs, match);
}

/* The call as written, with argument `at` inside a conversion. */
static const char *
converted_call(struct checker *c, const struct node *n, int at, const char *fn)
{
	const char *list = "";

	for (int i = n->method ? 1 : 0; i < n->nargs; i++)
		list = arena_printf(c->arena, i == at ? "%s%s%s(%s)" : "%s%s%s%s", list,
		    *list == '\0' ? "" : ", ", i == at ? fn : "",
		    check_short_text(c, n->args[i]));
	if (!n->method)
		return arena_printf(c->arena, "%.*s(%s)", STR_FMT(n->name), list);
	return arena_printf(c->arena, "%s.%.*s(%s)", check_short_text(c, n->args[0]),
	    STR_FMT(n->name), list);
}

/* Would one argument fit after a conversion that loses nothing? "; write f(double(x))" */
static const char *
argument_hint(struct checker *c, const struct node *n, const struct rule_type **types)
{
	static const enum rule_kind wanted[] = {RULE_INT, RULE_DOUBLE, RULE_MONEY,
	    RULE_DATE, RULE_TIMESTAMP, RULE_DURATION};
	struct overload_match match;

	if (is_operator(n->name) || n->end - n->start > 100)
		return "";
	for (int i = n->method ? 1 : 0; i < n->nargs; i++) {
		const struct rule_type *given = types[i];

		for (size_t k = 0; k < STW_ARRAY_LEN(wanted); k++) {
			const char *fn = rule_conversion(given->kind, wanted[k]);
			bool fits;

			if (fn == NULL)
				continue;
			types[i] = rule_type_basic(wanted[k]);
			fits = overload_find(c->env, c->arena, n->name, n->method,
				   types, n->nargs, &match) &&
			       match.fn != NULL;
			types[i] = given;
			if (fits)
				return arena_printf(c->arena, "; write %s",
				    converted_call(c, n, i, fn));
		}
	}
	return "";
}

/* With a number that is written there it would fail for everybody. */
static bool
check_buckets(struct checker *c, const struct node *n)
{
	const struct node *count = n->nargs == 3 ? n->args[2] : NULL;

	if (count == NULL || n->method || !str_eq_c(n->name, "bucket") ||
	    count->kind != NODE_CONST || count->value.kind != RULE_V_INT ||
	    count->value.i >= 1)
		return true;
	return check_fail(c, count, "bucket() needs at least one bucket");
}

bool
check_call(struct checker *c, struct node *n)
{
	const struct rule_type *types[RULE_MAX_ARGS];
	struct overload_match match;
	const char *hint;

	if (!join_namespace(c, n) || !known_function(c, n))
		return false;
	for (int i = 0; i < n->nargs; i++) {
		if (!check_node(c, n->args[i]))
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
	if (!find_overload(c, n, types, &match)) {
		hint = rule_hint(c->arena, c->rule->text, n);
		return check_fail(c, n,
		    arena_printf(c->arena, "no overload for %s%s", call_shape(c, n),
			*hint != '\0' ? hint : argument_hint(c, n, types)));
	}
	n->fn = match.fn;
	n->cands = match.cands;
	n->ncands = match.ncands;
	n->type = match.result;
	n->missing_text = "the function gave no value";
	return check_buckets(c, n) && compile_pattern(c, n) && fold_call(c, n);
}
