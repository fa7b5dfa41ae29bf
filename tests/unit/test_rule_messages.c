/*
 * Every message of the rule language has a Chinese text: the sources are read, each text
 * in them is filled in as printf would, and has to be found in the table with all that was
 * put in. So has every error in tests/rules.
 */
#include <ctype.h>
#include <dirent.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "engine/err.h"
#include "engine/rule_messages.h"

/* ---- exact texts ----------------------------------------------------------------- */
static const struct {
	const char *en, *zh;
} exact[] = {
    {"no overload for int * double; write double(customer.calls_30d) * 0.5",
	"没有适用于 int * double 的运算或函数；请写作 double(customer.calls_30d) * 0.5"},
    {"no field 'amout' in Holding; did you mean 'amount'?",
	"Holding 没有字段 'amout'；是不是 'amount'？"},
    {"expected an operator or the end of the rule, found 'and'; write '&&'",
	"此处应为运算符或规则的结尾，却是'and'；请写作 '&&'"},
    {"expected ')', found the end of the rule", "此处应为')'，却是规则的结尾"},
    {"unexpected character '\xef\xbc\x8c'; write ','",
	"意外的字符 '\xef\xbc\x8c'；请写作 ','"},
    {"unexpected character ';'; a rule is one expression, without ';'",
	"意外的字符 ';'；规则是一个表达式，不用 ';'"},
    {"the condition needs bool; h.amount is money",
	"条件需要 bool，而 h.amount 是 money"},
    {"&& needs bool; customer.stage is string; write customer.stage == \"...\"",
	"&&需要 bool，而 customer.stage 是 string；请写作 customer.stage == \"...\""},
    {"not an amount of CNY; write it as \"1234.56\"; write \"500000\" for 50\xe4\xb8\x87",
	"不是 CNY 的金额；请写成 \"1234.56\" 的样子；50\xe4\xb8\x87 请写作 \"500000\""},
    {"customer.dob has no value", "customer.dob 没有值"},
    {"exists() takes a variable and an expression, as in items.exists(x, ...)",
	"exists() 要一个变量和一个表达式，例如 items.exists(x, ...)"},
    {"'if' is a reserved word; write condition ? a : b",
	"'if' 是保留字；请写作 条件 ? a : b"},
    {"not a regular expression: missing ): (", "不是正确的正则表达式：缺少 )：("},
    {"format() knows %s %d %f %e %b %o %x %X and %%",
	"format() 只认得 %s %d %f %e %b %o %x %X 和 %%"},
    {"SQL cannot say matches(): PostgreSQL's regular expressions differ from RE2",
	"SQL 无法表达 matches()：PostgreSQL 的正则表达式与 RE2 不同"},
    {"/rule: int overflow", "/rule: int 溢出"},
    {"1:3: /rule: the rule needs bool; 1 + 1 is int; write 1 + 1 != 0",
	"1:3: /rule: 规则需要 bool，而 1 + 1 是 int；请写作 1 + 1 != 0"},
    {"segment \"a: b\": 1:2: division by zero", "segment \"a: b\": 1:2: 除数为零"},
};

START_TEST(a_message_has_its_chinese_text)
{
	struct buf got;

	buf_init(&got);
	buf_add_c(&got, "> ");
	ck_assert_msg(rule_message_zh(str_of(exact[_i].en), &got), "%s", exact[_i].en);
	ck_assert_str_eq(got.data + 2, exact[_i].zh);
	buf_fini(&got);
}
END_TEST

START_TEST(another_text_stays_as_it_is)
{
	static const char *const texts[] = {
	    "", "connection refused", "no such customer: x", "; write x", "has no"};

	for (size_t i = 0; i < STW_ARRAY_LEN(texts); i++) {
		struct buf got;

		buf_init(&got);
		buf_add_c(&got, "");
		ck_assert(!rule_message_zh(str_of(texts[i]), &got));
		ck_assert_str_eq(got.data, texts[i]);
		buf_fini(&got);
	}
}
END_TEST

START_TEST(a_long_text_of_doubtful_shape_takes_no_time)
{
	struct buf text, got;

	buf_init(&text);
	buf_init(&got);
	for (int i = 0; i < 60; i++)
		buf_add_c(&text, " is ; ''() in ");
	(void)rule_message_zh((struct str){text.data, text.len}, &got);
	ck_assert_uint_ge(got.len, text.len / 2);
	buf_fini(&text);
	buf_fini(&got);
}
END_TEST

START_TEST(locales)
{
	ck_assert(rule_message_wants_zh("zh_CN.UTF-8"));
	ck_assert(rule_message_wants_zh("ZH"));
	ck_assert(!rule_message_wants_zh("en_GB.UTF-8"));
	ck_assert(!rule_message_wants_zh(""));
	ck_assert(!rule_message_wants_zh(NULL));
}
END_TEST

/* ---- the sources ----------------------------------------------------------------- */
/* What the language's own files say, and why a rule is no SQL. */
static const char *const sources[] = {"rule.c", "rule_lex.c", "rule_parse.c",
    "rule_check*.c", "rule_eval.c", "rule_fold.c", "rule_fn_*.c", "rule_hint.c",
    "rule_slip.c", "rule_cost.c", "rule_source*.c", "rule_type.c", "rule_value*.c",
    "rule_sql*.c"};

/* Texts in them that are no messages. */
static const char *const others[] = {"a node is checked once", "every name is resolved",
    "a column has a type", "map(%s, %s)", "%s to %s steps a row\n",
    /* for whoever writes the binding */
    "rule_sql: a name in the binding is not a plain identifier",
    "format() knows %s %d %f %e %b %o %x %X and %%" /* no format; see above */};

/* What only texts in SQL have in them. */
static const char *const of_sql[] = {
    "#1", "#2", "#3", "::", " THEN ", " CASE ", "btrim(", "trunc(", ")) ", "), "};

static bool
is_source(const char *name)
{
	for (size_t i = 0; i < STW_ARRAY_LEN(sources); i++) {
		if (fnmatch(sources[i], name, 0) == 0)
			return true;
	}
	return false;
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

/* The string that begins at *at, with those that follow it, without escapes. */
static void
read_literal(const char **at, struct buf *to)
{
	const char *next = *at;

	buf_clear(to);
	buf_add_c(to, "");
	while (*next == '"') {
		for (next++; *next != '"'; next++) {
			bool escape = *next == '\\';

			next += escape ? 1 : 0;
			buf_add_char(
			    to, escape && isalpha((unsigned char)*next) ? '\n' : *next);
		}
		*at = ++next;
		while (isspace((unsigned char)*next))
			next++;
	}
}

static bool
is_text(const char *literal)
{
	bool letters = false;

	for (size_t i = 0; i < STW_ARRAY_LEN(others); i++) {
		if (strcmp(literal, others[i]) == 0)
			return false;
	}
	for (const char *at = literal; *at != '\0'; at++)
		letters |=
		    islower((unsigned char)at[0]) && islower((unsigned char)at[1]);
	for (size_t i = 0; i < STW_ARRAY_LEN(of_sql); i++)
		letters &= strstr(literal, of_sql[i]) == NULL;
	return letters && strchr(literal, ' ') != NULL;
}

/* A conversion right behind a word or another one holds a hint, which may be empty. */
static bool
is_hint(const char *format, const char *at, const char *after, bool behind_conversion)
{
	char before = at > format ? at[-1] : ' ';

	if (behind_conversion)
		return true;
	if (before == '\'' || before == '"')
		return *after != before;
	return isalnum((unsigned char)before);
}

/* As printf would, with q1q, q2q ... put in; how many. */
static int
fill_in(const char *format, struct buf *to)
{
	bool conversion = false;
	int n = 0;

	if (format[0] == ' ') /* follows a name */
		buf_printf(to, "q%dq", ++n);
	for (const char *at = format; *at != '\0'; at++) {
		const char *end = at + 1;

		if (*at != '%' || at[1] == '%') {
			buf_add_char(to, *at);
			at += *at == '%';
			conversion = false;
			continue;
		}
		while (strchr(".*zl", *end) != NULL)
			end++;
		if (!is_hint(format, at, end + 1, conversion))
			buf_printf(to, "q%dq", ++n);
		conversion = true;
		at = end;
	}
	return n;
}

/* Some texts are put into others, some follow them. */
static bool
is_translated(const char *text, struct buf *got)
{
	static const char *const around[][2] = {{"", ""}, {"division by zero", ""},
	    {"expected ", ", found ''"}, {"SQL cannot say x: ", ""}};
	struct buf whole;
	bool found = false;

	buf_init(&whole);
	for (size_t i = 0; i < STW_ARRAY_LEN(around) && !found; i++) {
		buf_clear(&whole);
		buf_clear(got);
		buf_printf(&whole, "%s%s%s", around[i][0], text, around[i][1]);
		found = rule_message_zh((struct str){whole.data, whole.len}, got) &&
			strstr(got->data, text) == NULL;
	}
	buf_fini(&whole);
	return found;
}

static int
check_text(const char *file, const char *format)
{
	struct buf text, got;
	int n;

	buf_init(&text);
	buf_init(&got);
	n = fill_in(format, &text);
	ck_assert_msg(is_translated(text.data, &got),
	    "%s: \"%s\" has no Chinese text in rule_messages.c", file, format);
	for (int i = 1; i <= n; i++) {
		char part[16];

		(void)snprintf(part, sizeof part, "q%dq", i);
		ck_assert_msg(strstr(got.data, part) != NULL,
		    "%s: \"%s\": part %d is lost in \"%s\"", file, format, i, got.data);
	}
	buf_fini(&text);
	buf_fini(&got);
	return 1;
}

static int
check_source(const char *name)
{
	struct buf source, literal, path;
	int texts = 0;

	buf_init(&source);
	buf_init(&literal);
	buf_init(&path);
	buf_printf(&path, "engine/%s", name);
	read_file(path.data, &source);
	for (const char *at = source.data; *at != '\0';) {
		const char *end;

		if (strncmp(at, "/*", 2) == 0) {
			end = strstr(at, "*/");
			at = end == NULL ? at + strlen(at) : end + 2;
		} else if (*at == '\'') {
			at += at[1] == '\\' ? 4 : 3;
		} else if (*at == '"') {
			read_literal(&at, &literal);
			if (is_text(literal.data))
				texts += check_text(name, literal.data);
		} else if (*at == '#') { /* an include names no text */
			end = strchr(at, '\n');
			at = end == NULL ? at + strlen(at) : end;
		} else {
			at++;
		}
	}
	buf_fini(&source);
	buf_fini(&literal);
	buf_fini(&path);
	return texts;
}

START_TEST(every_text_in_the_sources_is_in_the_table)
{
	struct dirent **entries;
	int n = scandir("engine", &entries, NULL, alphasort), texts = 0, files = 0;

	ck_assert_int_gt(n, 0);
	for (int i = 0; i < n; i++) {
		if (is_source(entries[i]->d_name)) {
			texts += check_source(entries[i]->d_name);
			files++;
		}
		free(entries[i]);
	}
	free(entries);
	ck_assert_int_ge(files, 20);
	ck_assert_int_gt(texts, 150);
}
END_TEST

/* ---- the rule tests -------------------------------------------------------------- */
/* "3:20: text", "error 1:2: text", "missing 1:2: text"; NULL: a value. */
static const char *
message_of(const char *line)
{
	size_t place;

	if (strncmp(line, "error ", 6) == 0)
		line += 6;
	else if (strncmp(line, "missing ", 8) == 0)
		line += 8;
	place = strspn(line, "0123456789:");
	if (place < 4 || line[place - 1] != ':' || line[place] != ' ')
		return NULL;
	return line + place + 1;
}

static int
check_expectations(const char *name)
{
	struct buf text, path, got;
	int messages = 0;
	char *rest, *line;

	buf_init(&text);
	buf_init(&path);
	buf_init(&got);
	buf_printf(&path, "tests/rules/%s", name);
	read_file(path.data, &text);
	rest = text.data;
	while ((line = strsep(&rest, "\n")) != NULL) {
		const char *message = message_of(line);

		buf_clear(&got);
		if (message == NULL)
			continue;
		ck_assert_msg(
		    rule_message_zh(str_of(message), &got), "%s: %s", name, message);
		messages++;
	}
	buf_fini(&text);
	buf_fini(&path);
	buf_fini(&got);
	return messages;
}

START_TEST(every_error_of_the_rule_tests_is_in_the_table)
{
	struct dirent **entries;
	int n = scandir("tests/rules", &entries, NULL, alphasort), messages = 0;

	ck_assert_int_gt(n, 0);
	for (int i = 0; i < n; i++) {
		if (fnmatch("*.expect", entries[i]->d_name, 0) == 0)
			messages += check_expectations(entries[i]->d_name);
		free(entries[i]);
	}
	free(entries);
	ck_assert_int_gt(messages, 150);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("rule_messages");
	TCase *tc = tcase_create("messages");
	SRunner *runner;
	int failed;

	tcase_add_loop_test(
	    tc, a_message_has_its_chinese_text, 0, (int)STW_ARRAY_LEN(exact));
	tcase_add_test(tc, another_text_stays_as_it_is);
	tcase_add_test(tc, a_long_text_of_doubtful_shape_takes_no_time);
	tcase_add_test(tc, locales);
	tcase_add_test(tc, every_text_in_the_sources_is_in_the_table);
	tcase_add_test(tc, every_error_of_the_rule_tests_is_in_the_table);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
