#include "campaigns/override.h"

#include <stdbool.h>
#include <string.h>

const char *
override_kind_name(enum override_kind kind)
{
	return kind == OVERRIDE_REVIEW ? "review_approval" : "policy_override";
}

static bool
is(const char *a, const char *b)
{
	return strcmp(a, b) == 0;
}

/* ---- which answer ------------------------------------------------------------------------ */
static enum stw_code
block_check(const struct override_answer *a, struct stw_err *err)
{
	if (strncmp(a->rule, "SYS-", 4) == 0)
		return stw_fail(err, STW_CONFLICT,
		    "%s of %s is the engine's own: nobody overrides it", a->code,
		    a->rule);
	if (!is(a->layer, "policy"))
		return stw_fail(err, STW_CONFLICT,
		    "%s of %s is of layer %s: only what house policy forbids can be "
		    "overridden",
		    a->code, a->rule, a->layer);
	return STW_OK;
}

enum stw_code
override_choose(const struct override_answer *answers, int count, const char *code,
    const char *rule, struct override_choice *out, struct stw_err *err)
{
	const struct override_answer *found = NULL;
	bool several = false;

	*out = (struct override_choice){0};
	for (int i = 0; i < count; i++) {
		if (!is(answers[i].code, code) ||
		    (rule != NULL && !is(answers[i].rule, rule)))
			continue;
		several = found != NULL;
		if (found == NULL)
			found = &answers[i];
		if (several)
			break;
	}
	if (found == NULL)
		return stw_fail(err, STW_INVALID,
		    "code: the decision does not say %.60s%s%.60s", code,
		    rule != NULL ? " by rule " : "", rule != NULL ? rule : "");
	if (is(found->outcome, "REVIEW")) {
		*out = (struct override_choice){found, OVERRIDE_REVIEW, rule};
		return STW_OK;
	}
	if (!is(found->outcome, "BLOCK"))
		return stw_fail(err, STW_CONFLICT,
		    "%s is %s: only a review is approved and only a block overridden",
		    code, found->outcome);
	if (several)
		return stw_fail(err, STW_INVALID,
		    "rule: several rules say %s, %s first: name the one that is meant",
		    code, found->rule);
	*out = (struct override_choice){found, OVERRIDE_POLICY, found->rule};
	return block_check(found, err);
}

/* ---- words ---------------------------------------------------------------------------------- */
/* Phone, account and identity numbers, however they are grouped; a date is shorter. */
#define DIGITS_MOST 8

static bool
has_number(const char *text)
{
	int digits = 0;

	for (; *text != '\0'; text++) {
		if (*text >= '0' && *text <= '9')
			digits++;
		else if (strchr(" -.()", *text) == NULL)
			digits = 0;
		if (digits > DIGITS_MOST)
			return true;
	}
	return false;
}

static int
characters(const char *utf8)
{
	int n = 0;

	for (; *utf8 != '\0'; utf8++)
		n += ((unsigned char)*utf8 & 0xc0) != 0x80;
	return n;
}

enum stw_code
override_reason_check(const char *reason, struct stw_err *err)
{
	int n = characters(reason);

	if (n < OVERRIDE_REASON_MIN || n > OVERRIDE_REASON_MAX)
		return stw_fail(err, STW_INVALID,
		    "reason: %d to %d characters are wanted", OVERRIDE_REASON_MIN,
		    OVERRIDE_REASON_MAX);
	if (strspn(reason, " \t\r\n") == strlen(reason))
		return stw_fail(err, STW_INVALID, "reason: says nothing");
	if (has_number(reason) || strchr(reason, '@') != NULL)
		return stw_fail(err, STW_INVALID,
		    "reason: looks like somebody's number or address; name the case, not the "
		    "person");
	return STW_OK;
}

enum stw_code
override_expiry_check(
    stw_usec now, stw_usec expires_at, int max_days, struct stw_err *err)
{
	if (max_days > OVERRIDE_DAYS_MAX)
		max_days = OVERRIDE_DAYS_MAX;
	if (expires_at <= now)
		return stw_fail(err, STW_INVALID, "expires_at: lies in the past");
	if (expires_at - now > max_days * STW_USEC_DAY)
		return stw_fail(err, STW_INVALID,
		    "expires_at: more than %d days ahead (setting override-days)",
		    max_days);
	return STW_OK;
}
