/*
 * secret.h - secrets of the installation at rest: signing keys of queues, tokens of registries.
 *
 * Purpose    Each is sealed under a key of its own, which the newest kek wraps: length byte,
 *            wrapped key, sealed text. Customer 0, who is nobody, stands for the installation.
 * Errors     INVALID: cut short, changed, or sealed for another column.
 * Threads    Any.
 */
#ifndef STW_DB_SECRET_H
#define STW_DB_SECRET_H

#include "db/seal.h"
#include "engine/arena.h"

/* column is the table and column ("queue.secret"). Appends. */
void secret_seal(const struct seal_keys *keys, const char *column, const char *secret,
    struct buf *to);
enum stw_code secret_open(const struct seal_keys *keys, const char *column,
    struct str sealed, struct arena *arena, const char **secret,
    struct stw_err *err) STW_MUST_USE;
/* The same secret with its key wrapped by the newest kek (appended); nothing is appended
 * when it is that already. */
enum stw_code secret_rewrap(const struct seal_keys *keys, struct str sealed,
    struct buf *to, struct stw_err *err) STW_MUST_USE;

#endif
