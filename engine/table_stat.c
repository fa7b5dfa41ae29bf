#include "engine/table_stat.h"

#include <string.h>

#include "engine/table_priv.h"

static size_t
flat_missing(const struct column *col, size_t rows)
{
	size_t missing = 0;

	for (size_t r = 0; r < rows; r++)
		missing += !column_has(col, r);
	return missing;
}

void
column_stat(
    const struct table *table, const struct column *col, struct column_stat *out)
{
	memset(out, 0, sizeof *out);
	out->raw = table->rows * column_size(col);
	if (col->pack != NULL) {
		out->missing = col->pack->missing;
		out->values = sizeof *col->pack + col->pack->bytes +
			      col->pack->nchunks * sizeof *col->pack->chunks;
		for (size_t k = 0; k < col->pack->nchunks; k++)
			out->chunks[col->pack->chunks[k].width]++;
	} else {
		out->missing = flat_missing(col, table->rows);
		out->values = table->cap * column_size(col);
	}
	if (col->valid != NULL)
		out->marks = (table->cap + 63) / 64 * sizeof *col->valid;
	if (col->dict != NULL) {
		out->strings = col_dict_count(col->dict);
		out->dictionary = col_dict_bytes(col->dict);
	}
}

void
table_stat(const struct table *table, struct table_stat *out)
{
	memset(out, 0, sizeof *out);
	for (int c = 0; c < table->ncols; c++) {
		struct column_stat stat;

		column_stat(table, &table->cols[c], &stat);
		out->raw += stat.raw;
		out->held += column_held(&stat);
	}
	out->held += (size_t)table->nchildren * (table->cap + 1) * sizeof(uint32_t);
}
