/*
 * scaffold_store.h - what the gate asks about a campaign's contacts and is the same for
 * everybody they are made with.
 *
 * Purpose    From a row of plan_campaigns.sql, or of another statement with the same first
 *            columns: planning, briefs and next actions see the same facts.
 * Ownership  Texts live in the arena; the words are borrowed.
 */
#ifndef STW_CAMPAIGNS_SCAFFOLD_STORE_H
#define STW_CAMPAIGNS_SCAFFOLD_STORE_H

#include "campaigns/compliance/gate.h"
#include "db/db.h"

/* What the campaign's document says. */
struct scaffold_words {
	const char *channel, *handler, *purpose;
	const char *product; /* NULL: none */
	const char *script;
	bool uses_profile;
	const char *const *sensitive;
	int nsensitive;
};

/* Columns of plan_campaigns.sql. */
enum scaffold_col {
	SCAFFOLD_CAMPAIGN_ID,
	SCAFFOLD_CODE,
	SCAFFOLD_VERSION,
	SCAFFOLD_DOCUMENT,
	SCAFFOLD_QUEUE,
	SCAFFOLD_CLASS,
	SCAFFOLD_RISK,
	SCAFFOLD_SALE_FROM,
	SCAFFOLD_SALE_TO,
	SCAFFOLD_SCRIPT_VERSION, /* approved; null: none */
	SCAFFOLD_DISCLOSURE,
	SCAFFOLD_ACTIVE_SINCE,
	SCAFFOLD_SCRIPT_BODY,
	SCAFFOLD_PRODUCT_NAME,
	SCAFFOLD_REGULATOR,
	SCAFFOLD_COLS,
};

/* The campaign counts as active and approved: the row is of one that is. */
void scaffold_from(const struct db_rows *rows, int r,
    const struct scaffold_words *words, struct arena *arena, struct gate_facts *out);

/* Without a campaign: no product, no script. */
void scaffold_words_only(const struct scaffold_words *words, struct gate_facts *out);

#endif
