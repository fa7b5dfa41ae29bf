/*
 * json_brief.h - JSON with doubles as people write them (engine/doubles_json.h).
 */
#ifndef STW_API_JSON_BRIEF_H
#define STW_API_JSON_BRIEF_H

#include <jansson.h>

/* As json_dumps: to be freed, NULL on a fault. */
char *json_dumps_brief(const json_t *value, size_t flags);

#endif
