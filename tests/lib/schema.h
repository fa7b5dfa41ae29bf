/*
 * schema.h - does a JSON value look as the OpenAPI document says?
 *
 * Purpose    The part of JSON Schema that api/openapi.json uses: $ref, oneOf, type, enum,
 *            required, properties, items, additionalProperties. Stricter in one thing: a
 *            member that the document does not know is a fault, so the document has to
 *            keep up with the server.
 */
#ifndef STW_TESTS_LIB_SCHEMA_H
#define STW_TESTS_LIB_SCHEMA_H

#include <stdbool.h>
#include <stddef.h>

#include <jansson.h>

/* fault (size bytes) gets the place and what is wrong. */
bool schema_matches(
    json_t *document, json_t *schema, json_t *value, char *fault, size_t size);

#endif
