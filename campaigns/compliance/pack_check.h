/*
 * pack_check.h - is a pack fit to be used, and what does one version change?
 *
 * Purpose    What is done with a pack before anybody approves it: read it with all it
 *            names, look how far its calendars reach, run its own tests, compare it with
 *            another version.
 * Errors     INVALID names file, line and column, or the test.
 * Threads    Any.
 */
#ifndef STW_CAMPAIGNS_COMPLIANCE_PACK_CHECK_H
#define STW_CAMPAIGNS_COMPLIANCE_PACK_CHECK_H

#include "campaigns/compliance/pack_files.h"
#include "campaigns/compliance/ruleset.h"

/* A calendar has to reach this far ahead: whoever plans a year needs it, and a month is
 * left to mend it. */
#define PACK_COVER_MONTHS 13

/* The pack alone, with scopes and expressions compiled. *nrules may be NULL. */
enum stw_code pack_files_check(
    const struct pack_files *files, int *nrules, struct stw_err *err) STW_MUST_USE;
/* The calendars that do not cover today..+13 months; days outside of the cover are held
 * for review. Names live in the arena. INVALID as pack_files_check. */
enum stw_code pack_files_covers(const struct pack_files *files, stw_day today,
    struct arena *arena, struct pack_cover **out, int *count,
    struct stw_err *err) STW_MUST_USE;
/* Its own tests; INVALID names the first that fails. */
enum stw_code pack_files_test(
    const struct pack_files *files, int *passed, struct stw_err *err) STW_MUST_USE;

/* pack_diff_json.c: appends {"added":[{"id","effective"}],"changed":[{"id","effective",
 * "members":[...]}],"files":[...],"removed":[...]}: rules by id and first day, members of
 * pack.json's rules that differ, and other files that do. */
enum stw_code pack_diff(const struct pack_files *from, const struct pack_files *to,
    struct buf *out, struct stw_err *err) STW_MUST_USE;

#endif
