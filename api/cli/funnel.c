#include "api/cli/funnel.h"

#include <string.h>

#include "api/cli/cli.h"
#include "campaigns/compliance/ruleset.h"
#include "campaigns/run_hold.h"

/* In the order in which people drop out. */
static const char *const fates[] = {"held_out", "already", "no_contact_point",
    "no_number", "blocked", "deferred", "review", "planned"};

static const char *const words[] = {"held out", "taken up earlier", "no contact point",
    "no caller number", "blocked", "deferred", "needs review", "planned"};

static void
held_print(const struct run_row *run)
{
	struct buf text;

	buf_init(&text);
	run_held_print(run, false, &text);
	(void)printf("%s v%d\n    HELD BACK: ", run->campaign, run->version);
	if (run->held_trait != NULL)
		(void)printf("%s: %s\n    steward trait show %s\n", run->held_trait,
		    text.data, run->held_trait);
	else
		(void)printf("%s\n", text.data);
	buf_fini(&text);
}

void
funnel_print(const struct run_row *run)
{
	int64_t sum = 0;

	if (run_held(run)) {
		held_print(run);
		return;
	}
	(void)printf("%s v%d\n    %-52s %10s\n    %-52s %10s\n", run->campaign,
	    run->version, "customers looked at", cli_count(run->scope),
	    "undecided: not contacted", cli_count(run->undecided));
	(void)printf("    %-52s %10s\n", "audience", cli_count(run->audience));
	for (size_t f = 0; f < STW_ARRAY_LEN(fates); f++)
		for (int i = 0; i < run->nreasons; i++) {
			const struct run_reason *r = &run->reasons[i];
			char label[80];

			if (strcmp(r->fate, fates[f]) != 0)
				continue;
			sum += r->count;
			(void)snprintf(label, sizeof label, "%s%s%s", words[f],
			    r->code[0] != '\0' ? ": " : "", r->code);
			(void)printf("    %s %-50s %10s\n",
			    strcmp(r->fate, "planned") == 0 ? "=" : "-", label,
			    cli_count(r->count));
		}
	if (sum == run->audience)
		(void)printf("    the parts add up to the audience\n");
	else
		(void)printf("    THE PARTS DO NOT ADD UP: %s of %s\n", cli_count(sum),
		    cli_count(run->audience));
}
