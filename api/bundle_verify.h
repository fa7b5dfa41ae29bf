/*
 * bundle_verify.h - does a bundle hold what was handed over? No database is needed.
 *
 * Purpose    Every file against the manifest's hash, size and rows, and no file that the
 *            manifest does not name; the checkpoint against the verifier keys; every proof
 *            against the checkpoint; every decision and outcome against the entry that its
 *            proof proves, and those without a proof against the gaps. With a receipt, the
 *            proof of the ledger's entry about this bundle, the manifest itself.
 * Errors     CONFLICT: the bundle is bad, or more of its rows are without a proof than are
 *            to be let pass; the text says the first thing wrong, and the report which
 *            rows. Anything else: it could not be read.
 */
#ifndef STW_API_BUNDLE_VERIFY_H
#define STW_API_BUNDLE_VERIFY_H

#include "engine/tlog_audit.h"

#define BUNDLE_UNPROVEN_NAMED 20

struct bundle_unproven {
	const char *file; /* static */
	int64_t line;
	char id[48];
};
struct bundle_report {
	size_t files, proofs, gaps;
	uint64_t checkpoint_size;
	int64_t proven, unproven; /* decisions and outcomes */
	struct bundle_unproven without[BUNDLE_UNPROVEN_NAMED]; /* the first of these */
	bool receipt;
	char bundle_id[48];
};
/* receipt: a .tlog-proof; empty: none. unproven_most: how many rows may be without a proof. */
enum stw_code bundle_verify(const char *path, const struct tlog_trust *trust,
    struct str receipt, int64_t unproven_most, struct bundle_report *out,
    struct stw_err *err) STW_MUST_USE;

#endif
