/* Views: however the changes came, the parts say what one fresh book says. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "segments/book_view.h"
#include "segments/lifecycle_preview.h"
#include "segments/lifecycle_validate.h"
#include "segments/trait.h"
#include "tests/lib/book_same.h"
#include "tests/lib/book_world.h"

#define WORLD_KEYS 3000

/* The truth: what each customer is. 0: not there; else all about it follows from it. */
struct truth {
	uint32_t state[WORLD_KEYS];
	uint64_t random;
};

static uint32_t
roll(struct truth *truth, uint32_t below)
{
	truth->random = truth->random * UINT64_C(6364136223846793005) +
			UINT64_C(1442695040888963407);
	return (uint32_t)(truth->random >> 33) % below;
}

static struct book_key
key_of(size_t i)
{
	return (struct book_key){(int)(i * 7 / 100) % BOOK_BUCKETS, (int64_t)i};
}

static int
by_key(const void *a, const void *b)
{
	const struct book_key x = key_of(*(const size_t *)a),
			      y = key_of(*(const size_t *)b);

	return book_key_cmp(&x, &y);
}

static struct str
text_of(char *room, const char *what, uint32_t n)
{
	(void)snprintf(room, 40, "%s%u", what, n);
	return str_of(room);
}

static void
put_children(struct book *book, size_t row, uint32_t state)
{
	struct table *t = book->customers->children[BOOK_HOLDINGS].table;
	char room[40];

	for (uint32_t i = 0; i < state % 4; i++) {
		size_t at = table_append(t);

		table_set_string(
		    t, HOLDING_PRODUCT, at, text_of(room, "P", (state + i) % 50));
		table_set_string(t, HOLDING_KIND, at, STR_LIT("fund"));
		table_set_int(t, HOLDING_AMOUNT, at, (int64_t)state * (i + 1));
		table_set_int(t, HOLDING_OPEN, at, i % 2);
	}
	book_end_children(book, BOOK_HOLDINGS, row);
	t = book->customers->children[BOOK_TRANSACTIONS].table;
	for (uint32_t i = 0; i < state % 3; i++) {
		size_t at = table_append(t);

		table_set_int(t, TXN_AT, at,
		    WORLD_NOW - (int64_t)(i + 1) * (int64_t)state * STW_USEC_MIN);
		table_set_string(t, TXN_KIND, at, text_of(room, "kind", state % 7));
		table_set_int(t, TXN_AMOUNT, at, (int64_t)state - 500);
	}
	book_end_children(book, BOOK_TRANSACTIONS, row);
}

static void
put_customer(struct book *book, size_t i, uint32_t state)
{
	struct book_key key = key_of(i);
	size_t row = book_append(book, key.bucket, key.customer_id);
	struct table *t = book->customers;
	char room[40];

	table_set_string(t, BOOK_REF, row, text_of(room, "C", (uint32_t)i));
	if (state % 5 != 0)
		table_set_string(t, BOOK_TIER, row, text_of(room, "tier", state % 11));
	if (state % 3 != 0)
		table_set_int(
		    t, BOOK_OPENED_ON, row, WORLD_TODAY - (int64_t)(state % 4000));
	table_set_int(t, BOOK_DECEASED, row, state % 2);
	if (state % 7 != 0) {
		table_set_string(t, BOOK_STAGE, row, text_of(room, "stage", state % 6));
		table_set_int(t, BOOK_STAGE_SINCE, row, (int64_t)state);
	}
	put_children(book, row, state);
}

/* Those of the keys that are there, packed and without derived traits. */
static struct book_patch
patch_of(const struct truth *truth, size_t *keys, size_t n)
{
	struct book_patch patch = {.book = world_new()};

	qsort(keys, n, sizeof *keys, by_key);
	patch.gone = stw_xalloc((n + 1) * sizeof *patch.gone);
	for (size_t i = 0; i < n; i++) {
		if (i > 0 && keys[i] == keys[i - 1])
			continue;
		if (truth->state[keys[i]] != 0)
			put_customer(patch.book, keys[i], truth->state[keys[i]]);
		else
			patch.gone[patch.ngone++] = key_of(keys[i]);
	}
	table_pack(patch.book->customers);
	return patch;
}

static struct book *
whole(const struct truth *truth)
{
	size_t keys[WORLD_KEYS];
	struct book_patch patch;

	for (size_t i = 0; i < WORLD_KEYS; i++)
		keys[i] = i;
	patch = patch_of(truth, keys, WORLD_KEYS);
	free(patch.gone);
	return patch.book;
}

static void
truth_init(struct truth *truth)
{
	truth->random = 20261125;
	for (size_t i = 0; i < WORLD_KEYS; i++)
		truth->state[i] = roll(truth, 3) == 0 ? 0 : 1 + roll(truth, 100000);
}

static struct book_patch
change(struct truth *truth, size_t n)
{
	size_t *keys = stw_xalloc((n + 1) * sizeof *keys);
	struct book_patch patch;

	for (size_t i = 0; i < n; i++) {
		keys[i] = roll(truth, WORLD_KEYS);
		truth->state[keys[i]] =
		    roll(truth, 4) == 0 ? 0 : 1 + roll(truth, 100000);
	}
	patch = patch_of(truth, keys, n);
	free(keys);
	return patch;
}

static void
check_view(const struct book_view *view, const struct truth *truth)
{
	struct book *fresh = whole(truth);
	struct book_parts wanted = book_alone(fresh), got;
	struct book_view_stat stat;
	struct buf why;

	buf_init(&why);
	world_derive(fresh);
	world_view_parts(view, &got);
	ck_assert_msg(book_same(&wanted, &got, &why), "%s", why.data);
	book_view_stat(view, &stat);
	ck_assert_int_eq(stat.customers, (int64_t)fresh->customers->rows);
	ck_assert_int_eq(stat.parts, view->nparts);
	book_parts_free(&got);
	book_free(fresh);
	buf_fini(&why);
}

START_TEST(a_view_says_what_a_fresh_book_says)
{
	struct truth *truth = stw_xalloc(sizeof *truth);
	struct book_view *view, *next;

	truth_init(truth);
	view = book_view_new(whole(truth));
	check_view(view, truth);
	for (int i = 0; i < 120; i++) {
		struct book_patch patch = change(truth, roll(truth, 60));

		next = book_view_add(view, &patch, 1);
		ck_assert_ptr_null(patch.book);
		ck_assert_int_le(next->nparts, BOOK_VIEW_PARTS);
		book_view_unref(view);
		view = next;
		if (i % 10 == 0)
			check_view(view, truth);
	}
	check_view(view, truth);
	book_view_unref(view);
	free(truth);
}
END_TEST

/* ---- a model over the parts --------------------------------------------------------- */
#define N(c)     "\"name\": {\"zh\": \"" c "\", \"en\": \"" c "\"}"
#define STAGE(c) "{\"code\": \"" c "\", " N(c) "}"
#define MOVE(f, t, when, more)                                             \
	"{\"from\": \"" f "\", \"to\": \"" t "\", \"when\": \"" when "\"," \
	"\"reason\": \"r\"" more "}"

/* Customers of the truth are in stage0 to stage5: one of them is in neither model. */
static const char in_force[] =
    "{\"code\": \"m\", " N("m") ", \"stages\": [" STAGE("stage0") ", " STAGE("stage1") ", " STAGE(
	"stage2") ", " STAGE("stage3") ", " STAGE("stage4") "], \"initial\": "
							    "[{\"stage\": \"stage1\", \"reason\": \"r\", \"when\": \"customer.deceased\"}, "
							    "{\"stage\": \"stage0\", \"reason\": \"r\"}], \"transitions\": [" MOVE(
								"stage0", "stage1",
								"customer.deceased",
								"") ", " MOVE("stage1",
								"stage0",
								"!customer.deceased",
								"") ", " MOVE("stage2",
								"stage3",
								"customer.tenure_days > 1000",
								"") ", " MOVE("stage3",
								"stage2",
								"customer.tier == \\\"tier3\\\"",
								"") "]}";
/* Overlaps, ways there and back, what has no answer, what nobody meets. */
static const char proposed[] =
    "{\"code\": \"m\", " N("m") ", \"stages\": [" STAGE("stage0") ", " STAGE("stage1") ", " STAGE("stage2") ", " STAGE(
	"stage3") ", " STAGE("stage5") "], \"initial\": "
				       "[{\"stage\": \"stage2\", \"reason\": \"r\", \"when\": \"customer.aum > money(\\\"900\\\")\"}, "
				       "{\"stage\": \"stage0\", \"reason\": \"r\"}], \"transitions\": [" MOVE(
					   "stage0", "stage1", "customer.deceased",
					   "") ", " MOVE("stage0", "stage2",
					   "customer.tenure_days > 500",
					   "") ", " MOVE("stage0", "stage3",
					   "customer.tenure_days > 1500",
					   "") ", " MOVE("stage1", "stage0",
					   "customer.tier == \\\"tier5\\\"",
					   "") ", " MOVE("stage1", "stage2",
					   "customer.aum > money(\\\"100\\\")",
					   ", \"after_days\": 30") ", " MOVE("stage2",
					   "stage1", "customer.deceased",
					   "") ", " MOVE("stage2", "stage3",
					   "customer.last_txn_at > now - days(9)",
					   "") ", " MOVE("stage3", "stage5",
					   "customer.products_held == 1",
					   "") ", " MOVE("stage5", "stage3",
					   "customer.tier == \\\"none\\\"", "") "]}";

static void
say(const struct book_parts *parts, struct buf *to)
{
	struct lifecycle_model now_model, new_model;
	struct lifecycle_validation v;
	struct lifecycle_preview p;
	struct stw_err err = {0};
	struct arena arena;

	arena_init(&arena);
	ck_assert_msg(
	    lifecycle_parse(str_of(in_force), &arena, &now_model, &err) == STW_OK &&
		lifecycle_parse(str_of(proposed), &arena, &new_model, &err) == STW_OK,
	    "%s", err.text);
	ck_assert_msg(lifecycle_validate(&new_model, parts, WORLD_NOW, NULL, &arena, &v,
			  &err) == STW_OK,
	    "%s", err.text);
	ck_assert_int_ge(v.nfindings, 5);
	lifecycle_validation_json(&new_model, &v, to);
	ck_assert_msg(lifecycle_preview(&now_model, &new_model, parts, WORLD_NOW, NULL,
			  &arena, &p, &err) == STW_OK,
	    "%s", err.text);
	ck_assert_int_ge(p.ncells, 10);
	lifecycle_preview_json(&now_model, &new_model, &p, true, to);
	arena_fini(&arena);
}

/* Findings, counts, cells and who is shown: the same as of one book. */
START_TEST(a_model_says_of_the_parts_what_it_says_of_one_book)
{
	struct truth *truth = stw_xalloc(sizeof *truth);
	struct book_view *view, *next;

	truth_init(truth);
	view = book_view_new(whole(truth));
	for (int i = 0; i < 60; i++) {
		struct book_patch patch = change(truth, roll(truth, 60));

		next = book_view_add(view, &patch, 1);
		book_view_unref(view);
		view = next;
		if (i % 6 == 0) {
			struct book *fresh = whole(truth);
			struct book_parts one = book_parts_of(fresh), parts;
			struct buf wanted, got;

			buf_init(&wanted);
			buf_init(&got);
			fresh->as_of = WORLD_NOW;
			world_derive(fresh);
			world_view_parts(view, &parts);
			ck_assert_int_ge(parts.count, 2);
			say(&one, &wanted);
			say(&parts, &got);
			ck_assert_str_eq(got.data, wanted.data);
			book_parts_free(&parts);
			book_free(fresh);
			buf_fini(&wanted);
			buf_fini(&got);
		}
	}
	book_view_unref(view);
	free(truth);
}
END_TEST

/* A base is made of an old version while newer ones come. */
START_TEST(a_new_base_takes_the_place_of_what_it_was_made_of)
{
	struct truth *truth = stw_xalloc(sizeof *truth);
	struct book_view *view, *then, *next;
	struct book_patch patch;
	struct book *base;

	truth_init(truth);
	view = book_view_new(whole(truth));
	for (int round = 0; round < 6; round++) {
		for (int i = 0; i < 15; i++) {
			patch = change(truth, roll(truth, 40));
			next = book_view_add(view, &patch, 1);
			book_view_unref(view);
			view = next;
		}
		then = book_view_ref(view);
		for (int i = 0; i < 30; i++) {
			patch = change(truth, roll(truth, 40));
			next = book_view_add(view, &patch, then->nparts);
			ck_assert_int_lt(next->nparts, BOOK_PARTS_MAX);
			book_view_unref(view);
			view = next;
		}
		base = book_view_merged(then);
		next = book_view_rebase(view, then, base);
		book_view_unref(then);
		book_view_unref(view);
		view = next;
		check_view(view, truth);
	}
	book_view_unref(view);
	free(truth);
}
END_TEST

START_TEST(an_old_version_stays_as_it_was)
{
	struct truth *truth = stw_xalloc(sizeof *truth);
	struct truth *before = stw_xalloc(sizeof *before);
	struct book_view *view, *old, *next;

	truth_init(truth);
	view = book_view_new(whole(truth));
	*before = *truth;
	old = book_view_ref(view);
	for (int i = 0; i < 20; i++) {
		struct book_patch patch = change(truth, 100);

		next = book_view_add(view, &patch, 1);
		book_view_unref(view);
		view = next;
	}
	check_view(old, before);
	book_view_unref(old);
	check_view(view, truth);
	book_view_unref(view);
	free(before);
	free(truth);
}
END_TEST

START_TEST(a_rule_that_fails_for_one_changed_customer_fails_nobody_else)
{
	struct book *base = world_new(), *one = world_new();
	struct book_patch patch = {.book = one};
	struct book_view *view, *next;
	struct book_parts parts;

	(void)world_add(base, "a", 10);
	table_pack(base->customers);
	view = book_view_new(base);
	/* Its assets are past what an amount can say: aum has no answer. */
	(void)world_add(one, "b", 10);
	for (int i = 0; i < 3; i++)
		world_hold(one, "fund", INT64_MAX / 2, WORLD_NO_MATURITY);
	table_pack(one->customers);
	next = book_view_add(view, &patch, 1);
	world_view_parts(next, &parts);
	book_parts_free(&parts);
	book_view_unref(view);
	book_view_unref(next);
}
END_TEST

/* ---- threads --------------------------------------------------------------------------- */
struct shared {
	pthread_mutex_t lock;
	struct book_view *view;
	bool stop;
};

static struct book_view *
shared_get(struct shared *shared, bool *stop)
{
	struct book_view *view;

	(void)pthread_mutex_lock(&shared->lock);
	view = book_view_ref(shared->view);
	*stop = shared->stop;
	(void)pthread_mutex_unlock(&shared->lock);
	return view;
}

static void
shared_put(struct shared *shared, struct book_view *view)
{
	struct book_view *old;

	(void)pthread_mutex_lock(&shared->lock);
	old = shared->view;
	shared->view = view;
	(void)pthread_mutex_unlock(&shared->lock);
	book_view_unref(old);
}

/* Every version has a customer "count" whose only amount is the number of others. */
static void *
read_versions(void *arg)
{
	struct shared *shared = arg;
	bool stop = false;

	while (!stop) {
		struct book_view *view = shared_get(shared, &stop);
		struct book_parts parts;

		world_view_parts(view, &parts);
		for (int p = 0; p < parts.count; p++) {
			const struct book *book = parts.books[p];
			const struct table *txns =
			    book->customers->children[BOOK_TRANSACTIONS].table;
			size_t row = book_find(book, 255, 1);

			if (row != SIZE_MAX)
				STW_ASSERT(
				    column_int(&txns->cols[TXN_AMOUNT],
					book->customers->children[BOOK_TRANSACTIONS]
					    .offsets[row]) ==
				    book_parts_customers(&parts) - 1);
		}
		book_parts_free(&parts);
		book_view_unref(view);
	}
	return NULL;
}

static void
put_count(struct book *book, int64_t count)
{
	struct table *t = book->customers->children[BOOK_TRANSACTIONS].table;
	size_t row = book_append(book, 255, 1), at = table_append(t);

	table_set_string(book->customers, BOOK_REF, row, STR_LIT("count"));
	table_set_int(t, TXN_AT, at, WORLD_NOW);
	table_set_int(t, TXN_AMOUNT, at, count);
	book_end_children(book, BOOK_TRANSACTIONS, row);
	table_pack(book->customers);
}

START_TEST(readers_see_one_version_while_others_are_made)
{
	struct shared shared = {.lock = PTHREAD_MUTEX_INITIALIZER};
	pthread_t threads[3];
	struct book *base = world_new();

	put_count(base, 0);
	shared.view = book_view_new(base);
	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(
		    pthread_create(&threads[i], NULL, read_versions, &shared), 0);
	for (int64_t n = 1; n <= 200; n++) {
		struct book_patch patch = {.book = world_new()};
		struct book_view *next;

		(void)book_append(patch.book, 7, n);
		put_count(patch.book, n);
		next = book_view_add(shared.view, &patch, 1);
		shared_put(&shared, next);
		if (n % 50 == 0)
			shared_put(&shared,
			    book_view_rebase(next, next, book_view_merged(next)));
	}
	(void)pthread_mutex_lock(&shared.lock);
	shared.stop = true;
	(void)pthread_mutex_unlock(&shared.lock);
	for (int i = 0; i < 3; i++)
		(void)pthread_join(threads[i], NULL);
	book_view_unref(shared.view);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("book_view");
	TCase *tc = tcase_create("views");
	SRunner *runner;
	int failed;

	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, a_view_says_what_a_fresh_book_says);
	tcase_add_test(tc, a_model_says_of_the_parts_what_it_says_of_one_book);
	tcase_add_test(tc, a_new_base_takes_the_place_of_what_it_was_made_of);
	tcase_add_test(tc, an_old_version_stays_as_it_was);
	tcase_add_test(
	    tc, a_rule_that_fails_for_one_changed_customer_fails_nobody_else);
	tcase_add_test(tc, readers_see_one_version_while_others_are_made);
	suite_add_tcase(s, tc);
	runner = srunner_create(s);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? 0 : 1;
}
