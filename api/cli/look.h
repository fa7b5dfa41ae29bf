/*
 * look.h - commands that look at records of people: who looks, on record.
 *
 * Purpose    As ROUTE_AUDIT for the API (api/audit.h): a look is a row of access_event and an
 *            entry of the ledger, with a commitment to what was asked and answered.
 * Errors     INVALID: nobody is named. A look that cannot be put on record prints nothing.
 */
#ifndef STW_API_CLI_LOOK_H
#define STW_API_CLI_LOOK_H

#include <jansson.h>

#include "api/cli/cli.h"

struct look {
	const char *who;      /* --by */
	const char *case_ref; /* --case; NULL: not said */
};

enum stw_code look_check(const struct look *look, struct stw_err *err) STW_MUST_USE;
/* asked may be NULL; rows -1: not a list. In a transaction of its own. */
enum stw_code look_note(struct cli *cli, struct db *db, const struct look *look,
    const char *what, const char *asked, int rows, const json_t *answer,
    struct stw_err *err) STW_MUST_USE;
/* Indented, to standard output. */
void look_print(const json_t *value);

#endif
