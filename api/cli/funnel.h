/*
 * funnel.h - one run of one campaign as a table that adds up, on standard output.
 */
#ifndef STW_API_CLI_FUNNEL_H
#define STW_API_CLI_FUNNEL_H

#include "campaigns/campaign_store.h"

void funnel_print(const struct run_row *run);

#endif
