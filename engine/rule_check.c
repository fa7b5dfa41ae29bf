#include <string.h>

#include "engine/rule_check_priv.h"

/* ---- messages -------------------------------------------------------------------- */
struct str
node_text(struct str text, const struct node *n)
{
	return (struct str){text.ptr + n->start, n->end - n->start};
}

bool
check_fail(struct checker *c, const struct node *n, const char *text)
{
	if (c->rc != STW_OK)
		return false;
	c->rc = stw_fail_at(c->err, STW_INVALID, n->line, n->column, "%s", text);
	c->failed = text;
	c->failed_line = n->line;
	c->failed_column = n->column;
	return false;
}

const char *
check_type_text(struct checker *c, const struct rule_type *type)
{
	return rule_type_text(type, c->arena);
}

/* The source of a node, short enough for a message. */
const char *
check_short_text(struct checker *c, const struct node *n)
{
	struct str text = node_text(c->rule->text, n);

	if (text.len > 60)
		return arena_printf(c->arena, "%.*s...", 57, text.ptr);
	return arena_strndup(c->arena, text.ptr, text.len);
}

const char *
check_did_you_mean(struct checker *c, const struct nearest *nearest)
{
	if (nearest->best == NULL)
		return "";
	return arena_printf(c->arena, "; did you mean '%s'?", nearest->best);
}

/* ---- names ----------------------------------------------------------------------- */
int
check_find_local(const struct checker *c, struct str name)
{
	for (int i = c->nlocals - 1; i >= 0; i--) {
		if (str_eq(c->locals[i].name, name))
			return i;
	}
	return -1;
}

int
check_find_var(const struct checker *c, struct str name)
{
	for (int i = 0; i < c->env->nvars; i++) {
		if (str_eq_c(name, c->env->vars[i].name))
			return i;
	}
	return -1;
}

/* "customer.dob has no value". On the way of every rule, so without printf. */
static const char *
missing_text(struct checker *c, const struct node *n)
{
	static const char tail[] = " has no value";
	struct str text = node_text(c->rule->text, n);
	char *to;

	if (text.len > 60)
		return arena_printf(c->arena, "%s%s", check_short_text(c, n), tail);
	to = arena_alloc(c->arena, text.len + sizeof tail);
	if (text.len > 0)
		memcpy(to, text.ptr, text.len);
	memcpy(to + text.len, tail, sizeof tail);
	return to;
}

static void
set_name(struct checker *c, struct node *n, enum node_kind kind, int slot,
    const struct rule_type *type)
{
	n->kind = kind;
	n->slot = slot;
	n->type = type;
	n->wanted = value_kind_of(type->kind);
	n->missing_text = missing_text(c, n);
}

/* Types as values: what type(x) gives, by every name it may be written. */
static const struct {
	const char *name, *value;
} type_names[] = {
    {"bool", "bool"},
    {"int", "int"},
    {"uint", "uint"},
    {"double", "double"},
    {"string", "string"},
    {"bytes", "bytes"},
    {"list", "list"},
    {"map", "map"},
    {"null_type", "null_type"},
    {"type", "type"},
    {"date", "date"},
    {"money", "money"},
    {"optional_type", "optional_type"},
    {"timestamp", "google.protobuf.Timestamp"},
    {"duration", "google.protobuf.Duration"},
    {"google.protobuf.Timestamp", "google.protobuf.Timestamp"},
    {"google.protobuf.Duration", "google.protobuf.Duration"},
};

static bool
set_type_name(struct node *n, struct str name)
{
	for (size_t i = 0; i < STW_ARRAY_LEN(type_names); i++) {
		if (!str_eq_c(name, type_names[i].name))
			continue;
		n->kind = NODE_CONST;
		n->nargs = 0;
		n->type = rule_type_basic(RULE_TYPE);
		n->value.kind = RULE_V_TYPE;
		n->value.s = str_of(type_names[i].value);
		return true;
	}
	return false;
}

/* The next name to look for from inside the container: with "a.b" these are a.b.x, a.x and
 * x. *in starts as the container (empty for a name from the root); false at the end. */
bool
check_next_name(
    struct checker *c, struct str *in, bool *last, struct str name, struct str *out)
{
	if (*last)
		return false;
	*last = in->len == 0;
	*out = name;
	if (*last)
		return true;
	*out = str_of(arena_printf(c->arena, "%.*s.%.*s", STR_FMT(*in), STR_FMT(name)));
	while (in->len > 0 && in->ptr[in->len - 1] != '.')
		in->len--;
	in->len -= in->len > 0 ? 1 : 0;
	return true;
}

int
check_find_var_in(struct checker *c, struct str name, bool absolute)
{
	struct str in = str_of(absolute ? "" : c->env->container);
	struct str full;
	bool last = false;
	int var = -1;

	while (var < 0 && check_next_name(c, &in, &last, name, &full))
		var = check_find_var(c, full);
	return var;
}

static bool
set_type_name_in(struct checker *c, struct node *n, struct str name, bool absolute)
{
	struct str in = str_of(absolute ? "" : c->env->container);
	struct str full;
	bool last = false;

	while (check_next_name(c, &in, &last, name, &full)) {
		if (set_type_name(n, full))
			return true;
	}
	return false;
}

/* a.b.c as one name, "" when it is no chain of names from something global. */
struct str
check_dotted_name(struct checker *c, const struct node *n)
{
	struct str before;

	if (n->kind == NODE_IDENT)
		return !n->absolute && check_find_local(c, n->name) >= 0 ? str_of("")
									 : n->name;
	if (n->kind != NODE_SELECT || n->mode != SELECT_PLAIN)
		return str_of("");
	before = check_dotted_name(c, n->args[0]);
	if (before.len == 0)
		return before;
	return str_of(
	    arena_printf(c->arena, "%.*s.%.*s", STR_FMT(before), STR_FMT(n->name)));
}

/* A whole chain of names that is one variable or type: the longest name wins. */
static bool
check_dotted(struct checker *c, struct node *n)
{
	const struct node *root = n;
	struct str name;
	int var;

	while (root->kind == NODE_SELECT)
		root = root->args[0];
	if (root->kind != NODE_IDENT ||
	    (!c->env->dotted && !str_eq_c(root->name, "google")))
		return false;
	name = check_dotted_name(c, n);
	if (name.len == 0)
		return false;
	var = check_find_var_in(c, name, root->absolute);
	if (var < 0)
		return set_type_name_in(c, n, name, root->absolute);
	n->nargs = 0;
	set_name(c, n, NODE_VAR, var, c->env->vars[var].type);
	return true;
}

static bool
unknown_name(struct checker *c, struct node *n)
{
	struct nearest nearest = {.wanted = n->name};

	if (n->name.ptr[0] == '@') /* see macro_variable */
		return check_fail(c, n,
		    arena_printf(
			c->arena, "%s names nothing here", check_short_text(c, n)));
	for (int i = 0; i < c->env->nvars; i++) {
		const struct rule_type *type = c->env->vars[i].type;

		for (int k = 0; type->kind == RULE_OBJECT && k < type->nfields; k++) {
			if (str_eq_c(n->name, type->fields[k].name))
				return check_fail(c, n,
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
	nearest_offer(&nearest, "true");
	nearest_offer(&nearest, "false");
	return check_fail(c, n,
	    arena_printf(c->arena, "unknown name '%.*s'%s",
		(int)(n->name.len > 60 ? 60 : n->name.len), n->name.ptr,
		*slip_name(n->name) != '\0' ? slip_name(n->name)
					    : check_did_you_mean(c, &nearest)));
}

static bool
check_ident(struct checker *c, struct node *n)
{
	int local = n->absolute ? -1 : check_find_local(c, n->name);
	int var = local >= 0 ? -1 : check_find_var_in(c, n->name, n->absolute);

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
	return set_type_name_in(c, n, n->name, n->absolute) || unknown_name(c, n);
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

void
check_become_const(struct node *n, const struct rule_value *v)
{
	n->kind = NODE_CONST;
	n->value = *v;
	n->folded = true;
}

bool
check_all_const(const struct node *n)
{
	for (int i = 0; i < n->nargs; i++) {
		if (n->args[i]->kind != NODE_CONST ||
		    value_is_error(&n->args[i]->value))
			return false;
	}
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
	while (name.len < n->name.len &&
	       ((unsigned char)name.ptr[name.len] & 0xc0) == 0x80)
		name.len--;
	for (int i = 0; i < type->nfields; i++)
		nearest_offer(&nearest, type->fields[i].name);
	return check_fail(c, n,
	    arena_printf(c->arena, "no field '%.*s' in %s%s", STR_FMT(name), type->name,
		check_did_you_mean(c, &nearest)));
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
		    check_short_text(c, n->args[0]), STR_FMT(n->name));
	return check_fail(c, n,
	    arena_printf(
		c->arena, "%s has no fields%s", check_type_text(c, from), hint));
}

/* args[0] is checked. */
bool
check_resolve_select(struct checker *c, struct node *n)
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
	n->missing_text = missing_text(c, n);
	n->type = n->mode == SELECT_HAS        ? rule_type_basic(RULE_BOOL)
		  : n->mode == SELECT_OPTIONAL ? rule_type_optional(c->arena, to)
					       : to;
	return true;
}

/* ---- logic ----------------------------------------------------------------------- */
static bool
want_bool(struct checker *c, const struct node *n, const char *where)
{
	const char *hint = "";

	if (n->type->kind == RULE_BOOL || n->type->kind == RULE_DYN ||
	    c->env->unchecked) /* the evaluation will say */
		return true;
	if (n->type->kind == RULE_OPTIONAL)
		hint = arena_printf(
		    c->arena, "; write %s.orValue(false)", check_short_text(c, n));
	else if (n->type->kind == RULE_STRING)
		hint = arena_printf(
		    c->arena, "; write %s == \"...\"", check_short_text(c, n));
	else if (n->type->kind == RULE_INT || n->type->kind == RULE_DOUBLE)
		hint =
		    arena_printf(c->arena, "; write %s != 0", check_short_text(c, n));
	else if (n->type->kind == RULE_LIST)
		hint = arena_printf(
		    c->arena, "; write %s.size() > 0", check_short_text(c, n));
	return check_fail(c, n,
	    arena_printf(c->arena, "%s needs bool; %s is %s%s", where,
		check_short_text(c, n), check_type_text(c, n->type), hint));
}

static bool
check_logic(struct checker *c, struct node *n)
{
	for (int i = 0; i < n->nargs; i++) {
		if (!check_node(c, n->args[i]) ||
		    !want_bool(c, n->args[i], n->kind == NODE_AND ? "&&" : "||"))
			return false;
	}
	n->type = rule_type_basic(RULE_BOOL);
	return true;
}

static bool
check_cond(struct checker *c, struct node *n)
{
	if (!check_node(c, n->args[0]) || !want_bool(c, n->args[0], "?") ||
	    !check_node(c, n->args[1]) || !check_node(c, n->args[2]))
		return false;
	n->type = rule_type_join(c->arena, n->args[1]->type, n->args[2]->type);
	if (n->type == NULL && c->env->unchecked)
		n->type = rule_type_basic(RULE_DYN);
	if (n->type == NULL)
		return check_fail(c, n,
		    arena_printf(c->arena, "the two sides of ':' differ: %s and %s%s",
			check_type_text(c, n->args[1]->type),
			check_type_text(c, n->args[2]->type),
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
		return check_fail(c, n->args[i],
		    arena_printf(c->arena, "? needs an optional, not %s",
			check_type_text(c, *out)));
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

		if (!check_node(c, n->args[i]) || !entry_type(c, n, i, optional, &type))
			return false;
		widen(c, &elem, type);
	}
	n->type = rule_type_list(c->arena, elem);
	if (!check_all_const(n) || n->optional_args != 0)
		return true;
	items = arena_array(c->arena, (size_t)n->nargs, sizeof *items);
	for (int i = 0; i < n->nargs; i++)
		items[i] = n->args[i]->value;
	v = rule_list_of(items, (size_t)n->nargs);
	check_become_const(n, &v);
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

		if (!check_node(c, n->args[i]) || !check_node(c, n->args[i + 1]) ||
		    !entry_type(c, n, i + 1, optional, &type))
			return false;
		if (k->type->kind != RULE_STRING && k->type->kind != RULE_INT &&
		    k->type->kind != RULE_UINT && k->type->kind != RULE_BOOL &&
		    k->type->kind != RULE_DYN)
			return check_fail(c, k,
			    arena_printf(c->arena, "a %s cannot be a key",
				check_type_text(c, k->type)));
		widen(c, &key, k->type);
		widen(c, &elem, type);
	}
	n->type = rule_type_map(c->arena, key, elem);
	return true;
}

/* ---- macros ---------------------------------------------------------------------- */
struct fold_types {
	const struct rule_type *first, *second; /* of the variables */
};

static bool
is_two_variable(const struct node *n)
{
	return n->name2.len > 0;
}

/* What the variables stand for; false when the macro cannot walk that. */
static bool
fold_variables(struct checker *c, const struct node *n, struct fold_types *out)
{
	const struct rule_type *range = n->args[0]->type;
	bool optional = n->fold == FOLD_OPT_MAP || n->fold == FOLD_OPT_FLAT_MAP;
	bool two = is_two_variable(n);

	out->first = out->second = range;
	if (n->fold == FOLD_BIND || range->kind == RULE_DYN)
		return true;
	out->first = range->kind == RULE_MAP ? range->key
		     : two                   ? rule_type_basic(RULE_INT)
					     : range->elem;
	out->second = range->elem;
	if ((optional && range->kind == RULE_OPTIONAL) ||
	    (!optional && (range->kind == RULE_LIST || range->kind == RULE_MAP)))
		return true;
	return check_fail(c, n,
	    arena_printf(c->arena, "%s is %s; this macro walks %s",
		check_short_text(c, n->args[0]), check_type_text(c, range),
		optional ? "an optional" : "a list or a map"));
}

static bool
fold_type(struct checker *c, struct node *n, const struct fold_types *vars)
{
	const struct rule_type *transform =
	    n->args[2] == NULL ? rule_type_basic(RULE_DYN) : n->args[2]->type;

	switch (n->fold) {
	case FOLD_FILTER:
		n->type = rule_type_list(c->arena, vars->first);
		break;
	case FOLD_MAP:
	case FOLD_MAP2:
		n->type = rule_type_list(c->arena, transform);
		break;
	case FOLD_OPT_MAP:
		n->type = rule_type_optional(c->arena, transform);
		break;
	case FOLD_OPT_FLAT_MAP:
		n->type = transform;
		if (n->type->kind != RULE_OPTIONAL && n->type->kind != RULE_DYN)
			return check_fail(
			    c, n->args[2], "optFlatMap() needs an optional result");
		break;
	case FOLD_TRANSFORM_MAP:
		n->type = rule_type_map(c->arena,
		    n->args[0]->type->kind == RULE_LIST ? rule_type_basic(RULE_INT)
							: vars->first,
		    transform);
		break;
	case FOLD_TRANSFORM_ENTRY:
		n->type = transform;
		if (n->type->kind != RULE_MAP && n->type->kind != RULE_DYN)
			return check_fail(c, n->args[2],
			    "transformMapEntry() needs a map as result, as in {k: v}");
		break;
	case FOLD_BIND:
		n->type = transform;
		break;
	case FOLD_NONE:
	case FOLD_ALL:
	case FOLD_EXISTS:
	case FOLD_EXISTS_ONE:
	case FOLD_ALL2:
	case FOLD_EXISTS2:
	case FOLD_EXISTS_ONE2:
	default:
		n->type = rule_type_basic(RULE_BOOL);
		break;
	}
	return true;
}

static bool
check_fold(struct checker *c, struct node *n)
{
	struct fold_types vars;
	int outside = c->nlocals;
	bool ok = true;

	if (!check_node(c, n->args[0]) || !fold_variables(c, n, &vars))
		return false;
	if (outside + (is_two_variable(n) ? 2 : 1) > RULE_MAX_LOCALS)
		return check_fail(c, n, "too many macros inside each other");
	n->slot = c->nlocals;
	c->locals[c->nlocals++] = (struct local){n->name, vars.first};
	if (is_two_variable(n)) {
		n->slot2 = c->nlocals;
		c->locals[c->nlocals++] = (struct local){n->name2, vars.second};
	}
	if (n->args[1] != NULL)
		ok = check_node(c, n->args[1]) &&
		     want_bool(c, n->args[1], "the condition");
	if (ok && n->args[2] != NULL)
		ok = check_node(c, n->args[2]);
	c->nlocals = outside;
	return ok && fold_type(c, n, &vars);
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
		return check_dotted(c, n) ||
		       (check_node(c, n->args[0]) && check_resolve_select(c, n));
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
		if (n->kind == NODE_FOLD && i > 0 && n->slot2 >= 0)
			of_arg &= ~(UINT32_C(1) << n->slot2);
		all |= of_arg;
	}
	return all;
}

/* Unchecked: the fault is what the node evaluates to. */
static void
become_error(struct checker *c, struct node *n)
{
	n->kind = NODE_CONST;
	n->nargs = 0;
	n->type = rule_type_basic(RULE_DYN);
	n->value = (struct rule_value){.kind = RULE_V_ERROR,
	    .error = {
		.text = c->failed, .line = c->failed_line, .column = c->failed_column}};
	c->rc = STW_OK;
}

bool
check_node(struct checker *c, struct node *n)
{
	if (c->rc != STW_OK)
		return false;
	if (!check_kind(c, n)) {
		if (!c->env->unchecked)
			return false;
		become_error(c, n);
	}
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
	if (!check_node(&c, rule->root))
		return c.rc;
	if (want != NULL && !rule_type_fits(rule->root->type, want)) {
		if (want->kind == RULE_BOOL && !want_bool(&c, rule->root, "the rule"))
			return c.rc;
		(void)check_fail(&c, rule->root,
		    arena_printf(arena, "the rule gives %s; %s is wanted",
			check_type_text(&c, rule->root->type),
			check_type_text(&c, want)));
	}
	return c.rc;
}
