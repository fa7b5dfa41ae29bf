#include "campaigns/complaint_trace_store.h"

#include "segments/key_store.h"

void
complaint_stretch(const struct complaint_row *c, stw_usec *from, stw_usec *to)
{
	stw_usec about = c->about_at != STW_USEC_NEVER ? c->about_at : c->received_at;

	*from = about - 2 * STW_USEC_DAY;
	*to = about + 2 * STW_USEC_DAY;
}

enum stw_code
complaint_trace(struct db *db, const struct seal_keys *keys,
    const struct complaint_row *c, stw_usec from, stw_usec to, struct arena *arena,
    struct trace *out, struct stw_err *err)
{
	unsigned char now[SEAL_INDEX_BYTES], before[SEAL_INDEX_BYTES];
	struct trace_subject subject = {
	    .bucket = c->bucket, .customer_id = c->customer_id};
	const char *phone, *words;
	struct index_key key = {0};
	stw_usec sealed = STW_USEC_NEVER;
	enum stw_code rc;

	rc = index_key_hold(db, keys, &key, err);
	if (rc == STW_OK)
		rc = complaint_open(db, keys, c, arena, &phone, &words, err);
	if (rc == STW_OK)
		rc = trace_sealed_until(db, &sealed, err);
	if (rc != STW_OK)
		return rc;
	if (phone != NULL) {
		seal_index(keys, key.now, str_of(phone), now);
		subject.index = now;
		if (key.before != 0) {
			seal_index(keys, key.before, str_of(phone), before);
			subject.index_before = before;
		}
	} else if (c->customer_id == 0) {
		return stw_fail(err, STW_CONFLICT,
		    "the complaint names neither a number nor a customer: there is nothing to "
		    "trace; record who or which number it is about");
	}
	return trace_find(db, &subject, from, to, sealed, arena, out, err);
}
