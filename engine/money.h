/*
 * money.h - decimal text and minor units.
 *
 * Units      int64 minor units of an ISO 4217 currency: fen, haléř, yen.
 * Threads    Any.
 */
#ifndef STW_ENGINE_MONEY_H
#define STW_ENGINE_MONEY_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/buf.h"

/* Digits after the point: 2, or 0 or 3 for the currencies that say so. */
int currency_digits(const char *currency);
/* Three capital letters. */
bool currency_valid(struct str code);
/* False: not a decimal, too many digits after the point, or out of range. */
bool money_parse(struct str text, const char *currency, int64_t *minor);
void money_format(int64_t minor, const char *currency, struct buf *to);

#endif
