#include "engine/table.h"

#include <stdlib.h>
#include <string.h>

#include "engine/table_priv.h"

/* ---- table ------------------------------------------------------------------- */
static size_t
type_size(enum col_type type)
{
	switch (type) {
	case COL_BOOL:
		return sizeof(uint8_t);
	case COL_STRING:
		return sizeof(uint32_t);
	case COL_DATE:
		return sizeof(stw_day);
	case COL_DOUBLE:
		return sizeof(double);
	case COL_INT:
	case COL_TIMESTAMP:
	case COL_MONEY:
		return sizeof(int64_t);
	case COL_NONE:
		break;
	}
	STW_ASSERT(!"a column has a type");
	return 0;
}

size_t
column_size(const struct column *col)
{
	return type_size(col->type);
}

static size_t
valid_words(size_t cap)
{
	return (cap + 63) / 64;
}

static size_t
pack_bytes(const struct col_pack *pack)
{
	return sizeof *pack + pack->nchunks * sizeof *pack->chunks + pack->bytes;
}

/* realloc whose new part is zero; sizes in bytes. */
static void *
grow_zeroed(void *old, size_t have, size_t want)
{
	char *p = stw_xrealloc(old, want);

	if (want > have)
		memset(p + have, 0, want - have);
	return p;
}

void
table_reserve(struct table *table, size_t cap)
{
	size_t old = table->cap;

	if (cap <= old)
		return;
	STW_ASSERT(!table->over);
	for (int c = 0; c < table->ncols; c++) {
		struct column *col = &table->cols[c];
		size_t size = type_size(col->type);

		if (col->pack != NULL)
			column_unpack(table, c);
		col->flat = grow_zeroed(col->flat, old * size, cap * size);
		if (col->valid != NULL)
			col->valid = grow_zeroed(col->valid,
			    valid_words(old) * sizeof *col->valid,
			    valid_words(cap) * sizeof *col->valid);
	}
	for (int c = 0; c < table->nchildren; c++) {
		uint32_t **offsets = &table->children[c].offsets;

		*offsets = grow_zeroed(*offsets, (old + 1) * sizeof **offsets,
		    (cap + 1) * sizeof **offsets);
	}
	table->cap = cap;
}

struct table *
table_new(const char *name, size_t cap)
{
	struct table *table = stw_xalloc(sizeof *table);

	table->name = stw_xstrdup(name);
	table->cap = cap;
	return table;
}

void
table_free(struct table *table)
{
	if (table == NULL)
		return;
	for (int c = 0; c < table->ncols; c++) {
		if (table->cols[c].borrowed)
			continue;
		free(table->cols[c].name);
		free(table->cols[c].flat);
		col_pack_free(table->cols[c].pack);
		free(table->cols[c].valid);
		col_dict_free(table->cols[c].dict);
	}
	for (int c = 0; c < table->nchildren && !table->over; c++) {
		free(table->children[c].name);
		free(table->children[c].offsets);
		table_free(table->children[c].table);
	}
	free(table->cols);
	free(table->children);
	free(table->name);
	free(table);
}

struct table *
table_over(const struct table *of)
{
	struct table *table = table_new(of->name, of->rows);

	table->rows = of->rows;
	table->over = true;
	table->ncols = of->ncols;
	table->cols = stw_xalloc((size_t)(of->ncols + 1) * sizeof *table->cols);
	for (int c = 0; c < of->ncols; c++) {
		STW_ASSERT(of->cols[c].pack != NULL);
		table->cols[c] = of->cols[c];
		table->cols[c].borrowed = true;
	}
	table->nchildren = of->nchildren;
	table->children =
	    stw_xalloc((size_t)(of->nchildren + 1) * sizeof *table->children);
	for (int c = 0; c < of->nchildren; c++)
		table->children[c] = of->children[c];
	return table;
}

struct table *
table_beside(const struct table *of)
{
	struct table *table = table_new(of->name, of->rows);

	table->rows = of->rows;
	table->over = true;
	return table;
}

void
table_take(struct table *to, struct table *from)
{
	STW_ASSERT(from->rows == to->rows && from->nchildren == 0);
	to->cols = stw_xrealloc(
	    to->cols, ((size_t)to->ncols + (size_t)from->ncols) * sizeof *to->cols);
	for (int c = 0; c < from->ncols; c++) {
		STW_ASSERT(!from->cols[c].borrowed && from->cols[c].pack != NULL);
		to->cols[to->ncols++] = from->cols[c];
	}
	from->ncols = 0;
	table_free(from);
}

/* Flat, and missing in every row. */
static void
column_init(struct column *col, const char *name, enum col_type type, size_t cap)
{
	*col = (struct column){.name = stw_xstrdup(name), .type = type};
	col->flat = stw_xalloc(cap * type_size(type));
	col->valid = stw_xalloc(valid_words(cap) * sizeof *col->valid);
	if (type == COL_STRING) {
		col->dict = col_dict_new();
		/* Code 0, which rows without a value hold, always names something. */
		(void)col_dict_add(col->dict, STR_LIT(""));
	}
	if (type == COL_MONEY)
		memcpy(col->currency, "CNY", 4);
}

int
table_add_column(struct table *table, const char *name, enum col_type type)
{
	table->cols =
	    stw_xrealloc(table->cols, ((size_t)table->ncols + 1) * sizeof *table->cols);
	column_init(&table->cols[table->ncols], name, type, table->cap);
	return table->ncols++;
}

int
table_add_child(struct table *table, const char *name, struct table *child)
{
	struct table_child *c;

	table->children = stw_xrealloc(
	    table->children, ((size_t)table->nchildren + 1) * sizeof *table->children);
	c = &table->children[table->nchildren];
	c->name = stw_xstrdup(name);
	c->table = child;
	c->offsets = stw_xalloc((table->cap + 1) * sizeof *c->offsets);
	return table->nchildren++;
}

int
table_find_column(const struct table *table, const char *name)
{
	for (int c = 0; c < table->ncols; c++) {
		if (strcmp(table->cols[c].name, name) == 0)
			return c;
	}
	return -1;
}

int
table_find_child(const struct table *table, const char *name)
{
	for (int c = 0; c < table->nchildren; c++) {
		if (strcmp(table->children[c].name, name) == 0)
			return c;
	}
	return -1;
}

size_t
table_append(struct table *table)
{
	size_t row = table->rows;

	STW_ASSERT(!table->over);
	if (row == table->cap)
		table_reserve(table, table->cap < 16 ? 16 : table->cap * 2);
	for (int c = 0; c < table->ncols; c++) {
		if (table->cols[c].pack != NULL)
			column_unpack(table, c);
		if (table->cols[c].valid != NULL)
			table->cols[c].valid[row >> 6] &= ~(UINT64_C(1) << (row & 63));
	}
	for (int c = 0; c < table->nchildren; c++)
		table->children[c].offsets[row + 1] = table->children[c].offsets[row];
	table->rows = row + 1;
	return row;
}

static struct column *
cell(struct table *table, int col, size_t row)
{
	STW_ASSERT(col >= 0 && col < table->ncols && row < table->rows);
	STW_ASSERT(!table->cols[col].borrowed);
	if (table->cols[col].pack != NULL)
		column_unpack(table, col);
	return &table->cols[col];
}

static void
mark_valid(struct column *col, size_t row)
{
	if (col->valid != NULL)
		col->valid[row >> 6] |= UINT64_C(1) << (row & 63);
}

void
table_set_int(struct table *table, int col, size_t row, int64_t v)
{
	struct column *c = cell(table, col, row);

	switch (c->type) {
	case COL_BOOL:
		((uint8_t *)c->flat)[row] = v != 0;
		break;
	case COL_DATE:
		if (v < TABLE_DAY_MIN || v > TABLE_DAY_MAX) {
			table_set_missing(table, col, row);
			return;
		}
		((stw_day *)c->flat)[row] = (stw_day)v;
		break;
	case COL_INT:
	case COL_TIMESTAMP:
	case COL_MONEY:
		((int64_t *)c->flat)[row] = v;
		break;
	case COL_NONE:
	case COL_DOUBLE:
	case COL_STRING:
		STW_ASSERT(!"table_set_int on a column of whole numbers");
	}
	mark_valid(c, row);
}

void
table_set_double(struct table *table, int col, size_t row, double v)
{
	struct column *c = cell(table, col, row);

	STW_ASSERT(c->type == COL_DOUBLE);
	((double *)c->flat)[row] = v;
	mark_valid(c, row);
}

void
table_set_string(struct table *table, int col, size_t row, struct str v)
{
	struct column *c = cell(table, col, row);

	STW_ASSERT(c->type == COL_STRING);
	((uint32_t *)c->flat)[row] = col_dict_add(c->dict, v);
	mark_valid(c, row);
}

void
table_set_missing(struct table *table, int col, size_t row)
{
	struct column *c = cell(table, col, row); /* flat from now on */

	if (c->valid == NULL) {
		c->valid = stw_xalloc(valid_words(table->cap) * sizeof *c->valid);
		memset(c->valid, 0xff, valid_words(table->cap) * sizeof *c->valid);
	}
	c->valid[row >> 6] &= ~(UINT64_C(1) << (row & 63));
}

void
table_own(struct table *table, int col)
{
	const struct column of = table->cols[col];
	struct column *own = &table->cols[col];

	STW_ASSERT(of.borrowed && of.pack != NULL);
	column_init(own, of.name, of.type, table->cap);
	memcpy(own->currency, of.currency, sizeof of.currency);
	/* The same strings in the same order, so that codes stay what they are. */
	for (uint32_t code = 0; of.dict != NULL && code < col_dict_count(of.dict);
	     code++)
		STW_ASSERT(
		    col_dict_add(own->dict, col_dict_get(of.dict, code)) == code);
	column_flat(&of, own);
}

size_t
table_bytes(const struct table *table)
{
	size_t bytes = sizeof *table;

	for (int c = 0; c < table->ncols; c++) {
		const struct column *col = &table->cols[c];

		if (col->borrowed)
			continue;
		bytes += sizeof *col + (col->pack != NULL
					       ? pack_bytes(col->pack)
					       : table->cap * type_size(col->type));
		if (col->valid != NULL)
			bytes += valid_words(table->cap) * sizeof *col->valid;
		if (col->dict != NULL)
			bytes += col_dict_bytes(col->dict);
	}
	for (int c = 0; c < table->nchildren && !table->over; c++)
		bytes += sizeof table->children[c] +
			 (table->cap + 1) * sizeof(uint32_t) +
			 table_bytes(table->children[c].table);
	return bytes;
}
