#include <string.h>

#include "engine/rule_priv.h"

#define UNCLOSED_MAX 128 /* brackets inside each other that a message looks through */

struct parser {
	struct lexer lex;
	struct token tok; /* the next one, not yet taken */
	struct arena *arena;
	struct stw_err *err;
	enum stw_code rc; /* the first failure; functions then return NULL */
	int depth, max_depth;
	int nodes, max_nodes;
	uint32_t last_end; /* of the token taken last */
};

static struct node *parse_expr(struct parser *p);
static struct node *parse_unary(struct parser *p);

/* ---- helpers ----------------------------------------------------------------- */
static void
take(struct parser *p)
{
	p->last_end = p->tok.end;
	if (p->rc == STW_OK)
		p->rc = lexer_next(&p->lex, &p->tok, p->err);
}

static bool
is_op(const struct parser *p, const char *op)
{
	return p->tok.kind == TOK_OP && strcmp(p->tok.op, op) == 0;
}

static bool
take_op(struct parser *p, const char *op)
{
	if (p->rc != STW_OK || !is_op(p, op))
		return false;
	take(p);
	return p->rc == STW_OK;
}

static struct node *
fail_at(struct parser *p, int line, int column, const char *text)
{
	if (p->rc == STW_OK)
		p->rc = stw_fail_at(p->err, STW_INVALID, line, column, "%s", text);
	return NULL;
}

static struct node *
fail_token(struct parser *p, const char *wanted)
{
	const struct token *t = &p->tok;
	const char *found;

	if (p->rc != STW_OK)
		return NULL;
	if (t->kind == TOK_END)
		found = "the end of the rule";
	else
		found = arena_printf(p->arena, "'%.*s'", (int)(t->end - t->start),
		    p->lex.src.ptr + t->start);
	return fail_at(p, t->line, t->column,
	    arena_printf(p->arena, "expected %s, found %s%s", wanted, found,
		slip_token(p->arena, p->lex.src, t->start, t->end)));
}

/* The innermost bracket that the text leaves open. */
static bool
unclosed(const struct parser *p, struct token *out)
{
	struct token open[UNCLOSED_MAX];
	struct lexer lex;
	int depth = 0;

	lexer_init(&lex, p->lex.src, p->arena);
	for (;;) {
		struct token t;

		if (lexer_next(&lex, &t, NULL) != STW_OK || depth == UNCLOSED_MAX)
			return false;
		if (t.kind == TOK_END)
			break;
		if (t.kind != TOK_OP)
			continue;
		if (strchr("([{", t.op[0]) != NULL)
			open[depth++] = t;
		else if (strchr(")]}", t.op[0]) != NULL && depth > 0)
			depth--;
	}
	if (depth > 0)
		*out = open[depth - 1];
	return depth > 0;
}

static bool
expect_op(struct parser *p, const char *op)
{
	struct token open;

	if (take_op(p, op))
		return true;
	if (p->rc == STW_OK && p->tok.kind == TOK_END && *op != ':' &&
	    unclosed(p, &open))
		(void)fail_at(p, open.line, open.column,
		    arena_printf(p->arena, "'%c' is not closed; a '%c' is missing",
			open.op[0],
			open.op[0] == '('   ? ')'
			: open.op[0] == '[' ? ']'
					    : '}'));
	(void)fail_token(p, arena_printf(p->arena, "'%s'", op));
	return false;
}

static struct node *
node_new(struct parser *p, enum node_kind kind, const struct token *at)
{
	struct node *n;

	if (++p->nodes > p->max_nodes)
		return fail_at(p, at->line, at->column,
		    arena_printf(
			p->arena, "the rule has more than %d parts", p->max_nodes));
	n = arena_alloc(p->arena, sizeof *n);
	n->kind = kind;
	n->line = at->line;
	n->column = at->column;
	n->start = at->start;
	n->end = at->end;
	n->field = -1;
	n->slot2 = -1;
	n->height = 1;
	return n;
}

/* Takes over the args; fails when the tree gets too high to walk. */
static struct node *
node_with(struct parser *p, struct node *n, struct node **args, int nargs)
{
	if (n == NULL)
		return NULL;
	n->args = arena_array(p->arena, (size_t)nargs, sizeof *args);
	n->nargs = nargs;
	for (int i = 0; i < nargs; i++) {
		n->args[i] = args[i];
		if (args[i] == NULL)
			continue;
		if (args[i]->height >= n->height)
			n->height = args[i]->height + 1;
		if (args[i]->start < n->start)
			n->start = args[i]->start;
		if (args[i]->end > n->end)
			n->end = args[i]->end;
	}
	if (n->height > p->max_depth * 8)
		return fail_at(p, n->line, n->column, "the rule is nested too deeply");
	return n;
}

static struct node *
call_node(struct parser *p, const struct token *at, struct str name, struct node **args,
    int nargs)
{
	struct node *n = node_new(p, NODE_CALL, at);

	if (n != NULL)
		n->name = name;
	return node_with(p, n, args, nargs);
}

/* ---- lists of expressions ---------------------------------------------------- */
struct items {
	struct node **nodes;
	int count, cap;
	uint64_t optional; /* bit i: written ?x */
};

static void
items_add(struct parser *p, struct items *items, struct node *n)
{
	if (items->count == items->cap) {
		int cap = items->cap == 0 ? 4 : items->cap * 2;
		struct node **grown = arena_array(p->arena, (size_t)cap, sizeof *grown);

		for (int i = 0; i < items->count; i++)
			grown[i] = items->nodes[i];
		items->nodes = grown;
		items->cap = cap;
	}
	items->nodes[items->count++] = n;
}

static bool
take_optional_mark(struct parser *p, struct items *items, int at)
{
	if (!take_op(p, "?"))
		return p->rc == STW_OK;
	if (at > 63) {
		(void)fail_at(p, p->tok.line, p->tok.column,
		    "only the first 64 entries may be optional");
		return false;
	}
	items->optional |= UINT64_C(1) << at;
	return true;
}

/* Up to the closing mark, which is taken; a comma may stand before it. */
static bool
parse_items(struct parser *p, const char *close, bool optionals, struct items *items)
{
	while (!is_op(p, close)) {
		struct node *n;

		if (optionals && !take_optional_mark(p, items, items->count))
			return false;
		n = parse_expr(p);
		if (n == NULL)
			return false;
		items_add(p, items, n);
		if (!is_op(p, close) && !expect_op(p, ","))
			return false;
	}
	return expect_op(p, close);
}

/* ---- macros ------------------------------------------------------------------ */
static const struct {
	const char *name;
	int vars;  /* names that come first */
	int parts; /* expressions that follow */
	enum fold_kind fold;
} macros[] = {
    {"all", 1, 1, FOLD_ALL},
    {"exists", 1, 1, FOLD_EXISTS},
    {"exists_one", 1, 1, FOLD_EXISTS_ONE},
    {"existsOne", 1, 1, FOLD_EXISTS_ONE},
    {"filter", 1, 1, FOLD_FILTER},
    {"map", 1, 1, FOLD_MAP},
    {"map", 1, 2, FOLD_MAP},
    {"optMap", 1, 1, FOLD_OPT_MAP},
    {"optFlatMap", 1, 1, FOLD_OPT_FLAT_MAP},
    {"all", 2, 1, FOLD_ALL2},
    {"exists", 2, 1, FOLD_EXISTS2},
    {"exists_one", 2, 1, FOLD_EXISTS_ONE2},
    {"existsOne", 2, 1, FOLD_EXISTS_ONE2},
    {"transformList", 2, 1, FOLD_MAP2},
    {"transformList", 2, 2, FOLD_MAP2},
    {"transformMap", 2, 1, FOLD_TRANSFORM_MAP},
    {"transformMap", 2, 2, FOLD_TRANSFORM_MAP},
    {"transformMapEntry", 2, 1, FOLD_TRANSFORM_ENTRY},
    {"transformMapEntry", 2, 2, FOLD_TRANSFORM_ENTRY},
};

static bool
is_predicate(enum fold_kind fold)
{
	return fold == FOLD_ALL || fold == FOLD_EXISTS || fold == FOLD_EXISTS_ONE ||
	       fold == FOLD_FILTER || fold == FOLD_ALL2 || fold == FOLD_EXISTS2 ||
	       fold == FOLD_EXISTS_ONE2;
}

static struct node *
macro_has(struct parser *p, const struct token *at, const struct items *args)
{
	struct node *n;

	if (args->count != 1 || args->nodes[0]->kind != NODE_SELECT ||
	    args->nodes[0]->mode != SELECT_PLAIN)
		return fail_at(p, at->line, at->column,
		    "has() takes one field, as in has(customer.email)");
	n = args->nodes[0];
	n->mode = SELECT_HAS;
	n->line = at->line;
	n->column = at->column;
	n->start = at->start;
	n->end = p->last_end;
	return n;
}

/* What the macro wants, for the message that it got something else. */
static struct node *
fail_macro(struct parser *p, const struct token *at, int vars)
{
	return fail_at(p, at->line, at->column,
	    arena_printf(p->arena,
		"%.*s() takes %s and an expression, as in items.%.*s(%s, ...)",
		STR_FMT(at->text), vars == 1 ? "a variable" : "two variables",
		STR_FMT(at->text), vars == 1 ? "x" : "i, x"));
}

/* The macro called so, or NULL for an ordinary call. */
static struct node *
macro_fold(struct parser *p, const struct token *at, struct node *target,
    const struct items *args)
{
	struct node *parts[3] = {target, NULL, NULL};
	const struct node *first = args->count > 0 ? args->nodes[0] : NULL;
	enum fold_kind fold = FOLD_NONE;
	int vars = 0, known = 0;
	struct node *n;

	for (size_t i = 0; i < STW_ARRAY_LEN(macros); i++) {
		if (!str_eq_c(at->text, macros[i].name))
			continue;
		known = known == 0 ? macros[i].vars : known;
		if (macros[i].vars + macros[i].parts != args->count)
			continue;
		fold = macros[i].fold;
		vars = macros[i].vars;
	}
	if (known == 0)
		return NULL;
	if (fold == FOLD_NONE || first == NULL || first->kind != NODE_IDENT ||
	    (vars == 2 && args->nodes[1]->kind != NODE_IDENT))
		return fail_macro(p, at, vars == 0 ? known : vars);
	n = node_new(p, NODE_FOLD, at);
	if (n == NULL)
		return NULL;
	n->fold = fold;
	n->name = first->name;
	if (vars == 2)
		n->name2 = args->nodes[1]->name;
	if (vars == 2 && str_eq(n->name, n->name2))
		return fail_at(p, args->nodes[1]->line, args->nodes[1]->column,
		    "the two variables need two names");
	if (args->count - vars == 2) {
		parts[1] = args->nodes[vars];
		parts[2] = args->nodes[vars + 1];
	} else {
		parts[is_predicate(n->fold) ? 1 : 2] = args->nodes[vars];
	}
	n->end = p->last_end;
	return node_with(p, n, parts, 3);
}

static struct node *
bind_node(struct parser *p, const struct token *at, struct str name, struct node *value,
    struct node *body)
{
	struct node *parts[3] = {value, NULL, body};
	struct node *n = node_new(p, NODE_FOLD, at);

	if (n == NULL)
		return NULL;
	n->fold = FOLD_BIND;
	n->name = name;
	n->end = p->last_end;
	return node_with(p, n, parts, 3);
}

/* The variable that cel.index(2), cel.iterVar(0, 1) or cel.accuVar(0, 1) stands for:
 * "@index2", a name that nobody can write. */
static struct node *
macro_variable(struct parser *p, const struct token *at, const struct items *args)
{
	bool index = str_eq_c(at->text, "index");
	struct node *n;

	for (int i = 0; i < args->count; i++) {
		if (args->nodes[i]->kind != NODE_CONST ||
		    args->nodes[i]->value.kind != RULE_V_INT)
			return fail_at(p, at->line, at->column,
			    arena_printf(p->arena, "cel.%.*s() takes whole numbers",
				STR_FMT(at->text)));
	}
	if (args->count != (index ? 1 : 2))
		return fail_at(p, at->line, at->column,
		    arena_printf(p->arena, "cel.%.*s() takes %s", STR_FMT(at->text),
			index ? "a number" : "two numbers"));
	n = node_new(p, NODE_IDENT, at);
	if (n == NULL)
		return NULL;
	n->end = p->last_end;
	n->name = str_of(arena_printf(p->arena, "@%.*s%lld:%lld", STR_FMT(at->text),
	    (long long)args->nodes[0]->value.i,
	    index ? 0LL : (long long)args->nodes[1]->value.i));
	return n;
}

/* cel.block([a, b], e): a and b are cel.index(0) and cel.index(1) in what follows. */
static struct node *
macro_block(struct parser *p, const struct token *at, const struct items *args)
{
	const struct node *list = args->count == 2 ? args->nodes[0] : NULL;
	struct node *n;

	if (list == NULL || list->kind != NODE_LIST || list->optional_args != 0)
		return fail_at(p, at->line, at->column,
		    "cel.block() takes a list and an expression");
	n = args->nodes[1];
	for (int i = list->nargs - 1; n != NULL && i >= 0; i--)
		n = bind_node(p, at, str_of(arena_printf(p->arena, "@index%d:0", i)),
		    list->args[i], n);
	return n;
}

/* cel.bind(x, value, e) and its relations; NULL with p->rc OK: no such macro. */
static struct node *
macro_cel(struct parser *p, const struct token *at, const struct items *args)
{
	if (str_eq_c(at->text, "block"))
		return macro_block(p, at, args);
	if (str_eq_c(at->text, "index") || str_eq_c(at->text, "iterVar") ||
	    str_eq_c(at->text, "accuVar"))
		return macro_variable(p, at, args);
	if (!str_eq_c(at->text, "bind"))
		return NULL;
	if (args->count != 3 || args->nodes[0]->kind != NODE_IDENT)
		return fail_at(p, at->line, at->column,
		    "cel.bind() takes a variable, its value and an expression, as in "
		    "cel.bind(x, a + b, x * x)");
	return bind_node(p, at, args->nodes[0]->name, args->nodes[1], args->nodes[2]);
}

/* ---- primaries --------------------------------------------------------------- */
static struct node *
parse_call(struct parser *p, const struct token *at, struct node *target)
{
	struct items args = {0};
	struct node *n;

	if (target != NULL)
		items_add(p, &args, target);
	if (!parse_items(p, ")", false, &args))
		return NULL;
	if (target == NULL && str_eq_c(at->text, "has"))
		return macro_has(p, at, &args);
	if (target != NULL) {
		struct items rest = {args.nodes + 1, args.count - 1, 0, 0};

		n = target->kind == NODE_IDENT && str_eq_c(target->name, "cel")
			? macro_cel(p, at, &rest)
			: macro_fold(p, at, target, &rest);
		if (n != NULL && target->start < n->start)
			n->start = target->start;
		if (n != NULL || p->rc != STW_OK)
			return n;
	}
	if (args.count > RULE_MAX_ARGS)
		return fail_at(p, at->line, at->column, "too many arguments");
	n = call_node(p, at, at->text, args.nodes, args.count);
	if (n == NULL)
		return NULL;
	n->method = target != NULL;
	n->end = p->last_end;
	return n;
}

static bool
is_reserved(struct str name)
{
	static const char *const words[] = {"as", "break", "const", "continue", "else",
	    "for", "function", "if", "import", "in", "let", "loop", "package",
	    "namespace", "return", "var", "void", "while"};

	for (size_t i = 0; i < STW_ARRAY_LEN(words); i++) {
		if (str_eq_c(name, words[i]))
			return true;
	}
	return false;
}

static struct node *
parse_name(struct parser *p)
{
	struct token at = p->tok;
	struct node *n;

	if (is_reserved(at.text))
		return fail_at(p, at.line, at.column,
		    arena_printf(p->arena, "'%.*s' is a reserved word%s",
			STR_FMT(at.text),
			str_eq_c(at.text, "if") ? "; write condition ? a : b" : ""));
	take(p);
	if (take_op(p, "("))
		return parse_call(p, &at, NULL);
	n = node_new(p, NODE_IDENT, &at);
	if (n == NULL)
		return NULL;
	n->name = at.text;
	if (str_eq_c(at.text, "true") || str_eq_c(at.text, "false")) {
		n->kind = NODE_CONST;
		n->value = rule_bool(at.text.ptr[0] == 't');
	} else if (str_eq_c(at.text, "null")) {
		n->kind = NODE_CONST;
		n->value.kind = RULE_V_NULL;
	}
	return n;
}

static struct node *
parse_literal(struct parser *p, bool negative)
{
	struct token at = p->tok;
	struct node *n = node_new(p, NODE_CONST, &at);

	if (n == NULL)
		return NULL;
	if (at.kind == TOK_INT) {
		if (at.integer > (uint64_t)INT64_MAX + (negative ? 1 : 0))
			return fail_at(p, at.line, at.column,
			    "the number does not fit into an int; add u for a uint");
		n->value = rule_int(
		    negative ? (int64_t)(0 - at.integer) : (int64_t)at.integer);
	} else if (at.kind == TOK_UINT) {
		n->value.kind = RULE_V_UINT;
		n->value.u = at.integer;
	} else if (at.kind == TOK_DOUBLE) {
		n->value = rule_double(negative ? -at.real : at.real);
	} else {
		n->value.kind = at.kind == TOK_BYTES ? RULE_V_BYTES : RULE_V_STRING;
		n->value.s = at.text;
		if (at.kind == TOK_STRING && !utf8_valid(at.text))
			return fail_at(
			    p, at.line, at.column, "the string is not UTF-8");
	}
	take(p);
	return n;
}

static struct node *
parse_list(struct parser *p)
{
	struct token at = p->tok;
	struct items items = {0};
	struct node *n;
	bool optional = is_op(p, "[?");

	take(p);
	if (optional)
		items.optional = 1;
	if (optional && is_op(p, "]"))
		return fail_token(p, "an expression");
	/* The mark before the first entry belongs to the bracket's token. */
	if (optional) {
		n = parse_expr(p);
		if (n == NULL)
			return NULL;
		items_add(p, &items, n);
		if (!is_op(p, "]") && !expect_op(p, ","))
			return NULL;
	}
	if (!parse_items(p, "]", true, &items))
		return NULL;
	n = node_new(p, NODE_LIST, &at);
	if (n == NULL)
		return NULL;
	n->end = p->last_end;
	n->optional_args = items.optional;
	return node_with(p, n, items.nodes, items.count);
}

static struct node *
parse_map(struct parser *p)
{
	struct token at = p->tok;
	struct items items = {0};
	struct node *n;

	take(p);
	while (!is_op(p, "}")) {
		if (!take_optional_mark(p, &items, items.count / 2))
			return NULL;
		n = parse_expr(p);
		if (n == NULL || !expect_op(p, ":"))
			return NULL;
		items_add(p, &items, n);
		n = parse_expr(p);
		if (n == NULL)
			return NULL;
		items_add(p, &items, n);
		if (!is_op(p, "}") && !expect_op(p, ","))
			return NULL;
	}
	take(p);
	n = node_new(p, NODE_MAP, &at);
	if (n == NULL)
		return NULL;
	n->end = p->last_end;
	n->optional_args = items.optional;
	return node_with(p, n, items.nodes, items.count);
}

static struct node *
parse_primary(struct parser *p, bool negative)
{
	struct token at = p->tok;
	struct node *n;

	if (p->rc != STW_OK)
		return NULL;
	if (at.kind == TOK_IDENT)
		return parse_name(p);
	if (at.kind == TOK_INT || at.kind == TOK_UINT || at.kind == TOK_DOUBLE ||
	    at.kind == TOK_STRING || at.kind == TOK_BYTES)
		return parse_literal(p, negative);
	if (is_op(p, "[") || is_op(p, "[?"))
		return parse_list(p);
	if (is_op(p, "{"))
		return parse_map(p);
	if (is_op(p, ".")) { /* a name from the root, not a macro's variable */
		take(p);
		if (p->tok.kind != TOK_IDENT)
			return fail_token(p, "a name");
		n = parse_name(p);
		if (n != NULL)
			n->absolute = true;
		return n;
	}
	if (!take_op(p, "("))
		return fail_token(p, "an expression");
	n = parse_expr(p);
	if (n == NULL || !expect_op(p, ")"))
		return NULL;
	n->start = at.start;
	n->end = p->last_end;
	return n;
}

static bool
is_keyword(struct str name)
{
	return str_eq_c(name, "true") || str_eq_c(name, "false") ||
	       str_eq_c(name, "null") || str_eq_c(name, "in");
}

static struct node *
parse_selector(struct parser *p, struct node *target)
{
	bool optional = is_op(p, ".?");
	struct token at;
	struct node *n;

	take(p);
	at = p->tok;
	if (p->rc != STW_OK || (at.kind != TOK_IDENT && at.kind != TOK_QUOTED))
		return fail_token(p, "a field name");
	if (at.kind == TOK_IDENT && is_keyword(at.text))
		return fail_at(p, at.line, at.column,
		    arena_printf(p->arena,
			"'%.*s' is a word of the language; write .`%.*s`",
			STR_FMT(at.text), STR_FMT(at.text)));
	take(p);
	if (!optional && at.kind == TOK_IDENT && take_op(p, "("))
		return parse_call(p, &at, target);
	n = node_new(p, NODE_SELECT, &at);
	if (n == NULL)
		return NULL;
	n->name = at.text;
	n->mode = optional ? SELECT_OPTIONAL : SELECT_PLAIN;
	return node_with(p, n, &target, 1);
}

static struct node *
parse_index(struct parser *p, struct node *target)
{
	struct token at = p->tok;
	struct node *args[2] = {target, NULL};
	struct node *n;

	take(p);
	args[1] = parse_expr(p);
	if (args[1] == NULL || !expect_op(p, "]"))
		return NULL;
	n = call_node(p, &at, str_of(at.op[1] == '?' ? "[?]" : "[]"), args, 2);
	if (n != NULL)
		n->end = p->last_end;
	return n;
}

static struct node *
parse_member(struct parser *p, bool negative)
{
	struct node *n = parse_primary(p, negative);

	while (n != NULL && p->rc == STW_OK) {
		if (is_op(p, ".") || is_op(p, ".?"))
			n = parse_selector(p, n);
		else if (is_op(p, "[") || is_op(p, "[?"))
			n = parse_index(p, n);
		else if (is_op(p, "{"))
			return fail_at(p, p->tok.line, p->tok.column,
			    "records cannot be built in a rule");
		else
			break;
	}
	return p->rc == STW_OK ? n : NULL;
}

/* ---- operators --------------------------------------------------------------- */
static struct node *
parse_unary(struct parser *p)
{
	struct token at = p->tok;
	bool minus = is_op(p, "-");
	bool negative = false;
	struct node *n;

	if (!minus && !is_op(p, "!"))
		return parse_member(p, false);
	if (++p->depth > p->max_depth)
		return fail_at(p, at.line, at.column, "the rule is nested too deeply");
	take(p);
	if (is_op(p, "!") || is_op(p, "-")) {
		n = parse_unary(p);
	} else {
		negative =
		    minus && (p->tok.kind == TOK_INT || p->tok.kind == TOK_DOUBLE);
		n = parse_member(p, negative);
	}
	p->depth--;
	if (n == NULL)
		return NULL;
	if (!negative)
		return call_node(p, &at, str_of(minus ? "neg" : "!"), &n, 1);
	n->start = at.start;
	if (n->kind == NODE_CONST)
		n->column = at.column;
	return n;
}

static const struct {
	char op[3];
	int level;
} binary[] = {
    {"==", 0},
    {"!=", 0},
    {"<", 0},
    {"<=", 0},
    {">", 0},
    {">=", 0},
    {"+", 1},
    {"-", 1},
    {"*", 2},
    {"/", 2},
    {"%", 2},
};

/* "" when the next token is no operator of this level. */
static const char *
binary_op(const struct parser *p, int level)
{
	if (level == 0 && p->tok.kind == TOK_IDENT && str_eq_c(p->tok.text, "in"))
		return "in";
	for (size_t i = 0; i < STW_ARRAY_LEN(binary); i++) {
		if (binary[i].level == level && is_op(p, binary[i].op))
			return binary[i].op;
	}
	return "";
}

static struct node *
parse_binary(struct parser *p, int level)
{
	struct node *args[2];
	const char *op;
	struct token at;

	args[0] = level == 2 ? parse_unary(p) : parse_binary(p, level + 1);
	while (args[0] != NULL && p->rc == STW_OK) {
		op = binary_op(p, level);
		if (op[0] == '\0')
			break;
		at = p->tok;
		take(p);
		args[1] = level == 2 ? parse_unary(p) : parse_binary(p, level + 1);
		if (args[1] == NULL)
			return NULL;
		args[0] = call_node(p, &at, str_of(op), args, 2);
	}
	return p->rc == STW_OK ? args[0] : NULL;
}

/* a && b && c becomes one node, so that long conditions stay flat. */
static struct node *
parse_logic(struct parser *p, bool conj)
{
	const char *op = conj ? "&&" : "||";
	struct items items = {0};
	struct token at;
	struct node *n;

	n = conj ? parse_binary(p, 0) : parse_logic(p, true);
	if (n == NULL || !is_op(p, op))
		return n;
	at = p->tok;
	items_add(p, &items, n);
	while (take_op(p, op)) {
		n = conj ? parse_binary(p, 0) : parse_logic(p, true);
		if (n == NULL)
			return NULL;
		items_add(p, &items, n);
	}
	if (p->rc != STW_OK)
		return NULL;
	return node_with(
	    p, node_new(p, conj ? NODE_AND : NODE_OR, &at), items.nodes, items.count);
}

static struct node *
parse_expr(struct parser *p)
{
	struct node *args[3];
	struct token at;
	struct node *n;

	if (p->rc != STW_OK)
		return NULL;
	if (++p->depth > p->max_depth)
		return fail_at(
		    p, p->tok.line, p->tok.column, "the rule is nested too deeply");
	n = parse_logic(p, false);
	at = p->tok;
	if (n != NULL && take_op(p, "?")) {
		args[0] = n;
		args[1] = parse_logic(p, false);
		if (args[1] == NULL || !expect_op(p, ":"))
			return NULL;
		args[2] = parse_expr(p);
		if (args[2] == NULL)
			return NULL;
		n = node_with(p, node_new(p, NODE_COND, &at), args, 3);
	}
	p->depth--;
	return p->rc == STW_OK ? n : NULL;
}

enum stw_code
rule_parse(struct str text, const struct rule_limits *limits, struct arena *arena,
    struct node **out, int *nodes, struct stw_err *err)
{
	struct parser p = {
	    .arena = arena,
	    .err = err,
	    .max_depth = limits->max_depth,
	    .max_nodes = limits->max_nodes,
	};

	*out = NULL;
	if (text.len > limits->max_text)
		return stw_fail_at(err, STW_INVALID, 1, 1,
		    "the rule is %zu bytes long; %zu are allowed", text.len,
		    limits->max_text);
	lexer_init(&p.lex, text, arena);
	take(&p);
	if (p.rc == STW_OK && p.tok.kind == TOK_END)
		return stw_fail_at(err, STW_INVALID, 1, 1, "the rule is empty");
	*out = parse_expr(&p);
	if (p.rc == STW_OK && p.tok.kind != TOK_END)
		(void)fail_token(&p, "an operator or the end of the rule");
	if (p.rc != STW_OK)
		*out = NULL;
	*nodes = p.nodes;
	return p.rc;
}
