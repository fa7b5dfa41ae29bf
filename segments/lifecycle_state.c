#include "segments/lifecycle_state.h"

static const char *const names[LIFECYCLE_STATES] = {
    [LIFECYCLE_NONE] = "",
    [LIFECYCLE_DRAFT] = "draft",
    [LIFECYCLE_SUBMITTED] = "submitted",
    [LIFECYCLE_APPROVED] = "approved",
    [LIFECYCLE_ACTIVE] = "active",
    [LIFECYCLE_RETIRED] = "retired",
};

#define TO(state) (1U << (state))

/* What is missing is missing on purpose: nothing is approved that was not validated, and
 * nothing becomes active that was not approved (but for the shipped model on a fresh
 * install, which says so: lifecycle_model.exempt). A document never changes: whoever wants
 * another one makes a new version. */
static const unsigned moves[LIFECYCLE_STATES] = {
    [LIFECYCLE_DRAFT] = TO(LIFECYCLE_SUBMITTED),
    /* back to the author when the second person says no */
    [LIFECYCLE_SUBMITTED] = TO(LIFECYCLE_APPROVED) | TO(LIFECYCLE_DRAFT),
    [LIFECYCLE_APPROVED] = TO(LIFECYCLE_ACTIVE),
    [LIFECYCLE_ACTIVE] = TO(LIFECYCLE_RETIRED),
    /* the way back when a new version turns out wrong: it was approved once */
    [LIFECYCLE_RETIRED] = TO(LIFECYCLE_ACTIVE),
};

const char *
lifecycle_state_name(enum lifecycle_state state)
{
	return names[state];
}

enum lifecycle_state
lifecycle_state_parse(struct str text)
{
	for (int s = 1; s < LIFECYCLE_STATES; s++)
		if (str_eq_c(text, names[s]))
			return (enum lifecycle_state)s;
	return LIFECYCLE_NONE;
}

bool
lifecycle_state_may_move(enum lifecycle_state from, enum lifecycle_state to)
{
	return (moves[from] & TO(to)) != 0;
}
