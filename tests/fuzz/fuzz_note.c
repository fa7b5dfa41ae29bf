/* The first byte picks the parser. What a parser accepts must come out of the formatter
 * byte for byte, a note nobody signed must not open, and no proof of garbage may hold. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "engine/note.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define PETER "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
#define QUOTE                                                        \
	"If you think cryptography is the answer to your problem,\n" \
	"then you don't know what your problem is.\n"

static void
try_note(struct str input)
{
	struct note_verifier verifier;
	struct stw_err err;
	struct str text;

	STW_ASSERT(note_verifier_parse(str_of(PETER), &verifier, &err) == STW_OK);
	/* The seed corpus holds the one text that this key is known to have signed. */
	if (note_open(input, &verifier, 1, &text, &err) == STW_OK)
		STW_ASSERT(str_eq_c(text, QUOTE));
	else
		STW_ASSERT(text.len == 0 && err.text[0] != '\0');
	STW_ASSERT(note_open(input, NULL, 0, &text, &err) != STW_OK);
}

static void
try_checkpoint(struct str input)
{
	struct checkpoint checkpoint;
	struct stw_err err;
	struct buf again;

	if (checkpoint_parse(input, &checkpoint, &err) != STW_OK)
		return;
	buf_init(&again);
	checkpoint_format(checkpoint.origin, checkpoint.size, &checkpoint.root, &again);
	buf_add_str(&again, checkpoint.extensions);
	STW_ASSERT(str_eq((struct str){again.data, again.len}, input));
	buf_fini(&again);
}

static void
try_key(struct str input)
{
	struct note_verifier verifier;
	struct note_signer signer;
	struct stw_err err;
	struct buf again;

	buf_init(&again);
	if (note_verifier_parse(input, &verifier, &err) == STW_OK) {
		note_verifier_format(&verifier, &again);
		STW_ASSERT(str_eq((struct str){again.data, again.len}, input));
	}
	buf_clear(&again);
	if (note_signer_parse(input, &signer, &err) == STW_OK) {
		note_signer_format(&signer, &again);
		STW_ASSERT(str_eq((struct str){again.data, again.len}, input));
	}
	buf_fini(&again);
}

/* Sizes from the first bytes, hashes from the rest. */
static void
try_proof(struct str input)
{
	const struct merkle_hash zero = {{0}};
	struct merkle_proof proof = {0};
	uint64_t sizes[2] = {0};

	if (input.len < sizeof sizes)
		return;
	memcpy(sizes, input.ptr, sizeof sizes);
	input.ptr += sizeof sizes;
	input.len -= sizeof sizes;
	while (input.len >= MERKLE_HASH_BYTES && proof.count < MERKLE_PROOF_MAX) {
		memcpy(proof.hashes[proof.count++].b, input.ptr, MERKLE_HASH_BYTES);
		input.ptr += MERKLE_HASH_BYTES;
		input.len -= MERKLE_HASH_BYTES;
	}
	/* Only the tree of one leaf has its leaf for a root. */
	if (merkle_check_inclusion(&zero, sizes[0], sizes[1], &proof, &zero))
		STW_ASSERT(sizes[1] == 1 && proof.count == 0);
	if (merkle_check_consistency(sizes[0], sizes[1], &zero, &zero, &proof))
		STW_ASSERT(sizes[0] == sizes[1] && proof.count == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str input;

	if (size == 0)
		return 0;
	input = (struct str){(const char *)data + 1, size - 1};
	switch (data[0] & 3) {
	case 0:
		try_note(input);
		break;
	case 1:
		try_checkpoint(input);
		break;
	case 2:
		try_key(input);
		break;
	default:
		try_proof(input);
	}
	return 0;
}
