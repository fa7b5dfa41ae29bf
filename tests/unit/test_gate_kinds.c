/*
 * Each evaluator at its boundaries (the instant, and one microsecond before it), apart
 * from any pack; scopes by recognised comparisons against the interpreter; and what a
 * pack is refused for.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "campaigns/compliance/facts_json.h"
#include "campaigns/compliance/gate_priv.h"

static const char rule_form[] =
    "{\"pack\":\"t\",\"version\":\"1\",\"name\":{\"zh\":\"x\",\"en\":\"x\"},"
    "\"zone\":\"Asia/Shanghai\",\"rules\":[{\"id\":\"T-1\",\"kind\":\"%s\","
    "\"layer\":\"policy\",\"effective\":[null,null],\"applies\":\"true\",\"params\":{%s},"
    "\"gates\":[\"P\",\"D\",\"C\"],\"reason\":[%s],\"outcome\":\"%s\","
    "\"text\":{\"zh\":\"x\",\"en\":\"x\"},"
    "\"cite\":{\"text\":\"x\",\"source\":\"x\",\"grade\":\"D\","
    "\"checked\":\"2026-11-23\"}}]}";

/* A rule of the kind; the reason list is what the kind gives, or FREQ_CAP_7D. */
static void
rule_make(struct arena *arena, const char *kind, const char *params,
    struct gate_rule *rule, struct stw_err *err)
{
	static struct rule_info info = {.id = "T-1"};
	const struct gate_kind *k = gate_kind_find(kind);
	const char *codes = "\"FREQ_CAP_7D\"";
	const char *outcome = "DEFER";
	struct gate_params p = {0};
	struct pack pack;

	ck_assert_ptr_nonnull(k);
	if (strstr(params, "\"validity\"") != NULL)
		p.check = NUMBER_VALIDITY;
	if (strstr(params, "\"zones\"") != NULL)
		p.zones.count = 1;
	if (k->codes != NULL && k->codes(&p) != NULL) {
		const char *const *list = k->codes(&p);

		codes = arena_printf(arena, "\"%s\"", list[0]);
		outcome = gate_outcome_name(reason_find(list[0])->outcome);
		for (int i = 1; list[i] != NULL; i++)
			codes = arena_printf(arena, "%s,\"%s\"", codes, list[i]);
	}
	ck_assert_msg(pack_read(str_of(arena_printf(
				    arena, rule_form, kind, params, codes, outcome)),
			  "t", "1", arena, &pack, err) == STW_OK,
	    "%s: %s", kind, err->text);
	*rule = (struct gate_rule){
	    .info = &info, .kind = k, .params = pack.rules[0].params, .gates = 7};
	rule->ncodes = pack.rules[0].ncodes;
	rule->codes = arena_array(arena, (size_t)rule->ncodes, sizeof *rule->codes);
	for (int i = 0; i < rule->ncodes; i++) {
		rule->codes[i].reason = reason_find(pack.rules[0].codes[i].code);
		rule->codes[i].info = &info;
	}
}

/* want: NULL for yes, "" for the one code of the rule, else the code. from and until
 * are the instants the answer names; NULL: not by waiting, not bounded. */
struct kind_case {
	const char *name, *kind, *params, *facts, *at, *want, *from_until;
};

#define DAY "2026-11-23T"

static const struct kind_case cases[] = {
    /* time_window */
    {"opens", "time_window", "\"windows\":[{\"start\":\"09:00\",\"end\":\"21:00\"}]",
	"{}", DAY "01:00:00Z", NULL, DAY "13:00:00Z"},
    {"just before it opens", "time_window",
	"\"windows\":[{\"start\":\"09:00\",\"end\":\"21:00\"}]", "{}",
	DAY "00:59:59.999999Z", "QUIET_HOURS", DAY "01:00:00Z"},
    {"just before it closes", "time_window",
	"\"windows\":[{\"start\":\"09:00\",\"end\":\"21:00\"}]", "{}",
	DAY "12:59:59.999999Z", NULL, DAY "13:00:00Z"},
    {"closes", "time_window", "\"windows\":[{\"start\":\"09:00\",\"end\":\"21:00\"}]",
	"{}", DAY "13:00:00Z", "QUIET_HOURS", "2026-11-24T01:00:00Z"},
    {"a gap at noon", "time_window",
	"\"windows\":[{\"start\":\"10:00\",\"end\":\"13:00\"},{\"start\":\"14:00\","
	"\"end\":\"20:00\"}]",
	"{}", DAY "05:00:00Z", "QUIET_HOURS", DAY "06:00:00Z"},
    {"closed on weekends", "time_window",
	"\"windows\":[{\"start\":\"09:00\",\"end\":\"18:00\",\"weekdays\":[\"mon\",\"tue\","
	"\"wed\",\"thu\",\"fri\"]}]",
	"{}", "2026-11-27T10:00:00Z", "QUIET_HOURS", "2026-11-30T01:00:00Z"},
    {"to midnight", "time_window",
	"\"windows\":[{\"start\":\"09:00\",\"end\":\"24:00\"}]", "{}",
	DAY "15:59:59.999999Z", NULL, DAY "16:00:00Z"},
    {"a fixed zone", "time_window",
	"\"windows\":[{\"start\":\"09:00\",\"end\":\"21:00\"}],\"zones\":[\"Europe/London\"]",
	"{}", DAY "02:00:00Z", "QUIET_HOURS", DAY "09:00:00Z"},
    {"opens inside the hour the spring change skips", "time_window",
	"\"windows\":[{\"start\":\"02:30\",\"end\":\"04:00\"}],\"zones\":[\"America/New_York\"]",
	"{}", "2026-03-08T06:59:59Z", "QUIET_HOURS", "2026-03-08T07:00:00Z"},
    {"closes inside the hour that comes twice, second time", "time_window",
	"\"windows\":[{\"start\":\"00:30\",\"end\":\"01:30\"}],\"zones\":[\"America/New_York\"]",
	"{}", "2026-11-01T06:29:59.999999Z", NULL, "2026-11-01T06:30:00Z"},
    {"no zone", "time_window", "\"windows\":[{\"start\":\"09:00\",\"end\":\"21:00\"}]",
	"{\"party\":{\"zones\":[]}}", DAY "02:00:00Z", "TZ_UNKNOWN", NULL},
    /* freq_cap */
    {"exactly one window old is out", "freq_cap",
	"\"counts\":\"attempt\",\"scope\":\"number\",\"limit\":1,\"window\":\"rolling\",\"days\":7",
	"{\"counts\":[{\"at\":\"2026-11-16T02:00:00Z\"}]}", DAY "02:00:00Z", NULL,
	NULL},
    {"a microsecond less is in", "freq_cap",
	"\"counts\":\"attempt\",\"scope\":\"number\",\"limit\":1,\"window\":\"rolling\",\"days\":7",
	"{\"counts\":[{\"at\":\"2026-11-16T02:00:00.000001Z\"}]}", DAY "02:00:00Z", "",
	DAY "02:00:00.000001Z"},
    {"an event at this instant counts", "freq_cap",
	"\"counts\":\"attempt\",\"scope\":\"number\",\"limit\":1,\"window\":\"rolling\",\"hours\":24",
	"{\"counts\":[{\"at\":\"2026-11-23T02:00:00Z\"}]}", DAY "02:00:00Z", "",
	"2026-11-24T02:00:00Z"},
    {"an event of the next microsecond does not", "freq_cap",
	"\"counts\":\"attempt\",\"scope\":\"number\",\"limit\":1,\"window\":\"rolling\",\"hours\":24",
	"{\"counts\":[{\"at\":\"2026-11-23T02:00:00.000001Z\"}]}", DAY "02:00:00Z",
	NULL, NULL},
    {"elapsed time, not clocks: 23.5 h over the spring change", "freq_cap",
	"\"counts\":\"attempt\",\"scope\":\"person\",\"limit\":3,\"window\":\"rolling\",\"hours\":24",
	"{\"party\":{\"zones\":[\"America/New_York\"]},\"counts\":["
	"{\"at\":\"2026-03-07T21:00:00Z\"},{\"at\":\"2026-03-07T22:00:00Z\"},"
	"{\"at\":\"2026-03-07T23:00:00Z\"}]}",
	"2026-03-08T20:30:00Z", "", "2026-03-08T21:00:00Z"},
    {"elapsed time, not clocks: 24.5 h over the autumn change", "freq_cap",
	"\"counts\":\"attempt\",\"scope\":\"person\",\"limit\":3,\"window\":\"rolling\",\"hours\":24",
	"{\"party\":{\"zones\":[\"America/New_York\"]},\"counts\":["
	"{\"at\":\"2026-10-31T20:00:00Z\"},{\"at\":\"2026-10-31T21:00:00Z\"},"
	"{\"at\":\"2026-10-31T22:00:00Z\"}]}",
	"2026-11-01T20:30:00Z", NULL, NULL},
    {"one below the limit", "freq_cap",
	"\"counts\":\"attempt\",\"scope\":\"number\",\"limit\":2,\"window\":\"rolling\",\"days\":7",
	"{\"counts\":[{\"at\":\"2026-11-20T02:00:00Z\"}]}", DAY "02:00:00Z", NULL,
	NULL},
    {"two over the limit: the third to leave frees", "freq_cap",
	"\"counts\":\"attempt\",\"scope\":\"number\",\"limit\":2,\"window\":\"rolling\",\"days\":7",
	"{\"counts\":[{\"at\":\"2026-11-22T02:00:00Z\"},{\"at\":\"2026-11-20T02:00:00Z\"},"
	"{\"at\":\"2026-11-21T02:00:00Z\"},{\"at\":\"2026-11-19T02:00:00Z\"}]}",
	DAY "02:00:00Z", "", "2026-11-28T02:00:00Z"},
    {"a channel not counted", "freq_cap",
	"\"counts\":\"message\",\"scope\":\"person\",\"limit\":1,\"window\":\"rolling\",\"days\":7,"
	"\"channels\":[\"SMS\"]",
	"{\"counts\":[{\"at\":\"2026-11-22T02:00:00Z\",\"kind\":\"message\",\"channel\":\"PUSH\"}]}",
	DAY "02:00:00Z", NULL, NULL},
    {"a message", "freq_cap",
	"\"counts\":\"message\",\"scope\":\"person\",\"limit\":1,\"window\":\"rolling\",\"days\":7,"
	"\"channels\":[\"SMS\"]",
	"{\"counts\":[{\"at\":\"2026-11-22T02:00:00Z\",\"kind\":\"message\",\"channel\":\"SMS\"}]}",
	DAY "02:00:00Z", "", "2026-11-29T02:00:00Z"},
    {"the last microsecond of the local day", "freq_cap",
	"\"counts\":\"conversation\",\"scope\":\"person\",\"limit\":1,\"window\":\"local_day\"",
	"{\"counts\":[{\"at\":\"2026-11-22T16:00:00Z\",\"kind\":\"conversation\"}]}",
	DAY "15:59:59.999999Z", "", DAY "16:00:00Z"},
    {"the local day before", "freq_cap",
	"\"counts\":\"conversation\",\"scope\":\"person\",\"limit\":1,\"window\":\"local_day\"",
	"{\"counts\":[{\"at\":\"2026-11-22T15:59:59.999999Z\",\"kind\":\"conversation\"}]}",
	DAY "02:00:00Z", NULL, NULL},
    {"a local day of 25 hours", "freq_cap",
	"\"counts\":\"conversation\",\"scope\":\"person\",\"limit\":1,\"window\":\"local_day\"",
	"{\"party\":{\"zones\":[\"America/New_York\"]},\"counts\":["
	"{\"at\":\"2026-11-01T04:00:00Z\",\"kind\":\"conversation\"}]}",
	"2026-11-02T04:59:59.999999Z", "", "2026-11-02T05:00:00Z"},
    {"without a zone the bank's own day", "freq_cap",
	"\"counts\":\"conversation\",\"scope\":\"person\",\"limit\":1,\"window\":\"local_day\"",
	"{\"party\":{\"zones\":[]},\"counts\":[{\"at\":\"2026-11-22T16:00:00Z\",\"kind\":"
	"\"conversation\"}]}",
	DAY "02:00:00Z", "", DAY "16:00:00Z"},
    {"a reservation, a microsecond left", "freq_cap",
	"\"counts\":\"attempt\",\"scope\":\"number\",\"limit\":1,\"window\":\"rolling\",\"days\":7",
	"{\"counts\":[{\"at\":\"2026-11-23T01:00:00Z\",\"kind\":\"reserved\","
	"\"expires_at\":\"2026-11-23T02:00:00.000001Z\"}]}",
	DAY "02:00:00Z", "", DAY "02:00:00.000001Z"},
    {"a reservation, over", "freq_cap",
	"\"counts\":\"attempt\",\"scope\":\"number\",\"limit\":1,\"window\":\"rolling\",\"days\":7",
	"{\"counts\":[{\"at\":\"2026-11-23T01:00:00Z\",\"kind\":\"reserved\","
	"\"expires_at\":\"2026-11-23T02:00:00Z\"}]}",
	DAY "02:00:00Z", NULL, NULL},
    /* cooldown */
    {"thirty minutes", "cooldown",
	"\"after\":\"attempt\",\"scope\":\"number\",\"minutes\":30",
	"{\"counts\":[{\"at\":\"2026-11-23T01:30:00Z\"}]}", DAY "02:00:00Z", NULL,
	NULL},
    {"thirty minutes less a microsecond", "cooldown",
	"\"after\":\"attempt\",\"scope\":\"number\",\"minutes\":30",
	"{\"counts\":[{\"at\":\"2026-11-23T01:30:00Z\"},{\"at\":\"2026-11-23T01:00:00Z\"}]}",
	DAY "01:59:59.999999Z", "", DAY "02:00:00Z"},
    {"of two the later holds", "cooldown",
	"\"after\":\"attempt\",\"scope\":\"number\",\"minutes\":30",
	"{\"counts\":[{\"at\":\"2026-11-23T01:50:00Z\"},{\"at\":\"2026-11-23T01:40:00Z\"}]}",
	DAY "02:00:00Z", "", DAY "02:20:00Z"},
    /* number_licence */
    {"licence begins", "number_licence", "\"check\":\"validity\"",
	"{\"number\":{\"licence_from\":\"2026-11-23T02:00:00Z\"}}", DAY "02:00:00Z",
	NULL, "2026-12-31T16:00:00Z"},
    {"licence has not begun", "number_licence", "\"check\":\"validity\"",
	"{\"number\":{\"licence_from\":\"2026-11-23T02:00:00Z\"}}",
	DAY "01:59:59.999999Z", "NUMBER_LICENSE_NOT_YET_VALID", DAY "02:00:00Z"},
    {"licence ends", "number_licence", "\"check\":\"validity\"",
	"{\"number\":{\"licence_to\":\"2026-11-23T02:00:00Z\"}}", DAY "02:00:00Z",
	"NUMBER_LICENSE_EXPIRED", NULL},
    {"licence has a microsecond", "number_licence", "\"check\":\"validity\"",
	"{\"number\":{\"licence_to\":\"2026-11-23T02:00:00Z\"}}",
	DAY "01:59:59.999999Z", NULL, DAY "02:00:00Z"},
    /* number_health */
    {"cap reached", "number_health", "\"check\":\"daily_cap\"",
	"{\"number\":{\"daily_cap\":5,\"used_today\":5}}", DAY "02:00:00Z", "",
	DAY "16:00:00Z"},
    {"one left", "number_health", "\"check\":\"daily_cap\"",
	"{\"number\":{\"daily_cap\":5,\"used_today\":4}}", DAY "02:00:00Z", NULL, NULL},
    {"no cap", "number_health", "\"check\":\"daily_cap\"",
	"{\"number\":{\"used_today\":500}}", DAY "02:00:00Z", NULL, NULL},
    {"hourly cap reached", "number_health", "\"check\":\"hourly_cap\"",
	"{\"number\":{\"hourly_cap\":5,\"used_hour\":6}}", DAY "02:59:59.999999Z", "",
	DAY "03:00:00Z"},
    /* suitability_matrix, rating_valid */
    {"at the tolerance", "suitability_matrix", "\"max_risk\":[1,2,3,4,5]", "{}",
	DAY "02:00:00Z", NULL, NULL},
    {"above the tolerance", "suitability_matrix", "\"max_risk\":[1,2,2,4,5]", "{}",
	DAY "02:00:00Z", "", NULL},
    {"rating's last microsecond", "rating_valid", "\"months\":12",
	"{\"party\":{\"risk_assessed_on\":\"2024-02-29\"}}",
	"2025-02-27T15:59:59.999999Z", NULL, "2025-02-27T16:00:00Z"},
    {"rating over", "rating_valid", "\"months\":12",
	"{\"party\":{\"risk_assessed_on\":\"2024-02-29\"}}", "2025-02-27T16:00:00Z",
	"RISK_RATING_EXPIRED", NULL},
    {"a month with an end", "rating_valid", "\"months\":6",
	"{\"party\":{\"risk_assessed_on\":\"2026-08-31\"}}", "2027-02-27T16:00:00Z",
	"RISK_RATING_EXPIRED", NULL},
    /* product_on_sale */
    {"first day", "product_on_sale", "",
	"{\"product\":{\"on_sale_from\":\"2026-11-24\"}}", DAY "16:00:00Z", NULL, NULL},
    {"the day before", "product_on_sale", "",
	"{\"product\":{\"on_sale_from\":\"2026-11-24\"}}", DAY "15:59:59.999999Z", "",
	NULL},
    {"last microsecond", "product_on_sale", "",
	"{\"product\":{\"on_sale_to\":\"2026-11-24\"}}", DAY "15:59:59.999999Z", NULL,
	DAY "16:00:00Z"},
    {"the day after", "product_on_sale", "",
	"{\"product\":{\"on_sale_to\":\"2026-11-24\"}}", DAY "16:00:00Z", "", NULL},
    /* age_gate */
    {"of age at midnight", "age_gate", "\"check\":\"at_least\",\"age\":18",
	"{\"party\":{\"dob\":\"2008-11-24\"}}", DAY "16:00:00Z", NULL, NULL},
    {"under age a microsecond before", "age_gate", "\"check\":\"at_least\",\"age\":18",
	"{\"party\":{\"dob\":\"2008-11-24\"}}", DAY "15:59:59.999999Z", "", NULL},
    {"under age in one zone of two", "age_gate", "\"check\":\"at_least\",\"age\":18",
	"{\"party\":{\"dob\":\"2008-11-24\",\"zones\":[\"Asia/Tokyo\",\"Asia/Shanghai\"]}}",
	DAY "15:30:00Z", "", NULL},
    {"old at midnight", "age_gate", "\"check\":\"below\",\"age\":65",
	"{\"party\":{\"dob\":\"1961-11-24\"}}", DAY "16:00:00Z", "", NULL},
    {"old a microsecond later", "age_gate", "\"check\":\"below\",\"age\":65",
	"{\"party\":{\"dob\":\"1961-11-24\"}}", DAY "15:59:59.999999Z", NULL,
	DAY "16:00:00Z"},
    {"a birthday far off is not told", "age_gate", "\"check\":\"below\",\"age\":65",
	"{\"party\":{\"dob\":\"1961-11-25\"}}", DAY "15:59:59.999999Z", NULL, NULL},
    {"no zone: the bank's own day", "age_gate", "\"check\":\"below\",\"age\":65",
	"{\"party\":{\"dob\":\"1961-11-24\",\"zones\":[]}}", DAY "16:00:00Z", "", NULL},
    {"age unknown is another rule's business", "age_gate",
	"\"check\":\"below\",\"age\":65", "{\"party\":{\"dob\":null}}", DAY "16:00:00Z",
	NULL, NULL},
    /* qualification */
    {"licence of the agent ends", "qualification", "",
	"{\"agent\":{\"qualified_until\":\"2026-11-23T02:00:00Z\"}}", DAY "02:00:00Z",
	"", NULL},
    {"licence of the agent has a microsecond", "qualification", "",
	"{\"agent\":{\"qualified_until\":\"2026-11-23T02:00:00Z\"}}",
	DAY "01:59:59.999999Z", NULL, DAY "02:00:00Z"},
    /* objection_absent */
    {"an objection of this instant", "objection_absent", "\"check\":\"do_not_call\"",
	"{\"objections\":[{\"effective_at\":\"2026-11-23T02:00:00Z\",\"recorded_at\":"
	"\"2026-11-23T02:00:00Z\"}]}",
	DAY "02:00:00Z", "", NULL},
    {"an objection of the next microsecond", "objection_absent",
	"\"check\":\"do_not_call\"",
	"{\"objections\":[{\"effective_at\":\"2026-11-23T02:00:00Z\"}]}",
	DAY "01:59:59.999999Z", NULL, DAY "02:00:00Z"},
    {"somebody else's objection", "objection_absent", "\"check\":\"do_not_call\"",
	"{\"objections\":[{\"own\":false}]}", DAY "02:00:00Z", NULL, NULL},
    {"one's own is no household objection", "objection_absent",
	"\"check\":\"household\"", "{\"objections\":[{}]}", DAY "02:00:00Z", NULL,
	NULL},
    {"a household objection to another channel", "objection_absent",
	"\"check\":\"household\"",
	"{\"objections\":[{\"own\":false,\"channel\":\"SMS\"}]}", DAY "02:00:00Z", NULL,
	NULL},
};

static void
instant_is(const char *name, const char *what, const char *want, stw_usec got)
{
	stw_usec at = STW_USEC_MAX;
	char text[STW_USEC_TEXT];

	if (want != NULL)
		ck_assert_int_eq(stw_usec_parse(str_of(want), &at), STW_OK);
	ck_assert_msg(got == at, "%s: %s is %s", name, what,
	    got == STW_USEC_MAX ? "never" : stw_usec_format(got, text));
}

START_TEST(a_kind_is_right_at_its_boundary)
{
	const struct kind_case *k = &cases[_i];
	struct gate_case c = {0};
	struct gate_answer a = {.ok = true, .allowed_until = STW_USEC_MAX};
	struct gate_rule rule;
	struct gate_facts facts;
	enum gate_checkpoint checkpoint;
	struct stw_err err = {0};
	struct arena arena;
	stw_usec at, now, ttl;
	const char *doc;

	arena_init(&arena);
	rule_make(&arena, k->kind, k->params, &rule, &err);
	ck_assert_int_eq(stw_usec_parse(str_of(k->at), &at), STW_OK);
	doc = arena_printf(&arena, "{\"facts\":%s}", k->facts);
	ck_assert_msg(facts_document_read(str_of(doc), FACTS_FIXTURE, &arena, &facts,
			  &checkpoint, &now, &ttl, &err) == STW_OK,
	    "%s: %s", k->name, err.text);
	c = (struct gate_case){.facts = &facts,
	    .purpose = facts.purpose,
	    .checkpoint = checkpoint,
	    .now = at,
	    .explain = true,
	    .arena = &arena};
	a.allowed_from = at;
	rule.kind->eval(&rule, &c, at, &a);
	ck_assert_msg(
	    a.ok == (k->want == NULL), "%s: %s", k->name, a.ok ? "yes" : "no");
	if (a.ok) {
		ck_assert_msg(a.allowed_from == at, "%s: from", k->name);
		instant_is(k->name, "until", k->from_until, a.allowed_until);
	} else {
		if (k->want[0] != '\0')
			ck_assert_str_eq(a.code->reason->code, k->want);
		instant_is(k->name, "from", k->from_until, a.allowed_from);
	}
	arena_fini(&arena);
}
END_TEST

/* ---- scopes ---------------------------------------------------------------------------- */
static const char *const scope_texts[] = {"true", "purpose == \"MARKETING\"",
    "purpose != \"RISK_ALERT\"", "purpose in [\"SURVEY\", \"MARKETING\"]",
    "!(purpose in [\"SURVEY\"])", "handler == \"robot\" && purpose == \"MARKETING\"",
    "channel==\"SMS\"&&checkpoint!=\"P\"", "handler == \"robot\" || channel == \"SMS\"",
    "purpose == \"MARKETING\" && (handler == \"robot\" || channel == \"VOICE\")",
    "purpose == \"MARKETING\" ? handler == \"robot\" : true",
    "\"MARKETING\" == purpose", "purpose == \"a && b\" || handler == \"agent\"",
    "purpose == 'MARKETING' && channel == \"VOICE\"",
    "purpose == \"MARKETING\" && product.present && product.risk >= 4",
    "has(party.province) && party.province in [\"上海\"]",
    "party.province == \"北京\" && purpose == \"MARKETING\"",
    "number.kind != \"mobile\"", "campaign.uses_profile && channel == \"VOICE\"",
    "caller_org == \"bank\"", "purpose == \"MARKET\\u0049NG\"", "script.ai_disclosure",
    "point.sharers > 1", "today == date(\"2026-11-23\")",
    "true // && purpose == \"SURVEY\"", "purpose == \"MARKETING\" // \"",
    "channel != \"\"\"x\" && purpose == \"SURVEY\" && handler == \"\"\"",
    "channel != '''x' && purpose == 'SURVEY' && handler == '''",
    "purpose\t==\n\"MARKETING\" &&\n\tchannel == \t\"VOICE\"",
    "channel != 'x\" && purpose == \"SURVEY\" && y'",
    "!(purpose == \"MARKETING\" && channel == \"SMS\" && handler == \"robot\")",
    "handler == \"agent\" || channel == \"SMS\" && purpose == \"SURVEY\"",
    "handler == \"agent\" ? true : channel == \"SMS\" && purpose == \"SURVEY\"",
    "purpose == \"SURVEY\" && channel == \"VOICE\" || handler == \"agent\"",
    "purpose in party.places || true", "!(purpose in party.places)",
    "purpose in party.places && true || handler == \"agent\"",
    "purpose >= \"A\" && channel.startsWith(\"V\")",
    "purpose in [\"SURVEY\", channel, \"MARKETING\"]",
    "purpose in [\"MARKETING\" + \"\"]", "purpose in [ \"SURVEY\" , \"MARKETING\" ]",
    "purpose in [\"SURVEY\"] == false", "handler == \"agent\" + \"\"",
    "purpose in [\"1\", \"2\", \"3\", \"4\", \"5\", \"6\", \"7\", \"8\", \"9\", \"10\", "
    "\"11\", \"12\", \"13\", \"14\", \"15\", \"16\", \"MARKETING\"]",
    "purpose != \"1\" && purpose != \"2\" && purpose != \"3\" && purpose != \"4\" && "
    "purpose != \"5\" && purpose != \"6\" && purpose != \"7\" && purpose != \"8\" && "
    "purpose != \"SURVEY\"",
    "channel == \"VOICE\" && {\"a\": true}[\"a\"]"};

static const char *const scope_facts[] = {"{}", "{\"purpose\":\"SURVEY\"}",
    "{\"purpose\":\"RISK_ALERT\",\"channel\":\"SMS\"}", "{\"handler\":\"robot\"}",
    "{\"handler\":\"robot\",\"channel\":\"SMS\",\"purpose\":\"a && b\"}",
    "{\"product\":{\"risk\":5}}", "{\"product\":{\"risk\":null}}", "{\"product\":null}",
    "{\"party\":{\"province\":null}}", "{\"party\":{\"province\":\"北京\"}}",
    "{\"number\":null}", "{\"number\":{\"kind\":\"mobile\"}}",
    "{\"campaign\":{\"uses_profile\":true},\"caller_org\":\"other\"}",
    "{\"script\":{\"ai_disclosure\":false},\"point\":{\"sharers\":2}}"};

static int
scope_compare(const struct gate_scope *scope, const char *text, struct arena *arena)
{
	int yes = 0;

	for (size_t i = 0; i < STW_ARRAY_LEN(scope_facts); i++) {
		for (int gate = GATE_PLAN; gate <= GATE_DIAL; gate++) {
			struct gate_facts facts;
			enum gate_checkpoint ignored;
			struct stw_err err = {0};
			stw_usec now, ttl;
			struct gate_case c = {.facts = &facts,
			    .checkpoint = (enum gate_checkpoint)gate,
			    .arena = arena};
			bool fast;

			ck_assert_msg(
			    facts_document_read(str_of(arena_printf(arena,
						    "{\"facts\":%s}", scope_facts[i])),
				FACTS_FIXTURE, arena, &facts, &ignored, &now, &ttl,
				&err) == STW_OK,
			    "%s", err.text);
			c.purpose = facts.purpose;
			c.now = now;
			fast = gate_scope_applies(scope, &c, now);
			ck_assert_msg(fast == gate_scope_applies_slow(scope, &c, now),
			    "%s: recognised comparisons say %d for %s", text, fast,
			    scope_facts[i]);
			yes += fast;
		}
	}
	return yes;
}

START_TEST(a_scope_means_what_the_interpreter_says)
{
	struct gate_scope *scope = NULL;
	struct stw_err err = {0};
	struct arena arena;

	arena_init(&arena);
	ck_assert_msg(gate_scope_compile(gate_scope_env(&arena),
			  str_of(scope_texts[_i]), &arena, &scope, &err) == STW_OK,
	    "%s: %s", scope_texts[_i], err.text);
	ck_assert_int_gt(scope_compare(scope, scope_texts[_i], &arena), 0);
	arena_fini(&arena);
}
END_TEST

START_TEST(so_do_the_scopes_of_the_packs)
{
	struct ruleset *rules = NULL;
	struct stw_err err = {0};
	struct arena arena;

	arena_init(&arena);
	ck_assert_msg(ruleset_load_embedded(&rules, &err) == STW_OK, "%s", err.text);
	for (int i = 0; i < rules->nitems; i++)
		(void)scope_compare(
		    rules->items[i].scope, rules->items[i].info->id, &arena);
	ruleset_free(rules);
	arena_fini(&arena);
}
END_TEST

/* A scope that cannot be told applies: what is unknown is denied, not let through. */
START_TEST(an_undecided_scope_applies)
{
	struct gate_scope *scope = NULL;
	struct rule *rule = NULL;
	struct gate_facts facts;
	enum gate_checkpoint checkpoint;
	struct stw_err err = {0};
	struct arena arena;
	stw_usec now, ttl;
	struct gate_case c = {.facts = &facts};
	const struct rule_env *env;

	arena_init(&arena);
	env = gate_scope_env(&arena);
	ck_assert_int_eq(
	    facts_document_read(STR_LIT("{\"facts\":{\"product\":{\"risk\":null}}}"),
		FACTS_FIXTURE, &arena, &facts, &checkpoint, &now, &ttl, &err),
	    STW_OK);
	c.purpose = facts.purpose;
	c.arena = &arena;
	ck_assert_int_eq(
	    gate_scope_compile(env, STR_LIT("product.risk >= 4"), &arena, &scope, &err),
	    STW_OK);
	ck_assert(gate_scope_applies(scope, &c, now));
	ck_assert_int_eq(rule_compile(env, STR_LIT("product.risk >= 4"), NULL, NULL,
			     &arena, &rule, &err),
	    STW_OK);
	ck_assert(!gate_expression_true(rule, &c, now));
	arena_fini(&arena);
}
END_TEST

/* ---- refusals ----------------------------------------------------------------------------- */
/* In the sound pack, `from` is replaced by `to`; the message holds `want`. */
static const struct {
	const char *from, *to, *want;
} faults[] = {
    {"\"freq_cap\"", "\"freq_cup\"", "unknown kind freq_cup"},
    {"\"limit\":3", "\"limit\":0", "parameter limit"},
    {"\"limit\":3", "\"limit\":\"3\"", "parameter limit"},
    {"\"limit\":3", "\"limits\":3", "parameter limit is missing"},
    {"\"limit\":3", "\"limit\":3,\"colour\":1", "has no parameter colour"},
    {"\"attempt\"", "\"attempts\"", "parameter counts"},
    {",\"days\":7", "", "a rolling window needs days"},
    {"\"FREQ_CAP_7D\"", "\"FREQ_CAP_8D\"", "unknown reason code FREQ_CAP_8D"},
    {"\"FREQ_CAP_7D\"", "\"LATE_WITHDRAWAL_CONTACT\"", "unknown reason code"},
    {"\"FREQ_CAP_7D\"", "\"FREQ_CAP_7D\",\"MIN_INTERVAL\"", "gives one code"},
    {"\"DEFER\"", "\"BLOCK\"", "means DEFER, not BLOCK"},
    {"\"policy\"", "\"habit\"", "unknown layer habit"},
    {"\"P\",\"D\"", "\"P\",\"P\"", "gates"},
    {"\"P\",\"D\"", "\"P\",\"X\"", "gates"},
    {"[null,null]", "[null]", "effective"},
    {"[null,null]", "[\"2026-01-02\",\"2026-01-02\"]", "effective is empty"},
    {"[null,null]", "[\"2026-02-30\",null]", "effective"},
    {"\"grade\":\"D\"", "\"grade\":\"Z\"", "grade"},
    {"\"checked\":\"2026-11-23\"", "\"checked\":\"lately\"", "checked"},
    {"\"en\":\"x\"},\"cite\"", "\"en\":\"\"},\"cite\"", "en has to be a text"},
    {"\"id\":\"T-1\"", "\"id\":\"T-1\",\"note\":1", "unknown key note"},
    {"\"pack\":\"t\"", "\"pack\":\"u\"", "says it is u"},
    {"\"Asia/Shanghai\"", "\"Asia/Nowhere\"", "time zone"},
    {"}]}", "}]", "pack t 1:"},
    {"\"applies\":\"true\",", "", "applies has to be a text"},
};

START_TEST(a_faulty_pack_is_refused_whole)
{
	struct arena arena;
	struct stw_err err = {0};
	struct pack pack;
	struct buf text;
	const char *sound, *at;

	arena_init(&arena);
	buf_init(&text);
	sound = arena_printf(&arena, rule_form, "freq_cap",
	    "\"counts\":\"attempt\",\"scope\":\"number\",\"limit\":3,\"window\":\"rolling\","
	    "\"days\":7",
	    "\"FREQ_CAP_7D\"", "DEFER");
	ck_assert_msg(pack_read(str_of(sound), "t", "1", &arena, &pack, &err) == STW_OK,
	    "%s", err.text);
	at = strstr(sound, faults[_i].from);
	ck_assert_msg(at != NULL, "%s", faults[_i].from);
	buf_add(&text, sound, (size_t)(at - sound));
	buf_add_c(&text, faults[_i].to);
	buf_add_c(&text, at + strlen(faults[_i].from));
	ck_assert_int_eq(
	    pack_read((struct str){text.data, text.len}, "t", "1", &arena, &pack, &err),
	    STW_INVALID);
	ck_assert_msg(strstr(err.text, faults[_i].want) != NULL, "%s", err.text);
	ck_assert_msg(strstr(err.text, "pack t 1") != NULL, "%s", err.text);
	buf_fini(&text);
	arena_fini(&arena);
}
END_TEST

#define CONSENT_CODES                                                    \
	"\"CONSENT_MISSING\",\"CONSENT_WITHDRAWN\",\"CONSENT_EXPIRED\"," \
	"\"CONSENT_NUMBER_MISMATCH\",\"CONSENT_RECIPIENT_MISMATCH\","    \
	"\"CONSENT_PURPOSE_MISMATCH\",\"CONSENT_CHANNEL_MISMATCH\","     \
	"\"CONSENT_STALE_VERSION\",\"CONSENT_INVALID_FORM\",\"CONSENT_EVIDENCE_MISSING\""
#define CAP_OF(rest) \
	"\"counts\":\"any\",\"scope\":\"person\",\"limit\":1,\"window\":" rest

/* Windows and the lists of codes of kinds that give several. */
static const struct {
	const char *kind, *params, *codes, *outcome, *want;
} misfits[] = {
    {"time_window", "\"windows\":[]", "\"QUIET_HOURS\",\"TZ_UNKNOWN\"", "DEFER",
	"windows"},
    {"time_window", "\"windows\":[{\"start\":\"21:00\",\"end\":\"09:00\"}]",
	"\"QUIET_HOURS\",\"TZ_UNKNOWN\"", "DEFER", "empty"},
    {"time_window", "\"windows\":[{\"start\":\"9:00\",\"end\":\"21:00\"}]",
	"\"QUIET_HOURS\",\"TZ_UNKNOWN\"", "DEFER", "written like 09:00"},
    {"time_window", "\"windows\":[{\"start\":\"09:00\",\"end\":\"24:01\"}]",
	"\"QUIET_HOURS\",\"TZ_UNKNOWN\"", "DEFER", "written like 09:00"},
    {"time_window",
	"\"windows\":[{\"start\":\"09:00\",\"end\":\"21:00\",\"weekdays\":[\"day\"]}]",
	"\"QUIET_HOURS\",\"TZ_UNKNOWN\"", "DEFER", "window: weekdays"},
    {"time_window", "\"windows\":[{\"start\":\"09:00\",\"end\":\"21:00\"}]",
	"\"QUIET_HOURS\"", "DEFER", "also gives TZ_UNKNOWN"},
    {"time_window",
	"\"windows\":[{\"start\":\"09:00\",\"end\":\"21:00\"}],\"zones\":[\"UTC\"]",
	"\"QUIET_HOURS\",\"TZ_UNKNOWN\"", "DEFER", "never gives"},
    {"consent_required", "\"notice_required\":true,\"invalid_forms\":[\"x\"]",
	"\"CONSENT_MISSING\"", "BLOCK", "also gives"},
    {"number_licence", "\"check\":\"kind\"", "\"NUMBER_PURPOSE_MISMATCH\"", "BLOCK",
	"kinds"},
    {"number_licence", "\"check\":\"owner\",\"kinds\":[\"95\"]",
	"\"NUMBER_OWNER_MISMATCH\"", "BLOCK", "kinds"},
    {"suitability_matrix", "\"max_risk\":[1,2,3]", "\"SUITABILITY_EXCEEDED\"", "BLOCK",
	"C1 to C5"},
    {"suitability_matrix", "\"max_risk\":[1,2,3,4,6]", "\"SUITABILITY_EXCEEDED\"",
	"BLOCK", "max_risk"},
    {"cooldown", "\"after\":\"attempt\"", "\"MIN_INTERVAL\"", "DEFER",
	"days or minutes"},
    {"cooldown", "\"after\":\"conversation\",\"days\":31", "\"MIN_INTERVAL\"", "DEFER",
	"31 days only"},
    {"freq_cap",
	"\"counts\":\"any\",\"scope\":\"person\",\"limit\":1,\"window\":\"rolling\","
	"\"days\":31,\"hours\":1",
	"\"FREQ_CAP_30D\"", "DEFER", "31 days only"},
    {"freq_cap",
	"\"counts\":\"any\",\"scope\":\"person\",\"limit\":1,\"window\":"
	"\"calendar_days\",\"days\":31",
	"\"FREQ_CAP_30D\"", "DEFER", "31 days only"},
    {"time_window", "\"preference\":true,\"calendar\":\"x\"",
	"\"CUSTOMER_TIME_PREFERENCE\",\"TZ_UNKNOWN\"", "DEFER", "calendar"},
    {"registry_scrub", "\"register\":\"X\",\"check\":\"fresh\"", "\"DNC_SCRUB_STALE\"",
	"DEFER", "days goes with"},
    {"registry_scrub",
	"\"register\":\"X\",\"check\":\"listed\",\"unless\":[\"relationship\"]",
	"\"DNC_REGISTRY\"", "BLOCK", "transaction_months"},
    {"age_gate", "\"check\":\"below\",\"age\":65,\"dob_required\":true",
	"\"DATA_MISSING_DOB\",\"ELDER_EXTRA_APPROVAL\"", "REVIEW",
	"its own code first"},
    {"exemption", "\"rules\":[\"X\"]", "\"DNC_REGISTRY\"", "BLOCK", "no reason"},
    {"blackout_day", "\"days\":{}", "\"BLACKOUT_DAY\",\"TZ_UNKNOWN\"", "DEFER",
	"none is named"},
    {"blackout_day", "\"days\":{\"classes\":[\"holiday\"]}",
	"\"BLACKOUT_DAY\",\"TZ_UNKNOWN\"", "DEFER", "need a calendar"},
    {"consent_required", "\"check\":\"separate\"", "\"SEPARATE_CONSENT_MISSING\"",
	"BLOCK", "kinds goes with"},
    {"objection_absent", "\"check\":\"channel_any\"", "\"CHANNEL_OPT_OUT\"", "BLOCK",
	"channels"},
    {"freq_cap", CAP_OF("\"calendar_days\""), "\"FREQ_CAP_7D\"", "DEFER",
	"calendar_days needs days"},
    {"freq_cap", CAP_OF("\"calendar_days\",\"days\":7,\"hours\":1"), "\"FREQ_CAP_7D\"",
	"DEFER", "calendar_days needs days"},
    {"freq_cap", CAP_OF("\"local_week\",\"days\":7"), "\"FREQ_CAP_7D\"", "DEFER",
	"length of its own"},
    {"freq_cap", CAP_OF("\"local_day\",\"hours\":1"), "\"FREQ_CAP_7D\"", "DEFER",
	"length of its own"},
    {"cooldown", "\"after\":\"attempt\",\"hours\":3,\"measure\":\"dates\"",
	"\"MIN_INTERVAL\"", "DEFER", "measure dates needs days"},
    {"cooldown", "\"after\":\"attempt\",\"days\":3,\"minutes\":3,\"measure\":\"dates\"",
	"\"MIN_INTERVAL\"", "DEFER", "measure dates needs days"},
    {"cooldown", "\"after\":\"attempt\",\"days\":3,\"count_first_day\":true",
	"\"MIN_INTERVAL\"", "DEFER", "count_first_day goes with"},
    {"cooldown", "\"after\":\"refusal\",\"days\":3,\"scope\":\"household\"",
	"\"REFUSAL_COOLDOWN\"", "DEFER", "number and person"},
    {"time_window", "\"mode\":\"all\"", "\"QUIET_HOURS\",\"TZ_UNKNOWN\"", "DEFER",
	"either windows or preference"},
    {"time_window",
	"\"windows\":[{\"start\":\"09:00\",\"end\":\"21:00\"}],\"preference\":true",
	"\"CUSTOMER_TIME_PREFERENCE\",\"TZ_UNKNOWN\"", "DEFER",
	"either windows or preference"},
    {"time_window", "\"preference\":true,\"zones\":[\"UTC\"]",
	"\"CUSTOMER_TIME_PREFERENCE\",\"TZ_UNKNOWN\"", "DEFER", "no zones of its own"},
    {"time_window",
	"\"windows\":[{\"start\":\"09:00\",\"end\":\"21:00\",\"days\":[\"workday\"]}]",
	"\"QUIET_HOURS\",\"TZ_UNKNOWN\"", "DEFER", "need a calendar"},
    {"consent_required", "\"invalid_forms\":[\"x\"],\"transaction_months\":3",
	CONSENT_CODES, "BLOCK", "months go with"},
    {"consent_required", "\"notice_required\":true", CONSENT_CODES, "BLOCK",
	"invalid_forms is missing"},
    {"consent_required", "\"check\":\"written\",\"below_age\":14", "\"PEWC_REQUIRED\"",
	"BLOCK", "below_age goes with"},
    {"consent_required", "\"check\":\"guardian\"", "\"GUARDIAN_CONSENT_MISSING\"",
	"BLOCK", "below_age goes with"},
    {"consent_required", "\"check\":\"written\",\"kinds\":[\"x\"]", "\"PEWC_REQUIRED\"",
	"BLOCK", "kinds goes with"},
    {"relationship", "\"need\":\"required\"", "\"EBR_EXPIRED\"", "BLOCK",
	"needs transaction_months"},
    {"registry_scrub",
	"\"register\":\"X\",\"check\":\"fresh\",\"days\":31,\"grace_days\":3",
	"\"DNC_SCRUB_STALE\"", "DEFER", "grace_days goes with"},
    {"registry_scrub", "\"register\":\"X\",\"check\":\"listed\",\"days\":31",
	"\"DNC_REGISTRY\"", "BLOCK", "days goes with"},
    {"number_health", "\"check\":\"label\"", "\"NUMBER_LABELED_SPAM\"", "DEFER",
	"labels goes with"},
    {"number_health", "\"check\":\"callback\",\"labels\":[\"x\"]",
	"\"CLI_NOT_CALLABLE\"", "BLOCK", "labels goes with"},
    {"number_health", "\"check\":\"attestation\"", "\"NUMBER_ATTESTATION_LOW\"", "WARN",
	"levels goes with"},
    {"number_health", "\"check\":\"callback\",\"levels\":[\"A\"]",
	"\"CLI_NOT_CALLABLE\"", "BLOCK", "levels goes with"},
    {"number_health", "\"check\":\"callback\",\"default_cap\":3",
	"\"CLI_NOT_CALLABLE\"", "BLOCK", "default_cap goes with"},
    {"number_health", "\"check\":\"daily_cap\",\"allow_untested\":true",
	"\"NUMBER_DAILY_CAP\"", "DEFER", "allow_untested goes with"},
    {"number_health", "\"check\":\"callback\",\"allow_untested\":true,\"days\":3",
	"\"CLI_NOT_CALLABLE\"", "BLOCK", "allow_untested goes with"},
    {"suitability_matrix", "\"check\":\"affordable\"", "\"AFFORDABILITY_MISMATCH\"",
	"BLOCK", "percent goes with"},
    {"suitability_matrix", "\"check\":\"qualified\",\"percent\":3",
	"\"INVESTOR_NOT_QUALIFIED\"", "BLOCK", "percent goes with"},
    {"suitability_matrix", "\"check\":\"qualified\",\"max_risk\":[1,2,3,4,5]",
	"\"INVESTOR_NOT_QUALIFIED\"", "BLOCK", "C1 to C5"},
    {"objection_absent", "\"check\":\"carrier_reject\",\"channels\":[\"SMS\"]",
	"\"CARRIER_REJECT_LIST\"", "BLOCK", "channels goes with"},
    {"disclosure", "\"check\":\"ai_label\",\"items\":[\"x\"]",
	"\"AI_DISCLOSURE_MISSING\"", "BLOCK", "items goes with"},
    {"disclosure", "\"check\":\"made\"", "\"DISCLOSURE_MISSING\"", "REQUIRE",
	"items goes with"},
    {"automation_gate", "\"check\":\"point_class\"",
	"\"CONTACT_POINT_FORBIDDEN_CLASS\"", "BLOCK", "classes goes with"},
    {"automation_gate", "\"check\":\"no_robot\",\"classes\":[\"x\"]",
	"\"ROBOT_NOT_PERMITTED\"", "BLOCK", "classes goes with"},
    {"data_present", "\"field\":\"point.stable\"", "\"CONTACT_POINT_UNVERIFIED\"",
	"REVIEW", "days goes with"},
    {"data_present", "\"field\":\"party.dob\",\"days\":3", "\"DATA_MISSING_DOB\"",
	"REVIEW", "days goes with"},
    {"expression", "", "\"CHANNEL_OPT_OUT\"", "BLOCK", "allow is missing"},
};

START_TEST(parameters_and_codes_fit_the_kind)
{
	struct arena arena;
	struct stw_err err = {0};
	struct pack pack;

	arena_init(&arena);
	ck_assert_int_eq(
	    pack_read(str_of(arena_printf(&arena, rule_form, misfits[_i].kind,
			  misfits[_i].params, misfits[_i].codes, misfits[_i].outcome)),
		"t", "1", &arena, &pack, &err),
	    STW_INVALID);
	ck_assert_msg(strstr(err.text, misfits[_i].want) != NULL, "%s", err.text);
	arena_fini(&arena);
}
END_TEST

/* It answers nothing, so that no form above holds it. */
START_TEST(records_are_kept_for_days_or_for_months)
{
	const struct gate_kind *kind = gate_kind_find("retention");
	const struct gate_params rows[] = {
	    {.days = 3}, {.months = 3}, {0}, {.days = 3, .months = 3}};

	for (size_t i = 0; i < STW_ARRAY_LEN(rows); i++)
		ck_assert_msg((gate_params_misfit(kind, &rows[i]) == NULL) == (i < 2),
		    "row %zu", i);
}
END_TEST

START_TEST(a_preference_has_no_calendar)
{
	const struct gate_kind *kind = gate_kind_find("time_window");
	const struct pack_calendar calendar = {.name = "x"};
	struct gate_params p = {.preference = true};

	ck_assert_ptr_null(gate_params_misfit(kind, &p));
	p.calendar = &calendar;
	ck_assert_ptr_nonnull(gate_params_misfit(kind, &p));
}
END_TEST

START_TEST(what_names_nothing_stands_for_all)
{
	ck_assert(gate_dim_covers(NULL, "VOICE"));
	ck_assert(gate_dim_covers("*", "VOICE"));
	ck_assert(gate_dim_covers("VOICE", "VOICE"));
	ck_assert(!gate_dim_covers("SMS", "VOICE"));
}
END_TEST

START_TEST(packs_are_joined_only_when_they_fit)
{
	static const struct {
		struct pack_use uses[2];
		const char *want;
	} joins[] = {
	    {{{"cn", "1.0.1", 0, 10}, {"cn", "1.0.1", 9, 20}}, "at one time"},
	    {{{"cn", "1.0.1", 0, 10}, {"house", "9.9.9", 0, 10}}, "does not have it"},
	    {{{"cn", "1.0.1", 0, 10}, {"house", "1.0.0", 5, 5}}, "no time"},
	    {{{"cn", "1.0.1", 0, 10}, {"cn", "1.0.1", 10, 20}}, NULL},
	    {{{"cn", "1.0.1", 10, 20}, {"cn", "1.0.1", 0, 10}}, NULL},
	    {{{"cn", "1.0.1", 9, 20}, {"cn", "1.0.1", 0, 10}}, "at one time"},
	};
	struct ruleset *rules = NULL;
	struct stw_err err = {0};

	for (size_t i = 0; i < STW_ARRAY_LEN(joins); i++) {
		enum stw_code rc = ruleset_load(joins[i].uses, 2, &rules, &err);

		ck_assert_msg(
		    (rc == STW_OK) == (joins[i].want == NULL), "%zu: %s", i, err.text);
		if (rc != STW_OK) {
			ck_assert_ptr_null(rules);
			ck_assert_msg(
			    strstr(err.text, joins[i].want) != NULL, "%s", err.text);
		}
		ruleset_free(rules);
	}
}
END_TEST

/* The hash names packs, not the order in which they were given. */
START_TEST(the_hash_of_a_ruleset_follows_the_packs_in_force)
{
	const struct pack_use ab[] = {
	    {"cn", "1.0.1", 0, 100}, {"house", "1.0.0", 50, 200}};
	const struct pack_use ba[] = {ab[1], ab[0]};
	struct ruleset *one = NULL, *two = NULL;
	struct stw_err err = {0};

	ck_assert_int_eq(ruleset_load(ab, 2, &one, &err), STW_OK);
	ck_assert_int_eq(ruleset_load(ba, 2, &two, &err), STW_OK);
	ck_assert_uint_eq(strlen(ruleset_hash(one, 0)), 64);
	for (stw_usec at = -10; at < 250; at += 10)
		ck_assert_str_eq(ruleset_hash(one, at), ruleset_hash(two, at));
	ck_assert_str_ne(ruleset_hash(one, 49), ruleset_hash(one, 50));
	ck_assert_str_ne(ruleset_hash(one, 99), ruleset_hash(one, 100));
	ck_assert_str_ne(ruleset_hash(one, 0), ruleset_hash(one, 199));
	ck_assert_str_eq(ruleset_hash(one, -1), ruleset_hash(one, 200));
	ruleset_free(one);
	ruleset_free(two);
}
END_TEST

START_TEST(reason_codes_are_sorted_and_have_their_sentences)
{
	const struct reason *all = NULL;
	int n = reason_all(&all);

	ck_assert_int_gt(n, 80);
	for (int i = 0; i < n; i++) {
		ck_assert_msg(i == 0 || strcmp(all[i - 1].code, all[i].code) < 0, "%s",
		    all[i].code);
		ck_assert_ptr_eq(reason_find(all[i].code), &all[i]);
		ck_assert_str_eq(reason_text(all[i].code, "en"), all[i].en);
		ck_assert_str_eq(reason_text(all[i].code, "zh-CN"), all[i].zh);
		ck_assert_str_ne(all[i].en, all[i].zh);
	}
	ck_assert_ptr_null(reason_find("NO_SUCH_CODE"));
	ck_assert_str_eq(reason_text("NO_SUCH_CODE", "en"), "NO_SUCH_CODE");
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("gate_kinds");
	TCase *tc = tcase_create("gate_kinds");
	SRunner *runner;
	int failed;

	tcase_add_loop_test(
	    tc, a_kind_is_right_at_its_boundary, 0, (int)STW_ARRAY_LEN(cases));
	tcase_add_loop_test(tc, a_scope_means_what_the_interpreter_says, 0,
	    (int)STW_ARRAY_LEN(scope_texts));
	tcase_add_test(tc, so_do_the_scopes_of_the_packs);
	tcase_add_test(tc, an_undecided_scope_applies);
	tcase_add_loop_test(
	    tc, a_faulty_pack_is_refused_whole, 0, (int)STW_ARRAY_LEN(faults));
	tcase_add_loop_test(
	    tc, parameters_and_codes_fit_the_kind, 0, (int)STW_ARRAY_LEN(misfits));
	tcase_add_test(tc, records_are_kept_for_days_or_for_months);
	tcase_add_test(tc, a_preference_has_no_calendar);
	tcase_add_test(tc, what_names_nothing_stands_for_all);
	tcase_add_test(tc, packs_are_joined_only_when_they_fit);
	tcase_add_test(tc, the_hash_of_a_ruleset_follows_the_packs_in_force);
	tcase_add_test(tc, reason_codes_are_sorted_and_have_their_sentences);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
