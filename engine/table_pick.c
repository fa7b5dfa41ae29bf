#include "engine/table_pick.h"

#include <stdlib.h>
#include <string.h>

#include "engine/arena.h"

struct pick {
	const struct table *const *tables;
	int ntables;
	const struct table_run *runs;
	size_t nruns, rows;
};

static size_t
count_rows(const struct table_run *runs, size_t nruns)
{
	size_t rows = 0;

	for (size_t i = 0; i < nruns; i++)
		rows += runs[i].count;
	return rows;
}

/* ---- strings ---------------------------------------------------------------------- */
#define NO_CODE UINT32_MAX

/* For each table, what its codes become; filled as they occur. */
static uint32_t **
code_maps(const struct pick *pick, int col)
{
	uint32_t **maps = stw_xalloc((size_t)pick->ntables * sizeof *maps);

	for (int t = 0; t < pick->ntables; t++) {
		size_t n = col_dict_count(pick->tables[t]->cols[col].dict);

		maps[t] = stw_xalloc(n * sizeof **maps);
		memset(maps[t], 0xff, n * sizeof **maps);
	}
	return maps;
}

static void
code_maps_free(const struct pick *pick, uint32_t **maps)
{
	for (int t = 0; t < pick->ntables; t++)
		free(maps[t]);
	free(maps);
}

static uint32_t
map_code(uint32_t *map, const struct col_dict *from, uint32_t code, struct col_dict *to)
{
	STW_ASSERT(map != NULL);
	if (map[code] == NO_CODE)
		map[code] = col_dict_add(to, col_dict_get(from, code));
	return map[code];
}

/* ---- cells ------------------------------------------------------------------------ */
static void
put_cell(
    const struct column *from, size_t row, struct column *to, size_t at, uint32_t *map)
{
	switch (to->type) {
	case COL_BOOL:
		((uint8_t *)to->flat)[at] = (uint8_t)column_int(from, row);
		break;
	case COL_STRING:
		((uint32_t *)to->flat)[at] =
		    map_code(map, from->dict, column_code(from, row), to->dict);
		break;
	case COL_DATE:
		((stw_day *)to->flat)[at] = (stw_day)column_int(from, row);
		break;
	case COL_DOUBLE:
		((double *)to->flat)[at] = column_double(from, row);
		break;
	case COL_INT:
	case COL_TIMESTAMP:
	case COL_MONEY:
		((int64_t *)to->flat)[at] = column_int(from, row);
		break;
	case COL_NONE:
		STW_ASSERT(!"a column has a type");
	}
	to->valid[at >> 6] |= UINT64_C(1) << (at & 63);
}

static void
pick_column(const struct pick *pick, int col, struct table *out)
{
	const struct column *like = &pick->tables[0]->cols[col];
	uint32_t **maps = like->type == COL_STRING ? code_maps(pick, col) : NULL;
	struct column *to;
	size_t at = 0;

	STW_ASSERT(table_add_column(out, like->name, like->type) == col);
	to = &out->cols[col];
	memcpy(to->currency, like->currency, sizeof to->currency);
	for (size_t i = 0; i < pick->nruns; i++) {
		const struct table_run *run = &pick->runs[i];
		const struct column *from = &pick->tables[run->from]->cols[col];

		STW_ASSERT(from->type == like->type);
		for (size_t k = 0; k < run->count; k++, at++) {
			if (column_has(from, run->first + k))
				put_cell(from, run->first + k, to, at,
				    maps == NULL ? NULL : maps[run->from]);
		}
	}
	if (maps != NULL)
		code_maps_free(pick, maps);
	table_pack(out); /* this column: those before it are packed */
}

/* ---- children --------------------------------------------------------------------- */
/* The child rows of consecutive rows are consecutive: one run for one. */
static void
pick_child(const struct pick *pick, int child, struct table *out)
{
	const struct table **tables =
	    stw_xalloc((size_t)pick->ntables * sizeof(const struct table *));
	struct table_run *runs = stw_xalloc((pick->nruns + 1) * sizeof *runs);
	uint32_t *offsets;
	size_t at = 0, total = 0;

	for (int t = 0; t < pick->ntables; t++)
		tables[t] = pick->tables[t]->children[child].table;
	for (size_t i = 0; i < pick->nruns; i++) {
		const struct table_run *run = &pick->runs[i];
		const uint32_t *from =
		    pick->tables[run->from]->children[child].offsets + run->first;

		runs[i] = (struct table_run){
		    .from = run->from,
		    .first = from[0],
		    .count = from[run->count] - from[0],
		};
	}
	STW_ASSERT(count_rows(runs, pick->nruns) <= UINT32_MAX);
	STW_ASSERT(table_add_child(out, pick->tables[0]->children[child].name,
		       table_pick(tables, pick->ntables, tables[0]->ncols, runs,
			   pick->nruns)) == child);
	offsets = out->children[child].offsets;
	for (size_t i = 0; i < pick->nruns; i++) {
		const struct table_run *run = &pick->runs[i];
		const uint32_t *from =
		    pick->tables[run->from]->children[child].offsets + run->first;

		for (size_t k = 0; k < run->count; k++)
			offsets[++at] = (uint32_t)(total + from[k + 1] - from[0]);
		total += runs[i].count;
	}
	free(runs);
	free((void *)tables);
}

struct table *
table_pick(const struct table *const *tables, int ntables, int ncols,
    const struct table_run *runs, size_t nruns)
{
	const struct pick pick = {.tables = tables,
	    .ntables = ntables,
	    .runs = runs,
	    .nruns = nruns,
	    .rows = count_rows(runs, nruns)};
	struct table *out = table_new(tables[0]->name, pick.rows);

	out->rows = pick.rows;
	for (int c = 0; c < ncols; c++)
		pick_column(&pick, c, out);
	for (int c = 0; c < tables[0]->nchildren; c++)
		pick_child(&pick, c, out);
	return out;
}
