/*
 * rule_check_priv.h - what the two halves of the type checker share.
 */
#ifndef STW_ENGINE_RULE_CHECK_PRIV_H
#define STW_ENGINE_RULE_CHECK_PRIV_H

#include "engine/rule_priv.h"

#define FOLD_BYTES ((size_t)1 << 20) /* constants made while compiling */

struct local {
	struct str name;
	const struct rule_type *type;
};

struct checker {
	const struct rule_env *env;
	struct rule *rule;
	struct arena *arena;
	struct stw_err *err;
	enum stw_code rc;   /* the first failure stops everything */
	const char *failed; /* its text and place */
	int failed_line, failed_column;
	struct local locals[RULE_MAX_LOCALS];
	int nlocals;
	struct frame fold;
};

/* Checks a node and what is below it; false: the first failure is in c->rc, c->err. */
bool check_node(struct checker *c, struct node *n);
bool check_call(struct checker *c, struct node *n);
/* The field of args[0], which is checked. */
bool check_resolve_select(struct checker *c, struct node *n);

int check_find_local(const struct checker *c, struct str name); /* -1: none */
int check_find_var(const struct checker *c, struct str name);
/* The same from inside the container, unless the name is written from the root. */
int check_find_var_in(struct checker *c, struct str name, bool absolute);
bool check_next_name(
    struct checker *c, struct str *in, bool *last, struct str name, struct str *out);
/* a.b.c as one name, "" when it is no chain of names from something global. */
struct str check_dotted_name(struct checker *c, const struct node *n);
void check_become_const(struct node *n, const struct rule_value *v);
bool check_all_const(const struct node *n);

/* Returns false, so that a check can return it. */
bool check_fail(struct checker *c, const struct node *n, const char *text);
const char *check_type_text(struct checker *c, const struct rule_type *type);
/* The source of a node, short enough for a message. */
const char *check_short_text(struct checker *c, const struct node *n);
/* "; did you mean 'x'?" or "". */
const char *check_did_you_mean(struct checker *c, const struct nearest *nearest);

#endif
