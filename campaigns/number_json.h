/*
 * number_json.h - a caller number's registered facts, the matrix and proposals as JSON.
 *
 * Purpose    The document of a number is what is proposed, kept with every version and
 *            hashed: canonical (sorted keys, no spaces, integers and texts only).
 * Ownership  What is read lives in the arena.
 * Errors     INVALID with line and column of bad JSON, or the member that is wrong.
 */
#ifndef STW_CAMPAIGNS_NUMBER_JSON_H
#define STW_CAMPAIGNS_NUMBER_JSON_H

#include "campaigns/number.h"

#define NUMBER_MAX_DOCUMENT ((size_t)64 * 1024)

/* A whole document: what is left out is none. */
enum stw_code number_document_parse(struct str json, struct arena *arena,
    struct number_row *out, struct stw_err *err) STW_MUST_USE;
/* A merge patch (RFC 7396) on what is registered; number and status stay. */
enum stw_code number_document_merge(const struct number_row *registered,
    struct str patch, struct arena *arena, struct number_row *out,
    struct stw_err *err) STW_MUST_USE;
/* Appends. Only what is registered, not what was observed or used. */
void number_document_write(const struct number_row *number, struct buf *to);

enum stw_code number_matrix_parse(struct str json, struct arena *arena,
    struct number_matrix *out, struct stw_err *err) STW_MUST_USE;

/* {"status":"active"} */
enum stw_code number_status_document_parse(
    struct str json, enum number_status *out, struct stw_err *err) STW_MUST_USE;
/* {"kind":"mobile","subject":"SERVICE","verdict":"approval","approval":"..."} */
enum stw_code number_cell_parse(struct str json, struct arena *arena,
    struct matrix_cell *out, const char **approval, struct stw_err *err) STW_MUST_USE;
/* {"name":"answer.min","value":30} */
enum stw_code number_policy_parse(struct str json, struct arena *arena,
    const char **name, int64_t *value, struct stw_err *err) STW_MUST_USE;
/* The three above as canonical text: sorted, no spaces. */
enum stw_code number_json_canonical(
    struct str json, struct buf *to, struct stw_err *err) STW_MUST_USE;

#endif
