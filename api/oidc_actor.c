#include "api/oidc_actor.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include <sodium.h>

#include "engine/log.h"

#define FILE_MAX   ((size_t)256 * 1024)
#define LOOK_EVERY STW_USEC_SEC
#define KEY_ID_HEX 16

/* ---- the file of keys ------------------------------------------------------------- */
static enum stw_code
file_read(const char *path, struct buf *to, struct stat *seen, struct stw_err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	enum stw_code rc = STW_OK;
	char chunk[4096];
	ssize_t n = -1;

	if (fd < 0 || fstat(fd, seen) != 0) {
		rc = stw_fail(err, STW_INVALID, "setting oidc-jwks: %.200s: %s", path,
		    strerror(errno));
	} else {
		while (to->len <= FILE_MAX && (n = read(fd, chunk, sizeof chunk)) > 0)
			buf_add(to, chunk, (size_t)n);
		if (n != 0)
			rc = stw_fail(err, STW_INVALID, "setting oidc-jwks: %.200s: %s",
			    path, n < 0 ? strerror(errno) : "larger than 256 KiB");
	}
	if (fd >= 0)
		(void)close(fd);
	return rc;
}

static enum stw_code
keys_read(const char *path, json_t **out, struct stat *seen, struct stw_err *err)
{
	struct buf text;
	enum stw_code rc;

	buf_init(&text);
	rc = file_read(path, &text, seen, err);
	if (rc == STW_OK) {
		rc = oidc_keys_parse((struct str){text.data, text.len}, out, err);
		if (rc != STW_OK)
			rc = stw_err_prefix(err, rc, "setting oidc-jwks");
	}
	buf_fini(&text);
	return rc;
}

static bool
is_same_file(const struct stat *a, const struct stat *b)
{
	return a->st_ino == b->st_ino && a->st_dev == b->st_dev &&
	       a->st_size == b->st_size && a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
	       a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

/* One thread a second looks; the others go on with the keys that are there. */
static void
refresh(struct oidc *oidc)
{
	struct stat now, seen;
	struct stw_err err = {0};
	json_t *keys, *old;
	bool due;

	if (pthread_rwlock_trywrlock(&oidc->lock) != 0)
		return;
	due = stw_monotonic() - oidc->looked_at >= LOOK_EVERY;
	if (due)
		oidc->looked_at = stw_monotonic();
	due = due && stat(oidc->path, &now) == 0 && !is_same_file(&now, &oidc->seen);
	if (due)
		oidc->seen = now; /* a faulty file is complained of once */
	(void)pthread_rwlock_unlock(&oidc->lock);
	if (!due)
		return;
	if (keys_read(oidc->path, &keys, &seen, &err) != STW_OK) {
		log_err(LOG_ERROR, "oidc_keys", &err);
		return;
	}
	(void)pthread_rwlock_wrlock(&oidc->lock);
	old = oidc->keys;
	oidc->keys = keys;
	oidc->seen = seen;
	(void)pthread_rwlock_unlock(&oidc->lock);
	log_event(LOG_INFO, "oidc_keys", "keys=%zu", json_array_size(keys));
	json_decref(old);
}

/* ---- settings --------------------------------------------------------------------- */
enum stw_code
oidc_open(const struct settings *s, struct oidc *out, struct stw_err *err)
{
	enum stw_code rc;

	memset(out, 0, sizeof *out);
	(void)pthread_rwlock_init(&out->lock, NULL);
	out->rules = (struct oidc_rules){
	    .issuer = setting_text(s, SET_OIDC_ISSUER),
	    .audience = setting_text(s, SET_OIDC_AUDIENCE),
	    .subject_claim = setting_text(s, SET_OIDC_SUBJECT_CLAIM),
	    .role_claim = setting_text(s, SET_OIDC_ROLE_CLAIM),
	    .queue_claim = setting_text(s, SET_OIDC_QUEUE_CLAIM),
	    .max_age_sec = setting_int(s, SET_OIDC_MAX_AGE),
	};
	out->path = setting_text(s, SET_OIDC_JWKS);
	if (out->rules.issuer[0] == '\0')
		return STW_OK;
	if (out->rules.audience[0] == '\0' || out->path[0] == '\0')
		return stw_fail(err, STW_INVALID,
		    "setting oidc-issuer: oidc-audience and oidc-jwks go with it");
	rc = oidc_algorithms_parse(
	    str_of(setting_text(s, SET_OIDC_ALGORITHMS)), &out->rules.algorithms, err);
	if (rc != STW_OK)
		return stw_err_prefix(err, rc, "setting oidc-algorithms");
	rc = keys_read(out->path, &out->keys, &out->seen, err);
	out->on = rc == STW_OK;
	return rc;
}

void
oidc_close(struct oidc *oidc)
{
	json_decref(oidc->keys);
	(void)pthread_rwlock_destroy(&oidc->lock);
	memset(oidc, 0, sizeof *oidc);
}

/* ---- a request -------------------------------------------------------------------- */
static const char *
bearer(const char *header)
{
	if (header == NULL || strncasecmp(header, "Bearer ", 7) != 0)
		return NULL;
	header += 7;
	while (*header == ' ')
		header++;
	return header;
}

bool
oidc_is_token(const char *header)
{
	const char *token = bearer(header), *dot;

	dot = token == NULL ? NULL : strchr(token, '.');
	return dot != NULL && strchr(dot + 1, '.') != NULL;
}

/* The same for all tokens of a subject: a request that is repeated with a fresh token is
 * the same request (api/idempotency.h). */
static const char *
key_id(const char *subject, struct arena *arena)
{
	unsigned char hash[KEY_ID_HEX / 2];
	char hex[KEY_ID_HEX + 1];

	(void)crypto_generichash(hash, sizeof hash, (const unsigned char *)subject,
	    strlen(subject), NULL, 0);
	(void)sodium_bin2hex(hex, sizeof hex, hash, sizeof hash);
	return arena_printf(arena, "oidc-%s", hex);
}

static enum stw_code
check_block(struct db *db, const struct oidc_claims *claims, struct stw_err *err)
{
	const struct db_param params[] = {
	    db_text(claims->subject), db_usec(claims->issued_at * STW_USEC_SEC)};
	struct db_rows *rows = NULL;
	enum stw_code rc;

	rc = db_query(db, DB_Q_TOKEN_BLOCK_GET, params, DB_NPARAMS(params), &rows, err);
	if (rc == STW_OK && db_rows_count(rows) > 0)
		rc = stw_fail(err, STW_DENIED, "the subject's tokens were revoked");
	db_rows_free(rows);
	return rc;
}

enum stw_code
oidc_check(struct oidc *oidc, struct db *db, const char *header, struct arena *arena,
    struct actor *out, struct stw_err *err)
{
	struct oidc_claims claims;
	struct stw_clock real;
	enum stw_code rc;

	memset(out, 0, sizeof *out);
	clock_set_real(&real);
	if (!oidc->on)
		return stw_fail(
		    err, STW_DENIED, "the token is unknown, expired or revoked");
	refresh(oidc);
	(void)pthread_rwlock_rdlock(&oidc->lock);
	rc = oidc_verify(&oidc->rules, oidc->keys, str_of(bearer(header)),
	    clock_now(&real) / STW_USEC_SEC, arena, &claims, err);
	(void)pthread_rwlock_unlock(&oidc->lock);
	if (rc == STW_OK)
		rc = check_block(db, &claims, err);
	if (rc == STW_DENIED) {
		log_event(LOG_WARN, "oidc_refused", "why=\"%s\"", err->text);
		return stw_fail(
		    err, STW_DENIED, "the token is unknown, expired or revoked");
	}
	if (rc != STW_OK)
		return rc;
	*out = (struct actor){
	    .key_id = key_id(claims.subject, arena),
	    .subject = claims.subject,
	    .role = claims.role,
	    .queue = claims.queue,
	    .expires_at = claims.expires_at * STW_USEC_SEC,
	};
	return STW_OK;
}
