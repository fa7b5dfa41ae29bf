/* Words a script must not contain, however they are written. */
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "campaigns/compliance/terms.h"
#include "campaigns/compliance/terms_norm.h"

static const char list[] = "# claims\n"
			   "gap * · - _ ~\n"
			   "banned 保本\n"
			   "banned\t高收益\r\n"
			   "banned 保证收益\n"
			   "banned 稳赚不赔\n"
			   "banned risk free\n"
			   "banned best\n"
			   "banned 并非不保本\n"
			   "\n"
			   "allowed 不保本\n"
			   "allowed 非保本\n"
			   "allowed 不保证收益\n"
			   "allowed 确保本人\n"
			   "required 投资须谨慎|投资需谨慎\n";

static struct terms *
terms_of(const char *text, struct arena *arena)
{
	struct terms *terms = NULL;
	struct stw_err err = {0};

	ck_assert_msg(terms_read(str_of(text), arena, &terms, &err) == STW_OK, "%d: %s",
	    err.line, err.text);
	return terms;
}

/* text; the terms found in it, a space between */
static const struct {
	const char *text, *want;
} cases[] = {
    /* scenario 85 */
    {"保本高收益", "保本 高收益"}, {"本产品不保本", ""},
    {"本产品为非保本浮动收益型", ""}, {"保 本", "保本"},
    {"保\xe2\x80\x8b"
     "本",
	"保本"},                               /* U+200B */
    {"保證收益", "保证收益"}, {"保{{x}}", ""}, /* not filled in yet */
    /* forms of one character */
    {"保\xe3\x80\x80本", "保本"},                           /* U+3000 */
    {"保\n\t 本", "保本"}, {"保\xc2\xad本", "保本"},        /* soft hyphen */
    {"保\xef\xbb\xbf本", "保本"},                           /* byte order mark */
    {"保\xef\xb8\x8f本", "保本"},                           /* variation selector */
    {"保\xcc\xb6本", "保本"},                               /* struck through */
    {"保\xe2\x80\xae本", "保本"},                           /* right-to-left override */
    {"保\xf3\xa0\x81\xa1本", "保本"},                       /* tag character */
    {"保*本", "保本"}, {"保 - 本", "保本"}, {"保，本", ""}, /* a comma ends a phrase */
    {"ＢＥＳＴ", "best"}, {"𝐛𝐞𝐬𝐭 offer", "best"}, {"Best", "best"},
    {"ri\xc2\xads\xe2\x80\x8bk   FREE", "risk free"}, {"risk-free", ""},
    {"bestow, the besten, 4best", ""}, {"最best的", "best"}, {"穩賺不賠", "稳赚不赔"},
    {"⾼收益", "高收益"}, /* a radical of its own code */
    /* negations */
    {"不保本，但保本", "保本"}, {"并非不保本", "并非不保本"},
    {"收益高不\n保本", "保本"}, /* two lines are no negation */
    {"收益高不 保本", "保本"}, {"不\xe2\x80\x8b保本", ""}, {"请确保本人操作", ""},
    {"确保本", "保本"}, {"不保證收益", ""}, {"不不保本", ""}, {"", ""}, {"保", ""},
    {"本", ""},
    {"\xff\xfe保\x80本", ""}, /* what is no character stays one that separates */
};

START_TEST(a_banned_term_is_found_however_it_is_written)
{
	const struct terms_hit *hits;
	struct arena arena;
	struct buf got;
	int n;

	arena_init(&arena);
	buf_init(&got);
	buf_add_c(&got, "");
	n = terms_find_banned(
	    terms_of(list, &arena), str_of(cases[_i].text), &arena, &hits);
	for (int i = 0; i < n; i++)
		buf_printf(&got, "%s%s", i > 0 ? " " : "", hits[i].term);
	ck_assert_msg(strcmp(n == 0 ? "" : got.data, cases[_i].want) == 0,
	    "%s: found \"%s\", not \"%s\"", cases[_i].text, got.data, cases[_i].want);
	buf_fini(&got);
	arena_fini(&arena);
}
END_TEST

START_TEST(the_span_is_that_of_the_text_as_it_was_given)
{
	static const char text[] = "收益：保\xe2\x80\x8b 本，⾼收益";
	const struct terms_hit *hits;
	struct arena arena;
	int n;

	arena_init(&arena);
	n = terms_find_banned(terms_of(list, &arena), str_of(text), &arena, &hits);
	ck_assert_int_eq(n, 2);
	ck_assert_uint_eq(hits[0].from, 9);
	ck_assert_uint_eq(hits[0].to, 9 + 3 + 3 + 1 + 3);
	ck_assert_int_eq(memcmp(text + hits[1].from, "⾼收益", 9), 0);
	ck_assert_uint_eq(hits[1].to - hits[1].from, 9);
	arena_fini(&arena);
}
END_TEST

START_TEST(a_required_phrase_may_be_one_of_several)
{
	static const struct {
		const char *text;
		int missing;
	} rows[] = {{"理财有风险，投资须谨慎", 0}, {"投資需謹慎！", 0},
	    {"投资 须 谨 慎", 0}, {"投资谨慎", 1}, {"", 1}};
	const char *const *missing;
	struct arena arena;

	arena_init(&arena);
	for (size_t i = 0; i < STW_ARRAY_LEN(rows); i++) {
		int n = terms_find_missing(
		    terms_of(list, &arena), str_of(rows[i].text), &arena, &missing);

		ck_assert_msg(n == rows[i].missing, "%s: %d", rows[i].text, n);
		if (n == 1)
			ck_assert_str_eq(missing[0], "投资须谨慎|投资需谨慎");
	}
	arena_fini(&arena);
}
END_TEST

static const struct {
	const char *list;
	int line;
	const char *want;
} faults[] = {
    {"banned", 1, "a word and a text"},
    {"# x\nbaned 保本", 2, "begin with"},
    {"banned 保本\nbanned 保 本", 2, "named before"},
    {"banned \xe2\x80\x8b", 1, "nothing is left"},
    {"banned 保本\ngap *", 2, "before the first"},
    {"required 甲| |乙", 1, "nothing is left"},
};

/* What the brief of a task shows: the entries as the list writes them, in its order. */
START_TEST(the_entries_are_told_as_they_are_written)
{
	static const char text[] = "banned 保 本\nallowed 不保本\nbanned Best\n"
				   "required 投资须谨慎|投资需谨慎\n";
	const char *const *entries;
	struct arena arena;
	struct terms *terms;

	arena_init(&arena);
	terms = terms_of(text, &arena);
	ck_assert_int_eq(terms_banned_count(terms), 2);
	ck_assert_int_eq(terms_banned(terms, &arena, &entries), 2);
	ck_assert_str_eq(entries[0], "保 本");
	ck_assert_str_eq(entries[1], "Best");
	ck_assert_int_eq(terms_required_count(terms), 1);
	ck_assert_int_eq(terms_required(terms, &entries), 1);
	ck_assert_str_eq(entries[0], "投资须谨慎|投资需谨慎");
	arena_fini(&arena);
}
END_TEST

/* However long the text: the first hundred, also where several terms begin alike. */
START_TEST(at_most_a_hundred_places_are_told)
{
	const struct terms_hit *hits;
	struct arena arena;
	struct buf text;

	arena_init(&arena);
	buf_init(&text);
	for (int i = 0; i < 120; i++)
		buf_add_c(&text, "保证收益，");
	ck_assert_int_eq(terms_find_banned(terms_of(list, &arena),
			     (struct str){text.data, text.len}, &arena, &hits),
	    TERMS_HITS);
	ck_assert_uint_eq(hits[99].from, 99 * strlen("保证收益，"));
	buf_fini(&text);
	arena_fini(&arena);
}
END_TEST

START_TEST(a_list_has_its_limits)
{
	static const char *const words[] = {"banned", "allowed", "required"};
	struct terms *terms = NULL;
	struct stw_err err = {0};
	struct arena arena;

	for (size_t w = 0; w < STW_ARRAY_LEN(words); w++) {
		struct buf text;

		arena_init(&arena);
		buf_init(&text);
		for (int i = 0; i < TERMS_MAX; i++)
			buf_printf(&text, "%s %cword%d\n", words[w], 'a' + i % 26, i);
		ck_assert_int_eq(
		    terms_read((struct str){text.data, text.len}, &arena, &terms, &err),
		    STW_OK);
		buf_printf(&text, "%s %0100d\n", words[w], 0);
		ck_assert_int_eq(
		    terms_read((struct str){text.data, text.len}, &arena, &terms, &err),
		    STW_INVALID);
		ck_assert_int_eq(err.line, TERMS_MAX + 1);
		ck_assert_ptr_nonnull(strstr(err.text, "too many entries"));
		/* What is wrong is quoted in part. */
		ck_assert_uint_le(strlen(err.text), 120);
		buf_fini(&text);
		arena_fini(&arena);
	}
}
END_TEST

START_TEST(a_faulty_list_is_refused_with_its_line)
{
	struct terms *terms = NULL;
	struct stw_err err = {0};
	struct arena arena;

	arena_init(&arena);
	ck_assert_int_eq(
	    terms_read(str_of(faults[_i].list), &arena, &terms, &err), STW_INVALID);
	ck_assert_ptr_null(terms);
	ck_assert_int_eq(err.line, faults[_i].line);
	ck_assert_msg(strstr(err.text, faults[_i].want) != NULL, "%s", err.text);
	arena_fini(&arena);
}
END_TEST

/* ---- nothing that does not count hides a term ---------------------------------------------- */
static uint64_t seed;

static unsigned
pick(unsigned n)
{
	seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (unsigned)(seed >> 33) % n;
}

static void
put_utf8(struct buf *to, int32_t cp)
{
	if (cp < 0x80) {
		buf_add_char(to, (char)cp);
	} else if (cp < 0x800) {
		buf_add_char(to, (char)(0xC0 | cp >> 6));
		buf_add_char(to, (char)(0x80 | (cp & 0x3F)));
	} else if (cp < 0x10000) {
		buf_add_char(to, (char)(0xE0 | cp >> 12));
		buf_add_char(to, (char)(0x80 | (cp >> 6 & 0x3F)));
		buf_add_char(to, (char)(0x80 | (cp & 0x3F)));
	} else {
		buf_add_char(to, (char)(0xF0 | cp >> 18));
		buf_add_char(to, (char)(0x80 | (cp >> 12 & 0x3F)));
		buf_add_char(to, (char)(0x80 | (cp >> 6 & 0x3F)));
		buf_add_char(to, (char)(0x80 | (cp & 0x3F)));
	}
}

/* What does not count anywhere, then what does not count beside a Chinese character. */
static const int32_t silent[] = {0x00AD, 0x034F, 0x061C, 0x115F, 0x17B4, 0x180E, 0x200B,
    0x200C, 0x200D, 0x200E, 0x202A, 0x202E, 0x2060, 0x2063, 0x206F, 0x3164, 0xFE00,
    0xFE0F, 0xFEFF, 0xFFA0, 0x1D173, 0xE0001, 0xE0061, 0xE0100, 0x0007, 0x0336, 0x0338,
    0x20DD, 0xFFF9};
static const int32_t blank[] = {
    ' ', '\t', '\n', 0x00A0, 0x1680, 0x2003, 0x202F, 0x205F, 0x3000, 0x2028};

static void
put_noise(struct buf *to, bool blanks)
{
	for (unsigned i = pick(4); i > 0; i--) {
		if (blanks && pick(2) == 0)
			put_utf8(to, blank[pick((unsigned)STW_ARRAY_LEN(blank))]);
		else
			put_utf8(to, silent[pick((unsigned)STW_ARRAY_LEN(silent))]);
	}
}

START_TEST(inserted_characters_never_hide_a_term)
{
	static const char *const words[] = {
	    "保本", "高收益", "保证收益", "稳赚不赔", "best"};
	struct arena arena;

	for (int round = 0; round < 20000; round++) {
		const char *word = words[pick((unsigned)STW_ARRAY_LEN(words))];
		bool latin = word[0] == 'b';
		const struct terms_hit *hits;
		size_t from, to, at = 0;
		struct buf text;

		arena_init(&arena);
		buf_init(&text);
		buf_add_c(&text, pick(2) == 0 ? "产品" : "客户，");
		put_noise(&text, false);
		from = text.len;
		while (word[at] != '\0') {
			put_utf8(&text, norm_next(str_of(word), &at));
			to = text.len;
			if (word[at] != '\0')
				put_noise(&text, !latin);
		}
		put_noise(&text, false);
		buf_add_c(&text, pick(2) == 0 ? "。" : "好");
		ck_assert_int_eq(terms_find_banned(terms_of(list, &arena),
				     (struct str){text.data, text.len}, &arena, &hits),
		    1);
		ck_assert_str_eq(hits[0].term, word);
		/* the span begins at the first character and holds the last */
		ck_assert_uint_eq(hits[0].from, from);
		ck_assert_uint_ge(hits[0].to, to);
		buf_fini(&text);
		arena_fini(&arena);
	}
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("terms");
	TCase *tc = tcase_create("terms");
	const char *given = getenv("SEED");
	SRunner *runner;
	int failed;

	seed = given != NULL ? strtoull(given, NULL, 10) : 20261123;
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, at_most_a_hundred_places_are_told);
	tcase_add_test(tc, a_list_has_its_limits);
	tcase_add_loop_test(tc, a_banned_term_is_found_however_it_is_written, 0,
	    (int)STW_ARRAY_LEN(cases));
	tcase_add_test(tc, the_span_is_that_of_the_text_as_it_was_given);
	tcase_add_test(tc, a_required_phrase_may_be_one_of_several);
	tcase_add_test(tc, the_entries_are_told_as_they_are_written);
	tcase_add_loop_test(
	    tc, a_faulty_list_is_refused_with_its_line, 0, (int)STW_ARRAY_LEN(faults));
	tcase_add_test(tc, inserted_characters_never_hide_a_term);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
