/*
 * race_withdrawal.c - withdrawals against dispatches and dial permits, over HTTP.
 *
 *   race_withdrawal --api URL --db CONNINFO --token TOKEN --agent TOKEN --races N
 *                   [--threads N] [--seed N] --journal FILE
 *
 * tests/soak/withdrawal.sh makes the world and judges afterwards; here only acts and times
 * are written down. Customer n takes part in race n:
 *   n % 4 = 0     its task becomes due, and 0 to 120 ms later its consent is withdrawn: about
 *                 when its push leaves
 *   n % 4 = 1     the same 0 to 20 ms later: about when it is claimed
 *   n % 4 = 2     its agent asks for a permit while its consent is withdrawn, each 0 to 20
 *                 ms after the start
 *   n % 4 = 3     its task becomes due, and 0 to 20 ms later somebody who shares its number
 *                 objects to calls on it
 * Beside that a number of the pool is suspended again and again.
 *
 * Journal, by tabs: "race" n kind sent answered status permit-sent permit-answered granted;
 * "number" id answered resume-begun. Times in microseconds since 1970, 0 where there is none.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <curl/curl.h>
#include <libpq-fe.h>

#include "engine/time.h"

#define THREADS_MAX 32
#define BATCH       8
#define OFFSET_USEC 20000
#define LATE_USEC   120000

static struct race {
	const char *api, *db, *token, *agent, *journal;
	int64_t races, threads, seed;
	FILE *out;
	pthread_mutex_t out_lock;
	_Atomic int64_t next; /* batch */
	_Atomic int64_t done, failed;
	atomic_bool stop;
} race = {.races = 2000, .threads = 6, .seed = 1};

STW_NORETURN static void
give_up(const char *what, const char *why)
{
	(void)fprintf(stderr, "race_withdrawal: %s: %s\n", what, why);
	exit(1);
}

static void
parse(int argc, char **argv)
{
	const struct {
		const char *name;
		const char **text;
		int64_t *number;
	} options[] = {{"--api", &race.api, NULL}, {"--db", &race.db, NULL},
	    {"--token", &race.token, NULL}, {"--agent", &race.agent, NULL},
	    {"--journal", &race.journal, NULL}, {"--races", NULL, &race.races},
	    {"--threads", NULL, &race.threads}, {"--seed", NULL, &race.seed}};

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
	if (argc % 2 == 0 || race.api == NULL || race.db == NULL ||
	    race.token == NULL || race.agent == NULL || race.journal == NULL)
		give_up("options",
		    "--api, --db, --token, --agent and --journal, each with "
		    "a value");
	if (race.threads < 1 || race.threads > THREADS_MAX)
		give_up("--threads", "1 to 32");
}

static stw_usec
now_real(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_REALTIME, &t);
	return (stw_usec)t.tv_sec * STW_USEC_SEC + t.tv_nsec / 1000;
}

/* ---- HTTP ------------------------------------------------------------------------------- */
struct caller {
	CURL *curl;
	unsigned seed;
	char answer[4096];
	size_t len;
};

static size_t
take(char *data, size_t size, size_t count, void *to)
{
	struct caller *c = to;
	size_t n = size * count;
	size_t fits =
	    n < sizeof c->answer - 1 - c->len ? n : sizeof c->answer - 1 - c->len;

	memcpy(c->answer + c->len, data, fits);
	c->len += fits;
	c->answer[c->len] = '\0';
	return n;
}

/* The status; 0 when there was none. */
static long
post(struct caller *c, const char *token, const char *key, const char *path,
    const char *body)
{
	struct curl_slist *headers = NULL;
	char line[400];
	long status = 0;

	(void)snprintf(line, sizeof line, "Authorization: Bearer %s", token);
	headers = curl_slist_append(headers, line);
	(void)snprintf(line, sizeof line, "Idempotency-Key: %s", key);
	headers = curl_slist_append(headers, line);
	headers = curl_slist_append(headers, "Content-Type: application/json");
	headers = curl_slist_append(headers, "Expect:");
	(void)snprintf(line, sizeof line, "%s%s", race.api, path);
	c->len = 0;
	c->answer[0] = '\0';
	(void)curl_easy_setopt(c->curl, CURLOPT_URL, line);
	(void)curl_easy_setopt(c->curl, CURLOPT_HTTPHEADER, headers);
	(void)curl_easy_setopt(c->curl, CURLOPT_POSTFIELDS, body);
	(void)curl_easy_setopt(c->curl, CURLOPT_WRITEFUNCTION, take);
	(void)curl_easy_setopt(c->curl, CURLOPT_WRITEDATA, c);
	(void)curl_easy_setopt(c->curl, CURLOPT_TIMEOUT, 60L);
	(void)curl_easy_setopt(c->curl, CURLOPT_NOSIGNAL, 1L);
	(void)curl_easy_setopt(c->curl, CURLOPT_NOPROXY, "*");
	if (curl_easy_perform(c->curl) == CURLE_OK)
		(void)curl_easy_getinfo(c->curl, CURLINFO_RESPONSE_CODE, &status);
	curl_slist_free_all(headers);
	return status;
}

static void
wait_up_to(struct caller *c, int usec)
{
	(void)usleep((useconds_t)(rand_r(&c->seed) % usec));
}

static void
wait_a_little(struct caller *c)
{
	wait_up_to(c, OFFSET_USEC);
}

/* ---- one race ----------------------------------------------------------------------------- */
struct lap {
	int64_t n;
	stw_usec sent, answered, permit_sent, permit_answered;
	long status;
	bool granted;
};

static void
lap_write(const struct lap *lap)
{
	(void)pthread_mutex_lock(&race.out_lock);
	(void)fprintf(race.out, "race\t%lld\t%d\t%lld\t%lld\t%ld\t%lld\t%lld\t%d\n",
	    (long long)lap->n, (int)(lap->n % 4), (long long)lap->sent,
	    (long long)lap->answered, lap->status, (long long)lap->permit_sent,
	    (long long)lap->permit_answered, lap->granted);
	(void)pthread_mutex_unlock(&race.out_lock);
	atomic_fetch_add(&race.done, 1);
	if (lap->status != 201 && atomic_fetch_add(&race.failed, 1) < 5)
		(void)fprintf(
		    stderr, "race %lld: status %ld\n", (long long)lap->n, lap->status);
}

static void
withdraw(struct caller *c, struct lap *lap)
{
	static const char consent[] =
	    "{\"action\":\"withdraw\",\"purpose\":\"MARKETING\","
	    "\"channel\":\"*\",\"form\":\"app\"}";
	char path[120], body[200], key[40];
	bool shared = lap->n % 4 == 3;

	(void)snprintf(key, sizeof key, "race-%lld", (long long)lap->n);
	(void)snprintf(path, sizeof path, "/v1/customers/%c%lld/%s", shared ? 's' : 'r',
	    (long long)lap->n, shared ? "objections" : "consents");
	(void)snprintf(body, sizeof body,
	    "{\"kind\":\"do_not_call\",\"point_id\":\"%lld\"}",
	    (long long)(10000000 + lap->n));
	lap->sent = now_real();
	lap->status = post(c, race.token, key, path, shared ? body : consent);
	lap->answered = now_real();
}

static void
must(PGconn *db, const char *sql, const char *const *values, int n)
{
	PGresult *result = PQexecParams(db, sql, n, NULL, values, NULL, NULL, 0);

	if (PQresultStatus(result) != PGRES_COMMAND_OK &&
	    PQresultStatus(result) != PGRES_TUPLES_OK)
		give_up(sql, PQerrorMessage(db));
	PQclear(result);
}

/* ---- dispatches ------------------------------------------------------------------------------ */
/* A batch becomes due at once; the dispatcher works through it while the withdrawals come. */
static void
race_dispatch(struct caller *c, PGconn *db, int64_t first)
{
	char from[24], to[24];
	const char *const values[] = {from, to};

	(void)snprintf(from, sizeof from, "%lld", (long long)first);
	(void)snprintf(to, sizeof to, "%lld", (long long)(first + BATCH));
	must(db, "SELECT race_due($1::bigint, $2::bigint)", values, 2);
	for (int64_t n = first; n < first + BATCH && n < race.races; n++) {
		struct lap lap = {.n = n};

		if (n % 4 == 2)
			continue;
		wait_up_to(c, n % 4 == 0 ? LATE_USEC : OFFSET_USEC);
		withdraw(c, &lap);
		lap_write(&lap);
	}
}

/* ---- permits ---------------------------------------------------------------------------------- */
struct pair {
	pthread_barrier_t barrier;
	struct lap lap;
	char task[40];
	bool over;
	unsigned seed;
};

static void *
partner_main(void *arg)
{
	struct pair *p = arg;
	struct caller c = {.curl = curl_easy_init(), .seed = p->seed};
	char path[120], key[40];

	for (;;) {
		(void)pthread_barrier_wait(&p->barrier);
		if (p->over)
			break;
		(void)snprintf(path, sizeof path, "/v1/tasks/%s/permit", p->task);
		(void)snprintf(key, sizeof key, "permit-%lld", (long long)p->lap.n);
		wait_a_little(&c);
		p->lap.permit_sent = now_real();
		p->lap.granted = post(&c, race.agent, key, path, "") == 200 &&
				 strstr(c.answer, "\"granted\":true") != NULL;
		p->lap.permit_answered = now_real();
		(void)pthread_barrier_wait(&p->barrier);
	}
	curl_easy_cleanup(c.curl);
	return NULL;
}

static void
task_of(PGconn *db, int64_t n, char to[40])
{
	char text[24];
	const char *const values[] = {text};
	PGresult *result;

	(void)snprintf(text, sizeof text, "%lld", (long long)n);
	result =
	    PQexecParams(db, "SELECT task_id FROM task WHERE customer_id = $1::bigint",
		1, NULL, values, NULL, NULL, 0);
	if (PQresultStatus(result) != PGRES_TUPLES_OK || PQntuples(result) != 1)
		give_up("task", PQerrorMessage(db));
	(void)snprintf(to, 40, "%s", PQgetvalue(result, 0, 0));
	PQclear(result);
}

static void
race_permits(struct caller *c, PGconn *db, struct pair *p, int64_t first)
{
	for (int64_t n = first; n < first + BATCH && n < race.races; n++) {
		if (n % 4 != 2)
			continue;
		p->lap = (struct lap){.n = n};
		task_of(db, n, p->task);
		(void)pthread_barrier_wait(&p->barrier);
		struct lap mine = {.n = n};
		wait_a_little(c);
		withdraw(c, &mine);
		(void)pthread_barrier_wait(&p->barrier);
		mine.permit_sent = p->lap.permit_sent;
		mine.permit_answered = p->lap.permit_answered;
		mine.granted = p->lap.granted;
		lap_write(&mine);
	}
}

static PGconn *
connect_db(void)
{
	PGconn *db = PQconnectdb(race.db);

	if (PQstatus(db) != CONNECTION_OK)
		give_up("database", PQerrorMessage(db));
	return db;
}

static void *
racer_main(void *arg)
{
	int number = *(const int *)arg;
	struct caller c = {
	    .curl = curl_easy_init(), .seed = (unsigned)(race.seed * 1000 + number)};
	struct pair pair = {.seed = c.seed + 500};
	PGconn *db = connect_db();
	pthread_t partner;
	int64_t first;

	(void)pthread_barrier_init(&pair.barrier, NULL, 2);
	if (pthread_create(&partner, NULL, partner_main, &pair) != 0)
		give_up("thread", "not created");
	while ((first = atomic_fetch_add(&race.next, BATCH)) < race.races) {
		race_dispatch(&c, db, first);
		race_permits(&c, db, &pair, first);
	}
	pair.over = true;
	(void)pthread_barrier_wait(&pair.barrier);
	(void)pthread_join(partner, NULL);
	(void)pthread_barrier_destroy(&pair.barrier);
	PQfinish(db);
	curl_easy_cleanup(c.curl);
	return NULL;
}

/* ---- numbers ------------------------------------------------------------------------------------ */
/* Resuming is no promise: it is done in the database, behind the API's back. */
static void *
suspender_main(void *arg)
{
	struct caller c = {.curl = curl_easy_init(), .seed = (unsigned)race.seed + 77};
	PGconn *db = connect_db();
	int64_t turn = 0;

	(void)arg;
	while (!atomic_load(&race.stop)) {
		PGresult *pick = PQexec(db,
		    "SELECT number_id FROM caller_number WHERE pool = (SELECT pool FROM "
		    "race_pool) AND status = 'active' ORDER BY random() LIMIT 1");
		char path[80], key[40], id[24];
		const char *const values[] = {id};
		stw_usec answered, begun;

		if (PQresultStatus(pick) != PGRES_TUPLES_OK || PQntuples(pick) != 1)
			give_up("number", PQerrorMessage(db));
		(void)snprintf(id, sizeof id, "%s", PQgetvalue(pick, 0, 0));
		PQclear(pick);
		(void)snprintf(path, sizeof path, "/v1/numbers/%s/suspend", id);
		(void)snprintf(key, sizeof key, "suspend-%lld", (long long)turn++);
		if (post(&c, race.token, key, path, "{\"reason\":\"race\"}") / 100 != 2)
			give_up("suspend", c.answer);
		answered = now_real();
		wait_a_little(&c);
		wait_a_little(&c);
		begun = now_real();
		must(db, "SELECT race_resume($1::bigint)", values, 1);
		(void)pthread_mutex_lock(&race.out_lock);
		(void)fprintf(race.out, "number\t%s\t%lld\t%lld\t0\t0\t0\t0\t0\n", id,
		    (long long)answered, (long long)begun);
		(void)pthread_mutex_unlock(&race.out_lock);
		(void)usleep(200000);
	}
	PQfinish(db);
	curl_easy_cleanup(c.curl);
	return NULL;
}

int
main(int argc, char **argv)
{
	pthread_t racers[THREADS_MAX], suspender;
	int numbers[THREADS_MAX];
	stw_usec began;

	parse(argc, argv);
	if (curl_global_init(CURL_GLOBAL_ALL) != CURLE_OK)
		give_up("curl", "does not start");
	race.out = fopen(race.journal, "we");
	if (race.out == NULL)
		give_up(race.journal, "cannot be written");
	(void)pthread_mutex_init(&race.out_lock, NULL);
	began = stw_monotonic();
	if (pthread_create(&suspender, NULL, suspender_main, NULL) != 0)
		give_up("thread", "not created");
	for (int i = 0; i < (int)race.threads; i++) {
		numbers[i] = i;
		if (pthread_create(&racers[i], NULL, racer_main, &numbers[i]) != 0)
			give_up("thread", "not created");
	}
	for (int i = 0; i < (int)race.threads; i++)
		(void)pthread_join(racers[i], NULL);
	atomic_store(&race.stop, true);
	(void)pthread_join(suspender, NULL);
	if (fflush(race.out) != 0 || fsync(fileno(race.out)) != 0 ||
	    fclose(race.out) != 0)
		give_up(race.journal, "cannot be written");
	(void)printf("%lld races in %.1f s, %lld not answered with 201\n",
	    (long long)race.done, (double)(stw_monotonic() - began) / 1e6,
	    (long long)race.failed);
	return race.failed == 0 ? 0 : 1;
}
