/*
 * gate_priv.h - rules in memory, and the evaluators of the closed set of kinds.
 *
 * Purpose    What ruleset.c (loading), gate.c (deciding) and kind_*.c (evaluators)
 *            share.
 * Rules      An evaluator is pure: it sees the case, its own parameters and an instant,
 *            and says yes or no at that instant. It must be right at any instant from
 *            the case's now on: next_allowed_at is found by asking it again later.
 */
#ifndef STW_CAMPAIGNS_COMPLIANCE_GATE_PRIV_H
#define STW_CAMPAIGNS_COMPLIANCE_GATE_PRIV_H

#include "campaigns/compliance/gate.h"
#include "campaigns/compliance/pack_files.h"
#include "campaigns/compliance/reason.h"
#include "campaigns/compliance/ruleset.h"
#include "campaigns/compliance/terms.h"
#include "engine/calendar.h"
#include "engine/rule.h"

struct gate_rule;
struct gate_scope;

/* ---- parameters ---------------------------------------------------------------- */
struct gate_strings {
	const char *const *items;
	int count;
};

struct gate_ints {
	const int64_t *items;
	int count;
};

struct gate_zones {
	const struct zone *const *items;
	int count;
};

/* [start, end) of the local day, on the weekdays whose bit (0 Monday) is set and, where
 * the rule has a calendar, on days of the classes whose bit (enum calendar_class) is set. */
struct gate_window {
	stw_usec start, end;
	unsigned weekdays, classes;
};

/* Any day of these is meant, in a rule about days. */
struct gate_days {
	unsigned weekdays, classes; /* bits as above */
	const stw_day *dates;
	int ndates;
};

struct gate_windows {
	const struct gate_window *items;
	int count;
};

/* A calendar of the pack; it knows the days of [from, to) and no others. */
struct pack_calendar {
	const char *name;
	stw_day from, to;
	const struct calendar *calendar;
};

/* Of all kinds; each uses the few that its schema in kind.c names. */
struct gate_params {
	int check;       /* index into the kind's words */
	int counts;      /* enum gate_counted */
	unsigned scope;  /* bits, enum gate_count_scope */
	int window;      /* enum gate_cap_window */
	int measure;     /* enum gate_measure */
	int mode;        /* enum gate_zone_mode */
	int week_start;  /* 0 Monday */
	int need;        /* enum relationship_need */
	unsigned unless; /* bits, enum gate_unless */
	int64_t limit, days, minutes, months, age, hours, recheck_hours, basis_points;
	int64_t transaction_months, inquiry_months, per_day, per_year, percent,
	    grace_days;
	struct gate_strings channels, purposes, kinds, superseded, invalid_forms, items,
	    labels, modes, rules;
	struct gate_ints matrix;
	struct gate_windows windows;
	struct gate_days blackout;
	struct gate_zones zones; /* instead of the contact's candidates */
	const struct zone *zone; /* of the bank's own dates */
	const struct pack_calendar *calendar;
	const struct terms *terms;
	const char *text; /* expression */
	const char *name; /* of a register, of a kind of record */
	bool required;
	bool unless_approval, preference, count_first_day, exclude_warm, names_number,
	    same_number, dob_required, shown, clip, allow_untested;
};

/* ANY: attempts and messages alike. */
enum gate_counted {
	COUNTED_ATTEMPT = 0,
	COUNTED_CONVERSATION,
	COUNTED_MESSAGE,
	COUNTED_CONNECT,
	COUNTED_ANY,
};
/* What has to be the same for a contact to count; several: all of them. */
enum gate_count_scope {
	SCOPE_NUMBER = 0,
	SCOPE_PERSON,
	SCOPE_HOUSEHOLD,
	SCOPE_SUBJECT,
	SCOPE_CALLER,
	SCOPE_ORG,
};
enum gate_cap_window { CAP_ROLLING = 0, CAP_LOCAL_DAY, CAP_LOCAL_WEEK, CAP_DAYS };
enum gate_measure { MEASURE_ELAPSED = 0, MEASURE_DATES };
enum gate_zone_mode { ZONES_ALL = 0, ZONES_ANY };
/* What takes the place of what the rule asks for. */
enum gate_unless {
	UNLESS_CONSENT = 0,
	UNLESS_RELATIONSHIP,
	UNLESS_CONTRACT,
	UNLESS_WARM
};
enum relationship_need { NEED_DETAIL = 0, NEED_REQUIRED };

enum consent_check {
	CONSENT_FULL = 0,
	CONSENT_NOT_WITHDRAWN,
	CONSENT_WRITTEN,
	CONSENT_SEPARATE,
	CONSENT_GUARDIAN,
};
enum registry_check { REGISTRY_LISTED = 0, REGISTRY_FRESH, REGISTRY_SERVICE };
enum number_check {
	NUMBER_REGISTERED = 0,
	NUMBER_OWNER,
	NUMBER_PURPOSE,
	NUMBER_CHANNEL,
	NUMBER_DIRECTION,
	NUMBER_REGION,
	NUMBER_VALIDITY,
	NUMBER_STATUS,
	NUMBER_KIND,
	NUMBER_LEASE,
	NUMBER_UNDERTAKING,
	NUMBER_IDENTITY,
	NUMBER_SHOWN,
};
enum health_check {
	HEALTH_DAILY_CAP = 0,
	HEALTH_HOURLY_CAP,
	HEALTH_LABEL,
	HEALTH_ATTESTATION,
	HEALTH_CALLBACK,
};
enum suitability_check { SUIT_MATRIX = 0, SUIT_AFFORDABLE, SUIT_QUALIFIED };
enum age_check { AGE_AT_LEAST = 0, AGE_BELOW };
enum flag_check {
	FLAG_DECEASED = 0,
	FLAG_INCAPACITY,
	FLAG_FRAUD_HOLD,
	FLAG_LEGAL_HOLD,
	FLAG_COMPLAINT_OPEN,
	FLAG_PROFILING_OPT_OUT,
};
enum objection_check {
	OBJECTION_DO_NOT_CALL = 0,
	OBJECTION_CHANNEL_SAME,
	OBJECTION_CHANNEL_ANY,
	OBJECTION_CARRIER,
	OBJECTION_HOUSEHOLD,
};
enum data_check {
	DATA_DOB = 0,
	DATA_PRODUCT_RISK,
	DATA_POINT_VERIFIED,
	DATA_POINT_STABLE,
	DATA_POINT_UNSHARED,
	DATA_CAMPAIGN_IMPACT,
	DATA_PARTY_ZONES,
};
enum campaign_check { CAMPAIGN_APPROVED = 0, CAMPAIGN_ACTIVE };
enum cooldown_check {
	COOLDOWN_ATTEMPT = 0,
	COOLDOWN_WITHDRAWAL,
	COOLDOWN_CONNECT,
	COOLDOWN_CONVERSATION,
	COOLDOWN_REFUSAL,
	COOLDOWN_CONSENT_REFUSAL,
	COOLDOWN_ABANDONED,
};
enum terms_check { TERMS_BANNED = 0, TERMS_REQUIRED };
enum disclosure_check {
	DISCLOSURE_AI_LABEL = 0,
	DISCLOSURE_CONTAINED,
	DISCLOSURE_MADE
};
enum recording_check { RECORDING_UP = 0, RECORDING_DUAL };
enum qualification_check { QUALIFIED_LICENCE = 0, QUALIFIED_MANDATE };
enum automation_check {
	AUTOMATION_NUMBER_ROBOT = 0,
	AUTOMATION_NO_ROBOT,
	AUTOMATION_NO_SYNTHETIC,
	AUTOMATION_NO_AUTODIAL,
	AUTOMATION_POINT_CLASS,
};

/* ---- rules ------------------------------------------------------------------------ */
/* A code the rule can give, and the rule or clause that explains it. */
struct gate_code {
	const struct reason *reason;
	const struct rule_info *info;
};

struct gate_case {
	const struct gate_facts *facts;
	const struct ruleset *rules;
	const char
	    *purpose; /* as it counts: MARKETING when the script is promotional */
	enum gate_checkpoint checkpoint;
	stw_usec now;
	bool explain;         /* write evidence */
	const bool *selected; /* packs that concern the contact, by gate_rule.use */
	struct arena *arena;
	struct rule_value
	    *vars; /* for scopes that need the interpreter; NULL: not yet */
	struct gate_zones zones; /* the party's that count; see gate_case_zones */
	bool zones_made;
	const struct gate_rule **exemptions; /* the rules of that kind */
	int nexemptions;
};

struct gate_answer {
	bool ok;
	const struct gate_code *code;
	stw_usec allowed_from, allowed_until;
	const char *evidence;
};

typedef void gate_eval(const struct gate_rule *rule, struct gate_case *c, stw_usec at,
    struct gate_answer *out);

struct gate_kind {
	const char *name;
	gate_eval *eval;
	/* The codes it gives whatever the rule says, NULL at the end; NULL: none. */
	const char *const *(*codes)(const struct gate_params *params);
	/* Whether the rule chooses one code more; NULL: it does, unless there are codes. */
	bool (*chooses)(const struct gate_params *params);
	const struct gate_param *schema; /* name NULL at the end */
};

const struct gate_kind *gate_kind_find(const char *name);
/* All, by name. */
int gate_kinds(const struct gate_kind **out);
bool gate_kind_chooses(const struct gate_kind *kind, const struct gate_params *params);
/* Whether it gives those codes only for a rule that names them: they came when packs were
 * in force that name the rule's own code alone, and those decide as they did. */
bool gate_kind_codes_if_named(const struct gate_kind *kind);
/* NULL when the parameters fit one another; else what is wrong: what no schema can say. */
const char *gate_params_misfit(
    const struct gate_kind *kind, const struct gate_params *params);

struct gate_rule {
	struct rule_info *info;
	const struct gate_kind *kind;
	struct gate_params params;
	struct gate_scope *scope;
	struct rule *expression; /* kind expression only */
	struct gate_code *codes;
	int ncodes;
	unsigned gates; /* bit per enum gate_checkpoint */
	stw_usec from, to;
	int use; /* which of ruleset.selects; -1: the engine's own */
};

/* Says no with the rule's code of that name (NULL: its only one). */
void answer_deny(struct gate_answer *out, const struct gate_rule *rule,
    const char *code, stw_usec allowed_from);
/* Evidence, only when asked for. */
#define answer_note(c, out, ...)                                                 \
	do {                                                                     \
		if ((c)->explain)                                                \
			(out)->evidence = arena_printf((c)->arena, __VA_ARGS__); \
	} while (0)

bool gate_strings_has(const struct gate_strings *list, const char *s);
bool gate_texts_has(const struct gate_texts *list, const char *s);
/* The zones of the person that count: the verified ones, or else all. */
struct gate_zones gate_case_zones(struct gate_case *c);
/* The last (or first) instant, over the zones that count, at which a local day begins;
 * `fallback` where no zone is known. */
stw_usec gate_day_starts_last(
    struct gate_case *c, const struct zone *fallback, stw_day day);
stw_usec gate_day_starts_first(
    struct gate_case *c, const struct zone *fallback, stw_day day);
/* When a day to come begins. Clocks that were set back over midnight, as in St. John's until
 * 2011, show its beginning twice: the one that is still to come. */
stw_usec gate_day_starts_after(const struct zone *zone, stw_day day, stw_usec at);
/* "*" and NULL stand for all. */
bool gate_dim_covers(const char *given, const char *wanted);
/* Says no to what nobody knows the end of: for good, or, where the rule has
 * recheck_hours, until it is worth asking again. */
void answer_deny_for_now(struct gate_answer *out, const struct gate_rule *rule,
    const struct gate_case *c, stw_usec at);
/* One of the things in params->unless holds at `at`; *until: how long. */
bool gate_relieved(const struct gate_params *params, struct gate_case *c, stw_usec at,
    stw_usec *until);
/* A grant that covers the contact and is sound; *until: how long. */
bool gate_consent_holds(const struct gate_params *params, struct gate_case *c,
    stw_usec at, stw_usec *until);
/* One of the sound grants was given on that day or later, or there is none. */
bool gate_consent_covers_day(
    const struct gate_params *params, struct gate_case *c, stw_usec at, stw_day day);
/* *had: there was one once. */
bool gate_relationship_holds(const struct gate_params *params, struct gate_case *c,
    stw_usec at, stw_usec *until, bool *had);

/* A contact to ask single rules about, with evidence. */
struct gate_case gate_case_of(const struct ruleset *rules,
    const struct gate_facts *facts, enum gate_checkpoint checkpoint, stw_usec now,
    struct arena *arena);
/* Of a pack that concerns the contact, for its checkpoint, in force and in scope. */
bool gate_rule_asked(const struct gate_rule *rule, struct gate_case *c, stw_usec at);

gate_eval eval_time_window, eval_blackout_day, eval_freq_cap, eval_cooldown;
gate_eval eval_consent_required, eval_objection_absent;
gate_eval eval_registry_scrub, eval_relationship, eval_reassigned_check;
gate_eval eval_number_licence, eval_number_health;
gate_eval eval_suitability_matrix, eval_rating_valid, eval_product_on_sale;
gate_eval eval_age_gate, eval_person_flag, eval_data_present;
gate_eval eval_script_approved, eval_content_terms, eval_disclosure, eval_recording;
gate_eval eval_qualification, eval_automation_gate, eval_ratio_limit;
gate_eval eval_campaign_state, eval_expression;

/* The purpose as it counts: a promotional contact, and one of no known purpose, is
 * MARKETING. */
const char *gate_purpose(const struct gate_facts *facts);

/* ---- scopes ------------------------------------------------------------------------ */
/* What `applies` and expressions may speak of. */
struct rule_env *gate_scope_env(struct arena *arena);
/* Splits off the conjuncts that compare purpose, channel, handler or checkpoint with
 * constants; the interpreter runs only when there is more. */
enum stw_code gate_scope_compile(const struct rule_env *env, struct str text,
    struct arena *arena, struct gate_scope **out, struct stw_err *err) STW_MUST_USE;
/* Undecided counts as yes: a rule whose scope cannot be told applies. */
bool gate_scope_applies(
    const struct gate_scope *scope, struct gate_case *c, stw_usec at);
/* The same, but undecided counts as no: for what relaxes other rules. */
bool gate_scope_surely(
    const struct gate_scope *scope, struct gate_case *c, stw_usec at);
/* The same through the interpreter alone; for the test that compares the two. */
bool gate_scope_applies_slow(
    const struct gate_scope *scope, struct gate_case *c, stw_usec at);
/* The fields of records that a scope reads; the array is in the arena. */
int gate_scope_fields(const struct gate_scope *scope, struct arena *arena,
    const struct rule_field_use **out);
/* True only for a known true. */
bool gate_expression_true(const struct rule *rule, struct gate_case *c, stw_usec at);

/* For whom the pack is: places are ISO 3166 codes, "US" or "US-FL". One match is enough;
 * without any list it is for every contact. */
struct pack_selects {
	bool any;                    /* there is a list */
	struct gate_strings party;   /* a place the called person may be in */
	struct gate_strings number;  /* country of the called number */
	struct gate_strings home;    /* country of the institution's own regulator */
	struct gate_strings product; /* country of the product's regulator */
};

/* ---- ruleset ------------------------------------------------------------------------ */
/* A stretch of time with the same packs and rules in force. */
struct ruleset_span {
	stw_usec from; /* until the next span's */
	char hash[65];
	bool any_pack;
};

struct ruleset {
	struct arena arena;
	struct gate_rule *items;
	int nitems;
	struct rule_info *infos;
	int ninfos;
	struct pack_selects *selects; /* by gate_rule.use */
	int nselects;
	struct pack_cover *covers;
	int ncovers;
	struct ruleset_span *spans; /* ascending; the first from STW_USEC_NEVER */
	int nspans;
	const struct gate_code *pack_unverified, *decision_expired, *ruleset_changed,
	    *purpose_mixed, *clock_untrusted, *override_applied;
};

/* pack_select.c: is the pack for this contact? */
bool pack_selected(const struct pack_selects *selects, const struct gate_facts *facts);

const struct ruleset_span *ruleset_span_at(const struct ruleset *rules, stw_usec at);
/* First instant after `at` at which another span begins; STW_USEC_MAX: none. */
stw_usec ruleset_next_change(const struct ruleset *rules, stw_usec at);

/* ---- packs -------------------------------------------------------------------------- */
struct pack_rule_code {
	const char *code;
	const char *id; /* the clause's, NULL: none of its own */
	const char *layer, *text_zh, *text_en, *source, *grade;
};

/* A rule as its document states it, parameters read, scope still text. */
struct pack_rule {
	const char *id, *layer, *applies, *outcome, *gates;
	const char *text_zh, *text_en, *source, *grade;
	const struct gate_kind *kind;
	struct gate_params params;
	stw_usec from, to;
	struct pack_rule_code *codes;
	int ncodes;
};

struct pack_terms {
	const char *name;
	const struct terms *terms;
};

struct pack {
	const char *id, *version;
	const char *name_zh, *name_en;
	const struct zone *zone;
	struct pack_selects selects;
	bool off; /* a template: setup does not activate it */
	struct pack_calendar *calendars;
	int ncalendars;
	struct pack_terms *terms;
	int nterms;
	struct pack_rule *rules;
	int nrules;
};

/* pack_json.c: reads and checks pack.json and what it names; refuses what it does not
 * know. The error's line and column are those of pack.json, or of the file it names. */
enum stw_code pack_read_files(const struct pack_files *files, struct arena *arena,
    struct pack *out, struct stw_err *err) STW_MUST_USE;
/* pack.json alone, which then has neither calendars nor terms. */
enum stw_code pack_read(struct str json, const char *id, const char *version,
    struct arena *arena, struct pack *out, struct stw_err *err) STW_MUST_USE;

struct pack_test {
	const char *name;
	const struct ruleset *rules;
	const struct gate_facts *facts;
	enum gate_checkpoint checkpoint;
	stw_usec now, ttl;
	const struct gate_decision *decision;
};

/* Runs tests.jsonl; `seen` (may be NULL) gets every row, passed or not. */
typedef void pack_test_seen(void *host, const struct pack_test *test);
enum stw_code pack_tests_run(const char *pack, const char *version,
    pack_test_seen *seen, void *host, int *passed, struct stw_err *err) STW_MUST_USE;
enum stw_code pack_tests_run_files(const struct pack_files *files, pack_test_seen *seen,
    void *host, int *passed, struct stw_err *err) STW_MUST_USE;

enum gate_param_type {
	PARAM_INT = 0, /* min..max */
	PARAM_BOOL,
	PARAM_WORD, /* one of words */
	PARAM_TEXT,
	PARAM_STRINGS,
	PARAM_INTS, /* each min..max */
	PARAM_WINDOWS,
	PARAM_ZONE,
	PARAM_ZONES,
	PARAM_CALENDAR, /* const struct pack_calendar *: by its name in the pack */
	PARAM_TERMS,    /* const struct terms *: the same */
	PARAM_BITS,     /* unsigned: a list of words, or one */
	PARAM_DAYS,     /* struct gate_days */
};

struct gate_param {
	const char *name;
	enum gate_param_type type;
	size_t offset; /* into struct gate_params */
	bool required;
	int64_t min, max;
	const char *const *words; /* NULL at the end */
};

#endif
