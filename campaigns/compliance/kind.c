/*
 * kind.c - the closed set of predicate kinds: name, evaluator, codes, parameters.
 *
 * Adding a jurisdiction adds no line here; a new kind is one row, its evaluator and the
 * boundary cases in tests/unit/test_gate_kinds.c.
 */
#include <stddef.h>
#include <string.h>

#include "campaigns/compliance/gate_priv.h"

#define AT(field) offsetof(struct gate_params, field)
#define MAX_DAYS  3660

/* ---- codes -------------------------------------------------------------------------- */
static const char *const *
codes_window(const struct gate_params *p)
{
	static const char *const open[] = {"QUIET_HOURS", "TZ_UNKNOWN", NULL};
	static const char *const fixed[] = {"QUIET_HOURS", NULL};

	return p->zones.count > 0 ? fixed : open;
}

static const char *const *
codes_consent(const struct gate_params *p)
{
	static const char *const codes[] = {"CONSENT_WITHDRAWN", "CONSENT_EXPIRED",
	    "CONSENT_NUMBER_MISMATCH", "CONSENT_RECIPIENT_MISMATCH",
	    "CONSENT_PURPOSE_MISMATCH", "CONSENT_CHANNEL_MISMATCH",
	    "CONSENT_STALE_VERSION", "CONSENT_INVALID_FORM", "CONSENT_EVIDENCE_MISSING",
	    "CONSENT_MISSING", NULL};

	(void)p;
	return codes;
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

/* ---- parameters ------------------------------------------------------------------------ */
static const char *const word_counts[] = {"attempt", "conversation", "message", NULL};
static const char *const word_scope[] = {"number", "person", NULL};
static const char *const word_cap[] = {"rolling", "local_day", NULL};
static const char *const word_cooldown[] = {"attempt", "withdrawal", NULL};
static const char *const word_number[] = {"registered", "owner", "purpose", "channel",
    "direction", "region", "validity", "status", "kind", NULL};
static const char *const word_health[] = {"daily_cap", "hourly_cap", NULL};
static const char *const word_age[] = {"at_least", "below", NULL};
static const char *const word_flag[] = {"deceased", "incapacity", "fraud_hold",
    "legal_hold", "complaint_open", "profiling_opt_out", NULL};
static const char *const word_objection[] = {
    "do_not_call", "channel_same", "channel_any", "carrier_reject", "household", NULL};
static const char *const word_data[] = {
    "party.dob", "product.risk", "point.verified", NULL};
static const char *const word_campaign[] = {"approved", "active", NULL};
static const char *const word_disclosure[] = {"ai_label", NULL};
static const char *const word_automation[] = {"number_robot", NULL};

#define NO_PARAMS                                     \
	{                                             \
		NULL, PARAM_INT, 0, false, 0, 0, NULL \
	}

static const struct gate_param param_window[] = {
    {"windows", PARAM_WINDOWS, AT(windows), true, 0, 0, NULL},
    {"zones", PARAM_ZONES, AT(zones), false, 0, 0, NULL}, NO_PARAMS};
static const struct gate_param param_cap[] = {
    {"counts", PARAM_WORD, AT(counts), true, 0, 0, word_counts},
    {"scope", PARAM_WORD, AT(scope), true, 0, 0, word_scope},
    {"limit", PARAM_INT, AT(limit), true, 1, 10000, NULL},
    {"window", PARAM_WORD, AT(window), true, 0, 0, word_cap},
    {"days", PARAM_INT, AT(days), false, 1, 31, NULL},
    {"hours", PARAM_INT, AT(hours), false, 1, 744, NULL},
    {"channels", PARAM_STRINGS, AT(channels), false, 0, 0, NULL}, NO_PARAMS};
static const struct gate_param param_cooldown[] = {
    {"after", PARAM_WORD, AT(check), true, 0, 0, word_cooldown},
    {"counts", PARAM_WORD, AT(counts), false, 0, 0, word_counts},
    {"scope", PARAM_WORD, AT(scope), false, 0, 0, word_scope},
    {"days", PARAM_INT, AT(days), false, 1, MAX_DAYS, NULL},
    {"minutes", PARAM_INT, AT(minutes), false, 1, 525600, NULL},
    {"channels", PARAM_STRINGS, AT(channels), false, 0, 0, NULL}, NO_PARAMS};
static const struct gate_param param_consent[] = {
    {"notice_required", PARAM_BOOL, AT(required), true, 0, 0, NULL},
    {"notice_superseded", PARAM_STRINGS, AT(superseded), false, 0, 0, NULL},
    {"invalid_forms", PARAM_STRINGS, AT(invalid_forms), true, 0, 0, NULL}, NO_PARAMS};
static const struct gate_param param_objection[] = {
    {"check", PARAM_WORD, AT(check), true, 0, 0, word_objection},
    {"channels", PARAM_STRINGS, AT(channels), false, 0, 0, NULL}, NO_PARAMS};
static const struct gate_param param_number[] = {
    {"check", PARAM_WORD, AT(check), true, 0, 0, word_number},
    {"kinds", PARAM_STRINGS, AT(kinds), false, 0, 0, NULL},
    {"unless_approval", PARAM_BOOL, AT(unless_approval), false, 0, 0, NULL}, NO_PARAMS};
static const struct gate_param param_health[] = {
    {"check", PARAM_WORD, AT(check), true, 0, 0, word_health},
    {"zone", PARAM_ZONE, AT(zone), false, 0, 0, NULL}, NO_PARAMS};
static const struct gate_param param_matrix[] = {
    {"max_risk", PARAM_INTS, AT(matrix), true, 0, 5, NULL}, NO_PARAMS};
static const struct gate_param param_rating[] = {
    {"months", PARAM_INT, AT(months), true, 1, 120, NULL},
    {"zone", PARAM_ZONE, AT(zone), false, 0, 0, NULL}, NO_PARAMS};
static const struct gate_param param_zone[] = {
    {"zone", PARAM_ZONE, AT(zone), false, 0, 0, NULL}, NO_PARAMS};
static const struct gate_param param_age[] = {
    {"check", PARAM_WORD, AT(check), true, 0, 0, word_age},
    {"age", PARAM_INT, AT(age), true, 1, 130, NULL},
    {"zone", PARAM_ZONE, AT(zone), false, 0, 0, NULL}, NO_PARAMS};
static const struct gate_param param_flag[] = {
    {"flag", PARAM_WORD, AT(check), true, 0, 0, word_flag},
    {"recheck_hours", PARAM_INT, AT(hours), false, 1, 744, NULL}, NO_PARAMS};
static const struct gate_param param_data[] = {
    {"field", PARAM_WORD, AT(check), true, 0, 0, word_data}, NO_PARAMS};
static const struct gate_param param_campaign[] = {
    {"check", PARAM_WORD, AT(check), true, 0, 0, word_campaign}, NO_PARAMS};
static const struct gate_param param_disclosure[] = {
    {"check", PARAM_WORD, AT(check), true, 0, 0, word_disclosure}, NO_PARAMS};
static const struct gate_param param_automation[] = {
    {"check", PARAM_WORD, AT(check), true, 0, 0, word_automation}, NO_PARAMS};
static const struct gate_param param_expression[] = {
    {"allow", PARAM_TEXT, AT(text), true, 0, 0, NULL}, NO_PARAMS};
static const struct gate_param param_none[] = {NO_PARAMS};

/* ---- kinds -------------------------------------------------------------------------------- */
static const struct gate_kind kinds[] = {
    {"age_gate", eval_age_gate, NULL, param_age},
    {"automation_gate", eval_automation_gate, NULL, param_automation},
    {"campaign_state", eval_campaign_state, NULL, param_campaign},
    {"consent_required", eval_consent_required, codes_consent, param_consent},
    {"cooldown", eval_cooldown, NULL, param_cooldown},
    {"data_present", eval_data_present, NULL, param_data},
    {"disclosure", eval_disclosure, NULL, param_disclosure},
    {"expression", eval_expression, NULL, param_expression},
    {"freq_cap", eval_freq_cap, NULL, param_cap},
    {"number_health", eval_number_health, NULL, param_health},
    {"number_licence", eval_number_licence, codes_number, param_number},
    {"objection_absent", eval_objection_absent, NULL, param_objection},
    {"person_flag", eval_person_flag, NULL, param_flag},
    {"product_on_sale", eval_product_on_sale, NULL, param_zone},
    {"qualification", eval_qualification, NULL, param_none},
    {"rating_valid", eval_rating_valid, codes_rating, param_rating},
    {"script_approved", eval_script_approved, NULL, param_none},
    {"suitability_matrix", eval_suitability_matrix, NULL, param_matrix},
    {"time_window", eval_time_window, codes_window, param_window},
};

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
gate_strings_has(const struct gate_strings *list, const char *s)
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
	out->ok = false;
	out->code = &rule->codes[0];
	out->allowed_from = allowed_from;
	out->allowed_until = STW_USEC_MAX;
	for (int i = 0; code != NULL && i < rule->ncodes; i++) {
		if (strcmp(rule->codes[i].reason->code, code) == 0) {
			out->code = &rule->codes[i];
			return;
		}
	}
	STW_ASSERT(
	    code == NULL); /* the loader checked that the rule has the kind's codes */
}
