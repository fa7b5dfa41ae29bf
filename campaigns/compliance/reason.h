/*
 * reason.h - the registry of reason codes.
 *
 * Purpose    Every code the gate (or a later check) may give, what follows from it and
 *            one sentence in Chinese and English. Codes are stable: a code is never
 *            reused for something else, and a pack may only use codes from here.
 * Ownership  Static.
 * Threads    Any.
 * Rules      compliance.md section 3.
 */
#ifndef STW_CAMPAIGNS_COMPLIANCE_REASON_H
#define STW_CAMPAIGNS_COMPLIANCE_REASON_H

#include "campaigns/compliance/gate.h"

struct reason {
	const char *code;
	enum gate_outcome outcome; /* GATE_UNSET: an incident, never a gate's answer */
	const char *zh, *en;
};

/* NULL when there is no such code. */
const struct reason *reason_find(const char *code);
/* All, in the byte order of their codes. */
int reason_all(const struct reason **out);

#endif
