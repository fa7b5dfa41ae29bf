/* The ledger's key, and entries on their way in. */
#include "db/ledger.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sodium.h>

#include "db/ledger_priv.h"
#include "db/secret_file.h"

#define KEY_FILE_MAX 1024

static enum stw_code
key_make(const char *path, const char *origin, struct note_signer *signer,
    struct stw_err *err)
{
	unsigned char seed[NOTE_SEED_BYTES];
	enum stw_code rc;
	struct buf text;

	randombytes_buf(seed, sizeof seed);
	rc = note_signer_init(signer, str_of(origin), seed, err);
	sodium_memzero(seed, sizeof seed);
	if (rc != STW_OK)
		return rc;
	buf_init(&text);
	note_signer_format(signer, &text);
	buf_add_char(&text, '\n');
	rc = secret_file_create(path, (struct str){text.data, text.len}, err);
	sodium_memzero(text.data, text.len);
	buf_fini(&text);
	return rc;
}

static enum stw_code
key_read(const char *path, const char *origin, struct note_signer *signer,
    struct stw_err *err)
{
	struct buf text;
	enum stw_code rc;

	buf_init(&text);
	rc = secret_file_read(path, KEY_FILE_MAX, &text, err);
	if (rc == STW_OK)
		rc = note_signer_parse(
		    (struct str){text.data, strcspn(text.data, "\n")}, signer, err);
	if (rc == STW_OK && origin != NULL &&
	    strcmp(signer->verifier.name, origin) != 0)
		rc = stw_fail(err, STW_INVALID,
		    "the key is that of the log %s, not of %s", signer->verifier.name,
		    origin);
	if (rc != STW_OK && rc != STW_NOT_FOUND)
		(void)stw_err_prefix(err, rc, "ledger key %s", path);
	if (text.data != NULL)
		sodium_memzero(text.data, text.len);
	buf_fini(&text);
	return rc;
}

enum stw_code
ledger_key_open(const char *path, const char *origin, bool create,
    struct ledger_key **out, struct stw_err *err)
{
	struct ledger_key *key;
	enum stw_code rc;

	*out = NULL;
	STW_ASSERT(sodium_init() >= 0);
	key = sodium_malloc(sizeof *key);
	STW_ASSERT(key != NULL);
	rc = key_read(path, origin, &key->signer, err);
	if (rc == STW_NOT_FOUND && create) {
		rc = key_make(path, origin, &key->signer, err);
		if (rc == STW_CONFLICT) /* another process made it meanwhile */
			rc = key_read(path, origin, &key->signer, err);
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
ledger_key_verifier(const struct ledger_key *key, struct buf *to)
{
	note_verifier_format(&key->signer.verifier, to);
}

enum stw_code
ledger_checkpoint_open(const struct ledger_key *key, struct str note, uint64_t *size,
    struct merkle_hash *root, struct stw_err *err)
{
	struct checkpoint checkpoint;
	enum stw_code rc;
	struct str text;

	rc = note_open(note, &key->signer.verifier, 1, &text, err);
	if (rc == STW_OK)
		rc = checkpoint_parse(text, &checkpoint, err);
	if (rc != STW_OK)
		return rc;
	if (!str_eq_c(checkpoint.origin, key->signer.verifier.name))
		return stw_fail(err, STW_INVALID, "checkpoint of another log, %.*s",
		    STR_FMT(checkpoint.origin));
	*size = checkpoint.size;
	*root = checkpoint.root;
	return STW_OK;
}

/* ---- entries ------------------------------------------------------------------------ */
enum stw_code
ledger_append(
    struct db *db, int bucket, const char *kind, struct str entry, struct stw_err *err)
{
	const struct db_param params[] = {
	    db_i64(bucket), db_text(kind), db_bytes(entry.ptr, entry.len)};

	/* Alone it would be an entry about something that may not happen. */
	STW_ASSERT(db_in_transaction(db));
	return db_query(db, DB_Q_LEDGER_APPEND, params, DB_NPARAMS(params), NULL, err);
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
