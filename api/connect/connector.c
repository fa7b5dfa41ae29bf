#include "api/connect/connector.h"

#include <stdio.h>
#include <string.h>

#include "engine/embed.h"

#define PRESETS "api/connect/presets/"

const char *
connector_op_name(enum connector_op_kind op)
{
	static const char *const names[CONNECTOR_OPS] = {"offer", "recall", "status"};

	return names[op];
}

const char *
connector_verdict_name(enum connector_verdict verdict)
{
	static const char *const names[CONNECTOR_VERDICTS] = {
	    "unknown", "accepted", "duplicate", "retry", "refused", "absent"};

	return names[verdict];
}

bool
connector_preset_next(size_t *at, struct str *name, struct str *document)
{
	const struct embed_file *file = embed_next(PRESETS, at);
	const size_t prefix = sizeof PRESETS - 1, suffix = sizeof ".json" - 1;

	if (file == NULL)
		return false;
	*name = (struct str){file->name + prefix, strlen(file->name) - prefix - suffix};
	*document = (struct str){file->data, (size_t)file->len};
	return true;
}

enum stw_code
connector_preset(const char *name, struct str *out, struct stw_err *err)
{
	struct str found;
	struct buf names;
	size_t at = 0;

	while (connector_preset_next(&at, &found, out))
		if (str_eq_c(found, name))
			return STW_OK;
	buf_init(&names);
	at = 0;
	while (connector_preset_next(&at, &found, out))
		buf_printf(&names, "%s%.*s", names.len > 0 ? ", " : "", STR_FMT(found));
	(void)stw_fail(err, STW_NOT_FOUND, "there is no preset %.60s: %s", name,
	    names.len > 0 ? names.data : "none is built in");
	buf_fini(&names);
	return STW_NOT_FOUND;
}
