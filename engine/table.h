/*
 * table.h - rows in columns: the form in which rules see a book.
 *
 * Purpose    A table is typed column vectors with validity bits. A child table
 *            (holdings, transactions, ...) holds the rows of all parents one after the
 *            other; its parent keeps offsets: child rows of parent r are
 *            [offsets[r], offsets[r + 1]).
 *            A column is *flat* while it is filled: one array of its type. table_pack
 *            turns it into a *packed* one: chunks of TABLE_CHUNK rows, each as narrow
 *            as its values allow, each with its minimum and maximum. Rules run over
 *            packed columns; column_int and the like read both forms. Writing to a
 *            packed column makes it flat again, which costs a pass over it.
 *            A table may lie over another one: it shows that one's columns and children,
 *            and has columns of its own after them or in their place.
 * Units      DATE stw_day, TIMESTAMP stw_usec, DURATION microseconds, MONEY int64 minor
 *            units of the column's one currency.
 * Ownership  A table owns its columns, dictionaries and child tables, but for those of
 *            the table it lies over, which outlives it.
 * Threads    One writer before it is shared; any number of readers after.
 */
#ifndef STW_ENGINE_TABLE_H
#define STW_ENGINE_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/buf.h"
#include "engine/err.h"
#include "engine/time.h"

enum col_type {
	COL_NONE = 0,
	COL_BOOL,      /* uint8_t 0/1 */
	COL_INT,       /* int64_t */
	COL_DOUBLE,    /* double */
	COL_STRING,    /* uint32_t code into dict */
	COL_DATE,      /* stw_day (int32_t) */
	COL_TIMESTAMP, /* stw_usec */
	COL_MONEY,     /* int64_t minor units */
};

/* Distinct strings in order of first appearance; code = index. */
struct col_dict;
struct col_dict *col_dict_new(void);
void col_dict_free(struct col_dict *dict);
uint32_t col_dict_add(struct col_dict *dict, struct str s);
/* UINT32_MAX when the string is not there. */
uint32_t col_dict_find(const struct col_dict *dict, struct str s);
struct str col_dict_get(const struct col_dict *dict, uint32_t code);
uint32_t col_dict_count(const struct col_dict *dict);

/* ---- packed columns -------------------------------------------------------------- */
#define TABLE_CHUNK ((size_t)8192) /* rows; a multiple of 64 */

/* Rows [k * TABLE_CHUNK, ...) of a packed column: codes without a sign, and value =
 * base + step * code. A row without a value has code 0.
 *
 * `data` is an array of codes of `width` bytes; where width is 3, 4 or 6 `data` holds the
 * high parts of the codes and `low`, another array, the low ones: code = high <<
 * low_bits | low. Comparisons read the high parts, and low ones only of the rows whose
 * high part stands at the very border.
 *
 *   width   codes
 *   0       none: every row is base; of BOOL a bit a row
 *   1, 2    uint8_t, uint16_t
 *   3       uint8_t high, uint16_t low
 *   4       uint16_t high, uint16_t low
 *   6       uint32_t high, uint16_t low
 *   8       the values themselves, int64_t or double; base is 0, step 1
 *
 * Arrays are aligned to 64 bytes and have room for whole words of 64 rows; what lies
 * past the last row is zero. The arrays of a column lie one after the other, first all
 * `data`, then all `low`: what is read together then lies together. Nothing depends on
 * it. But for the two pointers a chunk is plain numbers, so that a file can hold it. */
struct col_chunk {
	const void *data;
	const void *low; /* NULL: codes are whole */
	int64_t base;
	uint64_t step;    /* 1 unless it saves width: instants at whole seconds */
	int64_t min, max; /* of the rows with a value; min > max: there are none. Of a
			   * DOUBLE: 0, 1, for want of an order of NaN. */
	uint32_t missing; /* rows without a value */
	uint8_t width;
	uint8_t low_bits; /* of a code, that lie in its low part */
};

/* Bytes of `data` and of `low` of a chunk of so many rows. */
size_t chunk_data_bytes(enum col_type type, uint8_t width, size_t rows);
size_t chunk_low_bytes(uint8_t width, size_t rows);

struct table_map;
struct col_pack {
	size_t rows, nchunks;
	struct col_chunk *chunks;
	int64_t min, max; /* of all chunks */
	size_t missing;
	size_t bytes;          /* of memory */
	void *memory;          /* that the chunks point into; NULL: it is the map's */
	struct table_map *map; /* of the file they lie in; NULL: none */
	uint64_t serial;       /* no two packs of a process have the same */
};

struct column {
	char *name;
	enum col_type type;
	char currency[4];      /* MONEY only, ISO 4217 */
	void *flat;            /* one element a row, type as above; NULL: packed */
	struct col_pack *pack; /* NULL: flat */
	uint64_t *valid;       /* bit r set: row r has a value; NULL: all have */
	struct col_dict *dict; /* STRING only */
	bool borrowed;         /* of the table that this one lies over: only read */
};

struct table;

struct table_child {
	char *name;
	struct table *table;
	uint32_t *offsets; /* rows + 1 of them */
};

struct table {
	char *name;
	size_t rows, cap;
	struct column *cols;
	int ncols;
	int borrowed; /* the first columns, of the table it lies over */
	bool over; /* lies over another table: children are borrowed, rows are fixed */
	struct table_child *children;
	int nchildren;
};

/* cap rows of room in each column (rows may be added up to it, and it may grow). */
struct table *table_new(const char *name, size_t cap);
void table_free(struct table *table);
/* A table over the packed columns and the children of another. */
struct table *table_over(const struct table *of);
/* A table without columns, of as many rows: they are added, filled and packed beside a table
 * that others read meanwhile; table_take then makes them its last ones, and frees from. */
struct table *table_beside(const struct table *of);
void table_take(struct table *to, struct table *from);
/* A borrowed column becomes a copy, flat, which may be written to. */
void table_own(struct table *table, int col);
/* The new column's index. All rows so far are missing in it. MONEY starts as CNY: write
 * another code into cols[i].currency before rules are bound to it. */
int table_add_column(struct table *table, const char *name, enum col_type type);
/* Takes ownership of child; offsets start as all zero. Its index. */
int table_add_child(struct table *table, const char *name, struct table *child);
int table_find_column(const struct table *table, const char *name); /* -1: none */
int table_find_child(const struct table *table, const char *name);  /* -1: none */
/* Appends one row, missing in every column and without child rows; its index. To give
 * parent row r its children: append them to the child table, then set the parent's
 * offsets[r + 1] = child->rows (parents in row order). */
size_t table_append(struct table *table);
/* Room for that many rows in all, so that appending them moves nothing. */
void table_reserve(struct table *table, size_t cap);

/* 0001-01-01 and 9999-12-31: what a DATE column holds; other days become missing. */
#define TABLE_DAY_MIN INT64_C(-719162)
#define TABLE_DAY_MAX INT64_C(2932896)

void table_set_int(struct table *table, int col, size_t row, int64_t v); /* INT, MONEY,
	TIMESTAMP, DATE (range-checked), BOOL */
void table_set_double(struct table *table, int col, size_t row, double v);
void table_set_string(struct table *table, int col, size_t row, struct str v);
void table_set_missing(struct table *table, int col, size_t row);

static inline bool
column_has(const struct column *col, size_t row)
{
	return col->valid == NULL || ((col->valid[row >> 6] >> (row & 63)) & 1) != 0;
}

/* Bytes of an element of `data`; what is left of the width is `low`'s. */
static inline size_t
chunk_high_size(uint8_t width)
{
	return width == 3 ? 1 : width == 4 ? 2 : width == 6 ? 4 : width;
}

/* The code of a row, and the whole number it stands for; not of BOOL. */
static inline uint64_t
chunk_code(const struct col_chunk *c, size_t i)
{
	const uint8_t *d8 = c->data;
	const uint16_t *d16 = c->data, *l16 = c->low;

	switch (c->width) {
	case 1:
		return d8[i];
	case 2:
		return d16[i];
	case 3:
		return (uint64_t)d8[i] << c->low_bits | l16[i];
	case 4:
		return (uint64_t)d16[i] << c->low_bits | l16[i];
	case 6:
		return (uint64_t)((const uint32_t *)c->data)[i] << c->low_bits | l16[i];
	case 8:
		return ((const uint64_t *)c->data)[i];
	default:
		return 0;
	}
}

static inline int64_t
chunk_value(const struct col_chunk *c, size_t i)
{
	return (int64_t)((uint64_t)c->base + c->step * chunk_code(c, i));
}

/* Packs every column of the table and of its children that is not packed yet. */
void table_pack(struct table *table);
/* A packed copy of the first `rows` rows of a flat column; freed by col_pack_free. */
struct col_pack *col_pack_new(const struct column *col, size_t rows);
/* An empty one of so many rows, whose chunks the caller fills; its serial is new. */
struct col_pack *col_pack_blank(size_t rows);
void col_pack_free(struct col_pack *pack);
/* Flat again, with room for the table's cap. */
void column_unpack(struct table *table, int col);
/* The rows of a packed column into a flat one of the same type that has room for them. */
void column_flat(const struct column *from, struct column *to);

/* The whole number of a row of INT, MONEY, TIMESTAMP, DATE, BOOL (0, 1) or STRING (the
 * code); of a row without a value anything. */
int64_t column_int(const struct column *col, size_t row);
double column_double(const struct column *col, size_t row);
static inline uint32_t
column_code(const struct column *col, size_t row)
{
	return (uint32_t)column_int(col, row);
}

/* Bytes of one element of a column's type, as a flat column holds it. */
size_t column_size(const struct column *col);

/* Bytes held, columns, dictionaries and children together. */
size_t table_bytes(const struct table *table);

#endif
