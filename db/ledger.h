/*
 * ledger.h - the log that cannot be changed unnoticed: storage and sequencer.
 *
 * Purpose    A business transaction appends entries to the outbox (ledger_append). The
 *            sequencer (ledger_seal) gives them a dense index, adds them to a Merkle tree
 *            (RFC 6962 hashing, engine/merkle.h), signs a checkpoint (C2SP signed note,
 *            Ed25519) and appends it to a file outside the database, fsynced, before it
 *            marks them covered. Nothing is pushed before its entry is covered.
 * Entry      Canonical JSON (sorted keys, no spaces, integers and strings only, no
 *            personal data): {"at":"...","id":"...","kind":"decision",...}. The bytes
 *            that were appended are the leaf.
 *            A decision's entry names its row: "id" is decision_id, "record_sha256" the
 *            hash of decision.record in lower-case hexadecimal.
 * Locks      ledger_append takes the outbox last in the lock order. Only one sequencer
 *            works at a time (advisory lock).
 */
#ifndef STW_DB_LEDGER_H
#define STW_DB_LEDGER_H

#include "db/db.h"

struct ledger_key; /* Ed25519 key pair and the log's origin line */

/* Reads the key file, or makes one (mode 0600) when it does not exist and create is set. */
enum stw_code ledger_key_open(const char *path, const char *origin, bool create,
    struct ledger_key **out, struct stw_err *err) STW_MUST_USE;
void ledger_key_close(struct ledger_key *key);
/* The verifier key in signed-note form: name+hexid+base64(0x01 || public key). */
void ledger_key_verifier(const struct ledger_key *key, struct buf *to);

/* Inside the caller's transaction. kind is a word ("decision", "dispatch", "permit",
 * "outcome", "consent", "rule_change", "access", ...); bucket that of the customer, or -1. */
enum stw_code ledger_append(struct db *db, int bucket, const char *kind,
    struct str entry, struct stw_err *err) STW_MUST_USE;
/* Many at once by COPY; entries[i] is one leaf. */
struct ledger_entry {
	int bucket;
	const char *kind;
	struct str entry;
};
enum stw_code ledger_append_many(struct db *db, const struct ledger_entry *entries,
    size_t count, struct stw_err *err) STW_MUST_USE;

struct ledger_seal_result {
	int64_t added; /* entries moved into the tree by this call */
	int64_t size;  /* of the tree now */
};
/* Sequences all committed outbox entries, in its own transactions, and exports the
 * checkpoint to the file at checkpoint_path (append, fsync). CONFLICT when another
 * process holds the sequencer's lock for longer than a second. Entries are covered when
 * it returns OK; others see that by a row in ledger_checkpoint with a greater size.
 * INVALID, and nothing is signed, when the log does not continue what was published: a
 * restored backup, a changed leaf, another key, a cut or lost file. A crash at any
 * instant is made good by the next call. */
enum stw_code ledger_seal(struct db *db, const struct ledger_key *key,
    const char *checkpoint_path, stw_usec now, struct ledger_seal_result *out,
    struct stw_err *err) STW_MUST_USE;

struct ledger_report {
	int64_t size;        /* leaves */
	int64_t waiting;     /* committed, not yet sequenced */
	int64_t checkpoints; /* in the database */
	int64_t exported;    /* in the file */
	/* Index of the first bad entry; -1: none. Where an entry was rewritten together
	 * with its hash, the first index that its checkpoint covers anew. */
	int64_t first_bad;
	char finding[240]; /* what is wrong, in words; empty: nothing */
	char root_hex[65];
};
/* Recomputes everything: leaf hashes, density of indexes, every checkpoint's root and
 * signature, exported file against the database (a cut tail shows here), and that each
 * decision row's record has the hash its entry names. STW_OK with out->finding set when
 * the log is bad; an error only when it could not be read. progress may be NULL. */
enum stw_code ledger_verify(struct db *db, const struct ledger_key *key,
    const char *checkpoint_path, void (*progress)(int64_t done, int64_t total),
    struct ledger_report *out, struct stw_err *err) STW_MUST_USE;

#endif
