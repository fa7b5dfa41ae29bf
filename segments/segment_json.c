#include <string.h>

#include <jansson.h>
#include <sodium.h>

#include "segments/segment.h"
#include "segments/suggest.h"
#include "segments/unpack_json.h"

#define MAX_TEXT 200 /* bytes of a name */

static enum stw_code
check_text(const char *what, const char *text, struct stw_err *err)
{
	if (text[0] == '\0' || strlen(text) > MAX_TEXT)
		return stw_fail(
		    err, STW_INVALID, "%s has 1 to %d bytes", what, MAX_TEXT);
	return STW_OK;
}

enum stw_code
segment_parse(
    struct str json, struct arena *arena, struct segment_def *out, struct stw_err *err)
{
	const char *code, *zh, *en, *rule;
	char said[UNPACK_FAULT];
	json_error_t fault;
	enum stw_code rc;
	json_t *root;

	*out = (struct segment_def){0};
	if (json.len > SEGMENT_MAX_DOCUMENT)
		return stw_fail(err, STW_INVALID, "the segment is longer than 64 KiB");
	root = json_loadb(json.ptr, json.len, JSON_REJECT_DUPLICATES, &fault);
	if (root == NULL)
		return stw_fail_at(
		    err, STW_INVALID, fault.line, fault.column, "%s", fault.text);
	if (json_unpack_ex(root, &fault, JSON_STRICT, "{s:s, s:{s:s, s:s !}, s:s}",
		"code", &code, "name", "zh", &zh, "en", &en, "rule", &rule) != 0) {
		rc = stw_fail(
		    err, STW_INVALID, "segment: %s", unpack_fault(fault.text, said));
		goto done;
	}
	rc = check_text("name.zh", zh, err);
	if (rc == STW_OK)
		rc = check_text("name.en", en, err);
	if (rc == STW_OK && !code_valid(str_of(code)))
		rc = stw_fail(err, STW_INVALID,
		    "code: small letters, digits and _, at most 63, a letter first");
	if (rc == STW_OK)
		*out = (struct segment_def){
		    .code = arena_strdup(arena, code),
		    .name_zh = arena_strdup(arena, zh),
		    .name_en = arena_strdup(arena, en),
		    .rule = arena_strdup(arena, rule),
		};
done:
	json_decref(root);
	return rc;
}

void
segment_hash(const struct segment_def *def, unsigned char out[32])
{
	crypto_hash_sha256(out, (const unsigned char *)def->rule, strlen(def->rule));
}
