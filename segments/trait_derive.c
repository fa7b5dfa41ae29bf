#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#include "engine/log.h"
#include "segments/trait_priv.h"

#define THREADS_MAX 16

/* ---- why there is no value ------------------------------------------------------------ */
/* No row has a value: because the rule fails in each of them? One that only lacks something
 * says no. */
static bool
fails_everywhere(const struct book *book, const struct rule *rule, stw_usec now)
{
	bool fails = book->customers->rows > 0;
	struct arena arena;

	arena_init(&arena);
	for (size_t row = 0; row < book->customers->rows && fails; row++) {
		struct rule_eval_ctx ctx = {.vars = book_vars(book, row, &arena),
		    .now = now,
		    .zone = book->zone,
		    .arena = &arena};
		struct rule_value v = rule_eval(rule, &ctx);

		fails = v.kind != RULE_V_ERROR || !v.error.missing;
		arena_reset(&arena);
	}
	arena_fini(&arena);
	return fails;
}

/* Why the rule fails, told by the first row that does. */
static enum stw_code
fail_everywhere(const struct book *book, const struct trait *trait,
    const struct rule *rule, stw_usec now, struct arena *arena, struct stw_err *err)
{
	struct rule_eval_ctx ctx = {
	    .vars = book_vars(book, 0, arena),
	    .now = now,
	    .zone = book->zone,
	    .arena = arena,
	};
	struct rule_value v = rule_eval(rule, &ctx);

	return stw_fail_at(err, STW_INVALID, v.error.line, v.error.column,
	    "trait customer.%s fails for every customer: %s", trait->name,
	    v.kind == RULE_V_ERROR && v.error.text != NULL ? v.error.text
							   : "no reason given");
}

/* ---- one level ------------------------------------------------------------------------ */
/* Its traits use only what is there before, so they are computed side by side, each into a
 * table of its own. */
struct derived {
	const struct trait *trait;
	struct rule *rule;
	struct table *table; /* of one column */
	enum stw_code rc;
	struct stw_err err;
};

struct level {
	struct book *book;
	stw_usec now;
	struct derived *items;
	int count;
	_Atomic int next; /* that nobody has taken */
	struct arena arena;
};

static void
derive(const struct level *level, struct derived *one)
{
	struct rule_columns_ctx ctx = {
	    .table = level->book->customers,
	    .now = level->now,
	    .zone = level->book->zone,
	};

	if (one->rc == STW_OK) {
		ctx.bindings = book_bindings(level->book, &ctx.nbindings);
		one->rc =
		    rule_columns_value(one->rule, &ctx, one->table, 0, NULL, &one->err);
		if (one->rc != STW_OK)
			one->rc = stw_err_prefix(
			    &one->err, one->rc, "trait customer.%s", one->trait->name);
	}
	table_pack(one->table);
}

static void *
work(void *arg)
{
	struct level *level = arg;

	for (;;) {
		int i = atomic_fetch_add(&level->next, 1);

		if (i >= level->count)
			return NULL;
		derive(level, &level->items[i]);
	}
}

/* The caller works too; a few rows are not worth a thread. */
static void
work_all(struct level *level)
{
	long cores = sysconf(_SC_NPROCESSORS_ONLN);
	int want = level->book->customers->rows <= TABLE_CHUNK ? 1 : level->count;
	pthread_t threads[THREADS_MAX];
	int started = 0;

	want = want > cores ? (int)cores : want;
	want = want > THREADS_MAX ? THREADS_MAX : want;
	while (started < want - 1 &&
	       pthread_create(&threads[started], NULL, work, level) == 0)
		started++;
	(void)work(level);
	for (int i = 0; i < started; i++)
		STW_ASSERT(pthread_join(threads[i], NULL) == 0);
}

/* Compiled before any column of the level is there: a trait cannot speak of itself. */
static void
level_open(struct level *level, const struct trait_catalogue *catalogue,
    const struct trait_order *order, int first)
{
	level->items =
	    arena_array(&level->arena, (size_t)level->count, sizeof *level->items);
	for (int i = 0; i < level->count; i++) {
		struct derived *one = &level->items[i];

		one->trait = &catalogue->traits[order->items[first + i]];
		one->table = table_beside(level->book->customers);
		(void)trait_add_column(one->table, level->book, one->trait);
		if (table_find_column(level->book->customers, one->trait->name) >= 0)
			one->rc = stw_fail(&one->err, STW_INVALID,
			    "trait customer.%s is there already", one->trait->name);
		else
			one->rc = trait_compile(level->book, one->trait, &level->arena,
			    &one->rule, &one->err);
	}
}

/* The columns become the book's, in order. */
static enum stw_code
level_close(struct level *level, struct stw_err *err)
{
	struct book *book = level->book;
	enum stw_code rc = STW_OK;

	for (int i = 0; i < level->count; i++) {
		struct derived *one = &level->items[i];
		size_t rows = book->customers->rows;

		if (one->rc == STW_OK && !book->patch &&
		    one->table->cols[0].pack->missing == rows &&
		    fails_everywhere(book, one->rule, level->now))
			one->rc = fail_everywhere(book, one->trait, one->rule,
			    level->now, &level->arena, &one->err);
		table_take(book->customers, one->table);
		if (one->rc == STW_INVALID && one->trait->own) {
			log_err(LOG_WARN, "trait_without_values", &one->err);
		} else if (one->rc != STW_OK && rc == STW_OK) {
			rc = one->rc;
			if (err != NULL)
				*err = one->err;
		}
	}
	return rc;
}

/* ---- all of them ------------------------------------------------------------------------ */
/* Fed traits that were added after the book was loaded: without values, so that rules that
 * speak of them stand. */
static void
add_missing_feds(struct book *book, const struct trait_catalogue *catalogue)
{
	for (int i = 0; i < catalogue->count; i++) {
		const struct trait *trait = &catalogue->traits[i];

		if (trait_is_fed(trait) &&
		    table_find_column(book->customers, trait->name) < 0)
			(void)trait_add_column(book->customers, book, trait);
	}
	table_pack(book->customers);
}

static enum stw_code
derive_levels(struct book *book, const struct trait_catalogue *catalogue,
    const struct trait_order *order, stw_usec now, const struct progress *progress,
    struct stw_err *err)
{
	enum stw_code rc = STW_OK;

	for (int first = 0, n; first < order->count && rc == STW_OK; first += n) {
		struct level level = {.book = book, .now = now};

		for (n = 1; first + n < order->count &&
			    order->levels[first + n] == order->levels[first];)
			n++;
		level.count = n;
		arena_init(&level.arena);
		level_open(&level, catalogue, order, first);
		work_all(&level);
		rc = level_close(&level, err);
		arena_fini(&level.arena);
		progress_tell(progress, "traits", first + n, order->count);
	}
	return rc;
}

enum stw_code
traits_derive(struct book *book, const struct trait_catalogue *catalogue, stw_usec now,
    const struct progress *progress, struct stw_err *err)
{
	struct trait_order order;
	enum stw_code rc = trait_order_find(&order, catalogue, book, false, err);

	if (rc == STW_OK) {
		add_missing_feds(book, catalogue);
		rc = derive_levels(book, catalogue, &order, now, progress, err);
	}
	trait_order_fini(&order);
	return rc;
}
