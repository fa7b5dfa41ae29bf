#include "engine/merkle.h"

#include <string.h>

#include <sodium.h>

bool
merkle_hash_eq(const struct merkle_hash *a, const struct merkle_hash *b)
{
	return memcmp(a->b, b->b, sizeof a->b) == 0;
}

void
merkle_leaf(struct str data, struct merkle_hash *out)
{
	const unsigned char prefix = 0x00;
	crypto_hash_sha256_state state;

	(void)crypto_hash_sha256_init(&state);
	(void)crypto_hash_sha256_update(&state, &prefix, 1);
	(void)crypto_hash_sha256_update(
	    &state, (const unsigned char *)data.ptr, data.len);
	(void)crypto_hash_sha256_final(&state, out->b);
}

void
merkle_node(const struct merkle_hash *left, const struct merkle_hash *right,
    struct merkle_hash *out)
{
	unsigned char both[1 + 2 * MERKLE_HASH_BYTES];

	both[0] = 0x01;
	memcpy(both + 1, left->b, MERKLE_HASH_BYTES);
	memcpy(both + 1 + MERKLE_HASH_BYTES, right->b, MERKLE_HASH_BYTES);
	(void)crypto_hash_sha256(out->b, both, sizeof both);
}

/* ---- appending ---------------------------------------------------------------- */
/* As adding one to a binary number: every carry joins two subtrees. */
int
merkle_edge_add_tiles(struct merkle_edge *edge, const struct merkle_hash *leaf,
    struct merkle_hash nodes[MERKLE_TILES])
{
	struct merkle_hash hash = *leaf;
	int level = 0;
	int count = 0;

	for (uint64_t left = edge->size; (left & 1) != 0; left >>= 1) {
		merkle_node(&edge->roots[level++], &hash, &hash);
		if (level % 8 == 0)
			nodes[count++] = hash;
	}
	STW_ASSERT(level < MERKLE_LEVELS);
	edge->roots[level] = hash;
	edge->size++;
	return count;
}

void
merkle_edge_add(struct merkle_edge *edge, const struct merkle_hash *leaf)
{
	struct merkle_hash nodes[MERKLE_TILES];

	(void)merkle_edge_add_tiles(edge, leaf, nodes);
}

void
merkle_edge_root(const struct merkle_edge *edge, struct merkle_hash *out)
{
	bool begun = false;

	if (edge->size == 0) {
		(void)crypto_hash_sha256(out->b, NULL, 0);
		return;
	}
	for (int level = 0; level < MERKLE_LEVELS; level++) {
		if ((edge->size >> level & 1) == 0)
			continue;
		if (begun)
			merkle_node(&edge->roots[level], out, out);
		else
			*out = edge->roots[level];
		begun = true;
	}
}

/* ---- making proofs -------------------------------------------------------------- */
static int
level_of(uint64_t power)
{
	return __builtin_ctzll(power);
}

/* The largest power of two below n; n > 1. */
static uint64_t
split_of(uint64_t n)
{
	return UINT64_C(1) << (63 - __builtin_clzll(n - 1));
}

/* The hash of leaves [from, to), as RFC 6962 nests them. Every perfect part of such a
 * range is aligned, so the reader has it. */
static enum stw_code
range_hash(const struct merkle_reader *reader, uint64_t from, uint64_t to,
    struct merkle_hash *out, struct stw_err *err)
{
	uint64_t n = to - from;
	struct merkle_hash left;
	enum stw_code rc;
	uint64_t k;

	if ((n & (n - 1)) == 0)
		return reader->read(
		    reader->arg, level_of(n), from >> level_of(n), out, err);
	k = split_of(n);
	rc = range_hash(reader, from, from + k, &left, err);
	if (rc == STW_OK)
		rc = range_hash(reader, from + k, to, out, err);
	if (rc == STW_OK)
		merkle_node(&left, out, out);
	return rc;
}

/* Appends the hash of [from, to). */
static enum stw_code
add_range(const struct merkle_reader *reader, uint64_t from, uint64_t to,
    struct merkle_proof *proof, struct stw_err *err)
{
	STW_ASSERT(proof->count < MERKLE_PROOF_MAX);
	return range_hash(reader, from, to, &proof->hashes[proof->count++], err);
}

static enum stw_code
inclusion_path(const struct merkle_reader *reader, uint64_t index, uint64_t from,
    uint64_t to, struct merkle_proof *proof, struct stw_err *err)
{
	enum stw_code rc;
	uint64_t k;

	if (to - from == 1)
		return STW_OK;
	k = split_of(to - from);
	if (index < from + k) {
		rc = inclusion_path(reader, index, from, from + k, proof, err);
		return rc != STW_OK ? rc : add_range(reader, from + k, to, proof, err);
	}
	rc = inclusion_path(reader, index, from + k, to, proof, err);
	return rc != STW_OK ? rc : add_range(reader, from, from + k, proof, err);
}

enum stw_code
merkle_prove_inclusion(const struct merkle_reader *reader, uint64_t index,
    uint64_t size, struct merkle_proof *out, struct stw_err *err)
{
	STW_ASSERT(index < size && size <= INT64_MAX);
	out->count = 0;
	return inclusion_path(reader, index, 0, size, out, err);
}

/* RFC 6962 2.1.2. known: the old tree's root is the hash of [from, from + m), which the
 * verifier has already. */
static enum stw_code
consistency_path(const struct merkle_reader *reader, uint64_t m, uint64_t from,
    uint64_t to, bool known, struct merkle_proof *proof, struct stw_err *err)
{
	enum stw_code rc;
	uint64_t k;

	if (m == to - from)
		return known ? STW_OK : add_range(reader, from, to, proof, err);
	k = split_of(to - from);
	if (m <= k) {
		rc = consistency_path(reader, m, from, from + k, known, proof, err);
		return rc != STW_OK ? rc : add_range(reader, from + k, to, proof, err);
	}
	rc = consistency_path(reader, m - k, from + k, to, false, proof, err);
	return rc != STW_OK ? rc : add_range(reader, from, from + k, proof, err);
}

enum stw_code
merkle_prove_consistency(const struct merkle_reader *reader, uint64_t from, uint64_t to,
    struct merkle_proof *out, struct stw_err *err)
{
	STW_ASSERT(from > 0 && from <= to && to <= INT64_MAX);
	out->count = 0;
	return consistency_path(reader, from, 0, to, true, out, err);
}

/* ---- checking proofs (RFC 9162 2.1.3.2 and 2.1.4.2) -------------------------------- */
bool
merkle_check_inclusion(const struct merkle_hash *leaf, uint64_t index, uint64_t size,
    const struct merkle_proof *proof, const struct merkle_hash *root)
{
	struct merkle_hash hash = *leaf;
	uint64_t node = index;
	uint64_t last;

	if (index >= size || proof->count < 0 || proof->count > MERKLE_PROOF_MAX)
		return false;
	last = size - 1;
	for (int i = 0; i < proof->count; i++) {
		if (last == 0)
			return false; /* more hashes than levels */
		if ((node & 1) == 0 && node != last) {
			merkle_node(&hash, &proof->hashes[i], &hash);
		} else {
			merkle_node(&proof->hashes[i], &hash, &hash);
			while ((node & 1) == 0 && node != 0) {
				node >>= 1;
				last >>= 1;
			}
		}
		node >>= 1;
		last >>= 1;
	}
	return last == 0 && merkle_hash_eq(&hash, root);
}

/* The walk of both trees at once, from the hash that the smaller ends with. */
static bool
walk_consistency(uint64_t from, uint64_t to, const struct merkle_hash *from_root,
    const struct merkle_hash *to_root, const struct merkle_hash *hashes, int count)
{
	uint64_t node = from - 1;
	uint64_t last = to - 1;
	struct merkle_hash old, new;

	if (count == 0)
		return false;
	while ((node & 1) != 0) {
		node >>= 1;
		last >>= 1;
	}
	old = new = hashes[0];
	for (int i = 1; i < count; i++) {
		if (last == 0)
			return false;
		if ((node & 1) != 0 || node == last) {
			merkle_node(&hashes[i], &old, &old);
			merkle_node(&hashes[i], &new, &new);
			while ((node & 1) == 0 && node != 0) {
				node >>= 1;
				last >>= 1;
			}
		} else {
			merkle_node(&new, &hashes[i], &new);
		}
		node >>= 1;
		last >>= 1;
	}
	return last == 0 && merkle_hash_eq(&old, from_root) &&
	       merkle_hash_eq(&new, to_root);
}

bool
merkle_check_consistency(uint64_t from, uint64_t to,
    const struct merkle_hash *from_root, const struct merkle_hash *to_root,
    const struct merkle_proof *proof)
{
	struct merkle_hash hashes[MERKLE_PROOF_MAX + 1];
	struct merkle_hash nothing;
	int count = proof->count;

	if (from > to || count < 0 || count > MERKLE_PROOF_MAX)
		return false;
	if (from == to)
		return count == 0 && merkle_hash_eq(from_root, to_root);
	if (from == 0) {
		(void)crypto_hash_sha256(nothing.b, NULL, 0);
		return count == 0 && merkle_hash_eq(from_root, &nothing);
	}
	/* A perfect smaller tree is itself the first hash and is left out of the proof. */
	if ((from & (from - 1)) == 0) {
		if (count == 0)
			return false;
		hashes[0] = *from_root;
		memcpy(hashes + 1, proof->hashes, (size_t)count * sizeof hashes[0]);
		return walk_consistency(
		    from, to, from_root, to_root, hashes, count + 1);
	}
	return walk_consistency(from, to, from_root, to_root, proof->hashes, count);
}
