#include "campaigns/review_draw.h"

#include <stdlib.h>
#include <string.h>

#include <sodium.h>

static const char *const names[STRATA] = {
    "elder", "complaint", "approved", "connected", "new_agent", "denied", "vulnerable"};

const char *
review_stratum_name(enum review_stratum stratum)
{
	return names[stratum];
}

const struct review_plan review_plan_usual = {.strata = {[STRATUM_ELDER] = {1000, 0},
						  [STRATUM_COMPLAINT] = {1000, 0},
						  [STRATUM_APPROVED] = {1000, 0},
						  [STRATUM_CONNECTED] = {50, 3},
						  [STRATUM_NEW_AGENT] = {1000, 0},
						  [STRATUM_DENIED] = {10, 0},
						  [STRATUM_VULNERABLE] = {1000, 0}},
    .first = 20,
    .twice = 100,
    .elder = 65};

enum stw_code
review_plan_check(const struct review_plan *plan, struct stw_err *err)
{
	for (int i = 0; i < STRATA; i++) {
		if (plan->strata[i].share < 0 || plan->strata[i].share > 1000)
			return stw_fail(err, STW_INVALID,
			    "%s: share is 0 to 1000 thousandths", names[i]);
		if (plan->strata[i].least < 0 || plan->strata[i].least > 1000)
			return stw_fail(
			    err, STW_INVALID, "%s: least is 0 to 1000", names[i]);
	}
	if (plan->strata[STRATUM_APPROVED].share != 1000)
		return stw_fail(err, STW_INVALID,
		    "approved: what a person let pass is reviewed, all of it: 1000");
	if (plan->first < 0 || plan->first > 1000)
		return stw_fail(err, STW_INVALID, "first: 0 to 1000");
	if (plan->twice < 0 || plan->twice > 1000)
		return stw_fail(err, STW_INVALID, "twice: 0 to 1000 thousandths");
	if (plan->elder < 1 || plan->elder > 130)
		return stw_fail(err, STW_INVALID, "elder: 1 to 130 years");
	return STW_OK;
}

/* ---- order ------------------------------------------------------------------------------- */
struct place {
	unsigned char hash[crypto_hash_sha256_BYTES];
	const char *agent;
	size_t at; /* into the candidates */
};

static void
hash_of(const unsigned char seed[REVIEW_SEED], const char *what, const struct uuid *id,
    unsigned char to[crypto_hash_sha256_BYTES])
{
	crypto_hash_sha256_state state;

	(void)crypto_hash_sha256_init(&state);
	(void)crypto_hash_sha256_update(&state, seed, REVIEW_SEED);
	(void)crypto_hash_sha256_update(
	    &state, (const unsigned char *)what, strlen(what) + 1);
	(void)crypto_hash_sha256_update(&state, id->b, sizeof id->b);
	(void)crypto_hash_sha256_final(&state, to);
}

static int
agent_order(const char *a, const char *b)
{
	return strcmp(a != NULL ? a : "", b != NULL ? b : "");
}

static int
place_order(const void *a, const void *b)
{
	const struct place *x = a, *y = b;
	int agents = agent_order(x->agent, y->agent);

	return agents != 0 ? agents : memcmp(x->hash, y->hash, sizeof x->hash);
}

/* ---- drawing ------------------------------------------------------------------------------- */
/* How many of n. A share of anything is at least one. */
static size_t
wanted(int share, int least, size_t n)
{
	size_t k = ((size_t)share * n + 999) / 1000;

	if (share == 0)
		return 0;
	if (k < (size_t)least)
		k = (size_t)least;
	return k < n ? k : n;
}

static void
draw_stratum(const struct review_plan *plan, enum review_stratum stratum,
    struct place *places, size_t n, unsigned *drawn, struct review_draw *out)
{
	int share = plan->strata[stratum].share, least = plan->strata[stratum].least;

	qsort(places, n, sizeof *places, place_order);
	out->strata[stratum].population = (int)n;
	for (size_t from = 0, to; from < n; from = to) {
		size_t k;

		for (to = from + 1; to < n; to++)
			if (agent_order(places[to].agent, places[from].agent) != 0)
				break;
		k = wanted(share, least, to - from);
		for (size_t i = 0; i < k; i++)
			drawn[places[from + i].at] |= 1U << stratum;
		out->strata[stratum].drawn += (int)k;
	}
}

static void
items_make(const struct review_plan *plan, const unsigned char seed[REVIEW_SEED],
    const struct review_candidate *candidates, const unsigned *drawn,
    struct place *places, size_t count, struct arena *arena, struct review_draw *out)
{
	crypto_hash_sha256_state state;
	struct review_item *items;
	size_t n = 0, twice;

	for (size_t i = 0; i < count; i++)
		if (drawn[i] != 0) {
			hash_of(seed, "item", &candidates[i].id, places[n].hash);
			places[n].agent = NULL;
			places[n++].at = i;
		}
	qsort(places, n, sizeof *places, place_order);
	twice = wanted(plan->twice, 0, n);
	items = arena_array(arena, n, sizeof *items);
	(void)crypto_hash_sha256_init(&state);
	for (size_t i = 0; i < n; i++) {
		const struct review_candidate *c = &candidates[places[i].at];

		/* The first of the order are reviewed twice. */
		items[i] = (struct review_item){c, drawn[places[i].at], i < twice};
		(void)crypto_hash_sha256_update(&state, c->id.b, sizeof c->id.b);
	}
	(void)crypto_hash_sha256_final(&state, out->hash);
	out->items = items;
	out->count = (int)n;
}

void
review_draw_make(const struct review_plan *plan, const unsigned char seed[REVIEW_SEED],
    const struct review_candidate *candidates, size_t count, struct arena *arena,
    struct review_draw *out)
{
	struct place *places = arena_array(arena, count, sizeof *places);
	unsigned *drawn = arena_array(arena, count, sizeof *drawn);

	memset(out, 0, sizeof *out);
	memset(drawn, 0, count * sizeof *drawn);
	for (int s = 0; s < STRATA; s++) {
		size_t n = 0;

		for (size_t i = 0; i < count; i++) {
			if ((candidates[i].strata & 1U << s) == 0)
				continue;
			hash_of(seed, names[s], &candidates[i].id, places[n].hash);
			places[n].agent = candidates[i].agent;
			places[n++].at = i;
		}
		draw_stratum(plan, (enum review_stratum)s, places, n, drawn, out);
	}
	items_make(plan, seed, candidates, drawn, places, count, arena, out);
}

/* ---- agreement ----------------------------------------------------------------------------- */
bool
review_kappa(const int64_t *table, int n, int64_t *out)
{
	int64_t total = 0, agreed = 0, chance = 0;

	for (int i = 0; i < n; i++) {
		agreed += table[i * n + i];
		for (int k = 0; k < n; k++)
			total += table[i * n + k];
	}
	for (int i = 0; i < n; i++) {
		int64_t row = 0, column = 0;

		for (int k = 0; k < n; k++) {
			row += table[i * n + k];
			column += table[k * n + i];
		}
		chance += row * column; /* of total squared */
	}
	if (total == 0 || chance == total * total)
		return false;
	*out = 1000 * (agreed * total - chance) / (total * total - chance);
	return true;
}
