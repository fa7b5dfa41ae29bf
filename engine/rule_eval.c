#include <string.h>

#include "engine/rule_priv.h"

#define FILTER_FIRST 16 /* room for so many elements before a list grows */
/* ---- frame ----------------------------------------------------------------------- */
void
frame_init(struct frame *f, const struct rule *rule, const struct rule_eval_ctx *ctx,
    struct rule_value locals[RULE_MAX_LOCALS])
{
	f->ctx = ctx;
	f->rule = rule;
	f->arena = ctx->arena;
	f->locals = locals;
	f->explain = NULL;
	f->steps = EVAL_STEPS;
	f->bytes = EVAL_BYTES;
	f->today_known = false;
	f->today = 0;
}

void *
frame_alloc(struct frame *f, const struct node *n, size_t count, size_t size,
    struct rule_value *out)
{
	size_t bytes;

	if (__builtin_mul_overflow(count, size, &bytes) || bytes > f->bytes) {
		value_fail(out, n, "the rule needs too much memory");
		return NULL;
	}
	f->bytes -= bytes;
	return arena_alloc(f->arena, bytes);
}

struct zone_local
frame_local(const struct frame *f, stw_usec at)
{
	struct zone_local local = {0};
	int64_t day;

	if (f->ctx->zone != NULL)
		return zone_local(f->ctx->zone, at);
	day = at / STW_USEC_DAY - (at % STW_USEC_DAY < 0 ? 1 : 0);
	local.day = (stw_day)day;
	local.usec = at - day * STW_USEC_DAY;
	local.minute = (int)(local.usec / STW_USEC_MIN);
	return local;
}

stw_day
frame_day(const struct frame *f, stw_usec at)
{
	return frame_local(f, at).day;
}

stw_day
frame_today(struct frame *f)
{
	if (!f->today_known) {
		f->today = frame_day(f, f->ctx->now);
		f->today_known = true;
	}
	return f->today;
}

/* ---- leaves ---------------------------------------------------------------------- */
static void
eval_const(struct frame *f, const struct node *n, struct rule_value *out)
{
	(void)f;
	*out = n->value;
}

/* The host may hand in anything: hold it to what was declared. */
static void
hold_to_type(const struct node *n, struct rule_value *v)
{
	if (v->kind == RULE_V_ERROR) {
		if (v->error.text == NULL) {
			v->error.text = n->missing_text;
			v->error.line = n->line;
			v->error.column = n->column;
		}
	} else if (v->kind != n->wanted && n->wanted != RULE_V_ERROR) {
		value_fail(v, n, "the value given is not of the declared type");
	}
}

static void
eval_var(struct frame *f, const struct node *n, struct rule_value *out)
{
	*out = f->ctx->vars[n->slot];
	hold_to_type(n, out);
}

static void
eval_local(struct frame *f, const struct node *n, struct rule_value *out)
{
	*out = f->locals[n->slot];
	hold_to_type(n, out);
}

/* ---- fields ---------------------------------------------------------------------- */
static void
field_get(struct frame *f, const struct node *n, const struct rule_value *target,
    struct rule_value *out)
{
	target->object.ops->get(
	    target->object.obj, target->object.row, n->field, f->arena, out);
	hold_to_type(n, out);
}

static void
eval_field(struct frame *f, const struct node *n, struct rule_value *out)
{
	struct rule_value target;

	node_eval(f, n->args[0], &target);
	if (value_is_error(&target))
		*out = target;
	else
		field_get(f, n, &target, out);
}

/* The common case: a field of a variable or of a macro's element. */
static void
eval_field_of_name(struct frame *f, const struct node *n, struct rule_value *out)
{
	const struct node *name = n->args[0];
	const struct rule_value *target =
	    name->kind == NODE_VAR ? &f->ctx->vars[name->slot] : &f->locals[name->slot];

	if (target->kind == RULE_V_OBJECT)
		field_get(f, n, target, out);
	else
		eval_field(f, n, out);
}

/* A field by name, of a map or of a record whose type only shows now. found: it has a
 * value. False: *out says why it cannot be asked for. */
static bool
select_by_name(struct frame *f, const struct node *n, const struct rule_value *target,
    struct rule_value *out, bool *found)
{
	const struct rule_value *entry;
	struct rule_value key;
	int field;

	*found = false;
	if (target->kind == RULE_V_OBJECT && target->object.ops->find != NULL) {
		field = target->object.ops->find(target->object.obj, n->name);
		if (field < 0) {
			value_fail(out, n, "the record has no such field");
			return false;
		}
		target->object.ops->get(
		    target->object.obj, target->object.row, field, f->arena, out);
		*found = !value_is_error(out);
		if (!*found && out->error.text == NULL)
			value_missing(out, n, n->missing_text);
		return *found || out->error.missing;
	}
	if (target->kind != RULE_V_MAP) {
		value_failf(f, out, n, "a %s has no fields", value_type_name(target));
		return false;
	}
	key = rule_string(n->name);
	entry = map_find(&target->map, &key);
	*found = entry != NULL;
	if (*found)
		*out = *entry;
	else
		value_fail(out, n, "the map has no such key");
	return true;
}

static void
eval_select(struct frame *f, const struct node *n, struct rule_value *out)
{
	struct rule_value target;
	bool found;

	node_eval(f, n->args[0], &target);
	if (value_is_error(&target))
		*out = target;
	else
		(void)select_by_name(f, n, &target, out, &found);
}

/* The field of target; found = false when it has no value. */
static bool
select_maybe(struct frame *f, const struct node *n, const struct rule_value *target,
    struct rule_value *out, bool *found)
{
	if (target->kind != RULE_V_OBJECT || n->field < 0)
		return select_by_name(f, n, target, out, found);
	field_get(f, n, target, out);
	*found = !value_is_error(out);
	return *found || out->error.missing;
}

void
value_optional(struct frame *f, const struct node *n, const struct rule_value *v,
    struct rule_value *out)
{
	struct rule_value *copy = NULL;

	if (v != NULL) {
		copy = frame_alloc(f, n, 1, sizeof *copy, out);
		if (copy == NULL)
			return;
		*copy = *v;
	}
	out->kind = RULE_V_OPTIONAL;
	out->opt = copy;
}

/* has(a.b), a.?b, and a.b on an optional a. */
static void
eval_select_maybe(struct frame *f, const struct node *n, struct rule_value *out)
{
	struct rule_value target, value = {0};
	bool found = false;

	node_eval(f, n->args[0], &target);
	if (target.kind == RULE_V_OPTIONAL) {
		if (target.opt == NULL) {
			*out = n->mode == SELECT_HAS ? rule_bool(false) : target;
			return;
		}
		target = *target.opt;
	}
	if (value_is_error(&target)) {
		*out = target;
		return;
	}
	if (!select_maybe(f, n, &target, &value, &found)) {
		*out = value;
		return;
	}
	if (n->mode == SELECT_HAS)
		*out = rule_bool(found);
	else
		value_optional(f, n, found ? &value : NULL, out);
}

/* ---- calls ----------------------------------------------------------------------- */
static void
call_host(struct frame *f, const struct rule_overload *fn, const struct node *n,
    const struct rule_value *args, struct rule_value *out)
{
	*out = rule_missing();
	if (fn->host->fn == NULL) {
		value_fail(out, n, "the function is only declared");
		return;
	}
	fn->host->fn(f->ctx->host, args, n->nargs, f->arena, out);
	if (value_is_error(out)) {
		if (out->error.text == NULL)
			out->error.text = n->missing_text;
		out->error.line = n->line;
		out->error.column = n->column;
	} else if (!value_fits_type(out, fn->host->result)) {
		value_fail(out, n, "the function gave a value of another type");
	}
}

static void
call_dynamic(struct frame *f, const struct node *n, const struct rule_value *args,
    struct rule_value *out)
{
	struct buf types;

	for (int i = 0; i < n->ncands; i++) {
		if (!overload_fits(n->cands[i], args, n->nargs))
			continue;
		if (n->cands[i]->host != NULL)
			call_host(f, n->cands[i], n, args, out);
		else
			n->cands[i]->fn(f, n, args, out);
		return;
	}
	buf_init(&types);
	for (int i = 0; i < n->nargs; i++)
		buf_printf(
		    &types, "%s%s", i > 0 ? ", " : "", value_type_name(&args[i]));
	value_failf(
	    f, out, n, "no overload for %.*s(%s)", STR_FMT(n->name), types.data);
	buf_fini(&types);
}

void
node_apply(struct frame *f, const struct node *n, const struct rule_value *args,
    struct rule_value *out)
{
	if (n->fn == NULL)
		call_dynamic(f, n, args, out);
	else if (n->fn->host != NULL)
		call_host(f, n->fn, n, args, out);
	else
		n->fn->fn(f, n, args, out);
}

static void
eval_call1(struct frame *f, const struct node *n, struct rule_value *out)
{
	struct rule_value arg;

	node_eval(f, n->args[0], &arg);
	if (value_is_error(&arg))
		*out = arg;
	else
		node_apply(f, n, &arg, out);
}

static void
eval_call2(struct frame *f, const struct node *n, struct rule_value *out)
{
	struct rule_value args[2];

	node_eval(f, n->args[0], &args[0]);
	if (value_is_error(&args[0])) {
		*out = args[0];
		return;
	}
	node_eval(f, n->args[1], &args[1]);
	if (value_is_error(&args[1])) {
		*out = args[1];
		return;
	}
	if (n->fn != NULL && n->fn->host == NULL)
		n->fn->fn(f, n, args, out);
	else
		node_apply(f, n, args, out);
}

static void
eval_call(struct frame *f, const struct node *n, struct rule_value *out)
{
	struct rule_value args[RULE_MAX_ARGS];

	for (int i = 0; i < n->nargs; i++) {
		node_eval(f, n->args[i], &args[i]);
		if (value_is_error(&args[i])) {
			*out = args[i];
			return;
		}
	}
	node_apply(f, n, args, out);
}

/* opt.orValue(x) and opt.or(x): x only when opt is empty. */
static void
eval_or_value(struct frame *f, const struct node *n, struct rule_value *out)
{
	struct rule_value opt;

	node_eval(f, n->args[0], &opt);
	if (value_is_error(&opt))
		*out = opt;
	else if (opt.kind != RULE_V_OPTIONAL)
		value_failf(f, out, n, "%.*s() needs an optional", STR_FMT(n->name));
	else if (opt.opt == NULL)
		node_eval(f, n->args[1], out);
	else
		*out = str_eq_c(n->name, "or") ? opt : *opt.opt;
}

/* ---- logic ----------------------------------------------------------------------- */
/* && stops at false, || at true; what is undecided counts only when nothing stops. */
static void
eval_logic(struct frame *f, const struct node *n, struct rule_value *out)
{
	bool stop = n->kind == NODE_OR;
	struct rule_value undecided;
	struct rule_value v;
	bool any = false;

	for (int i = 0; i < n->nargs; i++) {
		node_eval(f, n->args[i], &v);
		if (v.kind == RULE_V_BOOL) {
			if (v.b == stop) {
				*out = v;
				return;
			}
			continue;
		}
		if (any)
			continue;
		any = true;
		if (value_is_error(&v))
			undecided = v;
		else
			value_failf(f, &undecided, n->args[i], "%s needs bool, not %s",
			    stop ? "||" : "&&", value_type_name(&v));
	}
	if (any) {
		*out = undecided;
		return;
	}
	out->kind = RULE_V_BOOL;
	out->b = !stop;
}

static void
eval_cond(struct frame *f, const struct node *n, struct rule_value *out)
{
	struct rule_value v;

	node_eval(f, n->args[0], &v);
	if (v.kind == RULE_V_BOOL)
		node_eval(f, n->args[v.b ? 1 : 2], out);
	else if (value_is_error(&v))
		*out = v;
	else
		value_failf(
		    f, out, n, "the condition is %s, not bool", value_type_name(&v));
}

/* ---- lists and maps -------------------------------------------------------------- */
static bool
is_optional_arg(const struct node *n, int i)
{
	return i < 64 && ((n->optional_args >> i) & 1) != 0;
}

/* An entry written ?x: false when it is left out. */
static bool
unwrap(struct frame *f, const struct node *n, struct rule_value *v)
{
	if (v->kind != RULE_V_OPTIONAL) {
		value_failf(f, v, n, "? needs an optional, not %s", value_type_name(v));
		return true;
	}
	if (v->opt == NULL)
		return false;
	*v = *v->opt;
	return true;
}

static void
eval_list(struct frame *f, const struct node *n, struct rule_value *out)
{
	struct rule_value *items;
	size_t count = 0;

	items = frame_alloc(f, n, (size_t)n->nargs, sizeof *items, out);
	if (items == NULL)
		return;
	for (int i = 0; i < n->nargs; i++) {
		struct rule_value v;

		node_eval(f, n->args[i], &v);
		if (!value_is_error(&v) && is_optional_arg(n, i) && !unwrap(f, n, &v))
			continue;
		if (value_is_error(&v)) {
			*out = v;
			return;
		}
		items[count++] = v;
	}
	*out = rule_list_of(items, count);
}

static void
eval_map(struct frame *f, const struct node *n, struct rule_value *out)
{
	struct rule_map map = {0};
	struct rule_map_entry *entries;

	entries = frame_alloc(f, n, (size_t)n->nargs / 2, sizeof *entries, out);
	if (entries == NULL)
		return;
	map.entries = entries;
	for (int i = 0; i < n->nargs; i += 2) {
		struct rule_value key, v;

		node_eval(f, n->args[i], &key);
		if (value_is_error(&key)) {
			*out = key;
			return;
		}
		if (key.kind != RULE_V_STRING && key.kind != RULE_V_INT &&
		    key.kind != RULE_V_UINT && key.kind != RULE_V_BOOL) {
			value_failf(
			    f, out, n, "a %s cannot be a key", value_type_name(&key));
			return;
		}
		node_eval(f, n->args[i + 1], &v);
		if (!value_is_error(&v) && is_optional_arg(n, i / 2) &&
		    !unwrap(f, n, &v))
			continue;
		if (value_is_error(&v)) {
			*out = v;
			return;
		}
		if (map_find(&map, &key) != NULL) {
			value_fail(out, n, "the same key twice");
			return;
		}
		entries[map.count].key = key;
		entries[map.count++].value = v;
	}
	out->kind = RULE_V_MAP;
	out->map = map;
}

/* ---- choosing -------------------------------------------------------------------- */
static node_fn
select_evaluator(const struct node *n)
{
	enum node_kind target = n->args[0]->kind;

	if (n->mode != SELECT_PLAIN)
		return eval_select_maybe;
	if (n->field < 0)
		return eval_select;
	return target == NODE_VAR || target == NODE_LOCAL ? eval_field_of_name
							  : eval_field;
}

static node_fn
call_evaluator(const struct node *n)
{
	const struct rule_overload *fn = n->fn != NULL ? n->fn : n->cands[0];

	if (fn->fn == rule_fn_or_value || fn->fn == rule_fn_or)
		return eval_or_value;
	return n->nargs == 1 ? eval_call1 : n->nargs == 2 ? eval_call2 : eval_call;
}

node_fn
node_evaluator(const struct node *n)
{
	switch (n->kind) {
	case NODE_CONST:
		return eval_const;
	case NODE_VAR:
		return eval_var;
	case NODE_LOCAL:
		return eval_local;
	case NODE_SELECT:
		return select_evaluator(n);
	case NODE_CALL:
		return call_evaluator(n);
	case NODE_AND:
	case NODE_OR:
		return eval_logic;
	case NODE_COND:
		return eval_cond;
	case NODE_LIST:
		return eval_list;
	case NODE_MAP:
		return eval_map;
	case NODE_FOLD:
		return node_eval_fold;
	case NODE_IDENT:
		break;
	}
	STW_ASSERT(!"every name is resolved");
	return NULL;
}

/* ---- entry ----------------------------------------------------------------------- */
struct rule_value
rule_eval(const struct rule *rule, const struct rule_eval_ctx *ctx)
{
	struct rule_value locals[RULE_MAX_LOCALS] __attribute__((uninitialized));
	struct rule_value out = {0};
	struct frame f;

	STW_ASSERT(ctx->arena != NULL);
	frame_init(&f, rule, ctx, locals);
	rule->root->eval(&f, rule->root, &out);
	return out;
}

bool
rule_eval_bool(
    const struct rule *rule, const struct rule_eval_ctx *ctx, bool *undecided)
{
	struct rule_value v = rule_eval(rule, ctx);

	if (undecided != NULL)
		*undecided = v.kind != RULE_V_BOOL;
	return v.kind == RULE_V_BOOL && v.b;
}
