#include "engine/table_join.h"

#include <stdlib.h>
#include <string.h>

#include "engine/arena.h"

/* Rows of one column that were packed together. */
struct piece {
	struct col_pack *pack;
	uint64_t *valid; /* NULL: all have a value */
};

struct table_part {
	struct table *table;
	struct piece *pieces; /* [cut * ncols + col] */
	size_t cuts, cap;
	size_t rows;
};

static size_t
words_of(size_t rows)
{
	return (rows + 63) / 64;
}

/* ---- parts ----------------------------------------------------------------------- */
struct table_part *
table_part_new(struct table *table)
{
	struct table_part *part = stw_xalloc(sizeof *part);

	STW_ASSERT(table->rows == 0 && table->nchildren == 0);
	part->table = table;
	return part;
}

static void
piece_free(struct piece *piece)
{
	col_pack_free(piece->pack);
	free(piece->valid);
	*piece = (struct piece){NULL, NULL};
}

void
table_part_free(struct table_part *part)
{
	if (part == NULL)
		return;
	for (size_t i = 0; i < part->cuts * (size_t)part->table->ncols; i++)
		piece_free(&part->pieces[i]);
	free(part->pieces);
	table_free(part->table);
	free(part);
}

struct table *
table_part_table(const struct table_part *part)
{
	return part->table;
}

size_t
table_part_rows(const struct table_part *part)
{
	return part->rows;
}

static struct piece
cut_column(const struct column *col, size_t rows)
{
	struct piece piece = {.pack = col_pack_new(col, rows)};

	if (piece.pack->missing > 0) {
		piece.valid = stw_xalloc(words_of(rows) * sizeof *piece.valid);
		memcpy(piece.valid, col->valid, words_of(rows) * sizeof *piece.valid);
	}
	return piece;
}

void
table_part_cut(struct table_part *part)
{
	struct table *t = part->table;
	size_t ncols = (size_t)t->ncols;

	if (t->rows == 0)
		return;
	if (part->cuts == part->cap) {
		part->cap = part->cap == 0 ? 16 : part->cap * 2;
		part->pieces = stw_xrealloc(
		    part->pieces, part->cap * ncols * sizeof *part->pieces);
	}
	for (size_t c = 0; c < ncols; c++)
		part->pieces[part->cuts * ncols + c] = cut_column(&t->cols[c], t->rows);
	part->cuts++;
	part->rows += t->rows;
	t->rows = 0;
}

/* ---- joining ----------------------------------------------------------------------- */
void
table_join_begin(struct table *to, struct table_part *const *parts, int nparts)
{
	size_t rows = 0;

	STW_ASSERT(to->rows == 0);
	for (int p = 0; p < nparts; p++) {
		STW_ASSERT(
		    parts[p]->table->rows == 0 && parts[p]->table->ncols <= to->ncols);
		rows += parts[p]->rows;
	}
	to->rows = to->cap = rows;
	for (int c = 0; c < to->nchildren; c++) {
		free(to->children[c].offsets);
		to->children[c].offsets =
		    stw_xalloc((rows + 1) * sizeof *to->children[c].offsets);
	}
}

/* Bits [0, n) of from (NULL: ones) to bits [at, at + n) of to, which are zero. */
static void
put_bits(uint64_t *to, size_t at, const uint64_t *from, size_t n)
{
	unsigned shift = at & 63;

	to += at >> 6;
	for (size_t w = 0; w < words_of(n); w++) {
		size_t left = n - w * 64;
		uint64_t bits = from == NULL ? UINT64_MAX : from[w];

		if (left < 64)
			bits &= (UINT64_C(1) << left) - 1;
		to[w] |= bits << shift;
		if (shift > 0 && left + shift > 64)
			to[w + 1] |= bits >> (64 - shift);
	}
}

/* What a part's codes are in the joined dictionary. */
static uint32_t *
join_dict(struct col_dict *to, const struct col_dict *from)
{
	uint32_t n = col_dict_count(from);
	uint32_t *map = stw_xalloc(((size_t)n + 1) * sizeof *map);

	for (uint32_t code = 0; code < n; code++)
		map[code] = col_dict_add(to, col_dict_get(from, code));
	return map;
}

/* Rows of one chunk as elements of a flat column. */
static void
put_chunk(const struct col_chunk *c, enum col_type type, const uint32_t *map, size_t n,
    char *to)
{
	switch (type) {
	case COL_BOOL:
		for (size_t i = 0; i < n; i++)
			((uint8_t *)(void *)to)[i] =
			    (((const uint64_t *)c->data)[i >> 6] >> (i & 63)) & 1;
		break;
	case COL_STRING:
		for (size_t i = 0; i < n; i++)
			((uint32_t *)(void *)to)[i] = map[(uint32_t)chunk_value(c, i)];
		break;
	case COL_DATE:
		for (size_t i = 0; i < n; i++)
			((stw_day *)(void *)to)[i] = (stw_day)chunk_value(c, i);
		break;
	case COL_DOUBLE:
		memcpy(to, c->data, n * sizeof(double));
		break;
	case COL_INT:
	case COL_TIMESTAMP:
	case COL_MONEY:
		for (size_t i = 0; i < n; i++)
			((int64_t *)(void *)to)[i] = chunk_value(c, i);
		break;
	case COL_NONE:
		STW_ASSERT(!"a column has a type");
	}
}

static void
put_piece(struct column *to, size_t at, const struct piece *piece, const uint32_t *map)
{
	const struct col_pack *pack = piece->pack;
	size_t size = column_size(to);

	put_bits(to->valid, at, piece->valid, pack->rows);
	for (size_t k = 0; k < pack->nchunks; k++) {
		size_t first = k * TABLE_CHUNK, n = pack->rows - first;

		put_chunk(&pack->chunks[k], to->type, map,
		    n < TABLE_CHUNK ? n : TABLE_CHUNK,
		    (char *)to->flat + (at + first) * size);
	}
}

/* The column's pieces of one part, from row `at` on; the row after them. */
static size_t
put_part(struct column *to, int col, struct table_part *part, size_t at)
{
	struct col_dict *dict = part->table->cols[col].dict;
	uint32_t *map = dict == NULL ? NULL : join_dict(to->dict, dict);

	for (size_t i = 0; i < part->cuts; i++) {
		struct piece *piece =
		    &part->pieces[i * (size_t)part->table->ncols + (size_t)col];

		put_piece(to, at, piece, map);
		at += piece->pack->rows;
		piece_free(piece);
	}
	free(map);
	/* The strings are in the joined dictionary now. */
	col_dict_free(dict);
	part->table->cols[col].dict = NULL;
	return at;
}

void
table_join_column(
    struct table *to, int col, struct table_part *const *parts, int nparts, int from)
{
	struct column *c = &to->cols[col];
	size_t at = 0;

	STW_ASSERT(c->type == parts[0]->table->cols[from].type);
	free(c->flat);
	free(c->valid);
	c->flat = stw_xalloc(to->rows * column_size(c));
	c->valid = stw_xalloc(words_of(to->rows) * sizeof *c->valid);
	for (int p = 0; p < nparts; p++)
		at = put_part(c, from, parts[p], at);
	STW_ASSERT(at == to->rows);
	c->pack = col_pack_new(c, to->rows);
	free(c->flat);
	c->flat = NULL;
	if (c->pack->missing == 0) {
		free(c->valid);
		c->valid = NULL;
	}
}
