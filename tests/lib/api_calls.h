/*
 * api_calls.h - what the tests that speak to the real server share: who asks, and with what.
 *
 * Purpose    One world for a program (tests/lib/server_world.h), calls by role, and checks of
 *            a reply that end the test with its text.
 * Ownership  A reply belongs to the caller (reply_free), a token too (free).
 * Errors     None: what does not hold fails the test.
 */
#ifndef STW_TESTS_LIB_API_CALLS_H
#define STW_TESTS_LIB_API_CALLS_H

#include <check.h>

#include "tests/lib/server_world.h"

/* Two agents of a queue that has tasks waiting: a_01 works wealth-remote. */
#define AGENT "a_01"
#define OTHER "a_02"

#define WORLD_CUSTOMERS 700
extern struct world world;

/* The program: starts the world, runs the suite, ends the world. For main(). */
int api_test_main(Suite *suite);

char *token_of(const char *role);
/* A new Idempotency-Key for each call; static. */
const char *new_key(void);
struct reply get(const char *role, const char *path);
struct reply post(const char *role, const char *path, const char *body);
struct reply agent(const char *who, const char *method, const char *path,
    const char *body, const char *key);
struct reply task_call(
    const char *who, const char *id, const char *verb, const char *body);

void ck_status(const struct reply *reply, long status);
void ck_problem(const struct reply *reply, long status, const char *code);

/* A task that nobody has yet: id and customer. */
void queued_task(char id[40], char customer[80]);
/* The document of the lifecycle model in force, mature from another amount on; free it. */
char *other_model(const char *amount);

#define AT_ONCE 8
struct racer {
	struct request request;
	struct reply reply;
};
/* All at once, each on its own connection. */
void race_all(struct racer racers[AT_ONCE]);

#endif
