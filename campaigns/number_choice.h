/*
 * number_choice.h - which caller number of a pool a customer sees.
 *
 * Purpose    The same customer sees the same number as long as it is lawful (sticky);
 *            otherwise the next lawful one of the pool. A number is never chosen to get
 *            round a cap on the person: those caps count across numbers.
 *            When none is lawful the customer's own number is returned all the same, so
 *            that the gate can say why it may not be used.
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
};

/* Index into numbers; -1 when there are none. */
int number_choose(
    const struct gate_number *numbers, int count, const struct number_need *need);

#endif
