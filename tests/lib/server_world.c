#include "tests/lib/server_world.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <curl/curl.h>

#define ARGS_MAX 32

STW_NORETURN STW_PRINTF(1, 2) static void stop(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)fprintf(stderr, "tests/lib/server_world: ");
	(void)vfprintf(stderr, fmt, ap);
	(void)fprintf(stderr, "\n");
	va_end(ap);
	exit(1);
}

/* ---- programs --------------------------------------------------------------------------- */
static void
settings_to_environment(const struct world *world)
{
	char state[160];

	(void)snprintf(state, sizeof state, "%s/state", world->dir);
	(void)setenv("STEWARD_DATABASE", world->db.conninfo, 1);
	(void)setenv("STEWARD_STATE_DIR", state, 1);
	(void)setenv("STEWARD_CLOCK", WORLD_CLOCK, 1);
	(void)setenv("STEWARD_EGRESS", "127.0.0.0/8", 1);
	(void)setenv("STEWARD_LOG_LEVEL", "warn", 1);
}

static pid_t
launch(const struct world *world, int out, const char *const *argv)
{
	const char *bin = getenv("STW_TEST_BIN");
	char *args[ARGS_MAX];
	pid_t pid;
	int n = 0;

	if (bin == NULL)
		stop("STW_TEST_BIN is not set");
	args[n++] = strdup(bin);
	while (*argv != NULL && n < ARGS_MAX - 1)
		args[n++] = strdup(*argv++);
	args[n] = NULL;
	pid = fork();
	if (pid < 0)
		stop("fork: %s", strerror(errno));
	if (pid == 0) {
		settings_to_environment(world);
		(void)dup2(out, STDOUT_FILENO);
		(void)dup2(out, STDERR_FILENO);
		(void)execv(bin, args);
		_exit(127);
	}
	while (n > 0)
		free(args[--n]);
	return pid;
}

static int
wait_for(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static char *
read_all(const char *path)
{
	FILE *file = fopen(path, "re");
	char *text = NULL;
	size_t len = 0;
	int c;
	FILE *to = open_memstream(&text, &len);

	while (file != NULL && (c = fgetc(file)) != EOF)
		(void)fputc(c, to);
	(void)fclose(to);
	if (file != NULL)
		(void)fclose(file);
	return text;
}

int
world_run(const struct world *world, char **out, const char *const *argv)
{
	char path[200];
	int fd, rc;

	(void)snprintf(path, sizeof path, "%s/run.%d.log", world->dir, (int)getpid());
	fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0)
		stop("%s: %s", path, strerror(errno));
	rc = wait_for(launch(world, fd, argv));
	(void)close(fd);
	if (out != NULL)
		*out = read_all(path);
	(void)unlink(path);
	return rc;
}

pid_t
world_spawn(const struct world *world, const char *name, const char *const *argv)
{
	char path[200];
	pid_t pid;
	int fd;

	(void)snprintf(path, sizeof path, "%s/%s.log", world->dir, name);
	fd = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	if (fd < 0)
		stop("%s: %s", path, strerror(errno));
	pid = launch(world, fd, argv);
	(void)close(fd);
	return pid;
}

int
world_end(pid_t pid)
{
	(void)kill(pid, SIGTERM);
	return wait_for(pid);
}

static void
must(const struct world *world, const char *const *argv)
{
	char *out;
	int rc = world_run(world, &out, argv);

	if (rc != 0)
		stop("steward %s: exit %d\n%s", argv[0], rc, out);
	free(out);
}

/* The number that a program which has been started writes into dir/NAME. */
static int
read_port(const struct world *world, const char *name, pid_t pid)
{
	char path[200];

	(void)snprintf(path, sizeof path, "%s/%s", world->dir, name);
	for (int i = 0; i < 600; i++) {
		char *text = read_all(path);
		int port = text[0] != '\0' ? (int)strtol(text, NULL, 10) : 0;

		free(text);
		if (port > 0)
			return port;
		if (waitpid(pid, NULL, WNOHANG) == pid)
			stop("%s: the program has ended; see %s", name, world->dir);
		(void)usleep(50000);
	}
	stop("%s: not there after 30 s", name);
}

/* ---- the world ------------------------------------------------------------------------------- */
static const char *
in_dir(const struct world *world, const char *name)
{
	static char paths[8][200];
	static int at;

	at = (at + 1) % 8;
	(void)snprintf(paths[at], sizeof paths[at], "%s/%s", world->dir, name);
	return paths[at];
}

static void
load_book(const struct world *world, int customers)
{
	char count[16];

	(void)snprintf(count, sizeof count, "%d", customers);
	must(world, (const char *const[]){"sample", "--customers", count, "--seed",
			"11", "--out", in_dir(world, "book"), NULL});
	must(world, (const char *const[]){"import", in_dir(world, "book"), NULL});
	must(world, (const char *const[]){"setup", "--demo", NULL});
}

static void
push_tasks(struct world *world)
{
	char url[80];

	world->queue = world_spawn(world, "queue",
	    (const char *const[]){"queue-sim", "--listen", "127.0.0.1:0", "--port-file",
		in_dir(world, "queue.port"), "--journal", in_dir(world, "journal"),
		"--secret-file", in_dir(world, "state/queue-secret"), NULL});
	(void)snprintf(url, sizeof url, "http://127.0.0.1:%d",
	    read_port(world, "queue.port", world->queue));
	must(world, (const char *const[]){"run", "--queue", url, NULL});
}

/* A push that timed out on a busy machine is tried again by the server. */
static void
wait_for_pushes(const struct world *world)
{
	for (int i = 0; i < 1200; i++) {
		if (test_db_number(&world->db,
			"SELECT count(*) FROM task WHERE state IN ('ready', 'sending')") ==
		    0)
			return;
		(void)usleep(50000);
	}
	stop("tasks are on the wire after a minute; see %s", world->dir);
}

void
world_start(struct world *world, int customers)
{
	memset(world, 0, sizeof *world);
	test_db_open(&world->db);
	(void)snprintf(world->dir, sizeof world->dir, "/tmp/stw-world-XXXXXX");
	if (mkdtemp(world->dir) == NULL)
		stop("%s: %s", world->dir, strerror(errno));
	(void)mkdir(in_dir(world, "state"), 0700);
	load_book(world, customers);
	push_tasks(world);
	world->server = world_spawn(world, "serve",
	    (const char *const[]){"serve", "--demo", "--listen", "127.0.0.1:0",
		"--port-file", in_dir(world, "port"), NULL});
	(void)snprintf(world->api, sizeof world->api, "http://127.0.0.1:%d",
	    read_port(world, "port", world->server));
	wait_for_pushes(world);
}

static int
remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)st;
	(void)type;
	(void)at;
	return remove(path);
}

void
world_stop(struct world *world)
{
	if (world->server > 0)
		(void)world_end(world->server);
	if (world->queue > 0)
		(void)world_end(world->queue);
	if (nftw(world->dir, remove_one, 16, FTW_DEPTH | FTW_PHYS) != 0)
		stop("cannot remove %s", world->dir);
	test_db_close(&world->db);
}

const char *
world_token(const struct world *world, const char *role, const char *subject)
{
	static char token[200];
	char have_role[32], have_subject[64];
	FILE *file = fopen(in_dir(world, "state/tokens"), "re");
	char line[300];

	if (file == NULL)
		stop("there is no file of tokens");
	token[0] = '\0';
	while (token[0] == '\0' && fgets(line, sizeof line, file) != NULL)
		if (sscanf(line, "%31s %63s %199s", have_role, have_subject, token) !=
			3 ||
		    strcmp(have_role, role) != 0 ||
		    (subject != NULL && strcmp(have_subject, subject) != 0))
			token[0] = '\0';
	(void)fclose(file);
	return token[0] != '\0' ? token : NULL;
}

/* ---- HTTP ---------------------------------------------------------------------------------------- */
static size_t
take(char *data, size_t size, size_t count, void *to)
{
	return fwrite(data, size, count, to);
}

static struct curl_slist *
headers_of(const struct request *request)
{
	struct curl_slist *list = NULL;
	char line[400];

	if (request->token != NULL) {
		(void)snprintf(
		    line, sizeof line, "Authorization: Bearer %s", request->token);
		list = curl_slist_append(list, line);
	}
	if (request->key != NULL) {
		(void)snprintf(line, sizeof line, "Idempotency-Key: %s", request->key);
		list = curl_slist_append(list, line);
	}
	if (request->body != NULL &&
	    (request->header == NULL ||
		strncmp(request->header, "Content-Type", 12) != 0))
		list = curl_slist_append(list, "Content-Type: application/json");
	if (request->header != NULL)
		list = curl_slist_append(list, request->header);
	return curl_slist_append(list, "Expect:");
}

struct reply
http(const struct world *world, struct request request)
{
	struct curl_slist *headers = headers_of(&request);
	struct reply reply = {0};
	CURL *curl = curl_easy_init();
	size_t len = 0;
	char url[2600];
	FILE *body = open_memstream(&reply.text, &len);
	FILE *head = fmemopen(reply.headers, sizeof reply.headers - 1, "w");
	CURLcode rc;

	(void)snprintf(url, sizeof url, "%s%s", world->api, request.path);
	(void)curl_easy_setopt(curl, CURLOPT_URL, url);
	(void)curl_easy_setopt(curl, CURLOPT_PATH_AS_IS, 1L);
	(void)curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
	(void)curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take);
	(void)curl_easy_setopt(curl, CURLOPT_WRITEDATA, body);
	(void)curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, take);
	(void)curl_easy_setopt(curl, CURLOPT_HEADERDATA, head);
	(void)curl_easy_setopt(curl, CURLOPT_TIMEOUT, 60L);
	(void)curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	(void)curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
	if (request.method != NULL && strcmp(request.method, "HEAD") == 0)
		(void)curl_easy_setopt(curl, CURLOPT_NOBODY, 1L);
	else if (request.method != NULL)
		(void)curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, request.method);
	if (request.body != NULL)
		(void)curl_easy_setopt(curl, CURLOPT_POSTFIELDS, request.body);
	rc = curl_easy_perform(curl);
	(void)fclose(body);
	(void)fclose(head);
	if (rc != CURLE_OK)
		stop("%s: %s", request.path, curl_easy_strerror(rc));
	(void)curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &reply.status);
	curl_easy_cleanup(curl);
	curl_slist_free_all(headers);
	reply.len = len;
	reply.json = json_loads(reply.text, 0, NULL);
	return reply;
}

void
reply_free(struct reply *reply)
{
	json_decref(reply->json);
	free(reply->text);
	memset(reply, 0, sizeof *reply);
}

json_t *
json_at(json_t *value, const char *path)
{
	char part[80];

	while (value != NULL && *path != '\0') {
		size_t len = strcspn(path, "/");

		(void)snprintf(part, sizeof part, "%.*s", (int)len, path);
		value = json_is_array(value)
			    ? json_array_get(value, strtoul(part, NULL, 10))
			    : json_object_get(value, part);
		path += len + (path[len] == '/');
	}
	return value;
}

const char *
reply_text(const struct reply *reply, const char *path)
{
	const char *text = json_string_value(json_at(reply->json, path));

	return text != NULL ? text : "";
}
