/*
 * feed_world.h - a database with customers, numbers and campaigns in which tasks live.
 *
 * Purpose    The demo's setup, and eight customers k1 ... k8 of Shanghai with a mobile, a full
 *            consent and a deposit that ends in three days: the campaign maturing_product is
 *            about them. Their numbers are sealed as in earnest. The clock stands at
 *            2026-11-23T02:00:00Z, 10:00 in Shanghai, a Monday.
 * Ownership  One world a test program; feed_world_open and feed_world_close are a fixture's.
 * Errors     None: what fails stops the test.
 */
#ifndef STW_TESTS_LIB_FEED_WORLD_H
#define STW_TESTS_LIB_FEED_WORLD_H

#include "campaigns/compliance/ruleset.h"
#include "campaigns/task_store.h"
#include "db/seal.h"
#include "tests/lib/cluster.h"

#define TASK_NOW INT64_C(1795399200000000)

struct feed_world {
	struct test_db t;
	struct arena arena;
	struct stw_err err;
	struct seal_keys *keys;
	struct ruleset *rules;
};
extern struct feed_world fw;

void feed_world_open(void);
void feed_world_close(void);
/* After a change of packs. */
void feed_world_rules(void);

/* The number of customer k<n>. */
const char *feed_world_phone(int n);
/* One planning tick; how many tasks are new. */
int64_t feed_world_plan(void);
/* One task is claimed; STW_NOT_FOUND's place is taken by a failed test. */
struct task_claim feed_world_claim(void);
enum task_gate_result feed_world_gate(struct task_claim *claim);
/* A task that agent a_01 has accepted. */
struct task_claim feed_world_accepted(void);
/* In a transaction that is rolled back: what the gate says to this desk. */
void feed_world_ask(
    const struct uuid *task, const struct task_desk *desk, struct task_permit *out);
bool task_permit_says(const struct task_permit *permit, const char *code);
int64_t feed_world_number(const char *sql);

#endif
