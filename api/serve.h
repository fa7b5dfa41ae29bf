/*
 * serve.h - the server process: API, dispatch, ledger, schedule.
 *
 * Purpose    Starts the HTTP server and, each in its thread and with its own connection,
 *            the dispatch loop, the ledger's sequencer and (setting tick-seconds) the main
 *            job. Runs until SIGTERM or SIGINT, then lets each finish what it has begun.
 * Threads    A database that is away is waited for; no thread ends because of it.
 */
#ifndef STW_API_SERVE_H
#define STW_API_SERVE_H

#include "api/app.h"

enum stw_code serve_run(struct app *app, struct stw_err *err) STW_MUST_USE;

#endif
