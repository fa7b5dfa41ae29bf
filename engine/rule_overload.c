/*
 * Signatures. "ii:b" is a function of two ints that gives a bool. A leading '.' stands
 * for receiver style (x.f(y)), '%' for both styles. One letter a type:
 *
 *   b bool  i int  u uint  d double  s string  y bytes  0 null  t timestamp
 *   r duration  a date  m money  T type  S segment  N any number  * dyn, anything
 *   A B one type that is the same wherever the letter stands
 *   [x list of x   {xy map from x to y   ?x optional x
 */
#include <pthread.h>
#include <string.h>

#include "engine/rule_priv.h"

static const struct rule_overload *const tables[] = {rule_fns_compare, rule_fns_number,
    rule_fns_string, rule_fns_convert, rule_fns_time, rule_fns_money, rule_fns_list,
    rule_fns_optional, rule_fns_math, rule_fns_format};

/* ---- by name --------------------------------------------------------------------- */
#define NAMES_SLOTS 1024 /* a power of two, several times the names there are */
#define FNS_MAX     512

/* Built once; the functions of one name lie side by side, in the tables' order. */
static struct overload_name names[NAMES_SLOTS];
static const struct rule_overload *sorted_fns[FNS_MAX];
static pthread_once_t names_once = PTHREAD_ONCE_INIT;

static struct overload_name *
name_slot(struct str name)
{
	uint32_t hash = 2166136261U;
	size_t at;

	for (size_t i = 0; i < name.len; i++)
		hash = (hash ^ (unsigned char)name.ptr[i]) * 16777619U;
	for (at = hash % NAMES_SLOTS;
	     names[at].name.ptr != NULL && !str_eq(names[at].name, name);
	     at = (at + 1) % NAMES_SLOTS)
		;
	return &names[at];
}

static void
names_build(void)
{
	size_t used = 0;

	for (size_t t = 0; t < STW_ARRAY_LEN(tables); t++) {
		for (const struct rule_overload *fn = tables[t]; fn->name != NULL;
		     fn++) {
			struct overload_name *slot = name_slot(str_of(fn->name));

			slot->name = str_of(fn->name);
			slot->count++;
			slot->method |= *fn->sig == '.' || *fn->sig == '%';
			slot->global |= *fn->sig != '.';
			used++;
		}
	}
	STW_ASSERT(used <= FNS_MAX);
	used = 0;
	for (size_t i = 0; i < NAMES_SLOTS; i++) {
		names[i].fns = &sorted_fns[used];
		used += (size_t)names[i].count;
		names[i].count = 0; /* none is put in yet */
	}
	for (size_t t = 0; t < STW_ARRAY_LEN(tables); t++) {
		for (const struct rule_overload *fn = tables[t]; fn->name != NULL;
		     fn++) {
			struct overload_name *slot = name_slot(str_of(fn->name));
			size_t first = (size_t)(slot->fns - sorted_fns);

			sorted_fns[first + (size_t)slot->count++] = fn;
		}
	}
}

const struct overload_name *
overload_named(struct str name)
{
	const struct overload_name *slot;

	(void)pthread_once(&names_once, names_build);
	slot = name_slot(name);
	return slot->count > 0 ? slot : NULL;
}

static enum rule_kind
letter_kind(char c)
{
	static const unsigned char kinds[128] = {['b'] = RULE_BOOL,
	    ['i'] = RULE_INT,
	    ['u'] = RULE_UINT,
	    ['d'] = RULE_DOUBLE,
	    ['s'] = RULE_STRING,
	    ['y'] = RULE_BYTES,
	    ['0'] = RULE_NULL,
	    ['t'] = RULE_TIMESTAMP,
	    ['r'] = RULE_DURATION,
	    ['a'] = RULE_DATE,
	    ['m'] = RULE_MONEY,
	    ['T'] = RULE_TYPE,
	    ['S'] = RULE_SET,
	    ['*'] = RULE_DYN,
	    ['['] = RULE_LIST,
	    ['{'] = RULE_MAP,
	    ['?'] = RULE_OPTIONAL};

	return (enum rule_kind)kinds[(unsigned char)c & 127];
}

static const char *
skip_type(const char *sig)
{
	if (*sig == '[' || *sig == '?')
		return skip_type(sig + 1);
	if (*sig == '{')
		return skip_type(skip_type(sig + 1));
	return sig + 1;
}

static bool
is_method(const char *sig)
{
	return *sig == '.';
}

static const char *
first_arg(const char *sig)
{
	return *sig == '.' || *sig == '%' ? sig + 1 : sig;
}

/* ---- types against a signature --------------------------------------------------- */
struct binding {
	struct arena *arena;
	const struct rule_type *a, *b;
	bool dynamic; /* an argument is dyn where the function wants to know */
	const struct rule_type *params[26]; /* of a host's function: A to Z */
};

static bool
bind(struct binding *bound, const struct rule_type **slot, const struct rule_type *type)
{
	const struct rule_type *joined;

	if (*slot == NULL) {
		*slot = type;
		return true;
	}
	joined = rule_type_join(bound->arena, *slot, type);
	if (joined == NULL)
		return false;
	*slot = joined;
	return true;
}

static bool
match_type(struct binding *bound, const char *sig, const struct rule_type *type)
{
	if (*sig == '*')
		return true;
	if (*sig == 'A')
		return bind(bound, &bound->a, type);
	if (*sig == 'B')
		return bind(bound, &bound->b, type);
	if (type->kind == RULE_DYN) {
		bound->dynamic = true;
		return true;
	}
	if (*sig == 'N')
		return type->kind == RULE_INT || type->kind == RULE_UINT ||
		       type->kind == RULE_DOUBLE;
	if (type->kind != letter_kind(*sig))
		return false;
	if (*sig == '[' || *sig == '?')
		return match_type(bound, sig + 1, type->elem);
	if (*sig == '{')
		return match_type(bound, sig + 1, type->key) &&
		       match_type(bound, skip_type(sig + 1), type->elem);
	return true;
}

static const struct rule_type *
build_type(const struct binding *bound, const char *sig)
{
	switch (*sig) {
	case 'A':
		return bound->a == NULL ? &rule_type_open : bound->a;
	case 'B':
		return bound->b == NULL ? &rule_type_open : bound->b;
	case '[':
		return rule_type_list(bound->arena, build_type(bound, sig + 1));
	case '?':
		return rule_type_optional(bound->arena, build_type(bound, sig + 1));
	case '{':
		return rule_type_map(bound->arena, build_type(bound, sig + 1),
		    build_type(bound, skip_type(sig + 1)));
	default:
		return rule_type_basic(letter_kind(*sig));
	}
}

/* ---- functions of the host ------------------------------------------------------- */
static const struct rule_type **
param_slot(struct binding *bound, const char *name)
{
	return &bound->params[(size_t)(*name - 'A') % STW_ARRAY_LEN(bound->params)];
}

/* May `type` stand where the host wrote `pattern`? Binds the type parameters. */
static bool
match_pattern(struct binding *bound, const struct rule_type *pattern,
    const struct rule_type *type)
{
	const struct rule_type **slot;
	const struct rule_type *joined;

	if (pattern->kind == RULE_DYN && pattern->name != NULL) {
		slot = param_slot(bound, pattern->name);
		joined =
		    *slot == NULL ? type : rule_type_join(bound->arena, *slot, type);
		if (joined != NULL)
			*slot = joined;
		return joined != NULL;
	}
	if (pattern->kind != type->kind || type->kind == RULE_DYN)
		return rule_type_fits(type, pattern);
	if (pattern->kind == RULE_LIST || pattern->kind == RULE_OPTIONAL)
		return match_pattern(bound, pattern->elem, type->elem);
	if (pattern->kind == RULE_MAP)
		return match_pattern(bound, pattern->key, type->key) &&
		       match_pattern(bound, pattern->elem, type->elem);
	if (pattern->nparams == 0)
		return rule_type_fits(type, pattern);
	if (strcmp(pattern->name, type->name) != 0 || pattern->nparams != type->nparams)
		return false;
	for (int i = 0; i < pattern->nparams; i++) {
		if (!match_pattern(bound, pattern->params[i], type->params[i]))
			return false;
	}
	return true;
}

/* The pattern with what its parameters are bound to. */
static const struct rule_type *
fill_pattern(struct binding *bound, const struct rule_type *pattern)
{
	const struct rule_type **params;
	struct rule_type *type;

	if (pattern->kind == RULE_DYN && pattern->name != NULL) {
		const struct rule_type *given = *param_slot(bound, pattern->name);

		return given == NULL ? &rule_type_open : given;
	}
	if (pattern->kind == RULE_LIST)
		return rule_type_list(bound->arena, fill_pattern(bound, pattern->elem));
	if (pattern->kind == RULE_OPTIONAL)
		return rule_type_optional(
		    bound->arena, fill_pattern(bound, pattern->elem));
	if (pattern->kind == RULE_MAP)
		return rule_type_map(bound->arena, fill_pattern(bound, pattern->key),
		    fill_pattern(bound, pattern->elem));
	if (pattern->nparams == 0)
		return pattern;
	params = arena_array(bound->arena, (size_t)pattern->nparams, sizeof *params);
	for (int i = 0; i < pattern->nparams; i++)
		params[i] = fill_pattern(bound, pattern->params[i]);
	type = arena_alloc(bound->arena, sizeof *type);
	*type = *pattern;
	type->params = params;
	return type;
}

static bool
match_host(const struct host_fn *host, const struct rule_type *const *args, int nargs,
    struct binding *bound)
{
	if (nargs != host->nargs)
		return false;
	for (int i = 0; i < nargs; i++) {
		if (!match_pattern(bound, host->args[i], args[i]))
			return false;
		if (rule_type_has_dyn(args[i]) && host->args[i]->kind != RULE_DYN)
			bound->dynamic = true;
	}
	return true;
}

/* Do the arguments fit? *result is then the type that comes out. */
static bool
match_call(const struct rule_overload *fn, const struct rule_type *const *args,
    int nargs, struct binding *bound, const struct rule_type **result)
{
	const char *sig;

	if (fn->host != NULL) {
		if (!match_host(fn->host, args, nargs, bound))
			return false;
		*result = fill_pattern(bound, fn->host->result);
		return true;
	}
	sig = first_arg(fn->sig);
	for (int i = 0; i < nargs; i++) {
		if (*sig == ':' || !match_type(bound, sig, args[i]))
			return false;
		sig = skip_type(sig);
	}
	if (*sig != ':')
		return false;
	*result = build_type(bound, sig + 1);
	return true;
}

static bool
has_style(const struct rule_overload *fn, bool method)
{
	if (fn->host != NULL)
		return !method;
	return *fn->sig == '%' || is_method(fn->sig) == method;
}

/* ---- choosing -------------------------------------------------------------------- */
struct search {
	const struct rule_env *env;
	struct arena *arena;
	struct str name;
	bool method;
	const struct rule_type *const *args;
	int nargs;
	struct overload_match *out;
	const struct rule_overload *by_value; /* the FN_DYN one */
	const struct rule_type *by_value_result;
	bool by_value_dynamic; /* its arguments still have to be looked at */
};

/* True when the search is over: an overload that fits for certain. */
static bool
consider(struct search *s, const struct rule_overload *fn)
{
	const struct rule_type *result = NULL;
	const struct rule_type *joined;
	struct binding bound;

	if (!has_style(fn, s->method))
		return false;
	bound.arena = s->arena;
	bound.a = bound.b = NULL;
	bound.dynamic = false;
	if (fn->host != NULL)
		memset(bound.params, 0, sizeof bound.params);
	if (!match_call(fn, s->args, s->nargs, &bound, &result))
		return false;
	if ((fn->flags & FN_DYN) != 0) {
		s->by_value = fn;
		s->by_value_result = result;
		s->by_value_dynamic = bound.dynamic;
		return false;
	}
	if (!bound.dynamic) {
		*s->out = (struct overload_match){.fn = fn, .result = result};
		return true;
	}
	if (s->out->ncands % 16 == 0) {
		const struct rule_overload **grown =
		    arena_array(s->arena, (size_t)s->out->ncands + 16, sizeof *grown);

		for (int i = 0; i < s->out->ncands; i++)
			grown[i] = s->out->cands[i];
		s->out->cands = grown;
	}
	s->out->cands[s->out->ncands++] = fn;
	joined = s->out->result == NULL
		     ? result
		     : rule_type_join(s->arena, s->out->result, result);
	s->out->result = joined == NULL ? rule_type_basic(RULE_DYN) : joined;
	return false;
}

bool
overload_find(const struct rule_env *env, struct arena *arena, struct str name,
    bool method, const struct rule_type *const *args, int nargs,
    struct overload_match *out)
{
	struct search s = {.env = env,
	    .arena = arena,
	    .name = name,
	    .method = method,
	    .args = args,
	    .nargs = nargs,
	    .out = out};
	const struct overload_name *standard = overload_named(name);
	bool dyn = false;

	*out = (struct overload_match){0};
	for (int i = 0; standard != NULL && i < standard->count; i++) {
		if (consider(&s, standard->fns[i]))
			return true;
	}
	for (int i = 0; i < env->nfns; i++) {
		if (str_eq_c(name, env->fns[i].name) && consider(&s, &env->fns[i]))
			return true;
	}
	for (int i = 0; i < nargs; i++)
		dyn |= rule_type_has_dyn(args[i]);
	if (s.by_value != NULL && dyn) {
		*out = (struct overload_match){.result = s.by_value_result};
		if (!s.by_value_dynamic) {
			out->fn = s.by_value;
			return true;
		}
		out->cands = arena_array(arena, 1, sizeof *out->cands);
		out->cands[out->ncands++] = s.by_value;
		return true;
	}
	return out->ncands > 0;
}

void
overload_each(const struct rule_env *env,
    void (*visit)(void *arg, const char *name, bool method), void *arg)
{
	for (size_t t = 0; t < STW_ARRAY_LEN(tables); t++) {
		for (const struct rule_overload *fn = tables[t]; fn->name != NULL;
		     fn++) {
			if (has_style(fn, true))
				visit(arg, fn->name, true);
			if (has_style(fn, false))
				visit(arg, fn->name, false);
		}
	}
	for (int i = 0; i < env->nfns; i++)
		visit(arg, env->fns[i].name, false);
}

/* ---- values against a signature -------------------------------------------------- */
static bool
value_matches(const char *sig, const struct rule_value *v)
{
	struct rule_value first;

	if (*sig == '*' || *sig == 'A' || *sig == 'B')
		return true;
	if (*sig == 'N')
		return v->kind == RULE_V_INT || v->kind == RULE_V_UINT ||
		       v->kind == RULE_V_DOUBLE;
	if (v->kind != value_kind_of(letter_kind(*sig)))
		return false;
	if (*sig == '{')
		return true;
	if (*sig == '?')
		return v->opt == NULL || value_matches(sig + 1, v->opt);
	if (*sig != '[' || v->list.count == 0)
		return true;
	list_get(&v->list, 0, &first);
	return value_matches(sig + 1, &first);
}

bool
overload_fits(const struct rule_overload *fn, const struct rule_value *args, int nargs)
{
	const char *sig;

	if (fn->host != NULL) {
		for (int i = 0; i < nargs; i++) {
			if (!value_fits_type(&args[i], fn->host->args[i]))
				return false;
		}
		return true;
	}
	sig = first_arg(fn->sig);
	for (int i = 0; i < nargs; i++) {
		if (!value_matches(sig, &args[i]))
			return false;
		sig = skip_type(sig);
	}
	return true;
}
