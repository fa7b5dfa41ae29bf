/*
 * csv_json.h - one line of JSON as the fields of a record.
 *
 * Purpose    Walks an object and gives every value by its path: "address.city" for
 *            {"address": {"city": ...}}. Values are texts, as a delimited file would have
 *            them: strings without their quotes and escapes, numbers and lists as they are
 *            written (so that 12.10 stays 12.10), true and false. null is no value.
 * Errors     INVALID with the column (in characters, from 1): what is no JSON (RFC 8259),
 *            no object, deeper than 32, or has a NUL in a string.
 * Memory     A path is at most CSV_JSON_PATH bytes; values go to the caller's buffer.
 */
#ifndef STW_SEGMENTS_CSV_JSON_H
#define STW_SEGMENTS_CSV_JSON_H

#include "engine/buf.h"
#include "engine/err.h"

#define CSV_JSON_PATH 256

/* value lies in the buffer from at on, and ends where the buffer ends. */
typedef enum stw_code (*csv_json_leaf)(
    void *user, struct str path, size_t at, struct stw_err *err);

/* line is valid UTF-8. Appends to values; stops at what leaf answers. */
enum stw_code csv_json_walk(struct str line, struct buf *values, csv_json_leaf leaf,
    void *user, struct stw_err *err) STW_MUST_USE;

#endif
