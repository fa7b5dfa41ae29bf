#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "api/cli/cli.h"
#include "api/json_brief.h"
#include "engine/table_stat.h"
#include "segments/book_file_store.h"
#include "segments/trait.h"

/* ---- count ------------------------------------------------------------------------- */
static enum stw_code
book_count(struct cli *cli, struct stw_err *err)
{
	static const char *const names[] = {"customers", "contact points", "holdings",
	    "transactions", "interactions", "consent events", "objections", "tasks",
	    "decisions"};
	struct db_rows *rows = NULL;
	struct db *db;
	enum stw_code rc;

	rc = cli_parse(cli, NULL, 0, 0, 0, err);
	if (rc == STW_OK)
		rc = app_db(&cli->app, &db, err);
	if (rc == STW_OK)
		rc = db_query_one(db, DB_Q_BOOK_COUNT, NULL, 0, &rows, err);
	if (rc != STW_OK)
		return rc;
	for (int i = 0; i < (int)STW_ARRAY_LEN(names); i++)
		(void)printf(
		    "%-16s %14s\n", names[i], cli_count(db_get_i64(rows, 0, i)));
	db_rows_free(rows);
	return STW_OK;
}

/* ---- where a book comes from --------------------------------------------------------- */
struct source {
	struct book *book;
	struct db *db;
	const char *file; /* NULL: loaded */
	struct book_file_info info;
	stw_usec took;
};

static enum stw_code
load_book(struct cli *cli, int64_t connections, bool traits, struct source *s,
    struct stw_err *err)
{
	struct progress progress = cli_progress();
	const struct book_options options = {
	    .progress = &progress, .workers = (int)connections, .no_traits = !traits};
	stw_usec began = stw_monotonic();
	enum stw_code rc = app_db(&cli->app, &s->db, err);

	if (rc == STW_OK)
		rc = book_load(s->db, app_now(&cli->app), &options, &s->book, err);
	cli_progress_end();
	s->took = stw_monotonic() - began;
	return rc;
}

/* Any file of this program's: of which database and how old is shown, not asked. */
static enum stw_code
open_book(const char *file, struct source *s, struct stw_err *err)
{
	static const struct book_file_want any = {.max_age = -1};
	stw_usec began = stw_monotonic();
	enum stw_code rc = book_file_open(file, &any, &s->book, &s->info, err);

	s->file = file;
	s->took = stw_monotonic() - began;
	return rc;
}

/* ---- printing ------------------------------------------------------------------------ */
static const char *
mega(size_t bytes)
{
	static char texts[8][24];
	static unsigned next;
	char *text = texts[next++ % STW_ARRAY_LEN(texts)];

	(void)snprintf(text, sizeof texts[0], "%.3f", (double)bytes / 1e6);
	return text;
}

/* "1 (80 %), 2": bytes a row takes, and the share of the chunks when there are several. */
static const char *
widths(struct arena *arena, const struct column *col, const struct column_stat *stat)
{
	size_t all = col->pack == NULL ? 0 : col->pack->nchunks;
	const char *text = "";

	if (col->pack == NULL)
		return "flat";
	if (col->type == COL_BOOL)
		return "1 bit";
	for (int w = 0; w < (int)STW_ARRAY_LEN(stat->chunks); w++) {
		if (stat->chunks[w] == 0)
			continue;
		text = stat->chunks[w] == all
			   ? arena_printf(arena, "%d", w)
			   : arena_printf(arena, "%s%s%d (%.0f %%)", text,
				 text[0] == '\0' ? "" : ", ", w,
				 100.0 * (double)stat->chunks[w] / (double)all);
	}
	return text;
}

static void
print_columns(struct arena *arena, const struct table *table)
{
	for (int c = 0; c < table->ncols; c++) {
		const struct column *col = &table->cols[c];
		struct column_stat stat;
		double rows = table->rows == 0 ? 1 : (double)table->rows;

		column_stat(table, col, &stat);
		(void)printf("    %-24s %-10s %6.1f %% %12s %12s %12s  %s\n", col->name,
		    trait_type_name(col->type), 100 * (double)stat.missing / rows,
		    mega(stat.raw), mega(column_held(&stat)),
		    stat.strings > 0 ? cli_count(stat.strings) : "",
		    widths(arena, col, &stat));
	}
}

static void
print_table(struct arena *arena, const struct table *table, struct table_stat *sum)
{
	struct table_stat stat;

	table_stat(table, &stat);
	sum->raw += stat.raw;
	sum->held += stat.held;
	(void)printf("%-24s %14s %8s %12s %12s %12s  %s\n", table->name,
	    cli_count((int64_t)table->rows), "missing", mega(stat.raw), mega(stat.held),
	    "strings", "bytes a row");
	print_columns(arena, table);
	for (int c = 0; c < table->nchildren; c++)
		print_table(arena, table->children[c].table, sum);
}

static void
print_origin(struct cli *cli, const struct source *s)
{
	(void)printf("book: %s customers as of %s",
	    cli_count((int64_t)s->book->customers->rows),
	    cli_time(&cli->app, s->book->as_of));
	if (s->file == NULL)
		(void)printf(", loaded in %s\n", cli_secs(s->took));
	else
		(void)printf(", of database %s, stream position %llX/%llX\n%s: %s MB, "
			     "checked and opened in %s (%.2f GB/s)\n",
		    s->info.source, (unsigned long long)(s->info.position >> 32),
		    (unsigned long long)(s->info.position & UINT32_MAX), s->file,
		    mega(s->info.bytes), cli_secs(s->took),
		    (double)s->info.bytes / 1e3 / (double)(s->took + 1));
}

static void
print_stat(struct cli *cli, const struct source *s)
{
	size_t held = book_bytes(s->book);
	struct table_stat sum = {0};

	print_origin(cli, s);
	(void)printf("%-24s %14s %8s %12s %12s\n", "", "rows", "", "MB raw", "MB held");
	print_table(&cli->arena, s->book->customers, &sum);
	(void)printf("%-24s %14s %8s %12s %12s  %.0f %% of raw\n", "in all", "", "",
	    mega(sum.raw), mega(held),
	    sum.raw == 0 ? 0.0 : 100.0 * (double)held / (double)sum.raw);
}

/* ---- as JSON -------------------------------------------------------------------------- */
static json_t *
column_json(const struct table *table, const struct column *col)
{
	struct column_stat stat;
	json_t *v = json_object(), *chunks = json_object();

	column_stat(table, col, &stat);
	(void)json_object_set_new(v, "name", json_string(col->name));
	(void)json_object_set_new(v, "type", json_string(trait_type_name(col->type)));
	(void)json_object_set_new(v, "missing", json_integer((json_int_t)stat.missing));
	(void)json_object_set_new(v, "raw_bytes", json_integer((json_int_t)stat.raw));
	(void)json_object_set_new(
	    v, "value_bytes", json_integer((json_int_t)stat.values));
	(void)json_object_set_new(
	    v, "missing_bytes", json_integer((json_int_t)stat.marks));
	(void)json_object_set_new(
	    v, "dictionary_bytes", json_integer((json_int_t)stat.dictionary));
	(void)json_object_set_new(v, "strings", json_integer(stat.strings));
	for (int w = 0; w < (int)STW_ARRAY_LEN(stat.chunks); w++)
		if (stat.chunks[w] > 0) {
			char name[2] = {(char)('0' + w), '\0'};

			(void)json_object_set_new(
			    chunks, name, json_integer((json_int_t)stat.chunks[w]));
		}
	(void)json_object_set_new(v, "chunks_by_width", chunks);
	return v;
}

static void
tables_json(const struct table *table, json_t *to)
{
	json_t *v = json_object(), *columns = json_array();
	struct table_stat stat;

	table_stat(table, &stat);
	for (int c = 0; c < table->ncols; c++)
		(void)json_array_append_new(
		    columns, column_json(table, &table->cols[c]));
	(void)json_object_set_new(v, "name", json_string(table->name));
	(void)json_object_set_new(v, "rows", json_integer((json_int_t)table->rows));
	(void)json_object_set_new(v, "raw_bytes", json_integer((json_int_t)stat.raw));
	(void)json_object_set_new(v, "held_bytes", json_integer((json_int_t)stat.held));
	(void)json_object_set_new(v, "columns", columns);
	(void)json_array_append_new(to, v);
	for (int c = 0; c < table->nchildren; c++)
		tables_json(table->children[c].table, to);
}

static void
print_json(const struct source *s)
{
	json_t *v = json_object(), *tables = json_array();
	char as_of[STW_USEC_TEXT], *text;

	(void)json_object_set_new(
	    v, "as_of", json_string(stw_usec_format(s->book->as_of, as_of)));
	(void)json_object_set_new(
	    v, "seconds", json_real((double)s->took / (double)STW_USEC_SEC));
	if (s->file != NULL) {
		(void)json_object_set_new(v, "file", json_string(s->file));
		(void)json_object_set_new(
		    v, "file_bytes", json_integer((json_int_t)s->info.bytes));
		(void)json_object_set_new(v, "database", json_string(s->info.source));
		(void)json_object_set_new(
		    v, "position", json_integer((json_int_t)s->info.position));
		(void)json_object_set_new(
		    v, "lifecycle_model", json_string(s->info.model));
	}
	(void)json_object_set_new(
	    v, "held_bytes", json_integer((json_int_t)book_bytes(s->book)));
	tables_json(s->book->customers, tables);
	(void)json_object_set_new(v, "tables", tables);
	text = json_dumps_brief(v, JSON_INDENT(2) | JSON_PRESERVE_ORDER);
	STW_ASSERT(text != NULL);
	(void)puts(text);
	free(text);
	json_decref(v);
}

/* ---- verbs ----------------------------------------------------------------------------- */
static enum stw_code
book_stat(struct cli *cli, struct stw_err *err)
{
	const char *file = NULL;
	int64_t connections = 0;
	bool json = false;
	const struct cli_opt opts[] = {{"file", CLI_TEXT, &file, 0, 0},
	    {"connections", CLI_NUMBER, &connections, 1, 64},
	    {"json", CLI_SWITCH, &json, 0, 0}};
	struct source s = {0};
	enum stw_code rc;

	rc = cli_parse(cli, opts, (int)STW_ARRAY_LEN(opts), 0, 0, err);
	if (rc == STW_OK && file != NULL && connections > 0)
		rc = stw_fail(err, STW_INVALID,
		    "--connections is of a load, and --file loads nothing");
	if (rc == STW_OK)
		rc = file != NULL ? open_book(file, &s, err)
				  : load_book(cli, connections, true, &s, err);
	if (rc == STW_OK && json)
		print_json(&s);
	else if (rc == STW_OK)
		print_stat(cli, &s);
	book_free(s.book);
	return rc;
}

static enum stw_code
book_save_to(struct cli *cli, struct stw_err *err)
{
	int64_t connections = 0;
	const struct cli_opt opts[] = {
	    {"connections", CLI_NUMBER, &connections, 1, 64}};
	struct source s = {0};
	uint64_t bytes = 0;
	stw_usec began = 0;
	enum stw_code rc;

	rc = cli_parse(cli, opts, (int)STW_ARRAY_LEN(opts), 1, 1, err);
	if (rc == STW_OK)
		rc = load_book(cli, connections, false, &s, err);
	began = stw_monotonic();
	if (rc == STW_OK)
		rc = book_save(s.db, s.book, cli->argv[0], &bytes, err);
	if (rc == STW_OK) {
		print_origin(cli, &s);
		(void)printf("%s: %s MB written in %s\n", cli->argv[0], mega(bytes),
		    cli_secs(stw_monotonic() - began));
	}
	book_free(s.book);
	return rc;
}

static enum stw_code
book_check_file(struct cli *cli, struct stw_err *err)
{
	bool json = false;
	const struct cli_opt opts[] = {{"json", CLI_SWITCH, &json, 0, 0}};
	struct source s = {0};
	enum stw_code rc;

	rc = cli_parse(cli, opts, (int)STW_ARRAY_LEN(opts), 1, 1, err);
	if (rc == STW_OK)
		rc = open_book(cli->argv[0], &s, err);
	if (rc == STW_OK && json)
		print_json(&s);
	else if (rc == STW_OK)
		print_origin(cli, &s);
	book_free(s.book);
	return rc;
}

enum stw_code
cmd_book(struct cli *cli, struct stw_err *err)
{
	static const char *const verbs[] = {"count", "stat", "save", "open"};

	switch (cli_verb(cli, verbs, (int)STW_ARRAY_LEN(verbs), err)) {
	case 0:
		return book_count(cli, err);
	case 1:
		return book_stat(cli, err);
	case 2:
		return book_save_to(cli, err);
	case 3:
		return book_check_file(cli, err);
	default:
		return STW_INVALID;
	}
}
