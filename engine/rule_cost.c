#include "engine/rule_cost.h"

#include <stdio.h>

#include "engine/rule_priv.h"

#define MAX_COST     UINT64_C(100000000)
#define MAX_REGEXES  64
#define TEXT_SHOWN   60 /* characters of a part */
#define COST_HOST    50 /* steps a function of the host takes */
#define COST_RECORDS 20 /* entries of a map that is not a literal */

struct coster {
	const struct rule_env *env;
	const struct rule *rule;
};

struct estimate {
	uint64_t min, max;
	uint64_t
	    size; /* of the value: elements of a list or map, characters of a text */
};

/* ---- sums that end at the top ------------------------------------------------------ */
static uint64_t
plus(uint64_t a, uint64_t b)
{
	uint64_t sum;

	return __builtin_add_overflow(a, b, &sum) ? UINT64_MAX : sum;
}

static uint64_t
times(uint64_t a, uint64_t b)
{
	uint64_t product;

	return __builtin_mul_overflow(a, b, &product) ? UINT64_MAX : product;
}

static void
add(struct estimate *to, const struct estimate *of)
{
	to->min = plus(to->min, of->min);
	to->max = plus(to->max, of->max);
}

/* ---- sizes ------------------------------------------------------------------------- */
static uint64_t
usual_size(enum rule_kind kind)
{
	switch (kind) {
	case RULE_LIST:
		return RULE_COST_LENGTH;
	case RULE_STRING:
	case RULE_BYTES:
		return RULE_COST_CHARS;
	case RULE_MAP:
		return COST_RECORDS;
	case RULE_DYN: /* could be a list */
		return RULE_COST_LENGTH;
	case RULE_ERROR_T:
	case RULE_BOOL:
	case RULE_INT:
	case RULE_UINT:
	case RULE_DOUBLE:
	case RULE_NULL:
	case RULE_TIMESTAMP:
	case RULE_DURATION:
	case RULE_DATE:
	case RULE_MONEY:
	case RULE_TYPE:
	case RULE_OBJECT:
	case RULE_SET:
	case RULE_OPTIONAL:
		break;
	}
	return 1;
}

static uint64_t
const_size(const struct rule_value *v)
{
	if (v->kind == RULE_V_STRING || v->kind == RULE_V_BYTES)
		return v->s.len;
	if (v->kind == RULE_V_LIST)
		return v->list.count;
	return v->kind == RULE_V_MAP ? v->map.count : 1;
}

/* A variable or a field: what was declared for lists of its name. */
static uint64_t
named_size(const struct coster *c, const struct node *n)
{
	struct str name = n->name;

	if (n->type->kind != RULE_LIST)
		return usual_size(n->type->kind);
	for (int i = 0; i < c->env->nlengths; i++) {
		if (str_eq_c(name, c->env->lengths[i].name))
			return c->env->lengths[i].length;
	}
	return usual_size(RULE_LIST);
}

/* ---- functions --------------------------------------------------------------------- */
enum cost_by { COST_FIXED = 0, COST_CHARS, COST_ELEMENTS };

static const struct {
	const char *name;
	enum cost_by by;
	uint64_t steps; /* FIXED */
	uint64_t per;   /* CHARS, ELEMENTS: a step for so many */
} functions[] = {
    {"matches", COST_CHARS, 20, 1},
    {"contains", COST_CHARS, 1, 8},
    {"startsWith", COST_CHARS, 1, 8},
    {"endsWith", COST_CHARS, 1, 8},
    {"indexOf", COST_CHARS, 1, 8},
    {"lastIndexOf", COST_CHARS, 1, 8},
    {"replace", COST_CHARS, 2, 4},
    {"split", COST_CHARS, 2, 4},
    {"strings.quote", COST_CHARS, 2, 4},
    {"join", COST_ELEMENTS, 2, 1},
    {"format", COST_CHARS, 5, 2},
    {"substring", COST_CHARS, 2, 8},
    {"lowerAscii", COST_CHARS, 2, 8},
    {"upperAscii", COST_CHARS, 2, 8},
    {"trim", COST_CHARS, 2, 8},
    {"reverse", COST_CHARS, 2, 8},
    {"sum", COST_ELEMENTS, 1, 1},
    {"min", COST_ELEMENTS, 1, 1},
    {"max", COST_ELEMENTS, 1, 1},
    {"avg", COST_ELEMENTS, 1, 1},
    {"timestamp", COST_FIXED, 10, 0},
    {"duration", COST_FIXED, 10, 0},
    {"date", COST_FIXED, 5, 0},
    {"age", COST_FIXED, 3, 0},
    {"add_months", COST_FIXED, 3, 0},
    {"bucket", COST_FIXED, 50, 0},
};

/* What the function itself takes, beside its arguments. of: its arguments. */
static uint64_t
call_steps(const struct node *n, const struct estimate *of)
{
	const struct estimate *first = n->nargs > 0 ? &of[0] : NULL;
	enum rule_kind kind;

	if (n->fn != NULL && n->fn->host != NULL)
		return COST_HOST;
	if (first == NULL)
		return 1;
	kind = n->args[n->nargs - 1]->type->kind;
	if (str_eq_c(n->name, "in"))
		return kind == RULE_LIST || kind == RULE_DYN
			   ? plus(1, of[n->nargs - 1].size)
			   : 2;
	for (size_t i = 0; i < STW_ARRAY_LEN(functions); i++) {
		if (!str_eq_c(n->name, functions[i].name))
			continue;
		return functions[i].by == COST_FIXED
			   ? functions[i].steps
			   : plus(functions[i].steps, first->size / functions[i].per);
	}
	if (n->nargs == 2 && (kind == RULE_LIST || kind == RULE_MAP)) /* ==, + */
		return plus(1, plus(of[0].size, of[1].size));
	return 1;
}

static uint64_t
call_size(const struct node *n, const struct estimate *of)
{
	uint64_t size = 0;

	if (n->type->kind != RULE_LIST && n->type->kind != RULE_STRING &&
	    n->type->kind != RULE_BYTES)
		return usual_size(n->type->kind);
	if (str_eq_c(n->name, "split"))
		return of[0].size / 2 + 1;
	if (str_eq_c(n->name, "join"))
		return times(of[0].size, RULE_COST_CHARS);
	for (int i = 0; i < n->nargs; i++) {
		if (n->args[i]->type->kind == n->type->kind)
			size = plus(size, of[i].size);
	}
	return size > 0 ? size : usual_size(n->type->kind);
}

/* ---- the tree ---------------------------------------------------------------------- */
static struct estimate estimate(const struct coster *c, const struct node *n);

static struct estimate
of_call(const struct coster *c, const struct node *n)
{
	struct estimate of[RULE_MAX_ARGS] = {{0}}, sum = {0};
	uint64_t steps;

	for (int i = 0; i < n->nargs; i++) {
		of[i] = estimate(c, n->args[i]);
		add(&sum, &of[i]);
	}
	steps = call_steps(n, of);
	sum.min = plus(sum.min, 1);
	sum.max = plus(sum.max, steps);
	sum.size = call_size(n, of);
	return sum;
}

/* One side may decide; all of them may be needed. */
static struct estimate
of_logic(const struct coster *c, const struct node *n)
{
	struct estimate all = {.min = UINT64_MAX, .size = 1};

	for (int i = 0; i < n->nargs; i++) {
		struct estimate e = estimate(c, n->args[i]);

		if (e.min < all.min)
			all.min = e.min;
		all.max = plus(all.max, e.max);
	}
	return all;
}

static struct estimate
of_cond(const struct coster *c, const struct node *n)
{
	struct estimate e = estimate(c, n->args[0]);
	struct estimate a = estimate(c, n->args[1]), b = estimate(c, n->args[2]);

	e.min = plus(e.min, a.min < b.min ? a.min : b.min);
	e.max = plus(e.max, a.max > b.max ? a.max : b.max);
	e.size = a.size > b.size ? a.size : b.size;
	return e;
}

static struct estimate
of_entries(const struct coster *c, const struct node *n)
{
	struct estimate sum = {.size = (uint64_t)n->nargs};

	if (n->kind == NODE_MAP)
		sum.size /= 2;
	sum.min = sum.max = plus(1, sum.size);
	for (int i = 0; i < n->nargs; i++) {
		struct estimate e = estimate(c, n->args[i]);

		add(&sum, &e);
	}
	return sum;
}

/* How often the body of a macro may run. */
static uint64_t
fold_times(const struct node *n, const struct estimate *range)
{
	bool once = n->fold == FOLD_OPT_MAP || n->fold == FOLD_OPT_FLAT_MAP ||
		    n->fold == FOLD_BIND;

	return once ? 1 : range->size;
}

static struct estimate
of_fold(const struct coster *c, const struct node *n)
{
	struct estimate range = estimate(c, n->args[0]), body = {0}, e;
	uint64_t rounds = fold_times(n, &range);

	for (int i = 1; i < n->nargs; i++) {
		if (n->args[i] == NULL)
			continue;
		e = estimate(c, n->args[i]);
		add(&body, &e);
	}
	e.min = plus(range.min, 1);
	e.max = plus(range.max, times(rounds, plus(body.max, 1)));
	e.size = n->type->kind == RULE_LIST || n->type->kind == RULE_MAP
		     ? rounds
		     : usual_size(n->type->kind);
	return e;
}

static struct estimate
estimate(const struct coster *c, const struct node *n)
{
	struct estimate e;

	switch (n->kind) {
	case NODE_CONST:
		return (struct estimate){0, 0, const_size(&n->value)};
	case NODE_SELECT:
		e = estimate(c, n->args[0]);
		e.min = plus(e.min, 1);
		e.max = plus(e.max, 1);
		e.size = named_size(c, n);
		return e;
	case NODE_CALL:
		return of_call(c, n);
	case NODE_AND:
	case NODE_OR:
		return of_logic(c, n);
	case NODE_COND:
		return of_cond(c, n);
	case NODE_LIST:
	case NODE_MAP:
		return of_entries(c, n);
	case NODE_FOLD:
		return of_fold(c, n);
	case NODE_IDENT:
	case NODE_VAR:
	case NODE_LOCAL:
		break;
	}
	return (struct estimate){1, 1, named_size(c, n)};
}

/* ---- the dearest parts ------------------------------------------------------------- */
static void
offer(struct rule_cost *to, const struct rule_cost_part *part)
{
	int at = to->nparts;

	while (at > 0 && to->parts[at - 1].max < part->max)
		at--;
	if (at == RULE_COST_PARTS)
		return;
	if (to->nparts < RULE_COST_PARTS)
		to->nparts++;
	for (int i = to->nparts - 1; i > at; i--)
		to->parts[i] = to->parts[i - 1];
	to->parts[at] = *part;
}

/* What is joined by && || ! ? and : are the parts; rounds: of the macros around. */
static void
collect(
    const struct coster *c, const struct node *n, uint64_t rounds, struct rule_cost *to)
{
	bool joins = n->kind == NODE_AND || n->kind == NODE_OR ||
		     n->kind == NODE_COND ||
		     (n->kind == NODE_CALL && str_eq_c(n->name, "!"));

	for (int i = 0; joins && i < n->nargs; i++)
		collect(c, n->args[i], rounds, to);
	if (!joins && n->kind != NODE_CONST)
		offer(to, &(struct rule_cost_part){.text = node_text(c->rule->text, n),
			      .line = n->line,
			      .column = n->column,
			      .max = times(rounds, estimate(c, n).max)});
}

/* A rule that is one macro is shown with what is inside it. */
static void
collect_inside(const struct coster *c, const struct node *n, struct rule_cost *to)
{
	struct estimate range;

	if (n->kind != NODE_FOLD)
		return;
	range = estimate(c, n->args[0]);
	for (int i = 1; i < n->nargs; i++) {
		if (n->args[i] != NULL)
			collect(c, n->args[i], fold_times(n, &range), to);
	}
}

/* ---- limit ------------------------------------------------------------------------- */
/* 12345678 as "12,345,678". */
static const char *
grouped(uint64_t n, char to[32])
{
	char digits[24];
	int len = snprintf(digits, sizeof digits, "%llu", (unsigned long long)n),
	    at = 0;

	for (int i = 0; i < len; i++) {
		if (i > 0 && (len - i) % 3 == 0)
			to[at++] = ',';
		to[at++] = digits[i];
	}
	to[at] = '\0';
	return to;
}

/* The node of the regular expression that is one too many, or NULL. */
static const struct node *
regex_too_many(const struct node *n, int *left)
{
	const struct node *found = NULL;

	if (n->re != NULL && --*left < 0)
		return n;
	for (int i = 0; found == NULL && i < n->nargs; i++) {
		if (n->args[i] != NULL)
			found = regex_too_many(n->args[i], left);
	}
	return found;
}

enum stw_code
rule_cost_check(const struct rule_env *env, struct rule *rule,
    const struct rule_limits *limits, struct stw_err *err)
{
	struct coster c = {env, rule};
	struct estimate e = estimate(&c, rule->root);
	uint64_t most = limits->max_cost == 0 ? MAX_COST : limits->max_cost;
	const struct rule_cost_part *dearest = &rule->cost.parts[0];
	int regexes = limits->max_regexes == 0 ? MAX_REGEXES : limits->max_regexes;
	int left = regexes;
	const struct node *regex = regex_too_many(rule->root, &left);
	char is[32], may[32];

	if (regex != NULL)
		return stw_fail_at(err, STW_INVALID, regex->line, regex->column,
		    "the rule has more than %d regular expressions; join some with '|'",
		    regexes);
	rule->cost = (struct rule_cost){.min = e.min, .max = e.max};
	collect(&c, rule->root, 1, &rule->cost);
	if (rule->cost.nparts == 1)
		collect_inside(&c, rule->root, &rule->cost);
	if (e.max <= most || rule->cost.nparts == 0)
		return STW_OK;
	return stw_fail_at(err, STW_INVALID, dearest->line, dearest->column,
	    "the rule may take %s steps a row; %s are allowed: walk fewer lists inside "
	    "each other, or filter() the outer one first",
	    grouped(e.max, is), grouped(most, may));
}

const struct rule_cost *
rule_cost_of(const struct rule *rule)
{
	return &rule->cost;
}

/* ---- text -------------------------------------------------------------------------- */
/* On one line, shortened. */
static void
print_part(const struct rule_cost_part *part, struct buf *to)
{
	char steps[32];
	int shown = 0;

	buf_printf(
	    to, "  %12s  %d:%d  ", grouped(part->max, steps), part->line, part->column);
	for (size_t at = 0; at < part->text.len;) {
		size_t from = at;
		uint32_t cp = utf8_next(part->text, &at);

		if (++shown > TEXT_SHOWN) {
			buf_add_c(to, "...");
			break;
		}
		if (cp == '\n' || cp == '\t' || cp == '\r')
			buf_add_char(to, ' ');
		else
			buf_add(to, part->text.ptr + from, at - from);
	}
	buf_add_char(to, '\n');
}

void
rule_cost_print(const struct rule_cost *cost, struct buf *to)
{
	char min[32], max[32];

	buf_printf(to, "%s to %s steps a row\n", grouped(cost->min, min),
	    grouped(cost->max, max));
	for (int i = 0; i < cost->nparts; i++)
		print_part(&cost->parts[i], to);
}
