/*
 * facts_priv.h - the one table of all facts: what is read, written and described.
 *
 * Purpose    facts_table.c names every fact once; facts_json.c reads and writes by it,
 *            and tests/unit/test_facts_schema.c makes docs/gate-facts.schema.json from
 *            it. A new fact is one member in gate.h and one row in facts_table.c.
 * Rules      Rows stand in the byte order of their names (canonical JSON). A fact that
 *            is left out of a document has the value that denies; one that has no such
 *            value is `required`.
 */
#ifndef STW_CAMPAIGNS_COMPLIANCE_FACTS_PRIV_H
#define STW_CAMPAIGNS_COMPLIANCE_FACTS_PRIV_H

#include "campaigns/compliance/facts_json.h"

enum facts_type {
	F_BOOL = 0,
	F_INT,
	F_I64,
	F_TEXT,
	F_TEXT_OPT,
	F_UNTIL, /* instant; null: never ends */
	F_SINCE, /* instant; null: always was, or was never given */
	F_LAST,  /* instant; null: did not happen; "unknown" */
	F_PRIOR, /* instant; null: 0 */
	F_DAY,
	F_OPT_INT,
	F_STRINGS,
	F_INTS,
	F_ZONES,
	F_SOURCES,  /* of zones, by words */
	F_WEEKDAYS, /* bits by words, bit 0 the first */
	F_HASH,     /* 32 bytes in hexadecimal */
	F_WORD,     /* enum by words */
	F_OBJECT,   /* in place */
	F_OPTIONAL, /* the same, or null for none */
	F_LIST,     /* of objects */
};

struct facts_record;

struct facts_field {
	const char *name;
	enum facts_type type;
	size_t at, count_at;
	const char *const *words;          /* NULL at the end */
	const struct facts_record *record; /* F_OBJECT, F_OPTIONAL, F_LIST */
	bool required;
	const char *doc; /* English, one sentence */
};

struct facts_record {
	const struct facts_field *fields;
	size_t nfields;
	size_t size;                 /* F_LIST: of one item */
	const void *closed;          /* F_LIST: an item of which nothing is said */
	const void *fixture;         /* F_LIST: an item of the fixture */
	void (*make_absent)(void *); /* F_OPTIONAL, of the struct that holds it */
	void (*make_present)(void *);
	bool (*is_present)(const void *);
};

extern const struct facts_record facts_record;

/* Nothing is said, so everything is denied. */
void facts_closed(struct gate_facts *out);
/* The lawful contact of compliance.md section 8. */
void facts_fixture(struct arena *arena, struct gate_facts *out);

#endif
