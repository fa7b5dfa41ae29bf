/*
 * The engine's half of `make bench-rules`: does what the lines on standard input say and
 * answers each with one line of JSON. tests/bench/bench.mjs decides what runs when, so
 * that our runs and those of the peers alternate on one machine. The commands:
 *
 *   table NAME DIR ROWS              the first ROWS customers of DIR's column files,
 *                                    packed
 *   history NAME ROWS                ROWS customers with nothing but transactions, 20
 *                                    each on average
 *   rules NAME TABLE FILE            compile a rule a line
 *   set NAME RULES THREADS SIMD SHARING   graph of all of them; SIMD auto, portable, avx2,
 *                                    avx512; SHARING shared, unshared or profiled
 *   run SET                          once, over the whole table
 *   counts SET                       of the last run, matched and undecided a rule
 *   plan SET                         what the graph is; of a profiled set also, on
 *                                    standard error, where its last run spent its time
 *   interpret RULES INDEX TIMES      one rule by the interpreter, row after row
 *   free NAME                        a set, rules or a table
 *
 * The first failure ends the program with a message.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "engine/rule_columns.h"

/* Days from 1970 to 2000, where the dates and timestamps of the files begin. */
#define DAYS_TO_2000 INT64_C(10957)
/* 2025-06-30T00:00:00Z, what the rules call now. */
#define AS_OF      (INT64_C(20269) * STW_USEC_DAY)
#define MAX_THINGS 32

static _Noreturn void die(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

static _Noreturn void
die(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	(void)fprintf(stderr, "bench_rules: ");
	(void)vfprintf(stderr, fmt, args);
	(void)fprintf(stderr, "\n");
	va_end(args);
	exit(1);
}

static double
seconds_on(clockid_t clock)
{
	struct timespec t;

	if (clock_gettime(clock, &t) != 0)
		die("clock: %s", strerror(errno));
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static size_t
size_arg(const char *text)
{
	char *end;
	unsigned long long n;

	errno = 0;
	n = strtoull(text, &end, 10);
	if (errno != 0 || end == text || *end != '\0')
		die("not a number: %s", text);
	return (size_t)n;
}

/* ---- things with names ----------------------------------------------------------- */
enum thing_kind { THING_NONE = 0, THING_TABLE, THING_RULES, THING_SET };

struct rule_list_of {
	struct arena arena;
	const struct table *table;
	const struct rule **items;
	int count;
	struct rule_binding binding; /* customer */
};

struct running {
	const struct rule_list_of *rules;
	struct rule_columns_ctx ctx;
	struct rule_set *set;
	struct rule_result *results;
	bool profiled;
};

struct thing {
	enum thing_kind kind;
	char name[32];
	struct table *table;
	struct rule_list_of rules;
	struct running running;
};

static struct thing things[MAX_THINGS];

static struct thing *
thing_add(enum thing_kind kind, const char *name)
{
	for (int i = 0; i < MAX_THINGS; i++) {
		struct thing *t = &things[i];

		if (t->kind != THING_NONE)
			continue;
		memset(t, 0, sizeof *t);
		t->kind = kind;
		(void)snprintf(t->name, sizeof t->name, "%s", name);
		return t;
	}
	die("more than %d names", MAX_THINGS);
}

static struct thing *
thing_find(const char *name)
{
	for (int i = 0; i < MAX_THINGS; i++)
		if (things[i].kind != THING_NONE && strcmp(things[i].name, name) == 0)
			return &things[i];
	die("no such name: %s", name);
}

static struct thing *
thing_get(enum thing_kind kind, const char *name)
{
	struct thing *t = thing_find(name);

	if (t->kind != kind)
		die("%s is something else", name);
	return t;
}

/* ---- customers from column files -------------------------------------------------- */
/* Missing is the smallest value of the file's width. Money is in minor units; dates are
 * days, timestamps microseconds since 2000. */
static const struct field {
	const char *name;
	enum col_type type;
	int width;
} fields[] = {
    {"birth_date", COL_DATE, 4},
    {"gender", COL_INT, 2},
    {"province", COL_INT, 2},
    {"tier", COL_INT, 2},
    {"open_date", COL_DATE, 4},
    {"last_login_at", COL_TIMESTAMP, 8},
    {"last_txn_at", COL_TIMESTAMP, 8},
    {"last_contact_at", COL_TIMESTAMP, 8},
    {"aum", COL_MONEY, 8},
    {"aum_30d_ago", COL_MONEY, 8},
    {"aum_90d_ago", COL_MONEY, 8},
    {"deposits", COL_MONEY, 8},
    {"products_held", COL_INT, 2},
    {"risk_rating", COL_INT, 2},
    {"risk_rated_at", COL_DATE, 4},
    {"kyc_level", COL_INT, 2},
    {"has_app", COL_BOOL, 1},
    {"has_wechat", COL_BOOL, 1},
    {"channels", COL_INT, 4},
    {"complaints_12m", COL_INT, 2},
    {"calls_30d", COL_INT, 2},
    {"next_maturity_date", COL_DATE, 4},
    {"next_maturity_amount", COL_MONEY, 8},
    {"income_band", COL_INT, 2},
    {"vip", COL_BOOL, 1},
};

/* One number of a file; false: missing. */
static bool
file_number(const void *data, int width, size_t row, int64_t *out)
{
	switch (width) {
	case 1:
		*out = ((const uint8_t *)data)[row];
		return *out != (uint8_t)INT8_MIN;
	case 2:
		*out = ((const int16_t *)data)[row];
		return *out != INT16_MIN;
	case 4:
		*out = ((const int32_t *)data)[row];
		return *out != INT32_MIN;
	default:
		*out = ((const int64_t *)data)[row];
		return *out != INT64_MIN;
	}
}

static int64_t
since_1970(enum col_type type, int64_t v)
{
	if (type == COL_DATE)
		return v + DAYS_TO_2000;
	if (type == COL_TIMESTAMP)
		return v + DAYS_TO_2000 * STW_USEC_DAY;
	return v;
}

static void
load_column(struct table *table, int col, const char *dir, const struct field *field)
{
	char path[512];
	struct stat st;
	const void *data;
	int64_t v;
	int fd;

	(void)snprintf(
	    path, sizeof path, "%s/%s.i%d", dir, field->name, field->width * 8);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) != 0)
		die("%s: %s", path, strerror(errno));
	if ((size_t)st.st_size < table->rows * (size_t)field->width)
		die("%s: fewer than %zu rows", path, table->rows);
	data = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (data == MAP_FAILED)
		die("%s: %s", path, strerror(errno));
	for (size_t r = 0; r < table->rows; r++)
		if (file_number(data, field->width, r, &v))
			table_set_int(table, col, r, since_1970(field->type, v));
	(void)munmap((void *)(uintptr_t)data, (size_t)st.st_size);
	(void)close(fd);
}

static void
cmd_table(char **args)
{
	struct thing *t = thing_add(THING_TABLE, args[0]);
	size_t rows = size_arg(args[2]);
	double from = seconds_on(CLOCK_MONOTONIC);

	t->table = table_new("Customer", rows);
	for (size_t i = 0; i < STW_ARRAY_LEN(fields); i++)
		(void)table_add_column(t->table, fields[i].name, fields[i].type);
	for (size_t r = 0; r < rows; r++)
		(void)table_append(t->table);
	for (size_t i = 0; i < STW_ARRAY_LEN(fields); i++)
		load_column(t->table, (int)i, args[1], &fields[i]);
	table_pack(t->table);
	(void)printf("{\"rows\": %zu, \"bytes\": %zu, \"seconds\": %.4f}\n", rows,
	    table_bytes(t->table), seconds_on(CLOCK_MONOTONIC) - from);
}

/* ---- transactions ------------------------------------------------------------------ */
/* Row j depends on j alone, by arithmetic that SQL can repeat without overflow of 64 bits
 * (tests/bench/behaviour.mjs makes the same rows): a number below 2^32 from j and a salt. */
static int64_t
hash32(int64_t j, int64_t salt)
{
	int64_t x =
	    ((j + salt * 1000003) * INT64_C(1103515245) + 12345) & INT64_C(0xffffffff);

	x = ((x ^ (x >> 15)) * INT64_C(1664525)) & INT64_C(0xffffffff);
	x = ((x ^ (x >> 13)) * INT64_C(1103515245)) & INT64_C(0xffffffff);
	return x ^ (x >> 16);
}

/* Two neighbours share 40 transactions: the first has this many. */
static int64_t
first_share(int64_t pair)
{
	return hash32(pair, 1) % 41;
}

static const char *const kinds[] = {"purchase", "redemption", "transfer_in",
    "transfer_out", "interest", "fee", "dividend", "payment"};

static struct table *
new_transactions(size_t rows)
{
	struct table *t = table_new("Transaction", rows);
	int kind = table_add_column(t, "kind", COL_STRING);
	int amount = table_add_column(t, "amount", COL_MONEY);
	int at = table_add_column(t, "at", COL_TIMESTAMP);

	for (size_t r = 0; r < rows; r++) {
		int64_t j = (int64_t)r;

		(void)table_append(t);
		table_set_string(t, kind, r,
		    str_of(kinds[hash32(j, 2) % (int)STW_ARRAY_LEN(kinds)]));
		table_set_int(
		    t, amount, r, (hash32(j, 3) % 1000) * (hash32(j, 4) % 1000) * 15);
		table_set_int(t, at, r,
		    AS_OF - (hash32(j, 5) % (365 * 24 * 60)) * STW_USEC_MIN -
			STW_USEC_SEC);
	}
	return t;
}

static void
cmd_history(char **args)
{
	struct thing *t = thing_add(THING_TABLE, args[0]);
	size_t pairs = size_arg(args[1]) / 2;
	double from = seconds_on(CLOCK_MONOTONIC);
	struct table *child = new_transactions(pairs * 40);
	uint32_t *offsets;
	int number;

	t->table = table_new("Customer", pairs * 2);
	for (size_t r = 0; r < pairs * 2; r++)
		(void)table_append(t->table);
	number = table_add_child(t->table, "transactions", child);
	offsets = t->table->children[number].offsets;
	for (size_t p = 0; p < pairs; p++) {
		offsets[2 * p + 1] =
		    (uint32_t)(p * 40 + (size_t)first_share((int64_t)p));
		offsets[2 * p + 2] = (uint32_t)((p + 1) * 40);
	}
	table_pack(t->table);
	(void)printf("{\"rows\": %zu, \"bytes\": %zu, \"seconds\": %.4f}\n",
	    child->rows, table_bytes(t->table), seconds_on(CLOCK_MONOTONIC) - from);
}

/* ---- rules -------------------------------------------------------------------------- */
static char *
read_file(const char *path, size_t *len)
{
	FILE *f = fopen(path, "rb");
	struct stat st;
	char *text;

	if (f == NULL || fstat(fileno(f), &st) != 0)
		die("%s: %s", path, strerror(errno));
	*len = (size_t)st.st_size;
	text = stw_xalloc(*len + 1);
	if (fread(text, 1, *len, f) != *len)
		die("%s: cannot read", path);
	text[*len] = '\0';
	(void)fclose(f);
	return text;
}

static void
compile_lines(struct rule_list_of *list, const struct rule_env *env, char *text)
{
	struct stw_err err = {0};
	char *rest = NULL;

	for (char *line = strtok_r(text, "\n", &rest); line != NULL;
	     line = strtok_r(NULL, "\n", &rest)) {
		struct rule *rule = NULL;

		if (rule_compile(env, str_of(line), rule_type_basic(RULE_BOOL), NULL,
			&list->arena, &rule, &err) != STW_OK)
			die("%s\n  %d:%d: %s", line, err.line, err.column, err.text);
		list->items[list->count++] = rule;
	}
}

static void
cmd_rules(char **args)
{
	struct thing *t = thing_add(THING_RULES, args[0]);
	struct rule_list_of *list = &t->rules;
	struct rule_env *env;
	size_t len;
	char *text = read_file(args[2], &len);
	double from;

	list->table = thing_get(THING_TABLE, args[1])->table;
	arena_init(&list->arena);
	/* No rule is shorter than a byte and its line's end. */
	list->items = arena_array(&list->arena, len / 2 + 1, sizeof(struct rule *));
	env = rule_env_new(&list->arena);
	list->binding = (struct rule_binding){
	    .slot = rule_env_var(env, "customer",
		rule_type_of_table(&list->arena, list->table, "Customer")),
	    .self = true,
	    .child = -1};
	from = seconds_on(CLOCK_MONOTONIC);
	compile_lines(list, env, text);
	(void)printf("{\"rules\": %d, \"seconds\": %.6f}\n", list->count,
	    seconds_on(CLOCK_MONOTONIC) - from);
	free(text);
}

/* ---- columns ------------------------------------------------------------------------ */
static enum simd_level
simd_arg(const char *name)
{
	static const char *const names[] = {"auto", "portable", "avx2", "avx512"};

	for (size_t i = 0; i < STW_ARRAY_LEN(names); i++)
		if (strcmp(names[i], name) == 0)
			return (enum simd_level)i;
	die("no such level: %s", name);
}

static void
cmd_set(char **args)
{
	struct thing *t = thing_add(THING_SET, args[0]);
	const struct rule_list_of *rules = &thing_get(THING_RULES, args[1])->rules;
	struct rule_set_options options = {.threads = (int)size_arg(args[2]),
	    .simd = simd_arg(args[3]),
	    .unshared = strcmp(args[4], "unshared") == 0,
	    .profile = strcmp(args[4], "profiled") == 0};
	struct running *running = &t->running;
	struct stw_err err = {0};
	double from;

	running->rules = rules;
	running->profiled = options.profile;
	running->ctx = (struct rule_columns_ctx){.table = rules->table,
	    .bindings = &rules->binding,
	    .nbindings = 1,
	    .now = AS_OF,
	    .zone = zone_utc()};
	running->results = calloc((size_t)rules->count, sizeof *running->results);
	if (running->results == NULL)
		die("no memory");
	from = seconds_on(CLOCK_MONOTONIC);
	if (rule_set_new(rules->items, rules->count, &running->ctx, &options,
		&running->set, &err) != STW_OK)
		die("%s: %s", args[0], err.text);
	(void)printf("{\"seconds\": %.6f}\n", seconds_on(CLOCK_MONOTONIC) - from);
}

static void
cmd_run(char **args)
{
	struct running *running = &thing_get(THING_SET, args[0])->running;
	struct stw_err err = {0};
	double from = seconds_on(CLOCK_MONOTONIC);

	if (rule_set_run(running->set, &running->ctx, running->results, &err) != STW_OK)
		die("%s: %s", args[0], err.text);
	(void)printf("{\"seconds\": %.6f}\n", seconds_on(CLOCK_MONOTONIC) - from);
}

/* Counts the bits themselves and holds the result's own numbers against them. */
static size_t
checked_count(const struct bitmap *map, size_t claimed)
{
	size_t n = bitmap_count(map);

	if (n != claimed)
		die("a bitmap has %zu rows, its count says %zu", n, claimed);
	return n;
}

static void
cmd_counts(char **args)
{
	const struct running *running = &thing_get(THING_SET, args[0])->running;
	const struct rule_result *results = running->results;

	(void)printf("{\"matched\": [");
	for (int i = 0; i < running->rules->count; i++)
		(void)printf("%s%zu", i == 0 ? "" : ", ",
		    checked_count(&results[i].matched, results[i].nmatched));
	(void)printf("], \"undecided\": [");
	for (int i = 0; i < running->rules->count; i++)
		(void)printf("%s%zu", i == 0 ? "" : ", ",
		    checked_count(&results[i].undecided, results[i].nundecided));
	(void)printf("]}\n");
}

/* Nodes with the most time first. */
static int
by_time(const void *a, const void *b)
{
	const struct rule_plan_node *x = a, *y = b;

	return (x->ns < y->ns) - (x->ns > y->ns);
}

static void
cmd_plan(char **args)
{
	const struct running *running = &thing_get(THING_SET, args[0])->running;
	struct rule_plan plan;
	struct arena arena;
	int n;

	arena_init(&arena);
	rule_set_plan(running->set, &arena, &plan);
	(void)printf("{\"columns_bytes\": %zu, \"nodes\": %d, \"simd\": \"%s\", "
		     "\"threads\": %d}\n",
	    plan.columns_bytes, plan.nnodes, plan.simd, plan.threads);
	n = running->profiled ? plan.nnodes : 0;
	qsort(plan.nodes, (size_t)n, sizeof *plan.nodes, by_time);
	for (int i = 0; i < n && i < 40; i++) {
		const struct rule_plan_node *node = &plan.nodes[i];

		(void)fprintf(stderr, "%8.3f ms %10zu rows %10zu skipped  %-8s %.*s\n",
		    node->ns / 1e6, node->rows, node->skipped, node->name,
		    STR_FMT(node->text));
	}
	arena_fini(&arena);
}

/* ---- the interpreter ------------------------------------------------------------------ */
static void
cmd_interpret(char **args)
{
	const struct rule_list_of *rules = &thing_get(THING_RULES, args[0])->rules;
	size_t index = size_arg(args[1]), times = size_arg(args[2]), matched = 0;
	struct arena arena;
	struct rule_value row;
	struct rule_eval_ctx ctx = {
	    .vars = &row, .now = AS_OF, .zone = zone_utc(), .arena = &arena};
	double from = seconds_on(CLOCK_THREAD_CPUTIME_ID);

	if (index >= (size_t)rules->count || rules->table->rows == 0)
		die("no rule %zu", index);
	arena_init(&arena);
	for (size_t i = 0; i < times; i++) {
		row = rule_row(rules->table, i % rules->table->rows);
		matched += rule_eval_bool(rules->items[index], &ctx, NULL) ? 1 : 0;
		arena_reset(&arena);
	}
	arena_fini(&arena);
	(void)printf("{\"matched\": %zu, \"seconds\": %.6f}\n", matched,
	    seconds_on(CLOCK_THREAD_CPUTIME_ID) - from);
}

/* ---- commands ------------------------------------------------------------------------- */
static void
set_free(struct running *running)
{
	rule_set_free(running->set);
	for (int i = 0; i < running->rules->count; i++)
		rule_result_fini(&running->results[i]);
	free(running->results);
}

static void
cmd_free(char **args)
{
	struct thing *t = thing_find(args[0]);

	switch (t->kind) {
	case THING_SET:
		set_free(&t->running);
		break;
	case THING_RULES:
		arena_fini(&t->rules.arena);
		break;
	case THING_TABLE:
		table_free(t->table);
		break;
	case THING_NONE:
		break;
	}
	t->kind = THING_NONE;
	(void)printf("{}\n");
}

static const struct command {
	const char *name;
	int nargs;
	void (*run)(char **args);
} commands[] = {
    {"table", 3, cmd_table},
    {"history", 2, cmd_history},
    {"rules", 3, cmd_rules},
    {"set", 5, cmd_set},
    {"run", 1, cmd_run},
    {"counts", 1, cmd_counts},
    {"plan", 1, cmd_plan},
    {"interpret", 3, cmd_interpret},
    {"free", 1, cmd_free},
};

static void
run_line(char *line)
{
	char *words[8] = {NULL}, *rest = NULL;
	int n = 0;

	for (char *w = strtok_r(line, " \n", &rest); w != NULL && n < 7;
	     w = strtok_r(NULL, " \n", &rest))
		words[n++] = w;
	for (size_t i = 0; n > 0 && i < STW_ARRAY_LEN(commands); i++) {
		if (strcmp(commands[i].name, words[0]) != 0)
			continue;
		if (commands[i].nargs != n - 1)
			die("%s takes %d arguments", words[0], commands[i].nargs);
		commands[i].run(words + 1);
		return;
	}
	die("no such command: %s", n > 0 ? words[0] : "");
}

int
main(void)
{
	char line[2048];

	while (fgets(line, sizeof line, stdin) != NULL) {
		run_line(line);
		if (fflush(stdout) != 0)
			die("standard output: %s", strerror(errno));
	}
	return 0;
}
