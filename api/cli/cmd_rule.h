/*
 * cmd_rule.h - what the verbs of `steward rule` share.
 */
#ifndef STW_API_CLI_CMD_RULE_H
#define STW_API_CLI_CMD_RULE_H

#include "api/cli/cli.h"

/* RULE or @FILE; cmd_rule_argument takes the first positional. */
enum stw_code cmd_rule_text(struct cli *cli, const char *arg, struct str *out,
    struct stw_err *err) STW_MUST_USE;
enum stw_code cmd_rule_argument(
    struct cli *cli, struct str *out, struct stw_err *err) STW_MUST_USE;
/* Where LC_ALL, LC_MESSAGES or LANG ask for Chinese, the message becomes Chinese; then the
 * line, a caret and the message go to standard error. */
void cmd_rule_show_fault(struct str text, struct stw_err *err);

/* Verbs with a file of their own; format needs no database. */
enum stw_code cmd_rule_format(struct cli *cli, struct stw_err *err) STW_MUST_USE;
enum stw_code cmd_rule_sql(struct cli *cli, struct stw_err *err) STW_MUST_USE;
enum stw_code cmd_rule_plan(struct cli *cli, struct stw_err *err) STW_MUST_USE;

#endif
