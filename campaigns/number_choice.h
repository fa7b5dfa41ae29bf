/*
 * number_choice.h - which caller number of a pool a customer sees.
 *
 * Purpose    The number the customer saw last, as long as it is lawful; otherwise the
 *            lawful one that the customer's own order of the pool puts first. The order is
 *            rendezvous hashing: when a number joins or leaves, only the customers whose
 *            number it is move, and who was moved comes back with it.
 *            Only the pool and what the contact needs are looked at: nothing here knows
 *            how often a person was called, so no number is ever chosen to get round a cap
 *            on the person; those count across numbers.
 *            When none is lawful the customer's own number is returned all the same, so
 *            that the gate can say why it may not be used.
 * Errors     None.
 */
#ifndef STW_CAMPAIGNS_NUMBER_CHOICE_H
#define STW_CAMPAIGNS_NUMBER_CHOICE_H

#include "campaigns/compliance/gate.h"

struct number_need {
	int64_t customer_id;
	const char *channel, *purpose;
	const char *province; /* NULL: unknown */
	bool robot;
	stw_usec now;
	int64_t seen_id; /* the number the customer saw last; 0: none */
};

/* Index into numbers; -1 when there are none. */
int number_choose(
    const struct gate_number *numbers, int count, const struct number_need *need);
/* Why it is not eligible, as the gate's reason code; NULL: it is. A first look that saves
 * asking the gate about each number; the gate has the last word. */
const char *number_why_not(
    const struct gate_number *number, const struct number_need *need);
/* Where the number stands in the customer's own order; the greatest comes first. */
uint64_t number_rank(int64_t customer_id, int64_t number_id);

#endif
