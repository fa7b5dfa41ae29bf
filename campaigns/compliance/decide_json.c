#include "campaigns/compliance/decide_json.h"

#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "campaigns/compliance/facts_json.h"
#include "campaigns/compliance/record_json.h"
#include "campaigns/compliance/ruleset.h"

static json_t *
text_or_null(const char *s)
{
	return s != NULL ? json_string(s) : json_null();
}

static json_t *
instant_or_null(stw_usec at)
{
	char text[STW_USEC_TEXT];

	return at == STW_USEC_MAX || at == STW_USEC_NEVER
		   ? json_null()
		   : json_string(stw_usec_format(at, text));
}

static json_t *
hit_json(const struct ruleset *rules, const struct gate_hit *hit)
{
	const struct rule_info *info = ruleset_find(rules, hit->rule_id);
	json_t *o = json_pack("{s:s, s:b}", "rule", hit->rule_id, "ok", hit->ok);

	json_object_set_new(o, "layer", text_or_null(hit->layer));
	if (!hit->ok) {
		json_object_set_new(o, "code", text_or_null(hit->code));
		json_object_set_new(
		    o, "outcome", json_string(gate_outcome_name(hit->outcome)));
		json_object_set_new(
		    o, "allowed_from", instant_or_null(hit->allowed_from));
	} else if (hit->allowed_until != STW_USEC_MAX) {
		json_object_set_new(
		    o, "allowed_until", instant_or_null(hit->allowed_until));
	}
	if (hit->waived != NULL)
		json_object_set_new(o, "waived", json_string(hit->waived));
	if (hit->evidence != NULL)
		json_object_set_new(o, "evidence", json_string(hit->evidence));
	if (info != NULL) {
		json_object_set_new(o, "pack", json_string(info->pack));
		json_object_set_new(o, "zh", json_string(info->text_zh));
		json_object_set_new(o, "en", json_string(info->text_en));
		json_object_set_new(o, "source", json_string(info->source));
		json_object_set_new(o, "grade", json_string(info->grade));
	}
	return o;
}

static json_t *
decision_json(const struct ruleset *rules, const struct gate_decision *d)
{
	json_t *o = json_object();
	json_t *reasons = json_array();
	json_t *hits = json_array();

	for (int i = 0; i < d->ncodes; i++)
		json_array_append_new(
		    reasons, json_pack("{s:s, s:s, s:s}", "code", d->codes[i], "zh",
				 reason_text(d->codes[i], "zh-CN"), "en",
				 reason_text(d->codes[i], "en")));
	/* what stands against it first */
	for (int i = 0; i < d->nhits; i++) {
		if (!d->hits[i].ok)
			json_array_append_new(hits, hit_json(rules, &d->hits[i]));
	}
	for (int i = 0; i < d->nhits; i++) {
		if (d->hits[i].ok)
			json_array_append_new(hits, hit_json(rules, &d->hits[i]));
	}
	json_object_set_new(o, "outcome", json_string(gate_decision_name(d)));
	json_object_set_new(o, "primary", text_or_null(d->primary));
	json_object_set_new(o, "reasons", reasons);
	json_object_set_new(o, "next_allowed_at", instant_or_null(d->next_allowed_at));
	json_object_set_new(o, "valid_until", instant_or_null(d->valid_until));
	json_object_set_new(o, "ruleset_hash", json_string(d->ruleset_hash));
	json_object_set_new(o, "rules", hits);
	return o;
}

/* ---- deciding ------------------------------------------------------------------------- */
enum stw_code
decide_document(const struct ruleset *rules, struct str document,
    const struct decide_options *options, struct arena *arena, struct gate_facts *facts,
    struct gate_decision *out, struct stw_err *err)
{
	enum gate_checkpoint checkpoint;
	stw_usec now, ttl;
	enum stw_code rc =
	    record_read(document, arena, facts, &checkpoint, &now, &ttl, err);

	if (rc != STW_OK)
		return rc;
	if (options != NULL && options->at != STW_USEC_NEVER)
		now = options->at;
	if (options != NULL && options->checkpoint != 0)
		checkpoint = options->checkpoint == 'P'   ? GATE_PLAN
			     : options->checkpoint == 'D' ? GATE_DISPATCH
							  : GATE_DIAL;
	gate_decide(rules, facts, checkpoint, now, ttl, arena, out);
	return STW_OK;
}

enum stw_code
decide_json(const struct ruleset *rules, struct str document,
    const struct decide_options *options, struct buf *out, bool *allowed,
    struct stw_err *err)
{
	struct gate_decision decision;
	struct gate_facts facts;
	struct arena arena;
	enum stw_code rc;
	json_t *o;
	char *text;

	arena_init(&arena);
	rc = decide_document(rules, document, options, &arena, &facts, &decision, err);
	if (rc == STW_OK) {
		o = decision_json(rules, &decision);
		text = json_dumps(o, JSON_INDENT(2));
		json_decref(o);
		STW_ASSERT(text != NULL);
		buf_add_c(out, text);
		buf_add_char(out, '\n');
		free(text);
		if (allowed != NULL)
			*allowed = decision.allowed;
	}
	arena_fini(&arena);
	return rc;
}

/* ---- a line ------------------------------------------------------------------------- */
static void
item_write(const char *before, const char *text, struct buf *to)
{
	buf_add_c(to, before);
	json_put_text(text, to);
}

/* The rules that said no with their codes, then those that did not. */
static void
hits_write(const struct gate_decision *d, struct buf *to)
{
	int n = 0;

	buf_add_c(to, ",\"passed\":[");
	for (int i = 0; i < d->nhits; i++) {
		if (d->hits[i].ok)
			item_write(n++ > 0 ? "," : "", d->hits[i].rule_id, to);
	}
	item_write("],\"primary\":", d->primary, to);
	buf_add_c(to, ",\"refused\":[");
	n = 0;
	for (int i = 0; i < d->nhits; i++) {
		if (d->hits[i].ok)
			continue;
		item_write(n++ > 0 ? ",[" : "[", d->hits[i].rule_id, to);
		item_write(",", d->hits[i].code, to);
		buf_add_char(to, ']');
	}
	buf_add_char(to, ']');
}

static void
line_write(const struct gate_decision *d, struct buf *to)
{
	buf_add_c(to, "{\"codes\":[");
	for (int i = 0; i < d->ncodes; i++)
		item_write(i > 0 ? "," : "", d->codes[i], to);
	buf_add_c(to, "],\"next_allowed_at\":");
	json_put_instant(d->next_allowed_at, STW_USEC_MAX, to);
	item_write(",\"outcome\":", gate_decision_name(d), to);
	hits_write(d, to);
	item_write(",\"ruleset_hash\":", d->ruleset_hash, to);
	buf_add_c(to, ",\"valid_until\":");
	json_put_instant(d->valid_until, STW_USEC_NEVER, to);
	buf_add_char(to, '}');
}

enum stw_code
decide_line(const struct ruleset *rules, struct str document,
    const struct decide_options *options, struct buf *out, struct stw_err *err)
{
	struct gate_decision decision;
	struct gate_facts facts;
	struct arena arena;
	enum stw_code rc;

	arena_init(&arena);
	rc = decide_document(rules, document, options, &arena, &facts, &decision, err);
	if (rc == STW_OK)
		line_write(&decision, out);
	arena_fini(&arena);
	return rc;
}
