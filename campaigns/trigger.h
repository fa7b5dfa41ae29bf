/*
 * trigger.h - what starts a campaign for a customer.
 *
 * Purpose    A campaign without a trigger looks at its whole audience each time and its
 *            occurrence rule says what makes one contact differ from the next. One with a
 *            trigger takes up those of its audience to whom something happened lately: they
 *            entered or left a segment, entered a stage, a date of theirs came, an event
 *            arrived. When it happened is the occurrence, so each entry starts it once,
 *            however often it is planned, and what was not taken up in time never is. Pure.
 * Units      within_days: days of 24 hours that a happening counts for; of a date local
 *            days, the day itself included. Instants as stored: what counts happened at or
 *            after both its beginning and the campaign's activation.
 * Ownership  Texts live in the arena of the campaign; hits are freed with
 *            trigger_hits_fini.
 */
#ifndef STW_CAMPAIGNS_TRIGGER_H
#define STW_CAMPAIGNS_TRIGGER_H

#include "engine/rule.h"
#include "segments/book.h"

enum trigger_on {
	TRIGGER_NONE = 0,
	TRIGGER_SEGMENT_ENTERED, /* and still is in it */
	TRIGGER_SEGMENT_LEFT,    /* and is not in it */
	TRIGGER_STAGE_ENTERED,   /* and still is there */
	TRIGGER_DATE,            /* a date of the customer's, moved by offset_days */
	TRIGGER_EVENT,           /* an interaction of a kind; the newest counts */
	TRIGGERS,
};

struct trigger {
	enum trigger_on on;
	const char *what; /* code of the segment or stage, trait, kind of interaction */
	int offset_days;  /* DATE: below zero is before */
	int within_days;
	const struct rule
	    *rule; /* what it reads, for whether the data is good; or NULL */
};

const char *trigger_name(enum trigger_on on); /* "segment_entered" */

/* When it happened, a row each, rows ascending. */
struct trigger_hit {
	size_t row;
	stw_usec at; /* of a date: its day (not moved) */
};
struct trigger_hits {
	struct trigger_hit *items;
	size_t count, cap;
};
void trigger_hits_add(struct trigger_hits *hits, size_t row, stw_usec at);
const struct trigger_hit *trigger_hit_find(
    const struct trigger_hits *hits, size_t row); /* NULL: none */
void trigger_hits_fini(struct trigger_hits *hits);

struct trigger_window {
	stw_usec from, to; /* both included */
};
struct trigger_window trigger_window_of(
    const struct trigger *trigger, stw_usec activated_at, stw_usec now);

/* STAGE_ENTERED, DATE and EVENT: what a book tells. Rows of customers that are dead in the
 * book are left out. */
void trigger_hits_of_book(const struct trigger *trigger, const struct book *book,
    const struct trigger_window *window, struct trigger_hits *out);
/* The occurrence that a hit stands for; in the arena. */
const char *trigger_occurrence(
    const struct trigger *trigger, const struct trigger_hit *hit, struct arena *arena);

#endif
