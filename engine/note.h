/*
 * note.h - signed notes and checkpoints as C2SP specifies them, so that public tools can
 * check what we publish.
 *
 * Purpose    A note is text ending in a newline, an empty line, and signature lines
 *            "— name base64(key id || signature)" (em dash). The key id is the first
 *            four bytes of SHA-256(name || 0x0A || 0x01 || public key). A checkpoint is
 *            a note's text of three lines: the log's origin, the number of entries, the
 *            root in base64; further lines are extensions and are kept, not understood.
 *            A witness cosigns a checkpoint: a signature of its own type, over the text
 *            and an instant (tlog-cosignature v1, Ed25519).
 * Ownership  Parsers borrow from the text they were given.
 * Errors     INVALID: not in the format, or no signature by a key we know, or one that
 *            does not hold. Signatures by unknown keys are ignored, so that keys can be
 *            exchanged and witnesses can co-sign.
 */
#ifndef STW_ENGINE_NOTE_H
#define STW_ENGINE_NOTE_H

#include "engine/buf.h"
#include "engine/err.h"
#include "engine/merkle.h"

#define NOTE_NAME_MAX       200
#define NOTE_PUBLIC_BYTES   32
#define NOTE_SECRET_BYTES   64
#define NOTE_SEED_BYTES     32
#define NOTE_BYTES_MAX      ((size_t)64 * 1024)
#define NOTE_SIGNATURES_MAX 100

enum note_type { NOTE_ED25519 = 0x01, NOTE_COSIGNATURE = 0x04 };

struct note_verifier {
	enum note_type type;
	char name[NOTE_NAME_MAX + 1];
	unsigned char id[4];
	unsigned char key[NOTE_PUBLIC_BYTES];
};

struct note_signer {
	struct note_verifier verifier;
	unsigned char secret[NOTE_SECRET_BYTES];
};

/* INVALID for a name that is empty, too long, or has a space, a '+' or a control
 * character in it. */
enum stw_code note_signer_init(struct note_signer *signer, enum note_type type,
    struct str name, const unsigned char seed[NOTE_SEED_BYTES],
    struct stw_err *err) STW_MUST_USE;
/* "PRIVATE+KEY+name+hexid+base64(type || seed)", as Go's note package keeps it. */
void note_signer_format(const struct note_signer *signer, struct buf *to);
enum stw_code note_signer_parse(
    struct str text, struct note_signer *out, struct stw_err *err) STW_MUST_USE;
/* "name+hexid+base64(type || public key)", without a newline. */
void note_verifier_format(const struct note_verifier *verifier, struct buf *to);
enum stw_code note_verifier_parse(
    struct str text, struct note_verifier *out, struct stw_err *err) STW_MUST_USE;

/* Appends text, which ends in a newline, with its signature. */
void note_sign(const struct note_signer *signer, struct str text, struct buf *to);
/* Appends one signature line; time_sec, seconds since 1970, only for a cosignature. */
void note_sign_line(const struct note_signer *signer, struct str text, int64_t time_sec,
    struct buf *to);
/* *text is what was signed. OK when a signature by one of the verifiers holds and none
 * by them fails. */
enum stw_code note_open(struct str note, const struct note_verifier *verifiers,
    size_t count, struct str *text, struct stw_err *err) STW_MUST_USE;

/* The same, and which of the verifiers' signatures held; held may be NULL. */
enum stw_code note_open_held(struct str note, const struct note_verifier *verifiers,
    size_t count, struct str *text, bool *held, struct stw_err *err) STW_MUST_USE;
/* The text alone, whoever signed it; false when it is no note. */
bool note_text(struct str note, struct str *text);
/* Is it one or more signature lines and nothing else? What a witness answers. */
bool note_is_lines(struct str lines);
/* Who signed a well-formed signature line; empty for any other text. */
struct str note_line_name(struct str line);

struct checkpoint {
	struct str origin;
	uint64_t size;
	struct merkle_hash root;
	struct str extensions; /* further lines, or empty */
};

void checkpoint_format(
    struct str origin, uint64_t size, const struct merkle_hash *root, struct buf *to);
enum stw_code checkpoint_parse(
    struct str text, struct checkpoint *out, struct stw_err *err) STW_MUST_USE;

#endif
