#include "api/auth.h"
#include "api/cli/cli.h"

static enum stw_code
create(struct cli *cli, const struct auth_keys *keys, const char *role,
    const char *subject, const char *queue, int64_t days, struct stw_err *err)
{
	enum api_role parsed = role != NULL ? role_parse(str_of(role)) : ROLE_NONE;
	struct stw_clock real;
	struct buf token;
	struct db *db;
	enum stw_code rc;

	if (parsed == ROLE_NONE)
		return stw_fail(err, STW_INVALID,
		    "--role is ops, agent, compliance, operator or admin");
	if (subject == NULL)
		return stw_fail(err, STW_INVALID, "--subject WHO is needed");
	if ((parsed == ROLE_AGENT) != (queue != NULL))
		return stw_fail(err, STW_INVALID,
		    "--queue goes with the role agent, and only then");
	rc = app_db(&cli->app, &db, err);
	if (rc != STW_OK)
		return rc;
	/* Tokens run out by the real clock, whatever the business clock says. */
	clock_set_real(&real);
	buf_init(&token);
	rc = auth_token_create(db, keys, subject, parsed, queue,
	    days > 0 ? clock_now(&real) + days * STW_USEC_DAY : STW_USEC_MAX,
	    app_now(&cli->app), &token, err);
	if (rc == STW_OK)
		(void)printf("%s\n", token.data);
	buf_fini(&token);
	return rc;
}

/* One token by its id, or all of somebody. */
static enum stw_code
revoke(struct cli *cli, const char *subject, struct stw_err *err)
{
	int64_t count = 1;
	struct db *db;
	enum stw_code rc;

	if ((cli->argc == 1) == (subject != NULL))
		return stw_fail(err, STW_INVALID,
		    "a key id or --subject WHO is needed, and not both");
	rc = app_db(&cli->app, &db, err);
	if (rc == STW_OK)
		rc = subject != NULL
			 ? auth_subject_revoke(
			       db, subject, app_now(&cli->app), &count, err)
			 : auth_token_revoke(db, cli->argv[0], app_now(&cli->app), err);
	if (rc == STW_OK && subject != NULL)
		(void)printf("revoked %lld, and the identity provider's until now\n",
		    (long long)count);
	else if (rc == STW_OK)
		(void)printf("revoked\n");
	return rc;
}

enum stw_code
cmd_token(struct cli *cli, struct stw_err *err)
{
	static const char *const verbs[] = {"create", "revoke"};
	const char *role = NULL, *subject = NULL, *queue = NULL;
	int64_t days = 0;
	const struct cli_opt opts[] = {{"role", CLI_TEXT, &role, 0, 0},
	    {"subject", CLI_TEXT, &subject, 0, 0}, {"queue", CLI_TEXT, &queue, 0, 0},
	    {"days", CLI_NUMBER, &days, 1, 3650}};
	int verb = cli_verb(cli, verbs, 2, err);
	struct auth_keys keys;
	enum stw_code rc;

	if (verb < 0)
		return STW_INVALID;
	rc = cli_parse(cli, opts, (int)STW_ARRAY_LEN(opts), 0, verb, err);
	if (rc != STW_OK)
		return rc;
	if (verb == 1)
		return revoke(cli, subject, err);
	rc = auth_keys_open(
	    setting_text(cli->app.settings, SET_TOKEN_KEY), true, &keys, err);
	if (rc == STW_OK)
		rc = create(cli, &keys, role, subject, queue, days, err);
	auth_keys_close(&keys);
	return rc;
}
