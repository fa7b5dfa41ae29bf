#include "api/push/schedule.h"

#include "api/push/verdict.h"

#define WHOLE      1000000 /* parts of one */
#define DEAD_FIRST STW_USEC_SEC
#define DEAD_LAST  (60 * STW_USEC_SEC)
#define ASKED_MAX  STW_USEC_HOUR

static int
least(int a, int b)
{
	return a < b ? a : b;
}

bool
schedule_is_dead(const struct schedule_queue *q)
{
	return q->dead_until != 0;
}

static int
window_of(const struct schedule_queue *q, const struct schedule_limits *limits)
{
	return least(q->window == 0 ? SCHEDULE_FIRST : q->window, limits->concurrency);
}

int
schedule_window(const struct schedule_queue *q, const struct schedule_limits *limits)
{
	return schedule_is_dead(q) ? 0 : window_of(q, limits);
}

/* ---- what holds a queue back ---------------------------------------------------------- */
/* Until the hours begin; 0: it is open. */
static stw_usec
closed_for(const struct schedule_limits *limits, stw_usec now)
{
	struct zone_local local;
	int from = limits->hours_from, to = limits->hours_to;
	stw_usec opens;
	bool open;

	if (from == to)
		return 0;
	local = zone_local(limits->zone, now);
	open = from < to ? local.minute >= from && local.minute < to
			 : local.minute >= from || local.minute < to;
	if (open)
		return 0;
	opens = zone_instant(limits->zone, local.day, from * STW_USEC_MIN);
	if (opens <= now)
		opens = zone_instant(limits->zone, local.day + 1, from * STW_USEC_MIN);
	return opens - now;
}

static bool
period_over(
    const struct schedule_queue *q, const struct schedule_limits *limits, stw_usec mono)
{
	return mono - q->rate_from >= limits->rate_sec * STW_USEC_SEC;
}

static int
rate_room(
    const struct schedule_queue *q, const struct schedule_limits *limits, stw_usec mono)
{
	if (period_over(q, limits, mono))
		return limits->rate;
	return limits->rate > q->in_period ? limits->rate - q->in_period : 0;
}

static int
batch_room(
    const struct schedule_queue *q, const struct schedule_limits *limits, stw_usec mono)
{
	if (q->in_batch < limits->batch)
		return limits->batch - q->in_batch;
	return mono < q->pause_until ? 0 : limits->batch;
}

int
schedule_room(const struct schedule_queue *q, const struct schedule_limits *limits,
    int in_flight, int waiting, stw_usec mono, stw_usec now)
{
	int room = window_of(q, limits) - in_flight;

	if (closed_for(limits, now) > 0)
		return 0;
	if (schedule_is_dead(q)) {
		if (q->probing || mono < q->dead_until)
			return 0;
		room = 1;
	}
	if (limits->rate > 0)
		room = least(room, rate_room(q, limits, mono) - waiting);
	if (limits->batch > 0)
		room = least(room, batch_room(q, limits, mono) - waiting);
	return room > 0 ? room : 0;
}

stw_usec
schedule_wait(const struct schedule_queue *q, const struct schedule_limits *limits,
    stw_usec mono, stw_usec now)
{
	stw_usec until = mono + closed_for(limits, now);

	if (q->probing)
		return STW_USEC_MAX;
	if (q->dead_until > until)
		until = q->dead_until;
	if (limits->rate > 0 && rate_room(q, limits, mono) == 0 &&
	    q->rate_from + limits->rate_sec * STW_USEC_SEC > until)
		until = q->rate_from + limits->rate_sec * STW_USEC_SEC;
	if (limits->batch > 0 && batch_room(q, limits, mono) == 0 &&
	    q->pause_until > until)
		until = q->pause_until;
	return until;
}

static stw_usec
batch_pause(const struct schedule_limits *limits)
{
	return limits->batch > 0 ? limits->batch_pause_ms * (stw_usec)1000 : 0;
}

stw_usec
schedule_pace(const struct schedule_limits *limits)
{
	stw_usec rate = limits->rate > 0 ? limits->rate_sec * STW_USEC_SEC : 0;
	stw_usec batch = batch_pause(limits);

	return rate > batch ? rate : batch;
}

stw_usec
schedule_spent(
    const struct schedule_queue *q, const struct schedule_limits *limits, stw_usec mono)
{
	stw_usec until = mono;

	if (limits->rate > 0 && q->in_period > 0 && !period_over(q, limits, mono))
		until = q->rate_from + limits->rate_sec * STW_USEC_SEC;
	/* The next one begins a batch of its own: one that is not full counts as full. */
	if (q->in_batch > 0 && q->in_batch < limits->batch &&
	    mono + batch_pause(limits) > until)
		until = mono + batch_pause(limits);
	if (limits->batch > 0 && q->pause_until > until)
		until = q->pause_until;
	return until - mono;
}

/* ---- what moves it --------------------------------------------------------------------- */
void
schedule_begin(
    struct schedule_queue *q, const struct schedule_limits *limits, stw_usec mono)
{
	if (schedule_is_dead(q))
		q->probing = true;
	if (limits->rate > 0) {
		if (period_over(q, limits, mono)) {
			q->rate_from = mono;
			q->in_period = 0;
		}
		q->in_period++;
	}
	if (limits->batch > 0) {
		if (q->in_batch >= limits->batch)
			q->in_batch = 0;
		if (++q->in_batch >= limits->batch)
			q->pause_until = mono + limits->batch_pause_ms * (stw_usec)1000;
	}
}

static void
succeeded(struct schedule_queue *q, const struct schedule_limits *limits)
{
	int window = window_of(q, limits);

	if (schedule_is_dead(q)) {
		/* It is back, and has to show how much it bears. */
		window = 1;
		q->dead_until = 0;
		q->probing = false;
		q->deaths = 0;
		q->gain = 0;
	}
	q->failed = 0;
	q->loss = 0;
	if (!q->has_failed) {
		/* Half of a result each: a window that nothing spoke against yet grows with
		 * what it shows. */
		q->gain += WHOLE / 2;
		window += q->gain / WHOLE;
		q->gain %= WHOLE;
	} else {
		q->gain += WHOLE / window;
		if (q->gain >= WHOLE - WHOLE / (2 * window)) {
			q->gain = 0;
			window++;
		}
	}
	q->window = least(window, limits->concurrency);
}

static void
die(struct schedule_queue *q, stw_usec hold, stw_usec mono, uint32_t random)
{
	stw_usec wait =
	    push_jitter(push_doubled(DEAD_FIRST, DEAD_LAST, q->deaths), random);

	q->deaths++;
	q->dead_until = mono + (wait > hold ? wait : hold);
	q->probing = false;
	q->window = 0;
	q->failed = q->gain = q->loss = 0;
}

void
schedule_end(struct schedule_queue *q, const struct schedule_limits *limits,
    bool failed, stw_usec hold, stw_usec mono, uint32_t random)
{
	int window = window_of(q, limits);

	if (!failed) {
		succeeded(q, limits);
		return;
	}
	q->has_failed = true;
	/* What began before it died says nothing new. */
	if (schedule_is_dead(q) && !q->probing)
		return;
	if (hold > ASKED_MAX)
		hold = ASKED_MAX;
	q->failed += WHOLE / window;
	if (q->probing || hold > 0 || q->failed >= WHOLE - WHOLE / (2 * window)) {
		die(q, hold, mono, random);
		return;
	}
	q->gain = 0;
	q->loss += WHOLE / window;
	/* Half a cohort of failures between successes, and it shrinks. */
	if (q->loss >= WHOLE / 2 && window > 1) {
		q->loss = 0;
		window--;
	}
	q->window = window;
}

/* ---- all queues together ---------------------------------------------------------------- */
int
schedule_share(const int *in_flight, const int *concurrency, int n, int at, int slots)
{
	int share = slots;

	for (int i = 0; i < n; i++) {
		int first = least(SCHEDULE_FIRST, concurrency[i]);

		if (i != at)
			share -= in_flight[i] > first ? in_flight[i] : first;
	}
	return share > 1 ? share : 1;
}

/* One turn each, from `first` on; what is left after it. */
static int
turn(const int *room, int n, int left, int first, int *next, int *take)
{
	for (int i = 0; i < n && left > 0; i++) {
		int at = (first + i) % n;
		int more = least(least(room[at] - take[at], SCHEDULE_TURN), left);

		take[at] += more;
		left -= more;
		if (more > 0)
			*next = (at + 1) % n;
	}
	return left;
}

void
schedule_turns(const int *room, int n, int left, int *next, int *take)
{
	int first = n == 0 ? 0 : *next % n;
	int before;

	*next = first;
	for (int i = 0; i < n; i++)
		take[i] = 0;
	do {
		before = left;
		left = turn(room, n, left, first, next, take);
	} while (left > 0 && left < before);
}
