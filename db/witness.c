#include "db/witness.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include <sodium.h>

#include "db/secret_file.h"
#include "engine/arena.h"
#include "engine/log.h"

#define KEY_FILE_MAX 1024
#define HASH_HEX     (2 * crypto_hash_sha256_BYTES)

struct witness {
	struct note_signer signer;
	char *dir;
	int lock;
	struct note_verifier logs[WITNESS_LOGS];
	size_t nlogs;
};

/* What is known of one log. */
struct seen {
	uint64_t size;
	struct merkle_hash root;
	struct buf note; /* cosigned; empty: never seen */
};

struct request {
	uint64_t old;
	struct merkle_proof proof;
	struct str note, text;
	struct checkpoint checkpoint;
};

/* ---- opening --------------------------------------------------------------------------- */
static enum stw_code
key_make(struct witness *w, const char *path, const char *name, struct stw_err *err)
{
	unsigned char seed[NOTE_SEED_BYTES];
	enum stw_code rc;
	struct buf text;

	randombytes_buf(seed, sizeof seed);
	rc = note_signer_init(&w->signer, NOTE_COSIGNATURE, str_of(name), seed, err);
	sodium_memzero(seed, sizeof seed);
	if (rc != STW_OK)
		return rc;
	buf_init(&text);
	(void)buf_reserve(&text, KEY_FILE_MAX);
	note_signer_format(&w->signer, &text);
	buf_add_char(&text, '\n');
	rc = secret_file_create(path, (struct str){text.data, text.len}, err);
	sodium_memzero(text.data, text.len);
	buf_fini(&text);
	return rc;
}

static enum stw_code
key_open(struct witness *w, const char *path, const char *name, struct stw_err *err)
{
	struct buf text;
	enum stw_code rc;

	buf_init(&text);
	rc = secret_file_read(path, KEY_FILE_MAX, &text, err);
	if (rc == STW_OK)
		rc = note_signer_parse(
		    (struct str){text.data, strcspn(text.data, "\n")}, &w->signer, err);
	if (text.data != NULL)
		sodium_memzero(text.data, text.len);
	buf_fini(&text);
	if (rc == STW_NOT_FOUND && name != NULL)
		rc = key_make(w, path, name, err);
	if (rc == STW_OK && w->signer.verifier.type != NOTE_COSIGNATURE)
		rc = stw_fail(err, STW_INVALID,
		    "this is the key of a log; a witness has one of its own");
	if (rc == STW_OK && name != NULL && strcmp(name, w->signer.verifier.name) != 0)
		rc = stw_fail(err, STW_INVALID, "the key is that of %s, not of %s",
		    w->signer.verifier.name, name);
	return rc == STW_OK ? rc : stw_err_prefix(err, rc, "witness key %s", path);
}

static enum stw_code
lock_dir(struct witness *w, struct stw_err *err)
{
	w->lock = open(w->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (w->lock < 0)
		return stw_fail(
		    err, STW_INVALID, "cannot open %s: %s", w->dir, strerror(errno));
	if (flock(w->lock, LOCK_EX | LOCK_NB) != 0)
		return stw_fail(
		    err, STW_CONFLICT, "another witness works in %s", w->dir);
	return STW_OK;
}

enum stw_code
witness_open(const char *key_path, const char *name, const char *state_dir,
    const struct note_verifier *logs, size_t count, struct witness **out,
    struct stw_err *err)
{
	struct witness *w;
	enum stw_code rc;

	*out = NULL;
	STW_ASSERT(sodium_init() >= 0);
	if (count > WITNESS_LOGS)
		return stw_fail(
		    err, STW_INVALID, "more than %d keys of logs", WITNESS_LOGS);
	w = sodium_malloc(sizeof *w);
	STW_ASSERT(w != NULL);
	memset(w, 0, sizeof *w);
	w->lock = -1;
	w->dir = stw_xstrdup(state_dir);
	memcpy(w->logs, logs, count * sizeof *logs);
	w->nlogs = count;
	rc = key_open(w, key_path, name, err);
	if (rc == STW_OK)
		rc = lock_dir(w, err);
	if (rc != STW_OK) {
		witness_close(w);
		return rc;
	}
	*out = w;
	return STW_OK;
}

void
witness_close(struct witness *witness)
{
	if (witness == NULL)
		return;
	if (witness->lock >= 0)
		(void)close(witness->lock);
	free(witness->dir);
	sodium_free(witness);
}

const struct note_verifier *
witness_verifier(const struct witness *witness)
{
	return &witness->signer.verifier;
}

/* ---- state ------------------------------------------------------------------------------- */
static void
origin_hash(struct str origin, char hex[HASH_HEX + 1])
{
	unsigned char hash[crypto_hash_sha256_BYTES];

	(void)crypto_hash_sha256(hash, (const unsigned char *)origin.ptr, origin.len);
	(void)sodium_bin2hex(hex, HASH_HEX + 1, hash, sizeof hash);
}

static void
state_path(const struct witness *w, const char *hash, struct buf *path)
{
	buf_printf(path, "%s/%s.checkpoint", w->dir, hash);
}

/* A file that does not hold our own cosignature is no memory, and without one nothing is
 * cosigned. */
static enum stw_code
state_load(
    const struct witness *w, const char *hash, struct seen *seen, struct stw_err *err)
{
	struct checkpoint checkpoint;
	struct str text;
	struct buf path;
	enum stw_code rc;

	buf_init(&path);
	state_path(w, hash, &path);
	rc = secret_file_read(path.data, NOTE_BYTES_MAX, &seen->note, err);
	if (rc == STW_NOT_FOUND) {
		rc = STW_OK;
		goto done;
	}
	if (rc == STW_OK)
		rc = note_open((struct str){seen->note.data, seen->note.len},
		    &w->signer.verifier, 1, &text, err);
	if (rc == STW_OK)
		rc = checkpoint_parse(text, &checkpoint, err);
	if (rc == STW_OK) {
		seen->size = checkpoint.size;
		seen->root = checkpoint.root;
	} else {
		(void)stw_err_prefix(err, rc, "witness: %s", path.data);
	}
done:
	buf_fini(&path);
	return rc;
}

static enum stw_code
state_save(const struct witness *w, const char *hash, const struct buf *note,
    struct stw_err *err)
{
	struct buf path;
	enum stw_code rc;

	buf_init(&path);
	state_path(w, hash, &path);
	rc = secret_file_replace(path.data, (struct str){note->data, note->len}, err);
	buf_fini(&path);
	return rc;
}

/* ---- requests ------------------------------------------------------------------------------ */
static bool
next_line(struct str *rest, struct str *line)
{
	const char *end = rest->len == 0 ? NULL : memchr(rest->ptr, '\n', rest->len);

	if (end == NULL)
		return false;
	*line = (struct str){rest->ptr, (size_t)(end - rest->ptr)};
	rest->ptr = end + 1;
	rest->len -= line->len + 1;
	return true;
}

static bool
read_old(struct str line, uint64_t *out)
{
	*out = 0;
	if (line.len < 5 || line.len > 4 + 18 || memcmp(line.ptr, "old ", 4) != 0 ||
	    (line.len > 5 && line.ptr[4] == '0'))
		return false;
	for (size_t i = 4; i < line.len; i++) {
		if (line.ptr[i] < '0' || line.ptr[i] > '9')
			return false;
		*out = *out * 10 + (uint64_t)(line.ptr[i] - '0');
	}
	return true;
}

static bool
request_parse(struct str body, struct request *out)
{
	struct stw_err ignored;
	struct str line;

	memset(out, 0, sizeof *out);
	if (body.len > WITNESS_BODY_MAX || !next_line(&body, &line) ||
	    !read_old(line, &out->old))
		return false;
	while (next_line(&body, &line) && line.len > 0)
		if (out->proof.count == WITNESS_PROOF_MAX ||
		    !tlog_hash_parse(line, &out->proof.hashes[out->proof.count++]))
			return false;
	out->note = body;
	return line.len == 0 && note_text(body, &out->text) &&
	       checkpoint_parse(out->text, &out->checkpoint, &ignored) == STW_OK;
}

enum stw_code
witness_request(const struct merkle_reader *tree, uint64_t from, uint64_t to,
    struct str note, struct buf *out, struct stw_err *err)
{
	struct merkle_proof proof = {0};
	enum stw_code rc;

	if (from > 0 && from < to) {
		rc = merkle_prove_consistency(tree, from, to, &proof, err);
		if (rc != STW_OK)
			return rc;
	}
	buf_printf(out, "old %" PRIu64 "\n", from);
	for (int i = 0; i < proof.count; i++) {
		tlog_base64_add(out, proof.hashes[i].b, MERKLE_HASH_BYTES);
		buf_add_char(out, '\n');
	}
	buf_add_char(out, '\n');
	buf_add_str(out, note);
	return STW_OK;
}

/* ---- cosigning ------------------------------------------------------------------------------- */
static int
refuse(struct buf *reply, int status, const char *why)
{
	buf_clear(reply);
	buf_printf(reply, "%s\n", why);
	return status;
}

/* The keys of the log that the checkpoint says it is of. */
static size_t
keys_of(const struct witness *w, struct str origin, struct note_verifier *out)
{
	size_t count = 0;

	for (size_t i = 0; i < w->nlogs; i++)
		if (str_eq_c(origin, w->logs[i].name))
			out[count++] = w->logs[i];
	return count;
}

/* 0, or the status and sentence that the specification wants for what is wrong. */
static int
check_growth(const struct request *req, const struct seen *seen, struct buf *reply)
{
	struct merkle_edge nothing = {0};
	struct merkle_hash empty;

	if (req->old > req->checkpoint.size)
		return refuse(reply, 400, "the old size is above the new one");
	if (req->old != seen->size) {
		buf_clear(reply);
		buf_printf(reply, "%" PRIu64 "\n", seen->size);
		return 409;
	}
	merkle_edge_root(&nothing, &empty);
	if (req->checkpoint.size == 0 && !merkle_hash_eq(&req->checkpoint.root, &empty))
		return refuse(reply, 422, "an empty log has another root");
	if (!merkle_check_consistency(req->old, req->checkpoint.size,
		req->old == 0 ? &empty : &seen->root, &req->checkpoint.root,
		&req->proof))
		return refuse(
		    reply, 422, "not shown to continue what was cosigned before");
	return 0;
}

/* Signature lines of the log itself that we checked, then ours: what we keep and show. */
static void
compose(const struct request *req, const struct note_verifier *keys, size_t nkeys,
    struct str ours, struct buf *note)
{
	struct str rest = {
	    req->note.ptr + req->text.len + 1, req->note.len - req->text.len - 1};
	struct str line, text;
	struct buf one;

	buf_init(&one);
	buf_add_str(note, req->text);
	buf_add_char(note, '\n');
	while (next_line(&rest, &line)) {
		struct stw_err ignored;

		line.len++; /* with its newline */
		buf_clear(&one);
		buf_add_str(&one, req->text);
		buf_add_char(&one, '\n');
		buf_add_str(&one, line);
		if (note_open((struct str){one.data, one.len}, keys, nkeys, &text,
			&ignored) == STW_OK)
			buf_add_str(note, line);
	}
	buf_add_str(note, ours);
	buf_fini(&one);
}

static int
cosign(struct witness *w, const struct request *req, const struct note_verifier *keys,
    size_t nkeys, int64_t now_sec, struct buf *reply)
{
	struct seen seen = {0};
	char hash[HASH_HEX + 1];
	struct stw_err err;
	struct buf note;
	int status;

	origin_hash(req->checkpoint.origin, hash);
	buf_init(&seen.note);
	buf_init(&note);
	if (state_load(w, hash, &seen, &err) != STW_OK) {
		log_err(LOG_ERROR, "witness_state", &err);
		status = refuse(reply, 500, "the witness cannot read its state");
		goto done;
	}
	status = check_growth(req, &seen, reply);
	if (status == 422 || status == 400)
		log_event(LOG_ERROR, "witness_refused",
		    "origin=%.*s have=%" PRIu64 " asked=%" PRIu64,
		    STR_FMT(req->checkpoint.origin), seen.size, req->checkpoint.size);
	if (status != 0)
		goto done;
	buf_clear(reply);
	note_sign_line(&w->signer, req->text, now_sec, reply);
	compose(req, keys, nkeys, (struct str){reply->data, reply->len}, &note);
	/* On the disk before anybody has our word. */
	status = 200;
	if (state_save(w, hash, &note, &err) != STW_OK) {
		log_err(LOG_ERROR, "witness_state", &err);
		status = refuse(reply, 500, "the witness cannot keep its state");
	}
done:
	buf_fini(&seen.note);
	buf_fini(&note);
	return status;
}

int
witness_add(struct witness *w, struct str body, int64_t now_sec, struct buf *reply)
{
	struct note_verifier keys[WITNESS_LOGS];
	struct request req;
	struct stw_err err;
	struct str text;
	size_t nkeys;

	if (!request_parse(body, &req))
		return refuse(
		    reply, 400, "want \"old N\", hashes, an empty line, a checkpoint");
	nkeys = keys_of(w, req.checkpoint.origin, keys);
	if (nkeys == 0)
		return refuse(reply, 404, "this log is not known here");
	if (note_open(req.note, keys, nkeys, &text, &err) != STW_OK)
		return refuse(reply, 403, "not signed by a key of the log");
	return cosign(w, &req, keys, nkeys, now_sec, reply);
}

int
witness_get(struct witness *w, struct str hash, struct buf *reply)
{
	struct seen seen = {0};
	char hex[HASH_HEX + 1];
	struct stw_err err;
	int status = 200;

	for (size_t i = 0; i < hash.len; i++)
		if (!isdigit((unsigned char)hash.ptr[i]) &&
		    (hash.ptr[i] < 'a' || hash.ptr[i] > 'f'))
			return refuse(reply, 404, "no such log");
	if (hash.len != HASH_HEX)
		return refuse(reply, 404, "no such log");
	(void)snprintf(hex, sizeof hex, "%.*s", STR_FMT(hash));
	buf_init(&seen.note);
	if (state_load(w, hex, &seen, &err) != STW_OK) {
		log_err(LOG_ERROR, "witness_state", &err);
		status = refuse(reply, 500, "the witness cannot read its state");
	} else if (seen.note.len == 0) {
		status = refuse(reply, 404, "no checkpoint of this log was cosigned");
	} else {
		buf_clear(reply);
		buf_add(reply, seen.note.data, seen.note.len);
	}
	buf_fini(&seen.note);
	return status;
}
