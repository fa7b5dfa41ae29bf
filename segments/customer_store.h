/*
 * customer_store.h - one customer, for the API and the gate.
 *
 * Purpose    Reads a customer with stage, contact points and a summary of the holdings.
 *            Names and numbers come masked and sealed, never open. Consents are not here
 *            (campaigns/).
 * Ownership  Everything in the arena.
 * Errors     NOT_FOUND; the text holds the id, never the reference. INVALID for a limit
 *            or a cursor out of range.
 * Locks      None; works inside the caller's transaction or without one.
 */
#ifndef STW_SEGMENTS_CUSTOMER_STORE_H
#define STW_SEGMENTS_CUSTOMER_STORE_H

#include "db/db.h"

#define CUSTOMER_NO_DAY INT32_MIN /* a day that is not known */

struct customer_point {
	int64_t point_id;
	const char *kind; /* mobile, landline, other */
	const char *phone_mask;
	struct str phone_sealed;
	unsigned char phone_index[32];
	const char *region; /* NULL: unknown */
	const char **zones; /* candidate zones by number plan */
	size_t nzones;
	bool verified, is_primary;
	int sharers;       /* other customers with this number */
	const char *state; /* unverified, verified, failed, reassigned */
	stw_usec state_at; /* STW_USEC_NEVER: as imported; then how and by are NULL */
	const char *state_how, *state_by;
};

struct customer_holdings {
	const char *kind; /* deposit, fund, ... */
	const char *currency;
	int open;
	int64_t amount;           /* of the open ones, minor units */
	stw_day next_maturity_on; /* from today on; CUSTOMER_NO_DAY: none */
};

struct customer {
	int bucket;
	int64_t customer_id;
	const char *ref;
	const char *name_mask;  /* NULL: unknown */
	struct str name_sealed; /* empty: unknown */
	const char *gender;     /* NULL: unknown; so below */
	stw_day dob;            /* CUSTOMER_NO_DAY: unknown; so below */
	const char *lang, *country;
	const char *province, *city, *zone;
	bool zone_verified;
	const char *branch, *manager, *tier;
	stw_day opened_on, closed_on;
	int risk_rating; /* 1-5; 0: unknown */
	stw_day risk_assessed_on;
	bool risk_valid;
	bool deceased, incapacity, fraud_hold, legal_hold, complaint_open;
	bool profiling_opt_out;
	stw_usec updated_at;
	stw_usec erased_at;                  /* STW_USEC_NEVER: not erased */
	const char *stage;                   /* NULL: none yet */
	stw_usec stage_since;                /* STW_USEC_NEVER: none yet */
	const struct customer_point *points; /* those in doubt last; primary first */
	int npoints;
	const struct customer_holdings *holdings; /* by kind and currency */
	int nholdings;
};

/* By the bank's reference; today decides next_maturity_on. */
enum stw_code customer_find(struct db *db, struct str ref, stw_day today,
    struct arena *arena, struct customer *out, struct stw_err *err) STW_MUST_USE;
enum stw_code customer_find_id(struct db *db, int bucket, int64_t customer_id,
    stw_day today, struct arena *arena, struct customer *out,
    struct stw_err *err) STW_MUST_USE;

/* One line of a list. */
struct customer_row {
	int bucket;
	int64_t customer_id;
	const char *ref, *name_mask, *province, *tier, *stage; /* NULL: unknown */
	int risk_rating;                                       /* 0: unknown */
};

struct customer_filter {
	const char *stage;   /* NULL: any */
	const char *segment; /* code, members now; NULL: any */
	/* Cursor: rows after this one; bucket -1 from the start. */
	int after_bucket;
	int64_t after_id;
	int limit; /* 1..1000 */
};
/* In order of bucket and customer_id. */
enum stw_code customer_list(struct db *db, const struct customer_filter *filter,
    struct arena *arena, struct customer_row **out, int *count,
    struct stw_err *err) STW_MUST_USE;

/* NOT_FOUND when there is no such segment, or the model in force has no such stage: nobody
 * is in either, which is not what was asked. NULL: not asked for. */
enum stw_code customer_filter_check(struct db *db, const char *segment,
    const char *stage, struct stw_err *err) STW_MUST_USE;

#endif
