/*
 * trait_quality.h - is the data of a trait what it should be?
 *
 * Purpose    A look at one column of a book - how much is missing, how new the newest
 *            value is, how the values are spread - held against limits and against the
 *            last look that was good. A campaign whose rules rest on a trait in breach is
 *            held back: it would reach the wrong people, or silently nobody. Pure.
 * Units      Shares in basis points (1/100 %) of the table's rows. Age in hours since the
 *            newest value, of date and timestamp traits; of fed traits since the newest
 *            feed, of whatever type they are. Drift is the population stability
 *            index over at most 16 bins, in thousandths; 100 is slight, 250 is a change.
 *            It is a statistic: doubles inside, never money.
 * Threads    All functions are pure.
 */
#ifndef STW_SEGMENTS_TRAIT_QUALITY_H
#define STW_SEGMENTS_TRAIT_QUALITY_H

#include "segments/trait.h"

#define TRAIT_BINS       16
#define TRAIT_NO_LIMIT   (-1)
#define TRAIT_KEEP_LIMIT (-2)             /* of a change: as it is */
#define TRAIT_SAMPLE_MAX ((size_t)100000) /* rows read for the spread, evenly chosen */

struct trait_limits {
	/* TRAIT_NO_LIMIT: none */
	int max_missing_bp;
	int max_rise_bp; /* of the missing share, over the baseline's */
	int max_drift;
	int max_age_hours;
};

/* Has it an age that a limit could hold: is it a date, a timestamp, or fed? */
bool trait_has_age(const struct trait *trait);

/* How the values are spread: numbers by cuts that held equal shares in the baseline, where
 * a value that many have is a bin of its own; texts by a hash, bools by value. */
struct trait_spread {
	int64_t
	    cuts[TRAIT_BINS - 1]; /* upper ends (inclusive) of all bins but the last */
	int ncuts;                /* of numbers; 0: texts and bools */
	int64_t bins[TRAIT_BINS];
	int nbins; /* 0: not looked at */
};

struct trait_look {
	int64_t total, missing;
	/* Of date and timestamp traits with a value; of fed ones the newest feed; else
	 * STW_USEC_NEVER. */
	stw_usec newest;
	struct trait_spread spread;
};

enum trait_breach {
	TRAIT_GOOD = 0,
	TRAIT_EMPTY, /* a bank's own trait that nobody has, and no limit allows that */
	TRAIT_STALE, /* measured, allowed: hours */
	TRAIT_MISSING, /* basis points */
	TRAIT_RISE,    /* basis points */
	TRAIT_DRIFT,   /* thousandths */
	TRAIT_BREACHES,
};

struct trait_finding {
	enum trait_breach breach;
	int64_t measured, allowed;
};

const char *trait_breach_name(enum trait_breach breach); /* "STALE"; "" for GOOD */
bool trait_breach_parse(struct str name, enum trait_breach *out);

/* The rows of one of the book's tables, in all its parts. */
struct trait_rows {
	const struct table *tables[BOOK_PARTS_MAX];
	struct bitmap
	    dead[BOOK_PARTS_MAX]; /* of customers that a newer part has; or 0 bits */
	int count;
};
/* of: as in struct trait. */
void trait_rows_init(
    struct trait_rows *rows, const struct book_parts *parts, const char *of);
void trait_rows_fini(struct trait_rows *rows);

/* Looks at a packed column. base gives the cuts to count by; NULL or without bins: new cuts
 * are made. spread: whether to look at it at all. */
void trait_look_at(const struct trait_rows *rows, int col, const struct zone *zone,
    bool spread, const struct trait_spread *base, struct trait_look *out);
/* Population stability index of two spreads over the same bins, in thousandths; the
 * spread of nothing drifts nowhere. */
int64_t trait_drift(const struct trait_spread *base, const struct trait_spread *now);
/* The first limit that is broken, in the order of enum trait_breach. base NULL: there is
 * no baseline yet, so nothing rises or drifts. */
struct trait_finding trait_judge(const struct trait *trait,
    const struct trait_limits *limits, const struct trait_look *look,
    const struct trait_look *base, stw_usec now);
/* "12.3 % have no value, at most 5 % may"; appends. */
void trait_finding_print(const struct trait_finding *finding, bool zh, struct buf *to);

#endif
