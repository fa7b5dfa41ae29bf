/*
 * book_writes.h - clients that write to the book's tables, at random.
 *
 * Purpose    For tests of what follows changes: customers come, change and go; holdings,
 *            transactions, interactions, stages and contacts with them. What is written
 *            depends on the seed alone.
 * Errors     None: a statement that fails stops the program. Connections that the server
 *            ends are opened again when `patient` is set; the statement is done again.
 */
#ifndef STW_TESTS_LIB_BOOK_WRITES_H
#define STW_TESTS_LIB_BOOK_WRITES_H

#include <stdbool.h>
#include <stdint.h>

struct book_writer;

/* Several writers may work at one database; each takes its own `number`. */
struct book_writer *book_writer_new(
    const char *conninfo, int number, uint64_t seed, bool patient);
/* One transaction of 1 to `most` changes to customers w1 ... wn; how many. */
int book_writer_write(struct book_writer *writer, int customers, int most);
void book_writer_free(struct book_writer *writer);

/* Customers w1 ... wn with a few children each, and the products they hold. */
void book_writes_fill(const char *conninfo, int customers);

#endif
