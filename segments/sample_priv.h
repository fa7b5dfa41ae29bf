/*
 * sample_priv.h - a made-up customer, as the files of the sample book share it.
 *
 *   sample_people.c   who: name, phone, age, place, rating, flags
 *   sample_money.c    holdings and transactions, whose balances agree
 *   sample_events.c   interactions, consents, objections, attempts
 *   sample.c          files, rows, the mapping
 *
 * Numbers only, no floating point: the same bytes on every machine.
 */
#ifndef STW_SEGMENTS_SAMPLE_PRIV_H
#define STW_SEGMENTS_SAMPLE_PRIV_H

#include <stdbool.h>

#include "engine/zone.h"
#include "segments/sample.h"

/* splitmix64: small, and any (seed, customer, purpose) begins a stream of its own. */
struct sample_rng {
	uint64_t state;
};
struct sample_rng sample_rng(uint64_t seed, uint64_t customer, uint32_t purpose);
uint64_t sample_next(struct sample_rng *rng);
/* lo..hi, both included. */
int64_t sample_range(struct sample_rng *rng, int64_t lo, int64_t hi);
/* True in per_mille of 1000 cases. */
bool sample_chance(struct sample_rng *rng, int per_mille);
/* An index, with the chances of the weights. */
int sample_weighted(struct sample_rng *rng, const int *weights, int n);

enum sample_purpose {
	SAMPLE_PERSON = 1,
	SAMPLE_PAIR,
	SAMPLE_PHONE,
	SAMPLE_MONEY,
	SAMPLE_EVENTS,
	SAMPLE_CONSENT,
};

#define SAMPLE_NO_DAY INT32_MIN

struct sample_clock {
	uint64_t seed;
	stw_day today; /* in Asia/Shanghai */
	int minute;    /* of today */
};

struct sample_person {
	int64_t i;
	char ref[12];
	char name[16];
	const char *gender; /* "" unknown; so below */
	stw_day dob;        /* SAMPLE_NO_DAY: unknown; so below */
	int age;            /* also where dob is not given away */
	const char *province, *city, *zone, *branch, *tier;
	int manager; /* 0: none */
	bool zone_verified;
	stw_day opened_on, closed_on;
	int risk_rating; /* 0: none */
	stw_day risk_assessed_on;
	bool risk_valid, deceased, incapacity, fraud_hold, legal_hold, complaint_open,
	    profiling_opt_out;
	/* numbers as the bank's system happens to write them; "" none */
	char phone[2][24];
	char digits[2][16];
	bool verified[2];
	bool shares; /* the first number is somebody else's too */
	/* what the customer is a case of */
	bool minor, elderly, newly_opened, falling, dormant, xinjiang;
	int64_t assets; /* about, in fen */
};

void sample_person_make(
    const struct sample_clock *clock, int64_t i, struct sample_person *p);

/* ---- products ----------------------------------------------------------------------- */
struct sample_product {
	const char *code, *name_zh, *name_en, *class;
	int risk;               /* 0: not rated */
	int term_days;          /* 0: none */
	int from_days, to_days; /* on sale from and to, from today; 0: open */
};
extern const struct sample_product sample_products[];
extern const int sample_nproducts;

/* ---- money -------------------------------------------------------------------------- */
#define SAMPLE_MAX_HOLDINGS 8
#define SAMPLE_MAX_TXNS     48

struct sample_holding {
	const struct sample_product *product; /* NULL: an account */
	const char *kind;
	int64_t amount;
	stw_day opened_on, maturity_on;
	bool closed;
};
struct sample_txn {
	stw_day day;
	int second; /* of the day */
	const char *kind;
	int64_t amount, balance;
};
struct sample_money {
	struct sample_holding holdings[SAMPLE_MAX_HOLDINGS];
	int nholdings;
	struct sample_txn txns[SAMPLE_MAX_TXNS];
	int ntxns;
};
void sample_money_make(
    const struct sample_clock *clock, struct sample_person *p, struct sample_money *m);

/* ---- events ------------------------------------------------------------------------- */
#define SAMPLE_MAX_EVENTS 12

struct sample_interaction {
	stw_day day;
	int second;
	const char *kind, *channel;
};
struct sample_consent {
	const char *action, *purpose, *channel, *product_class, *recipient, *form,
	    *notice;
	bool has_evidence, own_number; /* only for the first number */
	stw_day day;
	int second;
	stw_day expires_on;
};
struct sample_objection {
	const char *kind, *channel;
	bool on_number;
	stw_day day, lifted_on;
	int second;
};
struct sample_attempt {
	const char *channel, *kind;
	stw_day day;
	int second;
};
struct sample_events {
	struct sample_interaction interactions[SAMPLE_MAX_EVENTS];
	struct sample_consent consents[SAMPLE_MAX_EVENTS];
	struct sample_objection objections[2];
	struct sample_attempt attempts[4];
	int ninteractions, nconsents, nobjections, nattempts;
	bool withdrawn, expired;
};
void sample_events_make(const struct sample_clock *clock, const struct sample_person *p,
    struct sample_events *e);

#endif
