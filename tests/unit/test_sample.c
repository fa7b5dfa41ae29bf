#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <check.h>
#include <sodium.h>

#include "engine/phone.h"
#include "segments/csv.h"
#include "segments/sample_priv.h"

#define AS_OF (INT64_C(1795399200) * STW_USEC_SEC) /* 2026-11-23 10:00 in Shanghai */
#define N     20000

static char dir[] = "/tmp/stw_test_sample_XXXXXX";
static const char *const names[] = {"customers.csv", "contact_points.csv",
    "products.csv", "holdings.csv", "transactions.csv", "interactions.csv",
    "consents.csv", "objections.csv", "attempts.csv", "mapping.json"};

static void
make(int64_t customers, uint64_t seed, stw_usec as_of, const char *sub,
    struct sample_counts *counts, char path[128])
{
	struct stw_err err = {0};
	struct sample_opts opts = {
	    .customers = customers, .seed = seed, .as_of = as_of};

	(void)snprintf(path, 128, "%s/%s", dir, sub);
	opts.dir = path;
	ck_assert_msg(sample_write(&opts, counts, &err) == STW_OK, "%s", err.text);
}

static void
hash_of(const char *path, unsigned char hash[crypto_hash_sha256_BYTES])
{
	crypto_hash_sha256_state state;
	unsigned char chunk[65536];
	char name[256];
	size_t n;

	crypto_hash_sha256_init(&state);
	for (size_t i = 0; i < STW_ARRAY_LEN(names); i++) {
		FILE *file;

		(void)snprintf(name, sizeof name, "%s/%s", path, names[i]);
		file = fopen(name, "r");
		ck_assert_ptr_nonnull(file);
		while ((n = fread(chunk, 1, sizeof chunk, file)) > 0)
			crypto_hash_sha256_update(&state, chunk, n);
		(void)fclose(file);
	}
	crypto_hash_sha256_final(&state, hash);
}

START_TEST(the_same_seed_gives_the_same_bytes_and_another_does_not)
{
	unsigned char a[crypto_hash_sha256_BYTES], b[sizeof a], c[sizeof a],
	    d[sizeof a];
	struct sample_counts counts;
	char path[128];

	make(500, 7, AS_OF, "a", &counts, path);
	hash_of(path, a);
	make(500, 7, AS_OF, "b", &counts, path);
	hash_of(path, b);
	make(500, 8, AS_OF, "c", &counts, path);
	hash_of(path, c);
	make(500, 7, AS_OF + STW_USEC_DAY, "d", &counts, path);
	hash_of(path, d);
	ck_assert_mem_eq(a, b, sizeof a);
	ck_assert_mem_ne(a, c, sizeof a);
	ck_assert_mem_ne(a, d, sizeof a);
}
END_TEST

START_TEST(a_small_book_is_the_beginning_of_a_large_one)
{
	struct sample_counts counts;
	char small[128], large[128], name[256];

	make(100, 7, AS_OF, "small", &counts, small);
	make(300, 7, AS_OF, "large", &counts, large);
	for (size_t i = 0; i < STW_ARRAY_LEN(names); i++) {
		FILE *s, *l;
		int c;

		(void)snprintf(name, sizeof name, "%s/%s", small, names[i]);
		s = fopen(name, "r");
		(void)snprintf(name, sizeof name, "%s/%s", large, names[i]);
		l = fopen(name, "r");
		ck_assert(s != NULL && l != NULL);
		while ((c = getc(s)) != EOF)
			ck_assert_int_eq(c, getc(l));
		(void)fclose(s);
		(void)fclose(l);
	}
}
END_TEST

START_TEST(every_awkward_case_is_there_and_none_is_the_rule)
{
	struct sample_counts n;
	char path[128];

	make(N, 7, AS_OF, "counts", &n, path);
	const struct {
		const char *name;
		int64_t count, least, most; /* per mille */
	} cases[] = {{"no phone", n.no_phone, 8, 25},
	    {"shared phone", n.shared_phone, 60, 150}, {"no birthday", n.no_dob, 8, 25},
	    {"no rating", n.no_rating, 80, 160},
	    {"lapsed rating", n.lapsed_rating, 100, 200}, {"minors", n.minors, 8, 30},
	    {"elderly", n.elderly, 100, 190}, {"Xinjiang", n.xinjiang, 12, 30},
	    {"withdrawn", n.withdrawn, 30, 90},
	    {"expired consent", n.expired_consent, 1, 20},
	    {"never asked", n.never_asked, 90, 200}, {"objecting", n.objecting, 20, 50},
	    {"deceased", n.deceased, 1, 12},
	    {"complaint open", n.complaint_open, 5, 18},
	    {"unverified phone", n.unverified_phone, 30, 70},
	    {"maturing within seven days", n.maturing, 40, 120},
	    {"falling balance", n.falling, 30, 80},
	    {"newly opened", n.newly_opened, 25, 55}};

	ck_assert_int_eq(n.customers, N);
	ck_assert_int_gt(n.attempts, 0);
	for (size_t i = 0; i < STW_ARRAY_LEN(cases); i++)
		ck_assert_msg(cases[i].count * 1000 >= cases[i].least * N &&
				  cases[i].count * 1000 <= cases[i].most * N,
		    "%s: %lld of %d", cases[i].name, (long long)cases[i].count, N);
}
END_TEST

/* ---- what must hold of every customer ---------------------------------------------------- */
static void
money_holds(const struct sample_clock *clock, const struct sample_person *p,
    const struct sample_money *m)
{
	int64_t balance = m->ntxns > 0 ? m->txns[0].balance - m->txns[0].amount : 0;
	int64_t aum = 0, flow = 0;

	for (int k = 0; k < m->nholdings; k++) {
		const struct sample_holding *h = &m->holdings[k];

		ck_assert_int_ge(h->amount, 0);
		if (strcmp(h->kind, "loan") != 0)
			aum += h->amount;
		if (h->maturity_on != SAMPLE_NO_DAY)
			ck_assert_int_gt(h->maturity_on, h->opened_on);
	}
	for (int k = 0; k < m->ntxns; k++) {
		const struct sample_txn *t = &m->txns[k];

		balance += t->amount;
		ck_assert_int_eq(t->balance, balance);
		ck_assert_int_ge(t->balance, 0);
		ck_assert_int_lt(t->day, clock->today);
		ck_assert_int_ge(t->day, p->opened_on);
		if (t->day > clock->today - 90 && strcmp(t->kind, "purchase") != 0 &&
		    strcmp(t->kind, "redemption") != 0)
			flow += t->amount;
	}
	if (m->ntxns > 0 && p->closed_on == SAMPLE_NO_DAY)
		ck_assert_int_eq(balance, m->holdings[0].amount);
	/* The gap to the model's threshold keeps ordinary flows from hiding it. */
	if (p->falling)
		ck_assert_msg(aum < (aum - flow) / 10 * 8, "%s: %lld of %lld", p->ref,
		    (long long)aum, (long long)(aum - flow));
}

static void
consents_hold(const struct sample_clock *clock, const struct sample_person *p,
    const struct sample_events *e)
{
	for (int k = 0; k < e->nconsents; k++) {
		ck_assert_int_lt(e->consents[k].day, clock->today);
		ck_assert_int_ge(e->consents[k].day, p->opened_on);
	}
	for (int k = 0; k < e->nattempts; k++)
		ck_assert_int_le(e->attempts[k].day, clock->today);
	for (int k = 0; k < e->ninteractions; k++)
		ck_assert_int_lt(e->interactions[k].day, clock->today);
}

START_TEST(every_customer_makes_sense)
{
	const struct sample_clock clock = {7, 20780, 600};
	struct sample_person p;
	struct sample_money m;
	struct sample_events e;

	for (int64_t i = 0; i < N; i++) {
		sample_person_make(&clock, i, &p);
		sample_money_make(&clock, &p, &m);
		sample_events_make(&clock, &p, &e);
		ck_assert_str_ne(p.name, "");
		ck_assert(p.age >= 6 && p.age <= 100);
		if (p.opened_on != SAMPLE_NO_DAY) {
			ck_assert_int_le(p.opened_on, clock.today);
			if (p.dob != SAMPLE_NO_DAY)
				ck_assert_int_gt(p.opened_on, p.dob);
		}
		if (p.minor)
			ck_assert_int_eq(p.risk_rating, 0);
		money_holds(&clock, &p, &m);
		consents_hold(&clock, &p, &e);
	}
}
END_TEST

START_TEST(numbers_are_valid_mobiles_of_the_block_that_rings_nowhere)
{
	const struct sample_clock clock = {11, 20780, 600};
	struct sample_person p;
	struct phone phone;
	int shared = 0;
	char before[16] = "";

	for (int64_t i = 0; i < 3000; i++) {
		/* From the whole range, the last customers included. */
		sample_person_make(&clock, i * 999 + (i & 1), &p);
		for (int k = 0; k < 2; k++) {
			if (p.phone[k][0] == '\0')
				continue;
			ck_assert_int_eq(
			    phone_parse(str_of(p.phone[k]), "CN", &phone, NULL),
			    STW_OK);
			ck_assert(phone.valid);
			ck_assert_int_eq(phone.type, PHONE_MOBILE);
			ck_assert_str_eq(phone.national, p.digits[k]);
			ck_assert_int_eq(strncmp(p.digits[k], "1349", 4), 0);
			ck_assert_ptr_nonnull(strchr("123679", p.digits[k][4]));
		}
	}
	for (int64_t i = 0; i < 2000; i++) {
		sample_person_make(&clock, i, &p);
		if ((i & 1) != 0 && p.shares) {
			ck_assert_str_eq(p.digits[0], before);
			shared++;
		} else if (p.phone[0][0] != '\0') {
			ck_assert_str_ne(p.digits[0], before);
		}
		memcpy(before, p.digits[0], sizeof before);
	}
	ck_assert_int_gt(shared, 50);
}
END_TEST

static const int64_t bad_counts[] = {0, -1, SAMPLE_MAX_CUSTOMERS + 1};

START_TEST(a_book_has_a_size)
{
	struct sample_counts counts;
	struct stw_err err = {0};
	const struct sample_opts opts = {
	    .customers = bad_counts[_i], .as_of = AS_OF, .dir = dir};

	ck_assert_int_eq(sample_write(&opts, &counts, &err), STW_INVALID);
	ck_assert_str_eq(err.text, "customers: must lie from 1 to 3000000");
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("sample");
	TCase *tc = tcase_create("sample");
	SRunner *runner;
	char command[128];
	int failed;

	if (mkdtemp(dir) == NULL)
		return EXIT_FAILURE;
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, the_same_seed_gives_the_same_bytes_and_another_does_not);
	tcase_add_test(tc, a_small_book_is_the_beginning_of_a_large_one);
	tcase_add_test(tc, every_awkward_case_is_there_and_none_is_the_rule);
	tcase_add_test(tc, every_customer_makes_sense);
	tcase_add_test(tc, numbers_are_valid_mobiles_of_the_block_that_rings_nowhere);
	tcase_add_loop_test(tc, a_book_has_a_size, 0, (int)STW_ARRAY_LEN(bad_counts));
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	(void)snprintf(command, sizeof command, "rm -rf %s", dir);
	return system(command) == 0 && failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
