/* bench_push.c - what pushes are measured against: a server that takes every POST, and a bare
 * libcurl-multi loop that sends them.
 *
 *   bench_push sink PORT-FILE             answers 202 until it is ended; writes its port
 *   bench_push push URL COUNT PARALLEL    prints pushes a second
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <curl/curl.h>
#include <microhttpd.h>

#define BODY     1400 /* about what an offer has */
#define PARALLEL 256

static double
seconds(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static int
fail(const char *what)
{
	(void)fprintf(stderr, "bench_push: %s\n", what);
	return EXIT_FAILURE;
}

/* ---- the server -------------------------------------------------------------------------- */
static enum MHD_Result
take(void *arg, struct MHD_Connection *connection, const char *url, const char *method,
    const char *version, const char *data, size_t *size, void **seen)
{
	static int first;

	(void)url;
	(void)method;
	(void)version;
	(void)data;
	if (*seen == NULL) {
		*seen = &first;
		return MHD_YES;
	}
	if (*size > 0) {
		*size = 0;
		return MHD_YES;
	}
	return MHD_queue_response(connection, MHD_HTTP_ACCEPTED, arg);
}

static int
sink(const char *port_file)
{
	struct MHD_Response *empty =
	    MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT);
	struct MHD_Daemon *daemon =
	    MHD_start_daemon(MHD_USE_POLL_INTERNAL_THREAD, 0, NULL, NULL, take, empty,
		MHD_OPTION_CONNECTION_LIMIT, 2048U, MHD_OPTION_END);
	const union MHD_DaemonInfo *info;
	FILE *file;

	if (daemon == NULL)
		return fail("no server");
	info = MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_BIND_PORT);
	file = fopen(port_file, "we");
	if (file == NULL || fprintf(file, "%u\n", (unsigned)info->port) < 0 ||
	    fclose(file) != 0)
		return fail("the port cannot be written");
	for (;;)
		(void)pause();
}

/* ---- the loop ------------------------------------------------------------------------ */
struct sender {
	CURLM *multi;
	CURL *handles[PARALLEL];
	long begun, count, bad;
};

static size_t
forget(char *data, size_t size, size_t n, void *arg)
{
	(void)data;
	(void)arg;
	return size * n;
}

static bool
begin(struct sender *s, CURL *handle)
{
	if (s->begun == s->count)
		return true;
	s->begun++;
	return curl_multi_add_handle(s->multi, handle) == CURLM_OK;
}

static CURL *
handle_new(const char *url, const char *body, struct curl_slist *headers)
{
	CURL *h = curl_easy_init();

	if (h == NULL || curl_easy_setopt(h, CURLOPT_URL, url) != CURLE_OK ||
	    curl_easy_setopt(h, CURLOPT_POSTFIELDS, body) != CURLE_OK ||
	    curl_easy_setopt(h, CURLOPT_HTTPHEADER, headers) != CURLE_OK ||
	    curl_easy_setopt(h, CURLOPT_WRITEFUNCTION, forget) != CURLE_OK ||
	    curl_easy_setopt(h, CURLOPT_NOSIGNAL, 1L) != CURLE_OK)
		return NULL;
	return h;
}

static long
reap(struct sender *s)
{
	const CURLMsg *m;
	long done = 0;
	int left;

	while ((m = curl_multi_info_read(s->multi, &left)) != NULL) {
		CURL *h = m->easy_handle;
		long status = 0;

		if (m->msg != CURLMSG_DONE)
			continue;
		(void)curl_easy_getinfo(h, CURLINFO_RESPONSE_CODE, &status);
		s->bad += m->data.result != CURLE_OK || status != 202;
		(void)curl_multi_remove_handle(s->multi, h);
		s->bad += !begin(s, h);
		done++;
	}
	return done;
}

static int
push(const char *url, long count, long parallel)
{
	struct sender s = {.multi = curl_multi_init(), .count = count};
	struct curl_slist *headers = curl_slist_append(
	    curl_slist_append(NULL, "Content-Type: application/json"), "Expect:");
	static char body[BODY + 1];
	double from = seconds(), took;
	int running;

	memset(body, 'x', BODY);
	if (s.multi == NULL || headers == NULL || count < 1 || parallel < 1 ||
	    parallel > PARALLEL)
		return fail("push URL COUNT PARALLEL (at most 256)");
	for (long i = 0; i < parallel; i++) {
		s.handles[i] = handle_new(url, body, headers);
		if (s.handles[i] == NULL || !begin(&s, s.handles[i]))
			return fail("no handle");
	}
	for (long done = 0; done < count;) {
		if (curl_multi_perform(s.multi, &running) != CURLM_OK)
			return fail("curl");
		done += reap(&s);
		if (done < count)
			(void)curl_multi_poll(s.multi, NULL, 0, 1000, NULL);
	}
	took = seconds() - from;
	for (long i = 0; i < parallel; i++)
		curl_easy_cleanup(s.handles[i]);
	(void)curl_multi_cleanup(s.multi);
	curl_slist_free_all(headers);
	if (s.bad > 0)
		return fail("some were not taken");
	(void)printf("%.0f\n", (double)count / took);
	return EXIT_SUCCESS;
}

int
main(int argc, char **argv)
{
	if (curl_global_init(CURL_GLOBAL_ALL) != CURLE_OK)
		return fail("curl");
	if (argc == 3 && strcmp(argv[1], "sink") == 0)
		return sink(argv[2]);
	if (argc == 5 && strcmp(argv[1], "push") == 0)
		return push(
		    argv[2], strtol(argv[3], NULL, 10), strtol(argv[4], NULL, 10));
	return fail("usage: bench_push sink PORT-FILE | push URL COUNT PARALLEL");
}
