/*
 * setup_json.h - the setup document as structs (campaigns/setup/demo.json).
 *
 * Ownership  Everything lives in the arena.
 */
#ifndef STW_CAMPAIGNS_SETUP_JSON_H
#define STW_CAMPAIGNS_SETUP_JSON_H

#include "campaigns/catalogue_store.h"
#include "campaigns/disposition_store.h"
#include "campaigns/number_store.h"
#include "campaigns/queue_store.h"

struct setup_script {
	const char *code, *body;
	bool retired;
};

struct setup_person {
	const char *code, *queue;
	bool robot;
	int qualified_days; /* from now; below zero: ran out */
};

struct setup_document {
	struct product_row *products;
	struct number_row *numbers;
	struct setup_script *scripts;
	struct queue_row *queues;
	struct setup_person *agents;
	struct disposition *dispositions;
	int nproducts, nnumbers, nscripts, nqueues, nagents, ndispositions;
};

enum stw_code setup_parse(struct str document, struct arena *arena,
    struct setup_document *out, struct stw_err *err) STW_MUST_USE;

#endif
