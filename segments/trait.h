/*
 * trait.h - the catalogue of what is known about a customer.
 *
 * Purpose    Names, types, units, sources, sensitivity and descriptions of every field
 *            rules may use, and the rules of the derived ones (aum, next_maturity_on,
 *            ...). The built-in ones are in the binary; a bank adds its own while the
 *            system runs (segments/trait_store.h). A derived trait may use any other
 *            that does not use it.
 * Document   segments/traits.json, in the binary: {"traits": [{"of": "customer", "name",
 *            "type", "unit", "source", "sensitivity", "zh", "en", "rule"}]}. A trait of
 *            the bank: one such object without "of"; with a rule, or with "source": "feed"
 *            when its values are brought (segments/trait_value_store.h).
 * Ownership  A catalogue lives in the arena it was parsed in.
 * Errors     INVALID names the trait; a rule's fault has its line and column.
 */
#ifndef STW_SEGMENTS_TRAIT_H
#define STW_SEGMENTS_TRAIT_H

#include "segments/book.h"
#include "segments/progress.h"

#define TRAIT_MAX_DOCUMENT ((size_t)64 * 1024)

enum trait_sensitivity {
	TRAIT_SENSITIVE = 0, /* separate consent: financial account, health, ... */
	TRAIT_PERSONAL,
	TRAIT_ORDINARY,
};

struct trait {
	const char *of; /* customer, holdings, transactions, interactions, outreach */
	const char *name;
	enum col_type type;
	const char *unit;   /* "fen", "days"; NULL: none */
	const char *source; /* "customer.dob", "derived", "feed" */
	enum trait_sensitivity sensitivity;
	const char *zh, *en;
	const char *
	    rule; /* derived traits of customers; NULL: a column of the database, or fed */
	bool own;        /* the bank's, not of the binary */
	stw_usec fed_at; /* of a fed one: when a feed last brought it; NEVER: not yet */
};

/* Do the bank's feeds bring its values? */
static inline bool
trait_is_fed(const struct trait *trait)
{
	return trait->own && trait->rule == NULL;
}

struct trait_catalogue {
	const struct trait *traits;
	int count;
};

const char *trait_type_name(enum col_type type); /* "money" */
enum col_type trait_type_find(const char *name); /* COL_NONE: it is none */
const char *trait_sensitivity_name(enum trait_sensitivity of); /* "personal" */

/* Sets type and sensitivity from their words; of and name are there already. */
enum stw_code trait_words_parse(struct trait *out, const char *type,
    const char *sensitivity, struct stw_err *err) STW_MUST_USE;

enum stw_code trait_catalogue_parse(struct str json, struct arena *arena,
    struct trait_catalogue *out, struct stw_err *err) STW_MUST_USE;
/* The one of the binary. */
enum stw_code trait_catalogue_builtin(
    struct arena *arena, struct trait_catalogue *out, struct stw_err *err) STW_MUST_USE;
const struct trait *trait_find(
    const struct trait_catalogue *catalogue, const char *of, const char *name);

/* One trait of a bank: the document above. name: [a-z][a-z0-9_]{0,62}; NULL: the one in
 * the document. */
enum stw_code trait_document_parse(struct str json, const char *name,
    struct arena *arena, struct trait *out, struct stw_err *err) STW_MUST_USE;
/* Do the rules of all derived traits compile, with the types they promise, and is there
 * an order in which each finds what it uses? A circle is named: "a -> b -> a". blank:
 * for currency and zone. */
enum stw_code traits_check(const struct trait_catalogue *catalogue,
    const struct book *blank, struct stw_err *err) STW_MUST_USE;

/* Adds a column for each derived trait and fills it. A built-in trait whose rule fails
 * (not: has no value) in every row of a book that has rows is an error, but of a patch,
 * which may be one customer; a bank's own stays without values then, which is logged and
 * which segments/trait_quality.h makes visible. */
enum stw_code traits_derive(struct book *book, const struct trait_catalogue *catalogue,
    stw_usec now, const struct progress *progress, struct stw_err *err) STW_MUST_USE;

#endif
