#include <stdio.h>
#include <string.h>
#include <time.h>

#include "api/cli/cli.h"
#include "api/push/connect_send.h"
#include "campaigns/connector_store.h"

#define SECRET_FILE_MAX ((size_t)16 * 1024)
#define SEND_TIMEOUT_MS 15000
#define COUNT_MAX       100

struct asked {
	const char *settings, *secret, *url, *by;
	bool send;
	int64_t count, version;
};

struct test {
	struct cli *cli;
	struct connector connector;
	struct connect_account account;
	const struct asked *asked;
};

static const char *
say(const char *zh, const char *en)
{
	return cli_wants_zh() ? zh : en;
}

/* ---- documents --------------------------------------------------------------------------- */
/* A file where there is one of this name, else a preset. */
static enum stw_code
document_find(struct cli *cli, const char *name, struct str *out, struct stw_err *err)
{
	FILE *file = strcmp(name, "-") == 0 ? stdin : fopen(name, "r");

	if (file == NULL && strchr(name, '/') == NULL && strchr(name, '.') == NULL)
		return connector_preset(name, out, err);
	if (file != NULL && file != stdin)
		(void)fclose(file);
	cli->where = name;
	return cli_read_file(cli, name, CONNECTOR_TEXT_MAX + 1, out, err);
}

static enum stw_code
document_parse(
    struct cli *cli, struct str text, struct connector *out, struct stw_err *err)
{
	struct connector_fault fault;
	enum stw_code rc = connector_parse(text, &cli->arena, out, &fault, err);

	if (rc != STW_OK && cli_wants_zh())
		(void)stw_fail_at(err, rc, fault.line, fault.column, "%s%s%s",
		    fault.pointer, fault.pointer[0] != '\0' ? "：" : "", fault.zh);
	return rc;
}

static enum stw_code
list(struct cli *cli, struct stw_err *err)
{
	struct str name, text;
	size_t at = 0;
	enum stw_code rc = STW_OK;

	while (rc == STW_OK && connector_preset_next(&at, &name, &text)) {
		struct connector c;

		rc = document_parse(cli, text, &c, err);
		if (rc == STW_OK)
			(void)printf("%-20s v%-4d %s%s%s%s  %s\n", c.name, c.version,
			    c.dedupes ? say("去重 ", "dedupes ") : "",
			    c.ops[CONNECTOR_RECALL].method ? say("可撤回 ", "recall ")
							   : "",
			    c.ops[CONNECTOR_STATUS].method ? say("可查询 ", "status ")
							   : "",
			    c.batch_size > 1 ? say("批量", "batch") : "",
			    say(c.zh, c.en));
	}
	return rc;
}

static enum stw_code
show(struct cli *cli, struct stw_err *err)
{
	struct str text;
	enum stw_code rc = connector_preset(cli->argv[0], &text, err);

	if (rc == STW_OK)
		(void)fwrite(text.ptr, 1, text.len, stdout);
	return rc;
}

/* ---- test ------------------------------------------------------------------------------ */
static void
print_request(const struct connect_request *request)
{
	(void)printf("    %s %s\n", request->method, request->url);
	for (int i = 0; request->headers[i] != NULL; i++) {
		const char *header = request->headers[i];

		if (request->secret[i])
			(void)printf(
			    "    %.*s: ***\n", (int)strcspn(header, ":"), header);
		else
			(void)printf("    %s\n", header);
	}
	if (request->body.ptr != NULL)
		(void)printf("\n    %.*s\n", (int)request->body.len, request->body.ptr);
	(void)printf("\n");
}

static enum stw_code
account_open(struct test *t, struct stw_err *err)
{
	const struct asked *asked = t->asked;
	struct str settings = {NULL, 0}, secret = {NULL, 0};
	enum stw_code rc = STW_OK;

	if (asked->settings == NULL && asked->secret == NULL && !asked->send) {
		connect_example_account(&t->connector, &t->cli->arena, &t->account);
		return STW_OK;
	}
	if (asked->settings != NULL)
		rc = cli_read_file(
		    t->cli, asked->settings, SECRET_FILE_MAX, &settings, err);
	if (rc == STW_OK && asked->secret != NULL)
		rc =
		    cli_read_file(t->cli, asked->secret, SECRET_FILE_MAX, &secret, err);
	while (secret.len > 0 && secret.ptr[secret.len - 1] == '\n')
		secret.len--;
	if (rc == STW_OK)
		rc = connect_account_read(
		    &t->connector, settings, secret, &t->cli->arena, &t->account, err);
	return rc;
}

static struct connect_call
call_make(struct test *t, const struct connect_task *tasks, int ntasks)
{
	return (struct connect_call){
	    .connector = &t->connector,
	    .account = &t->account,
	    .url = t->asked->url != NULL ? t->asked->url : "https://example.com",
	    .queue = "test",
	    .tasks = tasks,
	    .ntasks = ntasks,
	    .now = app_now(&t->cli->app),
	    .at_sec = (int64_t)time(NULL),
	};
}

static enum stw_code
render(struct test *t, struct stw_err *err)
{
	struct connect_task task = connect_sample_task(app_now(&t->cli->app));
	struct connect_call call = call_make(t, &task, 1);
	struct connect_request request;
	enum stw_code rc = STW_OK;

	/* Shown as it would be with one. */
	if (t->account.token == NULL)
		t->account.token = "***";
	for (int op = 0; op < CONNECTOR_OPS && rc == STW_OK; op++) {
		call.op = (enum connector_op_kind)op;
		if (t->connector.ops[op].method == NULL)
			continue;
		rc = connect_request_make(&call, &t->cli->arena, &request, err);
		if (rc != STW_OK)
			break;
		(void)printf("%s\n", connector_op_name(call.op));
		print_request(&request);
	}
	t->account.token = NULL;
	return rc;
}

static enum stw_code
examples(struct test *t, struct stw_err *err)
{
	int count = t->connector.nexamples;
	struct connect_example_result *results =
	    arena_array(&t->cli->arena, (size_t)count, sizeof *results);
	int passed = connect_examples_run(&t->connector, &t->cli->arena, results);

	for (int i = 0; i < count; i++)
		(void)printf("  %s %s%s%s\n",
		    results[i].passed ? say("通过", "ok  ") : say("失败", "FAIL"),
		    results[i].name, results[i].passed ? "" : ": ",
		    results[i].passed ? "" : say(results[i].zh, results[i].en));
	(void)printf("%s %d/%d\n", say("示例通过", "examples passed:"), passed, count);
	if (passed == count)
		return STW_OK;
	return stw_fail(err, STW_CONFLICT, "%s (%d)",
	    say("有示例未通过", "some examples do not come out as they say"),
	    count - passed);
}

/* ---- send ------------------------------------------------------------------------------- */
static enum stw_code
send_one(struct test *t, struct connect_call *call, struct connect_answer *answers,
    struct stw_err *err)
{
	struct egress egress;
	struct connect_sent sent;
	enum stw_code rc = egress_parse(
	    str_of(setting_text(t->cli->app.settings, SET_EGRESS)), &egress, err);

	if (rc == STW_OK)
		rc = connect_send(&egress, call, &t->account, SEND_TIMEOUT_MS,
		    &t->cli->arena, &sent, err);
	if (rc != STW_OK)
		return rc;
	for (int i = 0; i < call->ntasks; i++) {
		answers[i] = connect_answer_judge(
		    call, i, &sent.result, t->connector.dedupes, &t->cli->arena);
		(void)printf("%-7s %3d %s%s%s%s%s\n", connector_op_name(call->op),
		    sent.result.fate == HTTP_ANSWERED ? sent.result.status : 0,
		    connector_verdict_name(answers[i].verdict),
		    answers[i].remote_id != NULL ? " " : "",
		    answers[i].remote_id != NULL ? answers[i].remote_id : "",
		    sent.result.detail[0] != '\0' ? ": " : "", sent.result.detail);
	}
	return STW_OK;
}

static enum stw_code
send_offers(struct test *t, struct connect_task *tasks, int count, struct stw_err *err)
{
	struct connect_answer answers[CONNECTOR_BATCH_MAX];
	enum stw_code rc = STW_OK;

	for (int from = 0; from < count && rc == STW_OK;) {
		int n = count - from < t->connector.batch_size
			    ? count - from
			    : t->connector.batch_size;
		struct connect_call call = call_make(t, &tasks[from], n);

		if (from > 0 && t->connector.batch_pause > 0) {
			struct timespec pause = {
			    (time_t)(t->connector.batch_pause / STW_USEC_SEC),
			    (long)(t->connector.batch_pause % STW_USEC_SEC) * 1000};

			(void)nanosleep(&pause, NULL);
		}
		rc = send_one(t, &call, answers, err);
		for (int i = 0; i < n && rc == STW_OK; i++)
			tasks[from + i].remote_id = answers[i].remote_id;
		from += n;
	}
	return rc;
}

static enum stw_code
send_other(struct test *t, struct connect_task *task, enum connector_op_kind op,
    struct stw_err *err)
{
	const struct connector_op *o = &t->connector.ops[op];
	struct connect_call call = call_make(t, task, 1);
	struct connect_answer answer;
	enum stw_code rc;

	if (o->method == NULL || (o->needs_remote_id && task->remote_id == NULL))
		return STW_OK;
	call.op = op;
	rc = send_one(t, &call, &answer, err);
	if (rc == STW_OK && answer.remote_id != NULL)
		task->remote_id = answer.remote_id;
	return rc;
}

static enum stw_code
send_all(struct test *t, struct stw_err *err)
{
	int count = (int)t->asked->count;
	struct connect_task *tasks =
	    arena_array(&t->cli->arena, (size_t)count, sizeof *tasks);
	enum stw_code rc;

	for (int i = 0; i < count; i++) {
		tasks[i] = connect_sample_task(app_now(&t->cli->app));
		tasks[i].id = tasks[i].key = arena_printf(
		    &t->cli->arena, "7e57ab1e-0000-4000-8000-%012d", i + 1);
		tasks[i].phone = arena_printf(&t->cli->arena, "+86%011d", i + 1);
		tasks[i].remote_id = NULL;
	}
	rc = send_offers(t, tasks, count, err);
	for (int i = 0; i < count && rc == STW_OK; i++)
		rc = send_other(t, &tasks[i], CONNECTOR_STATUS, err);
	for (int i = 0; i < count && rc == STW_OK; i++)
		rc = send_other(t, &tasks[i], CONNECTOR_RECALL, err);
	return rc;
}

static enum stw_code
test(struct cli *cli, const struct asked *asked, struct stw_err *err)
{
	struct test t = {.cli = cli, .asked = asked};
	struct str text;
	enum stw_code rc;

	if (asked->send && asked->url == NULL)
		return stw_fail(err, STW_INVALID, "%s",
		    say("--send 需要 --url", "--send needs --url"));
	rc = document_find(cli, cli->argv[0], &text, err);
	if (rc == STW_OK)
		rc = document_parse(cli, text, &t.connector, err);
	if (rc != STW_OK)
		return rc;
	cli->where = NULL;
	(void)printf("%s v%d  %s\n", t.connector.name, t.connector.version,
	    say(t.connector.zh, t.connector.en));
	rc = account_open(&t, err);
	if (rc == STW_OK && !asked->send)
		rc = render(&t, err);
	if (rc == STW_OK && !asked->send)
		rc = examples(&t, err);
	if (rc == STW_OK && asked->send)
		rc = send_all(&t, err);
	connect_account_wipe(&t.account);
	return rc;
}

/* ---- in the database ---------------------------------------------------------------------- */
static enum stw_code
versions(struct cli *cli, struct stw_err *err)
{
	struct connector_row *rows;
	struct db *db;
	int count = 0;
	enum stw_code rc = app_db(&cli->app, &db, err);

	if (rc == STW_OK)
		rc = connector_rows(db, cli->argc > 0 ? cli->argv[0] : NULL, 0,
		    &cli->arena, &rows, &count, err);
	for (int i = 0; i < count; i++)
		(void)printf("%-20s v%-4d %-8s %s %s%s%s, %d %s\n", rows[i].name,
		    rows[i].version, rows[i].state, rows[i].written_by,
		    cli_time(&cli->app, rows[i].written_at),
		    rows[i].activated_by != NULL ? ", " : "",
		    rows[i].activated_by != NULL ? rows[i].activated_by : "",
		    rows[i].queues, say("个队列", "queues"));
	return rc;
}

static enum stw_code
put(struct cli *cli, const struct asked *asked, struct stw_err *err)
{
	struct connector c;
	struct str text;
	struct db *db;
	enum stw_code rc = document_find(cli, cli->argv[0], &text, err);

	if (rc == STW_OK)
		rc = document_parse(cli, text, &c, err);
	if (rc != STW_OK)
		return rc;
	cli->where = NULL;
	if (connect_examples_run(&c, &cli->arena,
		arena_array(&cli->arena, (size_t)c.nexamples,
		    sizeof(struct connect_example_result))) != c.nexamples)
		return stw_fail(err, STW_CONFLICT, "%s",
		    say("有示例未通过；请先运行 connector test",
			"some examples do not come out as they say: see connector test"));
	rc = app_db(&cli->app, &db, err);
	if (rc == STW_OK)
		rc = connector_put(db, c.name, c.version,
		    arena_strndup(&cli->arena, text.ptr, text.len), asked->by,
		    app_now(&cli->app), err);
	if (rc == STW_OK)
		(void)printf("%s v%d %s\n", c.name, c.version,
		    say("已存为草稿；须由另一人启用",
			"kept as a draft; another person puts it in force"));
	return rc;
}

static enum stw_code
activate(struct cli *cli, const struct asked *asked, struct stw_err *err)
{
	struct db *db;
	enum stw_code rc;

	if (asked->version == 0)
		return stw_fail(err, STW_INVALID, "%s",
		    say("activate 需要 --version", "activate needs --version"));
	rc = app_db(&cli->app, &db, err);
	if (rc == STW_OK)
		rc = connector_activate(db, cli->argv[0], (int)asked->version,
		    asked->by, app_now(&cli->app), err);
	if (rc == STW_OK)
		(void)printf("%s v%lld %s\n", cli->argv[0], (long long)asked->version,
		    say("已启用", "is in force"));
	return rc;
}

enum stw_code
cmd_connector(struct cli *cli, struct stw_err *err)
{
	static const char *const verbs[] = {
	    "list", "show", "test", "versions", "put", "activate"};
	struct asked asked = {.count = 1};
	const struct cli_opt opts[] = {
	    {"settings", CLI_TEXT, &asked.settings, 0, 0},
	    {"secret", CLI_TEXT, &asked.secret, 0, 0},
	    {"url", CLI_TEXT, &asked.url, 0, 0},
	    {"send", CLI_SWITCH, &asked.send, 0, 0},
	    {"count", CLI_NUMBER, &asked.count, 1, COUNT_MAX},
	    {"by", CLI_TEXT, &asked.by, 0, 0},
	    {"version", CLI_NUMBER, &asked.version, 1, 1000000},
	};
	enum stw_code rc = cli_parse(cli, opts, STW_ARRAY_LEN(opts), 1, 2, err);
	int verb;

	if (rc != STW_OK)
		return rc;
	verb = cli_verb(cli, verbs, STW_ARRAY_LEN(verbs), err);
	if (verb < 0)
		return err->code;
	if (verb == 3)
		return versions(cli, err);
	if (verb > 3 && asked.by == NULL)
		return stw_fail(
		    err, STW_INVALID, "%s", say("需要 --by", "--by is needed"));
	if ((verb > 0) != (cli->argc == 1))
		return stw_fail(err, STW_INVALID, "%s",
		    say("list 不带参数；其他命令需要一个名称或文件",
			"list takes nothing more, the others a name or a file"));
	if (verb == 0)
		return list(cli, err);
	if (verb == 4)
		return put(cli, &asked, err);
	if (verb == 5)
		return activate(cli, &asked, err);
	return verb == 1 ? show(cli, err) : test(cli, &asked, err);
}
