#include "api/rate.h"

#include <string.h>

#define BURST_SECONDS 2

void
rate_init(struct rate *rate, int64_t per_second)
{
	memset(rate, 0, sizeof *rate);
	rate->per_second = per_second;
	randombytes_buf(rate->key, sizeof rate->key);
	(void)pthread_mutex_init(&rate->lock, NULL);
}

void
rate_fini(struct rate *rate)
{
	(void)pthread_mutex_destroy(&rate->lock);
	sodium_memzero(rate->key, sizeof rate->key);
}

uint64_t
rate_name(const struct rate *rate, struct str who)
{
	uint64_t name;

	_Static_assert(sizeof name == crypto_shorthash_BYTES, "the hash is a number");
	(void)crypto_shorthash(
	    (unsigned char *)&name, (const unsigned char *)who.ptr, who.len, rate->key);
	return name == 0 ? 1 : name;
}

/* Its own, a free one, or that of whoever owes least. */
static struct rate_slot *
slot_for(struct rate *rate, uint64_t name)
{
	struct rate_slot *set = rate->slots[name % RATE_SETS], *least = &set[0];

	for (int i = 0; i < RATE_WAYS; i++) {
		if (set[i].who == name)
			return &set[i];
		if (set[i].free_at < least->free_at)
			least = &set[i];
	}
	*least = (struct rate_slot){.who = name};
	return least;
}

bool
rate_take(struct rate *rate, struct str who, stw_usec now, struct rate_state *out)
{
	int64_t burst = rate->per_second * BURST_SECONDS;
	stw_usec cost, owed;
	struct rate_slot *slot;
	bool may;

	*out = (struct rate_state){.burst = burst, .remaining = burst};
	if (rate->per_second == 0)
		return true;
	cost = STW_USEC_SEC / rate->per_second;
	(void)pthread_mutex_lock(&rate->lock);
	slot = slot_for(rate, rate_name(rate, who));
	owed = slot->free_at > now ? slot->free_at - now : 0;
	may = owed + cost <= BURST_SECONDS * STW_USEC_SEC;
	if (may) {
		owed += cost;
		slot->free_at = now + owed;
	}
	(void)pthread_mutex_unlock(&rate->lock);
	out->remaining = (BURST_SECONDS * STW_USEC_SEC - owed) / cost;
	/* Room for one comes after `cost`, a second at most. */
	if (!may)
		out->retry_after = 1;
	return may;
}
