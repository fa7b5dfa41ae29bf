#include "segments/change_store.h"

#include "db/entry_json.h"
#include "db/ledger.h"

enum stw_code
rule_change_append(struct db *db, const struct rule_change *change, struct stw_err *err)
{
	struct buf hash, id, entry;
	enum stw_code rc;

	buf_init(&hash);
	buf_init(&id);
	buf_init(&entry);
	buf_add_hex(&hash, change->hash, 32);
	buf_printf(&id, "%s/%s/%d/%s", change->subject, change->code, change->version,
	    change->action);
	{
		const struct entry_field fields[] = {
		    ENTRY_TEXT("action", change->action),
		    ENTRY_TEXT("actor", change->actor),
		    ENTRY_TEXT("code", change->code),
		    ENTRY_TEXT("hash", hash.data),
		    ENTRY_TEXT("subject", change->subject),
		    ENTRY_INT("version", change->version),
		};

		entry_write("rule_change", id.data, change->at, fields,
		    (int)STW_ARRAY_LEN(fields), &entry);
	}
	rc = ledger_append(
	    db, -1, "rule_change", (struct str){entry.data, entry.len}, err);
	buf_fini(&hash);
	buf_fini(&id);
	buf_fini(&entry);
	return rc;
}
