/* Recorded decisions under another pack: who would have been called that was not, and who not
 * that was. */
#include "api/operations.h"
#include "api/resources.h"
#include "api/whatif.h"

struct what {
	struct replay_request replay;
	struct whatif *changes;
	const struct progress *progress;
	int64_t seen;
};

static bool
read_what(struct api_request *req, struct what *out)
{
	static const char *const members[] = {"since", "until", "campaign", NULL};

	*out = (struct what){.progress = req->progress};
	out->replay.whatif = true;
	if (!api_body_only(req, members) ||
	    !api_body_time(req, "since", STW_USEC_NEVER, &out->replay.since) ||
	    !api_body_time(req, "until", STW_USEC_MAX, &out->replay.until) ||
	    !api_body_text(req, "campaign", 100, false, &out->replay.campaign))
		return false;
	if (out->replay.since != STW_USEC_NEVER &&
	    out->replay.since < out->replay.until)
		return true;
	api_problem(req, 400, "INVALID_REQUEST", "/since",
	    "since: the instant from which on decisions are looked at is wanted, before "
	    "until");
	return false;
}

static enum stw_code
read_pack(struct api_request *req, struct pack_files *out, struct stw_err *err)
{
	return pack_store_files(
	    req->db, req->match.params[0], req->match.params[1], &req->arena, out, err);
}

void
v1_pack_whatif(struct api_request *req)
{
	struct pack_files files;
	struct stw_err err = {0};
	struct what what;
	enum stw_code rc;

	if (!read_what(req, &what))
		return;
	rc = read_pack(req, &files, &err);
	if (rc != STW_OK)
		api_fail(req, rc, &err);
	else
		operation_ask(req, "pack.whatif");
}

static enum stw_code
on_row(void *arg, const struct replay_row *row, struct stw_err *err)
{
	struct what *what = arg;

	if (row->verdict == REPLAY_DIFFERS)
		whatif_count(what->changes, row);
	if (++what->seen % 256 == 0)
		progress_tell(what->progress, "decisions", what->seen, 0);
	return progress_check(what->progress, err);
}

static json_t *
changes_json(const struct whatif *changes)
{
	json_t *list = json_array();

	for (int i = 0; i < changes->nchanges; i++) {
		const struct whatif_change *c = &changes->changes[i];
		json_t *one = json_object();

		json_put(one, "campaign",
		    json_text(c->campaign[0] != '\0' ? c->campaign : NULL));
		json_put(one, "was", json_text(c->from));
		json_put(one, "would_be", json_text(c->to));
		json_put(one, "count", json_integer(c->count));
		json_push(list, one);
	}
	return list;
}

static void
reply_what(struct api_request *req, struct what *what, const struct replay_total *total)
{
	json_t *v = json_object();

	whatif_sort(what->changes);
	json_put(v, "pack", json_text(req->match.params[0]));
	json_put(v, "version", json_text(req->match.params[1]));
	json_put(v, "decisions", json_integer(total->all));
	json_put(v, "same", json_integer(total->of[REPLAY_SAME]));
	json_put(v, "others", json_integer(total->of[REPLAY_DIFFERS]));
	json_put(v, "not_decided",
	    json_integer(
		total->all - total->of[REPLAY_SAME] - total->of[REPLAY_DIFFERS]));
	json_put(v, "changes", changes_json(what->changes));
	json_put(v, "more", json_integer(what->changes->more));
	json_put(v, "as_of", json_time(req->now));
	api_reply(req, 200, v);
}

void
v1_pack_whatif_run(struct api_request *req)
{
	struct ruleset *rules = NULL;
	struct replay_total total;
	struct pack_files files;
	struct stw_err err = {0};
	struct what what;
	enum stw_code rc;

	if (!read_what(req, &what))
		return;
	what.changes = arena_alloc(&req->arena, sizeof *what.changes);
	what.replay.row = on_row;
	what.replay.arg = &what;
	rc = read_pack(req, &files, &err);
	if (rc == STW_OK)
		rc = whatif_rules(req->db, &files, &req->arena, &rules, &err);
	what.replay.rules = rules;
	if (rc == STW_OK)
		rc = replay_run(req->db, &what.replay, &total, &err);
	ruleset_free(rules);
	if (rc != STW_OK)
		api_fail(req, rc, &err);
	else
		reply_what(req, &what, &total);
}
