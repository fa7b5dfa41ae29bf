#include "tests/lib/book_world.h"

#include <stdio.h>
#include <string.h>

#include <check.h>

#include "segments/trait.h"

struct book *
world_new(void)
{
	const struct zone *zone;
	struct stw_err err = {0};

	ck_assert_msg(
	    zone_find("Asia/Shanghai", &zone, &err) == STW_OK, "%s", err.text);
	return book_new(0, "CNY", zone, WORLD_NOW);
}

size_t
world_add(struct book *book, const char *ref, int tenure)
{
	size_t row = book_append(book, book->last_bucket + 1, 1);
	struct table *t = book->customers;

	table_set_string(t, BOOK_REF, row, str_of(ref));
	table_set_int(t, BOOK_DECEASED, row, 0);
	table_set_int(t, BOOK_COMPLAINT_OPEN, row, 0);
	if (tenure >= 0)
		table_set_int(t, BOOK_OPENED_ON, row, WORLD_TODAY - tenure);
	return row;
}

static size_t
append_child(struct book *book, enum book_child child, struct table **table)
{
	*table = book->customers->children[child].table;
	return table_append(*table);
}

void
world_hold(struct book *book, const char *kind, int64_t fen, int matures_in)
{
	struct table *t;
	size_t row = append_child(book, BOOK_HOLDINGS, &t);

	table_set_string(t, HOLDING_KIND, row, str_of(kind));
	table_set_int(t, HOLDING_AMOUNT, row, fen);
	table_set_int(t, HOLDING_OPEN, row, 1);
	if (matures_in != WORLD_NO_MATURITY)
		table_set_int(t, HOLDING_MATURITY_ON, row, WORLD_TODAY + matures_in);
	book_end_children(book, BOOK_HOLDINGS, book->customers->rows - 1);
}

void
world_move(struct book *book, const char *kind, int64_t fen, int days_ago)
{
	struct table *t;
	size_t row = append_child(book, BOOK_TRANSACTIONS, &t);

	table_set_int(t, TXN_AT, row, WORLD_NOW - days_ago * STW_USEC_DAY);
	table_set_string(t, TXN_KIND, row, str_of(kind));
	table_set_int(t, TXN_AMOUNT, row, fen);
	book_end_children(book, BOOK_TRANSACTIONS, book->customers->rows - 1);
}

void
world_contact(
    struct book *book, const char *kind, const char *disposition, int days_ago)
{
	struct table *t;
	size_t row = append_child(book, BOOK_OUTREACH, &t);

	table_set_int(t, OUTREACH_AT, row, WORLD_NOW - days_ago * STW_USEC_DAY);
	table_set_string(t, OUTREACH_CHANNEL, row, STR_LIT("VOICE"));
	table_set_string(t, OUTREACH_KIND, row, str_of(kind));
	if (disposition != NULL)
		table_set_string(t, OUTREACH_DISPOSITION, row, str_of(disposition));
	book_end_children(book, BOOK_OUTREACH, book->customers->rows - 1);
}

void
world_derive(struct book *book)
{
	struct trait_catalogue catalogue;
	struct stw_err err = {0};
	struct arena arena;

	arena_init(&arena);
	ck_assert_msg(trait_catalogue_builtin(&arena, &catalogue, &err) == STW_OK, "%s",
	    err.text);
	ck_assert_msg(traits_derive(book, &catalogue, WORLD_NOW, NULL, &err) == STW_OK,
	    "%d:%d: %s", err.line, err.column, err.text);
	arena_fini(&arena);
}

void
world_view_parts(const struct book_view *view, struct book_parts *out)
{
	struct trait_catalogue catalogue;
	struct stw_err err = {0};
	struct arena arena;

	arena_init(&arena);
	ck_assert_msg(trait_catalogue_builtin(&arena, &catalogue, &err) == STW_OK, "%s",
	    err.text);
	ck_assert_msg(book_view_parts(view, &catalogue, WORLD_NOW, out, &err) == STW_OK,
	    "%s", err.text);
	arena_fini(&arena);
}

const char *
world_cell(const struct book *book, const char *column, size_t row)
{
	static char text[128];
	int c = table_find_column(book->customers, column);
	const struct column *col;
	char day[STW_DAY_TEXT];

	ck_assert_msg(c >= 0, "no column %s", column);
	col = &book->customers->cols[c];
	if (!column_has(col, row))
		return "-";
	switch (col->type) {
	case COL_BOOL:
		return column_int(col, row) != 0 ? "true" : "false";
	case COL_STRING:
		(void)snprintf(text, sizeof text, "%.*s",
		    STR_FMT(col_dict_get(col->dict, column_code(col, row))));
		return text;
	case COL_DATE:
		(void)snprintf(text, sizeof text, "%s",
		    stw_day_format((stw_day)column_int(col, row), day));
		return text;
	case COL_DOUBLE:
		(void)snprintf(text, sizeof text, "%.17g", column_double(col, row));
		return text;
	case COL_INT:
	case COL_TIMESTAMP:
	case COL_MONEY:
		(void)snprintf(
		    text, sizeof text, "%lld", (long long)column_int(col, row));
		return text;
	case COL_NONE:
		break;
	}
	ck_abort_msg("column %s: no such type here", column);
	return NULL;
}
