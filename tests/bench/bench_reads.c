/*
 * bench_reads.c - reads of the API beside a bare libmicrohttpd handler doing the same.
 *
 *   bench_reads --api PORT --db CONNINFO --tokens FILE --items FILE
 *               [--seconds N] [--rounds N] [--clients N] [--workers N] [--least PERCENT]
 *
 * tests/bench/reads.sh makes the world. FILE of tokens: one a line; of items: kind
 * (customer, tasks, task), path, and what the bare handler needs to ask for the same:
 * bucket, customer, then a reference, a queue, or task, script and its version.
 *
 * The bare handler has as many threads as Steward has workers, a connection to the database
 * each, and the same statements, prepared: all those of an answer in one round trip, the
 * record of the look with its commit among them (and, for comparison, without it). It knows
 * no token, no role and no language, and writes the columns as JSON as they come. Both are
 * asked by the same clients, each with its own connection and one request on the way, in
 * turn, round by round; the median of the rounds counts.
 *
 * Exit 1 when an answer is not 200, or Steward does less than --least of the bare handler.
 */
#include <arpa/inet.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <libpq-fe.h>
#include <microhttpd.h>

#include "db_queries.h"
#include "engine/buf.h"
#include "engine/time.h"
#include "engine/uuid.h"

#define ITEMS_MAX  4096
#define TEXT       120
#define CLIENTS    64
#define ROUNDS_MAX 21
#define TODAY      "2026-11-23"
#define NOW        "2026-11-23T02:00:00Z"

enum kind { CUSTOMER = 0, TASKS, TASK, KINDS };
static const char *const names[KINDS] = {"customer", "tasks", "task"};
static const char *const titles[KINDS] = {"one customer", "20 tasks", "one task"};

struct item {
	char path[TEXT];
	char f[5][TEXT]; /* bucket, customer, and the rest */
};

static struct bench {
	const char *db, *tokens_file, *items_file;
	int64_t api, seconds, rounds, clients, workers, least;
	struct item items[KINDS][ITEMS_MAX];
	int nitems[KINDS];
	char tokens[8][TEXT];
	int ntokens;
	bool record; /* of the bare handler, now */
} bench = {.seconds = 2, .rounds = 3, .clients = 8, .workers = 4};

STW_NORETURN static void
give_up(const char *what, const char *why)
{
	(void)fprintf(stderr, "bench_reads: %s: %s\n", what, why);
	exit(2);
}

static void
parse(int argc, char **argv)
{
	const struct {
		const char *name;
		const char **text;
		int64_t *number;
	} options[] = {{"--api", NULL, &bench.api}, {"--db", &bench.db, NULL},
	    {"--tokens", &bench.tokens_file, NULL},
	    {"--items", &bench.items_file, NULL}, {"--seconds", NULL, &bench.seconds},
	    {"--rounds", NULL, &bench.rounds}, {"--clients", NULL, &bench.clients},
	    {"--workers", NULL, &bench.workers}, {"--least", NULL, &bench.least}};

	for (int i = 1; i + 1 < argc; i += 2) {
		size_t k = 0;

		while (
		    k < STW_ARRAY_LEN(options) && strcmp(options[k].name, argv[i]) != 0)
			k++;
		if (k == STW_ARRAY_LEN(options))
			give_up(argv[i], "no such option");
		if (options[k].text != NULL)
			*options[k].text = argv[i + 1];
		else
			*options[k].number = strtoll(argv[i + 1], NULL, 10);
	}
	if (argc % 2 == 0 || bench.db == NULL || bench.tokens_file == NULL ||
	    bench.items_file == NULL || bench.api < 1 || bench.clients > CLIENTS ||
	    bench.rounds > ROUNDS_MAX)
		give_up("options", "--api, --db, --tokens and --items are wanted");
}

static void
read_files(void)
{
	FILE *file = fopen(bench.tokens_file, "re");
	char kind[TEXT];
	struct item it;

	if (file == NULL)
		give_up(bench.tokens_file, "cannot be read");
	while (bench.ntokens < 8 &&
	       fscanf(file, "%119s", bench.tokens[bench.ntokens]) == 1)
		bench.ntokens++;
	(void)fclose(file);
	file = fopen(bench.items_file, "re");
	if (file == NULL || bench.ntokens == 0)
		give_up(bench.items_file, "cannot be read");
	while (fscanf(file, "%119s %119s %119s %119s %119s %119s %119s", kind, it.path,
		   it.f[0], it.f[1], it.f[2], it.f[3], it.f[4]) == 7)
		for (int k = 0; k < KINDS; k++)
			if (strcmp(kind, names[k]) == 0 && bench.nitems[k] < ITEMS_MAX)
				bench.items[k][bench.nitems[k]++] = it;
	(void)fclose(file);
	for (int k = 0; k < KINDS; k++)
		if (bench.nitems[k] == 0)
			give_up(names[k], "no item");
}

/* ---- the bare handler ------------------------------------------------------------------ */
/* A connection of a thread, and what it has prepared. */
struct link {
	PGconn *pg;
	bool prepared[DB_Q_COUNT];
};
static _Thread_local struct link here;

static void
ask(enum db_query_id id, int n, const char *const *values)
{
	char name[32];

	(void)snprintf(name, sizeof name, "q%d", (int)id);
	if (!here.prepared[id] &&
	    PQsendPrepare(here.pg, name, db_query_texts[id], 0, NULL) != 1)
		give_up(name, PQerrorMessage(here.pg));
	here.prepared[id] = true;
	if (PQsendQueryPrepared(here.pg, name, n, values, NULL, NULL, 0) != 1)
		give_up(name, PQerrorMessage(here.pg));
}

static void
command(const char *sql)
{
	if (PQsendQueryParams(here.pg, sql, 0, NULL, NULL, NULL, NULL, 0) != 1)
		give_up(sql, PQerrorMessage(here.pg));
}

#define ASK(id, ...)                                                                \
	ask(id, (int)(sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *)), \
	    (const char *const[]){__VA_ARGS__})

static void
ask_customer(const char *bucket, const char *ref, const char *id)
{
	ASK(DB_Q_CUSTOMER_GET, bucket, ref, ref == NULL ? id : NULL);
	ASK(DB_Q_CUSTOMER_POINTS, bucket, id);
	ASK(DB_Q_CUSTOMER_HOLDINGS, bucket, id, TODAY);
}

static void
ask_all(enum kind kind, const struct item *it)
{
	if (kind == CUSTOMER) {
		ask_customer(it->f[0], it->f[2], it->f[1]);
		ASK(DB_Q_SEGMENT_MEMBERSHIPS, it->f[0], it->f[1]);
		ASK(DB_Q_STAGE_HISTORY, it->f[0], it->f[1]);
	} else if (kind == TASKS) {
		ASK(DB_Q_TASK_LIST, it->f[2], NULL, NULL, NOW, "1961-11-23", "20");
	} else {
		ASK(DB_Q_TASK_GET, it->f[0], it->f[2]);
		ASK(DB_Q_SCRIPT_GET, it->f[3], it->f[4]);
		ask_customer(it->f[0], NULL, it->f[1]);
	}
}

/* As long as what Steward writes. */
static void
ask_record(void)
{
	struct uuid uuid = uuid_new(stw_monotonic());
	static const char detail[] =
	    "rows=20 salt=0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef "
	    "answer=0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef asked=x";
	static char entry[701] = "\\x";
	char id[UUID_TEXT];

	memset(entry + 2, '6', sizeof entry - 3);
	command("BEGIN");
	ASK(DB_Q_ACCESS_INSERT, uuid_format(&uuid, id), NOW, "ops", "ops", "GET",
	    "allowed", detail);
	ASK(DB_Q_LEDGER_APPEND, "-1", "access", entry);
	command("COMMIT");
}

static void
text_json(const char *text, struct buf *to)
{
	buf_add_char(to, '"');
	for (; *text != '\0'; text++) {
		if (*text == '"' || *text == '\\')
			buf_add_char(to, '\\');
		buf_add_char(to, *text);
	}
	buf_add_char(to, '"');
}

static void
rows_json(const PGresult *res, struct buf *to)
{
	int columns = PQnfields(res);

	buf_add_c(to, to->len > 1 ? ",[" : "[");
	for (int r = 0; r < PQntuples(res); r++) {
		buf_add_c(to, r > 0 ? ",{" : "{");
		for (int c = 0; c < columns; c++) {
			buf_add_c(to, c > 0 ? "," : "");
			text_json(PQfname(res, c), to);
			buf_add_char(to, ':');
			if (PQgetisnull(res, r, c))
				buf_add_c(to, "null");
			else
				text_json(PQgetvalue(res, r, c), to);
		}
		buf_add_char(to, '}');
	}
	buf_add_char(to, ']');
}

static void
answer_json(struct buf *to)
{
	bool ended = false;

	buf_add_char(to, '[');
	for (int nulls = 0; !ended;) {
		PGresult *res = PQgetResult(here.pg);
		ExecStatusType status = PQresultStatus(res);

		nulls = res == NULL ? nulls + 1 : 0;
		if (nulls > 1 ||
		    (res != NULL && status != PGRES_TUPLES_OK &&
			status != PGRES_COMMAND_OK && status != PGRES_PIPELINE_SYNC))
			give_up("bare", PQerrorMessage(here.pg));
		if (status == PGRES_TUPLES_OK && PQntuples(res) > 0)
			rows_json(res, to);
		ended = status == PGRES_PIPELINE_SYNC;
		PQclear(res);
	}
	buf_add_char(to, ']');
}

static void
link_open(void)
{
	here.pg = PQconnectdb(bench.db);
	if (PQstatus(here.pg) != CONNECTION_OK || PQenterPipelineMode(here.pg) != 1)
		give_up("database", PQerrorMessage(here.pg));
}

/* The path is /KIND/NUMBER. */
static enum MHD_Result
on_request(void *cls, struct MHD_Connection *connection, const char *url,
    const char *method, const char *version, const char *upload, size_t *upload_len,
    void **context)
{
	struct MHD_Response *response;
	enum MHD_Result sent;
	struct buf text;
	long kind = strtol(url + 1, NULL, 10), i = strtol(url + 3, NULL, 10);

	(void)cls;
	(void)method;
	(void)version;
	(void)upload;
	(void)upload_len;
	if (*context == NULL) {
		*context = &bench;
		return MHD_YES;
	}
	if (here.pg == NULL)
		link_open();
	ask_all((enum kind)kind, &bench.items[kind][i]);
	if (bench.record)
		ask_record();
	if (PQpipelineSync(here.pg) != 1)
		give_up("bare", PQerrorMessage(here.pg));
	buf_init(&text);
	answer_json(&text);
	response =
	    MHD_create_response_from_buffer(text.len, text.data, MHD_RESPMEM_MUST_FREE);
	(void)MHD_add_response_header(response, "Content-Type", "application/json");
	sent = MHD_queue_response(connection, 200, response);
	MHD_destroy_response(response);
	return sent;
}

/* ---- the clients ------------------------------------------------------------------------- */
struct run {
	enum kind kind;
	bool bare;
	int port;
	stw_usec until;
	_Atomic int64_t answers, next;
};

static int
dial(int port)
{
	struct sockaddr_in to = {.sin_family = AF_INET,
	    .sin_port = htons((uint16_t)port),
	    .sin_addr = {htonl(INADDR_LOOPBACK)}};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof to) != 0)
		give_up("client", "no connection");
	return fd;
}

/* Headers, and as many bytes as they say. */
static void
read_answer(int fd)
{
	static _Thread_local char text[256 * 1024];
	size_t len = 0, want = 0;

	while (want == 0 || len < want) {
		ssize_t n = read(fd, text + len, sizeof text - 1 - len);
		char *end, *length;

		if (n <= 0)
			give_up("client", "the connection has ended");
		len += (size_t)n;
		text[len] = '\0';
		end = want == 0 ? strstr(text, "\r\n\r\n") : NULL;
		if (end == NULL)
			continue;
		length = strcasestr(text, "\r\nContent-Length:");
		if (strncmp(text, "HTTP/1.1 200", 12) != 0 || length == NULL)
			give_up("client", text);
		want = (size_t)(end + 4 - text) + strtoul(length + 17, NULL, 10);
		if (want >= sizeof text)
			give_up("client", "the answer is too long");
	}
}

static void *
client_main(void *arg)
{
	struct run *run = arg;
	int fd = dial(run->port);
	int64_t mine = atomic_fetch_add(&run->next, 1);
	const char *token = bench.tokens[mine % bench.ntokens];
	char text[600];

	for (int64_t i = mine * 37; stw_monotonic() < run->until; i++) {
		int at = (int)(i % bench.nitems[run->kind]);
		int n = run->bare
			    ? snprintf(text, sizeof text,
				  "GET /%d/%d HTTP/1.1\r\nHost: x\r\n\r\n",
				  (int)run->kind, at)
			    : snprintf(text, sizeof text,
				  "GET %s HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer "
				  "%s\r\n\r\n",
				  bench.items[run->kind][at].path, token);

		if (write(fd, text, (size_t)n) != n)
			give_up("client", "cannot write");
		read_answer(fd);
		atomic_fetch_add(&run->answers, 1);
	}
	(void)close(fd);
	return NULL;
}

/* Answers a second. */
static int64_t
measure(enum kind kind, bool bare, int port, stw_usec long_usec)
{
	pthread_t threads[CLIENTS];
	stw_usec began = stw_monotonic();
	struct run run = {
	    .kind = kind, .bare = bare, .port = port, .until = began + long_usec};

	for (int64_t i = 0; i < bench.clients; i++)
		if (pthread_create(&threads[i], NULL, client_main, &run) != 0)
			give_up("thread", "not created");
	for (int64_t i = 0; i < bench.clients; i++)
		(void)pthread_join(threads[i], NULL);
	return run.answers * STW_USEC_SEC / (stw_monotonic() - began);
}

static int
by_size(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return x < y ? -1 : x > y;
}

static int64_t
median(int64_t *v)
{
	qsort(v, (size_t)bench.rounds, sizeof *v, by_size);
	return v[bench.rounds / 2];
}

/* False: Steward does too little. */
static bool
compare(enum kind kind, int port)
{
	int64_t bare[ROUNDS_MAX], plain[ROUNDS_MAX], ours[ROUNDS_MAX];
	int64_t percent[ROUNDS_MAX];
	int64_t half;

	bench.record = true;
	(void)measure(kind, true, port, STW_USEC_SEC / 2);
	(void)measure(kind, false, (int)bench.api, STW_USEC_SEC / 2);
	for (int64_t r = 0; r < bench.rounds; r++) {
		bare[r] = measure(kind, true, port, bench.seconds * STW_USEC_SEC);
		ours[r] =
		    measure(kind, false, (int)bench.api, bench.seconds * STW_USEC_SEC);
		bench.record = false;
		plain[r] = measure(kind, true, port, bench.seconds * STW_USEC_SEC);
		bench.record = true;
		percent[r] = ours[r] * 100 / (bare[r] > 0 ? bare[r] : 1);
	}
	half = median(percent);
	(void)printf(
	    "%-14s steward %6lld/s  bare %6lld/s  %3lld %%   (bare without the "
	    "record %6lld/s)\n",
	    titles[kind], (long long)median(ours), (long long)median(bare),
	    (long long)half, (long long)median(plain));
	(void)fflush(stdout);
	return half >= bench.least;
}

int
main(int argc, char **argv)
{
	const union MHD_DaemonInfo *info;
	struct MHD_Daemon *daemon;
	bool good = true;

	parse(argc, argv);
	read_files();
	daemon = MHD_start_daemon(MHD_USE_EPOLL_INTERNAL_THREAD, 0, NULL, NULL,
	    on_request, NULL, MHD_OPTION_THREAD_POOL_SIZE, (unsigned)bench.workers,
	    MHD_OPTION_END);
	info = daemon == NULL ? NULL
			      : MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_BIND_PORT);
	if (info == NULL)
		give_up("bare", "does not start");
	for (int k = 0; k < KINDS; k++)
		good = compare((enum kind)k, info->port) && good;
	MHD_stop_daemon(daemon);
	return good ? 0 : 1;
}
