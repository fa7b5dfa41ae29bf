/*
 * test_process.c - the console's door, the commands and the end of the server.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/embed.h"
#include "tests/lib/api_calls.h"

/* ---- the console ----------------------------------------------------------------------------- */
START_TEST(the_root_leads_to_the_console_with_a_strict_policy)
{
	struct reply r = http(&world, (struct request){.path = "/"});

	ck_status(&r, 302);
	ck_assert_ptr_nonnull(strstr(r.headers, "Location: /console/"));
	reply_free(&r);
	r = http(&world, (struct request){.path = "/console/no.such.file.js"});
	ck_problem(&r, 404, "NOT_FOUND");
	reply_free(&r);
	r = http(&world, (struct request){.path = "/console/../../etc/passwd"});
	ck_assert_int_ne(r.status, 500);
	ck_assert_ptr_null(strstr(r.text, "root:"));
	reply_free(&r);
	if (embed_find("api/console/index.html") == NULL)
		return;
	r = http(&world, (struct request){.path = "/console/log"});
	ck_status(&r, 200);
	ck_assert_ptr_nonnull(strstr(r.headers, "default-src 'none'"));
	ck_assert_ptr_nonnull(strstr(r.headers, "text/html"));
	reply_free(&r);
}
END_TEST

/* ---- the process ----------------------------------------------------------------------------- */
struct refusal {
	const char *argv[8];
	int status;
	const char *says;
};
static const struct refusal refusals[] = {
    {{"serve", "--listen", "PORT", NULL}, 75, "is in use by another process"},
    {{"serve", "--listen", "nowhere", NULL}, 2, "an address and a port"},
    {{"report", "--database", "host=/nonexistent user=x dbname=x", NULL}, 75,
	"no database"},
    {{"serve", "--token-key", "OPEN", NULL}, 2, "mode"},
    {{"report", "--clock", "noon", NULL}, 2, "clock is an instant"},
    {{"report", "--zone", "Mars/Olympus", NULL}, 3, "Mars/Olympus"},
    {{"hlep", NULL}, 2, "there is no command \"hlep\"; did you mean \"help\"?"},
    {{"rule", "chek", "true", NULL}, 2, "did you mean \"check\"?"},
    {{"rule", "check", "customer.nme == 1", NULL}, 2, "1:"},
    {{"rule", "check", NULL}, 2, "usage: steward rule"},
    {{"import", "/nonexistent", NULL}, 3, "is not a directory"},
    {{"phone", "--region", "XX", "13800138000", NULL}, 2, "two capital letters"},
    {{"phone", "--region", "cn", "13800138000", NULL}, 2, "two capital letters"},
    {{"phone", "--lang", "fr", "13800138000", NULL}, 2, "zh and en are allowed"},
    {{"token", "create", "--role", "king", "--subject", "x", NULL}, 2, "--role is ops"},
    {{"campaign", "activate", "none", "--by", "x", NULL}, 3, "none"},
    {{"slot", "drop", "none", NULL}, 3, "no replication slot none"},
    {{"consent", "grant", "nobody", "--purpose", "MARKETING", "--channel", "VOICE"}, 2,
	"--by is needed"},
};

START_TEST(a_command_that_cannot_work_says_why_once)
{
	const struct refusal *r = &refusals[_i];
	const char *argv[9] = {0};
	char open_key[200], address[40], *out, *first;
	int rc;

	(void)snprintf(open_key, sizeof open_key, "%s/open-key", world.dir);
	(void)snprintf(address, sizeof address, "%s", strstr(world.api, "//") + 2);
	for (size_t i = 0; i < 8 && r->argv[i] != NULL; i++) {
		argv[i] = r->argv[i];
		if (strcmp(argv[i], "PORT") == 0)
			argv[i] = address;
		if (strcmp(argv[i], "OPEN") == 0) {
			FILE *file = fopen(open_key, "we");

			ck_assert_int_eq(fclose(file), 0);
			ck_assert_int_eq(chmod(open_key, 0644), 0);
			argv[i] = open_key;
		}
	}
	rc = world_run(&world, &out, argv);
	ck_assert_msg(rc == r->status, "exit %d: %s", rc, out);
	ck_assert_msg(strstr(out, r->says) != NULL, "%s", out);
	first = strstr(out, "steward: ");
	ck_assert_msg(
	    first != NULL && strstr(first + 1, "steward: ") == NULL, "%s", out);
	free(out);
}
END_TEST

START_TEST(numbers_come_as_csv_that_a_reader_can_take_apart)
{
	char *out;

	ck_assert_int_eq(
	    world_run(&world, &out,
		(const char *const[]){"phone", "--lang", "en", "--region", "CN",
		    "13800138000", "+1 212 555 0123", "95588", NULL}),
	    0);
	ck_assert_str_eq(out,
	    "e164,extension,region,type,kind,place,carrier,zones,problem\n"
	    "+8613800138000,,CN,MOBILE,mobile,Beijing,China Mobile,Asia/Shanghai,\n"
	    "+12125550123,,US,FIXED_LINE_OR_MOBILE,mobile,\"New York, NY\",,"
	    "America/New_York,\n"
	    ",,,,,,,,\"a short number, which is no customer's\"\n");
	free(out);
}
END_TEST

/* A command, its exit status, and what has to be in what it prints. */
static void
ck_run(int status, const char *says, const char *const *argv)
{
	char *out;
	int rc = world_run(&world, &out, argv);

	ck_assert_msg(rc == status, "exit %d: %s", rc, out);
	ck_assert_msg(strstr(out, says) != NULL, "%s", out);
	free(out);
}
#define CK_RUN(status, says, ...) \
	ck_run(status, says, (const char *const[]){__VA_ARGS__, NULL})

START_TEST(what_a_customer_says_is_set_and_shown_by_command)
{
	CK_RUN(0, "at any hour", "party", "hours", "C00000001");
	CK_RUN(0, "mon,tue,wed,thu,fri 09:00-12:00\nsat 10:00-24:00\n", "party",
	    "hours", "C00000001", "--windows", "mon-fri 09:00-12:00; sat 10:00-24:00",
	    "--by", "li");
	CK_RUN(2, "--by is needed", "party", "hours", "C00000001", "--windows", "none");
	CK_RUN(2, "\"fri 9-12\" is none", "party", "hours", "C00000001", "--windows",
	    "mon 09:00-12:00; fri 9-12", "--by", "li");
	CK_RUN(2, "window 1: ends before it starts", "party", "hours", "C00000001",
	    "--windows", "mon 22:00-06:00", "--by", "li");
	CK_RUN(2, "hours takes --windows", "party", "hours", "C00000001", "--holders",
	    "none", "--by", "li");
	CK_RUN(0, "sat 10:00-24:00", "party", "hours", "C00000001");
	CK_RUN(0, "at any hour", "party", "hours", "C00000001", "--windows", "none",
	    "--by", "li");
	CK_RUN(0, "holds alone", "party", "holders", "C00000001");
	CK_RUN(2, "H=9: a rating is 1 to 5", "party", "holders", "C00000001",
	    "--holders", "H=9", "--by", "li");
	CK_RUN(0, "rating 3\nH2 ", "party", "holders", "C00000001", "--holders",
	    "H2, H1=3", "--by", "li");
	CK_RUN(0, "holds alone", "party", "holders", "C00000001", "--holders", "none",
	    "--by", "li");
}
END_TEST

START_TEST(how_a_registry_is_asked_is_set_and_shown_by_command)
{
	char secret[200];
	FILE *file;

	(void)snprintf(secret, sizeof secret, "%s/registry-secret", world.dir);
	file = fopen(secret, "we");
	ck_assert_int_ge(fputs("of-the-registry\n", file), 0);
	ck_assert_int_eq(fclose(file), 0);
	CK_RUN(0, "recorded", "registry", "define", "ASKED", "--kind", "do_not_call",
	    "--country", "US", "--name-zh", "x", "--name-en", "x", "--fresh-days", "31",
	    "--by", "li");
	CK_RUN(3, "ASKED is not asked", "registry", "query", "ASKED");
	CK_RUN(2, "needs --url and --form", "registry", "query", "ASKED", "--url",
	    "https://127.0.0.1/q", "--by", "li");
	CK_RUN(0, "recorded", "registry", "query", "ASKED", "--url",
	    "https://127.0.0.1/q", "--form", "sha256", "--secret-file", secret,
	    "--per-second", "3", "--by", "li");
	CK_RUN(0,
	    "numbers as sha256, within 1000 ms, 3 a second, with a secret, asked (li)",
	    "registry", "query", "ASKED");
	CK_RUN(0, "recorded", "registry", "query", "ASKED", "--url",
	    "https://127.0.0.1/q", "--form", "sha256", "--off", "--by", "li");
	CK_RUN(0, "NOT ASKED", "registry", "query", "ASKED");
}
END_TEST

START_TEST(a_clock_behind_the_record_decides_nothing)
{
	char *out;
	int rc;

	/* The real clock, with a record from its future. */
	test_db_tamper(&world.db,
	    "INSERT INTO access_event VALUES (gen_random_uuid(), now() + interval '9 days', "
	    "'test', 'ops', 'future', 'allowed', NULL)");
	rc =
	    world_run(&world, &out, (const char *const[]){"plan", "--clock", "", NULL});
	ck_assert_msg(rc == 2, "exit %d: %s", rc, out);
	ck_assert_ptr_nonnull(strstr(out, "the clock says"));
	free(out);
}
END_TEST

START_TEST(sigterm_ends_the_server_cleanly)
{
	char path[200];
	pid_t pid;

	(void)snprintf(path, sizeof path, "%s/second.port", world.dir);
	pid = world_spawn(&world, "second",
	    (const char *const[]){"serve", "--listen", "127.0.0.1:0", "--port-file",
		path, "--dispatch", "false", NULL});
	for (int i = 0; i < 300 && access(path, F_OK) != 0; i++)
		(void)usleep(50000);
	ck_assert_int_eq(access(path, F_OK), 0);
	ck_assert_int_eq(world_end(pid), 0);
}
END_TEST
START_TEST(the_ledger_is_whole_after_all_this)
{
	char *out;
	int rc =
	    world_run(&world, &out, (const char *const[]){"ledger", "verify", NULL});

	ck_assert_msg(rc == 0, "%s", out);
	free(out);
}
END_TEST

static Suite *
process_suite(void)
{
	Suite *suite = suite_create("process");
	TCase *tc = tcase_create("process");

	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, the_root_leads_to_the_console_with_a_strict_policy);
	tcase_add_loop_test(tc, a_command_that_cannot_work_says_why_once, 0,
	    (int)STW_ARRAY_LEN(refusals));
	tcase_add_test(tc, numbers_come_as_csv_that_a_reader_can_take_apart);
	tcase_add_test(tc, what_a_customer_says_is_set_and_shown_by_command);
	tcase_add_test(tc, how_a_registry_is_asked_is_set_and_shown_by_command);
	tcase_add_test(tc, a_clock_behind_the_record_decides_nothing);
	tcase_add_test(tc, sigterm_ends_the_server_cleanly);
	tcase_add_test(tc, the_ledger_is_whole_after_all_this);
	suite_add_tcase(suite, tc);
	return suite;
}

int
main(void)
{
	return api_test_main(process_suite());
}
