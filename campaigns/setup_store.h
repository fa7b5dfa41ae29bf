/*
 * setup_store.h - fills a fresh database with what a demonstration needs.
 *
 * Purpose    Packs (activated by one person, approved by another), lifecycle model,
 *            segments, products, caller numbers, scripts, queues, agents and the campaigns
 *            that ship as documents, each through the same functions that people use.
 *            Doing it again changes nothing that is there.
 * Errors     Those of the functions it calls, with the thing's code before the text.
 */
#ifndef STW_CAMPAIGNS_SETUP_STORE_H
#define STW_CAMPAIGNS_SETUP_STORE_H

#include "db/db.h"
#include "db/seal.h"

struct setup_options {
	stw_usec now;
	const char *queue_url;    /* "http://127.0.0.1:8080": tasks go to .../tasks */
	const char *queue_secret; /* "whsec_..." */
};

struct setup_agent {
	const char *code, *queue;
};

struct setup_result {
	int packs, segments, products, numbers, scripts, queues, campaigns;
	const struct setup_agent *agents; /* in the arena: who needs a token */
	int nagents;
};

enum stw_code setup_demo(struct db *db, const struct seal_keys *keys,
    const struct setup_options *options, struct arena *arena, struct setup_result *out,
    struct stw_err *err) STW_MUST_USE;

#endif
