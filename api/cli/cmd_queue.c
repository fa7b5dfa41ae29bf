/* Queues: how they are spoken to, open and closed. */
#include <stdio.h>
#include <string.h>

#include "api/cli/cli.h"
#include "api/push/push_queue.h"
#include "campaigns/connector_store.h"

#define FILE_MAX_BYTES ((size_t)64 * 1024)

struct asked {
	const char *kind, *url, *secret, *connector, *settings, *dedupes;
	const char *ca, *client_cert, *client_key, *by, *why;
	int64_t concurrency, timeout_ms, tries;
	bool native, no_tls;
};

static const char *
say(const char *zh, const char *en)
{
	return cli_wants_zh() ? zh : en;
}

static const char *
way(const struct queue_row *q)
{
	return q->connector == NULL ? say("原生", "native") : q->connector;
}

static enum stw_code
list(struct cli *cli, struct db *db, struct stw_err *err)
{
	struct queue_row *rows;
	int count;
	enum stw_code rc = queue_list(db, NULL, &cli->arena, &rows, &count, err);

	for (int i = 0; rc == STW_OK && i < count; i++)
		(void)printf("%-20s %-7s %-9s %-18s %s  %s %s, %s %s, %s %s, %s %s\n",
		    rows[i].code, rows[i].kind, rows[i].state, way(&rows[i]),
		    rows[i].url, say("等待", "waiting"), cli_count(rows[i].waiting),
		    say("已推送", "pushed"), cli_count(rows[i].pushed),
		    say("未知", "unknown"), cli_count(rows[i].unknown),
		    say("死信", "dead"), cli_count(rows[i].dead));
	return rc;
}

static enum stw_code
queue_find(struct cli *cli, struct db *db, const struct seal_keys *keys,
    struct queue_row **out, struct stw_err *err)
{
	int count;
	enum stw_code rc =
	    queue_targets(db, keys, cli->argv[0], &cli->arena, out, &count, err);

	if (rc == STW_OK && count == 0)
		return stw_fail(err, STW_NOT_FOUND, "%s %.60s",
		    say("没有队列", "there is no queue"), cli->argv[0]);
	return rc;
}

static enum stw_code
show(struct cli *cli, struct db *db, struct stw_err *err)
{
	struct queue_row *q;
	enum stw_code rc = queue_find(cli, db, NULL, &q, err);

	if (rc != STW_OK)
		return rc;
	(void)printf("%s  %s  %s%s%s%s%s\n%s  %s\n", q->code, q->kind, q->state,
	    q->state_by == NULL ? "" : ": ", q->state_by == NULL ? "" : q->state_by,
	    q->state_why == NULL ? "" : ", ", q->state_why == NULL ? "" : q->state_why,
	    way(q), q->url);
	(void)printf(
	    "settings %s\ndedupes %s, concurrency %d, timeout %d ms, tries %d\n",
	    q->connector_settings, q->dedupes ? "yes" : "no", q->concurrency,
	    q->timeout_ms, q->tries_max);
	(void)printf("TLS: %s%s\n",
	    q->ca == NULL ? say("系统证书", "the system's authorities")
			  : say("自有 CA", "its own authority"),
	    q->client_cert == NULL ? ""
				   : say("，客户端证书", ", a client certificate"));
	if (q->connector != NULL && q->document == NULL)
		(void)puts(say("没有已启用的连接器版本：不会推送",
		    "NO VERSION of its connector is in force: nothing is sent"));
	return STW_OK;
}

/* ---- set --------------------------------------------------------------------------------- */
/* The text of a file, its last newlines off; *out stays where no file is named. */
static enum stw_code
file_text(struct cli *cli, const char *path, const char **out, struct stw_err *err)
{
	struct str text;
	enum stw_code rc;

	if (path == NULL)
		return STW_OK;
	rc = cli_read_file(cli, path, FILE_MAX_BYTES, &text, err);
	if (rc != STW_OK)
		return rc;
	while (text.len > 0 && text.ptr[text.len - 1] == '\n')
		text.len--;
	*out = arena_strndup(&cli->arena, text.ptr, text.len);
	return STW_OK;
}

static enum stw_code
files_read(
    struct cli *cli, const struct asked *a, struct queue_row *q, struct stw_err *err)
{
	enum stw_code rc = file_text(cli, a->secret, &q->secret, err);

	if (rc == STW_OK)
		rc = file_text(cli, a->settings, &q->connector_settings, err);
	if (rc == STW_OK)
		rc = file_text(cli, a->ca, &q->ca, err);
	if (rc == STW_OK)
		rc = file_text(cli, a->client_cert, &q->client_cert, err);
	if (rc == STW_OK)
		rc = file_text(cli, a->client_key, &q->client_key, err);
	return rc;
}

static enum stw_code
connector_of(struct cli *cli, struct db *db, struct queue_row *q, struct stw_err *err)
{
	struct connector_row *rows;
	int count;
	enum stw_code rc;

	q->document = NULL;
	if (q->connector == NULL)
		return STW_OK;
	rc = connector_rows(db, q->connector, 0, &cli->arena, &rows, &count, err);
	for (int i = 0; rc == STW_OK && i < count; i++)
		if (strcmp(rows[i].state, "active") == 0)
			q->document = rows[i].document;
	return rc;
}

/* What was not asked for stays as it is. */
static void
row_change(struct queue_row *q, const struct asked *a)
{
	if (a->kind != NULL)
		q->kind = a->kind;
	if (a->url != NULL)
		q->url = a->url;
	if (a->connector != NULL)
		q->connector = a->connector;
	if (a->native) {
		q->connector = NULL;
		q->connector_settings = "{}";
	}
	if (a->dedupes != NULL)
		q->dedupes = strcmp(a->dedupes, "yes") == 0;
	if (a->concurrency > 0)
		q->concurrency = (int)a->concurrency;
	if (a->timeout_ms > 0)
		q->timeout_ms = (int)a->timeout_ms;
	if (a->tries > 0)
		q->tries_max = (int)a->tries;
	if (a->no_tls) {
		q->ca = q->client_cert = q->client_key = NULL;
		q->has_client_key = false;
	}
}

static enum stw_code
set(struct cli *cli, struct db *db, const struct asked *a, struct stw_err *err)
{
	struct queue_row q = {.code = cli->argv[0],
	    .kind = "agent",
	    .connector_settings = "{}",
	    .concurrency = 8,
	    .timeout_ms = 15000};
	const struct seal_keys *keys;
	struct queue_row *known;
	int count = 0;
	enum stw_code rc = app_keys(&cli->app, false, &keys, err);

	if (rc == STW_OK)
		rc = queue_targets(
		    db, keys, cli->argv[0], &cli->arena, &known, &count, err);
	if (rc == STW_OK && count > 0)
		q = known[0];
	row_change(&q, a);
	if (rc == STW_OK)
		rc = files_read(cli, a, &q, err);
	if (rc == STW_OK && q.url == NULL)
		rc = stw_fail(err, STW_INVALID, "%s",
		    say("新队列需要 --url", "a new queue needs --url"));
	if (rc == STW_OK)
		rc = connector_of(cli, db, &q, err);
	if (rc == STW_OK)
		rc = push_queue_check(&q, err);
	if (rc == STW_OK && count > 0 && a->secret == NULL)
		rc = push_queue_secret_stays(&q, &known[0], err);
	if (rc == STW_OK)
		rc = queue_put(db, keys, &q, a->by, app_now(&cli->app), err);
	return rc == STW_OK ? show(cli, db, err) : rc;
}

static enum stw_code
set_state(struct cli *cli, struct db *db, const char *state, const struct asked *a,
    struct stw_err *err)
{
	struct queue_row *q;
	enum stw_code rc;

	if (a->why == NULL)
		return stw_fail(
		    err, STW_INVALID, "%s", say("需要 --why", "--why is needed"));
	rc = queue_find(cli, db, NULL, &q, err);
	if (rc == STW_OK)
		rc = queue_set_state(
		    db, q->queue_id, state, a->by, a->why, app_now(&cli->app), err);
	return rc == STW_OK ? show(cli, db, err) : rc;
}

enum stw_code
cmd_queue(struct cli *cli, struct stw_err *err)
{
	enum verb { LIST, SHOW, SET, ENABLE, DISABLE };
	static const char *const verbs[] = {"list", "show", "set", "enable", "disable"};
	struct asked a = {.kind = NULL};
	const struct cli_opt opts[] = {{"kind", CLI_TEXT, &a.kind, 0, 0},
	    {"url", CLI_TEXT, &a.url, 0, 0}, {"secret", CLI_TEXT, &a.secret, 0, 0},
	    {"connector", CLI_TEXT, &a.connector, 0, 0},
	    {"native", CLI_SWITCH, &a.native, 0, 0},
	    {"settings", CLI_TEXT, &a.settings, 0, 0},
	    {"dedupes", CLI_TEXT, &a.dedupes, 0, 0},
	    {"concurrency", CLI_NUMBER, &a.concurrency, 1, 256},
	    {"timeout-ms", CLI_NUMBER, &a.timeout_ms, 100, 60000},
	    {"tries", CLI_NUMBER, &a.tries, 1, 1000}, {"ca", CLI_TEXT, &a.ca, 0, 0},
	    {"client-cert", CLI_TEXT, &a.client_cert, 0, 0},
	    {"client-key", CLI_TEXT, &a.client_key, 0, 0},
	    {"no-tls", CLI_SWITCH, &a.no_tls, 0, 0}, {"by", CLI_TEXT, &a.by, 0, 0},
	    {"why", CLI_TEXT, &a.why, 0, 0}};
	struct db *db;
	enum stw_code rc = cli_parse(cli, opts, STW_ARRAY_LEN(opts), 1, 2, err);
	int verb;

	if (rc != STW_OK)
		return rc;
	verb = cli_verb(cli, verbs, STW_ARRAY_LEN(verbs), err);
	if (verb < 0)
		return err->code;
	if ((verb == LIST) != (cli->argc == 0))
		return stw_fail(err, STW_INVALID, "%s",
		    say("list 不带参数；其他命令需要队列代码",
			"list takes nothing more, the others a queue's code"));
	if (verb >= SET && a.by == NULL)
		return stw_fail(
		    err, STW_INVALID, "%s", say("需要 --by", "--by is needed"));
	rc = app_db(&cli->app, &db, err);
	if (rc != STW_OK)
		return rc;
	if (verb == LIST)
		return list(cli, db, err);
	if (verb == SHOW)
		return show(cli, db, err);
	if (verb == SET)
		return set(cli, db, &a, err);
	return set_state(cli, db, verb == ENABLE ? "open" : "disabled", &a, err);
}
