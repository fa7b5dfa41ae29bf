/*
 * number.h - what a caller number may be: states, kinds, and the purpose matrix.
 *
 * Purpose    One table of states and allowed moves; the matrix that says which kind of
 *            number may serve which purpose, and on what condition; the check of a
 *            number's registered facts against it. Pure.
 * Ownership  Texts are borrowed. The matrix lives in the arena it was read into.
 * Errors     number_check is INVALID and names the first thing that is wrong and what to
 *            do about it.
 * Rules      compliance.md 5 (default matrix), CN-12 to CN-16, CN-20 to CN-22. The matrix
 *            is house policy, not law: campaigns/numbers/matrix.json. A bank may tighten
 *            it; a looser rule of its own names the document that allows it.
 */
#ifndef STW_CAMPAIGNS_NUMBER_H
#define STW_CAMPAIGNS_NUMBER_H

#include "engine/arena.h"
#include "engine/time.h"

enum number_status {
	NUMBER_PLANNED = 0,
	NUMBER_ACTIVE,
	NUMBER_STOPPED,
	NUMBER_RECALLED,
	NUMBER_STATUSES
};

const char *number_status_name(enum number_status status);
bool number_status_parse(const char *text, enum number_status *out);
/* How many persons the move takes: 0 when there is none. One person may make a number
 * safer at once; what lets it be used again, or gives it up, takes two. */
int number_move_persons(enum number_status from, enum number_status to);
/* NULL when there is no such move. */
const char *number_move_why(enum number_status from, enum number_status to);

/* What the registry holds about one number, and what was observed of it. */
struct number_row {
	int64_t number_id;
	const char *number, *kind, *pool, *holder, *user_org;
	const char *port;               /* 106x: "notice" or "marketing"; else NULL */
	const char *carrier;            /* NULL: not stated */
	const char *line_type;          /* NULL: not stated */
	const char *registered_purpose; /* the carrier's words; NULL: none */
	const char **regions, **channels, **purposes;
	size_t nregions, nchannels, npurposes;
	const char *direction; /* in, out, both */
	bool robot;
	const char *licence_no;            /* NULL: none */
	stw_usec licence_from, licence_to; /* STW_USEC_NEVER / MAX: open */
	const char *approval,
	    *undertaking;            /* SHA-256 of the document, hex; NULL: none */
	const char *lessor, *lessee; /* NULL: the line is neither rented nor lent */
	bool sub_let, withheld;
	const char *status, *status_reason;
	int daily_cap, hourly_cap; /* 0: none */
	int version;
	/* observed */
	const char *label, *label_vendor; /* NULL: nobody has said anything */
	int label_score;                  /* 0 to 100; -1: none */
	stw_usec label_at;
	const char *attestation; /* A, B, C; NULL: unknown */
	stw_usec callback_ok_at, callback_failed_at, ledger_synced_at; /* or NEVER */
	/* what the network says the number is: the last look that agreed, within
	 * identity.days, and the last that did not; or NEVER */
	stw_usec identity_ok_at, identity_failed_at;
	const char *suspended_by; /* person, health, ledger; NULL: not suspended */
	stw_usec cooldown_until, health_from; /* or NEVER */
	/* in the institution's day and the running hour; held: places kept under the
	 * daily cap for contacts that were dispatched */
	int64_t used_today, used_hour, held;
	bool mismatch; /* an incident is open: something else was sent in its place */
};

bool number_kind_valid(const char *kind);
bool number_purpose_valid(const char *purpose);
bool number_channel_valid(const char *channel);
/* 64 lower-case hexadecimal digits. */
bool number_hash_valid(const char *text);

/* From the freest to the strictest. */
enum number_verdict {
	MATRIX_YES = 0,
	MATRIX_REGISTERED,  /* the carrier registered a purpose in words */
	MATRIX_UNDERTAKING, /* with the written undertaking on file */
	MATRIX_APPROVAL,    /* with an approval document on file */
	MATRIX_NO
};
const char *matrix_verdict_name(enum number_verdict verdict);
bool matrix_verdict_parse(const char *text, enum number_verdict *out);

#define MATRIX_ROBOT "ROBOT"

/* One cell: may numbers of this kind (and port) serve this subject, a purpose or ROBOT? */
struct matrix_cell {
	const char *kind, *port, *subject;
	enum number_verdict verdict;
};
struct matrix_kind {
	const char *kind, *port;
	const char *direction; /* the only one; NULL: any */
	const char *channel;   /* the only one; NULL: any */
	bool regions;          /* must name its provinces */
};
struct number_matrix {
	struct matrix_cell *cells;
	int ncells;
	struct matrix_kind *kinds;
	int nkinds;
	/* CONSENT_REQUEST is judged like MARKETING, and so on */
	const char *like[8][2];
	int nlike;
};

/* The matrix in the binary. */
enum stw_code number_matrix_builtin(
    struct arena *arena, struct number_matrix *out, struct stw_err *err) STW_MUST_USE;
/* NULL when the matrix has no such cell. */
struct matrix_cell *number_matrix_find(const struct number_matrix *matrix,
    const char *kind, const char *port, const char *subject);

enum stw_code number_check(const struct number_row *number,
    const struct number_matrix *matrix, struct stw_err *err) STW_MUST_USE;

#endif
