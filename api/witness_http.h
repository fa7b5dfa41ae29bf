/*
 * witness_http.h - the witness over HTTP (C2SP tlog-witness).
 *
 * Purpose    POST /add-checkpoint, GET /<origin hash>/checkpoint, GET /healthz. Both
 *            prefixes are the same. Requests carry no token: the log's signature is what
 *            counts, and there is nothing to read but what is public.
 * Threads    One answers, so that looking and remembering are one step.
 */
#ifndef STW_API_WITNESS_HTTP_H
#define STW_API_WITNESS_HTTP_H

#include <stdatomic.h>

#include "db/witness.h"

/* Serves on the listening socket, which it owns from here on, until *stop. */
enum stw_code witness_serve(struct witness *witness, int fd, const atomic_bool *stop,
    struct stw_err *err) STW_MUST_USE;

#endif
