#include "tests/lib/rule_world.h"

#include <stdlib.h>
#include <string.h>

#include "engine/err.h"

/* ---- filling tables from text ------------------------------------------------------ */
struct cell {
	const char *column, *value;
};

static enum col_type
column_type(char c)
{
	switch (c) {
	case 'b':
		return COL_BOOL;
	case 'i':
		return COL_INT;
	case 'd':
		return COL_DOUBLE;
	case 'a':
		return COL_DATE;
	case 't':
		return COL_TIMESTAMP;
	case 'm':
		return COL_MONEY;
	default:
		return COL_STRING;
	}
}

/* "name:s age:i": adds the columns. */
static void
add_columns(struct table *t, const char *spec)
{
	char name[64];

	while (*spec != '\0') {
		size_t len = strcspn(spec, ":");

		memcpy(name, spec, len);
		name[len] = '\0';
		(void)table_add_column(t, name, column_type(spec[len + 1]));
		spec += len + 2;
		spec += strspn(spec, " ");
	}
}

static void
set_cell(struct table *t, size_t row, int col, const char *text)
{
	struct str s = str_of(text);
	stw_usec at;
	stw_day day;

	switch (t->cols[col].type) {
	case COL_BOOL:
		table_set_int(t, col, row, text[0] == 't');
		break;
	case COL_INT:
	case COL_MONEY:
		table_set_int(t, col, row, strtoll(text, NULL, 10));
		break;
	case COL_DOUBLE:
		table_set_double(t, col, row, strtod(text, NULL));
		break;
	case COL_DATE:
		STW_ASSERT(stw_day_parse(s, &day) == STW_OK);
		table_set_int(t, col, row, day);
		break;
	case COL_TIMESTAMP:
		STW_ASSERT(stw_usec_parse(s, &at) == STW_OK);
		table_set_int(t, col, row, at);
		break;
	case COL_STRING:
		table_set_string(t, col, row, s);
		break;
	case COL_NONE:
		break;
	}
}

/* "c1|Li Hua|-|30": cells in the order of the columns; "-" is missing. */
static void
add_row(struct table *t, const char *line)
{
	size_t row = table_append(t);
	char text[128];

	for (int col = 0; col < t->ncols; col++) {
		size_t len = strcspn(line, "|");

		STW_ASSERT(len < sizeof text);
		memcpy(text, line, len);
		text[len] = '\0';
		if (strcmp(text, "-") != 0)
			set_cell(t, row, col, text);
		line += len + (line[len] == '|' ? 1 : 0);
	}
}

static void
fill_customers(struct table *t)
{
	struct table *holdings = table_new("Holding", 0);
	struct table *moves = table_new("Transaction", 0);
	struct table *notes = table_new("Note", 0);
	int h, m;

	add_columns(t,
	    "ref:s name:s email:s dob:a joined:a aum:m aum_90d_ago:m calls_30d:i score:d "
	    "vip:b stage:s last_seen:t income:m zero:i big:i");
	add_columns(holdings, "product:s amount:m rate:d matures:a units:i");
	add_columns(moves, "kind:s amount:m at:t");
	add_columns(notes, "text:s amount:m count:i");
	h = table_add_child(t, "holdings", holdings);
	m = table_add_child(t, "transactions", moves);
	(void)table_add_child(t, "notes", notes);

	add_row(t, "c1|\xe6\x9d\x8e\xe5\x8d\x8e|hua@example.org|1960-02-29|2019-05-01|"
		   "35000000|60000000|7|0.5|true|mature|2026-11-22T17:30:00Z|-|0|"
		   "9223372036854775807");
	add_row(holdings, "R2 fund|20000000|0.031|2026-12-01|200");
	add_row(holdings, "deposit|15000000|0.0175|2027-03-15|150");
	add_row(moves, "redemption|12000000|2026-11-10T03:00:00Z");
	add_row(moves, "purchase|5000000|2026-10-01T03:00:00Z");
	add_row(moves, "redemption|100|2026-01-15T03:00:00Z");
	t->children[h].offsets[1] = (uint32_t)holdings->rows;
	t->children[m].offsets[1] = (uint32_t)moves->rows;

	add_row(t, "c2|Wang|-|1990-07-01|2026-11-01|100|0|0|-1.5|false|onboarding|-|"
		   "123456|0|1");
	t->children[h].offsets[2] = (uint32_t)holdings->rows;
	t->children[m].offsets[2] = (uint32_t)moves->rows;

	add_row(t, "c3|-|-|-|-|-|-|-|-|-|-|-|-|-|-");
	add_row(holdings, "-|-|-|-|-");
	add_row(holdings, "bond|777|0.02|-|1");
	t->children[h].offsets[3] = (uint32_t)holdings->rows;
	t->children[m].offsets[3] = (uint32_t)moves->rows;
}

/* ---- the host's side ------------------------------------------------------------- */
static bool
segment_known(void *host, struct str code)
{
	(void)host;
	return str_eq_c(code, "vip") || str_eq_c(code, "unknown_yet");
}

bool
rule_world_in_segment(
    void *host, const char *code, const struct rule_value *member, bool *known)
{
	(void)host;
	*known = strcmp(code, "vip") == 0 && member->kind == RULE_V_STRING;
	return *known && str_eq_c(member->s, "c1");
}

/* lookup("double", 21) is 42; any other table is missing. */
static void
host_lookup(void *host, const struct rule_value *args, int nargs, struct arena *arena,
    struct rule_value *out)
{
	(void)host, (void)nargs, (void)arena;
	if (str_eq_c(args[0].s, "double") && args[1].i < 1000)
		*out = rule_int(args[1].i * 2);
}

/* ---- all together ---------------------------------------------------------------- */
void
rule_world_init(struct rule_world *world)
{
	static const struct rule_value tags[] = {
	    {.kind = RULE_V_STRING, .s = {"gold", 4}},
	    {.kind = RULE_V_STRING, .s = {"new", 3}},
	};
	const struct rule_type *lookup_args[] = {
	    rule_type_basic(RULE_STRING), rule_type_basic(RULE_INT)};
	struct arena *arena = &world->arena;

	arena_init(arena);
	world->customers = table_new("Customer", 0);
	fill_customers(world->customers);
	world->env = rule_env_new(arena);
	(void)rule_env_var(world->env, "customer",
	    rule_type_of_table(arena, world->customers, "Customer"));
	(void)rule_env_var(world->env, "limit", rule_type_basic(RULE_MONEY));
	(void)rule_env_var(
	    world->env, "tags", rule_type_list(arena, rule_type_basic(RULE_STRING)));
	rule_env_function(world->env, "lookup", lookup_args, 2,
	    rule_type_basic(RULE_INT), host_lookup);
	rule_env_segments(world->env, segment_known, NULL);
	world->vars[WORLD_LIMIT] = rule_money(10000000, "CNY");
	world->vars[WORLD_TAGS] = rule_list_of(tags, 2);
	STW_ASSERT(stw_usec_parse(STR_LIT("2026-11-23T10:00:00+08:00"), &world->now) ==
		   STW_OK);
	STW_ASSERT(zone_find("Asia/Shanghai", &world->zone, NULL) == STW_OK);
}

void
rule_world_fini(struct rule_world *world)
{
	table_free(world->customers);
	arena_fini(&world->arena);
}

struct rule_eval_ctx
rule_world_ctx(struct rule_world *world, size_t row, struct arena *arena)
{
	world->vars[WORLD_CUSTOMER] = rule_row(world->customers, row);
	return (struct rule_eval_ctx){
	    .vars = world->vars,
	    .now = world->now,
	    .zone = world->zone,
	    .arena = arena,
	    .in_segment = rule_world_in_segment,
	};
}
