/*
 * facts_store.h - what the database knows that the gate asks about.
 *
 * Purpose    One loader for many customers (planning, a batch of dispatch) and for one (dial),
 *            so that all see the same facts in the same form.
 * Ownership  Everything lives in the arena.
 */
#ifndef STW_CAMPAIGNS_FACTS_STORE_H
#define STW_CAMPAIGNS_FACTS_STORE_H

#include "campaigns/compliance/gate.h"
#include "campaigns/number_store.h"
#include "db/db.h"
#include "engine/uuid.h"

struct facts_point {
	struct gate_contact_point point;
	const char *mask;
	const char **zones; /* by number plan */
	size_t nzones;
};

struct facts_objection {
	struct gate_objection objection;
	int64_t
	    point_id; /* the customer's point that shares the number; 0: every one */
};

struct facts_count {
	struct gate_count count;
	int64_t point_id; /* the customer's point with the number; 0: none */
};

struct facts_event {
	struct gate_event event;
	int64_t point_id; /* of the call; 0: none */
};

/* What a registry says about one of the customer's points. */
struct facts_registry {
	int64_t point_id;
	struct gate_registry registry;
	const char **channels; /* that a listing is about; none: all */
	size_t nchannels;
	bool reassigned; /* then about that, and the next three */
	enum gate_reassigned answer;
	stw_usec asked_at;
	struct gate_optional_day since;
};

/* What persons allowed about the customer. */
struct facts_override {
	struct gate_override override;
	int64_t campaign_id, point_id; /* 0: every one */
};

struct facts_customer {
	const char *ref;
	struct gate_party party; /* without zones: those depend on the point */
	const char *zone;        /* declared; NULL: none */
	bool zone_verified;
	struct facts_point *points;
	struct gate_consent *consents;
	struct facts_objection *objections;
	struct facts_count *counts;
	struct facts_event *events;
	struct facts_registry *registries;
	struct facts_override *overrides;
	int npoints, nconsents, nobjections, ncounts, nevents, nregistries, noverrides;
	struct gate_relationship relationship;
	const char **held; /* classes of products */
	size_t nheld;
};

struct facts_set {
	struct facts_customer *customers; /* by customer_id */
	int count;
};

/* Each customer once, in any order. except: reservations that are not counted. */
struct facts_ask {
	const int64_t *buckets, *customer_ids;
	size_t count;
	const struct uuid *except;
	size_t nexcept;
};
enum stw_code facts_load_many(struct db *db, const struct facts_ask *ask, stw_usec now,
    struct arena *arena, struct facts_set *out, struct stw_err *err) STW_MUST_USE;
/* Of one bucket. except: a reservation, or NULL. */
enum stw_code facts_load(struct db *db, int bucket, const int64_t *customer_ids,
    size_t count, stw_usec now, const struct uuid *except, struct arena *arena,
    struct facts_set *out, struct stw_err *err) STW_MUST_USE;
/* NULL when the set does not have the customer. */
const struct facts_customer *facts_find(
    const struct facts_set *set, int64_t customer_id);
/* Party, point, relationship, consents, objections, events, registries, counts and overrides
 * of *facts; the rest is left alone. Channel and product must be filled before. */
void facts_fill(const struct facts_customer *customer, const struct facts_point *point,
    int64_t campaign_id, struct arena *arena, struct gate_facts *facts);
void facts_number(
    const struct number_row *number, struct arena *arena, struct gate_number *out);

#endif
