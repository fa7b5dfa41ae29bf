/*
 * lifecycle.h - where customers are in their life with the bank.
 *
 * Purpose    A lifecycle model is a document: stages and transitions {from, to, when,
 *            after_days, priority, reason, why}, an ordered list that places customers
 *            who have no stage yet, and the promises of service that hold in a stage
 *            (segments/promise.h). lifecycle_evaluate says who moves now. Pure.
 *            docs/lifecycle.md has the document member by member.
 * Rules      One transition a customer a tick; of the transitions from the customer's
 *            stage the first that matches wins: those of a higher priority first, equal
 *            ones in the order of the document. An undecided rule is not a match. A
 *            customer who has already moved at `now` stays, so a tick can be repeated.
 *            A stage that the model no longer has counts as none. Rules of a model may
 *            not use segment(): stages come before segments. A rule that fails for every
 *            customer is told (lifecycle_fault), and whoever meets it stays, without a
 *            stage if they had none: what comes after it in the order is not asked. In a
 *            patch whoever a rule fails for stays.
 * Faults     lifecycle_parse refuses what cannot be read; whether the model makes sense
 *            (ways that lead nowhere, transitions that never fire) is the question of
 *            segments/lifecycle_validate.h.
 * Ownership  A model lives in the arena it was parsed in; changes are freed with
 *            lifecycle_changes_free.
 * Errors     INVALID names the place in the document: "transitions[3].when: 1:14: ...";
 *            line and column are those inside the rule.
 */
#ifndef STW_SEGMENTS_LIFECYCLE_H
#define STW_SEGMENTS_LIFECYCLE_H

#include "segments/book.h"
#include "segments/progress.h"

#define LIFECYCLE_MAX_STAGES      64
#define LIFECYCLE_MAX_TRANSITIONS 512
#define LIFECYCLE_MAX_PRIORITY    1000
#define LIFECYCLE_MAX_PROMISES    64
#define LIFECYCLE_MAX_DOCUMENT    ((size_t)1 << 20)

struct lifecycle_stage {
	const char *code, *name_zh, *name_en;
	const char *why_zh, *why_en; /* the reasoning; NULL: none given */
	bool end;                    /* nothing leads out, on purpose */
};

struct lifecycle_transition {
	int from; /* index of a stage; -1: customers without a stage */
	int to;
	int after_days; /* minimum stay in from, in days of 24 hours */
	int priority; /* 0 to 1000, higher is asked first; 0 unless the document says */
	const char
	    *when; /* rule text; NULL only in the last entry of initial: always */
	const char *reason;          /* code, stored in the history */
	const char *path;            /* in the document: "transitions[3]" */
	const char *why_zh, *why_en; /* NULL: none given */
};

enum promise_kind {
	PROMISE_DWELL = 0, /* at most so many days in the stage */
	PROMISE_CONTACT,   /* a conversation or a message at least every so many days */
};

/* What is promised to whoever is in the stage. See segments/promise.h. */
struct promise {
	const char *code;
	int stage;
	const char *tier; /* NULL: every tier that no other promise of the kind names */
	enum promise_kind kind;
	int days;
	const char *name_zh, *name_en;
	const char *path; /* in the document: "promises[1]" */
};

struct lifecycle_model {
	const char *code, *name_zh, *name_en;
	int version; /* 0: not stored yet */
	const struct lifecycle_stage *stages;
	int nstages;
	const struct lifecycle_transition *initial;
	int ninitial;
	const struct lifecycle_transition
	    *transitions; /* in the order they are asked */
	int ntransitions;
	const struct promise *promises;
	int npromises;
	struct str document;    /* as it was given */
	unsigned char hash[32]; /* SHA-256 of the canonical document */
};

/* lifecycle_json.c. Checks everything but the rules. */
enum stw_code lifecycle_parse(struct str json, struct arena *arena,
    struct lifecycle_model *out, struct stw_err *err) STW_MUST_USE;
/* Compiles every rule against the book's columns (rows are not needed). */
enum stw_code lifecycle_check(const struct lifecycle_model *model,
    const struct book *book, struct stw_err *err) STW_MUST_USE;
/* Index of a stage; -1: the model has none of that name. */
int lifecycle_stage_find(const struct lifecycle_model *model, struct str code);

struct lifecycle_change {
	uint32_t row;
	int16_t from; /* stage; -1: had none */
	int16_t to;
	const struct lifecycle_transition *by;
};

/* What became of a rule of the model in one part of a book. */
struct lifecycle_answered {
	const char *path;     /* of the first entry that asks it */
	bool answered;        /* it was asked, and does not fail for everybody */
	struct stw_err fault; /* code STW_OK: it does not fail for everybody */
};

struct lifecycle_changes {
	struct lifecycle_change *items; /* by row */
	size_t count, cap;
	size_t
	    undecided; /* customers who did not move and had a rule without an answer */
	struct lifecycle_answered *rules; /* in every part the same rules */
	int nrules;
};

/* out: one a part, freed by the caller also after an error. */
enum stw_code lifecycle_evaluate(const struct book_parts *parts,
    const struct lifecycle_model *model, stw_usec now, const struct progress *progress,
    struct lifecycle_changes *out, struct stw_err *err) STW_MUST_USE;
/* Of the parts of a book: the first rule that fails for every customer of all of them
 * (segments/rule_fault.h); false: none does. *err begins with its place in the document. */
bool lifecycle_fault(
    const struct lifecycle_changes *changes, int nparts, struct stw_err *err);
void lifecycle_changes_free(struct lifecycle_changes *changes);

#endif
