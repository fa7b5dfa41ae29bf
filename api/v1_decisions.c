#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <sodium.h>

#include "api/page.h"
#include "api/resources.h"
#include "api/server.h"
#include "campaigns/compliance/record_json.h"
#include "campaigns/compliance/ruleset.h"
#include "campaigns/decision_store.h"

/* ---- the log ------------------------------------------------------------------------------ */
static void
put_row(json_t *v, const struct decision_row *d)
{
	char gate[2] = {d->gate, '\0'};

	json_put(v, "decision_id", json_uuid(&d->id));
	json_put(v, "gate", json_text(gate));
	json_put(v, "decided_at", json_time(d->decided_at));
	json_put(v, "outcome", json_text(d->outcome));
	json_put(v, "primary_code", json_text(d->primary_code));
	json_put(v, "primary_text", v1_reason_text(d->primary_code));
	json_put(v, "codes", json_texts(d->codes, d->ncodes));
	json_put(v, "customer_ref", json_text(d->customer_ref));
	json_put(v, "phone_mask", json_text(d->phone_mask));
	json_put(v, "campaign", json_text(d->campaign));
	json_put(v, "campaign_version", json_positive(d->campaign_version));
	json_put(v, "task_id", json_text(d->task_id));
	json_put(v, "number", json_text(d->number));
	json_put(v, "channel", json_text(d->channel));
	json_put(v, "purpose", json_text(d->purpose));
	json_put(v, "agent", json_text(d->agent));
	json_put(v, "next_allowed_at", json_time(d->next_allowed_at));
	json_put(v, "valid_until", json_time(d->valid_until));
}

void
v1_decision_page(
    struct api_request *req, struct decision_filter *filter, const char *scope)
{
	struct decision_row *rows;
	struct stw_err err = {0};
	struct page page;
	json_t *v, *items;
	char id[UUID_TEXT];
	enum stw_code rc;
	int count, last;

	filter->after_at = STW_USEC_MAX;
	if (!page_begin_uuid(req, scope, &page, &filter->after_at, &filter->after_id))
		return;
	rc = decision_list(
	    req->db, filter, page.limit + 1, &req->arena, &rows, &count, &err);
	if (rc != STW_OK) {
		api_fail(req, rc, &err);
		return;
	}
	items = json_array();
	for (int i = 0; i < page_rows(&page, count); i++) {
		json_t *one = json_object();

		put_row(one, &rows[i]);
		json_push(items, one);
	}
	last = page_last(&page, count);
	v = page_json(req, &page, items,
	    last < 0 ? NULL
		     : page_place(req, rows[last].decided_at,
			   uuid_format(&rows[last].id, id)));
	json_put(v, "zone", json_text(zone_name(req->app->zone)));
	api_reply(req, 200, v);
}

static const char *
part(const char *text)
{
	return text != NULL ? text : "";
}

void
v1_decision_list(struct api_request *req)
{
	struct decision_filter f = {0};

	f.outcome = api_query(req, "outcome");
	f.code = api_query(req, "code");
	f.primary = api_query(req, "primary");
	f.campaign = api_query(req, "campaign");
	f.customer_ref = api_query(req, "customer");
	f.gate = api_query(req, "gate");
	f.agent = api_query(req, "agent");
	if (!api_query_time(req, "from", STW_USEC_NEVER, &f.from) ||
	    !api_query_time(req, "to", STW_USEC_MAX, &f.to) ||
	    !api_query_i64(req, "number_id", 0, &f.number_id))
		return;
	v1_decision_page(req, &f,
	    arena_printf(&req->arena,
		"decisions\n%s\n%s\n%s\n%s\n%s\n%s\n%s\n%" PRId64 "\n%" PRId64
		"\n%" PRId64,
		part(f.outcome), part(f.code), part(f.primary), part(f.campaign),
		part(f.customer_ref), part(f.gate), part(f.agent), f.from, f.to,
		f.number_id));
}

/* ---- one ------------------------------------------------------------------------------------ */
static bool
load_decision(struct api_request *req, struct decision_row *out)
{
	struct stw_err err = {0};
	struct uuid id;
	enum stw_code rc;

	if (!api_path_uuid(req, 0, &id))
		return false;
	rc = decision_get(req->db, &id, &req->arena, out, &err);
	if (rc == STW_OK)
		return true;
	api_fail(req, rc, &err);
	return false;
}

static json_t *
member(json_t *object, const char *name)
{
	json_t *v = json_object_get(object, name);

	return v != NULL ? json_incref(v) : json_null();
}

/* The rule's own texts and source, from the packs in force. */
static void
put_rule(json_t *v, const struct ruleset *rules, const char *rule_id, json_t *hit)
{
	const struct rule_info *r = rules != NULL ? ruleset_find(rules, rule_id) : NULL;

	/* A record names the layer only where a rule said no. */
	json_put(v, "layer",
	    json_object_get(hit, "layer") != NULL
		? member(hit, "layer")
		: json_text(r != NULL ? r->layer : NULL));
	json_put(v, "rule_text",
	    r != NULL ? json_names(r->text_zh, r->text_en) : json_null());
	json_put(v, "source", json_text(r != NULL ? r->source : NULL));
	json_put(v, "grade", json_text(r != NULL ? r->grade : NULL));
	json_put(v, "pack", json_text(r != NULL ? r->pack : NULL));
	json_put(v, "pack_version", json_text(r != NULL ? r->pack_version : NULL));
}

static json_t *
hits_json(json_t *record, const struct ruleset *rules)
{
	json_t *hits = json_object_get(record, "hits");
	json_t *list = json_array(), *hit;
	size_t i;

	json_array_foreach(hits, i, hit)
	{
		const char *id = json_string_value(json_object_get(hit, "rule"));
		json_t *v = json_object();

		json_put(v, "rule_id", json_text(part(id)));
		json_put(v, "ok", member(hit, "ok"));
		json_put(v, "code", member(hit, "code"));
		json_put(v, "outcome", member(hit, "outcome"));
		json_put(v, "allowed_from", member(hit, "from"));
		json_put(v, "allowed_until", member(hit, "until"));
		json_put(v, "evidence", member(hit, "evidence"));
		put_rule(v, rules, part(id), hit);
		json_put(v, "reason",
		    v1_reason_text(json_string_value(json_object_get(hit, "code"))));
		json_push(list, v);
	}
	return list;
}

static enum stw_code
proof_json(struct api_request *req, const struct decision_row *d, json_t *record,
    json_t **out, struct stw_err *err)
{
	const struct db_param params[] = {db_i64(d->ledger_index)};
	json_t *v = json_object(), *checkpoint = json_null();
	struct db_rows *rows = NULL;
	enum stw_code rc = STW_OK;

	if (d->ledger_index >= 0)
		rc = db_query(req->db, DB_Q_LEDGER_COVER, params, 1, &rows, err);
	if (rc == STW_OK && rows != NULL && db_rows_count(rows) == 1) {
		checkpoint = json_object();
		json_put(checkpoint, "size", json_integer(db_get_i64(rows, 0, 0)));
		json_put(checkpoint, "root", json_str(db_get_str(rows, 0, 1)));
		json_put(checkpoint, "note", json_str(db_get_str(rows, 0, 2)));
		json_put(checkpoint, "at", json_time(db_get_usec(rows, 0, 3)));
	}
	db_rows_free(rows);
	json_put(v, "record_hash", json_text(d->record_hash_hex));
	json_put(v, "record_hmac", json_text(d->commitment_hex));
	json_put(v, "ruleset_hash", member(record, "ruleset_hash"));
	json_put(v, "ledger_index",
	    d->ledger_index >= 0 ? json_integer(d->ledger_index) : json_null());
	json_put(v, "checkpoint", checkpoint);
	*out = v;
	return rc;
}

void
v1_decision(struct api_request *req)
{
	const struct ruleset *rules = NULL;
	struct decision_row d;
	struct stw_err err = {0};
	json_t *v, *record, *proof = NULL;
	enum stw_code rc;

	if (!load_decision(req, &d))
		return;
	/* Without packs the page still shows what was recorded. */
	if (server_rules(req->server, req->db, &rules, &err) != STW_OK)
		rules = NULL;
	record = d.record == NULL ? NULL : json_loads(d.record, 0, NULL);
	if (record == NULL)
		record = json_object();
	rc = proof_json(req, &d, record, &proof, &err);
	if (rc != STW_OK) {
		json_decref(record);
		json_decref(proof);
		api_fail(req, rc, &err);
		return;
	}
	v = json_object();
	put_row(v, &d);
	json_put(v, "hits", hits_json(record, rules));
	json_put(v, "erased", json_boolean(d.record == NULL));
	json_put(v, "record", record);
	json_put(v, "proof", proof);
	json_put(v, "as_of", json_time(req->now));
	api_reply(req, 200, v);
}

void
v1_decision_replay(struct api_request *req)
{
	unsigned char hash[crypto_hash_sha256_BYTES];
	char hex[2 * crypto_hash_sha256_BYTES + 1];
	const struct ruleset *rules;
	struct decision_row d;
	struct stw_err err = {0};
	struct buf again;
	enum stw_code rc;
	bool same = false;
	json_t *v;

	if (!load_decision(req, &d))
		return;
	if (d.record == NULL) {
		api_problem(req, 410, "ERASED", NULL,
		    "the customer was erased, and with the customer what the gate knew: the "
		    "decision cannot be made again; the proof of its entry is whole");
		return;
	}
	buf_init(&again);
	rc = server_rules(req->server, req->db, &rules, &err);
	if (rc == STW_OK)
		rc = record_replay(rules, str_of(d.record), &same, &again, &err);
	if (rc != STW_OK) {
		api_fail(req, rc, &err);
	} else {
		(void)crypto_hash_sha256(
		    hash, (const unsigned char *)again.data, again.len);
		(void)sodium_bin2hex(hex, sizeof hex, hash, sizeof hash);
		v = json_object();
		json_put(v, "decision_id", json_uuid(&d.id));
		json_put(v, "identical", json_boolean(same));
		json_put(v, "record_hash", json_text(d.record_hash_hex));
		json_put(v, "replayed_hash", json_text(hex));
		json_put(v, "at", json_time(req->now));
		api_reply(req, 200, v);
	}
	buf_fini(&again);
}
