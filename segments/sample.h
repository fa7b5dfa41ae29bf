/*
 * sample.h - a made-up wealth book, the same for the same seed.
 *
 * Purpose    Writes CSV files and a mapping document that import_run reads: customers,
 *            contact points, products, holdings, transactions, interactions, consents,
 *            objections and contact attempts of a Chinese bank, with the awkward cases a
 *            real book has (sample.c lists them with their shares).
 * Rules      Everything about customer i follows from (seed, i, as_of) alone: the first
 *            1,000 customers of a large book are those of a small one.
 *            The numbers cannot ring anybody: see sample_phone in sample_people.c.
 * Memory     Constant. Time: a few million rows a second.
 */
#ifndef STW_SEGMENTS_SAMPLE_H
#define STW_SEGMENTS_SAMPLE_H

#include <stdint.h>

#include "engine/err.h"
#include "engine/time.h"

#define SAMPLE_MAX_CUSTOMERS 3000000

struct sample_opts {
	int64_t customers; /* 1..SAMPLE_MAX_CUSTOMERS */
	uint64_t seed;
	stw_usec
	    as_of; /* dates lie before (maturities after) its day in Asia/Shanghai */
	const char *dir; /* made when it does not exist; its files are replaced */
	/* About twice a second; NULL: silent. */
	void (*progress)(void *user, int64_t customers, int64_t total);
	void *user;
};

struct sample_counts {
	int64_t customers, contact_points, products, holdings, transactions,
	    interactions, consents, objections, attempts;
	int64_t bytes;
	/* awkward cases, in customers */
	int64_t no_phone, shared_phone, no_dob, no_rating, lapsed_rating, minors,
	    elderly, xinjiang, withdrawn, expired_consent, never_asked, objecting,
	    deceased, complaint_open, unverified_phone, maturing, falling, newly_opened;
};

enum stw_code sample_write(const struct sample_opts *opts, struct sample_counts *counts,
    struct stw_err *err) STW_MUST_USE;

#endif
