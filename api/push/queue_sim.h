/*
 * queue_sim.h - an agent queue to push to: for the demo, the tests, and integrators.
 *
 * Purpose    An HTTP server that takes tasks as a bank's real queue would: it checks the
 *            signature, deduplicates by webhook-id, writes everything to a journal before
 *            it answers (queue_journal.h), and takes recalls. On request it is slow,
 *            fails, hangs up after it took the task, or answers too late. Agents in it
 *            (queue_agents.h) work the tasks over the REST API.
 * Routes     POST /tasks, POST /tasks/recall, GET /healthz; also below one more path
 *            segment (/robots/tasks), so that one server can stand for several queues.
 * Answers    202 accepted or seen before; 401 signature; 409 recalled before it came;
 *            410 told to be gone; 413, 422 not a task; 500 told to fail; 503 too many open tasks.
 * Ownership  Options are borrowed for the call.
 */
#ifndef STW_API_PUSH_QUEUE_SIM_H
#define STW_API_PUSH_QUEUE_SIM_H

#include <stdatomic.h>
#include <stdio.h>

#include "api/push/webhook.h"

#define QUEUE_SIM_SECRETS  8
#define QUEUE_SIM_OPEN_MAX 200000

struct queue_sim_options {
	const char *listen;    /* "127.0.0.1:8090"; port 0: any free one */
	const char *port_file; /* gets the port when it listens; may be NULL */
	const char *journal;
	const char
	    *checkpoints; /* exported checkpoints of the ledger, to note with every
	                            push how far they reached then; may be NULL */
	struct webhook_secret secrets[QUEUE_SIM_SECRETS];
	size_t nsecrets;
	const char *api;        /* base URL; NULL: no agents */
	const char *token_file; /* lines "agent token [queue]" */
	int agents;             /* at most so many of the file; 0: all */
	int slow_ms;            /* before anything else */
	int late_ms;            /* how long a late answer waits */
	double fail_rate, drop_rate,
	    late_rate; /* shares of requests, together at most 1 */
	bool gone;     /* answer 410 to every task */
	uint64_t seed;
	int think_ms;       /* how long a call lasts */
	int until_idle_sec; /* end after so long without a request or open work; 0: no */
	FILE *summary;      /* one line at the end */
};

void queue_sim_defaults(struct queue_sim_options *options);
/* Runs until *stop is set or it is idle. */
enum stw_code queue_sim_run(const struct queue_sim_options *options,
    const atomic_bool *stop, struct stw_err *err) STW_MUST_USE;

#endif
