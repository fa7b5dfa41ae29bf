#include "campaigns/compliance/pack_store.h"

#include <string.h>

#include <sodium.h>

#include "campaigns/compliance/ruleset.h"
#include "db/entry_json.h"
#include "db/ledger.h"

static enum stw_code
pack_hash(const char *pack, const char *version, const char **hex,
    struct pack_info *all, int max, struct stw_err *err)
{
	int n = ruleset_embedded(all, max);

	for (int i = 0; i < n; i++)
		if (strcmp(all[i].pack, pack) == 0 &&
		    strcmp(all[i].version, version) == 0) {
			*hex = all[i].hash_hex;
			return STW_OK;
		}
	return stw_fail(
	    err, STW_NOT_FOUND, "this steward carries no pack %s %s", pack, version);
}

static enum stw_code
activate_in_tx(struct db *db, const char *pack, const char *version, const char *hex,
    stw_usec from, const char *by, const char *approver, stw_usec now, bool *added,
    struct stw_err *err)
{
	unsigned char hash[32];
	char since[STW_USEC_TEXT];
	struct db_rows *rows = NULL;
	struct buf entry;
	enum stw_code rc;

	STW_ASSERT(sodium_hex2bin(hash, sizeof hash, hex, 64, NULL, NULL, NULL) == 0);
	const struct db_param params[] = {db_text(pack), db_text(version),
	    db_bytes(hash, sizeof hash), db_usec(from), db_text(by), db_text(approver),
	    db_usec(now)};
	rc = db_query(db, DB_Q_PACK_ACTIVATE, params, DB_NPARAMS(params), &rows, err);
	*added = rc == STW_OK && db_rows_count(rows) == 1;
	db_rows_free(rows);
	if (rc != STW_OK || !*added)
		return rc;
	const struct entry_field fields[] = {ENTRY_TEXT("what", "pack"),
	    ENTRY_TEXT("version", version), ENTRY_TEXT("sha256", hex),
	    ENTRY_TEXT("actor", by), ENTRY_TEXT("approved_by", approver),
	    ENTRY_TEXT("from", stw_usec_format(from, since)),
	    ENTRY_TEXT("change", "activated")};
	buf_init(&entry);
	entry_write(
	    "rule_change", pack, now, fields, (int)STW_ARRAY_LEN(fields), &entry);
	rc = ledger_append(
	    db, -1, "rule_change", (struct str){entry.data, entry.len}, err);
	buf_fini(&entry);
	return rc;
}

enum stw_code
pack_activate(struct db *db, const char *pack, const char *version, stw_usec from,
    const char *activated_by, const char *approved_by, stw_usec now, bool *added,
    struct stw_err *err)
{
	struct pack_info all[32];
	const char *hex = NULL;
	int passed;
	enum stw_code rc;

	*added = false;
	if (strcmp(activated_by, approved_by) == 0)
		return stw_fail(err, STW_CONFLICT,
		    "pack %s %s: somebody other than %s has to approve it", pack,
		    version, activated_by);
	rc = pack_hash(pack, version, &hex, all, (int)STW_ARRAY_LEN(all), err);
	if (rc == STW_OK)
		rc = ruleset_test_pack(pack, version, &passed, err);
	if (rc == STW_OK)
		rc = db_begin(db, err);
	if (rc != STW_OK)
		return rc;
	rc = activate_in_tx(
	    db, pack, version, hex, from, activated_by, approved_by, now, added, err);
	if (rc == STW_OK)
		return db_commit(db, err);
	db_rollback(db);
	return rc;
}
