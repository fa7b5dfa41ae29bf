/* Packed columns: each chunk as narrow as its values allow. */
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "engine/arena.h"
#include "engine/table.h"
#include "engine/table_map.h"

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
static unsigned
bits_of(uint64_t code)
{
	return code == 0 ? 0 : 64 - (unsigned)__builtin_clzll(code);
}

/* The forms of codes, narrow ones first, and the bits that each has room for. */
static const struct {
	uint8_t width, high_bits, bits;
} forms[] = {{1, 8, 8}, {2, 16, 16}, {3, 8, 24}, {4, 16, 32}, {6, 32, 48}, {8, 64, 64}};

static size_t
form_of(uint64_t code)
{
	size_t f = 0;

	while (bits_of(code) > forms[f].bits)
		f++;
	return f;
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

/* The step that brings a span down to a narrower form; 1: there is none. */
static uint64_t
find_step(const struct column *col, size_t first, size_t n, const struct col_chunk *c)
{
	uint64_t span = (uint64_t)c->max - (uint64_t)c->min;
	size_t form = form_of(span);
	uint64_t least, step = 0;

	if (form == 0)
		return 1;
	least = (span >> forms[form - 1].bits) + 1; /* a smaller one does not help */
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
	return step == 0 ? 1 : step;
}

/* The narrowest form for min .. max. Base 0 where it costs no bit: codes are then the
 * values. */
static void
choose_form(const struct column *col, size_t first, size_t n, struct col_chunk *c)
{
	uint64_t span = (uint64_t)c->max - (uint64_t)c->min;
	unsigned bits;
	size_t form;

	c->step = find_step(col, first, n, c);
	span /= c->step;
	bits = bits_of(span);
	form = form_of(span);
	c->width = forms[form].width;
	c->base = c->min;
	if (c->width == 8) {
		c->step = 1;
		c->base = 0;
		return;
	}
	if (forms[form].high_bits < forms[form].bits)
		c->low_bits = (uint8_t)(bits - forms[form].high_bits);
	if (c->min >= 0 && c->step == 1 && form_of((uint64_t)c->max) == form &&
	    (c->low_bits == 0 || bits_of((uint64_t)c->max) == bits))
		c->base = 0;
}

static void
choose_width(const struct column *col, size_t first, size_t n, struct col_chunk *c)
{
	c->step = 1;
	if (col->type == COL_DOUBLE) {
		c->width = 8;
	} else if (col->type == COL_BOOL) {
		c->width = 0;
	} else if (c->min >= c->max) { /* one value, or none */
		c->width = 0;
		c->base = c->min > c->max ? 0 : c->min;
	} else {
		choose_form(col, first, n, c);
	}
}

static size_t
array_bytes(size_t bytes)
{
	return (bytes + ALIGN - 1) / ALIGN * ALIGN;
}

size_t
chunk_data_bytes(enum col_type type, uint8_t width, size_t rows)
{
	size_t words = (rows + 63) / 64;

	if (type == COL_BOOL)
		return array_bytes(words * sizeof(uint64_t));
	return array_bytes(words * 64 * chunk_high_size(width));
}

size_t
chunk_low_bytes(uint8_t width, size_t rows)
{
	return array_bytes((rows + 63) / 64 * 64 * (width - chunk_high_size(width)));
}

/* ---- writing --------------------------------------------------------------------- */
static void
put_number(void *data, size_t size, size_t i, uint64_t v)
{
	if (size == 1)
		((uint8_t *)data)[i] = (uint8_t)v;
	else if (size == 2)
		((uint16_t *)data)[i] = (uint16_t)v;
	else if (size == 4)
		((uint32_t *)data)[i] = (uint32_t)v;
	else if (size == 8)
		((uint64_t *)data)[i] = v;
}

/* Into arrays that are zero. */
static void
fill_chunk(const struct column *col, const struct col_chunk *c, size_t first, size_t n,
    void *data, void *low)
{
	size_t high = chunk_high_size(c->width);

	for (size_t i = 0; i < n; i++) {
		uint64_t code;

		if (!column_has(col, first + i))
			continue;
		if (col->type == COL_DOUBLE) {
			((double *)data)[i] = ((const double *)col->flat)[first + i];
			continue;
		}
		code = (uint64_t)flat_int(col, first + i);
		if (col->type == COL_BOOL) {
			((uint64_t *)data)[i >> 6] |= code << (i & 63);
			continue;
		}
		code = (code - (uint64_t)c->base) / c->step;
		put_number(data, high, i, code >> c->low_bits);
		if (low != NULL)
			put_number(low, c->width - high, i,
			    code & ((UINT64_C(1) << c->low_bits) - 1));
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
col_pack_blank(size_t rows)
{
	static _Atomic uint64_t serials;
	struct col_pack *pack = stw_xalloc(sizeof *pack);

	*pack = (struct col_pack){.rows = rows,
	    .nchunks = (rows + TABLE_CHUNK - 1) / TABLE_CHUNK,
	    .min = INT64_MAX,
	    .max = INT64_MIN,
	    .serial = atomic_fetch_add(&serials, 1) + 1};
	pack->chunks = stw_xalloc(pack->nchunks * sizeof *pack->chunks);
	return pack;
}

struct col_pack *
col_pack_new(const struct column *col, size_t rows)
{
	struct col_pack *pack = col_pack_blank(rows);
	size_t low_bytes = 0;
	char *data, *low;

	STW_ASSERT(col->pack == NULL);
	for (size_t k = 0; k < pack->nchunks; k++) {
		struct col_chunk *c = &pack->chunks[k];
		size_t n = rows_of(rows, k);

		measure(col, k * TABLE_CHUNK, n, c);
		choose_width(col, k * TABLE_CHUNK, n, c);
		pack->bytes += chunk_data_bytes(col->type, c->width, n);
		low_bytes += chunk_low_bytes(c->width, n);
		pack->missing += c->missing;
		pack->min = c->min < pack->min ? c->min : pack->min;
		pack->max = c->max > pack->max ? c->max : pack->max;
	}
	pack->memory = pack_memory(pack->bytes + low_bytes);
	data = pack->memory;
	low = data + pack->bytes;
	pack->bytes += low_bytes;
	for (size_t k = 0; k < pack->nchunks; k++) {
		struct col_chunk *c = &pack->chunks[k];
		size_t n = rows_of(rows, k);

		c->data = data;
		c->low = chunk_low_bytes(c->width, n) == 0 ? NULL : low;
		fill_chunk(
		    col, c, k * TABLE_CHUNK, n, data, c->low == NULL ? NULL : low);
		data += chunk_data_bytes(col->type, c->width, n);
		low += chunk_low_bytes(c->width, n);
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
	table_map_unref(pack->map);
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
			put_number(bare.flat, column_size(c), row,
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
