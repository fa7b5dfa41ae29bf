/*
 * bench_people.h - many made-up customers in a database, for measuring.
 *
 * Purpose    25 columns, a stage, 3 holdings, 10 transactions, 4 interactions and one
 *            contact each, as an import leaves them: in the order of the bank's references,
 *            which is not the book's. The same every time.
 */
#ifndef STW_TESTS_LIB_BENCH_PEOPLE_H
#define STW_TESTS_LIB_BENCH_PEOPLE_H

#include "tests/lib/cluster.h"

#define BENCH_PEOPLE_ROWS 19 /* a customer, of all kinds */

/* Into a fresh database; says how long it took. */
void bench_people_fill(const struct test_db *t, long customers);

#endif
