/*
 * number_report_store.h - what caller numbers were used for, and how long they last.
 *
 * Purpose    Use by day, number, purpose and campaign; uses outside a number's registered
 *            purposes, found from the outreach log (there should be none); and a forecast
 *            of the days on which a pool has fewer calls to give than are planned.
 * Units      Days are the institution's.
 * Ownership  What is read lives in the arena.
 */
#ifndef STW_CAMPAIGNS_NUMBER_REPORT_STORE_H
#define STW_CAMPAIGNS_NUMBER_REPORT_STORE_H

#include "db/db.h"

struct number_usage {
	stw_day day;
	int64_t number_id;
	const char *number, *kind, *pool, *purpose, *campaign; /* campaign NULL: none */
	int64_t used;
};
/* number_id 0: all; [from, to). By day, number, purpose, campaign. */
enum stw_code number_usage(struct db *db, int64_t number_id, stw_day from, stw_day to,
    const char *zone, struct arena *arena, struct number_usage **out, int *count,
    struct stw_err *err) STW_MUST_USE;

/* A dial permit for a purpose the number was not registered for at that time, by the
 * registry's history or by the decision's own record. */
struct number_outside {
	const char *decision_id, *number, *purpose, *task_id;
	const char *registered; /* the purposes of its history then; NULL: no history */
	stw_usec decided_at;
};
/* *checked: permits looked at. limit: rows listed; *found: how many there are. */
enum stw_code number_outside(struct db *db, stw_usec from, stw_usec to, int limit,
    struct arena *arena, struct number_outside **out, int *count, int64_t *checked,
    int64_t *found, struct stw_err *err) STW_MUST_USE;

struct number_forecast {
	const char *pool, *purpose;
	stw_day day;
	int64_t planned;  /* tasks that are due that day */
	int64_t expected; /* a day's mean of the last 14 */
	int64_t budget;   /* calls the pool may still make; -1: no cap */
	int numbers;      /* that may be used that day */
	bool is_short;
};
/* For the next `days` days, today first. */
enum stw_code number_forecast(struct db *db, int days, const char *zone, stw_usec now,
    struct arena *arena, struct number_forecast **out, int *count,
    struct stw_err *err) STW_MUST_USE;

#endif
