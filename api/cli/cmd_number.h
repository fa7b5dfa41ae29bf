/*
 * cmd_number.h - the parts of `steward number`.
 */
#ifndef STW_API_CLI_CMD_NUMBER_H
#define STW_API_CLI_CMD_NUMBER_H

#include "api/cli/cli.h"

struct number_options {
	const char *by, *why, *from, *pool, *state, *carrier, *as_of, *names, *source;
	int64_t days;
	bool all, apply;
};

/* cmd_number_ledger.c */
enum stw_code number_cmd_ledger(struct cli *cli, struct db *db,
    const struct number_options *options, struct stw_err *err) STW_MUST_USE;
enum stw_code number_cmd_calls(struct cli *cli, struct db *db,
    const struct number_options *options, struct stw_err *err) STW_MUST_USE;
/* cmd_number_report.c */
enum stw_code number_cmd_health(struct cli *cli, struct db *db,
    const struct number_options *options, struct stw_err *err) STW_MUST_USE;
enum stw_code number_cmd_usage(struct cli *cli, struct db *db,
    const struct number_options *options, struct stw_err *err) STW_MUST_USE;
enum stw_code number_cmd_forecast(struct cli *cli, struct db *db,
    const struct number_options *options, struct stw_err *err) STW_MUST_USE;
enum stw_code number_cmd_outside(struct cli *cli, struct db *db,
    const struct number_options *options, struct stw_err *err) STW_MUST_USE;

#endif
