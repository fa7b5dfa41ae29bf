#include "campaigns/compliance/record_json.h"

#include <string.h>

#include <jansson.h>

#include "campaigns/compliance/facts_json.h"
#include "campaigns/compliance/ruleset.h"

#define RECORD_FORMAT 2

/* ---- writing -------------------------------------------------------------------------- */
/* Rules that said no in full; of the others what they looked at and until when it holds. */
static void
hit_write(const struct gate_hit *hit, struct buf *to)
{
	buf_add_char(to, '{');
	if (!hit->ok) {
		buf_add_c(to, "\"code\":");
		json_put_text(hit->code, to);
		buf_add_char(to, ',');
	}
	if (hit->evidence != NULL) {
		buf_add_c(to, "\"evidence\":");
		json_put_text(hit->evidence, to);
		buf_add_char(to, ',');
	}
	if (!hit->ok) {
		buf_add_c(to, "\"from\":");
		json_put_instant(hit->allowed_from, STW_USEC_MAX, to);
		buf_add_c(to, ",\"layer\":");
		json_put_text(hit->layer, to);
		buf_add_c(to, ",\"ok\":false,\"outcome\":");
		json_put_text(gate_outcome_name(hit->outcome), to);
		buf_add_char(to, ',');
	} else {
		buf_add_c(to, "\"ok\":true,");
	}
	buf_add_c(to, "\"rule\":");
	json_put_text(hit->rule_id, to);
	if (hit->ok && hit->allowed_until != STW_USEC_MAX) {
		buf_add_c(to, ",\"until\":");
		json_put_instant(hit->allowed_until, STW_USEC_MAX, to);
	}
	if (hit->waived != NULL) {
		buf_add_c(to, ",\"waived\":");
		json_put_text(hit->waived, to);
	}
	buf_add_char(to, '}');
}

static void
local_times_write(const struct gate_party *party, stw_usec now, struct buf *to)
{
	buf_add_char(to, '[');
	for (int i = 0; i < party->nzones; i++) {
		struct zone_local l = zone_local(party->zones[i], now);
		char day[STW_DAY_TEXT];

		buf_printf(to, "%s{\"local\":\"%sT%02d:%02d\",\"offset\":%d,\"zone\":",
		    i > 0 ? "," : "", stw_day_format(l.day, day), l.minute / 60,
		    l.minute % 60, l.offset_sec);
		json_put_text(zone_name(party->zones[i]), to);
		buf_add_char(to, '}');
	}
	buf_add_char(to, ']');
}

static void
key_text(const char *key, const char *s, struct buf *to)
{
	buf_add_c(to, key);
	json_put_text(s, to);
}

void
record_write(const struct record_context *ctx, const struct gate_facts *facts,
    const struct gate_decision *d, struct buf *to)
{
	char letter[2] = {gate_checkpoint_letter(ctx->checkpoint), '\0'};

	key_text("{\"campaign\":", ctx->campaign, to);
	buf_printf(to, ",\"campaign_version\":%d", ctx->campaign_version);
	key_text(",\"checkpoint\":", letter, to);
	buf_add_c(to, ",\"codes\":[");
	for (int i = 0; i < d->ncodes; i++)
		key_text(i > 0 ? "," : "", d->codes[i], to);
	key_text("],\"customer_ref\":", ctx->customer_ref, to);
	key_text(",\"decision_id\":", ctx->decision_id, to);
	buf_add_c(to, ",\"facts\":");
	facts_to_json(facts, to);
	buf_printf(to, ",\"format\":%d,\"hits\":[", RECORD_FORMAT);
	for (int i = 0; i < d->nhits; i++) {
		if (i > 0)
			buf_add_char(to, ',');
		hit_write(&d->hits[i], to);
	}
	buf_add_c(to, "],\"local_times\":");
	local_times_write(&facts->party, ctx->now, to);
	buf_add_c(to, ",\"next_allowed_at\":");
	json_put_instant(d->next_allowed_at, STW_USEC_MAX, to);
	buf_add_c(to, ",\"now\":");
	json_put_instant(ctx->now, STW_USEC_MAX, to);
	key_text(",\"outcome\":", gate_decision_name(d), to);
	key_text(",\"phone_mask\":", ctx->phone_mask, to);
	key_text(",\"primary\":", d->allowed ? NULL : d->primary, to);
	key_text(",\"ruleset_hash\":", d->ruleset_hash, to);
	key_text(",\"segment_why\":", ctx->segment_why, to);
	key_text(",\"task_id\":", ctx->task_id, to);
	buf_printf(to, ",\"ttl\":%lld", (long long)ctx->ttl);
	key_text(",\"tzdata\":", zone_tzdata_version(), to);
	buf_add_c(to, ",\"valid_until\":");
	json_put_instant(d->valid_until, STW_USEC_NEVER, to);
	buf_add_char(to, '}');
}

/* ---- reading --------------------------------------------------------------------------- */
static const char *const record_keys[] = {"at", "base", "campaign", "campaign_version",
    "checkpoint", "codes", "customer_ref", "decision_id", "facts", "format", "hits",
    "local_times", "next_allowed_at", "now", "outcome", "phone_mask", "primary",
    "ruleset_hash", "segment_why", "task_id", "ttl", "tzdata", "valid_until"};

static enum stw_code
document_load(struct str json, json_t **out, struct stw_err *err)
{
	json_error_t bad;
	const char *key;
	json_t *v;

	*out = NULL;
	if (json.len > FACTS_MAX_DOCUMENT)
		return stw_fail(err, STW_INVALID, "document: larger than %u bytes",
		    FACTS_MAX_DOCUMENT);
	*out = json_loadb(json.ptr, json.len, JSON_REJECT_DUPLICATES, &bad);
	if (*out == NULL)
		return stw_fail_at(
		    err, STW_INVALID, bad.line, bad.column, "document: %s", bad.text);
	if (!json_is_object(*out))
		return stw_fail(err, STW_INVALID, "document: has to be an object");
	json_object_foreach(*out, key, v)
	{
		size_t i = 0;

		while (
		    i < STW_ARRAY_LEN(record_keys) && strcmp(record_keys[i], key) != 0)
			i++;
		if (i == STW_ARRAY_LEN(record_keys))
			return stw_fail(
			    err, STW_INVALID, "document: unknown key %s", key);
	}
	return STW_OK;
}

enum stw_code
record_read(struct str json, struct arena *arena, struct gate_facts *facts,
    enum gate_checkpoint *checkpoint, stw_usec *now, stw_usec *ttl, struct stw_err *err)
{
	json_t *doc = NULL;
	enum stw_code rc = document_load(json, &doc, err);

	if (rc == STW_OK)
		rc = facts_document_read(
		    json, FACTS_CLOSED, arena, facts, checkpoint, now, ttl, err);
	json_decref(doc);
	return rc;
}

static bool
is_about_hours(const struct ruleset *rules, const char *rule_id)
{
	const struct rule_info *info =
	    rule_id != NULL ? ruleset_find(rules, rule_id) : NULL;

	return info != NULL && (strcmp(info->kind, "time_window") == 0 ||
				   strcmp(info->kind, "blackout_day") == 0);
}

enum stw_code
record_hours_end(
    const struct ruleset *rules, struct str record, stw_usec *out, struct stw_err *err)
{
	json_t *doc = NULL, *hit;
	enum stw_code rc = document_load(record, &doc, err);
	size_t i;

	*out = STW_USEC_MAX;
	json_array_foreach(json_object_get(doc, "hits"), i, hit)
	{
		const char *until = json_string_value(json_object_get(hit, "until"));
		stw_usec at;

		if (until != NULL &&
		    is_about_hours(
			rules, json_string_value(json_object_get(hit, "rule"))) &&
		    stw_usec_parse(str_of(until), &at) == STW_OK && at < *out)
			*out = at;
	}
	json_decref(doc);
	return rc;
}

/* ---- replay ------------------------------------------------------------------------------- */
enum stw_code
record_replay(const struct ruleset *rules, struct str record, bool *same,
    struct buf *again, struct stw_err *err)
{
	struct record_context ctx = {0};
	struct gate_facts facts;
	struct gate_decision decision;
	struct arena arena;
	json_t *doc = NULL;
	size_t start = again->len;
	enum stw_code rc;

	*same = false;
	arena_init(&arena);
	rc = document_load(record, &doc, err);
	if (rc == STW_OK &&
	    json_integer_value(json_object_get(doc, "format")) != RECORD_FORMAT)
		rc = stw_fail(
		    err, STW_INVALID, "record: not of format %d", RECORD_FORMAT);
	if (rc == STW_OK)
		rc = facts_document_read(record, FACTS_CLOSED, &arena, &facts,
		    &ctx.checkpoint, &ctx.now, &ctx.ttl, err);
	if (rc != STW_OK)
		goto done;
	ctx.decision_id = json_string_value(json_object_get(doc, "decision_id"));
	ctx.campaign = json_string_value(json_object_get(doc, "campaign"));
	ctx.campaign_version =
	    (int)json_integer_value(json_object_get(doc, "campaign_version"));
	ctx.segment_why = json_string_value(json_object_get(doc, "segment_why"));
	ctx.task_id = json_string_value(json_object_get(doc, "task_id"));
	ctx.customer_ref = json_string_value(json_object_get(doc, "customer_ref"));
	ctx.phone_mask = json_string_value(json_object_get(doc, "phone_mask"));
	gate_decide(rules, &facts, ctx.checkpoint, ctx.now, ctx.ttl, &arena, &decision);
	record_write(&ctx, &facts, &decision, again);
	*same = again->len - start == record.len &&
		memcmp(again->data + start, record.ptr, record.len) == 0;
done:
	json_decref(doc);
	arena_fini(&arena);
	return rc;
}
