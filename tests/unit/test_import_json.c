/* The mapping document and its expressions, without a database. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <check.h>

#include "engine/embed.h"
#include "segments/import_priv.h"

#define AS_OF (INT64_C(1795399200) * STW_USEC_SEC) /* 2026-11-23T02:00:00Z */
#define HEAD  "{\"name\":\"t\",\"currency\":\"CNY\",\"zone\":\"Asia/Shanghai\","
#define FILE_OF(target, rest) \
	HEAD "\"files\":[{\"file\":\"a.csv\",\"target\":\"" target "\"," rest "}]}"
#define HOLDING "\"customer\":\"row.c\",\"holding_ref\":\"row.h\",\"kind\":\"row.k\""

/* ---- documents that are refused --------------------------------------------------------- */
static const struct {
	const char *name, *json, *want;
} refused[] = {
    {"no JSON", "{\n \"name\": }", "mapping: 2:10: "},
    {"a key twice", "{\"name\":\"a\",\"name\":\"b\"}", "mapping: 1:"},
    {"no object", "[]", "mapping: must be a JSON object"},
    {"an unknown key", HEAD "\"fies\":[]}",
	"mapping: nothing is called 'fies' here; did you mean 'files'?"},
    {"no name", "{\"currency\":\"CNY\",\"zone\":\"UTC\",\"files\":[]}",
	"mapping.name: is missing"},
    {"a bad name",
	"{\"name\":\"A b\",\"currency\":\"CNY\",\"zone\":\"UTC\",\"files\":[]}",
	"mapping.name: must be a word of a-z, 0-9, _ and -"},
    {"a bad currency",
	"{\"name\":\"t\",\"currency\":\"yuan\",\"zone\":\"UTC\",\"files\":[]}",
	"mapping.currency: must be three capital letters: \"CNY\""},
    {"a zone nobody knows",
	"{\"name\":\"t\",\"currency\":\"CNY\",\"zone\":\"Asia/Peking\",\"files\":[]}",
	"mapping.zone: "},
    {"no files", HEAD "\"files\":[]}", "files: must be a list of at least one file"},
    {"an unknown target", FILE_OF("costumer", "\"columns\":{}"),
	"files[0].target: there is no target 'costumer'; did you mean 'customer'?"},
    {"an unknown column",
	FILE_OF("customer", "\"columns\":{\"ref\":\"row.a\",\"opend_on\":\"row.b\"}"),
	"files[0].columns: customer has no column 'opend_on'; did you mean 'opened_on'?"},
    {"a needed column is missing",
	FILE_OF("customer", "\"columns\":{\"dob\":\"row.b\"}"),
	"files[0].columns: customer needs the column 'ref'"},
    {"a file outside",
	HEAD "\"files\":[{\"file\":\"../x\",\"target\":\"txn\",\"columns\":{}}]}",
	"files[0].file: must be a path inside the data directory"},
    {"an absolute file",
	HEAD "\"files\":[{\"file\":\"/etc/x\",\"target\":\"txn\",\"columns\":{}}]}",
	"files[0].file: must be a path inside the data directory"},
    {"a delimiter of two",
	FILE_OF("customer", "\"delimiter\":\"::\",\"columns\":{\"ref\":\"row.a\"}"),
	"files[0].delimiter: must be one ASCII character"},
    {"a wrong way with phones",
	FILE_OF(
	    "customer", "\"on_bad_phone\":\"keep\",\"columns\":{\"ref\":\"row.a\"}"),
	"files[0].on_bad_phone: must be \"reject\" or \"skip\""},
    {"a region without numbers", HEAD "\"region\":\"XX\",\"files\":[]}",
	"mapping.region: XX has no numbering plan"},
    {"two shifts", HEAD "\"shift_days\":1,\"shift\":{},\"files\":[]}",
	"shift: give shift or shift_days, not both"},
    {"a shift from no day",
	HEAD "\"shift\":{\"from\":\"1999\",\"to\":\"as_of\"},\"files\":[]}",
	"shift.from: must be a day such as 1999-01-01"},
    {"made-up data without a word about it",
	HEAD "\"files\":[],\"synthetic\":{\"files\":[]}}",
	"synthetic.note: is missing: say what is made up, and how"},
    {"two lookups of one name",
	HEAD
	"\"lookups\":[{\"name\":\"a\",\"file\":\"f\",\"key\":\"row.k\","
	"\"value\":\"row.v\"},{\"name\":\"a\",\"file\":\"f\",\"key\":\"row.k\",\"value\":\"row.v\"}],"
	"\"files\":[]}",
	"lookups[1].name: lookups[0] is called 'a' too"},
};

START_TEST(a_wrong_document_is_refused_by_its_path)
{
	struct import_mapping mapping;
	struct stw_err err = {0};
	struct arena arena;

	arena_init(&arena);
	ck_assert_int_eq(import_mapping_parse(
			     str_of(refused[_i].json), AS_OF, &arena, &mapping, &err),
	    STW_INVALID);
	ck_assert_msg(strstr(err.text, refused[_i].want) == err.text,
	    "%s:\n got %s\nwant %s", refused[_i].name, err.text, refused[_i].want);
	arena_fini(&arena);
}
END_TEST

/* ---- expressions that are refused ------------------------------------------------------ */
static const struct {
	const char *name, *json;
	const char *csv; /* NULL: checked without data */
	const char *want;
	int line, column;
} wrong[] = {
    {"a syntax error, placed",
	FILE_OF("customer", "\"columns\":{\"ref\":[\"row.a +\",\" ) \"]}"), NULL,
	"files[0].columns.ref: 2:2: ", 2, 2},
    {"an unknown function",
	FILE_OF("customer", "\"columns\":{\"ref\":\"shfit(row.a)\"}"), NULL,
	"files[0].columns.ref: 1:1: ", 1, 1},
    {"a type that does not fit",
	FILE_OF("customer", "\"columns\":{\"ref\":\"row.a\",\"dob\":\"1 + 1\"}"), NULL,
	"files[0].columns.dob: 1:1: the expression gives int, the column wants a date, or a "
	"string such as 2026-11-23",
	1, 1},
    {"a where that is no bool",
	FILE_OF("customer", "\"where\":\"row.a\",\"columns\":{\"ref\":\"row.a\"}"),
	"a\n1\n", "files[0].where: 1:5: ", 1, 5},
    {"a column the file does not have",
	FILE_OF("customer", "\"columns\":{\"ref\":\"row.ab\"}"), "aa,b\n1,2\n",
	"files[0].columns.ref: 1:5: no field 'ab' in row; did you mean 'aa'?; the file has "
	"row.aa, row.b",
	1, 5},
    {"a column of a Chinese header that it does not have",
	FILE_OF("customer", "\"columns\":{\"ref\":\"row.`客户编号`\"}"),
	"客户号,2026年,b b\n1,2,3\n",
	"files[0].columns.ref: 1:5: no field '客户编号' in row; did you mean '客户号'?; the "
	"file has row.`客户号`, row.`2026年`, row.b_b",
	1, 5},
    {"a Chinese column without its quotes",
	FILE_OF("customer", "\"columns\":{\"ref\":\"row.客户号\"}"), "客户号\n1\n",
	"files[0].columns.ref: 1:5: unexpected character '客'; write '`客户号`'", 1, 5},
    {"a lookup nobody made",
	FILE_OF("customer", "\"columns\":{\"ref\":\"lookup('x', row.a)\"}"), NULL,
	"files[0].columns.ref: no lookup called 'x' comes before this", 0, 0},
    {"columns that cannot be told apart",
	FILE_OF("customer", "\"columns\":{\"ref\":\"row.a\"}"), "a-b,a_b\n",
	"a.csv: columns 1 and 2 are both row.a_b in an expression", 0, 0},
};

START_TEST(a_wrong_expression_is_refused_by_path_line_and_column)
{
	const struct csv_format format = {0};
	struct import_mapping mapping;
	struct stw_err err = {0};
	struct arena arena;
	struct csv *csv = NULL;

	arena_init(&arena);
	ck_assert_msg(import_mapping_parse(str_of(wrong[_i].json), AS_OF, &arena,
			  &mapping, &err) == STW_OK,
	    "%s: %s", wrong[_i].name, err.text);
	if (wrong[_i].csv != NULL)
		ck_assert_int_eq(csv_open_memory("a.csv", wrong[_i].csv,
				     strlen(wrong[_i].csv), &format, &csv, &err),
		    STW_OK);
	ck_assert_int_eq(
	    import_compile_file(&mapping, &mapping.files[0], csv, &arena, &err),
	    STW_INVALID);
	ck_assert_msg(strstr(err.text, wrong[_i].want) == err.text,
	    "%s:\n got %s\nwant %s", wrong[_i].name, err.text, wrong[_i].want);
	ck_assert_int_eq(err.line, wrong[_i].line);
	ck_assert_int_eq(err.column, wrong[_i].column);
	csv_close(csv);
	import_mapping_fini(&mapping);
	arena_fini(&arena);
}
END_TEST

/* ---- one row --------------------------------------------------------------------------- */
/* The cells of the first row as "column=value" pairs, or "bad column: reason". */
static void
row_text(const char *json, const char *data, struct buf *to)
{
	const struct csv_format format = {0};
	struct import_cell cells[IMPORT_MAX_COLUMNS];
	struct import_mapping mapping;
	struct import_ctx ctx = {.mapping = &mapping, .as_of = AS_OF};
	const struct import_target_def *def;
	struct import_fault fault;
	struct stw_err err = {0};
	struct arena arena;
	struct csv *csv;
	int64_t skipped = 0;
	bool more;

	arena_init(&arena);
	arena_init(&ctx.row);
	ck_assert_msg(
	    import_mapping_parse(str_of(json), AS_OF, &arena, &mapping, &err) == STW_OK,
	    "%s", err.text);
	ck_assert_int_eq(
	    csv_open_memory("a.csv", data, strlen(data), &format, &csv, &err), STW_OK);
	ck_assert_msg(import_compile_file(
			  &mapping, &mapping.files[0], csv, &arena, &err) == STW_OK,
	    "%s", err.text);
	ck_assert_int_eq(csv_next(csv, &more, &err), STW_OK);
	ck_assert(more);
	def = import_target_def(mapping.files[0].target);
	switch (import_row_read(
	    &ctx, &mapping.files[0], csv, &arena, cells, &skipped, &fault)) {
	case IMPORT_ROW_BAD:
		buf_printf(to, "bad %s: %s", fault.column, fault.reason);
		break;
	case IMPORT_ROW_SKIPPED:
		buf_add_c(to, "skipped");
		break;
	case IMPORT_ROW_OK:
		for (int i = 0; def->columns[i].name != NULL; i++) {
			if (mapping.files[0].columns[i].text.ptr == NULL ||
			    !cells[i].has)
				continue;
			buf_printf(to, "%s=", def->columns[i].name);
			if (cells[i].phone != NULL)
				buf_add_c(to, cells[i].phone->e164);
			else if (def->columns[i].type == IMPORT_TEXT)
				buf_add_str(to, cells[i].s);
			else
				buf_printf(to, "%lld", (long long)cells[i].i);
			buf_add_char(to, ' ');
		}
		break;
	}
	csv_close(csv);
	import_mapping_fini(&mapping);
	arena_fini(&ctx.row);
	arena_fini(&arena);
}

static const struct {
	const char *name, *json, *csv, *want;
} rows[] = {
    {"texts as they are",
	FILE_OF("holding", "\"columns\":{" HOLDING ",\"amount\":\"row.a\"}"),
	"c,h,k,a\nC1,H1,fund,12.5\n",
	"customer=C1 holding_ref=H1 kind=fund amount=1250 "},
    {"ints become texts", FILE_OF("customer", "\"columns\":{\"ref\":\"40 + 2\"}"),
	"a\nx\n", "ref=42 "},
    {"columns by the names their header has",
	FILE_OF("customer",
	    "\"columns\":{\"ref\":\"row.`客户号`\",\"name\":\"row.`姓名（全称）`\","
	    "\"branch\":\"row.`first branch`\",\"manager\":\"row.first_branch\","
	    "\"city\":\"row.`2026 市`\"}"),
	"客户号,姓名（全称）,first branch,2026 市\nC1,张伟,b,城\n",
	"ref=C1 name=张伟 city=城 branch=b manager=b "},
    {"a missing cell is no value",
	FILE_OF("customer", "\"columns\":{\"ref\":\"row.a\",\"dob\":\"row.b\"}"),
	"a,b\nC1,\n", "ref=C1 "},
    {"a missing cell that is needed",
	FILE_OF("customer", "\"columns\":{\"ref\":\"row.a\"}"), "a,b\n,x\n",
	"bad ref: has no value"},
    {"dates from text and from dates",
	FILE_OF("customer",
	    "\"columns\":{\"ref\":\"row.a\",\"dob\":\"row.b\",\"opened_on\":\"date(row.b) + 1\"}"),
	"a,b\nC1,1970-01-02\n", "ref=C1 dob=1 opened_on=2 "},
    {"no 30 February",
	FILE_OF("customer", "\"columns\":{\"ref\":\"row.a\",\"dob\":\"row.b\"}"),
	"a,b\nC1,2023-02-30\n",
	"bad dob: wants a date, or a string such as 2026-11-23"},
    {"parse_date by form",
	FILE_OF("customer",
	    "\"columns\":{\"ref\":\"row.a\",\"dob\":\"parse_date(row.b, 'yymmdd')\","
	    "\"opened_on\":\"parse_date(row.c, 'dd.mm.yyyy')\"}"),
	"a,b,c\nC1,700103,04.01.1970\n", "ref=C1 dob=2 opened_on=3 "},
    {"parse_date of another form",
	FILE_OF("customer",
	    "\"columns\":{\"ref\":\"row.a\",\"dob\":\"parse_date(row.b, 'yymmdd')\"}"),
	"a,b\nC1,7001\n",
	"bad dob: 1:1: parse_date: the text does not have the form stated"},
    {"parse_date of no day",
	FILE_OF("customer",
	    "\"columns\":{\"ref\":\"row.a\",\"dob\":\"parse_date(row.b, 'yymmdd')\"}"),
	"a,b\nC1,701301\n", "bad dob: 1:1: parse_date: there is no such day"},
    {"shift by days",
	HEAD "\"shift_days\":-2,\"files\":[{\"file\":\"a.csv\",\"target\":\"customer\","
	     "\"columns\":{\"ref\":\"row.a\",\"dob\":\"shift(date(row.b))\"}}]}",
	"a,b\nC1,1970-01-05\n", "ref=C1 dob=2 "},
    {"shift to the as-of day",
	HEAD
	"\"shift\":{\"from\":\"1999-01-01\",\"to\":\"as_of\"},\"files\":[{"
	"\"file\":\"a.csv\",\"target\":\"customer\",\"columns\":{\"ref\":\"row.a\","
	"\"dob\":\"shift(date(row.b))\"}}]}",
	"a,b\nC1,1998-12-31\n", "ref=C1 dob=20779 "},
    {"a day is its first instant in the zone",
	FILE_OF("interaction",
	    "\"columns\":{\"customer\":\"row.c\",\"interaction_ref\":\"string(line)\",\"kind\":\"'x'\","
	    "\"at\":\"row.at\"}"),
	"c,at\nC1,1970-01-02\n",
	"customer=C1 interaction_ref=2 at=57600000000 kind=x "},
    {"a local time",
	FILE_OF("interaction",
	    "\"columns\":{\"customer\":\"row.c\",\"interaction_ref\":\"'1'\",\"kind\":\"'x'\","
	    "\"at\":\"row.at\"}"),
	"c,at\nC1,1970-01-02 08:00:01\n",
	"customer=C1 interaction_ref=1 at=86401000000 kind=x "},
    {"an instant",
	FILE_OF("interaction",
	    "\"columns\":{\"customer\":\"row.c\",\"interaction_ref\":\"'1'\",\"kind\":\"'x'\","
	    "\"at\":\"row.at\"}"),
	"c,at\nC1,1970-01-01T01:00:00+01:00\n",
	"customer=C1 interaction_ref=1 at=0 kind=x "},
    {"no such time",
	FILE_OF("interaction",
	    "\"columns\":{\"customer\":\"row.c\",\"interaction_ref\":\"'1'\",\"kind\":\"'x'\","
	    "\"at\":\"row.at\"}"),
	"c,at\nC1,1970-01-01 24:00:01\n",
	"bad at: wants a timestamp, a date, or a string such as 2026-11-23T10:00:00Z"},
    {"money of another currency",
	FILE_OF(
	    "holding", "\"columns\":{" HOLDING ",\"amount\":\"money(row.a, 'USD')\"}"),
	"c,h,k,a\nC1,H1,fund,1\n",
	"bad amount: is in USD, the mapping's currency is CNY"},
    {"money in the rule language",
	FILE_OF("holding", "\"columns\":{" HOLDING ",\"amount\":\"money(row.a) * 2\"}"),
	"c,h,k,a\nC1,H1,fund,1.25\n",
	"customer=C1 holding_ref=H1 kind=fund amount=250 "},
    {"words",
	FILE_OF("customer", "\"columns\":{\"ref\":\"row.a\",\"gender\":\"row.b\"}"),
	"a,b\nC1,male\n", "ref=C1 gender=male "},
    {"part of a word",
	FILE_OF("customer", "\"columns\":{\"ref\":\"row.a\",\"gender\":\"row.b\"}"),
	"a,b\nC1,ale\n", "bad gender: wants one of: female male"},
    {"booleans",
	FILE_OF("customer",
	    "\"columns\":{\"ref\":\"row.a\",\"deceased\":\"row.b\",\"risk_valid\":\"row.b != 'Y'\"}"),
	"a,b\nC1,Y\n", "ref=C1 risk_valid=0 deceased=1 "},
    {"what is no boolean",
	FILE_OF("customer", "\"columns\":{\"ref\":\"row.a\",\"deceased\":\"row.b\"}"),
	"a,b\nC1,maybe\n",
	"bad deceased: wants a bool, or one of true false yes no 1 0"},
    {"a rating out of range",
	FILE_OF(
	    "customer", "\"columns\":{\"ref\":\"row.a\",\"risk_rating\":\"row.b\"}"),
	"a,b\nC1,6\n", "bad risk_rating: must lie from 1 to 5"},
    {"a long reference", FILE_OF("customer", "\"columns\":{\"ref\":\"row.a\"}"),
	"a\n12345678901234567890123456789012345678901234567890123456789012345\n",
	"bad ref: is longer than 64 bytes"},
    {"a zone nobody knows",
	FILE_OF("customer", "\"columns\":{\"ref\":\"row.a\",\"zone\":\"row.b\"}"),
	"a,b\nC1,Asia/Peking\n", "bad zone: is no time zone of the tz database"},
    {"a phone of the region",
	FILE_OF("customer",
	    "\"region\":\"CN\",\"columns\":{\"ref\":\"row.a\",\"phone\":\"row.b\"}"),
	"a,b\nC1,134 9100 0001\n", "ref=C1 phone=+8613491000001 "},
    {"a phone without a region",
	FILE_OF("customer", "\"columns\":{\"ref\":\"row.a\",\"phone\":\"row.b\"}"),
	"a,b\nC1,13491000001\n",
	"bad phone: no country: write it internationally (+86 ...) or state a region"},
    {"a bad phone, skipped",
	FILE_OF("customer",
	    "\"region\":\"CN\",\"on_bad_phone\":\"skip\",\"columns\":{\"ref\":\"row.a\","
	    "\"phone\":\"row.b\"}"),
	"a,b\nC1,12\n", "ref=C1 "},
    {"a row that where leaves out",
	FILE_OF(
	    "customer", "\"where\":\"row.b == 'x'\",\"columns\":{\"ref\":\"row.a\"}"),
	"a,b\nC1,y\n", "skipped"},
    {"a where without an answer leaves out",
	FILE_OF(
	    "customer", "\"where\":\"row.b == 'x'\",\"columns\":{\"ref\":\"row.a\"}"),
	"a,b\nC1,\n", "skipped"},
    {"a where that fails",
	FILE_OF(
	    "customer", "\"where\":\"int(row.b) > 1\",\"columns\":{\"ref\":\"row.a\"}"),
	"a,b\nC1,secret\n", "bad where: "},
    {"dashes in a header", FILE_OF("customer", "\"columns\":{\"ref\":\"row.a_b\"}"),
	"a-b\nC1\n", "ref=C1 "},
};

START_TEST(a_row_becomes_typed_cells)
{
	struct buf got;

	buf_init(&got);
	row_text(rows[_i].json, rows[_i].csv, &got);
	ck_assert_msg(
	    strstr(got.data != NULL ? got.data : "", rows[_i].want) == got.data &&
		(strcmp(got.data, rows[_i].want) == 0 ||
		    rows[_i].want[strlen(rows[_i].want) - 2] == ':'),
	    "%s:\n got %s\nwant %s", rows[_i].name, got.data, rows[_i].want);
	/* What a cell holds may be somebody's: it is never in a message. */
	ck_assert_ptr_null(strstr(got.data, "secret"));
	buf_fini(&got);
}
END_TEST

/* ---- lookups ------------------------------------------------------------------------------ */
static void
put(const char *dir, const char *name, const char *text)
{
	char path[128];
	FILE *file;

	(void)snprintf(path, sizeof path, "%s/%s", dir, name);
	file = fopen(path, "w");
	ck_assert_ptr_nonnull(file);
	ck_assert_int_ge(fputs(text, file), 0);
	ck_assert_int_eq(fclose(file), 0);
}

START_TEST(lookups_read_in_order_keep_first_or_last_and_chain)
{
	static const char json[] = HEAD
	    "\"lookups\":["
	    "{\"name\":\"last\",\"file\":\"l.csv\",\"key\":\"row.k\",\"value\":\"row.v\"},"
	    "{\"name\":\"first\",\"file\":\"l.csv\",\"key\":\"row.k\",\"value\":\"row.v\",\"keep\":\"first\"},"
	    "{\"name\":\"some\",\"file\":\"l.csv\",\"key\":\"row.k\",\"value\":\"row.v\","
	    "\"where\":\"row.v != '2'\"},"
	    "{\"name\":\"chain\",\"file\":\"l.csv\",\"key\":\"row.v\",\"value\":\"lookup('last', row.k)\"}],"
	    "\"files\":[{\"file\":\"l.csv\",\"target\":\"customer\",\"columns\":{\"ref\":\"row.k\"}}]}";
	static const struct {
		int lookup;
		const char *key, *want;
	} all[] = {{0, "a", "2"}, {1, "a", "1"}, {2, "a", "1"}, {3, "1", "2"},
	    {0, "b", "3"}, {0, "c", NULL}, {2, "b", "3"}};
	char dir[] = "/tmp/stw_test_lookup_XXXXXX", command[64];
	struct import_mapping mapping;
	struct import_ctx ctx = {.mapping = &mapping, .as_of = AS_OF};
	struct stw_err err = {0};
	struct arena arena;

	ck_assert_ptr_nonnull(mkdtemp(dir));
	put(dir, "l.csv", "k,v\na,1\na,2\nb,3\n,4\nc,\n");
	arena_init(&arena);
	arena_init(&ctx.row);
	ck_assert_msg(
	    import_mapping_parse(str_of(json), AS_OF, &arena, &mapping, &err) == STW_OK,
	    "%s", err.text);
	ck_assert_msg(import_lookups_load(&ctx, &mapping, dir, &arena, &err) == STW_OK,
	    "%s", err.text);
	for (size_t i = 0; i < STW_ARRAY_LEN(all); i++) {
		const struct strmap_entry *e = strmap_find(
		    &mapping.lookups[all[i].lookup].map, str_of(all[i].key));

		ck_assert_int_eq(e != NULL, all[i].want != NULL);
		if (e != NULL)
			ck_assert(str_eq_c(e->value, all[i].want));
	}
	import_mapping_fini(&mapping);
	arena_fini(&ctx.row);
	arena_fini(&arena);
	(void)snprintf(command, sizeof command, "rm -r %s", dir);
	ck_assert_int_eq(system(command), 0);
}
END_TEST

START_TEST(a_map_holds_what_was_put_into_it)
{
	struct strmap map;
	char key[16];
	bool added;

	strmap_init(&map);
	for (int round = 0; round < 2; round++) {
		for (int i = 0; i < 5000; i++) {
			(void)snprintf(key, sizeof key, "k%d", i);
			strmap_add(&map, str_of(key), &added)->number = i;
			ck_assert(added);
		}
		for (int i = 0; i < 5000; i++) {
			(void)snprintf(key, sizeof key, "k%d", i);
			ck_assert_int_eq(strmap_find(&map, str_of(key))->number, i);
			(void)strmap_add(&map, str_of(key), &added);
			ck_assert(!added);
		}
		ck_assert_ptr_null(strmap_find(&map, STR_LIT("k5000")));
		ck_assert_uint_gt(strmap_bytes(&map), 5000 * 40);
		strmap_clear(&map);
		ck_assert_ptr_null(strmap_find(&map, STR_LIT("k1")));
	}
	strmap_fini(&map);
}
END_TEST

/* ---- what ships --------------------------------------------------------------------------- */
START_TEST(shipped_mappings_are_right_without_data)
{
	struct stw_err err = {0};
	struct buf report;
	size_t at = 0;
	const struct embed_file *file;
	int n = 0;

	buf_init(&report);
	while ((file = embed_next("segments/mappings/", &at)) != NULL) {
		char name[64];

		(void)snprintf(name, sizeof name, "%.*s",
		    (int)(strlen(file->name) - strlen("segments/mappings/") -
			  strlen(".json")),
		    file->name + strlen("segments/mappings/"));
		ck_assert_msg(import_check(name, NULL, AS_OF, &report, &err) == STW_OK,
		    "%s: %s", name, err.text);
		n++;
	}
	ck_assert_int_ge(n, 1);
	ck_assert_ptr_nonnull(
	    strstr(report.data, "client.asc -> customer, 10 columns\n"));
	ck_assert_ptr_nonnull(strstr(report.data, "made-up data"));
	buf_fini(&report);
}
END_TEST

START_TEST(a_mapping_that_is_not_there_is_not_found)
{
	struct stw_err err = {0};

	ck_assert_int_eq(
	    import_check("/nowhere/m.json", NULL, AS_OF, NULL, &err), STW_NOT_FOUND);
	ck_assert_int_eq(
	    import_check(NULL, "/nowhere", AS_OF, NULL, &err), STW_NOT_FOUND);
	ck_assert_str_eq(err.text,
	    "/nowhere: there is no mapping.json, and no shipped mapping fits the files there");
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("import_json");
	TCase *tc = tcase_create("import_json");
	SRunner *runner;
	int failed;

	tcase_add_loop_test(tc, a_wrong_document_is_refused_by_its_path, 0,
	    (int)STW_ARRAY_LEN(refused));
	tcase_add_loop_test(tc, a_wrong_expression_is_refused_by_path_line_and_column,
	    0, (int)STW_ARRAY_LEN(wrong));
	tcase_add_loop_test(tc, a_row_becomes_typed_cells, 0, (int)STW_ARRAY_LEN(rows));
	tcase_add_test(tc, lookups_read_in_order_keep_first_or_last_and_chain);
	tcase_add_test(tc, a_map_holds_what_was_put_into_it);
	tcase_add_test(tc, shipped_mappings_are_right_without_data);
	tcase_add_test(tc, a_mapping_that_is_not_there_is_not_found);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
