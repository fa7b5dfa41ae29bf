/* Files of fed traits: which traits their columns are, and when they were fed. */
#include <string.h>

#include "segments/import_write_store.h"
#include "segments/suggest.h"
#include "segments/trait_value_store.h"

static enum import_type
type_of(enum col_type type)
{
	switch (type) {
	case COL_BOOL:
		return IMPORT_BOOL;
	case COL_INT:
		return IMPORT_INT;
	case COL_DOUBLE:
		return IMPORT_DOUBLE;
	case COL_STRING:
		return IMPORT_TEXT;
	case COL_DATE:
		return IMPORT_DATE;
	case COL_TIMESTAMP:
		return IMPORT_INSTANT;
	case COL_MONEY:
		return IMPORT_MONEY;
	case COL_NONE:
		break;
	}
	STW_ASSERT(!"a trait has a type");
	return IMPORT_VALUE;
}

static const struct trait_info *
fed_find(const struct trait_info *traits, int n, const char *name)
{
	for (int i = 0; i < n; i++)
		if (trait_is_fed(&traits[i].trait) &&
		    strcmp(traits[i].trait.name, name) == 0)
			return &traits[i];
	return NULL;
}

static enum stw_code
bind_column(const struct import_mapping *mapping, const struct import_file *file,
    const struct trait_info *trait, struct import_column *column, struct stw_err *err)
{
	if (trait == NULL)
		return stw_fail(err, STW_INVALID,
		    "%s.columns.%s: the bank has no fed trait '%s'; steward trait list has "
		    "those it has, steward trait add adds one",
		    file->path, column->name, column->name);
	if (trait->currency != NULL && strcmp(trait->currency, mapping->currency) != 0)
		return stw_fail(err, STW_INVALID,
		    "%s.columns.%s: the trait is fed in %s, the mapping's currency is %s",
		    file->path, column->name, trait->currency, mapping->currency);
	column->type = type_of(trait->trait.type);
	return STW_OK;
}

static enum stw_code
bind_file(const struct import_mapping *mapping, struct import_file *file,
    const struct trait_info *traits, int ntraits, struct arena *arena,
    struct stw_err *err)
{
	struct import_target_def *def = arena_alloc(arena, sizeof *def);
	struct import_column *columns =
	    arena_array(arena, IMPORT_MAX_COLUMNS + 1, sizeof *columns);
	int64_t *ids = arena_array(arena, IMPORT_MAX_COLUMNS + 1, sizeof *ids);
	enum stw_code rc = STW_OK;

	*def = *file->def;
	for (int i = 0; def->columns[i].name != NULL && rc == STW_OK; i++) {
		const struct trait_info *trait =
		    fed_find(traits, ntraits, def->columns[i].name);

		columns[i] = def->columns[i];
		if (columns[i].type != IMPORT_VALUE)
			continue;
		rc = bind_column(mapping, file, trait, &columns[i], err);
		if (rc == STW_OK)
			ids[i] = trait->trait_id;
	}
	def->columns = columns;
	file->def = def;
	file->trait_ids = ids;
	return rc;
}

enum stw_code
import_traits_bind(struct db *db, struct import_mapping *mapping, struct arena *arena,
    struct stw_err *err)
{
	struct trait_info *traits = NULL;
	enum stw_code rc = STW_OK;
	int n = 0;

	for (int i = 0; i < mapping->nfiles && rc == STW_OK; i++) {
		if (mapping->files[i].target != IMPORT_TRAIT)
			continue;
		if (traits == NULL)
			rc = trait_store_list(db, false, arena, &traits, &n, err);
		if (rc == STW_OK)
			rc = bind_file(
			    mapping, &mapping->files[i], traits, n, arena, err);
	}
	return rc;
}

enum stw_code
import_traits_note(struct db *db, const struct import_mapping *mapping,
    const struct import_file *file, stw_usec as_of, struct stw_err *err)
{
	int64_t ids[IMPORT_MAX_COLUMNS];
	struct buf by;
	size_t n = 0;
	enum stw_code rc;

	if (file->target != IMPORT_TRAIT)
		return STW_OK;
	for (int i = 0; file->def->columns[i].name != NULL; i++)
		if (file->trait_ids[i] != 0)
			ids[n++] = file->trait_ids[i];
	buf_init(&by);
	buf_printf(&by, "import:%s", mapping->name);
	rc = trait_fed_note(db, ids, n, by.data, as_of, err);
	buf_fini(&by);
	return rc;
}
