#include <string.h>
#include <unistd.h>

#include "api/auth.h"
#include "api/cli/cli.h"
#include "api/push/webhook.h"
#include "campaigns/queue_store.h"
#include "campaigns/setup_store.h"
#include "db/secret_file.h"

#define SECRET_MAX 256

/* Who works with the demo besides the agents. */
static const struct {
	enum api_role role;
	const char *subject;
} staff[] = {
    {ROLE_OPS, "ops_li"},
    {ROLE_COMPLIANCE, "compliance_wang"},
    {ROLE_OPERATOR, "operator_zhao"},
    {ROLE_ADMIN, "admin_chen"},
};

/* The queues' signing secret, made once. */
static enum stw_code
queue_secret(struct cli *cli, const char **out, struct stw_err *err)
{
	const char *path = arena_printf(&cli->arena, "%s/queue-secret",
	    setting_text(cli->app.settings, SET_STATE_DIR));
	struct buf text;
	enum stw_code rc = STW_OK;

	buf_init(&text);
	if (access(path, F_OK) != 0) {
		webhook_secret_make(&text);
		buf_add_char(&text, '\n');
		rc = secret_file_create(path, (struct str){text.data, text.len}, err);
		buf_clear(&text);
	}
	if (rc == STW_OK)
		rc = secret_file_read(path, SECRET_MAX, &text, err);
	if (rc == STW_OK)
		*out =
		    arena_strndup(&cli->arena, text.data, strcspn(text.data, "\r\n"));
	buf_fini(&text);
	return rc;
}

static enum stw_code
add_token(struct cli *cli, const struct auth_keys *keys, struct db *db,
    enum api_role role, const char *subject, const char *queue, struct buf *people,
    struct buf *agents, struct stw_err *err)
{
	struct buf token;
	enum stw_code rc;

	buf_init(&token);
	rc = auth_token_create(db, keys, subject, role, queue, STW_USEC_MAX,
	    app_now(&cli->app), &token, err);
	if (rc == STW_OK) {
		buf_printf(
		    people, "%-10s %-16s %s\n", role_name(role), subject, token.data);
		if (role == ROLE_AGENT)
			buf_printf(agents, "%s %s %s\n", subject, token.data, queue);
	}
	buf_fini(&token);
	return rc;
}

/* Tokens are shown once, so they go to a file at once; with the file there, nothing is
 * made. */
static enum stw_code
write_tokens(struct cli *cli, struct db *db, const char *path,
    const struct setup_result *setup, struct stw_err *err)
{
	const char *agents_path = arena_printf(&cli->arena, "%s.agents", path);
	struct buf people, agents;
	struct auth_keys keys;
	enum stw_code rc;

	rc = auth_keys_open(
	    setting_text(cli->app.settings, SET_TOKEN_KEY), true, &keys, err);
	if (rc != STW_OK || access(path, F_OK) == 0) {
		auth_keys_close(&keys);
		return rc;
	}
	buf_init(&people);
	buf_init(&agents);
	buf_add_c(&people, "# role, who, token\n");
	buf_add_c(&agents, "# agent, token, queue\n");
	for (size_t i = 0; rc == STW_OK && i < STW_ARRAY_LEN(staff); i++)
		rc = add_token(cli, &keys, db, staff[i].role, staff[i].subject, NULL,
		    &people, &agents, err);
	for (int i = 0; rc == STW_OK && i < setup->nagents; i++)
		rc = add_token(cli, &keys, db, ROLE_AGENT, setup->agents[i].code,
		    setup->agents[i].queue, &people, &agents, err);
	if (rc == STW_OK)
		rc = secret_file_create(
		    agents_path, (struct str){agents.data, agents.len}, err);
	if (rc == STW_OK)
		rc = secret_file_create(
		    path, (struct str){people.data, people.len}, err);
	auth_keys_close(&keys);
	buf_fini(&people);
	buf_fini(&agents);
	return rc;
}

/* Where the queues are already, so that a second setup leaves them there. */
static enum stw_code
queue_url(struct cli *cli, struct db *db, const char **url, struct stw_err *err)
{
	struct queue_row *queues;
	enum stw_code rc;
	size_t len;
	int count;

	if (*url != NULL)
		return STW_OK;
	*url = "http://127.0.0.1:8090";
	rc = queue_targets(db, NULL, NULL, &cli->arena, &queues, &count, err);
	if (rc != STW_OK || count == 0)
		return rc;
	len = strlen(queues[0].url);
	if (len > 6 && strcmp(queues[0].url + len - 6, "/tasks") == 0)
		*url = arena_strndup(&cli->arena, queues[0].url, len - 6);
	return STW_OK;
}

enum stw_code
cmd_setup(struct cli *cli, struct stw_err *err)
{
	const char *queue = NULL, *tokens = NULL;
	const struct cli_opt opts[] = {
	    {"tokens", CLI_TEXT, &tokens, 0, 0}, {"queue", CLI_TEXT, &queue, 0, 0}};
	struct setup_options options;
	struct setup_result result;
	const struct ledger_key *ledger_key;
	const struct seal_keys *keys;
	struct db *db;
	enum stw_code rc;

	rc = cli_parse(cli, opts, (int)STW_ARRAY_LEN(opts), 0, 0, err);
	if (rc == STW_OK && !setting_bool(cli->app.settings, SET_DEMO))
		rc = stw_fail(err, STW_INVALID,
		    "setup fills a database for a demonstration: say --demo");
	if (rc == STW_OK)
		rc = app_db(&cli->app, &db, err);
	if (rc == STW_OK)
		rc = app_keys(&cli->app, true, &keys, err);
	if (rc == STW_OK)
		rc = app_ledger_key(&cli->app, true, &ledger_key, err);
	if (rc == STW_OK)
		rc = queue_url(cli, db, &queue, err);
	options = (struct setup_options){.now = app_now(&cli->app), .queue_url = queue};
	if (rc == STW_OK)
		rc = queue_secret(cli, &options.queue_secret, err);
	if (rc == STW_OK)
		rc = setup_demo(db, keys, &options, &cli->arena, &result, err);
	if (rc == STW_OK)
		rc = write_tokens(cli, db,
		    tokens != NULL
			? tokens
			: arena_printf(&cli->arena, "%s/tokens",
			      setting_text(cli->app.settings, SET_STATE_DIR)),
		    &result, err);
	if (rc == STW_OK)
		(void)printf("%d packs, %d segments, %d products, %d caller numbers, "
			     "%d scripts, %d queues, %d campaigns, %d agents\n",
		    result.packs, result.segments, result.products, result.numbers,
		    result.scripts, result.queues, result.campaigns, result.nagents);
	return rc;
}
