/* The book out of the database, and one customer out of it. This runs under the
 * thread sanitizer too. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <check.h>

#include "segments/book_file_store.h"
#include "segments/customer_store.h"
#include "tests/lib/book_world.h"
#include "tests/lib/cluster.h"

static struct test_db t;
static struct arena arena;
static struct stw_err err;

/* Four customers; references k1..k4 in buckets of their own. k2 has nothing. k9's rows
 * have no customer. */
static const char fixture[] =
    "CREATE FUNCTION b(ref text) RETURNS smallint LANGUAGE sql IMMUTABLE AS "
    "$$ SELECT get_byte(sha256(ref::bytea), 0)::smallint $$;"
    "INSERT INTO customer (bucket, customer_id, ref, name_mask, gender, dob, province, "
    "  zone, opened_on, risk_rating, risk_assessed_on, complaint_open, updated_at) VALUES "
    "(b('k1'), 11, 'k1', '王**', 'female', '1950-02-28', '上海', 'Asia/Shanghai', "
    "  '2020-01-01', 3, '2026-01-01', true, '2026-01-01'),"
    "(b('k2'), 12, 'k2', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, false, "
    "  '2026-01-01'),"
    "(b('k3'), 13, 'k3', '李**', 'male', '1990-01-01', '北京', NULL, '2026-11-01', 1, "
    "  '2020-01-01', false, '2026-01-01'),"
    "(b('k4'), 14, 'k4', '张**', 'male', '1990-01-01', '北京', NULL, '2026-11-01', 1, "
    "  '2020-01-01', false, '2026-01-01');"
    "INSERT INTO customer_stage VALUES (b('k1'), 11, 'wealth', 1, 'mature', '2026-10-01'),"
    "  (b('k3'), 13, 'other', 1, 'strange', '2026-10-01');"
    "INSERT INTO product VALUES ('P1', '甲', 'one', 'wealth', 2, NULL, NULL, '2026-01-01'),"
    "  ('P2', '乙', 'two', 'deposit', NULL, NULL, NULL, '2026-01-01');"
    "INSERT INTO holding VALUES "
    "(b('k1'), 11, 'h3', 'P1', 'wealth', 300, 'CNY', '2026-01-01', '2026-12-01', 'open', "
    "  '2026-01-01'),"
    "(b('k1'), 11, 'h1', 'P2', 'deposit', 100, 'CNY', NULL, NULL, 'closed', '2026-01-01'),"
    "(b('k1'), 11, 'h2', 'P9', 'loan', 200, 'CNY', NULL, NULL, 'open', '2026-01-01'),"
    "(b('k4'), 14, 'h1', NULL, 'account', 400, 'CNY', NULL, NULL, 'open', '2026-01-01'),"
    "(b('k9'), 19, 'h1', NULL, 'account', 400, 'CNY', NULL, NULL, 'open', '2026-01-01');"
    "INSERT INTO txn VALUES "
    "(b('k3'), 13, 't2', '2026-11-02 00:00Z', 'deposit', 5, 'CNY', 10),"
    "(b('k3'), 13, 't1', '2026-11-03 00:00Z', 'withdrawal', -5, 'CNY', NULL);"
    "INSERT INTO interaction VALUES (b('k3'), 13, 'i1', '2026-11-02 00:00Z', 'login', NULL);";

/* A call of a campaign that ended in an outcome, one that only rang, a reservation, and a
 * task that was closed without a call. */
static const char outreach[] =
    "INSERT INTO campaign VALUES (7, 'care', 'draft', NULL, '2026-01-01');"
    "INSERT INTO task (bucket, task_id, campaign_id, version, customer_id, step, "
    "  occurrence, point_id, queue_id, channel, handler, purpose, script, script_version, "
    "  state, not_before, not_after, decision_id, created_at, updated_at) "
    "SELECT b('k3'), ('00000000-0000-0000-0000-00000000000' || n)::uuid, 7, 1, 13, 's', "
    "  n::text, 1, 1, 'VOICE', 'agent', 'SERVICE', 's', 1, 'done', '2026-11-01', "
    "  '2026-12-01', '00000000-0000-0000-0000-000000000009', '2026-11-01', '2026-11-01' "
    "  FROM generate_series(1, 2) AS n;"
    "INSERT INTO permit VALUES (b('k3'), '00000000-0000-0000-0000-0000000000a1', "
    "  '00000000-0000-0000-0000-000000000001', '00000000-0000-0000-0000-000000000009', "
    "  'a', '2026-11-10', '2026-11-11');"
    "INSERT INTO contact_count VALUES "
    "(b('k3'), '00000000-0000-0000-0000-0000000000a1', 13, '\\x01', 'VOICE', "
    "  'conversation', '2026-11-10 00:00Z', NULL),"
    "(b('k3'), '00000000-0000-0000-0000-0000000000a2', 13, '\\x01', 'VOICE', "
    "  'attempt', '2026-11-05 00:00Z', NULL),"
    "(b('k3'), '00000000-0000-0000-0000-0000000000a3', 13, '\\x01', 'VOICE', "
    "  'reserved', '2026-11-06 00:00Z', '2026-11-07');"
    "INSERT INTO outcome (bucket, outcome_id, task_id, permit_id, disposition, reached, "
    "  agent, recorded_at, customer_id) VALUES "
    "(b('k3'), '00000000-0000-0000-0000-0000000000b1', "
    "  '00000000-0000-0000-0000-000000000001', '00000000-0000-0000-0000-0000000000a1', "
    "  'call_back', true, 'a', '2026-11-10 01:00Z', 13),"
    "(b('k3'), '00000000-0000-0000-0000-0000000000b2', "
    "  '00000000-0000-0000-0000-000000000001', '00000000-0000-0000-0000-0000000000a1', "
    "  'declined', true, 'a', '2026-11-10 02:00Z', 13),"
    "(b('k3'), '00000000-0000-0000-0000-0000000000b3', "
    "  '00000000-0000-0000-0000-000000000002', NULL, 'other', false, 'a', "
    "  '2026-11-12 00:00Z', 13);";

static void
setup(void)
{
	test_db_open(&t);
	test_db_tamper(&t, fixture);
	arena_init(&arena);
}

static void
teardown(void)
{
	arena_fini(&arena);
	test_db_close(&t);
}

#define ck_ok(call)                                             \
	do {                                                    \
		enum stw_code ck_rc = (call);                   \
		ck_assert_msg(ck_rc == STW_OK, "%s", err.text); \
	} while (0)

static struct book *
load(void)
{
	struct book *book = NULL;

	ck_ok(book_load(t.db, WORLD_NOW, NULL, &book, &err));
	return book;
}

static size_t
row_of(const struct book *book, const char *ref, int64_t id)
{
	size_t row = book_find(book, customer_bucket(str_of(ref)), id);

	ck_assert_uint_ne(row, SIZE_MAX);
	ck_assert_uint_eq(book_find_ref(book, str_of(ref)), row);
	return row;
}

START_TEST(customers_come_with_their_columns_and_stage)
{
	static const struct {
		const char *column, *k1, *k2;
	} cells[] = {
	    {"ref", "k1", "k2"},
	    {"gender", "female", "-"},
	    {"dob", "1950-02-28", "-"},
	    {"lang", "zh-CN", "zh-CN"},
	    {"province", "上海", "-"},
	    {"zone", "Asia/Shanghai", "-"},
	    {"opened_on", "2020-01-01", "-"},
	    {"risk_rating", "3", "-"},
	    {"risk_assessed_on", "2026-01-01", "-"},
	    {"complaint_open", "true", "false"},
	    {"deceased", "false", "false"},
	    {"stage", "mature", "-"},
	    {"stage_since", "1790812800000000", "-"},
	    {"age", "76", "-"},
	    {"aum", "300", "0"},
	};
	struct book *book = load();

	ck_assert_uint_eq(book->customers->rows, 4);
	ck_assert_str_eq(book->currency, "CNY");
	for (size_t i = 0; i < STW_ARRAY_LEN(cells); i++) {
		ck_assert_str_eq(
		    world_cell(book, cells[i].column, row_of(book, "k1", 11)),
		    cells[i].k1);
		ck_assert_str_eq(
		    world_cell(book, cells[i].column, row_of(book, "k2", 12)),
		    cells[i].k2);
	}
	/* The stage of another model is not shown. */
	ck_assert_str_eq(world_cell(book, "stage", row_of(book, "k3", 13)), "-");
	for (size_t r = 1; r < 4; r++)
		ck_assert_int_ge(book_bucket_of(book, r), book_bucket_of(book, r - 1));
	book_free(book);
}
END_TEST

/* "kind amount ..." of one customer's children; a missing cell is "-". */
static const char *
children_of(const struct book *book, enum book_child child, size_t row)
{
	const struct table_child *c = &book->customers->children[child];
	struct buf text;
	const char *copy;

	buf_init(&text);
	for (uint32_t i = c->offsets[row]; i < c->offsets[row + 1]; i++) {
		for (int k = 0; k < c->table->ncols; k++) {
			const struct column *col = &c->table->cols[k];

			buf_add_c(&text, k == 0 ? "" : " ");
			if (!column_has(col, i))
				buf_add_c(&text, "-");
			else if (col->type == COL_STRING)
				buf_add_str(&text,
				    col_dict_get(col->dict, column_code(col, i)));
			else if (col->type == COL_DATE)
				buf_printf(&text, "%d", (int)column_int(col, i));
			else if (col->type == COL_BOOL)
				buf_printf(&text, "%d", (int)column_int(col, i));
			else if (col->type == COL_TIMESTAMP)
				buf_printf(&text, "%lld",
				    (long long)(column_int(col, i) / STW_USEC_HOUR));
			else
				buf_printf(
				    &text, "%lld", (long long)column_int(col, i));
		}
		buf_add_c(&text, "; ");
	}
	copy = arena_strndup(&arena, text.data == NULL ? "" : text.data, text.len);
	buf_fini(&text);
	return copy;
}

START_TEST(children_lie_with_their_customer_and_in_order)
{
	struct book *book = load();
	size_t k1 = row_of(book, "k1", 11), k2 = row_of(book, "k2", 12);
	size_t k3 = row_of(book, "k3", 13), k4 = row_of(book, "k4", 14);

	/* By reference: h1 is closed, h2's product is not in the catalogue. */
	ck_assert_str_eq(children_of(book, BOOK_HOLDINGS, k1),
	    "P2 deposit deposit 100 - - 0 -; P9 - loan 200 - - 1 -; "
	    "P1 wealth wealth 300 20454 20788 1 2; ");
	ck_assert_str_eq(
	    children_of(book, BOOK_HOLDINGS, k4), "- - account 400 - - 1 -; ");
	ck_assert_str_eq(children_of(book, BOOK_HOLDINGS, k2), "");
	ck_assert_str_eq(children_of(book, BOOK_HOLDINGS, k3), "");
	/* By time. */
	ck_assert_str_eq(children_of(book, BOOK_TRANSACTIONS, k3),
	    "498216 deposit 5 10; 498240 withdrawal -5 -; ");
	ck_assert_str_eq(children_of(book, BOOK_INTERACTIONS, k3), "498216 login -; ");
	ck_assert_str_eq(children_of(book, BOOK_INTERACTIONS, k1), "");
	book_free(book);
}
END_TEST

START_TEST(contacts_come_with_campaign_and_newest_outcome)
{
	struct book *book;

	test_db_tamper(&t, outreach);
	book = load();
	ck_assert_str_eq(children_of(book, BOOK_OUTREACH, row_of(book, "k3", 13)),
	    "498288 VOICE attempt - -; 498408 VOICE conversation care declined; "
	    "498456 VOICE outcome care other; ");
	ck_assert_str_eq(world_cell(book, "calls_30d", row_of(book, "k3", 13)), "2");
	ck_assert_str_eq(world_cell(book, "refusals_90d", row_of(book, "k3", 13)), "1");
	book_free(book);
}
END_TEST

static const struct {
	const char *sql, *want;
} foreign[] = {
    {"UPDATE holding SET currency = 'USD' WHERE customer_id = 14",
	"holding of customer_id 14"},
    {"UPDATE txn SET currency = 'USD' WHERE txn_ref = 't1'", "txn of customer_id 13"},
    {"INSERT INTO setting VALUES ('currency', 'EUR')", "is in CNY"},
    {"INSERT INTO setting VALUES ('zone', 'Asia/Nowhere')", "setting zone"},
};

START_TEST(an_amount_in_another_currency_is_an_error_that_names_the_row)
{
	struct book *book;

	test_db_tamper(&t, foreign[_i].sql);
	ck_assert_int_ne(book_load(t.db, WORLD_NOW, NULL, &book, &err), STW_OK);
	ck_assert_ptr_null(book);
	ck_assert_msg(strstr(err.text, foreign[_i].want) != NULL, "%s", err.text);
	ck_assert(!db_in_transaction(t.db));
	/* The connection is good for the next. */
	test_db_tamper(&t, "DELETE FROM setting; UPDATE holding SET currency = 'CNY'; "
			   "UPDATE txn SET currency = 'CNY'");
	book_free(load());
}
END_TEST

START_TEST(a_blank_book_has_every_column_and_no_row)
{
	struct book *blank, *full = load();

	ck_ok(book_load_blank(t.db, WORLD_NOW, &blank, &err));
	ck_assert_uint_eq(blank->customers->rows, 0);
	ck_assert_int_eq(blank->customers->ncols, full->customers->ncols);
	ck_assert_int_ge(table_find_column(blank->customers, "aum"), 0);
	book_free(blank);
	book_free(full);
}
END_TEST

/* ---- in parallel ------------------------------------------------------------------- */
/* Some thousand customers over all buckets, with rows that need sorting, orphans and
 * buckets without anybody. */
static const char crowd[] =
    "INSERT INTO customer (bucket, customer_id, ref, province, dob, opened_on, updated_at) "
    "SELECT b('p' || i), 1000 + i, 'p' || i, (ARRAY['甲','乙','丙',NULL])[1 + i % 4], "
    "  date '1950-01-01' + i, CASE WHEN i % 3 = 0 THEN date '2020-01-01' + i END, now() "
    "  FROM generate_series(1, 3000) AS i WHERE b('p' || i) NOT IN (0, 1, 77, 128, 255);"
    "INSERT INTO holding SELECT bucket, customer_id, 'c' || k, 'P' || (k + i.customer_id % 5), "
    "  (ARRAY['deposit','fund'])[1 + k % 2], customer_id * k, 'CNY', NULL, NULL, 'open', "
    "  now() FROM customer AS i, generate_series(0, 3) AS k WHERE customer_id % 7 > k;"
    "INSERT INTO txn SELECT bucket, customer_id, 'c' || k, "
    "  timestamptz '2026-01-01' + ((customer_id * 31 + k * 7919) % 5000) * interval '1 h', "
    "  'k' || (customer_id + k) % 11, customer_id - k, 'CNY', NULLIF(k, 3) "
    "  FROM customer, generate_series(1, 9) AS k WHERE customer_id % 10 >= k;"
    "INSERT INTO txn SELECT n::smallint, 900000 + n, 'orphan', now(), 'x', 1, 'CNY', 1 "
    "  FROM generate_series(0, 255) AS n;"
    "INSERT INTO interaction SELECT bucket, customer_id, 'c' || k, timestamptz "
    "  '2026-06-01' - k * interval '1 day', 'login', NULL "
    "  FROM customer, generate_series(1, 2) AS k WHERE customer_id % 2 = 0;"
    "INSERT INTO trait (trait_id, name, type, sensitivity, name_zh, name_en, content_hash, "
    "  state, author, updated_at, source) VALUES "
    "(7, 'score', 'double', 'ordinary', 'x', 'x', '\\x01', 'active', 'x', now(), 'feed'), "
    "(9, 'band', 'string', 'ordinary', 'x', 'x', '\\x01', 'active', 'x', now(), 'feed'), "
    "(8, 'gone', 'int', 'ordinary', 'x', 'x', '\\x01', 'retired', 'x', now(), 'feed');"
    "INSERT INTO trait_value (bucket, customer_id, trait_id, real, text, whole) "
    "SELECT bucket, customer_id, k, CASE k WHEN 7 THEN customer_id / 7.0 END, "
    "  CASE k WHEN 9 THEN 'b' || customer_id % 4 END, CASE k WHEN 8 THEN 1 END "
    "  FROM customer, generate_series(7, 9) AS k WHERE (customer_id + k) % 5 > 0;"
    "INSERT INTO trait_value (bucket, customer_id, trait_id, real) "
    "SELECT n::smallint, 900000 + n, 7, 1 FROM generate_series(0, 255) AS n;";

static void
same_column(const struct column *a, const struct column *b, size_t rows)
{
	size_t differ = 0;

	ck_assert_str_eq(a->name, b->name);
	ck_assert_uint_eq(a->pack->bytes, b->pack->bytes);
	ck_assert_uint_eq(a->pack->missing, b->pack->missing);
	for (size_t r = 0; r < rows; r++)
		differ += column_has(a, r) != column_has(b, r) ||
			  (column_has(a, r) && a->type != COL_DOUBLE &&
			      column_int(a, r) != column_int(b, r));
	ck_assert_uint_eq(differ, 0);
	if (a->dict == NULL)
		return;
	ck_assert_uint_eq(col_dict_count(a->dict), col_dict_count(b->dict));
	for (uint32_t code = 0; code < col_dict_count(a->dict); code++)
		ck_assert(
		    str_eq(col_dict_get(a->dict, code), col_dict_get(b->dict, code)));
}

static void
same_table(const struct table *a, const struct table *b)
{
	ck_assert_uint_eq(a->rows, b->rows);
	ck_assert_int_eq(a->ncols, b->ncols);
	for (int c = 0; c < a->ncols; c++)
		same_column(&a->cols[c], &b->cols[c], a->rows);
	for (int c = 0; c < a->nchildren; c++) {
		ck_assert_mem_eq(a->children[c].offsets, b->children[c].offsets,
		    (a->rows + 1) * sizeof(uint32_t));
		same_table(a->children[c].table, b->children[c].table);
	}
}

static void
same_book(const struct book *a, const struct book *b)
{
	same_table(a->customers, b->customers);
	if (a->customers->rows > 0)
		ck_assert_mem_eq(a->customer_id, b->customer_id,
		    a->customers->rows * sizeof *a->customer_id);
	ck_assert_mem_eq(a->first, b->first, sizeof a->first);
	ck_assert_int_eq(a->last_bucket, b->last_bucket);
}

static struct book *
load_with(int workers)
{
	const struct book_options options = {.workers = workers};
	struct book *book = NULL;

	ck_ok(book_load(t.db, WORLD_NOW, &options, &book, &err));
	return book;
}

START_TEST(any_number_of_workers_loads_the_same_book)
{
	static const int workers[] = {2, 5, 7};
	struct book *one, *many;

	test_db_tamper(&t, crowd);
	one = load_with(1);
	ck_assert_uint_gt(one->customers->rows, 2500);
	ck_assert_uint_gt(
	    one->customers->children[BOOK_TRANSACTIONS].table->rows, 10000);
	for (size_t i = 0; i < STW_ARRAY_LEN(workers); i++) {
		many = load_with(workers[i]);
		same_book(one, many);
		book_free(many);
	}
	ck_assert_int_eq(one->nfed, 2); /* not the retired one */
	for (size_t r = 0; r < one->customers->rows; r++) {
		const struct column *score = &one->customers->cols[BOOK_CUSTOMER_COLS];
		int64_t id = one->customer_id[r];

		ck_assert_int_eq(column_has(score, r), (id + 7) % 5 > 0);
		if (column_has(score, r))
			ck_assert_double_eq(column_double(score, r), (double)id / 7.0);
	}
	/* By time within each customer, and each row with its own. */
	for (size_t r = 0; r < one->customers->rows; r++) {
		const struct table_child *c =
		    &one->customers->children[BOOK_TRANSACTIONS];

		ck_assert_uint_eq(c->offsets[r + 1] - c->offsets[r],
		    one->customer_id[r] < 1000 ? c->offsets[r + 1] - c->offsets[r]
					       : (uint64_t)(one->customer_id[r] % 10));
		for (uint32_t i = c->offsets[r] + 1; i < c->offsets[r + 1]; i++)
			ck_assert_int_le(column_int(&c->table->cols[TXN_AT], i - 1),
			    column_int(&c->table->cols[TXN_AT], i));
	}
	book_free(one);
}
END_TEST

START_TEST(an_empty_database_gives_an_empty_book)
{
	struct book *book;

	test_db_tamper(&t, "SET session_replication_role = replica; "
			   "TRUNCATE customer, holding, txn, interaction CASCADE");
	for (int workers = 0; workers < 4; workers++) {
		book = load_with(workers);
		ck_assert_uint_eq(book->customers->rows, 0);
		ck_assert_uint_eq(book->first[BOOK_BUCKETS], 0);
		book_free(book);
	}
}
END_TEST

/* Writes while the load goes on: called by its progress, from the loading thread. */
static void
write_meanwhile(void *arg, const char *what, int64_t done, int64_t total)
{
	(void)what, (void)done, (void)total;
	if (*(int *)arg == 0)
		test_db_tamper(&t,
		    "UPDATE customer SET province = 'later'; DELETE FROM txn;"
		    "DELETE FROM holding WHERE customer_id % 2 = 0");
	++*(int *)arg;
}

START_TEST(a_load_shows_one_moment_while_others_write)
{
	int told = 0;
	const struct progress progress = {.tell = write_meanwhile, .arg = &told};
	const struct book_options options = {.workers = 3, .progress = &progress};
	struct book *before, *book = NULL, *after;

	test_db_tamper(&t, crowd);
	before = load();
	ck_ok(book_load(t.db, WORLD_NOW, &options, &book, &err));
	ck_assert_int_gt(told, 0);
	same_book(before, book);
	after = load();
	ck_assert_uint_eq(after->customers->children[BOOK_TRANSACTIONS].table->rows, 0);
	ck_assert_str_eq(world_cell(after, "province", 0), "later");
	book_free(before);
	book_free(book);
	book_free(after);
}
END_TEST

/* Moves money between customers of different buckets, so that the sum stays what it is
 * at every moment. */
struct mover {
	struct db *db;
	_Atomic bool stop;
	_Atomic int moves;
};

static void *
move_money(void *arg)
{
	struct mover *mover = arg;
	struct stw_err mine;
	char sql[400];

	for (int i = 0; !mover->stop; i++) {
		int from = 1001 + i * 7919 % 2900, to = 1001 + i * 104729 % 2900;

		(void)snprintf(sql, sizeof sql,
		    "UPDATE holding SET amount = amount + CASE customer_id WHEN %d THEN "
		    "-1 ELSE 1 END * CASE WHEN (SELECT count(*) FROM holding WHERE "
		    "customer_id IN (%d, %d) AND holding_ref = 'c0') = 2 THEN 1000003 "
		    "ELSE 0 END WHERE customer_id IN (%d, %d) AND holding_ref = 'c0'",
		    from, from, to, from, to);
		if (db_script(mover->db, sql, &mine) == STW_OK)
			mover->moves++;
	}
	return NULL;
}

static int64_t
sum_of_holdings(const struct book *book)
{
	const struct table *rows = book->customers->children[BOOK_HOLDINGS].table;
	int64_t sum = 0;

	for (size_t r = 0; r < rows->rows; r++)
		sum += column_int(&rows->cols[HOLDING_AMOUNT], r);
	return sum;
}

START_TEST(all_workers_of_a_load_see_one_moment)
{
	struct mover mover = {.db = test_db_connect(&t)};
	pthread_t thread;
	struct book *book;
	int64_t sum;

	test_db_tamper(&t, crowd);
	sum = test_db_number(&t, "SELECT sum(amount)::bigint FROM holding, customer "
				 "WHERE customer.customer_id = holding.customer_id");
	ck_assert_int_eq(pthread_create(&thread, NULL, move_money, &mover), 0);
	while (mover.moves < 10)
		(void)usleep(1000);
	for (int i = 0; i < 8; i++) {
		book = load_with(5);
		ck_assert_int_eq(sum_of_holdings(book), sum);
		book_free(book);
	}
	mover.stop = true;
	(void)pthread_join(thread, NULL);
	ck_assert_int_gt(mover.moves, 20);
	db_close(mover.db);
}
END_TEST

START_TEST(a_load_shows_the_snapshot_it_is_given)
{
	struct db *other = test_db_connect(&t);
	char snapshot[DB_SNAPSHOT_ID];
	struct book_options options = {.workers = 2, .snapshot = snapshot};
	struct book *book = NULL;

	ck_ok(db_begin_snapshot(other, &err));
	ck_ok(db_snapshot_export(other, snapshot, &err));
	test_db_tamper(&t, "UPDATE customer SET province = 'later'");
	ck_ok(book_load(t.db, WORLD_NOW, &options, &book, &err));
	ck_assert_str_eq(world_cell(book, "province", row_of(book, "k1", 11)), "上海");
	book_free(book);
	ck_ok(db_commit(other, &err));
	db_close(other);
	/* It is gone with its transaction. */
	ck_assert_int_ne(book_load(t.db, WORLD_NOW, &options, &book, &err), STW_OK);
	ck_assert_ptr_null(book);
	ck_assert(!db_in_transaction(t.db));
	options.snapshot = "00'; DROP TABLE customer; --";
	ck_assert_int_eq(
	    book_load(t.db, WORLD_NOW, &options, &book, &err), STW_INVALID);
	ck_assert(!db_in_transaction(t.db));
}
END_TEST

/* Ends every connection but the caller's, or that one too. */
static void
cut_meanwhile(void *arg, const char *what, int64_t done, int64_t total)
{
	(void)what, (void)done, (void)total;
	test_db_tamper(&t, arg);
}

static char cut_others[] =
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = "
    "current_database() AND pid <> pg_backend_pid() AND application_name = 'steward' AND "
    "backend_start > (SELECT min(backend_start) FROM pg_stat_activity WHERE datname = "
    "current_database() AND application_name = 'steward')";
static char cut_all[] =
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = "
    "current_database() AND pid <> pg_backend_pid()";
static char *const cuts[] = {cut_others, cut_all};

START_TEST(a_connection_lost_in_the_middle_is_told_and_nothing_is_kept)
{
	const struct progress progress = {.tell = cut_meanwhile, .arg = cuts[_i]};
	const struct book_options options = {.workers = 4, .progress = &progress};
	struct book *book = NULL;
	enum stw_code rc;

	test_db_tamper(&t, crowd);
	/* Enough that the others are at it when the first 1024 rows are told of. */
	test_db_tamper(&t,
	    "INSERT INTO interaction SELECT bucket, customer_id, 'j' || k, now(), 'login', "
	    "NULL FROM customer, generate_series(1, 8) AS k");
	rc = book_load(t.db, WORLD_NOW, &options, &book, &err);
	ck_assert_msg(rc == STW_TEMPFAIL, "%s: %s", stw_code_name(rc), err.text);
	ck_assert_ptr_null(book);
	ck_assert(!db_in_transaction(t.db));
	if (_i == 1)
		ck_ok(db_reset(t.db, &err));
	book_free(load());
}
END_TEST

/* ---- from a file -------------------------------------------------------------------- */
#define MINUTE (60 * STW_USEC_SEC)

static struct book *
obtain(const char *path, stw_usec max_age, stw_usec now)
{
	struct book *book = NULL;

	ck_ok(book_obtain(t.db, path, max_age, now, NULL, &book, &err));
	return book;
}

/* k1's province tells whether the file or the database was read. */
static void
ck_province(struct book *book, const char *want)
{
	ck_assert_str_eq(world_cell(book, "province", row_of(book, "k1", 11)), want);
	ck_assert_str_eq(world_cell(book, "age", row_of(book, "k1", 11)), "76");
	book_free(book);
}

START_TEST(a_file_stands_for_the_database_while_it_may)
{
	struct db *other = test_db_connect(&t);
	char path[64];
	struct book *book;

	(void)snprintf(path, sizeof path, "build/book_%d", (int)getpid());
	(void)unlink(path);
	ck_assert_int_eq(
	    book_open(t.db, path, WORLD_NOW, -1, &book, NULL, &err), STW_NOT_FOUND);
	ck_province(obtain(path, MINUTE, WORLD_NOW), "上海"); /* loads, and saves */
	test_db_tamper(&t, "UPDATE customer SET province = 'later'");
	ck_province(obtain(path, MINUTE, WORLD_NOW + MINUTE), "上海");
	ck_province(obtain(path, MINUTE, WORLD_NOW + MINUTE + 1), "later");
	/* An import that began since, one that is under way, and one that was at the load. */
	test_db_tamper(&t,
	    "UPDATE customer SET province = 'imported'; INSERT INTO import_run (run_id, "
	    "mapping, source_hash, state, started_at) VALUES (gen_random_uuid(), 'daily', "
	    "'x', 'done', now())");
	ck_province(obtain(path, MINUTE, WORLD_NOW + MINUTE), "imported");
	test_db_tamper(&t, "UPDATE customer SET province = 'half'");
	ck_province(obtain(path, MINUTE, WORLD_NOW + MINUTE), "imported");
	ck_ok(db_query(other, DB_Q_IMPORT_LOCK, NULL, 0, NULL, &err));
	ck_province(obtain(path, MINUTE, WORLD_NOW + MINUTE), "half");
	ck_ok(db_query(other, DB_Q_IMPORT_UNLOCK, NULL, 0, NULL, &err));
	db_close(other);
	test_db_tamper(&t, "UPDATE customer SET province = 'whole'");
	ck_province(obtain(path, MINUTE, WORLD_NOW + MINUTE), "whole");
	test_db_tamper(&t, "UPDATE customer SET province = 'again'");
	ck_province(obtain(path, 0, WORLD_NOW + MINUTE), "again");
	ck_province(obtain(NULL, MINUTE, WORLD_NOW), "again");
	/* It cannot be written: the book is there all the same. */
	ck_province(obtain("/nowhere/book", MINUTE, WORLD_NOW), "again");
	test_db_tamper(&t, "INSERT INTO setting VALUES ('zone', 'UTC')");
	ck_assert_int_eq(
	    book_open(t.db, path, WORLD_NOW, -1, &book, NULL, &err), STW_INVALID);
	ck_assert_ptr_nonnull(
	    strstr(err.text, "zone Asia/Shanghai, and now it is UTC"));
	test_db_tamper(&t,
	    "DELETE FROM setting WHERE name = 'zone';"
	    "INSERT INTO trait (name, type, sensitivity, name_zh, name_en, content_hash, "
	    "  state, author, updated_at, source) VALUES ('score', 'double', 'ordinary', "
	    "  'x', 'x', '\\x01', 'active', 'x', now(), 'feed')");
	ck_assert_int_eq(
	    book_open(t.db, path, WORLD_NOW, -1, &book, NULL, &err), STW_INVALID);
	ck_assert_ptr_nonnull(strstr(err.text, "fed traits are others now"));
	ck_assert_int_eq(unlink(path), 0);
}
END_TEST

/* ---- one customer ------------------------------------------------------------------ */
static const char points[] =
    "INSERT INTO contact_point (bucket, point_id, customer_id, kind, phone_sealed, "
    "  phone_index, phone_mask, region, zones, verified, is_primary, updated_at) VALUES "
    "(b('k1'), 1, 11, 'landline', '\\x01', '\\x11', '021****1234', 'CN', "
    "  '{Asia/Shanghai}', false, false, '2026-01-01'),"
    "(b('k1'), 2, 11, 'mobile', '\\x02', sha256('shared'), '138****0000', 'CN', "
    "  '{Asia/Shanghai,Asia/Urumqi}', true, true, '2026-01-01'),"
    "(b('k3'), 3, 13, 'mobile', '\\x03', sha256('shared'), '138****0000', 'CN', '{}', "
    "  true, true, '2026-01-01');";

START_TEST(a_customer_is_found_by_reference_and_by_id)
{
	struct customer c;

	test_db_tamper(&t, points);
	ck_ok(customer_find(t.db, STR_LIT("k1"), WORLD_TODAY, &arena, &c, &err));
	ck_assert_int_eq(c.customer_id, 11);
	ck_assert_str_eq(c.name_mask, "王**");
	ck_assert_int_eq(c.dob, stw_day_of((struct stw_date){1950, 2, 28}));
	ck_assert_str_eq(c.stage, "mature");
	ck_assert(c.complaint_open && c.risk_valid && !c.deceased);
	ck_assert_int_eq(c.npoints, 2);
	ck_assert_int_eq(c.points[0].point_id, 2);
	ck_assert_uint_eq(c.points[0].nzones, 2);
	ck_assert_str_eq(c.points[0].zones[1], "Asia/Urumqi");
	ck_assert_int_eq(c.points[0].sharers, 1);
	ck_assert_int_eq(c.points[1].sharers, 0);
	ck_assert(!c.points[1].verified);
	ck_assert_int_eq(c.nholdings, 3);
	ck_assert_str_eq(c.holdings[0].kind, "deposit");
	ck_assert_int_eq(c.holdings[0].open, 0);
	ck_assert_int_eq(c.holdings[2].amount, 300);
	ck_assert_int_eq(c.holdings[2].next_maturity_on, 20788);
	ck_ok(customer_find_id(
	    t.db, customer_bucket(STR_LIT("k2")), 12, WORLD_TODAY, &arena, &c, &err));
	ck_assert_str_eq(c.ref, "k2");
	ck_assert_ptr_null(c.name_mask);
	ck_assert_ptr_null(c.stage);
	ck_assert_int_eq(c.dob, CUSTOMER_NO_DAY);
	ck_assert_int_eq(c.risk_rating, 0);
	ck_assert_int_eq(c.npoints, 0);
}
END_TEST

START_TEST(nobody_is_found_and_the_error_does_not_repeat_the_reference)
{
	struct customer c;

	ck_assert_int_eq(
	    customer_find(t.db, STR_LIT("secret"), WORLD_TODAY, &arena, &c, &err),
	    STW_NOT_FOUND);
	ck_assert_ptr_null(strstr(err.text, "secret"));
	ck_assert_int_eq(customer_find_id(t.db, 0, 999, WORLD_TODAY, &arena, &c, &err),
	    STW_NOT_FOUND);
}
END_TEST

START_TEST(pages_meet_without_gap_or_overlap)
{
	struct customer_filter filter = {.after_bucket = -1, .limit = 3};
	struct customer_row *rows;
	int64_t seen = 0;
	int n, total = 0;

	do {
		ck_ok(customer_list(t.db, &filter, &arena, &rows, &n, &err));
		for (int i = 0; i < n; i++) {
			seen |= INT64_C(1) << rows[i].customer_id;
			filter.after_bucket = rows[i].bucket;
			filter.after_id = rows[i].customer_id;
		}
		total += n;
	} while (n > 0);
	ck_assert_int_eq(total, 4);
	ck_assert_int_eq(seen, 0x7800);
	filter = (struct customer_filter){
	    .after_bucket = -1, .limit = 10, .stage = "mature"};
	ck_ok(customer_list(t.db, &filter, &arena, &rows, &n, &err));
	ck_assert_int_eq(n, 1);
	ck_assert_str_eq(rows[0].ref, "k1");
	filter.segment = "none_of_this_name";
	ck_ok(customer_list(t.db, &filter, &arena, &rows, &n, &err));
	ck_assert_int_eq(n, 0);
	filter.limit = 0;
	ck_assert_int_eq(
	    customer_list(t.db, &filter, &arena, &rows, &n, &err), STW_INVALID);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("book_store");
	TCase *tc = tcase_create("book_store");
	SRunner *runner;
	int failed;

	test_cluster_start();
	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, customers_come_with_their_columns_and_stage);
	tcase_add_test(tc, children_lie_with_their_customer_and_in_order);
	tcase_add_test(tc, contacts_come_with_campaign_and_newest_outcome);
	tcase_add_loop_test(tc,
	    an_amount_in_another_currency_is_an_error_that_names_the_row, 0,
	    (int)STW_ARRAY_LEN(foreign));
	tcase_add_test(tc, a_blank_book_has_every_column_and_no_row);
	tcase_add_test(tc, any_number_of_workers_loads_the_same_book);
	tcase_add_test(tc, an_empty_database_gives_an_empty_book);
	tcase_add_test(tc, a_load_shows_one_moment_while_others_write);
	tcase_add_test(tc, all_workers_of_a_load_see_one_moment);
	tcase_add_test(tc, a_load_shows_the_snapshot_it_is_given);
	tcase_add_loop_test(tc,
	    a_connection_lost_in_the_middle_is_told_and_nothing_is_kept, 0,
	    (int)STW_ARRAY_LEN(cuts));
	tcase_add_test(tc, a_file_stands_for_the_database_while_it_may);
	tcase_add_test(tc, a_customer_is_found_by_reference_and_by_id);
	tcase_add_test(tc, nobody_is_found_and_the_error_does_not_repeat_the_reference);
	tcase_add_test(tc, pages_meet_without_gap_or_overlap);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
