#include "segments/book_sql.h"

#include <string.h>

static const char *const keys[] = {"bucket", "customer_id"};

static bool
members_known(void *host, const char *code)
{
	return segment_rows(host, code) != NULL;
}

static void
bind_table(const struct table *table, const char *name, struct arena *arena,
    struct rule_sql_table *out)
{
	struct rule_sql_field *fields =
	    arena_array(arena, (size_t)table->ncols + 1, sizeof *fields);

	for (int c = 0; c < table->ncols; c++) {
		fields[c].column = table->cols[c].name;
		memcpy(fields[c].currency, table->cols[c].currency, 4);
	}
	*out = (struct rule_sql_table){.name = name,
	    .keys = keys,
	    .nkeys = (int)STW_ARRAY_LEN(keys),
	    .fields = fields,
	    .nfields = table->ncols};
}

/* Columns of rule_traits by type. */
static const char *
fed_column(enum col_type type)
{
	static const char *const columns[] = {
	    [COL_BOOL] = "flag",
	    [COL_INT] = "whole",
	    [COL_DOUBLE] = "real",
	    [COL_STRING] = "text",
	    [COL_DATE] = "day",
	    [COL_TIMESTAMP] = "at",
	    [COL_MONEY] = "whole",
	};

	return columns[type];
}

static void
bind_fed(const struct trait *trait, struct rule_sql_field *field, struct arena *arena)
{
	struct rule_sql_beside *beside = arena_alloc(arena, sizeof *beside);

	*beside = (struct rule_sql_beside){.table = "rule_traits",
	    .name_column = "name",
	    .name = trait->name,
	    .column = fed_column(trait->type)};
	field->beside = beside;
	field->bounded = true; /* the table's CHECK */
}

/* A derived column is not in the database: its rule is. */
static enum stw_code
bind_derived(const struct table *customers, const struct rule_env *env,
    const struct trait_catalogue *catalogue, struct rule_sql_field *fields,
    struct arena *arena, struct stw_err *err)
{
	enum stw_code rc;

	for (int c = BOOK_CUSTOMER_COLS; c < customers->ncols; c++) {
		const char *name = customers->cols[c].name;
		const struct trait *trait = trait_find(catalogue, "customer", name);
		struct rule *rule;

		fields[c].column = NULL;
		if (trait != NULL && trait_is_fed(trait))
			bind_fed(trait, &fields[c], arena);
		if (trait == NULL || trait->rule == NULL)
			continue;
		rc = rule_compile(
		    env, str_of(trait->rule), NULL, NULL, arena, &rule, err);
		if (rc != STW_OK)
			return stw_err_prefix(err, rc, "trait customer.%s", name);
		fields[c].derived = rule;
	}
	return STW_OK;
}

static struct rule_sql_slot *
bind_slots(struct arena *arena)
{
	struct rule_sql_slot *slots =
	    arena_array(arena, 1 + BOOK_CHILDREN, sizeof *slots);

	slots[0].kind = RULE_SQL_ROW;
	for (int c = 0; c < BOOK_CHILDREN; c++)
		slots[c + 1] =
		    (struct rule_sql_slot){.kind = RULE_SQL_CHILD, .child = c};
	return slots;
}

enum stw_code
book_sql_binding(const struct segment_host *host, const struct rule_env *env,
    const struct trait_catalogue *catalogue, stw_usec now, struct arena *arena,
    struct rule_sql_binding *out, struct stw_err *err)
{
	static const char *const names[BOOK_CHILDREN] = {
	    [BOOK_HOLDINGS] = "rule_holdings",
	    [BOOK_TRANSACTIONS] = "rule_transactions",
	    [BOOK_INTERACTIONS] = "rule_interactions",
	    [BOOK_OUTREACH] = "rule_outreach",
	};
	const struct table *customers = host->book->customers;
	struct rule_sql_table *tables =
	    arena_array(arena, 1 + BOOK_CHILDREN, sizeof *tables);
	struct rule_sql_members *members = arena_alloc(arena, sizeof *members);
	struct rule_sql_field *fields;

	bind_table(customers, "rule_customer", arena, &tables[0]);
	for (int c = 0; c < BOOK_CHILDREN; c++)
		bind_table(
		    customers->children[c].table, names[c], arena, &tables[c + 1]);
	*members = (struct rule_sql_members){.table = "rule_members",
	    .code = "code",
	    .member = "ref",
	    .known = members_known,
	    .host = (void *)(uintptr_t)host}; /* the callback only reads it */
	*out = (struct rule_sql_binding){.alias = "r",
	    .row = &tables[0],
	    .children = &tables[1],
	    .nchildren = BOOK_CHILDREN,
	    .slots = bind_slots(arena),
	    .nslots = 1 + BOOK_CHILDREN,
	    .members = members,
	    .now = now,
	    .zone = host->book->zone};
	fields = arena_array(arena, (size_t)customers->ncols + 1, sizeof *fields);
	memcpy(fields, tables[0].fields, (size_t)customers->ncols * sizeof *fields);
	tables[0].fields = fields;
	return bind_derived(customers, env, catalogue, fields, arena, err);
}
