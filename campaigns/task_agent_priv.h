/*
 * task_agent_priv.h - what the files about agents and tasks share.
 */
#ifndef STW_CAMPAIGNS_TASK_AGENT_PRIV_H
#define STW_CAMPAIGNS_TASK_AGENT_PRIV_H

#include "campaigns/task_gate_priv.h"

struct entry_field;

/* A ledger entry about a task, in the caller's transaction. */
enum stw_code task_log(struct db *db, int bucket, const char *kind, const char *task_id,
    stw_usec now, const struct entry_field *fields, int nfields,
    struct stw_err *err) STW_MUST_USE;

#endif
