#include "campaigns/compliance/ruleset.h"

#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "campaigns/compliance/gate_priv.h"

#define MAX_PACKS 64

/* ---- the engine's own rules ----------------------------------------------------------- */
/* No pack can switch these off: they guard the mechanism, not a jurisdiction's law. */
static const struct {
	const char *id, *kind, *gates, *code, *zh, *en;
} own_rules[] = {
    {"SYS-01", "pack_in_force", "PDC", "PACK_UNVERIFIED",
	"没有生效的规则包时，任何联系都不放行",
	"Without a pack in force nothing is allowed."},
    {"SYS-02", "decision_age", "C", "DECISION_EXPIRED",
	"拨号时，派发决定须仍在有效期内",
	"At dial time the decision that dispatched the task has to be valid still."},
    {"SYS-03", "ruleset_same", "DC", "RULESET_CHANGED",
	"规则集与先前决定所用的不同时注明",
	"Says so when the rules differ from those of the earlier decision."},
    {"SYS-04", "purpose_mixed", "PDC", "PURPOSE_MIXED",
	"内容含营销的联系、用途不明的联系一律按营销处理",
	"A contact with any promotional content, or of an unknown purpose, counts as "
	"marketing."},
    {"SYS-05", "clock_trusted", "PDC", "CLOCK_UNTRUSTED",
	"时钟不可信时，任何联系都不放行",
	"Without a clock that can be trusted nothing is allowed."},
    {"SYS-06", "override", "PDC", "OVERRIDE_APPLIED",
	"经人工放行的，注明放行人、理由和期限",
	"Says so when persons allowed what a rule put up for review, or what house "
	"policy forbids."},
};

static void
own_rules_add(struct ruleset *rules)
{
	const struct gate_code **slots[] = {&rules->pack_unverified,
	    &rules->decision_expired, &rules->ruleset_changed, &rules->purpose_mixed,
	    &rules->clock_untrusted, &rules->override_applied};

	for (size_t i = 0; i < STW_ARRAY_LEN(own_rules); i++) {
		struct rule_info *info = &rules->infos[rules->ninfos++];
		struct gate_code *code = arena_alloc(&rules->arena, sizeof *code);

		code->reason = reason_find(own_rules[i].code);
		code->info = info;
		STW_ASSERT(code->reason != NULL);
		*info = (struct rule_info){.pack = "engine",
		    .pack_version = "1",
		    .id = own_rules[i].id,
		    .kind = own_rules[i].kind,
		    .layer = "policy",
		    .code = own_rules[i].code,
		    .outcome = gate_outcome_name(code->reason->outcome),
		    .gates = own_rules[i].gates,
		    .text_zh = own_rules[i].zh,
		    .text_en = own_rules[i].en,
		    .source = "design of the gate",
		    .grade = "D"};
		*slots[i] = code;
	}
}

/* ---- loading -------------------------------------------------------------------------------- */
struct loaded {
	struct pack_use use;
	struct pack pack;
	char hash[65];
};

static int
loaded_cmp(const void *a, const void *b)
{
	const struct loaded *x = a, *y = b;
	int cmp = strcmp(x->use.pack, y->use.pack);

	if (cmp != 0)
		return cmp;
	return x->use.from < y->use.from ? -1 : x->use.from > y->use.from;
}

static enum stw_code
loaded_read(struct ruleset *rules, const struct pack_source *source, struct loaded *out,
    struct stw_err *err)
{
	const struct pack_use *use = &source->use;
	const struct pack_files *files = source->files;
	struct pack_files embedded;
	enum stw_code rc;

	if (use->from >= use->to)
		return stw_fail(err, STW_INVALID, "pack %s %s: used for no time at all",
		    use->pack, use->version);
	out->use = *use;
	out->use.pack = arena_strdup(&rules->arena, use->pack);
	out->use.version = arena_strdup(&rules->arena, use->version);
	if (files == NULL) {
		rc = pack_files_embedded(
		    out->use.pack, out->use.version, &rules->arena, &embedded, err);
		if (rc != STW_OK)
			return STW_INVALID;
		files = &embedded;
	}
	pack_files_hash(files, out->hash);
	if (source->hash_hex != NULL && strcmp(source->hash_hex, out->hash) != 0)
		return stw_fail(err, STW_INVALID,
		    "pack %s %s: its files are not those that were approved: SHA-256 is "
		    "%.16s..., approved was %.16s...",
		    use->pack, use->version, out->hash, source->hash_hex);
	return pack_read_files(files, &rules->arena, &out->pack, err);
}

static const char *
codes_text(struct arena *arena, const struct pack_rule *rule)
{
	const char *text = rule->ncodes > 0 ? rule->codes[0].code : "";

	for (int i = 1; i < rule->ncodes; i++)
		text = arena_printf(arena, "%s %s", text, rule->codes[i].code);
	return text;
}

static enum stw_code
rule_add(struct ruleset *rules, const struct rule_env *env, const struct loaded *from,
    const struct pack_rule *doc, struct stw_err *err)
{
	struct gate_rule *rule = &rules->items[rules->nitems];
	struct rule_info *info = &rules->infos[rules->ninfos++];
	enum stw_code rc;

	*info = (struct rule_info){.pack = from->use.pack,
	    .pack_version = from->use.version,
	    .id = doc->id,
	    .kind = doc->kind->name,
	    .layer = doc->layer,
	    .code = codes_text(&rules->arena, doc),
	    .outcome = doc->outcome,
	    .gates = doc->gates,
	    .text_zh = doc->text_zh,
	    .text_en = doc->text_en,
	    .source = doc->source,
	    .grade = doc->grade};
	rule->info = info;
	rule->kind = doc->kind;
	rule->params = doc->params;
	rule->from = doc->from > from->use.from ? doc->from : from->use.from;
	rule->to = doc->to < from->use.to ? doc->to : from->use.to;
	for (const char *g = doc->gates; *g != '\0'; g++)
		rule->gates |= 1u << (*g == 'P'   ? GATE_PLAN
				      : *g == 'D' ? GATE_DISPATCH
						  : GATE_DIAL);
	rule->ncodes = doc->ncodes;
	rule->codes =
	    arena_array(&rules->arena, (size_t)doc->ncodes, sizeof *rule->codes);
	for (int i = 0; i < doc->ncodes; i++) {
		const struct pack_rule_code *c = &doc->codes[i];

		rule->codes[i].reason = reason_find(c->code);
		rule->codes[i].info = info;
		if (c->id != NULL) {
			struct rule_info *clause = &rules->infos[rules->ninfos++];

			*clause = *info;
			clause->id = c->id;
			clause->layer = c->layer;
			clause->code = c->code;
			clause->outcome =
			    gate_outcome_name(rule->codes[i].reason->outcome);
			clause->text_zh = c->text_zh;
			clause->text_en = c->text_en;
			clause->source = c->source;
			clause->grade = c->grade;
			rule->codes[i].info = clause;
		}
	}
	rc = gate_scope_compile(
	    env, str_of(doc->applies), &rules->arena, &rule->scope, err);
	if (rc != STW_OK)
		return stw_err_prefix(err, rc, "pack %s %s: rule %s: applies",
		    from->use.pack, from->use.version, doc->id);
	if (doc->params.text != NULL) {
		rc = rule_compile(env, str_of(doc->params.text),
		    rule_type_basic(RULE_BOOL), NULL, &rules->arena, &rule->expression,
		    err);
		if (rc != STW_OK)
			return stw_err_prefix(err, rc, "pack %s %s: rule %s: allow",
			    from->use.pack, from->use.version, doc->id);
	}
	rules->nitems++;
	return STW_OK;
}

static void
covers_add(struct ruleset *rules, const struct loaded *from)
{
	for (int i = 0; i < from->pack.ncalendars; i++) {
		const struct pack_calendar *c = &from->pack.calendars[i];

		rules->covers[rules->ncovers++] =
		    (struct pack_cover){from->use.pack, c->name, c->from, c->to};
	}
}

/* A rule id means one rule at a time, whatever packs are joined. */
static enum stw_code
overlaps_check(const struct ruleset *rules, const struct loaded *loaded, int n,
    struct stw_err *err)
{
	for (int i = 1; i < n; i++) {
		if (strcmp(loaded[i].use.pack, loaded[i - 1].use.pack) == 0 &&
		    loaded[i].use.from < loaded[i - 1].use.to)
			return stw_fail(err, STW_INVALID,
			    "pack %s: versions %s and %s are used at one time",
			    loaded[i].use.pack, loaded[i - 1].use.version,
			    loaded[i].use.version);
	}
	for (int i = 0; i < rules->nitems; i++) {
		for (int k = 0; k < i; k++) {
			const struct gate_rule *a = &rules->items[i],
					       *b = &rules->items[k];

			if (strcmp(a->info->id, b->info->id) == 0 && a->from < b->to &&
			    b->from < a->to)
				return stw_fail(err, STW_INVALID,
				    "rule %s is in force twice, from packs %s and %s",
				    a->info->id, b->info->pack, a->info->pack);
		}
	}
	return STW_OK;
}

/* ---- spans ------------------------------------------------------------------------------- */
static int
usec_cmp(const void *a, const void *b)
{
	const stw_usec *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

static int
text_cmp(const void *a, const void *b)
{
	const char *const *x = a, *const *y = b;

	return strcmp(*x, *y);
}

static void
hash_hex(const unsigned char hash[crypto_hash_sha256_BYTES], char hex[65])
{
	(void)sodium_bin2hex(hex, 65, hash, crypto_hash_sha256_BYTES);
}

static void
span_hash(struct ruleset *rules, const struct loaded *loaded, int n,
    struct ruleset_span *span)
{
	const char **hashes = arena_array(&rules->arena, (size_t)n + 1, sizeof *hashes);
	const char *tz = zone_tzdata_version();
	crypto_hash_sha256_state state;
	unsigned char hash[crypto_hash_sha256_BYTES];
	int count = 0;

	for (int i = 0; i < n; i++) {
		if (loaded[i].use.from <= span->from && span->from < loaded[i].use.to)
			hashes[count++] = loaded[i].hash;
	}
	qsort(hashes, (size_t)count, sizeof *hashes, text_cmp);
	crypto_hash_sha256_init(&state);
	for (int i = 0; i < count; i++) {
		crypto_hash_sha256_update(&state, (const unsigned char *)hashes[i], 64);
		crypto_hash_sha256_update(&state, (const unsigned char *)"\n", 1);
	}
	crypto_hash_sha256_update(&state, (const unsigned char *)"tzdata ", 7);
	crypto_hash_sha256_update(&state, (const unsigned char *)tz, strlen(tz));
	crypto_hash_sha256_final(&state, hash);
	hash_hex(hash, span->hash);
	span->any_pack = count > 0;
}

static void
spans_make(struct ruleset *rules, const struct loaded *loaded, int n)
{
	int max = 1 + 2 * (n + rules->nitems), count = 0;
	stw_usec *edges = arena_array(&rules->arena, (size_t)max, sizeof *edges);

	edges[count++] = STW_USEC_NEVER;
	for (int i = 0; i < n; i++) {
		edges[count++] = loaded[i].use.from;
		edges[count++] = loaded[i].use.to;
	}
	for (int i = 0; i < rules->nitems; i++) {
		edges[count++] = rules->items[i].from;
		edges[count++] = rules->items[i].to;
	}
	qsort(edges, (size_t)count, sizeof *edges, usec_cmp);
	rules->spans = arena_array(&rules->arena, (size_t)count, sizeof *rules->spans);
	for (int i = 0; i < count; i++) {
		if (edges[i] == STW_USEC_MAX || (i > 0 && edges[i] == edges[i - 1]))
			continue;
		rules->spans[rules->nspans].from = edges[i];
		span_hash(rules, loaded, n, &rules->spans[rules->nspans]);
		rules->nspans++;
	}
}

const struct ruleset_span *
ruleset_span_at(const struct ruleset *rules, stw_usec at)
{
	int i = rules->nspans - 1;

	while (i > 0 && rules->spans[i].from > at)
		i--;
	return &rules->spans[i];
}

stw_usec
ruleset_next_change(const struct ruleset *rules, stw_usec at)
{
	for (int i = 0; i < rules->nspans; i++) {
		if (rules->spans[i].from > at)
			return rules->spans[i].from;
	}
	return STW_USEC_MAX;
}

/* ---- the interface ------------------------------------------------------------------------ */
enum stw_code
ruleset_load_sources(const struct pack_source *sources, int nsources,
    struct ruleset **out, struct stw_err *err)
{
	struct ruleset *rules = stw_xalloc(sizeof *rules);
	struct loaded *loaded;
	const struct rule_env *env;
	int nrules = 0, ninfos = (int)STW_ARRAY_LEN(own_rules), ncovers = 0;
	enum stw_code rc = STW_OK;

	*out = NULL;
	memset(rules, 0, sizeof *rules);
	arena_init(&rules->arena);
	loaded = arena_array(&rules->arena, (size_t)nsources + 1, sizeof *loaded);
	for (int i = 0; i < nsources; i++) {
		rc = loaded_read(rules, &sources[i], &loaded[i], err);
		if (rc != STW_OK)
			goto done;
		nrules += loaded[i].pack.nrules;
		ncovers += loaded[i].pack.ncalendars;
		for (int k = 0; k < loaded[i].pack.nrules; k++)
			ninfos += 1 + loaded[i].pack.rules[k].ncodes;
	}
	qsort(loaded, (size_t)nsources, sizeof *loaded, loaded_cmp);

	rules->items =
	    arena_array(&rules->arena, (size_t)nrules + 1, sizeof *rules->items);
	rules->infos = arena_array(&rules->arena, (size_t)ninfos, sizeof *rules->infos);
	rules->selects =
	    arena_array(&rules->arena, (size_t)nsources + 1, sizeof *rules->selects);
	rules->covers =
	    arena_array(&rules->arena, (size_t)ncovers + 1, sizeof *rules->covers);
	own_rules_add(rules);
	env = gate_scope_env(&rules->arena);
	for (int i = 0; i < nsources; i++) {
		rules->selects[rules->nselects++] = loaded[i].pack.selects;
		covers_add(rules, &loaded[i]);
		for (int k = 0; k < loaded[i].pack.nrules; k++) {
			rules->items[rules->nitems].use = i;
			rc = rule_add(
			    rules, env, &loaded[i], &loaded[i].pack.rules[k], err);
			if (rc != STW_OK)
				goto done;
		}
	}
	rc = overlaps_check(rules, loaded, nsources, err);
	if (rc != STW_OK)
		goto done;
	spans_make(rules, loaded, nsources);
	*out = rules;
	rules = NULL;
done:
	ruleset_free(rules);
	return rc;
}

enum stw_code
ruleset_load(
    const struct pack_use *uses, int nuses, struct ruleset **out, struct stw_err *err)
{
	struct pack_source *sources = stw_xalloc(((size_t)nuses + 1) * sizeof *sources);
	enum stw_code rc;

	for (int i = 0; i < nuses; i++)
		sources[i] = (struct pack_source){.use = uses[i]};
	rc = ruleset_load_sources(sources, nuses, out, err);
	free(sources);
	return rc;
}

enum stw_code
ruleset_load_embedded(struct ruleset **out, struct stw_err *err)
{
	struct pack_info infos[MAX_PACKS];
	struct pack_use uses[MAX_PACKS];
	int n = ruleset_embedded(infos, MAX_PACKS), nuses = 0;

	for (int i = 0; i < n; i++)
		if (!infos[i].off)
			uses[nuses++] = (struct pack_use){infos[i].pack,
			    infos[i].version, STW_USEC_NEVER, STW_USEC_MAX};
	return ruleset_load(uses, nuses, out, err);
}

void
ruleset_free(struct ruleset *rules)
{
	if (rules == NULL)
		return;
	arena_fini(&rules->arena);
	free(rules);
}

const char *
ruleset_hash(const struct ruleset *rules, stw_usec at)
{
	return ruleset_span_at(rules, at)->hash;
}

int
ruleset_rules(const struct ruleset *rules, const struct rule_info **out)
{
	*out = rules->infos;
	return rules->ninfos;
}

int
ruleset_covers(const struct ruleset *rules, const struct pack_cover **out)
{
	*out = rules->covers;
	return rules->ncovers;
}

const struct rule_info *
ruleset_find(const struct ruleset *rules, const char *rule_id)
{
	for (int i = 0; i < rules->ninfos; i++) {
		if (strcmp(rules->infos[i].id, rule_id) == 0)
			return &rules->infos[i];
	}
	return NULL;
}
