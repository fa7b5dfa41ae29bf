/*
 * test_contract.c - every operation answers as the OpenAPI document says, over HTTP.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "api/resources.h"
#include "engine/embed.h"
#include "tests/lib/api_calls.h"
#include "tests/lib/schema.h"

/* ---- the document and the server ------------------------------------------------------ */
static json_t *
document(void)
{
	const struct embed_file *file = embed_find("api/openapi.json");
	json_t *doc = json_loadb(file->data, file->len, JSON_REJECT_DUPLICATES, NULL);

	ck_assert_ptr_nonnull(doc);
	return doc;
}

static const char *
lower(enum api_method method)
{
	static const char *const names[METHODS] = {"get", "post", "put"};

	return names[method];
}

START_TEST(the_table_of_routes_and_the_document_agree)
{
	json_t *doc = document(), *paths = json_object_get(doc, "paths"), *item, *op;
	const char *path, *method;
	int operations = 0;

	for (int i = 0; i < api_route_count; i++) {
		const struct route *r = &api_routes[i];
		unsigned roles = 0;
		json_t *role;
		size_t k;

		op = json_object_get(
		    json_object_get(paths, r->pattern), lower(r->method));
		ck_assert_msg(op != NULL, "%s is not in the document", r->pattern);
		json_array_foreach(json_object_get(op, "x-roles"), k, role)
		{
			roles |= (unsigned)role_parse(str_of(json_string_value(role)));
		}
		ck_assert_msg(roles == r->roles, "%s: other roles", r->pattern);
		ck_assert_msg((json_object_get(op, "requestBody") != NULL) ==
				  ((r->flags & ROUTE_BODY) != 0),
		    "%s: body", r->pattern);
	}
	json_object_foreach(paths, path, item)
	{
		json_object_foreach(item, method, op)
		{
			operations++;
		}
	}
	ck_assert_int_eq(operations, api_route_count);
	json_decref(doc);
}
END_TEST

/* Every operation of the document once, with the answer the document promises. %T task, %u another,
 * %C customer, %P contact point, %D decision, %X export, %N caller number, %I import,
 * %A dial attempt, %K complaint, %Y draw, %Q the last proposal, %E export request, %G a
 * decision of house policy, %O the last override, %Z an operation, %z
 * one that has not ended, %U tomorrow, %B bundle's request. */
#define PLANTED "01930000-0000-7000-8000-000000000001"
struct step {
	const char *operation;
	const char *role; /* "agent": AGENT */
	const char *path;
	const char *body;
	const char *header;
};
/* A house pack of one rule. */
static const char pack_body[] =
    "{\"pack\":\"house\",\"version\":\"9.0.0\",\"files\":{\"pack.json\":\"{\\\"pa"
    "ck\\\":\\\"house\\\",\\\"version\\\":\\\"9.0.0\\\",\\\"name\\\":{\\\"zh\\\":"
    "\\\"行\\\",\\\"en\\\":\\\"house\\\"},\\\"zone\\\":\\\"Asia/Shanghai\\\",\\\"r"
    "ules\\\":[{\\\"id\\\":\\\"HS-02\\\",\\\"kind\\\":\\\"campaign_state\\\",\\\""
    "layer\\\":\\\"policy\\\",\\\"effective\\\":[null,null],\\\"applies\\\":\\\"t"
    "rue\\\",\\\"params\\\":{\\\"check\\\":\\\"active\\\"},\\\"gates\\\":[\\\"P\\"
    "\",\\\"D\\\",\\\"C\\\"],\\\"reason\\\":\\\"CAMPAIGN_NOT_ACTIVE\\\",\\\"outco"
    "me\\\":\\\"BLOCK\\\",\\\"text\\\":{\\\"zh\\\":\\\"文\\\",\\\"en\\\":\\\"text"
    "\\\"},\\\"cite\\\":{\\\"text\\\":\\\"t\\\",\\\"source\\\":\\\"-\\\",\\\"grad"
    "e\\\":\\\"D\\\",\\\"checked\\\":\\\"2026-11-23\\\"}}]}\",\"tests.jsonl\":\"{"
    "\\\"name\\\":\\\"paused\\\",\\\"facts\\\":{\\\"campaign\\\":{\\\"active\\\":"
    "false}},\\\"want\\\":{\\\"outcome\\\":\\\"BLOCK\\\",\\\"codes\\\":[\\\"CAMPA"
    "IGN_NOT_ACTIVE\\\"]}}\\n\",\"SOURCES.md\":\"# Sources\\n\"}}";
static const char connector_body[] =
    "{\"connector\":\"walked\",\"version\":1,\"names\":{\"zh\":\"走\",\"en\":\"wa"
    "lked\"},\"settings\":{\"line\":{\"about\":{\"zh\":\"线路\",\"en\":\"line\"},\""
    "example\":\"7\"}},\"auth\":{\"kind\":\"bearer\"},\"dedupes\":true,\"offe"
    "r\":{\"method\":\"POST\",\"path\":\"/{{ config.line }}/{{ task.id }}"
    "\",\"content\":\"json\",\"body\":{\"id\":\"{{ task.key }}\"}},\"examples"
    "\":[{\"name\":\"taken\",\"operation\":\"offer\",\"status\":201,\"verdict"
    "\":\"accepted\"}]}";

static const char pack_body_2[] =
    "{\"pack\":\"house\",\"version\":\"9.0.1\",\"files\":{\"pack.json\":\"{\\\"pa"
    "ck\\\":\\\"house\\\",\\\"version\\\":\\\"9.0.1\\\",\\\"name\\\":{\\\"zh\\\":"
    "\\\"行\\\",\\\"en\\\":\\\"house\\\"},\\\"zone\\\":\\\"Asia/Shanghai\\\",\\\"r"
    "ules\\\":[{\\\"id\\\":\\\"HS-02\\\",\\\"kind\\\":\\\"campaign_state\\\",\\\""
    "layer\\\":\\\"policy\\\",\\\"effective\\\":[null,null],\\\"applies\\\":\\\"t"
    "rue\\\",\\\"params\\\":{\\\"check\\\":\\\"active\\\"},\\\"gates\\\":[\\\"P\\"
    "\",\\\"D\\\",\\\"C\\\"],\\\"reason\\\":\\\"CAMPAIGN_NOT_ACTIVE\\\",\\\"outco"
    "me\\\":\\\"BLOCK\\\",\\\"text\\\":{\\\"zh\\\":\\\"文\\\",\\\"en\\\":\\\"text"
    "\\\"},\\\"cite\\\":{\\\"text\\\":\\\"t\\\",\\\"source\\\":\\\"-\\\",\\\"grad"
    "e\\\":\\\"D\\\",\\\"checked\\\":\\\"2026-11-23\\\"}}]}\",\"tests.jsonl\":\"{"
    "\\\"name\\\":\\\"paused\\\",\\\"facts\\\":{\\\"campaign\\\":{\\\"active\\\":"
    "false}},\\\"want\\\":{\\\"outcome\\\":\\\"BLOCK\\\",\\\"codes\\\":[\\\"CAMPA"
    "IGN_NOT_ACTIVE\\\"]}}\\n\",\"SOURCES.md\":\"# Sources\\n\"}}";
#define PACK         "/v1/packs/house/versions"
#define OVERRIDE_WHY "{\"reason\":\"agreed with the branch\"}"
#define OVERRIDE                                                           \
	"{\"decision_id\":\"%G\",\"code\":\"CHANNEL_OPT_OUT\",\"reason\":" \
	"\"agreed with the branch\",\"expires_at\":\"%U\"}"
#define HASH "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
static const struct step steps[] = {
    {"health", NULL, "/healthz", NULL, NULL},
    {"ready", NULL, "/readyz", NULL, NULL},
    {"metrics", "operator", "/metrics", NULL, NULL},
    {"openapi", NULL, "/v1/openapi.json", NULL, NULL},
    {"me", "agent", "/v1/me", NULL, NULL},
    {"overview", "ops", "/v1/overview", NULL, NULL},
    {"customerList", "ops", "/v1/customers?limit=5", NULL, NULL},
    {"customer", "compliance", "/v1/customers/%C", NULL, NULL},
    {"contactList", "agent", "/v1/customers/%C/contact-points", NULL, NULL},
    {"contact", "compliance", "/v1/customers/%C/contact-points/%P", NULL, NULL},
    {"contactState", "ops", "/v1/customers/%C/contact-points/%P/state",
	"{\"state\":\"verified\",\"how\":\"sms_code\",\"evidence\":\"sms-1\"}", NULL},
    {"contactSharers", "compliance", "/v1/customers/%C/contact-points/%P/sharers", NULL,
	NULL},
    {"householdRecord", "ops", "/v1/customers/%C/households",
	"{\"action\":\"declare\",\"household\":\"walked\",\"role\":\"head\"}", NULL},
    {"householdSuggestions", "ops", "/v1/household-suggestions?limit=2", NULL, NULL},
    {"householdList", "compliance", "/v1/customers/%C/households", NULL, NULL},
    {"contactTimesPut", "agent", "/v1/customers/%C/contact-times",
	"{\"windows\":[{\"days\":[\"mon\",\"tue\",\"wed\",\"thu\",\"fri\",\"sat\",\"sun\"],\"from\":\"00:00\",\"until\":\"24:00\"}]}",
	NULL},
    {"contactTimes", "compliance", "/v1/customers/%C/contact-times", NULL, NULL},
    {"jointHoldersPut", "ops", "/v1/customers/%C/joint-holders",
	"{\"holders\":[{\"holder\":\"H-2\",\"rating\":2},{\"holder\":\"H-1\"}]}", NULL},
    {"jointHolders", "compliance", "/v1/customers/%C/joint-holders", NULL, NULL},
    {"jointHoldersPut", "ops", "/v1/customers/%C/joint-holders", "{\"holders\":[]}",
	NULL},
    {"consentHistory", "agent", "/v1/customers/%C/consents", NULL, NULL},
    {"customerDecisions", "compliance", "/v1/customers/%C/decisions", NULL, NULL},
    {"eventsStore", "operator", "/v1/events",
	"{\"specversion\":\"1.0\",\"source\":\"/walk\",\"id\":\"1\",\"type\":"
	"\"com.steward.interaction.login\",\"subject\":\"%C\",\"time\":"
	"\"2026-11-23T01:00:00Z\",\"data\":{\"channel\":\"app\"}}",
	NULL},
    {"stages", "ops", "/v1/stages", NULL, NULL},
    {"lifecycleList", "operator", "/v1/lifecycle/models", NULL, NULL},
    {"lifecycleValidate", "ops", "/v1/lifecycle/models:validate", "%m", NULL},
    {"lifecyclePreview", "ops", "/v1/lifecycle/models:preview", "%m", NULL},
    {"lifecycleCreate", "ops", "/v1/lifecycle/models", "%m", NULL},
    {"lifecycleVersion", "compliance", "/v1/lifecycle/models/wealth/versions/2", NULL,
	NULL},
    {"lifecycleVersionValidation", "compliance",
	"/v1/lifecycle/models/wealth/versions/2/validation", NULL, NULL},
    {"lifecycleVersionPreview", "compliance",
	"/v1/lifecycle/models/wealth/versions/2/preview", NULL, NULL},
    {"lifecycleSubmit", "ops", "/v1/lifecycle/models/wealth/versions/2/submit", NULL,
	NULL},
    {"lifecycleReject", "compliance", "/v1/lifecycle/models/wealth/versions/2/reject",
	"{\"why\":\"look at the thresholds again\"}", NULL},
    {"lifecycleSubmit", "ops", "/v1/lifecycle/models/wealth/versions/2/submit", NULL,
	NULL},
    {"lifecycleApprove", "compliance", "/v1/lifecycle/models/wealth/versions/2/approve",
	NULL, NULL},
    {"lifecycleActivate", "ops", "/v1/lifecycle/models/wealth/versions/2/activate",
	NULL, NULL},
    {"promiseList", "operator", "/v1/lifecycle/promises", NULL, NULL},
    {"stageWhy", "compliance", "/v1/customers/%C/stage/why", NULL, NULL},
    {"segmentList", "ops", "/v1/segments", NULL, NULL},
    {"segmentSave", "ops", "/v1/segments/walked",
	"{\"name\":{\"zh\":\"试\",\"en\":\"walked\"},\"rule\":\"customer.risk_rating >= 3\"}",
	NULL},
    {"segment", "ops", "/v1/segments/walked", NULL, NULL},
    {"segmentUpload", "ops", "/v1/segments/walked_list/list",
	"{\"name\":{\"zh\":\"单\",\"en\":\"list\"},\"customers\":[\"%C\"]}", NULL},
    {"segmentRetire", "ops", "/v1/segments/walked_list/retire", NULL, NULL},
    {"segmentOverlap", "ops", "/v1/segments:overlap", NULL, NULL},
    {"segmentDays", "operator", "/v1/segments/high_value/days?days=3", NULL, NULL},
    {"segmentMoves", "compliance", "/v1/segments/high_value/moves?limit=2", NULL, NULL},
    {"traitSave", "ops", "/v1/traits/customer.walked",
	"{\"type\":\"int\",\"sensitivity\":\"ordinary\",\"zh\":\"试\",\"en\":\"walked\","
	"\"rule\":\"customer.tenure_days + 1\"}",
	NULL},
    {"traitAdd", "ops", "/v1/traits",
	"{\"name\":\"walked_fed\",\"type\":\"money\",\"source\":\"feed\",\"sensitivity\":"
	"\"ordinary\",\"zh\":\"试\",\"en\":\"fed\"}",
	NULL},
    {"traitValuesPut", "operator", "/v1/customers/%C/traits",
	"{\"values\":{\"walked_fed\":{\"amount\":\"12.34\",\"currency\":\"CNY\"}}}",
	NULL},
    {"traitValuesFeed", "operator", "/v1/trait-values",
	"{\"customer\":\"%C\",\"values\":{\"walked_fed\":null}}\n",
	"Content-Type: application/x-ndjson"},
    {"traitValues", "compliance", "/v1/customers/%C/traits", NULL, NULL},
    {"traitLimits", "compliance", "/v1/traits/customer.aum/limits",
	"{\"max_missing_bp\":10000,\"max_drift\":null}", NULL},
    {"traitList", "ops", "/v1/traits", NULL, NULL},
    {"trait", "operator", "/v1/traits/walked", NULL, NULL},
    {"traitAccept", "compliance", "/v1/traits/customer.aum/accept", NULL, NULL},
    {"traitRetire", "ops", "/v1/traits/walked/retire", NULL, NULL},
    {"ruleCheck", "ops", "/v1/rules:check",
	"{\"rule\":\"customer.risk_rating >= 3\",\"count\":true}", NULL},
    {"campaignList", "ops", "/v1/campaigns", NULL, NULL},
    {"campaignValidate", "ops", "/v1/campaigns:validate", "%d", NULL},
    {"campaignCreate", "ops", "/v1/campaigns", "%d", NULL},
    {"campaign", "ops", "/v1/campaigns/walked", NULL, NULL},
    {"campaignReplace", "ops", "/v1/campaigns/walked", "%d", "%e"},
    {"campaignVersion", "compliance", "/v1/campaigns/walked/versions/1", NULL, NULL},
    {"campaignSimulate", "compliance", "/v1/campaigns/walked/simulate",
	"{\"version\":1}", NULL},
    {"campaignsSimulate", "ops", "/v1/campaigns:simulate", NULL, NULL},
    {"operationList", "operator", "/v1/operations?state=succeeded", NULL, NULL},
    {"operation", "admin", "/v1/operations/%Z", NULL, NULL},
    {"operationCancel", "ops", "/v1/operations/%z/cancel", NULL, NULL},
    {"campaignApprove", "compliance", "/v1/campaigns/walked/approve", "{\"version\":1}",
	NULL},
    {"campaignActivate", "ops", "/v1/campaigns/walked/activate", NULL, NULL},
    {"campaignPause", "compliance", "/v1/campaigns/walked/pause", NULL, NULL},
    {"campaignRuns", "ops", "/v1/campaigns/maturing_product/runs", NULL, NULL},
    {"packValidate", "ops", "/v1/packs:validate", pack_body, NULL},
    {"packLoad", "compliance", "/v1/packs", pack_body, NULL},
    {"packTests", "admin", PACK "/9.0.0/tests", NULL, NULL},
    {"packDiff", "ops", PACK "/9.0.0/diff", NULL, NULL},
    {"packWhatif", "compliance", PACK "/9.0.0/whatif",
	"{\"since\":\"2026-01-01T00:00:00Z\"}", NULL},
    {"packSubmit", "compliance", PACK "/9.0.0/submit",
	"{\"from\":\"2036-01-01T00:00:00Z\"}", NULL},
    {"packApprove", "admin", PACK "/9.0.0/approve", NULL, NULL},
    {"packLoad", "compliance", "/v1/packs", pack_body_2, NULL},
    {"packSubmit", "compliance", PACK "/9.0.1/submit", "{}", NULL},
    {"packReject", "admin", PACK "/9.0.1/reject", "{\"why\":\"too late\"}", NULL},
    {"packVersions", "operator", PACK, NULL, NULL},
    {"packVersion", "ops", PACK "/9.0.0", NULL, NULL},
    {"packList", "operator", "/v1/packs?at=2036-01-01T00:00:00Z", NULL, NULL},
    {"taskList", "agent", "/v1/tasks", NULL, NULL},
    {"taskAccept", "agent", "/v1/tasks/%T/accept", NULL, NULL},
    {"task", "agent", "/v1/tasks/%T", NULL, NULL},
    {"nextActions", "agent", "/v1/customers/%C/next-actions", NULL, NULL},
    {"taskBrief", "agent", "/v1/tasks/%T/brief", NULL, NULL},
    {"taskRelease", "agent", "/v1/tasks/%T/release?reason=wrong_shift", NULL, NULL},
    {"taskAccept", "agent", "/v1/tasks/%T/accept", NULL, NULL},
    {"taskPermit", "agent", "/v1/tasks/%T/permit",
	"{\"script_version\":1,\"disclosed\":[\"identity\"]}", NULL},
    {"taskOutcome", "agent", "/v1/tasks/%T/outcome",
	"{\"disposition\":\"no_answer\",\"note\":\"rang out\"}", NULL},
    {"agentSave", "ops", "/v1/agents/walked",
	"{\"kind\":\"person\",\"queue\":\"wealth-remote\",\"zone\":\"Asia/Shanghai\","
	"\"capacity\":2,\"skills\":[{\"code\":\"fund\",\"level\":2}],\"languages\":"
	"[\"zh-CN\"],\"licences\":[{\"kind\":\"sales\",\"number\":\"L\",\"from\":"
	"\"2026-01-01T00:00:00Z\",\"to\":\"2027-01-01T00:00:00Z\"}],\"shifts\":"
	"[{\"weekday\":1,\"from\":\"09:00\",\"to\":\"24:00\"}],\"exceptions\":"
	"[{\"day\":\"2026-12-25\"}]}",
	NULL},
    {"agentList", "ops", "/v1/agents?queue=wealth-remote&limit=2", NULL, NULL},
    {"agent", "agent", "/v1/agents/" AGENT, NULL, NULL},
    {"queueHandling", "operator", "/v1/queues/wealth-remote/handling",
	"{\"reserve_seconds\":90}", NULL},
    {"agentPresence", "operator", "/v1/agents/" AGENT "/presence",
	"{\"state\":\"available\"}", NULL},
    {"agentNext", "agent", "/v1/agents/" AGENT "/next", NULL, NULL},
    {"taskTransfer", "agent", "/v1/tasks/%u/transfer",
	"{\"agent\":\"" OTHER "\",\"reason\":\"walk\"}", NULL},
    {"taskAgents", "ops", "/v1/tasks/%T/agents", NULL, NULL},
    {"taskHandling", "agent", "/v1/tasks/%T/handling", NULL, NULL},
    {"callbackList", "agent", "/v1/callbacks?state=missed&limit=3", NULL, NULL},
    {"dispositionSave", "compliance", "/v1/dispositions/walked",
	"{\"name_zh\":\"走\",\"name_en\":\"walked\",\"flags\":[\"human_answered\"]}",
	NULL},
    {"dispositionList", "agent", "/v1/dispositions", NULL, NULL},
    {"numberList", "operator", "/v1/numbers", NULL, NULL},
    {"number", "operator", "/v1/numbers/%N", NULL, NULL},
    {"numberHealth", "operator", "/v1/numbers:health", NULL, NULL},
    {"numberUsage", "ops", "/v1/numbers:usage", NULL, NULL},
    {"numberForecast", "ops", "/v1/numbers:forecast?days=3", NULL, NULL},
    {"numberOutside", "compliance", "/v1/numbers:outside-purpose", NULL, NULL},
    {"numberChoice", "ops",
	"/v1/numbers:choice?pool=wealth-out&customer=%C&purpose=MARKETING", NULL, NULL},
    {"numberSuspend", "operator", "/v1/numbers/%N/suspend", "{\"reason\":\"walk\"}",
	NULL},
    {"numberResume", "operator", "/v1/numbers/%N/resume", "{\"reason\":\"walk\"}",
	NULL},
    {"proposalApprove", "compliance", "/v1/number-proposals/%Q/approve", "{}", NULL},
    {"proposal", "operator", "/v1/number-proposals/%Q", NULL, NULL},
    {"numberChanges", "compliance", "/v1/numbers/%N/changes", NULL, NULL},
    {"numberObserve", "operator", "/v1/numbers/%N/observations",
	"{\"kind\":\"attestation\",\"value\":\"A\"}", NULL},
    {"proposalCreate", "operator", "/v1/number-proposals",
	"{\"action\":\"policy\",\"reason\":\"walk\",\"document\":{\"name\":"
	"\"answer.min\",\"value\":60}}",
	NULL},
    {"proposalReject", "compliance", "/v1/number-proposals/%Q/reject",
	"{\"note\":\"not now\"}", NULL},
    {"proposalCreate", "operator", "/v1/number-proposals",
	"{\"action\":\"change\",\"number_id\":\"%N\",\"reason\":\"walk\","
	"\"document\":{\"daily_cap\":100},\"effective_at\":\"2027-01-01T00:00:00Z\"}",
	NULL},
    {"proposalWithdraw", "operator", "/v1/number-proposals/%Q/withdraw", "{}", NULL},
    {"proposalList", "ops", "/v1/number-proposals?limit=2", NULL, NULL},
    {"numberRules", "ops", "/v1/number-rules", NULL, NULL},
    {"differenceList", "operator", "/v1/number-differences", NULL, NULL},
    {"differenceSettle", "operator", "/v1/number-differences/" PLANTED "/settle",
	"{\"note\":\"the carrier is right\"}", NULL},
    {"callRecordPut", "operator", "/v1/call-records",
	"[{\"source\":\"pbx\",\"reference\":\"w-1\",\"number_sent\":\"95500\","
	"\"called\":\"13800138000\",\"started_at\":\"2020-01-01T00:00:00Z\","
	"\"duration_sec\":3}]",
	NULL},
    {"callRecordList", "compliance", "/v1/call-records?fate=unmatched", NULL, NULL},
    {"incidentList", "compliance", "/v1/incidents", NULL, NULL},
    {"incident", "ops", "/v1/incidents/" PLANTED, NULL, NULL},
    {"incidentClose", "compliance", "/v1/incidents/" PLANTED "/close",
	"{\"note\":\"trunk corrected\"}", NULL},
    {"attemptList", "compliance", "/v1/attempts?limit=5&agent=a_01", NULL, NULL},
    {"attempt", "compliance", "/v1/attempts/%A", NULL, NULL},
    {"attemptSearch", "compliance", "/v1/attempts",
	"{\"phone\":\"13800138000\",\"outcome\":\"ALLOW\"}", NULL},
    {"decisionList", "compliance", "/v1/decisions?limit=20", NULL, NULL},
    {"decision", "compliance", "/v1/decisions/%D", NULL, NULL},
    {"decisionReplay", "compliance", "/v1/decisions/%D/replay", NULL, NULL},
    {"exportRows", "compliance", "/v1/exports/customers?format=csv&stage=mature", NULL,
	NULL},
    {"exportManifest", "compliance", "/v1/export-manifests/%X", NULL, NULL},
    {"importList", "operator", "/v1/imports", NULL, NULL},
    {"import", "ops", "/v1/imports/%I?limit=5", NULL, NULL},
    {"queueList", "operator", "/v1/queues", NULL, NULL},
    {"queuePut", "operator", "/v1/queues/walked",
	"{\"kind\":\"agent\",\"url\":\"https://desk.example/tasks\",\"dedupes\":true,"
	"\"rate\":{\"tasks\":20,\"seconds\":60},\"batch\":{\"size\":20,"
	"\"pause_ms\":1000},\"hours\":{\"from\":\"09:00\",\"to\":\"18:00\"},"
	"\"secret\":\"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\"}",
	NULL},
    {"connectorTest", "operator", "/v1/connectors:test", connector_body, NULL},
    {"connectorPut", "operator", "/v1/connectors/walked", connector_body, NULL},
    {"connectorActivate", "admin", "/v1/connectors/walked/activate", "{\"version\":1}",
	NULL},
    {"connector", "ops", "/v1/connectors/walked", NULL, NULL},
    {"connectorList", "ops", "/v1/connectors", NULL, NULL},
    {"queuePut", "operator", "/v1/queues/walked-too",
	"{\"kind\":\"robot\",\"url\":\"https://desk.example\",\"connector\":"
	"\"walked\",\"settings\":{\"line\":\"7\"},\"secret\":\"{\\\"token\\\":"
	"\\\"t\\\"}\"}",
	NULL},
    {"queue", "ops", "/v1/queues/walked-too", NULL, NULL},
    {"queue", "ops", "/v1/queues/walked", NULL, NULL},
    {"queueDisable", "operator", "/v1/queues/walked/disable",
	"{\"reason\":\"moves tonight\"}", NULL},
    {"queueEnable", "operator", "/v1/queues/walked/enable", "{\"reason\":\"moved\"}",
	NULL},
    {"deadLetterList", "ops", "/v1/dead-letters?reason=refused", NULL, NULL},
    {"deadLettersRequeue", "operator", "/v1/dead-letters:requeue",
	"{\"queue\":\"walked\"}", NULL},
    {"deadLetterRequeue", "operator", "/v1/dead-letters/%L/requeue",
	"{\"note\":\"it is back\",\"not_held\":true}", NULL},
    {"ledger", "compliance", "/v1/ledger", NULL, NULL},
    {"ledgerCheckpoint", "compliance", "/v1/ledger/checkpoint", NULL, NULL},
    {"ledgerProof", "compliance", "/v1/ledger/entries/0/proof", NULL, NULL},
    {"ledgerTile", "compliance", "/v1/ledger/tile/entries/000.p%2F1", NULL, NULL},
    {"ledgerTile2", "operator", "/v1/ledger/tile/0/000.p/1", NULL, NULL},
    {"consentRecord", "ops", "/v1/customers/%C/consents",
	"{\"action\":\"withdraw\",\"purpose\":\"MARKETING\",\"channel\":\"*\",\"form\":"
	"\"written\"}",
	NULL},
    {"objectionRecord", "compliance", "/v1/customers/%C/objections",
	"{\"kind\":\"do_not_call\"}", NULL},
    {"withdrawal", "ops", "/v1/withdrawals/%W", NULL, NULL},
    {"noticeSave", "compliance", "/v1/notices",
	"{\"version\":\"v9\",\"lang\":\"en\",\"purposes\":[\"MARKETING\"],\"text\":\"x\"}",
	NULL},
    {"noticeList", "ops", "/v1/notices", NULL, NULL},
    {"notice", "ops", "/v1/notices/v9", NULL, NULL},
    {"noticeSupersede", "compliance", "/v1/notices/v9/supersede", NULL, NULL},
    {"evidenceCheck", "compliance", "/v1/evidence-checks", "{\"evidence\":\"e-1\"}",
	NULL},
    {"revocationRecord", "ops", "/v1/customers/%C/revocations",
	"{\"received_by\":\"sms\",\"words\":\"leave me alone\"}", NULL},
    {"revocationList", "compliance", "/v1/revocations", NULL, NULL},
    {"revocation", "compliance", "/v1/revocations/%V", NULL, NULL},
    {"revocationSettle", "compliance", "/v1/revocations/%V/settle",
	"{\"state\":\"confirmed\"}", NULL},
    {"registrySave", "compliance", "/v1/registries/US-DNC",
	"{\"kind\":\"do_not_call\",\"country\":\"US\",\"name_zh\":\"x\",\"name_en\":"
	"\"x\",\"freshness_days\":31}",
	NULL},
    {"registryQuery", "compliance", "/v1/registries/US-DNC/query",
	"{\"url\":\"https://dnc.example/v1\",\"secret\":\"x\",\"number_form\":"
	"\"sha256\"}",
	NULL},
    {"registryService", "operator", "/v1/registries/US-DNC/service", "{\"up\":true}",
	NULL},
    {"registryResult", "compliance", "/v1/registries/US-DNC/results",
	"{\"number\":\"+1 212 555 0123\",\"answer\":\"listed\"}", NULL},
    {"registryList", "ops", "/v1/registries", NULL, NULL},
    {"carrierCauseSave", "compliance", "/v1/carrier-causes/cm-21",
	"{\"effect\":\"reject_list\",\"text_zh\":\"x\",\"text_en\":\"x\",\"source\":"
	"\"s\"}",
	NULL},
    {"carrierCauseList", "ops", "/v1/carrier-causes", NULL, NULL},
    {"gateReviewList", "ops", "/v1/gate-reviews?campaign=maturing_product", NULL, NULL},
    {"overrideRequest", "compliance", "/v1/overrides", OVERRIDE, NULL},
    {"overrideReject", "compliance", "/v1/overrides/%O/reject", OVERRIDE_WHY, NULL},
    {"overrideRequest", "compliance", "/v1/overrides", OVERRIDE, NULL},
    {"overrideApprove", "compliance", "/v1/overrides/%O/approve", NULL, NULL},
    {"overrideList", "ops", "/v1/overrides?state=approved", NULL, NULL},
    {"override", "admin", "/v1/overrides/%O", NULL, NULL},
    {"overrideWithdraw", "compliance", "/v1/overrides/%O/withdraw", OVERRIDE_WHY, NULL},
    {"recorderSave", "operator", "/v1/recorders/rec-1", "{\"max_age_sec\":60}", NULL},
    {"recorderReport", "operator", "/v1/recorders/rec-1/state", "{\"state\":\"ok\"}",
	NULL},
    {"recorderList", "ops", "/v1/recorders", NULL, NULL},
    {"assessmentAdd", "compliance", "/v1/assessments",
	"{\"assessment\":\"PIA-1\",\"kind\":\"impact\",\"title\":\"x\",\"document\":"
	"\"d\",\"sha256\":\"" HASH "\",\"campaigns\":[\"walked\"],\"valid_to\":"
	"\"2036-01-01T00:00:00Z\"}",
	NULL},
    {"assessmentApprove", "admin", "/v1/assessments/PIA-1/approve", NULL, NULL},
    {"assessmentWithdraw", "compliance", "/v1/assessments/PIA-1/withdraw",
	"{\"why\":\"another model\"}", NULL},
    {"assessmentList", "ops", "/v1/assessments?kind=impact", NULL, NULL},
    {"outsourcerSave", "compliance", "/v1/outsourcers/callco",
	"{\"name\":\"x\",\"agents\":[],\"mandate\":\"M-1\",\"sha256\":\"" HASH
	"\",\"mandate_from\":\"2026-01-01T00:00:00Z\",\"mandate_until\":"
	"\"2036-01-01T00:00:00Z\"}",
	NULL},
    {"outsourcerList", "operator", "/v1/outsourcers", NULL, NULL},
    {"riskAssessmentAdd", "operator", "/v1/risk-assessments",
	"[{\"customer\":\"%C\",\"reference\":\"r-1\",\"assessed_at\":"
	"\"2026-06-01T00:00:00Z\",\"rating\":3}]",
	NULL},
    {"riskAssessmentList", "compliance", "/v1/customers/%C/risk-assessments", NULL,
	NULL},
    {"scriptClip", "compliance", "/v1/scripts/maturity_care/versions/1/clip",
	"{\"clip\":\"c-1\",\"sha256\":\"" HASH "\"}", NULL},
    {"objectionList", "ops", "/v1/customers/%C/objections", NULL, NULL},
    {"objectionLift", "compliance", "/v1/customers/%C/objections/%W/lift",
	"{\"evidence\":\"L-1\"}", NULL},
    {"customerReveal", "compliance", "/v1/customers/%C/reveal",
	"{\"fields\":[\"name\"],\"purpose\":\"complaint\",\"reason\":\"K-1\"}", NULL},
    {"customerErasure", "compliance", "/v1/customers/%C/erasure",
	"{\"reason\":\"subject_request\",\"case\":\"K-2\"}", NULL},
    {"complaintRecord", "compliance", "/v1/compliance/complaints",
	"{\"source\":\"letter\",\"phone\":\"13999990000\",\"words\":\"x\"}", NULL},
    {"complaintList", "compliance", "/v1/compliance/complaints?state=open", NULL, NULL},
    {"complaint", "compliance", "/v1/compliance/complaints/%K", NULL, NULL},
    {"complaintAssign", "compliance", "/v1/compliance/complaints/%K/assign",
	"{\"handler\":\"b_wang\"}", NULL},
    {"complaintExtend", "compliance", "/v1/compliance/complaints/%K/extend",
	"{\"why\":\"exceptional\"}", NULL},
    {"complaintNote", "compliance", "/v1/compliance/complaints/%K/note",
	"{\"detail\":\"letter L-1\"}", NULL},
    {"complaintTrace", "compliance", "/v1/compliance/complaints/%K/trace", NULL, NULL},
    {"complaintSettle", "compliance", "/v1/compliance/complaints/%K/settle",
	"{\"finding\":\"rejected\"}", NULL},
    {"complianceSummary", "ops", "/v1/compliance/summary?from=2026-01-01T00:00:00Z",
	NULL, NULL},
    {"retention", "compliance", "/v1/retention", NULL, NULL},
    {"accessList", "compliance", "/v1/compliance/access?limit=5", NULL, NULL},
    {"exportRequest", "ops", "/v1/export-requests",
	"{\"what\":\"customers\",\"purpose\":\"K-9\"}", NULL},
    {"exportRequestList", "ops", "/v1/export-requests", NULL, NULL},
    {"exportApprove", "compliance", "/v1/export-requests/%E/approve", NULL, NULL},
    {"bundleRequest", "admin", "/v1/bundles",
	"{\"customer\":\"%C\",\"from\":\"2026-11-01T00:00:00Z\","
	"\"to\":\"2026-12-01T00:00:00Z\",\"purpose\":\"K-9\"}",
	NULL},
    {"exportApprove", "compliance", "/v1/export-requests/%B/approve", NULL, NULL},
    {"bundle", "admin", "/v1/bundles/%B", NULL, NULL},
    {"reviewDrawMake", "compliance", "/v1/compliance/review-draws",
	"{\"plan\":{\"strata\":{\"denied\":{\"share\":1000}},\"twice\":0}}", NULL},
    {"reviewDrawList", "compliance", "/v1/compliance/review-draws", NULL, NULL},
    {"reviewDraw", "compliance", "/v1/compliance/review-draws/%Y", NULL, NULL},
    {"reviewDrawAgain", "compliance", "/v1/compliance/review-draws/%Y/again", NULL,
	NULL},
    {"reviewItemList", "compliance", "/v1/compliance/review-draws/%Y/items?limit=3",
	NULL, NULL},
    {"reviewJudge", "compliance", "/v1/compliance/review-draws/%Y/items/1/verdict",
	"{\"verdict\":\"minor\",\"answers\":{\"identity\":\"yes\",\"purpose\":\"yes\","
	"\"opt_out\":\"yes\",\"risk_disclosure\":\"yes\",\"suitability\":\"yes\","
	"\"banned_claim\":\"no\",\"recording_notice\":\"yes\",\"data_accuracy\":\"yes\"}}",
	NULL},
    {"reviewItem", "compliance", "/v1/compliance/review-draws/%Y/items/1", NULL, NULL},
    {"reviewReply", "agent", "/v1/compliance/review-draws/%Y/items/1/reply",
	"{\"reply\":\"R-1\"}", NULL},
    {"reviewFinal", "compliance", "/v1/compliance/review-draws/%Y/items/1/final",
	"{\"verdict\":\"minor\"}", NULL},
    {"reviewAgreement", "compliance", "/v1/compliance/review-agreement", NULL, NULL},
    {"agentRelease", "compliance", "/v1/compliance/agents/" AGENT "/release",
	"{\"reason\":\"K-1\"}", NULL},
};

struct walk {
	char task[40], customer[80], point[24], decision[40], number[24], etag[80],
	    run[40];
	char export[40], complaint[40], withdrawal[40], draw[40], proposal[40],
	    request[40], bundle[40];
	char revocation[40], attempt[40], letter[40], operation[40], waiting[40];
	char policy[40], override[40], tomorrow[STW_USEC_TEXT];
	char other[40]; /* a task that AGENT has */
	char *campaign; /* a document with the code "walked" */
	char *model;    /* the model in force, with another threshold */
};

static const char *
fill(const struct walk *walk, const char *pattern)
{
	static char texts[2][32768];
	static int at;
	char *to = texts[at = 1 - at];
	size_t n = 0;

	if (pattern == NULL)
		return NULL;
	for (; *pattern != '\0'; pattern++) {
		const char *value = NULL;

		if (pattern[0] == '%')
			value = pattern[1] == 'T'   ? walk->task
				: pattern[1] == 'u' ? walk->other
				: pattern[1] == 'C' ? walk->customer
				: pattern[1] == 'P' ? walk->point
				: pattern[1] == 'X' ? walk->export
				: pattern[1] == 'D' ? walk->decision
				: pattern[1] == 'A' ? walk->attempt
				: pattern[1] == 'W' ? walk->withdrawal
				: pattern[1] == 'V' ? walk->revocation
				: pattern[1] == 'N' ? walk->number
				: pattern[1] == 'd' ? walk->campaign
				: pattern[1] == 'm' ? walk->model
				: pattern[1] == 'I' ? walk->run
				: pattern[1] == 'K' ? walk->complaint
				: pattern[1] == 'Y' ? walk->draw
				: pattern[1] == 'Q' ? walk->proposal
				: pattern[1] == 'E' ? walk->request
				: pattern[1] == 'B' ? walk->bundle
				: pattern[1] == 'G' ? walk->policy
				: pattern[1] == 'O' ? walk->override
				: pattern[1] == 'U' ? walk->tomorrow
				: pattern[1] == 'L' ? walk->letter
				: pattern[1] == 'Z' ? walk->operation
				: pattern[1] == 'z' ? walk->waiting
				: pattern[1] == 'e' ? walk->etag
						    : NULL;
		if (value == NULL) {
			to[n++] = *pattern;
			continue;
		}
		n += (size_t)snprintf(to + n, sizeof texts[0] - n, "%s", value);
		pattern++;
	}
	to[n] = '\0';
	return to;
}

/* A decision about the customer that house policy made, long ago. */
static void
plant_policy(struct walk *walk)
{
	char sql[700];
	struct reply r = get("ops", "/v1/numbers");
	stw_usec now = 0;

	ck_assert_int_eq(stw_usec_parse(str_of(reply_text(&r, "as_of")), &now), STW_OK);
	(void)stw_usec_format(now + STW_USEC_DAY, walk->tomorrow);
	reply_free(&r);
	(void)snprintf(sql, sizeof sql, "SELECT bucket FROM customer WHERE ref = '%s'",
	    walk->customer);
	(void)snprintf(walk->policy, sizeof walk->policy, "%.34s%02x", PLANTED,
	    (unsigned)test_db_number(&world.db, sql));
	(void)snprintf(sql, sizeof sql,
	    "INSERT INTO decision (bucket, decision_id, gate, decided_at, customer_id, "
	    "campaign_id, channel, purpose, outcome, primary_code, codes, ruleset_hash, "
	    "record, record_hash) SELECT bucket, '%s', 'P', '2026-01-01', customer_id, 1, "
	    "'VOICE', 'MARKETING', 'BLOCK', 'CHANNEL_OPT_OUT', '{CHANNEL_OPT_OUT}', "
	    "sha256('x'), convert_to('{\"hits\":[{\"ok\":false,\"rule\":\"HS-07\","
	    "\"code\":\"CHANNEL_OPT_OUT\",\"layer\":\"policy\",\"outcome\":"
	    "\"BLOCK\"}]}', 'UTF8'), sha256('x') FROM customer WHERE ref = '%s'",
	    walk->policy, walk->customer);
	test_db_tamper(&world.db, sql);
}

/* Somebody else asked for what waits. */
static void
make_approvable(void)
{
	test_db_tamper(&world.db,
	    "ALTER TABLE gate_override DISABLE TRIGGER gate_override_guard; UPDATE "
	    "gate_override SET requested_by = 'somebody_else' WHERE state = 'requested'; "
	    "ALTER TABLE gate_override ENABLE TRIGGER gate_override_guard");
}

static void
walk_begin(struct walk *walk)
{
	struct reply r;
	json_t *doc;

	queued_task(walk->other, walk->customer);
	r = task_call(AGENT, walk->other, "accept", NULL);
	ck_status(&r, 200);
	reply_free(&r);
	queued_task(walk->task, walk->customer);
	/* Accepted is what was looked at, which planning does. */
	test_db_tamper(&world.db,
	    "INSERT INTO trait_check (of_table, name, checked_at, total, missing) "
	    "VALUES ('customer', 'aum', now(), 1, 0) ON CONFLICT DO NOTHING");
	test_db_tamper(&world.db,
	    "INSERT INTO number_snapshot VALUES ('" PLANTED "', 'demo', '2026-01-01', "
	    "sha256('x'), now(), 'x', 1); INSERT INTO number_difference VALUES ('" PLANTED
	    "', '" PLANTED "', '1', NULL, 'new', 'number', NULL, '1', false, now()); "
	    "INSERT INTO incident (incident_id, code, detected_at, evidence) VALUES ('" PLANTED
	    "', 'CLI_WITHHELD', now(), '{}')");
	/* A task that its queue refused. */
	test_db_tamper(&world.db,
	    "SET session_replication_role = replica; UPDATE task SET state = 'failed', "
	    "dead_why = 'refused' WHERE task_id = (SELECT max(task_id::text)::uuid FROM "
	    "task WHERE state = 'planned'); DELETE FROM task_ready r USING task t WHERE "
	    "r.task_id = t.task_id AND t.state = 'failed'");
	r = get("ops", "/v1/dead-letters");
	(void)snprintf(
	    walk->letter, sizeof walk->letter, "%s", reply_text(&r, "items/0/task_id"));
	reply_free(&r);
	r = get("ops", fill(walk, "/v1/customers/%C/contact-points"));
	(void)snprintf(
	    walk->point, sizeof walk->point, "%s", reply_text(&r, "items/0/point_id"));
	reply_free(&r);
	r = get("operator", "/v1/imports?limit=1");
	(void)snprintf(
	    walk->run, sizeof walk->run, "%s", reply_text(&r, "items/0/run_id"));
	reply_free(&r);
	r = get("compliance", "/v1/decisions?limit=1&outcome=BLOCK");
	(void)snprintf(walk->decision, sizeof walk->decision, "%s",
	    reply_text(&r, "items/0/decision_id"));
	reply_free(&r);
	r = get("operator", "/v1/numbers");
	(void)snprintf(walk->number, sizeof walk->number, "%s",
	    reply_text(&r, "items/0/number_id"));
	reply_free(&r);
	r = get("ops", "/v1/campaigns/maturing_product");
	doc = json_at(r.json, "document");
	(void)json_object_set_new(doc, "code", json_string("walked"));
	walk->campaign = json_dumps(doc, 0);
	reply_free(&r);
	walk->model = other_model("300000");
	plant_policy(walk);
}

/* The first item becomes a call of AGENT, who is held for another: then all operations
 * have something to do. */
static void
make_reviewable(const struct walk *walk)
{
	char sql[400];

	(void)snprintf(sql, sizeof sql,
	    "UPDATE review_item SET agent = '" AGENT
	    "' WHERE draw_id = '%s' AND item_no = "
	    "1; UPDATE agent SET held_at = now(), held_why = 'x' WHERE code = '" AGENT
	    "'",
	    walk->draw);
	test_db_tamper(&world.db, sql);
}

/* One that no worker has taken yet, whatever became of it meanwhile. */
static void
make_waiting(struct walk *walk, const char *like)
{
	char sql[600];

	(void)snprintf(walk->waiting, sizeof walk->waiting, "%s", PLANTED);
	(void)snprintf(sql, sizeof sql,
	    "INSERT INTO operation (operation_id, kind, path, params, request, key_id, "
	    "subject, role, zh, state, worker, beat_at, created_at) SELECT '" PLANTED
	    "', kind, path, params, '', key_id, subject, role, zh, 'running', 'x', "
	    "clock_timestamp() + interval '1 hour', created_at FROM operation WHERE "
	    "operation_id = '%s'",
	    like);
	test_db_tamper(&world.db, sql);
}

static json_t *
find_operation(json_t *doc, const char *id, const char **method)
{
	const char *path;
	json_t *item, *op;

	json_object_foreach(json_object_get(doc, "paths"), path, item)
	{
		json_object_foreach(item, *method, op)
		{
			if (strcmp(
				json_string_value(json_object_get(op, "operationId")),
				id) == 0)
				return op;
		}
	}
	return NULL;
}

/* The success that the document names, and its schema. */
static void
ck_answer(json_t *doc, json_t *op, const struct step *step, const struct reply *reply)
{
	json_t *responses = json_object_get(op, "responses");
	json_t *response = NULL, *schema;
	char fault[300];
	const char *status = "";

	json_object_foreach(responses, status, response)
	{
		if (status[0] == '2')
			break;
	}
	ck_assert_msg(reply->status == strtol(status, NULL, 10), "%s: %ld: %.500s",
	    step->operation, reply->status, reply->text);
	schema = json_at(response, "content");
	schema = json_object_get(json_object_get(schema, "application/json"), "schema");
	if (schema == NULL)
		return;
	ck_assert_msg(reply->json != NULL, "%s: no JSON", step->operation);
	ck_assert_msg(schema_matches(doc, schema, reply->json, fault, sizeof fault),
	    "%s: %s\n%.600s", step->operation, fault, reply->text);
}

/* Eleven digits that begin with 1 and stand alone are a mobile number. */
static void
ck_no_phone(const struct step *step, const char *text)
{
	for (const char *p = text; *p != '\0'; p++) {
		size_t n = strspn(p, "0123456789");

		if (n == 11 && p[0] == '1' && (p == text || !isalnum(p[-1])) &&
		    !isalnum(p[n]))
			ck_abort_msg(
			    "%s: a telephone number: %.11s", step->operation, p);
		p += n > 0 ? n - 1 : 0;
	}
}

/* The 36 characters of a header that is an id. */
static void
header_value(const struct reply *reply, const char *name, char to[40])
{
	const char *at = strcasestr(reply->headers, name);

	ck_assert_msg(at != NULL, "no header %s", name);
	(void)snprintf(to, 40, "%.36s", at + strlen(name) + 2);
}

START_TEST(every_operation_answers_as_the_document_says)
{
	json_t *doc = document(), *seen = json_object();
	struct walk walk = {0};

	walk_begin(&walk);
	for (size_t i = 0; i < STW_ARRAY_LEN(steps); i++) {
		const struct step *s = &steps[i];
		char *token = NULL, upper[8] = {0};
		const char *method;
		json_t *op = find_operation(doc, s->operation, &method);
		struct reply r;

		ck_assert_msg(op != NULL, "%s is not in the document", s->operation);
		(void)json_object_set_new(seen, s->operation, json_true());
		if (s->role != NULL)
			token = strcmp(s->role, "agent") == 0
				    ? strdup(world_token(&world, "agent", AGENT))
				    : token_of(s->role);
		for (size_t k = 0; k < 7 && method[k] != '\0'; k++)
			upper[k] = (char)toupper(method[k]);
		r = http(
		    &world, (struct request){.method = upper,
				.path = fill(&walk, s->path),
				.token = token,
				.body = fill(&walk, s->body),
				.header = s->header == NULL              ? NULL
					  : strcmp(s->header, "%e") == 0 ? walk.etag
									 : s->header,
				.key = new_key()});
		ck_answer(doc, op, s, &r);
		ck_no_phone(s, r.text);
		if (strcmp(s->operation, "campaign") == 0)
			(void)snprintf(walk.etag, sizeof walk.etag,
			    "If-Match: \"%.64s\"", reply_text(&r, "hash"));
		if (strcmp(s->operation, "campaignSimulate") == 0)
			(void)snprintf(walk.operation, sizeof walk.operation, "%s",
			    reply_text(&r, "id"));
		if (strcmp(s->operation, "campaignsSimulate") == 0)
			make_waiting(&walk, reply_text(&r, "id"));
		if (strcmp(s->operation, "exportRequest") == 0)
			(void)snprintf(walk.request, sizeof walk.request, "%s",
			    reply_text(&r, "request_id"));
		if (strcmp(s->operation, "bundleRequest") == 0)
			(void)snprintf(walk.bundle, sizeof walk.bundle, "%s",
			    reply_text(&r, "request_id"));
		if (strcmp(s->operation, "reviewDrawMake") == 0) {
			(void)snprintf(walk.draw, sizeof walk.draw, "%s",
			    reply_text(&r, "draw_id"));
			make_reviewable(&walk);
		}
		if (strcmp(s->operation, "overrideRequest") == 0) {
			(void)snprintf(walk.override, sizeof walk.override, "%s",
			    reply_text(&r, "override_id"));
			make_approvable();
		}
		if (strcmp(s->operation, "complaintRecord") == 0)
			(void)snprintf(walk.complaint, sizeof walk.complaint, "%s",
			    reply_text(&r, "complaint_id"));
		if (strcmp(s->operation, "revocationRecord") == 0)
			(void)snprintf(walk.revocation, sizeof walk.revocation, "%s",
			    reply_text(&r, "id"));
		if (strcmp(s->operation, "taskPermit") == 0)
			(void)snprintf(walk.attempt, sizeof walk.attempt, "%s",
			    reply_text(&r, "decision_id"));
		if (strcmp(s->operation, "objectionRecord") == 0)
			(void)snprintf(walk.withdrawal, sizeof walk.withdrawal, "%s",
			    reply_text(&r, "id"));
		if (strcmp(s->operation, "numberResume") == 0 ||
		    strcmp(s->operation, "proposalCreate") == 0)
			(void)snprintf(walk.proposal, sizeof walk.proposal, "%s",
			    reply_text(&r, "proposal_id"));
		if (strcmp(s->operation, "exportRows") == 0)
			header_value(&r, "X-Export-Id", walk.export);
		reply_free(&r);
		free(token);
	}
	ck_assert_int_eq((int)json_object_size(seen), api_route_count);
	free(walk.campaign);
	free(walk.model);
	json_decref(seen);
	json_decref(doc);
}
END_TEST
static struct reply
kept_put(const char *url, const char *secret)
{
	struct reply now = get("operator", "/v1/queues/kept");
	char *token = token_of("operator"), body[300], match[80] = "If-None-Match: *";
	const char *etag = strcasestr(now.headers, "etag: ");
	struct reply r;

	if (now.status == 200) {
		ck_assert_ptr_nonnull(etag);
		(void)snprintf(match, sizeof match, "If-Match: %.*s",
		    (int)strcspn(etag + 6, "\r\n"), etag + 6);
	}
	(void)snprintf(body, sizeof body,
	    "{\"kind\":\"robot\",\"url\":\"%s\",\"connector\":\"walked\",\"settings\":{"
	    "\"line\":\"7\"}%s}",
	    url, secret);
	r = http(&world,
	    (struct request){"PUT", "/v1/queues/kept", token, body, new_key(), match});
	reply_free(&now);
	free(token);
	return r;
}

/* By one person alone; the connector is the one that was walked. */
START_TEST(a_secret_that_is_kept_is_not_sent_to_another_host)
{
	static const char secret[] = ",\"secret\":\"{\\\"token\\\":\\\"t\\\"}\"";
	struct reply r = kept_put("https://a.example", secret);

	ck_assert_msg(r.status == 200 || r.status == 201, "%s", r.text);
	reply_free(&r);
	r = kept_put("https://b.example", "");
	ck_status(&r, 400);
	ck_assert_ptr_nonnull(strstr(r.text, "give the secret again"));
	reply_free(&r);
	r = get("operator", "/v1/queues/kept");
	ck_assert_str_eq(reply_text(&r, "url"), "https://a.example");
	reply_free(&r);
	r = kept_put("https://a.example", "");
	ck_status(&r, 200);
	reply_free(&r);
	r = kept_put("https://b.example", secret);
	ck_status(&r, 200);
	reply_free(&r);
}
END_TEST

START_TEST(decisions_replay_to_the_same_bytes)
{
	struct reply list = get("compliance", "/v1/decisions?limit=40"), r;
	json_t *row;
	size_t i;

	json_array_foreach(json_at(list.json, "items"), i, row)
	{
		char path[100];

		(void)snprintf(path, sizeof path, "/v1/decisions/%s/replay",
		    json_string_value(json_object_get(row, "decision_id")));
		r = post("compliance", path, NULL);
		ck_status(&r, 200);
		ck_assert_msg(json_is_true(json_at(r.json, "identical")), "%s", r.text);
		reply_free(&r);
	}
	reply_free(&list);
}
END_TEST

/* ---- exports ------------------------------------------------------------------------------ */
static int
lines_of(const char *text)
{
	int n = 0;

	for (; *text != '\0'; text++)
		n += *text == '\n';
	return n;
}

START_TEST(an_export_holds_every_row_once_and_its_manifest_says_so)
{
	struct reply r = get("ops", "/v1/exports/customers"), m;
	unsigned char hash[crypto_hash_sha256_BYTES];
	char path[120], id[40], hex[sizeof hash * 2 + 1];
	json_t *row;

	ck_status(&r, 200);
	ck_assert_int_eq(lines_of(r.text), WORLD_CUSTOMERS);
	row = json_loads(r.text, JSON_DISABLE_EOF_CHECK, NULL);
	ck_assert_ptr_nonnull(json_object_get(row, "ref"));
	ck_assert_ptr_null(json_object_get(row, "name"));
	json_decref(row);
	header_value(&r, "X-Export-Id", id);
	(void)snprintf(path, sizeof path, "/v1/export-manifests/%s", id);
	m = get("compliance", path);
	ck_status(&m, 200);
	ck_assert_int_eq(json_integer_value(json_at(m.json, "rows")), WORLD_CUSTOMERS);
	ck_assert(json_is_true(json_at(m.json, "complete")));
	crypto_hash_sha256(hash, (const unsigned char *)r.text, strlen(r.text));
	(void)sodium_bin2hex(hex, sizeof hex, hash, sizeof hash);
	ck_assert_str_eq(reply_text(&m, "sha256"), hex);
	reply_free(&r);
	reply_free(&m);
	/* One statement: the sequencer may move it from one table to the other. */
	ck_assert_int_gt(
	    test_db_number(&world.db,
		"SELECT (SELECT count(*) FROM ledger_leaf WHERE kind = 'export') + "
		"(SELECT count(*) FROM ledger_outbox WHERE kind = 'export')"),
	    0);
}
END_TEST

static const struct {
	const char *role, *path;
	long status;
} exports_refused[] = {{"agent", "/v1/exports/customers", 403},
    {"operator", "/v1/exports/customers", 403}, {"ops", "/v1/exports/passwords", 404},
    {"ops", "/v1/exports/members", 400}, {"ops", "/v1/exports/tasks?stage=mature", 400},
    {"ops", "/v1/exports/customers?from=2026-01-01T00:00:00Z", 400},
    {"ops", "/v1/exports/tasks?format=xlsx", 400},
    {"ops", "/v1/export-manifests/00000000-0000-0000-0000-000000000000", 404}};

START_TEST(an_export_that_cannot_be_is_refused_before_it_begins)
{
	struct reply r = get(exports_refused[_i].role, exports_refused[_i].path);

	ck_status(&r, exports_refused[_i].status);
	reply_free(&r);
}
END_TEST

START_TEST(the_overview_adds_up)
{
	struct reply r = get("ops", "/v1/overview");
	json_t *by_fate = json_at(r.json, "funnel/by_fate"), *n;
	json_int_t sum = 0, stages = 0;
	const char *fate;
	size_t i;

	json_object_foreach(by_fate, fate, n)
	{
		sum += json_integer_value(n);
	}
	ck_assert_int_eq(sum, json_integer_value(json_at(r.json, "funnel/audience")));
	ck_assert_int_gt(sum, 0);
	ck_assert(json_is_true(json_at(r.json, "funnel/adds_up")));
	json_array_foreach(json_at(r.json, "stages/items"), i, n)
	{
		stages += json_integer_value(json_object_get(n, "customers"));
	}
	stages += json_integer_value(json_at(r.json, "stages/unplaced"));
	ck_assert_int_eq(stages, WORLD_CUSTOMERS);
	reply_free(&r);
}
END_TEST

START_TEST(a_campaign_that_is_held_back_needs_somebody)
{
	struct reply r;
	json_t *needs, *one;
	const char *en = NULL, *id = NULL;
	size_t i;

	test_db_tamper(&world.db,
	    "UPDATE campaign_run SET held_rule = '1:4: division by zero' WHERE run_id = "
	    "(SELECT r.run_id FROM campaign_run r JOIN campaign USING (campaign_id) "
	    "  WHERE state = 'active' ORDER BY as_of DESC, started_at DESC, run_id LIMIT "
	    "  1)");
	r = get("ops", "/v1/overview");
	needs = json_at(r.json, "needs_you");
	json_array_foreach(needs, i, one)
	{
		if (strcmp(json_string_value(json_object_get(one, "kind")),
			"campaign_held") != 0)
			continue;
		id = json_string_value(json_object_get(one, "id"));
		en = json_string_value(json_at(one, "text/en"));
		ck_assert(json_is_string(json_object_get(one, "since")));
		ck_assert_ptr_nonnull(
		    strstr(json_string_value(json_at(one, "text/zh")), "除数为零"));
	}
	ck_assert_ptr_nonnull(id);
	ck_assert_ptr_nonnull(strstr(en, id));
	ck_assert_ptr_nonnull(strstr(en, "1:4: division by zero"));
	reply_free(&r);
	test_db_tamper(&world.db, "UPDATE campaign_run SET held_rule = NULL");
}
END_TEST

static Suite *
contract_suite(void)
{
	Suite *suite = suite_create("contract");
	TCase *tc = tcase_create("contract");

	tcase_set_timeout(tc, 120);
	tcase_add_test(tc, the_table_of_routes_and_the_document_agree);
	tcase_add_test(tc, every_operation_answers_as_the_document_says);
	tcase_add_test(tc, an_export_holds_every_row_once_and_its_manifest_says_so);
	tcase_add_loop_test(tc, an_export_that_cannot_be_is_refused_before_it_begins, 0,
	    (int)STW_ARRAY_LEN(exports_refused));
	tcase_add_test(tc, the_overview_adds_up);
	tcase_add_test(tc, a_campaign_that_is_held_back_needs_somebody);
	tcase_add_test(tc, a_secret_that_is_kept_is_not_sent_to_another_host);
	tcase_add_test(tc, decisions_replay_to_the_same_bytes);
	suite_add_tcase(suite, tc);
	return suite;
}

int
main(void)
{
	return api_test_main(contract_suite());
}
