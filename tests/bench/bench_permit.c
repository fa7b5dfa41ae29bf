/*
 * bench_permit.c - dial permits over HTTP at a steady rate, beside plain answers.
 *
 *   bench_permit --api URL --tokens FILE --tasks FILE --rate N --seconds N [--threads N]
 *                [--most MILLISECONDS]
 *   bench_permit --api URL --tokens FILE --paths FILE ...
 *
 * tests/bench/permit.sh makes the world. FILE of tokens: agent and token a line; of tasks:
 * task and its agent a line, one for each permit. With FILE of paths, one a line, what is
 * measured is GETs of these in turn, with the first token. First permits for WARM_UP seconds, which
 * count for nothing: the server reads its packs and prepares its statements. Then GET
 * /healthz, then POST .../permit, each --rate times a second.
 *
 * Open loop: request i is due at start + i / rate, whoever answers or not, and its time runs
 * from when it was due. A server that stalls makes those behind it late, and that is
 * counted (no coordinated omission). --threads bounds how many are on the way at once; who
 * waits for a free one is waiting all the same.
 *
 * Exit 1 when a permit was refused or failed, or p99 is above --most.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <curl/curl.h>

#include "engine/time.h"

#define THREADS_MAX 256
#define TOKENS_MAX  64
#define TEXT        96
#define WARM_UP     2

static struct bench {
	const char *api, *tokens_file, *tasks_file, *paths_file;
	int64_t rate, seconds, threads, most;
	int ntokens;
	char agents[TOKENS_MAX][TEXT], tokens[TOKENS_MAX][TEXT];
	char (*tasks)[TEXT];
	int *whose; /* per task: its token */
	int64_t ntasks;
} bench = {.rate = 500, .seconds = 20, .threads = 64};

/* One run of one kind of request. */
struct run {
	const char *name;
	bool permits;
	int64_t first;  /* task */
	stw_usec start; /* monotonic */
	int64_t count;
	_Atomic int64_t next, failed;
	stw_usec *took;
};

STW_NORETURN static void
give_up(const char *what, const char *why)
{
	(void)fprintf(stderr, "bench_permit: %s: %s\n", what, why);
	exit(2);
}

static void
parse(int argc, char **argv)
{
	const struct {
		const char *name;
		const char **text;
		int64_t *number;
	} options[] = {{"--api", &bench.api, NULL},
	    {"--tokens", &bench.tokens_file, NULL},
	    {"--tasks", &bench.tasks_file, NULL}, {"--paths", &bench.paths_file, NULL},
	    {"--rate", NULL, &bench.rate}, {"--seconds", NULL, &bench.seconds},
	    {"--threads", NULL, &bench.threads}, {"--most", NULL, &bench.most}};

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
	if (argc % 2 == 0 || bench.api == NULL || bench.tokens_file == NULL ||
	    (bench.tasks_file == NULL) == (bench.paths_file == NULL))
		give_up("options",
		    "--api, --tokens, and --tasks or --paths, each with a value");
	if (bench.rate < 1 || bench.seconds < 1 || bench.threads < 1 ||
	    bench.threads > THREADS_MAX)
		give_up("options", "--rate and --seconds from 1, --threads 1 to 256");
}

/* ---- the files ---------------------------------------------------------------------- */
static void
read_tokens(void)
{
	FILE *file = fopen(bench.tokens_file, "re");

	if (file == NULL)
		give_up(bench.tokens_file, "cannot be read");
	while (bench.ntokens < TOKENS_MAX &&
	       fscanf(file, "%95s %95s%*[^\n]", bench.agents[bench.ntokens],
		   bench.tokens[bench.ntokens]) == 2)
		bench.ntokens++;
	(void)fclose(file);
}

static int
token_of(const char *agent)
{
	for (int i = 0; i < bench.ntokens; i++)
		if (strcmp(bench.agents[i], agent) == 0)
			return i;
	give_up(agent, "has no token");
}

static void
read_tasks(void)
{
	FILE *file = fopen(bench.tasks_file, "re");
	int64_t want = bench.rate * (bench.seconds + WARM_UP);
	char agent[TEXT];

	if (file == NULL)
		give_up(bench.tasks_file, "cannot be read");
	bench.tasks = calloc((size_t)want, sizeof *bench.tasks);
	bench.whose = calloc((size_t)want, sizeof *bench.whose);
	if (bench.tasks == NULL || bench.whose == NULL)
		give_up("tasks", "no memory");
	while (bench.ntasks < want &&
	       fscanf(file, "%95s %95s", bench.tasks[bench.ntasks], agent) == 2)
		bench.whose[bench.ntasks++] = token_of(agent);
	(void)fclose(file);
	if (bench.ntasks < want)
		give_up(bench.tasks_file, "not a task for each permit");
}

/* In turn, as often as there are requests. */
static void
read_paths(void)
{
	FILE *file = fopen(bench.paths_file, "re");
	int64_t want = bench.rate * (bench.seconds + WARM_UP);

	if (file == NULL)
		give_up(bench.paths_file, "cannot be read");
	bench.tasks = calloc((size_t)want, sizeof *bench.tasks);
	bench.whose = calloc((size_t)want, sizeof *bench.whose);
	if (bench.tasks == NULL || bench.whose == NULL)
		give_up("paths", "no memory");
	while (
	    bench.ntasks < want && fscanf(file, "%95s", bench.tasks[bench.ntasks]) == 1)
		bench.ntasks++;
	(void)fclose(file);
	if (bench.ntasks == 0)
		give_up(bench.paths_file, "no path");
	for (int64_t i = bench.ntasks; i < want; i++)
		memcpy(bench.tasks[i], bench.tasks[i % bench.ntasks], TEXT);
}

/* ---- requests ------------------------------------------------------------------------- */
struct caller {
	CURL *curl;
	char answer[4096];
	size_t len;
};

static size_t
take(char *data, size_t size, size_t count, void *to)
{
	struct caller *c = to;
	size_t n = size * count, room = sizeof c->answer - 1 - c->len;

	memcpy(c->answer + c->len, data, n < room ? n : room);
	c->len += n < room ? n : room;
	c->answer[c->len] = '\0';
	return n;
}

static struct curl_slist *
permit_headers(int64_t i)
{
	struct curl_slist *list = NULL;
	char line[200];

	(void)snprintf(line, sizeof line, "Authorization: Bearer %s",
	    bench.tokens[bench.whose[i]]);
	list = curl_slist_append(list, line);
	if (bench.paths_file != NULL)
		return list;
	(void)snprintf(line, sizeof line, "Idempotency-Key: %s", bench.tasks[i]);
	list = curl_slist_append(list, line);
	list = curl_slist_append(list, "Content-Type: application/json");
	return curl_slist_append(list, "Expect:");
}

static bool
ask(struct caller *c, const struct run *run, int64_t i)
{
	struct curl_slist *headers = run->permits ? permit_headers(i) : NULL;
	char url[300];
	long status = 0;

	if (run->permits && bench.paths_file == NULL)
		(void)snprintf(url, sizeof url, "%s/v1/tasks/%s/permit", bench.api,
		    bench.tasks[i]);
	else
		(void)snprintf(url, sizeof url, "%s%s", bench.api,
		    run->permits ? bench.tasks[i] : "/healthz");
	c->len = 0;
	(void)curl_easy_setopt(c->curl, CURLOPT_URL, url);
	(void)curl_easy_setopt(c->curl, CURLOPT_HTTPHEADER, headers);
	if (run->permits && bench.paths_file == NULL)
		(void)curl_easy_setopt(c->curl, CURLOPT_POSTFIELDS, "");
	if (curl_easy_perform(c->curl) == CURLE_OK)
		(void)curl_easy_getinfo(c->curl, CURLINFO_RESPONSE_CODE, &status);
	curl_slist_free_all(headers);
	return status == 200 && (!run->permits || bench.paths_file != NULL ||
				    strstr(c->answer, "\"granted\":true") != NULL);
}

static void
sleep_until(stw_usec at)
{
	const struct timespec until = {
	    .tv_sec = at / STW_USEC_SEC, .tv_nsec = (long)(at % STW_USEC_SEC) * 1000};

	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) != 0)
		continue;
}

static void *
caller_main(void *arg)
{
	struct run *run = arg;
	struct caller c = {.curl = curl_easy_init()};
	int64_t i;

	if (c.curl == NULL)
		give_up("curl", "does not start");
	(void)curl_easy_setopt(c.curl, CURLOPT_WRITEFUNCTION, take);
	(void)curl_easy_setopt(c.curl, CURLOPT_WRITEDATA, &c);
	(void)curl_easy_setopt(c.curl, CURLOPT_TIMEOUT, 60L);
	(void)curl_easy_setopt(c.curl, CURLOPT_NOSIGNAL, 1L);
	(void)curl_easy_setopt(c.curl, CURLOPT_NOPROXY, "*");
	while ((i = atomic_fetch_add(&run->next, 1)) < run->count) {
		stw_usec due = run->start + i * STW_USEC_SEC / bench.rate;

		sleep_until(due);
		if (!ask(&c, run, run->first + i) &&
		    atomic_fetch_add(&run->failed, 1) < 3)
			(void)fprintf(
			    stderr, "request %lld: %s\n", (long long)i, c.answer);
		run->took[i] = stw_monotonic() - due;
	}
	curl_easy_cleanup(c.curl);
	return NULL;
}

/* ---- figures ---------------------------------------------------------------------------- */
static int
by_time(const void *a, const void *b)
{
	stw_usec x = *(const stw_usec *)a, y = *(const stw_usec *)b;

	return x < y ? -1 : x > y;
}

static stw_usec
part(const struct run *run, int64_t permille)
{
	int64_t i = (run->count * permille + 999) / 1000 - 1;

	return run->took[i < 0 ? 0 : i];
}

/* Sorted afterwards: part() reads it. */
static void
run_all(struct run *run)
{
	pthread_t threads[THREADS_MAX];
	stw_usec ended;

	run->took = calloc((size_t)run->count, sizeof *run->took);
	if (run->took == NULL)
		give_up("times", "no memory");
	run->start = stw_monotonic() + 200 * 1000;
	for (int64_t t = 0; t < bench.threads; t++)
		if (pthread_create(&threads[t], NULL, caller_main, run) != 0)
			give_up("thread", "not created");
	for (int64_t t = 0; t < bench.threads; t++)
		(void)pthread_join(threads[t], NULL);
	ended = stw_monotonic();
	qsort(run->took, (size_t)run->count, sizeof *run->took, by_time);
	(void)printf(
	    "%-12s %7lld at %lld/s in %lld.%lld s: p50 %lld us, p90 %lld us, p99 %lld "
	    "us, most %lld us; %lld failed\n",
	    run->name, (long long)run->count, (long long)bench.rate,
	    (long long)((ended - run->start) / STW_USEC_SEC),
	    (long long)((ended - run->start) / 100000 % 10), (long long)part(run, 500),
	    (long long)part(run, 900), (long long)part(run, 990),
	    (long long)part(run, 1000), (long long)run->failed);
}

int
main(int argc, char **argv)
{
	struct run warm = {.name = "warm-up", .permits = true};
	struct run plain = {.name = "GET /healthz"};
	struct run permits = {.name = "permit", .permits = true};
	bool met;

	parse(argc, argv);
	read_tokens();
	if (bench.paths_file != NULL)
		read_paths();
	else
		read_tasks();
	if (bench.paths_file != NULL)
		permits.name = "GET path";
	if (curl_global_init(CURL_GLOBAL_ALL) != CURLE_OK)
		give_up("curl", "does not start");
	plain.count = permits.count = bench.rate * bench.seconds;
	warm.count = permits.first = bench.rate * WARM_UP;
	run_all(&warm);
	run_all(&plain);
	run_all(&permits);
	(void)printf("%s / GET /healthz: p50 %.1f, p99 %.1f\n", permits.name,
	    (double)part(&permits, 500) / (double)part(&plain, 500),
	    (double)part(&permits, 990) / (double)part(&plain, 990));
	met = bench.most == 0 || part(&permits, 990) <= bench.most * 1000;
	if (!met)
		(void)printf("p99 is above %lld ms\n", (long long)bench.most);
	free(warm.took);
	free(plain.took);
	free(permits.took);
	free(bench.tasks);
	free(bench.whose);
	return met && warm.failed + permits.failed + plain.failed == 0 ? 0 : 1;
}
