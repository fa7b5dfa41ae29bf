/* The dispatcher against the queue simulator over real HTTP; the database is a fake. */
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <check.h>
#include <curl/curl.h>
#include <jansson.h>
#include <sodium.h>

#include "api/push/dispatch_priv.h"
#include "api/push/queue_sim.h"
#include "campaigns/queue_store.h"
#include "campaigns/queue_turn_store.h"
#include "campaigns/task_remote_store.h"
#include "campaigns/task_unsure_store.h"
#include "engine/log.h"
#include "tests/lib/cases.h"

#define SECRET "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
#define TASKS  400
#define NOW    (INT64_C(1800000000) * STW_USEC_SEC)

/* ---- the fake database ------------------------------------------------------------------ */
struct fake_task {
	struct uuid id;
	int64_t queue_id, epoch;
	stw_usec due;
	enum task_state state;
	stw_usec settled; /* monotonic, since the start of the test */
	bool leased, recall, tried;
	int claimed; /* the how many-eth */
	bool asked;  /* registries, about its number */
};

static struct fake_task tasks[TASKS];
static int ntasks;
static struct queue_row queues[3];
static int nqueues;
static char urls[3][64];
static char dir[] = "/tmp/test_dispatch-XXXXXX";
static char checkpoint_path[80];
static int64_t ledger_size;
static bool seal_fails, gate_blocks, batch_fails, withdraw_some, poison;
static int batches, finish_fails, commit_fails, seals;
static stw_usec started, skew;
static struct queue_health told[3];
static int gone, claims, beats, claim_order, tries_max;

/* Of what the gate changes, which may have a thread of its own. */
static pthread_mutex_t world = PTHREAD_MUTEX_INITIALIZER;
/* The gate waits until what it let go before is settled; how often it saw that. */
static bool gate_waits;
static int gate_slow_ms;
/* Sealing takes so long that the queue is closed when it is done. */
static bool seal_closes;
static struct dispatch *dispatch;
/* Of the rules that a dispatcher asks for: those of the first time, and those after it. */
static char packs[2];
static int asked_rules;
static atomic_int gated_old, gated_new;
static atomic_int settled, waited, overlapped, gate_away, resets;

static struct fake_task *
fake_find(const struct uuid *id)
{
	for (int i = 0; i < ntasks; i++)
		if (memcmp(&tasks[i].id, id, sizeof *id) == 0)
			return &tasks[i];
	ck_abort_msg("no such task");
	return NULL;
}

static void
fake_add(int64_t queue_id, int n)
{
	while (n-- > 0) {
		struct fake_task *t = &tasks[ntasks++];

		ck_assert_int_le(ntasks, TASKS);
		*t = (struct fake_task){.id = uuid_new(NOW),
		    .queue_id = queue_id,
		    .due = NOW,
		    .state = TASK_PLANNED};
	}
}

enum stw_code
db_reset(struct db *db, struct stw_err *err)
{
	(void)db;
	(void)err;
	resets++;
	return STW_OK;
}

enum stw_code
queue_targets(struct db *db, const struct seal_keys *keys, const char *code,
    struct arena *arena, struct queue_row **out, int *count, struct stw_err *err)
{
	(void)db;
	(void)keys;
	(void)code;
	(void)err;
	*out = arena_array(arena, (size_t)nqueues, sizeof **out);
	memcpy(*out, queues, (size_t)nqueues * sizeof **out);
	*count = nqueues;
	return STW_OK;
}

enum stw_code
queue_gone(struct db *db, int64_t queue_id, const char *code, stw_usec now,
    struct stw_err *err)
{
	(void)db;
	(void)code;
	(void)now;
	(void)err;
	queues[queue_id - 1].state = "disabled";
	gone++;
	return STW_OK;
}

enum stw_code
queue_health_put(struct db *db, const struct queue_health *health, struct stw_err *err)
{
	(void)db;
	(void)err;
	told[health->queue_id - 1] = *health;
	return STW_OK;
}

/* One dispatcher: the turn is always its own, but while another has it. */
static bool turn_taken;
static int turns, turns_given;

enum stw_code
queue_turn_take(struct db *db, int64_t queue_id, const char *holder, stw_usec hold,
    stw_usec pace, struct queue_turn *out, struct stw_err *err)
{
	(void)db;
	(void)queue_id;
	(void)err;
	ck_assert(*holder != '\0' && hold > 0 && pace > 0);
	turns++;
	*out = (struct queue_turn){
	    .taken = !turn_taken, .wait = STW_USEC_HOUR, .held = turn_taken};
	return STW_OK;
}

enum stw_code
queue_turn_give(struct db *db, int64_t queue_id, const char *holder, stw_usec pace,
    struct stw_err *err)
{
	(void)db;
	(void)queue_id;
	(void)holder;
	(void)err;
	ck_assert_int_ge(pace, 0);
	turns_given++;
	return STW_OK;
}

enum stw_code
db_clock_ahead(struct db *db, stw_usec *ahead, struct stw_err *err)
{
	(void)db;
	(void)err;
	*ahead = skew;
	return STW_OK;
}

enum stw_code
task_expire(struct db *db, int64_t queue_id, stw_usec now, int64_t *expired,
    struct stw_err *err)
{
	(void)db;
	(void)queue_id;
	(void)now;
	(void)err;
	*expired = 0;
	return STW_OK;
}

enum stw_code
task_claim(struct db *db, int64_t queue_id, enum task_lane lane, const char *worker,
    int limit, int lease_sec, stw_usec now, struct arena *arena,
    struct task_claim **out, int *count, struct stw_err *err)
{
	(void)db;
	(void)worker;
	(void)err;
	ck_assert_int_eq(lease_sec, 20);
	claims++;
	*count = 0;
	*out = arena_array(arena, (size_t)limit, sizeof **out);
	(void)pthread_mutex_lock(&world);
	for (int i = 0; i < ntasks && *count < limit; i++) {
		struct fake_task *t = &tasks[i];

		if (t->queue_id != queue_id || t->leased || t->due > now ||
		    t->tried != (lane == TASK_LANE_RETRY) ||
		    (t->state != TASK_PLANNED && t->state != TASK_READY))
			continue;
		t->leased = true;
		t->state = TASK_READY;
		t->claimed = claim_order++;
		(*out)[(*count)++] =
		    (struct task_claim){.task_id = t->id, .epoch = ++t->epoch};
	}
	(void)pthread_mutex_unlock(&world);
	return STW_OK;
}

enum stw_code
task_leases_extend(struct db *db, const struct task_claim *list, int count,
    int lease_sec, struct arena *arena, bool *held, struct stw_err *err)
{
	(void)db;
	(void)arena;
	(void)err;
	ck_assert_int_eq(lease_sec, 20);
	for (int i = 0; i < count; i++) {
		const struct fake_task *t = fake_find(&list[i].task_id);

		held[i] = t->leased && t->epoch == list[i].epoch;
		beats += held[i];
	}
	return STW_OK;
}

static void
fake_gate(const struct task_claim *claim, struct arena *arena,
    enum task_gate_result *result, struct task_push *push)
{
	struct fake_task *t = fake_find(&claim->task_id);
	char *id = arena_alloc(arena, UUID_TEXT);

	ck_assert(t->asked);
	if (gate_blocks) {
		t->state = TASK_BLOCKED;
		*result = TASK_GATE_BLOCKED;
		return;
	}
	ledger_size++;
	t->state = TASK_SENDING;
	*result = TASK_GATE_SEND;
	/* The decision's id says which leaf it is, so that the journal can be checked. */
	*push = (struct task_push){.claim = *claim,
	    .task_id = uuid_format(&t->id, id),
	    .campaign = "c",
	    .campaign_version = 1,
	    .step = "call",
	    .occurrence = "1",
	    .customer_ref = "r",
	    .phone_mask = "138****0000",
	    .channel = "VOICE",
	    .handler = "agent",
	    .purpose = "MARKETING",
	    .script = "s",
	    .script_version = 1,
	    .number = "95000",
	    .not_before = NOW,
	    .not_after = NOW + STW_USEC_DAY,
	    .decision_id = arena_printf(arena, "%lld", (long long)ledger_size - 1),
	    .record_hash_hex = "ab",
	    .valid_until = NOW + STW_USEC_HOUR};
}

enum stw_code
task_gate_dispatch(struct db *db, const struct ruleset *rules,
    const struct task_claim *claim, stw_usec now, struct arena *arena,
    enum task_gate_result *result, struct task_push *push, struct stw_err *err)
{
	(void)db;
	(void)now;
	atomic_fetch_add(&gated_old, rules == (const struct ruleset *)&packs[0]);
	atomic_fetch_add(&gated_new, rules == (const struct ruleset *)&packs[1]);
	if (atomic_load(&gate_away) > 0) {
		atomic_fetch_sub(&gate_away, 1);
		return stw_fail(err, STW_TEMPFAIL, "connection lost");
	}
	(void)pthread_mutex_lock(&world);
	fake_gate(claim, arena, result, push);
	(void)pthread_mutex_unlock(&world);
	return STW_OK;
}

/* Where something was gated and is not settled: until it is. */
static void
wait_for_settled(void)
{
	stw_usec until = stw_monotonic() + 15 * STW_USEC_SEC;
	int before = atomic_load(&settled), sending = 0;

	(void)pthread_mutex_lock(&world);
	for (int i = 0; i < ntasks; i++)
		sending += tasks[i].state == TASK_SENDING;
	(void)pthread_mutex_unlock(&world);
	if (sending == 0)
		return;
	atomic_fetch_add(&waited, 1);
	while (atomic_load(&settled) == before && stw_monotonic() < until)
		(void)usleep(1000);
	atomic_fetch_add(&overlapped, atomic_load(&settled) != before);
}

/* The first of a batch is left over, as if somebody else held it. */
enum stw_code
task_gate_batch(struct db *db, const struct ruleset *rules,
    const struct task_claim *list, int count, stw_usec now, struct arena *arena,
    struct task_gated *out, struct stw_err *err)
{
	ck_assert_int_le(count, TASK_BATCH_MAX);
	batches++;
	if (batch_fails)
		return stw_fail(err, STW_INVALID, "one of them is bad");
	if (atomic_load(&gate_away) > 0)
		return stw_fail(err, STW_TEMPFAIL, "connection lost");
	if (gate_waits)
		wait_for_settled();
	if (gate_slow_ms > 0)
		(void)usleep((useconds_t)gate_slow_ms * 1000);
	for (int i = 1; i < count; i++) {
		out[i].decided = true;
		ck_assert_int_eq(task_gate_dispatch(db, rules, &list[i], now, arena,
				     &out[i].result, &out[i].push, err),
		    STW_OK);
	}
	return STW_OK;
}

enum stw_code
ledger_seal(struct db *db, const struct ledger_key *key, const char *path, stw_usec now,
    struct ledger_seal_result *out, struct stw_err *err)
{
	FILE *file;

	(void)db;
	(void)key;
	(void)now;
	(void)out;
	if (seal_fails)
		return stw_fail(err, STW_INVALID, "the disk is full");
	file = fopen(path, "ae");
	ck_assert_ptr_nonnull(file);
	(void)pthread_mutex_lock(&world);
	ck_assert_int_gt(fprintf(file, "test\n%lld\nroot\n\n\xe2\x80\x94 test sig\n",
			     (long long)ledger_size),
	    0);
	(void)pthread_mutex_unlock(&world);
	ck_assert_int_eq(fclose(file), 0);
	seals++;
	if (seal_closes)
		dispatch->queues->open = false;
	return STW_OK;
}

/* One connection: a transaction in a transaction would be a bug. */
static bool in_transaction;

enum stw_code
db_begin(struct db *db, struct stw_err *err)
{
	(void)db;
	(void)err;
	ck_assert(!in_transaction);
	in_transaction = true;
	return STW_OK;
}

enum stw_code
db_commit(struct db *db, struct stw_err *err)
{
	(void)db;
	ck_assert(in_transaction);
	in_transaction = false;
	if (commit_fails > 0) {
		commit_fails--;
		return stw_fail(err, STW_TEMPFAIL, "connection lost");
	}
	return STW_OK;
}

void
db_rollback(struct db *db)
{
	(void)db;
	in_transaction = false;
}

/* Before the gate, about what was claimed, and outside of a transaction. Those of queue
 * asks_hang's are answered asks_take after the first of them was asked. */
struct registry_ask {
	stw_usec until; /* monotonic */
};
static struct registry_ask asks[TASKS];
static int nasks, asks_over;
static int64_t asks_hang;
static stw_usec asks_take;

struct registry_asker *
registry_asker_new(
    struct db *db, const struct seal_keys *keys, struct http_client *client, int slots)
{
	(void)db;
	(void)keys;
	ck_assert(client != NULL && http_free_slots(client) > slots);
	return NULL;
}

void
registry_asker_free(struct registry_asker *asker)
{
	(void)asker;
}

void
registry_asker_work(struct registry_asker *asker)
{
	(void)asker;
}

struct registry_ask *
registry_ask_begin(struct registry_asker *asker, const struct uuid *ids, size_t count,
    const char *agent, stw_usec now)
{
	struct registry_ask *ask = NULL;

	(void)asker;
	(void)now;
	ck_assert(!in_transaction && agent == NULL);
	for (size_t i = 0; i < count; i++) {
		struct fake_task *t = fake_find(&ids[i]);

		(void)pthread_mutex_lock(&world);
		t->asked = true;
		(void)pthread_mutex_unlock(&world);
		if (t->queue_id == asks_hang)
			ask = &asks[nasks];
	}
	if (ask == NULL)
		return NULL;
	ck_assert_int_lt(nasks, TASKS - 1);
	asks[nasks++].until = stw_monotonic() + asks_take;
	return ask;
}

bool
registry_ask_is_over(const struct registry_ask *ask)
{
	return stw_monotonic() >= ask->until;
}

void
registry_ask_end(struct registry_asker *asker, struct registry_ask *ask, stw_usec now)
{
	(void)asker;
	(void)now;
	ck_assert(!in_transaction && registry_ask_is_over(ask));
	asks_over++;
}

/* None of these queues has a connector. */
enum stw_code
task_phones(struct db *db, const struct seal_keys *keys, const struct task_claim *list,
    size_t n, struct arena *arena, char **out, struct stw_err *err)
{
	(void)db;
	(void)keys;
	(void)list;
	(void)n;
	(void)arena;
	(void)out;
	(void)err;
	ck_abort_msg("nobody's number is wanted");
	return STW_BUG;
}

enum stw_code
task_unsure(struct db *db, const struct task_claim *list, int count, stw_usec now,
    struct arena *arena, struct task_unsure **out, int *found, struct stw_err *err)
{
	(void)db;
	(void)list;
	(void)count;
	(void)now;
	(void)arena;
	(void)out;
	(void)found;
	(void)err;
	ck_abort_msg("none of these queues can be asked");
	return STW_BUG;
}

enum stw_code
task_push_hold(
    struct db *db, const int64_t *number_ids, size_t count, struct stw_err *err)
{
	(void)db;
	(void)number_ids;
	(void)err;
	ck_assert(in_transaction);
	ck_assert_uint_gt(count, 0);
	return STW_OK;
}

enum stw_code
task_push_begin(struct db *db, const struct task_claim *list, int count,
    struct arena *arena, bool *may, struct stw_err *err)
{
	(void)db;
	(void)arena;
	(void)err;
	ck_assert(in_transaction);
	for (int i = 0; i < count; i++) {
		struct fake_task *t = fake_find(&list[i].task_id);

		(void)pthread_mutex_lock(&world);
		/* Every third is withdrawn between the gate and the push. */
		if (withdraw_some && uuid_bucket(&list[i].task_id) % 3 == 0)
			t->state = TASK_RECALLED;
		may[i] = t->epoch == list[i].epoch && t->state == TASK_SENDING;
		(void)pthread_mutex_unlock(&world);
	}
	return STW_OK;
}

static void
fake_finish(struct task_ending *e)
{
	struct fake_task *t = fake_find(&e->claim.task_id);

	e->dead = false;
	e->stale = t->epoch != e->claim.epoch || t->state != TASK_SENDING;
	if (e->stale)
		return;
	t->leased = false;
	t->settled = stw_monotonic() - started;
	switch (e->result) {
	case TASK_PUSH_ACCEPTED:
		t->state = TASK_QUEUED;
		break;
	case TASK_PUSH_RETRY:
		e->dead = e->left && tries_max > 0 && t->epoch >= tries_max;
		t->state = e->dead ? TASK_FAILED : TASK_READY;
		t->due = e->retry_at;
		t->tried = t->tried || e->left;
		break;
	case TASK_PUSH_REFUSED:
		t->state = TASK_FAILED;
		break;
	case TASK_PUSH_UNKNOWN:
		t->state = TASK_UNKNOWN;
		break;
	}
}

enum stw_code
task_finish_pushes(struct db *db, struct task_ending *endings, int count, stw_usec now,
    struct arena *arena, struct stw_err *err)
{
	(void)db;
	(void)now;
	(void)arena;
	if (finish_fails > 0) {
		finish_fails--;
		return stw_fail(err, STW_TEMPFAIL, "connection lost");
	}
	for (int i = 0; i < count; i++) {
		/* One that the database refuses spoils none of the others. */
		if (count > 1 && poison)
			return stw_fail(err, STW_INVALID, "a constraint");
		(void)pthread_mutex_lock(&world);
		fake_finish(&endings[i]);
		(void)pthread_mutex_unlock(&world);
	}
	atomic_fetch_add(&settled, count);
	return STW_OK;
}

static bool
is_among(const int64_t *ids, size_t count, int64_t id)
{
	for (size_t i = 0; i < count; i++)
		if (ids[i] == id)
			return true;
	return false;
}

enum stw_code
task_recalls(struct db *db, const int64_t *of, size_t nof, int limit,
    struct arena *arena, struct task_recall **out, int *count, struct stw_err *err)
{
	(void)db;
	(void)err;
	*count = 0;
	*out = arena_array(arena, (size_t)limit, sizeof **out);
	for (int i = 0; i < ntasks && *count < limit; i++)
		if (tasks[i].recall && is_among(of, nof, tasks[i].queue_id))
			(*out)[(*count)++] =
			    (struct task_recall){.task_id = tasks[i].id,
				.queue_id = tasks[i].queue_id,
				.reason = "withdrawal"};
	return STW_OK;
}

enum stw_code
task_recall_finish(struct db *db, const struct task_recall *recall, bool acknowledged,
    int http_status, stw_usec now, struct stw_err *err)
{
	struct fake_task *t = fake_find(&recall->task_id);

	(void)db;
	(void)http_status;
	(void)now;
	(void)err;
	if (acknowledged) {
		t->recall = false;
		t->state = TASK_RECALLED;
	}
	return STW_OK;
}

/* ---- queues in threads ------------------------------------------------------------------- */
struct sim {
	struct queue_sim_options opt;
	char journal[100], port_file[100];
	atomic_bool stop;
	pthread_t thread;
};

static struct sim sims[3];

static void *
sim_main(void *arg)
{
	struct sim *sim = arg;
	struct stw_err err = {0};

	if (queue_sim_run(&sim->opt, &sim->stop, &err) != STW_OK)
		(void)fprintf(stderr, "queue-sim: %s\n", err.text);
	return NULL;
}

static void
queue_define(int i, unsigned port, bool dedupes, int concurrency, int timeout_ms)
{
	static const char *const codes[] = {"q0", "q1", "q2"};

	(void)snprintf(urls[i], sizeof urls[i], "http://127.0.0.1:%u/tasks", port);
	queues[i] = (struct queue_row){.queue_id = i + 1,
	    .code = codes[i],
	    .kind = "agent",
	    .url = urls[i],
	    .state = "open",
	    .dedupes = dedupes,
	    .concurrency = concurrency,
	    .timeout_ms = timeout_ms,
	    .secret = SECRET};
	if (nqueues <= i)
		nqueues = i + 1;
}

/* Options that differ from the defaults are set in sims[i].opt before. */
static void
sim_start(int i, bool dedupes, int concurrency, int timeout_ms)
{
	struct sim *sim = &sims[i];
	unsigned port = 0;

	(void)snprintf(sim->journal, sizeof sim->journal, "%s/journal%d", dir, i);
	(void)snprintf(sim->port_file, sizeof sim->port_file, "%s/port%d", dir, i);
	sim->opt.listen = "127.0.0.1:0";
	sim->opt.port_file = sim->port_file;
	sim->opt.journal = sim->journal;
	sim->opt.checkpoints = checkpoint_path;
	sim->opt.summary = NULL;
	sim->opt.nsecrets = 1;
	atomic_store(&sim->stop, false);
	ck_assert_int_eq(
	    webhook_secret_parse(STR_LIT(SECRET), &sim->opt.secrets[0], NULL), STW_OK);
	ck_assert_int_eq(pthread_create(&sim->thread, NULL, sim_main, sim), 0);
	for (int wait = 0; port == 0 && wait < 500; wait++) {
		FILE *file = fopen(sim->port_file, "re");

		if (file != NULL) {
			if (fscanf(file, "%u", &port) != 1)
				port = 0;
			(void)fclose(file);
		}
		(void)usleep(10000);
	}
	ck_assert_uint_ne(port, 0);
	queue_define(i, port, dedupes, concurrency, timeout_ms);
}

static void
sim_stop(int i)
{
	atomic_store(&sims[i].stop, true);
	ck_assert_int_eq(pthread_join(sims[i].thread, NULL), 0);
	(void)unlink(sims[i].port_file);
}

/* Counts lines of a journal by event; checks of each push that its decision's leaf lay
 * within an exported checkpoint when it came. */
struct counts {
	int accepted, duplicate, failed, dropped, recalled, after_recall;
};

static struct counts
journal_read(int i)
{
	struct counts c = {0};
	char *line = NULL;
	size_t cap = 0;
	FILE *file = fopen(sims[i].journal, "re");

	ck_assert_ptr_nonnull(file);
	while (getline(&line, &cap, file) > 0) {
		json_t *e = json_loads(line, 0, NULL);
		const char *what = json_string_value(json_object_get(e, "event"));
		const char *answer = json_string_value(json_object_get(e, "answer"));
		const char *leaf = json_string_value(json_object_get(e, "decision_id"));

		ck_assert_ptr_nonnull(what);
		c.accepted += strcmp(what, "accepted") == 0;
		c.duplicate += strcmp(what, "duplicate") == 0;
		c.failed += strcmp(what, "failed") == 0;
		c.recalled += strcmp(what, "recalled") == 0;
		c.after_recall += strcmp(what, "after_recall") == 0;
		c.dropped += answer != NULL && strcmp(answer, "dropped") == 0;
		if (answer != NULL)
			ck_assert_int_gt(
			    json_integer_value(json_object_get(e, "exported")),
			    strtoll(leaf, NULL, 10));
		json_decref(e);
	}
	free(line);
	(void)fclose(file);
	return c;
}

/* ---- the dispatcher ------------------------------------------------------------------------ */
static struct egress egress;

static const struct ruleset *
rules_now(void *host, struct db *db)
{
	(void)host;
	(void)db;
	return (const struct ruleset *)&packs[asked_rules++ == 0 ? 0 : 1];
}

static void
open_dispatch(bool gate_beside)
{
	const struct dispatch_options options = {.checkpoint_path = checkpoint_path,
	    .egress = &egress,
	    .worker = "test",
	    .db = (struct db *)&egress, /* the fakes do not look */
	    .gate_db = gate_beside ? (struct db *)&egress : NULL,
	    .rules_now = rules_now,
	    .max_in_flight = 64};

	ck_assert_int_eq(dispatch_open(&options, &dispatch, NULL), STW_OK);
}

static void
begin(void)
{
	log_set_level(LOG_ERROR);
	ck_assert_ptr_nonnull(mkdtemp(dir));
	(void)snprintf(checkpoint_path, sizeof checkpoint_path, "%s/checkpoints", dir);
	ck_assert_int_eq(egress_parse(STR_LIT("127.0.0.0/8"), &egress, NULL), STW_OK);
	for (int i = 0; i < 3; i++)
		queue_sim_defaults(&sims[i].opt);
	ntasks = nqueues = 0;
	ledger_size = 0;
	seal_fails = gate_blocks = batch_fails = withdraw_some = poison =
	    in_transaction = false;
	commit_fails = finish_fails = seals = gone = claims = beats = 0;
	turn_taken = false;
	turns = turns_given = 0;
	claim_order = tries_max = nasks = asks_over = 0;
	skew = asks_take = 0;
	asks_hang = 0;
	gate_waits = seal_closes = false;
	gate_slow_ms = asked_rules = 0;
	gated_old = gated_new = 0;
	settled = waited = overlapped = gate_away = resets = 0;
	memset(told, 0, sizeof told);
	started = stw_monotonic();
	open_dispatch(false);
}

static void
end(void)
{
	char command[120];

	dispatch_close(dispatch);
	(void)snprintf(command, sizeof command, "rm -rf %s", dir);
	ck_assert_int_eq(system(command), 0);
	memcpy(dir + strlen(dir) - 6, "XXXXXX", 6);
}

static struct dispatch_result
pass_at(stw_usec now, int limit_ms)
{
	struct dispatch_result r;
	struct stw_err err = {0};

	ck_assert_msg(dispatch_pass(dispatch, now, limit_ms, NULL, &r, &err) == STW_OK,
	    "%s", err.text);
	ck_assert_int_eq(r.in_flight, 0);
	return r;
}

static struct dispatch_result
pass(int limit_ms)
{
	return pass_at(NOW, limit_ms);
}

static int
in_state(int64_t queue_id, enum task_state state)
{
	int n = 0;

	for (int i = 0; i < ntasks; i++)
		n += tasks[i].queue_id == queue_id && tasks[i].state == state;
	return n;
}

START_TEST(every_due_task_takes_effect_once_and_is_covered_before)
{
	struct dispatch_result r;
	struct counts c;

	sim_start(0, true, 8, 5000);
	fake_add(1, 200);
	r = pass(20000);
	sim_stop(0);
	c = journal_read(0);
	ck_assert_int_eq(in_state(1, TASK_QUEUED), 200);
	ck_assert_int_eq(r.accepted, 200);
	ck_assert_int_eq(r.sent, 200);
	ck_assert_int_eq(c.accepted, 200);
	ck_assert_int_eq(c.duplicate, 0);
	ck_assert_int_gt(seals, 0);
	ck_assert_int_lt(seals, 200);
}
END_TEST

START_TEST(what_is_gated_is_sent_while_more_is_at_the_gate)
{
	struct dispatch_result r;
	struct counts c[2];

	dispatch_close(dispatch);
	open_dispatch(true);
	sim_start(0, true, 8, 5000);
	sim_start(1, true, 8, 5000);
	fake_add(1, 100);
	fake_add(2, 100);
	gate_waits = true;
	r = pass(60000);
	for (int i = 0; i < 2; i++) {
		sim_stop(i);
		c[i] = journal_read(i);
		ck_assert_int_eq(c[i].accepted, 100);
		ck_assert_int_eq(c[i].duplicate, 0);
		ck_assert_int_eq(in_state(i + 1, TASK_QUEUED), 100);
	}
	ck_assert_int_eq(r.accepted, 200);
	/* In turn, they would have waited for nothing. */
	ck_assert_int_gt(overlapped, 0);
	ck_assert_int_eq(overlapped, waited);
}
END_TEST

START_TEST(a_gate_that_lost_its_database_gets_it_back)
{
	struct dispatch_result r;
	struct stw_err err;

	dispatch_close(dispatch);
	open_dispatch(true);
	sim_start(0, true, 8, 5000);
	fake_add(1, 20);
	gate_away = 1;
	ck_assert_int_eq(
	    dispatch_pass(dispatch, NOW, 20000, NULL, &r, &err), STW_TEMPFAIL);
	ck_assert_int_eq(r.sent, 0);
	/* The leases of what was claimed ran out. */
	for (int i = 0; i < ntasks; i++)
		tasks[i].leased = false;
	(void)usleep(1100000);
	r = pass(20000);
	sim_stop(0);
	ck_assert_int_eq(in_state(1, TASK_QUEUED), 20);
	ck_assert_int_eq(journal_read(0).accepted, 20);
	/* The dispatcher's and the gate's. */
	ck_assert_int_eq(resets, 2);
}
END_TEST

START_TEST(a_queue_that_fails_and_hangs_up_gets_each_task_once)
{
	struct counts c;

	sims[0].opt.fail_rate = 0.15;
	sims[0].opt.drop_rate = 0.15;
	sims[0].opt.late_rate = 0.05;
	sims[0].opt.late_ms = 700;
	sim_start(0, true, 16, 400);
	fake_add(1, 60);
	(void)pass(20000);
	/* On a machine with much else to do answers come too late; what has been tried
	 * often waits longer than a pass does. */
	for (int hour = 1; hour < 10 && in_state(1, TASK_QUEUED) < 60; hour++)
		(void)pass_at(NOW + hour * STW_USEC_HOUR, 20000);
	sim_stop(0);
	c = journal_read(0);
	ck_assert_int_eq(in_state(1, TASK_QUEUED), 60);
	ck_assert_int_eq(c.accepted, 60);
	ck_assert_int_gt(c.duplicate, 0);
	ck_assert_int_gt(c.failed, 0);
	ck_assert_int_gt(c.dropped, 0);
}
END_TEST

START_TEST(without_deduplication_a_lost_answer_is_unknown_and_not_repeated)
{
	struct dispatch_result r;
	struct counts c;
	int n;

	sims[0].opt.drop_rate = 0.2;
	sim_start(0, false, 8, 2000);
	fake_add(1, 80);
	r = pass(30000);
	sim_stop(0);
	c = journal_read(0);
	n = in_state(1, TASK_UNKNOWN);
	ck_assert_int_gt(n, 0);
	ck_assert_int_eq(n, c.dropped);
	ck_assert_int_eq(r.unknown, n);
	ck_assert_int_eq(in_state(1, TASK_QUEUED), 80 - n);
	ck_assert_int_eq(c.accepted, 80);
	ck_assert_int_eq(c.duplicate, 0);
}
END_TEST

START_TEST(nothing_leaves_while_the_ledger_cannot_be_sealed)
{
	struct dispatch_result r;
	struct counts c;

	sim_start(0, true, 8, 2000);
	fake_add(1, 20);
	seal_fails = true;
	r = pass(500);
	ck_assert_int_eq(r.sent, 0);
	ck_assert_int_gt(r.unsealed, 0);
	for (int i = 0; i < ntasks; i++)
		ck_assert(!tasks[i].tried);
	ck_assert_int_eq(in_state(1, TASK_QUEUED), 0);
	seal_fails = false;
	for (int i = 0; i < ntasks; i++)
		tasks[i].due = NOW;
	(void)pass(10000);
	sim_stop(0);
	c = journal_read(0);
	ck_assert_int_eq(c.accepted, 20);
	ck_assert_int_eq(in_state(1, TASK_QUEUED), 20);
}
END_TEST

/* One task that spoils its batch spoils nobody else: all are asked about singly. */
START_TEST(a_batch_that_fails_is_gated_one_by_one)
{
	struct dispatch_result r;

	sim_start(0, true, 8, 2000);
	batch_fails = true;
	batches = 0;
	fake_add(1, 30);
	r = pass(10000);
	sim_stop(0);
	ck_assert_int_eq(r.accepted, 30);
	ck_assert_int_gt(batches, 0);
	ck_assert_int_lt(batches, 30);
}
END_TEST

START_TEST(what_the_gate_blocks_is_not_sent)
{
	struct dispatch_result r;

	sim_start(0, true, 8, 2000);
	fake_add(1, 20);
	gate_blocks = true;
	r = pass(5000);
	sim_stop(0);
	ck_assert_int_eq(r.blocked, 20);
	ck_assert_int_eq(r.sent, 0);
	ck_assert_int_eq(journal_read(0).accepted, 0);
}
END_TEST

START_TEST(what_ends_between_gate_and_push_does_not_leave)
{
	struct dispatch_result r;
	int ended;

	sim_start(0, true, 8, 5000);
	fake_add(1, 90);
	withdraw_some = true;
	r = pass(20000);
	sim_stop(0);
	ended = in_state(1, TASK_RECALLED);
	ck_assert_int_gt(ended, 0);
	ck_assert_int_eq(r.held_back, ended);
	ck_assert_int_eq(r.sent, 90 - ended);
	ck_assert_int_eq(r.stale, 0);
	ck_assert_int_eq(journal_read(0).accepted, 90 - ended);
}
END_TEST

START_TEST(a_slow_queue_does_not_delay_another)
{
	stw_usec slow = 0, fast = 0;

	sims[0].opt.slow_ms = 800;
	sim_start(0, true, 4, 5000);
	sim_start(1, true, 8, 5000);
	fake_add(1, 12);
	fake_add(2, 150);
	(void)pass(30000);
	sim_stop(0);
	sim_stop(1);
	for (int i = 0; i < ntasks; i++) {
		stw_usec *last = tasks[i].queue_id == 1 ? &slow : &fast;

		ck_assert_int_eq(tasks[i].state, TASK_QUEUED);
		if (tasks[i].settled > *last)
			*last = tasks[i].settled;
	}
	ck_assert_int_ge(slow, 2 * STW_USEC_SEC);
	ck_assert_int_lt(fast, slow);
	ck_assert_int_eq(journal_read(1).accepted, 150);
}
END_TEST

/* A port that nobody listens on any more. */
static unsigned
dead_port(void)
{
	struct sockaddr_in addr = {.sin_family = AF_INET};
	socklen_t len = sizeof addr;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&addr, sizeof addr), 0);
	ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&addr, &len), 0);
	(void)close(fd);
	return ntohs(addr.sin_port);
}

/* Registries take longer than a heartbeat's time over the numbers of one queue's tasks. */
START_TEST(a_registry_that_hangs_delays_no_other_queue_and_no_heartbeat)
{
	stw_usec asked = STW_USEC_MAX, other = 0;
	struct dispatch_result r;

	sim_start(0, true, 4, 5000);
	sim_start(1, true, 8, 5000);
	fake_add(1, 3);
	fake_add(2, 150);
	asks_hang = 1;
	asks_take = 6 * STW_USEC_SEC;
	r = pass(30000);
	sim_stop(0);
	sim_stop(1);
	for (int i = 0; i < ntasks; i++) {
		ck_assert_int_eq(tasks[i].state, TASK_QUEUED);
		if (tasks[i].queue_id == 1 && tasks[i].settled < asked)
			asked = tasks[i].settled;
		if (tasks[i].queue_id == 2 && tasks[i].settled > other)
			other = tasks[i].settled;
	}
	ck_assert_int_ge(asked, asks_take);
	ck_assert_int_lt(other, asks_take / 2);
	ck_assert_int_ge(beats, 1);
	ck_assert_int_eq(asks_over, nasks);
	ck_assert_int_eq(r.sent, 153);
}
END_TEST

START_TEST(a_dead_queue_is_left_alone_and_loses_nothing)
{
	struct dispatch_result r;

	sim_start(0, true, 8, 2000);
	queue_define(1, dead_port(), false, 8, 2000);
	fake_add(1, 100);
	fake_add(2, 100);
	r = pass(2500);
	sim_stop(0);
	ck_assert_int_eq(in_state(1, TASK_QUEUED), 100);
	ck_assert_int_eq(in_state(2, TASK_READY) + in_state(2, TASK_PLANNED), 100);
	ck_assert_int_le(r.sent - 100, 20);
	ck_assert_int_eq(r.queues_held, 1);
}
END_TEST

START_TEST(retries_and_new_work_are_drawn_in_turn)
{
	int retries_early = 0;

	sim_start(0, true, 4, 5000);
	fake_add(1, 80);
	for (int i = 0; i < 40; i++)
		tasks[i].tried = true;
	(void)pass(20000);
	sim_stop(0);
	ck_assert_int_eq(in_state(1, TASK_QUEUED), 80);
	/* Of the first half of what was claimed, about a half was tried before. */
	for (int i = 0; i < 40; i++)
		retries_early += tasks[i].claimed < 40;
	ck_assert_int_ge(retries_early, 15);
	ck_assert_int_le(retries_early, 25);
}
END_TEST

START_TEST(a_queue_that_is_gone_is_disabled_and_its_tasks_wait)
{
	struct dispatch_result r;

	sims[0].opt.gone = true;
	sim_start(0, true, 4, 2000);
	fake_add(1, 60);
	r = pass(3000);
	sim_stop(0);
	ck_assert_int_eq(gone, 1);
	ck_assert_int_le(r.sent, SCHEDULE_FIRST);
	ck_assert_int_eq(in_state(1, TASK_READY) + in_state(1, TASK_PLANNED), 60);
	/* Until a person opens it. */
	for (int i = 0; i < ntasks; i++)
		tasks[i].due = NOW;
	r = pass(500);
	ck_assert_int_eq(r.sent, 0);
	queues[0].state = "open";
	sims[0].opt.gone = false;
	sim_start(0, true, 4, 2000);
	(void)pass(20000);
	sim_stop(0);
	ck_assert_int_eq(in_state(1, TASK_QUEUED), 60);
}
END_TEST

START_TEST(a_task_whose_tries_are_used_up_is_a_dead_letter)
{
	struct dispatch_result r = {0};

	sims[0].opt.fail_rate = 1.0;
	sim_start(0, true, 8, 2000);
	fake_add(1, 1);
	tries_max = 3;
	for (int hour = 0; hour < 12 && in_state(1, TASK_FAILED) < 1; hour++)
		r = pass_at(NOW + hour * STW_USEC_HOUR, 3000);
	sim_stop(0);
	ck_assert_int_eq(in_state(1, TASK_FAILED), 1);
	ck_assert_int_eq(r.dead, 1);
	ck_assert_int_eq(told[0].dead, 1);
	ck_assert_int_eq(told[0].retried, 3);
	ck_assert_int_eq(told[0].last_status, 500);
}
END_TEST

START_TEST(nothing_is_claimed_while_the_clocks_differ)
{
	struct dispatch_result r;

	sim_start(0, true, 8, 2000);
	fake_add(1, 20);
	skew = 3 * STW_USEC_SEC;
	r = pass(600);
	ck_assert(r.skewed);
	ck_assert_int_eq(claims, 0);
	skew = -3 * STW_USEC_SEC;
	r = pass(600);
	ck_assert(r.skewed);
	ck_assert_int_eq(claims, 0);
	skew = STW_USEC_SEC;
	r = pass(10000);
	sim_stop(0);
	ck_assert(!r.skewed);
	ck_assert_int_eq(in_state(1, TASK_QUEUED), 20);
}
END_TEST

START_TEST(a_lease_is_kept_alive_while_its_push_is_in_flight)
{
	sims[0].opt.slow_ms = 6000;
	sim_start(0, true, 1, 15000);
	fake_add(1, 1);
	(void)pass(15000);
	sim_stop(0);
	ck_assert_int_eq(in_state(1, TASK_QUEUED), 1);
	ck_assert_int_ge(beats, 1);
}
END_TEST

START_TEST(one_that_cannot_be_settled_holds_up_no_other)
{
	poison = true;
	sim_start(0, true, 8, 2000);
	fake_add(1, 40);
	(void)pass(10000);
	sim_stop(0);
	ck_assert_int_eq(in_state(1, TASK_QUEUED), 40);
}
END_TEST

/* Also where what is at the gate has not begun yet: the window holds four times the rate. */
START_TEST(a_rate_is_kept)
{
	struct dispatch_result r;

	dispatch_close(dispatch);
	open_dispatch(_i == 1);
	sim_start(0, true, 64, 2000);
	fake_add(1, 200);
	(void)pass(10000);
	ck_assert_int_eq(in_state(1, TASK_QUEUED), 200);
	gate_slow_ms = _i == 1 ? 150 : 0;
	queues[0].rate = 10;
	queues[0].rate_sec = 1;
	fake_add(1, 100);
	r = pass(2500);
	sim_stop(0);
	ck_assert_int_ge(r.sent, 20);
	ck_assert_int_le(r.sent, 30);
}
END_TEST

/* While there is always something at the gate with those of before. */
START_TEST(new_rules_reach_the_gate_while_it_is_at_work)
{
	dispatch_close(dispatch);
	open_dispatch(true);
	sim_start(0, true, 8, 2000);
	sim_start(1, true, 8, 2000);
	fake_add(1, 60);
	fake_add(2, 60);
	gate_slow_ms = 20;
	(void)pass(20000);
	sim_stop(0);
	sim_stop(1);
	ck_assert_int_eq(in_state(1, TASK_QUEUED) + in_state(2, TASK_QUEUED), 120);
	/* The first queue's first, no more. */
	ck_assert_int_le(gated_old, SCHEDULE_FIRST);
	ck_assert_int_ge(gated_new, 120 - SCHEDULE_FIRST);
}
END_TEST

START_TEST(nothing_is_claimed_that_cannot_be_gated)
{
	struct dispatch_result r;

	sim_start(0, true, 8, 2000);
	sim_start(1, true, 8, 2000);
	fake_add(1, 20);
	fake_add(2, 20);
	gate_away = 1;
	ck_assert_int_eq(
	    dispatch_pass(dispatch, NOW, 2000, NULL, &r, NULL), STW_TEMPFAIL);
	/* What was at the gate then waits for its lease; the other queue has lost nothing. */
	ck_assert_int_eq(
	    in_state(1, TASK_READY) + in_state(2, TASK_READY), SCHEDULE_FIRST);
	ck_assert_int_eq(
	    in_state(1, TASK_PLANNED) + in_state(2, TASK_PLANNED), 40 - SCHEDULE_FIRST);
	(void)usleep(1100000);
	r = pass(10000);
	sim_stop(0);
	sim_stop(1);
	ck_assert_int_eq(r.accepted, 40 - SCHEDULE_FIRST);
}
END_TEST

START_TEST(a_queue_that_closes_while_its_tasks_are_sealed_gets_none)
{
	struct dispatch_result r;

	sim_start(0, true, 8, 2000);
	fake_add(1, 5);
	seal_closes = true;
	r = pass(500);
	ck_assert_int_eq(r.sent, 0);
	ck_assert_int_eq(in_state(1, TASK_READY), 5);
	seal_closes = false;
	(void)pass_at(NOW + STW_USEC_MIN, 5000);
	sim_stop(0);
	ck_assert_int_eq(in_state(1, TASK_QUEUED), 5);
}
END_TEST

/* The pace is the queue's: while another dispatcher has its turn, nothing is claimed. */
START_TEST(a_queue_with_a_pace_is_left_to_the_one_whose_turn_it_is)
{
	struct dispatch_result r;

	sim_start(0, true, 8, 2000);
	sim_start(1, true, 8, 2000);
	queues[0].rate = 1000;
	queues[0].rate_sec = 1;
	fake_add(1, 10);
	fake_add(2, 10);
	turn_taken = true;
	r = pass(2000);
	ck_assert_int_eq(r.claimed, 10);
	ck_assert_int_eq(in_state(2, TASK_QUEUED), 10);
	ck_assert_int_eq(in_state(1, TASK_PLANNED), 10);
	ck_assert_int_eq(turns_given, 0);
	turn_taken = false;
	r = pass(2000);
	sim_stop(0);
	sim_stop(1);
	ck_assert_int_eq(in_state(1, TASK_QUEUED), 10);
	/* One that was taken is given back at the end. */
	ck_assert_int_eq(turns_given, 1);
}
END_TEST

START_TEST(an_address_outside_the_list_is_never_connected_to)
{
	struct dispatch_result r;

	sim_start(0, true, 8, 2000);
	ck_assert_int_eq(egress_parse(STR_LIT("10.0.0.0/8"), &egress, NULL), STW_OK);
	fake_add(1, 10);
	r = pass(300);
	sim_stop(0);
	ck_assert_int_eq(r.accepted, 0);
	ck_assert_int_gt(r.retried, 0);
	ck_assert_int_eq(journal_read(0).accepted, 0);
}
END_TEST

/* A pass gives up on a database that is away; a loop waits for it. */
static void
eight_arrive_once(void)
{
	struct dispatch_result r;

	for (int i = 0; i < 20 && in_state(1, TASK_QUEUED) < 8; i++) {
		enum stw_code rc = dispatch_pass(dispatch, NOW, 3000, NULL, &r, NULL);

		ck_assert(rc == STW_OK || rc == STW_TEMPFAIL);
		for (int t = 0; t < ntasks; t++)
			if (tasks[t].state == TASK_SENDING) {
				tasks[t].state = TASK_READY; /* its lease ran out */
				tasks[t].leased = false;
			}
		(void)usleep(300000);
	}
	sim_stop(0);
	ck_assert_int_eq(in_state(1, TASK_QUEUED), 8);
	ck_assert_int_eq(journal_read(0).accepted, 8);
	ck_assert_int_gt(resets, 0);
}

START_TEST(an_answer_is_kept_while_the_database_is_away)
{
	sim_start(0, true, 4, 2000);
	fake_add(1, 8);
	finish_fails = 3;
	eight_arrive_once();
}
END_TEST

START_TEST(what_left_has_left_when_its_commit_is_lost)
{
	sim_start(0, true, 4, 2000);
	fake_add(1, 8);
	commit_fails = 2;
	eight_arrive_once();
}
END_TEST

START_TEST(recalls_go_until_acknowledged_and_before_anything_else)
{
	struct dispatch_result r;
	struct counts c;

	sims[0].opt.fail_rate = 0.0;
	sim_start(0, true, 8, 2000);
	fake_add(1, 30);
	for (int i = 0; i < 10; i++) {
		tasks[i].recall = true;
		tasks[i].state = TASK_SENDING;
		tasks[i].leased = true;
	}
	r = pass(10000);
	/* What comes after its recall is not taken. */
	tasks[0].state = TASK_PLANNED;
	tasks[0].leased = false;
	(void)pass(10000);
	sim_stop(0);
	c = journal_read(0);
	ck_assert_int_eq(r.recalls_done, 10);
	ck_assert_int_eq(c.recalled, 10);
	ck_assert_int_eq(in_state(1, TASK_QUEUED), 20);
	ck_assert_int_eq(c.accepted, 20);
	ck_assert_int_eq(c.after_recall, 1);
	ck_assert_int_eq(tasks[0].state, TASK_FAILED);
}
END_TEST

/* More than are asked for at once, and older; their queue cannot be told. */
START_TEST(a_queue_that_cannot_be_told_holds_up_no_others_recalls)
{
	struct dispatch_result r;

	sim_start(1, true, 8, 2000);
	queue_define(0, 1, true, 8, 2000);
	queues[0].secret = NULL;
	fake_add(1, 40);
	fake_add(2, 1);
	for (int i = 0; i < 41; i++) {
		tasks[i].recall = true;
		tasks[i].state = TASK_SENDING;
		tasks[i].leased = true;
	}
	r = pass(2000);
	sim_stop(1);
	ck_assert_int_eq(r.recalls_done, 1);
	ck_assert_int_eq(in_state(2, TASK_RECALLED), 1);
	ck_assert_int_eq(in_state(1, TASK_SENDING), 40);
}
END_TEST

START_TEST(the_queue_remembers_across_its_restart)
{
	struct counts c;

	sim_start(0, true, 8, 2000);
	fake_add(1, 30);
	(void)pass(10000);
	sim_stop(0);
	sim_start(0, true, 8, 2000);
	for (int i = 0; i < ntasks; i++)
		tasks[i].state = TASK_PLANNED;
	(void)pass(10000);
	sim_stop(0);
	c = journal_read(0);
	ck_assert_int_eq(c.accepted, 30);
	ck_assert_int_eq(c.duplicate, 30);
}
END_TEST

/* ---- the loop -------------------------------------------------------------------------------- */
static atomic_bool stop_loop;

static void *
loop_main(void *arg)
{
	dispatch_loop(arg, &stop_loop);
	return NULL;
}

START_TEST(a_loop_that_is_stopped_finishes_what_is_on_the_wire)
{
	struct dispatch_result r = {0};
	pthread_t thread;
	struct stw_clock clock;
	struct dispatch_options options;
	stw_usec asked;

	dispatch_close(dispatch);
	clock_set_base(&clock, NOW);
	options = (struct dispatch_options){.checkpoint_path = checkpoint_path,
	    .egress = &egress,
	    .worker = "test",
	    .clock = &clock,
	    .db = (struct db *)&egress};
	ck_assert_int_eq(dispatch_open(&options, &dispatch, NULL), STW_OK);
	sims[0].opt.slow_ms = 500;
	sim_start(0, true, 4, 5000);
	fake_add(1, 40);
	atomic_store(&stop_loop, false);
	ck_assert_int_eq(pthread_create(&thread, NULL, loop_main, dispatch), 0);
	while (r.in_flight == 0) {
		(void)usleep(10000);
		dispatch_totals(dispatch, &r);
	}
	asked = stw_monotonic();
	atomic_store(&stop_loop, true);
	ck_assert_int_eq(pthread_join(thread, NULL), 0);
	ck_assert_int_lt(stw_monotonic() - asked, 3 * STW_USEC_SEC);
	sim_stop(0);
	ck_assert_int_eq(in_state(1, TASK_SENDING), 0);
	ck_assert_int_eq(in_state(1, TASK_QUEUED), journal_read(0).accepted);
	ck_assert_int_gt(in_state(1, TASK_QUEUED), 0);
	ck_assert_int_lt(in_state(1, TASK_QUEUED), 40);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("dispatch");
	SRunner *runner;
	int failed;

	if (sodium_init() < 0 || curl_global_init(CURL_GLOBAL_ALL) != CURLE_OK)
		return EXIT_FAILURE;
	CASE_ADD(suite, begin, end, 240,
	    every_due_task_takes_effect_once_and_is_covered_before, 0, 1);
	CASE_ADD(suite, begin, end, 240,
	    what_is_gated_is_sent_while_more_is_at_the_gate, 0, 1);
	CASE_ADD(
	    suite, begin, end, 240, a_gate_that_lost_its_database_gets_it_back, 0, 1);
	CASE_ADD(suite, begin, end, 240,
	    a_queue_that_fails_and_hangs_up_gets_each_task_once, 0, 1);
	CASE_ADD(suite, begin, end, 240,
	    without_deduplication_a_lost_answer_is_unknown_and_not_repeated, 0, 1);
	CASE_ADD(suite, begin, end, 240,
	    nothing_leaves_while_the_ledger_cannot_be_sealed, 0, 1);
	CASE_ADD(suite, begin, end, 240, a_batch_that_fails_is_gated_one_by_one, 0, 1);
	CASE_ADD(suite, begin, end, 240, what_the_gate_blocks_is_not_sent, 0, 1);
	CASE_ADD(suite, begin, end, 240, what_ends_between_gate_and_push_does_not_leave,
	    0, 1);
	CASE_ADD(
	    suite, begin, end, 240, what_left_has_left_when_its_commit_is_lost, 0, 1);
	CASE_ADD(suite, begin, end, 240, a_slow_queue_does_not_delay_another, 0, 1);
	CASE_ADD(suite, begin, end, 240,
	    a_registry_that_hangs_delays_no_other_queue_and_no_heartbeat, 0, 1);
	CASE_ADD(
	    suite, begin, end, 240, a_dead_queue_is_left_alone_and_loses_nothing, 0, 1);
	CASE_ADD(suite, begin, end, 240, retries_and_new_work_are_drawn_in_turn, 0, 1);
	CASE_ADD(suite, begin, end, 240,
	    a_queue_that_is_gone_is_disabled_and_its_tasks_wait, 0, 1);
	CASE_ADD(suite, begin, end, 240,
	    a_task_whose_tries_are_used_up_is_a_dead_letter, 0, 1);
	CASE_ADD(
	    suite, begin, end, 240, nothing_is_claimed_while_the_clocks_differ, 0, 1);
	CASE_ADD(suite, begin, end, 240,
	    a_lease_is_kept_alive_while_its_push_is_in_flight, 0, 1);
	CASE_ADD(
	    suite, begin, end, 240, one_that_cannot_be_settled_holds_up_no_other, 0, 1);
	CASE_ADD(suite, begin, end, 240, a_rate_is_kept, 0, 2);
	CASE_ADD(
	    suite, begin, end, 240, new_rules_reach_the_gate_while_it_is_at_work, 0, 1);
	CASE_ADD(suite, begin, end, 240, nothing_is_claimed_that_cannot_be_gated, 0, 1);
	CASE_ADD(suite, begin, end, 240,
	    a_queue_that_closes_while_its_tasks_are_sealed_gets_none, 0, 1);
	CASE_ADD(suite, begin, end, 240,
	    a_queue_with_a_pace_is_left_to_the_one_whose_turn_it_is, 0, 1);
	CASE_ADD(suite, begin, end, 240,
	    an_address_outside_the_list_is_never_connected_to, 0, 1);
	CASE_ADD(
	    suite, begin, end, 240, an_answer_is_kept_while_the_database_is_away, 0, 1);
	CASE_ADD(suite, begin, end, 240,
	    recalls_go_until_acknowledged_and_before_anything_else, 0, 1);
	CASE_ADD(suite, begin, end, 240,
	    a_queue_that_cannot_be_told_holds_up_no_others_recalls, 0, 1);
	CASE_ADD(suite, begin, end, 240, the_queue_remembers_across_its_restart, 0, 1);
	CASE_ADD(suite, begin, end, 240,
	    a_loop_that_is_stopped_finishes_what_is_on_the_wire, 0, 1);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
