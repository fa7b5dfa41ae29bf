/*
 * disposition.h - what a word for the end of a contact means to the engine.
 *
 * Purpose    The words are the bank's (table disposition); what follows from one is told by
 *            its flags, which are the engine's. Pure: flags as text, which of them exclude
 *            one another, and where the task goes.
 * Errors     INVALID, with the two flags that cannot stand together, in both languages.
 */
#ifndef STW_CAMPAIGNS_DISPOSITION_H
#define STW_CAMPAIGNS_DISPOSITION_H

#include "campaigns/task.h"
#include "engine/buf.h"
#include "engine/err.h"

enum disposition_flag {
	DISPOSITION_HUMAN_ANSWERED = 1 << 0, /* a conversation for the caps */
	DISPOSITION_RIGHT_PARTY = 1 << 1,
	DISPOSITION_INTERESTED = 1 << 2,
	DISPOSITION_SOLD = 1 << 3,
	DISPOSITION_REFUSED = 1 << 4,      /* time of quiet for such offers */
	DISPOSITION_DO_NOT_CALL = 1 << 5,  /* an objection, at once */
	DISPOSITION_WRONG_NUMBER = 1 << 6, /* the contact point is in doubt */
	DISPOSITION_UNWORKABLE = 1 << 7,   /* nothing will come of it */
	DISPOSITION_CALLBACK = 1 << 8,     /* the task comes back */
	DISPOSITION_COMPLAINT = 1 << 9,    /* a complaint and an objection, at once */
	DISPOSITION_SUSPECTED_FRAUD = 1 << 10,   /* hold and incident, at once */
	DISPOSITION_VULNERABLE_SIGNAL = 1 << 11, /* the call is reviewed */
	DISPOSITION_COMPLETED = 1 << 12,
};
#define DISPOSITION_FLAGS 13
/* What protects the customer is never taken from a disposition that has it. */
#define DISPOSITION_PROTECTS                                                          \
	(DISPOSITION_DO_NOT_CALL | DISPOSITION_WRONG_NUMBER | DISPOSITION_COMPLAINT | \
	    DISPOSITION_SUSPECTED_FRAUD | DISPOSITION_VULNERABLE_SIGNAL)

const char *disposition_flag_name(int i); /* of the bit 1 << i */
/* 0: no such flag. */
unsigned disposition_flag_parse(struct str text);
/* A lower-case word of at most 40 letters, digits and underscores. */
bool disposition_code_ok(const char *code);
enum stw_code disposition_check(unsigned flags, struct stw_err *err) STW_MUST_USE;
/* PLANNED: a call-back. */
enum task_state disposition_end(unsigned flags);
bool disposition_objects(unsigned flags);

#endif
