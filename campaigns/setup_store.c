#include "campaigns/setup_store.h"

#include <stdint.h>
#include <string.h>

#include "campaigns/agent_store.h"
#include "campaigns/campaign_store.h"
#include "campaigns/compliance/pack_store.h"
#include "campaigns/compliance/ruleset.h"
#include "campaigns/number_change_store.h"
#include "campaigns/setup_json.h"
#include "engine/embed.h"
#include "segments/book_store.h"
#include "segments/lifecycle_store.h"
#include "segments/segment_store.h"

/* Two people, as everywhere: one writes, the other approves. */
#define AUTHOR   "demo-author"
#define APPROVER "demo-approver"

#define DOCUMENT "campaigns/setup/demo.json"

/* The demo's licences run with the calendar year around `now`. */
static void
licence_of(struct number_row *n, stw_usec now)
{
	stw_day day = (stw_day)(now / STW_USEC_DAY);
	struct stw_date first = {stw_date_of(day).year, 1, 1};
	struct stw_date next = {first.year + 1, 1, 1};

	n->licence_from = (stw_usec)stw_day_of(first) * STW_USEC_DAY;
	n->licence_to = (stw_usec)stw_day_of(next) * STW_USEC_DAY;
}

static enum stw_code
put_packs(struct db *db, stw_usec now, struct setup_result *out, struct stw_err *err)
{
	struct pack_info packs[64];
	int n = ruleset_embedded(packs, (int)STW_ARRAY_LEN(packs));
	enum stw_code rc = STW_OK;

	for (int i = 0; rc == STW_OK && i < n; i++) {
		bool added;

		if (packs[i].off)
			continue;
		/* In force from the day before, so that imported history has rules too. */
		rc = pack_activate(db, packs[i].pack, packs[i].version,
		    now - STW_USEC_DAY, AUTHOR, APPROVER, now, &added, err);
		if (rc == STW_OK && added)
			out->packs++;
		if (rc != STW_OK)
			return stw_err_prefix(err, rc, "pack %s", packs[i].pack);
	}
	return rc;
}

static enum stw_code
put_script(struct db *db, const struct setup_script *script, stw_usec now,
    struct setup_result *out, struct stw_err *err)
{
	struct stw_err ignored;
	int version;
	enum stw_code rc = script_put(
	    db, script->code, "zh-CN", script->body, AUTHOR, now, &version, err);

	if (rc != STW_OK)
		return rc;
	rc = script_approve(db, script->code, version, APPROVER, now, &ignored);
	if (rc == STW_CONFLICT) /* approved in an earlier run, or pulled since */
		return STW_OK;
	if (rc == STW_OK)
		out->scripts++;
	else
		*err = ignored;
	return rc;
}

/* A number that nobody has called back on yet is not callable as far as anybody knows. */
static enum stw_code
put_number(struct db *db, struct number_row *number, stw_usec now, struct arena *arena,
    struct stw_err *err)
{
	struct number_observation seen = {.kind = "callback",
	    .value = "ok",
	    .score = -1,
	    .reference = "demonstration",
	    .at = now,
	    .actor = AUTHOR};
	struct number_row row;
	enum stw_code rc;

	licence_of(number, now);
	rc = number_install(db, number, AUTHOR, APPROVER, now, err);
	if (rc == STW_OK)
		rc = number_find(db, number->number, &seen.number_id, err);
	if (rc == STW_OK)
		rc = number_get(db, seen.number_id, now, now, arena, &row, err);
	if (rc == STW_OK && row.callback_ok_at == STW_USEC_NEVER)
		rc = number_observe(db, &seen, now, err);
	return rc;
}

static enum stw_code
put_agent(
    struct db *db, const struct setup_person *p, stw_usec now, struct stw_err *err)
{
	const struct agent_licence sales = {"sales", "DEMO", now - 400 * STW_USEC_DAY,
	    now + p->qualified_days * STW_USEC_DAY};
	const char *mandarin = "zh-CN";
	const struct agent agent = {.code = p->code,
	    .kind = p->robot ? AGENT_ROBOT : AGENT_PERSON,
	    .queue = p->queue,
	    .zone = "Asia/Shanghai",
	    .capacity = p->robot ? 30 : 1,
	    .languages = &mandarin,
	    .nlanguages = 1,
	    .licences = &sales,
	    .nlicences = 1};

	return agent_save(db, &agent, AUTHOR, now, err);
}

static enum stw_code
put_catalogue(struct db *db, const struct seal_keys *keys,
    const struct setup_options *options, const struct setup_document *doc,
    struct arena *arena, struct setup_result *out, struct stw_err *err)
{
	stw_usec now = options->now;
	enum stw_code rc = STW_OK;

	for (int i = 0; rc == STW_OK && i < doc->nproducts; i++, out->products++)
		rc = product_put(db, &doc->products[i], now, err);
	for (int i = 0; rc == STW_OK && i < doc->nnumbers; i++, out->numbers++)
		rc = put_number(db, &doc->numbers[i], now, arena, err);
	for (int i = 0; rc == STW_OK && i < doc->nscripts; i++)
		rc = put_script(db, &doc->scripts[i], now, out, err);
	for (int i = 0; rc == STW_OK && i < doc->nqueues; i++, out->queues++) {
		doc->queues[i].url =
		    arena_printf(arena, "%s/tasks", options->queue_url);
		doc->queues[i].secret = options->queue_secret;
		rc = queue_put(db, keys, &doc->queues[i], "operator", now, err);
	}
	for (int i = 0; rc == STW_OK && i < doc->ndispositions; i++)
		rc = disposition_put(db, &doc->dispositions[i], AUTHOR, now, err);
	for (int i = 0; rc == STW_OK && i < doc->nagents; i++)
		rc = put_agent(db, &doc->agents[i], now, err);
	return rc;
}

/* A campaign that runs already is left as it is: its people may have changed it. */
static enum stw_code
put_campaign(struct db *db, const struct embed_file *file, const struct rule_env *env,
    stw_usec now, struct arena *arena, struct setup_result *out, struct stw_err *err)
{
	struct campaign_row row;
	enum stw_code rc;

	rc = campaign_create(db, (struct str){file->data, (size_t)file->len}, env,
	    AUTHOR, NULL, now, arena, &row, err);
	if (rc == STW_OK && row.approved_by == NULL)
		rc = campaign_approve(
		    db, row.code, row.newest_version, APPROVER, now, err);
	if (rc == STW_OK && strcmp(row.state, "draft") == 0) {
		rc = campaign_activate(db, row.code, APPROVER, now, err);
		if (rc == STW_OK)
			out->campaigns++;
	}
	return rc == STW_OK ? rc : stw_err_prefix(err, rc, "%s", file->name);
}

static enum stw_code
put_campaigns(struct db *db, stw_usec now, struct arena *arena,
    struct setup_result *out, struct stw_err *err)
{
	static const char *const places[] = {
	    "campaigns/documents/", "campaigns/setup/"};
	struct segment_host host = {0};
	struct book *book = NULL;
	const struct embed_file *file;
	struct rule_env *env;
	enum stw_code rc;

	rc = book_load_blank(db, now, &book, err);
	if (rc == STW_OK)
		rc = segment_store_host(db, book, arena, &host, err);
	if (rc != STW_OK)
		goto done;
	env = book_env(book, arena, segment_known, &host);
	for (size_t p = 0; p < STW_ARRAY_LEN(places); p++) {
		size_t at = 0;

		while (rc == STW_OK && (file = embed_next(places[p], &at)) != NULL)
			if (strcmp(file->name, DOCUMENT) != 0)
				rc = put_campaign(db, file, env, now, arena, out, err);
	}
	segment_host_fini(&host);
done:
	book_free(book);
	return rc;
}

/* After activation, so that the gate shows what happens to what relies on it. */
static enum stw_code
pull_scripts(
    struct db *db, const struct setup_document *doc, stw_usec now, struct stw_err *err)
{
	struct stw_err ignored;
	enum stw_code rc = STW_OK;

	for (int i = 0; rc == STW_OK && i < doc->nscripts; i++) {
		if (!doc->scripts[i].retired)
			continue;
		rc =
		    script_retire(db, doc->scripts[i].code, 1, APPROVER, now, &ignored);
		if (rc == STW_CONFLICT)
			rc = STW_OK;
		else if (rc != STW_OK)
			*err = ignored;
	}
	return rc;
}

enum stw_code
setup_demo(struct db *db, const struct seal_keys *keys,
    const struct setup_options *options, struct arena *arena, struct setup_result *out,
    struct stw_err *err)
{
	const struct embed_file *file = embed_find(DOCUMENT);
	struct setup_document doc;
	struct setup_agent *agents;
	bool installed;
	enum stw_code rc;

	*out = (struct setup_result){0};
	STW_ASSERT(file != NULL);
	rc = setup_parse((struct str){file->data, (size_t)file->len}, arena, &doc, err);
	if (rc == STW_OK)
		rc = put_packs(db, options->now, out, err);
	if (rc == STW_OK)
		rc = lifecycle_store_install(db, AUTHOR, options->now, &installed, err);
	if (rc == STW_OK)
		rc = segment_store_install(
		    db, AUTHOR, options->now, &out->segments, err);
	if (rc == STW_OK)
		rc = put_catalogue(db, keys, options, &doc, arena, out, err);
	if (rc == STW_OK)
		rc = put_campaigns(db, options->now, arena, out, err);
	if (rc == STW_OK)
		rc = pull_scripts(db, &doc, options->now, err);
	if (rc != STW_OK)
		return rc;
	agents = arena_array(arena, (size_t)doc.nagents, sizeof *agents);
	for (int i = 0; i < doc.nagents; i++)
		agents[i] =
		    (struct setup_agent){doc.agents[i].code, doc.agents[i].queue};
	out->agents = agents;
	out->nagents = doc.nagents;
	return STW_OK;
}
