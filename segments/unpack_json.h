/*
 * unpack_json.h - what is wrong with a document, in words of whoever wrote it.
 *
 * Purpose    json_unpack_ex says "1 object item(s) left unpacked: colour"; whoever wrote the
 *            document wants to know that there is no member "colour".
 */
#ifndef STW_SEGMENTS_UNPACK_JSON_H
#define STW_SEGMENTS_UNPACK_JSON_H

#define UNPACK_FAULT 200

/* text: of the json_error_t. Gives to. */
const char *unpack_fault(const char *text, char to[UNPACK_FAULT]);

#endif
