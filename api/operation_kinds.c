/* What can be carried out later: the one table. */
#include <string.h>

#include "api/operations.h"
#include "api/resources.h"

static const struct operation_kind kinds[] = {
    {"campaign.simulate", v1_campaign_simulate_run, false},
    {"campaigns.simulate", v1_campaigns_simulate_run, false},
    {"dead_letters.requeue", v1_dead_letters_requeue_run, true},
    {"lifecycle.preview", v1_lifecycle_preview_run, false},
    {"lifecycle.validate", v1_lifecycle_validate_run, false},
    {"pack.whatif", v1_pack_whatif_run, false},
};

const struct operation_kind *
operation_kind_find(const char *name)
{
	for (size_t i = 0; i < STW_ARRAY_LEN(kinds); i++)
		if (strcmp(kinds[i].name, name) == 0)
			return &kinds[i];
	return NULL;
}
