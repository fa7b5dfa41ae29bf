#include <string.h>

#include "engine/rule_priv.h"

const struct rule_type rule_type_open = {.kind = RULE_DYN};

static const struct rule_type basic[] = {
    [RULE_ERROR_T] = {.kind = RULE_ERROR_T},
    [RULE_DYN] = {.kind = RULE_DYN},
    [RULE_BOOL] = {.kind = RULE_BOOL},
    [RULE_INT] = {.kind = RULE_INT},
    [RULE_UINT] = {.kind = RULE_UINT},
    [RULE_DOUBLE] = {.kind = RULE_DOUBLE},
    [RULE_STRING] = {.kind = RULE_STRING},
    [RULE_BYTES] = {.kind = RULE_BYTES},
    [RULE_NULL] = {.kind = RULE_NULL},
    [RULE_TIMESTAMP] = {.kind = RULE_TIMESTAMP},
    [RULE_DURATION] = {.kind = RULE_DURATION},
    [RULE_DATE] = {.kind = RULE_DATE},
    [RULE_MONEY] = {.kind = RULE_MONEY},
    [RULE_TYPE] = {.kind = RULE_TYPE},
    [RULE_SET] = {.kind = RULE_SET},
};

const struct rule_type *
rule_type_basic(enum rule_kind kind)
{
	STW_ASSERT((size_t)kind < STW_ARRAY_LEN(basic) && basic[kind].kind == kind);
	return &basic[kind];
}

const struct rule_type *
rule_type_list(struct arena *arena, const struct rule_type *elem)
{
	struct rule_type *type = arena_alloc(arena, sizeof *type);

	type->kind = RULE_LIST;
	type->elem = elem;
	return type;
}

const struct rule_type *
rule_type_map(
    struct arena *arena, const struct rule_type *key, const struct rule_type *elem)
{
	struct rule_type *type = arena_alloc(arena, sizeof *type);

	type->kind = RULE_MAP;
	type->key = key;
	type->elem = elem;
	return type;
}

const struct rule_type *
rule_type_optional(struct arena *arena, const struct rule_type *elem)
{
	struct rule_type *type = arena_alloc(arena, sizeof *type);

	type->kind = RULE_OPTIONAL;
	type->elem = elem;
	return type;
}

const struct rule_type *
rule_type_object(
    struct arena *arena, const char *name, const struct rule_field *fields, int nfields)
{
	struct rule_type *type = arena_alloc(arena, sizeof *type);
	struct rule_field *copy = arena_array(arena, (size_t)nfields, sizeof *copy);

	for (int i = 0; i < nfields; i++) {
		copy[i].name = arena_strdup(arena, fields[i].name);
		copy[i].type = fields[i].type;
	}
	type->kind = RULE_OBJECT;
	type->name = arena_strdup(arena, name);
	type->fields = copy;
	type->nfields = nfields;
	return type;
}

enum rule_kind
column_kind(enum col_type type)
{
	switch (type) {
	case COL_BOOL:
		return RULE_BOOL;
	case COL_INT:
		return RULE_INT;
	case COL_DOUBLE:
		return RULE_DOUBLE;
	case COL_STRING:
		return RULE_STRING;
	case COL_DATE:
		return RULE_DATE;
	case COL_TIMESTAMP:
		return RULE_TIMESTAMP;
	case COL_MONEY:
		return RULE_MONEY;
	case COL_NONE:
		break;
	}
	STW_ASSERT(!"a column has a type");
	return RULE_ERROR_T;
}

const struct rule_type *
rule_type_of_table(struct arena *arena, const struct table *table, const char *name)
{
	int n = table->ncols + table->nchildren;
	struct rule_field *fields = arena_array(arena, (size_t)n, sizeof *fields);

	for (int c = 0; c < table->ncols; c++) {
		fields[c].name = table->cols[c].name;
		fields[c].type = rule_type_basic(column_kind(table->cols[c].type));
	}
	for (int c = 0; c < table->nchildren; c++) {
		const struct table *child = table->children[c].table;

		fields[table->ncols + c].name = table->children[c].name;
		fields[table->ncols + c].type = rule_type_list(
		    arena, rule_type_of_table(arena, child, child->name));
	}
	return rule_type_object(arena, name, fields, n);
}

enum rule_kind
rule_type_kind(const struct rule_type *type)
{
	return type->kind;
}

int
rule_type_field(const struct rule_type *type, const char *name)
{
	if (type->kind != RULE_OBJECT)
		return -1;
	for (int i = 0; i < type->nfields; i++) {
		if (strcmp(type->fields[i].name, name) == 0)
			return i;
	}
	return -1;
}

const char *
rule_kind_name(enum rule_kind kind)
{
	switch (kind) {
	case RULE_ERROR_T:
		return "error";
	case RULE_DYN:
		return "dyn";
	case RULE_BOOL:
		return "bool";
	case RULE_INT:
		return "int";
	case RULE_UINT:
		return "uint";
	case RULE_DOUBLE:
		return "double";
	case RULE_STRING:
		return "string";
	case RULE_BYTES:
		return "bytes";
	case RULE_NULL:
		return "null";
	case RULE_TIMESTAMP:
		return "timestamp";
	case RULE_DURATION:
		return "duration";
	case RULE_DATE:
		return "date";
	case RULE_MONEY:
		return "money";
	case RULE_TYPE:
		return "type";
	case RULE_SET:
		return "segment";
	case RULE_LIST:
		return "list";
	case RULE_MAP:
		return "map";
	case RULE_OBJECT:
		return "object";
	case RULE_OPTIONAL:
		return "optional";
	}
	return "";
}

/* "tuple(int, string)" */
static const char *
abstract_text(const struct rule_type *type, struct arena *arena)
{
	const char *list = "";

	for (int i = 0; i < type->nparams; i++)
		list = arena_printf(arena, "%s%s%s", list, i > 0 ? ", " : "",
		    rule_type_text(type->params[i], arena));
	return arena_printf(arena, "%s(%s)", type->name, list);
}

const char *
rule_type_text(const struct rule_type *type, struct arena *arena)
{
	switch (type->kind) {
	case RULE_LIST:
	case RULE_OPTIONAL:
		return arena_printf(arena, "%s(%s)", rule_kind_name(type->kind),
		    rule_type_text(type->elem, arena));
	case RULE_MAP:
		return arena_printf(arena, "map(%s, %s)",
		    rule_type_text(type->key, arena),
		    rule_type_text(type->elem, arena));
	case RULE_OBJECT:
		return type->nparams > 0 ? abstract_text(type, arena) : type->name;
	case RULE_ERROR_T:
	case RULE_DYN:
	case RULE_BOOL:
	case RULE_INT:
	case RULE_UINT:
	case RULE_DOUBLE:
	case RULE_STRING:
	case RULE_BYTES:
	case RULE_NULL:
	case RULE_TIMESTAMP:
	case RULE_DURATION:
	case RULE_DATE:
	case RULE_MONEY:
	case RULE_TYPE:
	case RULE_SET:
		break;
	}
	return rule_kind_name(type->kind);
}

/* ---- types from text -------------------------------------------------------------- */
#define TYPE_DEPTH  16
#define TYPE_PARAMS 8

struct type_text {
	struct str text;
	size_t at;
	int depth;
	struct arena *arena;
};

static bool
is_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') || c == '_' || c == '.';
}

static bool
type_take(struct type_text *t, char c)
{
	while (t->at < t->text.len && t->text.ptr[t->at] == ' ')
		t->at++;
	if (t->at == t->text.len || t->text.ptr[t->at] != c)
		return false;
	t->at++;
	return true;
}

static const struct rule_type *
named_type(struct type_text *t, struct str name, const struct rule_type **params, int n)
{
	struct rule_type *type;

	for (int kind = RULE_DYN; n == 0 && kind <= RULE_TYPE; kind++) {
		if (str_eq_c(name, rule_kind_name((enum rule_kind)kind)))
			return rule_type_basic((enum rule_kind)kind);
	}
	if (str_eq_c(name, "list") && n < 2)
		return rule_type_list(
		    t->arena, n == 1 ? params[0] : rule_type_basic(RULE_DYN));
	if (str_eq_c(name, "optional") && n < 2)
		return rule_type_optional(
		    t->arena, n == 1 ? params[0] : rule_type_basic(RULE_DYN));
	if (str_eq_c(name, "map") && (n == 0 || n == 2))
		return rule_type_map(t->arena,
		    n == 2 ? params[0] : rule_type_basic(RULE_DYN),
		    n == 2 ? params[1] : rule_type_basic(RULE_DYN));
	if (str_eq_c(name, "list") || str_eq_c(name, "optional") ||
	    str_eq_c(name, "map"))
		return NULL;
	type = arena_alloc(t->arena, sizeof *type);
	type->name = arena_strndup(t->arena, name.ptr, name.len);
	type->kind = RULE_OBJECT;
	if (n == 0 && name.len == 1 && name.ptr[0] >= 'A' && name.ptr[0] <= 'Z') {
		type->kind = RULE_DYN;
	} else if (n > 0) {
		const struct rule_type **copy =
		    arena_array(t->arena, (size_t)n, sizeof *copy);

		memcpy(copy, params, (size_t)n * sizeof(*copy));
		type->params = copy;
		type->nparams = n;
	}
	return type;
}

static const struct rule_type *
parse_type(struct type_text *t)
{
	const struct rule_type *params[TYPE_PARAMS];
	struct str name;
	int n = 0;

	while (t->at < t->text.len && t->text.ptr[t->at] == ' ')
		t->at++;
	name = (struct str){t->text.ptr + t->at, 0};
	while (t->at < t->text.len && is_word(t->text.ptr[t->at])) {
		t->at++;
		name.len++;
	}
	if (name.len == 0)
		return NULL;
	if (type_take(t, '(')) {
		if (++t->depth > TYPE_DEPTH)
			return NULL;
		do {
			if (n == TYPE_PARAMS)
				return NULL;
			params[n] = parse_type(t);
			if (params[n++] == NULL)
				return NULL;
		} while (type_take(t, ','));
		t->depth--;
		if (!type_take(t, ')'))
			return NULL;
	}
	return named_type(t, name, params, n);
}

enum stw_code
rule_type_parse(struct str text, struct arena *arena, const struct rule_type **out,
    struct stw_err *err)
{
	struct type_text t = {.text = text, .arena = arena};

	*out = parse_type(&t);
	if (*out != NULL && t.at == text.len)
		return STW_OK;
	*out = NULL;
	return stw_fail(err, STW_INVALID, "not a type: '%.*s'",
	    (int)(text.len > 60 ? 60 : text.len), text.ptr);
}

bool
rule_type_eq(const struct rule_type *a, const struct rule_type *b)
{
	if (a == b)
		return true;
	if (a->kind != b->kind)
		return false;
	switch (a->kind) {
	case RULE_LIST:
	case RULE_OPTIONAL:
		return rule_type_eq(a->elem, b->elem);
	case RULE_MAP:
		return rule_type_eq(a->key, b->key) && rule_type_eq(a->elem, b->elem);
	case RULE_OBJECT:
		if (strcmp(a->name, b->name) != 0 || a->nfields != b->nfields ||
		    a->nparams != b->nparams)
			return false;
		for (int i = 0; i < a->nparams; i++) {
			if (!rule_type_eq(a->params[i], b->params[i]))
				return false;
		}
		for (int i = 0; i < a->nfields; i++) {
			if (strcmp(a->fields[i].name, b->fields[i].name) != 0 ||
			    !rule_type_eq(a->fields[i].type, b->fields[i].type))
				return false;
		}
		return true;
	case RULE_ERROR_T:
	case RULE_DYN:
	case RULE_BOOL:
	case RULE_INT:
	case RULE_UINT:
	case RULE_DOUBLE:
	case RULE_STRING:
	case RULE_BYTES:
	case RULE_NULL:
	case RULE_TIMESTAMP:
	case RULE_DURATION:
	case RULE_DATE:
	case RULE_MONEY:
	case RULE_TYPE:
	case RULE_SET:
		break;
	}
	return true;
}

bool
rule_type_fits(const struct rule_type *from, const struct rule_type *to)
{
	if (from->kind == RULE_DYN || to->kind == RULE_DYN)
		return true;
	if (from->kind != to->kind)
		return false;
	if (from->kind == RULE_LIST || from->kind == RULE_OPTIONAL)
		return rule_type_fits(from->elem, to->elem);
	if (from->kind == RULE_MAP)
		return rule_type_fits(from->key, to->key) &&
		       rule_type_fits(from->elem, to->elem);
	return rule_type_eq(from, to);
}

/* Two abstract types of one name: parameter by parameter. */
static const struct rule_type *
join_abstract(struct arena *arena, const struct rule_type *a, const struct rule_type *b)
{
	const struct rule_type **params;
	struct rule_type *type;

	if (strcmp(a->name, b->name) != 0 || a->nparams == 0 ||
	    a->nparams != b->nparams)
		return NULL;
	params = arena_array(arena, (size_t)a->nparams, sizeof *params);
	for (int i = 0; i < a->nparams; i++) {
		params[i] = rule_type_join(arena, a->params[i], b->params[i]);
		if (params[i] == NULL)
			return NULL;
	}
	type = arena_alloc(arena, sizeof *type);
	*type = *a;
	type->params = params;
	return type;
}

const struct rule_type *
rule_type_join(
    struct arena *arena, const struct rule_type *a, const struct rule_type *b)
{
	const struct rule_type *key, *elem;

	if (a == &rule_type_open)
		return b;
	if (b == &rule_type_open || rule_type_eq(a, b))
		return a;
	if (a->kind == RULE_DYN || b->kind == RULE_DYN)
		return rule_type_basic(RULE_DYN);
	if (a->kind == RULE_NULL && b->kind == RULE_OPTIONAL)
		return b; /* null stands for an optional, as CEL has it */
	if (b->kind == RULE_NULL && a->kind == RULE_OPTIONAL)
		return a;
	if (a->kind != b->kind)
		return NULL;
	if (a->kind == RULE_OBJECT)
		return join_abstract(arena, a, b);
	if (a->kind == RULE_LIST || a->kind == RULE_OPTIONAL) {
		elem = rule_type_join(arena, a->elem, b->elem);
		if (elem == NULL)
			return NULL;
		return a->kind == RULE_LIST ? rule_type_list(arena, elem)
					    : rule_type_optional(arena, elem);
	}
	if (a->kind == RULE_MAP) {
		key = rule_type_join(arena, a->key, b->key);
		elem = rule_type_join(arena, a->elem, b->elem);
		return key == NULL || elem == NULL ? NULL
						   : rule_type_map(arena, key, elem);
	}
	return NULL;
}

bool
rule_type_has_dyn(const struct rule_type *type)
{
	if (type->kind == RULE_DYN)
		return true;
	if (type->kind == RULE_LIST || type->kind == RULE_OPTIONAL)
		return rule_type_has_dyn(type->elem);
	if (type->kind == RULE_MAP)
		return rule_type_has_dyn(type->key) || rule_type_has_dyn(type->elem);
	return false;
}
