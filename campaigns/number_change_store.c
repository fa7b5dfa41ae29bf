#include "campaigns/number_change_store.h"

#include <string.h>

#include "campaigns/number_json.h"
#include "campaigns/number_priv.h"
#include "db/entry_json.h"
#include "db/ledger.h"

#define MAX_AHEAD (2 * 366 * STW_USEC_DAY)

/* ---- the matrix ---------------------------------------------------------------------- */
enum stw_code
number_matrix_load(
    struct db *db, struct arena *arena, struct number_matrix *out, struct stw_err *err)
{
	struct db_rows *rows = NULL;
	enum stw_code rc = number_matrix_builtin(arena, out, err);

	if (rc == STW_OK)
		rc = db_query(db, DB_Q_NUMBER_MATRIX_LIST, NULL, 0, &rows, err);
	if (rc != STW_OK)
		return rc;
	DB_ROW_FOREACH(rows, r) {
		struct matrix_cell *cell =
		    number_matrix_find(out, db_get_str(rows, r, 0).ptr,
			db_get_text(rows, r, 1, arena), db_get_str(rows, r, 2).ptr);

		if (cell != NULL)
			STW_ASSERT(matrix_verdict_parse(
			    db_get_str(rows, r, 3).ptr, &cell->verdict));
	}
	db_rows_free(rows);
	return STW_OK;
}

static enum stw_code
check_number(
    struct db *db, const struct number_row *n, struct arena *arena, struct stw_err *err)
{
	struct number_matrix matrix;
	enum stw_code rc = number_matrix_load(db, arena, &matrix, err);

	return rc == STW_OK ? number_check(n, &matrix, err) : rc;
}

/* A looser cell than that of the binary names its document. */
static enum stw_code
check_cell(struct str document, struct arena *arena, struct matrix_cell *cell,
    const char **approval, struct stw_err *err)
{
	struct number_matrix builtin;
	const struct matrix_cell *ours;
	enum stw_code rc = number_cell_parse(document, arena, cell, approval, err);

	if (rc == STW_OK)
		rc = number_matrix_builtin(arena, &builtin, err);
	if (rc != STW_OK)
		return rc;
	ours = number_matrix_find(&builtin, cell->kind, cell->port, cell->subject);
	if (ours == NULL || strcmp(ours->subject, cell->subject) != 0)
		return stw_fail(err, STW_INVALID,
		    "the matrix has no cell %s%s%s, %s; subjects are SERVICE, RISK_ALERT, "
		    "MARKETING and ROBOT",
		    cell->kind, cell->port != NULL ? " " : "",
		    cell->port != NULL ? cell->port : "", cell->subject);
	if (cell->verdict < ours->verdict && *approval == NULL)
		return stw_fail(err, STW_INVALID,
		    "/approval: \"%s\" is looser than \"%s\": the hash of the document that "
		    "allows it is wanted",
		    matrix_verdict_name(cell->verdict),
		    matrix_verdict_name(ours->verdict));
	return STW_OK;
}

/* ---- proposing ------------------------------------------------------------------------- */
struct propose_arg {
	const struct number_proposal_draft *draft;
	stw_usec now;
	struct uuid id;
	struct arena arena;
	int base_version;
	struct buf document;
};

static bool
is_action(const struct propose_arg *a, const char *action)
{
	return strcmp(a->draft->action, action) == 0;
}

/* One row's worth of text from a number, canonical. */
static enum stw_code
draft_register(struct db *db, struct propose_arg *a, struct stw_err *err)
{
	struct number_row n;
	int64_t id;
	enum stw_code rc =
	    number_document_parse(a->draft->document, &a->arena, &n, err);

	if (rc == STW_OK)
		rc = check_number(db, &n, &a->arena, err);
	if (rc == STW_OK)
		rc = number_find(db, n.number, &id, err);
	if (rc == STW_OK && id != 0)
		rc = stw_fail(
		    err, STW_CONFLICT, "number %s is registered already", n.number);
	if (rc == STW_OK)
		number_document_write(&n, &a->document);
	return rc;
}

static enum stw_code
draft_change(struct db *db, struct propose_arg *a, struct stw_err *err)
{
	struct number_row was, n;
	enum stw_code rc =
	    number_get(db, a->draft->number_id, a->now, a->now, &a->arena, &was, err);

	if (rc != STW_OK)
		return rc;
	a->base_version = was.version;
	rc = number_document_merge(&was, a->draft->document, &a->arena, &n, err);
	if (rc == STW_OK)
		rc = check_number(db, &n, &a->arena, err);
	if (rc == STW_OK)
		number_document_write(&n, &a->document);
	return rc;
}

static enum stw_code
draft_status(struct db *db, struct propose_arg *a, struct stw_err *err)
{
	enum number_status to, from;
	struct number_row was;
	enum stw_code rc =
	    number_get(db, a->draft->number_id, a->now, a->now, &a->arena, &was, err);

	if (rc == STW_OK)
		rc = number_status_document_parse(a->draft->document, &to, err);
	if (rc != STW_OK)
		return rc;
	a->base_version = was.version;
	STW_ASSERT(number_status_parse(was.status, &from));
	if (number_move_persons(from, to) == 0)
		return stw_fail(err, STW_CONFLICT,
		    "caller number %s is %s and cannot become %s", was.number,
		    was.status, number_status_name(to));
	return number_json_canonical(a->draft->document, &a->document, err);
}

static enum stw_code
draft_rule(struct propose_arg *a, struct stw_err *err)
{
	struct matrix_cell cell;
	const char *text;
	int64_t value;
	enum stw_code rc =
	    is_action(a, "matrix")
		? check_cell(a->draft->document, &a->arena, &cell, &text, err)
		: number_policy_parse(
		      a->draft->document, &a->arena, &text, &value, err);

	return rc == STW_OK
		   ? number_json_canonical(a->draft->document, &a->document, err)
		   : rc;
}

static enum stw_code
draft_document(struct db *db, struct propose_arg *a, struct stw_err *err)
{
	if (is_action(a, "register"))
		return draft_register(db, a, err);
	if (is_action(a, "change"))
		return draft_change(db, a, err);
	if (is_action(a, "status"))
		return draft_status(db, a, err);
	if (is_action(a, "matrix") || is_action(a, "policy"))
		return draft_rule(a, err);
	return stw_fail(err, STW_INVALID,
	    "action '%.20s' is none of register, change, status, matrix, policy",
	    a->draft->action);
}

static enum stw_code
note_proposal(struct db *db, const char *what, const char *id, const char *action,
    const char *number, const char *actor, const char *hash, const char *why,
    stw_usec now, struct stw_err *err)
{
	const struct entry_field fields[] = {ENTRY_TEXT("what", what),
	    ENTRY_TEXT("proposal", id), ENTRY_TEXT("action", action),
	    ENTRY_TEXT("number", number), ENTRY_TEXT("actor", actor),
	    ENTRY_TEXT("document_sha256", hash), ENTRY_TEXT("reason", why)};
	struct buf entry;
	enum stw_code rc;

	buf_init(&entry);
	entry_write(
	    "number_proposal", id, now, fields, (int)STW_ARRAY_LEN(fields), &entry);
	rc = ledger_append(
	    db, -1, "number_proposal", (struct str){entry.data, entry.len}, err);
	buf_fini(&entry);
	return rc;
}

static enum stw_code
propose_work(struct db *db, void *arg, struct stw_err *err)
{
	struct propose_arg *a = arg;
	const struct number_proposal_draft *d = a->draft;
	char text[UUID_TEXT];
	bool of_number = d->number_id != 0;
	enum stw_code rc = draft_document(db, a, err);

	if (rc != STW_OK)
		return rc;
	a->id = uuid_new(a->now);
	const struct db_param params[] = {db_text(uuid_format(&a->id, text)),
	    db_text(d->action), of_number ? db_i64(d->number_id) : db_null(),
	    of_number ? db_i64(a->base_version) : db_null(), db_text(a->document.data),
	    db_text(d->reason), db_text(d->proposer), db_usec(a->now),
	    db_usec(d->effective_at > a->now ? d->effective_at : a->now)};

	rc = db_query(
	    db, DB_Q_NUMBER_PROPOSAL_INSERT, params, DB_NPARAMS(params), NULL, err);
	if (rc == STW_OK)
		rc = note_proposal(db, "proposed", text, d->action, NULL, d->proposer,
		    number_sha256(
			(struct str){a->document.data, a->document.len}, &a->arena),
		    d->reason, a->now, err);
	return rc;
}

enum stw_code
number_propose(struct db *db, const struct number_proposal_draft *draft, stw_usec now,
    struct uuid *id, struct stw_err *err)
{
	struct propose_arg arg = {.draft = draft, .now = now};
	bool of_number = strcmp(draft->action, "change") == 0 ||
			 strcmp(draft->action, "status") == 0;
	enum stw_code rc;

	if (draft->reason == NULL || draft->reason[0] == '\0')
		return stw_fail(err, STW_INVALID, "say why: a reason is required");
	if (of_number != (draft->number_id != 0))
		return stw_fail(err, STW_INVALID,
		    "number_id: wanted for change and status, and for nothing else");
	if (draft->effective_at > now + MAX_AHEAD)
		return stw_fail(
		    err, STW_INVALID, "effective_at: at most two years ahead");
	arena_init(&arg.arena);
	buf_init(&arg.document);
	rc = number_in_tx(db, propose_work, &arg, err);
	if (rc == STW_OK)
		*id = arg.id;
	buf_fini(&arg.document);
	arena_fini(&arg.arena);
	return rc;
}

/* ---- reading proposals -------------------------------------------------------------------- */
static stw_usec
instant_or_never(const struct db_rows *rows, int r, int col)
{
	return db_is_null(rows, r, col) ? STW_USEC_NEVER : db_get_usec(rows, r, col);
}

static void
proposal_from(
    const struct db_rows *rows, int r, struct arena *arena, struct number_proposal *p)
{
	p->id = db_get_text(rows, r, 0, arena);
	p->action = db_get_text(rows, r, 1, arena);
	p->number_id = db_get_i64(rows, r, 2);
	p->number = db_get_text(rows, r, 3, arena);
	p->base_version = (int)db_get_i64(rows, r, 4);
	p->document = db_get_text(rows, r, 5, arena);
	p->reason = db_get_text(rows, r, 6, arena);
	p->proposer = db_get_text(rows, r, 7, arena);
	p->proposed_at = db_get_usec(rows, r, 8);
	p->effective_at = db_get_usec(rows, r, 9);
	p->state = db_get_text(rows, r, 10, arena);
	p->decided_by = db_get_text(rows, r, 11, arena);
	p->decided_at = instant_or_never(rows, r, 12);
	p->note = db_get_text(rows, r, 13, arena);
	p->failure = db_get_text(rows, r, 14, arena);
}

static enum stw_code
proposal_rows(struct db *db, const char *id, int64_t number_id, const char *state,
    const struct number_proposal *before, int limit, struct arena *arena,
    struct number_proposal **out, int *count, struct stw_err *err)
{
	const struct db_param params[] = {db_text(id),
	    number_id == 0 ? db_null() : db_i64(number_id), db_text(state),
	    db_usec(before == NULL ? STW_USEC_MAX : before->proposed_at),
	    db_text(
		before == NULL ? "ffffffff-ffff-ffff-ffff-ffffffffffff" : before->id),
	    db_i64(limit)};
	struct db_rows *rows = NULL;
	enum stw_code rc;

	*out = NULL;
	*count = 0;
	rc = db_query(
	    db, DB_Q_NUMBER_PROPOSAL_LIST, params, DB_NPARAMS(params), &rows, err);
	if (rc == STW_OK) {
		*count = db_rows_count(rows);
		*out = arena_array(arena, (size_t)*count, sizeof **out);
		DB_ROW_FOREACH(rows, r)
			proposal_from(rows, r, arena, &(*out)[r]);
	}
	db_rows_free(rows);
	return rc;
}

enum stw_code
number_proposals(struct db *db, int64_t number_id, const char *state,
    const struct number_proposal *before, int limit, struct arena *arena,
    struct number_proposal **out, int *count, struct stw_err *err)
{
	return proposal_rows(
	    db, NULL, number_id, state, before, limit, arena, out, count, err);
}

enum stw_code
number_proposal_get(struct db *db, const struct uuid *id, struct arena *arena,
    struct number_proposal *out, struct stw_err *err)
{
	struct number_proposal *rows;
	char text[UUID_TEXT];
	int count;
	enum stw_code rc = proposal_rows(
	    db, uuid_format(id, text), 0, NULL, NULL, 1, arena, &rows, &count, err);

	if (rc == STW_OK && count == 0)
		rc = stw_fail(err, STW_NOT_FOUND, "there is no proposal %s", text);
	if (rc == STW_OK)
		*out = rows[0];
	return rc;
}

enum stw_code
number_history(struct db *db, int64_t number_id, int limit, struct arena *arena,
    struct number_history **out, int *count, struct stw_err *err)
{
	const struct db_param params[] = {db_i64(number_id), db_i64(limit)};
	struct db_rows *rows = NULL;
	enum stw_code rc = db_query(
	    db, DB_Q_NUMBER_CHANGE_LIST, params, DB_NPARAMS(params), &rows, err);

	*count = rc == STW_OK ? db_rows_count(rows) : 0;
	*out = arena_array(arena, (size_t)*count, sizeof **out);
	for (int r = 0; r < *count; r++)
		(*out)[r] = (struct number_history){(int)db_get_i64(rows, r, 0),
		    db_get_usec(rows, r, 1), db_get_text(rows, r, 2, arena),
		    db_get_text(rows, r, 3, arena), db_get_text(rows, r, 4, arena),
		    db_get_text(rows, r, 5, arena), db_get_text(rows, r, 6, arena),
		    db_get_text(rows, r, 7, arena)};
	db_rows_free(rows);
	return rc;
}

/* ---- in force -------------------------------------------------------------------------------- */
struct effect {
	struct db *db;
	const struct number_proposal *proposal;
	const char *approver;
	stw_usec now;
	struct arena *arena;
};

#define REGISTERED_PARAMS 25

/* What number_insert and number_update both take, from kind on. */
static void
registered_params(const struct number_row *n, struct str *texts,
    struct db_param to[REGISTERED_PARAMS - 1])
{
	const struct {
		const char *const *items;
		size_t count;
	} lists[] = {{n->regions, n->nregions}, {n->channels, n->nchannels},
	    {n->purposes, n->npurposes}};
	struct db_param arrays[3];
	size_t used = 0;

	for (size_t l = 0; l < 3; l++) {
		arrays[l] = db_texts(texts + used, lists[l].count);
		for (size_t i = 0; i < lists[l].count; i++)
			texts[used++] = str_of(lists[l].items[i]);
	}
	const struct db_param params[REGISTERED_PARAMS - 1] = {db_text(n->kind),
	    db_text(n->port), db_text(n->pool), db_text(n->holder),
	    db_text(n->user_org), db_text(n->carrier), db_text(n->line_type),
	    db_text(n->registered_purpose), arrays[0], db_text(n->direction), arrays[1],
	    arrays[2], db_bool(n->robot), db_text(n->licence_no),
	    n->licence_from == STW_USEC_NEVER ? db_null() : db_usec(n->licence_from),
	    n->licence_to == STW_USEC_MAX ? db_null() : db_usec(n->licence_to),
	    db_text(n->approval), db_text(n->undertaking), db_text(n->lessor),
	    db_text(n->lessee), db_bool(n->sub_let), db_bool(n->withheld),
	    n->daily_cap == 0 ? db_null() : db_i64(n->daily_cap),
	    n->hourly_cap == 0 ? db_null() : db_i64(n->hourly_cap)};
	memcpy(to, params, sizeof params);
}

static enum stw_code
put_number(const struct effect *e, int64_t number_id, struct stw_err *err)
{
	struct db_param params[REGISTERED_PARAMS + 1];
	struct db_rows *rows = NULL;
	struct number_row n;
	struct str *texts;
	enum stw_code rc =
	    number_document_parse(str_of(e->proposal->document), e->arena, &n, err);

	if (rc == STW_OK)
		rc = check_number(e->db, &n, e->arena, err);
	if (rc != STW_OK)
		return rc;
	texts = arena_array(
	    e->arena, n.nregions + n.nchannels + n.npurposes + 1, sizeof *texts);
	params[0] = number_id == 0 ? db_text(n.number) : db_i64(number_id);
	registered_params(&n, texts, params + 1);
	params[REGISTERED_PARAMS] = db_usec(e->now);
	rc = db_query(e->db, number_id == 0 ? DB_Q_NUMBER_INSERT : DB_Q_NUMBER_UPDATE,
	    params, DB_NPARAMS(params), &rows, err);
	if (rc == STW_OK && db_rows_count(rows) == 0)
		rc = stw_fail(
		    err, STW_CONFLICT, "number %s is registered already", n.number);
	if (rc == STW_OK) {
		const struct number_change change = {
		    .number_id = db_get_i64(rows, 0, 0),
		    .version = db_get_i64(rows, 0, 1),
		    .what = number_id == 0 ? "registered" : "changed",
		    .actor = e->proposal->proposer,
		    .approver = e->approver,
		    .proposal = e->proposal->id,
		    .reason = e->proposal->reason};

		rc = number_note_change(e->db, &change, e->now, err);
	}
	db_rows_free(rows);
	return rc;
}

static enum stw_code
move_number(const struct effect *e, const struct number_held *held, struct stw_err *err)
{
	const struct number_proposal *p = e->proposal;
	enum number_status to;
	enum stw_code rc = number_status_document_parse(str_of(p->document), &to, err);

	if (rc != STW_OK)
		return rc;
	if (number_move_persons(held->status, to) == 0)
		return stw_fail(err, STW_CONFLICT,
		    "caller number %s is %s and cannot become %s", held->number,
		    number_status_name(held->status), number_status_name(to));
	const struct db_param params[] = {db_i64(p->number_id),
	    db_text(number_status_name(to)), db_text(p->reason), db_usec(e->now),
	    to == NUMBER_STOPPED ? db_text("person") : db_null(), db_null()};
	const struct number_change change = {.number_id = p->number_id,
	    .version = held->version + 1,
	    .what = number_status_name(to),
	    .actor = p->proposer,
	    .approver = e->approver,
	    .proposal = p->id,
	    .reason = p->reason};
	rc = db_query(
	    e->db, DB_Q_NUMBER_SET_STATUS, params, DB_NPARAMS(params), NULL, err);
	return rc == STW_OK ? number_note_change(e->db, &change, e->now, err) : rc;
}

static enum stw_code
change_number(const struct effect *e, struct stw_err *err)
{
	struct number_held held;
	enum stw_code rc =
	    number_hold_row(e->db, e->proposal->number_id, e->arena, &held, err);

	if (rc != STW_OK)
		return rc;
	/* What was approved is a change of what both had before them. */
	if (held.version != e->proposal->base_version)
		return stw_fail(err, STW_CONFLICT,
		    "caller number %s has changed since (version %d, not %d): propose anew",
		    held.number, held.version, e->proposal->base_version);
	if (strcmp(e->proposal->action, "status") == 0)
		return move_number(e, &held, err);
	return put_number(e, e->proposal->number_id, err);
}

static enum stw_code
note_rule(const struct effect *e, struct stw_err *err)
{
	const struct number_proposal *p = e->proposal;
	const struct entry_field fields[] = {ENTRY_TEXT("what", p->action),
	    ENTRY_TEXT("rule", "caller numbers"), ENTRY_TEXT("document", p->document),
	    ENTRY_TEXT("actor", p->proposer), ENTRY_TEXT("approver", e->approver),
	    ENTRY_TEXT("proposal", p->id), ENTRY_TEXT("reason", p->reason)};
	struct buf entry;
	enum stw_code rc;

	buf_init(&entry);
	entry_write(
	    "rule_change", p->id, e->now, fields, (int)STW_ARRAY_LEN(fields), &entry);
	rc = ledger_append(
	    e->db, -1, "rule_change", (struct str){entry.data, entry.len}, err);
	buf_fini(&entry);
	return rc;
}

static enum stw_code
put_rule(const struct effect *e, struct stw_err *err)
{
	const struct number_proposal *p = e->proposal;
	const char *approval, *name;
	struct db_rows *rows = NULL;
	struct matrix_cell cell;
	int64_t value;
	enum stw_code rc;

	if (strcmp(p->action, "matrix") == 0) {
		rc = check_cell(str_of(p->document), e->arena, &cell, &approval, err);
		if (rc != STW_OK)
			return rc;
		const struct db_param params[] = {db_text(p->id), db_text(cell.kind),
		    db_text(cell.port), db_text(cell.subject),
		    db_text(matrix_verdict_name(cell.verdict)), db_text(approval),
		    db_usec(e->now)};

		rc = db_query(e->db, DB_Q_NUMBER_MATRIX_PUT, params, DB_NPARAMS(params),
		    NULL, err);
	} else {
		rc = number_policy_parse(
		    str_of(p->document), e->arena, &name, &value, err);
		if (rc != STW_OK)
			return rc;
		const struct db_param params[] = {db_text(name), db_i64(value)};

		rc = db_query(e->db, DB_Q_NUMBER_POLICY_PUT, params, DB_NPARAMS(params),
		    &rows, err);
		if (rc == STW_OK && db_rows_count(rows) == 0)
			rc = stw_fail(
			    err, STW_INVALID, "there is no threshold '%s'", name);
		db_rows_free(rows);
	}
	return rc == STW_OK ? note_rule(e, err) : rc;
}

static enum stw_code
note_effect(const struct effect *e, const char *failure, struct stw_err *err)
{
	const struct db_param params[] = {
	    db_text(e->proposal->id), db_usec(e->now), db_text(failure)};

	return db_query(
	    e->db, DB_Q_NUMBER_EFFECT_INSERT, params, DB_NPARAMS(params), NULL, err);
}

static enum stw_code
put_in_force(const struct effect *e, struct stw_err *err)
{
	const char *action = e->proposal->action;
	enum stw_code rc = strcmp(action, "register") == 0 ? put_number(e, 0, err)
			   : e->proposal->number_id != 0   ? change_number(e, err)
							   : put_rule(e, err);

	return rc == STW_OK ? note_effect(e, NULL, err) : rc;
}

/* ---- deciding --------------------------------------------------------------------------------- */
struct decide_arg {
	const struct uuid *id;
	const char *verdict, *by, *note;
	stw_usec now;
	bool in_force;
	struct arena arena;
};

static enum stw_code
may_decide(
    const struct decide_arg *a, const struct number_proposal *p, struct stw_err *err)
{
	bool own = strcmp(a->by, p->proposer) == 0;

	if (strcmp(p->state, "open") != 0)
		return stw_fail(
		    err, STW_CONFLICT, "proposal %s is %s already", p->id, p->state);
	if (strcmp(a->verdict, "approved") == 0 && own)
		return stw_fail(err, STW_DENIED,
		    "proposal %s is your own: somebody else approves it", p->id);
	if (strcmp(a->verdict, "withdrawn") == 0 && !own)
		return stw_fail(err, STW_DENIED,
		    "proposal %s is %s's to withdraw: reject it instead", p->id,
		    p->proposer);
	return STW_OK;
}

static enum stw_code
decide_work(struct db *db, void *arg, struct stw_err *err)
{
	struct decide_arg *a = arg;
	char text[UUID_TEXT];
	struct number_proposal p;
	const struct db_param key[] = {db_text(uuid_format(a->id, text))};
	const struct db_param params[] = {key[0], db_text(a->verdict), db_text(a->by),
	    db_usec(a->now), db_text(a->note)};
	struct effect effect = {db, &p, a->by, a->now, &a->arena};
	enum stw_code rc;

	rc = db_query(db, DB_Q_NUMBER_PROPOSAL_LOCK, key, DB_NPARAMS(key), NULL, err);
	if (rc == STW_OK)
		rc = number_proposal_get(db, a->id, &a->arena, &p, err);
	if (rc == STW_OK)
		rc = may_decide(a, &p, err);
	if (rc == STW_OK)
		rc = db_query(db, DB_Q_NUMBER_VERDICT_INSERT, params,
		    DB_NPARAMS(params), NULL, err);
	if (rc == STW_OK)
		rc = note_proposal(db, a->verdict, text, p.action, p.number, a->by,
		    number_sha256(str_of(p.document), &a->arena), a->note, a->now, err);
	if (rc != STW_OK)
		return rc;
	a->in_force = strcmp(a->verdict, "approved") == 0 && p.effective_at <= a->now;
	return a->in_force ? put_in_force(&effect, err) : STW_OK;
}

enum stw_code
number_decide(struct db *db, const struct uuid *proposal, const char *verdict,
    const char *by, const char *note, stw_usec now, bool *in_force, struct stw_err *err)
{
	struct decide_arg arg = {proposal, verdict, by, note, now, false, {0}};
	enum stw_code rc;

	*in_force = false;
	if (strcmp(verdict, "rejected") == 0 && (note == NULL || note[0] == '\0'))
		return stw_fail(err, STW_INVALID, "say why it is rejected: a note");
	arena_init(&arg.arena);
	rc = number_in_tx(db, decide_work, &arg, err);
	if (rc == STW_OK)
		*in_force = arg.in_force;
	arena_fini(&arg.arena);
	return rc;
}

/* ---- on their day -------------------------------------------------------------------------------- */
struct due_arg {
	struct uuid id;
	stw_usec now;
	const char *failure; /* set: it could not; that is what is recorded */
	struct arena arena;
};

static enum stw_code
due_work(struct db *db, void *arg, struct stw_err *err)
{
	struct due_arg *a = arg;
	char text[UUID_TEXT];
	struct number_proposal p;
	const struct db_param key[] = {db_text(uuid_format(&a->id, text))};
	struct effect effect = {db, &p, NULL, a->now, &a->arena};
	enum stw_code rc =
	    db_query(db, DB_Q_NUMBER_PROPOSAL_LOCK, key, DB_NPARAMS(key), NULL, err);

	if (rc == STW_OK)
		rc = number_proposal_get(db, &a->id, &a->arena, &p, err);
	/* Somebody else's tick was first. */
	if (rc != STW_OK || strcmp(p.state, "approved") != 0)
		return rc;
	effect.approver = p.decided_by;
	if (a->failure == NULL)
		return put_in_force(&effect, err);
	rc = note_effect(&effect, a->failure, err);
	return rc == STW_OK ? note_proposal(db, "failed", text, p.action, p.number,
				  "steward", NULL, a->failure, a->now, err)
			    : rc;
}

static enum stw_code
apply_one(struct db *db, const struct uuid *id, stw_usec now, bool *failed,
    struct stw_err *err)
{
	struct due_arg arg = {.id = *id, .now = now};
	enum stw_code rc;

	*failed = false;
	arena_init(&arg.arena);
	rc = number_in_tx(db, due_work, &arg, err);
	if (rc == STW_CONFLICT || rc == STW_INVALID || rc == STW_NOT_FOUND) {
		struct stw_err why = *err;

		*failed = true;
		arg.failure = why.text;
		rc = number_in_tx(db, due_work, &arg, err);
	}
	arena_fini(&arg.arena);
	return rc;
}

enum stw_code
number_apply_due(
    struct db *db, stw_usec now, int *applied, int *failed, struct stw_err *err)
{
	const struct db_param params[] = {db_usec(now)};
	struct db_rows *rows = NULL;
	enum stw_code rc;

	*applied = *failed = 0;
	rc = db_query(
	    db, DB_Q_NUMBER_PROPOSAL_DUE, params, DB_NPARAMS(params), &rows, err);
	for (int r = 0; rc == STW_OK && r < db_rows_count(rows); r++) {
		struct uuid id;
		bool bad;

		STW_ASSERT(uuid_parse(db_get_str(rows, r, 0), &id) == STW_OK);
		rc = apply_one(db, &id, now, &bad, err);
		if (rc == STW_OK)
			++*(bad ? failed : applied);
	}
	db_rows_free(rows);
	return rc;
}

/* ---- by rule ---------------------------------------------------------------------------------------- */
struct return_arg {
	int64_t number_id;
	const char *reason, *evidence;
	stw_usec now;
	struct arena arena;
};

static enum stw_code
return_work(struct db *db, void *arg, struct stw_err *err)
{
	struct return_arg *a = arg;
	struct number_held held;
	const struct db_param params[] = {db_i64(a->number_id), db_text("active"),
	    db_text(a->reason), db_usec(a->now), db_null(), db_null()};
	enum stw_code rc = number_hold_row(db, a->number_id, &a->arena, &held, err);

	if (rc != STW_OK)
		return rc;
	if (held.suspended_by == NULL || strcmp(held.suspended_by, "health") != 0)
		return stw_fail(err, STW_CONFLICT,
		    "caller number %s was not suspended by its health", held.number);
	const struct number_change change = {.number_id = a->number_id,
	    .version = held.version + 1,
	    .what = "returned",
	    .actor = "steward",
	    .reason = a->reason,
	    .evidence = a->evidence};
	rc =
	    db_query(db, DB_Q_NUMBER_SET_STATUS, params, DB_NPARAMS(params), NULL, err);
	return rc == STW_OK ? number_note_change(db, &change, a->now, err) : rc;
}

enum stw_code
number_return(struct db *db, int64_t number_id, const char *reason,
    const char *evidence, stw_usec now, struct stw_err *err)
{
	struct return_arg arg = {number_id, reason, evidence, now, {0}};
	enum stw_code rc;

	arena_init(&arg.arena);
	rc = number_in_tx(db, return_work, &arg, err);
	arena_fini(&arg.arena);
	return rc;
}

/* ---- the demonstration's ------------------------------------------------------------------------------- */
static enum stw_code
propose_and_approve(struct db *db, const struct number_proposal_draft *draft,
    const char *approver, stw_usec now, struct stw_err *err)
{
	struct uuid id;
	bool in_force;
	enum stw_code rc = number_propose(db, draft, now, &id, err);

	if (rc == STW_OK)
		rc = number_decide(
		    db, &id, "approved", approver, NULL, now, &in_force, err);
	return rc;
}

static enum stw_code
install_document(struct db *db, const struct number_row *number, int64_t id,
    const char *proposer, const char *approver, stw_usec now, struct arena *arena,
    struct stw_err *err)
{
	struct number_proposal_draft draft = {.action = id == 0 ? "register" : "change",
	    .number_id = id,
	    .reason = "demonstration",
	    .proposer = proposer,
	    .effective_at = now};
	struct buf document, was;
	struct number_row row;
	enum stw_code rc = STW_OK;

	buf_init(&document);
	buf_init(&was);
	number_document_write(number, &document);
	if (id != 0) {
		rc = number_get(db, id, now, now, arena, &row, err);
		if (rc == STW_OK)
			number_document_write(&row, &was);
	}
	draft.document = (struct str){document.data, document.len};
	if (rc == STW_OK && (id == 0 || strcmp(document.data, was.data) != 0))
		rc = propose_and_approve(db, &draft, approver, now, err);
	buf_fini(&document);
	buf_fini(&was);
	return rc;
}

enum stw_code
number_install(struct db *db, const struct number_row *number, const char *proposer,
    const char *approver, stw_usec now, struct stw_err *err)
{
	struct number_proposal_draft draft = {.action = "status",
	    .document = STR_LIT("{\"status\":\"active\"}"),
	    .reason = "demonstration",
	    .proposer = proposer,
	    .effective_at = now};
	struct number_row row;
	struct arena arena;
	int64_t id;
	enum stw_code rc;

	arena_init(&arena);
	rc = number_find(db, number->number, &id, err);
	if (rc == STW_OK)
		rc = install_document(
		    db, number, id, proposer, approver, now, &arena, err);
	if (rc == STW_OK)
		rc = number_find(db, number->number, &draft.number_id, err);
	if (rc == STW_OK)
		rc = number_get(db, draft.number_id, now, now, &arena, &row, err);
	/* One that was suspended or given back since stays so. */
	if (rc == STW_OK && strcmp(row.status, "planned") == 0)
		rc = propose_and_approve(db, &draft, approver, now, err);
	arena_fini(&arena);
	return rc;
}
