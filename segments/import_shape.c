/* The record of a file as the object `row` of expressions: its columns, and of JSON the
 * objects on their paths, by names that an expression can have. */
#include <string.h>

#include "segments/import_priv.h"

static void
row_get(
    const void *obj, size_t row, int field, struct arena *arena, struct rule_value *out)
{
	const struct import_row_view *view = obj;
	int to = view->groups[row].to[field];
	struct str s;

	(void)arena;
	if (to < 0) {
		memset(out, 0, sizeof *out);
		out->kind = RULE_V_OBJECT;
		out->object.ops = &import_row_ops;
		out->object.obj = obj;
		out->object.row = (size_t)-to;
		return;
	}
	s = csv_field(view->csv, to);
	*out = s.len > 0 ? rule_string(s) : rule_missing();
}

const struct rule_object_ops import_row_ops = {.get = row_get};

/* ---- names --------------------------------------------------------------------------- */
#define MAX_NAME 256 /* bytes of a column's name as a field, NUL included */

static bool
is_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') || c == '_';
}

/* In `backticks` a name may have these, and whatever is not ASCII. */
static bool
is_quotable(char c)
{
	return is_word(c) || (unsigned char)c >= 0x80 || c == '-' || c == '.' ||
	       c == '/' || c == ' ';
}

/* A column's name as a field of row. A name that has to stand in backticks (it is not ASCII,
 * or begins with a digit) keeps what may stand there; of any other what is no letter or
 * digit becomes an underscore. Either way no other character is left. */
static bool
field_name(const char *name, size_t n, char to[MAX_NAME])
{
	bool quoted = n > 0 && name[0] >= '0' && name[0] <= '9';

	if (n >= MAX_NAME || n == 0)
		return false;
	for (size_t i = 0; i < n; i++)
		quoted = quoted || (unsigned char)name[i] >= 0x80;
	for (size_t i = 0; i < n; i++)
		to[i] =
		    (quoted ? is_quotable(name[i]) : is_word(name[i])) ? name[i] : '_';
	to[n] = '\0';
	return true;
}

/* May the name itself be written, in backticks, beside its form with underscores? */
static bool
field_alias(const char *name, size_t n, const char *word)
{
	for (size_t i = 0; i < n; i++)
		if (!is_quotable(name[i]))
			return false;
	return strncmp(name, word, n) != 0;
}

void
import_column_print(const char *name, struct buf *to)
{
	char word[MAX_NAME];
	bool plain = true;

	if (!field_name(name, strlen(name), word))
		return;
	for (const char *c = word; *c != '\0'; c++)
		plain = plain && is_word(*c) && (c != word || *c < '0' || *c > '9');
	buf_printf(to, plain ? "row.%s" : "row.`%s`", word);
}

/* The columns as a tree: of delimited text one level, of JSON as deep as its paths. */
struct shape {
	struct import_source *source;
	const struct csv *csv;
	struct arena *arena;
	struct import_group *groups;
	int ngroups, ncolumns;
	struct stw_err *err;
};

static const char *
column_name(const struct shape *shape, int i)
{
	return shape->csv != NULL ? csv_column_name(shape->csv, i)
				  : shape->source->format.names[i];
}

static enum stw_code group_type(
    struct shape *shape, const char *prefix, int group, const struct rule_type **out);

/* Is the column below prefix ("address.")? */
static bool
below(const char *name, const char *prefix)
{
	return strncmp(name, prefix, strlen(prefix)) == 0;
}

/* The field that column i is, or leads to, in the group. */
static enum stw_code
group_field(struct shape *shape, const char *prefix, int group, int i,
    struct rule_field *fields)
{
	struct import_group *g = &shape->groups[group];
	const char *name = column_name(shape, i) + strlen(prefix);
	const char *dot = shape->source->format.json ? strchr(name, '.') : NULL;
	size_t len = dot != NULL ? (size_t)(dot - name) : strlen(name);
	struct rule_field *field = &fields[g->nfields];
	enum stw_code rc = STW_OK;
	char word[MAX_NAME];

	if (!field_name(name, len, word))
		return stw_fail(shape->err, STW_INVALID,
		    "%s: the name of column %d cannot be written in an expression; give "
		    "names for the columns",
		    shape->source->file, i + 1);
	for (int k = 0; k < g->nfields; k++)
		if (strcmp(fields[k].name, word) == 0) {
			/* Another column of a group that is there already. */
			if (dot != NULL && g->to[k] < 0)
				return STW_OK;
			if (dot == NULL && g->to[k] >= 0)
				return stw_fail(shape->err, STW_INVALID,
				    "%s: columns %d and %d are both row.%s%s in an "
				    "expression; give names for the columns",
				    shape->source->file, g->to[k] + 1, i + 1, prefix,
				    word);
			return stw_fail(shape->err, STW_INVALID,
			    "%s: row.%s%s is a value and an object at once; give names for "
			    "the columns",
			    shape->source->file, prefix, word);
		}
	*field = (struct rule_field){
	    arena_strdup(shape->arena, word), rule_type_basic(RULE_STRING)};
	g->to[g->nfields] = i;
	if (dot != NULL) {
		int inner = shape->ngroups++;

		g->to[g->nfields] = -inner;
		rc = group_type(shape,
		    arena_printf(shape->arena, "%s%.*s.", prefix, (int)len, name),
		    inner, &field->type);
	}
	g->nfields++;
	if (rc == STW_OK && field_alias(name, len, word)) {
		fields[g->nfields] = (struct rule_field){
		    arena_strndup(shape->arena, name, len), field->type};
		g->to[g->nfields] = g->to[g->nfields - 1];
		g->nfields++;
	}
	return rc;
}

static enum stw_code
group_type(
    struct shape *shape, const char *prefix, int group, const struct rule_type **out)
{
	size_t room = 2 * (size_t)shape->ncolumns + 1; /* and their aliases */
	struct rule_field *fields = arena_array(shape->arena, room, sizeof *fields);
	enum stw_code rc = STW_OK;

	shape->groups[group].to = arena_array(shape->arena, room, sizeof(int));
	for (int i = 0; i < shape->ncolumns && rc == STW_OK; i++)
		if (below(column_name(shape, i), prefix))
			rc = group_field(shape, prefix, group, i, fields);
	*out = rule_type_object(shape->arena,
	    group == 0 ? "row"
		       : arena_printf(shape->arena, "row.%.*s",
			     (int)(strlen(prefix) - 1), prefix),
	    fields, shape->groups[group].nfields);
	return rc;
}

/* One for the row, and at most one for each dot of a path. */
static size_t
groups_most(const struct shape *shape)
{
	size_t n = 1;

	for (int i = 0; i < shape->ncolumns; i++)
		for (const char *c = column_name(shape, i); *c != '\0'; c++)
			n += *c == '.';
	return n;
}

enum stw_code
import_row_type(struct import_source *source, const struct csv *csv,
    struct arena *arena, const struct rule_type **out, struct stw_err *err)
{
	const struct rule_type *string = rule_type_basic(RULE_STRING);
	struct shape shape = {.source = source,
	    .csv = csv,
	    .arena = arena,
	    .ngroups = 1,
	    .ncolumns = csv != NULL ? csv_columns(csv) : source->format.nnames,
	    .err = err};

	if (shape.ncolumns == 0) { /* no data to say which columns there are */
		*out = rule_type_map(arena, string,
		    source->format.json ? rule_type_basic(RULE_DYN) : string);
		return STW_OK;
	}
	shape.groups = arena_array(arena, groups_most(&shape), sizeof *shape.groups);
	source->groups = shape.groups;
	return group_type(&shape, "", 0, out);
}
