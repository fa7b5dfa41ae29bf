#include "campaigns/trigger.h"

#include <stdlib.h>
#include <string.h>

static const char *const names[TRIGGERS] = {
    [TRIGGER_NONE] = "none",
    [TRIGGER_SEGMENT_ENTERED] = "segment_entered",
    [TRIGGER_SEGMENT_LEFT] = "segment_left",
    [TRIGGER_STAGE_ENTERED] = "stage_entered",
    [TRIGGER_DATE] = "date",
    [TRIGGER_EVENT] = "event",
};

const char *
trigger_name(enum trigger_on on)
{
	return names[on];
}

/* ---- hits ------------------------------------------------------------------------- */
void
trigger_hits_add(struct trigger_hits *hits, size_t row, stw_usec at)
{
	STW_ASSERT(hits->count == 0 || hits->items[hits->count - 1].row < row);
	if (hits->count == hits->cap) {
		hits->cap = hits->cap == 0 ? 256 : hits->cap * 2;
		hits->items =
		    stw_xrealloc(hits->items, hits->cap * sizeof *hits->items);
	}
	hits->items[hits->count++] = (struct trigger_hit){row, at};
}

const struct trigger_hit *
trigger_hit_find(const struct trigger_hits *hits, size_t row)
{
	size_t lo = 0, hi = hits->count;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (hits->items[mid].row < row)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < hits->count && hits->items[lo].row == row ? &hits->items[lo] : NULL;
}

void
trigger_hits_fini(struct trigger_hits *hits)
{
	free(hits->items);
	*hits = (struct trigger_hits){0};
}

/* ---- when --------------------------------------------------------------------------- */
struct trigger_window
trigger_window_of(const struct trigger *trigger, stw_usec activated_at, stw_usec now)
{
	stw_usec from = now - trigger->within_days * STW_USEC_DAY;

	return (struct trigger_window){from > activated_at ? from : activated_at, now};
}

static bool
in_window(const struct trigger_window *window, stw_usec at)
{
	return at >= window->from && at <= window->to;
}

static void
stage_hits(const struct trigger *trigger, const struct book *book,
    const struct trigger_window *window, struct trigger_hits *out)
{
	const struct column *stage = &book->customers->cols[book->col_stage];
	const struct column *since = &book->customers->cols[book->col_stage_since];
	uint32_t code = col_dict_find(stage->dict, str_of(trigger->what));

	for (size_t row = 0; row < book->customers->rows && code != UINT32_MAX; row++) {
		if (book_is_dead(book, row) || !column_has(stage, row) ||
		    column_code(stage, row) != code || !column_has(since, row))
			continue;
		if (in_window(window, column_int(since, row)))
			trigger_hits_add(out, row, column_int(since, row));
	}
}

/* Local days: the moved date is today or at most within_days - 1 days ago, and not before
 * the day on which the campaign was activated. */
static void
date_hits(const struct trigger *trigger, const struct book *book,
    const struct trigger_window *window, struct trigger_hits *out)
{
	int at = table_find_column(book->customers, trigger->what);
	stw_day today = zone_local(book->zone, window->to).day;
	stw_day first = today - trigger->within_days + 1;
	stw_day begun = zone_local(book->zone, window->from).day;
	const struct column *col;

	if (at < 0)
		return;
	/* The window's own beginning lies within_days back, a day before `first`. */
	if (begun > first)
		first = begun;
	col = &book->customers->cols[at];
	for (size_t row = 0; row < book->customers->rows; row++) {
		int64_t due;

		if (book_is_dead(book, row) || !column_has(col, row))
			continue;
		due = column_int(col, row) + trigger->offset_days;
		if (due >= first && due <= today)
			trigger_hits_add(out, row, column_int(col, row) * STW_USEC_DAY);
	}
}

/* Interactions of one customer lie in order of time. */
static void
event_hits(const struct trigger *trigger, const struct book *book,
    const struct trigger_window *window, struct trigger_hits *out)
{
	const struct table_child *child = &book->customers->children[BOOK_INTERACTIONS];
	const struct column *at = &child->table->cols[INTERACTION_AT];
	const struct column *kind = &child->table->cols[INTERACTION_KIND];
	uint32_t code = col_dict_find(kind->dict, str_of(trigger->what));

	for (size_t row = 0; row < book->customers->rows && code != UINT32_MAX; row++) {
		size_t i = child->offsets[row + 1];

		if (book_is_dead(book, row))
			continue;
		while (i > child->offsets[row] &&
		       (!column_has(kind, i - 1) || column_code(kind, i - 1) != code ||
			   column_int(at, i - 1) > window->to))
			i--;
		if (i > child->offsets[row] && in_window(window, column_int(at, i - 1)))
			trigger_hits_add(out, row, column_int(at, i - 1));
	}
}

void
trigger_hits_of_book(const struct trigger *trigger, const struct book *book,
    const struct trigger_window *window, struct trigger_hits *out)
{
	switch (trigger->on) {
	case TRIGGER_STAGE_ENTERED:
		stage_hits(trigger, book, window, out);
		break;
	case TRIGGER_DATE:
		date_hits(trigger, book, window, out);
		break;
	case TRIGGER_EVENT:
		event_hits(trigger, book, window, out);
		break;
	case TRIGGER_NONE:
	case TRIGGER_SEGMENT_ENTERED:
	case TRIGGER_SEGMENT_LEFT:
	case TRIGGERS:
		STW_ASSERT(!"not told by a book");
	}
}

const char *
trigger_occurrence(
    const struct trigger *trigger, const struct trigger_hit *hit, struct arena *arena)
{
	char day[STW_DAY_TEXT], at[STW_USEC_TEXT];

	return arena_printf(arena, "%s %s %s", names[trigger->on], trigger->what,
	    trigger->on == TRIGGER_DATE
		? stw_day_format((stw_day)(hit->at / STW_USEC_DAY), day)
		: stw_usec_format(hit->at, at));
}
