/* Kernels over vecs of one scope: logic, comparison, arithmetic, functions of values. */
#include <string.h>

#include "engine/rule_columns_priv.h"

/* ---- and, or, not, ?: ------------------------------------------------------------ */
/* Three-valued: && is false where one is false, true where all are, else unknown. The
 * remaining sides are skipped once every row is decided. */
bool
vec_logic(struct vexec *x, const struct node *n, const struct scope *s, struct vec *out)
{
	size_t words = bitmap_words(s->n);
	uint64_t *stopped = bits_new(x, s->n); /* a known false for &&, true for || */
	uint64_t *known = bits_full(x, s->n);  /* all sides so far */
	uint64_t *truth = bits_new(x, s->n);
	const uint64_t *all = bits_full(x, s->n);
	bool stop = n->kind == NODE_OR;

	for (int a = 0; a < n->nargs; a++) {
		const uint64_t *t, *k;
		uint64_t open = 0;
		struct vec side;

		if (!vec_eval(x, n->args[a], s, &side))
			return false;
		if (side.kind != RULE_V_BOOL && side.kind != RULE_V_ERROR)
			return false;
		t = vec_truth(x, &side);
		k = vec_known(x, &side);
		for (size_t w = 0; w < words; w++) {
			stopped[w] |= k[w] & (stop ? t[w] : ~t[w]);
			known[w] &= k[w];
			open |= all[w] & ~stopped[w];
		}
		if (open == 0)
			break;
	}
	for (size_t w = 0; w < words; w++) {
		truth[w] = stop ? stopped[w] : known[w] & ~stopped[w];
		known[w] |= stopped[w];
	}
	*out = (struct vec){
	    .kind = RULE_V_BOOL, .n = s->n, .known = known, .truth = truth};
	return true;
}

static void
vec_not(struct vexec *x, const struct vec *v, struct vec *out)
{
	const uint64_t *known = vec_known(x, v), *truth = vec_truth(x, v);
	uint64_t *flipped = bits_new(x, v->n);

	for (size_t w = 0; w < bitmap_words(v->n); w++)
		flipped[w] = known[w] & ~truth[w];
	*out = (struct vec){
	    .kind = RULE_V_BOOL, .n = v->n, .known = known, .truth = flipped};
}

bool
vec_cond(struct vexec *x, const struct node *n, const struct scope *s, struct vec *out)
{
	enum rule_value_kind kind = value_kind_of(n->type->kind);
	const uint64_t *known, *truth;
	struct vec cond, side[2];
	struct vec_maker m;

	if (!vec_is_scalar(kind) || !vec_eval(x, n->args[0], s, &cond) ||
	    !vec_eval(x, n->args[1], s, &side[0]) ||
	    !vec_eval(x, n->args[2], s, &side[1]))
		return false;
	if (cond.kind != RULE_V_BOOL && cond.kind != RULE_V_ERROR)
		return false;
	known = vec_known(x, &cond);
	truth = vec_truth(x, &cond);
	vec_make(x, kind, s->n, &m);
	for (size_t i = 0; i < s->n; i++) {
		struct rule_value v;

		if (!bit_get(known, i))
			continue;
		vec_get(&side[bit_get(truth, i) ? 0 : 1], i, &v);
		if (!vec_put(&m, i, &v))
			return false;
	}
	*out = m.v;
	return true;
}

/* ---- comparison ------------------------------------------------------------------ */
enum compare { CMP_NONE = 0, CMP_LT, CMP_LE, CMP_GT, CMP_GE, CMP_EQ, CMP_NE };

static enum compare
compare_of(struct str name)
{
	static const char ops[][3] = {"", "<", "<=", ">", ">=", "==", "!="};

	for (int c = CMP_LT; c <= CMP_NE; c++) {
		if (str_eq_c(name, ops[c]))
			return (enum compare)c;
	}
	return CMP_NONE;
}

static enum compare
mirrored(enum compare c)
{
	static const enum compare other[] = {
	    CMP_NONE, CMP_GT, CMP_GE, CMP_LT, CMP_LE, CMP_EQ, CMP_NE};

	return other[c];
}

#define LOOP(op, left, right)          \
	for (size_t i = 0; i < n; i++) \
	truth[i >> 6] |= (uint64_t)((left)op(right)) << (i & 63)

#define COMPARE(name, type, right)                                                   \
	static void name(                                                            \
	    enum compare c, const type *a, const type *b, size_t n, uint64_t *truth) \
	{                                                                            \
		switch (c) {                                                         \
		case CMP_LT:                                                         \
			LOOP(<, a[i], right);                                        \
			break;                                                       \
		case CMP_LE:                                                         \
			LOOP(<=, a[i], right);                                       \
			break;                                                       \
		case CMP_GT:                                                         \
			LOOP(>, a[i], right);                                        \
			break;                                                       \
		case CMP_GE:                                                         \
			LOOP(>=, a[i], right);                                       \
			break;                                                       \
		case CMP_EQ:                                                         \
			LOOP(==, a[i], right);                                       \
			break;                                                       \
		case CMP_NE:                                                         \
			LOOP(!=, a[i], right);                                       \
			break;                                                       \
		case CMP_NONE:                                                       \
			break;                                                       \
		}                                                                    \
	}

COMPARE(compare_int, int64_t, b[i])
COMPARE(compare_int_const, int64_t, *b)
COMPARE(compare_double, double, b[i])
COMPARE(compare_double_const, double, *b)
COMPARE(compare_code_const, uint32_t, *b)

static bool
is_int_like(enum rule_value_kind kind)
{
	return kind == RULE_V_INT || kind == RULE_V_TIMESTAMP ||
	       kind == RULE_V_DURATION || kind == RULE_V_DATE || kind == RULE_V_MONEY;
}

static int64_t
int_of(const struct rule_value *v)
{
	return v->kind == RULE_V_MONEY ? v->money.minor : v->i;
}

/* known = both known; truth is cut down to it. */
static void
finish_bool(struct vexec *x, const struct vec *a, const struct vec *b, uint64_t *truth,
    struct vec *out)
{
	const uint64_t *ka = vec_known(x, a), *kb = vec_known(x, b);
	uint64_t *known = bits_new(x, a->n);

	for (size_t w = 0; w < bitmap_words(a->n); w++) {
		known[w] = ka[w] & kb[w];
		truth[w] &= known[w];
	}
	*out = (struct vec){
	    .kind = RULE_V_BOOL, .n = a->n, .known = known, .truth = truth};
}

/* a is a vec of rows; b one too or a constant, both of one kind. */
static bool
vec_compare(struct vexec *x, enum compare c, const struct vec *a, const struct vec *b,
    struct vec *out)
{
	uint64_t *truth;
	int64_t ic;
	double dc;
	uint32_t code;

	if (a->constant) {
		if (b->constant)
			return false;
		return vec_compare(x, mirrored(c), b, a, out);
	}
	if (a->kind != b->kind)
		return false;
	if (a->kind == RULE_V_MONEY && memcmp(a->currency, b->currency, 4) != 0)
		return false; /* an error in each row: the general way says so */
	truth = bits_new(x, a->n);
	if (is_int_like(a->kind) && b->constant) {
		ic = int_of(&b->value);
		compare_int_const(c, a->i, &ic, a->n, truth);
	} else if (is_int_like(a->kind)) {
		compare_int(c, a->i, b->i, a->n, truth);
	} else if (a->kind == RULE_V_DOUBLE && b->constant) {
		dc = b->value.d;
		compare_double_const(c, a->d, &dc, a->n, truth);
	} else if (a->kind == RULE_V_DOUBLE) {
		compare_double(c, a->d, b->d, a->n, truth);
	} else if (a->kind == RULE_V_STRING && a->code != NULL && b->constant &&
		   c >= CMP_EQ) {
		code =
		    col_dict_find(a->dict, b->value.s); /* absent: no code is equal */
		compare_code_const(c, a->code, &code, a->n, truth);
	} else {
		return false;
	}
	finish_bool(x, a, b, truth, out);
	return true;
}

/* ---- arithmetic ------------------------------------------------------------------ */
static void
int_arithmetic(char op, const struct vec *a, const struct vec *b, struct vec_maker *m)
{
	const int64_t *ai = a->i, *bi = b->i;
	int64_t ac = a->constant ? int_of(&a->value) : 0;
	int64_t bc = b->constant ? int_of(&b->value) : 0;
	uint64_t *known = m->known;

	for (size_t i = 0; i < m->v.n; i++) {
		int64_t l = a->constant ? ac : ai[i], r = b->constant ? bc : bi[i];
		bool bad = op == '+'   ? __builtin_add_overflow(l, r, &m->i[i])
			   : op == '-' ? __builtin_sub_overflow(l, r, &m->i[i])
				       : __builtin_mul_overflow(l, r, &m->i[i]);

		known[i >> 6] &= ~((uint64_t)bad << (i & 63));
	}
}

static void
double_arithmetic(
    char op, const struct vec *a, const struct vec *b, struct vec_maker *m)
{
	for (size_t i = 0; i < m->v.n; i++) {
		double l = a->constant ? a->value.d : a->d[i];
		double r = b->constant ? b->value.d : b->d[i];

		m->d[i] = op == '+'   ? l + r
			  : op == '-' ? l - r
			  : op == '*' ? l * r
				      : l / r;
	}
}

static void
both_known(struct vexec *x, const struct vec *a, const struct vec *b, uint64_t *known)
{
	const uint64_t *ka = vec_known(x, a), *kb = vec_known(x, b);

	for (size_t w = 0; w < bitmap_words(a->n); w++)
		known[w] = ka[w] & kb[w];
}

static bool
times_double(
    struct vexec *x, const struct vec *money, const struct vec *by, struct vec *out)
{
	const uint64_t *known;
	struct decimal factor;
	struct vec_maker m;

	if (!by->constant || money->constant || !decimal_of(by->value.d, &factor))
		return false;
	vec_make(x, RULE_V_MONEY, money->n, &m);
	memcpy(m.v.currency, money->currency, 4);
	known = money->known;
	for (size_t i = 0; i < money->n; i++) {
		if (bit_get(known, i) && money_scale(money->i[i], factor, &m.i[i]))
			bit_set(m.known, i);
	}
	*out = m.v;
	return true;
}

static bool
vec_arithmetic(
    struct vexec *x, char op, const struct vec *a, const struct vec *b, struct vec *out)
{
	struct vec_maker m;

	if (a->constant && b->constant)
		return false;
	if (op == '*' && a->kind == RULE_V_MONEY && b->kind == RULE_V_DOUBLE)
		return times_double(x, a, b, out);
	if (op == '*' && b->kind == RULE_V_MONEY && a->kind == RULE_V_DOUBLE)
		return times_double(x, b, a, out);
	if (a->kind != b->kind)
		return false;
	if (a->kind == RULE_V_DOUBLE && op != '%') {
		vec_make(x, RULE_V_DOUBLE, a->n, &m);
		both_known(x, a, b, m.known);
		double_arithmetic(op, a, b, &m);
	} else if ((a->kind == RULE_V_INT && (op == '+' || op == '-' || op == '*')) ||
		   (a->kind == RULE_V_MONEY && (op == '+' || op == '-') &&
		       memcmp(a->currency, b->currency, 4) == 0)) {
		vec_make(x, a->kind, a->n, &m);
		memcpy(m.v.currency, a->currency, 4);
		both_known(x, a, b, m.known);
		int_arithmetic(op, a, b, &m);
	} else {
		return false;
	}
	*out = m.v;
	return true;
}

/* days_since and days_until of a date. */
static void
vec_days(struct vexec *x, const struct vec *v, int sign, struct vec *out)
{
	int64_t today = frame_today(&x->frame);
	struct vec_maker m;

	vec_make(x, RULE_V_INT, v->n, &m);
	for (size_t i = 0; i < v->n; i++)
		m.i[i] = sign * (today - v->i[i]);
	*out = m.v;
	out->known = v->known;
}

/* ---- any function of values ------------------------------------------------------ */
/* Calls the function of the node once for row i. False: the result does not fit. */
static bool
apply_row(struct vexec *x, const struct node *n, const struct vec *args, size_t i,
    struct vec_maker *m, size_t to)
{
	struct rule_value values[RULE_MAX_ARGS], v = {0};

	for (int a = 0; a < n->nargs; a++) {
		vec_get(&args[a], i, &values[a]);
		if (value_is_error(&values[a]))
			return true;
	}
	x->frame.bytes = EVAL_BYTES;
	node_apply(&x->frame, n, values, &v);
	return vec_put(m, to, &v);
}

/* One argument is a column of strings, the others are constant: the function is asked
 * once for each string that occurs. */
static bool
apply_by_code(struct vexec *x, const struct node *n, const struct vec *args, int of,
    struct vec_maker *m)
{
	const struct vec *strings = &args[of];
	uint32_t count = col_dict_count(strings->dict);
	struct vec_maker table;
	uint64_t *asked = bits_new(x, count);
	struct rule_value v;

	vec_make(x, m->v.kind, count, &table);
	for (size_t i = 0; i < strings->n; i++) {
		uint32_t code = strings->code[i];

		if (!bit_get(strings->known, i))
			continue;
		if (!bit_get(asked, code)) {
			bit_set(asked, code);
			if (!apply_row(x, n, args, i, &table, code))
				return false;
		}
		vec_get(&table.v, code, &v);
		if (!vec_put(m, i, &v))
			return false;
	}
	return true;
}

static bool
apply_all(struct vexec *x, const struct node *n, const struct vec *args, size_t rows,
    struct vec *out)
{
	enum rule_value_kind kind = value_kind_of(n->type->kind);
	struct vec_maker m;
	int varying = 0, of = -1;
	bool fits = true;

	if (!vec_is_scalar(kind))
		return false;
	for (int a = 0; a < n->nargs; a++) {
		if (args[a].constant)
			continue;
		varying++;
		of = args[a].code != NULL ? a : -1;
	}
	vec_make(x, kind, rows, &m);
	if (varying == 1 && of >= 0 && col_dict_count(args[of].dict) <= 4 * rows + 1024)
		fits = apply_by_code(x, n, args, of, &m);
	else
		for (size_t i = 0; i < rows && fits; i++)
			fits = apply_row(x, n, args, i, &m, i);
	*out = m.v;
	return fits;
}

/* The same for every row, whatever it is. */
static void
apply_once(struct vexec *x, const struct node *n, const struct vec *args, size_t rows,
    struct vec *out)
{
	struct rule_value values[RULE_MAX_ARGS], v = {0};

	for (int a = 0; a < n->nargs; a++) {
		values[a] = args[a].value;
		if (value_is_error(&values[a])) {
			vec_constant(&values[a], rows, out);
			return;
		}
	}
	x->frame.bytes = EVAL_BYTES;
	node_apply(&x->frame, n, values, &v);
	vec_constant(&v, rows, out);
}

/* ---- calls ----------------------------------------------------------------------- */
/* row.?field.orValue(x) and row.?field.hasValue(). */
static bool
vec_optional(
    struct vexec *x, const struct node *n, const struct scope *s, struct vec *out)
{
	const struct node *opt = n->nargs > 0 ? n->args[0] : NULL;
	enum rule_value_kind kind = value_kind_of(n->type->kind);
	struct vec column, other;
	struct rule_value v;
	struct vec_maker m;
	int col;

	if (opt == NULL || opt->kind != NODE_SELECT || opt->mode != SELECT_OPTIONAL)
		return false;
	col = scope_column(x, opt, s);
	if (col < 0)
		return false;
	vec_column(x, &s->table->cols[col], s, &column);
	if (n->fn->fn == rule_fn_has_value) {
		*out = (struct vec){.kind = RULE_V_BOOL,
		    .n = s->n,
		    .known = bits_full(x, s->n),
		    .truth = column.known};
		return true;
	}
	if (n->fn->fn != rule_fn_or_value || !vec_is_scalar(kind) ||
	    !vec_eval(x, n->args[1], s, &other))
		return false;
	vec_make(x, kind, s->n, &m);
	for (size_t i = 0; i < s->n; i++) {
		vec_get(bit_get(column.known, i) ? &column : &other, i, &v);
		if (!vec_put(&m, i, &v))
			return false;
	}
	*out = m.v;
	return true;
}

/* row.ref in segment("x") where the host knows the segment as rows. */
static bool
vec_segment(
    struct vexec *x, const struct node *n, const struct scope *s, struct vec *out)
{
	const struct bitmap *rows;
	uint64_t *truth;
	int col;

	if (n->fn->fn != rule_fn_in_segment || x->ctx->segment_rows == NULL ||
	    s->slot >= 0 || n->args[1]->kind != NODE_CONST)
		return false;
	col = scope_column(x, n->args[0], s);
	if (col < 0 || n->args[0]->mode != SELECT_PLAIN ||
	    strcmp(s->table->cols[col].name, "ref") != 0)
		return false;
	rows = x->ctx->segment_rows(x->ctx->host, n->args[1]->value.set.name);
	if (rows == NULL || rows->bits < s->first + s->n)
		return false;
	vec_column(x, &s->table->cols[col], s, out);
	truth = bits_new(x, s->n);
	for (size_t i = 0; i < s->n; i++) {
		if (bit_get(out->known, i) && bitmap_get(rows, s->first + i))
			bit_set(truth, i);
	}
	*out = (struct vec){
	    .kind = RULE_V_BOOL, .n = s->n, .known = out->known, .truth = truth};
	return true;
}

static bool
is_lazy(const struct node *n)
{
	const struct rule_overload *fn = n->fn != NULL ? n->fn : n->cands[0];

	return fn->fn == rule_fn_or_value || fn->fn == rule_fn_or;
}

static bool
vec_operator(
    struct vexec *x, const struct node *n, const struct vec *args, struct vec *out)
{
	enum compare c = compare_of(n->name);

	for (int i = 0; i < n->nargs; i++) { /* columns have no nanoseconds */
		if (args[i].constant && args[i].value.nsec != 0)
			return false;
	}
	if (n->nargs == 2 && c != CMP_NONE)
		return vec_compare(x, c, &args[0], &args[1], out);
	if (n->nargs == 2 && n->name.len == 1 && strchr("+-*/", n->name.ptr[0]) != NULL)
		return vec_arithmetic(x, n->name.ptr[0], &args[0], &args[1], out);
	if (n->nargs == 1 && str_eq_c(n->name, "!") && args[0].kind == RULE_V_BOOL) {
		vec_not(x, &args[0], out);
		return true;
	}
	if (n->fn != NULL && !args[0].constant &&
	    (n->fn->fn == rule_fn_days_since_date ||
		n->fn->fn == rule_fn_days_until_date)) {
		vec_days(
		    x, &args[0], n->fn->fn == rule_fn_days_since_date ? 1 : -1, out);
		return true;
	}
	return false;
}

bool
vec_call(struct vexec *x, const struct node *n, const struct scope *s, struct vec *out)
{
	struct vec args[RULE_MAX_ARGS];
	bool constant = true;

	if (n->fn != NULL && (vec_optional(x, n, s, out) || vec_segment(x, n, s, out)))
		return true;
	if (is_lazy(n))
		return false;
	for (int a = 0; a < n->nargs; a++) {
		if (!vec_eval(x, n->args[a], s, &args[a]))
			return false;
		constant &= args[a].constant;
		if (args[a].constant && args[a].kind == RULE_V_ERROR) {
			vec_constant(&args[a].value, s->n, out);
			return true;
		}
	}
	if (constant) {
		apply_once(x, n, args, s->n, out);
		return true;
	}
	return vec_operator(x, n, args, out) || apply_all(x, n, args, s->n, out);
}
