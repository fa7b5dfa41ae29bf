#include "db/seal_algorithm.h"

#include <sodium.h>

#include "engine/err.h"

static void
xchacha_seal(const unsigned char *key, const unsigned char *nonce,
    struct str additional, struct str plain, unsigned char *out)
{
	(void)crypto_aead_xchacha20poly1305_ietf_encrypt(out, NULL,
	    (const unsigned char *)plain.ptr, plain.len,
	    (const unsigned char *)additional.ptr, additional.len, NULL, nonce, key);
}

static bool
xchacha_open(const unsigned char *key, const unsigned char *nonce,
    struct str additional, struct str sealed, unsigned char *out)
{
	return crypto_aead_xchacha20poly1305_ietf_decrypt(out, NULL, NULL,
		   (const unsigned char *)sealed.ptr, sealed.len,
		   (const unsigned char *)additional.ptr, additional.len, nonce,
		   key) == 0;
}

/* Ids are for ever: 0x02 and 0x03 are kept for SM4 (GCM, and CTR with HMAC-SM3). */
static const struct seal_algorithm algorithms[] = {
    {0x01, "XChaCha20-Poly1305", crypto_aead_xchacha20poly1305_ietf_NPUBBYTES,
	crypto_aead_xchacha20poly1305_ietf_ABYTES, xchacha_seal, xchacha_open},
};

const struct seal_algorithm *
seal_algorithm_find(unsigned char id)
{
	for (size_t i = 0; i < STW_ARRAY_LEN(algorithms); i++)
		if (algorithms[i].id == id)
			return &algorithms[i];
	return NULL;
}

const struct seal_algorithm *
seal_algorithm_current(void)
{
	return &algorithms[0];
}
