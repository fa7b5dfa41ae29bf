#include "campaigns/review_store.h"

#include <stdio.h>
#include <string.h>

#include <sodium.h>

#include "campaigns/catalogue_store.h"
#include "campaigns/number_store.h"
#include "db/entry_json.h"
#include "db/ledger.h"

#define HEX (2 * crypto_hash_sha256_BYTES + 1)

static const char *const verdicts[REVIEW_VERDICTS] = {
    "pass", "minor", "major", "critical"};

const char *
review_verdict_name(int i)
{
	return verdicts[i];
}

static int
verdict_find(const char *name)
{
	for (int i = 0; i < REVIEW_VERDICTS; i++)
		if (strcmp(verdicts[i], name) == 0)
			return i;
	return -1;
}

static enum stw_code
log_entry(struct db *db, const char *kind, const char *id, stw_usec now,
    const struct entry_field *fields, int nfields, struct stw_err *err)
{
	struct buf entry;
	enum stw_code rc;

	buf_init(&entry);
	entry_write(kind, id, now, fields, nfields, &entry);
	rc = ledger_append(db, -1, kind, (struct str){entry.data, entry.len}, err);
	buf_fini(&entry);
	return rc;
}

/* ---- the population ------------------------------------------------------------------------ */
struct population {
	struct review_candidate *items;
	size_t count;
};

static enum stw_code
id_of(const struct db_rows *rows, int r, int col, struct uuid *to, struct stw_err *err)
{
	return uuid_parse(db_get_str(rows, r, col), to) == STW_OK
		   ? STW_OK
		   : stw_fail(err, STW_BUG, "review: an id that is none");
}

static unsigned
contact_strata(const struct db_rows *rows, int r)
{
	bool connected = db_get_bool(rows, r, 4) && db_get_bool(rows, r, 5);

	return (db_get_bool(rows, r, 3) ? 1U << STRATUM_ELDER : 0) |
	       (connected ? 1U << STRATUM_CONNECTED : 0) |
	       (db_get_bool(rows, r, 6) ? 1U << STRATUM_COMPLAINT : 0) |
	       (db_get_bool(rows, r, 7) ? 1U << STRATUM_APPROVED : 0) |
	       (db_get_bool(rows, r, 8) ? 1U << STRATUM_NEW_AGENT : 0) |
	       (db_get_bool(rows, r, 9) ? 1U << STRATUM_VULNERABLE : 0);
}

static enum stw_code
population_load(struct db *db, const struct review_ask *ask, struct arena *arena,
    struct population *out, struct stw_err *err)
{
	const struct db_param time[] = {db_usec(ask->from), db_usec(ask->to),
	    db_i64(ask->plan.first), db_i64(ask->plan.elder)};
	struct db_rows *contacts = NULL, *denials = NULL;
	enum stw_code rc;

	rc = db_query(db, DB_Q_REVIEW_CONTACTS, time, DB_NPARAMS(time), &contacts, err);
	if (rc == STW_OK)
		rc = db_query(db, DB_Q_REVIEW_DENIALS, time, 2, &denials, err);
	if (rc != STW_OK)
		goto done;
	out->items = arena_array(arena,
	    (size_t)db_rows_count(contacts) + (size_t)db_rows_count(denials),
	    sizeof *out->items);
	for (int r = 0; rc == STW_OK && r < db_rows_count(contacts); r++) {
		struct review_candidate *c = &out->items[out->count++];

		*c = (struct review_candidate){.has_task = true,
		    .agent = db_get_text(contacts, r, 2, arena),
		    .strata = contact_strata(contacts, r)};
		rc = id_of(contacts, r, 0, &c->id, err);
		if (rc == STW_OK)
			rc = id_of(contacts, r, 1, &c->task, err);
	}
	for (int r = 0; rc == STW_OK && r < db_rows_count(denials); r++) {
		struct review_candidate *c = &out->items[out->count++];

		*c = (struct review_candidate){.has_task = !db_is_null(denials, r, 1),
		    .strata = 1U << STRATUM_DENIED};
		rc = id_of(denials, r, 0, &c->id, err);
		if (rc == STW_OK && c->has_task)
			rc = id_of(denials, r, 1, &c->task, err);
	}
done:
	db_rows_free(contacts);
	db_rows_free(denials);
	return rc;
}

static enum stw_code
draw(struct db *db, const struct review_ask *ask, struct arena *arena,
    struct review_draw *out, struct stw_err *err)
{
	struct population people = {0};
	enum stw_code rc = review_plan_check(&ask->plan, err);

	if (rc == STW_OK && ask->from >= ask->to)
		rc = stw_fail(err, STW_INVALID, "from: lies before to");
	if (rc == STW_OK)
		rc = population_load(db, ask, arena, &people, err);
	if (rc == STW_OK)
		review_draw_make(
		    &ask->plan, ask->seed, people.items, people.count, arena, out);
	return rc;
}

/* ---- a draw on record --------------------------------------------------------------------- */
static void
population_json(const struct review_draw *d, struct buf *to)
{
	buf_add_char(to, '{');
	for (int s = 0; s < STRATA; s++)
		buf_printf(to, "%s\"%s\":{\"population\":%d,\"drawn\":%d}",
		    s > 0 ? "," : "", review_stratum_name((enum review_stratum)s),
		    d->strata[s].population, d->strata[s].drawn);
	buf_add_char(to, '}');
}

static void
item_put(struct db_copy_in *copy, const struct uuid *draw_id, int item_no,
    const struct review_item *item)
{
	const struct review_candidate *c = item->candidate;
	const char *strata[STRATA];
	size_t n = 0;

	for (int s = 0; s < STRATA; s++)
		if ((item->strata & 1U << s) != 0)
			strata[n++] = review_stratum_name((enum review_stratum)s);
	db_put_row(copy, 9);
	db_put_uuid(copy, draw_id->b);
	db_put_i32(copy, item_no);
	db_put_text(copy,
	    str_of((c->strata & 1U << STRATUM_DENIED) != 0 ? "denial" : "contact"));
	db_put_uuid(copy, c->id.b);
	db_put_i16(copy, (int16_t)uuid_bucket(&c->id));
	if (c->has_task)
		db_put_uuid(copy, c->task.b);
	else
		db_put_null(copy);
	if (c->agent != NULL)
		db_put_text(copy, str_of(c->agent));
	else
		db_put_null(copy);
	db_put_texts(copy, strata, n);
	db_put_i16(copy, item->twice ? 2 : 1);
}

static enum stw_code
items_write(struct db *db, const struct uuid *id, const struct review_draw *d,
    struct stw_err *err)
{
	struct db_copy_in *copy = NULL;
	enum stw_code rc = db_copy_in_begin(db, DB_Q_REVIEW_ITEM_COPY, &copy, err);

	if (rc != STW_OK)
		return rc;
	for (int i = 0; i < d->count; i++)
		item_put(copy, id, i + 1, &d->items[i]);
	return db_copy_in_end(copy, NULL, err);
}

static enum stw_code
draw_write(struct db *db, const struct review_ask *ask, const struct review_draw *d,
    const struct uuid *id, stw_usec now, struct stw_err *err)
{
	char text[UUID_TEXT], seed[HEX], items[HEX], from[STW_USEC_TEXT],
	    to[STW_USEC_TEXT];
	struct buf population;
	enum stw_code rc;

	buf_init(&population);
	population_json(d, &population);
	(void)uuid_format(id, text);
	(void)sodium_bin2hex(seed, sizeof seed, ask->seed, sizeof ask->seed);
	(void)sodium_bin2hex(items, sizeof items, d->hash, sizeof d->hash);
	const struct db_param params[] = {db_text(text), db_usec(ask->from),
	    db_usec(ask->to), db_bytes(ask->seed, sizeof ask->seed),
	    db_text(ask->plan_json),
	    db_str((struct str){population.data, population.len}),
	    db_bytes(d->hash, sizeof d->hash), db_usec(now), db_text(ask->actor)};
	const struct entry_field fields[] = {ENTRY_TEXT("actor", ask->actor),
	    ENTRY_TEXT("from", stw_usec_format(ask->from, from)),
	    ENTRY_INT("items", d->count), ENTRY_TEXT("items_sha256", items),
	    ENTRY_TEXT("seed", seed), ENTRY_TEXT("to", stw_usec_format(ask->to, to))};

	rc = db_query(
	    db, DB_Q_REVIEW_DRAW_INSERT, params, DB_NPARAMS(params), NULL, err);
	if (rc == STW_OK)
		rc = log_entry(db, "review_draw", text, now, fields,
		    (int)STW_ARRAY_LEN(fields), err);
	buf_fini(&population);
	return rc;
}

enum stw_code
review_draw_record(struct db *db, const struct review_ask *ask, stw_usec now,
    struct arena *arena, struct uuid *id, struct stw_err *err)
{
	struct review_draw d;
	enum stw_code rc = draw(db, ask, arena, &d, err);

	if (rc == STW_OK && ask->to > now)
		rc = stw_fail(err, STW_INVALID,
		    "to: lies in the future; what is still to come cannot be drawn");
	if (rc != STW_OK)
		return rc;
	*id = uuid_new(now);
	rc = draw_write(db, ask, &d, id, now, err);
	if (rc == STW_OK)
		rc = items_write(db, id, &d, err);
	return rc;
}

enum stw_code
review_draw_again(struct db *db, const struct review_ask *ask, const char *items_hash,
    struct arena *arena, bool *same, struct stw_err *err)
{
	struct review_draw d;
	char hex[HEX];
	enum stw_code rc = draw(db, ask, arena, &d, err);

	*same = false;
	if (rc == STW_OK) {
		(void)sodium_bin2hex(hex, sizeof hex, d.hash, sizeof d.hash);
		*same = strcmp(hex, items_hash) == 0;
	}
	return rc;
}

/* ---- reading ------------------------------------------------------------------------------- */
enum stw_code
review_draws(struct db *db, const struct uuid *id, int limit, struct arena *arena,
    struct review_draw_row **out, int *count, struct stw_err *err)
{
	char text[UUID_TEXT];
	const struct db_param params[] = {
	    id != NULL ? db_text(uuid_format(id, text)) : db_null(), db_i64(limit)};
	struct db_rows *rows = NULL;
	enum stw_code rc =
	    db_query(db, DB_Q_REVIEW_DRAW_LIST, params, DB_NPARAMS(params), &rows, err);

	*count = 0;
	if (rc != STW_OK)
		return rc;
	*out = arena_array(arena, (size_t)db_rows_count(rows), sizeof **out);
	for (; rc == STW_OK && *count < db_rows_count(rows); (*count)++) {
		struct review_draw_row *d = &(*out)[*count];
		int r = *count;

		rc = id_of(rows, r, 0, &d->id, err);
		d->from = db_get_usec(rows, r, 1);
		d->to = db_get_usec(rows, r, 2);
		d->seed = db_get_text(rows, r, 3, arena);
		d->plan = db_get_text(rows, r, 4, arena);
		d->population = db_get_text(rows, r, 5, arena);
		d->items_hash = db_get_text(rows, r, 6, arena);
		d->drawn_at = db_get_usec(rows, r, 7);
		d->drawn_by = db_get_text(rows, r, 8, arena);
		d->items = (int)db_get_i64(rows, r, 9);
		d->open = (int)db_get_i64(rows, r, 10);
		d->disputed = (int)db_get_i64(rows, r, 11);
	}
	db_rows_free(rows);
	return rc;
}

static stw_usec
instant_or_never(const struct db_rows *rows, int r, int col)
{
	return db_is_null(rows, r, col) ? STW_USEC_NEVER : db_get_usec(rows, r, col);
}

enum stw_code
review_items(struct db *db, const struct uuid *draw_id, const struct review_filter *f,
    int limit, struct arena *arena, struct review_item_row **out, int *count,
    struct stw_err *err)
{
	char text[UUID_TEXT];
	const struct db_param params[] = {db_text(uuid_format(draw_id, text)),
	    f->item_no > 0 ? db_i64(f->item_no) : db_null(), db_text(f->state),
	    db_text(f->agent), db_i64(f->after), db_i64(limit)};
	struct db_rows *rows = NULL;
	enum stw_code rc =
	    db_query(db, DB_Q_REVIEW_ITEMS, params, DB_NPARAMS(params), &rows, err);

	*count = 0;
	if (rc != STW_OK)
		return rc;
	*count = db_rows_count(rows);
	*out = arena_array(arena, (size_t)*count, sizeof **out);
	DB_ROW_FOREACH(rows, r) {
		struct review_item_row *i = &(*out)[r];

		i->item_no = (int)db_get_i64(rows, r, 0);
		i->subject = db_get_text(rows, r, 1, arena);
		i->subject_id = db_get_text(rows, r, 2, arena);
		i->task_id = db_get_text(rows, r, 3, arena);
		i->agent = db_get_text(rows, r, 4, arena);
		i->strata = db_get_texts(rows, r, 5, &i->nstrata, arena);
		i->reviews = (int)db_get_i64(rows, r, 6);
		i->state = db_get_text(rows, r, 7, arena);
		i->verdict = db_get_text(rows, r, 8, arena);
		i->final_by = db_get_text(rows, r, 9, arena);
		i->final_at = instant_or_never(rows, r, 10);
		i->reply = db_get_text(rows, r, 11, arena);
		i->replied_at = instant_or_never(rows, r, 12);
	}
	db_rows_free(rows);
	return STW_OK;
}

enum stw_code
review_verdicts(struct db *db, const struct uuid *draw_id, int item_no,
    struct arena *arena, struct review_verdict **out, int *count, struct stw_err *err)
{
	char text[UUID_TEXT];
	const struct db_param params[] = {
	    db_text(uuid_format(draw_id, text)), db_i64(item_no)};
	struct db_rows *rows = NULL;
	enum stw_code rc =
	    db_query(db, DB_Q_REVIEW_VERDICTS, params, DB_NPARAMS(params), &rows, err);

	*count = 0;
	if (rc != STW_OK)
		return rc;
	*count = db_rows_count(rows);
	*out = arena_array(arena, (size_t)*count, sizeof **out);
	DB_ROW_FOREACH(rows, r)
		(*out)[r] =
		    (struct review_verdict){.reviewer = db_get_text(rows, r, 0, arena),
			.verdict = db_get_text(rows, r, 1, arena),
			.answers = db_get_text(rows, r, 2, arena),
			.note = db_get_text(rows, r, 3, arena),
			.hold = db_get_text(rows, r, 4, arena),
			.at = db_get_usec(rows, r, 5)};
	db_rows_free(rows);
	return STW_OK;
}

/* ---- judging ------------------------------------------------------------------------------- */
struct held_item { /* of review_item_lock.sql */
	char draw[UUID_TEXT];
	int item_no, reviews, bucket;
	bool open, disputed, final;
	const char *agent, *task; /* NULL: none */
	struct review_verdict *given;
	int ngiven;
};

static enum stw_code
item_lock(struct db *db, const struct uuid *draw_id, int item_no, struct arena *arena,
    struct held_item *out, struct stw_err *err)
{
	struct db_rows *rows = NULL;
	struct str state;
	enum stw_code rc;

	*out = (struct held_item){.item_no = item_no};
	(void)uuid_format(draw_id, out->draw);
	const struct db_param params[] = {db_text(out->draw), db_i64(item_no)};

	rc = db_query_one(
	    db, DB_Q_REVIEW_ITEM_LOCK, params, DB_NPARAMS(params), &rows, err);
	if (rc == STW_NOT_FOUND)
		(void)stw_fail(err, rc, "draw %s has no item %d", out->draw, item_no);
	if (rc == STW_OK) {
		state = db_get_str(rows, 0, 0);
		out->open = str_eq_c(state, "open");
		out->disputed = str_eq_c(state, "disputed");
		out->final = str_eq_c(state, "final");
		out->reviews = (int)db_get_i64(rows, 0, 1);
		out->agent = db_get_text(rows, 0, 2, arena);
		out->bucket = (int)db_get_i64(rows, 0, 3);
		out->task = db_get_text(rows, 0, 4, arena);
		rc = review_verdicts(
		    db, draw_id, item_no, arena, &out->given, &out->ngiven, err);
	}
	db_rows_free(rows);
	return rc;
}

static bool
has_judged(const struct held_item *item, const char *who)
{
	for (int i = 0; i < item->ngiven; i++)
		if (strcmp(item->given[i].reviewer, who) == 0)
			return true;
	return false;
}

static enum stw_code
judge_check(
    const struct held_item *item, const struct review_verdict *v, struct stw_err *err)
{
	bool critical = strcmp(v->verdict, "critical") == 0;

	if (verdict_find(v->verdict) < 0)
		return stw_fail(err, STW_INVALID,
		    "verdict: pass, minor, major or critical is wanted");
	if (critical != (v->hold != NULL))
		return stw_fail(err, STW_INVALID,
		    "hold: wanted with verdict critical, and only then: agent, script or "
		    "number");
	if (v->hold != NULL && strcmp(v->hold, "agent") != 0 &&
	    strcmp(v->hold, "script") != 0 && strcmp(v->hold, "number") != 0)
		return stw_fail(err, STW_INVALID, "hold: agent, script or number");
	if (!item->open)
		return stw_fail(err, STW_CONFLICT, "item %d is judged", item->item_no);
	if (item->agent != NULL && strcmp(item->agent, v->reviewer) == 0)
		return stw_fail(
		    err, STW_CONFLICT, "item %d is your own call", item->item_no);
	if (has_judged(item, v->reviewer))
		return stw_fail(err, STW_CONFLICT,
		    "you have judged item %d; the second verdict is somebody else's",
		    item->item_no);
	return STW_OK;
}

/* A critical fault is not waited with. */
static enum stw_code
hold(struct db *db, const struct held_item *item, const struct review_verdict *v,
    stw_usec now, struct stw_err *err)
{
	char why[80];
	const struct db_param task[] = {db_i64(item->bucket), db_text(item->task)};
	struct db_rows *rows = NULL;
	enum stw_code rc = STW_OK;

	(void)snprintf(
	    why, sizeof why, "review %.36s item %d", item->draw, item->item_no);
	if (strcmp(v->hold, "agent") == 0) {
		const struct db_param params[] = {
		    db_text(item->agent), db_usec(now), db_text(why)};

		if (item->agent == NULL)
			return stw_fail(
			    err, STW_INVALID, "hold: nobody called in this item");
		return db_query(
		    db, DB_Q_AGENT_HOLD, params, DB_NPARAMS(params), NULL, err);
	}
	if (item->task == NULL)
		return stw_fail(err, STW_INVALID, "hold: the item is about no task");
	rc = db_query_one(db, DB_Q_REVIEW_TASK, task, DB_NPARAMS(task), &rows, err);
	if (rc == STW_OK && strcmp(v->hold, "number") == 0 && db_is_null(rows, 0, 2))
		rc = stw_fail(err, STW_INVALID, "hold: the task has no caller number");
	else if (rc == STW_OK && strcmp(v->hold, "number") == 0 &&
		 str_eq_c(db_get_str(rows, 0, 3), "active")) {
		const struct number_suspension stop = {
		    .number_id = db_get_i64(rows, 0, 2),
		    .by = "person",
		    .reason = why,
		    .actor = v->reviewer,
		    .cooldown_until = STW_USEC_NEVER};

		rc = number_suspend(db, &stop, now, err);
	} else if (rc == STW_OK && strcmp(v->hold, "script") == 0 &&
		   str_eq_c(db_get_str(rows, 0, 4), "approved"))
		rc = script_retire(db, db_get_str(rows, 0, 0).ptr,
		    (int)db_get_i64(rows, 0, 1), v->reviewer, now, err);
	db_rows_free(rows);
	return rc;
}

static enum stw_code
item_move(struct db *db, const struct held_item *item, const char *state,
    const char *verdict, const char *final_by, stw_usec now, struct stw_err *err)
{
	const struct db_param params[] = {db_text(item->draw), db_i64(item->item_no),
	    db_text(state), db_text(verdict), db_text(final_by), db_usec(now)};

	return db_query(
	    db, DB_Q_REVIEW_ITEM_SETTLE, params, DB_NPARAMS(params), NULL, err);
}

/* After the verdict in v, which the others did not see. */
static enum stw_code
item_advance(struct db *db, const struct held_item *item,
    const struct review_verdict *v, stw_usec now, struct stw_err *err)
{
	if (item->ngiven + 1 < item->reviews)
		return STW_OK;
	for (int i = 0; i < item->ngiven; i++)
		if (strcmp(item->given[i].verdict, v->verdict) != 0)
			return item_move(db, item, "disputed", NULL, NULL, now, err);
	return item_move(db, item, "reviewed", v->verdict, NULL, now, err);
}

static enum stw_code
log_item(struct db *db, const struct held_item *item, const char *what,
    const char *verdict, const char *held, const char *actor, stw_usec now,
    struct stw_err *err)
{
	const struct entry_field fields[] = {ENTRY_TEXT("actor", actor),
	    ENTRY_TEXT("hold", held), ENTRY_INT("item", item->item_no),
	    ENTRY_TEXT("verdict", verdict), ENTRY_TEXT("what", what)};

	return log_entry(
	    db, "review", item->draw, now, fields, (int)STW_ARRAY_LEN(fields), err);
}

enum stw_code
review_judge(struct db *db, const struct uuid *draw_id, int item_no,
    const struct review_verdict *v, stw_usec now, struct stw_err *err)
{
	struct held_item item;
	struct arena arena;
	enum stw_code rc;

	arena_init(&arena);
	rc = item_lock(db, draw_id, item_no, &arena, &item, err);
	if (rc == STW_OK)
		rc = judge_check(&item, v, err);
	if (rc == STW_OK) {
		const struct db_param params[] = {db_text(item.draw), db_i64(item_no),
		    db_text(v->reviewer), db_text(v->verdict), db_text(v->answers),
		    db_text(v->note), db_text(v->hold), db_usec(now)};

		rc = db_query(db, DB_Q_REVIEW_VERDICT_INSERT, params,
		    DB_NPARAMS(params), NULL, err);
	}
	if (rc == STW_OK && v->hold != NULL)
		rc = hold(db, &item, v, now, err);
	if (rc == STW_OK)
		rc = item_advance(db, &item, v, now, err);
	if (rc == STW_OK)
		rc = log_item(
		    db, &item, "judged", v->verdict, v->hold, v->reviewer, now, err);
	arena_fini(&arena);
	return rc;
}

enum stw_code
review_settle(struct db *db, const struct uuid *draw_id, int item_no,
    const char *verdict, const char *actor, stw_usec now, struct stw_err *err)
{
	struct held_item item;
	struct arena arena;
	enum stw_code rc;

	arena_init(&arena);
	rc = item_lock(db, draw_id, item_no, &arena, &item, err);
	if (rc == STW_OK && verdict_find(verdict) < 0)
		rc = stw_fail(err, STW_INVALID,
		    "verdict: pass, minor, major or critical is wanted");
	else if (rc == STW_OK && (item.open || item.final))
		rc = stw_fail(err, STW_CONFLICT, "item %d %s", item_no,
		    item.open ? "is not judged yet" : "is final");
	else if (rc == STW_OK && item.disputed && has_judged(&item, actor))
		rc = stw_fail(err, STW_CONFLICT,
		    "item %d: where two differ a third decides", item_no);
	if (rc == STW_OK)
		rc = item_move(db, &item, "final", verdict, actor, now, err);
	if (rc == STW_OK)
		rc = log_item(db, &item, "settled", verdict, NULL, actor, now, err);
	arena_fini(&arena);
	return rc;
}

enum stw_code
review_reply(struct db *db, const struct uuid *draw_id, int item_no, const char *agent,
    const char *reply, stw_usec now, struct stw_err *err)
{
	char text[UUID_TEXT];
	const struct db_param params[] = {db_text(uuid_format(draw_id, text)),
	    db_i64(item_no), db_text(agent), db_text(reply), db_usec(now)};
	int64_t changed = 0;
	enum stw_code rc = db_exec(
	    db, DB_Q_REVIEW_ITEM_REPLY, params, DB_NPARAMS(params), &changed, err);

	if (rc == STW_OK && changed == 0)
		rc = stw_fail(err, STW_CONFLICT,
		    "item %d is not yours, is not judged yet, or has your reply",
		    item_no);
	return rc;
}

enum stw_code
review_agent_release(struct db *db, const char *agent, const char *why,
    const char *actor, stw_usec now, struct stw_err *err)
{
	const struct db_param params[] = {db_text(agent)};
	const struct entry_field fields[] = {ENTRY_TEXT("actor", actor),
	    ENTRY_TEXT("what", "released"), ENTRY_TEXT("why", why)};
	int64_t changed = 0;
	enum stw_code rc = db_exec(db, DB_Q_AGENT_RELEASE, params, 1, &changed, err);

	if (rc == STW_OK && changed == 0)
		rc = stw_fail(err, STW_NOT_FOUND, "no agent %.40s is held", agent);
	if (rc == STW_OK)
		rc = log_entry(
		    db, "agent", agent, now, fields, (int)STW_ARRAY_LEN(fields), err);
	return rc;
}

enum stw_code
review_agreement(struct db *db, stw_usec from, stw_usec to,
    struct review_agreement *out, struct stw_err *err)
{
	const struct db_param params[] = {db_usec(from), db_usec(to)};
	struct db_rows *rows = NULL;
	enum stw_code rc =
	    db_query(db, DB_Q_REVIEW_AGREEMENT, params, DB_NPARAMS(params), &rows, err);

	*out = (struct review_agreement){0};
	if (rc != STW_OK)
		return rc;
	DB_ROW_FOREACH(rows, r) {
		int first = verdict_find(db_get_str(rows, r, 0).ptr);
		int second = verdict_find(db_get_str(rows, r, 1).ptr);
		int64_t n = db_get_i64(rows, r, 2);

		STW_ASSERT(first >= 0 && second >= 0);
		out->table[first * REVIEW_VERDICTS + second] += n;
		out->judged += n;
		out->agreed += first == second ? n : 0;
	}
	db_rows_free(rows);
	return STW_OK;
}
