/* The published form of a log: paths, bundles, tiles of every size against the definition,
 * and the proof file. */
#include <stdlib.h>
#include <string.h>

#include <check.h>
#include <sodium.h>

#include "engine/tlog.h"

/* The paths that the specification gives as examples, and the edges. */
static const struct path_case {
	struct tlog_tile tile;
	const char *path;
} paths[] = {
    {{0, 0, 256}, "tile/0/000"},
    {{1, 1234067, 256}, "tile/1/x001/x234/067"},
    {{0, 999, 255}, "tile/0/999.p/255"},
    {{7, 1000, 1}, "tile/7/x001/000.p/1"},
    {{TLOG_ENTRIES, 273, 112}, "tile/entries/273.p/112"},
    {{TLOG_ENTRIES, INT64_MAX / 256, 256}, "tile/entries/x036/x028/x797/x018/x963/967"},
};

START_TEST(paths_are_those_of_the_specification)
{
	const struct path_case *c = &paths[_i];
	struct tlog_tile back;
	char path[TLOG_PATH_MAX];

	tlog_tile_path(&c->tile, path);
	ck_assert_str_eq(path, c->path);
	ck_assert(tlog_tile_parse(str_of(path), &back));
	ck_assert_int_eq(back.level, c->tile.level);
	ck_assert_uint_eq(back.n, c->tile.n);
	ck_assert_int_eq(back.width, c->tile.width);
}
END_TEST

static const char *const bad_paths[] = {"", "tile", "tile/", "tile/0", "tile/0/",
    "tile/0/0", "tile/0/00", "tile/0/0000", "tile/00/000", "tile/8/000", "tile/10/000",
    "tile/0/000.p/0", "tile/0/000.p/256", "tile/0/000.p/01", "tile/0/000.p/",
    "tile/0/000.p", "tile/0/x000/000", "tile/0/x000/001", "tile/0/001/000",
    "tile/0/x001/x000", "tile/0/x001", "tile/-1/000", "tile/entries/-01",
    "tile/entries/000/", "/tile/0/000", "tile/0/000 ", "tile/0/00a", "Tile/0/000",
    "tile/data/000", "tile/0/../000", "tile/0/x999/x999/x999/x999/x999/x999/x999/999",
    "tile/0/000.p/1.p/1"};

START_TEST(other_paths_are_refused)
{
	struct tlog_tile tile;

	ck_assert_msg(
	    !tlog_tile_parse(str_of(bad_paths[_i]), &tile), "%s", bad_paths[_i]);
}
END_TEST

/* 70,000 entries and 256 are the specification's examples. */
START_TEST(tiles_of_a_size_are_those_of_the_specification)
{
	ck_assert_int_eq(tlog_tile_at(70000, 0, 272).width, 256);
	ck_assert_int_eq(tlog_tile_at(70000, 0, 273).width, 112);
	ck_assert_int_eq(tlog_tile_at(70000, 0, 274).width, 0);
	ck_assert_int_eq(tlog_tile_at(70000, 1, 0).width, 256);
	ck_assert_int_eq(tlog_tile_at(70000, 1, 1).width, 17);
	ck_assert_int_eq(tlog_tile_at(70000, 2, 0).width, 1);
	ck_assert_int_eq(tlog_tile_at(70000, 3, 0).width, 0);
	ck_assert_int_eq(tlog_tile_at(256, 0, 0).width, 256);
	ck_assert_int_eq(tlog_tile_at(256, 1, 0).width, 1);
	ck_assert_int_eq(tlog_tile_at(255, 1, 0).width, 0);
	ck_assert_int_eq(tlog_tile_at(0, 0, 0).width, 0);
}
END_TEST

START_TEST(bundles_come_apart_as_they_were_put_together)
{
	const struct str entries[] = {STR_LIT(""), STR_LIT("a"), STR_LIT("\x00\x01")};
	struct str rest, entry;
	struct buf bundle;

	buf_init(&bundle);
	for (size_t i = 0; i < STW_ARRAY_LEN(entries); i++)
		tlog_bundle_add(&bundle, entries[i]);
	ck_assert_uint_eq(bundle.len, 9);
	ck_assert_int_eq(memcmp(bundle.data, "\0\0\0\1a\0\2\0\1", 9), 0);
	rest = (struct str){bundle.data, bundle.len};
	for (size_t i = 0; i < STW_ARRAY_LEN(entries); i++) {
		ck_assert(tlog_bundle_next(&rest, &entry));
		ck_assert(str_eq(entry, entries[i]));
	}
	ck_assert(!tlog_bundle_next(&rest, &entry));
	/* Cut anywhere, it ends there. */
	for (size_t cut = 0; cut < bundle.len; cut++) {
		rest = (struct str){bundle.data, cut};
		while (tlog_bundle_next(&rest, &entry))
			ck_assert(entry.ptr + entry.len <= bundle.data + cut);
	}
	buf_fini(&bundle);
}
END_TEST

/* ---- the writer: what it puts where, against MTH of RFC 6962 ------------------------------- */
struct seen {
	int files;
	struct buf last[TLOG_LEVELS + 1]; /* by level + 1 */
	struct tlog_tile at[TLOG_LEVELS + 1];
};

static enum stw_code
see(void *arg, const char *path, struct str data, struct stw_err *err)
{
	struct seen *seen = arg;
	struct tlog_tile tile;

	(void)err;
	ck_assert_msg(tlog_tile_parse(str_of(path), &tile), "%s", path);
	seen->files++;
	seen->at[tile.level + 1] = tile;
	buf_clear(&seen->last[tile.level + 1]);
	buf_add_str(&seen->last[tile.level + 1], data);
	return STW_OK;
}

static struct merkle_hash
naive(uint64_t from, uint64_t to)
{
	struct merkle_hash left, right, hash;
	uint64_t k = 1;

	if (to - from == 1) {
		merkle_leaf((struct str){(const char *)&from, sizeof from}, &hash);
		return hash;
	}
	while (k * 2 < to - from)
		k *= 2;
	left = naive(from, from + k);
	right = naive(from + k, to);
	merkle_node(&left, &right, &hash);
	return hash;
}

START_TEST(tiles_hold_the_hashes_of_their_definition)
{
	struct seen seen = {0};
	struct tlog_writer writer;
	struct stw_err err;

	for (int i = 0; i <= TLOG_LEVELS; i++)
		buf_init(&seen.last[i]);
	tlog_writer_init(&writer, (struct tlog_sink){see, &seen});
	for (uint64_t n = 0; n < 66000; n++) {
		ck_assert_int_eq(tlog_writer_add(&writer,
				     (struct str){(const char *)&n, sizeof n}, &err),
		    STW_OK);
	}
	ck_assert_int_eq(seen.files, 257 + 257 + 1);
	ck_assert_int_eq(tlog_writer_flush(&writer, &err), STW_OK);
	ck_assert_int_eq(seen.files, 257 + 257 + 1 + 4);
	for (int level = 0; level < 3; level++) {
		const struct tlog_tile *at = &seen.at[level + 1];
		const struct buf *tile = &seen.last[level + 1];
		uint64_t span = UINT64_C(1) << (8 * level);

		ck_assert_uint_eq(tile->len, (size_t)at->width * 32);
		for (int i = 0; i < at->width; i++) {
			uint64_t first = (at->n * 256 + (uint64_t)i) * span;
			struct merkle_hash want = naive(first, first + span);

			ck_assert_int_eq(memcmp(tile->data + i * 32, want.b, 32), 0);
		}
	}
	tlog_writer_fini(&writer);
	for (int i = 0; i <= TLOG_LEVELS; i++)
		buf_fini(&seen.last[i]);
}
END_TEST

START_TEST(a_writer_goes_on_where_another_stopped)
{
	static const uint64_t sizes[] = {0, 256, 512, 65536, 65792};
	struct seen seen = {0};
	struct tlog_writer one, two;
	struct merkle_hash a, b;
	struct stw_err err;
	uint64_t n = 0;

	for (int i = 0; i <= TLOG_LEVELS; i++)
		buf_init(&seen.last[i]);
	tlog_writer_init(&one, (struct tlog_sink){see, &seen});
	for (size_t k = 0; k < STW_ARRAY_LEN(sizes); k++) {
		for (; n < sizes[k]; n++)
			ck_assert_int_eq(
			    tlog_writer_add(
				&one, (struct str){(const char *)&n, sizeof n}, &err),
			    STW_OK);
		tlog_writer_init(&two, (struct tlog_sink){see, &seen});
		for (int i = 1; i < TLOG_LEVELS; i++)
			buf_add(&two.tiles[i], one.tiles[i].data, one.tiles[i].len);
		ck_assert(tlog_writer_resume(&two, sizes[k]));
		merkle_edge_root(&one.edge, &a);
		merkle_edge_root(&two.edge, &b);
		ck_assert(merkle_hash_eq(&a, &b));
		buf_add(&two.tiles[1], a.b, sizeof a.b);
		ck_assert(!tlog_writer_resume(&two, sizes[k]));
		tlog_writer_fini(&two);
	}
	ck_assert(!tlog_writer_resume(&one, 3));
	tlog_writer_fini(&one);
	for (int i = 0; i <= TLOG_LEVELS; i++)
		buf_fini(&seen.last[i]);
}
END_TEST

START_TEST(an_entry_that_is_too_long_is_refused)
{
	char *big = calloc(1, TLOG_ENTRY_MAX + 1);
	struct seen seen = {0};
	struct tlog_writer writer;
	struct stw_err err;

	tlog_writer_init(&writer, (struct tlog_sink){see, &seen});
	ck_assert_int_eq(
	    tlog_writer_add(&writer, (struct str){big, TLOG_ENTRY_MAX + 1}, &err),
	    STW_INVALID);
	ck_assert_int_eq(
	    tlog_writer_add(&writer, (struct str){big, TLOG_ENTRY_MAX}, &err), STW_OK);
	ck_assert_uint_eq(writer.edge.size, 1);
	tlog_writer_fini(&writer);
	free(big);
}
END_TEST

/* ---- the proof file ------------------------------------------------------------------------- */
#define HASH_A "gSKyXoYZUgZ6jduWYrkDOARinOMGJveXjgMkBTcdPlQ="
#define HASH_B "B95lDa8R83lS8n0eG+o0buTxRKQTYFi//1U8anccXmA="
#define FIRST  "c2sp.org/tlog-proof@v1\n"
#define NOTE   "example.com/fancylog\n109482\n" HASH_A "\n\n\xe2\x80\x94 x AAAAAAAA\n"

/* Forms of the specification's example. */
static const char *const good_proofs[] = {
    FIRST "extra YWdlLXYx\nindex 73894\n" HASH_A "\n" HASH_B "\n\n" NOTE,
    FIRST "index 0\n\n" NOTE,
    FIRST "index 5\n" HASH_B "\n\n" NOTE,
};

START_TEST(proofs_come_out_as_they_went_in)
{
	struct tlog_proof proof;
	struct stw_err err;
	struct buf extra, again;

	buf_init(&extra);
	buf_init(&again);
	ck_assert_msg(tlog_proof_parse(str_of(good_proofs[_i]), &proof, &err) == STW_OK,
	    "%d: %s", err.line, err.text);
	tlog_proof_extra(&proof, &extra);
	tlog_proof_format((struct str){extra.data, extra.len}, proof.index, &proof.path,
	    proof.checkpoint, &again);
	ck_assert_str_eq(again.data, good_proofs[_i]);
	buf_fini(&extra);
	buf_fini(&again);
}
END_TEST

/* text, line of the error (0: none) */
static const struct proof_case {
	const char *text;
	int line;
} bad_proofs[] = {
    {"", 0},
    {"c2sp.org/tlog-proof@v2\nindex 0\n\n" NOTE, 0},
    {FIRST, 2},
    {FIRST "index 01\n\n" NOTE, 2},
    {FIRST "index -1\n\n" NOTE, 2},
    {FIRST "index \n\n" NOTE, 2},
    {FIRST "index 9999999999999999999\n\n" NOTE, 2},
    {FIRST "index 3 \n\n" NOTE, 2},
    {FIRST "Index 3\n\n" NOTE, 2},
    {FIRST "extra \nindex 3\n\n" NOTE, 2},
    {FIRST "extra YWdlLXYx", 2},
    {FIRST "extra YWdlLXYx\n", 3},
    {FIRST "extra Y*dl\nindex 3\n\n" NOTE, 2},
    {FIRST "extra YWdlLXYx\nextra YWdlLXYx\nindex 3\n\n" NOTE, 3},
    {FIRST "index 3\n" HASH_A, 3},
    {FIRST "index 3\n" HASH_A "\n", 4},
    {FIRST "index 3\nAAAA\n\n" NOTE, 3},
    {FIRST "index 3\n" HASH_A " \n\n" NOTE, 3},
};

START_TEST(what_is_no_proof_is_refused_with_its_line)
{
	struct tlog_proof proof;
	struct stw_err err = {0};

	ck_assert_msg(
	    tlog_proof_parse(str_of(bad_proofs[_i].text), &proof, &err) == STW_INVALID,
	    "%s", bad_proofs[_i].text);
	ck_assert_int_eq(err.line, bad_proofs[_i].line);
}
END_TEST

START_TEST(a_proof_of_too_many_hashes_is_refused)
{
	struct tlog_proof proof;
	struct stw_err err;
	struct buf text;

	buf_init(&text);
	buf_add_c(&text, FIRST "index 3\n");
	for (int i = 0; i <= MERKLE_PROOF_MAX; i++)
		buf_add_c(&text, HASH_A "\n");
	buf_add_c(&text, "\n" NOTE);
	ck_assert_int_eq(
	    tlog_proof_parse((struct str){text.data, text.len}, &proof, &err),
	    STW_INVALID);
	ck_assert_int_eq(err.line, 3 + MERKLE_PROOF_MAX);
	buf_fini(&text);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("tlog");
	TCase *tc = tcase_create("tlog");
	SRunner *runner;
	int failed;

	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(
	    tc, paths_are_those_of_the_specification, 0, (int)STW_ARRAY_LEN(paths));
	tcase_add_loop_test(
	    tc, other_paths_are_refused, 0, (int)STW_ARRAY_LEN(bad_paths));
	tcase_add_test(tc, tiles_of_a_size_are_those_of_the_specification);
	tcase_add_test(tc, bundles_come_apart_as_they_were_put_together);
	tcase_add_test(tc, tiles_hold_the_hashes_of_their_definition);
	tcase_add_test(tc, a_writer_goes_on_where_another_stopped);
	tcase_add_test(tc, an_entry_that_is_too_long_is_refused);
	tcase_add_loop_test(
	    tc, proofs_come_out_as_they_went_in, 0, (int)STW_ARRAY_LEN(good_proofs));
	tcase_add_loop_test(tc, what_is_no_proof_is_refused_with_its_line, 0,
	    (int)STW_ARRAY_LEN(bad_proofs));
	tcase_add_test(tc, a_proof_of_too_many_hashes_is_refused);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
