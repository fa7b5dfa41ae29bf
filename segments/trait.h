/*
 * trait.h - the catalogue of what is known about a customer.
 *
 * Purpose    Names, types, units, sources, sensitivity and descriptions of every field
 *            rules may use, and the rules of the derived ones (aum, next_maturity_on,
 *            ...). A derived trait sees those declared before it.
 * Document   segments/traits.json, in the binary: {"traits": [{"of": "customer", "name",
 *            "type", "unit", "source", "sensitivity", "zh", "en", "rule"}]}.
 * Ownership  A catalogue lives in the arena it was parsed in.
 * Errors     INVALID names the trait; a rule's fault has its line and column.
 */
#ifndef STW_SEGMENTS_TRAIT_H
#define STW_SEGMENTS_TRAIT_H

#include "segments/book.h"
#include "segments/progress.h"

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
	const char *source; /* "customer.dob", "derived" */
	enum trait_sensitivity sensitivity;
	const char *zh, *en;
	const char
	    *rule; /* derived traits of customers; NULL: a column of the database */
};

struct trait_catalogue {
	const struct trait *traits;
	int count;
};

const char *trait_type_name(enum col_type type);               /* "money" */
const char *trait_sensitivity_name(enum trait_sensitivity of); /* "personal" */

enum stw_code trait_catalogue_parse(struct str json, struct arena *arena,
    struct trait_catalogue *out, struct stw_err *err) STW_MUST_USE;
/* The one of the binary. */
enum stw_code trait_catalogue_builtin(
    struct arena *arena, struct trait_catalogue *out, struct stw_err *err) STW_MUST_USE;
const struct trait *trait_find(
    const struct trait_catalogue *catalogue, const char *of, const char *name);

/* Adds a column for each derived trait and fills it. A trait whose rule fails (not:
 * has no value) in every row of a book that has rows is an error; not of a patch, which
 * may be one customer. */
enum stw_code traits_derive(struct book *book, const struct trait_catalogue *catalogue,
    stw_usec now, const struct progress *progress, struct stw_err *err) STW_MUST_USE;
/* With the catalogue of the binary. */
enum stw_code traits_derive_builtin(struct book *book, stw_usec now,
    const struct progress *progress, struct stw_err *err) STW_MUST_USE;

#endif
