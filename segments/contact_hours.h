/*
 * contact_hours.h - hours at which a customer asked to be contacted, as they are written.
 *
 * Purpose    "mon-fri" and "18:00" of files, requests and commands, both ways.
 * Units      Minutes of the local day, 1440 its end; bit 0 of the days is Monday.
 * Errors     None: false for what is not written so.
 */
#ifndef STW_SEGMENTS_CONTACT_HOURS_H
#define STW_SEGMENTS_CONTACT_HOURS_H

#include <stdbool.h>

#include "engine/buf.h"

#define CONTACT_DAYS_ALL 0x7fu
extern const char *const contact_day_words[8]; /* "mon" ... "sun", NULL */

/* "mon", "mon-fri", "sat,sun", "mon-wed fri"; "*" is every day. */
bool contact_days_parse(struct str text, unsigned *days);
/* "09:00"; "24:00" is the end of the day. */
bool contact_minute_parse(struct str text, int *minute);
#define CONTACT_MINUTE_TEXT 6
const char *contact_minute_format(int minute, char text[CONTACT_MINUTE_TEXT]);

#endif
