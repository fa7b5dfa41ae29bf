/*
 * registry_stub.h - a registry's service on loopback that answers as it is told.
 *
 * Purpose    For tests of questions over HTTP: one thread, one request a connection. It keeps
 *            what it was asked last, and may look at the database meanwhile.
 * Errors     None: what fails stops the test.
 * Threads    registry_stub_set between requests only.
 */
#ifndef STW_TESTS_LIB_REGISTRY_STUB_H
#define STW_TESTS_LIB_REGISTRY_STUB_H

/* Starts once; the address to be asked at is in *url (static). */
void registry_stub_start(const char **url);
void registry_stub_stop(void);
/* status 0: accepts and says nothing. extra: a header line with its end, or "". */
void registry_stub_set(int status, const char *extra, const char *body);
/* Called while a question waits for its answer; NULL: nobody. */
void registry_stub_watch(void (*watch)(void));
int registry_stub_asked(void);
/* The whole of the last request. */
const char *registry_stub_request(void);

#endif
