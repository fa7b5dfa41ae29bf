/*
 * book.h - the customers as a process sees them: columns in memory.
 *
 * Purpose    The customer table with its traits (built-in, derived by rules, stage) and
 *            child tables (holdings, transactions, interactions, outreach). PostgreSQL is
 *            the truth; a book is a cache that can always be rebuilt.
 * Order      Rows are sorted by bucket, then customer_id: bucket b has the rows
 *            [first[b], first[b + 1]). Child rows of a customer are in order of time
 *            (holdings: of their reference).
 * Ownership  book_free frees all. Threads: immutable between book_load and book_free,
 *            except through book_set_stage (one writer).
 * Parts      A book may be one of several parts that make up the whole between them
 *            (segments/book_view.h): a customer is in one of them, or in several of which
 *            all but one call the row dead.
 */
#ifndef STW_SEGMENTS_BOOK_H
#define STW_SEGMENTS_BOOK_H

#include "engine/bitmap.h"
#include "engine/rule.h"
#include "engine/rule_columns.h"
#include "engine/table.h"

#define BOOK_BUCKETS   256
#define BOOK_KEPT_OF   64
#define BOOK_PARTS_MAX 16

/* Columns of the customer table that every book has, in this order; derived traits
 * (segments/trait.h) follow them and are found by name. */
enum book_customer_col {
	BOOK_REF = 0,
	BOOK_GENDER,
	BOOK_DOB,
	BOOK_LANG,
	BOOK_COUNTRY,
	BOOK_PROVINCE,
	BOOK_CITY,
	BOOK_ZONE,
	BOOK_ZONE_VERIFIED,
	BOOK_BRANCH,
	BOOK_MANAGER,
	BOOK_TIER,
	BOOK_OPENED_ON,
	BOOK_CLOSED_ON,
	BOOK_RISK_RATING,
	BOOK_RISK_ASSESSED_ON,
	BOOK_RISK_VALID,
	BOOK_DECEASED,
	BOOK_INCAPACITY,
	BOOK_FRAUD_HOLD,
	BOOK_LEGAL_HOLD,
	BOOK_COMPLAINT_OPEN,
	BOOK_PROFILING_OPT_OUT,
	BOOK_PHONE_SHARED_BY,
	BOOK_HOUSEHOLD_SIZE,
	BOOK_STAGE,
	BOOK_STAGE_SINCE,
	BOOK_CUSTOMER_COLS,
};

/* Child tables, and slots of book_env: customer is slot 0, child c is slot c + 1. */
enum book_child {
	BOOK_HOLDINGS = 0,
	BOOK_TRANSACTIONS,
	BOOK_INTERACTIONS,
	BOOK_OUTREACH,
	BOOK_CHILDREN,
};

enum book_holding_col {
	HOLDING_PRODUCT = 0,
	HOLDING_CLASS, /* of the product; missing: not in the catalogue */
	HOLDING_KIND,
	HOLDING_AMOUNT,
	HOLDING_OPENED_ON,
	HOLDING_MATURITY_ON,
	HOLDING_OPEN,
	HOLDING_RISK, /* of the product */
};
enum book_transaction_col { TXN_AT = 0, TXN_KIND, TXN_AMOUNT, TXN_BALANCE };
enum book_interaction_col { INTERACTION_AT = 0, INTERACTION_KIND, INTERACTION_CHANNEL };
enum book_outreach_col {
	OUTREACH_AT = 0,
	OUTREACH_CHANNEL,
	OUTREACH_KIND, /* attempt, conversation, message, outcome */
	OUTREACH_CAMPAIGN,
	OUTREACH_DISPOSITION,
};

/* A trait of the bank's own whose values its feeds bring (segments/trait.h). Its column
 * follows those of enum book_customer_col, in the order of trait_id. */
struct book_fed {
	int trait_id;
	const char *name;
	enum col_type type;
};
struct book_feds {
	const struct book_fed *items;
	int count;
};

struct book_key {
	int bucket;
	int64_t customer_id;
};

struct book {
	struct table
	    *customers; /* children: holdings, transactions, interactions, outreach */
	int64_t *customer_id; /* one a row */
	size_t id_cap;
	uint32_t first[BOOK_BUCKETS + 1];
	int last_bucket;   /* of the newest row while rows are added; -1: none yet */
	stw_usec as_of;    /* the clock when it was loaded */
	uint64_t position; /* in the change stream: all that was committed before it is
			    * in the book; 0: not known */
	/* Of the imports before it was loaded (import_hold_stamp); 0: not known, or one was
	 * under way. */
	uint64_t imports;
	/* What it depends on besides its rows, when a process keeps it by the stream
	 * (segments/book_live_store.h): products, settings, columns. Empty: not kept. */
	char kept_of[BOOK_KEPT_OF];
	char currency[4];                        /* the book's one currency */
	const struct zone *zone;                 /* the institution's */
	int col_ref, col_stage, col_stage_since; /* columns of customers */
	int nfed; /* of customers, after BOOK_CUSTOMER_COLS: from the database as well */
	const struct book *over; /* whose rows it shows; NULL: has rows of its own */
	/* Rows that are not valid any more: evaluated with the rest, never counted, found or
	 * changed. NULL: none. Borrowed. */
	const struct bitmap *dead;
	/* Only customers that changed, not the whole book. It names those that are gone; in the
	 * book's order, borrowed. */
	bool patch;
	const struct book_key *gone;
	size_t ngone;
};

/* The whole, in parts that have the same columns. */
struct book_parts {
	struct book *books[BOOK_PARTS_MAX];
	int count;
};

/* The whole in one. */
struct book_parts book_parts_of(struct book *book);

/* Empty flat tables of a book's shape, without children. */
struct table *book_customer_table(size_t cap, const char *currency);
struct table *book_child_table(enum book_child child, size_t cap, const char *currency);

/* Adds the columns of fed traits. */
void book_add_fed_columns(
    struct table *table, const struct book_feds *feds, const char *currency);

/* An empty book with its tables; customers: how many rows to make room for. */
struct book *book_new(
    size_t customers, const char *currency, const struct zone *zone, stw_usec as_of);
/* To a new book, before its first row. */
void book_add_feds(struct book *book, const struct book_feds *feds);
/* Are its fed columns these? Parts of one book have to have the same. */
bool book_has_feds(const struct book *book, const struct book_feds *feds);
/* The next customer, in the book's order; its row. Child rows are then appended to
 * book->customers->children[c].table, followed by book_end_children(book, c, row), which
 * puts them in order of time; the rows in order, those without children may be left out
 * while the customer is the newest. */
size_t book_append(struct book *book, int bucket, int64_t customer_id);
void book_end_children(struct book *book, enum book_child child, size_t row);
/* The order within one customer: rows [first, table->rows) of a flat child table by time;
 * rows of one instant, and holdings, stay as they came. */
void book_sort_children(struct table *table, enum book_child child, size_t first);

/* A book over the rows of another, which outlives it: what it shows is shared, but for the
 * stages, which are a copy that may be written to, and the derived traits, which are not
 * there yet (segments/trait.h). */
struct book *book_over(const struct book *rows, stw_usec as_of);

/* What rules about customers may speak of: customer (object), holdings, transactions,
 * interactions, outreach (lists), now, today, segment("..."). The env outlives the rules
 * compiled in it; both live in the arena. known may be NULL (no segments). */
struct rule_env *book_env(const struct book *book, struct arena *arena,
    bool (*known)(void *host, struct str code), void *host);
/* What the catalogue of traits calls the table of a record of that env: "customer" for
 * Customer, "holdings" for Holding; NULL for any other. */
const char *book_list_of(const char *record);
/* Bindings for rule_columns_* over book->customers in the env above. */
const struct rule_binding *book_bindings(const struct book *book, int *count);
/* vars for rule_eval on one row; in the arena, one a slot. */
const struct rule_value *book_vars(
    const struct book *book, size_t row, struct arena *arena);
static inline bool
book_is_dead(const struct book *book, size_t row)
{
	return book->dead != NULL && bitmap_get(book->dead, row);
}
/* Customers, without the dead rows. */
size_t book_customers(const struct book *book);
int64_t book_parts_customers(const struct book_parts *parts);
/* The row of a customer; SIZE_MAX when the book does not have it. */
size_t book_find(const struct book *book, int bucket, int64_t customer_id);
size_t book_find_ref(const struct book *book, struct str ref);
int book_bucket_of(const struct book *book, size_t row);
/* The writer's only change after loading. */
void book_set_stage(struct book *book, size_t row, struct str stage, stw_usec since);
size_t book_bytes(const struct book *book);
void book_free(struct book *book); /* NULL is fine */

/* First byte of SHA-256 of the customer's reference. */
int customer_bucket(struct str ref);

#endif
