/* Vecs and scopes: reading columns, moving values between scopes, falling back. */
#include <string.h>

#include "engine/rule_columns_priv.h"

/* ---- bits ------------------------------------------------------------------------ */
uint64_t *
bits_new(struct vexec *x, size_t n)
{
	return arena_array(&x->arena, bitmap_words(n), sizeof(uint64_t));
}

uint64_t *
bits_full(struct vexec *x, size_t n)
{
	uint64_t *bits = bits_new(x, n);

	memset(bits, 0xff, bitmap_words(n) * sizeof *bits);
	if ((n & 63) != 0)
		bits[n >> 6] = (UINT64_C(1) << (n & 63)) - 1;
	return bits;
}

/* n bits of `from` beginning at bit `first`. */
static uint64_t *
bits_slice(struct vexec *x, const uint64_t *from, size_t first, size_t n)
{
	uint64_t *bits = bits_new(x, n);
	size_t words = bitmap_words(n), last = bitmap_words(first + n);
	unsigned shift = first & 63;

	for (size_t w = 0; w < words; w++) {
		size_t at = (first >> 6) + w;

		bits[w] = from[at] >> shift;
		if (shift != 0 && at + 1 < last)
			bits[w] |= from[at + 1] << (64 - shift);
	}
	if ((n & 63) != 0)
		bits[n >> 6] &= (UINT64_C(1) << (n & 63)) - 1;
	return bits;
}

/* ---- vecs ------------------------------------------------------------------------ */
bool
vec_is_scalar(enum rule_value_kind kind)
{
	return (kind >= RULE_V_BOOL && kind <= RULE_V_STRING) ||
	       (kind >= RULE_V_TIMESTAMP && kind <= RULE_V_MONEY);
}

void
vec_constant(const struct rule_value *v, size_t n, struct vec *out)
{
	*out = (struct vec){.kind = v->kind, .n = n, .constant = true, .value = *v};
	if (v->kind == RULE_V_MONEY)
		memcpy(out->currency, v->money.currency, 4);
}

bool
vec_knows(const struct vec *v, size_t i)
{
	return v->constant ? v->value.kind != RULE_V_ERROR : bit_get(v->known, i);
}

const uint64_t *
vec_known(struct vexec *x, const struct vec *v)
{
	if (!v->constant)
		return v->known;
	return v->value.kind == RULE_V_ERROR ? bits_new(x, v->n) : bits_full(x, v->n);
}

const uint64_t *
vec_truth(struct vexec *x, const struct vec *v)
{
	if (!v->constant)
		return v->truth;
	return v->value.kind == RULE_V_BOOL && v->value.b ? bits_full(x, v->n)
							  : bits_new(x, v->n);
}

void
vec_get(const struct vec *v, size_t i, struct rule_value *out)
{
	if (v->constant) {
		*out = v->value;
		return;
	}
	if (!bit_get(v->known, i)) {
		*out = rule_missing();
		return;
	}
	out->kind = v->kind;
	out->nsec = 0;
	if (v->kind == RULE_V_BOOL)
		out->b = bit_get(v->truth, i);
	else if (v->kind == RULE_V_DOUBLE)
		out->d = v->d[i];
	else if (v->kind == RULE_V_STRING)
		out->s = v->code != NULL ? col_dict_get(v->dict, v->code[i]) : v->s[i];
	else if (v->kind == RULE_V_UINT)
		out->u = (uint64_t)v->i[i];
	else if (v->kind == RULE_V_MONEY) {
		out->money.minor = v->i[i];
		memcpy(out->money.currency, v->currency, 4);
	} else
		out->i = v->i[i];
}

void
vec_make(struct vexec *x, enum rule_value_kind kind, size_t n, struct vec_maker *m)
{
	*m = (struct vec_maker){.v = {.kind = kind, .n = n}};
	m->v.known = m->known = bits_new(x, n);
	if (kind == RULE_V_BOOL)
		m->v.truth = m->truth = bits_new(x, n);
	else if (kind == RULE_V_DOUBLE)
		m->v.d = m->d = arena_array(&x->arena, n, sizeof *m->d);
	else if (kind == RULE_V_STRING)
		m->v.s = m->s = arena_array(&x->arena, n, sizeof *m->s);
	else
		m->v.i = m->i = arena_array(&x->arena, n, sizeof *m->i);
}

bool
vec_put(struct vec_maker *m, size_t i, const struct rule_value *v)
{
	if (v->kind == RULE_V_ERROR)
		return true;
	if ((v->kind == RULE_V_TIMESTAMP || v->kind == RULE_V_DURATION) && v->nsec != 0)
		return false;
	if (v->kind != m->v.kind)
		return false;
	if (v->kind == RULE_V_MONEY) {
		if (m->any && memcmp(m->v.currency, v->money.currency, 4) != 0)
			return false;
		memcpy(m->v.currency, v->money.currency, 4);
		m->i[i] = v->money.minor;
	} else if (v->kind == RULE_V_BOOL) {
		if (v->b)
			bit_set(m->truth, i);
	} else if (v->kind == RULE_V_DOUBLE) {
		m->d[i] = v->d;
	} else if (v->kind == RULE_V_STRING) {
		m->s[i] = v->s;
	} else if (v->kind == RULE_V_UINT) {
		m->i[i] = (int64_t)v->u;
	} else {
		m->i[i] = v->i;
	}
	bit_set(m->known, i);
	m->any = true;
	return true;
}

/* ---- columns --------------------------------------------------------------------- */
static const int64_t *
widen_days(struct vexec *x, const stw_day *days, size_t n)
{
	int64_t *wide = arena_array(&x->arena, n, sizeof *wide);

	for (size_t i = 0; i < n; i++)
		wide[i] = days[i];
	return wide;
}

static const uint64_t *
pack_bools(struct vexec *x, const uint8_t *bools, const uint64_t *known, size_t n)
{
	uint64_t *truth = bits_new(x, n);

	for (size_t i = 0; i < n; i++)
		truth[i >> 6] |= (uint64_t)(bools[i] != 0) << (i & 63);
	for (size_t w = 0; w < bitmap_words(n); w++)
		truth[w] &= known[w];
	return truth;
}

void
vec_column(
    struct vexec *x, const struct column *col, const struct scope *s, struct vec *out)
{
	*out = (struct vec){.n = s->n};
	out->known = col->valid == NULL ? bits_full(x, s->n)
					: bits_slice(x, col->valid, s->first, s->n);
	switch (col->type) {
	case COL_BOOL:
		out->kind = RULE_V_BOOL;
		out->truth = pack_bools(
		    x, (const uint8_t *)col->data + s->first, out->known, s->n);
		break;
	case COL_INT:
		out->kind = RULE_V_INT;
		out->i = (const int64_t *)col->data + s->first;
		break;
	case COL_TIMESTAMP:
		out->kind = RULE_V_TIMESTAMP;
		out->i = (const int64_t *)col->data + s->first;
		break;
	case COL_MONEY:
		out->kind = RULE_V_MONEY;
		out->i = (const int64_t *)col->data + s->first;
		memcpy(out->currency, col->currency, 4);
		break;
	case COL_DOUBLE:
		out->kind = RULE_V_DOUBLE;
		out->d = (const double *)col->data + s->first;
		break;
	case COL_DATE:
		out->kind = RULE_V_DATE;
		out->i = widen_days(x, (const stw_day *)col->data + s->first, s->n);
		break;
	case COL_STRING:
		out->kind = RULE_V_STRING;
		out->code = (const uint32_t *)col->data + s->first;
		out->dict = col->dict;
		break;
	case COL_NONE:
		STW_ASSERT(!"a column has a type");
	}
}

/* ---- scopes ---------------------------------------------------------------------- */
static const struct rule_binding *
binding_of(const struct vexec *x, int slot)
{
	for (int i = 0; i < x->ctx->nbindings; i++) {
		if (x->ctx->bindings[i].slot == slot)
			return &x->ctx->bindings[i];
	}
	return NULL;
}

/* Does the node name the row of this scope itself? */
static bool
names_row(const struct vexec *x, const struct node *name, const struct scope *s)
{
	const struct rule_binding *b;

	if (name->kind == NODE_LOCAL)
		return s->slot == name->slot && s->values == NULL;
	if (name->kind != NODE_VAR || s->slot >= 0)
		return false;
	b = binding_of(x, name->slot);
	return b != NULL && b->self;
}

int
scope_column(const struct vexec *x, const struct node *n, const struct scope *s)
{
	if (n->kind != NODE_SELECT || n->field < 0 || !names_row(x, n->args[0], s))
		return -1;
	return n->field < s->table->ncols ? n->field : -1;
}

int
scope_child(const struct vexec *x, const struct node *n, const struct scope *s)
{
	const struct rule_binding *b;

	if (n->kind == NODE_VAR && s->slot < 0) {
		b = binding_of(x, n->slot);
		return b != NULL && !b->self ? b->child : -1;
	}
	if (n->kind != NODE_SELECT || n->mode != SELECT_PLAIN || n->field < 0 ||
	    !names_row(x, n->args[0], s))
		return -1;
	return n->field >= s->table->ncols ? n->field - s->table->ncols : -1;
}

struct vchild *
scope_children(struct vexec *x, const struct scope *s, int child)
{
	const struct table_child *from = &s->table->children[child];
	const uint32_t *offsets = from->offsets + s->first;
	struct vchild *c;

	for (c = *s->children; c != NULL; c = c->next) {
		if (c->child == child)
			return c;
	}
	c = arena_alloc(&x->arena, sizeof *c);
	c->next = *s->children;
	*s->children = c;
	c->child = child;
	c->table = from->table;
	c->first = offsets[0];
	c->n = offsets[s->n] - offsets[0];
	c->start = arena_array(&x->arena, s->n + 1, sizeof *c->start);
	c->owner = arena_array(&x->arena, c->n, sizeof *c->owner);
	for (size_t p = 0; p <= s->n; p++)
		c->start[p] = offsets[p] - offsets[0];
	for (size_t p = 0; p < s->n; p++) {
		for (uint32_t i = c->start[p]; i < c->start[p + 1]; i++)
			c->owner[i] = (uint32_t)p;
	}
	return c;
}

void
scope_set_row(struct vexec *x, const struct scope *s, size_t i)
{
	if (s->parent != NULL) {
		scope_set_row(x, s->parent, s->owner[i]);
		if (s->values != NULL)
			vec_get(s->values, i, &x->locals[s->slot]);
		else
			x->locals[s->slot] = rule_row(s->table, s->first + i);
		return;
	}
	for (int b = 0; b < x->ctx->nbindings; b++) {
		const struct rule_binding *binding = &x->ctx->bindings[b];

		if (binding->self)
			x->vars[binding->slot] = rule_row(s->table, s->first + i);
		else if (binding->child >= 0)
			x->vars[binding->slot] =
			    rule_children(s->table, binding->child, s->first + i);
	}
}

/* ---- between scopes -------------------------------------------------------------- */
/* A value for each row of `from`, repeated for the rows of s that belong to it. */
static void
gather(struct vexec *x, const struct vec *v, const struct scope *s, struct vec *out)
{
	struct vec_maker m;

	if (v->constant) {
		*out = *v;
		out->n = s->n;
		return;
	}
	vec_make(x, v->kind, s->n, &m);
	memcpy(m.v.currency, v->currency, 4);
	for (size_t i = 0; i < s->n; i++) {
		size_t p = s->owner[i];

		if (!bit_get(v->known, p))
			continue;
		bit_set(m.known, i);
		if (v->kind == RULE_V_BOOL) {
			if (bit_get(v->truth, p))
				bit_set(m.truth, i);
		} else if (v->kind == RULE_V_DOUBLE) {
			m.d[i] = v->d[p];
		} else if (v->kind == RULE_V_STRING) {
			m.s[i] = v->code != NULL ? col_dict_get(v->dict, v->code[p])
						 : v->s[p];
		} else {
			m.i[i] = v->i[p];
		}
	}
	*out = m.v;
}

/* The innermost scope whose variable the node reads; the chunk when it reads none. */
static const struct scope *
home_of(const struct node *n, const struct scope *s)
{
	while (s->slot >= 0 && ((n->free_locals >> s->slot) & 1) == 0)
		s = s->parent;
	return s;
}

/* ---- evaluation ------------------------------------------------------------------ */
static bool
by_row(struct vexec *x, const struct node *n, const struct scope *s, struct vec *out)
{
	enum rule_value_kind kind = value_kind_of(n->type->kind);
	struct vec_maker m;
	bool fits = true;

	if (!vec_is_scalar(kind))
		return false;
	x->by_row++;
	vec_make(x, kind, s->n, &m);
	/* Strings live on in the vec; of other kinds only the value stays. */
	x->frame.arena = kind == RULE_V_STRING ? &x->arena : &x->row_arena;
	for (size_t i = 0; i < s->n && fits; i++) {
		struct rule_value v = {0};

		if (x->row_arena.total > ROW_ARENA_MAX)
			arena_reset(&x->row_arena);
		scope_set_row(x, s, i);
		x->frame.steps = EVAL_STEPS;
		x->frame.bytes = EVAL_BYTES;
		n->eval(&x->frame, n, &v);
		fits = vec_put(&m, i, &v);
	}
	x->frame.arena = &x->arena;
	*out = m.v;
	return fits;
}

static bool
vec_var(struct vexec *x, const struct node *n, const struct scope *s, struct vec *out)
{
	const struct rule_binding *b = binding_of(x, n->slot);
	struct rule_value v = {0};

	if (b == NULL || b->self || b->child >= 0)
		return false;
	n->eval(&x->frame, n, &v); /* holds the value to its type */
	vec_constant(&v, s->n, out);
	return true;
}

static bool
vec_select(
    struct vexec *x, const struct node *n, const struct scope *s, struct vec *out)
{
	int col = scope_column(x, n, s);

	if (col < 0)
		return false;
	if (n->mode == SELECT_OPTIONAL)
		return false;
	vec_column(x, &s->table->cols[col], s, out);
	if (n->mode == SELECT_PLAIN)
		return true;
	*out = (struct vec){.kind = RULE_V_BOOL,
	    .n = s->n,
	    .known = bits_full(x, s->n),
	    .truth = out->known};
	return true;
}

static bool
kernel(struct vexec *x, const struct node *n, const struct scope *s, struct vec *out)
{
	switch (n->kind) {
	case NODE_CONST:
		vec_constant(&n->value, s->n, out);
		return true;
	case NODE_VAR:
		return vec_var(x, n, s, out);
	case NODE_LOCAL:
		if (s->slot != n->slot || s->values == NULL)
			return false;
		*out = *s->values;
		return true;
	case NODE_SELECT:
		return vec_select(x, n, s, out);
	case NODE_CALL:
		return vec_aggregate(x, n, s, out) || vec_call(x, n, s, out);
	case NODE_AND:
	case NODE_OR:
		return vec_logic(x, n, s, out);
	case NODE_COND:
		return vec_cond(x, n, s, out);
	case NODE_FOLD:
		return vec_fold(x, n, s, out);
	case NODE_LIST:
	case NODE_MAP:
	case NODE_IDENT:
		break;
	}
	return false;
}

bool
vec_eval(struct vexec *x, const struct node *n, const struct scope *s, struct vec *out)
{
	const struct scope *home = home_of(n, s);
	struct vec v;

	if (home == s)
		return kernel(x, n, s, out) || by_row(x, n, s, out);
	/* Worked out where it varies, then repeated inwards, scope by scope. */
	if (!vec_eval(x, n, s->parent, &v))
		return false;
	gather(x, &v, s, out);
	return true;
}
