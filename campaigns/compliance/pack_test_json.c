/*
 * pack_test_json.c - runs the scenarios that travel with a pack (tests.jsonl).
 */
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "campaigns/compliance/facts_json.h"
#include "campaigns/compliance/gate_priv.h"
#include "engine/embed.h"

struct test_run {
	const char *pack, *version;
	const struct pack_files *files; /* of the pack under test */
	struct ruleset *rules;          /* of the packs named last */
	char *packs;                    /* those, as text */
	struct arena arena;
	struct stw_err *err;
};

/* "packs": ["cn", "house"], the newest version each; the pack under test as asked for. */
static enum stw_code
rules_load(struct test_run *run, json_t *packs)
{
	struct pack_info infos[64];
	struct pack_source uses[64];
	int ninfos = ruleset_embedded(infos, (int)STW_ARRAY_LEN(infos));
	char *text =
	    packs != NULL ? json_dumps(packs, JSON_COMPACT | JSON_ENCODE_ANY) : NULL;
	bool same =
	    run->rules != NULL &&
	    (text == NULL ? run->packs == NULL
			  : run->packs != NULL && strcmp(text, run->packs) == 0);
	int n = 0;

	if (same) {
		free(text);
		return STW_OK;
	}
	free(run->packs);
	run->packs = text;
	ruleset_free(run->rules);
	run->rules = NULL;
	if (packs == NULL)
		uses[n++] = (struct pack_source){
		    {run->pack, run->version, STW_USEC_NEVER, STW_USEC_MAX}, run->files,
		    NULL};
	for (size_t i = 0; i < json_array_size(packs) && n < 64; i++) {
		const char *name = json_string_value(json_array_get(packs, i));
		const char *version = NULL;
		bool tested = name != NULL && strcmp(name, run->pack) == 0;

		for (int k = 0; name != NULL && k < ninfos; k++) {
			if (strcmp(infos[k].pack, name) == 0)
				version = infos[k].version;
		}
		if (tested)
			version = run->version;
		if (version == NULL)
			return stw_fail(run->err, STW_INVALID,
			    "packs: there is no pack %s",
			    name != NULL ? name : "of this kind");
		uses[n++] =
		    (struct pack_source){{name, version, STW_USEC_NEVER, STW_USEC_MAX},
			tested ? run->files : NULL, NULL};
	}
	return ruleset_load_sources(uses, n, &run->rules, run->err);
}

static bool
codes_as_wanted(const struct gate_decision *d, json_t *want)
{
	if ((size_t)d->ncodes != json_array_size(want))
		return false;
	for (int i = 0; i < d->ncodes; i++) {
		size_t k = 0;

		while (k < json_array_size(want)) {
			const char *code = json_string_value(json_array_get(want, k));

			if (code != NULL && strcmp(code, d->codes[i]) == 0)
				break;
			k++;
		}
		if (k == json_array_size(want))
			return false;
	}
	return true;
}

/* An instant that is left out is not compared; null stands for "none". */
static bool
instant_as_wanted(json_t *want, stw_usec none, stw_usec got)
{
	stw_usec at = none;

	if (want == NULL)
		return true;
	if (json_is_string(want) &&
	    stw_usec_parse(str_of(json_string_value(want)), &at) != STW_OK)
		return false;
	return at == got;
}

static enum stw_code
row_compare(
    struct test_run *run, const char *name, json_t *want, const struct gate_decision *d)
{
	const char *outcome = json_string_value(json_object_get(want, "outcome"));
	const char *got = gate_decision_name(d);
	struct buf next, until, codes;
	bool ok = outcome != NULL && strcmp(outcome, got) == 0 &&
		  codes_as_wanted(d, json_object_get(want, "codes")) &&
		  instant_as_wanted(json_object_get(want, "next"), STW_USEC_MAX,
		      d->next_allowed_at) &&
		  instant_as_wanted(json_object_get(want, "valid_until"),
		      STW_USEC_NEVER, d->valid_until);
	enum stw_code rc;

	if (ok)
		return STW_OK;
	buf_init(&next);
	buf_init(&until);
	buf_init(&codes);
	json_put_instant(d->next_allowed_at, STW_USEC_MAX, &next);
	json_put_instant(d->valid_until, STW_USEC_NEVER, &until);
	for (int i = 0; i < d->ncodes; i++)
		buf_printf(&codes, "%s%s", i > 0 ? ", " : "", d->codes[i]);
	rc = stw_fail(run->err, STW_INVALID,
	    "pack %s %s: test \"%s\": got %s {%s}, next %s, valid until %s", run->pack,
	    run->version, name, got, codes.data != NULL ? codes.data : "", next.data,
	    until.data);
	buf_fini(&next);
	buf_fini(&until);
	buf_fini(&codes);
	return rc;
}

static const char *const row_keys[] = {
    "name", "scenario", "packs", "base", "now", "checkpoint", "ttl", "facts", "want"};

static enum stw_code
row_run(struct test_run *run, json_t *row, struct str text, pack_test_seen *seen,
    void *host)
{
	const char *name = json_string_value(json_object_get(row, "name"));
	struct gate_facts facts;
	struct gate_decision decision;
	enum gate_checkpoint checkpoint;
	stw_usec now, ttl;
	const char *key;
	json_t *v;
	enum stw_code rc;

	if (name == NULL || !json_is_object(json_object_get(row, "want")))
		return stw_fail(run->err, STW_INVALID, "a row needs name and want");
	json_object_foreach(row, key, v)
	{
		size_t i = 0;

		while (i < STW_ARRAY_LEN(row_keys) && strcmp(row_keys[i], key) != 0)
			i++;
		if (i == STW_ARRAY_LEN(row_keys))
			return stw_fail(run->err, STW_INVALID, "unknown key %s", key);
	}
	rc = rules_load(run, json_object_get(row, "packs"));
	if (rc == STW_OK)
		rc = facts_document_read(text, FACTS_FIXTURE, &run->arena, &facts,
		    &checkpoint, &now, &ttl, run->err);
	if (rc != STW_OK)
		return stw_err_prefix(run->err, rc, "test \"%s\"", name);
	gate_decide(run->rules, &facts, checkpoint, now, ttl, &run->arena, &decision);
	if (seen != NULL) {
		const struct pack_test test = {
		    name, run->rules, &facts, checkpoint, now, ttl, &decision};

		seen(host, &test);
	}
	return row_compare(run, name, json_object_get(row, "want"), &decision);
}

enum stw_code
pack_tests_run_files(const struct pack_files *files, pack_test_seen *seen, void *host,
    int *passed, struct stw_err *err)
{
	struct test_run run = {
	    .pack = files->id, .version = files->version, .files = files, .err = err};
	const struct pack_file *file = pack_files_find(files, "tests.jsonl");
	const char *at = file != NULL ? file->data.ptr : "";
	const char *end = file != NULL ? at + file->data.len : at;
	enum stw_code rc = STW_OK;
	int line = 0;

	*passed = 0;
	arena_init(&run.arena);
	while (at < end && rc == STW_OK) {
		const char *eol = memchr(at, '\n', (size_t)(end - at));
		size_t len = (size_t)((eol != NULL ? eol : end) - at);
		json_error_t bad;
		json_t *row;

		line++;
		if (len > 0) {
			row = json_loadb(at, len, JSON_REJECT_DUPLICATES, &bad);
			rc = row == NULL ? stw_fail(err, STW_INVALID, "%s", bad.text)
					 : row_run(&run, row, (struct str){at, len},
					       seen, host);
			json_decref(row);
			if (rc == STW_OK)
				(*passed)++;
			else
				rc = stw_err_prefix(
				    err, rc, "tests.jsonl line %d", line);
		}
		at += len + 1;
	}
	if (rc == STW_OK && *passed == 0)
		rc = stw_fail(err, STW_INVALID, "pack %s %s: tests.jsonl has no tests",
		    files->id, files->version);
	ruleset_free(run.rules);
	free(run.packs);
	arena_fini(&run.arena);
	return rc;
}

enum stw_code
pack_tests_run(const char *pack, const char *version, pack_test_seen *seen, void *host,
    int *passed, struct stw_err *err)
{
	struct pack_files files;
	struct arena arena;
	enum stw_code rc;

	*passed = 0;
	arena_init(&arena);
	rc = pack_files_embedded(pack, version, &arena, &files, err);
	if (rc == STW_OK)
		rc = pack_tests_run_files(&files, seen, host, passed, err);
	arena_fini(&arena);
	return rc;
}

enum stw_code
ruleset_test_pack(
    const char *pack, const char *version, int *passed, struct stw_err *err)
{
	return pack_tests_run(pack, version, NULL, NULL, passed, err);
}
