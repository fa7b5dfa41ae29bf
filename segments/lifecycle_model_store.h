/*
 * lifecycle_model_store.h - versions of lifecycle models and their way into force.
 *
 * Purpose    draft -> submitted (validated over the book) -> approved by somebody else,
 *            with a preview of who would move where -> active -> retired; a retired
 *            version may come back. The moves are the table of
 *            segments/lifecycle_state.h. The shipped model on a fresh install is active
 *            without an approval, and says so (exempt "shipped"); it can be approved
 *            where it is, and comes back once it is retired only when it was.
 * Errors     INVALID for a document with a fault (place as segments/lifecycle.h);
 *            NOT_FOUND for a model or version that is not there; CONFLICT when the state
 *            does not allow the move, when validation found errors, or when author and
 *            approver are the same person.
 * Ledger     Every move appends a "rule_change" entry in its own transaction, which these
 *            functions open: db must not be in one, unless it is lent.
 */
#ifndef STW_SEGMENTS_LIFECYCLE_MODEL_STORE_H
#define STW_SEGMENTS_LIFECYCLE_MODEL_STORE_H

#include "db/db.h"
#include "segments/lifecycle_preview.h"
#include "segments/lifecycle_state.h"
#include "segments/lifecycle_validate.h"

/* The active version of the model that setting 'lifecycle_model' names (default
 * wealth). */
enum stw_code lifecycle_store_active(struct db *db, struct arena *arena,
    struct lifecycle_model *out, struct stw_err *err) STW_MUST_USE;

/* Texts that are not there are NULL, instants STW_USEC_NEVER. */
struct lifecycle_version {
	const char *code;
	int version;
	enum lifecycle_state state;
	const char *author;
	char hash_hex[65];
	stw_usec created_at;
	const char *document;
	const char *submitted_by;
	stw_usec submitted_at;
	int warnings; /* of the validation it was submitted with; -1: none yet */
	const char *approved_by;
	stw_usec approved_at;
	const char *preview; /* JSON: who would move where, when it was approved */
	stw_usec preview_as_of;
	const char *activated_by;
	stw_usec activated_at;
	const char *rejected_why;
	const char *exempt; /* shipped, before_approval: active without an approval */
};
/* Newest first; code NULL: of all models, by code. */
enum stw_code lifecycle_store_list(struct db *db, const char *code, struct arena *arena,
    struct lifecycle_version **out, int *count, struct stw_err *err) STW_MUST_USE;
/* version 0: the newest. model may be NULL; it gets the parsed document. */
enum stw_code lifecycle_store_get(struct db *db, const char *code, int version,
    struct arena *arena, struct lifecycle_version *out, struct lifecycle_model *model,
    struct stw_err *err) STW_MUST_USE;

/* Checks the document, rules included, and keeps it as a new draft; the newest version
 * with the same content is returned instead of a copy. */
enum stw_code lifecycle_store_save(struct db *db, struct str json, const char *actor,
    stw_usec now, int *version, struct stw_err *err) STW_MUST_USE;
/* Validates over the book. With errors it stays a draft: CONFLICT, and *out tells them.
 * Submitted already is fine, and approved already by the same person: whoever did not hear
 * the answer may ask again. */
enum stw_code lifecycle_store_submit(struct db *db, const char *code, int version,
    const struct book_parts *parts, const char *actor, stw_usec now,
    struct arena *arena, struct lifecycle_validation *out,
    struct stw_err *err) STW_MUST_USE;
/* Keeps the summary of the preview over the book, and its instant, with the approval. */
enum stw_code lifecycle_store_approve(struct db *db, const char *code, int version,
    const struct book_parts *parts, const char *actor, stw_usec now,
    struct arena *arena, struct lifecycle_preview *out,
    struct stw_err *err) STW_MUST_USE;
/* Back to a draft. why: 1 to 500 bytes. */
enum stw_code lifecycle_store_reject(struct db *db, const char *code, int version,
    const char *actor, const char *why, stw_usec now, struct stw_err *err) STW_MUST_USE;
/* Makes a version the active one of its code, retires the one before, and puts its
 * promises in force. A version that is active already stays so. */
enum stw_code lifecycle_store_activate(struct db *db, const char *code, int version,
    const char *actor, stw_usec now, struct stw_err *err) STW_MUST_USE;
/* Saves and activates the embedded wealth model when its code has no version yet;
 * *installed says whether it did. */
enum stw_code lifecycle_store_install(struct db *db, const char *actor, stw_usec now,
    bool *installed, struct stw_err *err) STW_MUST_USE;
/* The document in the binary. */
struct str lifecycle_store_shipped(void);

#endif
