/*
 * cmd_replay.h - `steward ledger replay` and `steward ledger whatif`.
 */
#ifndef STW_API_CLI_CMD_REPLAY_H
#define STW_API_CLI_CMD_REPLAY_H

#include "api/cli/cli.h"

/* CONFLICT when a decision does not come out the same. */
enum stw_code cmd_replay(struct cli *cli, struct stw_err *err);
enum stw_code cmd_whatif(struct cli *cli, struct stw_err *err);

#endif
