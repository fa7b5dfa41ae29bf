/* steward attempt: dial attempts, searched. */
#include <inttypes.h>
#include <string.h>

#include "api/attempt_json.h"
#include "api/cli/look.h"
#include "campaigns/attempt_store.h"
#include "engine/phone.h"
#include "segments/customer_store.h"
#include "segments/key_store.h"

struct asked {
	struct look look;
	struct attempt_filter filter;
	const char *customer;
	bool phone, json;
	int64_t limit;
	unsigned char index[SEAL_INDEX_BYTES], before[SEAL_INDEX_BYTES];
};

/* From standard input, so that it stands in no list of processes and no history. */
static enum stw_code
read_phone(struct cli *cli, struct db *db, struct asked *a, struct stw_err *err)
{
	const struct seal_keys *keys;
	struct index_key key = {0};
	struct phone phone;
	struct str text;
	enum stw_code rc = cli_read_file(cli, "-", 100, &text, err);

	while (rc == STW_OK && text.len > 0 && strchr("\r\n ", text.ptr[text.len - 1]))
		text.len--;
	if (rc == STW_OK)
		rc = phone_parse(text, "CN", &phone, err);
	if (rc == STW_OK)
		rc = app_keys(&cli->app, false, &keys, err);
	if (rc != STW_OK)
		return rc;
	rc = db_begin(db, err);
	if (rc == STW_OK)
		rc = index_key_hold(db, keys, &key, err);
	db_rollback(db);
	if (rc != STW_OK)
		return rc;
	seal_index(keys, key.now, str_of(phone.e164), a->index);
	a->filter.index = a->index;
	if (key.before != 0) {
		seal_index(keys, key.before, str_of(phone.e164), a->before);
		a->filter.index_before = a->before;
	}
	return STW_OK;
}

static enum stw_code
read_customer(struct cli *cli, struct db *db, struct asked *a, struct stw_err *err)
{
	struct customer c = {0};
	enum stw_code rc = customer_find(db, str_of(a->customer),
	    app_today(&cli->app, app_now(&cli->app)), &cli->arena, &c, err);

	a->filter.bucket = c.bucket;
	a->filter.customer_id = c.customer_id;
	return rc;
}

static const char *
or_dash(const char *text)
{
	return text != NULL ? text : "-";
}

static void
print(const struct app *app, const struct attempt *a)
{
	char id[UUID_TEXT];

	(void)printf("%s  %s  %-12s %-10s %-12s %-6s %-20s", uuid_format(&a->id, id),
	    cli_time(app, a->asked_at), a->customer_ref, or_dash(a->agent),
	    or_dash(a->number), a->outcome,
	    a->disposition != NULL ? a->disposition : or_dash(a->primary_code));
	if (a->number_sent != NULL)
		(void)printf(" sent %s (%s)", a->number_sent, a->fate);
	if (a->recording != NULL)
		(void)printf(" %s", a->recording);
	(void)putchar('\n');
}

static const char *
asked_text(struct cli *cli, const struct asked *a)
{
	const struct attempt_filter *f = &a->filter;
	const char *const parts[][2] = {{"customer", a->customer}, {"agent", f->agent},
	    {"campaign", f->campaign}, {"number", f->number}, {"code", f->code},
	    {"outcome", f->outcome}, {"disposition", f->disposition},
	    {"phone", a->phone ? "given" : NULL}};
	const char *text = "";

	for (size_t i = 0; i < STW_ARRAY_LEN(parts); i++)
		if (parts[i][1] != NULL)
			text = arena_printf(
			    &cli->arena, "%s %s=%.64s", text, parts[i][0], parts[i][1]);
	return text;
}

static enum stw_code
search(struct cli *cli, struct db *db, struct asked *a, struct stw_err *err)
{
	struct attempt *rows;
	json_t *items;
	int count;
	enum stw_code rc = attempt_list(
	    db, &a->filter, (int)a->limit, &cli->arena, &rows, &count, err);

	if (rc != STW_OK)
		return rc;
	items = json_array();
	for (int i = 0; i < count; i++)
		(void)json_array_append_new(items, attempt_json(&rows[i]));
	rc = look_note(
	    cli, db, &a->look, "attempt search", asked_text(cli, a), count, items, err);
	if (rc == STW_OK && a->json)
		look_print(items);
	for (int i = 0; rc == STW_OK && !a->json && i < count; i++)
		print(&cli->app, &rows[i]);
	if (rc == STW_OK && !a->json)
		(void)printf("%s attempts%s\n", cli_count(count),
		    count == a->limit ? ", perhaps more: --to, --limit" : "");
	json_decref(items);
	return rc;
}

enum stw_code
cmd_attempt(struct cli *cli, struct stw_err *err)
{
	static const char *const verbs[] = {"search"};
	struct asked a = {.limit = 50,
	    .filter = {
		.from = STW_USEC_NEVER, .to = STW_USEC_MAX, .after_at = STW_USEC_MAX}};
	const struct cli_opt opts[] = {{"by", CLI_TEXT, &a.look.who, 0, 0},
	    {"case", CLI_TEXT, &a.look.case_ref, 0, 0},
	    {"customer", CLI_TEXT, &a.customer, 0, 0},
	    {"phone-stdin", CLI_SWITCH, &a.phone, 0, 0},
	    {"agent", CLI_TEXT, &a.filter.agent, 0, 0},
	    {"campaign", CLI_TEXT, &a.filter.campaign, 0, 0},
	    {"number", CLI_TEXT, &a.filter.number, 0, 0},
	    {"code", CLI_TEXT, &a.filter.code, 0, 0},
	    {"outcome", CLI_TEXT, &a.filter.outcome, 0, 0},
	    {"disposition", CLI_TEXT, &a.filter.disposition, 0, 0},
	    {"from", CLI_INSTANT, &a.filter.from, 0, 0},
	    {"to", CLI_INSTANT, &a.filter.to, 0, 0},
	    {"limit", CLI_NUMBER, &a.limit, 1, 500},
	    {"json", CLI_SWITCH, &a.json, 0, 0}};
	struct db *db;
	enum stw_code rc;

	if (cli_verb(cli, verbs, (int)STW_ARRAY_LEN(verbs), err) < 0)
		return STW_INVALID;
	rc = cli_parse(cli, opts, (int)STW_ARRAY_LEN(opts), 0, 0, err);
	if (rc == STW_OK)
		rc = look_check(&a.look, err);
	if (rc == STW_OK && a.phone && a.customer != NULL)
		rc =
		    stw_fail(err, STW_INVALID, "--phone-stdin or --customer, not both");
	if (rc == STW_OK)
		rc = app_db(&cli->app, &db, err);
	if (rc == STW_OK && a.customer != NULL)
		rc = read_customer(cli, db, &a, err);
	if (rc == STW_OK && a.phone)
		rc = read_phone(cli, db, &a, err);
	return rc == STW_OK ? search(cli, db, &a, err) : rc;
}
