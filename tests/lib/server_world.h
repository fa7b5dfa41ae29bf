/*
 * server_world.h - the real binary on a fresh database, for tests that speak HTTP.
 *
 * Purpose    world_start makes a database with a small sample book, sets the demo up, plans
 *            and pushes its tasks to a queue simulator without agents, and starts
 *            `steward serve` on a free port. The clock is a stated working day.
 * Ownership  world_stop ends what was started. A reply belongs to the caller: reply_free.
 * Errors     None: what fails here stops the program with a message.
 * Rules      Run from the top of the source tree; the binary is STW_TEST_BIN.
 */
#ifndef STW_TESTS_LIB_SERVER_WORLD_H
#define STW_TESTS_LIB_SERVER_WORLD_H

#include <sys/types.h>

#include <jansson.h>

#include "tests/lib/cluster.h"

#define WORLD_CLOCK "2026-11-23T10:00:00+08:00"

struct world {
	struct test_db db;
	char dir[128]; /* state, book, logs; removed at the end */
	char api[64];  /* "http://127.0.0.1:12345" */
	pid_t server, queue;
};

void world_start(struct world *world, int customers);
void world_stop(struct world *world);

/* Runs `steward ARGS` with the world's settings; argv ends with NULL. Its exit status;
 * out gets standard output and error together (free it; may be NULL). */
int world_run(const struct world *world, char **out, const char *const *argv);
/* Starts it in the background, output to dir/NAME.log. */
pid_t world_spawn(const struct world *world, const char *name, const char *const *argv);
/* Sends SIGTERM and waits; the exit status, or 128 + signal. */
int world_end(pid_t pid);

/* The token of a role's person, or of an agent; static, NULL when there is none. */
const char *world_token(
    const struct world *world, const char *role, const char *subject);

struct reply {
	long status;
	char *text; /* ends in NUL; len bytes of body before that */
	size_t len;
	json_t *json; /* NULL: the body is no JSON */
	char headers[4096];
};

struct request {
	const char *method; /* NULL: GET */
	const char *path;
	const char *token;  /* NULL: none */
	const char *body;   /* NULL: none */
	const char *key;    /* Idempotency-Key; NULL: none */
	const char *header; /* one more, "Name: value"; NULL: none */
};
struct reply http(const struct world *world, struct request request);
void reply_free(struct reply *reply);
/* Text at "a/b/0/c" in the reply; "" when it is not there. */
const char *reply_text(const struct reply *reply, const char *path);
json_t *json_at(json_t *value, const char *path);

#endif
