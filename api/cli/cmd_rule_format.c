#include <unistd.h>

#include "api/cli/cmd_rule.h"
#include "engine/rule_source.h"

enum stw_code
cmd_rule_format(struct cli *cli, struct stw_err *err)
{
	enum stw_code rc;
	struct str text;
	struct buf to;

	rc = cli_parse(cli, NULL, 0, 1, 1, err);
	if (rc == STW_OK)
		rc = cmd_rule_argument(cli, &text, err);
	if (rc != STW_OK)
		return rc;
	buf_init(&to);
	rc = rule_source_format(text, NULL, &to, err);
	if (rc == STW_OK)
		(void)printf("%.*s\n", (int)to.len, to.data);
	else if (err->line > 0)
		cmd_rule_show_fault(text, err);
	buf_fini(&to);
	return rc;
}
