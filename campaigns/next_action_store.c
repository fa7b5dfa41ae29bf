#include "campaigns/next_action_store.h"

#include <stdlib.h>
#include <string.h>

#include "campaigns/campaign.h"
#include "campaigns/facts_store.h"
#include "campaigns/feed_store.h"
#include "campaigns/scaffold_store.h"
#include "segments/lifecycle_model_store.h"
#include "segments/promise.h"
#include "segments/segment_store.h"

#define TASKS_MAX 20
/* Longer than any trigger counts. */
#define LEFT_LATELY  (91 * STW_USEC_DAY)
#define PROMISE_SOON (7 * STW_USEC_DAY)

const char *
next_kind_name(enum next_kind kind)
{
	static const char *const names[] = {"callback", "promise", "task", "campaign"};

	return names[kind];
}

/* What is the same for all of them. */
struct next_case {
	struct db *db;
	const struct next_request *request;
	struct arena *arena;
	const struct facts_customer *who;
	const struct facts_point *point;
	struct db_rows *campaigns; /* plan_campaigns.sql, of the active ones */
	struct db_rows *enrolled, *segments;
	struct segment_hosts hosts;
	struct rule_env *env;
	struct next_actions *out;
};

static struct next_action *
action_add(struct next_case *c, enum next_kind kind)
{
	struct next_action *a = &c->out->items[c->out->count++];

	*a = (struct next_action){
	    .kind = kind, .at = STW_USEC_MAX, .until = STW_USEC_MAX};
	return a;
}

/* The contact, as a call from a person to whom the matter would be spoken of. */
static enum stw_code
ask(struct next_case *c, struct gate_facts *facts, const char *campaign, int row,
    struct conduct_answer *out, struct stw_err *err)
{
	const struct feed_about about = {campaign,
	    (int)db_get_i64(c->campaigns, row, SCAFFOLD_VERSION),
	    db_get_i64(c->campaigns, row, SCAFFOLD_QUEUE)};
	struct gate_decision decision;
	enum stw_code rc;

	facts_fill(c->who, c->point,
	    db_get_i64(c->campaigns, row, SCAFFOLD_CAMPAIGN_ID), c->arena, facts);
	rc = feeds_load(
	    c->db, c->request->rules, &about, c->request->now, c->arena, facts, err);
	if (rc != STW_OK)
		return rc;
	gate_decide(c->request->rules, facts, GATE_DISPATCH, c->request->now, 0,
	    c->arena, &decision);
	conduct_talk(c->request->rules, &decision, c->arena, out);
	return STW_OK;
}

/* ---- open tasks and call-backs ------------------------------------------------------------ */
static int
campaign_row(const struct next_case *c, int64_t campaign_id)
{
	DB_ROW_FOREACH(c->campaigns, r)
		if (db_get_i64(c->campaigns, r, SCAFFOLD_CAMPAIGN_ID) == campaign_id)
			return r;
	return -1;
}

/* Of a campaign that is not active any more the gate says so, and nothing else matters. */
static enum stw_code
ask_task(struct next_case *c, const struct db_rows *rows, int r, struct next_action *a,
    struct stw_err *err)
{
	int64_t id = db_get_i64(rows, r, 2);
	int at = campaign_row(c, id);
	size_t nsensitive;
	const char **sensitive = db_get_texts(rows, r, 21, &nsensitive, c->arena);
	const struct scaffold_words words = {
	    .channel = db_get_text(rows, r, 11, c->arena),
	    .handler = "agent",
	    .purpose = a->purpose,
	    .product = a->product,
	    .script = db_get_text(rows, r, 13, c->arena),
	    .uses_profile = db_get_bool(rows, r, 20),
	    .sensitive = sensitive,
	    .nsensitive = (int)nsensitive};
	static const char *const inactive[] = {"CAMPAIGN_NOT_ACTIVE"};
	struct gate_facts facts;

	if (at < 0) {
		a->answer = (struct conduct_answer){.against = inactive, .nagainst = 1};
		return STW_OK;
	}
	scaffold_from(c->campaigns, at, &words, c->arena, &facts);
	return ask(c, &facts, a->code, at, &a->answer, err);
}

static enum stw_code
tasks_add(struct next_case *c, const struct db_rows *rows, struct stw_err *err)
{
	enum stw_code rc = STW_OK;

	for (int r = 0; r < db_rows_count(rows) && rc == STW_OK; r++) {
		bool promised = !db_is_null(rows, r, 18);
		struct next_action *a;

		if (!str_eq_c(db_get_str(rows, r, 12), "agent"))
			continue;
		a = action_add(c, promised ? NEXT_CALLBACK : NEXT_TASK);
		a->task_id = db_get_text(rows, r, 0, c->arena);
		a->state = db_get_text(rows, r, 1, c->arena);
		a->code = db_get_text(rows, r, 3, c->arena);
		a->version = (int)db_get_i64(rows, r, 4);
		a->name_zh = db_get_text(rows, r, 5, c->arena);
		a->name_en = db_get_text(rows, r, 6, c->arena);
		a->queue = db_get_text(rows, r, 7, c->arena);
		a->agent = db_get_text(rows, r, 8, c->arena);
		a->purpose = db_get_text(rows, r, 9, c->arena);
		a->product = db_get_text(rows, r, 10, c->arena);
		a->priority = (int)db_get_i64(rows, r, 14);
		a->value = db_get_i64(rows, r, 15);
		a->until = db_get_usec(rows, r, 17);
		if (promised)
			a->at = db_get_usec(rows, r, 18);
		a->overdue = promised && a->at <= c->request->now;
		a->with = db_get_text(rows, r, 19, c->arena);
		rc = ask_task(c, rows, r, a, err);
	}
	return rc;
}

/* ---- campaigns that would fit ---------------------------------------------------------------- */
/* When the trigger's event happened to this customer; false: not lately. */
static bool
segment_hit(const struct next_case *c, const struct trigger *trigger,
    const struct trigger_window *window, stw_usec *at)
{
	bool entered = trigger->on == TRIGGER_SEGMENT_ENTERED;

	DB_ROW_FOREACH(c->segments, r) {
		bool inside = db_is_null(c->segments, r, 2);

		if (!str_eq_c(db_get_str(c->segments, r, 0), trigger->what))
			continue;
		/* The newest row says whether the customer is in it. */
		if (inside != entered)
			return false;
		*at = db_get_usec(c->segments, r, entered ? 1 : 2);
		return *at >= window->from && *at <= window->to;
	}
	return false;
}

static bool
trigger_hit_of(const struct next_case *c, const struct campaign *campaign, int r,
    struct trigger_hit *out)
{
	const struct trigger *trigger = &campaign->trigger;
	stw_usec since = db_get_usec(c->campaigns, r, SCAFFOLD_ACTIVE_SINCE);
	const struct trigger_window window =
	    trigger_window_of(trigger, since, c->request->now);
	struct trigger_hits hits = {0};
	const struct trigger_hit *hit;
	bool found;

	*out = (struct trigger_hit){.row = c->request->row};
	if (trigger->on == TRIGGER_SEGMENT_ENTERED ||
	    trigger->on == TRIGGER_SEGMENT_LEFT)
		return segment_hit(c, trigger, &window, &out->at);
	trigger_hits_of_book(trigger, c->request->book, &window, &hits);
	hit = trigger_hit_find(&hits, c->request->row);
	found = hit != NULL;
	if (found)
		*out = *hit;
	trigger_hits_fini(&hits);
	return found;
}

/* Does it apply to the customer, and for which occurrence? */
static bool
campaign_fits(
    const struct next_case *c, const struct campaign *campaign, int r, struct str *out)
{
	struct rule_eval_ctx ctx = segment_eval_ctx(
	    &c->hosts.items[0], c->request->row, c->request->now, c->arena);
	struct trigger_hit hit;
	struct rule_value v = rule_eval(campaign->audience, &ctx);

	*out = (struct str){"", 0};
	if (v.kind != RULE_V_BOOL || !v.b ||
	    campaign_holds_out(campaign, str_of(c->request->ref)))
		return false;
	if (campaign->trigger.on != TRIGGER_NONE) {
		if (!trigger_hit_of(c, campaign, r, &hit))
			return false;
		*out = str_of(trigger_occurrence(&campaign->trigger, &hit, c->arena));
		return true;
	}
	v = rule_eval(campaign->occurrence, &ctx);
	if (v.kind == RULE_V_STRING)
		*out = v.s;
	return true;
}

static bool
is_enrolled(const struct next_case *c, int64_t campaign_id, struct str occurrence)
{
	DB_ROW_FOREACH(c->enrolled, r)
		if (db_get_i64(c->enrolled, r, 0) == campaign_id &&
		    str_eq(db_get_str(c->enrolled, r, 1), occurrence))
			return true;
	return false;
}

static int64_t
campaign_value(const struct next_case *c, const struct campaign *campaign)
{
	struct rule_eval_ctx ctx = segment_eval_ctx(
	    &c->hosts.items[0], c->request->row, c->request->now, c->arena);
	struct rule_value v;

	if (campaign->value == NULL)
		return 0;
	v = rule_eval(campaign->value, &ctx);
	return v.kind == RULE_V_INT ? v.i : 0;
}

static enum stw_code
campaign_add(struct next_case *c, int r, struct stw_err *err)
{
	struct campaign campaign;
	struct gate_facts facts;
	struct next_action *a;
	struct str occurrence;
	int64_t id = db_get_i64(c->campaigns, r, SCAFFOLD_CAMPAIGN_ID);
	enum stw_code rc =
	    campaign_parse(db_get_str(c->campaigns, r, SCAFFOLD_DOCUMENT), c->env,
		c->arena, &campaign, NULL, err);

	if (rc != STW_OK)
		return stw_err_prefix(err, rc, "campaign %s",
		    db_get_str(c->campaigns, r, SCAFFOLD_CODE).ptr);
	if (strcmp(campaign.step.handler, "agent") != 0 ||
	    !campaign_fits(c, &campaign, r, &occurrence) ||
	    is_enrolled(c, id, occurrence))
		return STW_OK;
	const struct scaffold_words words = {.channel = campaign.step.channel,
	    .handler = campaign.step.handler,
	    .purpose = campaign.purpose,
	    .product = campaign.product,
	    .script = campaign.step.script,
	    .uses_profile = campaign.uses_profile,
	    .sensitive = campaign.sensitive,
	    .nsensitive = campaign.nsensitive};

	a = action_add(c, NEXT_CAMPAIGN);
	a->code = campaign.code;
	a->version = (int)db_get_i64(c->campaigns, r, SCAFFOLD_VERSION);
	a->name_zh = campaign.name_zh;
	a->name_en = campaign.name_en;
	a->purpose = campaign.purpose;
	a->product = campaign.product;
	a->priority = campaign.priority;
	a->why = arena_strndup(c->arena, occurrence.ptr, occurrence.len);
	a->value = campaign_value(c, &campaign);
	/* A product that is not in the catalogue has no class. */
	if (campaign.product != NULL && db_is_null(c->campaigns, r, SCAFFOLD_CLASS)) {
		static const char *const gone[] = {"PRODUCT_NOT_ON_SALE"};

		a->answer = (struct conduct_answer){.against = gone, .nagainst = 1};
		return STW_OK;
	}
	scaffold_from(c->campaigns, r, &words, c->arena, &facts);
	return ask(c, &facts, campaign.code, r, &a->answer, err);
}

/* ---- promises ------------------------------------------------------------------------------- */
/* Those that are overdue, or due within a week. */
static void
promises_add(struct next_case *c, const struct lifecycle_model *model)
{
	const struct next_request *q = c->request;
	struct promise_state *states;
	int count;

	promise_states(model, q->book, q->row, q->now, c->arena, &states, &count);
	for (int i = 0; i < count; i++) {
		const struct promise *p = states[i].promise;
		struct next_action *a;

		if (states[i].due_at == STW_USEC_NEVER ||
		    states[i].due_at > q->now + PROMISE_SOON)
			continue;
		a = action_add(c, NEXT_PROMISE);
		a->code = p->code;
		a->name_zh = p->name_zh;
		a->name_en = p->name_en;
		a->why = promise_kind_name(p->kind);
		a->overdue = states[i].overdue;
		a->at = states[i].due_at;
		a->answer.allowed = true;
	}
}

/* ---- order ------------------------------------------------------------------------------------ */
static int
actions_order(const void *left, const void *right)
{
	const struct next_action *a = left, *b = right;

	if (a->answer.allowed != b->answer.allowed)
		return a->answer.allowed ? -1 : 1;
	if (a->kind != b->kind)
		return a->kind < b->kind ? -1 : 1;
	if (a->at != b->at)
		return a->at < b->at ? -1 : 1;
	if (a->priority != b->priority)
		return a->priority > b->priority ? -1 : 1;
	if (a->value != b->value)
		return a->value > b->value ? -1 : 1;
	return strcmp(a->code, b->code);
}

/* ---- reading ------------------------------------------------------------------------------------ */
static enum stw_code
read_person(struct next_case *c, struct stw_err *err)
{
	static const struct facts_point none;
	const struct next_request *q = c->request;
	struct facts_set *set = arena_array(c->arena, 1, sizeof *set);
	enum stw_code rc = facts_load(
	    c->db, q->bucket, &q->customer_id, 1, q->now, NULL, c->arena, set, err);

	if (rc != STW_OK)
		return rc;
	c->who = facts_find(set, q->customer_id);
	if (c->who == NULL)
		return stw_fail(
		    err, STW_NOT_FOUND, "there is no such customer any more");
	c->point = c->who->npoints > 0 ? &c->who->points[0] : &none;
	return STW_OK;
}

static enum stw_code
read_campaigns(struct next_case *c, struct stw_err *err)
{
	const struct next_request *q = c->request;
	const struct db_param all[] = {db_null(), db_null()};
	enum stw_code rc = db_query(
	    c->db, DB_Q_PLAN_CAMPAIGNS, all, DB_NPARAMS(all), &c->campaigns, err);
	int64_t *ids;

	if (rc != STW_OK)
		return rc;
	ids = arena_array(c->arena, (size_t)db_rows_count(c->campaigns), sizeof *ids);
	DB_ROW_FOREACH(c->campaigns, r)
		ids[r] = db_get_i64(c->campaigns, r, SCAFFOLD_CAMPAIGN_ID);
	const struct db_param of[] = {db_i64(q->bucket), db_i64(q->customer_id),
	    db_i64s(ids, (size_t)db_rows_count(c->campaigns))};
	return db_query(
	    c->db, DB_Q_CUSTOMER_ENROLMENTS, of, DB_NPARAMS(of), &c->enrolled, err);
}

/* The stored memberships of this one customer, for segment("...") in rules. */
static enum stw_code
read_segments(struct next_case *c, struct stw_err *err)
{
	const struct next_request *q = c->request;
	const struct db_param of[] = {
	    db_i64(q->bucket), db_i64(q->customer_id), db_usec(q->now - LEFT_LATELY)};
	/* Its rows are only looked at. */
	const struct book_parts parts =
	    book_parts_of((struct book *)(uintptr_t)q->book);
	enum stw_code rc =
	    segment_store_hosts(c->db, &parts, NULL, c->arena, &c->hosts, err);

	if (rc != STW_OK)
		return rc;
	rc = db_query(
	    c->db, DB_Q_CUSTOMER_SEGMENTS, of, DB_NPARAMS(of), &c->segments, err);
	for (int r = 0; rc == STW_OK && r < db_rows_count(c->segments); r++) {
		struct segment *segment = segment_host_find(
		    &c->hosts.items[0], db_get_str(c->segments, r, 0));

		if (segment != NULL && db_is_null(c->segments, r, 2))
			bitmap_set(&segment->members, q->row);
	}
	c->env = book_env(q->book, c->arena, segment_known, &c->hosts.items[0]);
	return rc;
}

/* The words of a marketing call, whatever it is about. */
static void
conduct_add(struct next_case *c)
{
	const struct scaffold_words words = {
	    .channel = "VOICE", .handler = "agent", .purpose = "MARKETING"};
	struct gate_facts facts;

	scaffold_words_only(&words, &facts);
	facts_fill(c->who, c->point, 0, c->arena, &facts);
	c->out->nconduct = conduct_rules(c->request->rules, &facts, GATE_DIAL,
	    c->request->now, c->arena, &c->out->conduct);
}

static enum stw_code
gather(struct next_case *c, struct stw_err *err)
{
	const struct next_request *q = c->request;
	const struct db_param of[] = {
	    db_i64(q->bucket), db_i64(q->customer_id), db_i64(TASKS_MAX)};
	struct lifecycle_model model = {0};
	struct db_rows *tasks = NULL;
	enum stw_code rc = lifecycle_store_active(c->db, c->arena, &model, err);

	if (rc == STW_OK)
		rc = db_query(
		    c->db, DB_Q_CUSTOMER_TASKS, of, DB_NPARAMS(of), &tasks, err);
	if (rc != STW_OK)
		goto done;
	c->out->items = arena_array(c->arena,
	    (size_t)(TASKS_MAX + db_rows_count(c->campaigns) + model.npromises),
	    sizeof *c->out->items);
	promises_add(c, &model);
	rc = tasks_add(c, tasks, err);
	for (int r = 0; rc == STW_OK && r < db_rows_count(c->campaigns); r++)
		rc = campaign_add(c, r, err);
	if (rc == STW_OK)
		conduct_add(c);
done:
	db_rows_free(tasks);
	return rc;
}

enum stw_code
next_actions_load(struct db *db, const struct next_request *request,
    struct arena *arena, struct next_actions *out, struct stw_err *err)
{
	struct next_case c = {.db = db, .request = request, .arena = arena, .out = out};
	enum stw_code rc;

	*out = (struct next_actions){0};
	rc = db_begin(db, err);
	if (rc != STW_OK)
		return rc;
	rc = db_later(db, DB_Q_PLAN_BY_KEY, NULL, 0, err);
	if (rc == STW_OK)
		rc = read_person(&c, err);
	if (rc == STW_OK)
		rc = read_campaigns(&c, err);
	if (rc == STW_OK)
		rc = read_segments(&c, err);
	if (rc == STW_OK)
		rc = gather(&c, err);
	if (rc == STW_OK)
		rc = db_commit(db, err);
	else
		db_rollback(db);
	if (rc == STW_OK)
		qsort(
		    out->items, (size_t)out->count, sizeof *out->items, actions_order);
	if (c.hosts.count > 0)
		segment_hosts_fini(&c.hosts);
	db_rows_free(c.campaigns);
	db_rows_free(c.enrolled);
	db_rows_free(c.segments);
	return rc;
}
