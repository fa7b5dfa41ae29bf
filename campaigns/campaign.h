/*
 * campaign.h - what marketing ops wants done, as a checked document.
 *
 * Purpose    A campaign document (JSON, docs/campaigns.md) parsed and checked: audience,
 *            occurrence and value are rules over the book, a trigger says when it starts; the outreach step names queue,
 *            number pool, script and window.
 * Units      hold_out_bp: basis points (1/100 %) of the audience kept uncontacted, by a
 *            stable hash of campaign and customer. Window: local minutes of day, half-open.
 * Ownership  All strings and rules live in the arena given to campaign_parse.
 * Errors     INVALID; the text begins with the place in the document ("/audience") and
 *            line:column are those inside the rule where a rule is at fault.
 */
#ifndef STW_CAMPAIGNS_CAMPAIGN_H
#define STW_CAMPAIGNS_CAMPAIGN_H

#include "campaigns/trigger.h"
#include "engine/rule.h"

struct campaign_step {
	const char *code;    /* "call" */
	const char *channel; /* VOICE, SMS, ... */
	const char *handler; /* agent, robot */
	const char *queue;   /* queue.code */
	const char *pool;    /* caller_number.pool */
	const char *script;  /* script.code; the newest approved version is used */
	int window_from, window_to; /* minutes of the local day of the institution */
	int valid_days;             /* a task not pushed by then expires */
};

struct campaign {
	const char *code;
	const char *name_zh, *name_en;
	const char *purpose;          /* MARKETING, SERVICE, ... */
	const char *product;          /* product.code or NULL */
	bool uses_profile;            /* the audience profiles the customer (PIPL 24) */
	const char *const *sensitive; /* kinds of sensitive data it uses (PIPL 28) */
	int nsensitive;
	int priority; /* 0-1000, higher first */
	int hold_out_bp;
	struct campaign_step step;
	struct rule *audience;  /* bool */
	struct trigger trigger; /* TRIGGER_NONE: the whole audience, at each plan */
	/* string: what makes one contact differ from the next; NULL: the trigger does */
	struct rule *occurrence;
	struct rule
	    *value; /* int: worth of the contact, whole currency units; or NULL */
	char hash_hex[65]; /* SHA-256 of the canonical document */
};

/* Parses and checks text against env (book_env). canonical (may be NULL) gets the
 * document with sorted keys, the form that is stored and hashed. */
enum stw_code campaign_parse(struct str text, const struct rule_env *env,
    struct arena *arena, struct campaign *out, struct buf *canonical,
    struct stw_err *err) STW_MUST_USE;

/* What a stored document names, read without its rules. */
struct campaign_refs {
	char queue[128], pool[128], script[128];
	char product[128]; /* empty: none */
};
enum stw_code campaign_refs_read(
    struct str document, struct campaign_refs *out, struct stw_err *err) STW_MUST_USE;

/* Is the customer kept out, for ever, from this campaign? Stable across runs. */
bool campaign_holds_out(const struct campaign *campaign, struct str customer_ref);

#endif
