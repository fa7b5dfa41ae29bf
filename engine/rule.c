#include "engine/rule.h"

#include <string.h>

#include "engine/rule_priv.h"

const struct rule_limits rule_limits_default = {
    .max_text = 16384,
    .max_depth = 64,
    .max_nodes = 4096,
};

/* ---- env ------------------------------------------------------------------------- */
struct rule_env *
rule_env_new(struct arena *arena)
{
	struct rule_env *env = arena_alloc(arena, sizeof *env);

	env->arena = arena;
	env->currency = "CNY";
	env->container = "";
	return env;
}

int
rule_env_var(struct rule_env *env, const char *name, const struct rule_type *type)
{
	if (env->nvars == env->vars_cap) {
		int cap = env->vars_cap == 0 ? 8 : env->vars_cap * 2;
		struct env_var *grown =
		    arena_array(env->arena, (size_t)cap, sizeof *grown);

		if (env->nvars > 0)
			memcpy(grown, env->vars, (size_t)env->nvars * sizeof *grown);
		env->vars = grown;
		env->vars_cap = cap;
	}
	env->vars[env->nvars].name = arena_strdup(env->arena, name);
	env->vars[env->nvars].type = type;
	env->dotted |= strchr(name, '.') != NULL;
	return env->nvars++;
}

void
rule_env_function(struct rule_env *env, const char *name,
    const struct rule_type *const *args, int nargs, const struct rule_type *result,
    rule_host_fn fn)
{
	struct host_fn *host = arena_alloc(env->arena, sizeof *host);
	const struct rule_type **copy =
	    arena_array(env->arena, (size_t)nargs, sizeof *copy);

	STW_ASSERT(nargs >= 0 && nargs <= RULE_MAX_ARGS);
	for (int i = 0; i < nargs; i++)
		copy[i] = args[i];
	host->args = copy;
	host->nargs = nargs;
	host->result = result;
	host->fn = fn;
	if (env->nfns == env->fns_cap) {
		int cap = env->fns_cap == 0 ? 8 : env->fns_cap * 2;
		struct rule_overload *grown =
		    arena_array(env->arena, (size_t)cap, sizeof *grown);

		/* Rules compiled before keep pointing at the old array, which stays. */
		if (env->nfns > 0)
			memcpy(grown, env->fns, (size_t)env->nfns * sizeof *grown);
		env->fns = grown;
		env->fns_cap = cap;
	}
	env->dotted_functions |= strchr(name, '.') != NULL;
	env->fns[env->nfns++] = (struct rule_overload){
	    .name = arena_strdup(env->arena, name), .flags = FN_CONTEXT, .host = host};
}

void
rule_env_segments(
    struct rule_env *env, bool (*known)(void *host, struct str code), void *host)
{
	env->segment_known = known;
	env->segment_host = host;
}

void
rule_env_length(struct rule_env *env, const char *name, uint64_t length)
{
	struct env_length *grown =
	    arena_array(env->arena, (size_t)env->nlengths + 1, sizeof *grown);

	for (int i = 0; i < env->nlengths; i++)
		grown[i] = env->lengths[i];
	grown[env->nlengths].name = arena_strdup(env->arena, name);
	grown[env->nlengths].length = length;
	env->lengths = grown;
	env->nlengths++;
}

void
rule_env_currency(struct rule_env *env, const char *currency)
{
	STW_ASSERT(currency_valid(str_of(currency)));
	env->currency = arena_strdup(env->arena, currency);
}

void
rule_env_container(struct rule_env *env, const char *container)
{
	env->container = arena_strdup(env->arena, container);
	env->dotted |= *container != '\0';
}

void
rule_env_unchecked(struct rule_env *env)
{
	env->unchecked = true;
}

/* ---- compile --------------------------------------------------------------------- */
enum stw_code
rule_compile(const struct rule_env *env, struct str text, const struct rule_type *want,
    const struct rule_limits *limits, struct arena *arena, struct rule **out,
    struct stw_err *err)
{
	struct rule *rule;
	enum stw_code rc;

	*out = NULL;
	if (limits == NULL)
		limits = &rule_limits_default;
	if (text.len > limits->max_text)
		return stw_fail_at(err, STW_INVALID, 1, 1,
		    "the rule is %zu bytes long; %zu are allowed", text.len,
		    limits->max_text);
	rule = arena_alloc(arena, sizeof *rule);
	rule->text = (struct str){arena_strndup(arena, text.ptr, text.len), text.len};
	rule->currency = env->currency;
	rc = rule_parse(rule->text, limits, arena, &rule->root, &rule->nodes, err);
	if (rc == STW_OK)
		rc = rule_check(env, rule, want, arena, err);
	if (rc == STW_OK)
		rc = rule_cost_check(env, rule, limits, err);
	if (rc == STW_OK)
		*out = rule;
	return rc;
}

const struct rule_type *
rule_result_type(const struct rule *rule)
{
	return rule->root->type;
}

struct str
rule_text(const struct rule *rule)
{
	return rule->text;
}

int
rule_segments(const struct rule *rule, const char *const **codes)
{
	*codes = (const char *const *)rule->segments;
	return rule->nsegments;
}
