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
/* The values of one chunk as whole numbers; those that are missing are 0. */
struct values {
	int64_t v[TABLE_CHUNK];
	size_t n, missing, known; /* known: the first that is not missing */
};

static void
read_flat(const struct column *col, size_t first, size_t n, int64_t *v)
{
	switch (col->type) {
	case COL_BOOL:
		for (size_t i = 0; i < n; i++)
			v[i] = ((const uint8_t *)col->flat)[first + i] != 0;
		return;
	case COL_STRING:
		for (size_t i = 0; i < n; i++)
			v[i] = ((const uint32_t *)col->flat)[first + i];
		return;
	case COL_DATE:
		for (size_t i = 0; i < n; i++)
			v[i] = ((const stw_day *)col->flat)[first + i];
		return;
	case COL_INT:
	case COL_TIMESTAMP:
	case COL_MONEY:
		memcpy(v, (const int64_t *)col->flat + first, n * sizeof *v);
		return;
	case COL_DOUBLE: /* its bits */
		memcpy(v, (const double *)col->flat + first, n * sizeof *v);
		return;
	case COL_NONE:
		break;
	}
	STW_ASSERT(!"a column with a type");
}

/* Those that are missing get the value. */
static void
set_missing(const struct column *col, size_t first, struct values *to, int64_t v)
{
	for (size_t w = 0; w * 64 < to->n && to->missing > 0; w++) {
		uint64_t gaps = ~col->valid[(first >> 6) + w];

		if (to->n - w * 64 < 64)
			gaps &= (UINT64_C(1) << (to->n % 64)) - 1;
		for (; gaps != 0; gaps &= gaps - 1)
			to->v[w * 64 + (size_t)__builtin_ctzll(gaps)] = v;
	}
}

/* A chunk begins at a whole word of the bits of what is missing. */
static void
read_values(const struct column *col, size_t first, size_t n, struct values *to)
{
	to->n = n;
	to->missing = 0;
	to->known = n;
	read_flat(col, first, n, to->v);
	for (size_t w = 0; w * 64 < n; w++) {
		uint64_t has =
		    col->valid == NULL ? UINT64_MAX : col->valid[(first >> 6) + w];

		if (n - w * 64 < 64)
			has &= (UINT64_C(1) << (n % 64)) - 1;
		if (to->known == n && has != 0)
			to->known = w * 64 + (size_t)__builtin_ctzll(has);
		to->missing +=
		    (n - w * 64 < 64 ? n % 64 : 64) - (size_t)__builtin_popcountll(has);
	}
	set_missing(col, first, to, 0);
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
measure(const struct column *col, size_t first, struct values *v, struct col_chunk *c)
{
	c->min = INT64_MAX;
	c->max = INT64_MIN;
	c->missing = (uint32_t)v->missing;
	if (v->missing == v->n)
		return;
	if (col->type == COL_DOUBLE) {
		c->min = 0;
		c->max = 1;
		return;
	}
	set_missing(col, first, v, v->v[v->known]);
	for (size_t i = 0; i < v->n; i++) {
		c->min = v->v[i] < c->min ? v->v[i] : c->min;
		c->max = v->v[i] > c->max ? v->v[i] : c->max;
	}
}

/* The step that brings a span down to a narrower form; 1: there is none. What is missing
 * has the value of some that is not. */
static uint64_t
find_step(const struct values *v, const struct col_chunk *c)
{
	uint64_t span = (uint64_t)c->max - (uint64_t)c->min;
	size_t form = form_of(span);
	uint64_t least, step = 0;

	if (form == 0)
		return 1;
	least = (span >> forms[form - 1].bits) + 1; /* a smaller one does not help */
	for (size_t i = 0; i < v->n; i++) {
		uint64_t rest = (uint64_t)v->v[i] - (uint64_t)c->min;

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
choose_form(const struct values *v, struct col_chunk *c)
{
	uint64_t span = (uint64_t)c->max - (uint64_t)c->min;
	unsigned bits;
	size_t form;

	c->step = find_step(v, c);
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
choose_width(const struct column *col, const struct values *v, struct col_chunk *c)
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
		choose_form(v, c);
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
/* v shifted right, or its lowest bits, as numbers of size bytes. */
static void
put_numbers(
    void *data, size_t size, const int64_t *v, size_t n, unsigned shift, uint64_t mask)
{
	if (size == 1)
		for (size_t i = 0; i < n; i++)
			((uint8_t *)data)[i] =
			    (uint8_t)(((uint64_t)v[i] >> shift) & mask);
	else if (size == 2)
		for (size_t i = 0; i < n; i++)
			((uint16_t *)data)[i] =
			    (uint16_t)(((uint64_t)v[i] >> shift) & mask);
	else if (size == 4)
		for (size_t i = 0; i < n; i++)
			((uint32_t *)data)[i] =
			    (uint32_t)(((uint64_t)v[i] >> shift) & mask);
	else if (size == 8)
		for (size_t i = 0; i < n; i++)
			((uint64_t *)data)[i] = ((uint64_t)v[i] >> shift) & mask;
}

/* Values become codes: what is missing is code 0. */
static void
encode(
    const struct column *col, const struct col_chunk *c, size_t first, struct values *v)
{
	set_missing(col, first, v, c->base);
	if (c->base == 0 && c->step == 1)
		return;
	for (size_t i = 0; i < v->n; i++)
		v->v[i] = (int64_t)((uint64_t)v->v[i] - (uint64_t)c->base);
	for (size_t i = 0; i < v->n && c->step != 1; i++)
		v->v[i] = (int64_t)((uint64_t)v->v[i] / c->step);
}

/* Into arrays that are zero. */
static void
fill_chunk(const struct column *col, const struct col_chunk *c, size_t first,
    struct values *v, void *data, void *low)
{
	size_t high = chunk_high_size(c->width);

	if (col->type == COL_BOOL) {
		for (size_t i = 0; i < v->n; i++)
			((uint64_t *)data)[i >> 6] |= (uint64_t)v->v[i] << (i & 63);
		return;
	}
	if (c->width == 0)
		return;
	if (col->type != COL_DOUBLE)
		encode(col, c, first, v);
	put_numbers(data, high, v->v, v->n, c->low_bits, UINT64_MAX);
	if (low != NULL)
		put_numbers(low, c->width - high, v->v, v->n, 0,
		    (UINT64_C(1) << c->low_bits) - 1);
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
	struct values *values = stw_xalloc(sizeof *values);
	size_t low_bytes = 0;
	char *data, *low;

	STW_ASSERT(col->pack == NULL);
	for (size_t k = 0; k < pack->nchunks; k++) {
		struct col_chunk *c = &pack->chunks[k];
		size_t n = rows_of(rows, k);

		read_values(col, k * TABLE_CHUNK, n, values);
		measure(col, k * TABLE_CHUNK, values, c);
		choose_width(col, values, c);
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
		read_values(col, k * TABLE_CHUNK, n, values);
		fill_chunk(
		    col, c, k * TABLE_CHUNK, values, data, c->low == NULL ? NULL : low);
		data += chunk_data_bytes(col->type, c->width, n);
		low += chunk_low_bytes(c->width, n);
	}
	free(values);
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

/* One chunk into a flat column, missing rows as anything. */
static void
unpack_chunk(const struct column *from, struct column *to, size_t chunk, size_t n)
{
	const struct col_chunk *c = &from->pack->chunks[chunk];
	size_t first = chunk * TABLE_CHUNK;

	switch (from->type) {
	case COL_DOUBLE:
		memcpy((double *)to->flat + first, c->data, n * sizeof(double));
		return;
	case COL_BOOL:
		for (size_t i = 0; i < n; i++)
			((uint8_t *)to->flat)[first + i] =
			    (uint8_t)chunk_int(c, COL_BOOL, i);
		return;
	case COL_STRING:
		for (size_t i = 0; i < n; i++)
			((uint32_t *)to->flat)[first + i] = (uint32_t)chunk_value(c, i);
		return;
	case COL_DATE:
		for (size_t i = 0; i < n; i++)
			((stw_day *)to->flat)[first + i] = (stw_day)chunk_value(c, i);
		return;
	case COL_INT:
	case COL_TIMESTAMP:
	case COL_MONEY:
		for (size_t i = 0; i < n; i++)
			((int64_t *)to->flat)[first + i] = chunk_value(c, i);
		return;
	case COL_NONE:
		break;
	}
	STW_ASSERT(!"a column with a type");
}

void
column_flat(const struct column *from, struct column *to)
{
	const struct col_pack *pack = from->pack;

	for (size_t k = 0; k < pack->nchunks; k++)
		unpack_chunk(from, to, k, rows_of(pack->rows, k));
	if (from->valid != NULL)
		memcpy(
		    to->valid, from->valid, (pack->rows + 63) / 64 * sizeof *to->valid);
	for (size_t row = 0; from->valid == NULL && row < pack->rows; row += 64)
		to->valid[row >> 6] = pack->rows - row < 64
					  ? (UINT64_C(1) << (pack->rows - row)) - 1
					  : UINT64_MAX;
}

void
column_unpack(struct table *table, int col)
{
	struct column *c = &table->cols[col];
	struct col_pack *pack = c->pack;
	struct column bare = *c;

	bare.pack = NULL;
	bare.flat = stw_xalloc(table->cap * column_size(c));
	if (bare.valid == NULL)
		bare.valid = stw_xalloc((table->cap + 63) / 64 * sizeof *bare.valid);
	column_flat(c, &bare);
	*c = bare;
	col_pack_free(pack);
}
