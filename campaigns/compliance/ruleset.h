/*
 * ruleset.h - the packs in force: rules of jurisdictions as data.
 *
 * Purpose    Reads packs (embedded, campaigns/compliance/packs/<id>/<version>/) into
 *            rules whose scope is a compiled rule-language expression and whose kind is
 *            one of the closed set evaluated in C. compliance.md section 6.
 * Ownership  ruleset_free frees everything.
 * Errors     INVALID names the pack, the rule and the fault; a pack with an unknown
 *            kind, parameter or code is refused whole.
 * Threads    Immutable after load: any.
 */
#ifndef STW_CAMPAIGNS_COMPLIANCE_RULESET_H
#define STW_CAMPAIGNS_COMPLIANCE_RULESET_H

#include "campaigns/compliance/gate.h"
#include "engine/buf.h"
#include "engine/err.h"
#include "engine/time.h"

struct ruleset;

struct pack_info {
	const char *pack;    /* "cn" */
	const char *version; /* "1.0.0" */
	char hash_hex[65];   /* SHA-256 over the pack's files */
	int nrules;
	bool off; /* a template: only in force when somebody activates it */
};

struct rule_info {
	const char *pack, *pack_version;
	const char *id, *kind, *layer;
	const char *code;    /* its reason codes, a space between */
	const char *outcome; /* BLOCK, DEFER, ... */
	const char *gates;   /* "PDC" */
	const char *text_zh, *text_en;
	const char *source, *grade; /* cite */
};

struct pack_files;

/* One version of a pack, with the activation's effective interval. */
struct pack_use {
	const char *pack, *version;
	stw_usec from, to;
};

/* The same, with where its files are. Borrowed for the call. */
struct pack_source {
	struct pack_use use;
	const struct pack_files *files; /* NULL: those in the binary */
	const char *hash_hex; /* refused when the files have another; NULL: any */
};

/* All embedded packs, newest version of each: what `setup` activates. */
int ruleset_embedded(struct pack_info *out, int max);

/* The union of the packs named, of those in the binary; each is used at instants inside its interval. */
enum stw_code ruleset_load(const struct pack_use *uses, int nuses, struct ruleset **out,
    struct stw_err *err) STW_MUST_USE;
enum stw_code ruleset_load_sources(const struct pack_source *sources, int nsources,
    struct ruleset **out, struct stw_err *err) STW_MUST_USE;
/* All embedded packs, newest version of each, at all times: for the command line and for
 * tests. */
enum stw_code ruleset_load_embedded(
    struct ruleset **out, struct stw_err *err) STW_MUST_USE;
void ruleset_free(struct ruleset *rules);

/* SHA-256 (hex) over the sorted hashes of the packs in force at `at` and the tz database
 * version; goes into every decision. */
const char *ruleset_hash(const struct ruleset *rules, stw_usec at);
/* All rules and clauses (parts of a rule with a code, a text and a source of their own),
 * the engine's own (pack "engine") first. Borrowed from the ruleset. */
int ruleset_rules(const struct ruleset *rules, const struct rule_info **out);
/* NULL when no rule of that id is loaded. */
const struct rule_info *ruleset_find(const struct ruleset *rules, const char *rule_id);
/* A calendar of a pack, and the days that it knows: [from, to). */
struct pack_cover {
	const char *pack, *calendar;
	stw_day from, to;
};
/* All of the packs loaded. Borrowed from the ruleset. */
int ruleset_covers(const struct ruleset *rules, const struct pack_cover **out);
/* It knows today and the 13 months that follow. */
bool pack_cover_enough(const struct pack_cover *cover, stw_day today);
/* Until when a record made at `from` is kept at least, by the rules of kind retention in
 * force at `at`: the longest of them, *by. STW_USEC_NEVER and NULL: no rule names it. The
 * names of records are those of the packs: decision, attempt, consent, ... */
stw_usec ruleset_keep_until(const struct ruleset *rules, const char *record,
    stw_usec from, stw_usec at, const struct rule_info **by);
/* The same for a record that has several names there (NULL at the end): the longest. */
stw_usec ruleset_keep_longest(const struct ruleset *rules, const char *const *records,
    stw_usec from, stw_usec at, const struct rule_info **by);
/* Records made before this instant need not be kept any longer at `now`, one made at it
 * still; *by: the rule that keeps that one. STW_USEC_NEVER and NULL: no rule names them,
 * so all are kept. */
stw_usec ruleset_keep_cutoff(const struct ruleset *rules, const char *const *records,
    stw_usec now, const struct rule_info **by);
/* The windows in hours over which rules ask for a campaign's abandoned calls when calls are
 * made in that mode, each once; how many, at most max. */
size_t ruleset_ratio_hours(
    const struct ruleset *rules, enum gate_dial_mode mode, int64_t *hours, size_t max);
/* One sentence for a reason code, "zh-CN" or "en". The code itself when unknown. */
const char *reason_text(const char *code, const char *lang);

/* Runs the pack's own tests.jsonl; INVALID names the first that fails. A row is a facts
 * document (record_json.h) with "name", "want" {outcome, codes, and where it matters next
 * and valid_until} and, where the pack does not stand alone, "packs". */
enum stw_code ruleset_test_pack(const char *pack, const char *version, int *passed,
    struct stw_err *err) STW_MUST_USE;

#endif
