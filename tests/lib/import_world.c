#include "tests/lib/import_world.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <check.h>

struct test_db t;
struct stw_err err;
struct seal_keys *keys;
char dir[64];
struct import_result result;

void
import_setup(void)
{
	char path[128];

	test_db_open(&t);
	(void)snprintf(dir, sizeof dir, "/tmp/stw_test_import_XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	(void)snprintf(path, sizeof path, "%s/keys", dir);
	ck_assert_msg(
	    seal_keys_open(path, true, &keys, &err) == STW_OK, "%s", err.text);
	db_keys_set(t.db, keys);
}

void
import_teardown(void)
{
	char command[128];

	seal_keys_close(keys);
	test_db_close(&t);
	(void)snprintf(command, sizeof command, "rm -rf %s", dir);
	ck_assert_int_eq(system(command), 0);
}

void
put(const char *name, const char *text)
{
	char path[128];
	FILE *file;

	(void)snprintf(path, sizeof path, "%s/%s", dir, name);
	file = fopen(path, "w");
	ck_assert_ptr_nonnull(file);
	ck_assert_int_ge(fputs(text, file), 0);
	ck_assert_int_eq(fclose(file), 0);
}

void
put_bytes(const char *name, const void *data, size_t len)
{
	char path[128];
	FILE *file;

	(void)snprintf(path, sizeof path, "%s/%s", dir, name);
	file = fopen(path, "w");
	ck_assert_ptr_nonnull(file);
	ck_assert(fwrite(data, 1, len, file) == len);
	ck_assert_int_eq(fclose(file), 0);
}

/* The bytes of a file below dir, NUL behind them; freed by the caller. */
char *
file_text(const char *name)
{
	char path[200], *text = calloc(1, 65536);
	FILE *file;

	(void)snprintf(path, sizeof path, "%s/%s", dir, name);
	file = fopen(path, "r");
	ck_assert_msg(file != NULL, "%s is not there", path);
	ck_assert_ptr_nonnull(text);
	ck_assert(fread(text, 1, 65535, file) < 65535);
	(void)fclose(file);
	return text;
}

/* An error says its place in the text, and nowhere else. */
static enum stw_code
import_in(const struct import_opts *opts)
{
	enum stw_code rc;

	memset(&err, 0, sizeof err);
	rc = import_run(t.db, keys, opts, &result, &err);
	ck_assert_int_eq(err.line, 0);
	return rc;
}

enum stw_code
run_with(struct import_opts opts)
{
	opts.dir = dir;
	opts.as_of = AS_OF;
	opts.actor = "tester";
	return import_in(&opts);
}

enum stw_code
run(int64_t max_errors, FILE *messages)
{
	const struct import_opts opts = {.dir = dir,
	    .as_of = AS_OF,
	    .max_errors = max_errors,
	    .actor = "tester",
	    .messages = messages};

	return import_in(&opts);
}

int64_t
number(const char *sql)
{
	return test_db_number(&t, sql);
}

static const char mapping[] =
    "{\"name\": \"small\", \"currency\": \"CNY\", \"zone\": \"Asia/Shanghai\","
    " \"region\": \"CN\", \"files\": ["
    "  {\"file\": \"customers.csv\", \"target\": \"customer\", \"columns\": {"
    "    \"ref\": \"row.id\", \"name\": \"row.name\", \"dob\": \"row.born\","
    "    \"risk_rating\": \"row.rating\", \"phone\": \"row.phone\"}},"
    "  {\"file\": \"holdings.csv\", \"target\": \"holding\", \"columns\": {"
    "    \"customer\": \"row.owner\", \"holding_ref\": \"row.ref\", \"kind\": \"row.kind\","
    "    \"amount\": \"row.amount\", \"maturity_on\": \"row.ends\"}},"
    "  {\"file\": \"consents.csv\", \"target\": \"consent\", \"columns\": {"
    "    \"customer\": \"row.owner\", \"action\": \"row.action\","
    "    \"purpose\": \"'MARKETING'\", \"channel\": \"row.channel\","
    "    \"form\": \"'written'\", \"evidence\": \"row.evidence\","
    "    \"phone\": \"row.phone\", \"effective_at\": \"row.at\"}}]}";

void
put_small(void)
{
	put("mapping.json", mapping);
	put("customers.csv", "id,name,born,rating,phone\n"
			     "C1,张伟,1980-05-05,3,13491000001\n"
			     "C2,李娜,,,13491000001\n"
			     "C3,\"王\n芳\",1950-01-01,5,\n");
	put("holdings.csv", "owner,ref,kind,amount,ends\n"
			    "C1,H1,wealth,100000.50,2026-11-30\n"
			    "C3,H2,account,7,\n");
	put("consents.csv", "owner,action,channel,evidence,phone,at\n"
			    "C1,grant,VOICE,E-1,13491000001,2026-01-01T09:00:00+08:00\n"
			    "C1,withdraw,*,E-2,,2026-02-01\n");
}

void
put_customers(void)
{
	put_small();
	put("customers.csv", "id,name,born,rating,phone\nC1,张伟,,3,13491000001\n"
			     "C2,李娜,,,13491000002\nC3,王芳,,,\n");
	ck_assert_msg(run(0, NULL) == STW_OK, "%s", err.text);
}

int
import_test_main(const char *name, void (*add)(TCase *tc))
{
	Suite *suite = suite_create(name);
	TCase *tc = tcase_create(name);
	SRunner *runner;
	int failed;

	test_cluster_start();
	tcase_add_checked_fixture(tc, import_setup, import_teardown);
	tcase_set_timeout(tc, 120);
	add(tc);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
