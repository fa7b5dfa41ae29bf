#include "tests/lib/table_walk.h"

#include <string.h>

/* Strings of rows without a value too: rules look at their codes. */
static uint64_t
walk_cell(const struct column *col, size_t row)
{
	uint64_t bits = 0;
	struct str s;
	double d;

	if (col->type == COL_STRING) {
		s = col_dict_get(col->dict, column_code(col, row));
		STW_ASSERT(
		    col_dict_find(col->dict, s) == UINT32_MAX || s.ptr[s.len] == '\0');
		bits = s.len;
		for (size_t i = 0; i < s.len; i++)
			bits = bits * 31 + (unsigned char)s.ptr[i];
	} else if (col->type == COL_DOUBLE) {
		d = column_double(col, row);
		memcpy(&bits, &d, sizeof bits);
	} else {
		bits = (uint64_t)column_int(col, row);
		if (column_has(col, row) && col->pack != NULL)
			STW_ASSERT((int64_t)bits >= col->pack->min &&
				   (int64_t)bits <= col->pack->max);
	}
	return bits + column_has(col, row);
}

uint64_t
table_walk(const struct table *table)
{
	uint64_t sum = table->rows;

	for (int c = 0; c < table->ncols; c++)
		for (size_t r = 0; r < table->rows; r++)
			sum = sum * 31 + walk_cell(&table->cols[c], r);
	for (int c = 0; c < table->nchildren; c++) {
		const struct table_child *child = &table->children[c];

		for (size_t r = 0; r < table->rows; r++)
			for (uint32_t i = child->offsets[r]; i < child->offsets[r + 1];
			     i++)
				STW_ASSERT(i < child->table->rows);
		sum += table_walk(child->table);
	}
	return sum;
}
