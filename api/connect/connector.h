/*
 * connector.h - how one kind of queue is spoken to, as a document.
 *
 * Purpose    A connector says how a task becomes a request of a contact centre's own
 *            interface, how it is signed, and what the answer means. The document is JSON
 *            (docs/connectors.md, docs/connector.schema.json); what varies from task to
 *            task in it are expressions of the rule language in {{ }}.
 *            Pure: document and task in, bytes out; answer in, verdict out. No network, no
 *            database, no clock.
 * Ownership  A connector lives in the arena that it was parsed into, and borrows nothing.
 * Errors     INVALID with a fault: where (JSON Pointer, line, column) and what to do, in
 *            English and Chinese. A key that is not known is refused.
 * Threads    A parsed connector is immutable; any number of threads may use it.
 */
#ifndef STW_API_CONNECT_CONNECTOR_H
#define STW_API_CONNECT_CONNECTOR_H

#include <stdint.h>

#include "engine/arena.h"
#include "engine/buf.h"
#include "engine/err.h"
#include "engine/time.h"

#define CONNECTOR_TEXT_MAX     ((size_t)64 * 1024)
#define CONNECTOR_SETTINGS_MAX 16
#define CONNECTOR_BATCH_MAX    100

enum connector_op_kind { CONNECTOR_OFFER = 0, CONNECTOR_RECALL, CONNECTOR_STATUS };
#define CONNECTOR_OPS 3
const char *connector_op_name(enum connector_op_kind op); /* "offer" */

enum connector_auth_kind {
	CONNECTOR_AUTH_NONE = 0,
	CONNECTOR_AUTH_WEBHOOK, /* Standard Webhooks */
	CONNECTOR_AUTH_BEARER,
	CONNECTOR_AUTH_BASIC,
	CONNECTOR_AUTH_OAUTH2, /* client credentials */
	CONNECTOR_AUTH_AWS,    /* Signature Version 4 */
	CONNECTOR_AUTH_HUAWEI, /* AK/SK of Huawei's contact centre */
};
#define CONNECTOR_SECRETS_MAX 3

/* UNKNOWN is zero: an answer that nobody understood must not count as a success. */
enum connector_verdict {
	CONNECTOR_UNKNOWN = 0, /* it may have taken effect */
	CONNECTOR_ACCEPTED,
	CONNECTOR_DUPLICATE, /* it was there already: as good as accepted */
	CONNECTOR_RETRY,     /* not taken; again later */
	CONNECTOR_REFUSED,   /* not taken, and never will be */
	CONNECTOR_ABSENT,    /* of a status query: the target does not have it */
};
#define CONNECTOR_VERDICTS 6
const char *connector_verdict_name(enum connector_verdict verdict);

struct connector_setting {
	const char *name, *zh, *en;
	bool required;
	const char *example; /* NULL: none */
};

struct connector_template; /* one text or one JSON value with places to fill in */
struct rule;

struct connector_header {
	const char *name;
	const struct connector_template *value;
};

struct connector_case {
	const struct rule *when;
	enum connector_verdict verdict;
	const struct rule *remote_id; /* NULL: the answer has none */
};

enum connector_content { CONNECTOR_NO_BODY = 0, CONNECTOR_JSON, CONNECTOR_FORM };

struct connector_op {
	const char *method; /* NULL: the connector has no such operation */
	const struct connector_template *path;
	enum connector_content content;
	const char *content_type;
	const struct connector_template *body;
	const struct connector_header *headers;
	int nheaders;
	const struct connector_case *cases;
	int ncases;
	/* What has to be there before it can be asked. */
	bool needs_remote_id;
};

struct connector_auth {
	enum connector_auth_kind kind;
	const struct connector_template *token_url, *region; /* OAUTH2; AWS */
	const char *scope;                                   /* OAUTH2, or NULL */
	bool client_in_body; /* OAUTH2: id and secret as form fields, not as basic */
	const char *service; /* AWS */
	const char *secrets[CONNECTOR_SECRETS_MAX];
	int nsecrets, nsecrets_required;
};

/* One of the document's own tests: what is sent and how an answer counts. */
struct connector_example {
	const char *name;
	enum connector_op_kind op;
	const char *expect_path; /* NULL: not said */
	struct str expect_body;  /* ptr NULL: not said */
	int status;
	struct str answer;
	enum connector_verdict verdict;
	const char *remote_id; /* expected; NULL: not said */
};

struct connector {
	const char *name, *zh, *en;
	int version;
	const struct connector_setting *settings;
	int nsettings;
	struct connector_auth auth;
	bool dedupes, phone; /* phone: requests hold the telephone number */
	int batch_size;      /* 1: one task a request */
	stw_usec batch_pause;
	struct connector_op ops[CONNECTOR_OPS];
	const struct connector_example *examples;
	int nexamples;
};

struct connector_fault {
	int line, column;
	char pointer[160];
	char en[400], zh[600]; /* without the pointer */
};

/* fault may be NULL; err has the pointer and the English text. */
enum stw_code connector_parse(struct str text, struct arena *arena,
    struct connector *out, struct connector_fault *fault,
    struct stw_err *err) STW_MUST_USE;

/* ---- those that the binary carries ----------------------------------------------------- */
/* The document of a preset; NOT_FOUND names those that there are. */
enum stw_code connector_preset(
    const char *name, struct str *out, struct stw_err *err) STW_MUST_USE;
/* The next preset's document, its name with it; *at starts at 0. False at the end. */
bool connector_preset_next(size_t *at, struct str *name, struct str *document);

#endif
