/* Rules from outside: one request in, one answer out. */
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "engine/rule_value_json.h"

static const struct json_case {
	const char *name, *request, *answer;
} cases[] = {
    /* values of every type, there and back */
    {"bool", "{'expr':'x','vars':{'x':{'type':'bool','value':true}}}",
	"{'type':'bool','value':true,'checked':'bool'}"},
    {"the largest int is a string",
	"{'expr':'x','vars':{'x':{'type':'int','value':'9223372036854775807'}}}",
	"{'type':'int','value':'9223372036854775807','checked':'int'}"},
    {"an int may be a number", "{'expr':'x','vars':{'x':{'type':'int','value':-5}}}",
	"{'type':'int','value':'-5','checked':'int'}"},
    {"uint", "{'expr':'x','vars':{'x':{'type':'uint','value':'18446744073709551615'}}}",
	"{'type':'uint','value':'18446744073709551615','checked':'uint'}"},
    {"double", "{'expr':'x','vars':{'x':{'type':'double','value':1.5}}}",
	"{'type':'double','value':1.5,'checked':'double'}"},
    {"NaN", "{'expr':'x','vars':{'x':{'type':'double','value':'NaN'}}}",
	"{'type':'double','value':'NaN','checked':'double'}"},
    {"infinity", "{'expr':'-x','vars':{'x':{'type':'double','value':'Infinity'}}}",
	"{'type':'double','value':'-Infinity','checked':'double'}"},
    {"string", "{'expr':'x','vars':{'x':{'type':'string','value':'a\\u0000中'}}}",
	"{'type':'string','value':'a\\u0000中','checked':'string'}"},
    {"bytes", "{'expr':'x','vars':{'x':{'type':'bytes','value':'AP8='}}}",
	"{'type':'bytes','value':'AP8=','checked':'bytes'}"},
    {"null", "{'expr':'x','vars':{'x':{'type':'null','value':null}}}",
	"{'type':'null','value':null,'checked':'null'}"},
    {"timestamp",
	"{'expr':'x','vars':{'x':{'type':'timestamp','value':"
	"'2026-01-01T08:00:00.000000001+08:00'}}}",
	"{'type':'timestamp','value':'2026-01-01T00:00:00.000000001Z',"
	"'checked':'timestamp'}"},
    {"duration", "{'expr':'x','vars':{'x':{'type':'duration','value':'-1.5s'}}}",
	"{'type':'duration','value':'-1.5s','checked':'duration'}"},
    {"date", "{'expr':'x + 1','vars':{'x':{'type':'date','value':'2024-02-28'}}}",
	"{'type':'date','value':'2024-02-29','checked':'date'}"},
    {"money",
	"{'expr':'x * 2','vars':{'x':{'type':'money','value':"
	"{'amount':'1.25','currency':'EUR'}}}}",
	"{'type':'money','value':{'amount':'2.50','currency':'EUR'},"
	"'checked':'money'}"},
    {"list",
	"{'expr':'x','vars':{'x':{'type':'list','value':[{'type':'int','value':'1'},"
	"{'type':'string','value':'a'}]}}}",
	"{'type':'list','value':[{'type':'int','value':'1'},"
	"{'type':'string','value':'a'}],'checked':'list(dyn)'}"},
    {"a map has keys that are no strings",
	"{'expr':'x','vars':{'x':{'type':'map','value':[[{'type':'uint','value':'1'},"
	"{'type':'bool','value':false}]]}}}",
	"{'type':'map','value':[[{'type':'uint','value':'1'},"
	"{'type':'bool','value':false}]],'checked':'map(dyn, dyn)'}"},
    {"type", "{'expr':'type(x)','vars':{'x':{'type':'type','value':'int'}}}",
	"{'type':'type','value':'type','checked':'type'}"},
    {"an optional",
	"{'expr':'x','vars':{'x':{'type':'optional','value':"
	"{'type':'int','value':'1'}}}}",
	"{'type':'optional','value':{'type':'int','value':'1'},"
	"'checked':'optional(dyn)'}"},
    {"an empty optional",
	"{'expr':'x.hasValue()','vars':{'x':{'type':'optional','value':null}}}",
	"{'type':'bool','value':false,'checked':'bool'}"},
    /* what a request can say */
    {"a container",
	"{'expr':'y','container':'a.b','vars':{'a.y':{'type':'int','value':'1'},"
	"'y':{'type':'int','value':'2'}}}",
	"{'type':'int','value':'1','checked':'int'}"},
    {"from the root in a container",
	"{'expr':'.y','container':'a.b','vars':{'a.y':{'type':'int','value':'1'},"
	"'y':{'type':'int','value':'2'}}}",
	"{'type':'int','value':'2','checked':'int'}"},
    {"the longest name wins",
	"{'expr':'a.b.c','declare':{'a.b':'map(string, int)'},'vars':"
	"{'a.b.c':{'type':'string','value':'long'},'a.b':{'type':'map','value':[]}}}",
	"{'type':'string','value':'long','checked':'string'}"},
    {"a macro's variable hides a dotted name",
	"{'expr':'[{\\\"y\\\": 1}].map(x, x.y)','vars':"
	"{'x.y':{'type':'int','value':'9'}}}",
	"{'type':'list','value':[{'type':'int','value':'1'}],'checked':'list(int)'}"},
    {"declared without a value is missing", "{'expr':'x > 1','declare':{'x':'int'}}",
	"{'error':{'line':1,'column':1,'message':'x has no value','missing':true},"
	"'checked':'bool'}"},
    {"only checked",
	"{'expr':'[x]','declare':{'x':'list(map(string, uint))'},"
	"'check':true}",
	"{'checked':'list(list(map(string, uint)))'}"},
    {"a declared function is checked",
	"{'expr':'f(1, [true])','functions':[{'name':'f','args':['A','list(B)'],"
	"'result':'pair(A, B)'}],'check':true}",
	"{'checked':'pair(int, bool)'}"},
    {"functions are looked for in the container too",
	"{'expr':'[f(1), b.f(1), a.b.f(1), .g.h.f(1)]','container':'a.b','check':true,"
	"'functions':[{'name':'a.b.f','args':['int'],'result':'int'},"
	"{'name':'g.h.f','args':['int'],'result':'string'}]}",
	"{'checked':'list(dyn)'}"},
    {"a name from the root is not looked for in the container",
	"{'expr':'.f(1)','container':'a','check':true,"
	"'functions':[{'name':'a.f','args':['int'],'result':'int'}]}",
	"{'error':{'line':1,'column':2,'message':\"no function 'f'\"}}"},
    {"types are looked for in the container too",
	"{'expr':'type(now) == Timestamp','container':'google.protobuf'}",
	"{'type':'bool','value':true,'checked':'bool'}"},
    {"a declared function cannot be called",
	"{'expr':'f() || true','functions':[{'name':'f','args':[],'result':'bool'}]}",
	"{'type':'bool','value':true,'checked':'bool'}"},
    {"unchecked types meet at run time", "{'expr':'1 == \\\"a\\\"','unchecked':true}",
	"{'type':'bool','value':false,'checked':'bool'}"},
    {"unchecked names fail at run time",
	"{'expr':'x.y || f(1) || true','unchecked':true}",
	"{'type':'bool','value':true,'checked':'bool'}"},
    {"unchecked failures keep their place",
	"{'expr':'true && unheard_of','unchecked':true}",
	"{'error':{'line':1,'column':9,'message':\"unknown name 'unheard_of'\"},"
	"'checked':'bool'}"},
    {"the clock and the zone",
	"{'expr':'[string(now), string(today)]','now':'2026-01-01T20:00:00Z',"
	"'zone':'Asia/Shanghai'}",
	"{'type':'list','value':[{'type':'string','value':'2026-01-01T20:00:00Z'},"
	"{'type':'string','value':'2026-01-02'}],'checked':'list(string)'}"},
    {"the clock that is handed in", "{'expr':'int(now)'}",
	"{'type':'int','value':'60','checked':'int'}"},
    /* what is wrong with one */
    {"syntax", "{'expr':'1 +\\n+'}",
	"{'error':{'line':2,'column':1,'message':"
	"\"expected an expression, found '+'\"}}"},
    {"types", "{'expr':'1 + \\\"a\\\"'}",
	"{'error':{'line':1,'column':3,'message':"
	"'no overload for int + string; write string(1) + \\\"a\\\"'}}"},
    {"evaluation", "{'expr':'1 / 0'}",
	"{'error':{'line':1,'column':3,'message':'division by zero'},'checked':'int'}"},
    {"no JSON", "{'expr':",
	"{'error':{'line':0,'column':0,'message':"
	"'not JSON: unexpected token near end of file'}}"},
    {"no rule", "{}",
	"{'error':{'line':0,'column':0,'message':'the request has no \\\"expr\\\"'}}"},
    {"not the declared type",
	"{'expr':'x','declare':{'x':'list(string)'},'vars':{'x':{'type':'list','value':"
	"[{'type':'string','value':'a'},{'type':'int','value':'1'}]}}}",
	"{'error':{'line':0,'column':0,'message':'x: not of the declared type'}}"},
    {"no such type", "{'expr':'x','declare':{'x':'list(int'}}",
	"{'error':{'line':0,'column':0,'message':\"x: not a type: 'list(int'\"}}"},
    {"an int out of range",
	"{'expr':'x','vars':{'x':{'type':'int','value':'9223372036854775808'}}}",
	"{'error':{'line':0,'column':0,'message':'x: not a value of type int'}}"},
    {"not a value", "{'expr':'x','vars':{'x':5}}",
	"{'error':{'line':0,'column':0,'message':"
	"'x: a value is an object with \\\"type\\\" and \\\"value\\\"'}}"},
    {"a key twice",
	"{'expr':'x','vars':{'x':{'type':'map','value':[[{'type':'int','value':'1'},"
	"{'type':'int','value':'1'}],[{'type':'uint','value':'1'},"
	"{'type':'int','value':'1'}]]}}}",
	"{'error':{'line':0,'column':0,'message':'x: not a value of type map'}}"},
    {"no such zone", "{'expr':'1','zone':'Mars/Base'}", NULL},
};

/* Cases are written with ' for ", and \" for a ' inside; this puts them right. */
static void
quotes(const char *text, struct buf *to)
{
	bool inside = false; /* a "..." that holds ' */

	for (; *text != '\0'; text++) {
		if (text[0] == '\\' && text[1] == '"') {
			buf_add_c(to, "\\\"");
			text++;
		} else if (text[0] == '"') {
			inside = !inside;
			buf_add_char(to, '"');
		} else {
			buf_add_char(to, text[0] == '\'' && !inside ? '"' : text[0]);
		}
	}
}

START_TEST(a_request_has_its_answer)
{
	const struct json_case *c = &cases[_i];
	struct buf request, want, got;

	buf_init(&request);
	buf_init(&want);
	buf_init(&got);
	quotes(c->request, &request);
	rule_answer_json(
	    (struct str){request.data, request.len}, 60000000, false, &got);
	if (c->answer == NULL) {
		ck_assert_msg(strncmp(got.data, "{\"error\":", 9) == 0, "%s: %s",
		    c->name, got.data);
	} else {
		quotes(c->answer, &want);
		ck_assert_msg(strcmp(got.data, want.data) == 0,
		    "%s:\n  wanted %s\n  got    %s", c->name, want.data, got.data);
	}
	buf_fini(&request);
	buf_fini(&want);
	buf_fini(&got);
}
END_TEST

/* A value nested more deeply than anybody means it is refused, not walked. */
START_TEST(a_deep_value_is_an_error)
{
	struct buf request, got;

	buf_init(&request);
	buf_init(&got);
	buf_add_c(&request, "{\"expr\":\"1\",\"vars\":{\"x\":");
	for (int i = 0; i < 200; i++)
		buf_add_c(&request, "{\"type\":\"list\",\"value\":[");
	buf_add_c(&request, "{\"type\":\"null\",\"value\":null}");
	for (int i = 0; i < 200; i++)
		buf_add_c(&request, "]}");
	buf_add_c(&request, "}}");
	rule_answer_json((struct str){request.data, request.len}, 0, false, &got);
	ck_assert_ptr_nonnull(strstr(got.data, "nested too deeply"));
	buf_fini(&request);
	buf_fini(&got);
}
END_TEST

START_TEST(messages_can_be_in_chinese)
{
	struct buf got;

	buf_init(&got);
	rule_answer_json(STR_LIT("{\"expr\":\"1 / 0\"}"), 0, true, &got);
	ck_assert_str_eq(got.data, "{\"error\":{\"line\":1,\"column\":3,\"message\":"
				   "\"除数为零\"},\"checked\":\"int\"}");
	buf_clear(&got);
	rule_answer_fault("the line is too long", true, &got);
	ck_assert_str_eq(got.data,
	    "{\"error\":{\"line\":0,\"column\":0,\"message\":\"这一行过长\"}}");
	buf_clear(&got);
	rule_answer_fault("no message of ours", true, &got);
	ck_assert_ptr_nonnull(strstr(got.data, "no message of ours"));
	buf_fini(&got);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("rule_value_json");
	TCase *tc = tcase_create("answers");
	SRunner *runner;
	int failed;

	tcase_add_loop_test(
	    tc, a_request_has_its_answer, 0, sizeof cases / sizeof cases[0]);
	tcase_add_test(tc, a_deep_value_is_an_error);
	tcase_add_test(tc, messages_can_be_in_chinese);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
