/* Expressions of a mapping: what they may speak of, compiling them, looking things up,
 * and turning a CSV row into cells. Pure but for reading the files of lookups. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "segments/import_priv.h"

static const struct rule_limits limits = {
    .max_text = 16 * 1024, .max_depth = 64, .max_nodes = 4096};

/* ---- functions of the host ------------------------------------------------------- */
static void
fail_value(struct rule_value *out, const char *text)
{
	memset(out, 0, sizeof *out);
	out->kind = RULE_V_ERROR;
	out->error.text = text;
}

static const struct import_lookup *
lookup_find(const struct import_mapping *mapping, struct str name)
{
	for (int i = 0; i < mapping->nlookups; i++)
		if (str_eq_c(name, mapping->lookups[i].name))
			return &mapping->lookups[i];
	return NULL;
}

/* lookup("owner", key): the value; missing when the key is not there. */
static void
fn_lookup(void *host, const struct rule_value *args, int nargs, struct arena *arena,
    struct rule_value *out)
{
	const struct import_ctx *ctx = host;
	const struct import_lookup *lookup = lookup_find(ctx->mapping, args[0].s);
	const struct strmap_entry *entry;

	(void)nargs;
	(void)arena;
	if (lookup == NULL || !lookup->loaded) {
		fail_value(out, "no lookup of that name comes before this");
		return;
	}
	entry = strmap_find(&lookup->map, args[1].s);
	*out = entry != NULL ? rule_string(entry->value) : rule_missing();
}

/* known("owner", key): is the key there? */
static void
fn_known(void *host, const struct rule_value *args, int nargs, struct arena *arena,
    struct rule_value *out)
{
	const struct import_ctx *ctx = host;
	const struct import_lookup *lookup = lookup_find(ctx->mapping, args[0].s);

	(void)nargs;
	(void)arena;
	if (lookup == NULL || !lookup->loaded)
		fail_value(out, "no lookup of that name comes before this");
	else
		*out = rule_bool(strmap_find(&lookup->map, args[1].s) != NULL);
}

/* shift(d): d moved by the document's stated number of days. */
static void
fn_shift(void *host, const struct rule_value *args, int nargs, struct arena *arena,
    struct rule_value *out)
{
	const struct import_ctx *ctx = host;
	int64_t day = args[0].i + ctx->mapping->shift_days;

	(void)nargs;
	(void)arena;
	if (day < TABLE_DAY_MIN || day > TABLE_DAY_MAX)
		fail_value(out, "the shifted date lies outside the calendar");
	else
		*out = rule_date((stw_day)day);
}

/* parse_date("930105", "yymmdd"): y, m and d stand for digits, anything else for itself;
 * two-digit years are 19yy. */
static void
fn_parse_date(void *host, const struct rule_value *args, int nargs, struct arena *arena,
    struct rule_value *out)
{
	struct str text = args[0].s, form = args[1].s;
	struct stw_date date = {0};
	int year_digits = 0;

	(void)host;
	(void)nargs;
	(void)arena;
	if (text.len != form.len) {
		fail_value(out, "parse_date: the text does not have the form stated");
		return;
	}
	for (size_t i = 0; i < form.len; i++) {
		char c = text.ptr[i], f = form.ptr[i];
		int *part = f == 'y'   ? &date.year
			    : f == 'm' ? &date.month
			    : f == 'd' ? &date.day
				       : NULL;

		if (part == NULL ? c != f : c < '0' || c > '9' || *part > 9999) {
			fail_value(
			    out, "parse_date: the text does not have the form stated");
			return;
		}
		if (part != NULL)
			*part = *part * 10 + (c - '0');
		year_digits += f == 'y';
	}
	if (year_digits == 2)
		date.year += 1900;
	if (!stw_date_valid(date))
		fail_value(out, "parse_date: there is no such day");
	else
		*out = rule_date(stw_day_of(date));
}

static enum stw_code
env_of(const struct import_mapping *mapping, struct import_source *source,
    const struct csv *csv, struct arena *arena, struct rule_env **out,
    struct stw_err *err)
{
	const struct rule_type *string = rule_type_basic(RULE_STRING);
	const struct rule_type *date = rule_type_basic(RULE_DATE);
	const struct rule_type *const two[] = {string, string};
	const struct rule_type *const one[] = {date};
	const struct rule_type *row = NULL;
	enum stw_code rc = import_row_type(source, csv, arena, &row, err);

	if (rc != STW_OK)
		return rc;
	*out = rule_env_new(arena);
	rule_env_currency(*out, mapping->currency);
	(void)rule_env_var(*out, "row", row);
	(void)rule_env_var(*out, "line", rule_type_basic(RULE_INT));
	rule_env_function(*out, "lookup", two, 2, string, fn_lookup);
	rule_env_function(*out, "known", two, 2, rule_type_basic(RULE_BOOL), fn_known);
	rule_env_function(*out, "shift", one, 1, date, fn_shift);
	rule_env_function(*out, "parse_date", two, 2, date, fn_parse_date);
	return STW_OK;
}

/* ---- compiling ----------------------------------------------------------------------- */
/* lookup("x" and known("x" must name a lookup before `upto`: its file is read already. */
static enum stw_code
lookups_named(const struct import_mapping *mapping, const struct import_expr *expr,
    int upto, struct stw_err *err)
{
	static const char *const calls[] = {
	    "lookup(\"", "known(\"", "lookup('", "known('"};
	const char *end = expr->text.ptr + expr->text.len;

	for (size_t c = 0; c < STW_ARRAY_LEN(calls); c++) {
		const char *at = expr->text.ptr;

		while ((at = strstr(at, calls[c])) != NULL && at < end) {
			struct str name = {at + strlen(calls[c]), 0};
			bool found = false;

			name.len = strcspn(name.ptr, "\"'");
			for (int i = 0; i < upto && !found; i++)
				found = str_eq_c(name, mapping->lookups[i].name);
			if (!found)
				return stw_fail(err, STW_INVALID,
				    "%s: no lookup called '%.*s' comes before this",
				    expr->path, STR_FMT(name));
			at = name.ptr;
		}
	}
	return STW_OK;
}

static enum stw_code
compile(const struct import_mapping *mapping, const struct rule_env *env, int upto,
    const struct rule_type *want, struct import_expr *expr, struct arena *arena,
    struct stw_err *err)
{
	struct stw_err inner = {0};
	enum stw_code rc;

	if (expr->text.ptr == NULL)
		return STW_OK;
	rc = rule_compile(env, expr->text, want, &limits, arena, &expr->rule, &inner);
	if (rc != STW_OK)
		return stw_fail_at(err, rc, inner.line, inner.column, "%s: %d:%d: %s",
		    expr->path, inner.line, inner.column, inner.text);
	return lookups_named(mapping, expr, upto, err);
}

/* Which columns there are, as far as the text of an error has room. */
static void
columns_told(const struct csv *csv, struct buf *to, size_t room)
{
	buf_add_c(to, "; the file has ");
	for (int i = 0; i < csv_columns(csv); i++) {
		size_t before = to->len;

		buf_add_c(to, i > 0 ? ", " : "");
		import_column_print(csv_column_name(csv, i), to);
		if (to->len + strlen(", ...") < room)
			continue;
		to->len = before;
		buf_add_c(to, ", ...");
		return;
	}
}

/* An unknown column: a header that is one column has the delimiter for its likely fault;
 * else there are others, and of JSON a member may be too rare. */
static enum stw_code
column_hint(const struct import_source *source, const struct csv *csv, enum stw_code rc,
    struct stw_err *err)
{
	char guess = csv != NULL ? csv_delimiter_guess(csv) : '\0';
	size_t len;
	struct buf hint;

	if (rc != STW_INVALID || err == NULL || csv == NULL ||
	    (guess == '\0' && strstr(err->text, ": no field '") == NULL))
		return rc;
	buf_init(&hint);
	len = strlen(err->text);
	if (guess != '\0')
		buf_printf(&hint,
		    "; the header is read as one column: is the delimiter '%s'?",
		    guess == '\t' ? "\\t" : (const char[]){guess, '\0'});
	else if (source->format.json &&
		 (source->format.names == NULL || source->learned))
		buf_add_c(&hint,
		    "; none of the first 1,000 lines has it: list the columns "
		    "in \"names\", where a member is rare");
	else
		columns_told(csv, &hint, sizeof err->text - len);
	(void)snprintf(err->text + len, sizeof err->text - len, "%s", hint.data);
	buf_fini(&hint);
	return rc;
}

enum stw_code
import_compile_file(const struct import_mapping *mapping, struct import_file *file,
    const struct csv *csv, struct arena *arena, struct stw_err *err)
{
	const struct import_target_def *def = file->def;
	struct rule_env *env;
	enum stw_code rc = env_of(mapping, &file->source, csv, arena, &env, err);

	if (rc == STW_OK)
		rc = compile(mapping, env, mapping->nlookups,
		    rule_type_basic(RULE_BOOL), &file->where, arena, err);
	for (int i = 0; def->columns[i].name != NULL && rc == STW_OK; i++) {
		struct import_expr *expr = &file->columns[i];
		const struct rule_type *got;

		rc = compile(mapping, env, mapping->nlookups, NULL, expr, arena, err);
		if (rc != STW_OK || expr->text.ptr == NULL)
			continue;
		got = rule_result_type(expr->rule);
		if (!import_type_fits(&def->columns[i], rule_type_kind(got)))
			rc = stw_fail_at(err, STW_INVALID, 1, 1,
			    "%s: 1:1: the expression gives %s, the column wants %s",
			    expr->path, rule_type_text(got, arena),
			    import_type_wants(&def->columns[i]));
	}
	return column_hint(&file->source, csv, rc, err);
}

enum stw_code
import_compile_lookup(const struct import_mapping *mapping,
    struct import_lookup *lookup, const struct csv *csv, struct arena *arena,
    struct stw_err *err)
{
	const struct rule_type *string = rule_type_basic(RULE_STRING);
	int before = (int)(lookup - mapping->lookups);
	struct rule_env *env;
	enum stw_code rc = env_of(mapping, &lookup->source, csv, arena, &env, err);

	if (rc == STW_OK)
		rc = compile(mapping, env, before, rule_type_basic(RULE_BOOL),
		    &lookup->where, arena, err);
	if (rc == STW_OK)
		rc = compile(mapping, env, before, string, &lookup->key, arena, err);
	if (rc == STW_OK)
		rc = compile(mapping, env, before, string, &lookup->value, arena, err);
	return column_hint(&lookup->source, csv, rc, err);
}

/* ---- evaluating ------------------------------------------------------------------------ */
static struct rule_value
eval(struct import_ctx *ctx, const struct import_source *source,
    const struct import_expr *expr, const struct csv *csv)
{
	const struct import_row_view view = {csv, source->groups};
	struct rule_value vars[2];
	const struct rule_eval_ctx at = {.vars = vars,
	    .now = ctx->as_of,
	    .zone = ctx->mapping->zone,
	    .arena = &ctx->row,
	    .host = ctx};

	memset(vars, 0, sizeof vars);
	vars[0].kind = RULE_V_OBJECT;
	vars[0].object.ops = &import_row_ops;
	vars[0].object.obj = &view;
	vars[1] = rule_int(csv_line(csv));
	return rule_eval(expr->rule, &at);
}

static void
fault_set(struct import_fault *fault, const char *column, const char *reason)
{
	(void)snprintf(fault->column, sizeof fault->column, "%s", column);
	(void)snprintf(fault->reason, sizeof fault->reason, "%s", reason);
}

/* A row passes unless where is false or has no answer for lack of a value. */
static enum import_row
where_check(struct import_ctx *ctx, const struct import_source *source,
    const struct import_expr *where, const struct csv *csv, struct import_fault *fault)
{
	struct rule_value v;

	if (where->rule == NULL)
		return IMPORT_ROW_OK;
	v = eval(ctx, source, where, csv);
	if (v.kind == RULE_V_BOOL)
		return v.b ? IMPORT_ROW_OK : IMPORT_ROW_SKIPPED;
	if (v.kind == RULE_V_ERROR && v.error.missing)
		return IMPORT_ROW_SKIPPED;
	fault_set(fault, "where",
	    v.kind == RULE_V_ERROR && v.error.text != NULL ? v.error.text
							   : "has no answer");
	return IMPORT_ROW_BAD;
}

static enum stw_code
lookup_read(struct import_ctx *ctx, struct import_lookup *lookup, struct csv *csv,
    struct stw_err *err)
{
	struct import_fault fault;
	bool more = true, added;
	enum stw_code rc;

	while ((rc = csv_next(csv, &more, err)) == STW_OK && more) {
		struct rule_value key, value;
		struct strmap_entry *entry;
		enum import_row row;

		arena_reset(&ctx->row);
		row = where_check(ctx, &lookup->source, &lookup->where, csv, &fault);
		if (row == IMPORT_ROW_BAD)
			return stw_fail_at(err, STW_INVALID, (int)csv_line(csv), 0,
			    "%s:%lld: %s.where: %s", lookup->source.file,
			    (long long)csv_line(csv), lookup->path, fault.reason);
		if (row == IMPORT_ROW_SKIPPED)
			continue;
		key = eval(ctx, &lookup->source, &lookup->key, csv);
		value = eval(ctx, &lookup->source, &lookup->value, csv);
		if (key.kind == RULE_V_ERROR && !key.error.missing)
			return stw_fail_at(err, STW_INVALID, (int)csv_line(csv), 0,
			    "%s:%lld: %s.key: %s", lookup->source.file,
			    (long long)csv_line(csv), lookup->path, key.error.text);
		if (value.kind == RULE_V_ERROR && !value.error.missing)
			return stw_fail_at(err, STW_INVALID, (int)csv_line(csv), 0,
			    "%s:%lld: %s.value: %s", lookup->source.file,
			    (long long)csv_line(csv), lookup->path, value.error.text);
		if (key.kind != RULE_V_STRING || value.kind != RULE_V_STRING)
			continue; /* nothing to find, or nothing to find it by */
		if (lookup->map.count >= IMPORT_MAX_LOOKUP)
			return stw_fail(err, STW_INVALID, "%s: more than %d keys",
			    lookup->path, IMPORT_MAX_LOOKUP);
		entry = strmap_add(&lookup->map, key.s, &added);
		if (added || lookup->keep == IMPORT_KEEP_LAST)
			if (added || !str_eq(entry->value, value.s))
				strmap_set_value(&lookup->map, entry, value.s);
	}
	return rc;
}

enum stw_code
import_lookups_load(struct import_ctx *ctx, struct import_mapping *mapping,
    const char *dir, struct arena *arena, struct stw_err *err)
{
	for (int i = 0; i < mapping->nlookups; i++) {
		struct import_lookup *lookup = &mapping->lookups[i];
		const char *path =
		    arena_printf(arena, "%s/%s", dir, lookup->source.file);
		struct csv *csv = NULL;
		enum stw_code rc = csv_open(path, &lookup->source.format, &csv, err);

		if (rc != STW_OK)
			return stw_err_prefix(err, rc, "%s", lookup->path);
		rc = import_compile_lookup(mapping, lookup, csv, arena, err);
		if (rc == STW_OK)
			rc = lookup_read(ctx, lookup, csv, err);
		csv_close(csv);
		if (rc != STW_OK)
			return rc;
		lookup->loaded = true;
	}
	return STW_OK;
}

/* ---- a row into cells -------------------------------------------------------------------- */
static enum import_row
phone_cell(const struct import_file *file, const struct import_column *column,
    struct arena *batch, struct import_cell *cell, int64_t *phones_skipped,
    struct import_fault *fault)
{
	struct phone *phone = arena_alloc(batch, sizeof *phone);
	struct str text = cell->s;
	struct stw_err why = {0};

	if (phone_parse(text, file->region, phone, &why) == STW_OK && phone->valid) {
		cell->phone = phone;
		cell->s = (struct str){"", 0};
		return IMPORT_ROW_OK;
	}
	*cell = (struct import_cell){0};
	if (!file->skip_bad_phone) {
		fault_set(fault, column->name,
		    why.text[0] != '\0' ? why.text : phone_fault(text, file->region));
		return IMPORT_ROW_BAD;
	}
	(*phones_skipped)++;
	return column->required ? IMPORT_ROW_SKIPPED : IMPORT_ROW_OK;
}

static enum import_row
cell_read(struct import_ctx *ctx, const struct import_file *file,
    const struct import_column *column, const struct import_expr *expr,
    const struct csv *csv, struct arena *batch, struct import_cell *cell,
    int64_t *phones_skipped, struct import_fault *fault)
{
	char reason[200];

	*cell = (struct import_cell){0};
	if (expr->rule != NULL) {
		struct rule_value v = eval(ctx, &file->source, expr, csv);

		if (!import_cell_of(
			&v, column, ctx->mapping, batch, cell, reason, sizeof reason)) {
			fault_set(fault, column->name, reason);
			return IMPORT_ROW_BAD;
		}
		if (cell->has && column->type == IMPORT_PHONE)
			return phone_cell(
			    file, column, batch, cell, phones_skipped, fault);
	}
	if (!cell->has && column->fallback != NULL) {
		struct rule_value v = rule_string(str_of(column->fallback));

		STW_ASSERT(import_cell_of(
		    &v, column, ctx->mapping, batch, cell, reason, sizeof reason));
	}
	/* Of what goes only the key counts, and that is always given. */
	if (!cell->has && column->required &&
	    (file->mode != IMPORT_DELETE || expr->rule != NULL)) {
		fault_set(fault, column->name, "has no value");
		return IMPORT_ROW_BAD;
	}
	return IMPORT_ROW_OK;
}

/* A snapshot closes what lies in its scope; rows of it cannot lie outside. */
static bool
scope_holds(const struct import_file *file, const struct import_cell *cells,
    struct import_fault *fault)
{
	const struct import_target_def *def = file->def;
	const struct import_cell *cell;

	if (file->nscope == 0)
		return true;
	cell = &cells[import_column_find(def, def->scope)];
	for (size_t i = 0; i < file->nscope; i++)
		if (str_eq(file->scope[i], cell->s))
			return true;
	fault_set(fault, def->scope, "lies outside the scope of this snapshot");
	return false;
}

/* What one column cannot say about itself. */
static bool
row_consistent(const struct import_file *file, const struct import_cell *cells,
    stw_usec as_of, struct import_fault *fault)
{
	const struct import_target_def *def = file->def;

	if (file->target == IMPORT_CONSENT) {
		const struct import_cell *purpose =
		    &cells[import_column_find(def, "purpose")];
		const struct import_cell *channel =
		    &cells[import_column_find(def, "channel")];
		const struct import_cell *from =
		    &cells[import_column_find(def, "effective_at")];
		const struct import_cell *to =
		    &cells[import_column_find(def, "expires_at")];
		bool grant =
		    str_eq_c(cells[import_column_find(def, "action")].s, "grant");

		if (grant && (str_eq_c(purpose->s, "*") || str_eq_c(channel->s, "*")))
			fault_set(fault, "purpose",
			    "a grant names its purpose and channel; * is for withdrawals");
		else if (grant && from->i > as_of)
			fault_set(fault, "effective_at",
			    "a grant cannot take effect later than it is recorded");
		else if (to->has && to->i <= from->i)
			fault_set(
			    fault, "expires_at", "the consent ends before it begins");
		else
			return true;
		return false;
	}
	if (file->target == IMPORT_CONTACT_TIME &&
	    cells[import_column_find(def, "from")].i >=
		cells[import_column_find(def, "until")].i) {
		fault_set(fault, "until",
		    "has to lie after from; hours past midnight are two rows");
		return false;
	}
	return scope_holds(file, cells, fault);
}

enum import_row
import_row_read(struct import_ctx *ctx, const struct import_file *file,
    const struct csv *csv, struct arena *batch, struct import_cell *cells,
    int64_t *phones_skipped, struct import_fault *fault)
{
	const struct import_target_def *def = file->def;
	enum import_row row;

	arena_reset(&ctx->row);
	row = where_check(ctx, &file->source, &file->where, csv, fault);
	for (int i = 0; def->columns[i].name != NULL && row == IMPORT_ROW_OK; i++)
		row = cell_read(ctx, file, &def->columns[i], &file->columns[i], csv,
		    batch, &cells[i], phones_skipped, fault);
	if (row == IMPORT_ROW_OK && !row_consistent(file, cells, ctx->as_of, fault))
		row = IMPORT_ROW_BAD;
	return row;
}

/* ---- checking without loading --------------------------------------------------------- */
static enum stw_code
check_one(const struct import_mapping *mapping, struct import_source *source,
    const char *dir, struct import_file *file, struct import_lookup *lookup,
    struct arena *arena, struct stw_err *err)
{
	struct csv *csv = NULL;
	enum stw_code rc = STW_OK;

	STW_ASSERT((file == NULL) != (lookup == NULL));
	if (dir != NULL)
		rc = csv_open(arena_printf(arena, "%s/%s", dir, source->file),
		    &source->format, &csv, err);
	if (rc == STW_NOT_FOUND)
		return stw_err_prefix(err, rc, "%.100s", dir);
	if (rc == STW_OK && file != NULL)
		rc = import_compile_file(mapping, file, csv, arena, err);
	else if (rc == STW_OK)
		rc = import_compile_lookup(mapping, lookup, csv, arena, err);
	csv_close(csv);
	return rc;
}

static void
report_file(const struct import_file *file, struct buf *report)
{
	const struct import_target_def *def = file->def;
	int n = 0;

	for (int i = 0; def->columns[i].name != NULL; i++)
		n += file->columns[i].text.ptr != NULL;
	buf_printf(report, "%s -> %s, %d column%s%s%s\n", file->source.file, def->name,
	    n, n == 1 ? "" : "s",
	    file->where.text.ptr != NULL ? ", only some rows" : "",
	    file->synthetic ? ", made-up data" : "");
}

/* Texts begin with their place, of the document, of an expression in it or of a file: a
 * number beside them would be taken for a line of another one. */
void
import_err_place(enum stw_code rc, struct stw_err *err)
{
	if (rc != STW_OK && err != NULL)
		err->line = err->column = 0;
}

enum stw_code
import_check(const char *mapping_path, const char *dir, stw_usec as_of,
    struct buf *report, struct stw_err *err)
{
	struct import_mapping mapping = {0};
	struct arena arena;
	struct str text;
	enum stw_code rc;

	arena_init(&arena);
	rc = import_document_find(mapping_path, dir, &arena, &text, err);
	if (rc == STW_OK)
		rc = import_mapping_parse(text, as_of, &arena, &mapping, err);
	for (int i = 0; i < mapping.nlookups && rc == STW_OK; i++)
		rc = check_one(&mapping, &mapping.lookups[i].source, dir, NULL,
		    &mapping.lookups[i], &arena, err);
	for (int i = 0; i < mapping.nfiles && rc == STW_OK; i++) {
		rc = check_one(&mapping, &mapping.files[i].source, dir,
		    &mapping.files[i], NULL, &arena, err);
		if (rc == STW_OK && report != NULL)
			report_file(&mapping.files[i], report);
	}
	import_mapping_fini(&mapping);
	arena_fini(&arena);
	import_err_place(rc, err);
	return rc;
}
