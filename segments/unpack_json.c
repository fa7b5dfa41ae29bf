#include "segments/unpack_json.h"

#include <stdio.h>
#include <string.h>

const char *
unpack_fault(const char *text, char to[UNPACK_FAULT])
{
	static const char missing[] = "Object item not found: ";
	static const char unknown[] = "object item(s) left unpacked: ";
	static const char type[] = "Expected ";
	const char *at = strstr(text, unknown), *got = strstr(text, ", got ");

	if (at != NULL)
		(void)snprintf(to, UNPACK_FAULT, "there is no member \"%.100s\"",
		    at + sizeof unknown - 1);
	else if (strncmp(text, missing, sizeof missing - 1) == 0)
		(void)snprintf(to, UNPACK_FAULT, "the member \"%.100s\" is missing",
		    text + sizeof missing - 1);
	else if (strncmp(text, type, sizeof type - 1) == 0 && got != NULL)
		(void)snprintf(to, UNPACK_FAULT,
		    "a member is of the type %.20s, not %.*s", got + 6,
		    (int)(got - text - (int)sizeof type + 1), text + sizeof type - 1);
	else
		(void)snprintf(to, UNPACK_FAULT, "%.150s", text);
	return to;
}
