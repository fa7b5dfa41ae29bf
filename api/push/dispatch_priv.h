/*
 * dispatch_priv.h - what the files of the dispatcher share: a job, and the dispatcher.
 *
 * Purpose    A round is: settle what is left, recalls, claims and the gate, seal, leave.
 *            dispatch.c has the rounds; one file has each step.
 * Rules      A job is in one state at a time, and only its own step moves it on:
 *            FREE -> GATED (gate) -> SENT (leave) or KEPT -> SETTLE -> FREE. ASKING comes
 *            before GATED where a registry is asked about the number first; UNSURE
 *            between SENT and SETTLE where the answer was lost and the target can be asked,
 *            and first where the push was one of a dispatcher that died.
 */
#ifndef STW_API_PUSH_DISPATCH_PRIV_H
#define STW_API_PUSH_DISPATCH_PRIV_H

#include <pthread.h>

#include "api/push/dispatch.h"
#include "api/push/http.h"
#include "api/push/push_queue.h"
#include "api/push/registry_ask.h"
#include "api/push/verdict.h"

#define ROUND_MAX  128 /* gated before one seal, over all queues */
#define DETAIL_MAX 200

/* Kept alive by a heartbeat: a dispatcher that stops loses what it has after so long. */
#define LEASE (20 * STW_USEC_SEC)

#define RECALLS_EVERY (STW_USEC_SEC / 4)
#define CLAIM_IDLE    (STW_USEC_SEC / 5) /* after a claim that found nothing */
#define CLAIM_BUSY    (STW_USEC_SEC / 50)

/* KEPT: gated, and stays here for a reason that `detail` has. */
enum job_state {
	JOB_FREE = 0,
	JOB_ASKING,
	JOB_GATED,
	JOB_KEPT,
	JOB_SENT,
	JOB_UNSURE,
	JOB_SETTLE
};

/* Of the client's slots, beside those of the jobs. */
#define ASK_SLOTS   16
#define TOKEN_SLOTS 16

#define CONNECT_MS     5000
#define REMOTE_ID_SIZE 201

struct job {
	enum job_state state;
	bool is_recall;
	struct dispatch *dispatch;
	struct push_queue *queue;
	struct task_claim claim;
	int64_t number_id;
	struct task_recall recall;
	struct registry_ask
	    *ask;           /* JOB_ASKING; one for all that were claimed together */
	stw_usec lease_end; /* monotonic */
	char key[WEBHOOK_ID_MAX + 1];
	struct buf body;
	/* Queues with a connector: what the job was made with, and the task. */
	struct push_target *target; /* NULL: Steward's own protocol */
	struct connect_task task;
	struct arena arena; /* of task's texts */
	enum connector_op_kind op;
	struct job *batch_next; /* that left in the same request */
	char remote_id[REMOTE_ID_SIZE];
	int64_t token_number; /* that it was sent with */
	bool absent;          /* the target said that it does not have it */
	int asks;             /* after it */
	stw_usec ask_at;      /* UNSURE; monotonic */
	stw_usec wait;        /* KEPT: until it is due again; 0: as usual */
	/* JOB_SETTLE */
	enum task_push_result result;
	bool acknowledged;
	int status;
	char detail[DETAIL_MAX];
	stw_usec retry_at;
	bool
	    never_left; /* then nobody is surprised that the task is another's by now */
};

struct token_fetch {
	struct push_target *target; /* NULL: free */
	char queue[61];             /* code */
	struct buf body;
};

struct dispatch {
	struct dispatch_options opt;
	struct http_client *http;
	struct registry_asker *asker;
	struct token_fetch fetches[TOKEN_SLOTS];
	struct push_queue *queues;
	struct job *jobs;
	int njobs;
	struct gater *gater;
	int gating;         /* tasks at the gate; each has a slot */
	struct arena arena; /* of one round */
	stw_usec now_base, mono_base;
	stw_usec next_reload, next_recalls, db_wait; /* monotonic */
	stw_usec next_beat, next_skew, next_health;
	char holder[UUID_TEXT]; /* of turns (dispatch_turn.c) */
	bool skewed;    /* the database's clock is not ours: nothing is claimed */
	int next_queue; /* whose turn it is */
	bool recalls_left;
	pthread_mutex_t lock; /* of totals */
	struct dispatch_result totals;
	struct dispatch_result sum; /* the dispatcher's own copy */
};

/* ---- dispatch_job.c ------------------------------------------------------------------ */
stw_usec dispatch_now(const struct dispatch *d);
/* For dispatch_totals. */
void dispatch_publish(struct dispatch *d);
/* Logs, and leaves the database alone for a while. */
void dispatch_db_trouble(
    struct dispatch *d, const char *what, const struct stw_err *err);
/* TEMPFAIL while it is to be left alone; reconnects after that. */
enum stw_code dispatch_db_ready(struct dispatch *d, struct stw_err *err) STW_MUST_USE;
struct job *job_find(struct dispatch *d); /* NULL: all are taken */
int jobs_free(const struct dispatch *d);
void job_begin(struct job *job, struct push_queue *queue, bool is_recall);
void job_end(struct job *job);

/* ---- dispatch_settle.c --------------------------------------------------------------- */
/* Writes down how jobs ended. While the database is away they stay, to be tried again. */
void settle_all(struct dispatch *d);
/* Not sent: the task is due again soon, and the attempt says why. */
void job_give_back(struct dispatch *d, struct job *job);
void dispatch_on_done(void *ctx, const struct http_result *answer);

/* ---- dispatch_leave.c ---------------------------------------------------------------- */
enum stw_code job_send(
    struct dispatch *d, struct job *job, struct stw_err *err) STW_MUST_USE;
/* Seals the ledger over all that is GATED and lets it leave. */
void send_gated(struct dispatch *d);

/* ---- dispatch_beat.c ------------------------------------------------------------------- */
/* What is done every few seconds: leases extended, clocks compared, health told. */
enum stw_code dispatch_beat(struct dispatch *d, struct stw_err *err) STW_MUST_USE;
/* Tells how the queues fare, whatever was told last. */
void dispatch_tell_health(struct dispatch *d);

void job_keep(struct job *job, const char *why);
/* It is on its way. */
void job_sent(struct dispatch *d, struct job *job);

/* ---- dispatch_connect.c ---------------------------------------------------------------- */
/* What is sent, of an offer that the gate allowed and of a recall. */
void job_offer(struct dispatch *d, struct job *job, const struct task_push *push);
void job_recall(struct dispatch *d, struct job *job);
/* jobs[0], and those behind it that go in the same request. What cannot leave is KEPT. */
void connect_leave(struct dispatch *d, struct job *const *jobs, int count);
/* A recall or a status query. NOT_FOUND: the target cannot be told or asked. */
enum stw_code job_send_other(
    struct dispatch *d, struct job *job, struct stw_err *err) STW_MUST_USE;
struct push_verdict connect_judge(
    struct dispatch *d, struct job *job, const struct http_result *answer);
/* Nobody knows whether an offer arrived: true when the target is going to be asked. */
bool status_wanted(struct job *job);
void statuses_ask(struct dispatch *d);
void on_status_done(
    struct dispatch *d, struct job *job, const struct http_result *answer);
/* Of GATED jobs whose target gets the number; outside of a transaction. */
enum stw_code phones_open(struct dispatch *d, struct stw_err *err) STW_MUST_USE;
void phones_wipe(struct dispatch *d);

/* ---- dispatch_token.c ------------------------------------------------------------------- */
void tokens_fetch(struct dispatch *d);
/* After the client was closed. */
void tokens_close(struct dispatch *d);

/* ---- dispatch_unsure.c ----------------------------------------------------------------- */
/* Those of these claims whose push was out when a dispatcher died, at a target that can be
 * asked, become jobs that ask; the others stay in claims. */
enum stw_code claims_unsure(struct dispatch *d, struct push_queue *q,
    struct task_claim *claims, int *count, stw_usec lease_end,
    struct stw_err *err) STW_MUST_USE;

/* ---- dispatch_turn.c ------------------------------------------------------------------- */
/* May something be pushed to this queue now, as far as its pace is concerned? */
bool turn_is_ours(const struct push_queue *queue);
/* Before a claim of a queue with a pace: asks for its turn where that is due. */
enum stw_code turn_take(struct dispatch *d, struct push_queue *queue, bool *ours,
    struct stw_err *err) STW_MUST_USE;
/* At the end: others need not wait for them to run out. */
void turns_give(struct dispatch *d);

/* ---- dispatch_ask.c -------------------------------------------------------------------- */
/* Asks registries about the numbers of these tasks; true: they wait for the answers, as
 * jobs, and keep their leases meanwhile. */
bool claims_ask(struct dispatch *d, struct push_queue *q,
    const struct task_claim *claims, int count, stw_usec lease_end);
/* Those that were answered, or not in time, go on to the gate. */
void asks_settle(struct dispatch *d);

/* ---- dispatch_recall.c, dispatch_claim.c ---------------------------------------------- */
enum stw_code recalls_send(struct dispatch *d, struct stw_err *err) STW_MUST_USE;
/* Of what queue q was given, how many pushes are still to begin: its pace counts them as if
 * they had. */
int queue_waiting(const struct dispatch *d, const struct push_queue *q);
enum stw_code round_claims(struct dispatch *d, struct stw_err *err) STW_MUST_USE;

/* ---- dispatch_gate.c ------------------------------------------------------------------ */
enum stw_code gater_open(struct dispatch *d, struct stw_err *err) STW_MUST_USE;
void gater_close(struct dispatch *d);
/* Asks the gate about them: at once, or beside everything else where it has a connection of
 * its own. Until gates_collect they count as the queue's, and their slots are taken. */
void claims_gate(struct dispatch *d, struct push_queue *q,
    const struct task_claim *claims, int count, stw_usec lease_end);

/* Those that were gated and may leave are GATED jobs. */
void gates_collect(struct dispatch *d);

#endif
