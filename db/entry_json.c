#include "db/entry_json.h"

#include <stdlib.h>
#include <string.h>

#include <jansson.h>
#include <sodium.h>

#include "engine/err.h"

void
entry_write(const char *kind, const char *id, stw_usec at,
    const struct entry_field *fields, int nfields, struct buf *to)
{
	char when[STW_USEC_TEXT];
	json_t *doc = json_object();
	char *text;
	bool ok;

	STW_ASSERT(doc != NULL);
	ok =
	    json_object_set_new(doc, "kind", json_string(kind)) == 0 &&
	    json_object_set_new(doc, "id", json_string(id)) == 0 &&
	    json_object_set_new(doc, "at", json_string(stw_usec_format(at, when))) == 0;
	for (int i = 0; i < nfields && ok; i++) {
		const struct entry_field *f = &fields[i];

		if (f->is_int)
			ok =
			    json_object_set_new(doc, f->key, json_integer(f->num)) == 0;
		else if (f->text != NULL)
			ok =
			    json_object_set_new(doc, f->key, json_string(f->text)) == 0;
	}
	/* Only text that is not UTF-8 gets here; the database holds none. */
	STW_ASSERT(ok);
	text = json_dumps(doc, JSON_COMPACT | JSON_SORT_KEYS);
	STW_ASSERT(text != NULL);
	buf_add(to, text, strlen(text));
	free(text);
	json_decref(doc);
}

void
entry_salt(unsigned char salt[ENTRY_SALT_BYTES])
{
	randombytes_buf(salt, ENTRY_SALT_BYTES);
}

void
entry_commit(const unsigned char salt[ENTRY_SALT_BYTES], struct str text,
    char out[ENTRY_COMMITMENT])
{
	crypto_auth_hmacsha256_state state;
	unsigned char mac[crypto_auth_hmacsha256_BYTES];

	(void)crypto_auth_hmacsha256_init(&state, salt, ENTRY_SALT_BYTES);
	(void)crypto_auth_hmacsha256_update(
	    &state, (const unsigned char *)text.ptr, text.len);
	(void)crypto_auth_hmacsha256_final(&state, mac);
	(void)sodium_bin2hex(out, ENTRY_COMMITMENT, mac, sizeof mac);
}
