/*
 * bundle.h - what an auditor or regulator is handed about one scope, with its proofs.
 *
 * Purpose    Writes the parts of campaigns/bundle_store.h as NDJSON (and CSV where rows are
 *            flat), the trace of a complaint, customer or number, the texts of the rules that
 *            spoke, a .tlog-proof for each decision and outcome, the checkpoint and the
 *            verifier keys, and last the manifest: docs/bundle.md and
 *            docs/bundle-manifest.schema.json. All from one snapshot. What is missing is
 *            named in the manifest (GAP_...).
 *            That it was begun, and what it held, is an access event and an entry of the
 *            ledger, before it has its name.
 * Errors     DENIED: more rows than one person may take along, and no second person agreed;
 *            nothing is left then. As bundle_out.h; TEMPFAIL when it takes longer than
 *            max_time.
 */
#ifndef STW_API_BUNDLE_H
#define STW_API_BUNDLE_H

#include <stdio.h>

#include "campaigns/bundle_store.h"
#include "campaigns/compliance/ruleset.h"
#include "db/ledger.h"

/* More entries than this are named by a gap: `steward ledger prove` proves any of them. */
#define BUNDLE_PROOFS_MAX 10000
#define BUNDLE_MAX_TIME   (30 * 60 * STW_USEC_SEC)

struct bundle_job {
	const struct bundle_scope *scope;
	const struct ruleset *rules;
	const struct ledger_key *key;
	const char *actor, *role, *purpose;
	const char *approver; /* NULL: nobody was asked */
	int64_t rows_alone;
	stw_usec max_time; /* it holds a snapshot */
	stw_usec now;
};
struct bundle_result {
	struct uuid id;
	int64_t rows, proofs;
	int files, gaps;
	char manifest_sha256[65];
	FILE *file; /* path NULL: the archive, at its beginning; the caller closes it */
};
/* path NULL: an archive without a name. */
enum stw_code bundle_make(struct db *db, const struct bundle_job *job, const char *path,
    struct bundle_result *out, struct stw_err *err) STW_MUST_USE;

#endif
