/*
 * Takes any bytes as one request line of `steward rule eval --ndjson`. Whatever it is,
 * the answer is one line of JSON: an object with a value, a type or an error.
 */
#include <string.h>

#include <jansson.h>

#include "engine/rule_value_json.h"

#define NOW ((stw_usec)1795399200 * 1000000)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf answer;
	bool failed, valued, checked;
	json_t *json;

	buf_init(&answer);
	rule_answer_json(
	    (struct str){(const char *)data, size}, NOW, size % 2 != 0, &answer);
	STW_ASSERT(memchr(answer.data, '\n', answer.len) == NULL);
	json = json_loadb(answer.data, answer.len, JSON_ALLOW_NUL, NULL);
	STW_ASSERT(json_is_object(json));
	failed = json_object_get(json, "error") != NULL;
	valued = json_object_get(json, "value") != NULL;
	checked = json_object_get(json, "checked") != NULL;
	STW_ASSERT(!(failed && valued) && (failed || valued || checked));
	json_decref(json);
	buf_fini(&answer);
	return 0;
}
