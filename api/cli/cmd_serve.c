#include "api/cli/cli.h"
#include "api/serve.h"

enum stw_code
cmd_serve(struct cli *cli, struct stw_err *err)
{
	enum stw_code rc = cli_parse(cli, NULL, 0, 0, 0, err);

	return rc == STW_OK ? serve_run(&cli->app, err) : rc;
}
