#include "api/auth_cache.h"

#include <string.h>

#include <sodium.h>

_Static_assert(AUTH_KEY_BYTES == crypto_auth_hmacsha256_BYTES, "the hash of a header");

void
auth_cache_init(struct auth_cache *cache)
{
	memset(cache, 0, sizeof *cache);
	STW_ASSERT(pthread_mutex_init(&cache->lock, NULL) == 0);
}

void
auth_cache_fini(struct auth_cache *cache)
{
	(void)pthread_mutex_destroy(&cache->lock);
	sodium_memzero(cache, sizeof *cache);
}

static struct auth_place *
place_of(struct auth_cache *cache, const unsigned char hash[AUTH_KEY_BYTES])
{
	uint32_t at;

	memcpy(&at, hash, sizeof at);
	return &cache->places[at % AUTH_CACHE_PLACES];
}

static bool
find(struct auth_cache *cache, const unsigned char hash[AUTH_KEY_BYTES], stw_usec now,
    struct arena *arena, struct actor *out)
{
	struct auth_place *place = place_of(cache, hash);
	bool found;

	(void)pthread_mutex_lock(&cache->lock);
	found = place->role != ROLE_NONE && now < place->until &&
		sodium_memcmp(place->hash, hash, AUTH_KEY_BYTES) == 0;
	if (found)
		*out = (struct actor){.key_id = arena_strdup(arena, place->key_id),
		    .subject = arena_strdup(arena, place->subject),
		    .role = place->role,
		    .queue =
			place->has_queue ? arena_strdup(arena, place->queue) : NULL,
		    .expires_at = place->expires_at};
	(void)pthread_mutex_unlock(&cache->lock);
	return found;
}

static bool
copy(char to[AUTH_CACHE_TEXT], const char *text)
{
	size_t len = text != NULL ? strlen(text) : 0;

	if (len >= AUTH_CACHE_TEXT)
		return false;
	memcpy(to, text != NULL ? text : "", len + 1);
	return true;
}

static void
keep(struct auth_cache *cache, const unsigned char hash[AUTH_KEY_BYTES], stw_usec asked,
    const struct actor *actor)
{
	struct auth_place *place = place_of(cache, hash);
	struct auth_place now = {.role = actor->role,
	    .has_queue = actor->queue != NULL,
	    .expires_at = actor->expires_at,
	    .until = asked + AUTH_CACHE_USEC};

	if (!copy(now.key_id, actor->key_id) || !copy(now.subject, actor->subject) ||
	    !copy(now.queue, actor->queue))
		return;
	memcpy(now.hash, hash, AUTH_KEY_BYTES);
	(void)pthread_mutex_lock(&cache->lock);
	*place = now;
	(void)pthread_mutex_unlock(&cache->lock);
}

enum stw_code
auth_cache_check(struct auth_cache *cache, struct db *db, const struct auth_keys *keys,
    const char *header, struct arena *arena, struct actor *out, struct stw_err *err)
{
	unsigned char hash[AUTH_KEY_BYTES];
	stw_usec asked = stw_monotonic();
	enum stw_code rc;

	if (header == NULL)
		return auth_check(db, keys, header, arena, out, err);
	(void)crypto_auth_hmacsha256(
	    hash, (const unsigned char *)header, strlen(header), keys->token);
	if (find(cache, hash, asked, arena, out))
		return STW_OK;
	rc = auth_check(db, keys, header, arena, out, err);
	if (rc == STW_OK)
		keep(cache, hash, asked, out);
	return rc;
}
