#include "campaigns/trace_store.h"

#include <string.h>

static const char *const gap_names[TRACE_GAPS] = {"GAP_PLAN_DECISION",
    "GAP_DISPATCH_DECISION", "GAP_DIAL_DECISION", "GAP_OUTCOME", "GAP_CALL_TIMES",
    "GAP_SCRIPT_APPROVAL", "GAP_NUMBER_LICENCE", "GAP_CONSENT", "GAP_CONSENT_EVIDENCE",
    "GAP_LEDGER"};

const char *
trace_gap_name(int bit)
{
	return gap_names[bit];
}

struct search {
	struct db *db;
	const struct trace_subject *subject;
	stw_usec from, to, sealed_until;
	struct arena *arena;
};

static stw_usec
instant_or(const struct db_rows *rows, int r, int col, stw_usec otherwise)
{
	return db_is_null(rows, r, col) ? otherwise : db_get_usec(rows, r, col);
}

static struct db_param
index_param(const unsigned char *index)
{
	return index == NULL ? db_null() : db_bytes(index, SEAL_INDEX_BYTES);
}

/* ---- decisions ---------------------------------------------------------------------------- */
static enum stw_code
decisions_load(
    struct search *s, int bucket, struct trace_contact *c, struct stw_err *err)
{
	const struct db_param params[] = {db_i64(bucket), db_text(c->task_id)};
	struct trace_decision *list;
	struct db_rows *rows = NULL;
	enum stw_code rc = db_query(
	    s->db, DB_Q_TRACE_DECISIONS, params, DB_NPARAMS(params), &rows, err);

	if (rc != STW_OK)
		return rc;
	c->ndecisions = db_rows_count(rows);
	list = arena_array(s->arena, (size_t)c->ndecisions, sizeof *list);
	c->decisions = list;
	DB_ROW_FOREACH(rows, r) {
		list[r].id = db_get_text(rows, r, 0, s->arena);
		list[r].gate = db_get_text(rows, r, 1, s->arena);
		list[r].decided_at = db_get_usec(rows, r, 2);
		list[r].outcome = db_get_text(rows, r, 3, s->arena);
		list[r].codes = db_get_texts(rows, r, 4, &list[r].ncodes, s->arena);
		list[r].ruleset_hash = db_get_text(rows, r, 5, s->arena);
		list[r].record_hash = db_get_text(rows, r, 6, s->arena);
		list[r].record = db_get_text(rows, r, 7, s->arena);
		list[r].valid_until = instant_or(rows, r, 8, STW_USEC_NEVER);
	}
	db_rows_free(rows);
	return STW_OK;
}

/* ---- gaps --------------------------------------------------------------------------------- */
static bool
has_allowing(const struct trace_contact *c, char gate)
{
	for (int i = 0; i < c->ndecisions; i++)
		if (c->decisions[i].gate[0] == gate &&
		    c->decisions[i].decided_at <= c->at &&
		    strcmp(c->decisions[i].outcome, "ALLOW") == 0)
			return true;
	return false;
}

static unsigned
consent_gaps(const struct trace_party *party, const struct trace_contact *c)
{
	bool granted = false, proven = false;

	if (c->purpose == NULL || strcmp(c->purpose, "MARKETING") != 0)
		return 0;
	for (int i = 0; i < party->nconsents; i++) {
		const struct consent_event *e = &party->consents[i];

		if (strcmp(e->action, "grant") != 0 || e->recorded_at > c->at ||
		    strcmp(e->purpose, c->purpose) != 0)
			continue;
		granted = true;
		proven = proven || e->evidence != NULL;
	}
	return !granted ? GAP_CONSENT : !proven ? GAP_CONSENT_EVIDENCE : 0;
}

static unsigned
gaps_of(const struct search *s, const struct trace_party *party,
    const struct trace_contact *c, bool decision_there)
{
	bool call = strcmp(c->kind, "call") == 0;
	unsigned gaps = consent_gaps(party, c);

	gaps |= has_allowing(c, 'P') ? 0 : GAP_PLAN_DECISION;
	gaps |= has_allowing(c, 'D') ? 0 : GAP_DISPATCH_DECISION;
	if (call && !decision_there)
		gaps |= GAP_DIAL_DECISION;
	if (call && c->disposition == NULL)
		gaps |= GAP_OUTCOME;
	else if (call && c->reached && c->started_at == STW_USEC_NEVER)
		gaps |= GAP_CALL_TIMES;
	if (c->script_approved_by == NULL)
		gaps |= GAP_SCRIPT_APPROVAL;
	if (c->licence_no == NULL)
		gaps |= GAP_NUMBER_LICENCE;
	for (int i = 0; i < c->ndecisions; i++)
		if (c->decisions[i].decided_at > s->sealed_until)
			gaps |= GAP_LEDGER;
	return gaps;
}

/* ---- contacts ------------------------------------------------------------------------------- */
static void
contact_from(
    const struct db_rows *rows, int r, struct arena *arena, struct trace_contact *c)
{
	c->kind = db_get_text(rows, r, 0, arena);
	c->at = db_get_usec(rows, r, 1);
	c->until = instant_or(rows, r, 2, STW_USEC_NEVER);
	c->task_id = db_get_text(rows, r, 3, arena);
	c->campaign = db_get_text(rows, r, 4, arena);
	c->version = (int)db_get_i64(rows, r, 5);
	c->step = db_get_text(rows, r, 6, arena);
	c->channel = db_get_text(rows, r, 7, arena);
	c->purpose = db_get_text(rows, r, 8, arena);
	c->product = db_get_text(rows, r, 9, arena);
	c->handler = db_get_text(rows, r, 10, arena);
	c->agent = db_get_text(rows, r, 11, arena);
	c->number = db_get_text(rows, r, 12, arena);
	c->number_status = db_get_text(rows, r, 13, arena);
	c->licence_no = db_get_text(rows, r, 14, arena);
	c->licence_from = instant_or(rows, r, 15, STW_USEC_NEVER);
	c->licence_to = instant_or(rows, r, 16, STW_USEC_MAX);
	c->script = db_get_text(rows, r, 17, arena);
	c->script_version = (int)db_get_i64(rows, r, 18);
	c->script_approved_by = db_get_text(rows, r, 19, arena);
	c->script_approved_at = instant_or(rows, r, 20, STW_USEC_NEVER);
	c->disposition = db_get_text(rows, r, 23, arena);
	c->reached = db_get_bool(rows, r, 24);
	c->started_at = instant_or(rows, r, 25, STW_USEC_NEVER);
	c->ended_at = instant_or(rows, r, 26, STW_USEC_NEVER);
	c->outcome_at = instant_or(rows, r, 27, STW_USEC_NEVER);
}

static enum stw_code
contacts_load(struct search *s, struct trace_party *party, struct stw_err *err)
{
	const struct db_param params[] = {db_i64(party->bucket),
	    db_i64(party->customer_id), db_i64(party->point_id), db_usec(s->from),
	    db_usec(s->to)};
	struct trace_contact *list;
	struct db_rows *rows = NULL;
	enum stw_code rc = db_query(
	    s->db, DB_Q_TRACE_CONTACTS, params, DB_NPARAMS(params), &rows, err);

	if (rc != STW_OK)
		return rc;
	list = arena_array(s->arena, (size_t)db_rows_count(rows), sizeof *list);
	party->contacts = list;
	for (; rc == STW_OK && party->ncontacts < db_rows_count(rows);
	     party->ncontacts++) {
		struct trace_contact *c = &list[party->ncontacts];

		*c = (struct trace_contact){0};
		contact_from(rows, party->ncontacts, s->arena, c);
		rc = decisions_load(s, party->bucket, c, err);
		c->gaps = gaps_of(s, party, c, db_get_bool(rows, party->ncontacts, 22));
	}
	db_rows_free(rows);
	return rc;
}

static enum stw_code
objections_load(struct search *s, struct trace_party *party, struct stw_err *err)
{
	const struct db_param params[] = {db_i64(party->bucket),
	    db_i64(party->customer_id), index_param(s->subject->index),
	    index_param(s->subject->index_before)};
	struct trace_objection *list;
	struct db_rows *rows = NULL;
	enum stw_code rc = db_query(
	    s->db, DB_Q_TRACE_OBJECTIONS, params, DB_NPARAMS(params), &rows, err);

	if (rc != STW_OK)
		return rc;
	party->nobjections = db_rows_count(rows);
	list = arena_array(s->arena, (size_t)party->nobjections, sizeof *list);
	party->objections = list;
	DB_ROW_FOREACH(rows, r)
		list[r] =
		    (struct trace_objection){.id = db_get_text(rows, r, 0, s->arena),
			.kind = db_get_text(rows, r, 1, s->arena),
			.channel = db_get_text(rows, r, 2, s->arena),
			.own = db_get_bool(rows, r, 3),
			.source = db_get_text(rows, r, 4, s->arena),
			.actor = db_get_text(rows, r, 5, s->arena),
			.effective_at = db_get_usec(rows, r, 6),
			.recorded_at = db_get_usec(rows, r, 7),
			.lifted_at = instant_or(rows, r, 8, STW_USEC_MAX)};
	db_rows_free(rows);
	return STW_OK;
}

/* ---- parties -------------------------------------------------------------------------------- */
static enum stw_code
party_load(struct search *s, struct trace_party *party, struct stw_err *err)
{
	struct consent_event *consents = NULL;
	enum stw_code rc = consent_history(s->db, party->bucket, party->customer_id,
	    s->arena, &consents, &party->nconsents, err);

	party->consents = consents;
	if (rc == STW_OK)
		rc = objections_load(s, party, err);
	if (rc == STW_OK)
		rc = contacts_load(s, party, err);
	return rc;
}

static enum stw_code
parties_query(struct search *s, struct db_rows **rows, struct stw_err *err)
{
	const struct db_param number[] = {
	    index_param(s->subject->index), index_param(s->subject->index_before)};
	const struct db_param customer[] = {
	    db_i64(s->subject->bucket), db_i64(s->subject->customer_id)};

	return s->subject->index != NULL ? db_query(s->db, DB_Q_TRACE_PARTIES, number,
					       DB_NPARAMS(number), rows, err)
					 : db_query(s->db, DB_Q_TRACE_POINTS, customer,
					       DB_NPARAMS(customer), rows, err);
}

enum stw_code
trace_find(struct db *db, const struct trace_subject *subject, stw_usec from,
    stw_usec to, stw_usec sealed_until, struct arena *arena, struct trace *out,
    struct stw_err *err)
{
	struct search s = {db, subject, from, to, sealed_until, arena};
	struct trace_party *parties;
	struct db_rows *rows = NULL;
	enum stw_code rc = parties_query(&s, &rows, err);

	*out = (struct trace){.from = from, .to = to};
	if (rc != STW_OK)
		return rc;
	parties = arena_array(arena, (size_t)db_rows_count(rows), sizeof *parties);
	out->parties = parties;
	for (; rc == STW_OK && out->nparties < db_rows_count(rows); out->nparties++) {
		struct trace_party *p = &parties[out->nparties];
		int r = out->nparties;

		*p = (struct trace_party){.bucket = (int)db_get_i64(rows, r, 0),
		    .customer_id = db_get_i64(rows, r, 1),
		    .point_id = db_get_i64(rows, r, 2),
		    .ref = db_get_text(rows, r, 3, arena),
		    .state = db_get_text(rows, r, 4, arena),
		    .phone_mask = db_get_text(rows, r, 5, arena)};
		rc = party_load(&s, p, err);
		out->ncontacts += p->ncontacts;
	}
	db_rows_free(rows);
	return rc;
}

enum stw_code
trace_sealed_until(struct db *db, stw_usec *out, struct stw_err *err)
{
	struct db_rows *rows = NULL;
	enum stw_code rc = db_query(db, DB_Q_TRACE_SEALED, NULL, 0, &rows, err);

	*out = STW_USEC_NEVER;
	if (rc == STW_OK && db_rows_count(rows) == 1)
		*out = db_get_usec(rows, 0, 0);
	db_rows_free(rows);
	return rc;
}
