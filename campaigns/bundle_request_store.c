#include "campaigns/bundle_request_store.h"

#include <sodium.h>

#include "campaigns/export_approval_store.h"
#include "engine/phone.h"
#include "segments/customer_key_store.h"

#define WHAT "bundle"

/* ---- what it is about, in words ------------------------------------------------------------ */
static const char *
scope_text(const struct bundle_ask *ask, const char *mask, struct arena *arena)
{
	char from[STW_USEC_TEXT] = "-", to[STW_USEC_TEXT] = "-";

	if (ask->from != STW_USEC_NEVER)
		(void)stw_usec_format(ask->from, from);
	if (ask->to != STW_USEC_MAX)
		(void)stw_usec_format(ask->to, to);
	return arena_printf(arena, "%s%s from=%s to=%s",
	    ask->complaint != NULL  ? "complaint="
	    : ask->customer != NULL ? "customer="
	    : ask->phone != NULL    ? "number="
	    : ask->campaign != NULL ? "campaign="
				    : "period",
	    ask->complaint != NULL  ? ask->complaint
	    : ask->customer != NULL ? ask->customer
	    : ask->phone != NULL    ? mask
	    : ask->campaign != NULL ? ask->campaign
				    : "",
	    from, to);
}

/* ---- the number ---------------------------------------------------------------------------- */
/* It opens in the request that it was sealed for only. */
static const char *
column_of(const struct uuid *id, struct arena *arena)
{
	char text[UUID_TEXT];

	return arena_printf(arena, "bundle_request.phone:%s", uuid_format(id, text));
}

static enum stw_code
number_seal(struct db *db, const struct seal_keys *keys, const struct uuid *id,
    const char *number, struct arena *arena, struct buf *sealed, struct stw_err *err)
{
	struct seal_customer key = {0};
	struct phone phone;
	enum stw_code rc;

	if (number == NULL)
		return STW_OK;
	rc = phone_parse(str_of(number), "CN", &phone, err);
	if (rc == STW_OK)
		rc = customer_key_load(db, keys, 0, 0, &key, err);
	if (rc == STW_OK)
		seal_text(&key, 0, column_of(id, arena), str_of(phone.e164), sealed);
	sodium_memzero(&key, sizeof key);
	return rc;
}

static enum stw_code
number_open(struct db *db, const struct seal_keys *keys, const struct uuid *id,
    struct str sealed, struct arena *arena, const char **out, struct stw_err *err)
{
	struct seal_customer key = {0};
	struct buf plain;
	enum stw_code rc;

	*out = NULL;
	if (sealed.len == 0)
		return STW_OK;
	buf_init(&plain);
	rc = customer_key_load(db, keys, 0, 0, &key, err);
	if (rc == STW_OK)
		rc = seal_open(&key, 0, column_of(id, arena), sealed, &plain, err);
	if (rc == STW_OK)
		*out = arena_strndup(arena, plain.data, plain.len);
	sodium_memzero(&key, sizeof key);
	if (plain.data != NULL)
		sodium_memzero(plain.data, plain.cap);
	buf_fini(&plain);
	return rc;
}

/* ---- asked for ----------------------------------------------------------------------------- */
static enum stw_code
scope_put(struct db *db, const struct seal_keys *keys, const struct bundle_ask *ask,
    const struct uuid *id, stw_usec now, struct arena *arena, struct stw_err *err)
{
	const struct db_param when[] = {db_usec(now)};
	char text[UUID_TEXT];
	struct buf sealed;
	enum stw_code rc;

	buf_init(&sealed);
	rc = db_query(db, DB_Q_BUNDLE_REQUEST_PRUNE, when, 1, NULL, err);
	if (rc == STW_OK)
		rc = number_seal(db, keys, id, ask->phone, arena, &sealed, err);
	const struct db_param params[] = {db_text(uuid_format(id, text)),
	    db_text(ask->complaint), db_text(ask->customer), db_text(ask->campaign),
	    sealed.len > 0 ? db_bytes(sealed.data, sealed.len) : db_null(),
	    db_usec(ask->from), db_usec(ask->to)};

	if (rc == STW_OK)
		rc = db_query(db, DB_Q_BUNDLE_REQUEST_INSERT, params,
		    DB_NPARAMS(params), NULL, err);
	buf_fini(&sealed);
	return rc;
}

enum stw_code
bundle_request(struct db *db, const struct seal_keys *keys,
    const struct bundle_ask *ask, const char *purpose, const char *actor, stw_day today,
    stw_usec now, struct arena *arena, struct uuid *id, struct stw_err *err)
{
	struct phone phone = {0};
	const char *mask = "";
	struct buf shown;
	enum stw_code rc = bundle_ask_check(db, ask, today, arena, err);

	buf_init(&shown);
	if (rc == STW_OK && ask->phone != NULL)
		rc = phone_parse(str_of(ask->phone), "CN", &phone, err);
	if (rc == STW_OK && ask->phone != NULL) {
		seal_mask_phone(str_of(phone.national), &shown);
		mask = arena_strndup(arena, shown.data, shown.len);
	}
	sodium_memzero(&phone, sizeof phone);
	buf_fini(&shown);
	if (rc == STW_OK)
		rc = export_ask(db, WHAT, scope_text(ask, mask, arena), purpose, actor,
		    now, id, err);
	if (rc == STW_OK)
		rc = scope_put(db, keys, ask, id, now, arena, err);
	return rc;
}

/* ---- taken --------------------------------------------------------------------------------- */
enum stw_code
bundle_request_take(struct db *db, const struct seal_keys *keys, const struct uuid *id,
    const char *actor, stw_usec now, struct arena *arena, struct bundle_ask *ask,
    const char **purpose, const char **approver, struct stw_err *err)
{
	char text[UUID_TEXT];
	const struct db_param params[] = {db_text(uuid_format(id, text)), db_usec(now)};
	struct db_rows *rows = NULL;
	enum stw_code rc = db_query(
	    db, DB_Q_BUNDLE_REQUEST_TAKE, params, DB_NPARAMS(params), &rows, err);

	*ask = (struct bundle_ask){0};
	if (rc == STW_OK && db_rows_count(rows) == 0)
		rc = stw_fail(err, STW_DENIED,
		    "request %s does not allow this: it is no bundle's, its bundle was "
		    "taken, or it is older than two weeks",
		    text);
	if (rc == STW_OK)
		rc = export_approval_use(db, id, WHAT, db_get_text(rows, 0, 6, arena),
		    actor, now, arena, purpose, approver, err);
	if (rc == STW_OK)
		rc = number_open(db, keys, id, db_get_bytes(rows, 0, 3, arena), arena,
		    &ask->phone, err);
	if (rc == STW_OK) {
		ask->complaint = db_get_text(rows, 0, 0, arena);
		ask->customer = db_get_text(rows, 0, 1, arena);
		ask->campaign = db_get_text(rows, 0, 2, arena);
		ask->from = db_get_usec(rows, 0, 4);
		ask->to = db_get_usec(rows, 0, 5);
	}
	db_rows_free(rows);
	return rc;
}
