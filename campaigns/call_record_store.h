/*
 * call_record_store.h - the number that was really sent, beside the one that was approved.
 *
 * Purpose    Takes in the dialler's or carrier's record of a call, finds the permit it was
 *            made under and compares the number sent. Another number, or none, is an
 *            incident (NUMBER_NOT_REGISTERED, CLI_WITHHELD) and pauses the campaign in the
 *            same transaction. A call without a permit is kept as unmatched. One that ended
 *            after its hours is noted (overrun_store.h).
 * Matching   By permit_id; else task_id: its newest permit before the call; else the
 *            number called: the permit on it that was given last, at most ten minutes
 *            before the call began (and a minute after, for clocks that differ). The
 *            number called is not kept.
 * Errors     The same source and reference again changes nothing and answers the same.
 * Rules      CN-15, scenario 74.
 */
#ifndef STW_CAMPAIGNS_CALL_RECORD_STORE_H
#define STW_CAMPAIGNS_CALL_RECORD_STORE_H

#include "campaigns/compliance/ruleset.h"
#include "db/db.h"
#include "db/seal.h"
#include "engine/uuid.h"

struct call_record {
	const char *source, *reference;
	const char *number_sent; /* "": withheld */
	const char *called;      /* as dialled; NULL: not said */
	const char *region;      /* for numbers without a country code: "CN" */
	bool has_permit, has_task;
	struct uuid permit_id, task_id;
	stw_usec started_at;
	int duration_sec;
	/* NULL, -1: not said */
	int ring_sec, talk_sec;
	const char *answered_by; /* human, machine, none */
	int abandoned;           /* 1: answered, and nobody there for the customer */
	const char *recording;   /* reference; with its class */
	const unsigned char *recording_sha256;
	const char *retention_class; /* call_recording, dual_recording */
};
/* What no record says yet, for an initializer. */
#define CALL_RECORD_NOTHING .ring_sec = -1, .talk_sec = -1, .abandoned = -1
struct call_fate {
	const char *fate;               /* matched, mismatch, unmatched */
	bool known;                     /* it was there already */
	const char *task_id, *approved; /* NULL: unmatched */
	const char
	    *incident_id;   /* about the number sent; NULL: none was opened by this */
	bool ran_past;      /* the hours it was permitted in: noted by this */
	const char *paused; /* campaign; NULL: none was paused by this */
};
/* rules: which of the permit's are about hours. Own transaction, or the caller's when it is
 * open and lent. */
enum stw_code call_record_put(struct db *db, const struct seal_keys *keys,
    const struct ruleset *rules, const struct call_record *record, stw_usec now,
    struct arena *arena, struct call_fate *out, struct stw_err *err) STW_MUST_USE;

struct call_row {
	const char *id, *source, *reference, *number_sent, *approved, *task_id, *fate;
	stw_usec started_at;
	int duration_sec;
};
/* Newest first; fate NULL: any; before: the last row seen, or NULL. */
enum stw_code call_records(struct db *db, const char *fate,
    const struct call_row *before, int limit, struct arena *arena,
    struct call_row **out, int *count, struct stw_err *err) STW_MUST_USE;

/* One number, however it is written: "+86 21 5555 0100", "021-55550100". */
bool caller_number_same(const char *a, const char *b, const char *region);

#endif
