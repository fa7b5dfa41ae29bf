#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <check.h>
#include <zlib.h>

#include "segments/csv.h"

#define S(text) text, sizeof(text) - 1

/* The records of a text as "line:a|b;" one after the other, or the error. */
static void
read_all(struct csv *csv, struct buf *to)
{
	struct stw_err err = {0};
	bool more;

	for (;;) {
		enum stw_code rc = csv_next(csv, &more, &err);

		if (rc != STW_OK) {
			buf_printf(to, "!%s", err.text);
			if (!csv_can_continue(csv))
				return;
			buf_add_char(to, ';');
			continue;
		}
		if (!more)
			return;
		buf_printf(to, "%lld:", (long long)csv_line(csv));
		for (int i = 0; i < csv_columns(csv); i++) {
			struct str s = csv_field(csv, i);

			buf_printf(to, "%s%.*s", i > 0 ? "|" : "", STR_FMT(s));
		}
		buf_add_char(to, ';');
	}
}

struct csv_case {
	const char *name;
	const char *text;
	size_t len;
	struct csv_format format;
	const char *want;
};

static const char *const two[] = {"a", "b"};
static const struct csv_case cases[] = {
    {"plain", S("a,b\n1,2\n3,4\n"), {0}, "2:1|2;3:3|4;"},
    {"the last line may lack its end", S("a,b\n1,2"), {0}, "2:1|2;"},
    {"CRLF counts once", S("a,b\r\n1,2\r\n3,4\r\n"), {0}, "2:1|2;3:3|4;"},
    {"CR alone ends a line", S("a,b\r1,2\r3,4"), {0}, "2:1|2;3:3|4;"},
    {"byte order mark",
	S("\xef\xbb\xbf"
	  "a,b\n1,2\n"),
	{0}, "2:1|2;"},
    {"quotes and doubled quotes", S("a,b\n\"x,y\",\"say \"\"hi\"\"\"\n"), {0},
	"2:x,y|say \"hi\";"},
    {"line breaks in quotes keep later line numbers right",
	S("a,b\n\"1\n1\r\n1\r1\",2\n3,4\n"), {0}, "2:1\n1\r\n1\r1|2;6:3|4;"},
    {"a carriage return before text in quotes", S("a,b\n\"1\rx\ny\",2\n3,4\n"), {0},
	"2:1\rx\ny|2;5:3|4;"},
    {"empty fields", S("a,b\n,\n\"\",x\n"), {0}, "2:|;3:|x;"},
    {"blank lines are passed over", S("\n\na,b\n\n1,2\n\n\n"), {0}, "5:1|2;"},
    {"a quote inside a plain field is a letter", S("a,b\n5\" pipe,x\n"), {0},
	"2:5\" pipe|x;"},
    {"semicolons as Berka writes them", S("\"a\";\"b\"\r\n1;\" \"\r\n"),
	{.delimiter = ';'}, "2:1| ;"},
    {"blanks around fields, trimmed", S("a , b\n 1 , \" 2 \" \n3,  x y \n"),
	{.trim = true}, "2:1| 2 ;3:3|x y;"},
    {"blanks stay otherwise", S("a,b\n 1 ,2\n"), {0}, "2: 1 |2;"},
    {"tabs as delimiter, trimmed", S("a\tb\n1\t\n\t2\n"),
	{.delimiter = '\t', .trim = true}, "2:1|;3:|2;"},
    {"no quoting", S("a,b\n\"1,2\"\n"), {.quote = '\n'}, "2:\"1|2\";"},
    {"another quote", S("a,b\n'1,1',2\n"), {.quote = '\''}, "2:1,1|2;"},
    {"given names, no header", S("1,2\n3,4\n"),
	{.no_header = true, .names = two, .nnames = 2}, "1:1|2;2:3|4;"},
    {"GB18030", S("a,b\n\xb1\xb1\xbe\xa9,\xc9\xcf\xba\xa3\n"), {.encoding = "GB18030"},
	"2:北京|上海;"},
    {"Latin-2", S("a,b\n\xbb\xef\xe1r,2\n"), {.encoding = "ISO-8859-2"}, "2:ťďár|2;"},
    {"UTF-16 with its mark",
	S("\xff\xfe"
	  "a\0,\0b\0\n\0"
	  "1\0,\0"
	  "2\0\n\0"),
	{.encoding = "UTF-16"}, "2:1|2;"},
    {"too few fields, then on", S("a,b\n1\n3,4\n"), {0},
	"!t:2: 1 field where there are 2 columns; the last one read is a;3:3|4;"},
    {"too many fields, then on", S("a,b\n1,2,3\n3,4\n"), {0},
	"!t:2: 3 fields where there are 2 columns; the last one read is b;3:3|4;"},
    {"text after a closing quote, then on", S("a,b\n\"1\"x,2\n3,4\n"), {0},
	"!t:2: text after the closing quote of a field (a quote inside a quoted field "
	"is written twice);3:3|4;"},
    {"an open quote names the line where it begins", S("a,b\n1,2\n3,\"x\ny\nz"), {0},
	"2:1|2;!t:3: a quoted field that never ends begins here"},
    {"not UTF-8", S("a,b\n1,2\n\xb1\xb1,4\n"), {0},
	"2:1|2;!t:3: column 1: byte 0xb1 is not UTF-8 (name the encoding in the "
	"mapping, as \"encoding\": \"GB18030\")"},
    {"overlong UTF-8", S("a,b\n\xc0\xaf,4\n"), {0},
	"!t:2: column 1: byte 0xc0 is not UTF-8 (name the encoding in the "
	"mapping, as \"encoding\": \"GB18030\")"},
    {"cut inside a character", S("a,b\n北,\xe5\x8c"), {0},
	"!t:2: column 3: byte 0xe5 is not UTF-8 (name the encoding in the "
	"mapping, as \"encoding\": \"GB18030\")"},
    {"NUL",
	S("a,b\n1,\0"
	  "2\n"),
	{0}, "!t:2: column 3: a NUL byte"},
    {"bad bytes of another encoding", S("a,b\n1,2\n\xff\xff\xff,4\n"),
	{.encoding = "GB18030"},
	"2:1|2;!t:3: column 1: byte 0xff is not of the encoding GB18030"},
    {"a bad byte of another encoding after good characters",
	S("a,b\n\xb1\xb1,2\n\xb1\xb1,\xff\xff\n"), {.encoding = "GBK"},
	"2:北|2;!t:3: column 3: byte 0xff is not of the encoding GBK"},
    {"GB18030 beyond GBK", S("a,b\n\x95\x32\x82\x36,\x84\x31\xa4\x37\n"),
	{.encoding = "GB18030"}, "2:𠀀|�;"},
    {"UTF-16 that only its mark tells",
	S("\xfe\xff"
	  "\0a\0,\0b\0\n\x53\x17\0,\0"
	  "2\0\n"),
	{0}, "2:北|2;"},
    {"a file of rejected rows reads as the one it came from",
	S("reject_line,reject_column,reject_reason,a,b\n7,dob,no date,1,2\n"
	  "9,,too few,3\n"),
	{0}, "2:1|2;!t:3: 1 field where there are 2 columns; the last one read is a;"},
    {"the same without a header",
	S("reject_line,reject_column,reject_reason\n7,dob,no date,1,2\n"),
	{.no_header = true, .names = two, .nnames = 2}, "2:1|2;"},
    {"without a header a bad first row is told", S("\"1\"x,2\n3,4\n"),
	{.no_header = true, .names = two, .nnames = 2},
	"!t:1: text after the closing quote of a field (a quote inside a quoted field "
	"is written twice);2:3|4;"},
    {"lines of JSON",
	S("{\"a\": 1, \"b\": {\"c\": \"x\"}}\n\n {\"b\":{\"c\":12.10,\"d\":[1, {\"e\":2}]}}"),
	{.json = true}, "1:1|x|;3:|12.10|[1, {\"e\":2}];"},
    {"lines of JSON with named paths",
	S("{\"b\": true, \"a\": null, \"c\": 3}\r\n{\"a\": \"\\u5317\\ud840\\udc00\\n\"}\n"),
	{.json = true, .names = two, .nnames = 2}, "1:|true;2:北𠀀\n|;"},
    {"JSON that is none, then on",
	S("{\"a\": 1, \"b\": 2}\n{\"a\": 1,}\n[1]\n{\"a\": 01}\n{\"a\":1}x\n"
	  "{\"a\":\"\\u0000\"}\n{\"a\":1,\"a\":2}\n{\"北\":\"x\n{\"a\":\"\\ud800\"}\n"
	  "{\"a\":3}\n"),
	{.json = true, .names = two, .nnames = 2},
	"1:1|2;!t:2: column 9: a name in quotes is wanted here;"
	"!t:3: column 1: the line is a JSON list; one object a line is wanted;"
	"!t:4: column 9: this is no number of JSON;"
	"!t:5: column 8: something follows the object;"
	"!t:6: column 13: a NUL in a string;"
	"!t:7: the value of a is there twice;"
	"!t:8: column 8: the line ends inside a string;"
	"!t:9: column 13: half of a surrogate pair;10:3|;"},
    {"lines of JSON that are too long", S("{\"a\": \"1234567890\"}\n"),
	{.json = true, .names = two, .nnames = 2, .max_record = 10},
	"!t:1: the line is too long"},
    {"JSON in another encoding", S("{\"a\": \"\xb1\xb1\xbe\xa9\"}\n"),
	{.json = true, .encoding = "GB18030"}, "1:北京;"},
    {"row limit", S("a,b\n1,2\n3,4\n5,6\n"), {.max_rows = 2},
	"2:1|2;3:3|4;!t:5: more rows than the limit allows"},
    {"record limit", S("a,b\n1,2\n3,4444444444444444\n"), {.max_record = 10},
	"2:1|2;!t:3: the record is too long (a quote left open?)"},
};

START_TEST(records)
{
	const struct csv_case *c = &cases[_i];
	struct csv *csv;
	struct stw_err err = {0};
	struct buf got;

	buf_init(&got);
	ck_assert_msg(
	    csv_open_memory("t", c->text, c->len, &c->format, &csv, &err) == STW_OK,
	    "%s: %s", c->name, err.text);
	read_all(csv, &got);
	ck_assert_msg(strcmp(got.data != NULL ? got.data : "", c->want) == 0,
	    "%s:\n got %s\nwant %s", c->name, got.data, c->want);
	csv_close(csv);
	buf_fini(&got);
}
END_TEST

static const struct {
	const char *name, *text;
	struct csv_format format;
	const char *want;
} refused[] = {
    {"empty file", "", {0}, "t: the file is empty, not even a header"},
    {"empty JSON", "", {.json = true}, "t: the file is empty"},
    {"lines that are no JSON at all", "a,b\n1,2\n", {.json = true},
	"t: there is no JSON object in the first 1000 lines; one a line is wanted, not a "
	"list of them"},
    {"JSON that is read as text", "{\"a\":1,\"b\":2}\n", {0},
	"t:1: this is no header but JSON, it seems: \"kind\": \"ndjson\" reads one object a "
	"line"},
    {"UTF-8 that is said to be GB18030", "a,b\n张伟,1\n", {.encoding = "GB18030"},
	"t:1: the text is UTF-8 and not GB18030, as which it would come in garbled: leave "
	"the encoding out of the mapping"},
    {"UTF-8 by its mark that is said to be GBK",
	"\xef\xbb\xbf"
	"a,b\n1,1\n",
	{.encoding = "GBK"},
	"t:1: the text is UTF-8 and not GBK, as which it would come in garbled: leave the "
	"encoding out of the mapping"},
    {"a column twice", "a,b,a\n", {0},
	"t: columns 1 and 3 of the header are both called a; \"names\" in the mapping "
	"tells them apart"},
    {"nothing but the notes of rejected rows",
	"reject_line,reject_column,reject_reason\n7,,x\n", {0},
	"t: the header names no column of data, only what was wrong with rejected rows"},
    {"a column without a name", "a,,b\n", {0}, "t: column 2 of the header has no name"},
    {"names that do not fit the header", "a,b,c\n", {.names = two, .nnames = 2},
	"t: the header has 3 columns, 2 names are given"},
    {"no header and no names", "1,2\n", {.no_header = true},
	"t: a file without a header needs names for its columns"},
    {"an encoding nobody knows", "a\n", {.encoding = "klingon"},
	"t: no encoding is called \"klingon\""},
    {"a delimiter that is the quote", "a\n", {.delimiter = '"'},
	"t: the delimiter must be one ASCII character other than the quote"},
    {"too many columns", "a,b,c\n", {.max_columns = 2}, "t:1: too many columns"},
    {"too many columns where the file ends", "a,b,c", {.max_columns = 2},
	"t:1: too many columns"},
};

START_TEST(files_that_cannot_be_read)
{
	struct csv *csv;
	struct stw_err err = {0};

	ck_assert_int_eq(csv_open_memory("t", refused[_i].text,
			     strlen(refused[_i].text), &refused[_i].format, &csv, &err),
	    STW_INVALID);
	ck_assert_str_eq(err.text, refused[_i].want);
	ck_assert_ptr_null(csv);
}
END_TEST

/* 20,000 rows whose multi-byte characters and quotes fall on every buffer boundary. */
static void
big_text(struct buf *to, struct buf *want)
{
	buf_add_c(to, "a,b\r\n");
	for (int i = 0; i < 20000; i++) {
		buf_printf(
		    to, "%d,\"%.*s客户\"\"%d\"\"\"\r\n", i, i % 13, "xxxxxxxxxxxxx", i);
		buf_printf(want, "%d:%d|%.*s客户\"%d\";", i + 2, i, i % 13,
		    "xxxxxxxxxxxxx", i);
	}
}

START_TEST(a_gzip_file_reads_as_the_file_in_it)
{
	char path[] = "/tmp/stw_test_csv_XXXXXX";
	int fd = mkstemp(path);
	gzFile gz = gzdopen(fd, "wb");
	const struct csv_format format = {0};
	struct buf text, want, got;
	struct stw_err err = {0};
	struct csv *csv;

	buf_init(&text);
	buf_init(&want);
	buf_init(&got);
	big_text(&text, &want);
	ck_assert_int_eq(gzwrite(gz, text.data, (unsigned)text.len), (int)text.len);
	(void)gzclose(gz);
	ck_assert_int_eq(csv_open(path, &format, &csv, &err), STW_OK);
	read_all(csv, &got);
	ck_assert_str_eq(got.data, want.data);
	ck_assert_int_eq(csv_rows(csv), 20000);
	ck_assert_int_gt(csv_bytes_read(csv), 0);
	csv_close(csv);

	/* Cut in the middle: the rows before the cut, then an error, never a silent end. */
	ck_assert_int_eq(truncate(path, 20000), 0);
	buf_clear(&got);
	ck_assert_int_eq(csv_open(path, &format, &csv, &err), STW_OK);
	read_all(csv, &got);
	ck_assert_ptr_nonnull(strstr(got.data, "the gzip stream ends too early"));
	csv_close(csv);
	(void)unlink(path);
	buf_fini(&text);
	buf_fini(&want);
	buf_fini(&got);
}
END_TEST

static size_t
pack(const char *text, char *to, size_t room)
{
	z_stream z = {.next_in = (unsigned char *)(uintptr_t)text,
	    .avail_in = (unsigned)strlen(text),
	    .next_out = (unsigned char *)to,
	    .avail_out = (unsigned)room};

	ck_assert_int_eq(
	    deflateInit2(&z, 6, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY), Z_OK);
	ck_assert_int_eq(deflate(&z, Z_FINISH), Z_STREAM_END);
	(void)deflateEnd(&z);
	return (size_t)z.total_out;
}

/* what follows two members, how many bytes of the end are missing, which byte from the
 * end is changed, the records */
static const struct {
	const char *name, *tail;
	size_t tail_len, cut, flip;
	const char *want;
} gzips[] = {
    {"two members are one text", S(""), 0, 0, "2:1|2;3:3|4;"},
    {"zeros behind it are padding", S("\0\0\0"), 0, 0, "2:1|2;3:3|4;"},
    {"something else behind it", S("x,y\n"), 0, 0,
	"2:1|2;3:3|4;!t:4: something that is not gzip follows the gzip stream (byte"},
    {"a cut member", S(""), 3, 0, "2:1|2;3:3|4;!t:4: the gzip stream ends too early"},
    {"a header alone", S("\x1f\x8b\x08"), 0, 0,
	"2:1|2;3:3|4;!t:4: the gzip stream ends too early (byte"},
    {"a wrong check sum", S(""), 0, 8, "2:1|2;3:3|4;!t:4: the gzip stream is damaged"},
};

START_TEST(gzip_that_is_odd)
{
	const struct csv_format format = {0};
	struct stw_err err = {0};
	struct csv *csv;
	struct buf got;
	char data[500];
	size_t n = pack("a,b\n1,", data, sizeof data);

	n += pack("2\n3,4\n", data + n, sizeof data - n);
	memcpy(data + n, gzips[_i].tail, gzips[_i].tail_len);
	n += gzips[_i].tail_len - gzips[_i].cut;
	if (gzips[_i].flip > 0)
		data[n - gzips[_i].flip] ^= 1;
	buf_init(&got);
	ck_assert_msg(csv_open_memory("t", data, n, &format, &csv, &err) == STW_OK,
	    "%s: %s", gzips[_i].name, err.text);
	read_all(csv, &got);
	ck_assert_msg(strncmp(got.data, gzips[_i].want, strlen(gzips[_i].want)) == 0,
	    "%s:\n got %s\nwant %s", gzips[_i].name, got.data, gzips[_i].want);
	csv_close(csv);
	buf_fini(&got);
}
END_TEST

START_TEST(a_bad_byte_far_into_a_long_line_has_its_column)
{
	const struct csv_format format = {0};
	struct stw_err err = {0};
	struct csv *csv;
	struct buf text;
	bool more;

	buf_init(&text);
	buf_add_c(&text, "a\n1\n");
	for (int i = 0; i < 50000; i++)
		buf_add_c(&text, "北");
	buf_add_c(&text, "\xff\n");
	ck_assert_int_eq(
	    csv_open_memory("t", text.data, text.len, &format, &csv, &err), STW_OK);
	ck_assert_int_eq(csv_next(csv, &more, &err), STW_OK);
	ck_assert_int_eq(csv_next(csv, &more, &err), STW_INVALID);
	ck_assert_int_eq(err.line, 3);
	ck_assert_int_eq(err.column, 50001);
	ck_assert_str_eq(err.text,
	    "t:3: column 50001: byte 0xff is not UTF-8 (name the "
	    "encoding in the mapping, as \"encoding\": \"GB18030\")");
	csv_close(csv);
	buf_fini(&text);
}
END_TEST

START_TEST(a_record_knows_its_lines_and_the_file_its_delimiter)
{
	const struct csv_format format = {0};
	struct stw_err err = {0};
	struct csv *csv;
	bool more;

	ck_assert_int_eq(
	    csv_open_memory("t", S("a;b\n\"1\n2\"\n3"), &format, &csv, &err), STW_OK);
	ck_assert_int_eq(csv_delimiter_guess(csv), ';');
	ck_assert_int_eq(csv_next(csv, &more, &err), STW_OK);
	ck_assert_int_eq(csv_line(csv), 2);
	ck_assert_int_eq(csv_last_line(csv), 3);
	ck_assert_int_eq(csv_next(csv, &more, &err), STW_OK);
	ck_assert_int_eq(csv_line(csv), 4);
	ck_assert_int_eq(csv_last_line(csv), 4);
	csv_close(csv);
}
END_TEST

START_TEST(a_missing_file_is_not_found_and_named_without_its_path)
{
	const struct csv_format format = {0};
	struct stw_err err = {0};
	struct csv *csv;

	ck_assert_int_eq(
	    csv_open("/nowhere/customers.csv", &format, &csv, &err), STW_NOT_FOUND);
	ck_assert_str_eq(
	    err.text, "customers.csv is not there, neither packed nor unpacked");
}
END_TEST

START_TEST(columns_are_found_by_name)
{
	const struct csv_format format = {0};
	struct stw_err err = {0};
	struct csv *csv;

	ck_assert_int_eq(
	    csv_open_memory("t", "id, 姓名 \n1,x\n", 15, &format, &csv, &err), STW_OK);
	ck_assert_int_eq(csv_columns(csv), 2);
	ck_assert_str_eq(csv_column_name(csv, 1), "姓名");
	ck_assert_int_eq(csv_find_column(csv, "姓名"), 1);
	ck_assert_int_eq(csv_find_column(csv, "x"), -1);
	csv_close(csv);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("csv");
	TCase *tc = tcase_create("csv");
	SRunner *runner;
	int failed;

	tcase_add_loop_test(tc, records, 0, (int)STW_ARRAY_LEN(cases));
	tcase_add_loop_test(
	    tc, files_that_cannot_be_read, 0, (int)STW_ARRAY_LEN(refused));
	tcase_add_test(tc, a_gzip_file_reads_as_the_file_in_it);
	tcase_add_loop_test(tc, gzip_that_is_odd, 0, (int)STW_ARRAY_LEN(gzips));
	tcase_add_test(tc, a_bad_byte_far_into_a_long_line_has_its_column);
	tcase_add_test(tc, a_record_knows_its_lines_and_the_file_its_delimiter);
	tcase_add_test(tc, a_missing_file_is_not_found_and_named_without_its_path);
	tcase_add_test(tc, columns_are_found_by_name);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
