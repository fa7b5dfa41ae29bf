#include <sodium.h>

#include "segments/book.h"

int
customer_bucket(struct str ref)
{
	unsigned char hash[crypto_hash_sha256_BYTES];

	crypto_hash_sha256(hash, (const unsigned char *)ref.ptr, ref.len);
	return hash[0];
}
