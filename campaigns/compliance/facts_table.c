/*
 * facts_table.c - every fact the gate knows, once; see facts_priv.h.
 */
#include <stddef.h>

#include "campaigns/compliance/facts_priv.h"

#define F(name, type, of, member, doc)                                             \
	{                                                                          \
		name, type, offsetof(struct of, member), 0, NULL, NULL, false, doc \
	}
#define F_REQ(name, type, of, member, doc)                                        \
	{                                                                         \
		name, type, offsetof(struct of, member), 0, NULL, NULL, true, doc \
	}
#define MANY(name, type, of, member, counter, must, doc)                               \
	{                                                                              \
		name, type, offsetof(struct of, member), offsetof(struct of, counter), \
		    NULL, NULL, must, doc                                              \
	}
#define WORD(name, of, member, list, must, doc)                                     \
	{                                                                           \
		name, F_WORD, offsetof(struct of, member), 0, list, NULL, must, doc \
	}
#define PART(name, type, offset, rec, must, doc)            \
	{                                                   \
		name, type, offset, 0, NULL, rec, must, doc \
	}
#define LIST(name, of, member, counter, rec, must, doc)                \
	{                                                              \
		name, F_LIST, offsetof(struct of, member),             \
		    offsetof(struct of, counter), NULL, rec, must, doc \
	}
#define FIELDS(table) .fields = (table), .nfields = STW_ARRAY_LEN(table)
#define RECORD(table)         \
	{                     \
		FIELDS(table) \
	}
#define ITEM(table, type, empty, lawful)                                        \
	{                                                                       \
		FIELDS(table), .size = sizeof(struct type), .closed = &(empty), \
			       .fixture = &(lawful)                             \
	}

static const char *const handler_words[] = {"agent", "robot", NULL};
static const char *const action_words[] = {"withdraw", "grant", NULL};
static const char *const count_words[] = {
    "reserved", "attempt", "conversation", "message", "connect", NULL};
static const char *const source_words[] = {
    "number_plan", "address", "declared", "verified", NULL};
static const char *const weekday_words[] = {
    "mon", "tue", "wed", "thu", "fri", "sat", "sun", NULL};
static const char *const reassigned_words[] = {
    "not_asked", "no", "yes", "no_data", NULL};
static const char *const state_words[] = {"unknown", "ok", "failed", NULL};
static const char *const dial_words[] = {
    "unknown", "manual", "preview", "progressive", "predictive", NULL};

/* ---- agent, campaign ---------------------------------------------------------------- */
static const struct facts_field agent_fields[] = {
    F("code", F_TEXT, gate_agent, code, "The agent's code."),
    F("mandate_from", F_SINCE, gate_agent, mandate_from,
	"First instant of the outsourcer's mandate; null: always."),
    F("mandate_until", F_SINCE, gate_agent, mandate_until,
	"End of the outsourcer's mandate; null: none is on file."),
    F("outsourcer", F_TEXT_OPT, gate_agent, outsourcer,
	"Whose staff the agent is; null: the institution's own."),
    F("qualified_until", F_SINCE, gate_agent, qualified_until,
	"End of the agent's sales licence; null: none is on file.")};

static const struct facts_field ratio_fields[] = {
    F_REQ("abandoned", F_I64, gate_ratio, abandoned,
	"Live-answered calls nobody took, in the window."),
    F_REQ("answered", F_I64, gate_ratio, answered,
	"Calls answered by a person, in the window."),
    F_REQ("hours", F_I64, gate_ratio, hours, "Length of the window in hours.")};
static const struct gate_ratio ratio_closed;
static const struct facts_record ratio_record =
    ITEM(ratio_fields, gate_ratio, ratio_closed, ratio_closed);

static const struct facts_field campaign_fields[] = {
    F("active", F_BOOL, gate_facts, campaign_active, "The campaign runs."),
    F("approved", F_BOOL, gate_facts, campaign_approved,
	"This version was approved by somebody else than its author."),
    F("debt", F_TEXT_OPT, gate_facts, debt,
	"The debt the contact is about, for caps counted per debt."),
    F("impact_assessed", F_BOOL, gate_facts, impact_assessed,
	"Its impact assessment is on file and approved."),
    LIST("ratios", gate_facts, ratios, nratios, &ratio_record, false,
	"Abandoned calls of the campaign, by window."),
    MANY("sensitive", F_STRINGS, gate_facts, sensitive.items, sensitive.count, true,
	"Kinds of sensitive data its segment or script uses: financial_account, ..."),
    F("stage", F_TEXT_OPT, gate_facts, stage,
	"INVITE or SALE; null: unknown, taken as SALE."),
    F("subject", F_TEXT_OPT, gate_facts, subject,
	"What the contact is about, for caps counted per subject."),
    F("uses_profile", F_BOOL, gate_facts, uses_profile,
	"The segment chooses people by profiling.")};

/* ---- consents, objections, events, counts -------------------------------------------- */
static const struct facts_field consent_fields[] = {
    WORD(
	"action", gate_consent, action, action_words, true, "A grant or a withdrawal."),
    F_REQ("channel", F_TEXT, gate_consent, channel, "Channel covered; * all."),
    F("controller", F_TEXT_OPT, gate_consent, controller,
	"The organisation it was given to; null: unknown."),
    F_REQ("effective_at", F_SINCE, gate_consent, effective_at,
	"When it is true in the world; null: since ever."),
    F("evidence_match", F_BOOL, gate_consent, evidence_match,
	"The evidence kept has the hash that was recorded."),
    F_REQ("expires_at", F_UNTIL, gate_consent, expires_at,
	"First instant at which it no longer holds; null: never."),
    F("form", F_TEXT_OPT, gate_consent, form,
	"How it was given: written, electronic, oral, silence, ..."),
    F("guardian", F_BOOL, gate_consent, guardian, "Given by the guardian."),
    F("has_evidence", F_BOOL, gate_consent, has_evidence, "Evidence is on file."),
    F_REQ("id", F_TEXT, gate_consent, id, "Id of the event."),
    F("notice_hash", F_TEXT_OPT, gate_consent, notice_hash,
	"Hash of the notice as shown; null: not kept."),
    F("notice_version", F_TEXT_OPT, gate_consent, notice_version,
	"Version of the notice shown; null: not known."),
    F_REQ("point_id", F_I64, gate_consent, point_id,
	"The contact point it is about; 0: any."),
    F_REQ("product_class", F_TEXT, gate_consent, product_class,
	"Class of product covered; * any."),
    F_REQ("purpose", F_TEXT, gate_consent, purpose, "Purpose covered; * all."),
    F_REQ("recipient", F_TEXT, gate_consent, recipient,
	"The organisation that may rely on it; * any."),
    F_REQ("recorded_at", F_SINCE, gate_consent, recorded_at,
	"When the institution knew of it."),
    F("separate_kind", F_TEXT_OPT, gate_consent, separate_kind,
	"Kind of sensitive data it is the separate consent for; null: none."),
    F("written", F_BOOL, gate_consent, written,
	"A signed agreement, on paper or electronic.")};
static const struct gate_consent consent_closed = {.action = GATE_CONSENT_WITHDRAW,
    .purpose = "*",
    .channel = "*",
    .product_class = "*",
    .recipient = "*",
    .effective_at = STW_USEC_NEVER,
    .recorded_at = STW_USEC_NEVER,
    .expires_at = STW_USEC_MAX};
#define FIXTURE_CONSENT_AT INT64_C(1777564800000000) /* 2026-05-01T00:00:00+08:00 */
static const struct gate_consent consent_fixture = {.id = "consent-1",
    .action = GATE_CONSENT_GRANT,
    .purpose = "MARKETING",
    .channel = "VOICE",
    .product_class = "wealth",
    .controller = "bank",
    .recipient = "bank",
    .form = "written",
    .written = true,
    .notice_version = "v3",
    .has_evidence = true,
    .evidence_match = true,
    .effective_at = FIXTURE_CONSENT_AT,
    .recorded_at = FIXTURE_CONSENT_AT,
    .expires_at = STW_USEC_MAX};
static const struct facts_record consent_record =
    ITEM(consent_fields, gate_consent, consent_closed, consent_fixture);

static const struct facts_field objection_fields[] = {
    F("channel", F_TEXT, gate_objection, channel, "Channel it is about; * all."),
    F("effective_at", F_SINCE, gate_objection, effective_at,
	"When it is true in the world; null: since ever."),
    F_REQ("id", F_TEXT, gate_objection, id, "Id of the event."),
    F_REQ("kind", F_TEXT, gate_objection, kind,
	"do_not_call, channel_opt_out or carrier_reject; any other counts as do_not_call."),
    F("lifted_at", F_UNTIL, gate_objection, lifted_at,
	"First instant at which it no longer stands; null: it stands."),
    F_REQ("own", F_BOOL, gate_objection, own,
	"By this customer; else by somebody who shares the number."),
    F("point_id", F_I64, gate_objection, point_id,
	"The contact point it is about; 0: all."),
    F("recorded_at", F_SINCE, gate_objection, recorded_at,
	"When the institution knew of it.")};
static const struct gate_objection objection_closed = {.channel = "*",
    .own = true,
    .effective_at = STW_USEC_NEVER,
    .recorded_at = STW_USEC_NEVER,
    .lifted_at = STW_USEC_MAX};
static const struct gate_objection objection_fixture = {.id = "objection-1",
    .kind = "do_not_call",
    .channel = "*",
    .own = true,
    .effective_at = FIXTURE_CONSENT_AT,
    .recorded_at = FIXTURE_CONSENT_AT,
    .lifted_at = STW_USEC_MAX};
static const struct facts_record objection_record =
    ITEM(objection_fields, gate_objection, objection_closed, objection_fixture);

static const struct facts_field event_fields[] = {
    F_REQ("at", F_SINCE, gate_event, at, "When it happened."),
    F("channel", F_TEXT, gate_event, channel, "Channel it came by; * any."),
    F_REQ("id", F_TEXT, gate_event, id, "Id of the event."),
    F_REQ("kind", F_TEXT, gate_event, kind,
	"refusal (of offers), consent_refusal or abandoned (a call nobody took)."),
    F("purpose", F_TEXT_OPT, gate_event, purpose,
	"Purpose of the contact; null: unknown, counts for all."),
    F("recorded_at", F_SINCE, gate_event, recorded_at,
	"When the institution knew of it."),
    F("this_number", F_BOOL, gate_event, this_number,
	"On this contact point's number."),
    F("this_person", F_BOOL, gate_event, this_person, "By or with this customer.")};
static const struct gate_event event_closed = {.channel = "*",
    .this_number = true,
    .this_person = true,
    .at = STW_USEC_NEVER,
    .recorded_at = STW_USEC_NEVER};
static const struct gate_event event_fixture = {.id = "event-1",
    .kind = "refusal",
    .channel = "VOICE",
    .purpose = "MARKETING",
    .this_number = true,
    .this_person = true,
    .at = FIXTURE_CONSENT_AT,
    .recorded_at = STW_USEC_NEVER};
static const struct facts_record event_record =
    ITEM(event_fields, gate_event, event_closed, event_fixture);

static const struct facts_field count_fields[] = {
    F_REQ("at", F_SINCE, gate_count, at, "When it was made or reserved."),
    F_REQ("channel", F_TEXT, gate_count, channel, "Its channel."),
    F("expires_at", F_UNTIL, gate_count, expires_at,
	"Reservations: when it lapses; null: never."),
    WORD("kind", gate_count, kind, count_words, true,
	"How far it came; a conversation is an attempt as well."),
    F("purpose", F_TEXT_OPT, gate_count, purpose,
	"Its purpose; null: unknown, counts for all."),
    F("this_caller", F_BOOL, gate_count, this_caller, "From the same caller number."),
    F("this_household", F_BOOL, gate_count, this_household,
	"To somebody of the same household."),
    F("this_number", F_BOOL, gate_count, this_number,
	"On this contact point's number."),
    F("this_org", F_BOOL, gate_count, this_org, "By the same organisation's seats."),
    F("this_person", F_BOOL, gate_count, this_person, "To this customer."),
    F("this_subject", F_BOOL, gate_count, this_subject,
	"About the same subject or debt."),
    F("warm", F_BOOL, gate_count, warm,
	"With a proof that the customer expected the call.")};
static const struct gate_count count_closed = {.kind = GATE_RESERVED,
    .channel = "*",
    .this_number = true,
    .this_person = true,
    .this_household = true,
    .this_subject = true,
    .this_caller = true,
    .this_org = true,
    .expires_at = STW_USEC_MAX};
static const struct gate_count count_fixture = {.kind = GATE_ATTEMPT,
    .at = FIXTURE_CONSENT_AT,
    .channel = "VOICE",
    .purpose = "MARKETING",
    .this_number = true,
    .this_person = true,
    .this_household = true,
    .this_subject = true,
    .this_caller = true,
    .this_org = true,
    .expires_at = STW_USEC_MAX};
static const struct facts_record count_record =
    ITEM(count_fields, gate_count, count_closed, count_fixture);

/* ---- number, point -------------------------------------------------------------------- */
static const struct facts_field number_fields[] = {
    F("attestation", F_TEXT_OPT, gate_number, attestation,
	"STIR/SHAKEN level A, B or C; null: none."),
    WORD("callback", gate_number, callback, state_words, true,
	"Last test of the route for calling back."),
    F("callback_ok_at", F_SINCE, gate_number, callback_ok_at,
	"Last such test that passed; null: none."),
    MANY("channels", F_STRINGS, gate_number, channels, nchannels, false,
	"Channels it is registered for."),
    F("country", F_TEXT_OPT, gate_number, country,
	"Country of the number; null: unknown."),
    F_REQ("daily_cap", F_OPT_INT, gate_number, daily_cap,
	"Its cap a day; null: none of its own."),
    F("direction", F_TEXT_OPT, gate_number, direction, "in, out or both."),
    F("has_approval", F_BOOL, gate_number, has_approval,
	"The approval document is on file."),
    F("has_licence", F_BOOL, gate_number, has_licence, "A licence is on file."),
    F("has_undertaking", F_BOOL, gate_number, has_undertaking,
	"The undertaking to the carrier is on file."),
    F("holder", F_TEXT_OPT, gate_number, holder, "The organisation that holds it."),
    F_REQ("hourly_cap", F_OPT_INT, gate_number, hourly_cap,
	"Its cap an hour; null: none of its own."),
    F("id", F_I64, gate_number, number_id, "Its id."),
    WORD("identity", gate_number, identity, state_words, false,
	"What is dialled with is what the ledger and the network say."),
    F("kind", F_TEXT_OPT, gate_number, kind,
	"95, 96, 400, 10xx, 106x, call_centre, landline, mobile, intl."),
    F("label", F_TEXT_OPT, gate_number, label,
	"Label by an analytics vendor: spam, scam, ...; null: none."),
    F("label_at", F_SINCE, gate_number, label_at,
	"When the label was last looked up; null: never."),
    F("lessee", F_TEXT_OPT, gate_number, lessee, "Whom it is leased to; null: nobody."),
    F_REQ("licence_from", F_SINCE, gate_number, licence_from,
	"First instant of the licence; null: always."),
    F("licence_no", F_TEXT_OPT, gate_number, licence_no, "Number of the licence."),
    F_REQ("licence_to", F_UNTIL, gate_number, licence_to,
	"First instant after the licence; null: never ends."),
    MANY("purposes", F_STRINGS, gate_number, purposes, npurposes, false,
	"Purposes it is registered for."),
    MANY("regions", F_STRINGS, gate_number, regions, nregions, true,
	"Regions it may be used in; none: the whole country."),
    F("robot", F_BOOL, gate_number, robot, "Registered for calls by robots."),
    F("status", F_TEXT_OPT, gate_number, status,
	"planned, active, suspended, recalled."),
    F("sublet", F_BOOL, gate_number, sublet, "Let on to somebody else."),
    F("used_hour", F_I64, gate_number, used_hour,
	"Attempts and reservations of this local hour."),
    F("used_today", F_I64, gate_number, used_today,
	"Attempts and reservations of this local day."),
    F("user_org", F_TEXT_OPT, gate_number, user_org, "The organisation that uses it."),
    F("withheld", F_BOOL, gate_number, withheld, "The called party would not see it.")};

static const struct facts_field point_fields[] = {
    F("class", F_TEXT_OPT, gate_contact_point, point_class,
	"mobile, landline, emergency, hospital, care_home, ...; null: unknown."),
    F("country", F_TEXT_OPT, gate_contact_point, country,
	"Country of the called number; null: unknown."),
    F("household", F_BOOL, gate_contact_point, household,
	"All who share the number are of one household."),
    F("id", F_I64, gate_contact_point, point_id, "Its id."),
    F("phone_index", F_HASH, gate_contact_point, phone_index,
	"Keyed hash of the number, never the number."),
    WORD("reassigned", gate_contact_point, reassigned, reassigned_words, false,
	"Answer of the database of reassigned numbers."),
    F("reassigned_asked_at", F_SINCE, gate_contact_point, reassigned_asked_at,
	"When that was asked; null: never."),
    F("reassigned_since", F_DAY, gate_contact_point, reassigned_since,
	"The date of consent it was asked about."),
    F("sharers", F_INT, gate_contact_point, sharers,
	"Customers with this number, this one included."),
    F("unverified_change_at", F_LAST, gate_contact_point, unverified_change_at,
	"Last change through an unverified channel."),
    F("verified", F_BOOL, gate_contact_point, verified,
	"The number is known to be the customer's.")};

/* ---- others --------------------------------------------------------------------------- */
static const struct facts_field override_fields[] = {
    F_REQ("at", F_SINCE, gate_override, at, "When it was given."),
    F_REQ("by1", F_TEXT, gate_override, by1, "Who gave it."),
    F_REQ("by2", F_TEXT_OPT, gate_override, by2, "The second person; null: none."),
    F_REQ("code", F_TEXT, gate_override, code, "The reason code it answers."),
    F_REQ("expires_at", F_UNTIL, gate_override, expires_at,
	"First instant at which it no longer holds; null: never (and then void)."),
    F("id", F_TEXT_OPT, gate_override, id, "Of its record; null: none."),
    F_REQ("reason", F_TEXT, gate_override, reason, "Why, in words."),
    F_REQ("rule", F_TEXT_OPT, gate_override, rule, "Only of this rule; null: of any.")};
static const struct gate_override override_closed = {
    .code = "", .by1 = "", .reason = "", .expires_at = STW_USEC_MAX};
static const struct gate_override override_fixture = {.code = "ELDER_EXTRA_APPROVAL",
    .by1 = "reviewer-1",
    .reason = "asked by the customer in writing",
    .at = FIXTURE_CONSENT_AT,
    .expires_at = INT64_C(1798732800000000)}; /* 2027-01-01T00:00+08:00 */
static const struct facts_record override_record =
    ITEM(override_fields, gate_override, override_closed, override_fixture);

static const struct facts_field preference_fields[] = {
    F_REQ("end", F_INT, gate_preference, end, "Minute of the local day, excluded."),
    F_REQ("start", F_INT, gate_preference, start, "Minute of the local day."),
    {"weekdays", F_WEEKDAYS, offsetof(struct gate_preference, weekdays), 0,
	weekday_words, NULL, true, "On which days."}};
static const struct gate_preference preference_closed;
static const struct gate_preference preference_fixture = {0, 1440, 0x7f};
static const struct facts_record preference_record =
    ITEM(preference_fields, gate_preference, preference_closed, preference_fixture);

static const struct facts_field party_fields[] = {
    F("bucket", F_INT, gate_party, bucket, "Where the customer's rows are."),
    F("complaint_open", F_BOOL, gate_party, complaint_open, "A complaint is open."),
    F("country", F_TEXT_OPT, gate_party, country, "ISO 3166; null: unknown."),
    F("customer_id", F_I64, gate_party, customer_id, "The customer's id."),
    F("deceased", F_BOOL, gate_party, deceased, "The customer has died."),
    F("dob", F_DAY, gate_party, dob, "Date of birth."),
    F("elder_approval", F_BOOL, gate_party, elder_approval,
	"The extra approval for older customers is given."),
    F("fraud_hold", F_BOOL, gate_party, fraud_hold,
	"Under protection as a victim of fraud."),
    F("incapacity", F_BOOL, gate_party, incapacity, "Without legal capacity."),
    MANY("joint_ratings", F_INTS, gate_party, joint_ratings, njoint_ratings, true,
	"Ratings of further holders of the account; 0: that one has none."),
    F("kind", F_TEXT_OPT, gate_party, kind,
	"consumer or business; null: unknown, taken as consumer."),
    F("legal_hold", F_BOOL, gate_party, legal_hold, "A legal hold is in force."),
    F("means", F_OPT_INT, gate_party, means_fen,
	"Declared means in the smallest unit of money."),
    MANY("places", F_STRINGS, gate_party, places.items, places.count, false,
	"All places the person may be in, ISO 3166-2: US-FL; none: unknown."),
    LIST("preferences", gate_party, preferences, npreferences, &preference_record, true,
	"When the customer asked to be contacted; none: at any hour."),
    F("profiling_opt_out", F_BOOL, gate_party, profiling_opt_out,
	"Refuses marketing based on profiling."),
    F_REQ("province", F_TEXT_OPT, gate_party, province, "Province; null: unknown."),
    F("qualified_investor", F_BOOL, gate_party, qualified_investor,
	"Proven to be a qualified investor."),
    F("risk_assessed_on", F_DAY, gate_party, risk_assessed_on,
	"Day of the assessment."),
    F("risk_count_day", F_OPT_INT, gate_party, risk_count_day,
	"Assessments on that day."),
    F("risk_count_year", F_OPT_INT, gate_party, risk_count_year,
	"Assessments in the twelve months up to it."),
    F("risk_employee_device", F_BOOL, gate_party, risk_employee_device,
	"Made on a device of the institution's staff."),
    F("risk_questionnaire", F_TEXT_OPT, gate_party, risk_questionnaire,
	"Version of the questionnaire."),
    F("risk_rating", F_OPT_INT, gate_party, risk_rating, "1 to 5 for C1 to C5."),
    F("risk_self_completed", F_BOOL, gate_party, risk_self_completed,
	"Completed by the customer."),
    F("risk_valid", F_BOOL, gate_party, risk_valid, "Not in doubt."),
    F("state", F_TEXT_OPT, gate_party, state,
	"ISO 3166-2 without the country: FL; null: unknown."),
    {"zone_sources", F_SOURCES, offsetof(struct gate_party, zone_sources),
	offsetof(struct gate_party, nzone_sources), source_words, NULL, false,
	"How each zone was learnt; none: no zone is verified."},
    MANY("zones", F_ZONES, gate_party, zones, nzones, true,
	"All time zones the person may be in; none: unknown.")};

static const struct facts_field prior_fields[] = {
    F("ruleset_hash", F_TEXT_OPT, gate_facts, prior_ruleset_hash,
	"Ruleset of the earlier decision."),
    F_REQ("valid_until", F_PRIOR, gate_facts, prior_valid_until,
	"First instant at which it no longer holds.")};

static const struct facts_field product_fields[] = {
    F_REQ("amount", F_OPT_INT, gate_product, amount_fen,
	"Amount offered in the smallest unit of money; null: none is named."),
    F_REQ("class", F_TEXT, gate_product, product_class, "wealth, insurance, loan, ..."),
    F_REQ("code", F_TEXT_OPT, gate_product, code, "Its code."),
    F("dual_recording", F_BOOL, gate_product, dual_recording,
	"Its sale needs sound and picture recorded."),
    F_REQ("on_sale_from", F_DAY, gate_product, on_sale_from,
	"First day of sale; null: always."),
    F_REQ("on_sale_to", F_DAY, gate_product, on_sale_to,
	"First day after sale; null: never ends."),
    F("qualified_only", F_BOOL, gate_product, qualified_only,
	"Only for qualified investors."),
    F("regulator", F_TEXT_OPT, gate_product, regulator,
	"Country whose regulator watches it; null: unknown."),
    F("risk", F_OPT_INT, gate_product, risk, "1 to 5 for R1 to R5.")};

static const struct facts_field registry_fields[] = {
    F("listed", F_BOOL, gate_registry, listed, "The number stands there."),
    F("listed_at", F_SINCE, gate_registry, listed_at, "Since when; null: since ever."),
    F_REQ("name", F_TEXT, gate_registry, name, "The register: US-DNC, GB-TPS, SG-DNC."),
    F("obtained_at", F_SINCE, gate_registry, obtained_at,
	"When the answer or the file was obtained; null: never."),
    F("service_up", F_BOOL, gate_registry, service_up, "It can be reached now."),
    F("version", F_TEXT_OPT, gate_registry, version,
	"Version or number of the answer.")};
static const struct gate_registry registry_closed = {.name = "",
    .listed = true,
    .listed_at = STW_USEC_NEVER,
    .obtained_at = STW_USEC_NEVER};
static const struct gate_registry registry_fixture = {.name = "US-DNC",
    .listed_at = STW_USEC_NEVER,
    .obtained_at = INT64_C(1795363200000000), /* 2026-11-23T00:00:00+08:00 */
    .version = "2026-11-22",
    .service_up = true};
static const struct facts_record registry_record =
    ITEM(registry_fields, gate_registry, registry_closed, registry_fixture);

static const struct facts_field relationship_fields[] = {
    F("contract", F_BOOL, gate_relationship, contract,
	"A contract runs and the offer is related to it."),
    F("contract_id", F_TEXT_OPT, gate_relationship, contract_id, "Its number."),
    F("last_inquiry_on", F_DAY, gate_relationship, last_inquiry_on,
	"Last inquiry by the customer."),
    F("last_transaction_on", F_DAY, gate_relationship, last_transaction_on,
	"Last purchase or transaction."),
    F("terminated_at", F_LAST, gate_relationship, terminated_at,
	"When the customer ended it.")};

static const struct facts_field script_fields[] = {
    F("ai_disclosure", F_BOOL, gate_script, ai_disclosure,
	"Has the audible label for synthetic voice."),
    F("approved", F_BOOL, gate_script, approved, "This version is approved."),
    F("clip", F_TEXT_OPT, gate_script, clip, "Id of the spoken label; null: none."),
    F("code", F_TEXT_OPT, gate_script, code, "Its code; null: there is none."),
    MANY("disclosures", F_STRINGS, gate_script, disclosures.items, disclosures.count,
	false, "What its text discloses: identity, purpose, recording, opt_out, ..."),
    F("rendered", F_TEXT_OPT, gate_script, rendered,
	"The text as it will be said or sent; null: not known."),
    F("shown_version", F_OPT_INT, gate_script, shown_version,
	"Version on the agent's screen; null: not known."),
    MANY("term_hits", F_STRINGS, gate_script, term_hits.items, term_hits.count, true,
	"Banned terms that were found in it elsewhere."),
    F("version", F_INT, gate_script, version, "Its version.")};

static void
product_absent(void *facts)
{
	((struct gate_facts *)facts)->product =
	    (struct gate_product){.product_class = "*"};
}

static bool
product_there(const void *facts)
{
	return ((const struct gate_facts *)facts)->product.code != NULL;
}

static void
number_absent(void *facts)
{
	((struct gate_facts *)facts)->number.present = false;
}

static void
number_made(void *facts)
{
	((struct gate_facts *)facts)->number.present = true;
}

static bool
number_there(const void *facts)
{
	return ((const struct gate_facts *)facts)->number.present;
}

static void
agent_absent(void *facts)
{
	((struct gate_facts *)facts)->agent.present = false;
}

static void
agent_made(void *facts)
{
	((struct gate_facts *)facts)->agent.present = true;
}

static bool
agent_there(const void *facts)
{
	return ((const struct gate_facts *)facts)->agent.present;
}

static void
prior_absent(void *facts)
{
	struct gate_facts *f = facts;

	f->prior_valid_until = 0;
	f->prior_ruleset_hash = NULL;
}

static bool
prior_there(const void *facts)
{
	const struct gate_facts *f = facts;

	return f->prior_valid_until != 0 || f->prior_ruleset_hash != NULL;
}

static const struct facts_record agent_record = {FIELDS(agent_fields),
    .make_absent = agent_absent, .make_present = agent_made, .is_present = agent_there};
static const struct facts_record campaign_record = RECORD(campaign_fields);
static const struct facts_record number_record = {FIELDS(number_fields),
    .make_absent = number_absent, .make_present = number_made,
    .is_present = number_there};
static const struct facts_record party_record = RECORD(party_fields);
static const struct facts_record point_record = RECORD(point_fields);
static const struct facts_record prior_record = {
    FIELDS(prior_fields), .make_absent = prior_absent, .is_present = prior_there};
static const struct facts_record product_record = {
    FIELDS(product_fields), .make_absent = product_absent, .is_present = product_there};
static const struct facts_record relationship_record = RECORD(relationship_fields);
static const struct facts_record script_record = RECORD(script_fields);

static const struct facts_field facts_fields[] = {
    PART("agent", F_OPTIONAL, offsetof(struct gate_facts, agent), &agent_record, false,
	"Who asks to dial; null: nobody yet."),
    F("autodialled", F_BOOL, gate_facts, autodialled, "A machine dials."),
    F_REQ("caller_org", F_TEXT, gate_facts, caller_org,
	"The organisation whose seats make the contact."),
    PART("campaign", F_OBJECT, 0, &campaign_record, false, "What the contact is for."),
    F_REQ("channel", F_TEXT, gate_facts, channel, "VOICE, SMS, ..."),
    F("clock_trusted", F_BOOL, gate_facts, clock_trusted,
	"The clock that says when this is can be trusted."),
    LIST("consents", gate_facts, consents, nconsents, &consent_record, true,
	"All grants and withdrawals known, in any order."),
    LIST("counts", gate_facts, counts, ncounts, &count_record, true,
	"Contacts and reservations of the last 31 days."),
    WORD("dial_mode", gate_facts, dial_mode, dial_words, false,
	"How calls are made; unknown counts as the strictest."),
    MANY("disclosed", F_STRINGS, gate_facts, disclosed.items, disclosed.count, false,
	"What the agent has disclosed so far."),
    LIST("events", gate_facts, events, nevents, &event_record, true,
	"Refusals and abandoned calls."),
    WORD("handler", gate_facts, handler, handler_words, true, "Who speaks."),
    F("institution_country", F_TEXT_OPT, gate_facts, institution_country,
	"Home of the institution; null: unknown."),
    PART("number", F_OPTIONAL, offsetof(struct gate_facts, number), &number_record,
	false, "The caller number; null: none that is lawful was found."),
    LIST("objections", gate_facts, objections, nobjections, &objection_record, true,
	"Objections by the customer and by those who share the number."),
    LIST("overrides", gate_facts, overrides, noverrides, &override_record, false,
	"What persons allowed."),
    PART("party", F_OBJECT, offsetof(struct gate_facts, party), &party_record, false,
	"The person called."),
    PART("point", F_OBJECT, offsetof(struct gate_facts, point), &point_record, false,
	"The contact point."),
    PART("prior", F_OPTIONAL, 0, &prior_record, true,
	"The allowing decision made earlier about the same task; null: none."),
    PART("product", F_OPTIONAL, offsetof(struct gate_facts, product), &product_record,
	true, "What is offered; null: nothing."),
    F("promotional", F_BOOL, gate_facts, promotional,
	"There is promotional content: the contact counts as MARKETING."),
    F_REQ("purpose", F_TEXT, gate_facts, purpose,
	"MARKETING, SERVICE, RISK_ALERT, LEGAL_NOTICE, COMPLAINT_REPLY, SURVEY, "
	"CONSENT_REQUEST, COLLECTION; any other counts as MARKETING."),
    WORD("recorder", gate_facts, recorder, state_words, false,
	"Whether the call is recorded."),
    LIST("registries", gate_facts, registries, nregistries, &registry_record, true,
	"Answers of registers of people who do not want calls."),
    PART("relationship", F_OBJECT, offsetof(struct gate_facts, relationship),
	&relationship_record, false, "The business relationship."),
    PART("script", F_OBJECT, offsetof(struct gate_facts, script), &script_record, false,
	"What is said."),
    F("synthetic_voice", F_BOOL, gate_facts, synthetic_voice,
	"The voice is recorded or made by a machine."),
    F("warm_call", F_TEXT_OPT, gate_facts, warm_call,
	"Proof that the customer expects the call; null: none.")};
const struct facts_record facts_record = {
    FIELDS(facts_fields), .size = sizeof(struct gate_facts)};

/* ---- what is left out -------------------------------------------------------------------- */
void
facts_closed(struct gate_facts *out)
{
	*out = (struct gate_facts){
	    .party = {.deceased = true,
		.incapacity = true,
		.fraud_hold = true,
		.legal_hold = true,
		.complaint_open = true,
		.profiling_opt_out = true,
		.risk_employee_device = true},
	    .point = {.sharers = INT32_MAX,
		.unverified_change_at = GATE_WHEN_UNKNOWN,
		.reassigned_asked_at = STW_USEC_NEVER},
	    .synthetic_voice = true,
	    .autodialled = true,
	    .uses_profile = true,
	    .promotional = true,
	    .product = {.dual_recording = true, .qualified_only = true},
	    .number = {.lessee = "unknown",
		.sublet = true,
		.used_today = INT64_MAX,
		.used_hour = INT64_MAX,
		.label = "unknown",
		.label_at = STW_USEC_NEVER,
		.withheld = true,
		.callback_ok_at = STW_USEC_NEVER},
	    .agent = {.code = "",
		.qualified_until = STW_USEC_NEVER,
		.outsourcer = "unknown",
		.mandate_from = STW_USEC_NEVER,
		.mandate_until = STW_USEC_NEVER},
	    .relationship = {.terminated_at = GATE_WHEN_UNKNOWN},
	};
}

void
facts_fixture(struct arena *arena, struct gate_facts *out)
{
	static const char *const voice[] = {"VOICE"};
	static const char *const marketing[] = {"MARKETING"};
	static const char *const disclosures[] = {
	    "identity", "purpose", "recording", "opt_out"};
	static const enum gate_zone_source declared[] = {GATE_ZONE_DECLARED};
	static const char *const places[] = {"CN-SH"};
	const struct zone **zones = arena_array(arena, 1, sizeof *zones);
	bool shanghai = zone_find("Asia/Shanghai", &zones[0], NULL) == STW_OK;

	*out = (struct gate_facts){
	    .party = {.customer_id = 1,
		.kind = "consumer",
		.country = "CN",
		.province = "上海",
		.state = "SH",
		.places = {places, 1},
		.dob = {true, stw_day_of((struct stw_date){1980, 5, 5})},
		.means_fen = {true, 100000000},
		.risk_rating = {true, 3},
		.risk_assessed_on = {true, stw_day_of((struct stw_date){2026, 6, 1})},
		.risk_valid = true,
		.risk_self_completed = true,
		.risk_count_day = {true, 1},
		.risk_count_year = {true, 1},
		.risk_questionnaire = "q1",
		.zones = zones,
		.nzones = shanghai ? 1 : 0,
		.zone_sources = declared,
		.nzone_sources = shanghai ? 1 : 0},
	    .point = {.point_id = 1,
		.country = "CN",
		.point_class = "mobile",
		.verified = true,
		.unverified_change_at = STW_USEC_NEVER,
		.sharers = 1,
		.reassigned = GATE_REASSIGNED_NO,
		.reassigned_asked_at = INT64_C(1795363200000000),
		.reassigned_since = {true, stw_day_of((struct stw_date){2026, 5, 1})}},
	    .channel = "VOICE",
	    .purpose = "MARKETING",
	    .caller_org = "bank",
	    .institution_country = "CN",
	    .dial_mode = GATE_DIAL_PREVIEW,
	    .campaign_approved = true,
	    .campaign_active = true,
	    .impact_assessed = true,
	    .stage = "INVITE",
	    .subject = "P3",
	    .disclosed = {disclosures, 4},
	    .recorder = GATE_STATE_OK,
	    .clock_trusted = true,
	    .product = {.code = "P3",
		.product_class = "wealth",
		.regulator = "CN",
		.risk = {true, 3}},
	    .number = {.present = true,
		.number_id = 1,
		.kind = "landline",
		.holder = "bank",
		.user_org = "bank",
		.country = "CN",
		.direction = "both",
		.channels = voice,
		.nchannels = 1,
		.purposes = marketing,
		.npurposes = 1,
		.robot = true,
		.has_undertaking = true,
		.has_licence = true,
		.licence_no = "licence-1",
		.licence_from = INT64_C(1767196800000000), /* 2026-01-01T00:00+08:00 */
		.licence_to = INT64_C(1798732800000000),   /* 2027-01-01T00:00+08:00 */
		.status = "active",
		.attestation = "A",
		.label_at = INT64_C(1795363200000000), /* 2026-11-23T00:00:00+08:00 */
		.identity = GATE_STATE_OK,
		.callback = GATE_STATE_OK,
		.callback_ok_at = INT64_C(1795363200000000)},
	    .script = {.code = "script",
		.version = 1,
		.approved = true,
		.ai_disclosure = true,
		.shown_version = {true, 1},
		.clip = "clip-1",
		.rendered = "",
		.disclosures = {disclosures, 4}},
	    .agent = {.present = true,
		.code = "agent-1",
		.qualified_until = STW_USEC_MAX,
		.mandate_from = STW_USEC_NEVER,
		.mandate_until = STW_USEC_NEVER},
	    .relationship = {.terminated_at = STW_USEC_NEVER},
	    .consents = &consent_fixture,
	    .nconsents = 1};
}
