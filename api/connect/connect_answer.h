/*
 * connect_answer.h - what a target's answer means.
 *
 * Purpose    The first case of the connector whose condition holds decides; where none
 *            does, the table of statuses that every queue shares (api/push/verdict.h).
 * Errors     None: what cannot be understood is CONNECTOR_UNKNOWN or what the status says.
 */
#ifndef STW_API_CONNECT_CONNECT_ANSWER_H
#define STW_API_CONNECT_CONNECT_ANSWER_H

#include "api/connect/connect_request.h"
#include "api/push/verdict.h"

struct connect_answer {
	enum connector_verdict verdict;
	bool queue_failed;     /* counts against the queue's health */
	const char *remote_id; /* in the arena; NULL: none */
};

/* Of task `task` of the call. dedupes: the queue's, which may know better than its
 * connector. */
struct connect_answer connect_answer_judge(const struct connect_call *call, int task,
    const struct http_result *answer, bool dedupes, struct arena *arena);

/* ---- the document's own tests ---------------------------------------------------------- */
struct connect_example_result {
	const char *name;
	bool passed;
	char en[400], zh[400]; /* what was different */
};
/* All of connector->examples, with an account made of the settings' examples. results has
 * room for each. Returns how many passed. */
int connect_examples_run(const struct connector *connector, struct arena *arena,
    struct connect_example_result *results);
/* That account: settings by their examples, secrets "example". */
void connect_example_account(const struct connector *connector, struct arena *arena,
    struct connect_account *out);

#endif
