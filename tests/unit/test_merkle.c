/* The Merkle arithmetic against RFC 6962's definitions, written out naively, and against
 * the vectors that Certificate Transparency's implementations share. */
#include <stdlib.h>
#include <string.h>

#include <check.h>
#include <sodium.h>

#include "engine/merkle.h"

#define LEAVES 130

static struct merkle_hash leaves[LEAVES];

/* MTH of RFC 6962 2.1, word for word. */
static struct merkle_hash
naive_root(uint64_t from, uint64_t to)
{
	struct merkle_hash left, right, out;
	unsigned char both[65] = {1};
	uint64_t k = 1;

	if (from == to) {
		(void)crypto_hash_sha256(out.b, NULL, 0);
		return out;
	}
	if (to - from == 1)
		return leaves[from];
	while (k * 2 < to - from)
		k *= 2;
	left = naive_root(from, from + k);
	right = naive_root(from + k, to);
	memcpy(both + 1, left.b, 32);
	memcpy(both + 33, right.b, 32);
	(void)crypto_hash_sha256(out.b, both, sizeof both);
	return out;
}

static enum stw_code
read_naive(
    void *arg, int level, uint64_t index, struct merkle_hash *out, struct stw_err *err)
{
	(void)err;
	++*(int *)arg;
	*out = naive_root(index << level, (index + 1) << level);
	return STW_OK;
}

static int reads;
static const struct merkle_reader reader = {read_naive, &reads};
static struct merkle_hash roots[LEAVES + 1];

static void
setup(void)
{
	for (uint64_t i = 0; i < LEAVES; i++)
		merkle_leaf((struct str){(const char *)&i, sizeof i}, &leaves[i]);
	for (uint64_t n = 0; n <= LEAVES; n++)
		roots[n] = naive_root(0, n);
}

/* root of the first n of the eight entries */
static const char *const vectors[] = {
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
};

START_TEST(roots_are_those_of_certificate_transparency)
{
	const struct str entries[] = {STR_LIT(""), STR_LIT("\x00"), STR_LIT("\x10"),
	    STR_LIT("\x20\x21"), STR_LIT("\x30\x31"), STR_LIT("\x40\x41\x42\x43"),
	    STR_LIT("\x50\x51\x52\x53\x54\x55\x56\x57"),
	    STR_LIT(
		"\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f")};
	struct merkle_edge edge = {0};
	struct merkle_hash hash;
	char hex[65];

	for (size_t n = 0; n < STW_ARRAY_LEN(vectors); n++) {
		merkle_edge_root(&edge, &hash);
		(void)sodium_bin2hex(hex, sizeof hex, hash.b, sizeof hash.b);
		ck_assert_str_eq(hex, vectors[n]);
		if (n == STW_ARRAY_LEN(entries))
			break;
		merkle_leaf(entries[n], &hash);
		merkle_edge_add(&edge, &hash);
	}
}
END_TEST

START_TEST(appending_gives_the_root_of_every_size)
{
	struct merkle_edge edge = {0};
	struct merkle_hash root;

	for (uint64_t n = 0; n <= LEAVES; n++) {
		merkle_edge_root(&edge, &root);
		ck_assert_uint_eq(edge.size, n);
		ck_assert(merkle_hash_eq(&root, &roots[n]));
		if (n < LEAVES)
			merkle_edge_add(&edge, &leaves[n]);
	}
}
END_TEST

/* No flipped, shortened, lengthened or shifted proof may pass. */
static void
inclusion_at(uint64_t index, uint64_t size)
{
	struct merkle_proof proof, bad;

	ck_assert_int_eq(
	    merkle_prove_inclusion(&reader, index, size, &proof, NULL), STW_OK);
	ck_assert(
	    merkle_check_inclusion(&leaves[index], index, size, &proof, &roots[size]));

	for (int i = 0; i < proof.count; i++) {
		bad = proof;
		bad.hashes[i].b[i % 32] ^= 1;
		ck_assert(!merkle_check_inclusion(
		    &leaves[index], index, size, &bad, &roots[size]));
	}
	bad = proof;
	bad.hashes[bad.count++] = leaves[0];
	ck_assert(
	    !merkle_check_inclusion(&leaves[index], index, size, &bad, &roots[size]));
	if (proof.count > 0) {
		bad = proof;
		bad.count--;
		ck_assert(!merkle_check_inclusion(
		    &leaves[index], index, size, &bad, &roots[size]));
		memmove(bad.hashes, proof.hashes + 1,
		    (size_t)(proof.count - 1) * sizeof proof.hashes[0]);
		ck_assert(!merkle_check_inclusion(
		    &leaves[index], index, size, &bad, &roots[size]));
	}
	ck_assert(!merkle_check_inclusion(
	    &leaves[(index + 1) % LEAVES], index, size, &proof, &roots[size]));
	ck_assert(
	    !merkle_check_inclusion(&leaves[index], size, size, &proof, &roots[size]));
	ck_assert(!merkle_check_inclusion(
	    &leaves[index], index, size, &proof, &roots[size - 1]));
	if (size > 1)
		ck_assert(!merkle_check_inclusion(
		    &leaves[index], index ^ 1, size, &proof, &roots[size]));
}

START_TEST(every_leaf_of_every_size_is_proved_included)
{
	uint64_t size = (uint64_t)_i;

	for (uint64_t index = 0; index < size; index++)
		inclusion_at(index, size);
}
END_TEST

static void
consistency_of(uint64_t from, uint64_t to)
{
	struct merkle_proof proof, bad;

	ck_assert_int_eq(
	    merkle_prove_consistency(&reader, from, to, &proof, NULL), STW_OK);
	ck_assert(merkle_check_consistency(from, to, &roots[from], &roots[to], &proof));

	for (int i = 0; i < proof.count; i++) {
		bad = proof;
		bad.hashes[i].b[i % 32] ^= 0x80;
		ck_assert(!merkle_check_consistency(
		    from, to, &roots[from], &roots[to], &bad));
	}
	bad = proof;
	bad.hashes[bad.count++] = leaves[0];
	ck_assert(!merkle_check_consistency(from, to, &roots[from], &roots[to], &bad));
	if (proof.count > 0) {
		bad = proof;
		bad.count--;
		ck_assert(!merkle_check_consistency(
		    from, to, &roots[from], &roots[to], &bad));
	}
	ck_assert(
	    !merkle_check_consistency(from, to, &roots[from - 1], &roots[to], &proof));
	ck_assert(
	    !merkle_check_consistency(from, to, &roots[from], &roots[to - 1], &proof));
	if (from < to) {
		ck_assert(!merkle_check_consistency(
		    to, from, &roots[to], &roots[from], &proof));
		ck_assert(!merkle_check_consistency(
		    from, from, &roots[from], &roots[to], &proof));
	}
}

START_TEST(every_smaller_tree_is_proved_a_beginning)
{
	uint64_t to = (uint64_t)_i;

	for (uint64_t from = 1; from <= to; from++)
		consistency_of(from, to);
}
END_TEST

START_TEST(everything_follows_from_the_empty_tree_and_nothing_else_does)
{
	struct merkle_proof none = {0};
	struct merkle_proof one = {.count = 1};

	ck_assert(merkle_check_consistency(0, 5, &roots[0], &roots[5], &none));
	ck_assert(merkle_check_consistency(0, 0, &roots[0], &roots[0], &none));
	ck_assert(!merkle_check_consistency(0, 5, &roots[1], &roots[5], &none));
	ck_assert(!merkle_check_consistency(0, 5, &roots[0], &roots[5], &one));
	ck_assert(!merkle_check_consistency(4, 5, &roots[4], &roots[5], &none));
	ck_assert(!merkle_check_inclusion(&leaves[0], 0, 0, &none, &roots[0]));
	one.count = MERKLE_PROOF_MAX + 1;
	ck_assert(!merkle_check_consistency(4, 5, &roots[4], &roots[5], &one));
	one.count = -1;
	ck_assert(!merkle_check_inclusion(&leaves[0], 0, 1, &one, &roots[1]));
}
END_TEST

START_TEST(a_proof_reads_few_subtrees)
{
	struct merkle_proof proof;

	reads = 0;
	ck_assert_int_eq(
	    merkle_prove_inclusion(&reader, 77, 130, &proof, NULL), STW_OK);
	ck_assert_int_le(reads, 16);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("merkle");
	TCase *tc = tcase_create("merkle");
	SRunner *runner;
	int failed;

	tcase_set_timeout(tc, 60);
	tcase_add_unchecked_fixture(tc, setup, NULL);
	tcase_add_test(tc, roots_are_those_of_certificate_transparency);
	tcase_add_test(tc, appending_gives_the_root_of_every_size);
	tcase_add_loop_test(
	    tc, every_leaf_of_every_size_is_proved_included, 1, LEAVES + 1);
	tcase_add_loop_test(
	    tc, every_smaller_tree_is_proved_a_beginning, 1, LEAVES + 1);
	tcase_add_test(
	    tc, everything_follows_from_the_empty_tree_and_nothing_else_does);
	tcase_add_test(tc, a_proof_reads_few_subtrees);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
