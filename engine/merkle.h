/*
 * merkle.h - the arithmetic of a log that cannot be changed unnoticed (RFC 6962).
 *
 * Purpose    Leaf hash SHA-256(0x00 || data), node hash SHA-256(0x01 || left || right);
 *            a tree of n leaves splits at the largest power of two below n. Appending
 *            needs only the right edge, the roots of the perfect subtrees; a proof is at
 *            most 65 hashes. Pure computation, no storage.
 * Units      Sizes and indexes count leaves, from 0, below 2^63. Level 0 is leaves.
 * Errors     A proof that does not hold gives false. Making one fails only when the
 *            caller's reader fails.
 */
#ifndef STW_ENGINE_MERKLE_H
#define STW_ENGINE_MERKLE_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/buf.h"
#include "engine/err.h"

#define MERKLE_HASH_BYTES 32
#define MERKLE_LEVELS     63
#define MERKLE_PROOF_MAX  65

struct merkle_hash {
	unsigned char b[MERKLE_HASH_BYTES];
};

bool merkle_hash_eq(const struct merkle_hash *a, const struct merkle_hash *b);
void merkle_leaf(struct str data, struct merkle_hash *out);
/* out may be left or right. */
void merkle_node(const struct merkle_hash *left, const struct merkle_hash *right,
    struct merkle_hash *out);

/* ---- appending ---------------------------------------------------------------- */
/* roots[level] is used where bit `level` of size is set. Zeroed is the empty tree. */
struct merkle_edge {
	uint64_t size;
	struct merkle_hash roots[MERKLE_LEVELS];
};

void merkle_edge_add(struct merkle_edge *edge, const struct merkle_hash *leaf);
/* As merkle_edge_add, and gives the roots of the subtrees of 256, 256^2 ... leaves that
 * this leaf completes: nodes[0] is of level 8, nodes[1] of level 16. Returns how many. */
#define MERKLE_TILES 7
int merkle_edge_add_tiles(struct merkle_edge *edge, const struct merkle_hash *leaf,
    struct merkle_hash nodes[MERKLE_TILES]);
/* Of the empty tree: SHA-256 of nothing. */
void merkle_edge_root(const struct merkle_edge *edge, struct merkle_hash *out);

/* ---- proofs ------------------------------------------------------------------- */
struct merkle_proof {
	int count;
	struct merkle_hash hashes[MERKLE_PROOF_MAX];
};

/* Where hashes come from: the root of the perfect subtree number `index` of `level`,
 * that is of the leaves [index << level, (index + 1) << level). */
struct merkle_reader {
	enum stw_code (*read)(void *arg, int level, uint64_t index,
	    struct merkle_hash *out, struct stw_err *err);
	void *arg;
};

/* That leaf `index` is in the tree of `size` leaves; index < size. */
enum stw_code merkle_prove_inclusion(const struct merkle_reader *reader, uint64_t index,
    uint64_t size, struct merkle_proof *out, struct stw_err *err) STW_MUST_USE;
bool merkle_check_inclusion(const struct merkle_hash *leaf, uint64_t index,
    uint64_t size, const struct merkle_proof *proof, const struct merkle_hash *root);

/* That the tree of `from` leaves is the beginning of that of `to`; 0 < from <= to. */
enum stw_code merkle_prove_consistency(const struct merkle_reader *reader,
    uint64_t from, uint64_t to, struct merkle_proof *out,
    struct stw_err *err) STW_MUST_USE;
/* From the empty tree everything follows, by an empty proof. */
bool merkle_check_consistency(uint64_t from, uint64_t to,
    const struct merkle_hash *from_root, const struct merkle_hash *to_root,
    const struct merkle_proof *proof);

#endif
