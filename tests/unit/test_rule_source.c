/*
 * The formatter: exact layouts, and three promises over every rule there is (tests/rules,
 * the documents in the binary) and over random ones: the tree stays the same, formatting
 * twice changes nothing more, no comment is lost. SEED=n makes other random rules.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>
#include <jansson.h>

#include "engine/embed.h"
#include "engine/rule_source.h"

/* ---- layouts --------------------------------------------------------------------- */
static const struct {
	const char *what, *rule, *layout;
} layouts[] = {
    {"spaces", "a==1&&b  <2", "a == 1 && b < 2"},
    {"one line when it fits", "a == 1\n  && b", "a == 1 && b"},
    {"brackets that do nothing go", "((a)) && (b == (1)) && (c)[(0)].d",
	"a && b == 1 && c[0].d"},
    {"brackets of arithmetic", "(a * b) + (c - d) - (e - f)",
	"a * b + (c - d) - (e - f)"},
    {"brackets of logic", "(a && b) || (c && (d || e))", "a && b || c && (d || e)"},
    {"groups of one operator stay as grouped", "(a && b) && c || (d || e)",
	"(a && b) && c || (d || e)"},
    {"sums group to the left", "((a + b) + c) * d", "(a + b + c) * d"},
    {"comparisons keep theirs", "(a == b) == (c < d)", "(a == b) == (c < d)"},
    {"a minus before a number is not a negative number", "-(1) - (-1) + -x",
	"-(1) - -1 + -x"},
    {"signs keep their brackets", "!(!a) && !!b && -(-c) == 1",
	"!(!a) && !!b && -(-c) == 1"},
    {"what stands before a dot",
	"(a + b).c + (-1).d + (1).e + (a.b).c + (\"x\").size()",
	"(a + b).c + (-1).d + (1).e + a.b.c + \"x\".size()"},
    {"conditions in a row", "a ? 1 : (b ? 2 : (c ? 3 : 4))",
	"a ? 1 : b ? 2 : c ? 3 : 4"},
    {"a condition as a condition", "(a ? b : c) ? (d ? 1 : 2) : 3",
	"(a ? b : c) ? (d ? 1 : 2) : 3"},
    {"quotes", "'a' + 'say \"hi\"' + 'don\\'t' + b'x' + '\\\\'",
	"\"a\" + \"say \\\"hi\\\"\" + \"don't\" + b\"x\" + \"\\\\\""},
    {"raw and long strings", "r'\\d' + R'\"' + '''a''' + '''\"''' + \"\"\"b\"\"\" + ''",
	"r\"\\d\" + R'\"' + \"\"\"a\"\"\" + '''\"''' + \"\"\"b\"\"\" + \"\""},
    {"numbers stay as written", "0xFF + 1e3 + .5 + 7u", "0xFF + 1e3 + .5 + 7u"},
    {"lists and maps", "[1,2,] + [?a,?b] + {'k':1,?2:x,}",
	"[1, 2] + [?a, ?b] + {\"k\": 1, ?2: x}"},
    {"optional marks", "a.?b[?0].c + [ ?d]", "a.?b[?0].c + [?d]"},
    {"names from the root", ".a.b + (.c)", ".a.b + .c"},
    {"quoted names", "a.`b-c`", "a.`b-c`"},
    {"macros as written", "a.existsOne(x,(x>1)) && a.exists_one(y, y) && has(a.b)",
	"a.existsOne(x, x > 1) && a.exists_one(y, y) && has(a.b)"},
    {"in", "!((a) in (b))", "!(a in b)"},
    {"the rule of the design",
	"customer.stage == \"mature\" && customer.aum < 0.7 * customer.aum_90d_ago && "
	"transactions.exists(t, t.kind == \"redemption\" && t.amount > money(\"100000\") "
	"&& t.at > now - days(30)) && !(customer.ref in segment(\"complained_90d\"))",
	"customer.stage == \"mature\" && customer.aum < 0.7 * customer.aum_90d_ago\n"
	"  && transactions.exists(t,\n"
	"       t.kind == \"redemption\" && t.amount > money(\"100000\") && t.at > now - "
	"days(30))\n"
	"  && !(customer.ref in segment(\"complained_90d\"))"},
    {"a long list is filled",
	"customer.province in [\"Zhejiang\", \"Jiangsu\", \"Guangdong\", \"Shandong\", "
	"\"Fujian\", \"Sichuan\", \"Hunan\"]",
	"customer.province in [\"Zhejiang\", \"Jiangsu\", \"Guangdong\", \"Shandong\", "
	"\"Fujian\",\n  \"Sichuan\", \"Hunan\"]"},
    {"a long map has a line an entry",
	"{\"aaaaaaaaaaaaaaaaaaaaaaaaa\": 1, \"bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb\": 2, "
	"\"cccccccccccccc\": 3}",
	"{\"aaaaaaaaaaaaaaaaaaaaaaaaa\": 1,\n  \"bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb\": 2,\n"
	"  \"cccccccccccccc\": 3}"},
    {"a long chain of calls and a long condition",
	"customer.holdings.filter(h, has(h.amount) && h.kind == \"fund\").map(h, "
	"h.amount * h.rate).sum() > money(\"1000000\") ? \"large\" : customer.vip ? \"vip\" : \"\"",
	"customer.holdings.filter(h, has(h.amount) && h.kind == \"fund\")\n"
	"    .map(h, h.amount * h.rate)\n    .sum() > money(\"1000000\")\n  ? \"large\"\n"
	"  : customer.vip ? \"vip\"\n  : \"\""},
    {"|| of && goes in further",
	"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa == 1 && bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb == "
	"2 && ccccccc || ddddd",
	"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa == 1 && bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb == "
	"2\n    && ccccccc\n  || ddddd"},
    {"wide characters count two",
	"a == \"一二三四五六七八九十一二三四五六七八九十\" || b == \"一二三四五六七八九十一二三四五六\"",
	"a == \"一二三四五六七八九十一二三四五六七八九十\"\n"
	"  || b == \"一二三四五六七八九十一二三四五六\""},
    {"comments above and at the end", "// one\n\n  //two  \na && b // three\n// four",
	"// one\n//two\na && b // three\n// four"},
    {"a comment behind an operand", "a && // why a\nb // why b\n&& c",
	"a // why a\n  && b // why b\n  && c"},
    {"a comment above an operand", "a &&\n// why b\nb\n// why c\n&& c",
	"a\n  // why b\n  && b\n  // why c\n  && c"},
    {"comments in a list", "[1, // one\n 2, // two\n // three\n 3]",
	"[1, // one\n  2, // two\n  // three\n  3]"},
    {"comments at brackets that go", "( // open\na // in\n) // out\n&& b",
	"// open\na // in // out\n  && b"},
    {"comments in a condition", "a // is it\n? b // yes\n: c // no",
	"a // is it\n  ? b // yes\n  : c // no"},
};

static struct buf
format(struct str text)
{
	struct stw_err err = {0};
	struct buf to;

	buf_init(&to);
	ck_assert_msg(rule_source_format(text, NULL, &to, &err) == STW_OK,
	    "%.*s: %d:%d %s", STR_FMT(text), err.line, err.column, err.text);
	return to;
}

START_TEST(a_rule_has_one_layout)
{
	struct buf got = format(str_of(layouts[_i].rule));

	ck_assert_msg(strcmp(got.data, layouts[_i].layout) == 0,
	    "%s:\n%s\n  expected\n%s\n  got\n%s", layouts[_i].what, layouts[_i].rule,
	    layouts[_i].layout, got.data);
	buf_fini(&got);
}
END_TEST

/* ---- promises -------------------------------------------------------------------- */
#define SHORT(s) (int)((s).len > 2000 ? 2000 : (s).len), (s).ptr

static void
keeps_its_promises(struct str text)
{
	struct buf once = format(text);
	struct str layout = {once.data, once.len};
	struct buf twice = format(layout);

	ck_assert_msg(rule_source_same(text, layout), "another tree:\n%.*s\n%.2000s",
	    SHORT(text), once.data);
	ck_assert_msg(strcmp(once.data, twice.data) == 0,
	    "formatted twice:\n%.*s\n  once\n%.2000s\n  twice\n%.2000s", SHORT(text),
	    once.data, twice.data);
	buf_fini(&once);
	buf_fini(&twice);
}

static void
read_file(const char *path, struct buf *to)
{
	FILE *in = fopen(path, "r");
	char chunk[4096];
	size_t n;

	ck_assert_msg(in != NULL, "%s", path);
	while ((n = fread(chunk, 1, sizeof chunk, in)) > 0)
		buf_add(to, chunk, n);
	(void)fclose(in);
}

/* Cases begin with a line "### ..."; those that do not parse are not for us. */
static int
each_case(char *text)
{
	int rules = 0;
	char *next;

	for (char *at = text; at != NULL; at = next) {
		char *body = strchr(at, '\n');

		next = body == NULL ? NULL : strstr(body, "\n### ");
		if (next != NULL)
			*next++ = '\0';
		if (body == NULL || !rule_source_same(str_of(body), str_of(body)))
			continue;
		keeps_its_promises(str_of(body));
		rules++;
	}
	return rules;
}

START_TEST(the_rules_of_the_tests)
{
	struct dirent **entries;
	int n = scandir("tests/rules", &entries, NULL, alphasort), rules = 0;

	ck_assert_int_gt(n, 0);
	for (int i = 0; i < n; i++) {
		size_t len = strlen(entries[i]->d_name);
		struct buf text, path;

		if (len > 5 && strcmp(entries[i]->d_name + len - 5, ".rule") == 0) {
			buf_init(&path);
			buf_init(&text);
			buf_printf(&path, "tests/rules/%s", entries[i]->d_name);
			read_file(path.data, &text);
			rules += each_case(text.data);
			buf_fini(&path);
			buf_fini(&text);
		}
		free(entries[i]);
	}
	free(entries);
	ck_assert_int_gt(rules, 200);
}
END_TEST

/* Rules stand under these keys. */
static int
each_string(const char *key, json_t *json)
{
	static const char *const keys[] = {
	    "rule", "when", "applies", "audience", "occurrence", "value"};
	const char *name;
	json_t *item;
	size_t i;
	int rules = 0;

	json_object_foreach(json, name, item) rules += each_string(name, item);
	json_array_foreach(json, i, item) rules += each_string(key, item);
	for (size_t k = 0; json_is_string(json) && k < STW_ARRAY_LEN(keys); k++) {
		struct str text = str_of(json_string_value(json));

		if (strcmp(key, keys[k]) != 0 || !rule_source_same(text, text))
			continue;
		keeps_its_promises(text);
		rules++;
	}
	return rules;
}

START_TEST(the_rules_of_the_documents)
{
	int rules = 0;

	for (uint64_t i = 0; i < embed_count; i++) {
		const struct embed_file *file = &embed_files[i];
		json_t *json = NULL;

		if (strstr(file->name, ".json") != NULL)
			json = json_loadb(file->data, file->len, 0, NULL);
		rules += each_string("", json);
		json_decref(json);
	}
	ck_assert_int_gt(rules, 50);
}
END_TEST

/* ---- random rules ---------------------------------------------------------------- */
static uint64_t state;

static int
below(int n)
{
	uint64_t z = state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return (int)((z ^ (z >> 31)) % (uint64_t)n);
}

struct maker {
	struct buf text;
	int comments; /* made so far: //c0; //c1; ... */
	bool with_comments;
};

/* One word, with anything that may stand before it. */
static void
put(struct maker *m, const char *word)
{
	if (m->with_comments && below(12) == 0)
		buf_printf(&m->text, "%s//c%d;%s\n", below(2) == 0 ? "\n" : " ",
		    m->comments++, below(4) == 0 ? " \t" : "");
	else
		buf_add_c(&m->text, below(9) == 0 ? "\n" : " ");
	buf_add_c(&m->text, word);
}

static void make(struct maker *m, int depth);

static void
make_leaf(struct maker *m)
{
	static const char *const leaves[] = {"a", "bcd", "customer", "x1", "1", "0xF",
	    "2u", "1.5", "1e3", "true", "null", "\"s\"", "'q\"'", "r'\\d'", "b'\\x01'",
	    "'''l'''", "\"\"\"two\nlines\"\"\"", "\"\xe6\x9d\x8e\xe6\x98\x8e\"",
	    "'\\''", "a_rather_long_name_of_a_thing",
	    "\"a longer text, of some forty characters\""};

	put(m, leaves[below((int)STW_ARRAY_LEN(leaves))]);
}

static void
make_list(struct maker *m, const char *open, const char *close, int depth)
{
	int n = below(5);

	put(m, open);
	for (int i = 0; i < n; i++) {
		if (*open != '(' && below(6) == 0)
			put(m, "?");
		make(m, depth);
		if (*open == '{') {
			put(m, ":");
			make(m, depth);
		}
		if (i < n - 1 || (*open != '(' && below(4) == 0))
			put(m, ",");
	}
	put(m, close);
}

static void
make_path(struct maker *m, int depth)
{
	static const char *const macros[] = {
	    "exists", "all", "map", "existsOne", "filter"};

	make(m, depth);
	for (int n = 1 + below(3); n > 0; n--) {
		int shape = below(5);

		if (shape == 0) {
			put(m, below(2) == 0 ? "[" : "[?");
			make(m, depth);
			put(m, "]");
			continue;
		}
		put(m, shape == 1 ? ".?" : ".");
		if (shape == 4) {
			put(m, macros[below(5)]);
			put(m, "(");
			put(m, "t");
			put(m, ",");
			make(m, depth);
			put(m, ")");
			continue;
		}
		put(m, below(5) == 0 ? "`quoted name`" : "field");
		if (shape == 3 && m->text.data[m->text.len - 1] != '`')
			make_list(m, "(", ")", depth);
	}
}

static void
make_shape(struct maker *m, int depth)
{
	static const char *const ops[] = {
	    "&&", "&&", "&&", "||", "||", "==", "<", "in", "+", "-", "*", "/", "%"};

	switch (depth <= 0 ? 0 : below(12)) {
	case 0:
	case 1:
		make_leaf(m);
		break;
	case 2:
		put(m, below(2) == 0 ? "-" : "!");
		make(m, depth - 1);
		break;
	case 3:
		make(m, depth - 1);
		put(m, "?");
		make(m, depth - 1);
		put(m, ":");
		make(m, depth - 1);
		break;
	case 4:
		make_list(m, "[", "]", depth - 1);
		break;
	case 5:
		make_list(m, "{", "}", depth - 2);
		break;
	case 6:
	case 7:
		make_path(m, depth - 1);
		break;
	case 8:
		put(m, "call");
		make_list(m, "(", ")", depth - 1);
		break;
	default:
		make(m, depth - 1);
		for (int n = 1 + below(4); n > 0; n--) {
			put(m, ops[below((int)STW_ARRAY_LEN(ops))]);
			make(m, depth - 1);
		}
		break;
	}
}

/* Often in brackets, so that the parser finds any tree there can be. */
static void
make(struct maker *m, int depth)
{
	int brackets = below(3) == 0 ? 1 + below(2) : 0;

	for (int i = 0; i < brackets; i++)
		put(m, "(");
	make_shape(m, depth);
	for (int i = 0; i < brackets; i++)
		put(m, ")");
}

static void
loses_no_comment(const struct maker *m)
{
	struct buf layout = format((struct str){m->text.data, m->text.len});

	for (int i = 0; i < m->comments; i++) {
		char name[24];

		(void)snprintf(name, sizeof name, "//c%d;", i);
		ck_assert_msg(strstr(layout.data, name) != NULL,
		    "lost %s:\n%.2000s\n%.2000s", name, m->text.data, layout.data);
	}
	buf_fini(&layout);
}

START_TEST(random_rules)
{
	const char *seed = getenv("SEED");
	int rules = 0;

	state = seed == NULL ? 1 : strtoull(seed, NULL, 10);
	state = state * 1000 + (uint64_t)_i;
	for (int i = 0; i < 4000; i++) {
		struct maker m = {.with_comments = _i % 2 == 1};
		struct str text;

		buf_init(&m.text);
		make(&m, 1 + below(5));
		put(&m, "");
		text = (struct str){m.text.data, m.text.len};
		if (rule_source_same(text, text)) {
			keeps_its_promises(text);
			loses_no_comment(&m);
			rules++;
		}
		buf_fini(&m.text);
	}
	ck_assert_int_gt(rules, 2000);
}
END_TEST

/* ---- errors ---------------------------------------------------------------------- */
START_TEST(what_does_not_parse_is_not_laid_out)
{
	struct stw_err err = {0};
	struct buf to;

	buf_init(&to);
	buf_add_c(&to, "before");
	ck_assert_int_eq(
	    rule_source_format(STR_LIT("a &&\n b )"), NULL, &to, &err), STW_INVALID);
	ck_assert_int_eq(err.line, 2);
	ck_assert_int_eq(err.column, 4);
	ck_assert_str_eq(to.data, "before");
	ck_assert_int_eq(rule_source_format(STR_LIT("a"), NULL, &to, &err), STW_OK);
	ck_assert_str_eq(to.data, "beforea");
	buf_fini(&to);
}
END_TEST

START_TEST(a_layout_is_no_longer_than_a_rule_may_be)
{
	struct rule_limits limits = {.max_text = 20, .max_depth = 8, .max_nodes = 20};
	struct stw_err err = {0};
	struct buf to;

	buf_init(&to);
	ck_assert_int_eq(rule_source_format(STR_LIT("1+1+1+1+1+1"), &limits, &to, &err),
	    STW_INVALID);
	ck_assert_ptr_nonnull(strstr(err.text, "21 bytes long; 20 are allowed"));
	buf_fini(&to);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("rule_source");
	TCase *tc = tcase_create("layouts");
	SRunner *runner;
	int failed;

	tcase_add_loop_test(tc, a_rule_has_one_layout, 0, (int)STW_ARRAY_LEN(layouts));
	suite_add_tcase(suite, tc);
	tc = tcase_create("promises");
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, the_rules_of_the_tests);
	tcase_add_test(tc, the_rules_of_the_documents);
	tcase_add_loop_test(tc, random_rules, 0, 4);
	suite_add_tcase(suite, tc);
	tc = tcase_create("errors");
	tcase_add_test(tc, what_does_not_parse_is_not_laid_out);
	tcase_add_test(tc, a_layout_is_no_longer_than_a_rule_may_be);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
