#include "campaigns/disposition.h"

#include <string.h>

static const char *const names[DISPOSITION_FLAGS] = {"human_answered", "right_party",
    "interested", "sold", "refused", "do_not_call", "wrong_number", "unworkable",
    "callback", "complaint", "suspected_fraud", "vulnerable_signal", "completed"};

/* What a person said needs a person who said it. */
#define SAID                                                                           \
	(DISPOSITION_RIGHT_PARTY | DISPOSITION_INTERESTED | DISPOSITION_SOLD |         \
	    DISPOSITION_REFUSED | DISPOSITION_DO_NOT_CALL | DISPOSITION_WRONG_NUMBER | \
	    DISPOSITION_CALLBACK | DISPOSITION_COMPLAINT |                             \
	    DISPOSITION_VULNERABLE_SIGNAL)
/* What only the customer can say. */
#define OWN                                                                \
	(DISPOSITION_INTERESTED | DISPOSITION_SOLD | DISPOSITION_REFUSED | \
	    DISPOSITION_CALLBACK)

/* Pairs that say two things at once. */
static const struct {
	unsigned one, others;
} excludes[] = {
    {DISPOSITION_WRONG_NUMBER, DISPOSITION_RIGHT_PARTY | OWN | DISPOSITION_COMPLETED |
				   DISPOSITION_VULNERABLE_SIGNAL},
    {DISPOSITION_REFUSED, DISPOSITION_INTERESTED | DISPOSITION_SOLD},
    {DISPOSITION_CALLBACK, DISPOSITION_COMPLETED | DISPOSITION_SOLD |
			       DISPOSITION_REFUSED | DISPOSITION_DO_NOT_CALL |
			       DISPOSITION_COMPLAINT | DISPOSITION_UNWORKABLE |
			       DISPOSITION_SUSPECTED_FRAUD},
    {DISPOSITION_UNWORKABLE,
	DISPOSITION_INTERESTED | DISPOSITION_SOLD | DISPOSITION_COMPLETED},
    {DISPOSITION_SUSPECTED_FRAUD, DISPOSITION_SOLD},
};

const char *
disposition_flag_name(int i)
{
	return names[i];
}

unsigned
disposition_flag_parse(struct str text)
{
	for (int i = 0; i < DISPOSITION_FLAGS; i++)
		if (str_eq_c(text, names[i]))
			return 1U << i;
	return 0;
}

bool
disposition_code_ok(const char *code)
{
	return code[0] >= 'a' && code[0] <= 'z' && strlen(code) <= 40 &&
	       strspn(code, "abcdefghijklmnopqrstuvwxyz0123456789_") == strlen(code);
}

static const char *
lowest(unsigned flags)
{
	int i = 0;

	while ((flags & 1U << i) == 0)
		i++;
	return names[i];
}

static enum stw_code
needs(unsigned flags, enum disposition_flag wanted, struct stw_err *err)
{
	return stw_fail(err, STW_INVALID,
	    "flag %s needs %s beside it (标记 %s 须与 %s 同时设置)", lowest(flags),
	    lowest(wanted), lowest(flags), lowest(wanted));
}

enum stw_code
disposition_check(unsigned flags, struct stw_err *err)
{
	if ((flags & SAID) != 0 && (flags & DISPOSITION_HUMAN_ANSWERED) == 0)
		return needs(flags & SAID, DISPOSITION_HUMAN_ANSWERED, err);
	for (size_t i = 0; i < STW_ARRAY_LEN(excludes); i++) {
		unsigned both = flags & excludes[i].others;

		if ((flags & excludes[i].one) != 0 && both != 0)
			return stw_fail(err, STW_INVALID,
			    "flags %s and %s contradict one another "
			    "(标记 %s 与 %s 相互矛盾)",
			    lowest(excludes[i].one), lowest(both),
			    lowest(excludes[i].one), lowest(both));
	}
	if ((flags & OWN) != 0 && (flags & DISPOSITION_RIGHT_PARTY) == 0)
		return needs(flags & OWN, DISPOSITION_RIGHT_PARTY, err);
	return STW_OK;
}

enum task_state
disposition_end(unsigned flags)
{
	if ((flags & DISPOSITION_CALLBACK) != 0)
		return TASK_PLANNED;
	if ((flags & DISPOSITION_HUMAN_ANSWERED) == 0 ||
	    (flags & (DISPOSITION_WRONG_NUMBER | DISPOSITION_UNWORKABLE)) != 0)
		return TASK_NO_CONTACT;
	return TASK_DONE;
}

bool
disposition_objects(unsigned flags)
{
	return (flags & (DISPOSITION_DO_NOT_CALL | DISPOSITION_COMPLAINT)) != 0;
}
