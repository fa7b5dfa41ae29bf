/*
 * kind.c - the closed set of predicate kinds: name, evaluator, codes, parameters.
 *
 * Adding a jurisdiction adds no line here; a new kind is one row, its evaluator, its
 * chapter in docs/packs.md and the boundary cases in tests/unit/test_gate_kinds.c.
 */
#include <stddef.h>
#include <string.h>

#include "campaigns/compliance/gate_priv.h"

#define AT(field) offsetof(struct gate_params, field)
#define MAX_DAYS  3660

/* ---- codes -------------------------------------------------------------------------- */
static const char *const no_codes[] = {NULL};

static const char *const *
codes_window(const struct gate_params *p)
{
	static const char *const sets[2][2][4] = {
	    {{"QUIET_HOURS", "TZ_UNKNOWN", NULL},
		{"QUIET_HOURS", "TZ_UNKNOWN", "CALENDAR_NOT_COVERED", NULL}},
	    {{"QUIET_HOURS", NULL}, {"QUIET_HOURS", "CALENDAR_NOT_COVERED", NULL}}};
	static const char *const preference[] = {
	    "CUSTOMER_TIME_PREFERENCE", "TZ_UNKNOWN", NULL};

	if (p->preference)
		return preference;
	return sets[p->zones.count > 0][p->calendar != NULL];
}

static const char *const *
codes_blackout(const struct gate_params *p)
{
	static const char *const sets[2][2][4] = {
	    {{"BLACKOUT_DAY", "TZ_UNKNOWN", NULL},
		{"BLACKOUT_DAY", "TZ_UNKNOWN", "CALENDAR_NOT_COVERED", NULL}},
	    {{"BLACKOUT_DAY", NULL}, {"BLACKOUT_DAY", "CALENDAR_NOT_COVERED", NULL}}};

	return sets[p->zones.count > 0][p->calendar != NULL];
}

static const char *const *
codes_consent(const struct gate_params *p)
{
	static const char *const full[] = {"CONSENT_WITHDRAWN", "CONSENT_EXPIRED",
	    "CONSENT_NUMBER_MISMATCH", "CONSENT_RECIPIENT_MISMATCH",
	    "CONSENT_PURPOSE_MISMATCH", "CONSENT_CHANNEL_MISMATCH",
	    "CONSENT_STALE_VERSION", "CONSENT_INVALID_FORM", "CONSENT_EVIDENCE_MISSING",
	    "CONSENT_MISSING", NULL};
	static const char *const withdrawn[] = {"CONSENT_WITHDRAWN", NULL};

	return p->check == CONSENT_FULL            ? full
	       : p->check == CONSENT_NOT_WITHDRAWN ? withdrawn
						   : NULL;
}

static const char *const *
codes_number(const struct gate_params *p)
{
	static const char *const validity[] = {
	    "NUMBER_LICENSE_NOT_YET_VALID", "NUMBER_LICENSE_EXPIRED", NULL};

	return p->check == NUMBER_VALIDITY ? validity : NULL;
}

static const char *const *
codes_rating(const struct gate_params *p)
{
	static const char *const codes[] = {
	    "RISK_RATING_EXPIRED", "RISK_RATING_INVALID", "RISK_RATING_MISSING", NULL};

	(void)p;
	return codes;
}

static const char *const *
codes_reassigned(const struct gate_params *p)
{
	static const char *const codes[] = {
	    "NUMBER_REASSIGNED", "REASSIGNED_NO_DATA", NULL};

	(void)p;
	return codes;
}

static const char *const *
codes_age(const struct gate_params *p)
{
	static const char *const codes[] = {"DATA_MISSING_DOB", NULL};

	return p->dob_required ? codes : NULL;
}

static const char *const *
codes_terms(const struct gate_params *p)
{
	static const char *const codes[] = {"SCRIPT_NOT_APPROVED", NULL};

	(void)p;
	return codes;
}

static const char *const *
codes_none(const struct gate_params *p)
{
	(void)p;
	return no_codes;
}

static bool
chooses_always(const struct gate_params *p)
{
	(void)p;
	return true;
}

/* ---- words --------------------------------------------------------------------------- */
static const char *const word_counts[] = {
    "attempt", "conversation", "message", "connect", "any", NULL};
static const char *const word_scope[] = {
    "number", "person", "household", "subject", "caller_number", "agent_org", NULL};
static const char *const word_cap[] = {
    "rolling", "local_day", "local_week", "calendar_days", NULL};
static const char *const word_week[] = {
    "mon", "tue", "wed", "thu", "fri", "sat", "sun", NULL};
static const char *const word_measure[] = {"elapsed", "dates", NULL};
static const char *const word_mode[] = {"all", "any", NULL};
static const char *const word_unless[] = {
    "consent", "relationship", "contract", "warm_call", NULL};
static const char *const word_need[] = {"detail", "required", NULL};
static const char *const word_cooldown[] = {"attempt", "withdrawal", "connect",
    "conversation", "refusal", "consent_refusal", "abandoned", NULL};
static const char *const word_consent[] = {
    "consent", "not_withdrawn", "written", "separate", "guardian", NULL};
static const char *const word_registry[] = {"listed", "fresh", "service", NULL};
static const char *const word_number[] = {"registered", "owner", "purpose", "channel",
    "direction", "region", "validity", "status", "kind", "lease", "undertaking",
    "identity", "shown", NULL};
static const char *const word_health[] = {
    "daily_cap", "hourly_cap", "label", "attestation", "callback", NULL};
static const char *const word_suit[] = {"matrix", "affordable", "qualified", NULL};
static const char *const word_age[] = {"at_least", "below", NULL};
static const char *const word_flag[] = {"deceased", "incapacity", "fraud_hold",
    "legal_hold", "complaint_open", "profiling_opt_out", NULL};
static const char *const word_objection[] = {
    "do_not_call", "channel_same", "channel_any", "carrier_reject", "household", NULL};
static const char *const word_data[] = {"party.dob", "product.risk", "point.verified",
    "point.stable", "point.unshared", "campaign.impact", "party.zones", NULL};
static const char *const word_campaign[] = {"approved", "active", NULL};
static const char *const word_terms[] = {"banned", "required", NULL};
static const char *const word_disclosure[] = {"ai_label", "contained", "made", NULL};
static const char *const word_recording[] = {"up", "dual", NULL};
static const char *const word_qualification[] = {"licence", "mandate", NULL};
static const char *const word_automation[] = {
    "number_robot", "no_robot", "no_synthetic", "no_autodial", "point_class", NULL};

/* ---- parameters ------------------------------------------------------------------------ */
#define NO_PARAMS                                     \
	{                                             \
		NULL, PARAM_INT, 0, false, 0, 0, NULL \
	}
#define P_INT(name, field, must, lo, hi)                       \
	{                                                      \
		name, PARAM_INT, AT(field), must, lo, hi, NULL \
	}
#define P_BOOL(name, field, must)                             \
	{                                                     \
		name, PARAM_BOOL, AT(field), must, 0, 0, NULL \
	}
#define P_WORD(name, field, must, words)                       \
	{                                                      \
		name, PARAM_WORD, AT(field), must, 0, 0, words \
	}
#define P_BITS(name, field, must, words)                       \
	{                                                      \
		name, PARAM_BITS, AT(field), must, 0, 0, words \
	}
#define P_OF(name, type, field, must)                   \
	{                                               \
		name, type, AT(field), must, 0, 0, NULL \
	}
#define P_RECHECK P_INT("recheck_hours", recheck_hours, false, 1, 744)

static const struct gate_param param_window[] = {
    P_OF("windows", PARAM_WINDOWS, windows, false),
    P_OF("zones", PARAM_ZONES, zones, false), P_WORD("mode", mode, false, word_mode),
    P_OF("calendar", PARAM_CALENDAR, calendar, false),
    P_BOOL("preference", preference, false), NO_PARAMS};
static const struct gate_param param_blackout[] = {
    P_OF("days", PARAM_DAYS, blackout, true), P_OF("zones", PARAM_ZONES, zones, false),
    P_WORD("mode", mode, false, word_mode),
    P_OF("calendar", PARAM_CALENDAR, calendar, false), NO_PARAMS};
static const struct gate_param param_cap[] = {
    P_WORD("counts", counts, true, word_counts),
    P_BITS("scope", scope, true, word_scope), P_INT("limit", limit, true, 1, 10000),
    P_WORD("window", window, true, word_cap), P_INT("days", days, false, 1, 31),
    P_INT("hours", hours, false, 1, 744),
    P_WORD("week_start", week_start, false, word_week),
    P_OF("channels", PARAM_STRINGS, channels, false),
    P_OF("purposes", PARAM_STRINGS, purposes, false),
    P_BOOL("exclude_warm", exclude_warm, false), NO_PARAMS};
static const struct gate_param param_cooldown[] = {
    P_WORD("after", check, true, word_cooldown),
    P_BITS("scope", scope, false, word_scope), P_INT("days", days, false, 1, MAX_DAYS),
    P_INT("hours", hours, false, 1, 8784), P_INT("minutes", minutes, false, 1, 525600),
    P_WORD("measure", measure, false, word_measure),
    P_BOOL("count_first_day", count_first_day, false),
    P_OF("channels", PARAM_STRINGS, channels, false),
    P_OF("purposes", PARAM_STRINGS, purposes, false), NO_PARAMS};
static const struct gate_param param_consent[] = {
    P_WORD("check", check, false, word_consent),
    P_BOOL("notice_required", required, false),
    P_OF("notice_superseded", PARAM_STRINGS, superseded, false),
    P_OF("invalid_forms", PARAM_STRINGS, invalid_forms, false),
    P_BOOL("names_number", names_number, false),
    P_OF("kinds", PARAM_STRINGS, kinds, false), P_INT("below_age", age, false, 1, 130),
    P_BITS("unless", unless, false, word_unless),
    P_INT("transaction_months", transaction_months, false, 1, 120),
    P_INT("inquiry_months", inquiry_months, false, 1, 120),
    P_OF("zone", PARAM_ZONE, zone, false), NO_PARAMS};
static const struct gate_param param_objection[] = {
    P_WORD("check", check, true, word_objection),
    P_OF("channels", PARAM_STRINGS, channels, false),
    P_BOOL("same_number", same_number, false), NO_PARAMS};
static const struct gate_param param_registry[] = {
    P_OF("register", PARAM_TEXT, name, true),
    P_WORD("check", check, true, word_registry),
    P_INT("days", days, false, 1, MAX_DAYS),
    P_WORD("measure", measure, false, word_measure),
    P_INT("grace_days", grace_days, false, 0, MAX_DAYS),
    P_BITS("unless", unless, false, word_unless),
    P_OF("invalid_forms", PARAM_STRINGS, invalid_forms, false),
    P_INT("transaction_months", transaction_months, false, 1, 120),
    P_INT("inquiry_months", inquiry_months, false, 1, 120),
    P_OF("zone", PARAM_ZONE, zone, false), P_RECHECK, NO_PARAMS};
static const struct gate_param param_relationship[] = {
    P_WORD("need", need, false, word_need), P_OF("register", PARAM_TEXT, name, false),
    P_INT("transaction_months", transaction_months, false, 1, 120),
    P_INT("inquiry_months", inquiry_months, false, 1, 120),
    P_BITS("unless", unless, false, word_unless),
    P_OF("invalid_forms", PARAM_STRINGS, invalid_forms, false),
    P_OF("zone", PARAM_ZONE, zone, false), NO_PARAMS};
static const struct gate_param param_reassigned[] = {
    P_INT("days", days, false, 1, MAX_DAYS), P_OF("zone", PARAM_ZONE, zone, false),
    NO_PARAMS};
static const struct gate_param param_number[] = {
    P_WORD("check", check, true, word_number),
    P_OF("kinds", PARAM_STRINGS, kinds, false),
    P_BOOL("unless_approval", unless_approval, false), NO_PARAMS};
static const struct gate_param param_health[] = {
    P_WORD("check", check, true, word_health),
    P_INT("default_cap", limit, false, 1, 1000000),
    P_OF("labels", PARAM_STRINGS, labels, false),
    P_OF("levels", PARAM_STRINGS, items, false),
    P_BOOL("allow_untested", allow_untested, false),
    P_INT("days", days, false, 1, MAX_DAYS), P_OF("zone", PARAM_ZONE, zone, false),
    P_RECHECK, NO_PARAMS};
static const struct gate_param param_suitability[] = {
    P_WORD("check", check, false, word_suit),
    {"max_risk", PARAM_INTS, AT(matrix), false, 0, 5, NULL},
    P_INT("percent", percent, false, 1, 10000), NO_PARAMS};
static const struct gate_param param_rating[] = {P_INT("months", months, true, 1, 120),
    P_INT("per_day", per_day, false, 1, 1000),
    P_INT("per_year", per_year, false, 1, 1000), P_OF("zone", PARAM_ZONE, zone, false),
    NO_PARAMS};
static const struct gate_param param_zone[] = {
    P_OF("zone", PARAM_ZONE, zone, false), NO_PARAMS};
static const struct gate_param param_age[] = {P_WORD("check", check, true, word_age),
    P_INT("age", age, true, 1, 130), P_BOOL("dob_required", dob_required, false),
    P_BOOL("unless_approval", unless_approval, false),
    P_OF("zone", PARAM_ZONE, zone, false), NO_PARAMS};
static const struct gate_param param_flag[] = {
    P_WORD("flag", check, true, word_flag), P_RECHECK, NO_PARAMS};
static const struct gate_param param_data[] = {P_WORD("field", check, true, word_data),
    P_INT("days", days, false, 1, MAX_DAYS), NO_PARAMS};
static const struct gate_param param_campaign[] = {
    P_WORD("check", check, true, word_campaign), NO_PARAMS};
static const struct gate_param param_terms[] = {
    P_WORD("check", check, true, word_terms), P_OF("terms", PARAM_TERMS, terms, true),
    NO_PARAMS};
static const struct gate_param param_script[] = {
    P_BOOL("shown", shown, false), NO_PARAMS};
static const struct gate_param param_disclosure[] = {
    P_WORD("check", check, true, word_disclosure),
    P_OF("items", PARAM_STRINGS, items, false), P_BOOL("clip", clip, false), NO_PARAMS};
static const struct gate_param param_recording[] = {
    P_WORD("check", check, true, word_recording), NO_PARAMS};
static const struct gate_param param_qualification[] = {
    P_WORD("check", check, false, word_qualification), NO_PARAMS};
static const struct gate_param param_automation[] = {
    P_WORD("check", check, true, word_automation),
    P_OF("classes", PARAM_STRINGS, kinds, false), NO_PARAMS};
static const struct gate_param param_ratio[] = {
    P_INT("basis_points", basis_points, true, 1, 10000),
    P_INT("hours", hours, true, 1, 8784), P_OF("modes", PARAM_STRINGS, modes, false),
    P_RECHECK, NO_PARAMS};
static const struct gate_param param_retention[] = {
    P_OF("record", PARAM_TEXT, name, true), P_INT("days", days, false, 1, 36600),
    P_INT("months", months, false, 1, 1200), NO_PARAMS};
static const struct gate_param param_exemption[] = {
    P_OF("rules", PARAM_STRINGS, rules, true), NO_PARAMS};
static const struct gate_param param_expression[] = {
    P_OF("allow", PARAM_TEXT, text, true), NO_PARAMS};

/* ---- kinds -------------------------------------------------------------------------------- */
/* retention and exemption answer nothing by themselves: see gate.c and ruleset.c. */
static const struct gate_kind kinds[] = {
    {"age_gate", eval_age_gate, codes_age, chooses_always, param_age},
    {"automation_gate", eval_automation_gate, NULL, NULL, param_automation},
    {"blackout_day", eval_blackout_day, codes_blackout, NULL, param_blackout},
    {"campaign_state", eval_campaign_state, NULL, NULL, param_campaign},
    {"consent_required", eval_consent_required, codes_consent, NULL, param_consent},
    {"content_terms", eval_content_terms, codes_terms, chooses_always, param_terms},
    {"cooldown", eval_cooldown, NULL, NULL, param_cooldown},
    {"data_present", eval_data_present, NULL, NULL, param_data},
    {"disclosure", eval_disclosure, NULL, NULL, param_disclosure},
    {"exemption", NULL, codes_none, NULL, param_exemption},
    {"expression", eval_expression, NULL, NULL, param_expression},
    {"freq_cap", eval_freq_cap, NULL, NULL, param_cap},
    {"number_health", eval_number_health, NULL, NULL, param_health},
    {"number_licence", eval_number_licence, codes_number, NULL, param_number},
    {"objection_absent", eval_objection_absent, NULL, NULL, param_objection},
    {"person_flag", eval_person_flag, NULL, NULL, param_flag},
    {"product_on_sale", eval_product_on_sale, NULL, NULL, param_zone},
    {"qualification", eval_qualification, NULL, NULL, param_qualification},
    {"rating_valid", eval_rating_valid, codes_rating, NULL, param_rating},
    {"ratio_limit", eval_ratio_limit, NULL, NULL, param_ratio},
    {"reassigned_check", eval_reassigned_check, codes_reassigned, NULL,
	param_reassigned},
    {"recording", eval_recording, NULL, NULL, param_recording},
    {"registry_scrub", eval_registry_scrub, NULL, NULL, param_registry},
    {"relationship", eval_relationship, NULL, NULL, param_relationship},
    {"retention", NULL, codes_none, NULL, param_retention},
    {"script_approved", eval_script_approved, NULL, NULL, param_script},
    {"suitability_matrix", eval_suitability_matrix, NULL, NULL, param_suitability},
    {"time_window", eval_time_window, codes_window, NULL, param_window},
};

int
gate_kinds(const struct gate_kind **out)
{
	*out = kinds;
	return (int)STW_ARRAY_LEN(kinds);
}

const struct gate_kind *
gate_kind_find(const char *name)
{
	for (size_t i = 0; i < STW_ARRAY_LEN(kinds); i++) {
		if (strcmp(kinds[i].name, name) == 0)
			return &kinds[i];
	}
	return NULL;
}

bool
gate_kind_chooses(const struct gate_kind *kind, const struct gate_params *params)
{
	if (kind->chooses != NULL)
		return kind->chooses(params);
	return kind->codes == NULL || kind->codes(params) == NULL;
}

bool
gate_kind_codes_if_named(const struct gate_kind *kind)
{
	return kind->codes == codes_terms;
}

/* ---- parameters that have to fit one another ------------------------------------------------ */
/* Contacts are gathered for 31 days (gate.h): a rule that looks further back would count
 * nothing there and let through what it forbids. */
#define DAYS_GATHERED 31

static const char *
misfit_cap(const struct gate_params *p)
{
	bool length = p->days + p->hours > 0;

	if (p->days * 24 + p->hours > DAYS_GATHERED * 24 ||
	    (p->window == CAP_DAYS && p->days >= DAYS_GATHERED))
		return "contacts are known for 31 days only: the window is too long";

	if (p->window == CAP_ROLLING && !length)
		return "a rolling window needs days or hours, a local day neither";
	if (p->window == CAP_DAYS && (p->days == 0 || p->hours > 0))
		return "calendar_days needs days, and no hours";
	if ((p->window == CAP_LOCAL_DAY || p->window == CAP_LOCAL_WEEK) && length)
		return "a local day or week has a length of its own";
	return NULL;
}

static const char *
misfit_cooldown(const struct gate_params *p)
{
	if (p->days + p->hours + p->minutes == 0)
		return "a cooldown needs days or minutes or hours";
	if (p->measure == MEASURE_DATES && (p->days == 0 || p->hours + p->minutes > 0))
		return "measure dates needs days, and nothing else";
	if (p->count_first_day && p->measure != MEASURE_DATES)
		return "count_first_day goes with measure dates";
	if (p->check != COOLDOWN_WITHDRAWAL && p->check < COOLDOWN_REFUSAL &&
	    (p->days + 1) * 1440 + p->hours * 60 + p->minutes > DAYS_GATHERED * 1440)
		return "contacts are known for 31 days only: the wait is too long";
	if (p->check >= COOLDOWN_REFUSAL &&
	    (p->scope & ~(1u << SCOPE_NUMBER | 1u << SCOPE_PERSON)) != 0)
		return "an event has the scopes number and person";
	return NULL;
}

static const char *
misfit_window(const struct gate_params *p)
{
	if (p->preference == (p->windows.count > 0))
		return "either windows or preference";
	if (p->preference && (p->calendar != NULL || p->zones.count > 0))
		return "a preference has no calendar and no zones of its own";
	for (int i = 0; i < p->windows.count; i++) {
		if (p->windows.items[i].classes != 0 && p->calendar == NULL)
			return "windows by class of day need a calendar";
	}
	return NULL;
}

static bool
relief_by_relation(const struct gate_params *p)
{
	return (p->unless & 1u << UNLESS_RELATIONSHIP) != 0;
}

static const char *
misfit_relation(const struct gate_params *p, bool asks)
{
	bool months = p->transaction_months + p->inquiry_months > 0;

	if ((asks || relief_by_relation(p)) && !months)
		return "a relationship needs transaction_months or inquiry_months";
	return !asks && !relief_by_relation(p) && months
		   ? "months go with unless relationship"
		   : NULL;
}

static const char *
misfit_consent(const struct gate_params *p)
{
	if (p->check == CONSENT_FULL && p->invalid_forms.count == 0)
		return "parameter invalid_forms is missing";
	if ((p->check == CONSENT_SEPARATE) != (p->kinds.count > 0))
		return "kinds goes with check separate, and only with it";
	if ((p->check == CONSENT_GUARDIAN) != (p->age > 0))
		return "below_age goes with check guardian, and only with it";
	return misfit_relation(p, false);
}

static const char *
misfit_registry(const struct gate_params *p)
{
	if ((p->check == REGISTRY_LISTED) == (p->days > 0))
		return "days goes with checks fresh and service, and has to be there";
	if (p->check != REGISTRY_LISTED && p->grace_days > 0)
		return "grace_days goes with check listed";
	return misfit_relation(p, false);
}

static const char *
misfit_health(const struct gate_params *p)
{
	if ((p->check == HEALTH_LABEL) != (p->labels.count > 0))
		return "labels goes with check label, and only with it";
	if ((p->check == HEALTH_ATTESTATION) != (p->items.count > 0))
		return "levels goes with check attestation, and only with it";
	if (p->check > HEALTH_HOURLY_CAP && p->limit > 0)
		return "default_cap goes with the caps";
	if (p->allow_untested && (p->check != HEALTH_CALLBACK || p->days > 0))
		return "allow_untested goes with check callback, without days";
	return NULL;
}

static const char *
misfit_suitability(const struct gate_params *p)
{
	if (p->check == SUIT_MATRIX ? p->matrix.count != 5 : p->matrix.count > 0)
		return "max_risk has one number for each of C1 to C5";
	return (p->check == SUIT_AFFORDABLE) == (p->percent > 0)
		   ? NULL
		   : "percent goes with check affordable, and only with it";
}

const char *
gate_params_misfit(const struct gate_kind *kind, const struct gate_params *p)
{
	if (kind->eval == eval_freq_cap)
		return misfit_cap(p);
	if (kind->eval == eval_cooldown)
		return misfit_cooldown(p);
	if (kind->eval == eval_time_window)
		return misfit_window(p);
	if (kind->eval == eval_blackout_day)
		return p->blackout.classes != 0 && p->calendar == NULL
			   ? "days by class need a calendar"
			   : NULL;
	if (kind->eval == eval_consent_required)
		return misfit_consent(p);
	if (kind->eval == eval_registry_scrub)
		return misfit_registry(p);
	if (kind->eval == eval_relationship)
		return misfit_relation(p, true);
	if (kind->eval == eval_number_health)
		return misfit_health(p);
	if (kind->eval == eval_suitability_matrix)
		return misfit_suitability(p);
	if (kind->eval == eval_number_licence &&
	    (p->check == NUMBER_KIND) != (p->kinds.count > 0))
		return "kinds goes with check kind, and only with it";
	if (kind->eval == eval_objection_absent &&
	    (p->check == OBJECTION_CHANNEL_ANY) != (p->channels.count > 0))
		return "channels goes with check channel_any, and only with it";
	if (kind->eval == eval_disclosure &&
	    (p->check == DISCLOSURE_AI_LABEL) == (p->items.count > 0))
		return "items goes with checks contained and made";
	if (kind->eval == eval_automation_gate &&
	    (p->check == AUTOMATION_POINT_CLASS) != (p->kinds.count > 0))
		return "classes goes with check point_class, and only with it";
	if (kind->eval == eval_data_present &&
	    (p->check == DATA_POINT_STABLE) != (p->days > 0))
		return "days goes with field point.stable, and only with it";
	if (strcmp(kind->name, "retention") == 0 && (p->days > 0) == (p->months > 0))
		return "either days or months";
	return NULL;
}

bool
gate_strings_has(const struct gate_strings *list, const char *s)
{
	for (int i = 0; i < list->count; i++) {
		if (strcmp(list->items[i], s) == 0)
			return true;
	}
	return false;
}

bool
gate_texts_has(const struct gate_texts *list, const char *s)
{
	for (int i = 0; i < list->count; i++) {
		if (strcmp(list->items[i], s) == 0)
			return true;
	}
	return false;
}

void
answer_deny(struct gate_answer *out, const struct gate_rule *rule, const char *code,
    stw_usec allowed_from)
{
	int i = 0;

	while (code != NULL && strcmp(rule->codes[i].reason->code, code) != 0) {
		i++;
		/* the loader checked that the rule has the kind's codes */
		STW_ASSERT(i < rule->ncodes);
	}
	out->ok = false;
	out->code = &rule->codes[i];
	out->allowed_from = allowed_from;
	out->allowed_until = STW_USEC_MAX;
}

void
answer_deny_for_now(struct gate_answer *out, const struct gate_rule *rule,
    const struct gate_case *c, stw_usec at)
{
	stw_usec again = STW_USEC_MAX;

	if (rule->params.recheck_hours > 0)
		again = c->now + rule->params.recheck_hours * STW_USEC_HOUR;
	if (at < again)
		answer_deny(out, rule, NULL, again);
}
