/*
 * review_draw.h - which contacts are listened to: a draw that can be made again.
 *
 * Purpose    From the calls and refusals of a time, a plan and a seed to the items of a
 *            draw. Pure: the same in, the same out, in any order of the input.
 *            Within a stratum the candidates of one agent are ordered by
 *            SHA-256(seed, stratum, id), and the first share of them, at least `least`,
 *            are drawn. A candidate that several strata draw is one item with all of them.
 *            A tenth of the items, chosen the same way, is reviewed twice.
 * Units      Shares in thousandths.
 * Ownership  Arrays in the arena.
 * Errors     None; review_plan_check says what is wrong with a plan.
 * Rules      compliance.md 7.5, house policy: all of elder, complaint and approved (no plan
 *            says less of the last); at least
 *            5 % of an agent's connected marketing calls, three at the least; an agent's
 *            first 20; 1 % of the refusals.
 */
#ifndef STW_CAMPAIGNS_REVIEW_DRAW_H
#define STW_CAMPAIGNS_REVIEW_DRAW_H

#include "engine/arena.h"
#include "engine/err.h"
#include "engine/uuid.h"

enum review_stratum {
	STRATUM_ELDER = 0,  /* called at 65 or older */
	STRATUM_COMPLAINT,  /* complained about, in the call or after it */
	STRATUM_APPROVED,   /* a person's approval or override let it pass */
	STRATUM_CONNECTED,  /* a marketing call that reached somebody */
	STRATUM_NEW_AGENT,  /* one of the agent's first calls */
	STRATUM_DENIED,     /* a refusal: was it right? */
	STRATUM_VULNERABLE, /* the agent heard signs that the customer is vulnerable */
	STRATA
};
const char *review_stratum_name(enum review_stratum stratum);

#define REVIEW_SEED 32

struct review_plan {
	struct {
		int share; /* thousandths of an agent's candidates; 0: stratum not drawn */
		int least; /* of an agent, where there are so many */
	} strata[STRATA];
	int first; /* calls of an agent that count as the first */
	int twice; /* thousandths of the items that two review */
	int elder; /* years */
};
/* As in compliance.md 7.5. */
extern const struct review_plan review_plan_usual;
/* INVALID names the member that is out of range. */
enum stw_code review_plan_check(
    const struct review_plan *plan, struct stw_err *err) STW_MUST_USE;

struct review_candidate {
	struct uuid id; /* of the permit or the decision */
	struct uuid task;
	bool has_task;
	const char *agent; /* NULL: nobody's */
	unsigned strata;   /* bits 1 << enum review_stratum it belongs to */
};

struct review_item {
	const struct review_candidate *candidate;
	unsigned strata; /* that drew it */
	bool twice;
};

struct review_draw {
	const struct review_item *items; /* by hash of seed and id */
	int count;
	struct {
		int population, drawn;
	} strata[STRATA];
	unsigned char hash[32]; /* over the ids, in order */
};
void review_draw_make(const struct review_plan *plan,
    const unsigned char seed[REVIEW_SEED], const struct review_candidate *candidates,
    size_t count, struct arena *arena, struct review_draw *out);

/* Cohen's kappa of two reviewers over n categories, from the table of counts, in
 * thousandths; false when it is not defined (nothing judged, or one category only). */
bool review_kappa(const int64_t *table, int n, int64_t *out);

#endif
