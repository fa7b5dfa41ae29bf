/*
 * change_store.h - the ledger entry of a rule change.
 *
 * Entry      kind "rule_change": action, actor, at, code, hash (of the content), id,
 *            subject, version. About no customer.
 */
#ifndef STW_SEGMENTS_CHANGE_STORE_H
#define STW_SEGMENTS_CHANGE_STORE_H

#include "db/db.h"

struct rule_change {
	const char *subject; /* segment, lifecycle_model, trait */
	const char *action;  /* created, activated, retired */
	const char *code;
	int version;
	const unsigned char *hash; /* 32 bytes */
	const char *actor;
	stw_usec at;
};

/* Inside the transaction that makes the change. */
enum stw_code rule_change_append(
    struct db *db, const struct rule_change *change, struct stw_err *err) STW_MUST_USE;

#endif
