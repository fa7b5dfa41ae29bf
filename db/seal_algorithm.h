/*
 * seal_algorithm.h - the ciphers that a sealed value can name, in one table.
 *
 * Purpose    The first byte of whatever is sealed is the id of its algorithm. New values
 *            are sealed with the current one; each opens with its own. Adding one (SM4
 *            has its ids kept free) is a row of the table in seal_algorithm.c and a
 *            choice of which is current.
 * Rules      Authenticated encryption with additional data and a nonce that may be
 *            random. A key has SEAL_KEY_BYTES; an algorithm with shorter ones derives.
 * Threads    Any.
 */
#ifndef STW_DB_SEAL_ALGORITHM_H
#define STW_DB_SEAL_ALGORITHM_H

#include <stdbool.h>

#include "engine/buf.h"

#define SEAL_NONCE_MAX 32

struct seal_algorithm {
	unsigned char id; /* never 0 */
	const char *name;
	size_t nonce_bytes, tag_bytes;
	/* out has room for plain.len + tag_bytes. */
	void (*seal)(const unsigned char *key, const unsigned char *nonce,
	    struct str additional, struct str plain, unsigned char *out);
	/* sealed is at least tag_bytes long; out has room for sealed.len - tag_bytes.
	 * False: changed, or another key. */
	bool (*open)(const unsigned char *key, const unsigned char *nonce,
	    struct str additional, struct str sealed, unsigned char *out);
};

/* NULL: this binary does not know it. */
const struct seal_algorithm *seal_algorithm_find(unsigned char id);
/* What new values are sealed with. */
const struct seal_algorithm *seal_algorithm_current(void);

#endif
