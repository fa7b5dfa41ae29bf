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
 *            A decision's entry names its row: "id" is decision_id, "record_hmac" the
 *            commitment to the SHA-256 of decision.record, in lower-case hexadecimal, under
 *            the customer's key (db/commitment.h). In entries from before "record_sha256"
 *            is that hash itself.
 *            At most LEDGER_ENTRY_MAX bytes.
 * Locks      ledger_append takes the outbox last in the lock order. Only one sequencer
 *            works at a time: an advisory lock keeps others waiting, and an epoch in
 *            ledger_lease makes the database refuse one that has lost it.
 */
#ifndef STW_DB_LEDGER_H
#define STW_DB_LEDGER_H

#include "db/db.h"
#include "engine/merkle.h"
#include "engine/note.h"

#define LEDGER_ENTRY_MAX 65535 /* what a bundle of the published form takes */

struct ledger_key; /* the log's keys and origin, and who cosigns */

/* Reads the key file, or makes one (mode 0600) when it does not exist and create is set.
 * A line each: the keys that sign ("PRIVATE+KEY+...", the newest first; during an exchange
 * there are two), then verifier keys of those that signed before. */
#define LEDGER_SIGNERS 2
#define LEDGER_KEYS    16
enum stw_code ledger_key_open(const char *path, const char *origin, bool create,
    struct ledger_key **out, struct stw_err *err) STW_MUST_USE;
void ledger_key_close(struct ledger_key *key);
/* The verifier key in signed-note form: name+hexid+base64(0x01 || public key). */
void ledger_key_verifier(const struct ledger_key *key, struct buf *to);
/* All of them, each with a newline: what signs now first, then what signed before. */
void ledger_key_verifiers(const struct ledger_key *key, struct buf *to);
/* Puts a new key first in the file; the one before goes on signing with it until
 * ledger_key_retire leaves only its verifier key. CONFLICT: two sign already; none to
 * retire. A running process goes on with what it has read. */
enum stw_code ledger_key_rotate(
    const char *path, const char *origin, struct stw_err *err) STW_MUST_USE;
enum stw_code ledger_key_retire(
    const char *path, const char *origin, struct stw_err *err) STW_MUST_USE;

/* Who cosigns. ask gets a checkpoint that has been exported, and the tree to prove its
 * growth from; it appends the signature lines of the witnesses that answered, their
 * signatures checked. With fewer of them than quorum the entries are not covered (seal
 * gives TEMPFAIL), and the next seal asks again. Borrowed for the key's life. */
struct ledger_witnesses {
	enum stw_code (*ask)(void *arg, const struct merkle_reader *tree, uint64_t size,
	    struct str note, struct buf *lines, struct stw_err *err);
	void *arg;
	const struct note_verifier *verifiers;
	size_t count, quorum;
};
void ledger_key_witnesses(
    struct ledger_key *key, const struct ledger_witnesses *witnesses);

/* Inside the caller's transaction; INVALID for an entry that is too long. kind is a word ("decision", "dispatch", "permit",
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
	int64_t added;   /* entries moved into the tree by this call */
	int64_t size;    /* of the tree now */
	stw_usec oldest; /* longest that one of them waited to be covered */
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

/* ---- reading what was published ---------------------------------------------------- */
/* The newest checkpoint with its cosignatures (appended to note); NOT_FOUND: none yet. */
enum stw_code ledger_newest(struct db *db, struct buf *note, uint64_t *size,
    struct merkle_hash *root, struct stw_err *err) STW_MUST_USE;
/* Hashes of the tree out of ledger_leaf and ledger_node: arg is the struct db. */
enum stw_code ledger_tree_read(void *arg, int level, uint64_t index,
    struct merkle_hash *out, struct stw_err *err) STW_MUST_USE;
/* The proof of an entry as a .tlog-proof, which holds the entry too; it is checked before
 * it is given. NOT_FOUND: no such entry, or not covered yet. */
enum stw_code ledger_prove(
    struct db *db, uint64_t index, struct buf *to, struct stw_err *err) STW_MUST_USE;
/* The index of the entry that names this id. CONFLICT, with their indexes: several do. */
enum stw_code ledger_find_id(
    struct db *db, const char *id, uint64_t *index, struct stw_err *err) STW_MUST_USE;
/* One file of the published form: "checkpoint", "tile/0/000" (engine/tlog.h). NOT_FOUND:
 * it is not part of the newest checkpoint's log. */
enum stw_code ledger_file_get(
    struct db *db, struct str path, struct buf *to, struct stw_err *err) STW_MUST_USE;

struct ledger_report {
	int64_t size;        /* leaves */
	int64_t waiting;     /* committed, not yet sequenced */
	int64_t checkpoints; /* in the database */
	int64_t exported;    /* in the file */
	int64_t erased; /* decisions whose commitment opens no more: their customers
			      * were erased */
	/* Index of the first bad entry; -1: none. Where an entry was rewritten together
	 * with its hash, the first index that its checkpoint covers anew. */
	int64_t first_bad;
	char finding[240]; /* what is wrong, in words; empty: nothing */
	char root_hex[65];
};
/* Recomputes everything: leaf hashes, density of indexes, every checkpoint's root and
 * signature, exported file against the database (a cut tail shows here), and that each
 * decision row's record is the one its entry commits to, for which the connection has to
 * have the keys (db_keys_set). STW_OK with out->finding set when
 * the log is bad; an error only when it could not be read. progress may be NULL. */
enum stw_code ledger_verify(struct db *db, const struct ledger_key *key,
    const char *checkpoint_path, void (*progress)(int64_t done, int64_t total),
    struct ledger_report *out, struct stw_err *err) STW_MUST_USE;

#endif
