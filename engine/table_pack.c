/* Packed columns: each chunk as narrow as its values allow. */
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "engine/arena.h"
#include "engine/table.h"

#define ALIGN     ((size_t)64)
#define HUGE_PAGE ((size_t)2 << 20)

/* ---- reading flat columns -------------------------------------------------------- */
static int64_t
flat_int(const struct column *col, size_t row)
{
	switch (col->type) {
	case COL_BOOL:
		return ((const uint8_t *)col->flat)[row] != 0;
	case COL_STRING:
		return ((const uint32_t *)col->flat)[row];
	case COL_DATE:
		return ((const stw_day *)col->flat)[row];
	case COL_INT:
	case COL_TIMESTAMP:
	case COL_MONEY:
		return ((const int64_t *)col->flat)[row];
	case COL_NONE:
	case COL_DOUBLE:
		break;
	}
	STW_ASSERT(!"a column of whole numbers");
	return 0;
}

/* ---- measuring ------------------------------------------------------------------- */
static uint8_t
width_of(uint64_t code)
{
	return code <= UINT8_MAX    ? 1
	       : code <= UINT16_MAX ? 2
	       : code <= UINT32_MAX ? 4
				    : 8;
}

/* Minimum, maximum and how many are missing. */
static void
measure(const struct column *col, size_t first, size_t n, struct col_chunk *c)
{
	c->min = INT64_MAX;
	c->max = INT64_MIN;
	for (size_t row = first; row < first + n; row++) {
		int64_t v;

		if (!column_has(col, row)) {
			c->missing++;
			continue;
		}
		v = col->type == COL_DOUBLE ? 0 : flat_int(col, row);
		c->min = v < c->min ? v : c->min;
		c->max = v > c->max ? v : c->max;
	}
	if (col->type == COL_DOUBLE && c->missing < n)
		c->max = 1;
}

/* The step that brings a wide span down to four bytes; 1: there is none. */
static uint64_t
find_step(const struct column *col, size_t first, size_t n, const struct col_chunk *c)
{
	uint64_t span = (uint64_t)c->max - (uint64_t)c->min;
	uint64_t least = span / UINT32_MAX + 1; /* a smaller one does not help */
	uint64_t step = 0;

	for (size_t row = first; row < first + n; row++) {
		uint64_t rest;

		if (!column_has(col, row))
			continue;
		rest = (uint64_t)flat_int(col, row) - (uint64_t)c->min;
		while (rest != 0) { /* Euclid */
			uint64_t r = step % rest;

			step = rest;
			rest = r;
		}
		if (step != 0 && step < least)
			return 1;
	}
	return step;
}

/* Base 0 where it costs nothing: codes are then the values. */
static void
choose_width(const struct column *col, size_t first, size_t n, struct col_chunk *c)
{
	uint64_t span = (uint64_t)c->max - (uint64_t)c->min;

	c->step = 1;
	if (col->type == COL_DOUBLE) {
		c->width = 8;
	} else if (col->type == COL_BOOL) {
		c->width = 0;
	} else if (c->min >= c->max) { /* one value, or none */
		c->width = 0;
		c->base = c->min > c->max ? 0 : c->min;
	} else {
		if (span > UINT32_MAX)
			c->step = find_step(col, first, n, c);
		c->width = width_of(span / c->step);
		c->base = c->min;
		if (c->min >= 0 && width_of((uint64_t)c->max) == c->width &&
		    c->step == 1)
			c->base = 0;
		if (c->width == 8)
			c->base = 0;
	}
}

static size_t
chunk_bytes(const struct column *col, const struct col_chunk *c, size_t n)
{
	size_t words = (n + 63) / 64;
	size_t bytes =
	    col->type == COL_BOOL ? words * sizeof(uint64_t) : words * 64 * c->width;

	return (bytes + ALIGN - 1) / ALIGN * ALIGN;
}

/* ---- writing --------------------------------------------------------------------- */
static void
put_code(void *data, uint8_t width, size_t i, uint64_t code)
{
	if (width == 1)
		((uint8_t *)data)[i] = (uint8_t)code;
	else if (width == 2)
		((uint16_t *)data)[i] = (uint16_t)code;
	else if (width == 4)
		((uint32_t *)data)[i] = (uint32_t)code;
	else if (width == 8)
		((uint64_t *)data)[i] = code;
}

static void
fill_chunk(const struct column *col, const struct col_chunk *c, size_t first, size_t n,
    void *data)
{
	for (size_t i = 0; i < n; i++) {
		if (!column_has(col, first + i))
			continue;
		if (col->type == COL_DOUBLE)
			((double *)data)[i] = ((const double *)col->flat)[first + i];
		else if (col->type == COL_BOOL)
			((uint64_t *)data)[i >> 6] |= (uint64_t)flat_int(col, first + i)
						      << (i & 63);
		else
			put_code(data, c->width, i,
			    ((uint64_t)flat_int(col, first + i) - (uint64_t)c->base) /
				c->step);
	}
}

static size_t
rows_of(size_t rows, size_t chunk)
{
	size_t left = rows - chunk * TABLE_CHUNK;

	return left < TABLE_CHUNK ? left : TABLE_CHUNK;
}

/* Zeroed. A large one lies on huge pages where the system has them: rules go through many
 * columns side by side, and each would need its own entries of the address cache. */
static void *
pack_memory(size_t bytes)
{
	size_t align = bytes >= 2 * HUGE_PAGE ? HUGE_PAGE : ALIGN;
	size_t room = bytes == 0 ? align : (bytes + align - 1) / align * align;
	void *memory = aligned_alloc(align, room);

	STW_ASSERT(memory != NULL);
	if (align == HUGE_PAGE)
		(void)madvise(memory, room, MADV_HUGEPAGE); /* only a wish */
	memset(memory, 0, bytes);
	return memory;
}

struct col_pack *
col_pack_new(const struct column *col, size_t rows)
{
	static _Atomic uint64_t serials;
	struct col_pack *pack = stw_xalloc(sizeof *pack);
	char *at;

	STW_ASSERT(col->pack == NULL);
	*pack = (struct col_pack){.rows = rows,
	    .nchunks = (rows + TABLE_CHUNK - 1) / TABLE_CHUNK,
	    .min = INT64_MAX,
	    .max = INT64_MIN,
	    .serial = atomic_fetch_add(&serials, 1) + 1};
	pack->chunks = stw_xalloc(pack->nchunks * sizeof *pack->chunks);
	for (size_t k = 0; k < pack->nchunks; k++) {
		struct col_chunk *c = &pack->chunks[k];
		size_t n = rows_of(rows, k);

		measure(col, k * TABLE_CHUNK, n, c);
		choose_width(col, k * TABLE_CHUNK, n, c);
		pack->bytes += chunk_bytes(col, c, n);
		pack->missing += c->missing;
		pack->min = c->min < pack->min ? c->min : pack->min;
		pack->max = c->max > pack->max ? c->max : pack->max;
	}
	pack->memory = pack_memory(pack->bytes);
	at = pack->memory;
	for (size_t k = 0; k < pack->nchunks; k++) {
		struct col_chunk *c = &pack->chunks[k];
		size_t n = rows_of(rows, k);

		c->data = at;
		fill_chunk(col, c, k * TABLE_CHUNK, n, at);
		at += chunk_bytes(col, c, n);
	}
	return pack;
}

void
col_pack_free(struct col_pack *pack)
{
	if (pack == NULL)
		return;
	free(pack->chunks);
	free(pack->memory);
	free(pack);
}

void
table_pack(struct table *table)
{
	for (int i = 0; i < table->ncols; i++) {
		struct column *col = &table->cols[i];

		if (col->pack != NULL)
			continue;
		col->pack = col_pack_new(col, table->rows);
		free(col->flat);
		col->flat = NULL;
		if (col->pack->missing == 0) {
			free(col->valid);
			col->valid = NULL;
		}
	}
	for (int i = 0; i < table->nchildren; i++)
		table_pack(table->children[i].table);
}

/* ---- reading --------------------------------------------------------------------- */
static int64_t
chunk_int(const struct col_chunk *c, enum col_type type, size_t i)
{
	if (type == COL_BOOL)
		return (int64_t)((((const uint64_t *)c->data)[i >> 6] >> (i & 63)) & 1);
	return chunk_value(c, i);
}

int64_t
column_int(const struct column *col, size_t row)
{
	if (col->pack == NULL)
		return flat_int(col, row);
	return chunk_int(
	    &col->pack->chunks[row / TABLE_CHUNK], col->type, row % TABLE_CHUNK);
}

double
column_double(const struct column *col, size_t row)
{
	const struct col_chunk *c;

	if (col->pack == NULL)
		return ((const double *)col->flat)[row];
	c = &col->pack->chunks[row / TABLE_CHUNK];
	return ((const double *)c->data)[row % TABLE_CHUNK];
}

void
column_unpack(struct table *table, int col)
{
	struct column *c = &table->cols[col];
	struct col_pack *pack = c->pack;
	struct column bare = *c;

	bare.pack = NULL;
	bare.flat = stw_xalloc(table->cap * column_size(c));
	for (size_t row = 0; row < pack->rows; row++) {
		if (c->type == COL_DOUBLE)
			((double *)bare.flat)[row] = column_double(c, row);
		else if (c->type == COL_BOOL)
			((uint8_t *)bare.flat)[row] = (uint8_t)column_int(c, row);
		else
			put_code(bare.flat, (uint8_t)column_size(c), row,
			    (uint64_t)column_int(c, row));
	}
	if (bare.valid == NULL) {
		bare.valid = stw_xalloc((table->cap + 63) / 64 * sizeof *bare.valid);
		for (size_t row = 0; row < pack->rows; row++)
			bare.valid[row >> 6] |= UINT64_C(1) << (row & 63);
	}
	*c = bare;
	col_pack_free(pack);
}
