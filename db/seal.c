#include "db/seal.h"

#include <ctype.h>
#include <endian.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <sodium.h>

#include "db/seal_algorithm.h"
#include "db/secret_file.h"
#include "engine/arena.h"
#include "engine/log.h"

#define HEAD_BYTES   2 /* algorithm, key version; then the nonce */
#define TEXT_VERSION 1 /* a customer has one key all his life */
#define KEY_COLUMN   "customer_key.wrapped"
#define COLUMN_MAX   100
#define FILE_MAX     65536

static const char *const kind_names[SEAL_KINDS] = {"kek", "index", "suppress"};

/* What the file held at one time: immutable, and kept until the end, for a thread may be
 * working with it while another looks at the file again. */
struct key_set {
	unsigned char key[SEAL_KINDS][SEAL_VERSIONS][SEAL_KEY_BYTES];
	bool has[SEAL_KINDS][SEAL_VERSIONS];
	int newest[SEAL_KINDS];
	struct timespec modified; /* of the file it was read from */
	ino_t inode;
	struct key_set *older;
};

struct ring {
	pthread_mutex_t lock;
	_Atomic(struct key_set *) now;
	char *path;
};

struct seal_keys {
	struct ring *ring;
};

const char *
seal_key_name(enum seal_key_kind kind)
{
	return kind_names[kind];
}

/* ---- the key file --------------------------------------------------------------------- */
static int
kind_find(struct str name)
{
	for (int k = 0; k < SEAL_KINDS; k++)
		if (str_eq_c(name, kind_names[k]))
			return k;
	return -1;
}

/* "name:version:" in front of a key; false when it is none. */
static bool
line_head(struct str line, int *kind, int *version, size_t *len)
{
	size_t n = 0;

	while (n < line.len && line.ptr[n] != ':')
		n++;
	*kind = kind_find((struct str){line.ptr, n});
	*version = 0;
	for (n++; n < line.len && isdigit((unsigned char)line.ptr[n]); n++)
		if ((*version = *version * 10 + (line.ptr[n] - '0')) >= SEAL_VERSIONS)
			return false;
	*len = n + 1;
	return *kind >= 0 && *version > 0 && n < line.len && line.ptr[n] == ':';
}

/* "name:version:64 hex digits" */
static bool
key_line(struct str line, struct key_set *set)
{
	unsigned char key[SEAL_KEY_BYTES];
	int kind, version;
	size_t head, len = 0;

	if (!line_head(line, &kind, &version, &head) || line.len - head != 64 ||
	    sodium_hex2bin(key, sizeof key, line.ptr + head, 64, NULL, &len, NULL) !=
		0 ||
	    len != sizeof key || set->has[kind][version])
		return false;
	memcpy(set->key[kind][version], key, sizeof key);
	set->has[kind][version] = true;
	if (version > set->newest[kind])
		set->newest[kind] = version;
	sodium_memzero(key, sizeof key);
	return true;
}

/* The next line of *text without its end, and past it. */
static struct str
line_next(struct str *text)
{
	const char *end = memchr(text->ptr, '\n', text->len);
	struct str line = {
	    text->ptr, end == NULL ? text->len : (size_t)(end - text->ptr)};
	size_t step = line.len + (end != NULL);

	text->ptr += step;
	text->len -= step;
	return line;
}

static enum stw_code
keys_parse(const char *path, struct str text, struct key_set *set, struct stw_err *err)
{
	int number = 0;

	while (text.len > 0) {
		struct str line = line_next(&text);

		number++;
		if (line.len > 0 && line.ptr[0] != '#' && !key_line(line, set))
			return stw_fail_at(err, STW_INVALID, number, 1,
			    "key file %s: line %d is not name:version:64 hex digits",
			    path, number);
	}
	for (int k = 0; k < SEAL_KINDS; k++)
		if (set->newest[k] == 0)
			return stw_fail(err, STW_INVALID,
			    "key file %s: it needs a line each for kek, index and "
			    "suppress",
			    path);
	return STW_OK;
}

static void
wipe(struct buf *text)
{
	if (text->data != NULL)
		sodium_memzero(text->data, text->cap);
	buf_fini(text);
}

static struct str
all_of(const struct buf *buf)
{
	return (struct str){buf->data, buf->len};
}

static enum stw_code
keys_read(const char *path, struct key_set *set, struct stw_err *err)
{
	struct buf text;
	struct stat st = {0};
	enum stw_code rc;

	buf_init(&text);
	/* Before it is read: a change in between is then seen as one. */
	(void)stat(path, &st);
	set->modified = st.st_mtim;
	set->inode = st.st_ino;
	rc = secret_file_read(path, FILE_MAX, &text, err);
	if (rc == STW_OK)
		rc = keys_parse(path, all_of(&text), set, err);
	wipe(&text);
	return rc;
}

static void
line_make(enum seal_key_kind kind, int version, struct buf *to)
{
	unsigned char key[SEAL_KEY_BYTES];

	randombytes_buf(key, sizeof key);
	buf_printf(to, "%s:%d:", kind_names[kind], version);
	buf_add_hex(to, key, sizeof key);
	buf_add_char(to, '\n');
	sodium_memzero(key, sizeof key);
}

static enum stw_code
keys_make(const char *path, struct stw_err *err)
{
	enum stw_code rc;
	struct buf text;

	buf_init(&text);
	(void)buf_reserve(&text, FILE_MAX);
	for (int k = 0; k < SEAL_KINDS; k++)
		line_make((enum seal_key_kind)k, 1, &text);
	rc = secret_file_create(path, all_of(&text), err);
	wipe(&text);
	return rc;
}

static struct key_set *
set_new(void)
{
	struct key_set *set = sodium_malloc(sizeof *set); /* locked, and not dumped */

	STW_ASSERT(set != NULL);
	sodium_memzero(set, sizeof *set);
	return set;
}

enum stw_code
seal_keys_open(
    const char *path, bool create, struct seal_keys **out, struct stw_err *err)
{
	struct seal_keys *keys;
	struct key_set *set;
	enum stw_code rc;

	*out = NULL;
	STW_ASSERT(sodium_init() >= 0);
	set = set_new();
	rc = keys_read(path, set, err);
	if (rc == STW_NOT_FOUND && create) {
		rc = keys_make(path, err);
		if (rc == STW_OK || rc == STW_CONFLICT) /* or another process made it */
			rc = keys_read(path, set, err);
	}
	if (rc != STW_OK) {
		sodium_free(set);
		return rc;
	}
	(void)sodium_mprotect_readonly(set);
	keys = stw_xalloc(sizeof *keys);
	keys->ring = stw_xalloc(sizeof *keys->ring);
	STW_ASSERT(pthread_mutex_init(&keys->ring->lock, NULL) == 0);
	atomic_init(&keys->ring->now, set);
	keys->ring->path = stw_xstrdup(path);
	*out = keys;
	return STW_OK;
}

void
seal_keys_close(struct seal_keys *keys)
{
	struct key_set *set, *older;

	if (keys == NULL)
		return;
	for (set = atomic_load(&keys->ring->now); set != NULL; set = older) {
		older = set->older;
		sodium_free(set);
	}
	(void)pthread_mutex_destroy(&keys->ring->lock);
	free(keys->ring->path);
	free(keys->ring);
	free(keys);
}

/* ---- versions --------------------------------------------------------------------------- */
static const struct key_set *
now(const struct seal_keys *keys)
{
	return atomic_load(&keys->ring->now);
}

/* Under the lock. What cannot be read now leaves the keys as they are. */
static enum stw_code
look_again(struct ring *ring, struct stw_err *err)
{
	struct key_set *set = set_new(), *older = atomic_load(&ring->now);
	enum stw_code rc = keys_read(ring->path, set, err);

	if (rc != STW_OK) {
		sodium_free(set);
		return rc;
	}
	set->older = older;
	(void)sodium_mprotect_readonly(set);
	atomic_store(&ring->now, set);
	return STW_OK;
}

static bool
file_changed(const struct ring *ring)
{
	const struct key_set *set = atomic_load(&ring->now);
	struct stat st;

	return stat(ring->path, &st) == 0 &&
	       (st.st_ino != set->inode || st.st_mtim.tv_sec != set->modified.tv_sec ||
		   st.st_mtim.tv_nsec != set->modified.tv_nsec);
}

/* The keys as they are now, with this version among them, or NULL. */
static const struct key_set *
set_with(const struct seal_keys *keys, enum seal_key_kind kind, int version)
{
	struct ring *ring = keys->ring;
	const struct key_set *set = now(keys);
	struct stw_err err;

	if (version < 1 || version >= SEAL_VERSIONS)
		return NULL;
	if (set->has[kind][version])
		return set;
	(void)pthread_mutex_lock(&ring->lock);
	if (!now(keys)->has[kind][version] && file_changed(ring) &&
	    look_again(ring, &err) != STW_OK)
		log_err(LOG_WARN, "key_file_unreadable", &err);
	set = now(keys);
	(void)pthread_mutex_unlock(&ring->lock);
	return set->has[kind][version] ? set : NULL;
}

bool
seal_keys_has(const struct seal_keys *keys, enum seal_key_kind kind, int version)
{
	return set_with(keys, kind, version) != NULL;
}

int
seal_keys_newest(const struct seal_keys *keys, enum seal_key_kind kind)
{
	return now(keys)->newest[kind];
}

/* Writes the file anew, without the line of `drop` (0: none) and with `more` at the end. */
static enum stw_code
file_rewrite(
    struct ring *ring, int kind, int drop, struct str more, struct stw_err *err)
{
	struct buf text, next;
	struct str rest;
	enum stw_code rc;

	buf_init(&text);
	buf_init(&next);
	/* Reserved at once, as growing leaves copies behind. */
	(void)buf_reserve(&next, FILE_MAX + more.len + 2);
	rc = secret_file_read(ring->path, FILE_MAX, &text, err);
	for (rest = all_of(&text); rc == STW_OK && rest.len > 0;) {
		struct str line = line_next(&rest);
		int k, version;
		size_t head;

		if (drop > 0 && line_head(line, &k, &version, &head) && k == kind &&
		    version == drop)
			continue;
		buf_add_str(&next, line);
		buf_add_char(&next, '\n');
	}
	if (rc == STW_OK) {
		buf_add_str(&next, more);
		rc = secret_file_replace(ring->path, all_of(&next), err);
	}
	if (rc == STW_OK)
		rc = look_again(ring, err);
	wipe(&text);
	wipe(&next);
	return rc;
}

enum stw_code
seal_keys_add(const struct seal_keys *keys, enum seal_key_kind kind, int *version,
    struct stw_err *err)
{
	struct ring *ring = keys->ring;
	struct buf line;
	enum stw_code rc;

	buf_init(&line);
	(void)buf_reserve(&line, 128);
	(void)pthread_mutex_lock(&ring->lock);
	rc = look_again(ring, err);
	*version = now(keys)->newest[kind] + 1;
	if (rc == STW_OK && *version >= SEAL_VERSIONS)
		rc = stw_fail(err, STW_CONFLICT,
		    "key file %s: %s has had %d versions, and there is no further number",
		    ring->path, kind_names[kind], SEAL_VERSIONS - 1);
	if (rc == STW_OK) {
		line_make(kind, *version, &line);
		rc = file_rewrite(ring, kind, 0, all_of(&line), err);
	}
	(void)pthread_mutex_unlock(&ring->lock);
	wipe(&line);
	return rc;
}

enum stw_code
seal_keys_remove(const struct seal_keys *keys, enum seal_key_kind kind, int version,
    struct stw_err *err)
{
	struct ring *ring = keys->ring;
	enum stw_code rc;

	(void)pthread_mutex_lock(&ring->lock);
	rc = look_again(ring, err);
	if (rc == STW_OK &&
	    (version < 1 || version >= SEAL_VERSIONS || !now(keys)->has[kind][version]))
		rc = stw_fail(err, STW_NOT_FOUND, "key file %s: there is no %s %d",
		    ring->path, kind_names[kind], version);
	if (rc == STW_OK && version == now(keys)->newest[kind])
		rc = stw_fail(err, STW_CONFLICT,
		    "%s %d is the newest: it is in use; rotate first", kind_names[kind],
		    version);
	if (rc == STW_OK)
		rc = file_rewrite(ring, kind, version, (struct str){"", 0}, err);
	(void)pthread_mutex_unlock(&ring->lock);
	return rc;
}

/* ---- sealing -------------------------------------------------------------------------- */
/* Algorithm, version, column, NUL, customer: what a sealed value cannot be moved from. */
struct place {
	char data[HEAD_BYTES + COLUMN_MAX + 1 + 8];
	size_t len;
};

static struct place
place_of(unsigned char algorithm, unsigned char version, const char *column,
    int64_t customer_id)
{
	uint64_t id = htobe64((uint64_t)customer_id);
	size_t len = strlen(column);
	struct place place = {
	    {(char)algorithm, (char)version}, HEAD_BYTES + len + 1 + sizeof id};

	STW_ASSERT(len <= COLUMN_MAX);
	memcpy(place.data + HEAD_BYTES, column, len);
	memcpy(place.data + HEAD_BYTES + len + 1, &id, sizeof id);
	return place;
}

/* A nonce made of the place and the text, by a key that is used for nothing else: another
 * text has another one, and without the key nobody can try texts out. */
static void
steady_nonce(const unsigned char key[SEAL_KEY_BYTES], const struct place *place,
    struct str plain, unsigned char *nonce, size_t bytes)
{
	static const unsigned char use[] = "steward steady nonce";
	unsigned char own[crypto_auth_hmacsha256_BYTES];
	unsigned char hash[crypto_auth_hmacsha256_BYTES];
	crypto_auth_hmacsha256_state state;

	STW_ASSERT(bytes <= sizeof hash);
	(void)crypto_auth_hmacsha256(own, use, sizeof use, key);
	crypto_auth_hmacsha256_init(&state, own, sizeof own);
	crypto_auth_hmacsha256_update(
	    &state, (const unsigned char *)place->data, place->len);
	crypto_auth_hmacsha256_update(
	    &state, (const unsigned char *)plain.ptr, plain.len);
	crypto_auth_hmacsha256_final(&state, hash);
	memcpy(nonce, hash, bytes);
	sodium_memzero(own, sizeof own);
	sodium_memzero(&state, sizeof state);
}

static void
seal_with(const unsigned char key[SEAL_KEY_BYTES], int version, const char *column,
    int64_t customer_id, struct str plain, bool steady, struct buf *sealed)
{
	const struct seal_algorithm *with = seal_algorithm_current();
	struct place place =
	    place_of(with->id, (unsigned char)version, column, customer_id);
	size_t head = HEAD_BYTES + with->nonce_bytes;
	size_t need = head + plain.len + with->tag_bytes;
	unsigned char *at = (unsigned char *)buf_reserve(sealed, need);

	at[0] = with->id;
	at[1] = (unsigned char)version;
	if (steady)
		steady_nonce(key, &place, plain, at + HEAD_BYTES, with->nonce_bytes);
	else
		randombytes_buf(at + HEAD_BYTES, with->nonce_bytes);
	with->seal(key, at + HEAD_BYTES, (struct str){place.data, place.len}, plain,
	    at + head);
	sealed->len += need;
	sealed->data[sealed->len] = '\0';
}

/* Appends what was sealed. */
static enum stw_code
open_with(const unsigned char key[SEAL_KEY_BYTES], const char *column,
    int64_t customer_id, struct str sealed, struct buf *plain, struct stw_err *err)
{
	const unsigned char *from = (const unsigned char *)sealed.ptr;
	const struct seal_algorithm *with;
	struct place place;
	unsigned char *to;
	size_t head;

	if (sealed.len < HEAD_BYTES)
		return stw_fail(
		    err, STW_INVALID, "%s: the sealed value is cut short", column);
	with = seal_algorithm_find(from[0]);
	if (with == NULL)
		return stw_fail(err, STW_INVALID,
		    "%s: sealed with algorithm %d, which this version does not know: a "
		    "newer steward wrote it, or the value was changed",
		    column, from[0]);
	head = HEAD_BYTES + with->nonce_bytes;
	if (sealed.len < head + with->tag_bytes)
		return stw_fail(
		    err, STW_INVALID, "%s: the sealed value is cut short", column);
	place = place_of(with->id, from[1], column, customer_id);
	to = (unsigned char *)buf_reserve(plain, sealed.len);
	if (!with->open(key, from + HEAD_BYTES, (struct str){place.data, place.len},
		(struct str){sealed.ptr + head, sealed.len - head}, to)) {
		plain->data[plain->len] = '\0';
		return stw_fail(
		    err, STW_INVALID, "%s: the sealed value does not open", column);
	}
	plain->len += sealed.len - head - with->tag_bytes;
	plain->data[plain->len] = '\0';
	return STW_OK;
}

static void
wrap(const struct seal_keys *keys, int64_t customer_id,
    const struct seal_customer *customer, struct buf *wrapped)
{
	const struct key_set *set = now(keys);
	int newest = set->newest[SEAL_KEK];

	seal_with(set->key[SEAL_KEK][newest], newest, KEY_COLUMN, customer_id,
	    (struct str){(const char *)customer->key, sizeof customer->key}, false,
	    wrapped);
}

void
seal_customer_new(const struct seal_keys *keys, int64_t customer_id,
    struct seal_customer *out, struct buf *wrapped)
{
	randombytes_buf(out->key, sizeof out->key);
	wrap(keys, customer_id, out, wrapped);
}

enum stw_code
seal_customer_open(const struct seal_keys *keys, int64_t customer_id,
    struct str wrapped, struct seal_customer *out, struct stw_err *err)
{
	int version = wrapped.len < HEAD_BYTES ? 0 : (unsigned char)wrapped.ptr[1];
	const struct key_set *set;
	enum stw_code rc;
	struct buf key;

	memset(out, 0, sizeof *out);
	if (version == 0)
		return stw_fail(
		    err, STW_INVALID, "customer key: it is cut short or no key");
	set = set_with(keys, SEAL_KEK, version);
	if (set == NULL)
		return stw_fail(err, STW_INVALID,
		    "customer key: version %d of the wrapping key is not in the key file",
		    version);
	buf_init(&key);
	rc = open_with(
	    set->key[SEAL_KEK][version], KEY_COLUMN, customer_id, wrapped, &key, err);
	if (rc == STW_OK && key.len != sizeof out->key)
		rc = stw_fail(err, STW_INVALID, "customer key: it has another length");
	if (rc == STW_OK)
		memcpy(out->key, key.data, sizeof out->key);
	else
		rc = stw_err_prefix(err, rc, "is the key file that of this database?");
	wipe(&key);
	return rc;
}

enum stw_code
seal_customer_rewrap(const struct seal_keys *keys, int64_t customer_id,
    struct str wrapped, struct buf *to, struct stw_err *err)
{
	struct seal_customer customer;
	enum stw_code rc =
	    seal_customer_open(keys, customer_id, wrapped, &customer, err);

	if (rc == STW_OK)
		wrap(keys, customer_id, &customer, to);
	sodium_memzero(&customer, sizeof customer);
	return rc;
}

void
seal_commit_key(const struct seal_customer *customer, unsigned char out[SEAL_KEY_BYTES])
{
	static const unsigned char use[] = "steward ledger commitment";

	(void)crypto_auth_hmacsha256(out, use, sizeof use, customer->key);
}

void
seal_text(const struct seal_customer *customer, int64_t customer_id, const char *column,
    struct str plain, struct buf *sealed)
{
	seal_with(
	    customer->key, TEXT_VERSION, column, customer_id, plain, false, sealed);
}

void
seal_text_steady(const struct seal_customer *customer, int64_t customer_id,
    const char *column, struct str plain, struct buf *sealed)
{
	seal_with(
	    customer->key, TEXT_VERSION, column, customer_id, plain, true, sealed);
}

enum stw_code
seal_open(const struct seal_customer *customer, int64_t customer_id, const char *column,
    struct str sealed, struct buf *plain, struct stw_err *err)
{
	return open_with(customer->key, column, customer_id, sealed, plain, err);
}

/* ---- blind indexes and masks ------------------------------------------------------------ */
static void
keyed_hash(const struct seal_keys *keys, enum seal_key_kind kind, int version,
    struct str e164, unsigned char out[SEAL_INDEX_BYTES])
{
	const struct key_set *set = set_with(keys, kind, version);

	STW_ASSERT(set != NULL);
	(void)crypto_auth_hmacsha256(
	    out, (const unsigned char *)e164.ptr, e164.len, set->key[kind][version]);
}

void
seal_index(const struct seal_keys *keys, int version, struct str e164,
    unsigned char out[SEAL_INDEX_BYTES])
{
	keyed_hash(keys, SEAL_INDEX, version, e164, out);
}

void
seal_suppression(const struct seal_keys *keys, int version, struct str e164,
    unsigned char out[SEAL_INDEX_BYTES])
{
	keyed_hash(keys, SEAL_SUPPRESS, version, e164, out);
}

/* The suppression key is not exchanged, so its first version is always there; a prefix that
 * no number has keeps these hashes apart from the list's. */
void
seal_event_hash(
    const struct seal_keys *keys, struct str e164, unsigned char out[SEAL_INDEX_BYTES])
{
	static const unsigned char use[] = "event";
	const struct key_set *set = now(keys);
	crypto_auth_hmacsha256_state state;
	int version = 1;

	while (!set->has[SEAL_SUPPRESS][version])
		version++;
	crypto_auth_hmacsha256_init(
	    &state, set->key[SEAL_SUPPRESS][version], SEAL_KEY_BYTES);
	crypto_auth_hmacsha256_update(&state, use, sizeof use);
	crypto_auth_hmacsha256_update(
	    &state, (const unsigned char *)e164.ptr, e164.len);
	crypto_auth_hmacsha256_final(&state, out);
	sodium_memzero(&state, sizeof state);
}

void
seal_mask_phone(struct str national, struct buf *to)
{
	size_t stars = national.len < 7    ? national.len
		       : national.len < 11 ? 4
					   : national.len - 7;
	size_t shown = national.len - stars;
	size_t head = (shown + 1) / 2 > 3 ? 3 : (shown + 1) / 2;

	buf_add(to, national.ptr, head);
	for (size_t i = 0; i < stars; i++)
		buf_add_char(to, '*');
	buf_add(to, national.ptr + head + stars, shown - head);
}

void
seal_mask_name(struct str name, struct buf *to)
{
	size_t n = name.len > 0 ? 1 : 0;

	while (n > 0 && n < name.len && ((unsigned char)name.ptr[n] & 0xc0) == 0x80)
		n++;
	buf_add(to, name.ptr, n);
	buf_add_c(to, "**");
}
