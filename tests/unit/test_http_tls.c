/* The HTTP client and TLS: whom it trusts, and what it proves of itself. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <check.h>
#include <curl/curl.h>

#include "api/push/http.h"

#define PEM_MAX 8192

static char dir[] = "/tmp/stw-tls-XXXXXX";
static int world[2]; /* the servers end with this pipe */
static struct egress egress;

static struct answer {
	bool done;
	enum http_fate fate;
	int status;
	char body[16];
} answer;

static void
on_done(void *ctx, const struct http_result *result)
{
	(void)ctx;
	answer = (struct answer){
	    .done = true, .fate = result->fate, .status = result->status};
	if (result->body.ptr != NULL && result->body.len < sizeof answer.body)
		memcpy(answer.body, result->body.ptr, result->body.len);
}

static struct str
pem(const char *name, char text[PEM_MAX])
{
	char path[128];
	FILE *file;
	size_t len;

	(void)snprintf(path, sizeof path, "%s/%s", dir, name);
	file = fopen(path, "r");
	ck_assert_ptr_nonnull(file);
	len = fread(text, 1, PEM_MAX - 1, file);
	(void)fclose(file);
	text[len] = '\0';
	return (struct str){text, len};
}

static int
port_of(const char *which)
{
	char path[128], name[16], number[16];
	FILE *file = NULL;
	int port = 0;

	(void)snprintf(path, sizeof path, "%s/ports", dir);
	for (int i = 0; i < 600 && (file = fopen(path, "r")) == NULL; i++)
		(void)usleep(50000);
	ck_assert_msg(file != NULL, "the servers did not start");
	while (fscanf(file, "%15s %15s", name, number) == 2)
		if (strcmp(name, which) == 0)
			port = (int)strtol(number, NULL, 10);
	(void)fclose(file);
	ck_assert_int_gt(port, 0);
	return port;
}

/* One request to a server, trusting ca (NULL: whom the system trusts), as cert (NULL: nobody). */
static void
ask(const char *which, const char *ca, const char *cert)
{
	static char ca_text[PEM_MAX], cert_text[PEM_MAX], key_text[PEM_MAX];
	struct http_tls tls = {{NULL, 0}, {NULL, 0}, {NULL, 0}};
	struct http_client *client = NULL;
	struct stw_err err = {0};
	char url[64], file[64];

	/* Once the servers listen the certificates are there. */
	(void)snprintf(url, sizeof url, "https://127.0.0.1:%d/tasks", port_of(which));
	if (ca != NULL) {
		(void)snprintf(file, sizeof file, "%s.pem", ca);
		tls.ca = pem(file, ca_text);
	}
	if (cert != NULL) {
		(void)snprintf(file, sizeof file, "%s.pem", cert);
		tls.cert = pem(file, cert_text);
		(void)snprintf(file, sizeof file, "%s.key", cert);
		tls.key = pem(file, key_text);
	}
	const struct http_request request = {.url = url,
	    .tls = &tls,
	    .body = STR_LIT("{}"),
	    .connect_ms = 20000,
	    .total_ms = 30000,
	    .done = on_done};

	answer = (struct answer){.done = false};
	ck_assert_int_eq(http_open(&egress, 2, &client, &err), STW_OK);
	ck_assert_int_eq(http_send(client, &request, &err), STW_OK);
	while (!answer.done)
		ck_assert_int_eq(http_poll(client, 50, &err), STW_OK);
	http_close(client);
}

START_TEST(an_authority_of_ones_own_is_trusted_and_http_2_spoken)
{
	ask("good", "ca", NULL);
	ck_assert_int_eq(answer.fate, HTTP_ANSWERED);
	ck_assert_int_eq(answer.status, 200);
	ck_assert_str_eq(answer.body, "2.0");
}
END_TEST

/* Nothing of a task leaves for somebody who did not prove who they are. */
static const struct {
	const char *server, *ca;
} refused[] = {{"good", NULL}, {"good", "other"}, {"wrong", "ca"}, {"old", "ca"}};

START_TEST(who_does_not_prove_who_they_are_gets_nothing)
{
	ask(refused[_i].server, refused[_i].ca, NULL);
	ck_assert_int_eq(answer.fate, HTTP_NOT_SENT);
}
END_TEST

START_TEST(a_client_shows_its_certificate_where_it_has_one)
{
	ask("mtls", "ca", "client");
	ck_assert_int_eq(answer.fate, HTTP_ANSWERED);
	ck_assert_str_eq(answer.body, "2.0");
}
END_TEST

/* TLS 1.3 refuses a client after its first bytes have left: not an answer, and not "sent
 * nothing" either. */
START_TEST(without_one_there_is_no_answer)
{
	ask("mtls", "ca", NULL);
	ck_assert_int_ne(answer.fate, HTTP_ANSWERED);
}
END_TEST

/* Runs a program of the shell's; with input, its standard input is the pipe. */
static pid_t
start(const char *program, const char *arg, const char *more, bool input)
{
	pid_t pid = fork();

	if (pid != 0)
		return pid;
	if (input)
		(void)dup2(world[0], STDIN_FILENO);
	(void)close(world[0]);
	(void)close(world[1]);
	(void)execlp(program, program, arg, more, (char *)NULL);
	_exit(127);
}

static bool
ended_well(pid_t pid)
{
	int status;

	return pid > 0 && waitpid(pid, &status, 0) == pid && status == 0;
}

int
main(void)
{
	Suite *suite = suite_create("http_tls");
	TCase *tc = tcase_create("tls");
	SRunner *runner;
	pid_t servers;
	int failed;

	if (curl_global_init(CURL_GLOBAL_ALL) != 0 || mkdtemp(dir) == NULL ||
	    pipe2(world, O_CLOEXEC) != 0 ||
	    egress_parse(STR_LIT("127.0.0.0/8"), &egress, NULL) != STW_OK)
		return 1;
	servers = start("sh", "tests/lib/tls_world.sh", dir, true);
	(void)close(world[0]);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, an_authority_of_ones_own_is_trusted_and_http_2_spoken);
	tcase_add_loop_test(tc, who_does_not_prove_who_they_are_gets_nothing, 0,
	    (int)STW_ARRAY_LEN(refused));
	tcase_add_test(tc, a_client_shows_its_certificate_where_it_has_one);
	tcase_add_test(tc, without_one_there_is_no_answer);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	(void)close(world[1]);
	failed += !ended_well(servers);
	failed += !ended_well(start("rm", "-rf", dir, false));
	return failed == 0 ? 0 : 1;
}
