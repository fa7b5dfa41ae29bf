/*
 * connect_priv.h - what the files of api/connect share.
 */
#ifndef STW_API_CONNECT_CONNECT_PRIV_H
#define STW_API_CONNECT_CONNECT_PRIV_H

#include <jansson.h>

#include "api/connect/connect_request.h"
#include "engine/json_place.h"
#include "engine/rule.h"

/* ---- what expressions may speak of ------------------------------------------------------ */
enum scope_slot {
	SLOT_TASK = 0,
	SLOT_CONFIG,
	SLOT_QUEUE,
	SLOT_STATUS, /* answers only */
	SLOT_BODY,   /* answers only */
	SLOTS
};

/* With the answer's variables when answer is set. */
struct rule_env *scope_env(
    const struct connector *connector, bool answer, struct arena *arena);
/* One case. `task` is what expressions see as task; the object borrows it. */
struct scope {
	struct rule_value vars[SLOTS];
	struct rule_eval_ctx ctx;
};
void scope_init(struct scope *scope, const struct connect_call *call,
    const struct connect_task *task, struct arena *arena);
/* A JSON value as one of the rule language; what is nested too deep has no value. */
struct rule_value scope_value(const json_t *json, struct arena *arena);
/* The reverse; NULL: there is no JSON for it. */
json_t *scope_json(const struct rule_value *v);

/* ---- templates ------------------------------------------------------------------------- */
enum template_kind {
	TEMPLATE_FIXED = 0, /* a JSON value without places */
	TEMPLATE_TEXT,      /* parts one after the other */
	TEMPLATE_VALUE,     /* one place, which keeps the type of its value */
	TEMPLATE_LIST,
	TEMPLATE_OBJECT,
	TEMPLATE_JSON,  /* {"$json": x}: x as JSON text */
	TEMPLATE_TASKS, /* {"$tasks": x}: x for each task */
};

struct template_part {
	struct str literal;      /* rule NULL */
	const struct rule *rule; /* else a place */
};

struct connector_template {
	enum template_kind kind;
	bool optional;       /* VALUE: "{{? x }}" is left out where x has no value */
	const char *fixed;   /* FIXED: its JSON text */
	const char *pointer; /* where it stands, for errors */
	const struct template_part *parts;
	const char *const *names; /* OBJECT */
	const struct connector_template *const *items;
	int count; /* of parts or items */
};

/* Finished documents only: nothing here fails but an expression. */
enum text_escape { ESCAPE_NONE = 0, ESCAPE_PATH };
enum stw_code template_text(const struct connector_template *t, struct scope *scope,
    enum text_escape escape, struct buf *to, bool *has, struct stw_err *err);
/* *out NULL: it is left out. */
enum stw_code template_json(const struct connector_template *t,
    const struct connect_call *call, struct scope *scope, json_t **out,
    struct stw_err *err);

/* Unreserved characters as they are, everything else as %XX. */
void percent_encode(struct str text, struct buf *to);

/* ---- reading a document ----------------------------------------------------------------- */
#define READ_STEPS 16

struct reader {
	struct arena *arena;
	struct str text;
	struct json_step path[READ_STEPS + 1];
	int depth;
	struct connector_fault *fault;
	struct stw_err *err;
	struct connector *to;
	struct rule_env *env;        /* of requests */
	struct rule_env *answer_env; /* of answers */
	bool uses_tasks, uses_phone, uses_remote_id;
};

enum read_fault {
	FAULT_JSON = 0,
	FAULT_LONG,
	FAULT_DEEP,
	FAULT_KEY,
	FAULT_MISSING,
	FAULT_OBJECT,
	FAULT_LIST,
	FAULT_TEXT,
	FAULT_BOOL,
	FAULT_NUMBER,
	FAULT_WORD,
	FAULT_NAME,
	FAULT_BRACES,
	FAULT_RULE,
	FAULT_BODY,
	FAULT_FORM,
	FAULT_TASKS,
	FAULT_NO_TASKS,
	FAULT_PHONE,
	FAULT_NO_PHONE,
	FAULT_PHONE_PATH,
	FAULT_HEADER,
	FAULT_TOKEN_URL,
};
/* Fills fault and err; a and b go into the text. Always INVALID. */
enum stw_code read_fail(
    struct reader *r, enum read_fault what, const char *a, const char *b);
void read_enter(struct reader *r, const char *key, size_t index);
void read_leave(struct reader *r);
/* Where the reader is, as a JSON Pointer, in the arena. */
const char *read_pointer(const struct reader *r);

/* Members of an object, with the reader at the object. */
enum stw_code read_keys(
    struct reader *r, const json_t *object, const char *const *known);
enum stw_code read_text(struct reader *r, const json_t *object, const char *key,
    bool required, const char **out);
enum stw_code read_bool(
    struct reader *r, const json_t *object, const char *key, bool *out);
enum stw_code read_int(struct reader *r, const json_t *object, const char *key, int min,
    int max, int *out);
/* *out is the index of the word; required. */
enum stw_code read_word(struct reader *r, const json_t *object, const char *key,
    const char *const *words, int count, int *out);

/* A text with places; the reader stands at it. */
enum stw_code read_template(
    struct reader *r, const json_t *json, const struct connector_template **out);
enum stw_code read_rule(struct reader *r, const struct rule_env *env, struct str text,
    bool want_bool, const struct rule **out);
enum stw_code read_operation(struct reader *r, const json_t *json,
    enum connector_op_kind op, struct connector_op *out);
enum stw_code read_examples(struct reader *r, const json_t *json);

/* Headers of the authentication, appended to what the request has. */
struct header_list {
	const char **lines;
	bool *secret;
	int count, room;
};
void header_add(struct header_list *list, const char *line, bool secret);
enum stw_code auth_headers(const struct connect_call *call,
    const struct connect_request *request, const char *content_type,
    struct scope *scope, struct arena *arena, struct header_list *to,
    struct stw_err *err);

#endif
