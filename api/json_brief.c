#include "api/json_brief.h"

#include <string.h>

#include "engine/doubles_json.h"

char *
json_dumps_brief(const json_t *value, size_t flags)
{
	char *text = json_dumps(value, flags);

	if (text != NULL)
		text[json_doubles_shorten(text, strlen(text))] = '\0';
	return text;
}
