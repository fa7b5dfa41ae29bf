/* The reading half of the formatter: words with their comments, and pieces of them. */
#include "engine/rule_source.h"

#include <string.h>

#include "engine/rule_source_priv.h"

#define LAYOUT_TIMES \
	8 /* a layout may be that many times as long before it is refused */
#define LAYOUT_ROUNDS 8

struct reader {
	struct arena *arena;
	struct str text;
	struct word *at; /* the next one */
};

/* ---- comments -------------------------------------------------------------------- */
static void
comment_add(struct arena *arena, struct comments *to, struct str text)
{
	struct comment *c = arena_alloc(arena, sizeof *c);

	c->text = text;
	if (to->last == NULL)
		to->first = c;
	else
		to->last->next = c;
	to->last = c;
	to->count++;
}

void
comments_append(struct comments *to, struct comments *from)
{
	if (from->first == NULL)
		return;
	if (to->last == NULL)
		to->first = from->first;
	else
		to->last->next = from->first;
	to->last = from->last;
	to->count += from->count;
	*from = (struct comments){0};
}

static void
comments_prepend(struct comments *to, struct comments *from)
{
	comments_append(from, to);
	*to = *from;
	*from = (struct comments){0};
}

/* The comments between two words: behind the first while on its line, otherwise above
 * the second. */
static void
read_gap(
    struct reader *r, size_t from, size_t to, struct word *before, struct word *after)
{
	bool same_line = before != NULL;

	for (size_t at = from; at < to; at++) {
		size_t end = at;

		if (r->text.ptr[at] == '\n')
			same_line = false;
		if (r->text.ptr[at] != '/')
			continue;
		while (end < to && r->text.ptr[end] != '\n')
			end++;
		struct str text = {r->text.ptr + at, end - at};

		while (strchr(" \t\r\f", text.ptr[text.len - 1]) != NULL)
			text.len--;
		comment_add(
		    r->arena, same_line ? &before->behind : &after->above, text);
		at = end - 1;
	}
}

/* ---- words ----------------------------------------------------------------------- */
/* 'a "word"' becomes "a \"word\""; raw and long strings with quotes inside stay. */
static struct str
quoted(struct arena *arena, struct str s)
{
	size_t prefix = 0, marks;
	struct str body;
	bool raw = false;
	struct buf out;

	while (s.ptr[prefix] != '"' && s.ptr[prefix] != '\'')
		raw |= (s.ptr[prefix++] | 0x20) == 'r';
	marks = s.len - prefix >= 6 && s.ptr[prefix + 1] == s.ptr[prefix] &&
			s.ptr[prefix + 2] == s.ptr[prefix]
		    ? 3
		    : 1;
	body = (struct str){s.ptr + prefix + marks, s.len - prefix - 2 * marks};
	if (s.ptr[prefix] == '"' || ((raw || marks == 3) && body.len > 0 &&
					memchr(body.ptr, '"', body.len) != NULL))
		return s;
	buf_init(&out);
	buf_add(&out, s.ptr, prefix);
	buf_add_c(&out, marks == 3 ? "\"\"\"" : "\"");
	for (size_t i = 0; i < body.len; i++) {
		if (body.ptr[i] == '\\' && !raw && body.ptr[i + 1] == '\'') {
			buf_add_char(&out, body.ptr[++i]);
		} else if (body.ptr[i] == '\\' && !raw) {
			buf_add(&out, body.ptr + i++, 2);
		} else {
			buf_add_c(&out, body.ptr[i] == '"' ? "\\" : "");
			buf_add_char(&out, body.ptr[i]);
		}
	}
	buf_add_c(&out, marks == 3 ? "\"\"\"" : "\"");
	s = (struct str){arena_strndup(arena, out.data, out.len), out.len};
	buf_fini(&out);
	return s;
}

static void
word_finish(struct arena *arena, struct word *w, struct str text)
{
	struct str lines;

	w->text = (struct str){text.ptr + w->tok.start, w->tok.end - w->tok.start};
	if (w->tok.kind == TOK_STRING || w->tok.kind == TOK_BYTES)
		w->text = quoted(arena, w->text);
	lines = w->text;
	for (size_t i = 0; i < w->text.len; i++) {
		if (w->text.ptr[i] != '\n')
			continue;
		w->tall = true;
		lines = (struct str){w->text.ptr + i + 1, w->text.len - i - 1};
	}
	w->width = utf8_cells(lines);
}

/* The last word is the end of the text. */
static enum stw_code
read_words(struct reader *r, struct stw_err *err)
{
	struct word *last = NULL;
	enum stw_code rc;
	struct lexer lex;

	lexer_init(&lex, r->text, r->arena);
	do {
		struct word *w = arena_alloc(r->arena, sizeof *w);

		rc = lexer_next(&lex, &w->tok, err);
		if (rc != STW_OK)
			return rc;
		word_finish(r->arena, w, r->text);
		read_gap(r, last == NULL ? 0 : last->tok.end, w->tok.start, last, w);
		w->prev = last;
		if (last == NULL)
			r->at = w;
		else
			last->next = w;
		last = w;
	} while (last->tok.kind != TOK_END);
	return STW_OK;
}

/* A mark that others will follow on its line: what was said above and behind it moves
 * to the word before, or above the word after. */
static void
pull_comments(struct word *w)
{
	if (w->above.count == 0 && w->prev != NULL) {
		comments_append(&w->prev->behind, &w->behind);
		return;
	}
	comments_append(&w->above, &w->behind);
	comments_prepend(&w->next->above, &w->above);
}

static void
unlink_word(struct word *w)
{
	if (w->prev != NULL)
		w->prev->next = w->next;
	w->next->prev = w->prev;
}

/* A word that is not printed: its comments go to its neighbours. */
static void
drop_opening(struct word *w)
{
	comments_append(&w->above, &w->behind);
	comments_prepend(&w->next->above, &w->above);
	unlink_word(w);
}

static void
drop_closing(struct word *w)
{
	pull_comments(w);
	unlink_word(w);
}

/* ---- pieces ---------------------------------------------------------------------- */
static struct piece *read_cond(struct reader *r);
static struct piece *read_unary(struct reader *r);

static bool
at_op(const struct reader *r, const char *op)
{
	return r->at->tok.kind == TOK_OP && strcmp(r->at->tok.op, op) == 0;
}

static struct word *
take_word(struct reader *r)
{
	struct word *w = r->at;

	r->at = w->next;
	return w;
}

/* One that begins its line when the line is broken: what stands behind it belongs to
 * the line before. */
static struct word *
take_operator(struct reader *r)
{
	struct word *w = take_word(r);

	if (w->above.count == 0)
		comments_append(&w->prev->behind, &w->behind);
	else
		comments_append(&w->above, &w->behind);
	return w;
}

static struct piece *
piece_new(struct reader *r, enum piece_kind kind, enum bind bind, struct word *first)
{
	struct piece *p = arena_alloc(r->arena, sizeof *p);

	p->kind = kind;
	p->bind = bind;
	p->first = p->last = first;
	return p;
}

static void
add_kid(struct reader *r, struct piece *p, struct piece *kid)
{
	if (p->nkids == p->kids_cap) {
		int cap = p->kids_cap == 0 ? 4 : p->kids_cap * 2;
		struct piece **grown =
		    arena_array(r->arena, (size_t)cap, sizeof *grown);

		for (int i = 0; i < p->nkids; i++)
			grown[i] = p->kids[i];
		p->kids = grown;
		p->kids_cap = cap;
	}
	if (p->nkids == 0 && p->op == NULL && p->kind != PIECE_ITEMS &&
	    p->kind != PIECE_BRACKET)
		p->first = kid->first;
	p->kids[p->nkids++] = kid;
	p->last = kid->last;
}

static void
add_op(struct reader *r, struct piece *p, struct word *op)
{
	if (p->nops == p->ops_cap) {
		int cap = p->ops_cap == 0 ? 4 : p->ops_cap * 2;
		struct word **grown = arena_array(r->arena, (size_t)cap, sizeof *grown);

		for (int i = 0; i < p->nops; i++)
			grown[i] = p->ops[i];
		p->ops = grown;
		p->ops_cap = cap;
	}
	p->ops[p->nops++] = op;
}

/* The piece without the brackets it stands in, when it binds at least so tightly. */
static struct piece *
strip(struct piece *p, enum bind wanted)
{
	struct piece *inner = p;

	if (p->kind != PIECE_BRACKET || p->kids[0]->bind < wanted)
		return p;
	inner = p->kids[0];
	drop_opening(p->first);
	drop_closing(p->last);
	return inner;
}

/* Adds an operand; one of the same shape as the whole is taken over bit by bit. */
static void
add_operand(struct reader *r, struct piece *p, struct piece *kid, bool merge)
{
	if (!merge || kid->kind != p->kind || kid->bind != p->bind) {
		add_kid(r, p, kid);
		return;
	}
	for (int i = 0; i < kid->nkids; i++) {
		add_kid(r, p, kid->kids[i]);
		if (i < kid->nops)
			add_op(r, p, kid->ops[i]);
	}
}

static bool
is_number(const struct piece *p)
{
	return p->first->tok.kind == TOK_INT || p->first->tok.kind == TOK_UINT ||
	       p->first->tok.kind == TOK_DOUBLE;
}

/* ( [ { up to its closing mark, commas between the items. */
static struct piece *
read_items(struct reader *r, const char *close)
{
	struct piece *p = piece_new(r, PIECE_ITEMS, BIND_PRIMARY, take_word(r));
	bool map = *close == '}';

	if (*close == ']' && at_op(r, "?")) { /* [ ?x is [?x */
		p->first->text = STR_LIT("[?");
		p->first->width = 2;
		drop_opening(take_word(r));
	}
	while (!at_op(r, close)) {
		struct piece *item;

		if (at_op(r, "?")) {
			item = piece_new(r, PIECE_PREFIX, BIND_COND, take_word(r));
			item->op = item->first;
			add_kid(r, item, strip(read_cond(r), BIND_COND));
		} else {
			item = strip(read_cond(r), BIND_COND);
		}
		if (map) {
			struct piece *entry =
			    piece_new(r, PIECE_ENTRY, BIND_COND, item->first);

			add_kid(r, entry, item);
			add_op(r, entry, take_word(r));
			pull_comments(entry->ops[0]);
			add_kid(r, entry, strip(read_cond(r), BIND_COND));
			item = entry;
		}
		add_kid(r, p, item);
		if (at_op(r, ",") && r->at->next->tok.kind == TOK_OP &&
		    strcmp(r->at->next->tok.op, close) == 0)
			drop_closing(take_word(r));
		else if (at_op(r, ","))
			add_op(r, p, take_word(r));
	}
	p->last = take_word(r);
	return p;
}

static struct piece *
read_primary(struct reader *r)
{
	struct piece *p;

	if (at_op(r, "[") || at_op(r, "[?"))
		return read_items(r, "]");
	if (at_op(r, "{"))
		return read_items(r, "}");
	if (at_op(r, "(")) {
		p = piece_new(r, PIECE_BRACKET, BIND_PRIMARY, take_word(r));
		add_kid(r, p, strip(read_cond(r), BIND_COND));
		p->last = take_word(r);
		return p;
	}
	if (at_op(r, ".")) { /* .name: from the root */
		p = piece_new(r, PIECE_PREFIX, BIND_PRIMARY, take_word(r));
		p->op = p->first;
		add_kid(r, p, piece_new(r, PIECE_WORD, BIND_PRIMARY, take_word(r)));
		return p;
	}
	return piece_new(r, PIECE_WORD, BIND_PRIMARY, take_word(r));
}

static bool
at_step(const struct reader *r)
{
	return at_op(r, ".") || at_op(r, ".?") || at_op(r, "[") || at_op(r, "[?") ||
	       at_op(r, "(");
}

/* a.b(c)[d].e */
static struct piece *
read_path(struct reader *r)
{
	struct piece *base = read_primary(r), *path, *step;

	if (!at_step(r))
		return base;
	if (base->kind == PIECE_BRACKET && !is_number(base->kids[0]))
		base = strip(base, BIND_PRIMARY);
	path = piece_new(r, PIECE_PATH, BIND_PRIMARY, base->first);
	add_operand(r, path, base, true);
	while (at_step(r)) {
		step = piece_new(r, PIECE_STEP, BIND_PRIMARY, r->at);
		if (r->at->tok.op[0] == '.') {
			step->op = take_word(r);
			add_kid(r, step,
			    piece_new(r, PIECE_WORD, BIND_PRIMARY, take_word(r)));
			if (at_op(r, "("))
				add_kid(r, step, read_items(r, ")"));
		} else {
			add_kid(r, step, read_items(r, at_op(r, "(") ? ")" : "]"));
		}
		add_kid(r, path, step);
	}
	return path;
}

static struct piece *
read_unary(struct reader *r)
{
	struct piece *p, *kid;
	bool minus = at_op(r, "-");

	if (!minus && !at_op(r, "!"))
		return read_path(r);
	p = piece_new(r, PIECE_PREFIX, BIND_UNARY, take_word(r));
	p->op = p->first;
	kid = read_unary(r);
	/* -(1) is a minus before a number, -1 a number. */
	if (kid->kind == PIECE_BRACKET && !(minus && is_number(kid->kids[0])))
		kid = strip(kid, BIND_PRIMARY);
	add_kid(r, p, kid);
	return p;
}

static enum bind
operator_bind(const struct reader *r)
{
	static const struct {
		char op[3];
		enum bind bind;
	} operators[] = {{"||", BIND_OR}, {"&&", BIND_AND}, {"==", BIND_COMPARE},
	    {"!=", BIND_COMPARE}, {"<", BIND_COMPARE}, {"<=", BIND_COMPARE},
	    {">", BIND_COMPARE}, {">=", BIND_COMPARE}, {"+", BIND_ADD}, {"-", BIND_ADD},
	    {"*", BIND_MULTIPLY}, {"/", BIND_MULTIPLY}, {"%", BIND_MULTIPLY}};

	if (r->at->tok.kind == TOK_IDENT)
		return str_eq_c(r->at->tok.text, "in") ? BIND_COMPARE : BIND_COND;
	for (size_t i = 0; i < STW_ARRAY_LEN(operators); i++) {
		if (at_op(r, operators[i].op))
			return operators[i].bind;
	}
	return BIND_COND;
}

/* Arithmetic groups to the left, so that a + b needs no brackets before + c; && and ||
 * and comparisons keep those they have. */
static struct piece *
read_chain(struct reader *r, enum bind level)
{
	bool arithmetic = level == BIND_ADD || level == BIND_MULTIPLY;
	struct piece *kid, *p;
	struct word *op;

	if (level == BIND_UNARY)
		return read_unary(r);
	kid = read_chain(r, (enum bind)(level + 1));
	if (operator_bind(r) != level)
		return kid;
	kid = strip(kid, arithmetic ? level : (enum bind)(level + 1));
	p = piece_new(r, PIECE_CHAIN, level, kid->first);
	add_operand(r, p, kid, arithmetic);
	while (operator_bind(r) == level) {
		op = take_operator(r);
		kid = strip(
		    read_chain(r, (enum bind)(level + 1)), (enum bind)(level + 1));
		comments_append(&op->above, &kid->first->above);
		add_op(r, p, op);
		add_kid(r, p, kid);
	}
	return p;
}

static struct piece *
read_cond(struct reader *r)
{
	struct piece *kid = read_chain(r, BIND_OR), *p;

	if (!at_op(r, "?"))
		return kid;
	p = piece_new(r, PIECE_COND, BIND_COND, kid->first);
	add_kid(r, p, strip(kid, BIND_OR));
	add_op(r, p, take_operator(r));
	kid = strip(read_chain(r, BIND_OR), BIND_OR);
	comments_append(&p->ops[0]->above, &kid->first->above);
	add_kid(r, p, kid);
	add_op(r, p, take_operator(r));
	kid = strip(read_cond(r), BIND_COND);
	comments_append(&p->ops[1]->above, &kid->first->above);
	add_operand(r, p, kid, true);
	return p;
}

/* ---- the same tree? -------------------------------------------------------------- */
static bool
value_same(const struct rule_value *a, const struct rule_value *b)
{
	if (a->kind != b->kind)
		return false;
	switch (a->kind) {
	case RULE_V_BOOL:
		return a->b == b->b;
	case RULE_V_INT:
	case RULE_V_UINT:
	case RULE_V_DOUBLE: /* bit for bit: 0.0 is not -0.0 */
		return a->u == b->u;
	case RULE_V_STRING:
	case RULE_V_BYTES:
		return str_eq(a->s, b->s);
	case RULE_V_ERROR:
	case RULE_V_NULL:
	case RULE_V_TIMESTAMP:
	case RULE_V_DURATION:
	case RULE_V_DATE:
	case RULE_V_MONEY:
	case RULE_V_TYPE:
	case RULE_V_LIST:
	case RULE_V_MAP:
	case RULE_V_OBJECT:
	case RULE_V_SET:
	case RULE_V_OPTIONAL:
		break; /* not made by the parser */
	}
	return true;
}

static bool
node_same(const struct node *a, const struct node *b)
{
	if (a == NULL || b == NULL)
		return a == b;
	if (a->kind != b->kind || a->nargs != b->nargs || !str_eq(a->name, b->name) ||
	    !str_eq(a->name2, b->name2) || a->absolute != b->absolute ||
	    a->mode != b->mode || a->fold != b->fold || a->method != b->method ||
	    a->optional_args != b->optional_args || !value_same(&a->value, &b->value))
		return false;
	for (int i = 0; i < a->nargs; i++) {
		if (!node_same(a->args[i], b->args[i]))
			return false;
	}
	return true;
}

static enum stw_code
parse(struct str text, const struct rule_limits *limits, struct arena *arena,
    struct node **out, struct stw_err *err)
{
	int nodes;

	return rule_parse(text, limits, arena, out, &nodes, err);
}

bool
rule_source_same(struct str a, struct str b)
{
	struct rule_limits limits = rule_limits_default;
	struct node *of_a, *of_b;
	struct arena arena;
	bool same;

	limits.max_text *= LAYOUT_TIMES;
	arena_init(&arena);
	same = parse(a, &limits, &arena, &of_a, NULL) == STW_OK &&
	       parse(b, &limits, &arena, &of_b, NULL) == STW_OK &&
	       node_same(of_a, of_b);
	arena_fini(&arena);
	return same;
}

/* ---- all of it ------------------------------------------------------------------- */
static enum stw_code
check_layout(struct str text, struct str layout, const struct rule_limits *limits,
    struct stw_err *err)
{
	if (layout.len > limits->max_text)
		return stw_fail_at(err, STW_INVALID, 1, 1,
		    "laid out, the rule is %zu bytes long; %zu are allowed", layout.len,
		    limits->max_text);
	if (!rule_source_same(text, layout))
		return stw_fail_at(
		    err, STW_BUG, 1, 1, "the layout would change the rule");
	return STW_OK;
}

static enum stw_code
lay_out(struct str text, const struct rule_limits *limits, struct buf *to,
    struct stw_err *err)
{
	struct reader r = {.text = text};
	struct node *tree;
	struct arena arena;
	enum stw_code rc;

	arena_init(&arena);
	r.arena = &arena;
	rc = parse(text, limits, &arena, &tree, err);
	if (rc == STW_OK)
		rc = read_words(&r, err);
	if (rc == STW_OK) {
		struct piece *root = strip(read_cond(&r), BIND_COND);

		rule_source_print(root, r.at, to);
	}
	arena_fini(&arena);
	return rc;
}

/* A comment that moved to its neighbour may let a line be broken elsewhere, so the
 * layout is laid out again until it stays as it is: twice, nearly always. */
enum stw_code
rule_source_format(struct str text, const struct rule_limits *limits, struct buf *to,
    struct stw_err *err)
{
	struct rule_limits wide;
	struct buf now, next;
	enum stw_code rc;
	bool same = false;

	if (limits == NULL)
		limits = &rule_limits_default;
	wide = *limits;
	wide.max_text *= LAYOUT_TIMES;
	buf_init(&now);
	buf_init(&next);
	rc = lay_out(text, limits, &now, err);
	for (int i = 0; rc == STW_OK && !same && i < LAYOUT_ROUNDS; i++) {
		buf_clear(&next);
		rc = lay_out((struct str){now.data, now.len}, &wide, &next, err);
		if (rc != STW_OK)
			break;
		same = str_eq(
		    (struct str){now.data, now.len}, (struct str){next.data, next.len});
		buf_clear(&now);
		buf_add(&now, next.data, next.len);
	}
	if (rc == STW_OK)
		rc = check_layout(text, (struct str){now.data, now.len}, limits, err);
	if (rc == STW_OK)
		buf_add(to, now.data, now.len);
	buf_fini(&now);
	buf_fini(&next);
	return rc;
}
