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

struct task_transfer;
/* Through whose hands the task went: a row of its history, and a ledger entry. */
enum stw_code task_handled(struct db *db, const struct uuid *task, const char *what,
    const char *agent, const struct task_transfer *to, stw_usec now,
    struct stw_err *err) STW_MUST_USE;

#endif
