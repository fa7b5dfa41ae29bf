/* What the numbering plans say about phone numbers: the import's view of them. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "api/cli/cli.h"
#include "api/export.h"
#include "engine/phone.h"

#define MAX_ZONES 48

struct phone_cmd {
	const char *region, *lang;
	int64_t good, bad;
	bool count_only;
};

/* Fields of a line of CSV, up to the problem; NULL ends them. */
static void
print_line(const char *const *fields)
{
	struct buf line;

	buf_init(&line);
	for (int i = 0; fields[i] != NULL; i++) {
		if (i > 0)
			buf_add_char(&line, ',');
		export_csv_cell(&line, str_of(fields[i]), false);
	}
	(void)puts(line.data);
	buf_fini(&line);
}

static void
print_number(const struct phone_cmd *cmd, const struct phone *phone)
{
	const char *zones[MAX_ZONES], *carrier = phone_carrier(phone, cmd->lang);
	int n = phone_zones(phone, zones, MAX_ZONES);
	char place[128];
	struct buf all;

	phone_place(phone, cmd->lang, place, sizeof place);
	buf_init(&all);
	for (int i = 0; i < n && i < MAX_ZONES; i++)
		buf_printf(&all, "%s%s", i > 0 ? " " : "", zones[i]);
	print_line((const char *const[]){phone->e164, phone->extension, phone->region,
	    phone_type_name(phone->type), phone_kind(phone), place,
	    carrier != NULL ? carrier : "", all.len > 0 ? all.data : "", "", NULL});
	buf_fini(&all);
}

static void
look_up(struct phone_cmd *cmd, struct str text)
{
	struct phone phone;
	struct stw_err why = {0};
	bool good =
	    phone_parse(text, cmd->region, &phone, &why) == STW_OK && phone.valid;

	cmd->good += good;
	cmd->bad += !good;
	if (cmd->count_only)
		return;
	if (good)
		print_number(cmd, &phone);
	else
		print_line((const char *const[]){"", "", "", "", "", "", "", "",
		    why.text[0] != '\0' ? why.text : phone_fault(text, cmd->region),
		    NULL});
}

static enum stw_code
look_up_lines(struct phone_cmd *cmd, struct stw_err *err)
{
	char *line = NULL;
	size_t size = 0;
	ssize_t n;
	enum stw_code rc = STW_OK;

	while ((n = getline(&line, &size, stdin)) >= 0) {
		while (n > 0 && (line[n - 1] == '\n' || line[n - 1] == '\r'))
			n--;
		if (n > 0)
			look_up(cmd, (struct str){line, (size_t)n});
	}
	if (ferror(stdin) != 0)
		rc = stw_fail(err, STW_TEMPFAIL, "standard input: %s", strerror(errno));
	free(line);
	return rc;
}

static enum stw_code
words_check(const struct phone_cmd *cmd, struct stw_err *err)
{
	if (cmd->region[0] != '\0' && !phone_region_known(cmd->region))
		return stw_fail(err, STW_INVALID,
		    "--region %.20s: no numbering plan; two capital letters of a country are "
		    "allowed (ISO 3166: CN, HK, MO, TW, SG, US, ...), or '' where every "
		    "number has its country code",
		    cmd->region);
	if (strcmp(cmd->lang, "zh") != 0 && strcmp(cmd->lang, "en") != 0)
		return stw_fail(
		    err, STW_INVALID, "--lang %.20s: zh and en are allowed", cmd->lang);
	return STW_OK;
}

enum stw_code
cmd_phone(struct cli *cli, struct stw_err *err)
{
	struct phone_cmd cmd = {.region = "CN", .lang = "zh"};
	const struct cli_opt opts[] = {{"region", CLI_TEXT, &cmd.region, 0, 0},
	    {"lang", CLI_TEXT, &cmd.lang, 0, 0},
	    {"count", CLI_SWITCH, &cmd.count_only, 0, 0}};
	enum stw_code rc = cli_parse(cli, opts, (int)STW_ARRAY_LEN(opts), 0, 1000, err);

	if (rc == STW_OK)
		rc = words_check(&cmd, err);
	if (rc != STW_OK)
		return rc;
	if (!cmd.count_only)
		(void)puts(
		    "e164,extension,region,type,kind,place,carrier,zones,problem");
	if (cli->argc == 0)
		rc = look_up_lines(&cmd, err);
	for (int i = 0; i < cli->argc; i++)
		look_up(&cmd, str_of(cli->argv[i]));
	if (rc == STW_OK && cmd.count_only)
		(void)printf("%s numbers, %s are none\n", cli_count(cmd.good),
		    cli_count(cmd.bad));
	return rc;
}
