/*
 * task_world.h - a database with the demo set up and eight customers whose deposits end
 * soon, for tests of what becomes of tasks.
 *
 * Purpose    setup and teardown are a checked fixture. Planning gives a task for each
 *            customer; queued takes one through the gate to its queue.
 * Errors     None: what does not hold fails the test.
 */
#ifndef STW_TESTS_LIB_TASK_WORLD_H
#define STW_TESTS_LIB_TASK_WORLD_H

#include <check.h>

#include "campaigns/task_store.h"
#include "tests/lib/cluster.h"

/* Monday 2026-11-23, 10:00 in Shanghai. */
#define NOW INT64_C(1795399200000000)

extern struct test_db tw;
extern struct arena tw_arena;
extern struct stw_err tw_err;
extern struct seal_keys *tw_keys;
extern struct ruleset *tw_rules;

#define ck_ok(call)                                                                \
	do {                                                                       \
		enum stw_code ck_rc = (call);                                      \
		ck_assert_msg(                                                     \
		    ck_rc == STW_OK, "%s: %s", stw_code_name(ck_rc), tw_err.text); \
	} while (0)

void task_world_setup(void);
void task_world_teardown(void);
int64_t task_world_number(const char *sql);
/* One planning tick; how many tasks are new. */
int64_t task_world_plan(void);
int64_t task_world_queue_id(void);
struct task_claim task_world_claim(int lease_sec);
/* claim: has its decision then, as a dispatcher's. */
enum task_gate_result task_world_gate(struct task_claim *claim, struct task_push *push);
bool task_world_finish(const struct task_claim *claim, enum task_push_result result);
/* A task that the queue has. */
struct task_claim task_world_queued(void);

#endif
