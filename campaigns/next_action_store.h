/*
 * next_action_store.h - what to do with a customer who called, best first.
 *
 * Purpose    What the bank owes (call-backs, promises of the lifecycle model), what is open
 *            (tasks), and what would fit (active campaigns whose audience the customer is in
 *            now and for which they were not taken up yet). Each with the gate's answer
 *            about speaking of it (campaigns/compliance/conduct.h), its reasons, and why it
 *            is there. Nothing is locked, reserved or recorded: what fits is a hint, and a
 *            call back still needs its permit.
 * Order      What may be spoken of before what may not. Then: call-backs by their time,
 *            promises by when they are due (those due within a week), open tasks, campaigns; these by priority, then value,
 *            then code.
 * Left out   Customers held out of a campaign stay without it. Tasks and campaigns for
 *            robots are no agent's.
 * Ownership  Everything lives in the arena and the ruleset.
 */
#ifndef STW_CAMPAIGNS_NEXT_ACTION_STORE_H
#define STW_CAMPAIGNS_NEXT_ACTION_STORE_H

#include "campaigns/compliance/conduct.h"
#include "db/db.h"
#include "segments/book.h"

enum next_kind { NEXT_CALLBACK = 0, NEXT_PROMISE, NEXT_TASK, NEXT_CAMPAIGN };
const char *next_kind_name(enum next_kind kind);

struct next_action {
	enum next_kind kind;
	const char *code; /* of the campaign or promise */
	const char *name_zh, *name_en;
	int version; /* of the campaign; 0: none */
	const char *purpose, *product;
	const char *why; /* campaign: the occurrence; promise: its kind; else NULL */
	const char *task_id; /* NULL: no task yet; then the next five are */
	const char *state, *queue, *agent, *with;
	stw_usec at;    /* call-back asked for, promise due; MAX: neither */
	stw_usec until; /* the task's window ends; MAX: none */
	bool overdue;
	int priority;
	int64_t value;
	struct conduct_answer answer; /* of promises: allowed */
};
struct next_actions {
	struct next_action *items;
	int count;
	const struct conduct_rule *conduct; /* of marketing by telephone */
	int nconduct;
};

/* book: with the customer in row `row` and with derived traits. */
struct next_request {
	const struct ruleset *rules;
	const struct book *book;
	size_t row;
	int bucket;
	int64_t customer_id;
	const char *ref;
	stw_usec now;
};
enum stw_code next_actions_load(struct db *db, const struct next_request *request,
    struct arena *arena, struct next_actions *out, struct stw_err *err) STW_MUST_USE;

#endif
