/*
 * decision_store.h - decisions in the database and the outreach log over them.
 *
 * Purpose    Every decision is a row (with its canonical record) and a ledger entry that
 *            commits to the record's SHA-256 under the customer's key (db/commitment.h),
 *            written in the caller's transaction. Entries from before have the bare hash.
 *            Erasing the customer takes the record; row and entry stay.
 */
#ifndef STW_CAMPAIGNS_DECISION_STORE_H
#define STW_CAMPAIGNS_DECISION_STORE_H

#include "campaigns/compliance/gate.h"
#include "db/db.h"
#include "engine/uuid.h"

/* A decision on its way into the database. Borrowed for the call. */
struct decision_draft {
	struct uuid id; /* last byte: the bucket */
	enum gate_checkpoint gate;
	stw_usec at;
	int64_t customer_id, point_id;
	int64_t campaign_id;
	int version;
	const struct uuid *task_id; /* NULL: none yet */
	int64_t number_id;          /* 0: none */
	const char *agent;          /* who asked to dial; NULL: nobody */
	const char *channel, *purpose;
	const struct gate_decision *decision;
	struct str record; /* canonical JSON */
	unsigned char record_hash[32];
	/* By decision_commit, which comes before decision_put and decision_entry. */
	bool committed;
	bool
	    erased; /* the customer was, meanwhile: the record does not come in any more */
	unsigned char commitment[32];
};

void decision_hash_record(struct decision_draft *draft);
/* What the entries of these decisions will say of their records, which are hashed; one query
 * for all. Where no lock on the customers' permissions is held, DB_Q_ERASE_HOLD comes
 * before. */
enum stw_code decision_commit(struct db *db, struct decision_draft **drafts,
    size_t count, struct stw_err *err) STW_MUST_USE;
/* Row and ledger entry, in the caller's transaction. */
enum stw_code decision_insert(struct db *db, const struct decision_draft *given,
    struct stw_err *err) STW_MUST_USE;
/* Which overrides it rests on, after its row; decision_insert does it by itself. */
enum stw_code decision_overrides(struct db *db, const struct decision_draft *draft,
    struct stw_err *err) STW_MUST_USE;
/* The row alone, into a DB_Q_DECISION_COPY; its entry goes to ledger_append_many. */
void decision_put(struct db_copy_in *copy, const struct decision_draft *draft);
void decision_entry(const struct decision_draft *draft, struct buf *entry);

struct decision_row {
	struct uuid id;
	int bucket;
	char gate; /* P, D, C */
	stw_usec decided_at;
	int64_t customer_id;
	const char *customer_ref, *phone_mask;
	const char *campaign; /* code; NULL: none */
	int campaign_version;
	const char *task_id; /* NULL: none */
	const char *number;  /* caller number; NULL: none */
	const char *channel, *purpose;
	const char *outcome;      /* ALLOW, BLOCK, DEFER, REVIEW */
	const char *primary_code; /* NULL when allowed */
	const char **codes;
	size_t ncodes;
	stw_usec next_allowed_at; /* STW_USEC_MAX: not by waiting */
	stw_usec valid_until;
	const char *agent; /* who asked to dial; NULL: nobody */
	/* NULL in both: they went when the customer was erased. */
	const char *record; /* decision_get only: canonical JSON */
	const char *record_hash_hex;
	const char
	    *commitment_hex;  /* decision_get only; NULL: from before there were any */
	int64_t ledger_index; /* decision_get only; -1: not yet sequenced */
};

struct decision_filter {
	stw_usec from, to; /* decided_at in [from, to); NEVER/MAX: open */
	/* NULL: any. code: anywhere among the reasons; primary: the first of them. */
	const char *outcome, *code, *primary, *campaign, *customer_ref, *gate, *agent;
	int64_t number_id; /* 0: any */
	/* Rows before this one in the order (decided_at, id) descending; after_at MAX: from
	 * the start. */
	stw_usec after_at;
	struct uuid after_id;
};
/* Newest first. */
enum stw_code decision_list(struct db *db, const struct decision_filter *filter,
    int limit, struct arena *arena, struct decision_row **out, int *count,
    struct stw_err *err) STW_MUST_USE;
enum stw_code decision_get(struct db *db, const struct uuid *id, struct arena *arena,
    struct decision_row *out, struct stw_err *err) STW_MUST_USE;

#endif
