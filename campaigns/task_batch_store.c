/* The gate over a batch of one queue's tasks: the same locks, facts and decisions as for one
 * task, asked for together. */
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "campaigns/decision_store.h"
#include "campaigns/feed_store.h"
#include "campaigns/task_gate_priv.h"
#include "db/ledger.h"

/* One task of the batch. Left over: it is asked about alone, as if there were no batch. */
struct item {
	const struct task_claim *claim;
	struct task_gated *out;
	bool left_over;
	char text[UUID_TEXT];
	int64_t customer_id;
	struct str phone_index; /* 32 bytes */
	struct str phone_class; /* the same for both hashes of a number */
	const char *pool;
	struct task_context ctx;
	struct task_verdict verdict;
	struct decision_draft draft;
	int64_t
	    own_hold; /* the number under whose cap it has a place already; 0: none */
	bool sends;
};

struct batch {
	struct db *db;
	const struct ruleset *rules;
	stw_usec now, day_start;
	struct arena *arena;
	struct item
	    *items; /* by customer, when the locks of what is called are taken */
	int count;
	/* The arrays of a statement, over those that are not left over. */
	int64_t *buckets, *customers;
	struct str *ids;
	int *places;
	size_t n;
	struct {
		const char *code;
		struct number_row *rows;
		struct gate_number *gate;
		int count;
	} * pools;
	int npools;
};

static void
batch_init(
    struct batch *b, const struct task_claim *claims, int count, struct task_gated *out)
{
	size_t n = (size_t)count;

	b->items = arena_array(b->arena, n, sizeof *b->items);
	b->buckets = arena_array(b->arena, n, sizeof *b->buckets);
	b->customers = arena_array(b->arena, n, sizeof *b->customers);
	b->ids = arena_array(b->arena, n, sizeof *b->ids);
	b->places = arena_array(b->arena, n, sizeof *b->places);
	b->pools = arena_array(b->arena, n, sizeof *b->pools);
	b->count = count;
	b->npools = 0;
	memset(b->items, 0, n * sizeof *b->items);
	for (int i = 0; i < count; i++) {
		b->items[i].claim = &claims[i];
		b->items[i].out = &out[i];
		(void)uuid_format(&claims[i].task_id, b->items[i].text);
		out[i] = (struct task_gated){0};
	}
}

static void
gather(struct batch *b)
{
	b->n = 0;
	for (int i = 0; i < b->count; i++) {
		const struct item *it = &b->items[i];

		if (it->left_over)
			continue;
		b->buckets[b->n] = it->claim->bucket;
		b->customers[b->n] = it->customer_id;
		b->ids[b->n] = str_of(it->text);
		b->places[b->n++] = i;
	}
}

static struct item *
item_find(struct batch *b, struct str id)
{
	for (size_t i = 0; i < b->n; i++)
		if (str_eq(b->ids[i], id))
			return &b->items[b->places[i]];
	return NULL;
}

/* ---- who is called ----------------------------------------------------------------------- */
static int
by_customer(const void *a, const void *b)
{
	const struct item *x = a, *y = b;

	return (x->customer_id > y->customer_id) - (x->customer_id < y->customer_id);
}

/* Caps are counted by person and by number: what one task of the batch takes the next one
 * has to see, so only one of them is in it. */
static void
leave_doubles(struct batch *b)
{
	for (int i = 0; i < b->count; i++)
		for (int k = 0; k < i && !b->items[i].left_over; k++)
			if (!b->items[k].left_over &&
			    (b->items[k].customer_id == b->items[i].customer_id ||
				str_eq(
				    b->items[k].phone_class, b->items[i].phone_class)))
				b->items[i].left_over = true;
}

/* From here on nothing that is about one customer is waited for. */
static enum stw_code
lock_called(struct batch *b, struct stw_err *err)
{
	struct db_rows *rows = NULL;
	const struct zone *zone = NULL;
	enum stw_code rc = db_later(b->db, DB_Q_PLAN_BY_KEY, NULL, 0, err);

	if (rc == STW_OK)
		rc = db_later(b->db, DB_Q_INDEX_HOLD, NULL, 0, err);
	/* That of its ledger entries, which nothing leaves before, waits for the disk. */
	if (rc == STW_OK)
		rc = db_later(b->db, DB_Q_COMMIT_UNSYNCED, NULL, 0, err);
	gather(b);
	const struct db_param params[] = {
	    db_i64s(b->buckets, b->n), db_texts(b->ids, b->n)};

	if (rc == STW_OK)
		rc = db_query(
		    b->db, DB_Q_GATE_PEEK, params, DB_NPARAMS(params), &rows, err);
	if (rc == STW_OK && db_rows_count(rows) > 0)
		rc = zone_find(db_get_str(rows, 0, 5).ptr, &zone, err);
	for (int i = 0; i < b->count; i++)
		b->items[i].left_over = true;
	for (int r = 0; rc == STW_OK && r < db_rows_count(rows); r++) {
		struct item *it = item_find(b, db_get_str(rows, r, 0));

		STW_ASSERT(it != NULL);
		it->customer_id = db_get_i64(rows, r, 1);
		it->phone_index = db_get_bytes(rows, r, 2, b->arena);
		it->phone_class = str_of(db_get_text(rows, r, 3, b->arena));
		it->pool = db_get_text(rows, r, 4, b->arena);
		it->left_over = !db_get_bool(rows, r, 6);
	}
	db_rows_free(rows);
	if (rc != STW_OK)
		return rc;
	if (zone != NULL)
		b->day_start = zone_instant(zone, zone_local(zone, b->now).day, 0);
	qsort(b->items, (size_t)b->count, sizeof *b->items, by_customer);
	leave_doubles(b);
	return STW_OK;
}

static enum stw_code
share_permissions(struct batch *b, struct stw_err *err)
{
	struct db_rows *rows = NULL;
	enum stw_code rc;

	gather(b);
	const struct db_param params[] = {
	    db_i64s(b->buckets, b->n), db_i64s(b->customers, b->n)};

	rc = db_query(
	    b->db, DB_Q_CONSENT_SHARE_MANY, params, DB_NPARAMS(params), &rows, err);
	for (size_t i = 0; rc == STW_OK && i < b->n; i++) {
		bool held = false;

		DB_ROW_FOREACH(rows, r)
			held = held || db_get_i64(rows, r, 0) == b->customers[i];
		b->items[b->places[i]].left_over = !held;
	}
	db_rows_free(rows);
	return rc;
}

/* ---- caller numbers ---------------------------------------------------------------------- */
static int
pool_find(const struct batch *b, const char *code)
{
	for (int i = 0; i < b->npools; i++)
		if (strcmp(b->pools[i].code, code) == 0)
			return i;
	return -1;
}

static enum stw_code
lock_numbers(struct batch *b, struct stw_err *err)
{
	struct str *codes = arena_array(b->arena, (size_t)b->count, sizeof *codes);
	enum stw_code rc;

	for (int i = 0; i < b->count; i++)
		if (!b->items[i].left_over && pool_find(b, b->items[i].pool) < 0) {
			codes[b->npools] = str_of(b->items[i].pool);
			b->pools[b->npools++].code = b->items[i].pool;
		}
	rc = number_lock_pools(b->db, codes, (size_t)b->npools, err);
	for (int i = 0; rc == STW_OK && i < b->npools; i++) {
		const struct number_filter filter = {.pool = b->pools[i].code};

		rc = number_select(b->db, &filter, b->now, b->day_start, b->arena,
		    &b->pools[i].rows, &b->pools[i].count, err);
		if (rc != STW_OK)
			break;
		b->pools[i].gate = arena_array(
		    b->arena, (size_t)b->pools[i].count, sizeof(struct gate_number));
		for (int k = 0; k < b->pools[i].count; k++)
			facts_number(
			    &b->pools[i].rows[k], b->arena, &b->pools[i].gate[k]);
	}
	return rc;
}

/* A task's own place is not in its own way. */
static void
count_place(struct batch *b, int64_t number_id, int by)
{
	for (int i = 0; number_id != 0 && i < b->npools; i++)
		for (int k = 0; k < b->pools[i].count; k++)
			if (b->pools[i].rows[k].number_id == number_id)
				b->pools[i].gate[k].used_today += by;
}

static enum stw_code
own_places(struct batch *b, struct stw_err *err)
{
	struct db_rows *rows = NULL;
	enum stw_code rc;

	gather(b);
	const struct db_param params[] = {db_texts(b->ids, b->n), db_usec(b->now)};

	rc = db_query(
	    b->db, DB_Q_NUMBER_HOLD_LIST, params, DB_NPARAMS(params), &rows, err);
	if (rc == STW_OK)
		DB_ROW_FOREACH(rows, r)
			item_find(b, db_get_str(rows, r, 0))->own_hold =
			    db_get_i64(rows, r, 1);
	db_rows_free(rows);
	return rc;
}

/* ---- tasks --------------------------------------------------------------------------- */
static bool
is_plain(const struct item *it)
{
	const struct task_context *c = &it->ctx;

	return c->claimed_epoch == it->claim->epoch &&
	       memcmp(&c->claim_id, &it->claim->claim_id, sizeof c->claim_id) == 0 &&
	       (c->state == TASK_PLANNED || c->state == TASK_READY ||
		   (c->state == TASK_SENDING && c->dedupes));
}

static void
context_begin(const struct batch *b, struct item *it, const struct db_rows *rows, int r)
{
	struct task_context *c = &it->ctx;
	int pool = pool_find(b, it->pool);

	memset(c, 0, sizeof *c);
	c->bucket = it->claim->bucket;
	c->task_id = it->claim->task_id;
	memcpy(c->task_text, it->text, sizeof c->task_text);
	STW_ASSERT(it->phone_index.len == sizeof c->phone_index);
	memcpy(c->phone_index, it->phone_index.ptr, sizeof c->phone_index);
	c->day_start = b->day_start;
	task_context_from(rows, r, b->arena, c);
	c->pool_code = it->pool;
	c->pool = b->pools[pool].rows;
	c->pool_gate = b->pools[pool].gate;
	c->npool = b->pools[pool].count;
}

static enum stw_code
lock_tasks(struct batch *b, struct stw_err *err)
{
	struct db_rows *rows = NULL;
	enum stw_code rc;

	gather(b);
	const struct db_param params[] = {
	    db_i64s(b->buckets, b->n), db_texts(b->ids, b->n)};

	rc = db_query(b->db, DB_Q_TASK_HOLD, params, DB_NPARAMS(params), &rows, err);
	if (rc != STW_OK)
		return rc;
	for (size_t i = 0; i < b->n; i++)
		b->items[b->places[i]].left_over = true;
	DB_ROW_FOREACH(rows, r)
		item_find(b, db_get_str(rows, r, 0))->left_over = false;
	db_rows_free(rows);
	gather(b);
	rc = task_context_query(b->db, b->buckets, b->ids, b->n, &rows, err);
	if (rc != STW_OK)
		return rc;
	for (size_t i = 0; i < b->n; i++)
		b->items[b->places[i]].left_over = true;
	DB_ROW_FOREACH(rows, r) {
		struct item *it =
		    item_find(b, db_get_str(rows, r, task_context_id_column()));

		context_begin(b, it, rows, r);
		it->left_over = !is_plain(it);
	}
	db_rows_free(rows);
	gather(b);
	return STW_OK;
}

/* ---- facts --------------------------------------------------------------------------- */
static enum stw_code
seen_numbers(struct batch *b, struct stw_err *err)
{
	int64_t *seen = arena_array(b->arena, b->n, sizeof *seen);
	enum stw_code rc = STW_OK;

	for (int p = 0; rc == STW_OK && p < b->npools; p++) {
		rc = number_seen_many(
		    b->db, b->pools[p].code, b->buckets, b->customers, b->n, seen, err);
		for (size_t i = 0; rc == STW_OK && i < b->n; i++)
			if (b->items[b->places[i]].ctx.pool == b->pools[p].rows)
				b->items[b->places[i]].ctx.seen_id = seen[i];
	}
	return rc;
}

static bool
same_feeds(const struct task_context *a, const struct task_context *b)
{
	return a->campaign_id == b->campaign_id && a->version == b->version &&
	       a->queue_id == b->queue_id && strcmp(a->handler, b->handler) == 0 &&
	       str_eq(str_of(a->product != NULL ? a->product : ""),
		   str_of(b->product != NULL ? b->product : "")) &&
	       strcmp(a->script, b->script) == 0 &&
	       a->script_version == b->script_version;
}

static enum stw_code
feeds_of(struct batch *b, size_t i, struct stw_err *err)
{
	struct task_context *c = &b->items[b->places[i]].ctx;

	for (size_t k = 0; k < i; k++) {
		const struct task_context *o = &b->items[b->places[k]].ctx;

		if (!same_feeds(o, c))
			continue;
		feeds_copy(&o->facts, &c->facts);
		return STW_OK;
	}
	const struct feed_about about = {c->campaign, c->version, c->queue_id};

	return feeds_load(b->db, b->rules, &about, b->now, b->arena, &c->facts, err);
}

/* Under the customers' locks, and before the numbers are held: reading takes longest. */
static enum stw_code
read_customers(struct batch *b, struct facts_set *set, struct stw_err *err)
{
	struct uuid *tasks;

	gather(b);
	tasks = arena_array(b->arena, b->n, sizeof *tasks);
	for (size_t i = 0; i < b->n; i++)
		tasks[i] = b->items[b->places[i]].claim->task_id;
	const struct facts_ask ask = {b->buckets, b->customers, b->n, tasks, b->n};

	return facts_load_many(b->db, &ask, b->now, b->arena, set, err);
}

static enum stw_code
fill_facts(struct batch *b, const struct facts_set *set, struct stw_err *err)
{
	stw_usec ahead = 0;
	enum stw_code rc = seen_numbers(b, err);

	if (rc == STW_OK)
		rc = db_clock_ahead(b->db, &ahead, err);
	for (size_t i = 0; rc == STW_OK && i < b->n; i++) {
		struct task_context *c = &b->items[b->places[i]].ctx;

		c->facts.clock_trusted = llabs(ahead) <= DB_CLOCK_TRUST;
		rc = task_context_party(c, set, b->arena, err);
		if (rc == STW_OK)
			rc = feeds_of(b, i, err);
	}
	return rc;
}

/* ---- decisions ------------------------------------------------------------------------- */
static void
decide(struct batch *b, struct item *it)
{
	count_place(b, it->own_hold, -1);
	task_context_judge(b->rules, &it->ctx, GATE_DISPATCH, b->now,
	    task_dispatch_ttl(&it->ctx, b->now), b->arena, &it->verdict, &it->draft);
	it->sends = it->verdict.decision.allowed;
	count_place(b, it->sends ? it->ctx.number_id : it->own_hold, 1);
}

static enum stw_code
record(struct batch *b, struct stw_err *err)
{
	struct ledger_entry *entries = arena_array(b->arena, b->n, sizeof *entries);
	struct decision_draft **drafts = arena_array(b->arena, b->n, sizeof *drafts);
	struct db_copy_in *copy = NULL;
	struct buf text;
	enum stw_code rc;

	for (size_t i = 0; i < b->n; i++)
		drafts[i] = &b->items[b->places[i]].draft;
	rc = decision_commit(b->db, drafts, b->n, err);
	if (rc == STW_OK)
		rc = db_copy_in_begin(b->db, DB_Q_DECISION_COPY, &copy, err);
	if (rc != STW_OK)
		return rc;
	buf_init(&text);
	for (size_t i = 0; i < b->n; i++) {
		const struct decision_draft *draft = drafts[i];

		decision_put(copy, draft);
		buf_clear(&text);
		decision_entry(draft, &text);
		entries[i] = (struct ledger_entry){(int)b->buckets[i], "decision",
		    {arena_strndup(b->arena, text.data, text.len), text.len}};
	}
	buf_fini(&text);
	rc = db_copy_in_end(copy, NULL, err);
	for (size_t i = 0; rc == STW_OK && i < b->n; i++)
		rc = decision_overrides(b->db, drafts[i], err);
	/* The outbox is the last in the order of locks, but nobody waits for it. */
	if (rc == STW_OK)
		rc = ledger_append_many(b->db, entries, b->n, err);
	return rc;
}

/* The columns of task_send.sql. */
static enum stw_code
send(struct batch *b, struct stw_err *err)
{
	int64_t *buckets = arena_array(b->arena, b->n, sizeof *buckets);
	int64_t *epochs = arena_array(b->arena, b->n, sizeof *epochs);
	int64_t *numbers = arena_array(b->arena, b->n, sizeof *numbers);
	int64_t *customers = arena_array(b->arena, b->n, sizeof *customers);
	int64_t *at = arena_array(b->arena, b->n, sizeof *at);
	struct str *ids = arena_array(b->arena, b->n, sizeof *ids);
	struct str *decisions = arena_array(b->arena, b->n, sizeof *decisions);
	struct str *phones = arena_array(b->arena, b->n, sizeof *phones);
	struct str *channels = arena_array(b->arena, b->n, sizeof *channels);
	struct str *purposes = arena_array(b->arena, b->n, sizeof *purposes);
	int64_t changed = 0;
	size_t n = 0;
	enum stw_code rc;

	for (size_t i = 0; i < b->n; i++) {
		const struct item *it = &b->items[b->places[i]];
		const struct task_context *c = &it->ctx;
		size_t size = 2 * sizeof c->phone_index + 1;

		if (!it->sends)
			continue;
		buckets[n] = c->bucket;
		ids[n] = str_of(c->task_text);
		epochs[n] = it->claim->epoch;
		decisions[n] = str_of(it->verdict.decision_text);
		numbers[n] = c->number_id;
		customers[n] = c->customer_id;
		phones[n] = str_of(sodium_bin2hex(arena_alloc(b->arena, size), size,
		    c->phone_index, sizeof c->phone_index));
		channels[n] = str_of(c->channel);
		purposes[n] = str_of(c->purpose);
		at[n++] = it->verdict.at;
	}
	if (n == 0)
		return STW_OK;
	const struct db_param params[] = {db_i64s(buckets, n), db_texts(ids, n),
	    db_i64s(epochs, n), db_texts(decisions, n), db_i64s(numbers, n),
	    db_i64s(customers, n), db_texts(phones, n), db_texts(channels, n),
	    db_texts(purposes, n), db_i64s(at, n),
	    db_i64(TASK_RESERVE_FOR / STW_USEC_SEC)};

	rc = db_exec(b->db, DB_Q_TASK_SEND, params, DB_NPARAMS(params), &changed, err);
	if (rc == STW_OK && changed != (int64_t)n)
		rc = stw_fail(err, STW_BUG,
		    "%lld of %zu tasks were ready under their own locks",
		    (long long)changed, n);
	return rc;
}

static enum stw_code
refuse(struct batch *b, struct item *it, struct stw_err *err)
{
	const struct db_param ready[] = {db_i64(it->ctx.bucket),
	    db_text(it->ctx.task_text), db_i64(it->claim->epoch), db_usec(b->now)};
	bool deferred = false;
	enum stw_code rc =
	    db_query(b->db, DB_Q_TASK_SET_READY, ready, DB_NPARAMS(ready), NULL, err);

	if (rc == STW_OK)
		rc = task_context_refuse(
		    b->db, &it->ctx, &it->verdict, it->verdict.at, &deferred, err);
	it->out->result = deferred ? TASK_GATE_DEFERRED : TASK_GATE_BLOCKED;
	return rc;
}

static enum stw_code
batch_in_tx(struct batch *b, struct stw_err *err)
{
	struct facts_set set;
	enum stw_code rc = lock_called(b, err);

	if (rc == STW_OK)
		rc = share_permissions(b, err);
	if (rc == STW_OK)
		rc = read_customers(b, &set, err);
	if (rc == STW_OK)
		rc = lock_numbers(b, err);
	if (rc == STW_OK)
		rc = lock_tasks(b, err);
	if (rc == STW_OK)
		rc = own_places(b, err);
	if (rc == STW_OK)
		rc = fill_facts(b, &set, err);
	if (rc != STW_OK)
		return rc;
	for (size_t i = 0; i < b->n; i++)
		decide(b, &b->items[b->places[i]]);
	rc = record(b, err);
	if (rc == STW_OK)
		rc = send(b, err);
	for (size_t i = 0; rc == STW_OK && i < b->n; i++)
		if (!b->items[b->places[i]].sends)
			rc = refuse(b, &b->items[b->places[i]], err);
	return rc;
}

enum stw_code
task_gate_batch(struct db *db, const struct ruleset *rules,
    const struct task_claim *claims, int count, stw_usec now, struct arena *arena,
    struct task_gated *out, struct stw_err *err)
{
	struct batch b = {.db = db, .rules = rules, .now = now, .arena = arena};
	enum stw_code rc;

	STW_ASSERT(count <= TASK_BATCH_MAX);
	batch_init(&b, claims, count, out);
	rc = db_begin(db, err);
	if (rc == STW_OK)
		rc = batch_in_tx(&b, err);
	if (rc == STW_OK)
		rc = db_commit(db, err);
	else
		db_rollback(db);
	for (int i = 0; i < count; i++) {
		struct item *it = &b.items[i];

		it->out->decided = rc == STW_OK && !it->left_over;
		if (!it->out->decided || !it->sends)
			continue;
		it->out->result = TASK_GATE_SEND;
		task_push_from(
		    &it->ctx, it->claim, &it->verdict, arena, &it->out->push);
	}
	return rc;
}
