/* The ledger's keys, and entries on their way in. */
#include "db/ledger.h"

#include <string.h>

#include <sodium.h>

#include "db/ledger_priv.h"
#include "db/secret_file.h"
#include "engine/tlog_audit.h"

#define KEY_FILE_MAX 8192

/* ---- the key file: a line a key ------------------------------------------------------ */
static enum stw_code
add_signer(struct ledger_key *key, struct str line, struct stw_err *err)
{
	enum stw_code rc;

	if (key->nsigners == LEDGER_SIGNERS)
		return stw_fail(
		    err, STW_INVALID, "more than %d keys that sign", LEDGER_SIGNERS);
	if (key->nknown > key->nsigners)
		return stw_fail(
		    err, STW_INVALID, "keys that sign stand before those that did");
	rc = note_signer_parse(line, &key->signers[key->nsigners], err);
	if (rc == STW_OK)
		key->known[key->nknown++] = key->signers[key->nsigners++].verifier;
	return rc;
}

static enum stw_code
add_line(struct ledger_key *key, struct str line, struct stw_err *err)
{
	static const char private[] = "PRIVATE+KEY+";
	enum stw_code rc;

	if (key->nknown == LEDGER_KEYS)
		return stw_fail(err, STW_INVALID, "more than %d keys", LEDGER_KEYS);
	if (line.len >= strlen(private) &&
	    memcmp(line.ptr, private, strlen(private)) == 0) {
		rc = add_signer(key, line, err);
	} else {
		rc = note_verifier_parse(line, &key->known[key->nknown], err);
		if (rc == STW_OK)
			key->nknown++;
	}
	if (rc == STW_OK && key->known[key->nknown - 1].type != NOTE_ED25519)
		rc = stw_fail(err, STW_INVALID, "a witness's key is none of the log");
	if (rc == STW_OK &&
	    strcmp(key->known[key->nknown - 1].name, key->known[0].name) != 0)
		rc = stw_fail(err, STW_INVALID, "keys of different logs");
	return rc;
}

static enum stw_code
parse_lines(struct ledger_key *key, struct str rest, struct stw_err *err)
{
	enum stw_code rc = STW_OK;

	for (int line = 1; rc == STW_OK && rest.len > 0; line++) {
		const char *end = memchr(rest.ptr, '\n', rest.len);
		size_t len = end == NULL ? rest.len : (size_t)(end - rest.ptr);

		if (len > 0)
			rc = add_line(key, (struct str){rest.ptr, len}, err);
		if (rc != STW_OK)
			return stw_err_prefix(err, rc, "line %d", line);
		len += end == NULL ? 0 : 1;
		rest = (struct str){rest.ptr + len, rest.len - len};
	}
	if (key->nsigners == 0)
		return stw_fail(err, STW_INVALID, "no key that signs");
	return STW_OK;
}

static void
key_lines(const struct ledger_key *key, struct buf *to)
{
	/* Reserved at once: growing would leave copies of the secret behind. */
	(void)buf_reserve(to, KEY_FILE_MAX);
	for (size_t i = 0; i < key->nsigners; i++) {
		note_signer_format(&key->signers[i], to);
		buf_add_char(to, '\n');
	}
	for (size_t i = key->nsigners; i < key->nknown; i++) {
		note_verifier_format(&key->known[i], to);
		buf_add_char(to, '\n');
	}
}

static enum stw_code
key_store(
    const struct ledger_key *key, const char *path, bool replace, struct stw_err *err)
{
	enum stw_code rc;
	struct buf text;

	buf_init(&text);
	key_lines(key, &text);
	if (text.len > KEY_FILE_MAX)
		rc = stw_fail(err, STW_CONFLICT,
		    "too many keys for %s: take out verifier keys of whose time "
		    "nothing is left",
		    path);
	else if (replace)
		rc = secret_file_replace(path, (struct str){text.data, text.len}, err);
	else
		rc = secret_file_create(path, (struct str){text.data, text.len}, err);
	sodium_memzero(text.data, text.len);
	buf_fini(&text);
	return rc;
}

static enum stw_code
signer_new(const char *origin, struct note_signer *signer, struct stw_err *err)
{
	unsigned char seed[NOTE_SEED_BYTES];
	enum stw_code rc;

	randombytes_buf(seed, sizeof seed);
	rc = note_signer_init(signer, NOTE_ED25519, str_of(origin), seed, err);
	sodium_memzero(seed, sizeof seed);
	return rc;
}

static enum stw_code
key_make(
    const char *path, const char *origin, struct ledger_key *key, struct stw_err *err)
{
	enum stw_code rc = signer_new(origin, &key->signers[0], err);

	if (rc != STW_OK)
		return rc;
	key->known[0] = key->signers[0].verifier;
	key->nsigners = key->nknown = 1;
	return key_store(key, path, false, err);
}

static enum stw_code
key_read(
    const char *path, const char *origin, struct ledger_key *key, struct stw_err *err)
{
	struct buf text;
	enum stw_code rc;

	buf_init(&text);
	rc = secret_file_read(path, KEY_FILE_MAX, &text, err);
	if (rc == STW_OK)
		rc = parse_lines(key, (struct str){text.data, text.len}, err);
	if (rc == STW_OK && origin != NULL && strcmp(key->known[0].name, origin) != 0)
		rc = stw_fail(err, STW_INVALID,
		    "the key is that of the log %s, not of %s", key->known[0].name,
		    origin);
	if (rc != STW_OK && rc != STW_NOT_FOUND)
		(void)stw_err_prefix(err, rc, "ledger key %s", path);
	if (text.data != NULL)
		sodium_memzero(text.data, text.len);
	buf_fini(&text);
	return rc;
}

static struct ledger_key *
key_new(void)
{
	struct ledger_key *key;

	STW_ASSERT(sodium_init() >= 0);
	key = sodium_malloc(sizeof *key);
	STW_ASSERT(key != NULL);
	memset(key, 0, sizeof *key);
	return key;
}

enum stw_code
ledger_key_open(const char *path, const char *origin, bool create,
    struct ledger_key **out, struct stw_err *err)
{
	struct ledger_key *key = key_new();
	enum stw_code rc;

	*out = NULL;
	rc = key_read(path, origin, key, err);
	if (rc == STW_NOT_FOUND && create) {
		rc = key_make(path, origin, key, err);
		if (rc == STW_CONFLICT) { /* another process made it meanwhile */
			memset(key, 0, sizeof *key);
			rc = key_read(path, origin, key, err);
		}
	}
	if (rc != STW_OK) {
		sodium_free(key);
		return rc;
	}
	(void)sodium_mprotect_readonly(key);
	*out = key;
	return STW_OK;
}

void
ledger_key_close(struct ledger_key *key)
{
	if (key != NULL)
		sodium_free(key);
}

void
ledger_key_witnesses(struct ledger_key *key, const struct ledger_witnesses *witnesses)
{
	(void)sodium_mprotect_readwrite(key);
	key->witnesses = *witnesses;
	(void)sodium_mprotect_readonly(key);
}

enum stw_code
ledger_key_rotate(const char *path, const char *origin, struct stw_err *err)
{
	struct ledger_key *key = key_new();
	enum stw_code rc;

	rc = key_read(path, origin, key, err);
	if (rc == STW_OK && key->nsigners == LEDGER_SIGNERS)
		rc = stw_fail(err, STW_CONFLICT,
		    "two keys sign already: retire the older one first");
	if (rc == STW_OK && key->nknown == LEDGER_KEYS)
		rc = stw_fail(err, STW_CONFLICT,
		    "%s has %d keys: take out verifier "
		    "keys of whose time nothing is left",
		    path, LEDGER_KEYS);
	if (rc == STW_OK) {
		memmove(
		    &key->known[1], &key->known[0], key->nknown * sizeof key->known[0]);
		key->signers[1] = key->signers[0];
		rc = signer_new(key->known[1].name, &key->signers[0], err);
	}
	if (rc == STW_OK) {
		key->known[0] = key->signers[0].verifier;
		key->nsigners++;
		key->nknown++;
		rc = key_store(key, path, true, err);
	}
	sodium_free(key);
	return rc;
}

enum stw_code
ledger_key_retire(const char *path, const char *origin, struct stw_err *err)
{
	struct ledger_key *key = key_new();
	enum stw_code rc;

	rc = key_read(path, origin, key, err);
	if (rc == STW_OK && key->nsigners < LEDGER_SIGNERS)
		rc = stw_fail(err, STW_CONFLICT,
		    "only one key signs: `steward ledger key rotate` makes another");
	if (rc == STW_OK) {
		key->nsigners = 1;
		rc = key_store(key, path, true, err);
	}
	sodium_free(key);
	return rc;
}

void
ledger_key_verifier(const struct ledger_key *key, struct buf *to)
{
	note_verifier_format(&key->known[0], to);
}

void
ledger_key_verifiers(const struct ledger_key *key, struct buf *to)
{
	for (size_t i = 0; i < key->nknown; i++) {
		note_verifier_format(&key->known[i], to);
		buf_add_char(to, '\n');
	}
}

enum stw_code
ledger_checkpoint_open(const struct ledger_key *key, struct str note, uint64_t *size,
    struct merkle_hash *root, struct stw_err *err)
{
	const struct tlog_trust trust = {.log = key->known, .nlog = key->nknown};
	struct checkpoint checkpoint;
	size_t cosigned;
	enum stw_code rc;

	rc = tlog_checkpoint_open(note, &trust, &checkpoint, &cosigned, err);
	if (rc != STW_OK)
		return rc;
	*size = checkpoint.size;
	*root = checkpoint.root;
	return STW_OK;
}

static enum stw_code
check_length(const char *kind, struct str entry, struct stw_err *err)
{
	if (entry.len <= LEDGER_ENTRY_MAX)
		return STW_OK;
	return stw_fail(err, STW_INVALID,
	    "ledger entry of kind %s has %zu bytes; at most %d", kind, entry.len,
	    LEDGER_ENTRY_MAX);
}

/* ---- entries ------------------------------------------------------------------------ */
enum stw_code
ledger_append(
    struct db *db, int bucket, const char *kind, struct str entry, struct stw_err *err)
{
	const struct db_param params[] = {
	    db_i64(bucket), db_text(kind), db_bytes(entry.ptr, entry.len)};
	enum stw_code rc;

	/* Alone it would be an entry about something that may not happen. */
	STW_ASSERT(db_in_transaction(db));
	rc = check_length(kind, entry, err);
	if (rc != STW_OK)
		return rc;
	return db_later(db, DB_Q_LEDGER_APPEND, params, DB_NPARAMS(params), err);
}

enum stw_code
ledger_append_many(struct db *db, const struct ledger_entry *entries, size_t count,
    struct stw_err *err)
{
	struct db_copy_in *copy;
	enum stw_code rc;

	STW_ASSERT(db_in_transaction(db));
	if (count == 0)
		return STW_OK;
	for (size_t i = 0; i < count; i++) {
		rc = check_length(entries[i].kind, entries[i].entry, err);
		if (rc != STW_OK)
			return rc;
	}
	rc = db_copy_in_begin(db, DB_Q_LEDGER_APPEND_COPY, &copy, err);
	if (rc != STW_OK)
		return rc;
	for (size_t i = 0; i < count; i++) {
		db_put_row(copy, 3);
		db_put_i16(copy, (int16_t)entries[i].bucket);
		db_put_text(copy, str_of(entries[i].kind));
		db_put_text(copy, entries[i].entry);
	}
	return db_copy_in_end(copy, NULL, err);
}
