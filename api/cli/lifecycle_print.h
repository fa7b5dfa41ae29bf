/*
 * lifecycle_print.h - what was found in a lifecycle model, on a terminal.
 *
 * Purpose    Aligned tables in the language of the terminal (cli_wants_zh), on standard
 *            output. --json gives the same as the API instead.
 */
#ifndef STW_API_CLI_LIFECYCLE_PRINT_H
#define STW_API_CLI_LIFECYCLE_PRINT_H

#include "api/cli/cli.h"
#include "segments/lifecycle_store.h"
#include "segments/lifecycle_why.h"
#include "segments/promise_store.h"

void lifecycle_print_versions(
    const struct app *app, const struct lifecycle_version *versions, int count);
void lifecycle_print_validation(const struct app *app,
    const struct lifecycle_model *model, const struct lifecycle_validation *v);
/* now_model NULL: none is in force. */
void lifecycle_print_preview(const struct app *app,
    const struct lifecycle_model *now_model, const struct lifecycle_model *new_model,
    const struct lifecycle_preview *p);
void lifecycle_print_promises(
    const struct app *app, const struct promise_row *promises, int count);
void lifecycle_print_why(const struct app *app, const struct lifecycle_model *model,
    const struct lifecycle_why *why, const struct lifecycle_event *events, int nevents);

#endif
