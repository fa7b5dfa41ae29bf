#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <check.h>

#include "api/settings.h"

/* Loads argv (program and command first), environment and file. */
static enum stw_code
load(struct settings *s, char **argv, char *const *vars, struct stw_err *err)
{
	int argc = 0;

	while (argv[argc] != NULL)
		argc++;
	memset(err, 0, sizeof *err);
	settings_init(s);
	return settings_load(s, &argc, argv, vars, err);
}

static char *
temp_file(const char *text)
{
	char *path = strdup("/tmp/stw-settings-XXXXXX");
	int fd = mkstemp(path);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	(void)close(fd);
	return path;
}

START_TEST(a_flag_beats_the_environment_which_beats_the_file)
{
	char *path = temp_file("# three\nworkers = 2\nmax-body = 2048\nzone = UTC\n");
	char flag[] = "--workers=7", config[] = "--config", name[] = "s",
	     cmd[] = "serve";
	char env1[] = "STEWARD_WORKERS=5", env2[] = "STEWARD_MAX_BODY=4096";
	char *argv[] = {name, cmd, flag, config, path, NULL};
	char *const vars[] = {env1, env2, NULL};
	struct settings s;
	struct stw_err err;

	ck_assert_msg(load(&s, argv, vars, &err) == STW_OK, "%s", err.text);
	ck_assert_int_eq(setting_int(&s, SET_WORKERS), 7);
	ck_assert_int_eq(s.origin[SET_WORKERS], FROM_FLAG);
	ck_assert_int_eq(setting_int(&s, SET_MAX_BODY), 4096);
	ck_assert_int_eq(s.origin[SET_MAX_BODY], FROM_ENV);
	ck_assert_str_eq(setting_text(&s, SET_ZONE), "UTC");
	ck_assert_int_eq(s.origin[SET_ZONE], FROM_FILE);
	ck_assert_int_eq(s.origin[SET_LISTEN], FROM_DEFAULT);
	settings_fini(&s);
	(void)unlink(path);
	free(path);
}
END_TEST

START_TEST(what_is_no_setting_stays_for_the_command)
{
	char name[] = "s", cmd[] = "sample", a[] = "--customers", b[] = "5",
	     c[] = "--demo", d[] = "x", e[] = "--", f[] = "--workers";
	char *argv[] = {name, cmd, a, b, c, d, e, f, NULL};
	struct settings s;
	struct stw_err err;

	ck_assert_int_eq(load(&s, argv, NULL, &err), STW_OK);
	ck_assert(setting_bool(&s, SET_DEMO));
	ck_assert_str_eq(argv[2], "--customers");
	ck_assert_str_eq(argv[3], "5");
	ck_assert_str_eq(argv[4], "x");
	ck_assert_str_eq(argv[5], "--");
	ck_assert_str_eq(argv[6], "--workers");
	ck_assert_ptr_null(argv[7]);
	settings_fini(&s);
}
END_TEST

START_TEST(a_switch_takes_a_word_for_true_or_false_and_nothing_else)
{
	char name[] = "s", cmd[] = "serve", a[] = "--dispatch", b[] = "false",
	     c[] = "--demo", d[] = "now";
	char *argv[] = {name, cmd, a, b, c, d, NULL};
	struct settings s;
	struct stw_err err;

	ck_assert_int_eq(load(&s, argv, NULL, &err), STW_OK);
	ck_assert(!setting_bool(&s, SET_DISPATCH));
	ck_assert(setting_bool(&s, SET_DEMO));
	ck_assert_str_eq(argv[2], "now");
	settings_fini(&s);
}
END_TEST

START_TEST(key_files_lie_in_the_state_directory_unless_placed)
{
	char name[] = "s", cmd[] = "x", a[] = "--state-dir=/srv/s", b[] = "--keys=/k";
	char *argv[] = {name, cmd, a, b, NULL};
	struct settings s;
	struct stw_err err;

	ck_assert_int_eq(load(&s, argv, NULL, &err), STW_OK);
	ck_assert_str_eq(setting_text(&s, SET_KEYS), "/k");
	ck_assert_str_eq(setting_text(&s, SET_LEDGER_KEY), "/srv/s/steward.ledger-key");
	settings_fini(&s);
}
END_TEST

struct bad {
	const char *flag, *env, *file; /* one of them */
	const char *says;
};
static const struct bad bads[] = {
    {"--workers=0", NULL, NULL, "--workers: workers is a number from 1 to 64"},
    {"--workers=4x", NULL, NULL, "not \"4x\""},
    {"--workers", NULL, NULL, "--workers needs a value"},
    {"--demo=maybe", NULL, NULL, "demo is true or false"},
    {"--clock=yesterday", NULL, NULL, "clock is an instant"},
    {"--log-level=loud", NULL, NULL, "debug, info, warn or error"},
    {NULL, "STEWARD_LISEN=x", NULL,
	"STEWARD_LISEN: there is no setting \"lisen\"; did "
	"you mean \"listen\"?"},
    {NULL, "STEWARD_WORKERS=many", NULL, "STEWARD_WORKERS: workers is a number"},
    {NULL, NULL, "zone = UTC\nworker = 3\n",
	":2: there is no setting \"worker\"; did "
	"you mean \"workers\"?"},
    {NULL, NULL, "zone\n", ":1: a line is `name = value`"},
    {NULL, NULL, "zone = UTC\nzone = UTC\n", ":2: zone is set twice"},
    {NULL, NULL, "config = other\n", ":1: there is no setting \"config\""},
    {"--config=/nonexistent/file", NULL, NULL, "cannot read /nonexistent/file"},
};

START_TEST(a_bad_setting_is_refused_with_its_place)
{
	const struct bad *b = &bads[_i];
	char name[] = "s", cmd[] = "x", config[] = "--config";
	char *flag = b->flag != NULL ? strdup(b->flag) : NULL;
	char *env = b->env != NULL ? strdup(b->env) : NULL;
	char *path = b->file != NULL ? temp_file(b->file) : NULL;
	char *with_file[] = {name, cmd, config, path, NULL};
	char *with_flag[] = {name, cmd, flag, NULL};
	char *const vars[] = {env, NULL};
	struct settings s;
	struct stw_err err;

	ck_assert_int_ne(
	    load(&s, path != NULL ? with_file : with_flag, vars, &err), STW_OK);
	ck_assert_msg(strstr(err.text, b->says) != NULL, "%s", err.text);
	settings_fini(&s);
	if (path != NULL)
		(void)unlink(path);
	free(path);
	free(flag);
	free(env);
}
END_TEST

START_TEST(the_printed_table_has_every_setting_and_no_password)
{
	char name[] = "s", cmd[] = "x", db[] = "--database=host=h password=secret1234";
	char *argv[] = {name, cmd, db, NULL};
	struct settings s;
	struct stw_err err;
	struct buf text;

	ck_assert_int_eq(load(&s, argv, NULL, &err), STW_OK);
	buf_init(&text);
	settings_print(&s, &text);
	for (int i = 0; i < SET_COUNT; i++)
		ck_assert_ptr_nonnull(
		    strstr(text.data, setting_spec((enum setting_id)i)->name));
	ck_assert_ptr_null(strstr(text.data, "secret1234"));
	buf_fini(&text);
	settings_fini(&s);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("settings");
	TCase *tc = tcase_create("settings");
	SRunner *runner;
	int failed;

	tcase_add_test(tc, a_flag_beats_the_environment_which_beats_the_file);
	tcase_add_test(tc, what_is_no_setting_stays_for_the_command);
	tcase_add_test(tc, a_switch_takes_a_word_for_true_or_false_and_nothing_else);
	tcase_add_test(tc, key_files_lie_in_the_state_directory_unless_placed);
	tcase_add_loop_test(
	    tc, a_bad_setting_is_refused_with_its_place, 0, (int)STW_ARRAY_LEN(bads));
	tcase_add_test(tc, the_printed_table_has_every_setting_and_no_password);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
