#include <string.h>

#include "campaigns/facts_store.h"
#include "campaigns/feed_store.h"
#include "campaigns/plan_priv.h"
#include "campaigns/scaffold_store.h"
#include "segments/trait_store.h"
#include "segments/trait_use.h"

static void
scaffold_of_job(const struct db_rows *rows, int r, struct plan_job *job)
{
	const struct campaign *c = &job->campaign;
	const struct scaffold_words words = {.channel = c->step.channel,
	    .handler = c->step.handler,
	    .purpose = c->purpose,
	    .product = c->product,
	    .script = c->step.script,
	    .uses_profile = c->uses_profile,
	    .sensitive = c->sensitive,
	    .nsensitive = c->nsensitive};

	scaffold_from(rows, r, &words, job->arena, &job->scaffold);
}

static enum stw_code
job_numbers(struct plan_job *job, struct stw_err *err)
{
	stw_usec now = job->options->now;
	const struct zone *zone = job->book->zone;
	stw_usec day_start = zone_instant(zone, zone_local(zone, now).day, 0);
	struct number_row *rows;
	enum stw_code rc;

	rc = number_list(job->db, job->campaign.step.pool, now, day_start, job->arena,
	    &rows, &job->nnumbers, err);
	if (rc != STW_OK)
		return rc;
	job->numbers =
	    arena_array(job->arena, (size_t)job->nnumbers, sizeof *job->numbers);
	for (int i = 0; i < job->nnumbers; i++)
		facts_number(&rows[i], job->arena, &job->numbers[i]);
	return STW_OK;
}

enum stw_code
plan_job_open(
    struct plan_job *job, const struct db_rows *rows, int r, struct stw_err *err)
{
	const struct segment_host *host = &job->options->segments->items[0];
	struct rule_env *env;
	enum stw_code rc;

	job->campaign_id = db_get_i64(rows, r, 0);
	job->version = (int)db_get_i64(rows, r, 2);
	job->queue_id = db_get_i64(rows, r, 4);
	/* One that is not active would be so from now on. */
	job->activated_at =
	    db_is_null(rows, r, 11) ? job->options->now : db_get_usec(rows, r, 11);
	/* The env takes the host back as it was given: the callbacks only read it. */
	env = book_env(job->book, job->arena, segment_known, (void *)(uintptr_t)host);
	rc = campaign_parse(
	    db_get_str(rows, r, 3), env, job->arena, &job->campaign, NULL, err);
	if (rc != STW_OK)
		return stw_err_prefix(
		    err, rc, "campaign %s", db_get_str(rows, r, 1).ptr);
	if (db_is_null(rows, r, 4))
		return stw_fail(err, STW_CONFLICT,
		    "campaign %s: there is no queue '%s'", job->campaign.code,
		    job->campaign.step.queue);
	if (job->campaign.product != NULL && db_is_null(rows, r, 5))
		return stw_fail(err, STW_CONFLICT,
		    "campaign %s: there is no product '%s'", job->campaign.code,
		    job->campaign.product);
	scaffold_of_job(rows, r, job);
	const struct feed_about about = {
	    job->campaign.code, job->version, job->queue_id};

	rc = feeds_load(job->db, job->rules, &about, job->options->now, job->arena,
	    &job->scaffold, err);
	if (rc != STW_OK)
		return rc;
	job->window =
	    plan_window_of(&job->campaign.step, job->book->zone, job->options->now);
	job->gate = gate_many_new(
	    job->rules, job->options->now, job->window.not_after - job->options->now);
	return job_numbers(job, err);
}

/* ---- held back ------------------------------------------------------------------------- */
static const struct trait_quality *
breach_of(const struct plan_guard *guard, const struct trait *trait)
{
	for (int i = 0; i < guard->nlooks; i++) {
		const struct trait_quality *q = &guard->looks[i];

		if (q->finding.breach != TRAIT_GOOD && strcmp(q->of, trait->of) == 0 &&
		    strcmp(q->name, trait->name) == 0)
			return q;
	}
	return NULL;
}

/* The first trait in breach that one of the campaign's rules rests on; NULL: none. */
const struct trait_quality *
plan_held_by(const struct plan_job *job)
{
	const struct plan_guard *guard = job->guard;
	struct trait_use *use =
	    trait_use_new(&guard->catalogue, &job->options->segments->items[0]);
	const struct trait_quality *held = NULL;

	trait_use_add(use, job->campaign.audience);
	if (job->campaign.occurrence != NULL)
		trait_use_add(use, job->campaign.occurrence);
	if (job->campaign.trigger.rule != NULL)
		trait_use_add(use, job->campaign.trigger.rule);
	if (job->campaign.value != NULL)
		trait_use_add(use, job->campaign.value);
	for (int i = 0; i < guard->catalogue.count && held == NULL; i++) {
		if (trait_use_has(use, i))
			held = breach_of(guard, &guard->catalogue.traits[i]);
	}
	trait_use_free(use);
	return held;
}

enum stw_code
plan_members_read(const struct plan_job *job, struct stw_err *err)
{
	const struct rule *const rules[] = {job->campaign.audience,
	    job->campaign.occurrence, job->campaign.trigger.rule, job->campaign.value};
	enum stw_code rc = STW_OK;

	for (size_t i = 0; i < STW_ARRAY_LEN(rules) && rc == STW_OK; i++)
		if (rules[i] != NULL)
			rc = segment_store_use(
			    job->db, job->options->segments, rules[i], err);
	return rc;
}

enum stw_code
plan_guard_open(struct db *db, const struct book_parts *parts, stw_usec now, bool keep,
    struct arena *arena, struct plan_guard *out, struct stw_err *err)
{
	enum stw_code rc = trait_store_catalogue(db, arena, &out->catalogue, err);

	if (rc == STW_OK)
		rc = trait_quality_refresh(db, parts, &out->catalogue, now, keep, arena,
		    &out->looks, &out->nlooks, err);
	return rc;
}
